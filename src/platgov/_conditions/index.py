"""The engine for large rule sets: cost grows with the rules that could match, not with all.

Every clause of every rule is one bit of a large integer. For each fact there is a table from
its value to the clauses that the value leaves possible; one AND per fact leaves the clauses
whose simple tests all hold. One pass over each text finds which of all terms occur in it and
narrows the clauses further. Only what remains is looked at one clause at a time.

A fact that is missing or unusable rules nothing out; the clauses that depend on it are marked,
and those of them that remain are open.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.atoms import Among, Atom, Clause, Given, Has, Number, Open, Signed, View
from platgov._conditions.evaluate import compile_node, slots_of
from platgov._conditions.keywords import Terms
from platgov._conditions.plain import pattern_search
from platgov._conditions.tree import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from platgov._conditions.loading import Loading
    from platgov._facts.schema import Schema

__all__ = ["index_lines"]

_DIRECT: Final = 1_024
"""Whole numbers in a row that a table lists one by one; wider ranges are searched."""

_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "in": "not in"}


def index_lines(
    rules: Sequence[tuple[Clause, ...]], schema: Schema, loading: Loading, *, fast: bool | None
) -> list[str]:
    """Write the body after loading; it returns the rules that hold and those that may hold."""
    return _Index(rules, schema, loading, fast=fast).lines()


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
        self.depends: dict[int, list[int]] = {}  # bit of `bad` -> clauses with a literal on that fact
        self.tests: dict[Atom, int] = {}
        self.rest: list[tuple[tuple[int, bool], ...]] = []  # by clause: tests left for later
        self.numbers: dict[tuple[str, ...], dict[tuple[str, tuple[float, ...]], list[int]]] = {}
        self.among: dict[tuple[str, ...], dict[tuple[frozenset[Any], bool], list[int]]] = {}
        self.given: dict[tuple[str, ...], dict[bool, list[int]]] = {}
        self.terms: dict[View, dict[tuple[str, ...], list[int]]] = {}
        for place, clause in enumerate(self.clauses):
            self.file(place, clause)

    def mask(self, places: Iterable[int]) -> int:
        """Give the integer with these bits."""
        bits = bytearray(self.size // 8 + 1)
        for place in places:
            bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")

    # -- filing literals -----------------------------------------------------------------------

    def file(self, place: int, clause: Clause) -> None:
        clause = _both(clause)
        leading = _leading(clause)
        rest = []
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
                    if literal is leading:
                        view, terms = _looked_up(atom)
                        self.terms.setdefault(view, {}).setdefault(terms, []).append(place)
                        if isinstance(atom, Has):
                            continue  # the look-up has answered it
                    rest.append((self.tests.setdefault(atom, len(self.tests)), negated))
        self.rest.append(tuple(sorted(rest)))

    def note(self, place: int, atom: Atom) -> None:
        """Remember which facts a clause needs. An open test says itself when it lacks one."""
        if isinstance(atom, Number | Among):
            self.depends.setdefault(self.loading.bit(atom.path), []).append(place)
        elif isinstance(atom, Has) or (isinstance(atom, Open) and atom.view is not None):
            view: Any = atom.view
            bits = {self.loading.bit(view), self.loading.bit(view.path)}
            for bit in bits:
                self.depends.setdefault(bit, []).append(place)

    # -- tables --------------------------------------------------------------------------------

    def number_lookup(self, path: tuple[str, ...], name: str) -> str:
        groups = self.numbers[path]
        points = sorted({constant for _, constants in groups for constant in constants})
        masks = self.number_masks(points, groups)
        variable = self.loading.variable(path)
        field = self.schema.at(path)
        whole = field is not None and field.type.kind == "int" and all(type(point) is int for point in points)
        if (
            points
            and whole
            and field is not None
            and field.ge is not None
            and field.ge >= 0
            and 0 <= points[-1] < _DIRECT
        ):
            table = [
                masks[bisect_left(points, value) + bisect_right(points, value)] for value in range(int(points[-1]) + 2)
            ]
            last = len(table) - 1
            self.scope[name] = table
            return f"{name}[{variable} if {variable} < {last} else {last}]"
        self.scope.update({name: masks, f"{name}p": points, "bl": bisect_left, "br": bisect_right})
        return f"{name}[bl({name}p, {variable}) + br({name}p, {variable})]"

    def number_masks(self, points: list[float], groups: dict[tuple[str, tuple[float, ...]], list[int]]) -> list[int]:
        """Give the possible clauses between and at the points: below the first, at it, above it, ...

        A comparison rules its clauses out on one side of its constant, an equality everywhere
        but at its constants; so two running ORs and one entry per point suffice.
        """
        count = 2 * len(points) + 1
        from_here, up_to_here = [0] * (count + 1), [0] * (count + 1)
        only_at, not_at, everywhere = [0] * count, [0] * count, 0
        for (op, constants), places in groups.items():
            bits = self.mask(places)
            spots = [2 * bisect_left(points, constant) + 1 for constant in constants]
            if op in ("==", "in", "!=", "not in"):
                entries = only_at if op in ("==", "in") else not_at
                everywhere |= bits if op in ("==", "in") else 0
                for spot in set(spots):
                    entries[spot] |= bits
            elif op in ("<", "<="):
                from_here[spots[0] + (op == "<=")] |= bits
            else:
                up_to_here[spots[0] - (op == ">=")] |= bits
        masks, running = [], 0
        for spot in range(count):
            running |= from_here[spot]
            masks.append(running | not_at[spot] | (everywhere & ~only_at[spot]))
        running = 0
        for spot in reversed(range(count)):
            running |= up_to_here[spot]
            masks[spot] = self.full & ~(masks[spot] | running)
        return masks

    def among_lookup(self, path: tuple[str, ...], name: str) -> str:
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

    def given_lookup(self, path: tuple[str, ...], name: str) -> str:
        groups = self.given[path]
        self.scope[f"{name}t"] = self.full & ~self.mask(groups.get(False, ()))
        self.scope[f"{name}f"] = self.full & ~self.mask(groups.get(True, ()))
        return f"({name}t if {self.loading.variable(path)} is not None else {name}f)"

    def term_lookup(self, view: View, name: str) -> list[str]:
        groups = self.terms[view]
        payloads: dict[str, tuple[int, ...]] = {}
        for number, terms in enumerate(groups):
            for term in terms:
                payloads[term] = (*payloads.get(term, ()), number)
        free = self.full & ~self.mask(place for places in groups.values() for place in places)
        self.scope[f"{name}h"] = Terms(payloads, accelerate=self.fast).hits
        self.scope[f"{name}m"] = [self.mask(places) for places in groups.values()]
        self.scope[f"{name}b"] = free
        return [f"k = {name}b", f"for i in {name}h({self.loading.text(view)}): k |= {name}m[i]", "m &= k"]

    # -- writing -------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        lookups = [
            *((self.loading.bit(path), self.number_lookup(path, f"n{i}")) for i, path in enumerate(self.numbers)),
            *((self.loading.bit(path), self.among_lookup(path, f"a{i}")) for i, path in enumerate(self.among)),
            *((0, self.given_lookup(path, f"p{i}")) for i, path in enumerate(self.given)),
        ]
        finish, variables = self.finisher()
        self.scope.update(full=self.full, finish=finish, blocked=self.blocker())
        together = " & ".join(code for _, code in lookups) or "full"
        lines = [
            "if not bad:",
            f" m = {together}",
            " block = 0",
            "else:",
            " m = full",
            *(f" if not bad & {bit}: m &= {code}" if bit else f" m &= {code}" for bit, code in lookups),
            " block = blocked(bad)",
        ]
        for number, view in enumerate(self.terms):
            needs = self.loading.bit(view) | self.loading.bit(view.path)
            lines += [f"if m and not bad & {needs}:", *(f" {line}" for line in self.term_lookup(view, f"x{number}"))]
        return [*lines, "if not m: return [], []", f"return finish(m, block, {self.loading.frame(variables)})"]

    def blocker(self) -> Callable[[int], int]:
        """Give the function from the bits of ``bad`` to the clauses that lack a fact."""
        masks = [(bit, self.mask(places)) for bit, places in self.depends.items()]

        def blocked(bad: int) -> int:
            block = 0
            for bit, mask in masks:
                if bad & bit:
                    block |= mask
            return block

        return blocked

    def finisher(self) -> tuple[Callable[[int, int, list[Any]], tuple[list[int], list[int]]], int]:
        """Give the function that looks at the remaining clauses one at a time."""
        slots, variables, tests = slots_of(self.loading.paths), 0, []
        for atom in self.tests:
            test, used = self.test(atom, slots)
            tests.append(test)
            variables = max(variables, used)
        rule_of, rest = self.rule_of, self.rest

        def finish(m: int, block: int, frame: list[Any]) -> tuple[list[int], list[int]]:
            yes: set[int] = set()
            open_: set[int] = set()
            answers: dict[int, Any] = {}
            while m:
                place = m.bit_length() - 1
                m ^= 1 << place
                rule = rule_of[place]
                if rule in yes:
                    continue
                undecided = block and block >> place & 1
                for number, negated in rest[place]:
                    if number in answers:
                        answer = answers[number]
                    else:
                        answer = answers[number] = tests[number](frame)
                    if answer is negated:
                        break
                    if answer is (not negated):
                        continue
                    undecided = True
                else:
                    if undecided:
                        open_.add(rule)
                    else:
                        yes.add(rule)
            return sorted(yes), sorted(open_ - yes)

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
    if isinstance(atom, Open) and atom.view is not None:
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
        return any(term in text for term in terms)

    return has


def _searched(search: Callable[[str], bool], slot: int) -> Callable[[list[Any]], Any]:
    def searched(frame: list[Any]) -> Any:
        text = frame[slot]
        return search(text) if type(text) is str else None

    return searched
