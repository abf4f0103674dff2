"""Free addresses of this machine for workers that listen."""

import random
import socket
from contextlib import closing

PORTS = range(20_000, 32_000)  # below those that a system gives to whoever connects


def free_addresses(count: int) -> tuple[str, ...]:
    """Return addresses that differ and whose ports nobody listens at.

    They are drawn at random: a port that the system chooses is the next one that it gives to
    another process, which may be a test that runs beside this one.
    """
    free: list[str] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        if len(free) == count:
            break
        if _is_free(port):
            free.append(f"127.0.0.1:{port}")
    return tuple(free)


def _is_free(port: int) -> bool:
    try:
        with closing(socket.create_server(("", port))):
            return True
    except OSError:
        return False
