"""The macros over lists: ``exists``, ``all``, ``exists_one``, ``map`` and ``filter``, on a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.values import UNKNOWN, from_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._conditions.evaluate import Frame

__all__ = ["BUDGET", "each_over", "with_budget"]

BUDGET: Final = 50_000
"""Work that one outermost macro may do: about one unit per element visited, more where the body
searches or joins long texts. Past it the answer is UNKNOWN, on every machine alike."""


def _elements(value: Any) -> Any:
    """Give what a macro walks: a list, or the keys of a map in an order of their own."""
    if type(value) is dict:
        return sorted(map(from_key, value), key=lambda key: (type(key).__name__, key))
    return value if type(value) is tuple else None


def with_budget(run: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    """Give an outermost macro its own budget, so that no rule uses up that of another."""

    def bounded(frame: Frame) -> Any:
        frame[0] = BUDGET
        return run(frame)

    return bounded


_LEFT_OUT: Final = object()


def each_over(
    macro: str,
    over: Callable[[Frame], Any],
    slot: int,
    body: Callable[[Frame], Any],
    test: Callable[[Frame], Any] | None,
) -> Callable[[Frame], Any]:
    """Compile a macro: what ``body`` (and ``test``) say of each element, collected its own way."""
    collect = _COLLECTORS[macro]

    def run(frame: Frame) -> Any:
        elements = _elements(over(frame))
        if elements is None:
            return UNKNOWN
        answers = _answers(frame, elements, slot, body, test)
        return collect(elements, answers)

    return run


def _answers(
    frame: Frame,
    elements: Iterable[Any],
    slot: int,
    body: Callable[[Frame], Any],
    test: Callable[[Frame], Any] | None,
) -> Iterable[Any]:
    """Give what the body says of each element; `_LEFT_OUT` for one that the test leaves out."""
    for element in elements:
        frame[0] -= 1
        if frame[0] < 0:
            yield UNKNOWN
            return
        frame[slot] = element
        if test is not None:
            wanted = test(frame)
            if wanted is not True:
                yield _LEFT_OUT if wanted is False else UNKNOWN
                continue
        yield body(frame)


def _exists(_: Any, answers: Iterable[Any]) -> Any:
    result: Any = False
    for answer in answers:
        if answer is True:
            return True
        if answer is not False:
            result = UNKNOWN
    return result


def _for_all(_: Any, answers: Iterable[Any]) -> Any:
    result: Any = True
    for answer in answers:
        if answer is False:
            return False
        if answer is not True:
            result = UNKNOWN
    return result


def _exists_one(_: Any, answers: Iterable[Any]) -> Any:
    found = list(answers)
    if any(answer is not True and answer is not False for answer in found):
        return UNKNOWN
    return found.count(True) == 1


def _mapped(_: Any, answers: Iterable[Any]) -> Any:
    results = tuple(answer for answer in answers if answer is not _LEFT_OUT)
    return UNKNOWN if any(result is None or result is UNKNOWN for result in results) else results


def _filtered(elements: Any, answers: Iterable[Any]) -> Any:
    kept = []
    for element, answer in zip(elements, answers, strict=False):
        if answer is True:
            kept.append(element)
        elif answer is not False:
            return UNKNOWN
    return tuple(kept)


_COLLECTORS: Final[dict[str, Callable[[Any, Iterable[Any]], Any]]] = {
    "exists": _exists,
    "all": _for_all,
    "exists_one": _exists_one,
    "map": _mapped,
    "filter": _filtered,
}
