"""Staff who may not come back: two persons for every step, and nothing that leads to the list of users."""

import sqlite3

import pytest

from blacklist_life import DAY, STRONG, T0, YEAR, Vault, banned, opened
from blacklist_strategies import KEYS
from platgov.blacklist import ENGINE, BanOutcome, Blacklist, Signals, StaffList
from platgov.errors import ConflictError, DueProcessError, InputError
from platgov.stores import open_store
from stores_support import place_of

WHO = {"identity_tag": "ab" * 32, "display_name": "Ada Example", "email": "ada.example@example.org"}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def staff(request, tmp_path):
    with place_of(request.param, tmp_path) as place:
        with StaffList.open(place.target, schema=place.schema, keys=KEYS, list_id="staff", sealer=Vault()) as made:
            yield made


def proposed(staff, by="hr:1", **given):
    options = {
        "reason": "leaked data", "decision": "hr-7", "starts_at": T0, "review_by": T0 + YEAR, "ends_at": T0 + 2 * YEAR,
    }  # fmt: skip
    return staff.propose(Signals(**WHO), by=by, **{**options, **given})


def found(staff, at=T0 + 5 * DAY):
    return staff.match(Signals(**WHO), at=at).band.value


def test_nobody_is_on_the_list_before_a_second_person_signs(staff):
    waiting = proposed(staff, note="see file 7")
    assert proposed(staff, note="see file 7") == waiting
    assert staff.proposals() == (waiting,)
    assert found(staff) == "none"
    assert list(staff.bans()) == []
    for who in ("hr:1", ENGINE):
        with pytest.raises((DueProcessError, InputError)):
            staff.confirm(waiting.ban_id, Signals(**WHO), by=who, at=T0 + DAY)
    ban = staff.confirm(waiting.ban_id, Signals(**WHO), by="hr:2", at=T0 + DAY)
    assert (ban.by, ban.events[0].second) == ("hr:1", "hr:2")
    assert ban.starts_at == T0 + DAY  # not before the second signature
    assert staff.note(ban.id) == "see file 7"
    assert [found(staff, at=at) for at in (T0 + DAY - 1, T0 + DAY)] == ["none", "match"]
    assert staff.proposals() == ()
    assert staff.confirm(waiting.ban_id, Signals(**WHO), by="hr:2", at=T0 + 2 * DAY) == ban
    with pytest.raises(DueProcessError) as caught:
        proposed(staff)
    assert caught.value.code == "already_banned"


def test_nobody_leaves_the_list_before_a_second_person_signs(staff):
    ban = staff.confirm(proposed(staff).ban_id, Signals(**WHO), by="hr:2", at=T0)
    with pytest.raises(InputError):
        staff.confirm_lift(ban.id, by="hr:3", at=T0 + DAY)
    waiting = staff.propose_lift(ban.id, by="hr:2", reason="new facts", at=T0 + DAY)
    assert found(staff) == "match"
    with pytest.raises(DueProcessError) as caught:
        staff.confirm_lift(ban.id, by="hr:2", at=T0 + DAY)
    assert caught.value.code == "same_person"
    lifted = staff.confirm_lift(ban.id, by="hr:3", at=T0 + 2 * DAY)
    assert lifted.lifted_at == T0 + 2 * DAY
    assert (lifted.events[-1].by, lifted.events[-1].second, lifted.events[-1].reason) == ("hr:2", "hr:3", "new facts")
    assert [found(staff, at=at) for at in (T0 + 2 * DAY - 1, T0 + 2 * DAY)] == ["match", "none"]
    assert staff.confirm_lift(ban.id, by="hr:3", at=T0 + 3 * DAY) == lifted
    assert staff.proposals() == ()
    assert not staff.withdraw(waiting)
    with pytest.raises(DueProcessError):
        staff.propose_lift(ban.id, by="hr:1", reason="again", at=T0 + 3 * DAY)


def test_what_is_signed_is_what_was_proposed(staff):
    waiting = proposed(staff)
    with pytest.raises(InputError) as caught:
        staff.confirm(waiting.ban_id, Signals(**{**WHO, "email": "other@example.org"}), by="hr:2", at=T0)
    assert caught.value.problems[0].code == "other_signals"
    with pytest.raises(ConflictError):
        proposed(staff, reason="something else")
    assert staff.withdraw(waiting)
    again = proposed(staff, reason="something else")
    assert staff.confirm(again.ban_id, Signals(**WHO), by="hr:2", at=T0).reason == "something else"


