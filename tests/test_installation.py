"""The hint for an extra fits the way in which nnrun was installed, and what is imported is declared."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, PathDistribution
from pathlib import Path
from typing import Any

import pytest
from support.project import ROOT

import nnrun
from nnrun.installation import how_to_add, how_to_install

METADATA = """\
Metadata-Version: 2.4
Name: nnrun
Version: 1.0
Requires-Dist: click>=8
Requires-Dist: optuna>=4.2; extra == "sweep"
Requires-Dist: tf2onnx>=1.17; extra == 'onnx'
Requires-Dist: onnx>=1.23; extra == 'onnx'
"""
A_WHEEL = {"url": "file:///home/me/nnrun-1.0-py3-none-any.whl", "archive_info": {}}
A_REPOSITORY = {"url": "https://example.org/nnrun", "vcs_info": {"vcs": "git"}}
A_CHECKOUT = {"url": "file:///home/me/my%20nnrun", "dir_info": {"editable": True}}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that makes nnrun look installed in a way."""

    def pretend(
        installer: str = "pip", origin: dict[str, Any] | None = None, file: str | None = None
    ) -> None:
        environment = tmp_path / "nnrun"
        folder = environment / "nnrun-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(METADATA)
        (folder / "INSTALLER").write_text(f"{installer}\n")
        if origin:
            (folder / "direct_url.json").write_text(json.dumps(origin))
        if file:
            (environment / file).write_text("")
        monkeypatch.setattr("sys.prefix", str(environment))
        installed = PathDistribution(folder)
        monkeypatch.setattr("importlib.metadata.distribution", lambda _: installed)

    return pretend


@pytest.mark.parametrize(
    ("way", "extra", "command"),
    [
        ({}, "onnx", "pip install 'nnrun[onnx]'"),
        ({"installer": "uv"}, "sweep", "uv pip install 'nnrun[sweep]'"),
        (
            {"installer": "conda"},
            "onnx",
            "conda install -c conda-forge 'tf2onnx>=1.17' 'onnx>=1.23'",
        ),
        ({"origin": A_WHEEL}, "sweep", "pip install 'optuna>=4.2'"),
        ({"origin": A_REPOSITORY, "installer": "uv"}, "sweep", "uv pip install 'optuna>=4.2'"),
        ({"origin": A_CHECKOUT}, "onnx", "pip install -e '/home/me/my nnrun[onnx]'"),
        ({"file": "pipx_metadata.json"}, "onnx", "pipx inject nnrun 'tf2onnx>=1.17' 'onnx>=1.23'"),
        (
            {"file": "uv-receipt.toml", "installer": "uv"},
            "onnx",
            "uv tool install --with 'tf2onnx>=1.17' --with 'onnx>=1.23' nnrun",
        ),
        (
            {"file": "uv-receipt.toml", "installer": "uv", "origin": A_WHEEL},
            "sweep",
            "uv tool install --with 'optuna>=4.2' file:///home/me/nnrun-1.0-py3-none-any.whl",
        ),
    ],
    ids=[
        "pip",
        "uv",
        "conda",
        "a wheel",
        "a repository and uv",
        "a checkout",
        "pipx",
        "uv tool",
        "uv tool and a wheel",
    ],
)
def test_the_hint_for_an_extra_fits_the_way_of_installation(install, way, extra, command):
    install(**way)
    assert how_to_install(extra) == command


@pytest.mark.parametrize(
    ("way", "command"),
    [
        ({}, "pip install 'psycopg[binary]'"),
        ({"installer": "uv"}, "uv pip install 'psycopg[binary]'"),
        ({"installer": "conda"}, "pip install 'psycopg[binary]'"),
        ({"file": "pipx_metadata.json"}, "pipx inject nnrun 'psycopg[binary]'"),
        (
            {"file": "uv-receipt.toml", "installer": "uv"},
            "uv tool install --with 'psycopg[binary]' nnrun",
        ),
    ],
    ids=["pip", "uv", "conda", "pipx", "uv tool"],
)
def test_the_hint_for_another_package_does_so_too(install, way, command):
    install(**way)
    assert how_to_add("psycopg[binary]") == command


def test_a_checkout_that_is_not_installed_is_installed_with_the_extra(monkeypatch):
    def find_none(_: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr("importlib.metadata.distribution", find_none)
    folder = Path(nnrun.__file__).parents[1]
    assert how_to_install("sweep").startswith("pip install -e ")
    assert f"{folder}[sweep]" in how_to_install("sweep")


def test_windows_takes_double_quotes_alone(install, monkeypatch):
    install()
    monkeypatch.setattr("nnrun.installation.quotes_are_double", True)
    assert how_to_install("excel") == 'pip install "nnrun[excel]"'


def imported(path: Path) -> Iterator[str]:
    """Yield the packages that a module imports, but for Python's own and nnrun's."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for package in {name.partition(".")[0] for name in names}:
            if package not in (*sys.stdlib_module_names, "nnrun"):
                yield package


def declared() -> set[str]:
    """Return the packages that nnrun says it needs, those of its extras too, as Python imports them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = list(project["dependencies"])
    for extra in ("excel", "onnx", "sweep", "tensorboard"):
        lines += extras[extra]
    names = {re.split(r"[<>=\[ ]", line)[0].replace("-", "_") for line in lines}
    return {"yaml" if name == "pyyaml" else name for name in names}


def test_every_package_that_is_imported_is_declared():
    packages = set()
    for path in (ROOT / "nnrun").rglob("*.py"):
        packages.update(imported(path))
    assert packages - declared() == {"IPython"}  # which a notebook has, where alone it is imported
