"""Which pictures look like one another, by perceptual hashes that the host computes."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate, combinations
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._accounts.checks import instance, name, refuse
from platgov._canonical import digest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Avatar", "AvatarHit", "AvatarIndex"]

PDQ_BITS: Final = 256
PDQ_DISTANCE: Final = 31
"""Up to this distance two PDQ hashes are held to be of one picture, as its authors recommend."""
_CHUNK: Final = 16
_MASK: Final = (1 << _CHUNK) - 1
_WIDEST: Final = 2  # past two wrong bits in a chunk the look-ups outgrow a scan


@attrs.frozen(kw_only=True)
class Avatar:
    """A known picture.

    Attributes:
        id: Of the account or protected picture it belongs to.
        hash: Its perceptual hash, in hexadecimal. Pictures without detail (one colour, a plain
            gradient) hash alike whatever they show: leave out what PDQ calls low quality.
        owner: Who may use it and what looks like it; None for nobody else.
    """

    id: str = attrs.field(validator=name)
    hash: str = attrs.field(validator=instance(str))
    owner: str | None = attrs.field(default=None, validator=attrs.validators.optional(name))


@attrs.frozen(kw_only=True, order=True)
class AvatarHit:
    """A known picture that looks like the one asked for. Evidence for people, no finding.

    Attributes:
        distance: In how many bits the hashes differ.
        id: Of the known picture.
    """

    distance: int
    id: str


class AvatarIndex:
    """Finds every known picture within a distance: exactly those that a full scan would.

    A hash is cut into chunks of 16 bits. Two hashes that differ in at most r bits agree in some
    chunk up to r // chunks bits, so that only hashes with such a chunk are compared in full.

    Args:
        avatars: Known pictures.
        max_distance: Most bits in which look-alikes differ.
        bits: Length of the hashes.

    Attributes:
        digest: Content address of the list and its parameters.
    """

    def __init__(self, avatars: Iterable[Avatar], *, max_distance: int = PDQ_DISTANCE, bits: int = PDQ_BITS) -> None:
        if type(bits) is not int or not _CHUNK <= bits <= 1024 or bits % _CHUNK:
            raise refuse("AvatarIndex", f"bits is {shown(bits)}; give a multiple of {_CHUNK} up to 1024", path="$.bits")
        most = bits // _CHUNK * (_WIDEST + 1) - 1
        if type(max_distance) is not int or not 0 <= max_distance <= most:
            message = f"max_distance is {shown(max_distance)}; give a whole number from 0 to {most}"
            raise refuse("AvatarIndex", message, path="$.max_distance")
        self.bits, self.max_distance = bits, max_distance
        listed = _tuple(avatars)
        self._avatars = tuple(sorted(listed, key=lambda avatar: avatar.id))
        if len({avatar.id for avatar in self._avatars}) != len(self._avatars):
            raise refuse("AvatarIndex", "an id stands twice", path="$.avatars", code="duplicate")
        self._hashes = [self._number(avatar.hash) for avatar in self._avatars]
        reach = max_distance // (bits // _CHUNK)
        self._masks = [sum(1 << bit for bit in flipped) for flipped in _flips(reach)]
        # For each chunk, places by its value, and where those of each value begin.
        self._places: list[array[int]] = []
        self._starts: list[array[int]] = []
        for shift in range(0, bits, _CHUNK):
            values = [number >> shift & _MASK for number in self._hashes]
            self._places.append(array("I", sorted(range(len(values)), key=values.__getitem__)))
            counts = Counter(values)
            self._starts.append(array("I", accumulate(map(counts.__getitem__, range(_MASK + 1)), initial=0)))
        rows = [
            [avatar.id, f"{number:x}", avatar.owner] for avatar, number in zip(self._avatars, self._hashes, strict=True)
        ]
        self.digest = digest({"bits": bits, "max_distance": max_distance, "avatars": rows})

    def __len__(self) -> int:
        return len(self._avatars)

    def near(self, hash: str, *, holder: str | None = None) -> tuple[AvatarHit, ...]:  # noqa: A002 - as in `Avatar`
        """Give every known picture that looks like a hash, nearest first.

        Args:
            hash: The perceptual hash, in hexadecimal.
            holder: Who uses it: pictures of this owner are left out.

        Raises:
            InputError: It is no hash of the right length.
        """
        number = self._number(hash)
        hashes, most, masks = self._hashes, self.max_distance, self._masks
        places: set[int] = set()
        for shift, starts, held in zip(range(0, self.bits, _CHUNK), self._starts, self._places, strict=True):
            value = number >> shift & _MASK
            for mask in masks:
                start, end = starts[value ^ mask : (value ^ mask) + 2]
                if start < end:
                    places.update(held[start:end])
        near = [place for place in places if (hashes[place] ^ number).bit_count() <= most]
        hits = [
            AvatarHit(distance=(hashes[place] ^ number).bit_count(), id=avatar.id)
            for place, avatar in ((place, self._avatars[place]) for place in near)
            if holder is None or avatar.owner != holder
        ]
        return tuple(sorted(hits))

    def _number(self, text: Any) -> int:
        digits = self.bits // 4
        if type(text) is not str or len(text) != digits or not set(text) <= set("0123456789abcdefABCDEF"):
            raise refuse("AvatarIndex", f"{shown(text)} is no hash; give {digits} hexadecimal digits", path="$.hash")
        return int(text, 16)


def _flips(reach: int) -> Iterator[tuple[int, ...]]:
    for count in range(reach + 1):
        yield from combinations(range(_CHUNK), count)


def _tuple(values: Any) -> tuple[Avatar, ...]:
    found = tuple(values) if hasattr(values, "__iter__") and not isinstance(values, str) else (values,)
    for one in found:
        if not isinstance(one, Avatar):
            raise refuse("AvatarIndex", f"{shown(one)} is no picture; give a list of Avatar", code="type")
    return found
