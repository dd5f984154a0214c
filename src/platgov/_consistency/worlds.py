"""The events that conditions can tell apart, as variables with finitely many values.

A condition compares a fact with constants, so the values of the fact fall into a few *cells*
that no condition can see into: ``links > 3`` and ``links < 10`` leave "up to 3", "4 to 9" and
"10 and more", and beside them "absent" and "unusable". A fact is then a variable over its
cells, a test the set of cells in which it is true (or false: the rest is unknown), and a set
of cells is one whole number whose bits are the cells.

What a test makes of a cell is not worked out here a second time: the evaluator is asked about
one value out of it. A test of which that cannot be said (a pattern, arithmetic, a macro) is a
variable of its own, true, false or unknown, with what is known of it as implications. Every
event is one of the worlds described here, so what holds in all worlds holds for all events;
a world need not be an event, so what is found is always tried out.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._conditions.evaluate import compile_node, fact_paths, new_frame, slots_of
from platgov._conditions.tree import Binary, Call, Choice, Literal, Logic, Name, Node, Select, Unary, path_of, walk
from platgov._conditions.values import (
    INT_MAX,
    INT_MIN,
    NULL,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    UNKNOWN,
    Duration,
    Timestamp,
)
from platgov._consistency.texts import Need, excludes, implies, need_of
from platgov._limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from platgov._facts.schema import Field, Schema

__all__ = [
    "AND",
    "FALSE",
    "OR",
    "TRUE",
    "Atom",
    "Cell",
    "Formula",
    "Rails",
    "Variable",
    "Worlds",
    "both",
    "either",
    "opposite",
    "renamed",
    "seen",
]

Path = tuple[str, ...]

Formula = tuple[int, Any]
"""``(variable, cells)``: the variable is in one of the cells; or (AND, parts), or (OR, parts)."""

AND: Final = -1
OR: Final = -2
TRUE: Final[Formula] = (AND, ())
FALSE: Final[Formula] = (OR, ())


class Cell(enum.Enum):
    """A cell that is no value, or no particular one."""

    ABSENT = "absent"
    UNUSABLE = "unusable"
    OTHER = "other"
    """All texts but those written out in a condition; any list; any struct."""


_HOLDS, _FAILS, _OPEN = 1, 2, 4  # the cells of a test that is a variable of its own
_EVERYTHING: Final = 7
_EXACT: Final = 2**53
_LARGEST: Final = math.nextafter(math.inf, 0)
_SPELT_OUT: Final = 8
"""Terms up to which ``containsAny`` is looked at term by term."""
_RELATED: Final = 1_000
"""Tests of one text of which every two are compared; beyond, their relations are left open."""
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_NUMBERS: Final = frozenset({"int", "float", "timestamp", "duration"})


def both(parts: Iterable[Formula]) -> Formula:
    """Join with "and"."""
    return _joined(AND, OR, parts)


def either(parts: Iterable[Formula]) -> Formula:
    """Join with "or"."""
    return _joined(OR, AND, parts)


def _joined(tag: int, other: int, parts: Iterable[Formula]) -> Formula:
    kept: dict[Formula, None] = {}
    for part in parts:
        if part[0] == tag:
            kept.update(dict.fromkeys(part[1]))
        elif part == (other, ()):  # an empty "or" is false, and so is an "and" with it
            return part
        else:
            kept[part] = None
    return next(iter(kept)) if len(kept) == 1 else (tag, tuple(kept))


class Rails(NamedTuple):
    """Where a condition is true, where it is false, and the opposites of the two."""

    true: Formula
    untrue: Formula
    false: Formula
    unfalse: Formula

    @staticmethod
    def of(true: Formula, false: Formula, full: list[int]) -> Rails:
        return Rails(true, opposite(true, full), false, opposite(false, full))


def opposite(formula: Formula, full: list[int]) -> Formula:
    """Give the formula that holds in all other worlds; ``full`` has all cells of each variable."""
    tag, body = formula
    if tag >= 0:
        left = full[tag] & ~body
        return (tag, left) if left else FALSE
    parts = (opposite(part, full) for part in body)
    return either(parts) if tag == AND else both(parts)


@attrs.define(eq=False)
class Variable:
    """One fact, the size of one, or one test that nothing sees into.

    Attributes:
        sort: ``fact``, ``size`` or ``test``.
        path: The fact; of a test, its only fact, or empty.
        kind: The kind of the fact, as its schema declares it.
        field: The declaration.
        cells: What it may be: words for no value, (low, high) for numbers, else the value.
        atom: The test.
    """

    sort: str
    path: Path
    kind: str
    field: Field | None
    cells: list[Any] = attrs.field(factory=list)
    atom: Atom | None = None


@attrs.define(eq=False)
class Atom:
    """One test of a condition, as one schema reads it.

    Attributes:
        node: The test.
        paths: What it reads.
        fields: How these facts are declared.
        variable: Number of the variable that settles it.
        true: The cells in which it is true.
        false: The cells in which it is false.
        constants: What a fact is compared with.
        need: What it needs of a text, if it is such a test.
    """

    node: Node
    paths: tuple[Path, ...]
    fields: tuple[Field | None, ...]
    run: Callable[[list[Any]], Any]
    variables: int
    variable: int = -1
    true: int = 0
    false: int = 0
    constants: tuple[Any, ...] = ()
    need: Need | None = None

    def ask(self, get: Callable[[Path], Any]) -> Any:
        """Evaluate on what ``get`` gives for each fact."""
        return self.run(new_frame(map(get, self.paths), self.variables))

    def on(self, value: Any) -> Any:
        """Evaluate a test of one fact on a value of it."""
        return self.run(new_frame((value,), self.variables))


class Worlds:
    """The worlds of some conditions. First `add` all of them, then `close`, then ask for `rails`."""

    def __init__(self, compiled: dict[Any, Any] | None = None) -> None:
        """Start without any; ``compiled`` keeps tests that were compiled for other worlds."""
        self.variables: list[Variable] = []
        self.full: list[int] = []
        self.implied: dict[int, list[tuple[int, int, int]]] = {}
        """By variable: once it is within the first cells, the other variable is within the last."""
        self.base = 0
        """How many variables the first event has."""
        self._numbers: dict[Any, int] = {}
        self._atoms: dict[Any, Atom] = {}
        self._known: dict[tuple[int, int], tuple[Node, Atom]] = {}  # the node itself, lest its id be used again
        self._compiled: dict[Any, Any] = {} if compiled is None else compiled
        self._constants: dict[int, list[Any]] = {}
        self._preferred: dict[int, tuple[int, ...]] = {}

    # -- gathering -----------------------------------------------------------------------------

    def add(self, node: Node, schema: Schema) -> None:
        """Take note of the tests of a condition."""
        for test in _tests(node):
            self._atom(test, schema)

    def host(self, key: Any) -> int:
        """Give the variable that stands for what a rule in Python says."""
        number = self._numbers.get(key)
        if number is None:
            number = self._variable(key, Variable("test", (), "host", None, ["true", "false", "unknown"]))
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
        self._constants.setdefault(number, []).extend(_bounds(field))
        return number

    def _atom(self, node: Node, schema: Schema) -> Atom:
        known = self._known.get((id(node), id(schema)))
        if known is not None:
            return known[1]
        paths = fact_paths(node)
        fields = tuple(schema.at(path) for path in paths)
        key = (node, fields)
        atom = self._atoms.get(key)
        if atom is None:
            atom = self._atoms[key] = self._new_atom(key, paths, fields)
        self._known[id(node), id(schema)] = (node, atom)
        return atom

    def _new_atom(self, key: Any, paths: tuple[Path, ...], fields: tuple[Field | None, ...]) -> Atom:
        node = key[0]
        read = self._compiled.get(key)
        if read is None:
            read = self._compiled[key] = _read(node, paths, fields)
        run, variables, constants, sized, need = read
        atom = Atom(node, paths, fields, run, variables)
        known = [self.fact(path, field) for path, field in zip(paths, fields, strict=True) if field is not None]
        only = fields[0] if len(fields) == 1 else None
        if constants is not None:
            atom.variable, atom.constants = known[0], constants
            self._constants[known[0]].extend(constants)
        elif sized is not None and only is not None:
            atom.node, constant = sized
            atom.variable = self._size(paths[0], only)
            self._constants[atom.variable].append(constant)
        elif paths:
            atom.need = need
            path = paths[0] if only is not None else ()
            variable = Variable("test", path, "", only, ["true", "false", "unknown"], atom)
            atom.variable = self._variable(key, variable)
            self.full[atom.variable], atom.true, atom.false = _EVERYTHING, _HOLDS, _FAILS
        return atom

    def _size(self, path: Path, field: Field) -> int:
        key = ("size", path, field.type.kind)
        number = self._numbers.get(key)
        if number is None:
            number = self._variable(key, Variable("size", path, field.type.kind, field))
            self._constants[number] = []
        return number

    # -- cells ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Settle the cells, and what tests say of them; no condition can be added afterwards."""
        for number, constants in self._constants.items():
            variable = self.variables[number]
            variable.cells = _cells(variable, constants)
            self.full[number] = (1 << len(variable.cells)) - 1
        for atom in self._atoms.values():
            if not atom.paths:
                continue
            variable = self.variables[atom.variable]
            if variable.sort == "test":
                self._link(atom)
                continue
            for place, cell in enumerate(variable.cells):
                answer = atom.on(seen(variable, cell, atom.fields[0]))
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
        strict = _is_strict(atom.node)
        for path, field in zip(atom.paths, atom.fields, strict=True):
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
                    answer = atom.on(seen(variable, cell, atom.fields[0]))
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
            elif len(atom.paths) == 1 and _is_membership(atom):
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
                places = sorted(range(len(variable.cells)), key=lambda place: (_rank(variable, place), place))
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
            case _ if (spelt := _spelt_out(node)) is not None:
                return self._both(spelt, schema)
        atom = self._atom(node, schema)
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


