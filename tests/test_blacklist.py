"""What becomes of a ban: it has a reason and an end, can be appealed, and never takes one person for another."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_life import DAY, STRONG, T0, YEAR, Vault, band, banned, opened
from blacklist_strategies import KEYS, OTHER, SECRET, signals
from platgov import blacklist
from platgov.blacklist import (
    ENGINE,
    Band,
    BanEvent,
    BanOutcome,
    BanProcedure,
    BanStatus,
    Blacklist,
    KeyRing,
    Signals,
    Weights,
    public_text,
    replay,
)
from platgov.errors import ConflictError, DueProcessError, InputError, SchemaError, StorageError, VerificationError
from platgov.ledger import Ledger
from platgov.stores import open_store
from stores_support import place_of


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request, tmp_path):
    with place_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def bans(place):
    with opened(place.target, schema=place.schema, sealer=Vault()) as made:
        yield made


# -- on every kind of store ------------------------------------------------------------------


def test_a_ban_has_a_record_and_is_found_from_the_next_look_up_on(bans):
    ban = banned(bans, ends_at=T0 + 90 * DAY)
    assert (ban.reason, ban.decision, ban.by) == ("spam.repeat", "d-881", "mod:1")
    assert (ban.starts_at, ban.ends_at, ban.review_by) == (T0, T0 + 90 * DAY, T0 + YEAR)
    assert ban.kinds == ("handle", "email", "phone", "device", "ip")
    assert bans.get(ban.id) == ban
    assert list(bans.bans()) == [ban]
    assert bans.get("b-none") is None
    match = bans.match(Signals(**STRONG), at=T0)
    assert (match.band, match.best.ban_id) == (Band.MATCH, ban.id)
    assert band(bans, handle="someone_else_entirely") == "none"


def test_adding_twice_is_adding_once_and_another_ban_under_an_id_is_refused(bans):
    ban = banned(bans)
    assert banned(bans) == ban
    for change in ({"reason": "other"}, {"by": "mod:2"}, {"review_by": T0 + 2 * YEAR}, {"ends_at": T0 + 5}):
        with pytest.raises(ConflictError):
            banned(bans, **change)
    with pytest.raises(ConflictError):
        banned(bans, Signals(handle="other person"), ban_id=ban.id)
    other = banned(bans, decision="d-882")
    assert other.id != ban.id
    assert [one.id for one in bans.bans()] == sorted([ban.id, other.id])
    # Also after it was lifted or shortened: it stays the ban that it was.
    lifted = bans.lift(ban.id, by="mod:2", reason="mistake", at=T0 + DAY)
    assert banned(bans) == lifted


def test_a_ban_holds_from_its_start_to_its_end_and_never_outside(bans):
    ban = banned(bans, ends_at=T0 + DAY)
    asked = {at: band(bans, at=at, **STRONG) for at in (T0 - 1, T0, T0 + DAY - 1, T0 + DAY)}
    assert list(asked.values()) == ["none", "match", "match", "none"]
    assert [ban.status(at) for at in asked] == [
        BanStatus.WAITING, BanStatus.IN_FORCE, BanStatus.IN_FORCE, BanStatus.EXPIRED,
    ]  # fmt: skip


def test_a_lifted_ban_matches_no_more_and_lifting_again_changes_nothing(bans):
    ban = banned(bans)
    lifted = bans.lift(ban.id, by="mod:2", reason="time served", at=T0 + 10, note="spoke with them")
    assert lifted.lifted_at == T0 + 10
    assert [band(bans, at=at, **STRONG) for at in (T0 + 9, T0 + 10)] == ["match", "none"]
    assert bans.lift(ban.id, by="mod:3", reason="again", at=T0 + 20) == lifted
    assert bans.note(ban.id, 1) == "spoke with them"
    assert bans.note(ban.id) is None
    earlier = bans.lift(ban.id, by="mod:3", reason="earlier", at=T0 + 5)
    assert (earlier.lifted_at, len(earlier.events)) == (T0 + 5, 3)
    assert earlier.status(T0 + 5) is BanStatus.LIFTED


def test_a_person_who_was_cleared_is_never_linked_again_and_the_banned_one_still_is(bans):
    ban = banned(bans)
    sibling = Signals(handle="sunny_penguin", email="sunny.penguin@example.org", devices=STRONG["devices"])
    before = bans.match(sibling, at=T0 + 5)
    assert before.best is not None
    cleared = bans.exonerate(ban.id, sibling, by="mod:4", reason="other person", at=T0 + 6)
    assert cleared.events[-1] == BanEvent(kind="exonerated", at=T0 + 6, by="mod:4", reason="other person")
    after = bans.match(sibling, at=T0 + 7)
    assert (after.band, after.candidates, after.exempted) == (Band.NONE, (), (ban.id,))
    # From another device too: it is the person that was cleared.
    again = Signals(email="sunny.penguin@example.org", devices=["phone-9", *STRONG["devices"]], ip=STRONG["ip"])
    assert bans.match(again, at=T0 + 8).exempted == (ban.id,)
    assert band(bans, **STRONG) == "match"
    assert bans.exonerate(ban.id, sibling, by="mod:4", reason="other person", at=T0 + 9) == cleared


def test_an_appeal_that_is_granted_undoes_the_ban_as_if_it_had_never_been(bans):
    ban = banned(bans)
    appeal = bans.appeal(ban.id, at=T0 + DAY, by="case-7", text="That was not me.")
    assert (appeal.admissible, appeal.open, appeal.due) == (True, True, T0 + 15 * DAY)
    assert bans.note(ban.id, 1) == "That was not me."
    assert band(bans, **STRONG) == "match"  # an appeal does not suspend
    assert [one.id for one in bans.open_appeals()] == [ban.id]
    assert bans.open_appeals()[0].open_appeal.overdue(T0 + 15 * DAY + 1)
    over = bans.decide(ban.id, BanOutcome.OVERTURNED, by="mod:9", at=T0 + 3 * DAY, reason="mixed up", note="see d-9")
    assert over.overturned
    assert {over.status(at) for at in (T0 - 1, T0, T0 + YEAR)} == {BanStatus.OVERTURNED}
    assert {band(bans, at=at, **STRONG) for at in (T0, T0 + DAY, T0 + YEAR)} == {"none"}
    assert bans.open_appeals() == ()
    assert over.appeals[0].outcome is BanOutcome.OVERTURNED
    assert (over.appeals[0].decided_by, over.appeals[0].reason) == ("mod:9", "mixed up")
    assert banned(bans) == over


def test_an_appeal_can_shorten_a_ban_and_never_lengthens_one(bans):
    ban = banned(bans, ends_at=T0 + 100 * DAY)
    bans.appeal(ban.id, at=T0 + DAY)
    for worse in (T0 + 100 * DAY, T0 + 101 * DAY, T0):
        with pytest.raises(InputError) as caught:
            bans.decide(ban.id, BanOutcome.MODIFIED, by="mod:9", at=T0 + 2 * DAY, reason="x", ends_at=worse)
        assert caught.value.problems[0].code == "harsher"
    short = bans.decide(ban.id, BanOutcome.MODIFIED, by="mod:9", at=T0 + 2 * DAY, reason="first", ends_at=T0 + 9 * DAY)
    assert short.ends_at == T0 + 9 * DAY
    assert [band(bans, at=at, **STRONG) for at in (T0 + 9 * DAY - 1, T0 + 9 * DAY)] == ["match", "none"]
    assert banned(bans, ends_at=T0 + 100 * DAY) == short


def test_an_appeal_that_is_dismissed_leaves_the_ban(bans):
    ban = banned(bans)
    bans.appeal(ban.id, at=T0 + DAY)
    kept = bans.decide(ban.id, BanOutcome.UPHELD, by="mod:9", at=T0 + 2 * DAY, reason="confirmed")
    assert kept.in_force(T0 + 3 * DAY)
    assert band(bans, at=T0 + 3 * DAY, **STRONG) == "match"
    with pytest.raises(DueProcessError) as caught:
        bans.decide(ban.id, BanOutcome.OVERTURNED, by="mod:9", at=T0 + 3 * DAY, reason="again")
    assert caught.value.code == "already_decided"


def test_reviews_that_are_due_are_listed_until_somebody_looked(bans):
    ban = banned(bans, review_by=T0 + 10)
    other = banned(bans, Signals(handle="someone else"), decision="d-2", review_by=T0 + 10)
    assert bans.overdue(at=T0 + 10) == ()
    assert {one.id for one in bans.overdue(at=T0 + 11)} == {ban.id, other.id}
    kept = bans.review(ban.id, by="mod:5", at=T0 + 12, review_by=T0 + 50, reason="still at it")
    assert kept.review_by == T0 + 50
    assert bans.review(ban.id, by="mod:5", at=T0 + 12, review_by=T0 + 50, reason="still at it") == kept
    bans.lift(other.id, by="mod:5", reason="done", at=T0 + 12)
    assert bans.overdue(at=T0 + 13) == ()
    assert [one.id for one in bans.overdue(at=T0 + 51)] == [ban.id]


def test_what_is_held_is_told_without_tags_scores_or_anybody_else(bans):
    ban = banned(bans, ends_at=T0 + 90 * DAY, note="for staff only")
    banned(bans, Signals(handle="somebody else", email="else@example.com"), decision="d-2")
    sibling = Signals(handle="sunny_penguin", email="sunny.penguin@example.org", devices=STRONG["devices"])
    bans.exonerate(ban.id, sibling, by="mod:4", reason="other person", at=T0 + 6)
    bans.appeal(ban.id, at=T0 + DAY, text="My words.")
    bans.decide(ban.id, BanOutcome.UPHELD, by="mod:9", at=T0 + 2 * DAY, reason="confirmed")
    bans.search(Signals(email=STRONG["email"]), at=T0 + 3, case="case-1", by="mod:2")
    held = bans.export(Signals(email=STRONG["email"]), at=T0 + 3 * DAY)
    (told,) = held.bans
    assert (told.ban_id, told.status, told.kinds) == (ban.id, BanStatus.IN_FORCE, ban.kinds)
    assert (told.starts_at, told.ends_at, told.review_by) == (T0, T0 + 90 * DAY, T0 + YEAR)
    assert (told.appeals[0].text, told.appeals[0].outcome) == ("My words.", BanOutcome.UPHELD)
    assert (held.cleared, held.searches) == ((), (T0 + 3,))
    text = str(held.to_dict())
    assert not any(word in text for word in ("mod:", "bits", "units", "staff only", "penguin", "d-2", "case-1"))
    # By id, and for who was cleared: that they were, and of whom is not told.
    assert bans.export(ban.id, at=T0).bans[0].ban_id == ban.id
    cleared = bans.export(sibling, at=T0)
    assert cleared.bans == ()
    assert (cleared.cleared[0].reason, cleared.cleared[0].at) == ("other person", T0 + 6)
    assert "email" in cleared.cleared[0].kinds
    assert ban.id not in str(cleared.to_dict())
    # A name or a shared tablet is not enough to be told of somebody's ban.
    assert bans.export(Signals(handle=STRONG["handle"], devices=STRONG["devices"]), at=T0).bans == ()
    # What is over is held, and so told, too.
    bans.lift(ban.id, by="mod:1", reason="over", at=T0 + DAY)
    assert bans.export(Signals(phone=STRONG["phone"]), at=T0 + YEAR).bans[0].status is BanStatus.LIFTED
    assert bans.export("b-none", at=T0).bans == ()


def test_erasing_leaves_nothing_of_a_ban_and_says_that_it_happened(bans):
    ban = banned(bans)
    gone = bans.erase(ban.id, by="privacy:1", reason="request 17", at=T0 + DAY)
    assert (gone.count, bans.erasures()) == (1, (gone,))
    assert bans.get(ban.id) is None
    assert band(bans, **STRONG) == "none"
    assert bans.erase(ban.id, by="privacy:1", reason="request 17", at=T0 + DAY, wipe=False).count == 0
    assert bans.erasures() == (gone,)
    assert bans.export(Signals(**STRONG), at=T0).bans == ()
    bans.compact()
    assert bans.overdue(at=T0 + 9 * YEAR) == ()
    assert ban.id not in str(bans.erasures())


def test_searches_of_staff_need_a_case_and_are_on_record_before_the_answer(bans):
    ban = banned(bans)
    found = bans.search(Signals(**STRONG), at=T0 + 5, case="case-9", by="mod:2")
    assert found.to_bytes() == bans.match(Signals(**STRONG), at=T0 + 5).to_bytes()
    bans.search(Signals(handle="nobody at all"), at=T0 + 6, case="case-10", by="mod:2")
    (first, second) = bans.searches()
    assert (first.number, first.at, first.by, first.case, first.found) == (1, T0 + 5, "mod:2", "case-9", 1)
    assert (second.number, second.found) == (2, 0)
    assert [one.number for one in bans.searches(after=1)] == [2]
    # With the key one can ask who searched for a person; without it the record says nothing.
    assert [one.number for one in bans.searches(about=Signals(email=STRONG["email"]))] == [1]
    assert list(bans.searches(about=Signals(email="other@example.org"))) == []
    assert ban.id
    for bad in ("", None, 7):
        with pytest.raises(InputError):
            bans.search(Signals(**STRONG), at=T0, case=bad, by="mod:2")
    with pytest.raises(InputError):
        bans.search(Signals(**STRONG), at=T0, case="case-9", by=ENGINE)
    assert len(list(bans.searches())) == 2


def test_existing_accounts_are_screened_in_order_and_nothing_follows_by_itself(bans):
    banned(bans)
    late = banned(bans, Signals(handle="grey heron", email="grey.heron@example.net"), decision="d-2", starts_at=T0 + 50)
    accounts = [
        ("a1", Signals(handle="harmless_person", email="harmless@example.org")),
        ("a2", Signals(**STRONG)),
        ("a3", Signals(email="grey.heron@example.net", handle="grey.heron")),
    ]
    before = list(bans.bans())
    found = list(bans.screen(iter(accounts), at=T0 + DAY))
    assert [one.account_id for one in found] == ["a2", "a3"]
    assert all(one.match.band is not Band.NONE and one.match.evidence for one in found)
    assert found == list(bans.screen(accounts, at=T0 + DAY))
    assert found[0].match == bans.match(Signals(**STRONG), at=T0 + DAY)
    only_new = list(bans.screen(accounts, at=T0 + DAY, since=T0 + 1))
    assert [(one.account_id, one.match.best.ban_id) for one in only_new] == [("a3", late.id)]
    assert list(bans.bans()) == before


def test_a_rotation_of_the_key_keeps_every_match(place):
    if place.kind == "memory":
        pytest.skip("a store in memory has one handle")
    people = [
        Signals(handle=f"person number {n}", email=f"person{n}@example.org", devices=[f"device-{n}"]) for n in range(6)
    ]
    fresh = KeyRing.of({1: SECRET, 2: OTHER})
    with opened(place.target, schema=place.schema) as old:
        made = [banned(old, one, decision=f"d-{n}") for n, one in enumerate(people)]
        cleared = Signals(handle="cleared one", email="cleared@example.org", devices=["device-0"])
        old.exonerate(made[0].id, cleared, by="mod:1", reason="other person")
        assert old.rotation().done
    with opened(place.target, schema=place.schema, keys=fresh) as both:
        assert (both.rotation().current, both.rotation().bans, both.rotation().exonerations) == (2, 6, 1)
        for n, one in enumerate(people):
            assert both.match(one, at=T0).best.ban_id == made[n].id
            assert banned(both, one, decision=f"d-{n}").id == made[n].id  # still the same ban
            assert both.rewrap(made[n].id, one) > 0
            assert both.match(one, at=T0).best.ban_id == made[n].id
        assert both.match(cleared, at=T0).exempted == (made[0].id,)
        assert not both.rotation().done
        both.exonerate(made[0].id, cleared, by="mod:1", reason="other person")
        done = both.rotation()
        assert (done.bans, done.exonerations, done.done) == (0, 0, True)
        assert [version for version, _ in done.tags] == [2]
    with opened(place.target, schema=place.schema, keys=KeyRing.of({2: OTHER})) as new:
        for n, one in enumerate(people):
            assert new.match(one, at=T0).best.ban_id == made[n].id
        assert new.match(cleared, at=T0).exempted == (made[0].id,)
    with pytest.raises(VerificationError):
        opened(place.target, schema=place.schema, keys=KeyRing.of({2: SECRET}))


def test_a_ban_is_stored_in_the_transaction_of_the_host_or_not_at_all(place):
    if place.kind == "memory":
        pytest.skip("a store in memory has one connection")
    with opened(place.target, schema=place.schema) as bans, place.connection() as connection:
        connection.execute("BEGIN")
        ban = banned(bans, connection=connection)
        connection.execute("ROLLBACK")
        assert bans.get(ban.id) is None
        connection.execute("BEGIN")
        banned(bans, connection=connection)
        bans.lift(ban.id, by="mod:1", reason="x", at=T0 + 5, connection=connection)
        connection.execute("COMMIT")
        assert bans.get(ban.id).lifted_at == T0 + 5
        with opened(place.target, schema=place.schema, read_only=True) as reader:
            assert reader.get(ban.id).lifted_at == T0 + 5
            with pytest.raises(StorageError):
                banned(reader, decision="d-9")
            with pytest.raises(StorageError):  # no search without a record of it
                reader.search(Signals(**STRONG), at=T0, case="c", by="mod:1")


def test_a_step_that_fails_in_the_middle_leaves_tags_and_record_as_they_were(bans, monkeypatch):
    ban = banned(bans)

    def fail(*_):
        raise KeyError("in the middle")

    monkeypatch.setattr(type(bans._life), "put", fail)
    with pytest.raises(KeyError):
        bans.lift(ban.id, by="mod:2", reason="x", at=T0 + 5)
    with pytest.raises(KeyError):
        banned(bans, Signals(handle="never stored"), decision="d-2")
    monkeypatch.undo()
    assert bans.get(ban.id) == ban
    assert band(bans, **STRONG) == "match"
    assert [one.id for one in bans.bans()] == [ban.id]


# -- due process -----------------------------------------------------------------------------


def test_appeals_are_admissible_up_to_the_last_second_of_the_window_and_once():
    with opened(procedure=BanProcedure(appeal_days=10, decide_within_days=3)) as bans:
        ban = banned(bans)
        late = bans.appeal(ban.id, at=T0 + 10 * DAY + 1)
        assert (late.refusal, late.admissible, late.open, late.due) == ("late", False, False, None)
        last = bans.appeal(ban.id, at=T0 + 10 * DAY)
        assert (last.refusal, last.due) == ("", T0 + 13 * DAY)
        assert bans.appeal(ban.id, at=T0 + 10 * DAY) == last  # sent twice
        second = bans.appeal(ban.id, at=T0 + 5 * DAY)
        assert second.refusal == "second"
        assert [one.refusal for one in bans.get(ban.id).appeals] == ["late", "", "second"]
        ended = banned(bans, decision="d-2", ends_at=T0 + DAY)
        assert bans.appeal(ended.id, at=T0 + DAY).refusal == "nothing_to_appeal"
        assert bans.appeal(ended.id, at=T0 - DAY).refusal == ""  # one may object to what is to come
        lifted = bans.lift(banned(bans, decision="d-3").id, by="mod:1", reason="x", at=T0 + 5)
        assert bans.appeal(lifted.id, at=T0 + 5).refusal == "nothing_to_appeal"


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("same_person", lambda bans, ban: bans.decide(ban, BanOutcome.UPHELD, by="mod:1", at=T0 + 9, reason="x")),
        ("same_person", lambda bans, ban: bans.decide(ban, BanOutcome.UPHELD, by="mod:2", at=T0 + 9, reason="x")),
        ("appellant", lambda bans, ban: bans.decide(ban, BanOutcome.OVERTURNED, by="me", at=T0 + 9, reason="x")),
        ("before_filing", lambda bans, ban: bans.decide(ban, BanOutcome.UPHELD, by="mod:9", at=T0 + 5, reason="x")),
    ],
    ids=["who banned", "who kept the ban", "who appeals", "before it was filed"],
)
def test_an_appeal_is_decided_by_somebody_else_after_it_was_filed(code, call):
    with opened() as bans:
        ban = banned(bans)
        bans.review(ban.id, by="mod:2", at=T0 + 1, review_by=T0 + YEAR, reason="looked")
        bans.appeal(ban.id, at=T0 + 6, by="me")
        before = bans.get(ban.id)
        with pytest.raises(DueProcessError) as caught:
            call(bans, ban.id)
        assert caught.value.code == code
        assert bans.get(ban.id) == before


def test_there_is_nothing_to_decide_without_an_admissible_appeal():
    with opened() as bans:
        ban = banned(bans)
        with pytest.raises(DueProcessError) as caught:
            bans.decide(ban.id, BanOutcome.UPHELD, by="mod:9", at=T0 + 9, reason="x")
        assert caught.value.code == "nothing_to_decide"
        bans.lift(ban.id, by="mod:9", at=T0 + 9, reason="x")
        with pytest.raises(DueProcessError) as caught:
            bans.review(ban.id, by="mod:9", at=T0 + 9, reason="x", review_by=T0 + YEAR)
        assert caught.value.code == "nothing_to_review"


def test_the_engine_can_ban_and_can_neither_review_nor_decide_nor_clear():
    with opened() as bans:
        ban = banned(bans, by=ENGINE)
        bans.appeal(ban.id, at=T0 + 1)
        for call in (
            lambda: bans.decide(ban.id, BanOutcome.UPHELD, by=ENGINE, at=T0 + 2, reason="x"),
            lambda: bans.review(ban.id, by=ENGINE, at=T0 + 2, reason="x", review_by=T0 + 9),
            lambda: bans.exonerate(ban.id, Signals(handle="abc"), by=ENGINE, reason="x"),
            lambda: bans.erase(ban.id, by=ENGINE, reason="x", at=T0),
        ):
            with pytest.raises(InputError) as caught:
                call()
            assert caught.value.problems[0].code == "not_a_person"


# -- what people are told --------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_public_text_is_byte_for_byte_the_same_in_every_band(language):
    with opened() as bans:
        banned(bans)
        asked = {
            "match": Signals(**STRONG),
            "review": Signals(devices=STRONG["devices"], ip=STRONG["ip"]),
            "none": Signals(handle="harmless_person"),
        }
        matches = {name: bans.match(one, at=T0 + 5) for name, one in asked.items()}
        assert {name: match.band.value for name, match in matches.items()} == {name: name for name in asked}
        texts = {match.public_text(language).encode() for match in matches.values()}
        assert texts == {public_text(language).encode()}
        assert len(texts) == 1


def test_a_notice_names_kinds_of_details_and_never_a_value_an_account_or_a_score():
    with opened(sealer=Vault()) as bans:
        ban = banned(bans, ends_at=T0 + 90 * DAY, note="for staff only")
        match = bans.match(Signals(**STRONG), at=T0 + 5)
        notice = bans.notice(ban.id, at=T0 + 5, match=match)
        assert "names, contact details, devices, networks" in notice
        assert "2026-02-02 02:40:00 UTC" in notice
        assert "by a person" not in bans.notice(ban.id, at=T0 + 5)
        for language in ("en", "zh"):
            for text in (bans.notice(ban.id, at=T0 + 5, language=language, match=match),):
                assert not any(value in text for value in ("otter", "example", "139123", "tablet", "203.0", "mod:1"))
                assert str(match.score_bits) not in text
        assert "object until" in notice
        with pytest.raises(InputError):
            bans.notice(ban.id, at=T0, match=bans.match(Signals(handle="harmless_person"), at=T0))
        with pytest.raises(InputError):
            bans.notice(ban.id, at=T0, language="fr")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_notice_follows_the_ban_through_its_life(language):
    with opened(procedure=BanProcedure(appeal_days=10)) as bans:
        ban = banned(bans)

        def told(at, of=ban):
            return bans.notice(of.id, at=at, language=language)

        seen = [told(T0), told(T0 + 10 * DAY + 1)]
        bans.appeal(ban.id, at=T0 + DAY)
        seen.append(told(T0 + DAY))
        for n, outcome in enumerate(BanOutcome):
            other = banned(bans, decision=f"o-{n}", ends_at=T0 + 9 * DAY)
            bans.appeal(other.id, at=T0 + DAY)
            ends = {"ends_at": T0 + 5 * DAY} if outcome is BanOutcome.MODIFIED else {}
            bans.decide(other.id, outcome, by="mod:9", at=T0 + 2 * DAY, reason="why", **ends)
            seen.append(told(T0 + 3 * DAY, other))
            seen.append(told(T0 + 9 * DAY, other))
        lifted = bans.lift(banned(bans, decision="l").id, by="mod:9", reason="x", at=T0 + 5)
        seen.append(told(T0 + 5, lifted))
        nothing = banned(bans, Signals(devices=["unknown"]), decision="n")
        seen.append(told(T0, nothing))
        assert nothing.kinds == ()
        # Eleven states, eleven texts: two states that read the same would hide one of them.
        bare = ["\n".join(text.splitlines()[2:]) for text in seen]
        assert len(set(bare)) == len(bare) - 1  # an overturned ban reads the same at any time
        assert len(bare) == 11


# -- laws ------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(signals(), signals(), st.integers(0, 3))
def test_cleared_pairs_never_link_whatever_else_is_on_the_list(one, other, more):
    with opened() as bans:
        ban = banned(bans, one)
        for n in range(more):
            banned(bans, other, decision=f"other-{n}")
        try:
            bans.exonerate(ban.id, other, by="mod:1", reason="other person")
        except InputError as refused:
            assert refused.problems[0].code == "weightless"
            return
        match = bans.match(other, at=T0)
        assert ban.id not in [scored.ban_id for scored in match.candidates]
        assert match.best is None or match.best.ban_id != ban.id


@settings(max_examples=25)
@given(
    signals(),
    st.integers(1, 100),
    st.integers(0, 200),
    st.sampled_from(["expire", "lift", "overturn", "erase", "none"]),
)
def test_a_ban_matches_exactly_while_it_is_in_force(given_signals, length, offset, end):
    at = T0 + offset
    with opened() as bans:
        ban = banned(bans, given_signals, ends_at=T0 + length if end == "expire" else None)
        if end == "lift":
            ban = bans.lift(ban.id, by="mod:2", reason="x", at=T0 + length)
        elif end == "overturn":
            bans.appeal(ban.id, at=T0 + 1)
            ban = bans.decide(ban.id, BanOutcome.OVERTURNED, by="mod:9", at=T0 + 2, reason="x")
        elif end == "erase":
            bans.erase(ban.id, by="mod:9", reason="x", at=T0)
        match = bans.match(given_signals, at=at)
        expected = end != "erase" and ban.in_force(at) and ban.kinds != ()
        assert (match.best is not None) == expected


STEPS = ["lift", "review", "appeal", "upheld", "modified", "overturned", "exonerate"]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 40)), max_size=8))
def test_the_row_that_is_looked_up_and_the_record_never_part(steps):
    with opened(procedure=BanProcedure(appeal_days=30)) as bans:
        ban = banned(bans, ends_at=T0 + 100)
        for number, (step, offset) in enumerate(steps):
            at = T0 + offset
            before = bans.get(ban.id)
            try:
                if step == "lift":
                    bans.lift(ban.id, by="mod:2", reason="x", at=at)
                elif step == "review":
                    bans.review(ban.id, by="mod:3", reason="x", at=at, review_by=at + 10)
                elif step == "appeal":
                    bans.appeal(ban.id, at=at)
                elif step == "exonerate":
                    bans.exonerate(ban.id, Signals(email=f"x{number}@example.org"), by="mod:4", reason="x", at=at)
                else:
                    ends = {"ends_at": T0 + 50 - number} if step == "modified" else {}
                    bans.decide(ban.id, BanOutcome(step), by="mod:9", at=at, reason="x", **ends)
            except DueProcessError:
                assert bans.get(ban.id) == before
            after = bans.get(ban.id)
            assert after.events[: len(before.events)] == before.events  # records only grow
        held = bans.get(ban.id)
        with bans._life.store.read() as session:
            row, _ = bans._life.recorded(session, ban.id)
        for at in range(T0 - 1, T0 + 102):
            assert row.in_force(at) == held.in_force(at), at


@given(st.builds(
    BanEvent, kind=st.sampled_from(["added", "lifted", "appealed", "ruled"]), at=st.none() | st.integers(0, 10**9),
    by=st.text("ab:1", max_size=4), second=st.text("xy", max_size=3), reason=st.text(max_size=5),
    decision=st.text("d-1", max_size=3), ends_at=st.none() | st.integers(0, 10**9), due=st.none() | st.integers(0, 9),
    outcome=st.none() | st.sampled_from(BanOutcome), sealed=st.binary(max_size=5),
))  # fmt: skip
def test_events_are_written_and_read_back(event):
    assert BanEvent.from_dict(event.to_dict()) == event


# -- beside other things ---------------------------------------------------------------------


def test_records_go_into_a_ledger_of_the_same_store(tmp_path):
    path = tmp_path / "governance.db"
    with opened(path) as bans, Ledger.open(path) as ledger:
        ban = banned(bans)
        match = bans.match(Signals(**STRONG), at=T0)
        ledger.append(ban.to_dict(), key=ban.id, stream="bans")
        ledger.append(match, key="sign-up-1", stream="matches")
        assert [entry.body["kind"] for entry in ledger.entries()] == ["ban", "blacklist_match"]
        assert ledger.verify().size == 2
        assert replay(match.to_bytes(), bans.weights) == match


def test_lists_of_one_store_never_meet(tmp_path):
    store = open_store(tmp_path / "bans.db")
    one = Blacklist(store, keys=KEYS, list_id="accounts")
    other = Blacklist(store, keys=KEYS, list_id="sellers")
    assert one.store is other.store is store
    ban = banned(one)
    assert other.get(ban.id) is None
    assert band(other, **STRONG) == "none"
    assert banned(other).id != ban.id
    assert other.overdue(at=T0 + 9 * YEAR)[0].list_id == "sellers"
    one.erase(ban.id, by="p:1", reason="x", at=T0)
    assert len(list(other.bans())) == 1
    store.close()


def test_a_lost_record_is_said_and_never_a_ban_without_a_reason():
    with opened() as bans:
        ban = banned(bans)
        with bans._life.store.write() as session:
            session.run("DELETE FROM platgov_ban_records")
        with pytest.raises(SchemaError):
            bans.get(ban.id)


def test_two_processes_never_overwrite_each_others_events(tmp_path):
    path = tmp_path / "bans.db"
    with opened(path) as one, opened(path) as other:
        ban = banned(one)
        for number, bans in zip(range(6), itertools.cycle([one, other])):
            bans.exonerate(ban.id, Signals(email=f"person{number}@example.org"), by="mod:1", reason=f"r{number}")
        assert [event.reason for event in one.get(ban.id).events[1:]] == [f"r{number}" for number in range(6)]
        assert one.get(ban.id) == other.get(ban.id)


def test_a_ban_that_is_erased_while_the_list_is_read_is_left_out(monkeypatch):
    with opened() as bans:
        made = [banned(bans, decision=f"d-{n}") for n in range(3)]
        gone = sorted(ban.id for ban in made)[1]
        reading = bans.bans()
        first = next(reading)
        bans.erase(gone, by="p:1", reason="x", at=T0, wipe=False)
        assert [ban.id for ban in (first, *reading)] == [
            ban_id for ban_id in sorted(b.id for b in made) if ban_id != gone
        ]
        assert len(bans.erasures()) == 1


def test_searches_are_read_page_by_page(monkeypatch):
    monkeypatch.setattr("platgov._blacklist.searching._PAGE", 2)
    with opened() as bans:
        for n in range(5):
            bans.search(Signals(handle="somebody"), at=T0 + n, case=f"case-{n}", by="mod:1")
        assert [one.case for one in bans.searches()] == [f"case-{n}" for n in range(5)]


def test_a_ban_has_a_bound_of_events(monkeypatch):
    monkeypatch.setattr("platgov._blacklist.records.MOST_EVENTS", 3)
    with opened() as bans:
        ban = banned(bans)
        for n in range(2):
            bans.exonerate(ban.id, Signals(email=f"person{n}@example.org"), by="mod:1", reason="x")
        with pytest.raises(InputError):
            bans.exonerate(ban.id, Signals(email="person2@example.org"), by="mod:1", reason="x")
        assert len(bans.get(ban.id).events) == 3


def test_nobody_files_appeals_until_a_ban_can_no_longer_be_lifted():
    with opened() as bans:
        ban = banned(bans)
        for n in range(100):
            bans.appeal(ban.id, at=T0 + n)
        with pytest.raises(DueProcessError) as caught:
            bans.appeal(ban.id, at=T0 + 100)
        assert caught.value.code == "too_many"
        assert bans.appeal(ban.id, at=T0 + 7) == bans.get(ban.id).appeals[7]
        assert bans.lift(ban.id, by="mod:2", reason="x", at=T0 + 200).lifted_at == T0 + 200


def test_an_unknown_kind_of_event_is_refused():
    with pytest.raises(InputError):
        BanEvent.from_dict({"kind": "forgotten"})


@pytest.mark.parametrize(
    ("outcome", "ends"), [(BanOutcome.UPHELD, {"ends_at": T0 + 9}), (BanOutcome.MODIFIED, {})], ids=["extra", "missing"]
)
def test_an_end_goes_with_a_modified_ban_and_only_with_it(outcome, ends):
    with opened() as bans:
        ban = banned(bans)
        bans.appeal(ban.id, at=T0 + 1)
        with pytest.raises(InputError) as caught:
            bans.decide(ban.id, outcome, by="mod:9", at=T0 + 2, reason="x", **ends)
        assert caught.value.problems[0].code == "ends_at"


def test_everything_public_is_there():
    for name in ("Blacklist", "KeyRing", "Signals", "Match", "Band", "ProbeGuard", "StaffList", "Weights"):
        assert name in blacklist.__all__


# -- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: opened(list_id="staff/accounts"),
        lambda: opened(list_id="shared/x"),
        lambda: opened(list_id="imported/x"),
        lambda: opened(list_id=7),
        lambda: opened(weights={}),
        lambda: opened(procedure=30),
        lambda: opened(sealer="key"),
        lambda: BanProcedure(appeal_days=-1),
        lambda: BanProcedure(appeal_days=True),
        lambda: BanProcedure(review_within_days=1.5),
        lambda: opened(keys=b"secret"),
    ],
    ids=[str(n) for n in range(11)],
)
def test_lists_that_cannot_be_are_refused(call):
    with pytest.raises(InputError):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda bans, ban: banned(bans, review_by=T0),
        lambda bans, ban: banned(bans, review_by=T0 + 1_001 * DAY),
        lambda bans, ban: banned(bans, reason=""),
        lambda bans, ban: banned(bans, reason="two\nlines"),
        lambda bans, ban: banned(bans, decision=None),
        lambda bans, ban: banned(bans, by=None),
        lambda bans, ban: banned(bans, ban_id=""),
        lambda bans, ban: banned(bans, signals={"handle": "x"}),
        lambda bans, ban: banned(bans, starts_at="now"),
        lambda bans, ban: bans.get(7),
        lambda bans, ban: bans.lift("b-none", by="mod:1", reason="x", at=T0),
        lambda bans, ban: bans.lift(ban, by="", reason="x", at=T0),
        lambda bans, ban: bans.lift(ban, by="mod:1", reason="x", at=None),
        lambda bans, ban: bans.appeal(ban, at="today"),
        lambda bans, ban: bans.appeal(ban, at=T0, text="no sealer"),
        lambda bans, ban: bans.decide(ban, "upheld", by="mod:9", at=T0, reason="x"),
        lambda bans, ban: bans.exonerate(ban, {"handle": "x"}, by="mod:9", reason="x"),
        lambda bans, ban: bans.exonerate(ban, Signals(devices=["unknown"]), by="mod:9", reason="x"),
        lambda bans, ban: bans.review(ban, by="mod:1", at=T0, review_by=T0, reason="x"),
        lambda bans, ban: bans.export(7, at=T0),
        lambda bans, ban: bans.note(ban, 5),
        lambda bans, ban: bans.note("b-none"),
        lambda bans, ban: bans.searches(after=-1),
        lambda bans, ban: list(bans.screen(["a1"], at=T0)),
        lambda bans, ban: list(bans.screen([("a1", {"handle": "x"})], at=T0)),
        lambda bans, ban: bans.screen([], at="now"),
        lambda bans, ban: bans.match({"handle": "x"}, at=T0),
    ],
    ids=[str(n) for n in range(27)],
)
def test_bad_calls_are_refused_and_change_nothing(call):
    with opened(procedure=BanProcedure(review_within_days=1_000)) as bans:
        ban = banned(bans)
        with pytest.raises(InputError):
            call(bans, ban.id)
        assert list(bans.bans()) == [ban]


def test_reprs_hold_nothing_of_a_person_and_no_secret():
    with opened(sealer=Vault()) as bans:
        ban = banned(bans, note="private words of staff")
        text = repr((bans, ban, bans.match(Signals(**STRONG), at=T0), bans.export(ban.id, at=T0), Weights.default()))
        assert not any(value in text for value in ("otter", "139123", "tablet", "203.0.113", "private"))
        assert repr(SECRET)[2:10] not in text
