"""nnrun: a thin command line over Keras, and the same from Python: `train`, `load`, `check`."""

__version__ = "0.1.0"
__all__ = ["FinishedRun", "NnrunError", "check", "load", "train"]
TYPE_CHECKING = False  # type checkers take it for true; `typing` would cost an import

if TYPE_CHECKING:
    from nnrun.api import FinishedRun, NnrunError, check, load, train


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'nnrun' has no attribute {name!r}")
    from nnrun import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
