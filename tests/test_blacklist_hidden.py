"""What a record of a match must not say, and what is no argument."""

import json

import pytest

from platgov.blacklist import (
    Blacklist,
    Canon,
    KeyRing,
    Provider,
    Signals,
    Weightless,
    Weights,
    replay,
)
from platgov.errors import InputError, VerificationError

KEYS = KeyRing.single(bytes(range(32)))
HOME = {"handle": "velvet_otter_77", "devices": ["dev-1"], "ip": "85.240.11.7"}


@pytest.fixture
def bans():
    with Blacklist.open(":memory:", keys=KEYS, list_id="accounts") as opened:
        opened.add(Signals(**HOME), reason="spam", decision="d1", starts_at=0, review_by=9_000)
        yield opened


@pytest.mark.parametrize(
    "change",
    [
        {"permille": 1_100}, {"permille": 1_001}, {"permille": -1}, {"permille": "1000"},
        {"signal": "hamdle"}, {"agreement": "exakt"}, {"agreement": "lissing"}, {"against": "somebody"},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_that_no_comparison_can_give_is_found_even_where_it_counts_for_nothing(bans, change):
    data = bans.match(Signals(**HOME), at=10).to_dict()
    assert replay(data, bans.weights).to_dict() == data
    for place in range(len(data["candidates"][0]["evidence"])):
        changed = json.loads(json.dumps(data))
        for scored in changed["candidates"]:
            scored["evidence"][place].update(change)
        if changed != data:
            with pytest.raises((VerificationError, InputError)):
                replay(changed, bans.weights)


@pytest.mark.parametrize("holds", [["handlf"], ["ip", "device"], ["device", "device", "ip"]], ids=str)
def test_what_is_known_of_the_banned_is_signals_in_order(bans, holds):
    data = bans.match(Signals(**HOME), at=10).to_dict()
    for scored in data["candidates"]:
        scored["holds"] = holds
    with pytest.raises((VerificationError, InputError)):
        replay(data, bans.weights)


NONSENSE = {
    "screen": lambda bans: bans.screen(None, at=10),
    "import": lambda bans: bans.import_candidates(None, source=None, by="a", at=10),
    "notice": lambda bans: bans.notice(next(iter(bans.bans())).id, at=10, match=0),
    "fit": lambda _: Weights.fit(None),
    "fit labels": lambda _: Weights.fit([(Signals(handle="a1b2"), Signals(handle="a1b2"))], 0),
    "calibrated": lambda _: Weights.default().calibrated(None, [True]),
    "calibrated labels": lambda _: Weights.default().calibrated([1.0], None),
    "versions": lambda _: KeyRing(lambda _: bytes(32), versions=None),
    "weightless": lambda _: Weightless(listed={"ip": None}),
    "weightless pairs": lambda _: Weightless(listed=("x",) * 9),
    "affixes": lambda _: Canon(affixes=None),
    "affixes bytes": lambda _: Canon(affixes=b"x"),
    "providers": lambda _: Canon(providers=None),
    "providers text": lambda _: Canon(providers=" "),
    "simplified": lambda _: Canon(simplified=("x",) * 9),
    "domains": lambda _: Provider(domains=None),
    "no domains": lambda _: Provider(domains=()),
    "domain text": lambda _: Provider(domains=""),
    "tag": lambda _: Provider(domains=("a.example",), tag=None),
    "holders": lambda _: Canon(weightless=Weightless(holders=lambda _: "")).forms(Signals(handle="abcdef")),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_is_no_argument_is_refused_with_one_error_of_ours(bans, name):
    with pytest.raises(InputError):
        NONSENSE[name](bans)
