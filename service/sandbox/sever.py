"""Cuts a connection without an answer, as a dying vendor or a broken network would.

The server keeps its sockets to itself, so the one to cut is found among the process's descriptors by the caller's
address. Where descriptors cannot be listed nothing is cut and the caller's own time limit has to end the call.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

_DESCRIPTORS = next((path for path in (Path("/proc/self/fd"), Path("/dev/fd")) if path.is_dir()), None)


def sever(client: tuple[str, int]) -> bool:
    """Ends the TCP connection from `client`; False when it was not found."""
    if _DESCRIPTORS is None:
        return False
    for name in os.listdir(_DESCRIPTORS):
        with suppress(OSError, ValueError):
            if _cut(os.dup(int(name)), client):
                return True
    return False


def _cut(duplicate: int, client: tuple[str, int]) -> bool:
    """Closes the duplicate, whatever it is: most descriptors are no sockets."""
    try:
        connection = socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        return False
    with connection:
        if connection.getpeername()[:2] != client:
            return False
        connection.shutdown(socket.SHUT_RDWR)
        return True
