"""The queries behind an audit: for every number, what anybody can run to get it again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import attrs

from platgov._report.audit import BLOCKS, OUTCOMES
from platgov._time import to_iso

if TYPE_CHECKING:
    from platgov._report.audit import Audit, Options
    from platgov._report.groups import Groups

__all__ = ["Query", "Source", "queries"]


@attrs.frozen(kw_only=True)
class Source:
    """What an audit was made from, as it was named.

    Attributes:
        ledger: Path or address of the ledger, without a password.
        schema: Schema of a PostgreSQL ledger.
        rules: Paths of rule files.
        checkpoints: Paths of checkpoints.
        groups: Where the labels came from; None without groups.
        options: What was asked for.
    """

    ledger: str
    schema: str = "platgov"
    rules: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    groups: Groups | None = None
    options: Options

    @property
    def command(self) -> str:
        """The command that prints the audit."""
        asked = self.options
        parts = ["platgov", "audit", self.ledger, *self.rules]
        parts += [] if self.schema == "platgov" else ["--schema", self.schema]
        if self.groups is not None:
            parts += ["--group", self.groups.field]
            parts += ["--groups", self.groups.path] if self.groups.path else []
        parts += [part for path in self.checkpoints for part in ("--checkpoint", path)]
        parts += [part for name in asked.outcomes for part in ("--outcome", name)]
        parts += [part for name in asked.strata for part in ("--stratum", name)]
        parts += ["--alpha", f"{asked.alpha:g}", "--floor", f"{asked.floor:g}"]
        if asked.enforced_until is not None:
            parts += ["--enforced-until", to_iso(asked.enforced_until)]
        return shlex.join(parts)


@attrs.frozen(kw_only=True)
class Query:
    """One query.

    Attributes:
        id: What it is linked by.
        title: What it gives.
        code: Python; the last line is an expression.
    """

    id: str
    title: str
    code: str


def queries(source: Source, audit: Audit) -> tuple[Query, ...]:
    """Give the queries behind an audit; the first prepares all others."""
    asked = source.options
    strata = f"strata={asked.strata!r}"
    until = "" if asked.enforced_until is None else f", enforced_until={asked.enforced_until}"
    made = [
        _preparation(source),
        Query(
            id="rows",
            title="Rows: one for each rule that applied in a decision",
            code="len(rows)",
        ),
        Query(
            id="replay",
            title="Decide again on every decision",
            code=f"replay(ledger, rule_sets, checkpoints=checkpoints{until})",
        ),
        Query(id="pairs", title="Equal cases with different outcomes", code="matched_pairs(ledger)"),
        Query(id="completeness", title="What became of every match", code="completeness(ledger)"),
    ]
    if source.groups is not None:
        made.append(Query(id="hits", title="How often each rule applied, by group", code=_HITS))
    for one in audit.compared:
        outcome = OUTCOMES[one.outcome][0]
        made.append(
            Query(
                id=f"parity-{one.outcome}",
                title=f"{one.outcome.capitalize()}, by group and rule",
                code=f"parity(rows, group=group, outcome=lambda row: {outcome}, {strata}, "
                f"alpha={audit.level!r}, floor={asked.floor!r})",
            )
        )
        names = [seen for seen in audit.watched if seen.outcome == one.outcome]
        if names:
            made.append(
                Query(
                    id=f"monitor-{one.outcome}",
                    title=f"{one.outcome.capitalize()}, evidence over time",
                    code=_MONITOR.format(
                        outcome=outcome,
                        names=[seen.group for seen in names],
                        alpha=repr(names[0].alpha),
                        blocks=BLOCKS,
                    ),
                )
            )
    if audit.waits is not None:
        code = f"wait_parity(rows, group=group, {strata}, alpha={audit.level!r})"
        made.append(Query(id="waits", title="How long groups wait", code=code))
    if audit.reviewers is not None:
        made.append(Query(id="reviewers", title="Reviewers", code=f"reviewers(rows, {strata})"))
    if audit.read:
        made.append(Query(id="agreement", title="Agreement of independent readings", code=_AGREEMENT))
    if audit.qualities:
        made.append(Query(id="quality", title="How often each rule is overturned", code=_QUALITY))
    return tuple(made)


def _preparation(source: Source) -> Query:
    schema = "" if source.schema == "platgov" else f", schema={source.schema!r}"
    lines = [
        "from platgov.consistency import *",
        "from platgov.ledger import Checkpoint, Ledger",
        "from platgov.rules import RuleSet",
        "",
        f"ledger = Ledger.open({source.ledger!r}, read_only=True{schema})",
        f"rule_sets = [RuleSet.load(path) for path in {list(source.rules)!r}]",
        f"checkpoints = [Checkpoint.parse(open(path).read()) for path in {list(source.checkpoints)!r}]",
        "rows = sorted(records(ledger), key=lambda row: (row.at, row.seq, row.rule))",
    ]
    groups = source.groups
    if groups is not None and groups.path:
        lines += [
            "",
            "import csv",
            f"with open({groups.path!r}, encoding='utf-8', newline='') as file:",
            f"    labels = {{line['subject']: line[{groups.field!r}] or None for line in csv.DictReader(file)}}",
            "group = lambda row: labels.get(row.actor)",
            "group_of = lambda entry: labels.get(entry.subject)",
        ]
    elif groups is not None:
        lines += [
            "",
            "def label(value):",
            "    if type(value) is bool:",
            "        return str(value).lower()",
            "    return str(value) if type(value) in (str, int) else None",
            "",
            f"labels = {{entry.seq: label(((entry.body or {{}}).get('facts') or {{}}).get({groups.field!r}))",
            "          for entry in ledger.entries(kind='decision')}",
            "group = lambda row: labels.get(row.seq)",
            "group_of = lambda entry: labels.get(entry.seq)",
        ]
    return Query(id="start", title="First: open the ledger, read the rules and the groups", code="\n".join(lines))


_HITS = """\
from collections import Counter

