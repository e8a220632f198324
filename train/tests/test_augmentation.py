"""Variations of the photos."""

import unittest

import numpy as np
import tensorflow as tf

from trainer.augmentation import Augmentation, Draws, augment, mix, set_on_plain_ground, vary_colours

STILL = Augmentation(
    smallest_area=1.0, largest_aspect=1.0, rotation_degrees=0.0, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0, channel_gain=0.0,
    cut_out=0.0, plain_ground=0.0,
)
ALL = Augmentation(cut_out=0.5, plain_ground=0.5, mix_up=0.5, cut_mix=0.5)


def photos(count: int = 6, size: int = 32) -> tf.Tensor:
    return tf.constant(np.random.default_rng(2).integers(0, 256, (count, size, size, 3), np.uint8))


def targets(count: int = 6) -> tf.Tensor:
    return tf.one_hot(tf.range(count), 9)


def draws(number: int) -> Draws:
    return Draws(tf.constant([5, number]))


class AugmentTest(unittest.TestCase):
    def test_keeps_shape_range_and_total_probability(self) -> None:
        for number in range(6):
            pixels, mixed = augment(photos(), targets(), tf.constant([1, number]), 24, ALL)
            self.assertEqual(pixels.shape, (6, 24, 24, 3))
            self.assertGreaterEqual(float(tf.reduce_min(pixels)), 0)
            self.assertLessEqual(float(tf.reduce_max(pixels)), 255)
            np.testing.assert_allclose(tf.reduce_sum(mixed, axis=1), 1, atol=1e-5)

    def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(self) -> None:
        first, _ = augment(photos(), targets(), tf.constant([1, 2]), 24, ALL)
        again, _ = augment(photos(), targets(), tf.constant([1, 2]), 24, ALL)
        other, _ = augment(photos(), targets(), tf.constant([1, 3]), 24, ALL)
        np.testing.assert_array_equal(first, again)
        self.assertFalse(np.array_equal(first, other))

    def test_a_close_up_magnifies_the_middle(self) -> None:
        # A white square of a quarter of the edge in the middle: a close-up shows more of it than its 1/16 of the area.
        photo = np.zeros((1, 64, 64, 3), np.uint8)
        photo[:, 24:40, 24:40] = 255
        from trainer.augmentation import projective_transforms

        shares = []
        for number in range(20):
            transform = projective_transforms(draws(number), tf.ones([1]), 64, 64, STILL)
            view = tf.raw_ops.ImageProjectiveTransformV3(
                images=photo.astype(np.float32), transforms=transform, output_shape=[64, 64], fill_value=0.0,
                interpolation="BILINEAR", fill_mode="REFLECT",
            )
            shares.append(float(tf.reduce_mean(view)) / 255)
        self.assertGreater(np.mean(shares), 2 / 16)

    def test_without_any_strength_a_photo_stays_to_half_a_pixel_or_is_mirrored(self) -> None:
        step = 255 / 31
        ramp = np.broadcast_to((np.arange(32) * step).astype(np.uint8)[None, None, :, None], (8, 32, 32, 3))
        pixels, same = augment(tf.constant(ramp), targets(8), tf.constant([1, 2]), 32, STILL)
        np.testing.assert_array_equal(same, targets(8))
        mirrored = 0
        for got in pixels.numpy():
            distances = [np.abs(got - expected).max() for expected in (ramp[0], ramp[0, :, ::-1])]
            self.assertLessEqual(min(distances), step / 2 + 1)
            mirrored += distances[1] < distances[0]
        self.assertIn(mirrored, range(1, 8))


class ColourTest(unittest.TestCase):
    def test_grey_removes_all_colour_and_keeps_the_lightness(self) -> None:
        settings = Augmentation(brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0, channel_gain=0.0, grey=1.0)
        source = tf.cast(photos(), tf.float32)
        grey = vary_colours(draws(1), source, settings).numpy()
        np.testing.assert_allclose(grey[..., 0], grey[..., 2], atol=0.5)
        np.testing.assert_allclose(grey[..., 1], source.numpy() @ np.array([0.299, 0.587, 0.114], np.float32), atol=0.5)

    def test_contrast_leaves_the_mean_colour_alone(self) -> None:
        settings = Augmentation(brightness=0.0, contrast=0.5, saturation=0.0, hue=0.0, channel_gain=0.0)
        source = tf.cast(photos(), tf.float32)
        changed = vary_colours(draws(1), source, settings)
        np.testing.assert_allclose(tf.reduce_mean(changed, [1, 2]), tf.reduce_mean(source, [1, 2]), atol=0.5)
        self.assertFalse(np.allclose(changed, source, atol=1))


class PlainGroundTest(unittest.TestCase):
    def test_keeps_the_middle_and_replaces_the_corners_of_the_chosen_alone(self) -> None:
        source = tf.cast(photos(2, 64), tf.float32)
        placed = set_on_plain_ground(draws(3), source, tf.constant([1.0, 0.0])).numpy()
        np.testing.assert_allclose(placed[0, 30:34, 30:34], source[0, 30:34, 30:34], atol=1e-3)
        self.assertLess(placed[0, :4, :4, 0].std(), 15)
        np.testing.assert_allclose(placed[1], source[1], atol=1e-4)


class MixTest(unittest.TestCase):
    def test_a_pasted_part_counts_with_its_area(self) -> None:
        white_after_black = tf.concat([tf.zeros([1, 64, 64, 3]), tf.fill([1, 64, 64, 3], 255.0)], axis=0)
        for settings in (Augmentation(cut_mix=1.0), Augmentation(mix_up=1.0)):
            pixels, mixed = mix(draws(4), white_after_black, tf.one_hot([0, 1], 2), settings)
            np.testing.assert_allclose(tf.reduce_mean(pixels[0]) / 255, mixed[0, 1], atol=1e-3)
            self.assertLessEqual(float(mixed[0, 1]), 0.5)


if __name__ == "__main__":
    unittest.main()
