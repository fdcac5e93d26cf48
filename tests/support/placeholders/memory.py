"""Remembers what the provider answered to calls whose answer follows from the request alone.

A plan of a stack in which one file changed asks the provider the same thousand questions again. The
key is everything an answer depends on: the provider's program, its configuration and account, the
method and the whole request. Kept in one SQLite file, which is thrown away when it is broken or
grows large.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from pathlib import Path

LARGEST_BYTES = 64 * 2**20
_BUSY_SECONDS = 5.0
_SCHEMA = "CREATE TABLE IF NOT EXISTS answers (question BLOB PRIMARY KEY, answer BLOB NOT NULL)"


class Memory:
    """Answers by question. Without a usable file it remembers nothing, and everything works."""

    def __init__(self, path: Path, binary: Path, account: str) -> None:
        real = binary.resolve()
        status = real.stat()
        self._program = f"{real} {status.st_size} {status.st_mtime_ns} {account}".encode()
        self._lock = threading.Lock()
        self._new: dict[bytes, bytes] = {}
        self._connection = _open(path)

    def key(self, *parts: bytes) -> bytes:
        """The question that these parts, and the provider's program, make up."""
        digest = hashlib.sha256(self._program)
        for part in parts:
            digest.update(len(part).to_bytes(8) + part)
        return digest.digest()

    def recall(self, question: bytes) -> bytes | None:
        """The answer, or None."""
        with self._lock:
            if question in self._new:
                return self._new[question]
        if self._connection is None:
            return None
        with self._lock, contextlib.suppress(sqlite3.Error):
            found = self._connection.execute(
                "SELECT answer FROM answers WHERE question = ?", (question,)
            ).fetchone()
            return bytes(found[0]) if found else None
        return None

    def learn(self, question: bytes, answer: bytes) -> None:
        """Remember an answer; written when the memory is closed."""
        with self._lock:
            self._new[question] = answer

    def close(self) -> None:
        """Write what was learnt, and let go of the file."""
        if self._connection is None:
            return
        with self._lock, contextlib.suppress(sqlite3.Error):
            with self._connection:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO answers VALUES (?, ?)", self._new.items()
                )
            self._connection.close()


def _open(path: Path) -> sqlite3.Connection | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > LARGEST_BYTES:
        path.unlink(missing_ok=True)
    for _ in range(2):
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            connection.execute(_SCHEMA)
        except sqlite3.OperationalError:  # locked: somebody else's run is writing
            connection.close()
            return None
        except sqlite3.DatabaseError:
            connection.close()
            path.unlink(missing_ok=True)
        else:
            return connection
    return None
