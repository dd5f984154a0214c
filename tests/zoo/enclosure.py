"""The facts that all of them decide on."""

import datetime as dt
from typing import Literal

from platgov.facts import Role, fact, facts


@facts
class Post:
    """What a rule may know of a post."""

    text: str
    links: int = fact(ge=0, trend="aggravating")
    score: float = fact(ge=0, le=1, role=Role.OPAQUE, source="spam-model@7")
    parts: tuple[float, ...]
    tags: frozenset[str]
    posted_at: dt.datetime
    surface: Literal["post", "comment", "profile"] = fact(role=Role.CONTEXT)
    post_id: str
    account_id: str = fact(role=Role.IDENTITY)
    is_partner: bool = fact(role=Role.IDENTITY)
    staff_role: Literal["none", "editor", "admin"] = fact(role=Role.IDENTITY)
    region: Literal["north", "south"] = fact(role=Role.PROTECTED)
    quoted: bool | None


REMOVE, NOTHING = "remove", "none"
