"""How a pattern is refused."""

from __future__ import annotations

from platgov.errors import PatternError, Problem

__all__ = ["refuse"]


def refuse(source: str, message: str, at: int, *, code: str) -> PatternError:
    """Build the error for one problem at an offset, showing the pattern."""
    shown = source if len(source) <= 120 else source[:117] + "..."
    return PatternError("pattern", (Problem(f"{message}, in: {shown}", code=code, position=at),))
