"""A small frozen network with the layers that slim's have, and TensorFlow's answers to pictures.

    /tmp/tensorflow/bin/python tests/reference/small_network.py tests/graphs

Needs requirements-tensorflow.txt. Its weights are random, by a fixed seed. The pictures have the size of its input, so that no
resize can make a difference.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
HERE = Path(__file__).resolve().parent
PICTURES = [HERE / "pictures" / name for name in ("05-lemon.png", "10-granny-smith.png", "15-tomato.png")]
SIDE, CLASSES, SEED = 192, 10, 15


def network() -> tf1.GraphDef:
    draw = np.random.default_rng(SEED)

    def weights(*shape: int) -> tf.Tensor:
        values = draw.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        return tf1.identity(tf1.constant(values.astype(np.float32), name="weights"), name="weights/read")

    def normalized(x: tf.Tensor) -> tf.Tensor:
        channels = int(x.shape[-1])
        scale, offset, mean, variance = (draw.uniform(low, high, channels).astype(np.float32)
                                         for low, high in ((0.8, 1.2), (-0.2, 0.2), (-0.1, 0.1), (0.8, 1.2)))
        y = tf.raw_ops.FusedBatchNorm(x=x, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=1e-3,
                                      is_training=False)
        return tf1.nn.relu6(y[0])

    graph = tf1.Graph()
    with graph.as_default():
        x = tf1.placeholder(tf.float32, [None, SIDE, SIDE, 3], name="input")
        x = normalized(tf1.nn.conv2d(x, weights(3, 3, 3, 8), [1, 4, 4, 1], "SAME"))
        x = normalized(tf1.nn.depthwise_conv2d(x, weights(3, 3, 8, 1), [1, 2, 2, 1], "SAME"))
        x = normalized(tf1.nn.conv2d(x, weights(1, 1, 8, 16), [1, 1, 1, 1], "SAME"))
        x = tf1.nn.avg_pool2d(x, [1, 24, 24, 1], [1, 1, 1, 1], "VALID")
        x = tf1.nn.bias_add(tf1.nn.conv2d(x, 4 * weights(1, 1, 16, CLASSES), [1, 1, 1, 1], "SAME"),
                            draw.normal(0, 0.1, CLASSES).astype(np.float32))
        tf1.nn.softmax(tf1.squeeze(x, [1, 2]), name="probabilities")
    return graph.as_graph_def()


def answers(definition: tf1.GraphDef) -> list[dict]:
    graph = tf1.Graph()
    with graph.as_default():
        tf1.import_graph_def(definition, name="")
    entries = []
    with tf1.Session(graph=graph) as session:
        for picture in PICTURES:
            decoded = session.run(tf1.image.decode_png(picture.read_bytes(), channels=3))
            assert decoded.shape == (SIDE, SIDE, 3), picture
            pixels = decoded.astype(np.float32) / 255 * 2 - 1
            [values] = session.run("probabilities:0", {"input:0": pixels[None]})
            order = np.argsort(-values, kind="stable")[:3]
            top3 = [{"index": int(index), "probability": float(values[index])} for index in order]
            entries.append({"file": f"pictures/{picture.name}", "top3": top3})
    return entries


def main() -> None:
    folder = Path(sys.argv[1])
    definition = network()
    frozen = definition.SerializeToString(deterministic=True)
    (folder / "network.pb").write_bytes(frozen)
    told = {"sha256": hashlib.sha256(frozen).hexdigest(), "pictures": answers(definition)}
    (folder / "network.json").write_text(json.dumps(told, indent=1) + "\n")


main()
