"""One training run: the classifier on frozen features first, then the whole network; resumable at each epoch."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.augmentation import Augmentation, augment
from trainer.dataset import Pictures
from trainer.network import ActivationHook, KernelHook, MobileNetV2, normalised, variables_before_block
from trainer.progress import Progress
from trainer.schedule import learning_rate


@dataclass(frozen=True)
class RunSettings:
    """Hyper-parameters of one run; ``recipe.toml`` explains them."""

    seed: int
    epochs: int
    batch: int
    train_size: int
    peak_rate: float
    warm_up_epochs: float
    first_trained_block: int
    weight_decay: float
    label_smoothing: float
    # Weight of the coarse classes' cross-entropy.
    coarse_loss: float
    gradient_norm: float
    average_decay: float
    augmentation: Augmentation
    # Weight of the teachers' answers against the labels, where there are teachers.
    distillation: float = 0.0
    # Small classes come more often, see trainer.sampling.
    balanced: bool = False


@dataclass(frozen=True)
class ClassifierSettings:
    """Hyper-parameters of the classifier on frozen features."""

    seed: int
    epochs: int
    peak_rate: float
    size: int
    label_smoothing: float
    plain_ground: float = 0.1


@dataclass(frozen=True)
class Hooks:
    """How the network computes while it trains; see :mod:`trainer.quantization`."""

    activation: ActivationHook
    kernel: KernelHook


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019), over plain variables; its slots can be saved."""

    def __init__(self, variables: list[tf.Variable], weight_decay: float) -> None:
        """``weight_decay`` is for kernels; biases have none."""
        self.variables = variables
        self.weight_decay = weight_decay
        self.first = [tf.Variable(tf.zeros_like(v), trainable=False) for v in variables]
        self.second = [tf.Variable(tf.zeros_like(v), trainable=False) for v in variables]
        self.step = tf.Variable(0.0, trainable=False)

    def apply(self, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        """One step; ``rate`` is the learning rate."""
        beta1, beta2, epsilon = 0.9, 0.999, 1e-7
        self.step.assign_add(1.0)
        corrected = rate * tf.sqrt(1 - beta2**self.step) / (1 - beta1**self.step)
        for variable, gradient, first, second in zip(self.variables, gradients, self.first, self.second, strict=True):
            first.assign(beta1 * first + (1 - beta1) * gradient)
            second.assign(beta2 * second + (1 - beta2) * gradient * gradient)
            decay = self.weight_decay if variable.shape.rank > 1 else 0.0
            variable.assign_sub(corrected * first / (tf.sqrt(second) + epsilon) + rate * decay * variable)

    def state(self) -> list[tf.Variable]:
        """All variables that a checkpoint must hold."""
        return [self.step, *self.first, *self.second]


def loss_of(logits: tf.Tensor, targets: tf.Tensor, coarse_of_fine: tf.Tensor, coarse_weight: float) -> tf.Tensor:
    """Cross-entropy over the fine classes, plus ``coarse_weight`` times that over the coarse ones.

    A coarse class's probability is the sum of its fine ones, as everywhere in the project.
    """
    loss = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    if coarse_weight > 0:
        grouping = tf.one_hot(coarse_of_fine, tf.reduce_max(coarse_of_fine) + 1)
        coarse_logs = tf.math.log(tf.matmul(tf.nn.softmax(logits), grouping) + 1e-7)
        loss += coarse_weight * -tf.reduce_sum(tf.matmul(targets, grouping) * coarse_logs, axis=1)
    return tf.reduce_mean(loss)


def smoothed_targets(labels: tf.Tensor, smoothing: float, classes: int) -> tf.Tensor:
    """Labels [n] → class probabilities [n, classes] with ``smoothing`` spread over all classes."""
    return tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes


def train_classifier(
    network: MobileNetV2, pictures: Pictures, settings: ClassifierSettings, progress: Progress | None = None
) -> None:
    """Fit the last layer alone, on pooled features of the frozen backbone: two varied views and one plain one."""
    size = settings.size
    mild = Augmentation(plain_ground=settings.plain_ground)

    @tf.function
    def features_of(pixels: tf.Tensor, seed: tf.Tensor, varied: tf.Tensor) -> tf.Tensor:
        plain = tf.image.resize(tf.cast(pixels, tf.float32), [size, size], antialias=True)
        changed, _ = augment(pixels, tf.zeros([tf.shape(pixels)[0], 1]), seed, size, mild)
        return network.features(normalised(tf.where(varied, changed, plain)))

    views = []
    for view in range(3):
        for start in range(0, len(pictures), 64):
            seed = tf.constant([settings.seed, 1_000_000 * (view + 1) + start], tf.int32)
            views.append(features_of(pictures.pixels[start : start + 64], seed, tf.constant(view > 0)).numpy())
            if progress is not None:
                progress.advance(len(views[-1]))
    features = np.concatenate(views)
    targets = smoothed_targets(np.tile(pictures.fine, 3), settings.label_smoothing, network.classes).numpy()
    classifier = network.variables_in_order[-2:]
    optimizer = AdamW(classifier, weight_decay=1e-3)

    @tf.function
    def step(features: tf.Tensor, targets: tf.Tensor, rate: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, network.logits(features)))
        optimizer.apply(tape.gradient(loss, classifier), rate)

    generator = np.random.default_rng(settings.seed)
    batch = min(128, len(features))
    for epoch in range(settings.epochs):
        rate = tf.constant(learning_rate(epoch, settings.epochs, settings.peak_rate, 1), tf.float32)
        shuffled = generator.permutation(len(features))
        for start in range(0, len(features) - batch + 1, batch):
            chosen = shuffled[start : start + batch]
            step(features[chosen], targets[chosen], rate)


