"""What a container runtime does before the program runs: a loopback interface, and a plain user.

Linux only (man pages netdevice(7), capabilities(7), prctl(2)).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

_SET_FLAGS = 0x8914  # SIOCSIFFLAGS
_UP_AND_RUNNING = 0x41
_SET_DUMPABLE = 4
_CAPABILITIES = 0x20080522  # The version that takes 64 bits, as two words.


def raise_loopback() -> None:
    """Bring up `lo`, which is down in a new network namespace."""
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", _UP_AND_RUNNING)
        fcntl.ioctl(any_socket, _SET_FLAGS, request)


def become(user: int, group: int) -> None:
    """Run as this user and group from here on, with no capability unless the user is root.

    The process stays readable for its own user, as after an exec: what runs beside it in the
    container may look at its environment. Raises OSError when that is not allowed.
    """
    if os.getuid() != user:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    if user != 0:
        library = ctypes.CDLL(None, use_errno=True)
        header, none = struct.pack("Ii", _CAPABILITIES, 0), bytes(24)
        if library.capset(header, none) or library.prctl(_SET_DUMPABLE, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "cannot give up the capabilities")
