"""Rules that treat everybody alike, some of them in ways that look suspicious."""

import datetime as dt
import functools
import hashlib
import json
import logging
import math
import re

from platgov.measures import LimitVisibility, Remove
from zoo.enclosure import NOTHING, REMOVE

_LINK = re.compile(r"https?://", re.IGNORECASE)


def many_links(post):
    return REMOVE if post["links"] > 3 else NOTHING


def a_score_over_a_limit(post):
    return REMOVE if post["score"] >= 0.9 else NOTHING


def a_sum_that_is_exact(post):
    return REMOVE if math.fsum(post["parts"]) >= 1.0 else NOTHING


def words_in_a_list(post):
    return REMOVE if any(word in post["text"].casefold() for word in ("spam", "buy now")) else NOTHING


def a_pattern(post):
    return LimitVisibility(days=3) if _LINK.search(post["text"]) else None


def sorted_tags(post):
    return [Remove()] if sorted(post["tags"])[:1] == ["ad"] else []


def the_time_of_the_event(post):
    posted = dt.datetime.fromisoformat(post["posted_at"].replace("Z", "+00:00"))
    return REMOVE if posted.astimezone(dt.UTC).hour >= 22 and post["links"] > 0 else NOTHING


def the_instant_that_is_given(post, *, at):
    return REMOVE if at > 1_700_000_000 and post["links"] > 3 else NOTHING


@functools.lru_cache(maxsize=64)
def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def a_cache_of_digests(post):
    return REMOVE if _digest(post["text"]) == _digest("hello") else NOTHING


def it_copies_first(post):
    mine = json.loads(json.dumps(post))
    mine["tags"].append("seen")
    mine["links"] += 1
    return REMOVE if mine["links"] > 4 else NOTHING


def it_writes_a_log(post):
    logging.getLogger("zoo").debug("asked about %s", post.get("post_id"))
    return many_links(post)


def the_surface_matters(post):
    limits = {"post": 5, "comment": 3, "profile": 0}
    return {"action": "limit", "days": 3} if post["links"] > limits[post["surface"]] else {}


def missing_goes_to_people(post):
    links = post.get("links")
    if type(links) is not int:
        return "undetermined"
    return REMOVE if links > 3 else NOTHING


def quotations_are_spared(post):
    return NOTHING if post.get("quoted") is True else many_links(post)


class Limit:
    """A rule with a field, as hosts write them."""

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, post):
        return REMOVE if post["links"] > self.limit else NOTHING

    def decide(self, post):
        return self(post)


FAIR = {
    function.__name__: function
    for function in (
        many_links,
        a_score_over_a_limit,
        a_sum_that_is_exact,
        words_in_a_list,
        a_pattern,
        sorted_tags,
        the_time_of_the_event,
        the_instant_that_is_given,
        a_cache_of_digests,
        it_copies_first,
        it_writes_a_log,
        the_surface_matters,
        missing_goes_to_people,
        quotations_are_spared,
    )
} | {"a_limit": Limit(3), "a_method": Limit(5).decide}
