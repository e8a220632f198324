"""Where the dataset and the backbone come from: a folder that is given, or their public addresses, pinned.

Both are checked: the backbone by its sha256, the photos that the training learns from by one sha256 for each list
(an archive made on demand by the forge has no stable sum of its own).
"""

import hashlib
import http.client
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from trainer.dataset import read_classes, read_list
from trainer.errors import TrainingInputError

DATASET_COMMIT = "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc"
DATASET_ADDRESS = f"https://codeload.github.com/marcusklasson/GroceryStoreDataset/tar.gz/{DATASET_COMMIT}"
# Of each list: the sum of its lines and of its photos, see list_digest.
LIST_DIGESTS = {
    "train": "4f2f4debad8d8dc2d7c21f89486c1fb00da651bf2aa3499d3196ea2178909bd9",
    "val": "d234e97c8c6c9113a25ef6631a92771422c0cb1cdca3aa5daee504641e4c93a2",
}
BACKBONE_FILE = "tf2_mobilenet_v2_1.0_224_ptq.tflite"
BACKBONE_SHA256 = "5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c"
BACKBONE_ADDRESS = f"https://raw.githubusercontent.com/google-coral/test_data/104342d2d3480b3e66203073dac24f4e2dbb4c41/{BACKBONE_FILE}"
# Photos of the models that were made by `make train PHOTOS=…`: repository, commit, its folder of photos, and their sum (folder_digest).
PHOTOS = {
    "beans": (
        "Eddydev-ALU/bean-leaf-disease-ml-pipeline", "9890a1c8f224d4bf2d381e4bdade528e55bea213", "data",
        "adf20d91703b274bb72b9727b0364b1a8d4ad9a284dd6b968cf77e7b7cc8d960",
    ),
}
TIMEOUT_SECONDS = 15.0
LARGEST_DOWNLOAD = 1 << 30

Say = Callable[[str], None]


def list_digest(folder: Path, name: str) -> str:
    """One sha256 over a list's lines ``path fine coarse sha256-of-the-photo``, in the list's order."""
    digest = hashlib.sha256()
    for photo in read_list(folder, name):
        content = hashlib.sha256(photo.path.read_bytes()).hexdigest()
        digest.update(f"{photo.path.relative_to(folder).as_posix()} {photo.fine} {photo.coarse} {content}\n".encode())
    return digest.hexdigest()


def find_dataset(given: Path | None, work: Path, say: Say, address: str = DATASET_ADDRESS) -> Path:
    """The dataset's folder: ``given``, or fetched once into ``work``.

    Raises:
        TrainingInputError: not there and not reachable, or its photos are others than those the recipe was made for.
    """
    folder = given
    if folder is None:
        folder = work / "sources" / "GroceryStoreDataset"
        if not folder.is_dir():
            say(f"fetching the dataset from {address}")
            fetch_archive(address, "dataset", folder)
    read_classes(folder)  # says plainly what is missing where this is no dataset
    for name, expected in LIST_DIGESTS.items():
        found = list_digest(folder, name)
        if found != expected:
            say(f"note: {folder}/{name}.txt and its photos are not those the recipe was made for (digest {found}, expected {expected})")
            if given is None:
                shutil.rmtree(folder)
                raise TrainingInputError(f"what came from {address} is not the dataset expected and was removed; set DATASET to a good copy")
    return folder


def folder_digest(folder: Path) -> str:
    """One sha256 over the lines ``path sha256-of-the-photo`` of all photos in ``folder``, in the order of their paths."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.jpg"), key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def fetch_photos(name: str, work: Path, say: Say, address: str | None = None) -> Path:
    """The photos of model ``name``, fetched once into ``work``: a folder for ``PHOTOS=``.

    Raises:
        TrainingInputError: there are none of that name, they can't be reached, or what came is something else.
    """
    if name not in PHOTOS:
        raise TrainingInputError(f"no photos are known by the name {name!r}, but those of {', '.join(PHOTOS)}")
    repository, commit, subfolder, expected = PHOTOS[name]
    folder = work / "sources" / name
    if not folder.is_dir():
        address = address or f"https://codeload.github.com/{repository}/tar.gz/{commit}"
        say(f"fetching the photos from {address}")
        fetch_archive(address, subfolder, folder, "PHOTOS")
    found = folder_digest(folder)
    if found != expected:
        raise TrainingInputError(f"{folder} has other photos than expected (digest {found}, expected {expected}); remove it, then they are fetched anew")
    return folder


def find_backbone(given: Path | None, work: Path, say: Say, address: str = BACKBONE_ADDRESS) -> Path:
    """The backbone's file: in the folder ``given``, or fetched once into ``work``.

    Raises:
        TrainingInputError: not there and not reachable, or not the file expected.
    """
    if given is not None:
        file = given / BACKBONE_FILE if given.is_dir() else given
        if not file.is_file():
            raise TrainingInputError(f"backbone not found: {file}. Set BACKBONE to the folder that holds {BACKBONE_FILE}")
    else:
        file = work / "sources" / BACKBONE_FILE
        if not file.is_file():
            say(f"fetching the backbone from {address}")
            fetch_file(address, file, BACKBONE_SHA256)
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != BACKBONE_SHA256:
        raise TrainingInputError(f"backbone {file} has sha256 {found}, expected {BACKBONE_SHA256}")
    return file


def fetch_file(address: str, target: Path, sha256: str) -> None:
    """Download to ``target``; whole and with the sum expected, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        side = Path(scratch) / target.name
        _download(address, side, "BACKBONE")
        found = hashlib.sha256(side.read_bytes()).hexdigest()
        if found != sha256:
            raise TrainingInputError(f"{address} has sha256 {found}, expected {sha256}; nothing was kept")
        side.replace(target)


def fetch_archive(address: str, subfolder: str, target: Path, variable: str = "DATASET") -> None:
    """Download a .tar.gz and unpack ``<its only folder>/<subfolder>`` as ``target``; whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        archive, unpacked = Path(scratch) / "archive.tar.gz", Path(scratch) / "unpacked"
        _download(address, archive, variable)
        try:
            with tarfile.open(archive, "r:gz") as members:
                wanted = [member for member in members if PurePosixPath(member.name).parts[1:2] == (subfolder,)]
                members.extractall(unpacked, wanted, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise TrainingInputError(f"the archive from {address} is broken ({error}); nothing was kept. Set {variable} to a folder instead") from error
        folders = [folder for folder in unpacked.glob(f"*/{subfolder}") if folder.is_dir()] if unpacked.is_dir() else []
        if len(folders) != 1:
            raise TrainingInputError(f"the archive from {address} has no folder {subfolder!r}; nothing was kept. Set {variable} to a folder instead")
        folders[0].replace(target)


def _download(address: str, target: Path, variable: str) -> None:
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer, target.open("wb") as sink:
            received = 0
            while chunk := answer.read(1 << 16):
                received += len(chunk)
                if received > LARGEST_DOWNLOAD:
                    raise TrainingInputError(f"{address} is larger than {LARGEST_DOWNLOAD} bytes; nothing was kept")
                sink.write(chunk)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", None) or error
        raise TrainingInputError(f"cannot reach {address} ({reason}). Set {variable} to a folder with a copy, or try again with a network") from error