def renamed(formula: Formula, pairs: Mapping[int, int]) -> Formula:
    """Say of the second event what a formula says of the first."""
    tag, body = formula
    if tag >= 0:
        return (pairs.get(tag, tag), body)
    return (tag, tuple(renamed(part, pairs) for part in body))


def _overlap(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]


# -- reading conditions ------------------------------------------------------------------------


def _read(node: Node, paths: tuple[Path, ...], fields: tuple[Field | None, ...]) -> Any:
    """Compile a test, and tell what is known of it without knowing the others."""
    run, variables = compile_node(node, slots_of(paths))
    only = fields[0] if len(fields) == 1 else None
    if only is None:
        return run, variables, None, None, None
    constants = _compared(node, paths[0], only)
    sized = None if constants is not None else _sized(node, paths[0], only)
    if sized is not None:
        run, variables = compile_node(sized[0], {("size",): 2})
    return run, variables, constants, sized, need_of(node) if only.type.kind == "text" else None


def _tests(node: Node) -> Iterable[Node]:
    match node:
        case Unary(op="!", operand=operand):
            yield from _tests(operand)
        case Logic(operands=operands):
            for operand in operands:
                yield from _tests(operand)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _tests(part)
        case _:
            spelt = _spelt_out(node)
            if spelt is None:
                yield node
            else:
                yield from _tests(spelt)


