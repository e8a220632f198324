"""A tiny dataset of the real layout, made on the spot."""

from pathlib import Path

import numpy as np
from PIL import Image

from trainer.dataset import COARSE_CLASSES, FINE_CLASSES


def write_dataset(folder: Path, fine_classes: range = range(FINE_CLASSES), size: int = 12) -> Path:
    """One photo for each of ``fine_classes`` in each list; fine class ``i`` belongs to coarse class ``i`` mod 43."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"Kind-{i},{i},Group-{i % COARSE_CLASSES},{i % COARSE_CLASSES},," for i in range(FINE_CLASSES)]
    (folder / "classes.csv").write_text("\n".join(["name,id,coarse,coarse id,icon,text", *rows]) + "\n")
    pixels = np.random.default_rng(1).integers(0, 256, (FINE_CLASSES, size, size, 3), np.uint8)
    for name in ("train", "val", "test"):
        lines = []
        for i in fine_classes:
            photo = folder / name / f"Kind-{i}" / "1.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[i]).save(photo)
            lines.append(f"{photo.relative_to(folder).as_posix()}, {i}, {i % COARSE_CLASSES}")
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


def random_backbone(seed: int = 3, network: str = "mobilenet-v2") -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights of the shapes that ``network`` has, scaled so that signals neither die nor explode."""
    from trainer.network import FEATURES, NETWORKS

    random = np.random.default_rng(seed)

    def kernel(*shape: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
        outputs = shape[2] if shape[3] == 1 else shape[3]
        # Biases must differ: the converter (2.21) quantises a bias of equal values with its first channel's scale alone.
        bias = random.normal(0.05, 0.02, outputs)
        return random.normal(0, (2 / inputs) ** 0.5, shape).astype(np.float32), bias.astype(np.float32)

    layers = [kernel(3, 3, 3, 32, inputs=27)]
    channels = 32
    for expansion, outputs, repetitions, _stride, edge in NETWORKS[network].blocks:
        for _ in range(repetitions):
            wide = channels * expansion
            if expansion > 1:
                layers.append(kernel(1, 1, channels, wide, inputs=channels))
            layers.append(kernel(edge, edge, wide, 1, inputs=edge * edge))
            layers.append(kernel(1, 1, wide, outputs, inputs=wide))
            channels = outputs
    layers.append(kernel(1, 1, channels, FEATURES, inputs=channels))
    return layers


def picture_of(seed: int, edge: int = 48) -> Image.Image:
    """A smooth coloured picture, another for each ``seed``, the same at every ``edge``."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((edge, edge), Image.Resampling.BICUBIC)
