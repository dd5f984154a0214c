"""A credit state that grows by one event at a time and always equals the replay of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._accounts.checks import DAY, refuse, same_version
from platgov._accounts.history import TASK, VIOLATION, CreditHistory, Event
from platgov._canonical import shown
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import InputError, NeedsReplayError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov._accounts.credit import CreditPolicy

__all__ = ["Snapshot"]


@attrs.frozen(kw_only=True)
class Snapshot:
    """Where the credit of one account stands, without its history.

    An event that is later than all before it is added in O(1) for a `Drain`, in the number of
    live violations for a `Fade`. Events of one instant may come in any order, and twice. What
    would change the past (an earlier event, an overturn, a hold, a release) raises
    `NeedsReplayError`; nothing is ever approximated. Made by `CreditPolicy.snapshot`.

    Attributes:
        policy: The policy; stored by its digest.
        latest: The events of the newest instant.
        base: The state before that instant.
        state: The state now.
    """

    policy: CreditPolicy = attrs.field(repr=False)
    base: Any = attrs.field(repr=False)
    latest: tuple[Event, ...]
    state: Any = attrs.field(repr=False, eq=False)

    @property
    def at(self) -> int | None:
        """The newest instant; None before the first event."""
        return self.latest[0].at if self.latest else None

    def add(self, event: Event) -> Snapshot:
        """Give the snapshot with one event more.

        Raises:
            NeedsReplayError: The event would change the past; build the snapshot from the history.
            InputError: The event cites what the policy does not publish, or has the id of another
                of the newest instant. Older ids are not kept: that an id is new, the host makes
                sure, or a `CreditHistory`.
        """
        if not isinstance(event, Event):
            raise refuse("Snapshot", f"{shown(event)} is no event; give an Event", code="type")
        kind = event.kind
        if kind is not VIOLATION and kind is not TASK:
            raise NeedsReplayError(event.id, f"{kind.value} of {event.id!r} changes the past")
        latest = self.latest
        if not latest or event.at > latest[0].at:
            for known in latest:
                if known.id == event.id:
                    message = f"{event.id!r} stands for two things, at {to_iso(known.at)} and {to_iso(event.at)}"
                    raise refuse("Snapshot", message, path="$.id", code="conflict")
            policy, state = self.policy, self.state
            return Snapshot(policy=policy, base=state, latest=(event,), state=policy.step(state, event))
        if event.at < latest[0].at:
            message = f"{event.id!r} at {to_iso(event.at)} is earlier than {to_iso(latest[0].at)}"
            raise NeedsReplayError(event.id, message)
        return self._beside(event)

    def _beside(self, event: Event) -> Snapshot:
        # The few events of one instant are folded again, in their order: so theirs does not matter.
        together = CreditHistory.of((*self.latest, event)).events
        if len(together) == len(self.latest):
            return self
        state, _ = self.policy.replay_from(self.base, together)
        return Snapshot(policy=self.policy, base=self.base, latest=together, state=state)

    def advance(self, events: Iterable[Event]) -> Snapshot:
        """Add events one after the other, as `add` does; nothing is kept of them but the state."""
        if not hasattr(events, "__iter__"):
            raise refuse("Snapshot", f"{shown(events)} is no list of events", code="type")
        policy, base, latest, state = self.policy, self.base, self.latest, self.state
        step = policy.step
        for event in events:
            plain = type(event) is Event and (event.kind is VIOLATION or event.kind is TASK)
            if plain and (not latest or (event.at > latest[0].at and len(latest) == 1 and event.id != latest[0].id)):
                # What `add` does for nearly every event, without a value for each that nobody sees.
                base, latest, state = state, (event,), step(state, event)
            else:
                snapshot = Snapshot(policy=policy, base=base, latest=latest, state=state).add(event)
                base, latest, state = snapshot.base, snapshot.latest, snapshot.state
        return Snapshot(policy=policy, base=base, latest=latest, state=state)

    def value(self, *, at: int | dt.datetime) -> int:
        """Give the score, as `CreditPolicy.score` would.

        Raises:
            NeedsReplayError: ``at`` lies before the newest event.
        """
        return self.policy.value(self.state, self._reached(at))

    def next_change(self, *, at: int | dt.datetime) -> int | None:
        """Give the first later second with another score if nothing else happens; None for never."""
        return self.policy.next_change(self.state, self._reached(at))

    def _reached(self, at: int | dt.datetime) -> int:
        instant = to_epoch(at)
        if self.latest and instant < self.latest[0].at:
            raise NeedsReplayError(
                "", f"{to_iso(instant)} is earlier than the newest event, {to_iso(self.latest[0].at)}"
            )
        return instant

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values. Whole numbers that may pass 2**53 are text."""
        debt, recent, repaid = self.base
        return {
            "schema": 1,
            "policy": self.policy.digest,
            "base": {
                "debt": _texts(debt),
                "recent": [to_iso(at) for at in recent],
                "repaid": [[to_iso(at), code, str(units)] for at, code, units in repaid],
            },
            "latest": [event.to_dict() for event in self.latest],
        }

    @staticmethod
    def from_dict(data: object, policy: CreditPolicy, *, migrate: CreditHistory | None = None) -> Snapshot:
        """Read what `to_dict` wrote.

        Args:
            data: The plain form.
            policy: The policy it was made under.
            migrate: Where the snapshot is of another policy: the history to replay under this
                one, up to the newest event of the snapshot. Never done without being asked.

        Raises:
            InputError: It is no snapshot, or another policy's and ``migrate`` is not given.
        """
        try:
            return _read(data, policy, migrate)
        except (KeyError, TypeError, ValueError, AttributeError) as bad:
            if isinstance(bad, InputError):
                raise
            raise refuse("Snapshot", f"{shown(data)} is no snapshot; give what to_dict() returned") from None


