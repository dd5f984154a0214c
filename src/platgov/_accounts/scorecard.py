"""Points for how much an account looks like an empty shell, fitted by the host and never beyond evidence."""

from __future__ import annotations

import enum
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import attrs

from platgov._accounts.checks import name, refuse
from platgov._accounts.plain import Plain, Reason, checked, each, in_tuple, member, plain
from platgov._canonical import digest, shown
from platgov._limits import DEFAULT

__all__ = [
    "Direction",
    "FitFigure",
    "FittedScorecard",
    "LabelledRow",
    "PointsOf",
    "Scorecard",
    "ShellScore",
    "fit_scorecard",
]

_MOST: Final = 2**53 - 1
_MILLI: Final = 1000
_ROUNDS: Final = 150
_PENALTY: Final = 1.0


class Direction(enum.Enum):
    """Which way a feature may count. Fixed before fitting, from what the feature means."""

    MORE = "more"
    """The more, the more like a shell."""
    LESS = "less"
    """The less, the more like a shell."""


def _direction(value: Any) -> Direction:
    return member(Direction, value)


def _own(values: Any) -> Any:
    """Keep a read-only table of our own: what the caller does with theirs later is no matter."""
    return MappingProxyType(dict(values)) if isinstance(values, Mapping) else values


def _row(values: Mapping[str, int | None], shell: bool) -> LabelledRow:  # noqa: FBT001 - for pickles only
    return LabelledRow(values=values, shell=shell)


@attrs.frozen(kw_only=True)
class LabelledRow:
    """An account whose nature is known.

    Attributes:
        values: Whole numbers by feature; what is missing or None is unknown. Read-only.
        shell: What it is.
    """

    values: Mapping[str, int | None] = attrs.field(converter=_own, hash=False)
    shell: bool

    def __reduce__(self) -> tuple[Any, ...]:
        return (_row, (dict(self.values), self.shell))  # read-only tables do not pickle

    def __attrs_post_init__(self) -> None:
        if type(self.shell) is not bool:
            raise refuse(
                "LabelledRow", f"shell is {shown(self.shell)}; give True or False", path="$.shell", code="type"
            )
        _values(self.values, "LabelledRow")


def _values(values: Any, subject: str) -> None:
    if not isinstance(values, Mapping):
        raise refuse(subject, f"values is {shown(values)}; give whole numbers by feature", path="$.values", code="type")
    for feature, value in values.items():
        if value is not None and (type(value) is not int or not -_MOST <= value <= _MOST):
            message = f"{shown(feature)} is {shown(value)}; give a whole number, or None for unknown"
            raise refuse(subject, message, path="$.values", code="type")


@attrs.frozen(kw_only=True)
class PointsOf:
    """The points of one feature: a staircase that never turns.

    Attributes:
        feature: Its name.
        direction: Which way it counts.
        cuts: Values from which the next step begins, rising.
        points: Points of each step, one more than there are cuts; they rise for ``more`` and
            fall for ``less``, and the least is 0.
    """

    feature: str = attrs.field(validator=name)
    direction: Direction = attrs.field(converter=_direction)
    cuts: tuple[int, ...] = attrs.field(converter=in_tuple, validator=each(int, most=100))
    points: tuple[int, ...] = attrs.field(converter=in_tuple, validator=each(int, least=1, most=101))

    def __attrs_post_init__(self) -> None:
        rising = list(self.points) if self.direction is Direction.MORE else list(self.points)[::-1]
        if list(self.cuts) != sorted(set(self.cuts)) or len(self.points) != len(self.cuts) + 1:
            raise refuse("PointsOf", "cuts rise, and there is one more step than cuts", path="$.cuts", code="range")
        if rising != sorted(rising) or rising[0] != 0 or rising[-1] > 10**6:
            message = f"points {list(self.points)} turn, or do not start at 0; a feature counts one way"
            raise refuse("PointsOf", message, path="$.points", code="monotone")

    def of(self, value: int) -> int:
        """Give the points for a value.

        Raises:
            InputError: It is no whole number.
        """
        if type(value) is not int:
            raise refuse("PointsOf", f"value is {shown(value)}; give a whole number", path="$.value", code="type")
        return self.points[bisect_right(self.cuts, value)]


