"""A TensorFlow Lite model with plain operators alone: what the runtime's verifier takes.

MediaPipe's models have two things that it does not: an operator of MediaPipe's own, a transposed convolution with a bias, and
weights kept sparse, with an operator that spreads them. The first is written as TensorFlow Lite's TRANSPOSE_CONV, whose third
version takes a bias; the second are spread here. All numbers of the model stay as they are. Metadata is dropped, so
that copies of a model that differ in nothing else become the same file.
"""

import math
import struct

import flatbuffer

PADDING, STRIDE_W, STRIDE_H, ACTIVATION = ("padding", "i8"), ("stride_w", "i32"), ("stride_h", "i32"), ("activation", "i8")
DILATION = [("dilation_w", "i32"), ("dilation_h", "i32")]
# Field by field as in TensorFlow Lite's schema.fbs, version 3; for the operators that these models have.
SCHEMA = {
    "Model": [("version", "u32"), ("operator_codes", ["OperatorCode"]), ("subgraphs", ["SubGraph"]), ("description", "text"),
              ("buffers", ["Buffer"]), None, None],
    "OperatorCode": [("old_code", "i8"), ("custom_code", "text"), ("version", "i32"), ("code", "i32")],
    "SubGraph": [("tensors", ["Tensor"]), ("inputs", ["i32"]), ("outputs", ["i32"]), ("operators", ["Operator"]), ("name", "text")],
    "Tensor": [("shape", ["i32"]), ("type", "i8"), ("buffer", "u32"), ("name", "text"), ("quantization", "Quantization"), ("is_variable", "bool"),
               ("sparsity", "Sparsity")],
    # Those of floating point have an empty one.
    "Quantization": [],
    "Sparsity": [("traversal_order", ["i32"]), ("block_map", ["i32"]), ("dimensions", ["Dimension"])],
    "Dimension": [("format", "i8"), ("dense_size", "i32"), ("segments_type", "u8"), ("segments", {1: "Int32s", 2: "Uint16s", 3: "Uint8s"}),
                  ("indices_type", "u8"), ("indices", {1: "Int32s", 2: "Uint16s", 3: "Uint8s"})],
    "Int32s": [("values", ["i32"])], "Uint16s": [("values", ["u16"])], "Uint8s": [("values", ["u8"])],
    "Operator": [("opcode_index", "u32"), ("inputs", ["i32"]), ("outputs", ["i32"]), ("options_type", "u8"),
                 ("options", {1: "Conv2D", 2: "DepthwiseConv2D", 5: "Pool2D", 11: "Add", 15: "ResizeBilinear", 21: "Mul", 22: "Pad",
                              49: "TransposeConv", 94: "DepthToSpace"}),
                 ("custom_options", ["u8"]), ("custom_options_format", "i8")],
    "Buffer": [("data", ["u8"])],
    "Conv2D": [PADDING, STRIDE_W, STRIDE_H, ACTIVATION, *DILATION],
    "DepthwiseConv2D": [PADDING, STRIDE_W, STRIDE_H, ("multiplier", "i32"), ACTIVATION, *DILATION],
    "Pool2D": [PADDING, STRIDE_W, STRIDE_H, ("filter_w", "i32"), ("filter_h", "i32"), ACTIVATION],
    "Add": [ACTIVATION], "Mul": [ACTIVATION], "Pad": [],
    "ResizeBilinear": [("new_height", "i32"), ("new_width", "i32"), ("align_corners", "bool"), ("half_pixel_centers", "bool")],
    "TransposeConv": [PADDING, STRIDE_W, STRIDE_H],
    "DepthToSpace": [("block", "i32")],
}
IDENTIFIER = b"TFL3"
CUSTOM, TRANSPOSE_CONV, DENSIFY = 32, 67, 124
TRANSPOSE_CONV_OPTIONS = 49
# Padding in C's structures is counted from 1, in the schema from 0.
C_PADDING = {1: 0, 2: 1}
INT32_TYPE = 2
# Bytes of an element, by the schema's number of the type.
ELEMENT_BYTES = {0: 4, 1: 2, 2: 4}


def plain(model: bytes) -> bytes:
    """The model with plain operators and without metadata.

    Raises:
        ValueError: it has something else that is not known here.
    """
    if model[4:8] != IDENTIFIER:
        raise ValueError("no TensorFlow Lite model")
    try:
        return _plain(flatbuffer.read(model, SCHEMA, "Model"))
    except (IndexError, KeyError, TypeError, OverflowError, struct.error) as error:
        raise ValueError(f"the model has not what it should: {error!r}") from error


def _plain(root: dict) -> bytes:
    if len(root["subgraphs"]) != 1:
        raise ValueError(f"the model has {len(root['subgraphs'])} graphs, expected is 1")
    graph, buffers = root["subgraphs"][0], root["buffers"]
    _spread_sparse_weights(root, graph, buffers)
    _make_transposed_convolutions_built_in(root, graph, buffers)
    used = sorted({operator.get("opcode_index", 0) for operator in graph["operators"]})
    for operator in graph["operators"]:
        operator["opcode_index"] = used.index(operator.get("opcode_index", 0))
    root["operator_codes"] = [root["operator_codes"][index] for index in used]
    root["buffers"] = _in_order_of_tensors(graph["tensors"], buffers)
    return flatbuffer.write(root, SCHEMA, "Model", IDENTIFIER)