decisions, hits = Counter(), Counter()
for entry in ledger.entries(kind="decision"):
    if entry.body is not None:
        decisions[group_of(entry)] += 1
        hits.update({(finding["rule"], group_of(entry)) for finding in entry.body["findings"]})
decisions, hits"""

_MONITOR = """\
outcome = lambda row: {outcome}
kept = [row for row in first_of(rows) if outcome(row) is not None and group(row) is not None]
size = max(1, -(-len(kept) // {blocks}))
points = {{}}
for name in {names!r}:
    monitor = Monitor(strata=sorted({{row.rule for row in kept}}), alpha={alpha})
    for start in range(0, len(kept), size):
        block = {{}}
        for row in kept[start : start + size]:
            table = block.setdefault(row.rule, [0, 0, 0, 0])
            place = 0 if group(row) == name else 2
            table[place] += outcome(row) is True
            table[place + 1] += 1
        monitor = monitor.update(block)
        points.setdefault(name, []).append((monitor.decisions, monitor.e))
points"""

_AGREEMENT = """\
about = {body["case"]: body["why"]["rules"] for entry in ledger.entries(kind="sanction") if (body := entry.body)}
by_rule = {"": []}
for entry in ledger.entries(kind="four_eyes"):
    if (body := entry.body) is not None:
        answers = [one["answer"] for one in body["readings"][:2]]
        for rule in ["", *about.get(body["case"], [])]:
            by_rule.setdefault(rule, []).append(answers)
{rule: agreement(cases) for rule, cases in by_rule.items()}"""

_QUALITY = """\
found = {}
for rule in sorted({row.rule for row in rows if row.sanctioned}):
    own = [row for row in rows if row.sanctioned and row.rule == rule]
    appealed = [row for row in own if row.appealed]
    upheld = sum(row.overturned is True for row in appealed)
    found[rule] = quality(rule, sampled=0, right=0, measures=len(own), appealed=len(appealed), overturned=upheld)
found"""
