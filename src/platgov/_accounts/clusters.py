"""Sign-ups that are more alike than chance makes them, found in one pass and explained by counts."""

from __future__ import annotations

import math
import struct
from collections import Counter, defaultdict
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._accounts.checks import name, refuse, whole
from platgov._accounts.plain import Plain, plain
from platgov._canonical import digest_bytes, shown
from platgov._time import FIRST, LAST, to_epoch, to_iso
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

__all__ = ["Cluster", "ClusterEvidence", "ClusterPolicy", "ClusterReport", "Registration", "registration_clusters"]

HOUR: Final = 3600
_MILLI: Final = 1000


class Registration(NamedTuple):
    """One sign-up, as far as clusters need it.

    Attributes:
        id: The account.
        at: When.
        net: What it came from, as the host cuts it: a /24 or /48, a keyed tag of one; None if unknown.
        name: The handle or display name as chosen.
        mail_domain: What stands after the @; None if there is none.
    """

    id: str
    at: int | dt.datetime
    net: str | None
    name: str
    mail_domain: str | None = None


@attrs.frozen(kw_only=True)
class ClusterPolicy(Plain):
    """When sign-ups are too alike for chance.

    Attributes:
        version: Which edition of the policy.
        window_hours: Length of the window of time; windows stand end to end.
        min_size: Least number of alike sign-ups.
        stem_chars: Length of the start of a name, digits left out, that is compared.
        excess_percent: Least part of those who are alike that chance does not explain. A popular
            name that a campaign uses as well does not draw in everybody who bears it.
        chance_milli: For each likeness the expected number of equally strong ones by chance
            in the whole batch is at most 10^(-chance_milli/1000).
        total_milli: Sum of the surprises of all likenesses of an account, in thousandths of a
            power of ten, from which it is in a cluster.
    """

    kind = "cluster_policy"
    version: str = attrs.field(default="1", validator=name)
    window_hours: int = attrs.field(default=12, validator=whole(1, 168))
    min_size: int = attrs.field(default=4, validator=whole(3, 1000))
    stem_chars: int = attrs.field(default=6, validator=whole(3, 32))
    excess_percent: int = attrs.field(default=60, validator=whole(1, 99))
    chance_milli: int = attrs.field(default=0, validator=whole(0, 100_000))
    total_milli: int = attrs.field(default=500, validator=whole(0, 1_000_000))


@attrs.frozen(kw_only=True)
class ClusterEvidence:
    """One likeness, with what was observed and what chance would give.

    Attributes:
        feature: ``name_stem``, ``name_shape`` or ``mail_domain``.
        value: What is alike: ``annasm``, ``aaaaa9999``, ``mail.example``.
        net: The net it is looked for in; None for all nets.
        begins_at: Start of the window, in UTC epoch seconds.
        observed: Sign-ups with that value there and then.
        of: All sign-ups there and then.
        expected_milli: How many there would be if they were as all others are, in thousandths.
        surprise_milli: How improbable as much or more is, in thousandths of a power of ten.
    """

    feature: str
    value: str
    net: str | None
    begins_at: int
    observed: int
    of: int
    expected_milli: int
    surprise_milli: int

    def __str__(self) -> str:
        place = "all nets" if self.net is None else f"net {self.net}"
        return (
            f"{self.observed} of {self.of} sign-ups from {place} since {to_iso(self.begins_at)} share "
            f"{self.feature} {self.value!r}; expected {self.expected_milli / _MILLI:.3f}"
        )


@attrs.frozen(kw_only=True)
class Cluster:
    """Sign-ups for people to look at. Being in one is no finding of anything.

    Attributes:
        members: Ids, sorted.
        evidence: Every likeness that holds them together, strongest first.
    """

    members: tuple[str, ...]
    evidence: tuple[ClusterEvidence, ...]


