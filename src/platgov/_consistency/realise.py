"""Makes an event out of a world: values for cells, and texts and lists for tests of them.

Whether the event is what the world says is for the caller to find out, by asking the rules.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.instants import duration_text, timestamp_text
from platgov._conditions.tree import Literal, walk
from platgov._conditions.values import UNKNOWN, Duration, Timestamp, UInt
from platgov._consistency.cells import Cell
from platgov._consistency.texts import texts
from platgov._limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from platgov._consistency.atoms import Atom
    from platgov._consistency.cells import Path, Variable
    from platgov._consistency.search import Search, Store
    from platgov._consistency.worlds import Worlds
    from platgov._facts.schema import FactType

__all__ = ["Realiser"]

Values = dict[tuple[str, ...], Any]
"""What conditions see of each fact."""

_TRIES: Final = 2_000
_OPTIONS: Final = 40
_NO_TEXT: Final = object()
_WRONG: Final[dict[str, Any]] = {"text": 7, "enum": 7, "list": 7, "struct": 7}
"""Values of the wrong type, by what is wanted; ``"?"`` for everything else."""
_HOLDS: Final = 1


class Realiser:
    """Makes events for the worlds of some conditions."""

    def __init__(self, worlds: Worlds) -> None:
        self.worlds = worlds
        self.facts = sorted(
            (number for number, variable in enumerate(worlds.variables) if variable.sort == "fact"),
            key=lambda number: (len(worlds.variables[number].path), worlds.variables[number].path),
        )
        self.tests: dict[Path, list[int]] = {}
        self.sizes: dict[Path, int] = {}
        self.wide: list[int] = []  # tests of several facts, or of a number
        for number, variable in enumerate(worlds.variables):
            if variable.sort == "size":
                self.sizes[variable.path] = number
            elif variable.sort == "test" and variable.atom is not None:
                field = variable.field
                if field is not None and field.type.kind in ("text", "list"):
                    self.tests.setdefault(variable.path, []).append(number)
                else:
                    self.wide.append(number)
        self._texts: dict[Any, Any] = {}

    def events(
        self,
        search: Search,
        store: Store,
        pairs: Mapping[int, int] | None = None,
        ends: Mapping[int, int] | None = None,
    ) -> list[dict[str, Any]] | None:
        """Make an event for a world, or two events for a world with a second one.

        Args:
            search: Settles what the store leaves open.
            store: The world.
            pairs: For facts that differ in a second event, the variables there.
            ends: For variables of numbers, which end of the cell to take: 0 the low, 1 the high.

        Returns:
            The events; None if some test could not be made to come out as the world says.
        """
        second = sorted(pairs.values()) if pairs else []
        tests = [number for number in store if self.worlds.variables[number].sort == "test"]
        others = [number for number in store if self.worlds.variables[number].sort != "test"]
        twins = [number for number in second if self.worlds.variables[number].sort == "fact"]
        settled = search.complete(store, dict.fromkeys([*tests, *others, *self.facts, *twins]))
        if settled is None:
            return None
        first = self._values(settled, {}, ends or {}, None, store)
        if first is None:
            return None
        made = [first]
        if pairs:
            again = self._values(settled, pairs, ends or {}, first, store)
            if again is None:
                return None
            made.append(again)
        return [self._event(values) for values in made]

    # -- values --------------------------------------------------------------------------------

    def _values(
        self, store: Store, pairs: Mapping[int, int], ends: Mapping[int, int], base: Values | None, asked: Store
    ) -> Values | None:
        values: Values = {} if base is None else dict(base)
        free: dict[Path, list[Any]] = {}
        for number in self.facts:
            if base is not None and number not in pairs:
                continue
            place = pairs.get(number, number)
            variable = self.worlds.variables[number]
            cell = variable.cells[store[place].bit_length() - 1]
            if cell is Cell.OTHER and variable.kind != "struct":
                value = self._made(variable, store, pairs)
                if value is _NO_TEXT:
                    return None
            else:
                value = _pick(variable, cell, ends.get(place))
            values[variable.path] = value
            if place not in ends:
                allowed = asked.get(place, self.worlds.full[place])
                free[variable.path] = [cell for bit, cell in enumerate(variable.cells) if allowed >> bit & 1]
        return self._adjusted(values, store, pairs, free)

    def _made(self, variable: Variable, store: Store, pairs: Mapping[int, int]) -> Any:
        """Make a text or a list that passes and fails the tests that the world says."""
        path = variable.path
        wanted = tuple(
            (number, store[pairs.get(number, number)])
            for number in self.tests.get(path, ())
            if pairs.get(number, number) in store
        )
        spans: list[tuple[int, int]] = [(0, DEFAULT.text_bytes)]
        size = self.sizes.get(path)
        if size is not None and pairs.get(size, size) in store:
            left = store[pairs.get(size, size)]
            spans = [
                cell for place, cell in enumerate(self.worlds.variables[size].cells) if left >> place & 1 and place
            ]
        key = (path, wanted, tuple(spans))
        if key not in self._texts:
            atoms = [(self.worlds.variables[number].atom, cells) for number, cells in wanted]
            make = self._texts_for if variable.kind == "text" else _lists_for
            self._texts[key] = _NO_TEXT
            options = (value for span in spans for value in itertools.islice(make(variable, atoms, *span), _TRIES))
            for value in options:
                if value not in variable.cells and all(
                    atom is not None and _bit(atom.on(value)) & cells for atom, cells in atoms
                ):
                    self._texts[key] = value
                    break
        return self._texts[key]

    def _texts_for(
        self, variable: Variable, atoms: list[tuple[Atom | None, int]], least: int, most: int
    ) -> Iterator[str]:
        needs = [atom.need for atom, cells in atoms if cells == _HOLDS and atom is not None and atom.need is not None]
        yield from texts(needs, least, most)
        for number in itertools.count(1):
            text = "~" * number
            if number > len(variable.cells) + 1:
                return
            if least <= number <= most:
                yield text

    def _adjusted(
        self, values: Values, store: Store, pairs: Mapping[int, int], free: Mapping[Path, list[Any]]
    ) -> Values | None:
        """Try other values that the world allows until tests of several facts come out as they should."""
        wanted = []
        for number in self.wide:
            place = pairs.get(number, number)
            atom = self.worlds.variables[number].atom
            if place in store and atom is not None:
                wanted.append((atom, store[place]))
        if not wanted or _fulfilled(wanted, values):
            return values
        paths = sorted({path for atom, _ in wanted for path in atom.paths if path in free})
        constants = [
            literal.value
            for atom, _ in wanted
            for literal in walk(atom.node)
            if isinstance(literal, Literal) and type(literal.value) in (int, float)
        ]
        spread = [value for path in paths if type(value := values[path]) is str]
        options = [_options(free[path], values[path], constants, spread) for path in paths]
        for chosen in itertools.islice(itertools.product(*options), _TRIES):
            tried = {**values, **dict(zip(paths, chosen, strict=True))}
            if _fulfilled(wanted, tried):
                return tried
        return None

    # -- events --------------------------------------------------------------------------------

    def _event(self, values: Values) -> dict[str, Any]:
        event: dict[str, Any] = {}
        for number in self.facts:
            variable = self.worlds.variables[number]
            path, value = variable.path, values[variable.path]
            inside: Any = event
            for length, step in enumerate(path[:-1], 1):
                around = values.get(path[:length], {})
                if around is None or around is UNKNOWN:
                    inside = None
                    break
                inside = inside.setdefault(step, {}) if value is not None else inside.get(step)
                if inside is None:
                    break
            if inside is None or value is None:
                continue
            inside[path[-1]] = _WRONG.get(variable.kind, "?") if value is UNKNOWN else _plain(value)
        return event


def _bit(answer: Any) -> int:
    """Give the cell of a test by what it says."""
    return 1 if answer is True else 2 if answer is False else 4


def _fulfilled(wanted: list[tuple[Atom, int]], values: Values) -> bool:
    return all(_bit(atom.ask(values.get)) & cells for atom, cells in wanted)


def _pick(variable: Variable, cell: Any, end: int | None) -> Any:
    if cell is Cell.ABSENT:
        return None
    if cell is Cell.UNUSABLE:
        return UNKNOWN
    if variable.kind == "struct":
        return {}
    if type(cell) is not tuple:
        return cell
    return _wrapped(variable.kind, _number(variable, *cell) if end is None else cell[end])


def _wrapped(kind: str, number: Any) -> Any:
    return Timestamp(number) if kind == "timestamp" else Duration(number) if kind == "duration" else number


def _number(variable: Variable, low: Any, high: Any) -> Any:
    """Give a number that reads well, out of a cell: the one nearest to zero."""
    if low <= 0 <= high:
        return 0.0 if variable.kind == "float" else 0
    if variable.kind != "float":
        # Rather a whole second than the nanosecond after one.
        second = -(-low // 10**9) * 10**9
        return second if variable.kind in ("timestamp", "duration") and second <= high else low if low > 0 else high
    near = low if low > 0 else high
    whole = float(math.ceil(near) if low > 0 else math.floor(near))
    return whole if low <= whole <= high else low + (high - low) / 2 if math.isfinite(high - low) else near


def _options(cells: list[Any], value: Any, constants: list[Any], beside: list[str]) -> list[Any]:
    """Give some values out of the cells that a fact may be in; the present value first."""
    found = [value]
    for cell in cells:
        if type(cell) is tuple:
            found += _numbers(cell, type(value) if isinstance(value, Timestamp | Duration) else None, constants)
        elif cell is Cell.OTHER and type(value) is str:
            found += [*beside, "~", "x", "~~"]
        elif cell is Cell.ABSENT or cell is Cell.UNUSABLE:
            found.append(None if cell is Cell.ABSENT else UNKNOWN)
        elif cell is not Cell.OTHER:
            found.append(cell)
    return list(dict.fromkeys(found))[:_OPTIONS] if type(value) not in (dict, tuple) else [value]


def _numbers(cell: tuple[Any, Any], wrap: type | None, constants: list[Any]) -> list[Any]:
    low, high = cell
    near = [*(constant + step for constant in constants for step in (0, 1, -1)), 0, 1, -1, 2, 3, 10, 100, low, high]
    if type(low) is int:
        near += [low + 1, low + 2, high - 1, (low + high) // 2]
        near = [int(number) for number in near if math.isfinite(number)]
    else:
        near = [float(number) for number in (*near, low / 2 + high / 2)]
    return [number if wrap is None else wrap(number) for number in dict.fromkeys(near) if low <= number <= high]


def _lists_for(
    variable: Variable, atoms: list[tuple[Atom | None, int]], least: int, most: int
) -> Iterator[tuple[Any, ...]]:
    item = None if variable.field is None else variable.field.type.item
    if item is None:
        return
    written = [
        literal.value
        for atom, _ in atoms
        if atom is not None
        for literal in walk(atom.node)
        if isinstance(literal, Literal)
    ]
    wanted = [
        literal.value
        for atom, cells in atoms
        if atom is not None and cells == _HOLDS
        for literal in walk(atom.node)
        if isinstance(literal, Literal)
    ]
    good = list(dict.fromkeys(_elements(item, wanted)))
    every = list(dict.fromkeys(_elements(item, written)))
    filler = _filler(item)
    for tail in ((), (UNKNOWN,)):
        starts = [(), tuple(good), (filler,), *((element,) for element in every), tuple(every)]
        for start in starts:
            together = (*start, *tail)
            padded = together + (filler,) * (least - len(together))
            if least <= len(padded) <= most:
                yield padded


def _elements(item: FactType, constants: list[Any]) -> Iterator[Any]:
    kinds: dict[str, tuple[type, ...]] = {
        "text": (str,),
        "enum": (str,),
        "int": (int, UInt),
        "float": (int, float),
        "bool": (bool,),
    }
    if item.kind == "enum":
        yield from (value for value in constants if value in item.values)
    elif item.kind in kinds:
        for value in constants:
            if type(value) in kinds[item.kind]:
                yield value
                if type(value) is not bool and not isinstance(value, str):
                    yield from (value + 1, value - 1)


def _filler(item: FactType) -> Any:
    match item.kind:
        case "int":
            return 0
        case "float":
            return 0.0
        case "bool":
            return False
        case "enum":
            return item.values[0]
        case "text":
            return "~"
        case "list":
            return ()
    return {} if item.kind == "struct" else UNKNOWN


def _plain(value: Any) -> Any:
    """Write a value as an event has it."""
    if type(value) is tuple:
        return [None if item is UNKNOWN else _plain(item) for item in value]
    if type(value) is Timestamp:
        return timestamp_text(value)
    if type(value) is Duration:
        return duration_text(value)
    if type(value) is dict:
        return dict(value)
    return value
