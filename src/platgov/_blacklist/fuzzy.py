"""Which strings lie within one or two edits of each other, found by equal pieces.

Of two strings within two edits (insert, delete, replace, swap neighbours), cut one in half: one
of its halves is within one edit of the start or the end of the other string. And strings within
one edit become equal when at most one character is left out of each. So a few dozen pieces per
string, looked up by equality, find every neighbour; and pieces can be keyed, as they need no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "MOST_CUT",
    "SHORTEST",
    "SKETCH_BYTES",
    "allowed",
    "may_be_cut_from",
    "may_be_near",
    "pieces_of_entry",
    "pieces_of_query",
    "similarity",
    "sketch",
    "within_one",
]

SHORTEST: Final = 4
"""Shorter strings have too many neighbours to mean anything."""
_ONE_EDIT: Final = 7
"""Up to this length, one edit."""
MOST_CUT: Final = 5
"""Characters that may be missing at one end of a name that was cut short."""

SKETCH_BYTES: Final = 17
_HALF: Final = (1 << 64) - 1


def allowed(one: int, other: int) -> int:
    """Give the edits by which strings of two lengths may differ and still be near."""
    shorter = min(one, other)
    return 0 if shorter < SHORTEST else 1 if shorter <= _ONE_EDIT else 2


def pieces_of_entry(text: str) -> set[str]:
    """Give the pieces under which a string is filed: about as many as it has characters, and two."""
    if len(text) < SHORTEST:
        return set()
    if len(text) <= _ONE_EDIT:
        return {f"s{piece}" for piece in _one_less(text)} | {f"s{text}"}
    middle = len(text) // 2
    left, right = text[:middle], text[middle:]
    # The length of the half is part of the piece: otherwise popular halves would meet too much.
    first, second = f"{len(left)}l", f"{len(right)}r"
    pieces = {first + piece for piece in _one_less(left)} | {second + piece for piece in _one_less(right)}
    return pieces | {first + left, second + right}


def pieces_of_query(text: str) -> set[str]:
    """Give the pieces to look up, so that every filed string within ``allowed`` edits is found."""
    length = len(text)
    pieces: set[str] = set()
    if length < SHORTEST:
        return pieces
    if length <= _ONE_EDIT + 1:
        pieces.update(f"s{piece}" for piece in _one_less(text))
        pieces.add(f"s{text}")
    for filed in range(max(_ONE_EDIT + 1, length - 2), length + 3):
        edits = allowed(length, filed)
        middle = filed // 2
        for side, half in ((f"{middle}l", middle), (f"{filed - middle}r", filed - middle)):
            # The part of the query that became this half may be as long, or one longer. One that is
            # shorter is found as well: by the other half, or, where both are, under the length before.
            for longer in (0, 1):
                # What the other half has to spend, whatever happens there, is not left for this one.
                left = min(1, edits - abs(length - filed - longer))
                size = half + longer
                if left < longer or size > length:
                    continue
                part = text[:size] if side[-1] == "l" else text[length - size :]
                if not longer:
                    pieces.add(side + part)
                if left:
                    pieces.update(side + piece for piece in _one_less(part))
    return pieces


def _one_less(text: str) -> Iterator[str]:
    for place in range(len(text)):
        yield text[:place] + text[place + 1 :]


def sketch(text: str, bit_of: Callable[[str], int]) -> int:
    """Reduce a string to what a cheap test of nearness needs: a number of 17 bytes.

    64 bits for its letters (each letter counted), 64 for its pairs of neighbours, and its length.

    Args:
        text: A squashed name.
        bit_of: A keyed hash to 0..63.
    """
    letters = pairs = 0
    seen: dict[str, int] = {}
    for char in text:
        seen[char] = seen.get(char, 0) + 1
        letters |= 1 << bit_of(f"{char}{seen[char]}")
    framed = f"\x02{text}\x03"
    for place in range(len(framed) - 1):
        pairs |= 1 << bit_of(framed[place : place + 2])
    return letters << 72 | pairs << 8 | min(len(text), 255)


# One edit changes so many bits at most (letters, pairs): insert or delete, replace, swap.
_CHANGES: Final = {"length": (1, 3), "replace": (2, 4), "swap": (0, 6)}


def _budgets() -> dict[tuple[int, int], tuple[tuple[int, int], ...]]:
    budgets = {}
    for edits in range(3):
        for apart in range(edits + 1):
            found = set()
            for replaced in range(edits - apart + 1):
                for swapped in range(edits - apart - replaced + 1):
                    # An insertion and a deletion, with no difference in length, count here as well.
                    longer = edits - replaced - swapped
                    counts = (longer, replaced, swapped)
                    found.add(
                        tuple(sum(n * c[i] for n, c in zip(counts, _CHANGES.values(), strict=True)) for i in (0, 1))
                    )
            budgets[edits, apart] = tuple(sorted((pair[0], pair[1]) for pair in found))
    return budgets


_BUDGETS: Final = _budgets()
_MOST_LETTERS: Final = max(letters for budget in _BUDGETS.values() for letters, _ in budget)


def may_be_near(one: int, other: int) -> bool:
    """Whether two sketched strings can be within ``allowed`` edits. Never False for two that are."""
    changed = one ^ other
    letters = (changed >> 72).bit_count()
    if letters > _MOST_LETTERS:  # most of those that share one half end here
        return False
    apart = abs((one & 255) - (other & 255))
    edits = allowed(one & 255, other & 255)
    if apart > edits or not edits:
        return False
    pairs = ((changed >> 8) & _HALF).bit_count()
    return any(letters <= most_letters and pairs <= most_pairs for most_letters, most_pairs in _BUDGETS[edits, apart])


def similarity(one: int, other: int) -> int:
    """Give how many of the pairs of neighbours of ``one`` are in ``other``, in permille.

    Pairs that share a bit by chance are taken off.
    """
    first, second = (one >> 8) & _HALF, (other >> 8) & _HALF
    held, size = second.bit_count(), first.bit_count()
    if not size or held == 64:
        return 0
    # Of the pairs that are not in it, held/64 seem to be.
    return max(0, 1_000 * (64 * (first & second).bit_count() - held * size) // ((64 - held) * size))


def may_be_cut_from(one: int, other: int) -> bool:
    """Whether one sketched string can be another without a few characters at one end.

    Never False for one that is, as long as no more than ``MOST_CUT`` are missing.
    """
    missing = (other & 255) - (one & 255)
    if not 0 < missing <= MOST_CUT or one >> 72 & ~(other >> 72):
        return False
    mine, theirs = (one >> 8) & _HALF, (other >> 8) & _HALF
    # Only the pair at the cut, of a character and the frame, is not in the longer one.
    return (mine & ~theirs).bit_count() <= 1 and (theirs & ~mine).bit_count() <= missing + 1


def within_one(one: int, other: int) -> bool:
    """Whether two sketched strings can be within one edit."""
    changed = one ^ other
    letters = (changed >> 72).bit_count()
    if letters > _MOST_LETTERS:
        return False
    apart = abs((one & 255) - (other & 255))
    pairs = ((changed >> 8) & _HALF).bit_count()
    return apart < 2 and any(
        letters <= most_letters and pairs <= most_pairs for most_letters, most_pairs in _BUDGETS[1, apart]
    )
