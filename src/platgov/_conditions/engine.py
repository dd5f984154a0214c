"""Evaluates many conditions on one event at once, by the way that is fastest for their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from platgov._conditions.atoms import Has, Open, View, clauses
from platgov._conditions.evaluate import FIRST_SLOT, new_frame, slots_of
from platgov._conditions.index import index_lines
from platgov._conditions.loading import Loading
from platgov._conditions.plain import folded_views, plain_lines
from platgov._conditions.reasons import Explainer, Proof
from platgov._facts.reading import as_dict, shown
from platgov._limits import DEFAULT
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from platgov._conditions.condition import Condition
    from platgov._facts.schema import Schema

__all__ = ["ConditionSet", "build"]

_PLAIN_UP_TO: Final = 80
"""Conditions up to which plain code is faster than the index; measured, and of no consequence for answers."""


class ConditionSet:
    """A fixed list of conditions over one schema, compiled to be matched against many events.

    Attributes:
        conditions: The conditions, in the order of their numbers.
        method: ``plain`` or ``indexed``; both give the same answers.
    """

    __slots__ = (
        "_explainers", "_from_dict", "_from_instance", "_readers", "conditions", "fast", "method", "paths", "schema",
    )  # fmt: skip

    def __init__(
        self,
        conditions: Sequence[Condition],
        schema: Schema,
        *,
        method: Literal["plain", "indexed"] | None = None,
        fast: bool | None = None,
        checked: bool = False,
    ) -> None:
        """Compile the conditions.

        Args:
            conditions: Each one passes ``check(schema)``.
            schema: Their facts.
            method: How to evaluate; None chooses by their number.
            fast: True needs the ``fast`` extra, False does without, None uses it when installed.
            checked: The caller has held every condition against the schema already.

        Raises:
            ConditionError: A condition does not fit the schema.
        """
        for condition in () if checked else conditions:
            condition.check(schema)
        self.conditions, self.schema, self.fast = tuple(conditions), schema, fast
        self.method = method or ("plain" if len(conditions) <= _PLAIN_UP_TO else "indexed")
        self.paths = tuple(sorted({path for condition in self.conditions for path in condition.paths}))
        self._explainers: dict[int, Explainer] = {}
        self._readers: dict[int, Callable[[dict[str, Any]], Any]] = {}  # of one fact each, by slot
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
        plain = as_dict(event)
        if plain is None:
            raise self._no_event(event)
        return self._from_dict(plain)

    def proofs(self, event: Any, numbers: Sequence[int]) -> list[Proof | None]:
        """Explain why conditions hold on an event.

        Args:
            event: As for `match`.
            numbers: Conditions that `match` found to hold on it.
        """
        explainers = [self.explainer(number) for number in numbers]
        slots = {slot for explainer in explainers for slot in explainer.reads}
        frame = self.frame(event, slots)
        return [explainer.proof(frame, held=True) for explainer in explainers]

    def explainer(self, number: int) -> Explainer:
        """Give what explains one condition, over the frames of `frame`."""
        found = self._explainers.get(number)
        if found is None:
            found = Explainer(self.conditions[number].node, self.schema, slots_of(self.paths))
            self._explainers[number] = found
        return found

    def frame(self, event: Any, slots: Iterable[int] | None = None) -> list[Any]:
        """Lay out the facts of an event as the explainers read them; only those of some slots, if given."""
        plain = as_dict(event)
        if plain is None:
            raise self._no_event(event)
        frame = new_frame((), len(self.paths) + DEFAULT.nesting)  # no text nests more macros than that
        for slot in range(FIRST_SLOT, FIRST_SLOT + len(self.paths)) if slots is None else slots:
            read = self._readers.get(slot)
            if read is None:
                loading = Loading(self.schema, (self.paths[slot - FIRST_SLOT],), ())
                read = self._readers[slot] = build(loading, [*loading.lines(instance=False), "return v0"])
            frame[slot] = read(plain)
        return frame

    def _no_event(self, event: Any) -> InputError:
        problem = Problem(f"expected a mapping or an instance, got {shown(event)}", code="type")
        return InputError(self.schema.name, (problem,))

    def _compile(self, *, instance: bool) -> Callable[[Any], tuple[list[int], list[int]]]:
        nodes = [condition.node for condition in self.conditions]
        rules = [clauses(node, self.schema) for node in nodes]
        views = {
            atom.view
            for clause_list in rules
            for clause in clause_list
            for atom, _ in clause
            if isinstance(atom, Has | Open) and isinstance(atom.view, View) and atom.view.folded
        }
        if self.method == "plain":  # walks every test, also of rules that have too many clauses
            views |= {view for node in nodes for view in folded_views(node, self.schema)}
        loading = Loading(self.schema, self.paths, tuple(sorted(views, key=lambda view: view.path)))
        if self.method == "plain":
            lines = plain_lines(nodes, self.schema, loading, fast=self.fast, instance=instance)
        else:
            lines = index_lines(rules, self.schema, loading, fast=self.fast, instance=instance)
        match: Callable[[Any], tuple[list[int], list[int]]] = build(loading, lines)
        return match


def build(loading: Loading, lines: list[str]) -> Any:
    """Make a function of an event ``e`` from the lines of its body."""
    source = "def match(e):\n" + "\n".join(f" {line}" for line in lines)
    exec(compile(source, "<platgov conditions>", "exec"), loading.scope)  # noqa: S102 - see `loading`
    return loading.scope["match"]