def test_neither_of_the_two_decides_an_appeal(staff):
    ban = staff.confirm(proposed(staff).ban_id, Signals(**WHO), by="hr:2", at=T0)
    staff.appeal(ban.id, at=T0 + DAY, text="It was not me.")
    for who in ("hr:1", "hr:2"):
        with pytest.raises(DueProcessError) as caught:
            staff.decide(ban.id, BanOutcome.UPHELD, by=who, at=T0 + 2 * DAY, reason="x")
        assert caught.value.code == "same_person"
    staff.decide(ban.id, BanOutcome.OVERTURNED, by="hr:3", at=T0 + 2 * DAY, reason="not proven")
    assert found(staff) == "none"


def test_one_person_alone_has_no_way_to_add_or_lift(staff):
    assert not hasattr(staff, "add")
    assert not hasattr(staff, "lift")
    assert not hasattr(staff, "import_candidates")


def test_the_list_cannot_be_joined_to_that_of_users_even_under_one_secret_and_name(tmp_path):
    path = tmp_path / "one.db"
    store = open_store(path)
    users = Blacklist(store, keys=KEYS, list_id="people")
    staff = StaffList(store, keys=KEYS, list_id="people")
    both = {**STRONG, **WHO, "avatar_pdq": "0123456789abcdef" * 4}
    user = banned(users, Signals(**both), decision="hr-7")
    waiting = staff.propose(Signals(**both), reason="x", decision="hr-7", starts_at=T0, review_by=T0 + YEAR, by="hr:1")
    ban = staff.confirm(waiting.ban_id, Signals(**both), by="hr:2", at=T0)
    assert ban.id != user.id
    for one in (users, staff):
        one.search(Signals(**both), at=T0, case="case-1", by="hr:3")
    (here,), (there,) = users._life.records(), staff._life.records()
    for name, size in (("tags", 11), ("sketches", 10), ("avatar", 33)):
        one, other = getattr(here, name), getattr(there, name)
        assert one and len(one) == len(other)
        rows = [{data[start + 2 if size < 33 else 1 : start + size] for start in range(0, len(data), size)}
                for data in (one, other)]  # fmt: skip
        assert rows[0] and not rows[0] & rows[1], name
    assert here.nonce != there.nonce
    with sqlite3.connect(path) as connection:
        (first,), (second,) = connection.execute("SELECT tags FROM platgov_ban_searches ORDER BY list").fetchall()
        pieces = connection.execute("SELECT number, piece FROM platgov_ban_pieces").fetchall()
    assert not {first[n : n + 9] for n in range(0, len(first), 9)} & {
        second[n : n + 9] for n in range(0, len(second), 9)
    }
    by_ban = [{piece for number, piece in pieces if number == one.number} for one in (here, there)]
    assert by_ban[0] and by_ban[1] and not by_ban[0] & by_ban[1]
    # Neither finds who is only on the other.
    users.erase(user.id, by="p:1", reason="x", at=T0)
    assert users.match(Signals(**both), at=T0).best is None
    assert staff.match(Signals(**both), at=T0).best.ban_id == ban.id
    store.close()


def test_a_proposal_that_is_erased_with_its_ban_is_gone():
    with StaffList.open(":memory:", keys=KEYS, list_id="staff") as staff:
        ban = staff.confirm(proposed(staff).ban_id, Signals(**WHO), by="hr:2", at=T0)
        staff.propose_lift(ban.id, by="hr:2", reason="x", at=T0)
        staff.erase(ban.id, by="privacy:1", reason="request", at=T0)
        assert staff.proposals() == ()


@pytest.mark.parametrize(
    "call",
    [
        lambda staff: proposed(staff, by=ENGINE),
        lambda staff: proposed(staff, by=""),
        lambda staff: proposed(staff, reason=""),
        lambda staff: proposed(staff, review_by=T0),
        lambda staff: proposed(staff, ends_at=T0),
        lambda staff: proposed(staff, note="no sealer"),
        lambda staff: staff.confirm("b-none", Signals(**WHO), by="hr:2", at=T0),
        lambda staff: staff.propose_lift("b-none", by="hr:2", reason="x", at=T0),
        lambda staff: staff.withdraw("b-none"),
        lambda staff: staff.propose({"handle": "x"}, reason="x", decision="d", starts_at=T0, review_by=T0 + 1, by="a"),
    ],
    ids=[str(n) for n in range(10)],
)
def test_bad_steps_are_refused(call):
    with StaffList.open(":memory:", keys=KEYS, list_id="staff") as staff:
        with pytest.raises(InputError):
            call(staff)
        assert staff.proposals() == ()


def test_a_proposal_signed_too_late_for_its_dates_is_refused():
    with StaffList.open(":memory:", keys=KEYS, list_id="staff") as staff:
        waiting = proposed(staff, review_by=T0 + DAY)
        with pytest.raises(InputError):
            staff.confirm(waiting.ban_id, Signals(**WHO), by="hr:2", at=T0 + DAY)
        assert staff.proposals() == (waiting,)
    with opened() as users:
        assert not isinstance(users, StaffList)
