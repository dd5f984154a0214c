"""Traditional characters and the simplified ones they are written as: a table that is still to be made."""

from __future__ import annotations

from typing import Final

__all__ = ["SIMPLIFIED"]

SIMPLIFIED: Final[dict[int, str]] = {}
