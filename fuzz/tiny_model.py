"""A TensorFlow Lite model of a few hundred bytes: one LOGISTIC over four floats.

Flatbuffers by hand (https://flatbuffers.dev/internals/): a table is an offset to its vtable, then its fields; vectors
and strings stand behind their lengths; every offset leads forward from where it stands. Field numbers are those of
TensorFlow Lite's schema.fbs.
"""

from __future__ import annotations

import struct

LOGISTIC = 14


class Table:
    """Fields by number: bytes of a scalar, or something that an offset leads to."""

    def __init__(self, **fields: object) -> None:
        self.fields = {int(name.removeprefix("_")): value for name, value in fields.items()}


def scalar(kind: str, value: int) -> bytes:
    return struct.pack("<" + kind, value)


class Writer:
    def __init__(self) -> None:
        self.bytes = bytearray()

    def align(self, size: int) -> None:
        self.bytes += bytes(-len(self.bytes) % size)

    def point(self, place: int, target: int) -> None:
        struct.pack_into("<I", self.bytes, place, target - place)

    def value(self, value: object) -> int:
        """Writes what an offset leads to; returns its place."""
        if isinstance(value, Table):
            return self.table(value)
        if isinstance(value, str):
            self.align(4)
            place = len(self.bytes)
            self.bytes += scalar("I", len(value)) + value.encode() + b"\0"
            return place
        assert isinstance(value, list)
        self.align(4)
        place = len(self.bytes)
        self.bytes += scalar("I", len(value))
        if all(isinstance(item, int) for item in value):
            self.bytes += b"".join(scalar("i", item) for item in value)
            return place
        slots = len(self.bytes)
        self.bytes += bytes(4 * len(value))
        for number, item in enumerate(value):
            self.point(slots + 4 * number, self.value(item))
        return place

    def table(self, table: Table) -> int:
        # Every field in a slot of four bytes: larger ones do not occur here.
        count = max(table.fields, default=-1) + 1
        self.align(4)
        vtable = len(self.bytes)
        slots = {number: 4 + 4 * index for index, number in enumerate(sorted(table.fields))}
        self.bytes += struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(slots))
        self.bytes += b"".join(scalar("H", slots.get(number, 0)) for number in range(count))
        self.align(4)
        place = len(self.bytes)
        self.bytes += scalar("i", place - vtable) + bytes(4 * len(slots))
        for number, slot in slots.items():
            value = table.fields[number]
            if isinstance(value, bytes):
                self.bytes[place + slot:place + slot + len(value)] = value
            else:
                self.point(place + slot, self.value(value))
        return place


def tensor(name: str) -> Table:
    return Table(_0=[1, 4], _1=scalar("b", 0), _2=scalar("I", 0), _3=name)


def model() -> bytes:
    code = Table(_0=scalar("b", LOGISTIC), _2=scalar("i", 1), _3=scalar("i", LOGISTIC))
    operator = Table(_0=scalar("I", 0), _1=[0], _2=[1])
    graph = Table(_0=[tensor("x"), tensor("y")], _1=[0], _2=[1], _3=[operator], _4="main")
    root = Table(_0=scalar("I", 3), _1=[code], _2=[graph], _3="tiny", _4=[Table()])
    writer = Writer()
    writer.bytes += bytes(4) + b"TFL3"
    writer.point(0, writer.table(root))
    return bytes(writer.bytes)
