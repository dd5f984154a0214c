"""A fair queue between processes, in front of SQLite's own lock, which is not fair.

SQLite lets waiting writers poll, and whoever just finished usually wins again. Here a writer
first takes the turnstile, then the lock, then gives the turnstile up: while one writes, exactly
one other waits next in line, and the one that just wrote has to queue behind it.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from platgov.errors import BusyError, StorageError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: SQLite's own lock is correct, only not fair
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Gate"]


class Gate:
    """Two lock files beside the database, ``<path>-turn`` and ``<path>-lock``.

    They hold no data, and may be deleted while nobody has the database open.
    """

    def __init__(self, path: str) -> None:
        self._turn, self._lock = f"{path}-turn", f"{path}-lock"
        self._files: tuple[int, int] | None = None

    @contextmanager
    def held(self, deadline: float) -> Iterator[None]:
        """Wait in line until ``deadline`` (of ``time.monotonic``), and hold the lock for the block.

        One thread of the process at a time.
        """
        if fcntl is None:  # pragma: no cover - Windows
            yield
            return
        files = self._files or self._opened()
        self._files = None
        if not _taken_at_once(files):
            _wait_for(files, deadline)
        try:
            yield
        finally:
            # Explicitly: a child forked meanwhile holds copies, which closing would leave locked.
            fcntl.flock(files[1], fcntl.LOCK_UN)
            self._files = files

    def close(self) -> None:
        """Close the lock files."""
        if self._files is not None:
            _close(self._files)
            self._files = None

    def _opened(self) -> tuple[int, int]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            turn = os.open(self._turn, flags, 0o666)
            try:
                return turn, os.open(self._lock, flags, 0o666)
            except OSError:
                os.close(turn)
                raise
        except OSError as bad:
            raise StorageError("lock_file", f"cannot open the lock files beside the database: {bad}") from None


def _taken_at_once(files: tuple[int, int]) -> bool:
    turn, lock = files
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)
    return True


def _wait_for(files: tuple[int, int], deadline: float) -> None:
    """Block in the kernel's own queue, which is first come, first served and has no timeout.

    So a thread blocks, and whoever waits for longer than the deadline leaves it behind: it
    closes its files, and with them the lock, as soon as it gets it.
    """
    waiter = _Waiter(files)
    try:
        waiter.start()
    except RuntimeError as bad:  # no more threads, or the interpreter ends
        _close(files)
        raise BusyError("busy", f"cannot wait for the database: {bad}") from None
    if not waiter.wait(deadline - monotonic()):
        raise BusyError("busy", "other processes held the database for too long; try again with the same key")


class _Waiter(threading.Thread):
    def __init__(self, files: tuple[int, int]) -> None:
        super().__init__(name="platgov-gate", daemon=True)
        self._files = files
        self._guard = threading.Lock()
        self._done = threading.Event()
        self._left = False

    def run(self) -> None:
        turn, lock = self._files
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(turn, fcntl.LOCK_UN)
        with self._guard:
            if self._left:
                _close(self._files)
            else:
                self._done.set()

    def wait(self, seconds: float) -> bool:
        try:
            if self._done.wait(max(seconds, 0)):
                return True
        except BaseException:
            if not self._leave():
                _close(self._files)
            raise
        return not self._leave()

    def _leave(self) -> bool:
        """Give up, unless the lock came in the meantime; the thread then closes the files."""
        with self._guard:
            if self._done.is_set():
                return False
            self._left = True
            return True


def _close(files: tuple[int, int]) -> None:
    for number in files:
        os.close(number)
