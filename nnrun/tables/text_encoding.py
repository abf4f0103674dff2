"""Files in other text encodings than UTF-8."""

import codecs
import io

from nnrun.errors import TableError

CHUNK = 1 << 20  # bytes that are decoded at once
LIKELY = ("cp1252", "latin-1")
"""The encodings that most tables have that are not UTF-8. cp1252 comes first: it is what Windows
writes, and it refuses bytes that no such table has, while latin-1 takes all."""

UNPRINTED = "\t\r\xa0\xad"  # the space and the hyphen of word processors count as unprintable


class Utf8Stream(io.RawIOBase):
    """The text of a file as UTF-8.

    Args:
        file: A file in another encoding.
        encoding: The name of that encoding.
        name: The file, as messages call it.
    """

    def __init__(self, file: io.BufferedIOBase, encoding: str, name: str) -> None:
        self._file = file
        self._encoding = encoding
        self._name = name
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._pending = b""
        self._line = 1
        self._ended = False

    def readable(self) -> bool:
        """Return True: the stream is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, as far as there are bytes, and return how many these were.

        Args:
            buffer: Takes the text as UTF-8. Before the end of the file, too, some of it may stay
                unfilled.

        Raises:
            TableError: Bytes of the file are not of its encoding.
        """
        while not self._pending and not self._ended:
            data = self._file.read1(CHUNK)
            self._ended = not data
            self._pending = self._decode(data).encode(errors="replace")
            self._line += self._pending.count(b"\n")
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size

    def _decode(self, data: bytes) -> str:
        """Return the text of the next bytes, or raise a TableError where they are no text."""
        try:
            return self._decoder.decode(data, final=not data)
        except UnicodeError as error:
            line = self._line + _lines_before(error, self._encoding)
            place = f"{self._name}:{line}"
            problem = f"is not {self._encoding}, as encoding under data says"
            raise TableError(f"{place}: {problem}") from None


def likely_encoding(line: bytes) -> str | None:
    """Return the encoding that a line of text that is not UTF-8 is likely to have, or None.

    Args:
        line: The bytes of the line, with or without its end.
    """
    for encoding in LIKELY:
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(map(_may_be_in_a_table, text)):
            return encoding
    return None


def _may_be_in_a_table(character: str) -> bool:
    return character.isprintable() or character in UNPRINTED


def _lines_before(error: UnicodeError, encoding: str) -> int:
    """Return how many line ends stand before the bytes that cannot be decoded."""
    if not isinstance(error, UnicodeDecodeError):
        return 0
    data = error.object[: error.start]
    text = data.decode(encoding, errors="replace")
    return text.count("\n")
