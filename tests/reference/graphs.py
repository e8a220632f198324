"""Small frozen graphs, one for each operation that is converted, with TensorFlow's own answers.

    /tmp/tensorflow/bin/python tests/reference/graphs.py tests/graphs

Needs requirements-tensorflow.txt. `operations.jsonl` has what is converted, `tensorflow.jsonl` what only TensorFlow runs, `saved_model`
a saved model. Each line of a file is a case: a graph, its inputs, and what TensorFlow says of its
outputs; bytes are base64. Attributes that have their default are left out of the graphs, as in those of older versions.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from collections.abc import Callable

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

tf1 = tf.compat.v1
raw = tf.raw_ops
CASES: dict[str, Callable] = {}
BY_TENSORFLOW = ["loop", "boxes"]
SEED = 15

# Attributes that newer versions have given to old operations.
NEWER = {"dilations", "explicit_paddings", "use_cudnn_on_gpu", "half_pixel_centers", "exponential_avg_factor", "batch_dims"}


def case(*shape: int, name: str | None = None, dtype: type = np.float32, **more: tuple[int, ...]) -> Callable:
    """A case whose function gets placeholders: `x` of that shape, and `more`."""

    def register(function: Callable) -> Callable:
        CASES[name or function.__name__] = (function, {"x": shape, **more}, dtype)
        return function

    return register


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng([SEED, *shape]).normal(0, 0.5, shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return np.abs(numbers(*shape)) + 0.5


def constant(value: np.ndarray) -> tf.Tensor:
    """As variables are frozen: a constant, and an Identity that reads it."""
    return tf.identity(tf1.constant(value))


# Convolutions, with every padding, stride and dilation.

for padding in ("SAME", "VALID"):
    for size in (7, 8):
        for stride in (1, 2):
            for dilation in (1, 2):
                if stride > 1 and dilation > 1:
                    continue

                @case(1, size, size, 3, name=f"conv_{padding}_{size}_{stride}_{dilation}")
                def conv(x, padding=padding, stride=stride, dilation=dilation):
                    w = constant(numbers(3, 3, 3, 5))
                    return raw.Conv2D(
                        input=x, filter=w, strides=[1, stride, stride, 1], padding=padding, dilations=[1, dilation, dilation, 1]
                    )

                @case(1, size, size, 3, name=f"depthwise_{padding}_{size}_{stride}_{dilation}")
                def depthwise(x, padding=padding, stride=stride, dilation=dilation):
                    # Dilated, it is written in blocks.
                    w = constant(numbers(3, 3, 3, 2))
                    return tf1.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], padding, [dilation, dilation])

    @case(1, 6, 7, 2, name=f"pools_{padding}")
    def pools(x, padding=padding):
        window = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 2, 1], "padding": padding}
        return [raw.MaxPool(input=x, **window), raw.AvgPool(value=x, **window)]

    @case(1, 4, 5, 3, name=f"transposed_{padding}")
    def transposed(x, padding=padding):
        w = constant(numbers(3, 3, 4, 3))
        shape = [1, 8, 10, 4] if padding == "SAME" else [1, 9, 11, 4]
        return raw.Conv2DBackpropInput(input_sizes=shape, filter=w, out_backprop=x, strides=[1, 2, 2, 1], padding=padding)

    @case(1, 9, 10, 3, name=f"atrous_in_blocks_{padding}")
    def atrous(x, padding=padding):
        return tf.nn.relu(tf1.nn.bias_add(blocks(x, padding), constant(numbers(4))))


def blocks(x: tf.Tensor, padding: str) -> tf.Tensor:
    """A dilated convolution as TensorFlow wrote it until 1.15: blocks around a plain one."""
    height, width = x.shape[1:3]
    total = 4 if padding == "SAME" else 0
    base = [[total // 2, total - total // 2]] * 2
    extra = [[0, -(side + total) % 2] for side in (height, width)]
    around = [[before, after + more] for (before, after), (_, more) in zip(base, extra)]
    y = raw.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=around)
    y = raw.Conv2D(input=y, filter=constant(numbers(3, 3, 3, 4)), strides=[1, 1, 1, 1], padding="VALID")
    return raw.BatchToSpaceND(input=y, block_shape=[2, 2], crops=extra)


@case(1, 7, 7, 3)
def conv_explicit(x):
    w = constant(numbers(3, 3, 3, 4))
    paddings = [0, 0, 1, 2, 0, 1, 0, 0]
    return raw.Conv2D(input=x, filter=w, strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=paddings)


@case(1, 8, 8, 3)
def pad_and_valid_conv(x):
    """As Keras pads before a stride of 2; the first is SAME, the second is not."""
    w = constant(numbers(3, 3, 3, 4))
    padded = [tf.pad(x, [[0, 0], [0, 1], [0, 1], [0, 0]]), tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])]
    return [raw.Conv2D(input=y, filter=w, strides=[1, 2, 2, 1], padding="VALID") for y in padded]


@case(1, 5, 5, 4)
def grouped_conv(x):
    return raw.Conv2D(input=x, filter=constant(numbers(3, 3, 2, 6)), strides=[1, 1, 1, 1], padding="SAME")


@case(2, 6, 5, 3)
def batch_of_two(x):
    y = raw.Conv2D(input=x, filter=constant(numbers(1, 1, 3, 4)), strides=[1, 1, 1, 1], padding="SAME")
    return tf.reshape(y, [-1, 4])


# What ends in the convolution before it, and what must not.


def normed(x: tf.Tensor, kind: Callable, **more: object) -> tf.Tensor:
    c = x.shape[-1]
    values = {"scale": constant(positive(c)), "offset": constant(numbers(c)), "mean": constant(numbers(c) * 0.3)}
    return kind(x=x, **values, variance=constant(positive(c)), epsilon=1e-3, is_training=False, **more)[0]


for number, kind in enumerate([raw.FusedBatchNorm, raw.FusedBatchNormV2, raw.FusedBatchNormV3], 1):

    @case(1, 6, 6, 3, name=f"batch_norm_v{number}")
    def batch_norm(x, kind=kind):
        y = raw.Conv2D(input=x, filter=constant(numbers(3, 3, 3, 8)), strides=[1, 1, 1, 1], padding="SAME")
        y = tf.nn.relu6(normed(y, kind))
        y = raw.DepthwiseConv2dNative(input=y, filter=constant(numbers(3, 3, 8, 1)), strides=[1, 2, 2, 1], padding="SAME")
        y = tf.nn.relu(normed(y, kind))
        return [y, normed(x, kind)]


@case(1, 5, 5, 3)
def batch_norm_written_out(x):
    """tf.nn.batch_normalization, frozen."""
    y = raw.Conv2D(input=x, filter=constant(numbers(3, 3, 3, 4)), strides=[1, 1, 1, 1], padding="VALID")
    mean, variance = constant(numbers(4)), constant(positive(4))
    return tf.nn.relu(tf1.nn.batch_normalization(y, mean, variance, constant(numbers(4) + 1), constant(positive(4)), 1e-3))


@case(1, 4, 4, 3)
def batch_norm_of_2015(x):
    """BatchNormWithGlobalNormalization, which Inception v3 has. No newer version makes or runs it: `old` says what it is."""
    y = raw.Conv2D(input=x, filter=constant(numbers(1, 1, 3, 4)), strides=[1, 1, 1, 1], padding="SAME", name="y")
    mean, variance = tf1.constant(numbers(4), name="m"), tf1.constant(positive(4), name="v")
    beta, gamma = tf1.constant(numbers(4), name="beta"), tf1.constant(positive(4), name="gamma")
    return tf.identity((y - mean) / tf.sqrt(variance + 0.001) * gamma + beta, name="written_out")


def old(definition: tf1.GraphDef) -> None:
    """Lets the operation of 2015 be what was written out."""
    node = next(node for node in definition.node if node.name == "written_out")
    node.Clear()
    node.name, node.op = "written_out", "BatchNormWithGlobalNormalization"
    node.input.extend(["y", "m", "v", "beta", "gamma"])
    node.attr["variance_epsilon"].f = 0.001
    node.attr["scale_after_normalization"].b = True


@case(1, 5, 5, 3)
def shared_convolution(x):
    """Read twice, and asked for: nothing may end in it."""
    y = raw.Conv2D(input=x, filter=constant(numbers(3, 3, 3, 4)), strides=[1, 1, 1, 1], padding="SAME")
    z = tf.identity(y)
    return [y, tf.nn.relu(y), tf1.nn.bias_add(z, constant(numbers(4))), z * constant(positive(4))]


@case(1, 4, 4, 3)
def factors_of_all_shapes(x):
    y = raw.Conv2D(input=x, filter=constant(numbers(1, 1, 3, 4)), strides=[1, 1, 1, 1], padding="SAME")
    y = constant(np.float32(0.5)) * y + constant(numbers(1, 1, 1, 4))
    y = (y - constant(numbers(4))) / constant(positive(1, 4))
    return tf.nn.relu(y * constant(numbers(4, 1)))


@case(1, 6)
def dense(x):
    y = tf.nn.relu(tf1.nn.bias_add(tf.matmul(x, constant(numbers(6, 5))), constant(numbers(5))))
    y = tf.matmul(y, constant(numbers(4, 5)), transpose_b=True)
    return [tf.nn.softmax(y), tf1.nn.log_softmax(y)]


@case(5, 3, y=(5, 4))
def matrices(x, y):
    return [tf.matmul(x, y, transpose_a=True), tf.matmul(x, constant(numbers(5, 2)), transpose_a=True)]


@case(2, 3, 4, y=(2, 4, 5))
def matrices_in_batches(x, y):
    return [raw.BatchMatMulV2(x=x, y=y), raw.BatchMatMulV2(x=x, y=x, adj_y=True)]


# Element by element.


@case(2, 3, 4)
def activations(x):
    return [
        tf.nn.relu(x), tf.nn.relu6(x * 8), tf.nn.elu(x), tf.nn.sigmoid(x), tf.tanh(x), tf.nn.leaky_relu(x, 0.3),
        tf.exp(x), tf.abs(x), -x, tf.floor(x), tf1.ceil(x), tf.square(x), tf.sin(x), tf.cos(x), tf.nn.leaky_relu(x),
    ]


@case(2, 3, 4)
def roots(x):
    y = tf.abs(x) + 0.25
    return [tf.sqrt(y), tf1.rsqrt(y), tf1.log(y), tf.pow(y, 1.5), x * tf.nn.sigmoid(x), tf.round(x * 4)]


@case(2, 3, 4, y=(3, 1))
def broadcasting(x, y):
    return [
        x + y, x - y, y - x, x * y, x / (tf.abs(y) + 1), tf.maximum(x, y), tf.minimum(x, y), tf1.squared_difference(x, y),
        x + constant(numbers(4)), constant(numbers(2, 1, 1)) - x, tf.add_n([x, x, x * 2]), x + 1.5, 2.0 / (tf.abs(x) + 1),
        raw.FloorDiv(x=x, y=tf.abs(y) + 1), raw.FloorMod(x=x, y=tf.abs(y) + 1),
    ]


@case(2, 6, y=(2, 6))
def comparisons(x, y):
    less = x < y
    return [
        tf.cast(less, tf.float32), tf.cast(x >= y, tf.int32), tf.where(less, x, y),
        tf.cast(tf.logical_and(less, x > 0), tf.float32), tf.cast(tf.logical_not(tf.logical_or(less, x > 0)), tf.float32),
        tf.clip_by_value(x, -0.2, 0.3),
    ]


@case(1, 4, 4, 3, dtype=np.uint8)
def picture_in_bytes(x):
    """What many graphs do with a picture first."""
    y = tf.cast(x, tf.float32)
    y = tf1.image.resize_bilinear(y, [6, 6])
    return [(y - 127.5) * (1 / 127.5), tf.expand_dims(tf.cast(x, tf.int32)[0], 0)]


# Shapes and order.


@case(2, 3, 4, 5)
def reshaping(x):
    shape = tf1.shape(x)
    flat = tf.reshape(x, tf.stack([shape[0], -1]))
    turned = tf.reshape(x, tf.concat([shape[:1], [tf.reduce_prod(shape[1:3])], shape[3:]], 0))
    return [
        flat, turned, tf.transpose(x, [0, 3, 1, 2]), tf.expand_dims(x, -1), tf.squeeze(x[:, :1], [1]),
        tf.squeeze(x[:, :1]), shape, tf1.size(x) * 2, tf.identity(x), tf1.rank(x),
    ]


@case(2, 3, 4)
def joining(x):
    one, two = tf.split(x, 2, -1)
    a, b, c = tf.unstack(x, axis=1)
    parts = tf.split(x, [1, 3], 2)
    return [
        tf.concat([x, x * 2], 1), raw.Concat(concat_dim=2, values=[x, x]), tf.stack([x, x], 1), one, two, a, c, tf.stack([a, b]),
        parts[1], tf.tile(x, [1, 2, 1]),
    ]


@case(1, 5, 6, 3)
def slicing(x):
    return [
        x[:, 1:-1, ::2], x[..., ::-1], x[0, 2, :, 1:], x[:, tf.newaxis, ..., 0], tf.slice(x, [0, 1, 2, 0], [-1, 2, 3, 2]),
        tf.gather(x, [2, 0, 1, 1], axis=3), x[:, -1], tf.gather(x, 1, axis=2), x[:, 4:0:-2],
    ]


@case(1, 3, 4, 2)
def paddings(x):
    around = [[0, 0], [1, 2], [2, 1], [0, 1]]
    mirrored = [[0, 0], [1, 2], [2, 1], [0, 0]]
    return [
        tf.pad(x, around), tf.pad(x, around, constant_values=-1.5), tf.pad(x, mirrored, "REFLECT"), tf.pad(x, mirrored, "SYMMETRIC")
    ]


@case(2, 3, 4, 5)
def reductions(x):
    return [
        tf.reduce_mean(x, [1, 2]), tf.reduce_mean(x, [1, 2], keepdims=True), tf.reduce_sum(x, -1), tf.reduce_max(x, [2, 3]),
        tf.reduce_min(x, 1, keepdims=True), tf.reduce_prod(x, 1), tf.argmax(x, -1), tf.argmin(x, 1, output_type=tf.int32),
        tf.reduce_mean(x), tf.nn.l2_normalize(x, -1),
    ]


@case(1, 3, 4, 2)
def resizing(x):
    answers = []
    for corners, centers in [(False, False), (True, False), (False, True)]:
        modes = {"align_corners": corners, "half_pixel_centers": centers}
        answers.append(raw.ResizeBilinear(images=x, size=[7, 5], **modes))
        answers.append(raw.ResizeNearestNeighbor(images=x, size=[7, 5], **modes))
    return answers


@case(1, 4, 6, 4)
def blocks_of_pixels(x):
    return [raw.SpaceToDepth(input=x, block_size=2), raw.DepthToSpace(input=x, block_size=2)]


@case(1, 4, 4, 8)
def local_response(x):
    return tf.nn.local_response_normalization(x, depth_radius=2, bias=1.5, alpha=0.01, beta=0.75)


@case(1, 4)
def nothing_depends_on_the_input(x):
    return [constant(numbers(3)) * 2 + 1, tf.range(2, 9, 3), tf.fill([2, 2], 7), tf.cast(tf1.shape(x), tf.float32) / 3]


@case(1, 4)
def half_weights(x):
    w = tf.cast(tf1.constant(numbers(4, 3).astype(np.float16)), tf.float32)
    return tf.matmul(x, w)


# What only TensorFlow runs.


@case(3)
def loop(x):
    """Doubles x until its sum is above 100: frames of the first version of control flow."""
    tf1.disable_control_flow_v2()
    return tf1.while_loop(lambda y: tf.reduce_sum(tf.abs(y)) < 100.0, lambda y: y * 2, [x])


@case(6, 4, scores=(6,))
def boxes(x, scores):
    chosen = tf.image.non_max_suppression(tf.sort(tf.abs(x), axis=1), scores, 3, 0.3)
    return [tf.gather(x, chosen), chosen]


def save(folder: str) -> None:
    """A model with a variable, as TensorFlow 1 saved them: y = x * w + b."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        w = tf1.get_variable("w", initializer=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], use_resource=True)
        y = tf.add(tf.matmul(x, w), [0.5, 0.0, -0.5], name="y")
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, folder, {"x": x}, {"y": y})


