"""What every list of bans can do, whoever may put somebody on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import attrs

from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.evidence import judge
from platgov._blacklist.life import Life
from platgov._blacklist.process import Process
from platgov._blacklist.records import BanProcedure, person
from platgov._blacklist.sealing import Sealer
from platgov._blacklist.searching import Search, add_search, searches_of
from platgov._blacklist.weights import Weights
from platgov._time import to_epoch
from platgov.stores import open_store

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Iterator

    from platgov._blacklist.bans import Candidates
    from platgov._blacklist.canonical import Canon
    from platgov._blacklist.keys import KeyRing
    from platgov._blacklist.match import Match
    from platgov._blacklist.rarity import Population
    from platgov._blacklist.signals import Signals
    from platgov._blacklist.tags import Prepared
    from platgov.stores import Store

__all__ = ["RESERVED_LISTS", "BanList", "Rotation"]

RESERVED_LISTS = ("staff/", "shared/", "imported/")
"""How the ids of lists with a purpose of their own begin: their tags never meet those of others."""


@attrs.frozen(kw_only=True)
class Rotation:
    """How far a change of the key has come.

    Attributes:
        current: The version that writes.
        tags: How many tags are under each version.
        bans: How many bans still have something under another version than the current one.
        exonerations: How many persons who were cleared are known by tags of another version only
            or also; `Blacklist.exonerate` with their signals adds tags of the current one.
    """

    current: int
    tags: tuple[tuple[int, int], ...]
    bans: int
    exonerations: int

    @property
    def done(self) -> bool:
        """Whether older versions can leave the ring without a loss."""
        return self.bans == self.exonerations == 0


class BanList(Process):
    """A list of bans, of which only keyed tags and records are kept: `Blacklist` and `StaffList` are such.

    Any thread may use it. It decides nothing: `match` says how much speaks for it that a
    newcomer was banned, and people decide.
    """

    _prefix = ""

    def __init__(
        self,
        store: Store,
        *,
        keys: KeyRing,
        list_id: str,
        canon: Canon | None = None,
        weights: Weights | None = None,
        population: Population | None = None,
        sealer: Sealer | None = None,
        procedure: BanProcedure | None = None,
        most: int = 256,
    ) -> None:
        """Use a store that is already open; see `open`."""
        if type(list_id) is str and list_id.startswith(RESERVED_LISTS):
            message = f"ids that begin with {' or '.join(RESERVED_LISTS)} are of other kinds of list; give another"
            raise refuse("Blacklist", "list_id", message, "reserved")
        self.weights = Weights.default() if weights is None else weights
        if not isinstance(self.weights, Weights):
            raise refuse("Blacklist", "weights", f"is a {type(weights).__name__}; give Weights", "type")
        if sealer is not None and not isinstance(sealer, Sealer):
            raise refuse("Blacklist", "sealer", "give an object with seal(data, context) and open(...)", "type")
        self.procedure = BanProcedure() if procedure is None else procedure
        if not isinstance(self.procedure, BanProcedure):
            raise refuse("Blacklist", "procedure", f"is a {type(procedure).__name__}; give a BanProcedure", "type")
        self.population = population
        self._sealer = sealer
        identifier(list_id, "Blacklist", "list_id")
        self._life = Life(store, keys, self._prefix + list_id, canon, most=most)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str],
        *,
        keys: KeyRing,
        list_id: str,
        canon: Canon | None = None,
        weights: Weights | None = None,
        population: Population | None = None,
        sealer: Sealer | None = None,
        procedure: BanProcedure | None = None,
        most: int = 256,
        timeout_s: float = 30,
        read_only: bool = False,
        schema: str = "platgov",
    ) -> Self:
        """Open a list; it is made if it is not there.

        Args:
            target: Path of an SQLite file, ``:memory:``, or ``postgresql://…`` (extra ``postgres``).
            keys: Secrets; without them nothing can be looked up.
            list_id: Which list. Lists share a store and nothing else: their tags differ.
            canon: How signals are read; the same at all times.
            weights: What each agreement says, and where the bands begin.
            population: How common values are among the accounts of the host.
            sealer: Encrypts what people wrote; without one such words are refused.
            procedure: How long people have to appeal and to decide.
            most: How many bans of one shared value are looked at, the newest first.
            timeout_s: Seconds to wait for others.
            read_only: Refuse every write.
            schema: PostgreSQL schema that holds the tables.

        Raises:
            InputError: An argument is not what it should be.
            StorageError: It cannot be opened.
            VerificationError: A secret is another than the one that the list was made with.
        """
        store = open_store(target, timeout_s=timeout_s, read_only=read_only, schema=schema)
        try:
            return cls(
                store,
                keys=keys,
                list_id=list_id,
                canon=canon,
                weights=weights,
                population=population,
                sealer=sealer,
                procedure=procedure,
                most=most,
            )
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close the store."""
        self._life.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.list_id!r})"

    @property
    def store(self) -> Store:
        """Where it is kept: other lists, or a ledger, can be in the same store."""
        return self._life.store

    # -- looking up --------------------------------------------------------------------------

    def match(self, signals: Signals, *, at: int | dt.datetime) -> Match:
        """Say how much speaks for it that a newcomer was banned. Changes and logs nothing.

        Args:
            signals: What is known of the newcomer.
            at: The instant; bans that do not hold then are not looked at.
        """
        now = to_epoch(at)
        query = self._life.prepare(signals)
        found = self._life.candidates(query, at=now)
        return self._judged(query, found, now)

    def search(self, signals: Signals, *, at: int | dt.datetime, case: str, by: str) -> Match:
        """Look up for a person of staff, and keep on record that they did, before they see the answer.

        Args:
            signals: What is known.
            at: The instant.
            case: The case that makes it necessary. Without a case nobody searches.
            by: Who searches: a person.
        """
        case_id, who = identifier(case, "Search", "case"), person(by, "Search")
        found = self.match(signals, at=at)
        add_search(self._life, signals, found, at=to_epoch(at), case=case_id, by=who)
        return found

    def searches(self, *, about: Signals | None = None, after: int = 0) -> Iterator[Search]:
        """Give the searches of staff in order.

        Args:
            about: Only those that share a signal with this, which takes the key.
            after: Only those with a higher number.
        """
        return searches_of(self._life, about, after)

    # -- keys --------------------------------------------------------------------------------

    def rewrap(self, ban_id: str, signals: Signals, *, connection: Any = None) -> int:
        """Bring what these signals show of a ban under the current key; say how much moved.

        Call it when a banned account is touched, or when somebody was confirmed to be it.
        """
        return self._life.rewrap(ban_id, signals, connection=connection)

    def rotation(self) -> Rotation:
        """Tell what is left under older versions of the key. Reads the whole list."""
        current = self._life.keys.current
        tags, left, exempt = self._life.versions_of_bans(current)
        return Rotation(current=current, tags=tuple(sorted(tags.items())), bans=left, exonerations=exempt)

    def compact(self) -> int:
        """Merge what came in into the sorted array, and drop what is left of erased bans; no answer changes.

        Others wait meanwhile: a minute at a million bans. To be run when few come in.

        Returns:
            How many entries the array has.
        """
        return self._life.compact()

    # -- inside ------------------------------------------------------------------------------

    def _judged(self, query: Prepared, found: Candidates, now: int) -> Match:
        return judge(query, found, weights=self.weights, population=self.population, at=now)
