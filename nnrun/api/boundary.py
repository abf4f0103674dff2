"""The boundary of `import nnrun`, over which no errors but nnrun's own go."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from nnrun.system_errors import as_nnrun_error

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def nnrun_errors_alone(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a public function raise an NnrunError where the system refuses a file or memory.

    Args:
        function: The function, whose signature and docstring stay.

    Returns:
        The function, which raises an NnrunError in place of an OSError or a MemoryError.
    """

    @wraps(function)
    def translated(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except (OSError, MemoryError) as error:
            raise as_nnrun_error(error) from error

    return translated