@attrs.frozen(kw_only=True)
class ShellScore:
    """How much an account looks like a shell, and why. Evidence for people; nothing follows by itself.

    Attributes:
        points: The sum.
        out_of: The most that the features known could give.
        reasons: One per feature with points, most points first.
        unknown: Features of which nothing is known; they count for nothing.
        card: Digest of the scorecard.
        needs_human: Always.
    """

    points: int
    out_of: int
    reasons: tuple[Reason, ...]
    unknown: tuple[str, ...]
    card: str
    needs_human: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"kind": "shell_score", "schema": 1, **plain(self)}

    @property
    def digest(self) -> str:
        """Content address."""
        return digest(self.to_dict())


@attrs.frozen(kw_only=True)
class Scorecard(Plain):
    """Whole points by feature, which add up and count one way.

    It is never part of a conduct score: how an account looks is no conduct.

    Attributes:
        version: Which edition.
        features: The points of each feature.
    """

    kind = "scorecard"
    version: str = attrs.field(default="1", validator=name)
    features: tuple[PointsOf, ...] = attrs.field(
        converter=in_tuple, validator=each(PointsOf, least=1), metadata={"of": PointsOf}
    )

    def __attrs_post_init__(self) -> None:
        names = [one.feature for one in self.features]
        if len(set(names)) != len(names):
            raise refuse("Scorecard", "a feature stands twice", path="$.features", code="duplicate")

    def score(self, values: Mapping[str, int | None]) -> ShellScore:
        """Score one account.

        Args:
            values: Whole numbers by feature; others are ignored.
        """
        _values(values, "Scorecard")
        known = [(one, values[one.feature]) for one in self.features if values.get(one.feature) is not None]
        given = sorted(((one.of(value), one, value) for one, value in known if value is not None), key=_strongest)
        return ShellScore(
            points=sum(points for points, _, _ in given),
            out_of=sum(max(one.points) for one, _ in known),
            reasons=tuple(
                Reason(
                    code=f"shell.{one.feature}",
                    rule=one.feature,
                    says=f"Worth {points} of {max(one.points)} points; {one.direction.value} counts.",
                    evidence=(f"{one.feature}={value}",),
                )
                for points, one, value in given
                if points
            ),
            unknown=tuple(one.feature for one in self.features if values.get(one.feature) is None),
            card=self.digest,
        )

    def points(self, values: Mapping[str, int | None]) -> int:
        """Give the sum alone."""
        _values(values, "Scorecard")
        found = ((one, values.get(one.feature)) for one in self.features)
        return sum(one.of(value) for one, value in found if value is not None)


def _strongest(given: tuple[int, PointsOf, int]) -> tuple[int, str]:
    return (-given[0], given[1].feature)


@attrs.frozen(kw_only=True)
class FitFigure:
    """How well a card tells shells from others on one data set.

    Attributes:
        fitted_on: The data sets it was fitted on.
        tested_on: The data set it is tested on.
        seen: Whether that was among those it was fitted on: such a figure flatters.
        auc_milli: Probability that a shell has more points than another account, ties half, in thousandths.
        rows: Accounts in the test.
        shells: Shells among them.
    """

    fitted_on: tuple[str, ...]
    tested_on: str
    seen: bool
    auc_milli: int
    rows: int
    shells: int

    def __str__(self) -> str:
        where = "the data it was fitted on" if self.seen else "data it has never seen"
        fitted = " + ".join(self.fitted_on)
        return f"fitted on {fitted}, tested on {self.tested_on} ({where}): AUC {self.auc_milli / _MILLI:.3f}"


@attrs.frozen(kw_only=True)
class FittedScorecard:
    """A card with the figures that belong to it. The two are not sold apart.

    Attributes:
        card: Fitted on all data sets together.
        figures: For each data set: a card fitted on it alone, tested on every one; and a card
            fitted on all others, tested on it.
    """

    card: Scorecard
    figures: tuple[FitFigure, ...]

    @property
    def unseen_milli(self) -> int:
        """The worst AUC on data never seen, in thousandths: the figure to quote."""
        return min(one.auc_milli for one in self.figures if not one.seen)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "kind": "fitted_scorecard",
            "schema": 1,
            "card": self.card.to_dict(),
            "figures": [plain(one) for one in self.figures],
        }

    def __str__(self) -> str:
        lines = [str(one) for one in self.figures]
        return "\n".join([f"on data never seen, at worst: AUC {self.unseen_milli / _MILLI:.3f}", *lines])


