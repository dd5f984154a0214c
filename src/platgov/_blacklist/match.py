"""What a look-up came to: a band, the evidence for it, and bytes that can be replayed."""

from __future__ import annotations

import enum
from typing import Any, ClassVar, Final

import attrs

from platgov._blacklist.rarity import UNIT, share_ppb
from platgov.verdict import Verdict

__all__ = ["Band", "Evidence", "Match", "Scored"]


class Band(enum.Enum):
    """What is to follow: nothing, a look by a person, or a hold until a person has looked."""

    NONE = "none"
    REVIEW = "review"
    MATCH = "match"

    @property
    def rank(self) -> int:
        """Order of the bands: the higher, the surer."""
        return _RANKS[self]


_RANKS: Final = {Band.NONE: 0, Band.REVIEW: 1, Band.MATCH: 2}


@attrs.frozen(kw_only=True)
class Evidence:
    """What one signal adds to the score.

    Attributes:
        signal: Of the newcomer; a name in ``SIGNALS``.
        agreement: ``exact``, ``close``, ``differs`` or ``missing``.
        detail: In what way, such as the kind of form; of what is missing, why it says nothing.
        permille: How alike.
        against: The signal of the ban, where it is another.
        rarity: How rare the value is, in units of 1/1024 bit; None where nothing agrees.
        of_units: What it would add if nothing were capped.
        units: What it adds.
        cap: Why it adds less: ``age``, ``place``, ``names``, ``recycled``, ``older_account``,
            ``verified``; several are joined by ``+``; or why the value says nothing.
    """

    signal: str
    agreement: str
    detail: str = ""
    permille: int = 0
    against: str = ""
    rarity: int | None = None
    of_units: int = 0
    units: int = 0
    cap: str = ""

    @property
    def bits(self) -> float:
        """What it adds in bits: a multiple of 1/1024, so sums are exact."""
        return self.units / UNIT

    @property
    def share_ppb(self) -> int | None:
        """Share of accounts that hold such a value, in parts per billion; None where nothing agrees."""
        return None if self.rarity is None else share_ppb(self.rarity)

    def explain(self) -> str:
        """Say it in one line."""
        how = f" ({self.detail})" if self.detail else ""
        other = f" with the {self.against.replace('_', ' ')}" if self.against else ""
        less = f", {self.of_units / UNIT:.1f} but for: {self.cap}" if self.cap else ""
        return f"{self.signal.replace('_', ' ')} {self.agreement}{how}{other}: {self.bits:+.1f} bits{less}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "signal": self.signal,
            "agreement": self.agreement,
            "detail": self.detail,
            "permille": self.permille,
            "against": self.against,
            "rarity": self.rarity,
            "of_units": self.of_units,
            "units": self.units,
            "cap": self.cap,
        }


@attrs.frozen(kw_only=True)
class Scored:
    """One ban, and how much speaks for it.

    Attributes:
        ban_id: The ban.
        band: What follows from it.
        score_units: Sum of the evidence, in units of 1/1024 bit.
        evidence: One row for each signal.
        age_s: Seconds since the ban began.
        holds: Signals that are known of the banned account.
        guard: ``older_account`` or ``verified`` where names and avatar do not count; else empty.
        limits: Why the band is lower than the score: ``place_only``, ``names_only``,
            ``other_identity``.
    """

    ban_id: str
    band: Band
    score_units: int
    evidence: tuple[Evidence, ...]
    age_s: int
    holds: tuple[str, ...] = ()
    guard: str = ""
    limits: tuple[str, ...] = ()

    @property
    def score_bits(self) -> float:
        """Sum of the evidence in bits."""
        return self.score_units / UNIT

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "ban_id": self.ban_id,
            "band": self.band.value,
            "score_units": self.score_units,
            "evidence": [row.to_dict() for row in self.evidence],
            "age_s": self.age_s,
            "holds": list(self.holds),
            "guard": self.guard,
            "limits": list(self.limits),
        }


@attrs.frozen(kw_only=True)
class Match(Verdict):
    """Whether a newcomer may be somebody who was banned. Never a reason to ban anybody by itself.

    Attributes:
        list_id: The list that was looked up.
        best: The ban for which most speaks, by band, score and id; None where there is none.
        candidates: Every ban at review or above, in the same order.
        exempted: Bans left out because the newcomer is a person who was cleared of them.
        truncated: More bans share a value, or a part of a name, than were looked at.
        weightless: Signals that say nothing, with the kind of form and why.
        population: Digest of the model of names, or empty.
    """

    kind: ClassVar[str] = "blacklist_match"
    list_id: str
    best: Scored | None
    candidates: tuple[Scored, ...]
    exempted: tuple[str, ...] = ()
    truncated: bool = False
    weightless: tuple[tuple[str, str, str], ...] = ()
    population: str = ""

    @property
    def weights(self) -> str:
        """Digest of the weights it was scored with."""
        return self.policy

    @property
    def band(self) -> Band:
        """The band of the best candidate."""
        return Band.NONE if self.best is None else self.best.band

    @property
    def score_bits(self) -> float:
        """The score of the best candidate, 0 where there is none."""
        return 0.0 if self.best is None else self.best.score_bits

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence for the best candidate."""
        return () if self.best is None else self.best.evidence

    def public_text(self, language: str = "en") -> str:
        """Give what the newcomer is told: the same whatever was found.

        Args:
            language: As a BCP 47 tag.
        """
        from platgov._blacklist.notices import public_text  # noqa: PLC0415 - catalogues load when they are used

        return public_text(language)

    def explain(self) -> str:
        """Say in plain lines what was found and why; for staff only."""
        lines = [f"{self.band.value}: {len(self.candidates)} of the bans found are at review or above"]
        shown = self.candidates or ((self.best,) if self.best is not None else ())
        for scored in shown:
            limits = f"; not more because of: {', '.join(scored.limits)}" if scored.limits else ""
            lines.append(f"{scored.ban_id}: {scored.band.value}, {scored.score_bits:.1f} bits{limits}")
            lines += [f"  {row.explain()}" for row in scored.evidence if row.units or row.of_units or row.cap]
        if self.exempted:
            lines.append(f"cleared of: {', '.join(self.exempted)}")
        lines += [f"says nothing: {signal} ({why})" for signal, _, why in self.weightless]
        if self.truncated:
            lines.append("more bans share a value than were looked at")
        return "\n".join(lines)

    def body(self) -> dict[str, Any]:
        """Give what is particular to it, as plain values. For staff only: it names bans."""
        return {
            "list_id": self.list_id,
            "band": self.band.value,
            "best": None if self.best is None or self.candidates else self.best.to_dict(),
            "candidates": [scored.to_dict() for scored in self.candidates],
            "exempted": list(self.exempted),
            "truncated": self.truncated,
            "weightless": [list(row) for row in self.weightless],
            "population": self.population,
        }
