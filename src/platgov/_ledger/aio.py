"""The ledger for asyncio: one thread beside the event loop writes what has queued together."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeVar

from platgov._ledger.committing import Request
from platgov._ledger.entry import prepared
from platgov._ledger.ledger import Ledger
from platgov.errors import HandleError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from types import TracebackType
    from typing import BinaryIO

    from platgov._ledger.checkpoint import Checkpoint
    from platgov._ledger.entry import Entry, Receipt, Record
    from platgov._ledger.erasing import Erasure
    from platgov._ledger.keys import Signer
    from platgov._ledger.proofs import ConsistencyProof, InclusionProof
    from platgov._ledger.verifying import Progress, Verified
    from platgov.verdict import Verdict

__all__ = ["AsyncLedger"]

T = TypeVar("T")


class AsyncLedger:
    """The same ledger, with the same names, to be awaited. See `Ledger` for what each does.

    Every call runs in one thread of its own, in the order the calls were made, so the event
    loop never waits for the disk. Appends that wait are committed together. A call that is
    cancelled while it waits for the thread is not made; one that is running runs to its end, and
    may have recorded: make it again with the same key to find out.
    """

    def __init__(self, ledger: Ledger, thread: ThreadPoolExecutor) -> None:
        """Use `AsyncLedger.open`."""
        self._ledger = ledger
        self._thread = thread
        self._lock = threading.Lock()
        self._waiting: list[tuple[Request, Future[Receipt]]] = []

    @classmethod
    async def open(
        cls,
        target: str | os.PathLike[str],
        *,
        origin: str | None = None,
        signer: Signer | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        timeout_s: float = 30,
        read_only: bool = False,
        schema: str = "platgov",
    ) -> Self:
        """Open a ledger, or create it where there is none."""
        thread = ThreadPoolExecutor(1, "platgov-ledger")
        opening = partial(
            Ledger.open,
            target,
            origin=origin,
            signer=signer,
            entropy=entropy,
            timeout_s=timeout_s,
            read_only=read_only,
            schema=schema,
        )
        try:
            ledger = await asyncio.wrap_future(thread.submit(opening))
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(ledger, thread)

    @property
    def origin(self) -> str:
        """Name of the ledger."""
        return self._ledger.origin

    async def size(self) -> int:
        """How many entries are committed."""
        return await self._run(lambda: self._ledger.size)

    async def append(
        self,
        value: Verdict | dict[str, Any],
        *,
        key: str,
        subject: str | None = None,
        stream: str = "main",
        at: int | dt.datetime | None = None,
        protected: bool = False,
    ) -> Receipt:
        """Record a value exactly once; it is on disk when this returns."""
        request = Request((prepared(value, key, subject, stream=stream, at=at, protected=protected),))
        answer: Future[Receipt] = Future()
        with self._lock:
            self._waiting.append((request, answer))
        self._submitted(self._drain)
        return await asyncio.wrap_future(answer)

    async def append_many(self, records: Iterable[Record]) -> tuple[Receipt, ...]:
        """Record many in one transaction: all, or on any error none."""
        return await self._run(self._ledger.append_many, list(records))

    async def checkpoint(self) -> Checkpoint:
        """State the committed entries in three lines of text, signed if there is a signer."""
        return await self._run(self._ledger.checkpoint)

    async def prove_inclusion(self, seq: int, checkpoint: Checkpoint) -> InclusionProof:
        """Prove that an entry is in the ledger of a checkpoint."""
        return await self._run(self._ledger.prove_inclusion, seq, checkpoint)

    async def prove_consistency(self, old: Checkpoint, new: Checkpoint) -> ConsistencyProof:
        """Prove that the ledger of one checkpoint is the beginning of that of another."""
        return await self._run(self._ledger.prove_consistency, old, new)

    async def verify(self, checkpoints: Iterable[Checkpoint] = (), *, progress: Progress | None = None) -> Verified:
        """Check everything; ``progress`` is called in the thread. Appends wait until it is done."""
        return await self._run(partial(self._ledger.verify, list(checkpoints), progress=progress))

    async def entry(self, seq: int) -> Entry:
        """Read one entry."""
        return await self._run(self._ledger.entry, seq)

    async def find(self, key: str) -> Entry | None:
        """Read the entry of a key; None if there is none."""
        return await self._run(self._ledger.find, key)

    async def entries(self, **wanted: Any) -> AsyncIterator[Entry]:
        """Read entries in order, page by page; takes what `Ledger.entries` takes."""
        found = self._ledger.entries(**wanted)
        while page := await self._run(_some, found):
            for entry in page:
                yield entry

    async def reveal(self, seq: int, *, by: str, reason: str, at: int | dt.datetime | None = None) -> Entry:
        """Read a protected entry with its body, and record who did and why."""
        return await self._run(partial(self._ledger.reveal, seq, by=by, reason=reason, at=at))

    async def erase(
        self, *, subject: str, by: str | None = None, reason: str | None = None, at: int | dt.datetime | None = None
    ) -> Erasure:
        """Remove key, subject and body of every entry about a subject."""
        return await self._run(partial(self._ledger.erase, subject=subject, by=by, reason=reason, at=at))

    async def export(self, file: str | os.PathLike[str] | BinaryIO, *, progress: Progress | None = None) -> Checkpoint:
        """Write the whole ledger as lines of JSON; ``progress`` is called in the thread."""
        return await self._run(partial(self._ledger.export, file, progress=progress))

    async def close(self) -> None:
        """Wait for what was asked for before, and let go of the store. Closing twice is fine."""
        try:
            await self._run(self._ledger.close)
        except HandleError:
            return
        finally:
            self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncLedger {self.origin}>"

    async def _run(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.wrap_future(self._submitted(function, *args))

    def _submitted(self, function: Callable[..., T], *args: Any) -> Future[T]:
        try:
            return self._thread.submit(function, *args)
        except RuntimeError:
            raise HandleError("closed", "this handle was closed; open a new one") from None

    def _drain(self) -> None:
        """Commit all that has queued; each append asks for this once, the first one finds them all."""
        with self._lock:
            taken, self._waiting = self._waiting[:1000], self._waiting[1000:]
        live = [(request, answer) for request, answer in taken if answer.set_running_or_notify_cancel()]
        if not live:
            return
        try:
            self._ledger.queue.commit([request for request, _ in live])
        finally:
            for request, answer in live:
                if request.error is not None:
                    answer.set_exception(request.error)
                else:
                    answer.set_result(request.receipts[0])


def _some(found: Iterator[Entry]) -> list[Entry]:
    return list(islice(found, 128))
