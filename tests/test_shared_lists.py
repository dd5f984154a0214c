"""Lists of others: kept apart from bans, a reason to look at most, and shared as keyed tags only."""

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_life import DAY, STRONG, T0, YEAR, banned, opened
from blacklist_strategies import KEYS, OTHER, SECRET, signals
from platgov.blacklist import ENGINE, Band, KeyRing, ListSource, Signals, Weights
from platgov.errors import DueProcessError, InputError, VerificationError
from stores_support import place_of

SOURCE = ListSource(
    name="Forum spam register", edition="2026-02", licence="CC0-1.0", dated_at=T0, expires_at=T0 + 90 * DAY
)
OTHER_EDITION = attrs.evolve(SOURCE, edition="2026-03")
PACT = KeyRing.single(bytes(range(7, 39)))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def bans(request, tmp_path):
    with place_of(request.param, tmp_path) as place, opened(place.target, schema=place.schema) as made:
        yield made


def confirmed(bans, entry, one=None, **given):
    options = {"reason": "spam.repeat", "decision": "d-5", "by": "mod:3", "starts_at": T0 + 5, "review_by": T0 + YEAR}
    return bans.confirm(entry, Signals(**STRONG) if one is None else one, **{**options, **given})


def test_an_entry_of_a_public_list_is_a_reason_to_look_and_never_a_ban(bans):
    done = bans.import_candidates(
        [Signals(**STRONG), Signals(email="x9@example.net")], source=SOURCE, by="mod:1", at=T0
    )
    assert (done.new, done.known, done.source) == (2, 0, SOURCE)
    assert bans.match(Signals(**STRONG), at=T0).best is None
    assert list(bans.bans()) == []
    assert list(bans.screen([("a1", Signals(**STRONG))], at=T0)) == []
    match = bans.imported.match(Signals(**STRONG), at=T0)
    assert match.band is Band.REVIEW
    assert match.score_bits > 60  # a ban with as much would be a match
    entry = bans.imported.get(match.best.ban_id)
    assert (entry.source, entry.by, entry.starts_at, entry.ends_at) == (SOURCE.name, "mod:1", T0, SOURCE.expires_at)
    assert (entry.edition, entry.kinds) == (SOURCE.key, ("handle", "email", "phone", "device", "ip"))
    assert bans.imported.sources() == (SOURCE,)
    assert len(list(bans.imported.entries())) == 2
    # It ends with the source.
    assert bans.imported.match(Signals(**STRONG), at=SOURCE.expires_at - 1).band is Band.REVIEW
    assert bans.imported.match(Signals(**STRONG), at=SOURCE.expires_at).band is Band.NONE


def test_one_edition_is_imported_once_and_another_beside_it(bans):
    bans.import_candidates([Signals(**STRONG)], source=SOURCE, by="mod:1", at=T0)
    again = bans.import_candidates([Signals(**STRONG)], source=SOURCE, by="mod:2", at=T0 + DAY)
    assert (again.new, again.known) == (0, 1)
    later = ListSource(
        name=SOURCE.name, edition="2026-03", licence="CC0-1.0", dated_at=T0 + DAY, expires_at=T0 + 120 * DAY
    )
    assert bans.import_candidates([Signals(**STRONG)], source=later, by="mod:1", at=T0 + DAY).new == 1
    assert bans.imported.sources() == (SOURCE, later)
    changed = ListSource(
        name=SOURCE.name, edition="2026-02", licence="all rights reserved", dated_at=T0, expires_at=T0 + 9
    )
    with pytest.raises(InputError) as caught:
        bans.import_candidates([Signals(**STRONG)], source=changed, by="mod:1", at=T0)
    assert caught.value.problems[0].code == "other_edition"


def test_a_person_makes_a_ban_of_an_account_that_an_entry_brought_up(bans):
    bans.import_candidates([Signals(email=STRONG["email"])], source=SOURCE, by="mod:1", at=T0)
    (entry,) = bans.imported.entries()
    ban = confirmed(bans, entry.id)
    assert (ban.reason, ban.decision, ban.by, ban.kinds) == (
        "spam.repeat", "d-5", "mod:3", ("handle", "email", "phone", "device", "ip"),
    )  # fmt: skip
    assert bans.match(Signals(**STRONG), at=T0 + 9).band is Band.MATCH
    assert bans.match(Signals(**STRONG), at=SOURCE.expires_at + 1).band is Band.MATCH  # it is one's own
    for code, call in {
        "no_link": lambda: confirmed(bans, entry.id, Signals(email="else@example.org")),
        "not_in_force": lambda: confirmed(bans, entry.id, starts_at=SOURCE.expires_at, review_by=T0 + 2 * YEAR),
    }.items():
        with pytest.raises(DueProcessError) as caught:
            call()
        assert caught.value.code == code
    for bad in ({"by": ENGINE}, {"review_by": T0}):
        with pytest.raises(InputError):
            confirmed(bans, entry.id, **bad)
    with pytest.raises(InputError):
        confirmed(bans, "s-none")
    assert len(list(bans.bans())) == 1


