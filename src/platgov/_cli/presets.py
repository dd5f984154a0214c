"""The command `presets`: which policies for minors there are, where they were read, and since when they hold."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from platgov._cli.report import RefusedError, table
from platgov._minors import presets as shelf
from platgov.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from platgov._minors.presets import Fact, Preset

__all__ = ["COMMANDS", "presets"]

OK, BAD = 0, 1
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def presets(arguments: argparse.Namespace) -> int:
    """List presets, or show one."""
    try:
        on = _date_of(arguments.as_of)
        if arguments.preset is not None:
            return _one(_read(arguments.preset), on, as_json=arguments.json)
        return _list(arguments, on)
    except RefusedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return BAD


def _date_of(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):  # `fromisoformat` reads weeks and other forms too
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise RefusedError(f"--as-of: {text[:40]!r} is no date; give one such as 2026-11-01")


def _read(name: str) -> Preset:
    try:
        return shelf.read(name)
    except InputError as error:
        raise RefusedError(f"presets: {error.problems[0].message}") from None


def _list(arguments: argparse.Namespace, on: dt.date | None) -> int:
    kept = [
        preset
        for preset in map(shelf.read, shelf.list_ids())
        if arguments.jurisdiction in (None, preset.jurisdiction) and _facts(preset, on)
    ]
    if not kept:
        where = "" if arguments.jurisdiction is None else f" of jurisdiction {arguments.jurisdiction!r}"
        raise RefusedError(f"presets: there is none{where}{'' if on is None else f' that held on {on}'}")
    if arguments.json:
        for preset in kept:
            _write_json(_plain(preset, on))
        return OK
    header = ("preset", "enabled", "disabled", "where", "kind", "status", "holds", "source")
    rows = [
        (
            preset.id,
            str(sum(not fact.disabled for fact in _facts(preset, on))),
            str(sum(bool(fact.disabled) for fact in _facts(preset, on))),
            preset.jurisdiction,
            preset.kind,
            preset.status,
            _span(preset.facts),
            _site(preset.sources),
        )
        for preset in kept
    ]
    sys.stdout.write(table(header, rows, sys.stdout) + "\n")
    sys.stderr.write(
        "A number counts facts. Disabled ones are from memory, litigated, proposed or not settled, and bind\n"
        "nobody until somebody answers for them by name. Not legal advice.\n"
    )
    return OK


def _one(preset: Preset, on: dt.date | None, *, as_json: bool) -> int:
    facts = _facts(preset, on)
    if not facts:
        raise RefusedError(f"presets: {preset.id} did not hold on {on}; it holds {_span(preset.facts)}")
    if as_json:
        _write_json(_plain(preset, on))
        return OK
    say = sys.stdout.write
    say(f"{preset.id}: {preset.title}\n")
    say(f"{preset.jurisdiction}, {preset.kind}, layer {preset.layer}, {preset.status}, {_span(preset.facts)}\n")
    if preset.note:
        say(f"{preset.note}\n")
    for field, value in preset.frame:
        say(f"{field}: {value}\n")
    for fact in facts:
        say(f"\n{fact.id}: ages {fact.ages[0]} to below {fact.ages[1]}, {_span((fact,))}, ")
        say(f"{f'DISABLED: {fact.disabled}' if fact.disabled else 'enabled'}\n")
        say(f"  {fact.part}: {json.dumps(fact.plain, ensure_ascii=False)}\n")
        if fact.assumed:
            say(f"  ours, not the source's: {', '.join(fact.assumed)}\n")
        say(f"  may be loosened by: {', '.join(fact.loosenable_by) or 'nobody'}\n")
    say("\nSources:\n")
    for source in preset.sources:
        say(f"  {source}\n")
    say("Not legal advice.\n")
    return OK


def _facts(preset: Preset, on: dt.date | None) -> list[Fact]:
    return [fact for fact in preset.facts if on is None or fact.holds(on)]


def _span(facts: tuple[Fact, ...]) -> str:
    starts = [fact.starts for fact in facts if fact.starts is not None]
    ends = [fact.ends for fact in facts if fact.ends is not None]
    begin = f"from {min(starts)}" if starts else "from a date not settled"
    return f"{begin} until {max(ends)}" if len(ends) == len(facts) else begin


def _site(sources: tuple[str, ...]) -> str:
    """Give the site of the first source, and how many there are more."""
    more = f" +{len(sources) - 1}" if len(sources) > 1 else ""
    return sources[0].partition("://")[2].partition("/")[0].partition(" ")[0] + more


def _plain(preset: Preset, on: dt.date | None) -> dict[str, Any]:
    return {
        "id": preset.id,
        "title": preset.title,
        "jurisdiction": preset.jurisdiction,
        "kind": preset.kind,
        "layer": preset.layer,
        "status": preset.status,
        "note": preset.note,
        **dict(preset.frame),
        "sources": list(preset.sources),
        "facts": [
            {
                "id": fact.id,
                "part": fact.part,
                "ages": list(fact.ages),
                "limit": fact.plain,
                "evidence": fact.evidence,
                "loosenable_by": list(fact.loosenable_by),
                "from": None if fact.starts is None else fact.starts.isoformat(),
                "until": None if fact.ends is None else fact.ends.isoformat(),
                "enabled": not fact.disabled,
                "disabled": fact.disabled,
                "assumed": list(fact.assumed),
                "sources": list(fact.sources),
            }
            for fact in _facts(preset, on)
        ],
    }


def _write_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


COMMANDS: Final[dict[str, Callable[[Any], int]]] = {"presets": presets}
