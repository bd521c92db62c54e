"""Asking Valgrind's callgrind, from the Python process that runs under it, to count and to tell.

Callgrind counts every instruction when it is asked to, and otherwise lets the process run five times as slowly instead
of fifty. It is asked by a sequence of instructions that do nothing elsewhere (`VALGRIND_DO_CLIENT_REQUEST` in its
valgrind.h), so no compiler, debugger or permission is needed. The sequence here is that of 64-bit x86.
"""

from __future__ import annotations

import ctypes
import mmap
import platform

__all__ = ["Counter", "supported"]

# callgrind.h
_BASE = ord("C") << 24 | ord("T") << 16
_ZERO, _DUMP_AT, _START, _STOP = _BASE + 1, _BASE + 3, _BASE + 4, _BASE + 5
# mov rax, rdi; xor edx, edx; rol rdi by 3, 13, 61, 51; xchg rbx, rbx; mov rax, rdx; ret
_CODE = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")


def supported() -> bool:
    """Whether this machine understands the sequence."""
    return platform.machine() in ("x86_64", "AMD64")


class _Asking:
    """The sequence as a function."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._memory.write(_CODE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(address)

    def __call__(self, request: int, text: bytes = b"") -> None:
        kept = ctypes.create_string_buffer(text)
        arguments = (ctypes.c_uint64 * 6)(request, ctypes.addressof(kept))
        self._call(ctypes.addressof(arguments))


class Counter:
    """Counts what is done between `start` and `stop`, under `valgrind --tool=callgrind --instr-atstart=no`.

    `stop` writes the count to callgrind's next file, under a name.
    """

    def __init__(self) -> None:
        self._ask = _Asking()

    def start(self) -> None:
        """Count from nothing."""
        self._ask(_START)
        self._ask(_ZERO)

    def stop(self, name: str) -> None:
        """Count no more."""
        self._ask(_DUMP_AT, name.encode())
        self._ask(_STOP)