def test_no_weights_of_a_host_make_a_match_of_an_import():
    heavy = Weights.default()
    levels = [attrs.evolve(level, units=1_000 * 1_024, permille=10_000) for level in heavy.levels]
    with opened(weights=attrs.evolve(heavy, levels=levels)) as bans:
        bans.import_candidates([Signals(**STRONG)], source=SOURCE, by="mod:1", at=T0)
        match = bans.imported.match(Signals(**STRONG), at=T0)
        assert match.score_bits > 1_000
        assert (match.band, match.best, match.best.limits) == (Band.REVIEW, match.candidates[0], ("imported",))
        # An entry that was at review stays as it is beside it.
        bans.import_candidates([Signals(ip=STRONG["ip"])], source=OTHER_EDITION, by="mod:1", at=T0)
        both = bans.imported.match(Signals(**STRONG), at=T0)
        assert [(one.band, "imported" in one.limits) for one in both.candidates] == [
            (Band.REVIEW, True), (Band.REVIEW, False),
        ]  # fmt: skip


def test_an_entry_that_is_discarded_counts_no_more(bans):
    bans.import_candidates([Signals(**STRONG)], source=SOURCE, by="mod:1", at=T0)
    (entry,) = bans.imported.entries()
    gone = bans.imported.discard(entry.id, by="mod:2", reason="wrong person", at=T0 + 5)
    assert gone.discarded_at == T0 + 5
    assert bans.imported.discard(entry.id, by="mod:3", reason="again", at=T0 + 9) == gone
    assert bans.imported.match(Signals(**STRONG), at=T0 + 5).band is Band.NONE
    with pytest.raises(DueProcessError):
        confirmed(bans, entry.id)
    # An import of the same edition does not bring it back.
    assert bans.import_candidates([Signals(**STRONG)], source=SOURCE, by="mod:1", at=T0 + 9).new == 0
    assert bans.imported.match(Signals(**STRONG), at=T0 + 9).band is Band.NONE


def test_platforms_share_keyed_tags_with_where_they_are_from_and_an_end(bans):
    with opened(keys=KeyRing.single(OTHER), list_id="elsewhere") as partner:
        sent = partner.shared("pact-2026", keys=PACT).bundle(
            [Signals(**STRONG), Signals(handle="loud_magpie_x")], source=SOURCE
        )
    assert not any(piece in sent for piece in (b"otter", b"magpie", b"139123", b"tablet", b"203.0.113", b"example.org"))
    ours = bans.shared("pact-2026", keys=PACT)
    done = ours.read(sent, by="mod:1", at=T0)
    assert (done.new, done.known, done.source) == (2, 0, SOURCE)
    assert ours.read(sent, by="mod:1", at=T0 + 5).known == 2
    match = ours.match(Signals(**STRONG), at=T0)
    assert (match.band, match.score_bits > 60) == (Band.REVIEW, True)
    # Names that are only near, too: pieces travelled along.
    assert ours.match(Signals(handle="loud_magpie_y"), at=T0).best is not None
    assert bans.match(Signals(**STRONG), at=T0).best is None
    assert bans.imported.match(Signals(**STRONG), at=T0).best is None
    ban = confirmed(bans, match.best.ban_id, among=ours)
    assert bans.get(ban.id) == ban
    assert ours.match(Signals(**STRONG), at=SOURCE.expires_at).best is None
    with pytest.raises(InputError) as caught:
        ours.read(sent, by="mod:1", at=SOURCE.expires_at)
    assert caught.value.problems[0].code == "expired"


