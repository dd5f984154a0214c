"""Finds parts of a condition that could be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._conditions.printer import to_text
from platgov._conditions.tree import Choice, Logic, Node, Unary, children, rewrite, walk
from platgov._consistency.answers import Answer, Severity, Status
from platgov._consistency.questions import doubt_of
from platgov._consistency.search import Search, SpentError
from platgov._consistency.sides import Found
from platgov._rules.rule import ConditionRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._consistency.formulas import Formula
    from platgov._consistency.inquiry import Inquiry

__all__ = ["excluded", "shorter"]

_LONGEST: Final = 200
"""Nodes of a condition up to which every part of it is looked at."""


def shorter(inquiry: Inquiry, rule_id: str) -> Iterator[Answer]:
    """Find parts of a condition without which it says the same, unknown answers included."""
    rule = inquiry.rule(0, rule_id)
    if not isinstance(rule, ConditionRule):
        return
    node, place = rule.when.node, 0
    parts = [*_without_one_part(node)] if _size(node) <= _LONGEST else []
    while place < len(parts):
        less, part = parts[place]
        same = _same(inquiry, node, less)
        if same is None:
            question = f"whether {rule_id} says the same without {to_text(part)}"
            yield doubt_of("redundant_test", (rule_id,), question, Found(None, None, "budget"))
            return
        if not same:
            place += 1
            continue
        node, parts = less, [*_without_one_part(less)]
        yield Answer(
            kind="redundant_test",
            severity=Severity.INFO,
            status=Status.PROVED,
            rules=(rule_id,),
            says=f"{rule_id} says the same without {to_text(part)}",
            repair=f"write {to_text(less)}",
        )


def _same(inquiry: Inquiry, one: Node, other: Node) -> bool | None:
    """Tell whether two conditions say the same of every event; None past the budget."""
    schema, worlds = inquiry.sets[0].schema, inquiry.model.worlds
    here, there = worlds.rails(one, schema), worlds.rails(other, schema)
    pairs = (
        (here.true, there.untrue),
        (there.true, here.untrue),
        (here.false, there.unfalse),
        (there.false, here.unfalse),
    )
    answers = [excluded(inquiry, *pair) for pair in pairs]
    return False if False in answers else None if None in answers else True


def excluded(inquiry: Inquiry, *formulas: Formula) -> bool | None:
    """Tell whether no world fulfils some formulas; None past the budget."""
    try:
        return Search(inquiry.model.worlds, inquiry.budget).find(formulas) is None
    except SpentError:
        return None


def _size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def _without_one_part(node: Node) -> Iterator[tuple[Node, Node]]:
    """Give a condition without one operand of an "and" or "or", and that operand, in every way."""
    if isinstance(node, Logic):
        for place, part in enumerate(node.operands):
            left = node.operands[:place] + node.operands[place + 1 :]
            yield (left[0] if len(left) == 1 else Logic(node.op, left)), part
    # Only as far as conditions are joined: inside a test (a macro, a comparison) a part is no condition.
    if isinstance(node, Logic | Choice) or (isinstance(node, Unary) and node.op == "!"):
        for child in children(node):
            for less, part in _without_one_part(child):
                yield _replaced(node, child, less), part


def _replaced(node: Node, child: Node, less: Node) -> Node:
    return rewrite(node, lambda inner: less if inner is child else None)
