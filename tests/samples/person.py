"""Renders a person of spheres and the like before a wall, for tests of the function `cutout`, and the exact mask of it.

    python3 tests/samples/person.py tests/samples    (needs numpy and Pillow)

Distances to smoothly joined bodies, marched along a ray for each pixel, with one large light from the left and light from all around.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 800
SAMPLES = 2
STEPS = 70

SKIN, HAIR, SHIRT, EYE, IRIS, LIP, BROW = range(7)
COLOURS = np.array([[0.80, 0.56, 0.44], [0.16, 0.09, 0.05], [0.16, 0.27, 0.50], [0.92, 0.91, 0.90], [0.10, 0.07, 0.05],
                    [0.66, 0.30, 0.28], [0.14, 0.08, 0.05]])


def ellipsoid(p, centre, radii):
    q = (p - np.array(centre)) / np.array(radii)
    k0 = np.linalg.norm(q, axis=-1)
    k1 = np.linalg.norm(q / np.array(radii), axis=-1)
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-6)


def capsule(p, a, b, radius):
    a, b = np.array(a), np.array(b)
    h = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - h[..., None] * (b - a), axis=-1) - radius


def joined(a, b, k):
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b + (a - b) * h - k * h * (1 - h)


def bodies(p):
    """The distance to each material."""
    m = np.stack([np.abs(p[..., 0]), p[..., 1], p[..., 2]], axis=-1)  # left and right alike
    skull = ellipsoid(p, (0, 0.10, 0), (0.78, 0.98, 0.86))
    jaw = ellipsoid(p, (0, -0.52, 0.14), (0.54, 0.55, 0.58))
    skin = joined(skull, jaw, 0.25)
    skin = joined(skin, ellipsoid(m, (0.36, -0.22, 0.60), (0.20, 0.17, 0.13)), 0.16)          # cheeks
    skin = joined(skin, capsule(p, (0, 0.12, 0.80), (0, -0.20, 0.98), 0.07), 0.10)            # nose
    skin = joined(skin, ellipsoid(p, (0, -0.22, 0.97), (0.12, 0.09, 0.10)), 0.08)
    skin = joined(skin, ellipsoid(m, (0.11, -0.25, 0.88), (0.07, 0.055, 0.07)), 0.04)
    skin = joined(skin, capsule(m, (0.14, 0.27, 0.76), (0.44, 0.26, 0.62), 0.05), 0.10)       # brow ridge
    skin = -joined(-skin, ellipsoid(m, (0.29, 0.10, 0.84), (0.17, 0.10, 0.16)), 0.08)         # sockets
    skin = joined(skin, ellipsoid(m, (0.80, 0.02, -0.02), (0.10, 0.24, 0.15)), 0.05)          # ears
    skin = joined(skin, ellipsoid(p, (0, -0.92, 0.46), (0.18, 0.12, 0.14)), 0.12)             # chin
    skin = joined(skin, capsule(p, (0, -0.7, -0.1), (0, -1.6, -0.2), 0.36), 0.15)             # neck
    eye = ellipsoid(m, (0.29, 0.10, 0.655), (0.135, 0.075, 0.12))
    iris = ellipsoid(m, (0.285, 0.10, 0.755), (0.066, 0.068, 0.04))
    lid = ellipsoid(m, (0.29, 0.155, 0.66), (0.16, 0.055, 0.125))
    skin = np.minimum(skin, lid)
    lip = np.minimum(ellipsoid(p, (0, -0.555, 0.70), (0.23, 0.045, 0.09)), ellipsoid(p, (0, -0.48, 0.715), (0.21, 0.035, 0.08)))
    brow = capsule(m, (0.14, 0.325, 0.85), (0.43, 0.32, 0.73), 0.035)
    hair = ellipsoid(p, (0, 0.28, -0.12), (0.90, 0.98, 0.92))
    hair = np.maximum(hair, -ellipsoid(p, (0, -0.28, 0.75), (0.72, 0.98, 0.85)))
    hair = np.maximum(hair, -(p[..., 1] + 0.28 + 0.35 * p[..., 2]))
    torso = joined(ellipsoid(p, (0, -3.2, -0.25), (1.30, 1.45, 0.70)), ellipsoid(m, (1.12, -2.35, -0.25), (0.55, 0.50, 0.50)), 0.35)
    torso = joined(torso, capsule(m, (1.45, -2.5, -0.25), (1.75, -4.4, -0.15), 0.42), 0.2)
    torso = joined(torso, capsule(m, (0.2, -1.75, -0.2), (0.9, -2.15, -0.25), 0.28), 0.25)
    torso = np.maximum(torso, -ellipsoid(p, (0, -1.55, 0.25), (0.42, 0.45, 0.60)))
    return np.stack([skin, hair, torso, eye, iris, lip, brow], axis=-1)


def distance(p):
    return bodies(p).min(axis=-1)


def rays(width, height):
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    scale = 5.0 / height
    origin = np.stack([(x - width / 2) * scale, -(y - height * 0.37) * scale - 0.35, np.full_like(x, 9.0)], axis=-1)
    target = origin * np.array([0.93, 0.93, 0])
    direction = target - origin
    return origin.reshape(-1, 3), (direction / np.linalg.norm(direction, axis=-1, keepdims=True)).reshape(-1, 3)


def background(width, height):
    """A wall with a window's light, a plant and a shelf out of focus."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    wall = np.stack([0.74 - 0.25 * x - 0.1 * y, 0.76 - 0.22 * x - 0.12 * y, 0.72 - 0.16 * x - 0.14 * y], axis=-1)
    def soft(d, w): return 1 / (1 + np.exp(d / w))
    for cx, cy, rx, ry, colour in [(0.10, 0.52, 0.10, 0.22, (0.20, 0.42, 0.18)), (0.04, 0.38, 0.07, 0.16, (0.28, 0.50, 0.22)),
                                   (0.17, 0.40, 0.05, 0.14, (0.16, 0.36, 0.16))]:
        a = soft(np.hypot((x - cx) / rx, (y - cy) / ry) - 1, 0.08)[..., None]
        wall = wall * (1 - a) + a * np.array(colour)
    a = soft(np.maximum(np.abs(x - 0.93) - 0.14, np.abs(y - 0.30) - 0.02), 0.006)[..., None]
    wall = wall * (1 - a) + a * np.array([0.42, 0.28, 0.17])
    for at, colour in [(0.84, (0.55, 0.20, 0.16)), (0.89, (0.20, 0.30, 0.44)), (0.935, (0.66, 0.58, 0.34)), (0.975, (0.30, 0.24, 0.36))]:
        a = soft(np.maximum(np.abs(x - at) - 0.02, np.abs(y - 0.21) - 0.075), 0.006)[..., None]
        wall = wall * (1 - a) + a * np.array(colour)
    return wall