def logits_of(network: MobileNetV2, pixels: np.ndarray) -> np.ndarray:
    """Logits [n, classes] of pictures, uint8 [n, s, s, 3], in floating point."""
    return np.concatenate([network.answer(pixels[i : i + 64]).numpy() for i in range(0, len(pixels), 64)])


def top_1(network: MobileNetV2, pictures: Pictures) -> float:
    """Share of the pictures whose likeliest class is right, in floating point (%)."""
    return 100 * float(np.mean(np.argmax(logits_of(network, pictures.pixels), axis=1) == pictures.fine))


@dataclass
class Checkpoint:
    """Where a run stands, on disk after each epoch (written to one side, then renamed)."""

    path: Path

    def save(self, epoch: int, variables: list[tf.Variable], history: list[dict[str, float]]) -> None:
        """Store ``epoch`` finished epochs."""
        side = self.path.with_suffix(".tmp.npz")
        arrays = {f"v{i:04}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(side, epoch=epoch, history=json.dumps(history), **arrays)
        os.replace(side, self.path)

    def restore(self, variables: list[tf.Variable]) -> tuple[int, list[dict[str, float]]]:
        """Fill ``variables``; returns the number of finished epochs (0 where there is no checkpoint) and the history."""
        if not self.path.is_file():
            return 0, []
        with np.load(self.path) as stored:
            for i, variable in enumerate(variables):
                variable.assign(stored[f"v{i:04}"])
            return int(stored["epoch"]), json.loads(str(stored["history"]))


def train_network(
    network: MobileNetV2,
    pictures: Pictures,
    coarse_of_fine: np.ndarray,
    settings: RunSettings,
    checkpoint: Checkpoint,
    validate: Callable[[MobileNetV2], float] | None,
    teachers: Sequence[MobileNetV2] = (),
    hooks: Hooks | None = None,
    say: Callable[[str], None] = print,
    sampler: Callable[[np.random.Generator], np.ndarray] | None = None,
    progress: Progress | None = None,
) -> list[dict[str, float]]:
    """Train ``network`` from where ``checkpoint`` stands; in the end it holds the running average of its weights.

    Args:
        sampler: the indices that an epoch shows, always as many; without it, all pictures in random order.
        progress: is told of each batch, and says the time left.

    Returns:
        One record an epoch: epoch, loss, train (top-1 on varied pictures, %), val (top-1 of the average, %), seconds.
    """
    first = variables_before_block(settings.first_trained_block)
    trained = network.variables_in_order[first:]
    simulated = {"activation": hooks.activation, "kernel": hooks.kernel} if hooks else {}
    optimizer = AdamW(trained, settings.weight_decay)
    average = [tf.Variable(v, trainable=False) for v in network.variables_in_order]
    saved = [*network.variables_in_order, *average, *optimizer.state()]
    done, history = checkpoint.restore(saved)
    coarse = tf.constant(coarse_of_fine)

    @tf.function
    def step(pixels: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor, rate: tf.Tensor, decay: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        varied, targets = augment(
            pixels, smoothed_targets(labels, settings.label_smoothing, network.classes), seed, settings.train_size, settings.augmentation
        )
        image = normalised(varied)
        if teachers:
            taught = tf.add_n([tf.nn.softmax(teacher(image)) for teacher in teachers]) / len(teachers)
            targets = targets * (1 - settings.distillation) + taught * settings.distillation
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trained)
            logits = network(image, **simulated)
            loss = loss_of(logits, targets, coarse, settings.coarse_loss)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, trained), settings.gradient_norm)
        optimizer.apply(gradients, rate)
        for variable, mean in zip(network.variables_in_order, average, strict=True):
            mean.assign(decay * mean + (1 - decay) * variable)
        right = tf.reduce_mean(tf.cast(tf.argmax(logits, 1) == tf.argmax(targets, 1), tf.float32))
        return loss, right

    shown = sampler or (lambda generator: generator.permutation(len(pictures)))
    steps_an_epoch = len(shown(np.random.default_rng(0))) // settings.batch
    if progress is not None:
        progress.skip(done * steps_an_epoch * settings.batch)
    steps = steps_an_epoch * settings.epochs
    for epoch in range(done, settings.epochs):
        started = time.monotonic()
        order = shown(np.random.default_rng([settings.seed, epoch]))
        losses, rights = [], []
        for index in range(steps_an_epoch):
            number = epoch * steps_an_epoch + index
            chosen = order[index * settings.batch : (index + 1) * settings.batch]
            rate = learning_rate(number, steps, settings.peak_rate, int(settings.warm_up_epochs * steps_an_epoch))
            # A young average must not hang on to the start.
            decay = min(settings.average_decay, (1 + number) / (10 + number))
            loss, right = step(
                pictures.pixels[chosen], pictures.fine[chosen], tf.constant([settings.seed, number], tf.int32),
                tf.constant(rate, tf.float32), tf.constant(decay, tf.float32),
            )
            losses.append(float(loss))
            rights.append(float(right))
            if progress is not None:
                progress.advance(settings.batch)
        record = {"epoch": epoch + 1, "loss": round(float(np.mean(losses)), 4), "train": round(100 * float(np.mean(rights)), 2)}
        if validate is not None:
            current = network.weights()
            network.set_weights([mean.numpy() for mean in average])
            record["val"] = round(validate(network), 2)
            network.set_weights(current)
        record["seconds"] = round(time.monotonic() - started, 1)
        history.append(record)
        checkpoint.save(epoch + 1, saved, history)
        told = ", ".join(f"{key} {value}" for key, value in record.items() if key != "epoch")
        say(f"epoch {epoch + 1}/{settings.epochs}: {told}" + (f"; {progress.left()}" if progress else ""))
    network.set_weights([mean.numpy() for mean in average])
    return history
