"""Flatbuffers by a schema given as Python values: reading one into dictionaries, writing dictionaries as one.

A schema is a dictionary from a table's name to its fields, each a pair of name and type, in the order of their numbers.
A type is a scalar (`i8` … `f32`), `text`, the name of a table, a list of one of these, or a dictionary: the tables of a
union, by the number in the field before it. Fields that are None are skipped: nothing here needs them. What is written
depends only on the values, not on who wrote the file that they came from. The format: https://flatbuffers.dev/internals
"""

import struct
from collections.abc import Mapping

SCALARS = {"i8": "<b", "u8": "<B", "bool": "<B", "u16": "<H", "i32": "<i", "u32": "<I", "i64": "<q", "f32": "<f"}
# Constant data of models stands at such addresses, so that it can be used where it lies.
DATA_ALIGNMENT = 16


def read(data: bytes, schema: Mapping, root: str) -> dict:
    """The table `root` at the start of `data`, with all that it refers to. Fields with their default value are left out.

    Raises:
        ValueError: an offset leads out of the data, or the data has something that the schema does not.
    """
    try:
        return _Reader(data, schema).table(_number(data, 0, "u32"), root)
    except (struct.error, IndexError) as error:
        raise ValueError(f"no sound flatbuffer: {error}") from error


def write(value: dict, schema: Mapping, root: str, identifier: bytes) -> bytes:
    """A flatbuffer with the table `root` of these values."""
    writer = _Writer(schema)
    writer.data += bytes(4) + identifier
    writer.point(0, writer.table(value, root))
    return bytes(writer.data)


def _number(data: bytes, at: int, kind: str) -> int | float:
    return struct.unpack_from(SCALARS[kind], data, at)[0]


class _Reader:
    def __init__(self, data: bytes, schema: Mapping) -> None:
        self.data, self.schema = data, schema

    def table(self, at: int, name: str) -> dict:
        vtable = at - _number(self.data, at, "i32")
        entries = _number(self.data, vtable, "u16") // 2 - 2
        fields, values = self.schema[name], {}
        for number in range(entries):
            offset = _number(self.data, vtable + 4 + 2 * number, "u16")
            if offset == 0:
                continue
            if number >= len(fields):
                raise ValueError(f"{name} has a field {number}, which is not known")
            if fields[number] is not None:
                field, kind = fields[number]
                values[field] = self.value(at + offset, self.of_union(kind, values, fields, number))
        return values

    @staticmethod
    def of_union(kind, values: dict, fields: list, number: int):
        if not isinstance(kind, dict):
            return kind
        choice = values.get(fields[number - 1][0], 0)
        if choice not in kind:
            raise ValueError(f"{fields[number][0]} is of kind {choice}, known are {sorted(kind)}")
        return kind[choice]

    def value(self, at: int, kind):
        if kind in SCALARS if isinstance(kind, str) else False:
            return _number(self.data, at, kind)
        target = at + _number(self.data, at, "u32")
        if isinstance(kind, list):
            return self.vector(target, kind[0])
        if kind == "text":
            return bytes(self.vector(target, "u8"))
        return self.table(target, kind)

    def vector(self, at: int, element):
        count = _number(self.data, at, "u32")
        if element == "u8":
            if at + 4 + count > len(self.data):
                raise ValueError("a vector is longer than the data")
            return self.data[at + 4 : at + 4 + count]
        size = struct.calcsize(SCALARS[element]) if element in SCALARS else 4
        return [self.value(at + 4 + size * index, element) for index in range(count)]


class _Writer:
    """Writes a table before what it refers to, since offsets only lead forward."""

    def __init__(self, schema: Mapping) -> None:
        self.data, self.schema = bytearray(), schema

    def align(self, size: int, ahead: int = 0) -> None:
        """Zeros until what stands `ahead` bytes further on is at a multiple of `size`."""
        self.data += bytes(-(len(self.data) + ahead) % size)

    def point(self, place: int, target: int) -> None:
        struct.pack_into("<I", self.data, place, target - place)

    def table(self, values: dict, name: str) -> int:
        fields = [(number, *field) for number, field in enumerate(self.schema[name]) if field and field[0] in values]
        sizes = {number: struct.calcsize(SCALARS[kind]) if isinstance(kind, str) and kind in SCALARS else 4 for number, _, kind in fields}
        offsets, end = {}, 4
        # The larger ones first: then none needs a gap before it, where none has 8 bytes.
        for number, size in sorted(sizes.items(), key=lambda item: -item[1]):
            end += -end % size
            offsets[number] = end
            end += size
        self.align(2)
        vtable = len(self.data)
        count = max(sizes, default=-1) + 1
        self.data += struct.pack(f"<{2 + count}H", 4 + 2 * count, end, *(offsets.get(number, 0) for number in range(count)))
        self.align(8)
        at = len(self.data)
        self.data += struct.pack("<i", at - vtable) + bytes(end - 4)
        for number, field, kind in fields:
            if isinstance(kind, str) and kind in SCALARS:
                struct.pack_into(SCALARS[kind], self.data, at + offsets[number], values[field])
        for number, field, kind in fields:
            if not (isinstance(kind, str) and kind in SCALARS):
                kind = _Reader.of_union(kind, values, self.schema[name], number)
                self.point(at + offsets[number], self.target(values[field], kind))
        return at

    def target(self, value, kind) -> int:
        if isinstance(kind, list):
            return self.vector(value, kind[0])
        if kind == "text":
            at = self.vector(value, "u8")
            self.data += b"\0"
            return at
        return self.table(value, kind)

    def vector(self, values, element) -> int:
        is_scalar = element in SCALARS
        self.align(DATA_ALIGNMENT if element == "u8" else 8, ahead=4)
        at = len(self.data)
        self.data += struct.pack("<I", len(values))
        if element == "u8":
            self.data += values
        elif is_scalar:
            self.data += b"".join(struct.pack(SCALARS[element], value) for value in values)
        else:
            places = len(self.data)
            self.data += bytes(4 * len(values))
            for index, value in enumerate(values):
                self.point(places + 4 * index, self.target(value, element))
        return at
