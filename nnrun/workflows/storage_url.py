"""The URL of a sweep's storage: what of it is secret, and what is wrong with it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

from nnrun.errors import InputError, NnrunError
from nnrun.installation import how_to_add
from nnrun.wording import first_line
from nnrun.workflows.sweep_plan import Sweep

PACKAGES = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
}
"""What to install for a driver, by the module that is missing, where its name is another."""

SECRET_KEYS = re.compile("pass|pwd|secret|token", re.IGNORECASE)
"""What the name of a setting in a URL holds whose value is secret."""


def has_password(url: str) -> bool:
    """Return whether the URL of a storage holds a password, or another secret.

    Args:
        url: What --storage says; of one that is no URL, it is assumed.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return parts.password is not None or bool(_secrets_of_query(parts.query))


@contextmanager
def storage_errors(sweep: Sweep, *, opens: bool = False) -> Iterator[None]:
    """Raise what goes wrong with the storage of a sweep as an error of nnrun's.

    Args:
        sweep: The sweep.
        opens: Whether its storage is opened, and nothing else done.

    Raises:
        InputError: The URL is wrong, or its driver is missing.
        NnrunError: The storage cannot be reached, or refuses.
    """
    try:
        yield
    except NnrunError:
        raise
    except Exception as error:
        is_of_storage = opens or _is_of_storage(error)
        if sweep.storage is None or not is_of_storage:
            raise
        _raise_without_secrets(error, sweep.storage)


def is_of_another_machine(error: Exception) -> bool:
    """Return whether a storage says that another machine made its tables in the same moment.

    Args:
        error: What creating a study raised.
    """
    if not _is_of_storage(error):
        return False
    is_double = type(error).__name__ == "IntegrityError"
    return is_double or "already exists" in str(error)


def _is_of_storage(error: Exception) -> bool:
    """Return whether Optuna, or the library by which it reaches a database, raised an error."""
    package = type(error).__module__.partition(".")[0]
    return package in {"optuna", "sqlalchemy"}


def _raise_without_secrets(error: Exception, url: str) -> None:
    """Raise what a storage says, without the password."""
    if isinstance(error, ImportError):
        missing = _how_to_install(error, url)
        raise InputError(f"--storage: {missing}") from None
    origin = first_line(_origin(error))
    reason = _without_secrets(origin, url)
    if type(error).__name__ in {"OperationalError", "StorageInternalError"}:
        advice = _advice_on(url)
        unusable = f"the database cannot be used: {reason}; {advice}"
        raise NnrunError(f"--storage: {unusable}") from None
    raise InputError(f"--storage: Optuna cannot open it: {reason}") from None


def _advice_on(url: str) -> str:
    """Return what to look at where a database cannot be used."""
    if url.startswith("sqlite"):
        return "does its folder exist, and may the file be written?"
    return "is it running, and are its name, user and password right?"


def _origin(error: Exception) -> BaseException:
    """Return what SQLAlchemy raised, of which Optuna says less."""
    is_optunas = type(error).__module__.startswith("optuna")
    if is_optunas and error.__cause__:
        return error.__cause__
    return error


def _how_to_install(error: ImportError, url: str) -> str:
    """Return which driver is missing, and how to install it.

    SQLAlchemy chooses the driver by its own version: Optuna's error was raised from the import's.
    """
    cause = error.__cause__ or error.__context__
    module = cause.name if isinstance(cause, ImportError) else error.name
    scheme, _, _ = url.partition(":")
    missing = f"the driver of {scheme} databases is not installed"
    if not module:
        return missing
    package = PACKAGES.get(module, module)
    advice = how_to_add(package)
    return f"{missing}: {advice}"


def _secrets_of_query(query: str) -> list[str]:
    """Return the values of the settings of a URL that are secret."""
    secrets = []
    for key, value in parse_qsl(query):
        if SECRET_KEYS.search(key):
            secrets.append(value)
    return secrets


def _without_secrets(text: str, url: str) -> str:
    """Return a message in which the URL and its passwords are left out."""
    if url:
        text = text.replace(url, "the URL")
    longest_first = sorted(_secrets(url), key=len, reverse=True)
    for secret in longest_first:
        text = text.replace(secret, "***")
    return text


def _secrets(url: str) -> set[str]:
    """Return the passwords of a URL, as it writes them and as they are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        before_host, _, _ = url.rpartition("@")
        _, _, password = before_host.rpartition(":")
        written = {password}
        return written - {""}
    written = {parts.password or "", *_secrets_of_query(parts.query)}
    unquoted = set(map(unquote, written))
    return (written | unquoted) - {""}
