"""What stands where a table or a config belongs, and is not an ordinary file: refused by name, at once."""

import os
import socket
from pathlib import Path

import pytest

from nnrun.config.yaml_reader import read_file
from nnrun.errors import InputError
from nnrun.tables.table import open_table

TABLE = b"a,b\n1,2\n"
DEVICES = ["/dev/zero", "/dev/null", "/dev/full", "/dev/tty"]
MADE_UP = ["/proc/kmsg", "/proc/self/mem", "/proc/self/pagemap", "/proc/self/environ"]


def refusals(path):
    """Return what is said of a path where a table belongs, and where a config does."""
    answers = []
    for read in (lambda: list(open_table(path, [""], "t").blocks()), lambda: read_file(path)):
        with pytest.raises(InputError) as caught:
            read()
        answers += caught.value.problems
    return answers


@pytest.fixture
def special(tmp_path, monkeypatch):
    """Return the function that makes what is not an ordinary file."""
    opened = []

    def make(kind):
        path = tmp_path / kind
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            opened.append(socket.socket(socket.AF_UNIX))
            monkeypatch.chdir(tmp_path)  # the name of a socket is short
            opened[0].bind(kind)
        return path

    yield make
    for end in opened:
        end.close()


@pytest.mark.parametrize("kind", ["pipe", "socket"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
def test_a_pipe_and_a_socket_are_refused(special, kind):
    path = special(kind)
    table, config = refusals(path)
    assert table == f"t: is a {kind}, not a file; save the table as a file"
    assert config.endswith(f"is a {kind}, not a file; give the path of a YAML config")


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_is_refused(tmp_path, device):
    if not Path(device).exists():
        pytest.skip("there is none here")
    link = tmp_path / "link"
    link.symlink_to(device)
    for table in (refusals(link)[0], refusals(Path(device))[0]):
        assert table == "t: is a device, not a file; save the table as a file"


@pytest.mark.parametrize("path", MADE_UP)
def test_a_file_that_the_system_makes_up_is_empty(tmp_path, path):
    if not os.access(path, os.R_OK):
        pytest.skip("there is none here")
    table, config = refusals(tmp_path / path)  # of two absolute paths the second
    assert table == "t: the file is empty; a table has a header and rows"
    assert config.startswith(f"{path}:1:1: a config is a mapping of keys to values; received")


def test_a_sparse_file_is_refused(tmp_path):
    path = tmp_path / "sparse"
    path.write_bytes(TABLE)
    os.truncate(path, 64 << 30)
    if path.stat().st_blocks > 1_000:
        pytest.skip("this file system has no sparse files")
    table, config = refusals(path)
    assert table.startswith("t: is a sparse file: only ")
    assert "is a sparse file" in config


def test_a_link_to_a_file_is_that_file(tmp_path):
    (tmp_path / "table.csv").write_bytes(TABLE)
    (tmp_path / "link").symlink_to("table.csv")
    (block,) = open_table(tmp_path / "link", [""], "t").blocks()
    assert block.frame.rows() == [("1", "2")]
