"""The events that conditions can tell apart, as variables with finitely many values.

A condition compares a fact with constants, so the values of the fact fall into a few cells (see
`platgov._consistency.cells`). A fact is then a variable over its cells, and a test the set of
cells in which it is true (or false: the rest is unknown).

A test of which that cannot be said (a pattern, arithmetic, a macro) is a variable of its own,
true, false or unknown, with what is known of it as implications. Every event is one of the
worlds described here, so what holds in all worlds holds for all events; a world need not be an
event, so what is found is always tried out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.tree import Choice, Logic, Node, Unary
from platgov._conditions.values import UNKNOWN
from platgov._consistency.atoms import Atom, Reader, Reading, is_membership, is_strict
from platgov._consistency.cells import Cell, Variable, bounds, cells_of, rank, seen
from platgov._consistency.formulas import FALSE, TRUE, Rails, both, either
from platgov._consistency.texts import excludes, implies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._consistency.cells import Path
    from platgov._consistency.formulas import Formula
    from platgov._facts.schema import Field, Schema

__all__ = ["Worlds"]

_HOLDS, _FAILS, _OPEN = 1, 2, 4  # the cells of a test that is a variable of its own
_EVERYTHING: Final = 7
_TEST: Final = ("true", "false", "unknown")
_RELATED: Final = 1_000
"""Tests of one text of which every two are compared; beyond, their relations are left open."""


class Worlds:
    """The worlds of some conditions. First `add` all of them, then `close`, then ask for `rails`."""

    def __init__(self, reader: Reader) -> None:
        """Start without any; ``reader`` keeps tests that were read for other worlds."""
        self.variables: list[Variable] = []
        self.full: list[int] = []
        self.implied: dict[int, list[tuple[int, int, int]]] = {}
        """By variable: once it is within the first cells, the other variable is within the last."""
        self.base = 0
        """How many variables the first event has."""
        self.reader = reader
        self._numbers: dict[Any, int] = {}
        self._atoms: dict[int, Atom] = {}
        self._constants: dict[int, set[Any]] = {}
        self._preferred: dict[int, tuple[int, ...]] = {}

    # -- gathering -----------------------------------------------------------------------------

    def add(self, node: Node, schema: Schema) -> None:
        """Take note of the tests of a condition."""
        for reading in self.reader.tests(node, schema):
            if reading.number not in self._atoms:
                self._atoms[reading.number] = self._new_atom(reading)

    def host(self, key: Any) -> int:
        """Give the variable that stands for what a rule in Python says."""
        number = self._numbers.get(key)
        if number is None:
            number = self._variable(key, Variable("test", (), "host", None, [*_TEST]))
            self.full[number] = _EVERYTHING
        return number

    def _variable(self, key: Any, variable: Variable) -> int:
        self._numbers[key] = len(self.variables)
        self.variables.append(variable)
        self.full.append(0)
        return len(self.variables) - 1

    def fact(self, path: Path, field: Field) -> int:
        """Give the variable of a fact."""
        kind = field.type.kind
        number = self._numbers.get((path, kind))
        if number is None:
            number = self._variable((path, kind), Variable("fact", path, kind, field))
        self._constants.setdefault(number, set()).update(bounds(field))
        return number

    def _new_atom(self, reading: Reading) -> Atom:
        atom, paths, fields = Atom(reading, reading.node), reading.paths, reading.fields
        known = [self.fact(path, field) for path, field in zip(paths, fields, strict=True) if field is not None]
        only = fields[0] if len(fields) == 1 else None
        if reading.constants is not None:
            atom.variable = known[0]
            self._constants[known[0]].update(reading.constants)
        elif reading.sized is not None and only is not None:
            atom.node, constant = reading.sized
            atom.variable = self._size(paths[0], only)
            self._constants[atom.variable].add(constant)
        elif paths:
            atom.need = reading.need
            variable = Variable("test", paths[0] if only is not None else (), "", only, [*_TEST], atom)
            atom.variable = self._variable(("test", reading.number), variable)
            self.full[atom.variable], atom.true, atom.false = _EVERYTHING, _HOLDS, _FAILS
        return atom

    def _size(self, path: Path, field: Field) -> int:
        key = ("size", path, field.type.kind)
        number = self._numbers.get(key)
        if number is None:
            number = self._variable(key, Variable("size", path, field.type.kind, field))
            self._constants[number] = set()
        return number

    # -- cells ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Settle the cells, and what tests say of them; no condition can be added afterwards."""
        for number, constants in self._constants.items():
            variable = self.variables[number]
            variable.cells = cells_of(variable, constants)
            self.full[number] = (1 << len(variable.cells)) - 1
        for atom in self._atoms.values():
            if not atom.paths:
                continue
            variable = self.variables[atom.variable]
            if variable.sort == "test":
                self._link(atom)
                continue
            for place, cell in enumerate(variable.cells):
                answer = atom.of(variable, cell)
                if answer is True:
                    atom.true |= 1 << place
                elif answer is False:
                    atom.false |= 1 << place
        self._relate()
        self.base = len(self.variables)

    def imply(self, one: int, cells: int, other: int, allowed: int) -> None:
        """State that, where one variable is within some cells, the other is within the allowed ones."""
        full, rest = self.full[one], self.full[one] & ~cells
        if allowed & self.full[other] == self.full[other] or not cells & full:
            return
        self.implied.setdefault(one, []).append((cells, other, allowed))
        self.implied.setdefault(other, []).append((self.full[other] & ~allowed, one, rest))

    def _link(self, atom: Atom) -> None:
        """State what a test says where its facts are missing, unusable or known exactly."""
        strict = is_strict(atom.node)
        for path, field in zip(atom.paths, atom.reading.fields, strict=True):
            if field is None:
                continue
            number = self._numbers[path, field.type.kind]
            variable = self.variables[number]
            if len(atom.paths) > 1:
                if strict:
                    missing = [seen(variable, cell, field) in (None, UNKNOWN) for cell in variable.cells]
                    cells = sum(1 << place for place, gone in enumerate(missing) if gone)
                    self.imply(number, cells, atom.variable, _OPEN)
                continue
            free = _EVERYTHING
            if atom.need is not None and not atom.need.folded:
                free = _HOLDS | _FAILS
            for place, cell in enumerate(variable.cells):
                if cell is Cell.OTHER or (type(cell) is tuple and cell[0] != cell[1]):
                    allowed = free if cell is Cell.OTHER else _EVERYTHING
                else:
                    answer = atom.of(variable, cell)
                    allowed = _HOLDS if answer is True else _FAILS if answer is False else _OPEN
                self.imply(number, 1 << place, atom.variable, allowed)

    def _relate(self) -> None:
        """State what facts, sizes and tests of one text or one struct say of each other."""
        facts = {v.path: n for n, v in enumerate(self.variables) if v.sort == "fact"}
        for number, variable in enumerate(self.variables):
            if variable.sort == "fact":
                for length in range(1, len(variable.path)):
                    around = facts.get(variable.path[:length])
                    if around is not None and self.variables[around].kind == "struct":
                        self.imply(around, 1, number, 1)
                        self.imply(around, 2, number, 2)
            elif variable.sort == "size":
                self._relate_size(number, facts[variable.path])
        needs: dict[tuple[Path, bool], list[Atom]] = {}
        members: dict[Path, list[Atom]] = {}
        for atom in self._atoms.values():
            if atom.need is not None:
                needs.setdefault((atom.paths[0], atom.need.folded), []).append(atom)
            elif len(atom.paths) == 1 and is_membership(atom):
                members.setdefault(atom.paths[0], []).append(atom)
        for (path, folded), atoms in needs.items():
            self._relate_texts(path, atoms, folded=folded)
        for atoms in members.values():
            for one in atoms[:_RELATED]:
                for other in atoms[:_RELATED]:
                    if one is not other:  # an element of no use could be anything
                        self.imply(one.variable, _OPEN, other.variable, _HOLDS | _OPEN)

    def _relate_size(self, size: int, fact: int) -> None:
        cells, full = self.variables[size].cells, self.full[size]
        self.imply(size, 1, fact, 3)
        self.imply(fact, 3, size, 1)
        for place, cell in enumerate(self.variables[fact].cells):
            if type(cell) is str and place > 1:
                fits = [number for number, span in enumerate(cells) if number and span[0] <= len(cell) <= span[1]]
                self.imply(fact, 1 << place, size, sum(1 << number for number in fits))
            elif place > 1:
                self.imply(fact, 1 << place, size, full & ~1)

    def _relate_texts(self, path: Path, atoms: list[Atom], *, folded: bool) -> None:
        size = self._numbers.get(("size", path, "text"))
        for one in atoms:
            need = one.need
            if need is None:
                continue
            if folded and one is not atoms[0]:  # a text folds for all of them, or for none
                self.imply(one.variable, _OPEN, atoms[0].variable, _OPEN)
                self.imply(atoms[0].variable, _OPEN, one.variable, _OPEN)
            if size is not None and not folded:
                long = sum(1 << n for n, span in enumerate(self.variables[size].cells) if n and span[1] >= need.length)
                self.imply(one.variable, _HOLDS, size, long)
            for other in atoms[:_RELATED]:
                if one is other or other.need is None:
                    continue
                if implies(need, other.need):
                    self.imply(one.variable, _HOLDS, other.variable, _HOLDS)
                elif excludes(need, other.need):
                    self.imply(one.variable, _HOLDS, other.variable, _FAILS | _OPEN)

    def preferred(self, number: int) -> tuple[int, ...]:
        """Give the cells of a variable in the order in which an example should take them.

        Values before none at all, that before unusable ones; of tests, that they fail.
        """
        found = self._preferred.get(number)
        if found is None:
            variable = self.variables[number]
            if variable.sort == "test":
                found = (_FAILS, _HOLDS, _OPEN)
            else:
                places = sorted(range(len(variable.cells)), key=lambda place: (rank(variable, place), place))
                found = tuple(1 << place for place in places)
            self._preferred[number] = found
        return found

    # -- formulas ------------------------------------------------------------------------------

    def rails(self, node: Node, schema: Schema) -> Rails:
        """Give where a condition is true and where it is false."""
        return Rails.of(*self._both(node, schema), self.full)

    def host_rails(self, key: Any) -> Rails:
        """Give the same for a rule in Python."""
        number = self._numbers[key]
        return Rails.of((number, _HOLDS), (number, _FAILS), self.full)

    def _both(self, node: Node, schema: Schema) -> tuple[Formula, Formula]:
        match node:
            case Unary(op="!", operand=operand):
                true, false = self._both(operand, schema)
                return false, true
            case Logic(op=op, operands=operands):
                rails = [self._both(operand, schema) for operand in operands]
                trues, falses = [true for true, _ in rails], [false for _, false in rails]
                return (both(trues), either(falses)) if op == "&&" else (either(trues), both(falses))
            case Choice(condition=condition, then=then, otherwise=otherwise):
                (yes, no), one, two = (self._both(part, schema) for part in (condition, then, otherwise))
                return tuple(either((both((yes, a)), both((no, b)))) for a, b in zip(one, two, strict=True))  # type: ignore[return-value]
            case _ if (spelt := self.reader.spelt(node)) is not None:
                return self._both(spelt, schema)
        atom = self._atoms[self.reader.reading(node, schema).number]
        if not atom.paths:
            answer = atom.ask(lambda _: None)
            return TRUE if answer is True else FALSE, TRUE if answer is False else FALSE
        true = (atom.variable, atom.true) if atom.true else FALSE
        false = (atom.variable, atom.false) if atom.false else FALSE
        return true, false

    # -- a second event ------------------------------------------------------------------------

    def twin(self, path: Path, hosts: Iterable[int] = ()) -> dict[int, int]:
        """Add variables for a second event that differs from the first in one fact only.

        Args:
            path: The fact, with everything inside it.
            hosts: The variables of rules in Python that read it.

        Returns:
            For each variable that may differ, the one of the second event.
        """
        pairs: dict[int, int] = {}
        touched = set(hosts)
        # Only those of the first event: other second events have nothing to do with this one.
        base = self.base
        for number, variable in enumerate(self.variables[:base]):
            if variable.sort == "test" and variable.atom is not None:
                reads = variable.atom.paths
                differs = any(_overlap(path, read) for read in reads)
            else:
                differs = number in touched or (bool(variable.path) and variable.path[: len(path)] == path)
            if differs:
                pairs[number] = len(self.variables)
                self.variables.append(variable)
                self.full.append(self.full[number])
        for one, known in [*self.implied.items()]:
            if one >= base:
                continue
            implications = [known_one for known_one in known if known_one[1] < base]
            if one in pairs:
                again = [(cells, pairs.get(other, other), allowed) for cells, other, allowed in implications]
                self.implied[pairs[one]] = again
            else:
                again = [(cells, pairs[other], allowed) for cells, other, allowed in implications if other in pairs]
                known.extend(again)
        return pairs


def _overlap(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]
