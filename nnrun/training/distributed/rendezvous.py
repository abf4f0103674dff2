"""The workers meet before TensorFlow connects them.

TensorFlow waits for missing workers with Python held, and takes SIGTERM for a notice that the
machine is to be preempted: a process that waited in it could not be stopped, nor say for whom it
waited. Here the workers report to the chief on its own address, which is TensorFlow's afterwards.
This module does not import TensorFlow.
"""

import json
import socket
import time
from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from nnrun.errors import ConfigError, NnrunError
from nnrun.training.distributed.cluster import Cluster
from nnrun.wording import joined, received

RETRY = 0.1  # seconds between two looks at who has come
PATIENCE = 2.0  # seconds for a line from who is connected already
LONGEST_LINE = 2**20  # bytes, which the addresses of 20,000 workers fit in
GO = "go"
REMEDY = "run the same command on every worker, or let them wait longer with --wait"


def meet(cluster: Cluster, seconds: float) -> None:
    """Return once every worker is here.

    Args:
        cluster: The workers, of whom this process is one.
        seconds: How long each waits for the others.

    Raises:
        ConfigError: A worker has another TF_CONFIG.
        NnrunError: A worker did not come in time, or this one's port is not free.
    """
    deadline = time.monotonic() + seconds
    with _listening(cluster) as server:
        if cluster.is_chief:
            _await_workers(server, cluster, deadline)
            return
    # The port of a worker that is not the chief was only to be free.
    _report_to_chief(cluster, deadline, seconds)


@contextmanager
def _listening(cluster: Cluster) -> Iterator[socket.socket]:
    """Listen at the port of this worker."""
    _, port = _host_and_port(cluster.addresses[cluster.index])
    try:
        server = socket.create_server(("", port), backlog=cluster.workers)
    except OSError as error:
        reason = f"port {port}: {error.strerror}; is the port of this worker free?"
        raise NnrunError(f"TF_CONFIG: the workers cannot connect: {reason}") from None
    with server:
        server.settimeout(RETRY)
        yield server


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


# The chief.


def _await_workers(server: socket.socket, cluster: Cluster, deadline: float) -> None:
    """Wait until every other worker has reported, and let all of them begin."""
    with ExitStack() as connections:
        reported: dict[int, socket.socket] = {}
        while len(reported) < cluster.workers - 1:
            try:
                _check_time(reported, cluster, deadline)
                _take_report(server, cluster, reported, connections)
            except NnrunError as error:
                _answer(reported.values(), _refusal(error))
                raise
            _forget_the_lost(reported)
        _answer(reported.values(), GO)


def _check_time(reported: dict[int, socket.socket], cluster: Cluster, deadline: float) -> None:
    """Raise an NnrunError that names the missing workers once the time is over."""
    if time.monotonic() < deadline:
        return
    missing = []
    for index in range(1, cluster.workers):
        if index not in reported:
            address = cluster.addresses[index]
            missing.append(f"worker {index} ({address})")
    names = joined(missing, 3)
    raise NnrunError(f"TF_CONFIG: the chief timed out waiting for {names}; {REMEDY}")


def _take_report(
    server: socket.socket,
    cluster: Cluster,
    reported: dict[int, socket.socket],
    connections: ExitStack,
) -> None:
    """Let one worker report, where one comes in the next moment."""
    try:
        connection, address = server.accept()
    except TimeoutError:
        return
    connections.enter_context(connection)
    line = _read_line(connection)
    _forget_the_lost(reported)  # this may be one of them, come again
    try:
        index = _reported_index(line, address[0], cluster, reported)
    except ConfigError as error:
        _answer([connection], _refusal(error))
        raise
    if index is None:  # no worker: anything can knock at a port
        connection.close()
    else:
        reported[index] = connection


def _reported_index(
    line: str,
    host: str,
    cluster: Cluster,
    reported: Container[int],
) -> int | None:
    """Return which worker reports, or None where it is not a worker.

    Raises:
        ConfigError: It belongs to another cluster, or another worker has its number.
    """
    try:
        report = json.loads(line)
        addresses = report["cluster"]
        index = report["index"]
    except (ValueError, TypeError, KeyError):
        return None
    own_addresses = list(cluster.addresses)
    is_a_worker = index in range(1, cluster.workers)
    if addresses != own_addresses or not is_a_worker:
        raise ConfigError(
            f"TF_CONFIG: the worker at {host} has another cluster than the chief: "
            f"{received(addresses)}, not {received(own_addresses)}"
        )
    if index in reported:
        raise ConfigError(f"TF_CONFIG: two workers say that they are worker {index}")
    return int(index)


def _forget_the_lost(reported: dict[int, socket.socket]) -> None:
    """Forget the workers that ended while they waited; they may come again."""
    for index, connection in list(reported.items()):
        connection.settimeout(0)
        try:
            is_lost = connection.recv(1) == b""
        except BlockingIOError:  # nothing to read: it waits
            is_lost = False
        except OSError:
            is_lost = True
        if is_lost:
            connection.close()
            del reported[index]


def _answer(connections: Iterable[socket.socket], answer: str) -> None:
    """Answer every worker, and wait until it closes its end, so that the port is free at once."""
    for connection in connections:
        connection.settimeout(PATIENCE)
        with suppress(OSError):
            connection.sendall(f"{answer}\n".encode())
            connection.recv(1)


def _refusal(error: NnrunError) -> str:
    """Return the line that tells the others why none of them begins."""
    refusal = {"refused": str(error), "exit_code": error.exit_code}
    return json.dumps(refusal)


# The others.


def _report_to_chief(cluster: Cluster, deadline: float, seconds: float) -> None:
    """Report to the chief until it answers.

    A chief that took the report has a deadline of its own, at most `seconds` after this one.
    """
    report = {"cluster": cluster.addresses, "index": cluster.index}
    line = json.dumps(report)
    while time.monotonic() < deadline:
        answer = _answer_of_chief(cluster, line, deadline + seconds)
        if answer == GO:
            return
        _raise_refusal(answer)
        time.sleep(RETRY)
    chief = cluster.addresses[0]
    raise NnrunError(
        f"TF_CONFIG: worker {cluster.index} timed out waiting for the chief ({chief}); {REMEDY}"
    )


def _raise_refusal(answer: str) -> None:
    """Raise the chief's error where that is its answer; another program may answer anything."""
    try:
        refusal = json.loads(answer)
        reason = str(refusal["refused"])
        is_input = refusal["exit_code"] == ConfigError.exit_code
    except (ValueError, TypeError, KeyError):
        return
    if is_input:
        raise ConfigError(reason)
    raise NnrunError(reason)


def _answer_of_chief(cluster: Cluster, report: str, deadline: float) -> str:
    """Return what the chief answers, "" where it is not there or no longer."""
    host_and_port = _host_and_port(cluster.addresses[0])
    with suppress(OSError):
        connection = socket.create_connection(host_and_port, PATIENCE)
        with closing(connection):
            connection.sendall(f"{report}\n".encode())
            return _read_line(connection, deadline - time.monotonic())
    return ""


def _read_line(connection: socket.socket, seconds: float = PATIENCE) -> str:
    """Return the line that comes within some seconds, or ""."""
    connection.settimeout(seconds)
    try:
        with connection.makefile("rb") as file:
            line = file.readline(LONGEST_LINE)
    except OSError:
        return ""
    return line.decode(errors="replace").rstrip("\n")
