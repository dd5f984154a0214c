"""What hypothesis runs when it is imported: it makes ``from_type`` know the values of platgov."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["register"]

_DONE: set[Any] = set()


def register() -> None:
    """Register strategies for the classes of every module of platgov that is imported.

    Facts, conditions, measures and rules always; the pytest plugin calls this again once the
    tests are collected, for the modules that these have imported.
    """
    from hypothesis import strategies as st  # noqa: PLC0415 - only once hypothesis is there

    import platgov.facts  # noqa: PLC0415
    import platgov.rules  # noqa: F401, PLC0415 - for the registration below
    from platgov._testing.strategies import COVERED, value  # noqa: PLC0415

    for module, names in COVERED.items():
        loaded = sys.modules.get(f"platgov.{module}")
        for name in names if loaded is not None else ():
            cls = getattr(loaded, name, None)
            if isinstance(cls, type) and cls not in _DONE:
                _DONE.add(cls)
                st.register_type_strategy(cls, value)
