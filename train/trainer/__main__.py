"""Command line: ``python -m trainer train|evaluate|report`` (in the folder train/)."""

import argparse
import os
import sys
from pathlib import Path

# Before TensorFlow is loaded: no chatter, no GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from trainer import evaluation, sources  # noqa: E402
from trainer.dataset import load_pictures, read_classes, read_list  # noqa: E402
from trainer.errors import TrainingInputError  # noqa: E402

HERE = Path(__file__).resolve().parent.parent


def main() -> int:
    """Returns the exit code: 0 done, 1 an input is missing or broken, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    parser.add_argument("--dataset", type=Path, default=os.environ.get("DATASET") or None, help="folder with classes.csv, train.txt … (default: $DATASET, else fetched)")
    parser.add_argument("--backbone", type=Path, default=os.environ.get("BACKBONE") or None, help="folder with the backbone's .tflite (default: $BACKBONE, else fetched)")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="folder for checkpoints and results (default: train/work)")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="make the model; goes on where it was stopped")
    train.add_argument("--recipe", type=Path, default=HERE / "recipe.toml", help="the hyper-parameters (default: train/recipe.toml)")
    train.add_argument("--threads", type=int, default=os.cpu_count(), help="processor threads (default: all)")
    check = commands.add_parser("evaluate", help="measure a .tflite file on a list of photos")
    check.add_argument("model", type=Path)
    check.add_argument("--list", default="test", choices=("train", "val", "test"), help="which list (default: test)")
    report = commands.add_parser("report", help="bring the finished model and the card's pictures into its folder")
    report.add_argument("folder", type=Path, help="the model's folder, with its model.toml")
    arguments = parser.parse_args()
    try:
        return run(arguments)
    except TrainingInputError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 1


def say(line: str) -> None:
    """Progress, at once."""
    print(line, flush=True)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    # TensorFlow takes seconds to load; wrong arguments are answered before that.
    dataset = sources.find_dataset(arguments.dataset, arguments.work, say)
    if arguments.command == "evaluate":
        return evaluate(arguments.model, dataset, arguments.list)
    if arguments.command == "report":
        from trainer.report import publish

        publish(arguments.work, arguments.folder, read_classes(dataset))
        return 0
    found = sources.Sources(dataset, sources.find_backbone(arguments.backbone, arguments.work, say))

    import tensorflow as tf

    from trainer.pipeline import Pipeline
    from trainer.recipe import read_recipe

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    model = Pipeline(read_recipe(arguments.recipe), found, arguments.work, say).run()
    say(f"made {model}")
    return 0


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