def _spelt_out(node: Node) -> Node | None:
    """Give a search for one of a few terms as one search per term; None for anything else."""
    if not isinstance(node, Call) or node.function not in ("containsAny", "containsWord") or len(node.arguments) != 1:
        return None
    items = getattr(node.arguments[0], "items", ())
    if not 1 < len(items) <= _SPELT_OUT or not all(
        isinstance(item, Literal) and type(item.value) is str for item in items
    ):
        return None
    name = "contains" if node.function == "containsAny" else node.function
    return Logic("||", tuple(Call(name, node.target, (item,)) for item in items))


def _compared(node: Node, path: Path, field: Field) -> tuple[Any, ...] | None:
    """Give the constants between which a test of one fact does not change; None if there are no such."""
    kind = field.type.kind
    if isinstance(node, Call) and node.function == "has" and node.target is None:
        return () if path_of(node.arguments[0]) == path else None
    if kind in ("bool", "enum"):
        return ()
    if not isinstance(node, Binary) or node.op not in _COMPARISONS:
        return None
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if path_of(side) != path or fact_paths(other):
            continue
        if node.op == "in" and side is node.right:
            return None
        value = compile_node(other, {})[0](new_frame((), 0))
        constants = value if type(value) is tuple and node.op == "in" else (value,)
        if value is NULL:
            return () if node.op in ("==", "!=") else None
        if kind == "text":
            return None if node.op not in ("==", "!=", "in") else tuple(item for item in constants if type(item) is str)
        if kind in _NUMBERS and all(map(_is_exact, constants)):
            return tuple(_plain(item) for item in constants if _fits(item, kind))
    return None


def _is_exact(value: Any) -> bool:
    return type(value) is not float or abs(value) < _EXACT


def _fits(value: Any, kind: str) -> bool:
    if kind == "timestamp":
        return type(value) is Timestamp
    if kind == "duration":
        return type(value) is Duration
    return isinstance(value, int | float) and type(value) is not bool


def _plain(value: Any) -> int | float:
    return value.ns if isinstance(value, Timestamp | Duration) else float(value) if type(value) is float else int(value)


