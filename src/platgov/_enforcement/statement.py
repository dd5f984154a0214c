"""Why was this decided about me? One statement, told to the person, the public and other services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov import messages as catalogues
from platgov._canonical import shown
from platgov._enforcement import dsa, exports, notice
from platgov._enforcement.actors import address, flag, instant, member, refuse
from platgov._enforcement.events import Signature
from platgov._enforcement.given import READERS, LegalGround, Source
from platgov._enforcement.history import History
from platgov._enforcement.sanction import Restriction, Sanction
from platgov._facts.schema import Role
from platgov._rules.decision import Decision
from platgov._rules.explain import Reason
from platgov._rules.ruleset import RuleSet
from platgov.messages import Messages

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from platgov._facts.schema import Schema
    from platgov.measures import Measure

__all__ = ["LegalGround", "Source", "StatementOfReasons"]

_GIVEN: Final = (READERS.keys() - {"source", "content_types"}) | {
    "automated_detection",
    "ground",
    "also_illegal",
    "puid",
}
"""What `StatementOfReasons.of` takes by name besides its own arguments."""


@attrs.frozen(kw_only=True)
class StatementOfReasons:
    """Why a sanction followed from a decision. Made by `of`.

    ``to_dsa``, ``to_labels`` and ``to_flag`` are for the public: of the facts they tell numbers,
    yes or no, and enums, and these only of conduct. They never tell text, nor who anybody is.
    ``to_notice`` is for the person concerned, and tells them more; but not who reported them.

    Attributes:
        decision: The decision.
        sanction: What followed from it.
        at: The instant for which it is told, in UTC epoch seconds.
        restrictions: What is in force by the sanction.
        waiting: Measures of it that wait for a signature.
        changed: Why it is something else by now than what was told, as in
            `History.changes`; None if it is not, or without a history.
        strikes: Strikes standing at ``at``; None without a history.
        appeal_until: Last second for an appeal; None if there is none.
        source: What made the platform look.
        language: Language of the texts, as a BCP 47 tag.
        content_types: What kinds of content it is about, as the schema calls them.
        content_type_other: The kind, where it is OTHER.
        content_date: When the content was posted or the account made.
        application_date: From when it holds.
        automated_detection: Whether automated means found it.
        automated_decision: How far automated means decided it.
        territorial_scope: EEA countries it is limited to, sorted; empty if it is not.
        content_language: Language of the content, two capital letters.
        ground: The law, where content is held to be illegal; None where it breaks the rules.
        also_illegal: Where it breaks the rules, whether it is held to be illegal as well.
        category: Category of the schema.
        category_addition: Further ones, sorted.
        keywords: Keywords of the schema, sorted.
        keywords_other: The keyword, where it is OTHER.
        account_type: Business or private.
        ean13: Article number of a product.
        reference_url: Where the law or the rules can be read.
        reported_as: For measures by name, what they are in the schema; None for nothing.
            Measures not named go by their class, or else their kind.
        puid: Id in the database: the same for every retry, and no way back to the account.
        messages: The texts.
    """

    decision: Decision
    sanction: Sanction
    at: int
    restrictions: tuple[Restriction, ...]
    waiting: tuple[Measure, ...] = ()
    changed: str | None = None
    strikes: int | None = None
    appeal_until: int | None = None
    source: Source
    language: str
    content_types: tuple[str, ...]
    content_type_other: str | None = None
    content_date: dt.date
    application_date: dt.date
    automated_detection: bool = True
    automated_decision: str
    territorial_scope: tuple[str, ...] = ()
    content_language: str | None = None
    ground: LegalGround | None = None
    also_illegal: bool | None = None
    category: str
    category_addition: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    keywords_other: str | None = None
    account_type: str | None = None
    ean13: str | None = None
    reference_url: str | None = None
    reported_as: tuple[tuple[str, str | None], ...] = ()
    puid: str
    messages: Messages = attrs.field(eq=False, repr=False)
    _rules: RuleSet | None = attrs.field(eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for name, reader in READERS.items():
            object.__setattr__(self, name, reader(getattr(self, name)))
        flag(self.automated_detection, "automated_detection")
        if self.ground is not None:
            member(self.ground, LegalGround, "ground")
        if self.also_illegal is not None:
            flag(self.also_illegal, "also_illegal")
        if type(self.puid) is not str or not dsa.PUID.fullmatch(self.puid) or len(self.puid) > dsa.SHORT:
            message = f"use up to {dsa.SHORT} of the letters A to Z, digits, '-' and '_'"
            raise refuse(f"puid is {shown(self.puid)}; {message}", path="$.puid")
        if not self.content_types:
            raise refuse("content_types is empty; name at least one", path="$.content_types")
        self._check_other("content_type_other", self.content_types, "CONTENT_TYPE_OTHER", needed=True)
        self._check_other("keywords_other", self.keywords, "KEYWORD_OTHER", needed=False)
        self.messages.language(self.language)

    def _check_other(self, name: str, chosen: tuple[str, ...], value: str, *, needed: bool) -> None:
        text = getattr(self, name)
        if text is not None and (value not in chosen or not text.strip() or len(text) > dsa.SHORT):
            message = f"give up to {dsa.SHORT} characters, and only beside {value}"
            raise refuse(f"{name} is {shown(text)}; {message}", path=f"$.{name}")
        if needed and text is None and value in chosen:
            raise refuse(f"{value} takes {name}; say what it is", path=f"$.{name}")

    @staticmethod
    def of(
        decision: Decision,
        sanction: Sanction,
        *,
        source: Source | str = Source.VOLUNTARY,
        language: str = "en",
        content_types: Iterable[str] = ("text",),
        history: History | None = None,
        at: int | dt.datetime | None = None,
        rules: RuleSet | None = None,
        messages: Messages | None = None,
        **given: Any,
    ) -> StatementOfReasons:
        """State the reasons for a sanction.

        Args:
            decision: The decision that the sanction follows from.
            sanction: The sanction.
            source: What made the platform look: a `Source`, or its name here or in the schema.
            language: Language of the texts; they are looked up in ``messages``.
            content_types: ``text``, ``image`` … or as in the schema.
            history: Where signatures, appeals and overturned strikes are known. Without it the
                sanction is told as it was when it was applied.
            at: For which instant the history is asked; by default that of the sanction.
            rules: The rule set, where the decision was read without it; its texts and the
                reasons are told only with it.
            messages: The texts, by default those that come with platgov.
            **given: Further attributes by name. By default ``content_date`` is the day of the
                decision, ``application_date`` the first day of the restrictions,
                ``automated_decision`` FULLY where nobody applied or signed the sanction and
                PARTIALLY where somebody did, and the categories those of the findings (in the schema's
                words: ``scams_and_fraud``), OTHER_VIOLATION_TC where none is known.

        Raises:
            InputError: The sanction is of another decision, or a value is not accepted.
        """
        member(decision, Decision, "decision")
        member(sanction, Sanction, "sanction")
        if sanction.decision_digest != decision.digest:
            message = f"the sanction is of decision {sanction.decision_digest}, this one is {decision.digest}"
            raise refuse(message, code="other_decision", path="$.sanction")
        now = sanction.at if at is None else instant(at)
        if now < sanction.at:
            raise refuse("at is before the sanction; give that of the sanction or a later one", path="$.at")
        for value, cls, name in (
            (history, History, "history"),
            (rules, RuleSet, "rules"),
            (messages, Messages, "messages"),
        ):
            if value is not None:
                member(value, cls, name)
        if rules is not None and rules.digest != decision.rule_set:
            message = f"the decision is of rule set {decision.rule_set}, these rules are {rules.digest}"
            raise refuse(message, code="other_rules", path="$.rules")
        category, addition = _categories(decision)
        if unknown := sorted(given.keys() - _GIVEN):
            raise refuse(
                f"no argument {', '.join(unknown)}; there are {', '.join(sorted(_GIVEN))}", code="unknown_field"
            )
        standing = _as_told(sanction) if history is None else _as_of(sanction, history, now)
        defaults: dict[str, Any] = {
            **standing,
            "source": source,
            "content_types": content_types,
            "content_date": decision.at,
            "application_date": min((one.start for one in standing["restrictions"]), default=sanction.at),
            "automated_decision": "PARTIALLY" if _by_people(sanction, history, now) else "FULLY",
            "category": category,
            "category_addition": [one for one in addition if "category" not in given],
            # Not the id of the sanction alone: it is made of the account, and accounts can be guessed.
            "puid": address("sor", [sanction.id, decision.digest]),
        }
        return StatementOfReasons(
            decision=decision,
            sanction=sanction,
            at=now,
            language=language,
            messages=catalogues.default() if messages is None else messages,
            rules=_rules_of(decision) if rules is None else rules,
            **{**defaults, **given},
        )

    @property
    def required(self) -> bool:
        """Whether the law asks for a statement: something is restricted.

        A mere warning restricts nothing, and neither does what waits for a signature.

        Source: DSA Art. 17(1).
        """
        return bool(exports.reported(self))

    def to_dsa(self) -> dict[str, Any]:
        """Write the payload for the DSA Transparency Database; it always passes `validate_dsa`.

        What is longer than the schema allows is cut at a word, with ``[…]``; the notice has
        the whole text. A restriction that lasts past the last day the database can name is
        reported with that day, and its end is told in the text.

        Raises:
            DueProcessError: Nothing is restricted (see `required`), code ``nothing_restricted``.
            InputError: A date that the database does not accept.
        """
        return exports.to_dsa(self)

    def to_notice(self, language: str | None = None, *, zone: str = "UTC") -> str:
        """Write the notice for the person concerned.

        Args:
            language: By default the language of the statement.
            zone: Time zone that instants are written in.
        """
        return notice.of_statement(self, self.language if language is None else language, zone)

    def to_labels(
        self,
        *,
        src: str,
        uri: str,
        cid: str | None = None,
        values: Mapping[str, str] | None = None,
        overturned_at: int | dt.datetime | None = None,
    ) -> tuple[dict[str, Any], ...]:
        """Write ATProto labels, unsigned: one for each measure that a label can express.

        Args:
            src: DID of the labelling service.
            uri: What is labelled: an ``at://`` record or the DID of an account.
            cid: Version of the record.
            values: Label values by name of measure or by text of label, where the usual ones
                do not do: ``!hide`` for what is removed or suspended, ``!no-promote`` for
                limited visibility, and for labels their text in lower case with hyphens.
            overturned_at: Write instead the negations, of this instant.

        Raises:
            InputError: ``src`` or ``uri`` is malformed, or a label's text gives no value.

        Source: com.atproto.label.defs#label, version 1.
        """
        negated = None if overturned_at is None else instant(overturned_at)
        return exports.to_labels(self, src, uri, cid=cid, values={} if values is None else values, negated=negated)

    def to_flag(self, *, actor: str, objects: Iterable[str], id: str | None = None) -> dict[str, Any]:  # noqa: A002 - the field's own name
        """Write an ActivityStreams ``Flag``, to tell another server.

        Args:
            actor: The actor of the *instance*: never a person, who would become a target.
            objects: Ids of what is flagged: the account first, then its posts.
            id: Id of the activity; by default made of ``actor`` and ``puid``.

        Raises:
            InputError: An id is no URL, or the actor is flagged, the subject, or who decided.

        Source: ActivityStreams 2.0 Vocabulary, Flag; GoToSocial and Mastodon federation documentation.
        """
        return exports.to_flag(self, actor, objects, id)

    validate_dsa = staticmethod(dsa.validate_dsa)

    # -- what the exports are written from ---------------------------------------------------

    def reasons(self) -> tuple[Reason, ...]:
        """Give why each rule applies; without the rules only which ones do."""
        if self._rules is not None:
            return self._rules.reasons(self.decision)
        return tuple(
            Reason(rule_id=one.rule_id, version=one.version, clause=one.clause, says="")
            for one in self.decision.findings
        )

    def schema(self) -> Schema | None:
        """Give the declared facts; None where the rules are not at hand."""
        return None if self._rules is None else self._rules.schema

    def personal(self, reason: Reason) -> frozenset[str]:
        """Give the facts a rule reads that tell who somebody is, as dotted names."""
        schema = self.schema()
        if schema is None or self._rules is None:
            return frozenset()
        reads = self._rules.rule(reason.rule_id).reads
        return frozenset(name for name in reads if _roles(schema, name) & {Role.IDENTITY, Role.PROTECTED})

    def public_facts(self) -> tuple[tuple[str, Any], ...]:
        """Give the facts that the public may be told: numbers, yes or no, and enums about conduct."""
        schema = self.schema()
        if schema is None:
            return ()
        told = dict(fact for reason in self.reasons() for fact in reason.facts)
        return tuple((name, told[name]) for name in sorted(told) if _is_public(schema, name, told[name]))


def _by_people(sanction: Sanction, history: History | None, now: int) -> bool:
    if sanction.by is not None and sanction.by.is_person:
        return True
    signed = (one for one in (() if history is None else history.events) if isinstance(one, Signature))
    return any(one.sanction_id == sanction.id and one.at <= now for one in signed)


def _as_told(sanction: Sanction) -> dict[str, Any]:
    begun = {(one.measure.kind, one.measure.target) for one in sanction.restrictions}
    waiting = tuple(one for one in sanction.measures if (one.kind, one.target) not in begun)
    return {"restrictions": sanction.restrictions, "waiting": waiting, "appeal_until": sanction.appeal_until}


def _as_of(sanction: Sanction, history: History, now: int) -> dict[str, Any]:
    return {
        "restrictions": tuple(one for one in history.in_force(at=now) if one.sanction_id == sanction.id),
        "waiting": history.waiting(sanction.id, at=now),
        "changed": next((one.why for one in history.changes(at=now) if one.sanction_id == sanction.id), None),
        "strikes": history.strikes(at=now),
        "appeal_until": history.appeal_until(sanction.id, at=now),
    }


def _roles(schema: Schema, name: str) -> frozenset[Role]:
    return frozenset(role for _, role in schema.roles(tuple(name.split("."))))


def _is_public(schema: Schema, name: str, value: Any) -> bool:
    field = schema.within(name)
    if field is None or _roles(schema, name) != {Role.CONDUCT}:
        return False
    if field.type.kind == "enum":
        return value in field.type.values
    return type(value) in (int, float, bool)


def _rules_of(decision: Decision) -> RuleSet | None:
    return decision._rules  # noqa: SLF001 - a decision keeps its rules to itself, but explains by them


def _categories(decision: Decision) -> tuple[str, list[str]]:
    """Give the first category that the schema knows, in the order of rule ids, and the others."""
    spelt = (f"STATEMENT_CATEGORY_{one.category.upper()}" for one in decision.findings)
    known = list(dict.fromkeys(one for one in spelt if one in dsa.CATEGORIES))
    return (known[0], known[1:]) if known else ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", [])
