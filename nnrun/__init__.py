"""Train Keras networks on tables, as the command nnrun does.

- train(config) trains and returns a Run, which predicts, evaluates, plots and exports.
- init(table, target) returns a config for a table.
- check(config) says what is wrong with a config.
- cross_validate(config) trains a config fold by fold.
- sweep(config, settings) trains it with many settings.
- load(path) returns the Run in a run directory.
- runs(folder) returns a frame with a row for each run.

Every mistake of the caller is raised as an InputError, and everything that fails as an NnrunError.
"""

import sys

__version__ = "0.2.0"
__all__ = [
    "ConfigError",
    "InputError",
    "NnrunError",
    "Run",
    "RunError",
    "TableError",
    "check",
    "cross_validate",
    "init",
    "load",
    "runs",
    "sweep",
    "train",
]
TYPE_CHECKING = False  # type checkers take it for true; `typing` would cost an import

if TYPE_CHECKING:
    from nnrun.api.functions import (
        ConfigError,
        InputError,
        NnrunError,
        Run,
        RunError,
        TableError,
        check,
        cross_validate,
        init,
        load,
        runs,
        sweep,
        train,
    )


class _Package(type(sys)):  # type: ignore[misc]  # the class of modules
    """A package in which `runs` is the function, though a package of that name lies within."""

    def __setattr__(self, name: str, value: object) -> None:
        if name != "runs":  # else the import of nnrun.runs sets the package, as Python does
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'nnrun' has no attribute {name!r}")
    from nnrun.api import functions

    return getattr(functions, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