@attrs.frozen(kw_only=True)
class ClusterReport(Verdict):
    """The clusters of a batch. It acts on nobody: its one use is a queue for people.

    Attributes:
        clusters: The largest first.
        size: Sign-ups looked at.
        groups: Likenesses that were tested.
        needs_human: Always.
    """

    kind = "registration_clusters"
    clusters: tuple[Cluster, ...]
    size: int
    groups: int
    needs_human: bool = True

    def body(self) -> dict[str, Any]:
        """Give what is particular to a report, as plain values."""
        return {
            "clusters": [plain(cluster) for cluster in self.clusters],
            "size": self.size,
            "groups": self.groups,
            "needs_human": self.needs_human,
        }


def registration_clusters(
    rows: Iterable[Registration | tuple[Any, ...] | list[Any]], policy: ClusterPolicy | None = None
) -> ClusterReport:
    """Find sign-ups that share more than chance explains.

    Within each net and window, and within each window over all nets, it counts how many share
    the start of their names, the shape of their names, or their mail domain, and compares with
    how common that is in the rest of the batch (Poisson). Likenesses that chance does not
    explain are linked where they share members. The batch should cover many windows: what
    happens all the time is what "common" means.

    Equal sets of rows give equal reports, in any order. O(n) in rows.

    Args:
        rows: Sign-ups: `Registration` values or plain tuples of the same order.
        policy: What is too alike.

    Raises:
        InputError: A row is no sign-up; an id stands twice.
    """
    policy = ClusterPolicy() if policy is None else policy
    if not isinstance(policy, ClusterPolicy):
        raise refuse("registration_clusters", f"policy is {shown(policy)}; give a ClusterPolicy", code="type")
    batch = _Batch(rows, policy)
    tests = [test for family in batch.families() for test in family.tests(policy.min_size)]
    # A batch with more likenesses has more chance ones among them: the bound grows with their number.
    chance = round(_MILLI * math.log10(max(len(tests), 1)))
    bound, explained = policy.chance_milli + chance, (100 - policy.excess_percent) * _MILLI // 100
    kept = [t for t in tests if t.surprise_milli >= bound and t.expected_milli <= explained * t.observed]
    return ClusterReport(
        at=max(batch.at, default=0),
        policy=policy.digest,
        fingerprint=batch.fingerprint,
        clusters=_linked(batch, kept, chance),
        size=len(batch.id),
        groups=len(tests),
    )


# -- the batch, in columns -----------------------------------------------------------------------

_DIGITS: Final = dict.fromkeys(range(ord("0"), ord("9") + 1))
_SHAPES: Final = {
    **dict.fromkeys(range(ord("0"), ord("9") + 1), "9"),
    **dict.fromkeys(range(ord("a"), ord("z") + 1), "a"),
    **dict.fromkeys(range(ord("A"), ord("Z") + 1), "A"),
}


