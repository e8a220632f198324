"""Command line: ``python -m trainer train|own|folds|crossval|photos|evaluate|unsure|report`` (in the folder train/)."""

import argparse
import os
import re
import sys
import warnings
from pathlib import Path

# Before TensorFlow is loaded: no chatter, no GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from trainer import evaluation, sources  # noqa: E402
from trainer.dataset import load_pictures, read_classes, read_list  # noqa: E402
from trainer.errors import TrainingInputError  # noqa: E402
from trainer.folds import FOLDS  # noqa: E402

HERE = Path(__file__).resolve().parent.parent


def main() -> int:
    """Returns the exit code: 0 done, 1 an input is missing or broken, 2 wrong usage, 130 stopped."""
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    parser.add_argument("--dataset", type=Path, default=os.environ.get("DATASET") or None, help="folder with classes.csv, train.txt … (default: $DATASET, else fetched)")
    parser.add_argument("--backbone", type=Path, default=os.environ.get("BACKBONE") or None, help="folder with the backbone's .tflite (default: $BACKBONE, else fetched)")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="folder for checkpoints and results (default: train/work)")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="make the model; goes on where it was stopped")
    train.add_argument("--recipe", type=Path, default=HERE / "recipe.toml", help="the hyper-parameters (default: train/recipe.toml)")
    train.add_argument("--threads", type=int, default=os.cpu_count(), help="processor threads (default: all)")
    own = commands.add_parser("own", help="make a model from a folder of photos; goes on where it was stopped")
    own.add_argument("photos", type=Path, help="holds a folder for each class, or train, validation and test with those inside")
    own.add_argument("--name", default="mine", help="of the model (default: mine); its results go to WORK/NAME")
    own.add_argument("--labels", type=Path, default=None, help="table folder,label,label_zh (default: classes.csv among the photos)")
    own.add_argument("--others", type=Path, default=None, help="photos of other things, at any depth, for a class \"none of these\"")
    own.add_argument("--recipe", type=Path, default=HERE / "own.toml", help="the hyper-parameters (default: train/own.toml)")
    own.add_argument("--threads", type=int, default=os.cpu_count(), help="processor threads (default: all)")
    own.add_argument("--vision", type=Path, default=None, help="the program that turns the model into a function; without it there is none")
    commands.add_parser("folds", help="deal train and val into folds, photos of one place together: WORK/folds.csv")
    crossval = commands.add_parser("crossval", help="judge a recipe on the folds; goes on where it was stopped")
    crossval.add_argument("recipe", type=Path, help="the hyper-parameters, with lists = [\"train\"] in each run")
    crossval.add_argument("--folds", type=int, nargs="*", choices=range(FOLDS), default=range(FOLDS), help="which (default: all); without a number: only the table of what is known")
    crossval.add_argument("--together", nargs="*", default=[], help="candidates whose answers are averaged for one more line, as a+b")
    crossval.add_argument("--threads", type=int, default=os.cpu_count(), help="processor threads (default: all)")
    photos = commands.add_parser("photos", help="fetch the photos of a model that was made from a folder")
    photos.add_argument("name", help=", ".join(sources.PHOTOS))
    check = commands.add_parser("evaluate", help="measure a .tflite file on a list of photos")
    check.add_argument("model", type=Path)
    check.add_argument("--list", default="test", choices=("train", "val", "test"), help="which list (default: test)")
    unsure = commands.add_parser("unsure", help="count which photos a model's threshold marks")
    unsure.add_argument("folder", type=Path, help="the model's folder, with its model.toml")
    unsure.add_argument("photos", type=Path, help="photos of other things, at any depth; or, with --known, of its classes")
    unsure.add_argument("--known", action="store_true", help="photos is a folder a class, or a list such as the dataset's test.txt")
    report = commands.add_parser("report", help="bring the finished model and the card's pictures into its folder")
    report.add_argument("folder", type=Path, help="the model's folder, with its model.toml")
    arguments = parser.parse_args()
    try:
        return run(arguments)
    except TrainingInputError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("trainer: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def say(line: str) -> None:
    """Progress, at once."""
    print(line, flush=True)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    if arguments.command == "own":
        return train_own(arguments)
    if arguments.command == "photos":
        say(f"{sources.fetch_photos(arguments.name, arguments.work, say)}: there, as expected")
        return 0
    if arguments.command == "unsure":
        from trainer.marked import tell_marked

        tell_marked(arguments.folder, arguments.photos, arguments.known, say)
        return 0
    # TensorFlow takes seconds to load; wrong arguments are answered before that.
    dataset = sources.find_dataset(arguments.dataset, arguments.work, say)
    if arguments.command == "evaluate":
        return evaluate(arguments.model, dataset, arguments.list)
    if arguments.command == "report":
        from trainer.report import publish

        publish(arguments.work, arguments.folder, read_classes(dataset))
        return 0
    if arguments.command == "folds":
        from trainer.crossval import describe_folds, make_folds

        photos, table = read_list(dataset, "train") + read_list(dataset, "val"), arguments.work / "folds.csv"
        make_folds(photos, dataset, table, say)
        say("\n".join([f"{table}:", *describe_folds(table)]))
        return 0
    backbone_file = sources.find_backbone(arguments.backbone, arguments.work, say)
    use_threads(arguments.threads)

    from trainer.backbones import Backbones
    from trainer.recipe import read_recipe

    recipe, backbones = read_recipe(arguments.recipe), Backbones(backbone_file)
    if arguments.command == "crossval":
        from trainer.crossval import HEADING, CrossValidation

        judged = CrossValidation(dataset, backbones, arguments.work, say)
        for fold in arguments.folds:
            judged.run(recipe, fold)
        say("\n".join([HEADING, *map(str, judged.table(recipe, arguments.together))]))
        return 0

    from trainer.pipeline import Pipeline

    say(f"made {Pipeline.of_dataset(recipe, dataset, backbones, arguments.work, say).run()}")
    return 0


def use_threads(count: int) -> None:
    """Set TensorFlow's threads; it takes seconds to load, so wrong arguments are answered before."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def train_own(arguments: argparse.Namespace) -> int:
    """Folder of photos → model, card and function."""
    from trainer.photo_folder import read_folder

    name = checked_name(arguments.name)
    read_folder(arguments.photos, arguments.labels)  # says at once what is wrong with the folder
    backbone_file = sources.find_backbone(arguments.backbone, arguments.work, say)

    import tensorflow as tf

    from trainer.function import make_function
    from trainer.own import OwnTraining
    from trainer.own_card import write_result
    from trainer.recipe import read_own_recipe

    tf.get_logger().setLevel("ERROR")
    warnings.filterwarnings("ignore", "Statistics for quantized inputs")  # the input's range is given, see export
    use_threads(arguments.threads)
    recipe, work = read_own_recipe(arguments.recipe), arguments.work / name
    result = OwnTraining(recipe, name, work, backbone_file, say).run(arguments.photos, arguments.labels, arguments.others)
    folder = work / "result"
    write_result(result, (work / "model.tflite").read_bytes(), recipe, folder)
    say(f"{name}: {result.scores['int8'].fine_top_1:.1f} % of {result.scores['int8'].pictures} test photos right, as int8; {result.minutes:.1f} min in this call")
    say(f"card: {folder / 'README.md'}")
    if arguments.vision is not None:
        say(f"function: {make_function(arguments.vision, folder, name, say)}")
    return 0


def checked_name(name: str) -> str:
    """``name``, which becomes a folder and a file.

    Raises:
        TrainingInputError: it has other letters than a name may have.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
        raise TrainingInputError(f"NAME is {name!r}; it must be 1 to 40 small letters, digits, - and _, and begin with a letter or digit")
    if name == "sources":
        raise TrainingInputError("NAME can't be 'sources': the fetched photos lie in the folder of that name")
    return name


def evaluate(model: Path, folder: Path, name: str) -> int:
    """Print a model's accuracy on one list."""
    if not model.is_file():
        raise TrainingInputError(f"no such model: {model}")
    content = model.read_bytes()
    names = read_classes(folder)
    pictures = load_pictures(read_list(folder, name), evaluation.input_size(content))
    scores = evaluation.evaluate(content, pictures, names.coarse_of_fine)
    tomato = names.coarse.index("Tomato")
    say(f"{model}: {scores}")
    say(f"Tomato: recall {scores.recall(tomato):.1f} %, precision {scores.precision(tomato):.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
