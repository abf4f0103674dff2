"""How nnrun was installed, and the command that adds one of its extras in the same way."""

import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    from importlib.metadata import Distribution

PIPX_FILE = "pipx_metadata.json"  # in the environment of each program that pipx installs
UV_TOOL_FILE = "uv-receipt.toml"  # in that of each program of `uv tool install`
quotes_are_double = os.name == "nt"  # the shell of Windows knows no others


def how_to_install(extra: str) -> str:
    """Return the command that adds an extra to nnrun, in the way that nnrun was installed.

    Args:
        extra: The name of an extra in pyproject.toml, such as `excel`.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution("nnrun")
    except PackageNotFoundError:  # a checkout on Python's path
        folder = Path(__file__).parents[1]
        return _command("pip install -e", f"{folder}[{extra}]")
    packages = _packages(installed, extra)
    command = _add_to_a_tool(installed, packages)
    return command or _install_in_an_environment(installed, extra)


def how_to_add(package: str) -> str:
    """Return the command that puts a package beside nnrun, in the way that nnrun was installed.

    Args:
        package: The package's name on PyPI, with a version where it matters.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution("nnrun")
    except PackageNotFoundError:
        return _command("pip install", package)
    command = _add_to_a_tool(installed, [package])
    return command or _command(_pip(installed), package)


def _add_to_a_tool(installed: "Distribution", packages: list[str]) -> str:
    """Return the command where pipx or uv keeps an environment for nnrun alone, else no text."""
    environment = Path(sys.prefix)
    if (environment / PIPX_FILE).exists():
        return _command("pipx inject", environment.name, *packages)
    if (environment / UV_TOOL_FILE).exists():
        options: list[str] = []
        for package in packages:
            options += ["--with", package]
        return _command("uv tool install", *options, _source(installed))
    return ""


def _install_in_an_environment(installed: "Distribution", extra: str) -> str:
    """Return the command for an environment of a user's own: of pip, uv or conda."""
    packages = _packages(installed, extra)
    if _installer(installed) == "conda":
        return _command("conda install -c conda-forge", *packages)
    pip = _pip(installed)
    folder = _checkout(installed)
    if folder:
        checkout_with_extra = f"{folder}[{extra}]"
        return _command(f"{pip} -e", checkout_with_extra)
    if _source(installed) != "nnrun":  # a wheel or a repository, which `nnrun[extra]` would replace
        return _command(pip, *packages)
    return _command(pip, f"nnrun[{extra}]")


def _installer(installed: "Distribution") -> str:
    return (installed.read_text("INSTALLER") or "pip").strip()


def _pip(installed: "Distribution") -> str:
    """Return how packages of PyPI are installed, in an environment of conda too."""
    return "uv pip install" if _installer(installed) == "uv" else "pip install"


def _packages(installed: "Distribution", extra: str) -> list[str]:
    """Return what the extra requires, such as optuna>=4.2."""
    of_extra = re.compile(rf"extra\s*==\s*['\"]{extra}['\"]")
    packages = []
    for requirement in installed.requires or []:
        package, _, marker = requirement.partition(";")
        if of_extra.search(marker):
            packages.append(package.strip())
    return packages


def _source(installed: "Distribution") -> str:
    """Return where nnrun was installed from, if not from an index of packages: a URL."""
    origin = _origin(installed)
    return str(origin.get("url", "nnrun"))


def _checkout(installed: "Distribution") -> str:
    """Return the folder of which nnrun is an editable installation, or an empty text."""
    origin = _origin(installed)
    if not origin.get("dir_info", {}).get("editable"):
        return ""
    url = urlsplit(origin["url"])
    return url2pathname(url.path)


def _origin(installed: "Distribution") -> dict[str, Any]:
    """Return what the installer tells of where nnrun comes from (PEP 610), if it does."""
    text = installed.read_text("direct_url.json") or "{}"
    return dict(json.loads(text))


def _command(start: str, *arguments: str) -> str:
    return " ".join([start, *map(_quoted, arguments)])


def _quoted(argument: str) -> str:
    """Return an argument as the shell of the system takes it."""
    if quotes_are_double:
        return f'"{argument}"'
    return shlex.quote(argument)
