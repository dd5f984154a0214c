"""Accounts sorted by type and grade, each type under its own published policies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from platgov._accounts.checks import instance, name, optional_instant, pairs, refuse
from platgov._accounts.credit import CreditPolicy
from platgov._accounts.grades import GradePolicy
from platgov._canonical import digest, shown

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from platgov._accounts.grade import Grade
    from platgov._accounts.grades import Lock, Observation
    from platgov._accounts.history import CreditHistory
    from platgov._accounts.score import Score

__all__ = ["Account", "AccountKind", "AccountPolicies", "KindPolicy", "Standing"]


@attrs.frozen(kw_only=True, order=True)
class AccountKind:
    """A type of account. Hosts add their own: ``AccountKind(name="brand")``.

    Attributes:
        name: How it is stored.
    """

    PERSONAL: ClassVar[AccountKind]
    ORGANISATION: ClassVar[AccountKind]
    MEDIA: ClassVar[AccountKind]
    GOVERNMENT: ClassVar[AccountKind]
    PUBLIC_FIGURE: ClassVar[AccountKind]
    BOT: ClassVar[AccountKind]
    MINOR: ClassVar[AccountKind]

    name: str = attrs.field(validator=name)


AccountKind.PERSONAL = AccountKind(name="personal")
AccountKind.ORGANISATION = AccountKind(name="organisation")
AccountKind.MEDIA = AccountKind(name="media")
AccountKind.GOVERNMENT = AccountKind(name="government")
AccountKind.PUBLIC_FIGURE = AccountKind(name="public_figure")
AccountKind.BOT = AccountKind(name="bot")
AccountKind.MINOR = AccountKind(name="minor")


@attrs.frozen(kw_only=True)
class Account:
    """An account, as far as grading needs it.

    Attributes:
        id: Its id; text.
        kind: Its type. It may change; policies of the new type then apply to all conduct.
        registered_at: Since when it exists, in UTC epoch seconds; None if unknown.
    """

    id: str = attrs.field(validator=name)
    kind: AccountKind = attrs.field(default=AccountKind.PERSONAL, validator=instance(AccountKind))
    registered_at: int | None = attrs.field(default=None, converter=optional_instant)

    def as_kind(self, kind: AccountKind) -> Account:
        """Give the account under another type."""
        return attrs.evolve(self, kind=kind)


@attrs.frozen(kw_only=True)
class KindPolicy:
    """What applies to all accounts of one type alike."""

    credit: CreditPolicy = attrs.field(validator=instance(CreditPolicy))
    grades: GradePolicy = attrs.field(validator=instance(GradePolicy))


@attrs.frozen(kw_only=True)
class Standing:
    """Where an account stands among others at an instant."""

    account: Account
    grade: Grade


def _table(policies: Any) -> Mapping[AccountKind, KindPolicy]:
    good = isinstance(policies, Mapping) and policies
    if not good or not all(isinstance(k, AccountKind) and isinstance(v, KindPolicy) for k, v in policies.items()):
        message = f"policies is {shown(policies)}; give a KindPolicy for each AccountKind"
        raise refuse("AccountPolicies", message, path="$.policies", code="type")
    return MappingProxyType(dict(policies))


def _by_id(given: Any, field: str) -> dict[Any, Any]:
    if given is not None and not (isinstance(given, Mapping) and all(type(key) is str for key in given)):
        message = f"{field} is {shown(given)}; give a table by id of the account"
        raise refuse("AccountPolicies", message, path=f"$.{field}", code="type")
    return dict(given or {})


@attrs.frozen(kw_only=True, eq=False)
class AccountPolicies:
    """The policies of every type of account. The type is all that they may know of an account.

    Attributes:
        policies: By type. The order is the order in which types are listed.
        digest: Content address of all of this.
    """

    policies: Mapping[AccountKind, KindPolicy] = attrs.field(converter=_table)
    digest: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self.to_dict()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (AccountPolicies.from_dict, (self.to_dict(),))  # read-only tables do not pickle

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same types, in the same order."""
        return self.digest == other.digest if isinstance(other, AccountPolicies) else NotImplemented

    def __hash__(self) -> int:
        """Agree for what is equal."""
        return hash(self.digest)

    def of(self, kind: AccountKind) -> KindPolicy:
        """Give the policies of a type.

        Raises:
            InputError: There are none; nobody is graded by a policy that was not made for them.
        """
        asked: Any = kind
        found = self.policies.get(asked) if isinstance(asked, AccountKind) else None
        if found is None:
            known = ", ".join(kind.name for kind in self.policies)
            raise refuse("AccountPolicies", f"no policies for {shown(getattr(kind, 'name', kind))}; there are {known}")
        return found

    def _own(self, account: Account) -> KindPolicy:
        if not isinstance(account, Account):
            raise refuse("AccountPolicies", f"{shown(account)} is no account; give an Account", code="type")
        return self.of(account.kind)

    def score(self, account: Account, history: CreditHistory, *, at: int | dt.datetime) -> Score:
        """Score an account by the policy of its type; see `CreditPolicy.score`."""
        return self._own(account).credit.score(history, at=at)

    def grade(
        self,
        account: Account,
        history: CreditHistory,
        *,
        at: int | dt.datetime,
        facts: Mapping[str, Any] | Sequence[Observation] | None = None,
        locks: Sequence[Lock] = (),
    ) -> Grade:
        """Grade an account by the policies of its type; see `GradePolicy.grade`."""
        own = self._own(account)
        since = account.registered_at
        return own.grades.grade(history, own.credit, at=at, registered_at=since, facts=facts, locks=locks)

    def sort(
        self,
        accounts: Iterable[tuple[Account, CreditHistory]],
        *,
        at: int | dt.datetime,
        facts: Mapping[str, Mapping[str, Any] | Sequence[Observation]] | None = None,
        locks: Mapping[str, Sequence[Lock]] | None = None,
    ) -> tuple[Standing, ...]:
        """Sort accounts by type, then grade (highest first), then id, as they stand at an instant.

        Args:
            accounts: Pairs of an account and its history.
            at: The instant.
            facts: By id of the account, what `grade` takes; of those that are left out nothing is known.
            locks: By id of the account.

        Raises:
            InputError: Something cannot be read, or facts or locks are about none of the accounts.
        """
        places = {kind: place for place, kind in enumerate(self.policies)}
        known, held = _by_id(facts, "facts"), _by_id(locks, "locks")
        standings = []
        for account, history in pairs(accounts, "AccountPolicies", "an Account and a CreditHistory"):
            own = account.id if isinstance(account, Account) else None
            grade = self.grade(account, history, at=at, facts=known.get(own), locks=held.get(own, ()))
            standings.append(Standing(account=account, grade=grade))
        ids = {one.account.id for one in standings}
        for field, given in (("facts", known), ("locks", held)):
            if strange := sorted(given.keys() - ids):
                message = f"{field} are about {shown(strange[0])}, which is none of the accounts"
                raise refuse("AccountPolicies", message, path=f"$.{field}", code="unknown")
        return tuple(sorted(standings, key=lambda item: (places[item.account.kind], -item.grade.rank, item.account.id)))

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "kinds": [
                {"kind": kind.name, "credit": own.credit.to_dict(), "grades": own.grades.to_dict()}
                for kind, own in self.policies.items()
            ]
        }

    @staticmethod
    def from_dict(data: object) -> AccountPolicies:
        """Read what `to_dict` wrote.

        Raises:
            InputError: What is wrong.
        """
        rows = data.get("kinds") if type(data) is dict and set(data) == {"kinds"} else None
        if type(rows) is not list:
            raise refuse("AccountPolicies", f"expected an object with kinds, a list; got {shown(data)}")
        found = {}
        for row in rows:
            if type(row) is not dict or set(row) != {"kind", "credit", "grades"}:
                raise refuse("AccountPolicies", f"expected kind, credit and grades; got {shown(row)}")
            kind = AccountKind(name=row["kind"])
            if kind in found:
                raise refuse("AccountPolicies", f"{kind.name!r} stands twice", code="duplicate")
            credit, grades = CreditPolicy.from_dict(row["credit"]), GradePolicy.from_dict(row["grades"])
            found[kind] = KindPolicy(credit=credit, grades=grades)
        return AccountPolicies(policies=found)