def _make_transposed_convolutions_built_in(root: dict, graph: dict, buffers: list[dict]) -> None:
    for number, code in enumerate(root["operator_codes"]):
        if code.get("code", 0) != CUSTOM and code.get("old_code", 0) != CUSTOM:
            continue
        if code.get("custom_code") != b"Convolution2DTransposeBias":
            raise ValueError(f"the model has the operator {code.get('custom_code')!r}, which is not known")
        root["operator_codes"][number] = {"old_code": TRANSPOSE_CONV, "version": 3, "code": TRANSPOSE_CONV}
        for operator in graph["operators"]:
            if operator.get("opcode_index", 0) == number:
                _make_built_in(operator, graph["tensors"], buffers)


def _make_built_in(operator: dict, tensors: list[dict], buffers: list[dict]) -> None:
    padding, stride_w, stride_h = struct.unpack_from("<3i", operator.pop("custom_options"))
    operator.pop("custom_options_format", None)
    source, weights, bias = operator["inputs"]
    [output] = operator["outputs"]
    if tensors[bias]["shape"] != tensors[weights]["shape"][:1] or tensors[output]["shape"][3] != tensors[bias]["shape"][0]:
        raise ValueError("a transposed convolution's bias does not go with its weights")
    shape = tensors[output]["shape"]
    buffers.append({"data": struct.pack(f"<{len(shape)}i", *shape)})
    tensors.append({"shape": [len(shape)], "type": INT32_TYPE, "buffer": len(buffers) - 1, "name": b"output_shape"})
    operator["inputs"] = [len(tensors) - 1, weights, source, bias]
    operator["options_type"] = TRANSPOSE_CONV_OPTIONS
    operator["options"] = {"padding": C_PADDING[padding], "stride_w": stride_w, "stride_h": stride_h}


def _spread_sparse_weights(root: dict, graph: dict, buffers: list[dict]) -> None:
    """Takes away each DENSIFY; who read what it wrote reads its weights, which are spread."""
    codes, tensors, source = root["operator_codes"], graph["tensors"], {}
    kept = []
    for operator in graph["operators"]:
        if codes[operator.get("opcode_index", 0)].get("code", 0) == DENSIFY:
            [weights], [spread] = operator["inputs"], operator["outputs"]
            source[spread] = weights
            tensor = tensors[weights]
            buffers.append({"data": _spread(tensor, buffers[tensor["buffer"]]["data"])})
            tensor["buffer"] = len(buffers) - 1
            del tensor["sparsity"]
        else:
            operator["inputs"] = [source.get(index, index) for index in operator["inputs"]]
            kept.append(operator)
    graph["operators"] = kept
    if any("sparsity" in tensor for tensor in tensors):
        raise ValueError("the model has sparse weights that nothing spreads")


def _spread(tensor: dict, data: bytes) -> bytes:
    """The values of a sparse tensor, row by row, with zeros where it keeps none.

    They are kept by levels: dimensions in the order of traversal, then those of blocks. A dense level has all its indices, a
    sparse one lists those that are there, for each of the level above.
    """
    sparsity, shape, size = tensor["sparsity"], tensor["shape"], ELEMENT_BYTES[tensor["type"]]
    order, blocks, levels = sparsity["traversal_order"], sparsity.get("block_map", []), sparsity["dimensions"]
    block_of = {dimension: levels[len(shape) + number]["dense_size"] for number, dimension in enumerate(blocks)}
    spread = bytearray(math.prod(shape) * size)
    places = [(0, [0] * len(shape))]
    for depth, level in enumerate(levels):
        # An index of a block counts within the block, one of a whole dimension counts blocks.
        dimension = order[depth] if depth < len(shape) else blocks[order[depth] - len(shape)]
        step = block_of.get(dimension, 1) if depth < len(shape) else 1
        below = []
        for position, index in places:
            if level.get("format", 0) == 0:
                count = level["dense_size"]
                children = ((position * count + child, child) for child in range(count))
            else:
                segments, indices = level["segments"]["values"], level["indices"]["values"]
                children = ((child, indices[child]) for child in range(segments[position], segments[position + 1]))
            for child, value in children:
                moved = index.copy()
                moved[dimension] += value * step
                below.append((child, moved))
        places = below
    for position, index in places:
        at = 0
        for value, side in zip(index, shape, strict=True):
            at = at * side + value
        spread[at * size : (at + 1) * size] = data[position * size : (position + 1) * size]
    return bytes(spread)


def _in_order_of_tensors(tensors: list[dict], buffers: list[dict]) -> list[dict]:
    """The buffers that tensors have, behind the empty one that stands for none."""
    ordered = [{}]
    for tensor in tensors:
        tensor.pop("quantization", None)
        data = buffers[tensor.get("buffer", 0)].get("data", b"")
        tensor["buffer"] = len(ordered) if data else 0
        if data:
            ordered.append({"data": data})
    return ordered
