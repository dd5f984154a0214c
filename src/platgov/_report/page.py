"""An audit as one page of HTML: nothing is loaded from elsewhere, and every number links to its query."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from platgov._report.audit import OUTCOMES
from platgov._report.markup import SHOWS, figure, linked, section, slug, table, text
from platgov._report.plots import Estimate, Series, estimates, over_time
from platgov._report.queries import queries
from platgov._report.style import STYLE
from platgov._report.words import COUNTS, REVIEWERS, STATUSES, duration, interval, number, share, signed
from platgov.messages import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from platgov._report.audit import Audit, Compared
    from platgov._report.findings import Finding
    from platgov._report.queries import Query, Source

__all__ = ["page"]

_MOST: Final = 50
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""The browser itself refuses to load anything for this page."""


def page(audit: Audit, source: Source) -> str:
    """Write an audit as a page."""
    made = queries(source, audit)
    sections = "\n".join([*_exact(audit, source), *_groups(audit), *_people(audit), *_queries(made, source)])
    title = f"Audit of {text(source.ledger)}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the findings</a>
<header>
<h1>{title}</h1>
<p class="lead">Were equal cases decided equally, and were people treated alike where people decided?
Every number links to the query that gives it again.</p>
</header>
<main id="main">
{_verdict(audit)}
{_tiles(audit)}
{sections}
</main>
<footer><p>Nothing on this page was loaded from elsewhere. It holds no instant of its own: the same ledger, rules
and groups give the same page.</p></footer>
</body>
</html>
"""


# -- the top of the page -----------------------------------------------------------------------


def _verdict(audit: Audit) -> str:
    alarms, left = audit.alarms, audit.open
    if alarms:
        form, says = "found", f"{len(alarms):,} {'things were' if len(alarms) > 1 else 'thing was'} found"
    elif left:
        form, says = "open", "Nothing was found, but not everything could be checked"
    else:
        form, says = "clean", "Everything was checked, and nothing was found"
    parts = [f'<p class="says"><span class="mark" aria-hidden="true">{_MARKS[form]}</span> {says}.</p>']
    parts += [_list("Found", alarms), _list("Left open", left)]
    return f'<section class="verdict {form}" aria-label="Verdict">{"".join(parts)}</section>'


_MARKS: Final = {"found": "\u25c6", "open": "\u25cb", "clean": "\u2713"}


def _list(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    items = "".join(f'<li>{text(one.says)} <a href="#q-{slug(one.query)}">query</a></li>' for one in findings[:_MOST])
    more = f"<li>and {len(findings) - _MOST:,} more, which the query gives</li>" if len(findings) > _MOST else ""
    return f"<h2>{title}</h2><ul>{items}{more}</ul>"


def _tiles(audit: Audit) -> str:
    counts = dict(audit.replay.counts)
    checked = sum(count for status, count in counts.items() if status.value != "unchecked")
    pairs = sum(not pair.explained_by for pair in audit.pairs)
    tiles = [
        (f"{checked:,}", "decisions and sanctions decided again", "replay"),
        (
            f"{len(audit.replay.unexplained) + len(audit.replay.tampered):,}",
            "differ, with nothing that says why",
            "replay",
        ),
        (f"{len(audit.replay.deviations):,}", "departures on record", "replay"),
        (f"{pairs:,}", "equal cases decided otherwise, without a reason", "pairs"),
    ]
    return f'<ul class="tiles">{"".join(f"<li><b>{linked(n, query)}</b> {says}</li>" for n, says, query in tiles)}</ul>'


# -- what is exact -----------------------------------------------------------------------------


def _exact(audit: Audit, source: Source) -> Iterator[str]:
    replay = audit.replay
    if replay.verified is not None:
        kept = (
            "The kept checkpoints hold."
            if source.checkpoints
            else "No kept checkpoint was given, so it could have been rewritten as a whole."
        )
        state = f"The ledger fits together, {linked(f'{replay.verified:,}', 'replay')} entries. {kept}"
    else:
        state = f"<strong>The ledger does not verify: {text(replay.fault)}.</strong>" if replay.fault else ""
    odd = [*replay.tampered, *replay.unexplained]
    yield section(
        "exact",
        "Decided again",
        "Every decision was made again from the rules and facts on record. A single one that comes out otherwise, "
        f"with nothing on record that says who departed from it and why, is proof and needs no statistics. {state}",
        table(
            "What deciding again showed",
            "replay",
            ("status", "entries"),
            [(STATUSES[status.value], f"{count:,}") for status, count in replay.counts],
        ),
        table(
            "Entries that nothing explains",
            "replay",
            ("entry", "status", "what", "rules"),
            [(str(one.seq), STATUSES[one.status.value], one.says, ", ".join(one.rules) or "-") for one in odd[:_MOST]],
            texts=4,
        )
        if odd
        else "",
        table(
            "Equal cases, decided otherwise",
            "pairs",
            ("entry", "the commoner one", "outcomes", "explained by"),
            [
                (
                    str(pair.other),
                    str(pair.one),
                    f"{pair.outcome_other}, not {pair.outcome_one}",
                    pair.explained_by.replace("_", " ") or "nothing",
                )
                for pair in sorted(audit.pairs, key=lambda pair: (bool(pair.explained_by), pair.other))[:_MOST]
            ],
            texts=4,
        )
        if audit.pairs
        else "",
    )
    found = audit.completeness
    yield section(
        "completeness",
        "What became of every match",
        "Each measure that a rule provides for is carried out, covered by a stronger one, departed from by somebody "
        "who said so, or waits for a person. What no ledger can show is what was never given to it: compare the "
        "number of decisions with your own count of events.",
        table(
            "Measures that rules provide for",
            "completeness",
            ("what became of it", "measures"),
            [(says, f"{getattr(found, name):,}") for name, says in COUNTS] + [("all", f"{found.matched:,}")],
        ),
    )


# -- between groups ----------------------------------------------------------------------------


def _groups(audit: Audit) -> Iterator[str]:
    if not audit.group:
        return
    yield section(
        "groups",
        "Groups",
        f"Compared are groups of <strong>{text(audit.group)}</strong>, rule by rule: rates over all rules together "
        "mislead. Each comparison has a chance of "
        f"{linked(f'{audit.level:.2g}', 'rows')} of a false alarm. How often a rule applies to a group is shown for "
        "information: a rule may well hit groups differently, and no statistics can say whether it should.",
        table(
            "Decisions of each group",
            "hits",
            ("group", "decisions"),
            [(name or "without a group", f"{count:,}") for name, count in audit.sizes],
        ),
        table(
            "How often rules applied",
            "hits",
            ("rule", "group", "decisions", "share"),
            [(row.rule, row.group, f"{row.hits:,}", share(row.hits / row.decisions)) for row in audit.hits],
            texts=2,
        )
        if audit.hits
        else "",
    )
    for one in audit.compared:
        yield _compared(audit, one)
    if audit.waits is not None:
        yield section(
            "waits",
            f"Waiting for measures: {STATUSES[audit.waits.status.value]}",
            "How long after the decision the measure came. <em>Longer</em> is the chance that somebody of the group "
            "waits longer than somebody else under the same rule: one half is alike.",
            table(
                "Waits by group",
                "waits",
                ("group", "cases", "median", "others", "longer", "q", "detectable"),
                [
                    (
                        row.group,
                        f"{row.cases:,}",
                        duration(row.median_s),
                        duration(row.others_median_s),
                        number(row.longer),
                        number(row.q),
                        "-" if row.detectable is None else f"\u00b1{row.detectable:.2f}",
                    )
                    for row in audit.waits.by_group
                ],
            ),
        )


def _compared(audit: Audit, one: Compared) -> str:
    name, found = one.outcome, one.parity
    query = f"parity-{name}"
    parts = []
    for place, group in enumerate(found.by_group):
        own = [row for row in found.by_rule if row.group == group.group]
        rows = [_estimate("all rules", group), *(_estimate(row.rule, row) for row in own)]
        title = f"{name.capitalize()}: group {group.group} against all others"
        parts.append(
            figure(
                estimates(
                    f"{name}-{place}",
                    clean(title),
                    f"Difference of shares by rule, with 95 % intervals; a diamond stands out. {_spelled(rows)}",
                    rows,
                    axis="difference in percentage points",
                    marks=[(0.0, "no difference")],
                ),
                f"Group {group.group} against all others",
            )
        )
    both: list[Any] = [*found.by_group, *found.by_rule]
    parts.append(
        table(
            f"{name.capitalize()}, each group against all others",
            query,
            ("group", "rule", "cases", "difference (95 %)", "q", "detectable", SHOWS),
            [
                (
                    row.group,
                    getattr(row, "rule", "all rules"),
                    f"{_cases(row):,}",
                    signed(row.difference),
                    number(row.q),
                    share(row.detectable),
                    STATUSES[row.status.value],
                )
                for row in both
            ],
            texts=2,
        )
    )
    seen = [row for row in audit.watched if row.outcome == name]
    if seen:
        series = [
            Series(label=clean(row.group), points=row.points, limit=1 / row.alpha, is_alarm=row.monitor.alarmed)
            for row in seen
        ]
        parts.append("<h3>Evidence over time</h3><p>How many times a stake on unequal treatment has been won so far. "
                     "It may be looked at any time: if all are treated alike, it ever passes the limit only with the "
                     "chance above.</p>")  # fmt: skip
        spelled = "; ".join(
            f"group {row.group}: {number(row.monitor.e)} now, {number(row.monitor.peak)} at most" for row in seen
        )
        parts.append(figure(over_time(f"{name}-e", f"{name.capitalize()}: evidence over time", spelled, series)))
        parts.append(
            table(
                f"{name.capitalize()}, evidence over time",
                f"monitor-{name}",
                ("group", "decisions", "now", "at most", "limit", "passed after"),
                [
                    (
                        row.group,
                        f"{row.monitor.decisions:,}",
                        number(row.monitor.e),
                        number(row.monitor.peak),
                        f"{1 / row.alpha:,.0f}",
                        "never" if row.monitor.alarmed_after is None else f"{row.monitor.alarmed_after:,}",
                    )
                    for row in seen
                ],
            )
        )
    left = ", ".join(f"{count:,} without {why}" for why, count in found.missing)
    return section(
        name,
        f"{name.capitalize()}: {STATUSES[found.status.value]}",
        f"That {OUTCOMES[name][2]}. <em>Detectable</em> is the smallest difference that would have been found nine "
        "times out of ten: where it is large, finding nothing says little."
        + (f" Left out: {linked(left, query)}." if left else ""),
        *parts,
    )


def _cases(row: Any) -> int:
    return row.cases if hasattr(row, "cases") else sum(table.n_a for _, table in row.tables)


def _estimate(label: str, row: Any) -> Estimate:
    value, low, high = (
        None if part is None else 100 * part for part in (row.difference.value, row.difference.low, row.difference.high)
    )
    return Estimate(label=clean(label), value=value, low=low, high=high, is_alarm=row.status.value == "disparity")


def _spelled(rows: Sequence[Estimate]) -> str:
    return "; ".join(f"{row.label}: {'none' if row.value is None else f'{row.value:+.1f}'}" for row in rows)


# -- people ------------------------------------------------------------------------------------


def _people(audit: Audit) -> Iterator[str]:
    if audit.reviewers is not None:
        yield section(
            "reviewers",
            f"Reviewers: {REVIEWERS[audit.reviewers.status.value]}",
            "People differ a little, and nobody is named for that: each is held against the spread that reviewers "
            "naturally have, rule by rule.",
            table(
                "Departures of each reviewer",
                "reviewers",
                ("reviewer", "decisions", "departures", "expected", "odds, drawn to 1", "q"),
                [
                    (
                        row.reviewer,
                        f"{row.cases:,}",
                        f"{row.outcomes:,}",
                        f"{row.expected:.1f}",
                        number(row.shrunk_odds),
                        number(row.q),
                    )
                    for row in audit.reviewers.reviewers
                ],
            ),
        )
    if audit.read:
        rows = [
            Estimate(
                label=clean(one.rule or "all rules"),
                value=one.agreement.alpha,
                low=one.agreement.low,
                high=one.agreement.high,
                is_alarm=one.agreement.status.value == "too_vague",
            )
            for one in audit.read
        ]
        low = min([0.0, *(row.low for row in rows if row.low is not None)])
        yield section(
            "agreement",
            "Agreement",
            "How far people agree who read the same cases without seeing each other's answer: 1 is always, 0 is what "
            "chance would give. Below two thirds the text of the rule should be made clearer.",
            figure(
                estimates(
                    "agreement",
                    "Agreement of independent readings",
                    f"Krippendorff's alpha by rule, with 95 % intervals; a diamond is too vague. {_spelled(rows)}",
                    rows,
                    axis="Krippendorff's alpha",
                    marks=[(2 / 3, "two thirds"), (0.8, "0.8")],
                    bounds=(low - 0.03, 1.03),
                )
            ),
            table(
                "Agreement by rule",
                "agreement",
                ("rule", "cases", "alpha (95 %)", SHOWS),
                [
                    (
                        one.rule or "all rules",
                        f"{one.agreement.cases:,}",
                        interval(one.agreement.alpha, one.agreement.low, one.agreement.high),
                        STATUSES[one.agreement.status.value],
                    )
                    for one in audit.read
                ],
            ),
        )
    if audit.qualities:
        yield section(
            "quality",
            "Overturned on appeal",
            "Those who appeal choose themselves, so this bounds from below how often a rule is wrong. "
            "The bound is one-sided, at 95 %.",
            table(
                "Appeals by rule",
                "quality",
                ("rule", "measures", "appealed", "overturned", "share", "at most"),
                [
                    (
                        row.rule_id,
                        f"{row.measures:,}",
                        f"{row.appealed:,}",
                        f"{row.overturned:,}",
                        share(row.overturned / row.measures),
                        share(row.overturned_high),
                    )
                    for row in audit.qualities
                ],
            ),
        )


# -- queries -----------------------------------------------------------------------------------


def _queries(made: Sequence[Query], source: Source) -> Iterator[str]:
    parts = [
        f'<article id="q-{slug(query.id)}"><h3>{text(query.title)}</h3>'
        f'<pre tabindex="0"><code>{escape(query.code)}</code></pre></article>'
        for query in made
    ]
    yield section(
        "queries",
        "Queries",
        f"This page and the text beside it come from <code>{text(source.command)}</code>. "
        "Run the first block, then any of the others.",
        *parts,
    )
