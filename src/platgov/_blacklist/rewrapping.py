"""A ban as a row, and what moves to another version of the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._blacklist.canonical import KINDS
from platgov._blacklist.fuzzy import SKETCH_BYTES
from platgov._blacklist.tags import Prepared, Stored, avatar_distance, split

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["again", "moved_to", "row_of"]


def row_of(record: Stored, number_of_list: int) -> tuple[Any, ...]:
    """Give a ban as a row, in the order of ``schema.COLUMNS``."""
    verified = None if record.verified is None else int(record.verified)
    return (
        record.number,
        number_of_list,
        record.ban_id,
        record.starts_at,
        record.ends_at,
        record.lifted_at,
        record.account_created_at,
        verified,
        record.note,
        record.nonce,
        record.tags,
        record.sketches,
        record.avatar,
    )


def again(query: Prepared) -> Iterator[bytes]:
    """Give, for each tag of each version in order, the tag of the same form under the current key."""
    current = query.tags[query.tagger.keys.current]
    for tags in query.tags.values():
        for (_, _), (_, tag) in zip(tags, current, strict=True):
            yield tag


def moved_to(query: Prepared, record: Stored, current: int) -> tuple[bytes, bytes, int, Prepared]:
    """Cover anew, under the current key, those names and that avatar of a ban that the signals show again.

    Returns:
        Sketches, avatar, how many moved, and the query with nothing but them.
    """
    tagger, nonce = query.tagger, record.nonce
    moved: set[tuple[str, str]] = set()
    held = {(KINDS[code], version, tag) for code, version, tag in split(record.tags)}
    sketches = b""
    for start in range(0, len(record.sketches), SKETCH_BYTES + 2):
        row = record.sketches[start : start + SKETCH_BYTES + 2]
        signal, version = ("handle", "display_name")[row[0]], row[1]
        tag = next((t for c, t in query.tags.get(version, ()) if KINDS[c] == (signal, "squashed")), None)
        if version != current and tag is not None and ((signal, "squashed"), version, tag) in held:
            # The same squashed name, so the same sketch.
            fresh = next(plain for name, plain in query.sketches[current] if name == signal)
            row = bytes([row[0], current]) + tagger.cover(fresh.to_bytes(SKETCH_BYTES), nonce, signal, current)
            moved.add((signal, "squashed"))
        sketches += row
    avatar = record.avatar
    if avatar and avatar[0] != current and avatar_distance(query, nonce, avatar) == 0:
        plain = tagger.cover(avatar[1:], nonce, "avatar", avatar[0])
        avatar = bytes([current]) + tagger.cover(plain, nonce, "avatar", current)
        moved.add(("avatar", "pdq"))
    forms = tuple(form for form in query.forms if (form.signal, form.kind) in moved)
    return sketches, avatar, len(moved), attrs.evolve(query, forms=forms)
