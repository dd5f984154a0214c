"""Evaluates many conditions on one event at once, by the way that is fastest for their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from platgov._conditions.atoms import Has, Open, View, clauses
from platgov._conditions.evaluate import fact_paths
from platgov._conditions.index import index_lines
from platgov._conditions.loading import Loading, as_event
from platgov._conditions.plain import plain_lines
from platgov._facts.reading import shown
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from platgov._conditions.condition import Condition
    from platgov._facts.schema import Schema

__all__ = ["ConditionSet"]

Answer = "tuple[list[int], list[int]]"
_PLAIN_UP_TO: Final = 40
"""Conditions up to which plain code is faster than the index; measured, and of no consequence for answers."""


class ConditionSet:
    """A fixed list of conditions over one schema, compiled to be matched against many events.

    Attributes:
        conditions: The conditions, in the order of their numbers.
        method: ``plain`` or ``indexed``; both give the same answers.
    """

    __slots__ = ("_from_dict", "_from_instance", "conditions", "fast", "method", "schema")

    def __init__(
        self,
        conditions: Sequence[Condition],
        schema: Schema,
        *,
        method: Literal["plain", "indexed"] | None = None,
        fast: bool | None = None,
    ) -> None:
        """Compile the conditions.

        Args:
            conditions: Each one passes ``check(schema)``.
            schema: Their facts.
            method: How to evaluate; None chooses by their number.
            fast: True needs the ``fast`` extra, False does without, None uses it when installed.

        Raises:
            ConditionError: A condition does not fit the schema.
        """
        for condition in conditions:
            condition.check(schema)
        self.conditions, self.schema, self.fast = tuple(conditions), schema, fast
        self.method = method or ("plain" if len(conditions) <= _PLAIN_UP_TO else "indexed")
        self._from_dict = self._compile(instance=False)
        self._from_instance: Callable[[Any], tuple[list[int], list[int]]] | None = None

    def match(self, event: Any) -> tuple[list[int], list[int]]:
        """Give the numbers of the conditions that hold, and of those that the facts leave open.

        Args:
            event: A mapping of plain values, or an instance of the schema's facts class.

        Raises:
            InputError: The event is neither; nothing inside it raises.
        """
        if type(event) is dict:
            return self._from_dict(event)
        if type(event) is self.schema.source:
            if self._from_instance is None:
                self._from_instance = self._compile(instance=True)
            return self._from_instance(event)
        plain = as_event(event)
        if plain is None:
            problem = Problem(f"expected a mapping or an instance, got {shown(event)}", code="type")
            raise InputError(self.schema.name, (problem,))
        return self._from_dict(plain)

    def _compile(self, *, instance: bool) -> Callable[[Any], tuple[list[int], list[int]]]:
        nodes = [condition.node for condition in self.conditions]
        rules = [clauses(node, self.schema) for node in nodes]
        paths = sorted({path for node in nodes for path in fact_paths(node)})
        views = {
            atom.view
            for clause_list in rules
            for clause in clause_list
            for atom, _ in clause
            if isinstance(atom, Has | Open) and isinstance(atom.view, View) and atom.view.folded
        }
        loading = Loading(self.schema, tuple(paths), tuple(sorted(views, key=lambda view: view.path)))
        lines = loading.lines(instance=instance)
        if self.method == "plain":
            lines += plain_lines(nodes, self.schema, loading, fast=self.fast)
        else:
            lines += index_lines(rules, self.schema, loading, fast=self.fast)
        source = "def match(e):\n" + "\n".join(f" {line}" for line in lines)
        exec(compile(source, "<platgov conditions>", "exec"), loading.scope)  # noqa: S102 - see `loading`
        match: Callable[[Any], tuple[list[int], list[int]]] = loading.scope["match"]
        return match