class _Batch:
    """Sign-ups by column, in the order of their ids.

    Columns go through C at once, not row by row. Keys are whole numbers, not tuples: the
    garbage collector walks every tuple that is kept, again and again.
    """

    def __init__(self, rows: Any, policy: ClusterPolicy) -> None:
        self.policy = policy
        self.id, self.at, nets, names, mails = columns = _columns(rows)
        joined = "\n".join(names)
        self.fingerprint = _fingerprint(columns, joined)
        span = policy.window_hours * HOUR
        self.first = min(self.at, default=0) // span
        last = max(self.at, default=0) // span
        self.window = [at // span - self.first for at in self.at]
        self.windows = last - self.first + 1
        stem_chars, least = policy.stem_chars, policy.min_size
        stems = [stem[:stem_chars] for stem in joined.lower().translate(_DIGITS).split("\n")] if names else []
        shapes = joined.translate(_SHAPES).split("\n") if names else []
        columns = (("name_stem", stems), ("name_shape", shapes), ("mail_domain", mails))
        self.features = {feature: _Column(column, least) for feature, column in columns}
        self.net = _Column(nets, least)

    def families(self) -> Iterator[_Family]:
        """Give the kinds of likeness that are tested."""
        count, least = self.windows, self.policy.min_size
        groups = [net * count + window for net, window in zip(self.net.codes, self.window, strict=True)]
        sizes = Counter(groups)
        # Groups below `count` are of nets that are rare or unknown.
        busy = {group for group, size in sizes.items() if size >= least and group >= count}
        rows = [row for row, group in enumerate(groups) if group in busy]
        places = [groups[row] for row in rows]
        for column in self.features.values():
            yield _Family(self, column, (rows, places), sizes)
        totals, every = Counter(self.window), list(range(len(self.id)))
        # The shape of names is left out over all nets: it is too common to single anything out.
        for feature in ("name_stem", "mail_domain"):
            yield _Family(self, self.features[feature], (every, self.window), totals)

    def name_of(self, column: _Column) -> str:
        """Give the name of a feature."""
        return next(feature for feature, found in self.features.items() if found is column)


class _Column:
    """Values as numbers from 1, those that are frequent enough to matter; 0 for the rest and for unknown."""

    def __init__(self, column: Any, least: int) -> None:
        counts = Counter(column)
        counts.pop(None, None)
        counts.pop("", None)
        self.size = len(column)
        self.values = [None, *(value for value, count in counts.items() if count >= least)]
        self.counts = [0, *(counts[value] for value in self.values[1:])]
        numbers = {value: number for number, value in enumerate(self.values) if number}
        find = numbers.get
        self.codes = [find(value, 0) for value in column]


class _Test(NamedTuple):
    family: _Family
    key: int
    observed: int
    of: int
    expected_milli: int
    surprise_milli: int


class _Family:
    """One kind of likeness: a feature inside one net and window, or inside one window of all nets."""

    def __init__(
        self, batch: _Batch, column: _Column, groups: tuple[list[int], list[int]], sizes: Counter[int]
    ) -> None:
        self.batch, self.column, self.sizes = batch, column, sizes
        self.rows, places = groups
        self.everywhere = places is batch.window
        base = self.base = len(column.values)
        codes = column.codes
        seen = codes if self.everywhere else [codes[row] for row in self.rows]
        self.keys = [place * base + code for place, code in zip(places, seen, strict=True)]

    def tests(self, least: int) -> Iterator[_Test]:
        """Give every likeness of enough sign-ups, with its surprise."""
        base, everyone, counts = self.base, self.column.size, self.column.counts
        for key, observed in Counter(self.keys).items():
            if observed < least:
                continue
            place, code = divmod(key, base)
            elsewhere = everyone - self.sizes[place]
            # Without another time or net in the batch nothing tells what is common.
            if not code or not elsewhere:
                continue
            # One more than was seen elsewhere: what was never seen is rare, not impossible.
            expected = self.sizes[place] * (counts[code] - observed + 1) / (elsewhere + 1)
            milli = round(_MILLI * expected)
            yield _Test(self, key, observed, self.sizes[place], milli, _surprise(observed, expected))

    def held(self, wanted: dict[int, int]) -> Iterator[tuple[int, int]]:
        """Give the rows that share what was found, with the number of the test."""
        for row, key in zip(self.rows, self.keys, strict=True):
            if key in wanted:
                yield row, wanted[key]

    def evidence(self, test: _Test) -> ClusterEvidence:
        """Say what a test found."""
        batch = self.batch
        place, code = divmod(test.key, self.base)
        net, window = (0, place) if self.everywhere else divmod(place, batch.windows)
        return ClusterEvidence(
            feature=batch.name_of(self.column),
            value=self.column.values[code],
            net=None if self.everywhere else batch.net.values[net],
            begins_at=max(FIRST, (batch.first + window) * batch.policy.window_hours * HOUR),
            observed=test.observed,
            of=test.of,
            expected_milli=test.expected_milli,
            surprise_milli=test.surprise_milli,
        )


def _surprise(observed: int, expected: float) -> int:
    """Give -log10 P(X >= observed) of a Poisson variable, in thousandths; 0 where it is no more than expected.

    The tail is summed from its first term on, relative to that term, so that it neither
    vanishes nor rounds to one.
    """
    if observed <= expected:
        return 0
    term = tail = 1.0
    count = observed
    while term > 1e-12 * tail:
        count += 1
        term *= expected / count
        tail += term
    logs = observed * math.log(expected) - expected - math.lgamma(observed + 1) + math.log(tail)
    return round(_MILLI * -logs / math.log(10))


def _linked(batch: _Batch, kept: list[_Test], chance: int) -> tuple[Cluster, ...]:
    """Link what shares members, and give those whose likenesses together are strong enough."""
    keys: dict[_Family, dict[Any, int]] = defaultdict(dict)
    for number, test in enumerate(kept):
        keys[test.family][test.key] = number
    held: dict[int, list[int]] = defaultdict(list)
    for family, wanted in keys.items():
        for row, number in family.held(wanted):
            held[row].append(number)
    policy = batch.policy
    strong = {
        row: numbers
        for row, numbers in held.items()
        if sum(kept[number].surprise_milli - chance for number in numbers) >= policy.total_milli
    }
    parent = list(range(len(kept)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for numbers in strong.values():
        first = root(numbers[0])
        for number in numbers[1:]:
            parent[root(number)] = first
    rows_of: dict[int, list[int]] = defaultdict(list)
    tests_of: dict[int, set[int]] = defaultdict(set)
    for row, numbers in strong.items():
        rows_of[root(numbers[0])].append(row)
        tests_of[root(numbers[0])].update(numbers)
    found = [
        Cluster(
            members=tuple(batch.id[row] for row in sorted(rows)),
            evidence=tuple(
                sorted(
                    (kept[number].family.evidence(kept[number]) for number in tests_of[top]),
                    key=lambda each: (-each.surprise_milli, each.feature, each.value, each.net or "", each.begins_at),
                )
            ),
        )
        for top, rows in rows_of.items()
        if len(rows) >= policy.min_size
    ]
    return tuple(sorted(found, key=lambda cluster: (-len(cluster.members), cluster.members)))


def _columns(rows: Any) -> tuple[Any, ...]:
    """Take rows apart, in the order of their ids, and refuse what is no sign-up."""
    try:
        given = list(rows)
        good = set(map(type, given)) <= {Registration, tuple, list} and set(map(len, given)) <= {5}
    except TypeError:
        good, given = False, []
    if not good:
        raise refuse("registrations", "give rows of id, at, net, name, mail_domain, such as Registration", code="type")
    ids, at, nets, names, mails = (tuple(map(itemgetter(place), given)) for place in range(5))
    for field, column, kinds in (
        ("id", ids, {str}),
        ("net", nets, {str, type(None)}),
        ("name", names, {str}),
        ("mail_domain", mails, {str, type(None)}),
    ):
        if not set(map(type, column)) <= kinds or "" in column:
            message = f"a {field} is empty or no text; give text" + (", or None for unknown" if len(kinds) > 1 else "")
            raise refuse("registrations", message, path=f"$[].{field}", code="type")
    if at and (set(map(type, at)) != {int} or not FIRST <= min(at) <= max(at) <= LAST):
        at = tuple(map(to_epoch, at))
    ordered = tuple(sorted(ids))
    if len(set(ids)) != len(ids):
        twice = next(one for one, other in pairwise(ordered) if one == other)
        raise refuse("registrations", f"{shown(twice)} stands twice", path="$[].id", code="duplicate")
    if ordered == ids:  # as they mostly come from a table
        return ids, at, nets, names, mails
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return ordered, *(tuple(map(column.__getitem__, order)) for column in (at, nets, names, mails))


def _fingerprint(columns: tuple[Any, ...], joined: str) -> str:
    """Give the digest of all columns; it needs that no text holds a line break."""
    ids, at, nets, _, mails = columns
    text = "\n".join(["\n".join(ids), _joined(nets), joined, _joined(mails)])
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = b""
    if data.count(b"\n") != max(4 * len(ids) - 1, 3):
        message = "a text holds a line break or half of a surrogate pair, which no name has"
        raise refuse("registrations", message, path="$[]")
    return digest_bytes(data + b"\n" + struct.pack(f">{len(at)}q", *at))


def _joined(values: Any) -> str:
    return "\n".join(["" if value is None else value for value in values] if None in values else values)
