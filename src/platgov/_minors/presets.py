"""Policies of laws and platforms as data with sources: read, checked for dates, never legal advice.

Each preset is a file of facts. A fact that was read in a source and is in force is enabled; one
that is from memory, litigated, proposed or ambiguous ships disabled and says why, and counts only
for somebody who takes the responsibility by name.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import json
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import dumps, loads, shown
from platgov._minors.checks import checked_name, refuse
from platgov._schedules.zones import is_date
from platgov.schedules import DayCalendar, china_calendar

if TYPE_CHECKING:
    from platgov._minors.policy import YouthPolicy

__all__ = ["CALENDARS", "ORDINARY", "Fact", "Preset", "calendar", "in_force", "list_ids", "load", "read", "rows"]

ORDINARY: Final = "ordinary_day"
"""A class of days that `calendar` adds: every day that is no statutory day off."""
CALENDARS: Final = ("cn",)

_STANDS: Final = frozenset({"in_force", "practice", "repealed"})
"""Statuses under which facts are enabled; a repealed law held until its last day."""
_FIRST: Final = dt.date.min
_LAST: Final = dt.date.max


@attrs.frozen(kw_only=True)
class Fact:
    """One thing that a source says.

    Attributes:
        id: Which fact, in its preset.
        part: Where it belongs in a `Band`: ``hours``, ``quotas``, ``breaks``, ``features`` or
            ``spend``; ``statement`` for what no policy can enforce.
        ages: First age, and first age after.
        limit: What it says, as canonical JSON in the form of that part.
        evidence: ``seen`` in a source, or ``memory``.
        loosenable_by: Who may ask for less.
        starts: First date on which it holds; None where that is not settled.
        ends: First date on which it no longer holds; None for none known.
        disabled: Why it ships disabled; empty if it is enabled.
        assumed: Fields of the limit that are ours and not the source's.
        sources: Where it was read.
    """

    id: str
    part: str
    ages: tuple[int, int]
    limit: str
    evidence: str
    loosenable_by: tuple[str, ...]
    starts: dt.date | None
    ends: dt.date | None
    disabled: str
    assumed: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """The limit as plain values."""
        values: dict[str, Any] = loads(self.limit)
        return values

    def holds(self, on: dt.date | None) -> bool:
        """Whether it holds on a date; without one, whether no end is known.

        What has no settled beginning held on no date yet.
        """
        if on is None:
            return self.ends is None
        return self.starts is not None and self.starts <= on < (self.ends or _LAST)


@attrs.frozen(kw_only=True)
class Preset:
    """The facts of one law, guideline or practice.

    Attributes:
        id: Which preset.
        title: What it is.
        jurisdiction: ``CN``, ``US-VA``; ``*`` for everywhere.
        kind: ``law``, ``guideline``, ``draft``, ``platform`` …
        layer: Whose layer it is in: ``legal`` or ``platform``.
        status: ``in_force``, ``practice``, ``repealed``; facts of any other (``litigated``,
            ``proposed``, ``draft``, ``staged`` …) ship disabled.
        note: What a reader has to know.
        frame: Further fields of the policy, such as ``unknown_age``.
        facts: What it says.
    """

    id: str
    title: str
    jurisdiction: str
    kind: str
    layer: str
    status: str
    note: str
    frame: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source, once."""
        return tuple(dict.fromkeys(source for fact in self.facts for source in fact.sources))

    def policy(self, *, as_of: dt.date | None = None, responsible: str | None = None) -> YouthPolicy:
        """Make the policy of its facts; see `load`."""
        from platgov._minors.policy import YouthPolicy  # noqa: PLC0415 - listing presets needs no policy

        if as_of is not None and not is_date(as_of):
            raise refuse("presets", f"as_of is {shown(as_of)}; give a date or None", path="$.as_of", code="type")
        if responsible is not None:
            checked_name(responsible, "presets", "responsible")
        held = [fact for fact in self.facts if fact.holds(as_of)]
        if not held:
            raise self._out_of_force(as_of)
        enabled = [fact for fact in held if responsible is not None or not fact.disabled]
        taken = [fact for fact in enabled or held if fact.part != "statement"]
        starts = [fact.starts for fact in enabled or held if fact.starts is not None]
        ends = [fact.ends for fact in enabled or held if fact.ends is not None]
        return YouthPolicy.from_dict(
            {
                "id": self.id,
                "layer": self.layer,
                "jurisdiction": self.jurisdiction,
                "citation": self.title,
                "sources": list(self.sources),
                "status": self.status,
                "as_of": None if as_of is None else as_of.isoformat(),
                "enabled": bool(enabled),
                "valid_from": max(starts).isoformat() if starts else None,
                "valid_until": min(ends).isoformat() if ends else None,
                "note": self._note(held, enabled, responsible),
                "bands": _bands(taken),
                **dict(self.frame),
            }
        )

    def _note(self, held: list[Fact], enabled: list[Fact], responsible: str | None) -> str:
        told = [self.note] if self.note else []
        if responsible is None:
            left = [f"{fact.id} ({fact.disabled})" for fact in held if fact.disabled]
            told += [f"Disabled: {', '.join(left)}."] if left else []
        elif any(fact.disabled for fact in enabled):
            names = ", ".join(fact.id for fact in enabled if fact.disabled)
            told.append(f"Enabled on the responsibility of {responsible}: {names}.")
        return " ".join([*told, "Not legal advice."])

    def _out_of_force(self, as_of: dt.date | None) -> Exception:
        last = max((fact.ends for fact in self.facts if fact.ends is not None), default=None)
        if as_of is None:
            message = f"{self.id} ended on {last}; to replay a day before, give it as as_of"
            return refuse("presets", message, path="$.as_of", code="superseded")
        first = min((fact.starts for fact in self.facts if fact.starts is not None), default=None)
        since = "when it begins is not settled" if first is None else f"but from {first} until {last or 'today'}"
        message = f"{self.id} did not hold on {as_of}, {since}"
        return refuse("presets", message, path="$.as_of", code="not_in_force")