def render(width, height):
    origin, direction = rays(width, height)
    t = np.full(len(origin), 5.0)
    alive = np.arange(len(origin))
    for _ in range(STEPS):
        d = distance(origin[alive] + t[alive, None] * direction[alive])
        t[alive] += d * 0.9
        alive = alive[(d > 1e-3) & (t[alive] < 14)]
    hit = np.flatnonzero(t < 13)
    p = origin[hit] + t[hit, None] * direction[hit]
    hit = hit[distance(p) < 0.02]
    p = origin[hit] + t[hit, None] * direction[hit]
    e = 2e-3
    normal = np.stack([distance(p + d) - distance(p - d) for d in np.eye(3) * e], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    material = bodies(p).argmin(axis=-1)
    albedo = COLOURS[material].copy()
    rng = np.random.default_rng(7)
    strands = np.sin(p[:, 0] * 55 + np.sin(p[:, 1] * 7) * 3)
    albedo[material == HAIR] *= (1 + 0.45 * strands[material == HAIR])[:, None]
    folds = np.sin(p[:, 1] * 9 + np.sin(p[:, 0] * 5) * 2)
    albedo[material == SHIRT] *= (1 + 0.10 * folds[material == SHIRT])[:, None]
    blush = np.exp(-((np.abs(p[:, 0]) - 0.38) ** 2 + (p[:, 1] + 0.2) ** 2) / 0.03) * (material == SKIN) * (p[:, 2] > 0)
    albedo = albedo * (1 - 0.25 * blush[:, None]) + 0.25 * blush[:, None] * np.array([0.82, 0.42, 0.36])
    light = np.array([-0.55, 0.5, 0.75]); light /= np.linalg.norm(light)
    lit = np.clip(normal @ light * 0.7 + 0.3, 0, 1)
    near = np.ones(len(p))
    for step in (0.06, 0.15, 0.3):
        near -= 0.35 * np.clip(1 - distance(p + normal * step) / step, 0, 1)
    ambient = (0.55 + 0.45 * normal[:, 1] * 0.5 + 0.2) * np.clip(near, 0.25, 1)
    colour = albedo * (0.95 * lit[:, None] * np.array([1.05, 1.0, 0.94]) + 0.36 * ambient[:, None] * np.array([0.9, 0.97, 1.08]))
    half = light + np.array([0, 0, 1]); half /= np.linalg.norm(half)
    gloss = np.array([0.10, 0.25, 0.02, 0.6, 0.9, 0.25, 0.1])[material] * np.clip(normal @ half, 0, 1) ** np.array([18, 25, 5, 60, 90, 30, 20])[material]
    colour += gloss[:, None]
    image = background(width, height).reshape(-1, 3)
    mask = np.zeros(len(origin))
    image[hit], mask[hit] = colour, 1
    return image.reshape(height, width, 3), mask.reshape(height, width)


def main():
    folder = Path(sys.argv[1])
    image, mask = render(WIDTH * SAMPLES, HEIGHT * SAMPLES)
    image = np.clip(image, 0, 1)
    def small(v): return v.reshape(HEIGHT, SAMPLES, WIDTH, SAMPLES, -1).mean(axis=(1, 3))
    grain = np.random.default_rng(1).normal(0, 0.008, (HEIGHT, WIDTH, 1))
    photo = np.clip(small(image) + grain, 0, 1)
    Image.fromarray((photo * 255 + 0.5).astype(np.uint8)).save(folder / "person.jpg", quality=90)
    Image.fromarray((small(mask)[..., 0] * 255 + 0.5).astype(np.uint8)).save(folder / "person-mask.png", optimize=True)


if __name__ == "__main__":
    main()
