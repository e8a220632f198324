"""Random variations of the training photos, a batch at a time.

All randomness comes from a stateless seed, so that a resumed run sees what an uninterrupted one would have seen.
"""

import math
from dataclasses import dataclass

import tensorflow as tf

# Share of the photo that a close-up shows: from one fruit of a heap to a handful.
CLOSE_UP_AREA = (0.04, 0.35)


@dataclass(frozen=True)
class Augmentation:
    """Strengths; probabilities are per picture unless said."""

    smallest_area: float = 0.35
    largest_aspect: float = 4 / 3
    rotation_degrees: float = 15.0
    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.4
    hue: float = 0.02
    channel_gain: float = 0.08
    cut_out: float = 0.0
    # A close-up, cut out and set on a plain ground.
    plain_ground: float = 0.1
    grey: float = 0.0
    # Of a batch, not of a picture:
    mix_up: float = 0.0
    cut_mix: float = 0.0


class Draws:
    """A sequence of independent random tensors, all from one seed [2]."""

    def __init__(self, seed: tf.Tensor) -> None:
        self._seed = seed
        self._count = 0

    def uniform(self, shape: list[int | tf.Tensor], low: float, high: float) -> tf.Tensor:
        """Uniform numbers in [low, high)."""
        self._count += 1
        return tf.random.stateless_uniform(shape, self._seed + tf.constant([0, 7919 * self._count]), low, high)

    def chance(self, n: tf.Tensor, probability: float) -> tf.Tensor:
        """Float 0/1 [n], 1 with ``probability``."""
        return tf.cast(self.uniform([n], 0.0, 1.0) < probability, tf.float32)


def projective_transforms(
    draws: Draws, close_up: tf.Tensor, source: int, target: int, settings: Augmentation
) -> tf.Tensor:
    """Random crop, aspect, mirror, rotation as one projective transform a picture, float32 [n, 8] (output → input).

    Where ``close_up`` (float 0/1 [n]) is 1, the crop is a small one.
    """
    n = tf.shape(close_up)[0]
    area = draws.uniform([n], settings.smallest_area, 1.0)
    area = tf.where(close_up > 0, draws.uniform([n], *CLOSE_UP_AREA), area)
    stretch = math.log(settings.largest_aspect)
    aspect = tf.exp(draws.uniform([n], -stretch, stretch))
    width = tf.minimum(tf.sqrt(area * aspect), 1.0) * source
    height = tf.minimum(tf.sqrt(area / aspect), 1.0) * source
    # A close-up stays near the middle, where the thing photographed is.
    inset = 0.3 * close_up
    centre_x = width / 2 + (inset + (1 - 2 * inset) * draws.uniform([n], 0.0, 1.0)) * (source - width)
    centre_y = height / 2 + (inset + (1 - 2 * inset) * draws.uniform([n], 0.0, 1.0)) * (source - height)
    mirror = tf.sign(draws.uniform([n], -1.0, 1.0))
    angle = draws.uniform([n], -1.0, 1.0) * math.radians(settings.rotation_degrees)
    a, b = tf.cos(angle) * width / target * mirror, -tf.sin(angle) * height / target
    d, e = tf.sin(angle) * width / target * mirror, tf.cos(angle) * height / target
    middle = (target - 1) / 2
    zero = tf.zeros_like(a)
    return tf.stack([a, b, centre_x - (a + b) * middle, d, e, centre_y - (d + e) * middle, zero, zero], axis=1)