def list_ids() -> tuple[str, ...]:
    """Give the id of every preset, sorted."""
    return tuple(sorted(_files()))


def read(id: str) -> Preset:  # noqa: A002 - the word of the field
    """Give a preset as it was written down.

    Raises:
        InputError: There is none of this id.
    """
    if type(id) is not str or id not in _files():
        raise refuse("presets", f"no preset is {shown(id)}; there are {', '.join(list_ids())}", code="unknown")
    return _read(id)


def load(
    id: str,  # noqa: A002 - the word of the field
    *,
    as_of: dt.date | None = None,
    responsible: str | None = None,
) -> YouthPolicy:
    """Make a policy of a preset.

    Facts that ship disabled are left out, and named in the note. If all of them are, the policy
    has them and is itself disabled, so that it can be read and not compiled.

    Args:
        id: Which preset.
        as_of: The day whose regime is wanted, for replay: also what was replaced since. Without
            it, facts without a known end.
        responsible: Who says that the disabled facts hold, and why (``"legal, ticket 7"``):
            then they are enabled, and the note says on whose word.

    Raises:
        InputError: There is no such preset, or it did not hold on that day.
    """
    return read(id).policy(as_of=as_of, responsible=responsible)


def in_force(as_of: dt.date, *, jurisdiction: str | None = None) -> tuple[str, ...]:
    """Give the presets of which an enabled fact holds on a date, sorted by id."""
    if not is_date(as_of):
        raise refuse("presets", f"as_of is {shown(as_of)}; give a date", path="$.as_of", code="type")
    return tuple(
        id
        for id in list_ids()  # noqa: A001 - the word of the field
        for preset in (_read(id),)
        if jurisdiction in (None, preset.jurisdiction)
        and any(fact.holds(as_of) and not fact.disabled for fact in preset.facts)
    )


