"""The storage of a sweep: what is wrong with it is told, and its password is told to nobody."""

import sys
from pathlib import Path

import pytest

from nnrun.workflows.storage_url import has_password

pytest.importorskip("optuna")

GRID = ("layers[0].units=2,3", "epochs=1")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///sweep.db", False),
        ("postgresql://user@host/sweeps?connect_timeout=3", False),
        ("postgresql://user:secret@host/sweeps", True),
        ("postgresql://host/sweeps?user=u&password=secret", True),
        ("postgresql://[::1/user:secret@", True),
    ],
    ids=["a file", "a user", "a password", "a password among the settings", "no URL"],
)
def test_a_password_is_known_wherever_the_url_has_it(url, expected):
    assert has_password(url) == expected


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        ("mysql+nodriver://u:geheim@h/x", 2, "Optuna cannot open it"),
        ("geheim", 2, "Optuna cannot open it: Could not parse SQLAlchemy URL"),
        ("", 2, "Optuna cannot open it: Could not parse SQLAlchemy URL from given URL string\n"),
        ("postgresql://u:geheim@h:port/x", 2, "Optuna cannot open it"),
        ("sqlite:////no-such-folder/geheim.db", 1, "; does its folder exist, and may the file be "),
    ],
    ids=["an unknown driver", "no URL", "nothing", "a wrong port", "out of reach"],
)
def test_a_storage_that_cannot_be_opened_is_told_without_its_password(
    project, nnrun, url, code, message
):
    done = nnrun("sweep", project.config(), *GRID, "--storage", url, "-o", "sw")
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    if "u:geheim" in url:
        files = [path for path in Path().rglob("*") if path.is_file()]
        assert "geheim" not in done.err + "".join(map(str, map(Path.read_bytes, files)))


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("psycopg2", "pip install psycopg2-binary"),
        ("psycopg", "pip install 'psycopg[binary]'"),
        ("pymysql", "pip install pymysql"),
    ],
)
def test_a_missing_driver_is_named(project, nnrun, monkeypatch, module, advice):
    monkeypatch.setitem(sys.modules, module, None)
    database = "mysql" if module == "pymysql" else "postgresql"
    url = f"{database}+{module}://u:geheim@h/x"
    done = nnrun("sweep", project.config(), *GRID, "--storage", url, "-o", "sw")
    assert done.code == 2
    assert f"--storage: the driver of {database}+{module} databases is not installed" in done.err
    assert advice in done.err
    assert "geheim" not in done.err