def _read(data: Any, policy: CreditPolicy, migrate: CreditHistory | None) -> Snapshot:
    if set(data) != {"schema", "policy", "base", "latest"} or not same_version(data["schema"], 1):
        raise refuse("Snapshot", f"{shown(data)} is no snapshot of schema 1")
    latest = CreditHistory.of([Event.from_dict(event) for event in data["latest"]]).events
    if len({event.at for event in latest}) > 1:
        raise refuse("Snapshot", "its latest events are of several instants", path="$.latest")
    if any(event.kind is not VIOLATION and event.kind is not TASK for event in latest):
        raise refuse("Snapshot", "its latest events are not all violations and tasks", path="$.latest")
    if data["policy"] != policy.digest:
        if migrate is None:
            message = f"is of policy {data['policy']}, not {policy.digest}; give its history as migrate= to change"
            raise refuse("Snapshot", message, path="$.policy", code="policy")
        return policy.snapshot(migrate, at=latest[0].at) if latest else policy.snapshot()
    state = _base(data["base"], policy, latest[0].at if latest else None)
    return Snapshot(policy=policy, base=state, latest=latest, state=policy.replay_from(state, latest)[0])


def _base(base: Any, policy: CreditPolicy, before: int | None) -> Any:
    """Read the state before the newest instant; None where nothing happened yet."""
    if set(base) != {"debt", "recent", "repaid"}:
        raise refuse("Snapshot", f"{shown(base)} is no base; give debt, recent and repaid", path="$.base")
    debt, recent = _numbers(base["debt"]), tuple([from_iso(at) for at in base["recent"]])
    repaid = tuple([(from_iso(at), code, _number(units)) for at, code, units in base["repaid"]])
    state = (debt, recent, repaid)
    if before is None:
        if state != policy.empty:
            raise refuse("Snapshot", "it has a base, and no latest event", path="$.base")
        return state
    flow = policy.recovery.flow(policy.max_lifetime_days * DAY)
    # A base that cannot be would be told as a score all the same, and a wrong one.
    if not flow.is_state(debt, before=before, max_points=policy.max_single):
        message = f"debt {shown(base['debt'])} is none that this policy leaves before {to_iso(before)}"
        raise refuse("Snapshot", message, path="$.base.debt")
    if list(recent) != sorted(recent) or (recent and (policy.escalation is None or recent[-1] >= before)):
        message = f"recent is out of order, not before {to_iso(before)}, or of a policy that escalates nothing"
        raise refuse("Snapshot", message, path="$.base.recent")
    whens = [at for at, _, _ in repaid]
    if whens != sorted(whens) or (whens and whens[-1] >= before):
        raise refuse("Snapshot", f"repaid is out of order, or not before {to_iso(before)}", path="$.base.repaid")
    for code in {code for _, code, _ in repaid}:
        task, units = policy.tasks.get(code), [units for _, known, units in repaid if known == code]
        if task is None or min(units) < 1 or sum(units) > task.max_points * flow.scale:
            message = f"repaid {shown(code)} is no task of this policy, or more than that repays"
            raise refuse("Snapshot", message, path="$.base.repaid")
    return state


def _texts(value: Any) -> Any:
    return [_texts(item) for item in value] if isinstance(value, tuple) else str(value)


def _numbers(value: Any, depth: int = 5) -> Any:
    if not depth:
        raise refuse("Snapshot", "its debt is nested too deeply", path="$.base.debt")
    return tuple([_numbers(item, depth - 1) for item in value]) if isinstance(value, list) else _number(value)


def _number(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 40):
        raise refuse("Snapshot", f"{shown(text)} is no whole number")
    return int(text)
