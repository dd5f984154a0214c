"""What a test found: for each property whether it was proved, sampled or left open, and what breaks it."""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov.errors import PlatgovError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PROPERTIES", "ConsistencyError", "ConsistencyReport", "Counterexample", "Held", "Property", "Shown"]


class Held(enum.Enum):
    """How far a property is known to hold."""

    PROVED = "proved"
    """For every event there can be."""
    SAMPLED = "sampled"
    """In every case that was tried; others were not."""
    UNKNOWN = "unknown"
    """It could not be asked, or the budget ran out."""
    BROKEN = "broken"
    """There is a counterexample."""


class About(NamedTuple):
    """What a property says, and what to do where it is broken."""

    says: str
    repair: str


PROPERTIES: Final[dict[str, About]] = {
    "chance": About("nothing random decides", "take the chance out; a sample for review is drawn outside the rules"),
    "clock": About("the clock decides nothing", "make the instant a fact of the event, or read `at`"),
    "time_zone": About("the time zone of the server decides nothing", "compute with the zone that the event states"),
    "environment": About("no environment variable decides", "make it a field of the rule, so that it is recorded"),
    "locale": About("the locale of the server decides nothing", "write and compare texts without the locale"),
    "network": About("no network is used", "look it up before, and give the result as an opaque fact"),
    "file": About("no file is read", "read it once, into a field of the rule, so that it is recorded"),
    "program": About("no other program is run", "run it before, and give the result as an opaque fact"),
    "hash_order": About("the order of sets and hashes decide nothing", "sort before you choose; never use hash()"),
    "process": About("another process decides the same", "use nothing of the process: its id, arguments or machine"),
    "counter": About("earlier calls change nothing", "keep nothing between calls; what happened before is a fact"),
    "quota": About("equal cases are never used up", "past a cap, hold all of them for review instead of sparing some"),
    "mutation": About("events are left as they are", "copy what has to be changed"),
    "key_order": About("the order in which facts are given decides nothing", "read facts by name, or sort them"),
    "object_identity": About("equal values count as equal", "compare with == instead of `is`"),
    "batch": About("events in a batch are decided as they are one by one", "decide each event from its own facts"),
    "float_noise": About("the last digit of a number decides nothing", "count in whole units, or compare with a limit"),
    "undeclared_fact": About("facts that are not declared decide nothing", "declare the fact, with its role"),
    "unread_fact": About("facts that no rule reads decide nothing", "let a rule of the rule set say it"),
    "exemption": About("nobody is exempt by name or role", "remove it, or ask for a grant with a public reason"),
    "rollout": About("no part of the accounts is treated otherwise", "roll out by time and measure, for everybody"),
    "protected": About("no protected fact decides", "remove it, or ask for a grant with a public reason"),
    "identity_by_proxy": About("no id decides in place of a person", "declare the id as identity, and do not read it"),
    "identity": About("who somebody is decides nothing", "remove it, or ask for a grant with a public reason"),
    "error_as_no_match": About(
        "what is missing or wrong is not taken for a clean event", "leave it undetermined, for people to look at"
    ),
    "raises": About("usable events raise nothing", "handle the values that the facts allow"),
    "empty_condition": About("no rule applies whatever the facts say", "state the condition; nothing is no condition"),
    "monotone": About("more of an aggravating fact never makes it milder", "let the rule hold for all larger values"),
    "agreement": About("the function decides what the rule set decides", "decide with the rule set itself"),
    "defects": About("no rule is surely wrong", "see each finding"),
    "covered": About("what must be covered is", "add a rule for it"),
}
"""Every property by its name, in the order in which they are reported."""


@attrs.frozen(kw_only=True)
class Shown:
    """One side of a counterexample.

    Attributes:
        label: What sets it apart from the other side.
        record: The event as JSON text.
        outcome: What was decided, in words.
    """

    label: str
    record: str
    outcome: str

    @property
    def event(self) -> dict[str, Any]:
        """The event."""
        event: dict[str, Any] = json.loads(self.record)
        return event


