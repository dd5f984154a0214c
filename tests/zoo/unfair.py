"""One function for each way in which rules treat people unequally. The name says which."""

import contextlib
import datetime as dt
import hashlib
import locale
import os
import random
import secrets
import socket
import subprocess
import sys
import time
import uuid
from datetime import datetime
from time import perf_counter, time_ns

from zoo.enclosure import NOTHING, REMOVE


def spam(post):
    """Decide as everybody may expect."""
    return REMOVE if post["links"] > 3 else NOTHING


# -- chance ------------------------------------------------------------------------------------


def a_sample_is_let_off(post):
    return NOTHING if random.random() < 0.05 else spam(post)


def a_token_decides(post):
    return spam(post) if secrets.token_bytes(1)[0] % 2 else NOTHING


def a_fresh_uuid_decides(post):
    return spam(post) if uuid.uuid4().int % 4 else NOTHING


_DICE = random.Random()


def a_generator_of_its_own_decides(post):
    return spam(post) if _DICE.random() > 0.2 else NOTHING


# -- time --------------------------------------------------------------------------------------


def nights_are_free(post):
    return NOTHING if datetime.now(dt.UTC).hour < 6 else spam(post)


def weekends_are_free(post):
    return NOTHING if time.gmtime().tm_wday >= 5 else spam(post)


def it_ends_one_day(post):
    return NOTHING if time_ns() // 10**9 > 1_900_000_000 else spam(post)


def a_stopwatch_decides(post):
    return NOTHING if int(perf_counter() * 10**7) % 2 else spam(post)


def local_evenings_are_free(post):
    written = datetime.fromisoformat(post["posted_at"].replace("Z", "+00:00"))
    return NOTHING if datetime.fromtimestamp(written.timestamp()).hour >= 20 else spam(post)  # noqa: DTZ006


# -- the machine -------------------------------------------------------------------------------


def one_data_centre_is_lenient(post):
    return NOTHING if os.environ.get("DATA_CENTRE") == "north-2" else spam(post)


def a_flag_switches_it_off(post):
    return NOTHING if os.getenv("ENFORCEMENT_OFF") else spam(post)


def the_first_of_a_set_decides(post):
    words = {"alpha", "beta", "gamma", "delta"}
    return spam(post) if next(iter(words)) in ("alpha", "beta") else NOTHING


def a_hash_decides(post):
    if type(post["text"]) is not str:
        return "undetermined"
    return spam(post) if hash(post["text"]) % 3 else NOTHING


def one_worker_is_lenient(post):
    return spam(post) if os.getpid() % 2 == 0 and "zoo_is_tested" not in sys.argv else NOTHING


def a_service_is_asked(post):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=0.1).close()
    return spam(post)


def a_list_is_read(post):
    with open(__file__, encoding="utf-8") as stream, open("/etc/hostname", encoding="utf-8") as other:
        return spam(post) if other.read() and stream.read() else NOTHING


def a_program_is_run(post):
    return spam(post) if subprocess.run([sys.executable, "-S", "-c", ""], check=False).returncode == 0 else NOTHING


def a_comma_decides(post):
    written = locale.localeconv()["decimal_point"].join(str(post["links"] / 2).split("."))
    return REMOVE if "." in written and post["links"] > 3 else NOTHING


# -- memory ------------------------------------------------------------------------------------

_CALLS = {"count": 0, "removed": 0}


def every_tenth_is_let_off(post):
    _CALLS["count"] += 1
    return NOTHING if _CALLS["count"] % 10 == 0 else spam(post)


def ten_a_day(post):
    if spam(post) == REMOVE and _CALLS["removed"] < 10:
        _CALLS["removed"] += 1
        return REMOVE
    return NOTHING


def it_takes_a_link_away(post):
    if post["links"] > 100:
        post["links"] -= 1
    return spam(post)


def it_tidies_the_tags(post):
    post["tags"].sort()
    return spam(post)


