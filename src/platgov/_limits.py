"""How much input is accepted before it is refused: one value, shared by every reader."""

from __future__ import annotations

import attrs

__all__ = ["DEFAULT", "Limits"]


@attrs.frozen(kw_only=True)
class Limits:
    """Upper bounds on input. Past one, the input is refused whole; nothing is cut short.

    Cutting would let a long text hide what comes after the cut.

    Attributes:
        text_bytes: UTF-8 bytes of one text fact.
        name_graphemes: User-perceived characters of one name.
        name_bytes: UTF-8 bytes of one name.
        file_bytes: Bytes of one rule file.
        nesting: Levels of brackets, objects or operators inside each other.
        rules: Rules in one rule set.
        keys: Keys of one object.
        items: Elements of one list.
    """

    text_bytes: int = 65_536
    name_graphemes: int = 64
    name_bytes: int = 256
    file_bytes: int = 1_048_576
    nesting: int = 32
    rules: int = 10_000
    keys: int = 1_000
    items: int = 10_000


DEFAULT = Limits()