@attrs.frozen(kw_only=True)
class Counterexample:
    """What breaks a property, cut down to what matters.

    Attributes:
        property: Name of the property, one of `PROPERTIES`.
        says: What is wrong, in a sentence.
        matters: The facts without which it would not show, as pairs of name and JSON value.
        sides: What was compared; one side where nothing has to be compared.
        cause: Where it comes from.
        repair: The smallest change that was found to help; failing that, what helps in general.
        replay: How to see it again.
    """

    property: str
    says: str
    matters: tuple[tuple[str, str], ...] = ()
    sides: tuple[Shown, ...] = ()
    cause: str = ""
    repair: str = ""
    replay: str = ""

    def __str__(self) -> str:
        lines = [f"{self.property}: {self.says}"]
        if self.sides:
            told = " ".join(f"{name}={value}" for name, value in self.matters)
            lines.append(f"  facts that matter: {told or 'none: it shows with any event'}")
        width = max((len(side.label) for side in self.sides), default=0)
        lines += [f"  {side.label:<{width}} -> {side.outcome}" for side in self.sides]
        for word, text in (("cause", self.cause), ("repair", self.repair), ("replay", self.replay)):
            if text:
                lines.append(f"  {word}: {text}")
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class Property:
    """How far one property holds.

    Attributes:
        name: Its name, one of `PROPERTIES`.
        held: Whether it was proved, sampled, left open or broken.
        samples: Cases that were tried; 0 where it was proved.
        detail: What was asked, or why there is no answer.
    """

    name: str
    held: Held
    samples: int = 0
    detail: str = ""

    def __str__(self) -> str:
        count = f" ({self.samples} cases)" if self.samples else ""
        detail = self.detail or PROPERTIES[self.name].says
        return f"{self.held.value:<8} {self.name:<18} {detail}{count}"


_ORDER: Final = {name: place for place, name in enumerate(PROPERTIES)}


def _sorted(properties: Iterable[Property]) -> tuple[Property, ...]:
    return tuple(sorted(properties, key=lambda item: (_ORDER[item.name], item.held.value, item.detail)))


def _in_order(found: Iterable[Counterexample]) -> tuple[Counterexample, ...]:
    return tuple(sorted(found, key=lambda item: (_ORDER[item.property], item.says)))


@attrs.frozen(kw_only=True)
class ConsistencyReport:
    """What a run of the kit says.

    Attributes:
        subject: What was tested.
        seed: The seed of this run; the same seed tries the same cases.
        properties: Every property that was asked about. One may stand here twice: proved for
            the rule set, and sampled for the function.
        counterexamples: What breaks them.
        notes: What the analysis reports beside them, in sentences.
    """

    subject: str
    seed: int
    properties: tuple[Property, ...] = attrs.field(converter=_sorted)
    counterexamples: tuple[Counterexample, ...] = attrs.field(default=(), converter=_in_order)
    notes: tuple[str, ...] = ()

    def names(self, held: Held) -> frozenset[str]:
        """Give the names of the properties that are held so and no worse."""
        worse = list(Held)[list(Held).index(held) + 1 :]
        worst = {item.name for item in self.properties if item.held in worse}
        return frozenset(item.name for item in self.properties if item.held is held) - worst

    @property
    def proved(self) -> frozenset[str]:
        """Names of what is proved, and nowhere only sampled."""
        return self.names(Held.PROVED)

    @property
    def sampled(self) -> frozenset[str]:
        """Names of what held in every case that was tried."""
        return self.names(Held.SAMPLED)

    @property
    def unknown(self) -> frozenset[str]:
        """Names of what was left open."""
        return self.names(Held.UNKNOWN)

    @property
    def broken(self) -> frozenset[str]:
        """Names of what is broken."""
        return self.names(Held.BROKEN)

    def __str__(self) -> str:
        lines = [f"{self.subject}, seed {self.seed}:", *(f"  {item}" for item in self.properties)]
        lines += [f"  note: {note}" for note in self.notes]
        for found in self.counterexamples:
            lines += ["", str(found)]
        return "\n".join(lines)


class ConsistencyError(PlatgovError, AssertionError):
    """Rules do not treat everyone alike, or nobody can tell whether they do.

    Attributes:
        report: All that was found.
    """

    def __init__(self, report: ConsistencyReport) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        report = self.report
        words = (
            [f"{report.subject} is not consistent"] if report.counterexamples else [f"{report.subject}: not settled"]
        )
        lines = [f"{words[0]} (seed {report.seed})"]
        for found in report.counterexamples:
            lines += ["", str(found)]
        left = [item for item in report.properties if item.held is Held.UNKNOWN]
        if left:
            lines += ["", "not settled, and counted as a failure unless you pass allow_unknown=True:"]
            lines += [f"  {item.name}: {item.detail}" for item in left]
        held = [f"{name} {how.value}" for how in (Held.PROVED, Held.SAMPLED) for name in sorted(report.names(how))]
        lines += ["", f"held: {', '.join(held) or 'nothing'}"]
        return "\n".join(lines)