def fit_scorecard(
    data: Mapping[str, Sequence[LabelledRow]],
    features: Mapping[str, Direction | str],
    *,
    version: str = "1",
    steps: int = 5,
    max_points: int = 100,
) -> FittedScorecard:
    """Fit a card on labelled accounts of at least two sources, and say how it does on each from the others.

    Detectors of fake accounts look near perfect on the data they were fitted on and fail on the
    next: a single data set is refused. A feature can only count in the direction stated for it;
    where the data say otherwise it gets no points.

    Args:
        data: Labelled rows by data set; two or more, each with shells and others.
        features: Direction by feature.
        version: Of the card.
        steps: Most steps of each feature, 2 to 20.
        max_points: Most points that a card can give, at least one per feature.

    Returns:
        The same card for the same data in any order. O(rows x features) in each of a fixed
        number of rounds.

    Raises:
        InputError: Too little data, a row or feature that is none.

    Source: Hays et al., "Simplistic Collection and Labeling Practices Limit the Utility of
        Benchmark Datasets for Twitter Bot Detection", WWW 2023.
    """
    directions = _fit_input(data, features)
    for value, low, high, field in ((steps, 2, 20, "steps"), (max_points, len(directions), 10**5, "max_points")):
        if type(value) is not int or not low <= value <= high:
            message = f"{field} is {shown(value)}; give a whole number from {low} to {high}"
            raise refuse("fit_scorecard", message, path=f"$.{field}")
    sets = {key: _ordered(data[key], directions) for key in sorted(data)}

    def fitted(keys: tuple[str, ...]) -> Scorecard:
        rows = [row for key in keys for row in sets[key]]
        return _fit(rows, directions, version=version, steps=steps, max_points=max_points)

    figures = []
    for key, rows in sets.items():
        card, others = fitted((key,)), tuple(other for other in sets if other != key)
        figures += [_figure(card, (key,), test, sets[test]) for test in sets]
        if len(others) > 1:
            figures.append(_figure(fitted(others), others, key, rows))
    return FittedScorecard(card=fitted(tuple(sets)), figures=tuple(figures))


_Row = tuple[tuple[int | None, ...], bool]


def _fit_input(data: Any, features: Any) -> dict[str, Direction]:
    if not isinstance(features, Mapping) or not 1 <= len(features) <= DEFAULT.keys:
        raise refuse("fit_scorecard", f"features is {shown(features)}; give a direction by feature", path="$.features")
    for feature in features:
        if type(feature) is not str:
            raise refuse("fit_scorecard", f"a feature is {shown(feature)}; give text", path="$.features", code="type")
    directions = {feature: member(Direction, features[feature]) for feature in sorted(features)}
    if not isinstance(data, Mapping) or len(data) < 2:
        message = "give labelled rows of at least two data sets, by name: one alone tells nothing about others"
        raise refuse("fit_scorecard", message, path="$.data", code="one_data_set")
    for key, rows in data.items():
        if type(key) is not str or not isinstance(rows, Sequence):
            raise refuse("fit_scorecard", f"{shown(key)} holds {shown(rows)}; give a list of LabelledRow", code="type")
        for row in rows:
            checked(LabelledRow, row, "fit_scorecard", "row")
        if len({row.shell for row in rows}) < 2:
            raise refuse("fit_scorecard", f"{key!r} has no shells, or nothing else; give both", path="$.data")
    return directions


def _ordered(rows: Sequence[LabelledRow], features: Mapping[str, Direction]) -> list[_Row]:
    # In an order of their own: sums of floats depend on it, and the order of a query is no fact.
    found = [(tuple(row.values.get(feature) for feature in features), row.shell) for row in rows]
    return sorted(found, key=lambda row: (row[1], [(value is None, value or 0) for value in row[0]]))


