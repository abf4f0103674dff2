"""Workers meet before TensorFlow connects them; none is left alone."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from support.addresses import free_addresses
from support.processes import wait_for

from nnrun.errors import ConfigError, NnrunError
from nnrun.training.distributed.cluster import Cluster
from nnrun.training.distributed.rendezvous import meet


@pytest.fixture
def addresses() -> tuple[str, ...]:
    """Three addresses of this machine, whose ports are free."""
    return free_addresses(3)


@pytest.fixture
def come() -> Iterator[Callable[..., "Future[None]"]]:
    """Let a worker come, in a thread of its own."""
    with ThreadPoolExecutor(8) as pool:

        def call(addresses: tuple[str, ...], index: int, seconds: float = 30) -> "Future[None]":
            return pool.submit(meet, Cluster(len(addresses), index, addresses), seconds)

        yield call


def port(address: str) -> int:
    return int(address.rpartition(":")[2])


def knock(address: str) -> socket.socket:
    """Connect to who listens at an address, as soon as somebody does."""

    def connect() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port(address)))
        except ConnectionRefusedError:
            return None

    connection: socket.socket = wait_for(connect, f"somebody at {address}")
    return connection


def report(addresses: tuple[str, ...], index: int) -> bytes:
    """Return the line by which a worker reports to the chief."""
    return json.dumps({"cluster": addresses, "index": index}).encode() + b"\n"


@pytest.mark.parametrize(
    "order",
    [
        pytest.param((0, 1, 2), id="the chief first"),
        pytest.param((2, 1, 0), id="the chief last"),
    ],
)
def test_workers_that_all_come_begin_and_leave_their_ports(come, addresses, order):
    came = []
    for index in order:
        came.append(come(addresses, index))
        time.sleep(0.2)  # so that they begin in this order, most of the time
    for worker in came:
        worker.result()
    for address in addresses:
        socket.create_server(("", port(address))).close()


def test_all_end_where_one_does_not_come(come, addresses):
    other = come(addresses, 2)
    chief = come(addresses, 0, 2)
    message = rf"the chief timed out waiting for worker 1 \({addresses[1]}\); run the same command"
    for worker in (chief, other):
        with pytest.raises(NnrunError, match=message):
            worker.result()


def test_a_worker_ends_where_the_chief_does_not_come(come, addresses):
    message = rf"worker 2 timed out waiting for the chief \({addresses[0]}\)"
    with pytest.raises(NnrunError, match=message):
        come(addresses, 2, 0.3).result()


def test_a_worker_of_another_cluster_is_refused(come, addresses):
    chief, other = come(addresses, 0), come(addresses[:2], 1)
    for worker in (chief, other):
        with pytest.raises(ConfigError, match="has another cluster than the chief"):
            worker.result()


def test_two_workers_of_one_number_are_refused(come, addresses):
    chief = come(addresses, 0)
    with knock(addresses[0]) as first:  # on another machine: here they would share a port
        first.sendall(report(addresses, 1))
        second = come(addresses, 1)
        assert b"two workers say that they are worker 1" in first.recv(2**16)
    for worker in (chief, second):
        with pytest.raises(ConfigError, match="two workers say that they are worker 1"):
            worker.result()


@pytest.mark.parametrize("index", [pytest.param(0, id="the chief"), pytest.param(1, id="another")])
def test_a_port_in_use_is_told(come, addresses, index):
    with (
        socket.create_server(("127.0.0.1", port(addresses[index]))),
        pytest.raises(NnrunError, match="is the port of this worker free"),
    ):
        come(addresses, index).result()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
        pytest.param(b"\xff\x00\n", id="bytes"),
        pytest.param(b"[1, 2]\n", id="JSON"),
        pytest.param(json.dumps({"cluster": [], "index": None}).encode()[:-1] + b"\n", id="half"),
    ],
)
def test_others_may_knock_at_the_chiefs_port(come, addresses, words):
    chief = come(addresses[:2], 0)
    with knock(addresses[0]) as stranger:
        stranger.sendall(words)
    come(addresses[:2], 1).result()
    chief.result()


def test_a_worker_that_ended_while_it_waited_may_come_again(come, addresses):
    chief = come(addresses, 0)
    with knock(addresses[0]) as killed:
        killed.sendall(report(addresses, 1))
    again, other = come(addresses, 1), come(addresses, 2)
    for worker in (chief, again, other):
        worker.result()


def test_another_program_at_the_chiefs_address_is_no_chief(come, addresses):
    def answer(server: socket.socket) -> None:
        connection = server.accept()[0]
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", port(addresses[0]))) as server:
        program = threading.Thread(target=answer, args=[server])
        program.start()
        with pytest.raises(NnrunError, match="timed out waiting for the chief"):
            come(addresses, 1, 0.5).result()
        program.join()
