"""What models/plain.py makes of models: ``python3 -m unittest discover -s models``."""

import struct
import unittest

import flatbuffer
import plain

CONV_2D, ADD, DEQUANTIZE = 3, 0, 6
HALF = 1


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def model(operators: list[dict], codes: list[dict], tensors: list[dict], buffers: list[dict]) -> bytes:
    graph = {"tensors": tensors, "inputs": [0], "outputs": [len(tensors) - 1], "operators": operators, "name": b"main"}
    root = {"version": 3, "operator_codes": codes, "subgraphs": [graph], "description": b"made for a test", "buffers": buffers}
    return flatbuffer.write(root, plain.SCHEMA, "Model", plain.IDENTIFIER)


def with_custom_operator(name: bytes = b"Convolution2DTransposeBias", bias: int = 1) -> bytes:
    """One transposed convolution: 1 × 2 × 2 × 3 → 1 × 4 × 4 × 1."""
    tensors = [
        {"shape": [1, 2, 2, 3], "type": 0, "buffer": 0, "name": b"input"},
        {"shape": [1, 2, 2, 3], "type": 0, "buffer": 1, "name": b"weights"},
        {"shape": [bias], "type": 0, "buffer": 2, "name": b"bias"},
        {"shape": [1, 4, 4, 1], "type": 0, "buffer": 0, "name": b"output"},
    ]
    buffers = [{}, {"data": floats(*range(12))}, {"data": floats(*[0.5] * bias)}]
    operator = {"opcode_index": 0, "inputs": [0, 1, 2], "outputs": [3], "custom_options": struct.pack("<3i", 1, 2, 2)}
    return model([operator], [{"old_code": plain.CUSTOM, "code": plain.CUSTOM, "custom_code": name}], tensors, buffers)


class PlainTest(unittest.TestCase):
    def test_a_transposed_convolution_becomes_one_of_tensorflow_lite(self) -> None:
        read = flatbuffer.read(plain.plain(with_custom_operator()), plain.SCHEMA, "Model")
        self.assertEqual(read["operator_codes"], [{"old_code": 67, "version": 3, "code": 67}])
        [graph] = read["subgraphs"]
        [operator] = graph["operators"]
        self.assertEqual(operator["inputs"], [4, 1, 0, 2])
        self.assertEqual(operator["options"], {"padding": 0, "stride_w": 2, "stride_h": 2})
        self.assertNotIn("custom_options", operator)
        shape = graph["tensors"][4]
        self.assertEqual((shape["shape"], shape["type"]), ([4], 2))
        self.assertEqual(read["buffers"][shape["buffer"]]["data"], struct.pack("<4i", 1, 4, 4, 1))

    def test_the_result_is_plain_already(self) -> None:
        made = plain.plain(with_custom_operator())
        self.assertEqual(plain.plain(made), made)

    def test_constant_data_stands_where_it_can_be_used(self) -> None:
        made = plain.plain(with_custom_operator())
        self.assertEqual(made.index(floats(*range(12))) % 16, 0)

    def test_metadata_and_unused_data_are_dropped(self) -> None:
        schema = {**plain.SCHEMA, "Model": [*plain.SCHEMA["Model"][:5], None, ("metadata", ["Metadata"])],
                  "Metadata": [("name", "text"), ("buffer", "u32")]}
        read = flatbuffer.read(with_custom_operator(), plain.SCHEMA, "Model")
        read["buffers"].append({"data": b"labels.txt"})
        read["metadata"] = [{"name": b"labels", "buffer": 3}]
        for graph in read["subgraphs"]:
            for tensor in graph["tensors"]:
                tensor["quantization"] = {}
        other = flatbuffer.write(read, schema, "Model", plain.IDENTIFIER)
        self.assertIn(b"labels.txt", other)
        self.assertEqual(plain.plain(other), plain.plain(with_custom_operator()))

    def test_sparse_weights_are_spread(self) -> None:
        # 4 × 6 numbers in blocks of 1 × 2 … of which three are there; as block-sparse matrices are kept.
        weights = {
            "shape": [4, 6], "type": HALF, "buffer": 1, "name": b"weights",
            "sparsity": {
                "traversal_order": [0, 1, 2], "block_map": [1],
                "dimensions": [
                    {"format": 0, "dense_size": 4},
                    {"format": 1, "dense_size": 3, "segments_type": 3, "segments": {"values": bytes([0, 1, 1, 3, 3])},
                     "indices_type": 3, "indices": {"values": bytes([2, 0, 1])}},
                    {"format": 0, "dense_size": 2},
                ],
            },
        }
        kept = struct.pack("<6e", 1, 2, 3, 4, 5, 6)
        tensors = [weights, {"shape": [4, 6], "type": HALF, "name": b"spread"}, {"shape": [4, 6], "type": 0, "name": b"output"}]
        operators = [{"opcode_index": 0, "inputs": [0], "outputs": [1]}, {"opcode_index": 1, "inputs": [1], "outputs": [2]}]
        codes = [{"old_code": plain.DENSIFY, "code": plain.DENSIFY}, {"old_code": DEQUANTIZE, "code": DEQUANTIZE}]
        read = flatbuffer.read(plain.plain(model(operators, codes, tensors, [{}, {"data": kept}])), plain.SCHEMA, "Model")
        [graph] = read["subgraphs"]
        self.assertEqual([code["code"] for code in read["operator_codes"]], [DEQUANTIZE])
        self.assertEqual([operator["inputs"] for operator in graph["operators"]], [[0]])
        data = struct.unpack("<24e", read["buffers"][graph["tensors"][0]["buffer"]]["data"])
        self.assertEqual(data, (0, 0, 0, 0, 1, 2) + (0,) * 6 + (3, 4, 5, 6, 0, 0) + (0,) * 6)

    def test_what_is_not_known_is_refused(self) -> None:
        for damaged, message in [
            (b"no model at all", "no TensorFlow Lite model"),
            (with_custom_operator(name=b"Other"), "operator b'Other'"),
            (with_custom_operator(bias=2), "bias does not go with its weights"),
            (with_custom_operator()[:200], "no sound flatbuffer|longer than the data"),
        ]:
            with self.assertRaisesRegex(ValueError, message):
                plain.plain(damaged)

    def test_no_damage_is_anything_but_a_refusal(self) -> None:
        whole = with_custom_operator()
        for at in range(0, len(whole), 3):
            damaged = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
            try:
                plain.plain(damaged)
            except ValueError:
                pass


if __name__ == "__main__":
    unittest.main()
