"""The address a site listens on, with one clear line where that cannot be."""

from __future__ import annotations

import os
import socket

from catalog.errors import WrongUse

__all__ = ["listen", "reserve"]

_IN_USE = (98, 48, 10048)  # EADDRINUSE on Linux, macOS and Windows


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket, `shared` with other processes of ours. Raises WrongUse, one line."""
    found = reserve(host, port, shared=shared)
    try:
        found.listen(1024)  # a burst of readers waits here, not in front of a closed door
    except OSError as error:
        found.close()
        raise WrongUse(_refused(port, error)) from error
    return found


def reserve(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that holds the address and takes no connection yet. Raises WrongUse, one line."""
    if shared and not (hasattr(socket, "SO_REUSEPORT") and hasattr(os, "fork")):
        raise WrongUse("--workers: this system shares no port among processes; leave it out")
    if not 0 <= port <= 65_535:  # some systems would take the remainder
        raise WrongUse(f"--port {port}: a port is a number from 0 to 65535")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise WrongUse(f"--host {host} --port {port}: no address to listen on ({error})") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise WrongUse(_refused(port, error)) from error
    return listener


def _refused(port: int, error: OSError) -> str:
    reason = "something else listens there" if error.errno in _IN_USE else error.strerror
    return f"--port {port}: {reason}; choose another, such as --port {port + 1 if port < 65535 else port - 1}"
