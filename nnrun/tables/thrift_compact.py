"""Structures in Thrift's compact protocol, in which Parquet writes its footer and page headers.

The source is the protocol's specification, thrift/doc/specs/thrift-compact-protocol.md. Field
names are not written, only their numbers: a structure is a dict by these.
"""

from typing import TypeAlias

Value: TypeAlias = "bool | int | bytes | list[Value] | dict[int, Value]"
Structure = dict[int, Value]
"""The values of a structure by the numbers of its fields."""

DEEPEST = 32
"""Structures in structures: those of Parquet go seven deep, and its schemas are flat lists."""

LONGEST_VARINT = 10  # bytes that a number of 64 bits takes at the most, seven bits in each

STOP = 0  # the kinds of fields; 11 is a map
TRUE = 1
FALSE = 2
BYTE = 3
I16 = 4
I32 = 5
I64 = 6
DOUBLE = 7
BINARY = 8
LIST = 9
SET = 10
STRUCT = 12
DOUBLE_BYTES = 8
LONG_LIST = 15  # in place of a list's size, which then follows


class ThriftError(ValueError):
    """The bytes are not a structure in the compact protocol."""


class CompactReader:
    """Reads structures one behind another. Its time and memory grow with the bytes alone.

    Args:
        content: The bytes.

    Attributes:
        position: How many bytes have been read.
    """

    def __init__(self, content: bytes) -> None:
        self.position = 0
        self._content = content
        self._depth = 0

    def structure(self) -> Structure:
        """Return the next structure.

        Raises:
            ThriftError: The bytes are none, or end before it does.
        """
        self._depth += 1
        if self._depth > DEEPEST:
            raise ThriftError(f"structures stand more than {DEEPEST} deep in each other")
        values: Structure = {}
        number = 0
        head = self._byte()
        while head != STOP:
            step = head >> 4
            number = number + step if step else self._signed()
            kind = head & 15
            values[number] = self._field(kind)
            head = self._byte()
        self._depth -= 1
        return values

    def _field(self, kind: int) -> Value:
        """Return the value of a field, whose kind tells truth by itself."""
        if kind in (TRUE, FALSE):
            return kind == TRUE
        return self._value(kind)

    def _value(self, kind: int) -> Value:
        """Return a value of a field or of a list. Parquet has no maps."""
        if kind in (I16, I32, I64):
            return self._signed()
        if kind in (TRUE, FALSE, BYTE):
            return self._byte()
        if kind == DOUBLE:
            return self._bytes(DOUBLE_BYTES)
        if kind == BINARY:
            return self._bytes(self._varint())
        return self._composed(kind)

    def _composed(self, kind: int) -> Value:
        """Return a list or a structure."""
        if kind == STRUCT:
            return self.structure()
        if kind in (LIST, SET):
            return self._list()
        raise ThriftError(f"there are no values of kind {kind}")

    def _list(self) -> list[Value]:
        """Return a list; each of its values takes a byte at least."""
        head = self._byte()
        size = head >> 4
        if size == LONG_LIST:
            size = self._varint()
        self._require(size)
        kind = head & 15
        return [self._value(kind) for _ in range(size)]

    def _signed(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        """Return a number without a sign, whose lowest seven bits come first."""
        number = 0
        for place in range(LONGEST_VARINT):
            byte = self._byte()
            number |= (byte & 127) << 7 * place
            if byte < 128:
                return number
        raise ThriftError("a number has more than 64 bits")

    def _bytes(self, size: int) -> bytes:
        self._require(size)
        start = self.position
        self.position += size
        return self._content[start : self.position]

    def _byte(self) -> int:
        try:
            byte = self._content[self.position]
        except IndexError:
            raise ThriftError("the bytes end before the structure does") from None
        self.position += 1
        return byte

    def _require(self, size: int) -> None:
        """Raise a ThriftError unless so many bytes are left."""
        if size > len(self._content) - self.position:
            raise ThriftError("the bytes end before the structure does")
