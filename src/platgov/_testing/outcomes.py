"""What a host's function decided, in one form that can be compared, shown and sent elsewhere."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import inspect
import json
import sys
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._rules.decision import Decision, Outcome
from platgov.errors import InputError, Problem
from platgov.measures import Measure, join
from platgov.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AT", "Caller", "Told", "canonical", "fresh", "interned", "no_milder", "refusal", "shown"]

AT: Final = 1_770_000_000
"""The instant at which rules are asked, unless a test says otherwise: 2 February 2026, 02:40 UTC."""
_NOTHING: Final = frozenset({"", "none", "allow", "allowed", "ok", "pass", "no_action", "no measure", "no_measure"})


def refusal(message: str, path: str = "$") -> InputError:
    """Build the error for a test that makes no sense."""
    return InputError("testing", (Problem(message, path, "test"),))


def canonical(value: Any) -> Any:
    """Write an outcome as plain values: equal outcomes, equal values, in any process.

    Raises:
        InputError: It is something that cannot be compared, such as an object without fields.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return {"float": value.hex() if value == value and abs(value) != float("inf") else repr(value)}  # noqa: PLR0124
    if isinstance(value, Decision):
        return {
            "outcome": value.outcome.value,
            "measures": [canonical(measure.to_dict()) for measure in value.measures],
            "rules": [finding.rule_id for finding in value.findings],
            "open": [rule.rule_id for rule in value.undetermined],
        }
    if isinstance(value, Verdict):
        return canonical({key: item for key, item in value.to_dict().items() if key != "at"})
    if isinstance(value, Measure):
        return canonical(value.to_dict())
    if isinstance(value, enum.Enum):
        return canonical(value.value)
    if isinstance(value, Mapping):
        pairs = sorted((json.dumps(canonical(key)), canonical(item)) for key, item in value.items())
        return {"map": [[key, item] for key, item in pairs]}
    if isinstance(value, set | frozenset):
        return {"set": sorted((canonical(item) for item in value), key=json.dumps)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return _other(value)


def _other(value: Any) -> Any:
    if isinstance(value, str | int):  # a host's own kind of text or number
        return canonical(str(value) if isinstance(value, str) else int(value))
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return {"time": value.isoformat()}
    if isinstance(value, dt.timedelta | decimal.Decimal | fractions.Fraction | uuid.UUID):
        return {type(value).__name__: str(value)}
    if isinstance(value, bytes | bytearray):
        return {"bytes": bytes(value).hex()}
    name = type(value).__qualname__
    if attrs.has(type(value)):
        return {name: [canonical(getattr(value, field.name)) for field in attrs.fields(type(value)) if field.eq]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: [canonical(getattr(value, field.name)) for field in dataclasses.fields(value) if field.compare]}
    for method in ("to_dict", "model_dump"):
        if callable(getattr(value, method, None)):
            return {name: canonical(getattr(value, method)())}
    raise refusal(
        f"decide returned a {name}, which cannot be compared; return plain values, measures, a Decision, "
        "or values of an attrs class or dataclass"
    )


@attrs.frozen(kw_only=True)
class Told:
    """One outcome.

    Attributes:
        key: Its canonical JSON: equal for equal outcomes.
        says: The same for people.
        nothing: Whether it means that nothing follows.
        raised: Name of the error, if the function raised instead.
        open: Whether it leaves the matter to people.
        trouble: Rules in Python that failed, each with how.
        measures: What follows, where the outcome says so in measures of the library.
    """

    key: str
    says: str
    nothing: bool
    raised: str = ""
    open: bool = False
    trouble: tuple[tuple[str, str], ...] = ()
    measures: tuple[Measure, ...] | None = attrs.field(default=None, eq=False)

    @property
    def bites(self) -> bool:
        """Whether something follows."""
        return not (self.nothing or self.raised or self.open)


class Caller:
    """Asks a function about events, each time with a fresh copy.

    Attributes:
        changed: The first event that the function changed, if it did.
    """

    def __init__(
        self, decide: Callable[..., Any], *, at: int = AT, make: Callable[[Any], Any] | None = None, nothing: Any = None
    ) -> None:
        self.decide, self.at, self.make, self.nothing = decide, at, make, nothing
        self.takes_at = _takes_at(decide)
        self.changed: tuple[dict[str, Any], Any] | None = None
        self.calls = 0

    def __call__(self, event: dict[str, Any], copied: Callable[[Any], Any] | None = None) -> Told:
        plain = (copied or fresh)(event)
        given: Any = plain if self.make is None else self.make(plain)
        self.calls += 1
        try:
            value = self.decide(given, at=self.at) if self.takes_at else self.decide(given)
        except Exception as error:  # noqa: BLE001 - whatever a host's function raises is what it told
            name = type(error).__name__
            told = Told(key=json.dumps({"raised": name}), says=f"raises {name}", nothing=False, raised=name)
        else:
            told = self.told(value)
        if self.changed is None and plain != event:
            self.changed = (fresh(event), plain)
        return told

    def told(self, value: Any) -> Told:
        plain = canonical(value)
        nothing = self.means_nothing(value, plain)
        key = json.dumps(plain, sort_keys=True)
        return Told(
            key=key,
            says=shown(value),
            nothing=nothing,
            open=_is_open(value),
            trouble=_trouble(value),
            measures=_measures(value),
        )

    def means_nothing(self, value: Any, plain: Any) -> bool:
        if self.nothing is not None:
            return bool(self.nothing(value)) if callable(self.nothing) else bool(plain == canonical(self.nothing))
        if isinstance(value, Decision):
            return value.outcome is Outcome.NONE
        if isinstance(value, enum.Enum):
            value = value.value
        if isinstance(value, Mapping) and "outcome" in value:
            value = value["outcome"]
        if isinstance(value, str):
            return value.lower() in _NOTHING
        return value is None or value is False or (not isinstance(value, int | float) and not _size(value))


def _size(value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        return 1


def _is_open(value: Any) -> bool:
    if isinstance(value, Decision):
        return value.outcome in (Outcome.UNDETERMINED, Outcome.HELD)
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, Mapping):
        value = value.get("outcome")
    return isinstance(value, str) and value.lower() in ("undetermined", "held", "review", "unknown")


def _trouble(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Decision):
        return ()
    codes = ("raised", "bad_answer", "undeclared_read")
    return tuple((rule.rule_id, f"{rule.code}:{rule.detail}") for rule in value.undetermined if rule.code in codes)


def _measures(value: Any) -> tuple[Measure, ...] | None:
    if isinstance(value, Decision):
        return value.measures
    if isinstance(value, Measure):
        return (value,)
    if isinstance(value, list | tuple) and value and all(isinstance(item, Measure) for item in value):
        return join(value)
    return None


def no_milder(one: Told, other: Told) -> bool | None:
    """Tell whether an outcome is at least as severe as another; None where that cannot be compared."""
    if one.raised or other.raised or one.open or other.open:
        return None
    if other.nothing:
        return True
    if one.nothing:
        return False
    if one.measures is not None and other.measures is not None:
        together = join((*one.measures, *other.measures))
        return [measure.severity for measure in together] == [measure.severity for measure in join(one.measures)]
    return True if one.key == other.key else None


def shown(value: Any) -> str:
    """Say an outcome in a few words."""
    if isinstance(value, Decision):
        words = ", ".join(map(str, value.measures)) or "no measure"
        return words if value.outcome in (Outcome.MEASURES, Outcome.NONE) else f"{value.outcome.value} ({words})"
    if isinstance(value, Measure):
        return str(value)
    if isinstance(value, list | tuple) and all(isinstance(item, Measure) for item in value):
        return ", ".join(map(str, value)) or "no measure"
    text = value if isinstance(value, str) else repr(value.value if isinstance(value, enum.Enum) else value)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _takes_at(decide: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(decide).parameters
    except (TypeError, ValueError):
        return False
    return "at" in parameters and parameters["at"].kind is not inspect.Parameter.POSITIONAL_ONLY


def fresh(value: Any) -> Any:
    """Copy an event, texts included: whoever compares objects instead of values shall be found."""
    kind = type(value)
    if kind is dict:
        return {key: fresh(item) for key, item in value.items()}
    if kind is list:
        return [fresh(item) for item in value]
    if kind is str:
        return value[:1] + value[1:]  # an equal text that is another object
    return value if kind in (int, float, bool) or value is None else copy.deepcopy(value)


def interned(value: Any) -> Any:
    """Copy an event so that its texts are the same objects as equal texts in code."""
    if type(value) is dict:
        return {interned(key): interned(item) for key, item in value.items()}
    if type(value) is list:
        return [interned(item) for item in value]
    return sys.intern(value) if type(value) is str else value
