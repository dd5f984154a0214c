"""Stops a rule that hits too much, for everybody at once, until a person has looked.

A breaker that has tripped never lets some cases through: it gives the ``holds`` for
`RuleSet.decide`, and every equal case is then held for review alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.numbers import plain, refused, share, text, whole
from platgov._time import to_epoch, to_iso
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Breaker", "holds"]

_TIMES: Final = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
"""How many times the cap is bet on, each with an equal stake."""
_WATCHED: Final = {
    "hit": "share of events that it hits",
    "wrong": "share of its hits that were wrong",
    "overturned": "share of its measures that were overturned on appeal",
}


@attrs.frozen(kw_only=True)
class Breaker:
    """Watches one share of one rule, and trips once it is above its cap beyond doubt.

    Like `Monitor`, it may be asked after every event: if the share is at its cap or below, it
    trips with a chance of at most ``alpha``, ever.

    ::

        breaker = Breaker(rule_id="spam.links", watches="hit", cap=0.01)
        breaker = breaker.observe(hits=1, of=1, at=at)
        rule_set.decide(post, at=at, holds=breaker.holds)

    Attributes:
        rule_id: The rule.
        watches: ``hit`` (share of all events), ``wrong`` (share of a random sample of its hits
            that people found wrong: one minus precision) or ``overturned``.
        cap: The largest share that is accepted.
        alpha: Chance to trip without cause.
        hits: What was counted since the last reset.
        of: Out of how many.
        tripped_at: When it tripped, in UTC epoch seconds; None if it did not.
    """

    rule_id: str
    watches: str = "hit"
    cap: float
    alpha: float = 0.001
    hits: int = attrs.field(default=0, init=False)
    of: int = attrs.field(default=0, init=False)
    tripped_at: int | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        text(self.rule_id, "rule_id")
        if self.watches not in _WATCHED:
            raise refused(f"watches is {shown(self.watches)}; give one of {', '.join(_WATCHED)}", "$.watches", "value")
        share(self.cap, "cap")
        share(self.alpha, "alpha")

    @property
    def e(self) -> float:
        """Evidence that the share is above the cap: how many times a stake against it has been won."""
        times = [one for one in _TIMES if one * self.cap < 1] or [(1 + 1 / self.cap) / 2]
        logs = [
            self.hits * math.log(one) + (self.of - self.hits) * (math.log1p(-one * self.cap) - math.log1p(-self.cap))
            for one in times
        ]
        return sum(math.exp(min(700.0, value)) for value in logs) / len(logs)

    def observe(self, *, hits: int, of: int, at: int | dt.datetime) -> Breaker:
        """Count some events; in blocks as small as can be, since it can trip only at the end of one.

        Once tripped it counts nothing more.

        Raises:
            InputError: More hits than events, or a count is no whole number.
        """
        whole(of, "of")
        whole(hits, "hits", most=of)
        now = to_epoch(at)
        if self.tripped_at is not None:
            return self
        following = self._with(self.hits + hits, self.of + of, None)
        return self._with(following.hits, following.of, now) if following.e >= 1 / self.alpha else following

    @property
    def holds(self) -> dict[str, str]:
        """What `RuleSet.decide` takes as ``holds``: the rule with the reason if it has tripped, else nothing."""
        return {} if self.tripped_at is None else {self.rule_id: self.reason}

    @property
    def reason(self) -> str:
        """Why the rule is held, or would be."""
        return f"{_WATCHED[self.watches]} is {self.hits} of {self.of}, above the cap of {self.cap:g}"

    def reset(self, *, by: str, reason: str, at: int | dt.datetime) -> tuple[Breaker, dict[str, Any]]:
        """Let the rule act again, for everybody, and start counting anew.

        Returns:
            The breaker, and the record of it for the ledger.

        Raises:
            DueProcessError: It has not tripped, or does so before it tripped.
            InputError: ``by`` or ``reason`` is blank.
        """
        now = to_epoch(at)
        if self.tripped_at is None:
            raise DueProcessError("not_tripped", f"the breaker of {self.rule_id!r} has not tripped")
        if now < self.tripped_at:
            raise DueProcessError("too_early", f"it tripped at {to_iso(self.tripped_at)}; give a later `at`")
        record = _record(self, now, by=text(by, "by"), reason=text(reason, "reason"), held=False)
        return self._with(0, 0, None), record

    def record(self, *, by: str) -> dict[str, Any]:
        """Write the trip for the ledger; `replay` accepts no hold without such a record.

        Args:
            by: Who answers for the breaker.

        Raises:
            DueProcessError: It has not tripped.
        """
        if self.tripped_at is None:
            raise DueProcessError("not_tripped", f"the breaker of {self.rule_id!r} has not tripped")
        return _record(self, self.tripped_at, by=text(by, "by"), reason=self.reason, held=True)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**plain(self), "tripped_at": None if self.tripped_at is None else to_iso(self.tripped_at)}

    def _with(self, hits: int, of: int, tripped_at: int | None) -> Breaker:
        following = Breaker(rule_id=self.rule_id, watches=self.watches, cap=self.cap, alpha=self.alpha)
        for name, value in (("hits", hits), ("of", of), ("tripped_at", tripped_at)):
            object.__setattr__(following, name, value)
        return following


def _record(breaker: Breaker, at: int, *, by: str, reason: str, held: bool) -> dict[str, Any]:
    return {
        "kind": "hold",
        "schema": 1,
        "rule": breaker.rule_id,
        "held": held,
        "at": to_iso(at),
        "by": by,
        "text": reason,
        "watches": breaker.watches,
        "cap": breaker.cap,
        "hits": breaker.hits,
        "of": breaker.of,
    }


def holds(breakers: Any) -> dict[str, str]:
    """Give the holds of a list of breakers together; a rule held by several cites them all."""
    if isinstance(breakers, str) or not isinstance(breakers, Iterable):
        raise refused(f"{shown(breakers)} is no list of breakers")
    reasons: dict[str, list[str]] = {}
    for breaker in breakers:
        if not isinstance(breaker, Breaker):
            raise refused(f"{shown(breaker)} is no breaker")
        for rule_id, reason in breaker.holds.items():
            reasons.setdefault(rule_id, []).append(reason)
    return {rule_id: "; ".join(sorted(found)) for rule_id, found in sorted(reasons.items())}
