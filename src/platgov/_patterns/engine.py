"""Compiles a pattern: chooses what runs it, or refuses it because nothing bounds its time."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Final

import attrs

from platgov._patterns import automaton, literals, rewrite, tree
from platgov._patterns.cost import search_cost
from platgov._patterns.machine import Machine
from platgov._patterns.parser import parse
from platgov._patterns.refusal import refuse
from platgov._patterns.render import for_re, for_re2
from platgov._patterns.tree import Node, Place
from platgov.errors import InputError

__all__ = ["Pattern", "compile_pattern"]

_Search = Callable[[str], bool]

# Chosen so that the worst text of 64 KiB takes less than 50 ms; benchmarks say how much less.
_RE_COST_MAX: Final = 45.0
_RE_SIZE_MAX: Final = 20_000
_MACHINE_SIZE_MAX: Final = 1_000
_STEP_NS_MAX: Final = 490
_COMPLETE_MOVES_MAX: Final = 8_000
_RE2_MOVES_MAX: Final = 2_000
_CHECKED_MAX: Final = 8


@attrs.frozen(kw_only=True)
class Pattern:
    """A text pattern that is ready to search, with a bound on its time.

    Attributes:
        source: The pattern as written.
        engine: What runs it: ``literal``, ``re``, ``dfa`` or ``re2``. It never changes an answer.
        required: Texts of which at least one is in every text that matches; empty when none
            are known. They are as folded as the pattern is.
        search: Tell whether the pattern matches somewhere in a text. O(n) in the text.
    """

    source: str
    engine: str
    required: tuple[str, ...]
    search: _Search = attrs.field(eq=False, repr=False)


@functools.lru_cache(maxsize=1024)  # rule sets name a pattern often; a machine may be shared by threads
def compile_pattern(source: str, *, fast: bool | None = None, fold: Callable[[str], str] | None = None) -> Pattern:
    """Compile a pattern in RE2's syntax for unanchored search.

    Args:
        source: The pattern.
        fast: Use RE2 where it is the best choice; None uses it if it is installed. Answers
            are the same with and without.
        fold: The folding that texts go through before they are searched. It is applied to
            each character of the pattern, and may turn one into several.

    Raises:
        PatternError: The pattern is malformed, unsupported, or nothing bounds its time.
        ModuleNotFoundError: ``fast`` is True and the extra ``fast`` is not installed.
    """
    node = parse(source)
    if fold is not None:
        node = _folded(source, node, fold)
    core = rewrite.trim(node)
    required = literals.required(core)
    engine, search = _choose(source, core, required, fast=fast)
    return Pattern(source=source, engine=engine, required=required, search=search)


def _folded(source: str, node: Node, fold: Callable[[str], str]) -> Node:
    try:
        folded = rewrite.folded(node, fold)
    except InputError as error:
        raise refuse(source, f"the pattern cannot be folded: {error.problems[0].message}", 0, code="fold") from error
    if tree.nullable(folded) and not tree.nullable(node):
        # Invisible characters fold to nothing. A pattern of nothing would match every text.
        reason = "folding leaves nothing of it to look for; search the text as it is instead"
        raise refuse(source, f"the pattern cannot be folded: {reason}", 0, code="fold")
    return folded


def _choose(source: str, core: Node, required: tuple[str, ...], *, fast: bool | None) -> tuple[str, _Search]:
    if core == tree.NOTHING:
        return "literal", lambda _: False
    word = literals.plain(core)
    if word is not None:
        return "literal", lambda text: word in text
    size = tree.positions(core)
    if size <= _RE_SIZE_MAX:
        factored = rewrite.factor(core)
        if search_cost(factored) <= _RE_COST_MAX:
            return "re", _checked(required, _with_re(factored))
    if size > _MACHINE_SIZE_MAX:
        limit = f"{size:,} characters when counts are written out, and at most {_MACHINE_SIZE_MAX:,} can be bounded"
        raise refuse(source, f"the pattern is too large: {limit}", 0, code="too_large")
    machine = Machine(automaton.build(core))
    if machine.step_ns > _STEP_NS_MAX and not machine.explore(_COMPLETE_MOVES_MAX):
        advice = "give it fewer repeats that overlap, or split it into several patterns"
        raise refuse(source, f"the pattern can be in too many states at once; {advice}", 0, code="too_large")
    quick = None if fast is False else _with_re2(core, machine, required=fast is True)
    if quick is not None:
        return "re2", _checked(required, quick)
    return "dfa", _checked(required, machine.search)


def _checked(required: tuple[str, ...], search: _Search) -> _Search:
    """Look for the required texts first: ``in`` is many times faster, and mostly says no."""
    if not 0 < len(required) <= _CHECKED_MAX:
        return search
    if len(required) == 1:
        word = required[0]
        return lambda text: word in text and search(text)

    def checked(text: str) -> bool:
        for word in required:
            if word in text:
                return search(text)
        return False

    return checked


def _with_re(node: Node) -> _Search:
    find = re.compile(for_re(node), re.ASCII).search
    return lambda text: find(text) is not None


def _with_re2(node: Node, machine: Machine, *, required: bool) -> _Search | None:
    """Search with RE2; None if it is not installed or would be slow.

    RE2 is fast as long as its own automata, one forwards and one backwards, stay small. Past
    that it simulates, and for some patterns takes over 50 ms.
    """
    try:
        import re2  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError:
        if required:
            raise
        return None
    both = [automaton.build(node), automaton.build(rewrite.reverse(node))]
    if both[0].whole.empty and Place.NOT_BOUNDARY in both[0].places:
        return None  # RE2 would find \B between the bytes of one character
    if not all(Machine(direction, ranked=False).explore(_RE2_MOVES_MAX) for direction in both):
        return None
    options = re2.Options()
    options.log_errors = False
    options.longest_match = True  # its states are then sets, not lists: there are fewer
    try:
        find = re2.compile(for_re2(node), options).search
    except re2.error:  # large classes take it much room, which it limits
        return None

    def search(text: str) -> bool:
        try:
            data = text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 and RE2 do not know
            return machine.search(text)
        return find(data) is not None

    return search