def _sized(node: Node, path: Path, field: Field) -> tuple[Node, Any] | None:
    """Give a test of the size of a fact as a test of a number, and the constant in it."""
    if not isinstance(node, Binary) or node.op not in _COMPARISONS - {"in"} or field.type.kind not in ("text", "list"):
        return None
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, Call) and side.function == "size" and isinstance(other, Literal):
            of = side.arguments[0] if side.target is None and side.arguments else side.target
            if of is not None and path_of(of) == path and type(other.value) in (int, float) and _is_exact(other.value):
                number = Name("size")
                left, right = (number, other) if side is node.left else (other, number)
                return Binary(node.op, left, right), other.value
    return None


def _is_membership(atom: Atom) -> bool:
    node = atom.node
    return (
        isinstance(node, Binary) and node.op == "in" and path_of(node.right) is not None and not fact_paths(node.left)
    )


def _is_strict(node: Node) -> bool:
    """Tell whether a test is unknown as soon as one of its facts is of no use."""
    for part in walk(node):
        if isinstance(part, Literal | Name | Select) or (isinstance(part, Unary) and part.op == "-"):
            if isinstance(part, Literal) and part.value is NULL:
                return False
            continue
        if not (isinstance(part, Binary) and part.op != "in"):
            return False
    return True


# -- cells -------------------------------------------------------------------------------------


def _bounds(field: Field) -> list[Any]:
    return [*field.type.values] + [bound for bound in (field.ge, field.le) if bound is not None]


def _range(variable: Variable) -> tuple[Any, Any]:
    if variable.sort == "size":
        return 0, DEFAULT.text_bytes if variable.kind == "text" else DEFAULT.items
    if variable.kind == "float":
        return -_LARGEST, _LARGEST
    return (TIMESTAMP_MIN, TIMESTAMP_MAX) if variable.kind == "timestamp" else (INT_MIN, INT_MAX)


def _cells(variable: Variable, constants: list[Any]) -> list[Any]:
    if variable.sort == "size":
        return [Cell.UNUSABLE, *_spans(variable, constants)]
    special: list[Any] = [Cell.ABSENT, Cell.UNUSABLE]
    match variable.kind:
        case "bool":
            return [*special, False, True]
        case "enum":
            return [*special, *sorted(set(constants))]
        case "text":
            return [*special, Cell.OTHER, *sorted({text for text in constants if type(text) is str})]
        case "list" | "struct":
            return [*special, Cell.OTHER]
    return [*special, *_spans(variable, constants)]


def _spans(variable: Variable, constants: list[Any]) -> list[tuple[Any, Any]]:
    """Cut the numbers of a fact at its constants: each constant is alone, and so is what lies between."""
    low, high = _range(variable)
    whole = variable.kind != "float" or variable.sort == "size"
    points: set[Any] = set()
    for constant in constants:
        for point in (math.floor(constant), math.ceil(constant)) if whole else (float(constant) + 0.0,):
            if low <= point <= high:
                points.add(point)
    spans = []
    start = low
    for point in sorted(points):
        before = point - 1 if whole else math.nextafter(point, -math.inf)
        if start <= before:
            spans.append((start, before))
        spans.append((point, point))
        start = point + 1 if whole else math.nextafter(point, math.inf)
    if start <= high:
        spans.append((start, high))
    return spans


def _rank(variable: Variable, place: int) -> int:
    cell, field = variable.cells[place], variable.field
    if cell is Cell.ABSENT:
        return 1
    if cell is Cell.UNUSABLE:
        return 2
    if variable.sort != "fact" or type(cell) is not tuple or field is None:
        return 0
    return 2 if (field.ge is not None and cell[0] < field.ge) or (field.le is not None and cell[1] > field.le) else 0


def seen(variable: Variable, cell: Any, field: Field | None) -> Any:
    """Give a value out of a cell, as conditions see it where the fact is declared like this."""
    if cell is Cell.ABSENT:
        return None
    if cell is Cell.UNUSABLE:
        return UNKNOWN
    if variable.sort == "size":
        return cell[0]
    if cell is Cell.OTHER:
        return _other_text(variable) if variable.kind == "text" else () if variable.kind == "list" else {}
    value = cell[0] if type(cell) is tuple else cell
    if field is None or (field.type.kind == "enum" and value not in field.type.values):
        return UNKNOWN
    if (field.ge is not None and value < field.ge) or (field.le is not None and value > field.le):
        return UNKNOWN
    wrap = {"timestamp": Timestamp, "duration": Duration}.get(variable.kind)
    return value if wrap is None else wrap(value)


def _other_text(variable: Variable) -> str:
    text = "~"
    while text in variable.cells:
        text += "~"
    return text