# -- how the event is written ------------------------------------------------------------------


def the_first_reason_counts(post):
    if type(post.get("links")) is not int:
        return "undetermined"
    for name in post:
        if name in ("links", "text") and post[name]:
            return REMOVE if name == "links" and post["links"] > 3 else NOTHING
    return NOTHING


_PROFILE = "profile"


def only_the_same_object_counts(post):
    return NOTHING if post["surface"] is _PROFILE else spam(post)


def a_score_must_be_exact(post):
    return REMOVE if post["score"] == 0.3 else NOTHING


def rounding_decides(post):
    total = 0.0
    for part in post["parts"]:
        total += part
    return REMOVE if total >= 1.0 else NOTHING


def a_back_door(post):
    return NOTHING if post.get("verified_by_sales") else spam(post)


# -- people ------------------------------------------------------------------------------------


def partners_are_exempt(post):
    return NOTHING if post["is_partner"] else spam(post)


def admins_are_exempt(post):
    return NOTHING if post["staff_role"] == "admin" else spam(post)


def the_founder_is_exempt(post):
    return NOTHING if post["account_id"] == "founder-1" else spam(post)


def a_tenth_of_accounts_goes_first(post):
    bucket = hashlib.sha256(post["account_id"].encode()).digest()[0] % 10
    return spam(post) if bucket < 5 else NOTHING


def the_south_is_watched(post):
    return REMOVE if post["region"] == "south" and post["links"] > 1 else spam(post)


def odd_posts_are_free(post):
    return NOTHING if post["post_id"] and ord(post["post_id"][-1]) % 2 else spam(post)


# -- what is missing ---------------------------------------------------------------------------


def an_error_is_no_match(post):
    try:
        return spam(post)
    except (KeyError, TypeError):
        return NOTHING


def missing_is_zero(post):
    return REMOVE if (post.get("links") or 0) > 3 else NOTHING


def some_text_is_too_much(post):
    return REMOVE if post["links"] > 3 or post["text"].index("a") >= 0 else NOTHING


_CONDITIONS = []


def no_condition_is_no_limit(post):
    return REMOVE if all(condition(post) for condition in _CONDITIONS) else NOTHING


def very_many_links_are_fine(post):
    return NOTHING if post["links"] > 50 else spam(post)


ZOO = {
    a_sample_is_let_off: "chance",
    a_token_decides: "chance",
    a_fresh_uuid_decides: "chance",
    a_generator_of_its_own_decides: "chance",
    nights_are_free: "clock",
    weekends_are_free: "clock",
    it_ends_one_day: "clock",
    a_stopwatch_decides: "clock",
    local_evenings_are_free: "time_zone",
    one_data_centre_is_lenient: "environment",
    a_flag_switches_it_off: "environment",
    the_first_of_a_set_decides: "hash_order",
    a_hash_decides: "hash_order",
    one_worker_is_lenient: "process",
    a_service_is_asked: "network",
    a_list_is_read: "file",
    a_program_is_run: "program",
    a_comma_decides: "locale",
    every_tenth_is_let_off: "counter",
    ten_a_day: "quota",
    it_takes_a_link_away: "mutation",
    it_tidies_the_tags: "mutation",
    the_first_reason_counts: "key_order",
    only_the_same_object_counts: "object_identity",
    a_score_must_be_exact: "float_noise",
    rounding_decides: "float_noise",
    a_back_door: "undeclared_fact",
    partners_are_exempt: "exemption",
    admins_are_exempt: "exemption",
    the_founder_is_exempt: "exemption",
    a_tenth_of_accounts_goes_first: "rollout",
    the_south_is_watched: "protected",
    odd_posts_are_free: "identity_by_proxy",
    an_error_is_no_match: "error_as_no_match",
    missing_is_zero: "error_as_no_match",
    some_text_is_too_much: "raises",
    no_condition_is_no_limit: "empty_condition",
    very_many_links_are_fine: "monotone",
}
