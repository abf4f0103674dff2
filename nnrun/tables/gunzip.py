"""The bytes that gzip packed, read in time and memory that grow with them and not with padding."""

import gzip
import io
import zlib

from nnrun.errors import TableError

GZIP = b"\x1f\x8b"  # how a gzip file begins
GZIP_FORMAT = 16 + zlib.MAX_WBITS  # tells zlib that a head and a checksum enclose the packed bytes
PACKED = 128 << 10  # bytes that are unpacked at once, as many as Python's own reader takes

CHECKED_PIECE = 1 << 20
"""Bytes of the file, of which each piece is checked whether it holds anything."""

LEAST_SHARE = 1 / 16
"""How many bytes each byte of the file holds at the least. Packed rows that are appended one by one
hold a third; padding, empty members and a long name in the head hold nothing."""


class GunzipStream(io.RawIOBase):
    """What a gzip file holds, of one member or several.

    Args:
        packed: The gzip file.
        name: The file, as messages call it.
    """

    def __init__(self, packed: io.BufferedIOBase, name: str) -> None:
        self._packed = packed
        self._name = name
        self._member = zlib.decompressobj(GZIP_FORMAT)
        self._pending = b""
        self._packed_bytes = 0  # of the piece that is checked next
        self._unpacked_bytes = 0  # what that piece holds

    def readable(self) -> bool:
        """Return True: the stream is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, as far as there are bytes, and return how many these were.

        Args:
            buffer: Takes the unpacked bytes. Before the end of the file, too, some of it may stay
                unfilled.

        Raises:
            EOFError, zlib.error, BadGzipFile: The file is cut short, damaged, or no gzip.
            TableError: Of a whole MiB of it, hardly a byte holds anything.
        """
        while self._take_packed():
            unpacked = self._member.decompress(self._pending, len(buffer))
            self._pending = self._member.unconsumed_tail or self._member.unused_data
            self._unpacked_bytes += len(unpacked)
            if unpacked:
                buffer[: len(unpacked)] = unpacked
                return len(unpacked)
        return 0

    def _take_packed(self) -> bool:
        """Have packed bytes at hand for a member; return False at the end of the last one."""
        if self._member.eof:
            return self._begin_member()
        if not self._pending:
            self._read_packed()
            if not self._pending:
                raise EOFError("the file ends before a member does")
        return True

    def _begin_member(self) -> bool:
        """Begin the next member, before which zeros may stand; return False where there is none."""
        self._pending = self._pending.lstrip(b"\0")
        while not self._pending:
            self._read_packed()
            if not self._pending:
                return False
            self._pending = self._pending.lstrip(b"\0")
        if not GZIP.startswith(self._pending[: len(GZIP)]):
            raise gzip.BadGzipFile("other bytes follow")
        self._member = zlib.decompressobj(GZIP_FORMAT)
        return True

    def _read_packed(self) -> None:
        """Read on in the file, unless it turns out to be padded."""
        if self._packed_bytes >= CHECKED_PIECE:
            self._refuse_padding()
            self._packed_bytes = 0
            self._unpacked_bytes = 0
        self._pending = self._packed.read(PACKED)
        self._packed_bytes += len(self._pending)

    def _refuse_padding(self) -> None:
        """Raise a TableError where the piece that was read holds hardly a byte."""
        packed = self._packed_bytes
        unpacked = self._unpacked_bytes
        if unpacked >= LEAST_SHARE * packed:
            return
        received = f"{packed:,} bytes of the gzip file hold {unpacked:,} bytes"
        cause = "it is padded, or has empty parts or a long name in its head"
        remedy = "unzip it and compress it again"
        raise TableError(f"{self._name}: {received}: {cause}; {remedy}")
