"""The engine for large rule sets: cost grows with the rules that could match, not with all.

Every clause of every rule is one bit of a large integer. For each fact there is a table from
its value to the clauses that the value leaves possible; one AND per fact leaves the clauses
whose simple tests all hold. One pass over each text finds which of all terms occur in it and
narrows the clauses further. Only what remains is looked at one clause at a time.

A fact that is missing or unusable rules nothing out; the clauses that depend on it are marked,
and those of them that remain are open.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import compress
from math import ceil, inf, nextafter
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.atoms import Among, Atom, Clause, Given, Has, Number, Open, Signed, View
from platgov._conditions.evaluate import compile_node, slots_of
from platgov._conditions.keywords import Terms
from platgov._conditions.loading import Steps
from platgov._conditions.plain import pattern_search
from platgov._conditions.tree import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from platgov._conditions.atoms import Path
    from platgov._conditions.loading import Loading
    from platgov._facts.schema import Schema

    _Tests = tuple[tuple[int, bool], ...]
    _Finish = Callable[[int, int, list[Any], bool], tuple[list[int], list[int]]]

__all__ = ["index_lines"]

_DIRECT: Final = 1_024
"""Whole numbers in a row that a table lists one by one; wider ranges are searched."""

_FEW: Final = 4
"""Clauses up to which it is faster to look for their terms than to search the text for all terms."""

_TELLING: Final = 3
"""Characters below which a required text occurs too often to tell much."""

_GLANCE: Final = 5
"""Facts after which to see whether any clause is left."""

_BITS: Final = tuple(tuple(bit for bit in range(8) if octet >> bit & 1) for octet in range(256))

_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "in": "not in"}


def index_lines(
    rules: Sequence[tuple[Clause, ...]], schema: Schema, loading: Loading, *, fast: bool | None, instance: bool
) -> list[str]:
    """Write the body of the function; it returns the rules that hold and those that may hold."""
    return _Index(rules, schema, loading, fast=fast).lines(instance=instance)


class _Index:
    """Distributes the literals of all clauses over tables, and writes the look-ups."""

    def __init__(
        self, rules: Sequence[tuple[Clause, ...]], schema: Schema, loading: Loading, *, fast: bool | None
    ) -> None:
        self.schema, self.loading, self.fast = schema, loading, fast
        self.scope = loading.scope
        self.rule_of = [number for number, clauses in enumerate(rules) for _ in clauses]
        self.clauses = [clause for clauses in rules for clause in clauses]
        self.size = len(self.clauses)
        self.full = (1 << self.size) - 1
        self.depends: dict[Path | View, list[int]] = {}  # clauses with a literal on that fact or folded text
        self.tests: dict[Atom, int] = {}
        self.rest: list[_Tests] = []  # by clause: tests left for later
        self.every: list[_Tests] = []  # by clause: the same, and those that the search for terms answers
        self.searched: list[int] = []  # clauses that the search for terms answers or narrows
        self.numbers: dict[Path, dict[tuple[str, tuple[float, ...]], list[int]]] = {}
        self.among: dict[Path, dict[tuple[frozenset[Any], bool], list[int]]] = {}
        self.given: dict[Path, dict[bool, list[int]]] = {}
        self.terms: dict[View, dict[tuple[str, ...], list[int]]] = {}  # one of them must occur
        self.barred: dict[View, dict[tuple[str, ...], list[int]]] = {}  # none of them may occur
        for place, clause in enumerate(self.clauses):
            self.file(place, clause)

    def mask(self, places: Iterable[int]) -> int:
        """Give the integer with these bits; those of barred clauses are as many places higher as there are clauses."""
        bits = bytearray(self.size // 4 + 1)
        for place in places:
            bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")

    # -- filing literals -----------------------------------------------------------------------

    def file(self, place: int, clause: Clause) -> None:
        clause = _both(clause)
        leading = _leading(clause)
        rest: list[tuple[bool, tuple[int, bool]]] = []  # terms before patterns
        answered = []
        for literal in clause:
            atom, negated = literal
            self.note(place, atom)
            match atom:
                case Number(path=path, op=op, constants=constants):
                    key = (_NEGATED[op] if negated else op, constants)
                    self.numbers.setdefault(path, {}).setdefault(key, []).append(place)
                case Among(path=path, values=values):
                    self.among.setdefault(path, {}).setdefault((values, negated), []).append(place)
                case Given(path=path):
                    self.given.setdefault(path, {}).setdefault(not negated, []).append(place)
                case Has() | Open():
                    test = (self.tests.setdefault(atom, len(self.tests)), negated)
                    barring = negated and isinstance(atom, Has)
                    if barring or literal is leading:
                        view, terms = _looked_up(atom)
                        (self.barred if barring else self.terms).setdefault(view, {}).setdefault(terms, []).append(
                            place
                        )
                        self.searched.append(place)
                    if isinstance(atom, Has) and (barring or literal is leading):
                        answered.append(test)
                    else:
                        rest.append((isinstance(atom, Open), test))
        self.rest.append(tuple(test for _, test in sorted(rest)))
        self.every.append((*answered, *self.rest[-1]))

    def note(self, place: int, atom: Atom) -> None:
        """Remember which facts a clause needs. An open test says itself when it lacks one."""
        if isinstance(atom, Number | Among):
            self.depends.setdefault(atom.path, []).append(place)
        elif isinstance(atom, Has | Open) and atom.view is not None:
            self.depends.setdefault(atom.view.path, []).append(place)
            if atom.view.folded:
                self.depends.setdefault(atom.view, []).append(place)

    # -- tables --------------------------------------------------------------------------------

    def number_lookup(self, path: Path, name: str) -> str:
        field, variable = self.schema.at(path), self.loading.variable(path)
        whole = field is not None and field.type.kind == "int"
        points, masks = self.number_masks(self.numbers[path], whole=whole)
        if whole and field is not None and field.ge is not None and field.ge >= 0 and points and points[-1] <= _DIRECT:
            last = max(0, ceil(points[-1]))
            self.scope[name] = [masks[bisect_right(points, value)] for value in range(last + 1)]
            return f"{name}[{variable} if {variable} < {last} else {last}]"
        self.scope.update({name: masks, f"{name}p": points, "br": bisect_right})
        return f"{name}[br({name}p, {variable})]"

    def number_masks(
        self, groups: dict[tuple[str, tuple[float, ...]], list[int]], *, whole: bool
    ) -> tuple[list[float], list[int]]:
        """Give the points at which the possible clauses change, and the possible ones between each two.

        ``x <= 3`` is ``x < 4`` for whole numbers, and less than the next float for others. So
        every test says on which side of some points a number lies, and one search answers all.
        Until then a comparison rules its clauses out on one side of its point: running ORs do.
        """

        def start(constant: float) -> float:
            return constant if whole else float(constant)

        def end(constant: float) -> float:
            return constant + 1 if type(constant) is int and whole else nextafter(constant, inf)

        def edges(op: str, constant: float) -> tuple[float, ...]:
            begins, ends = start(constant), end(constant)
            return (begins,) if op in ("<", ">=") else (ends,) if op in ("<=", ">") else (begins, ends)

        points = sorted({point for op, constants in groups for constant in constants for point in edges(op, constant)})
        count = len(points) + 1
        spot_of = {point: spot for spot, point in enumerate(points, 1)}  # the spot that begins there
        from_here, up_to_here = [0] * (count + 1), [0] * (count + 1)
        only_at, not_at, equal = [0] * count, [0] * count, 0
        for (op, constants), places in groups.items():
            bits = self.mask(places)
            if op in ("==", "in", "!=", "not in"):
                entries = only_at if op in ("==", "in") else not_at
                equal |= bits if op in ("==", "in") else 0
                for spot in {spot_of[start(constant)] for constant in constants}:
                    entries[spot] |= bits
            elif op in ("<", "<="):
                from_here[spot_of[edges(op, constants[0])[0]]] |= bits
            else:
                up_to_here[spot_of[edges(op, constants[0])[0]] - 1] |= bits
        masks, running = [], 0
        for spot in range(count):
            running |= from_here[spot]
            masks.append(running | not_at[spot] | (equal & ~only_at[spot]))
        running = 0
        for spot in reversed(range(count)):
            running |= up_to_here[spot]
            masks[spot] = self.full & ~(masks[spot] | running)
        return points, masks

    def among_lookup(self, path: Path, name: str) -> str:
        groups = self.among[path]
        variable = self.loading.variable(path)
        values = frozenset().union(*(values for values, _ in groups))
        out: dict[Any, int] = dict.fromkeys(values, 0)
        otherwise = 0
        for (accepted, negated), places in groups.items():
            bits = self.mask(places)
            if not negated:
                otherwise |= bits
            for value in values:
                if (value in accepted) is negated:
                    out[value] |= bits
        table = {value: self.full & ~bits for value, bits in out.items()}
        default = self.full & ~otherwise
        field = self.schema.at(path)
        if field is not None and field.type.kind == "bool":
            self.scope.update({f"{name}t": table.get(True, default), f"{name}f": table.get(False, default)})
            return f"({name}t if {variable} else {name}f)"
        self.scope.update({name: table.get, f"{name}d": default})
        return f"{name}({variable}, {name}d)"

    def given_lookup(self, path: Path, name: str) -> str:
        groups = self.given[path]
        self.scope[f"{name}t"] = self.full & ~self.mask(groups.get(False, ()))
        self.scope[f"{name}f"] = self.full & ~self.mask(groups.get(True, ()))
        return f"({name}t if {self.loading.variable(path)} is not None else {name}f)"

    def term_lookup(self, view: View, name: str) -> list[str]:
        """Write the search of a text: the terms it finds ask for some clauses and bar others."""
        wanted, barred = self.terms.get(view, {}), self.barred.get(view, {})
        places_of: dict[str, list[int]] = {}
        for groups, offset in ((wanted, 0), (barred, self.size)):
            for terms, places in groups.items():
                for term in terms:
                    places_of.setdefault(term, []).extend([place + offset for place in places])
        masks: dict[tuple[int, ...], int] = {}  # equal ones once: they are what takes memory
        payloads = {}
        for term, places in places_of.items():
            key = tuple(places)
            if key not in masks:
                masks[key] = self.mask(places)
            payloads[term] = (masks[key],)
        self.scope[f"{name}h"] = Terms(payloads, accelerate=self.fast).hits
        self.scope[f"{name}b"] = self.full & ~self.mask(place for places in wanted.values() for place in places)
        keep = f"m &= k & ~(k >> {self.size})" if barred else "m &= k"
        return [f"k = {name}b", f"for i in {name}h({self.loading.text(view)}): k |= i", keep]

    # -- writing -------------------------------------------------------------------------------

    def lines(self, *, instance: bool) -> list[str]:
        finish, variables = self.finisher()
        searched, tested = self.mask(self.searched), self.mask(place for place, tests in enumerate(self.every) if tests)
        self.scope.update(full=self.full, finish=finish, searched=searched, tested=tested)
        order = sorted(self.loading.paths, key=lambda path: (-self.weight(path), path))
        lines = ["m = full", "block = 0"]
        lines += self.loading.lines(instance=instance, order=order, steps=self.steps(order))
        views = sorted({*self.terms, *self.barred}, key=lambda view: (view.path, view.folded))
        if views:
            lines += [f"few = (m & searched).bit_count() <= {_FEW}", "if not few:"]
        for number, view in enumerate(views):
            needs = self.loading.bit(view) | self.loading.bit(view.path)
            lines += [f" if not bad & {needs}:", *(f"  {line}" for line in self.term_lookup(view, f"x{number}"))]
        frame = f"{self.loading.frame(variables)} if m & tested else None"
        few = "few" if views else "True"
        return [*lines, "if not m: return [], []", f"return finish(m, block & m, {frame}, {few})"]

    def weight(self, path: Path) -> int:
        """Give how many tests of a fact the tables answer. Facts with many come first: they leave little."""
        tables: tuple[dict[Any, list[int]], ...] = (self.numbers.get(path, {}), self.among.get(path, {}))
        return sum(len(places) for table in tables for places in table.values())

    def steps(self, order: Sequence[Path]) -> dict[Path | View, Steps]:
        """Give what to do with each fact: narrow the clauses, or mark those that lack it."""
        glances = set(order[2::_GLANCE])
        found: dict[Path | View, Steps] = {}
        for place, path in enumerate(order):
            lookups = [self.number_lookup(path, f"n{place}")] if path in self.numbers else []
            lookups += [self.among_lookup(path, f"a{place}")] if path in self.among else []
            after = [f"m &= {self.given_lookup(path, f'p{place}')}"] if path in self.given else []
            after += ["if not m: return [], []"] if path in glances else []
            found[path] = Steps(
                usable=tuple(f"m &= {code}" for code in lookups),
                lacking=self.blocking(path, f"b{place}"),
                after=tuple(after),
            )
        for place, view in enumerate(self.loading.views):
            found[view] = Steps(lacking=self.blocking(view, f"c{place}"))
        return found

    def blocking(self, item: Path | View, name: str) -> tuple[str, ...]:
        """Write the line that marks the clauses that lack a fact or folded text."""
        if item not in self.depends:
            return ()
        self.scope[name] = self.mask(self.depends[item])
        return (f"block |= {name}",)

    def finisher(self) -> tuple[_Finish, int]:
        """Give the function that looks at the remaining clauses one at a time."""
        slots, variables, tests = slots_of(self.loading.paths), 0, []
        for atom in self.tests:
            test, used = self.test(atom, slots)
            tests.append(test)
            variables = max(variables, used)
        rule_of, rest, every = self.rule_of, self.rest, self.every
        size = self.size // 8 + 1
        starts, none = tuple(range(0, size * 8, 8)), bytes(size)

        def finish(m: int, block: int, frame: list[Any], few: bool) -> tuple[list[int], list[int]]:  # noqa: FBT001
            yes: list[int] = []
            open_: list[int] = []
            holds = may_hold = -1  # the last rule of either list; all clauses of a rule stand together
            answers: dict[int, Any] = {}
            left = every if few else rest
            octets = m.to_bytes(size, "little")
            blocks = compress(block.to_bytes(size, "little") if block else none, octets)
            # Most octets are zero; what goes over all of them runs in C.
            for start, octet, blocked in zip(
                compress(starts, octets), octets.translate(None, b"\0"), blocks, strict=True
            ):
                for bit in _BITS[octet]:
                    place = start + bit
                    rule = rule_of[place]
                    if rule == holds:
                        continue
                    undecided = blocked >> bit & 1
                    for number, negated in left[place]:
                        if number in answers:
                            answer = answers[number]
                        else:
                            answer = answers[number] = tests[number](frame)
                        if answer is negated:
                            break
                        if answer is not (not negated):
                            undecided = 1
                    else:
                        if not undecided:
                            if rule == may_hold:
                                open_.pop()
                            yes.append(rule)
                            holds = rule
                        elif rule != may_hold:
                            open_.append(rule)
                            may_hold = rule
            return yes, open_

        return finish, variables

    def test(self, atom: Atom, slots: dict[tuple[str, ...], int]) -> tuple[Callable[[list[Any]], Any], int]:
        """Give the function of one test that no table answers."""
        if isinstance(atom, Has):
            return _has(atom, slots), 0
        if not isinstance(atom, Open):
            raise TypeError(atom)  # pragma: no cover - numbers and listed values always have a table
        node, view = atom.node, atom.view
        if view is not None and not view.folded and isinstance(node, Call) and node.function == "matches":
            return _searched(pattern_search(node, view, fast=self.fast), slots[view.path]), 0
        return compile_node(atom.node, slots)


def _both(clause: Clause) -> Clause:
    """Melt several equalities of one number fact into one: all of them have to hold."""
    equal: dict[tuple[str, ...], set[float]] = {}
    rest: list[Signed] = []
    for atom, negated in clause:
        if isinstance(atom, Number) and atom.op in ("==", "in") and not negated:
            constants = set(atom.constants)
            equal[atom.path] = equal.get(atom.path, constants) & constants
        else:
            rest.append((atom, negated))
    return (*((Number(path, "in", tuple(sorted(found))), False) for path, found in equal.items()), *rest)


def _leading(clause: Clause) -> tuple[Atom, bool] | None:
    """Choose the literal whose terms the text is searched for: one that the search answers, if any."""
    found = [literal for literal in clause if not literal[1] and _looked_up(literal[0])[1]]
    return min(found, key=_width, default=None)


def _width(literal: tuple[Atom, bool]) -> tuple[bool, int, int]:
    _, terms = _looked_up(literal[0])
    return (not isinstance(literal[0], Has), len(terms), -min(map(len, terms)))


def _looked_up(atom: Atom) -> tuple[Any, tuple[str, ...]]:
    if isinstance(atom, Has):
        return atom.view, atom.terms
    if isinstance(atom, Open) and atom.view is not None and min(map(len, atom.required), default=0) >= _TELLING:
        return atom.view, atom.required
    return None, ()


def _has(atom: Has, slots: dict[tuple[str, ...], int]) -> Callable[[list[Any]], Any]:
    slot, folded, terms = slots[atom.view.path], atom.view.folded, atom.terms

    def has(frame: list[Any]) -> Any:
        text = frame[slot]
        if folded:
            text = frame[1].get(text)
        if type(text) is not str:
            return None
        for term in terms:  # noqa: SIM110 - a generator costs more than the search
            if term in text:
                return True
        return False

    return has


def _searched(search: Callable[[str], bool], slot: int) -> Callable[[list[Any]], Any]:
    def searched(frame: list[Any]) -> Any:
        text = frame[slot]
        return search(text) if type(text) is str else None

    return searched