@settings(max_examples=15)
@given(st.lists(signals(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_what_was_sent_is_found_as_if_it_had_been_imported_here(given_signals, rng):
    with opened() as one, opened() as other:
        there, here = one.shared("pact", keys=PACT), other.shared("pact", keys=PACT)
        sent = there.bundle(given_signals, source=SOURCE)
        assert there.bundle(rng.sample(given_signals, len(given_signals)), source=SOURCE) == sent
        here.read(sent, by="mod:1", at=T0)
        there.add(given_signals, source=SOURCE, by="mod:1", at=T0)
        for asked in given_signals:
            first, second = there.match(asked, at=T0), here.match(asked, at=T0)
            assert (first.band, first.score_bits) == (second.band, second.score_bits)


def sent_by(keys=PACT, list_id="pact"):
    with opened() as partner:
        return partner.shared(list_id, keys=keys).bundle([Signals(**STRONG)], source=SOURCE)


def altered(change):
    plain = json.loads(sent_by())
    change(plain)
    return json.dumps(plain).encode()


@pytest.mark.parametrize(
    "data",
    [
        lambda: sent_by(keys=KeyRing.single(SECRET)),
        lambda: sent_by(keys=KeyRing.of({2: OTHER})),
        lambda: sent_by(list_id="another"),
        lambda: altered(lambda plain: plain["source"].update(expires_at="2099-01-01T00:00:00Z")),
        lambda: altered(lambda plain: plain["entries"].clear()),
        lambda: altered(lambda plain: plain.update(mac="00" * 32)),
        lambda: altered(lambda plain: plain.update(forms=99)),
    ],
    ids=["other key", "other version", "other list", "other end", "left out", "not signed", "other forms"],
)
def test_a_bundle_of_others_or_one_that_was_altered_is_refused_whole(data):
    with opened() as bans:
        ours = bans.shared("pact", keys=PACT)
        with pytest.raises(VerificationError):
            ours.read(data(), by="mod:1", at=T0)
        assert list(ours.entries()) == [] and ours.sources() == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain.update(more=1),
        lambda plain: plain.pop("mac"),
        lambda plain: plain.update(kind="other"),
        lambda plain: plain.update(entries={}),
        lambda plain: plain.update(check="XY"),
        lambda plain: plain.update(mac="AB" * 32),
        lambda plain: plain.update(mac="zz" * 32),
        lambda plain: plain.update(source=[]),
        lambda plain: plain["entries"].append(7),
        lambda plain: plain["entries"][0].update(tags="00"),
        lambda plain: plain["entries"][0].update(tags="ff01" + "00" * 9),
        lambda plain: plain["entries"][0].update(sketches="00"),
        lambda plain: plain["entries"][0].update(avatar="01"),
        lambda plain: plain["entries"][0].update(nonce="0011"),
        lambda plain: plain["entries"][0].update(pieces=[2**36]),
        lambda plain: plain["entries"][0].update(pieces=[True]),
    ],
    ids=[str(n) for n in range(16)],
)
def test_what_is_no_bundle_is_refused_whole(change):
    with opened() as bans:
        ours = bans.shared("pact", keys=PACT)
        with pytest.raises(InputError):
            ours.read(altered(change), by="mod:1", at=T0)
        with pytest.raises(InputError):
            ours.read(b"not json", by="mod:1", at=T0)
        assert list(ours.entries()) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda bans: ListSource(name="", edition="1", licence="x", dated_at=0, expires_at=1),
        lambda bans: ListSource(name="n" * 121, edition="1", licence="x", dated_at=0, expires_at=1),
        lambda bans: ListSource(name="n", edition="1", licence="x", dated_at=1, expires_at=1),
        lambda bans: ListSource(name="n", edition="1", licence=None, dated_at=0, expires_at=1),
        lambda bans: ListSource.from_dict({"name": "n"}),
        lambda bans: bans.import_candidates([Signals(handle="abc")], source="list", by="mod:1", at=T0),
        lambda bans: bans.import_candidates(["abc"], source=SOURCE, by="mod:1", at=T0),
        lambda bans: bans.import_candidates([], source=SOURCE, by=ENGINE, at=T0),
        lambda bans: bans.import_candidates([], source=SOURCE, by="mod:1", at=SOURCE.expires_at),
        lambda bans: bans.shared("", keys=PACT),
        lambda bans: bans.shared("pact", keys=b"secret"),
        lambda bans: bans.shared("pact", keys=PACT).bundle([], source=None),
        lambda bans: bans.imported.discard("s-none", by="mod:1", reason="x", at=T0),
    ],
    ids=[str(n) for n in range(13)],
)
def test_bad_imports_are_refused(call):
    with opened() as bans:
        with pytest.raises(InputError):
            call(bans)
        assert list(bans.imported.entries()) == []
        assert bans.imported.get("s-none") is None


def test_an_entry_that_goes_while_the_list_is_read_is_left_out():
    with opened() as bans:
        bans.import_candidates(
            [Signals(email=f"pills{n}@example.com") for n in range(3)], source=SOURCE, by="mod:1", at=T0
        )
        ids = [entry.id for entry in bans.imported.entries()]
        reading = bans.imported.entries()
        first = next(reading)
        bans.imported._life.erase(ids[1])
        assert [entry.id for entry in (first, *reading)] == [ids[0], ids[2]]


def test_a_shared_list_is_under_the_shared_key_alone():
    with opened() as bans:
        ban = banned(bans)
        ours, imported = bans.shared("accounts", keys=KEYS), bans.imported
        ours.add([Signals(**STRONG)], source=SOURCE, by="mod:1", at=T0)
        imported.add([Signals(**STRONG)], source=SOURCE, by="mod:1", at=T0)
        # One secret and one name: still three lists that cannot be joined.
        held = [next(iter(one._life.records())).tags for one in (bans, ours, imported)]
        rows = [{tags[start + 2 : start + 11] for start in range(0, len(tags), 11)} for tags in held]
        assert not rows[0] & rows[1] and not rows[0] & rows[2] and not rows[1] & rows[2]
        assert ban.list_id != ours.list_id != imported.list_id
