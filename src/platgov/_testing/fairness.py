"""Pairs of events: what may not differ between people, and what must not be taken for a clean event."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from platgov._facts.schema import ORDERED, Role
from platgov._testing.domains import ABSENT, is_proxy, value_at, with_value
from platgov._testing.outcomes import no_milder
from platgov._testing.surroundings import OutOfReachError
from platgov._testing.trial import Heard, compared

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from platgov._facts.schema import Field
    from platgov._testing.constants import Path
    from platgov._testing.outcomes import Told
    from platgov._testing.trial import Trial

__all__ = ["bare", "harsher", "last_digit", "missing", "people", "undeclared", "unread", "usable"]

_EVENTS: Final = 80
_VALUES: Final = 6
_ACCOUNTS: Final = 64
_NEAR: Final = 16
_FEW: Final = 3
"""Accounts of 64 below which those that are treated otherwise are exceptions, not a share."""
_WRONG: Final[dict[str, Any]] = {"text": 7, "enum": "\u2205", "list": 7, "bool": "?", "int": "?", "float": "?"}
_PRIVILEGES: Final = ("vip", "is_vip", "is_admin", "staff", "role", "trusted", "user_id", "account_id", "followers")


# -- who somebody is ---------------------------------------------------------------------------


def guarded(trial: Trial) -> list[tuple[Path, Field, Role]]:
    """Give the facts that tell who somebody is, with the role that makes them so."""
    found: list[tuple[Path, Field, Role]] = []
    for path, field in trial.sampler.leaves:
        roles = {role for fact, role in trial.sampler.schema.roles(path) if ".".join(path).startswith(fact)}
        for role in (Role.PROTECTED, Role.IDENTITY):
            if role in roles:
                found.append((path, field, role))
                break
    return found


def people(trial: Trial, *, also: Collection[str], granted: Collection[str]) -> None:
    """Change who somebody is, and nothing else.

    Args:
        trial: The function.
        also: Facts besides those declared so that tell who somebody is.
        granted: Facts that may be read.
    """
    facts = [entry for entry in guarded(trial) if not _covered(entry[0], granted)]
    known = {path for path, _, _ in facts}
    for path, field in trial.sampler.leaves:
        if path not in known and _covered(path, also) and not _covered(path, granted):
            facts.append((path, field, Role.IDENTITY))
    tried: dict[str, int] = {}
    proxies = [(path, field) for path, field in trial.sampler.leaves if path not in known and is_proxy(path, field)]
    for path, field, role in facts:
        name = "protected" if role is Role.PROTECTED else _name_of(field)
        tried[name] = tried.get(name, 0) + _other_person(trial, path, field, name)
    for path, field in proxies:
        if not _covered(path, also) and not _covered(path, granted):
            tried["identity_by_proxy"] = tried.get("identity_by_proxy", 0) + _other_person(
                trial, path, field, "identity_by_proxy"
            )
    bad = {found.property for found in trial.counterexamples}
    for name, count in tried.items():
        if name not in bad and count:
            trial.holds(name, count)


def _covered(path: Path, names: Collection[str]) -> bool:
    return any(".".join(path[:length]) in names for length in range(1, len(path) + 1))


def _name_of(field: Field) -> str:
    return "exemption" if field.type.kind in ("bool", "enum") else "identity"


def _other_person(trial: Trial, path: Path, field: Field, name: str) -> int:
    """Compare events that differ in one such fact; give the number of pairs."""
    tried, fact = 0, ".".join(path)
    for event, told in _to_compare(trial, path):
        for other in trial.sampler.others(path, value_at(event, path), trial.rng, _VALUES if told else _FEW):
            tried += 1
            before = told or trial.ask(event)
            if trial.ask(with_value(event, path, other)).key == before.key:
                continue
            present = value_at(event, path)

            def breaks(candidate: dict[str, Any], other: Any = other, value: Any = present) -> list[Heard] | None:
                one, two = with_value(candidate, path, value), with_value(candidate, path, other)
                return compared(
                    Heard(_label(fact, value), one, trial.ask(one)), Heard(_label(fact, other), two, trial.ask(two))
                )

            if breaks(event) is not None:
                found = name
                if name in ("identity", "exemption") and field.type.kind in ("text", "int"):
                    found = _spread(trial, path, field, trial.shrunk(event, breaks, frozenset([path]))[0])
                trial.broken(found, f"{fact} alone changes what follows", event, breaks, keep=[path])
                return tried
    return tried


def _to_compare(trial: Trial, path: Path) -> Iterator[tuple[dict[str, Any], Told | None]]:
    """Give events that were asked about, then some of them with one other fact moved to where rules change."""
    yield from trial.chosen(_EVENTS)
    for event, _ in trial.chosen(_FEW * 2):
        for beside, _ in trial.sampler.leaves:
            if beside != path:
                for value in trial.sampler.domains.edges(beside)[:_NEAR]:
                    yield with_value(event, beside, value), None


def _spread(trial: Trial, path: Path, field: Field, event: dict[str, Any]) -> str:
    """Tell whether a share of all accounts is treated otherwise, or some that are named."""
    values = [trial.sampler.domains.plain(field.type, field, trial.rng, path) for _ in range(_ACCOUNTS)]
    keys = [trial.ask(with_value(event, path, value)).key for value in values]
    minority = len(keys) - max(keys.count(key) for key in set(keys))
    return "rollout" if minority >= _FEW else "exemption"


def _label(fact: str, value: Any) -> str:
    return f"{fact} absent" if value is ABSENT else f"{fact}={json.dumps(value, ensure_ascii=False)}"


def unread(trial: Trial, reads: Collection[str]) -> None:
    """Change the facts that no rule reads, all at once."""
    paths = [
        (path, field)
        for path, field in trial.sampler.leaves
        if not any(
            ".".join(path) == name or name.startswith(".".join(path) + ".") or _covered(path, [name]) for name in reads
        )
    ]
    if not paths:
        return
    tried = 0
    for event, told in trial.chosen(_EVENTS):
        for path, _ in paths:
            fact = ".".join(path)
            for other in trial.sampler.others(path, value_at(event, path), trial.rng, _VALUES // 2):
                tried += 1
                if trial.ask(with_value(event, path, other)).key == told.key:
                    continue

                def breaks(
                    candidate: dict[str, Any], path: Path = path, other: Any = other, fact: str = fact
                ) -> list[Heard] | None:
                    two = with_value(candidate, path, other)
                    label = _label(fact, value_at(candidate, path))
                    return compared(
                        Heard(label, candidate, trial.ask(candidate)), Heard(_label(fact, other), two, trial.ask(two))
                    )

                if breaks(event) is not None:
                    trial.broken(
                        "unread_fact",
                        f"{fact} changes what follows, although no rule reads it",
                        event,
                        breaks,
                        keep=[path],
                    )
                    return
    trial.holds("unread_fact", tried)


def undeclared(trial: Trial) -> None:
    """Give facts that nobody declared, under every name that the code mentions."""
    declared = {name for path, _ in trial.sampler.leaves for name in path}
    declared |= {field.name for field in trial.sampler.schema.fields}
    mentioned = [text for text in trial.sampler.domains.constants.texts if text.isidentifier()]
    names = [name for name in dict.fromkeys((*mentioned, *_PRIVILEGES)) if name not in declared][:60]
    values = (True, 1_000_000, "admin", *mentioned[:20])
    tried = 0
    for event, told in trial.chosen(_EVENTS // 2):
        for value in values:
            tried += len(names)
            every = trial.ask({**event, **dict.fromkeys(names, value)})
            if every.raised or every.key == told.key:
                continue
            for name in names:

                def breaks(candidate: dict[str, Any], name: str = name, value: Any = value) -> list[Heard] | None:
                    two = {**candidate, name: value}
                    one, other = trial.ask(candidate), trial.ask(two)
                    return compared(Heard(f"no {name}", candidate, one), Heard(_label(name, value), two, other))

                if breaks(event) is not None:
                    trial.broken("undeclared_fact", f"{name} changes what follows, and is not declared", event, breaks)
                    return
    trial.holds("undeclared_fact", tried)


# -- what is missing or wrong ------------------------------------------------------------------


def usable(trial: Trial) -> None:
    """Tell whether usable events are decided without an error, by the function and by each of its rules."""

    def trouble(told: Told) -> tuple[str, str, str] | None:
        if told.raised == OutOfReachError.__name__:
            return None  # that it tried is told already
        if told.raised:
            return "raises", f"it raises {told.raised} on an event that the facts allow", ""
        for rule, code in told.trouble:
            what, _, detail = code.partition(":")
            if what == "undeclared_read":
                return "undeclared_fact", f"{rule} reads {detail}, which it does not declare", f"rule {rule}"
            says = f"raises {detail}" if what == "raised" else f"answers with a {detail}"
            return "raises", f"{rule} {says} on an event that the facts allow", f"rule {rule}"
        return None

    for event, told in zip(trial.events, trial.answers, strict=True):
        found = trouble(told)
        if found is not None:

            def breaks(candidate: dict[str, Any], name: str = found[0]) -> list[Heard] | None:
                # A fact that must be there is not left out: that would be another matter.
                whole = all(
                    field.optional or value_at(candidate, path) is not ABSENT for path, field in trial.sampler.leaves
                )
                heard = trial.ask(candidate) if whole else None
                again = None if heard is None else trouble(heard)
                return [Heard("asked", candidate, heard)] if heard and again and again[0] == name else None

            trial.broken(found[0], found[1], event, breaks, cause=found[2])
            return
    trial.holds("raises", len(trial.events))


def missing(trial: Trial) -> None:
    """Take away, or spoil, one fact of an event that something follows from."""
    tried = 0
    for event, told in trial.chosen(_EVENTS):
        if not told.bites:
            continue
        for path, field in trial.sampler.leaves:
            if field.optional or value_at(event, path) is ABSENT or path in trial.blamed:
                continue
            fact = ".".join(path)
            for word, bad in (("absent", ABSENT), ("null", None), ("mistyped", _WRONG.get(field.type.kind, 7))):
                tried += 1
                if not trial.ask(with_value(event, path, bad)).nothing:
                    continue

                def breaks(
                    candidate: dict[str, Any], path: Path = path, bad: Any = bad, label: str = f"{fact} {word}"
                ) -> list[Heard] | None:
                    one, two = trial.ask(candidate), trial.ask(with_value(candidate, path, bad))
                    sides = [Heard("complete", candidate, one), Heard(label, with_value(candidate, path, bad), two)]
                    return sides if one.bites and two.nothing else None

                if breaks(event) is not None:
                    says = f"without a usable {fact} the event passes as clean"
                    trial.broken("error_as_no_match", says, event, breaks, keep=[path])
                    return
    trial.holds("error_as_no_match", tried)


def bare(trial: Trial) -> None:
    """Tell whether something follows whatever the facts say, and even from no fact at all."""
    told, answers = trial.ask({}), trial.answers
    always = set.intersection(*(_applied(answer) for answer in (told, *answers)))
    if always or (told.bites and answers and all(answer.bites for answer in answers)):
        rules = ", ".join(sorted(always))

        def breaks(candidate: dict[str, Any]) -> list[Heard] | None:
            heard = trial.ask(candidate)
            return [Heard("no fact at all", candidate, heard)] if heard.bites or _applied(heard) else None

        says = f"{rules or 'something'} applies to each of {len(answers)} events, and to one without any fact"
        trial.broken("empty_condition", says, {}, breaks, cause=f"rule {rules}" if rules else "")
    else:
        trial.holds("empty_condition", len(answers) + 1)


def _applied(told: Told) -> set[str]:
    """Give the rules that apply, where the outcome names them."""
    plain = json.loads(told.key)
    return set(plain.get("rules", ())) if type(plain) is dict else set()


# -- order and noise ---------------------------------------------------------------------------


def harsher(trial: Trial, trends: Mapping[str, str]) -> None:
    """Raise a fact that may only make decisions harsher, or only milder."""
    tried = 0
    for fact, trend in sorted(trends.items()):
        path = tuple(fact.split("."))
        field = trial.sampler.schema.at(path)
        if field is None or (field.type.kind not in ORDERED and field.type.kind != "bool"):
            continue
        for event, _ in trial.chosen(_EVENTS):
            value = value_at(event, path)
            for other in trial.sampler.others(path, value, trial.rng, _VALUES):
                if value is ABSENT or not _less(value, other, field):
                    continue
                tried += 1

                def breaks(  # noqa: PLR0917 - the loop's variables, bound
                    candidate: dict[str, Any],
                    path: Path = path,
                    other: Any = other,
                    trend: str = trend,
                    fact: str = fact,
                    value: Any = value,
                ) -> list[Heard] | None:
                    less, more = with_value(candidate, path, value), with_value(candidate, path, other)
                    sides = [
                        Heard(_label(fact, value), less, trial.ask(less)),
                        Heard(_label(fact, other), more, trial.ask(more)),
                    ]
                    low, high = (sides[0].told, sides[1].told) if trend == "up" else (sides[1].told, sides[0].told)
                    return sides if no_milder(high, low) is False else None

                if breaks(event) is not None:
                    word = "milder" if trend == "up" else "harsher"
                    trial.broken("monotone", f"more {fact} makes it {word}", event, breaks, keep=[path])
                    return
    trial.holds("monotone", tried)


def _less(one: Any, other: Any, field: Field) -> bool:
    if field.type.kind in ("timestamp", "duration"):
        return False  # texts; the analysis compares them as instants
    return bool(one < other)


def last_digit(trial: Trial) -> None:
    """Look for outcomes that hang on one single float, or on the order in which floats are added."""
    tried = 0
    for path, field in trial.sampler.leaves:
        kind = field.type.kind
        item = field.type.item
        if kind == "float":
            tried += _single_points(trial, path, field)
        elif kind == "list" and item is not None and item.kind == "float":
            tried += _order_of_sum(trial, path)
        if "float_noise" in {found.property for found in trial.counterexamples}:
            return
    if tried:
        trial.holds("float_noise", tried)


def _single_points(trial: Trial, path: Path, field: Field) -> int:
    """Compare a value with both floats beside it: a limit parts them, an equality singles it out."""
    fact, tried = ".".join(path), 0
    low = -math.inf if field.ge is None else field.ge
    high = math.inf if field.le is None else field.le
    points = [point for point in trial.sampler.domains.edges(path) if low < point < high and point]
    for event, _ in trial.chosen(_EVENTS // 2):
        for point in points:
            tried += 1
            if trial.ask(with_value(event, path, point)).key == trial.ask(with_value(event, path, _after(point))).key:
                continue

            def breaks(candidate: dict[str, Any], point: float = point) -> list[Heard] | None:
                values = (math.nextafter(point, -math.inf), point, math.nextafter(point, math.inf))
                before, at, after = (
                    Heard(_label(fact, value), changed, trial.ask(changed))
                    for value in values
                    for changed in (with_value(candidate, path, value),)
                )
                return compared(before, at) if before.told.key == after.told.key else None

            if breaks(event) is not None:
                trial.broken(
                    "float_noise", f"{fact} counts only if it is exactly {point!r}", event, breaks, keep=[path]
                )
                return tried
    return tried


def _after(point: float) -> float:
    return math.nextafter(point, math.inf)


def _order_of_sum(trial: Trial, path: Path) -> int:
    """Compare orders of one list of floats, where orders of whole numbers make no difference."""
    fact, tried = ".".join(path), 0
    points = [value for value in trial.sampler.domains.constants.of(path) if isinstance(value, int | float)] or [1.0]
    mixed = [[0.1] * 10 + [0.7, 0.2], [0.1, 0.2, 0.3], [0.3, 0.6, 0.1], [0.7, 0.2, 0.1]]
    lists = [[1e16, float(point), -1e16, float(point)] for point in points]
    lists += [[value * point for value in values] for values in mixed for point in map(float, points)]
    for event, _ in trial.chosen(_EVENTS // 2):
        for values in lists:
            tried += 1

            def breaks(candidate: dict[str, Any], values: list[float] = values) -> list[Heard] | None:
                orders = (sorted(values), sorted(values, reverse=True), sorted(values, key=abs))
                heard = [
                    Heard(_label(fact, order), changed, trial.ask(changed))
                    for order in orders
                    for changed in (with_value(candidate, path, order),)
                ]
                for other in heard[1:]:
                    sides = compared(heard[0], other)
                    if sides is not None:
                        return sides
                return None

            if breaks(event) is not None and not _order_counts(trial, path, event, points):
                trial.broken(
                    "float_noise", f"the order in which {fact} is added up decides it", event, breaks, keep=[path]
                )
                return tried
    return tried


def _order_counts(trial: Trial, path: Path, event: dict[str, Any], points: Iterable[float]) -> bool:
    """Tell whether the order matters by itself: with numbers that are added exactly it would, too."""
    for point in points:
        whole = [float(math.floor(point)), float(math.ceil(point)) + 1.0, 0.0, 2.0]
        keys = {
            trial.ask(with_value(event, path, order)).key
            for order in (sorted(whole), sorted(whole, reverse=True), whole)
        }
        if len(keys) > 1:
            return True
    return False