def strip(graph: tf1.GraphDef) -> None:
    """Leaves out what a graph of an older version lacks."""
    defaults = {
        op.name: {attr.name: attr.default_value for attr in op.attr if attr.HasField("default_value")}
        for op in map(op_def_registry.get, {node.op for node in graph.node})
    }
    for node in graph.node:
        for name, default in defaults[node.op].items():
            if name in NEWER and node.attr[name] == default:
                del node.attr[name]


def data(value: np.ndarray) -> dict[str, object]:
    value = np.asarray(value)
    return {
        "type": tf.as_dtype(value.dtype).as_datatype_enum,
        "shape": list(value.shape),
        "bytes": base64.b64encode(value.tobytes()).decode(),
    }


def made(name: str) -> dict[str, object]:
    function, shapes, dtype = CASES[name]
    with tf1.Graph().as_default() as graph:
        inputs = {key: tf1.placeholder(dtype, [None, *shape[1:]], name=key) for key, shape in shapes.items()}
        for key, shape in shapes.items():
            inputs[key].set_shape(shape)
        outputs = function(**inputs)
        outputs = [outputs] if isinstance(outputs, tf.Tensor) else outputs
        rng = np.random.default_rng([SEED, len(name)])
        values = {
            key: rng.integers(0, 256, shape).astype(dtype) if dtype == np.uint8 else rng.normal(0, 1, shape).astype(dtype)
            for key, shape in shapes.items()
        }
        with tf1.Session() as session:
            answers = session.run(outputs, {inputs[key]: value for key, value in values.items()})
        definition = graph.as_graph_def()
        strip(definition)
        if name == "batch_norm_of_2015":
            old(definition)
    return {
        "name": name,
        "graph": base64.b64encode(definition.SerializeToString(deterministic=True)).decode(),
        "inputs": [{"name": key, **data(value)} for key, value in values.items()],
        "outputs": [{"name": tensor.name, **data(answer)} for tensor, answer in zip(outputs, answers)],
    }


def main() -> None:
    tf1.disable_eager_execution()
    for name, is_wanted in [("operations", lambda case: case not in BY_TENSORFLOW), ("tensorflow", BY_TENSORFLOW.__contains__)]:
        with open(f"{sys.argv[1]}/{name}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(made(case)) + "\n" for case in CASES if is_wanted(case))
    shutil.rmtree(f"{sys.argv[1]}/saved_model", ignore_errors=True)
    save(f"{sys.argv[1]}/saved_model")


main()
