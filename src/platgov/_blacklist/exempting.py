"""Is a newcomer a person who was cleared of a ban?

A person who was cleared is often close to the banned one: a sibling on the same tablet, a victim
whose name was copied. So what they share with the banned account does not show who it is: what
tells them apart does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._blacklist.canonical import KINDS
from platgov._blacklist.tags import split

if TYPE_CHECKING:
    from platgov._blacklist.tags import Prepared, Stored

__all__ = ["is_cleared"]

# Forms by which somebody is known again: the surest first. Of each signal only the forms that
# identify; a core of a name or a network is shared by too many.
_TIERS: Final = {
    ("email", "address"): 3,
    ("email", "untagged"): 3,
    ("phone", "number"): 3,
    ("identity", "digest"): 3,
    ("behaviour", "token"): 2,
    ("device", "id"): 2,
    ("payment", "id"): 2,
    ("handle", "squashed"): 1,
    ("display_name", "squashed"): 1,
    ("ip", "address"): 1,
}
_Tag = tuple[int, int, bytes]


def is_cleared(query: Prepared, record: Stored) -> bool:
    """Whether a newcomer is somebody who was cleared of this ban.

    Either all that is known of the newcomer is the same as what is kept of the cleared person; or
    they share something that tells that person from the banned one, of the surest kind that does
    (e-mail, phone and identity before devices and cards before names), and share nothing as sure
    with the banned one alone.
    """
    if not record.exempt:
        return False
    mine = {(code, version, tag) for version, tags in query.tags.items() for code, tag in tags if _kept(code)}
    banned = set(split(record.tags))
    return any(_is(mine, set(split(tags)), banned) for tags, _ in record.exempt)


def _is(mine: set[_Tag], cleared: set[_Tag], banned: set[_Tag]) -> bool:
    versions = {version for _, version, _ in cleared}
    if {tag for tag in mine if tag[1] in versions} == cleared:
        return True
    own = cleared - banned
    surest = max((_tier(code) for code, _, _ in own), default=0)
    if not surest or not any(_tier(code) == surest for code, _, _ in own & mine):
        return False
    return not any(_tier(code) >= surest for code, _, _ in (mine & banned) - cleared)


def _kept(code: int) -> bool:
    return KINDS[code][0] != "avatar"


def _tier(code: int) -> int:
    return _TIERS.get(KINDS[code], 0)