def _fit(
    rows: list[_Row], features: Mapping[str, Direction], *, version: str, steps: int, max_points: int
) -> Scorecard:
    """Fit increments that are never negative by projected gradient ascent of the logistic likelihood.

    Each feature is a staircase in its direction; the model is the sum of the heights of steps.
    Increments start at nothing and are pulled towards it, so what the data do not support stays out.
    """
    places = range(len(features))
    cuts = [_cuts([row[0][place] for row in rows], steps) for place in places]
    signs = [direction is Direction.MORE for direction in features.values()]
    # Equal rows are one row that weighs more.
    table: dict[tuple[int, ...], list[int]] = {}
    for values, shell in rows:
        table.setdefault(tuple(_step(values[p], cuts[p], signs[p]) for p in places), [0, 0])[shell] += 1
    heights = [[0.0] * (len(cut) + 1) for cut in cuts]
    shells = sum(count[1] for count in table.values())
    bias = math.log(shells / (len(rows) - shells))
    pace = 4.0 / (len(rows) * (1 + len(cuts)))
    for _ in range(_ROUNDS):
        slopes = [[0.0] * (len(cut) + 1) for cut in cuts]
        drift = 0.0
        for key, (others, own) in table.items():
            total = bias
            for place, step in enumerate(key):
                if step > 0:
                    total += heights[place][step]
            wrong = own - (others + own) / (1.0 + math.exp(-max(-700.0, min(700.0, total))))
            drift += wrong
            for place, step in enumerate(key):
                if step > 0:
                    slopes[place][step] += wrong
        bias += pace * drift
        for place, slope in enumerate(slopes):
            _climb(heights[place], slope, pace)
    return _rounded(heights, cuts, features, version=version, max_points=max_points)


def _climb(heights: list[float], slope: list[float], pace: float) -> None:
    """Move the increments of one staircase up their slopes, and no lower than nothing."""
    ahead = 0.0
    increments = [heights[step] - heights[step - 1] for step in range(1, len(heights))]
    for step in range(len(heights) - 1, 0, -1):
        ahead += slope[step]  # an increment lifts its step and all above it
        increment = increments[step - 1]
        increments[step - 1] = max(0.0, increment + pace * (ahead - _PENALTY * increment))
    for step, increment in enumerate(increments, 1):
        heights[step] = heights[step - 1] + increment


def _cuts(values: list[int | None], steps: int) -> tuple[int, ...]:
    """Cut values into steps of about equal numbers of rows."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return ()
    marks = {known[len(known) * part // steps] for part in range(1, steps)}
    # The lowest value begins the first step; a value that many rows share gets a step of its own.
    marks |= {value + 1 for value in marks if 2 * steps * known.count(value) > len(known)}
    marks.add(known[0] + 1 if 2 * steps * known.count(known[0]) > len(known) else known[0])
    return tuple(sorted(mark for mark in marks if known[0] < mark <= known[-1]))


def _step(value: int | None, cuts: tuple[int, ...], rising: bool) -> int:  # noqa: FBT001 - one private switch
    """Give the step of a value, counted from the end that looks least like a shell; -1 for unknown."""
    if value is None:
        return -1
    step = bisect_right(cuts, value)
    return step if rising else len(cuts) - step


def _rounded(
    heights: list[list[float]],
    cuts: list[tuple[int, ...]],
    features: Mapping[str, Direction],
    *,
    version: str,
    max_points: int,
) -> Scorecard:
    """Turn heights into whole points that together reach the most, and merge steps with equal points."""
    total = sum(height[-1] for height in heights)
    scale = max_points / total if total > 0 else 0.0
    cards = []
    for (feature, direction), height, cut in zip(features.items(), heights, cuts, strict=True):
        points = [math.floor(one * scale) for one in height]
        if direction is Direction.LESS:
            points.reverse()
        kept = [place for place in range(len(cut)) if points[place] != points[place + 1]]
        cards.append(
            PointsOf(
                feature=feature,
                direction=direction,
                cuts=tuple(cut[place] for place in kept),
                points=(points[0], *(points[place + 1] for place in kept)),
            )
        )
    return Scorecard(version=version, features=tuple(cards))


def _figure(card: Scorecard, fitted_on: tuple[str, ...], tested_on: str, rows: list[_Row]) -> FitFigure:
    names = [one.feature for one in card.features]
    scored = [(card.points(dict(zip(names, values, strict=True))), shell) for values, shell in rows]
    return FitFigure(
        fitted_on=fitted_on,
        tested_on=tested_on,
        seen=tested_on in fitted_on,
        auc_milli=_auc(scored),
        rows=len(scored),
        shells=sum(shell for _, shell in scored),
    )


def _auc(scored: list[tuple[int, bool]]) -> int:
    """Give the area under the curve in thousandths, exactly: pairs counted in whole numbers."""
    tally: dict[int, list[int]] = {}
    for points, shell in scored:
        tally.setdefault(points, [0, 0])[shell] += 1
    below = twice = 0
    for points in sorted(tally):
        others, shells = tally[points]
        twice += shells * (2 * below + others)
        below += others
    shells = sum(count[1] for count in tally.values())
    return twice * _MILLI // (2 * below * shells)