def calendar(id: str) -> DayCalendar:  # noqa: A002 - the word of the field
    """Give a calendar that presets name days of.

    ``cn`` is `china_calendar`, with the class ``ordinary_day`` for what is no statutory day off.

    Raises:
        InputError: There is none of this id.
    """
    if id not in CALENDARS:
        raise refuse("presets", f"no calendar is {shown(id)}; there are {', '.join(CALENDARS)}", code="unknown")
    return _china()


def rows() -> tuple[dict[str, str], ...]:
    """Give one row of text per preset, for tables: in the order of their ids."""
    return tuple(_row(_read(id)) for id in list_ids())  # noqa: A001 - the word of the field


def _row(preset: Preset) -> dict[str, str]:
    starts = sorted({fact.starts for fact in preset.facts if fact.starts})
    ends = {fact.ends for fact in preset.facts}
    enabled = sum(not fact.disabled for fact in preset.facts)
    return {
        "id": preset.id,
        "jurisdiction": preset.jurisdiction,
        "kind": preset.kind,
        "status": preset.status,
        "from": str(starts[0]) if starts else "",
        "until": "" if None in ends else str(max(end for end in ends if end is not None)),
        "enabled": str(enabled),
        "disabled": str(len(preset.facts) - enabled),
        "loosenable_by": ", ".join(sorted({role for fact in preset.facts for role in fact.loosenable_by})),
        "title": preset.title,
    }


def _bands(facts: list[Fact]) -> list[dict[str, Any]]:
    bands: dict[tuple[int, int], dict[str, Any]] = {}
    for fact in facts:
        band = bands.setdefault(fact.ages, {"min_age": fact.ages[0], "max_age": fact.ages[1]})
        plain = {"id": fact.id, **fact.plain}
        if fact.part != "spend":  # caps are loosened by nobody
            plain["loosenable_by"] = list(fact.loosenable_by)
        band.setdefault(fact.part, []).append(plain)
    return list(bands.values())


@functools.cache
def _china() -> DayCalendar:
    china = china_calendar()
    first, last = china.known_from or _FIRST, china.known_through or _LAST
    every = {first + dt.timedelta(days) for days in range((last - first).days + 1)}
    dates = dict(china.dates)
    return attrs.evolve(china, dates={**dates, ORDINARY: every - dates["holiday"]})


@functools.cache
def _files() -> dict[str, Any]:
    folder = importlib.resources.files("platgov._minors") / "preset_data"
    return {file.name.removesuffix(".json"): file for file in folder.iterdir() if file.name.endswith(".json")}


@functools.cache
def _read(id: str) -> Preset:  # noqa: A002 - the word of the field
    data = json.loads(_files()[id].read_text(encoding="utf-8"))
    frame = ("unknown_age", "evidence_level", "age_rule")
    return Preset(
        id=data["id"],
        title=data["title"],
        jurisdiction=data["jurisdiction"],
        kind=data["kind"],
        layer=data["layer"],
        status=data["status"],
        note=data["note"],
        frame=tuple((field, data[field]) for field in frame if field in data),
        facts=tuple(_fact(fact, data) for fact in data["facts"]),
    )


def _fact(fact: dict[str, Any], preset: dict[str, Any]) -> Fact:
    why = fact.get("disabled", "")
    if not why and fact["evidence"] != "seen":
        why = "from memory, not read in a source"
    if not why and preset["status"] not in _STANDS:
        why = preset["status"]
    return Fact(
        id=fact["id"],
        part=fact["part"],
        ages=tuple(fact["ages"]),
        limit=dumps(fact["limit"]).decode(),
        evidence=fact["evidence"],
        loosenable_by=tuple(fact["loosenable_by"]),
        starts=_date(fact.get("from", preset["from"])),
        ends=_date(fact.get("until", preset["until"])),
        disabled=why,
        assumed=tuple(fact.get("assumed", ())),
        sources=tuple(fact.get("sources", preset["sources"])),
    )


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
