"""gzip files as people and strangers make them."""

import gzip
import io
import random
import zlib

import pytest

from nnrun.errors import TableError
from nnrun.tables import gunzip
from nnrun.tables.gunzip import GunzipStream
from nnrun.tables.table import open_table

TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(5_000))
NAMED = 8  # the flag of a gzip file's head that says a name follows


def unzipped(packed, name="t"):
    """Return all that a gzip file holds."""
    return io.BufferedReader(GunzipStream(io.BytesIO(packed), name)).read()


def with_name(packed, name):
    """Return a gzip file with a name in its head."""
    return packed[:3] + bytes([NAMED]) + packed[4:10] + name + b"\0" + packed[10:]


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(gzip.compress(TEXT), id="one member"),
        pytest.param(gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]), id="two members"),
        pytest.param(
            b"".join(gzip.compress(TEXT[i : i + 97]) for i in range(0, len(TEXT), 97)),
            id="many members",
        ),
        pytest.param(gzip.compress(TEXT) + bytes(4_096), id="padded to a block"),
        pytest.param(gzip.compress(TEXT[:9]) + bytes(99) + gzip.compress(TEXT[9:]), id="padded"),
        pytest.param(with_name(gzip.compress(TEXT), b"n" * 5_000), id="with a name"),
        pytest.param(gzip.compress(TEXT, compresslevel=0), id="stored"),
        pytest.param(gzip.compress(b"") + gzip.compress(TEXT), id="an empty member"),
    ],
)
@pytest.mark.parametrize("taken", [1, 7, 100, 128 << 10])
def test_what_is_packed_is_read_however_much_is_taken_at_once(monkeypatch, packed, taken):
    monkeypatch.setattr(gunzip, "PACKED", taken)
    assert unzipped(packed) == TEXT


@pytest.mark.parametrize(
    ("packed", "error"),
    [
        pytest.param(gzip.compress(TEXT)[:-1], EOFError, id="cut short in the checksum"),
        pytest.param(gzip.compress(TEXT)[:50], EOFError, id="cut short"),
        pytest.param(gzip.compress(TEXT)[:5], EOFError, id="cut short in the head"),
        pytest.param(gzip.compress(TEXT) + b"x", gzip.BadGzipFile, id="followed by a byte"),
        pytest.param(gzip.compress(TEXT) + b"\x1fx", gzip.BadGzipFile, id="followed by half"),
        pytest.param(gzip.compress(TEXT)[:-8] + bytes(8), zlib.error, id="another checksum"),
    ],
)
def test_what_is_damaged_is_no_table(packed, error):
    with pytest.raises(error):
        unzipped(packed)
    with pytest.raises(TableError, match="t: cannot be read: the gzip file is cut short, damaged"):
        list(open_table(packed, [""], "t").blocks())


@pytest.mark.parametrize(
    ("packed", "held"),
    [
        pytest.param(gzip.compress(TEXT[:10]) + bytes(3_000), 10, id="zeros"),
        pytest.param(gzip.compress(TEXT[:10]) + gzip.compress(b"") * 200, 10, id="empty members"),
        pytest.param(gzip.compress(b"a") * 200, 48, id="members of a byte"),
        pytest.param(with_name(gzip.compress(TEXT), b"n" * 3_000), 0, id="a long name"),
    ],
)
def test_what_holds_hardly_anything_is_refused(monkeypatch, packed, held):
    monkeypatch.setattr(gunzip, "CHECKED_PIECE", 1_000)
    monkeypatch.setattr(gunzip, "PACKED", 100)
    with pytest.raises(TableError) as caught:
        unzipped(packed)
    (line,) = caught.value.problems
    assert line.startswith(f"t: 1,000 bytes of the gzip file hold {held} bytes: it is padded")


def test_any_division_gives_the_same(monkeypatch):
    draw = random.Random(1)
    for _ in range(50):
        content = draw.randbytes(draw.randrange(2_000))
        monkeypatch.setattr(gunzip, "PACKED", draw.randrange(1, 500))
        assert unzipped(gzip.compress(content)) == content