def vary_colours(draws: Draws, pixels: tf.Tensor, settings: Augmentation) -> tf.Tensor:
    """Hue, saturation, brightness, contrast and gain of each channel, as one 3 × 3 matrix and an offset a picture."""
    n = tf.shape(pixels)[0]
    # Rotation and scaling of the chroma plane of YIQ.
    to_yiq = tf.constant([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    to_rgb = tf.linalg.inv(to_yiq)
    hue = draws.uniform([n], -1.0, 1.0) * settings.hue * 2 * math.pi
    saturation = 1 + draws.uniform([n], -1.0, 1.0) * settings.saturation
    saturation *= 1 - draws.chance(n, settings.grey)
    cosine, sine, zero, one = saturation * tf.cos(hue), saturation * tf.sin(hue), tf.zeros([n]), tf.ones([n])
    chroma = tf.reshape(tf.stack([one, zero, zero, zero, cosine, -sine, zero, sine, cosine], axis=1), [n, 3, 3])
    gain = 1 + draws.uniform([n, 3], -1.0, 1.0) * settings.channel_gain
    brightness = tf.exp(draws.uniform([n, 1], -1.0, 1.0) * settings.brightness)
    contrast = 1 + draws.uniform([n, 1], -1.0, 1.0) * settings.contrast
    scale = gain * brightness * contrast
    matrix = tf.matmul(tf.matmul(to_rgb, chroma), to_yiq) * scale[:, :, None]
    mean = tf.reduce_mean(pixels, axis=[1, 2])
    offset = mean * gain * brightness * (1 - contrast)
    return tf.einsum("nhwc,ndc->nhwd", pixels, matrix) + offset[:, None, None, :]


def rectangle_masks(draws: Draws, n: tf.Tensor, size: int, smallest: float, largest: float) -> tf.Tensor:
    """One random rectangle a picture, its area between two shares of the picture: float 0/1 [n, size, size, 1]."""
    area = draws.uniform([n, 1], smallest, largest)
    aspect = tf.exp(draws.uniform([n, 1], math.log(1 / 2), math.log(2)))
    half_width, half_height = tf.sqrt(area * aspect) / 2, tf.sqrt(area / aspect) / 2
    positions = (tf.range(size, dtype=tf.float32)[None, :] + 0.5) / size
    columns = tf.cast(tf.abs(positions - draws.uniform([n, 1], 0.0, 1.0)) < half_width, tf.float32)
    rows = tf.cast(tf.abs(positions - draws.uniform([n, 1], 0.0, 1.0)) < half_height, tf.float32)
    return (rows[:, :, None] * columns[:, None, :])[..., None]


def set_on_plain_ground(draws: Draws, pixels: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """Keep a soft ellipse of the ``chosen`` (float 0/1 [n]) pictures, on a plain, mostly light ground with a shadow.

    Shop photos are full of heaps to the edge; single things on a table are what people photograph at home.
    """
    n, size = tf.shape(pixels)[0], pixels.shape[1]
    positions = tf.linspace(-1.0, 1.0, size)
    centre = draws.uniform([n, 2, 1], -0.15, 0.15)
    radius = draws.uniform([n, 2, 1], 0.5, 0.95)

    def distance(centre: tf.Tensor, radius: tf.Tensor) -> tf.Tensor:
        rows, columns = tf.unstack(((positions[None, None, :] - centre) / radius) ** 2, axis=1)
        return tf.sqrt(rows[:, :, None] + columns[:, None, :])[..., None]

    keep = tf.clip_by_value((1 - distance(centre, radius)) * 12 + 0.5, 0.0, 1.0)
    lightness = draws.uniform([n, 1, 1, 1], 90.0, 255.0)
    tint = 1 + draws.uniform([n, 1, 1, 3], -0.08, 0.04)
    gradient = 1 + positions[None, :, None, None] * draws.uniform([n, 1, 1, 1], -0.15, 0.15)
    below = centre + tf.stack([draws.uniform([n, 1], 0.0, 0.3), draws.uniform([n, 1], -0.3, 0.3)], axis=1)
    shadow = tf.clip_by_value(1.3 - distance(below, radius), 0.0, 1.0) * draws.uniform([n, 1, 1, 1], 0.0, 0.8)
    ground = lightness * tint * gradient * (1 - shadow)
    keep = 1 - (1 - keep) * chosen[:, None, None, None]
    return pixels * keep + ground * (1 - keep)


def augment(
    pixels: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor, target_size: int, settings: Augmentation
) -> tuple[tf.Tensor, tf.Tensor]:
    """Vary a batch.

    Args:
        pixels: uint8 [n, s, s, 3].
        targets: class probabilities, float32 [n, classes].
        seed: int32 [2].
        target_size: edge of the result.

    Returns:
        float32 [n, target_size, target_size, 3] in 0 … 255, and the targets, mixed where pictures were.
    """
    draws = Draws(seed)
    n = tf.shape(pixels)[0]
    single = draws.chance(n, settings.plain_ground)
    transforms = projective_transforms(draws, single, pixels.shape[1], target_size, settings)
    varied = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(pixels, tf.float32), transforms=transforms, output_shape=[target_size, target_size],
        fill_value=0.0, interpolation="BILINEAR", fill_mode="REFLECT",
    )
    varied.set_shape([None, target_size, target_size, 3])
    varied = vary_colours(draws, varied, settings)
    if settings.cut_out > 0:
        hole = rectangle_masks(draws, n, target_size, 0.03, 0.2) * draws.chance(n, settings.cut_out)[:, None, None, None]
        varied = varied * (1 - hole) + hole * draws.uniform([n, 1, 1, 3], 0.0, 255.0)
    if settings.plain_ground > 0:
        varied = set_on_plain_ground(draws, varied, single)
    varied = tf.clip_by_value(varied, 0.0, 255.0)
    if settings.mix_up + settings.cut_mix > 0:
        varied, targets = mix(draws, varied, targets, settings)
    return varied, targets


def mix(draws: Draws, pixels: tf.Tensor, targets: tf.Tensor, settings: Augmentation) -> tuple[tf.Tensor, tf.Tensor]:
    """Mix each picture with its neighbour in the batch: blended (mixup), pasted in (CutMix), or left alone.

    The neighbour's share is at most a half.
    """
    n, size = tf.shape(pixels)[0], pixels.shape[1]
    choice = draws.uniform([], 0.0, 1.0)
    other_pixels, other_targets = tf.roll(pixels, 1, axis=0), tf.roll(targets, 1, axis=0)

    def blended() -> tuple[tf.Tensor, tf.Tensor]:
        share = 0.5 * draws.uniform([n, 1], 0.0, 1.0) ** 2
        weight = share[:, :, None, None]
        return pixels * (1 - weight) + other_pixels * weight, targets * (1 - share) + other_targets * share

    def pasted() -> tuple[tf.Tensor, tf.Tensor]:
        mask = rectangle_masks(draws, n, size, 0.1, 0.5)
        share = tf.reduce_mean(mask, axis=[1, 2])
        return pixels * (1 - mask) + other_pixels * mask, targets * (1 - share) + other_targets * share

    return tf.case(
        [(choice < settings.mix_up, blended), (choice < settings.mix_up + settings.cut_mix, pasted)],
        default=lambda: (pixels, targets),
    )
