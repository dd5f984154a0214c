"""What a store of bans holds: nothing that anybody could read, and nothing that two could compare."""

import base64
import sqlite3
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blacklist_life import DAY, STRONG, T0, YEAR, Vault, banned, grams, opened, stored
from blacklist_strategies import KEYS, OTHER, SECRET, signals
from platgov._blacklist.fuzzy import SKETCH_BYTES
from platgov._time import to_iso
from platgov.blacklist import BanOutcome, KeyRing, ListSource, ProbeGuard, ProbePolicy, Sealer, Signals, StaffList
from platgov.errors import InputError
from stores_support import Place, fresh_schema, place_of

WORDS = st.text("aehilnorst", min_size=4, max_size=40)


def everything(place, given, words):
    """Do everything that keeps something, with some signals and words; give what is public of it."""
    vault = Vault()
    public = {"mod:1", "mod:9", "spam.repeat", "d-881", "case-1"}
    with opened(place.target, schema=place.schema, sealer=vault) as bans:
        made = [banned(bans, one, decision=f"d-{n}", note=words) for n, one in enumerate(given)]
        ban = made[0]
        for other in given[1:]:
            try:
                bans.exonerate(ban.id, other, by="mod:1", reason="other person")
            except InputError as refused:
                assert refused.problems[0].code == "weightless"
        bans.search(given[0], at=T0, case="case-1", by="mod:1")
        guard = ProbeGuard(bans, ProbePolicy(near_bits=0))
        for one in given:
            guard.saw(one, bans.match(one, at=T0), at=T0)
        source = ListSource(name="public", edition="1", licence="CC0", dated_at=T0, expires_at=T0 + YEAR)
        bans.import_candidates(given, source=source, by="mod:1", at=T0)
        partner = bans.shared("pact", keys=KeyRing.single(OTHER))
        partner.read(partner.bundle(given, source=source), by="mod:1", at=T0)
        staff = StaffList(bans._life.store, keys=KEYS, list_id="staff", sealer=vault)
        staff.propose(
            given[0], reason="spam.repeat", decision="d-881", starts_at=T0, review_by=T0 + YEAR, by="mod:1", note=words
        )
        bans.appeal(ban.id, at=T0 + 1, text=words)
        bans.decide(ban.id, BanOutcome.UPHELD, by="mod:9", at=T0 + 2, reason="spam.repeat", note=words)
        public |= {one.id for one in bans.bans()} | {one.id for one in bans.imported.entries()}
        public |= {one.id for one in partner.entries()} | {one.ban_id for one in staff.proposals()}
        held = [event.sealed for one in bans.bans() for event in one.events if event.sealed]
        held += [one.sealed for one in staff.proposals()]
        data = stored(place)
    assert words.encode() in {seen for seen, _ in vault.seen}
    return data, public, held


def without(data, public, sealed):
    """Take out what is public, and what the host's sealer made: that is the host's own."""
    for piece in sorted(public, key=len, reverse=True):
        data = data.replace(piece.encode(), b"|")
    for piece in sealed:
        data = data.replace(base64.b64encode(piece), b"|")
    for at in (T0, T0 + 1, T0 + 2, T0 + 14 * DAY + 1, T0 + YEAR):
        data = data.replace(to_iso(at).encode(), b"|").replace(str(at).encode(), b"|")
    return data


def check(place, baseline, given, words):
    data, public, sealed = everything(place, given, words)
    assert len(sealed) >= 3
    assert not any(words.encode() in piece for piece in sealed)
    data = without(data, public, sealed)
    values = [value for one in given for _, value in one.given()]
    for value in (*values, words):
        for piece in grams(value):
            if len(piece) >= 4 and piece not in baseline:
                assert piece not in data, piece


@pytest.fixture(scope="module")
def baseline():
    """What the tables themselves and the words of the records say, whoever is banned."""
    with FreshFile() as place:
        data, _, _ = everything(place, [Signals(handle="\u4e00\u4e8c\u4e09\u56db\u4e94")], "zzzzzz")
    return data


class FreshFile:
    """A file of its own, gone afterwards."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        return Place("sqlite", f"{self.folder.name}/ledger0.db")

    def __exit__(self, *_):
        self.folder.cleanup()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_signals=st.lists(signals(), min_size=1, max_size=3, unique_by=repr), words=WORDS)
def test_the_files_hold_no_four_characters_of_any_input(baseline, given_signals, words):
    with FreshFile() as place:
        check(place, baseline, given_signals, words)


def test_the_rows_of_postgresql_hold_no_four_characters_of_any_input(baseline):
    with fresh_schema() as schema:
        place = Place("postgres", "postgresql://127.0.0.1:5432/test", schema)
        other = Signals(
            handle="quiet-meadow", display_name="Quiet Meadow", payment="fingerprint-xyz", behaviour=["late-poster"]
        )
        check(place, baseline, [Signals(**STRONG, avatar_pdq="0123456789abcdef" * 4), other], "please let us return")


def test_an_erased_ban_is_gone_from_the_file_and_its_log(tmp_path):
    with place_of("sqlite", tmp_path) as place, opened(place.target, sealer=Vault()) as bans:
        banned(bans, Signals(handle="somebody who stays"), decision="d-0")
        ban = banned(bans, note="words")
        (record,) = [one for one in bans._life.records() if one.ban_id == ban.id]
        assert record.tags[2:11] in stored(place) and ban.id.encode() in stored(place)
        bans.erase(ban.id, by="privacy:1", reason="request 17", at=T0)
        bans.compact()
        held = stored(place)
        assert ban.id.encode() not in held
        rows = [record.tags[start + 2 : start + 11] for start in range(0, len(record.tags), 11)]
        assert not any(tag in held for tag in rows)


def test_what_was_sealed_cannot_be_read_once_the_key_is_deleted():
    vault = Vault()
    with opened(sealer=vault) as bans:
        ban = banned(bans, note="words of staff")
        bans.appeal(ban.id, at=T0 + 1, text="words of the person")
        assert bans.note(ban.id) == "words of staff"
        vault.key = None
        assert bans.note(ban.id) is None
        assert bans.export(ban.id, at=T0).bans[0].appeals[0].text is None
    # Words cannot be moved to another ban or another place: the context is authenticated.
    data, context = vault.seen[0]
    assert (data, context) == (b"words of staff", f'["accounts","{ban.id}","added","0"]'.encode())


class Plain:
    def seal(self, data, context):
        return b"sealed:" + data

    def open(self, data, context):
        return data[7:]


class Broken(Plain):
    def seal(self, data, context):
        return None


@pytest.mark.parametrize("sealer", [None, Plain(), Broken()], ids=["none", "readable", "nothing"])
def test_words_are_refused_where_nothing_seals_them(sealer):
    assert sealer is None or isinstance(sealer, Sealer)
    with opened(sealer=sealer) as bans:
        ban = banned(bans)
        for call in (
            lambda: banned(bans, decision="d-2", note="words"),
            lambda: bans.appeal(ban.id, at=T0, text="please look again"),
        ):
            with pytest.raises(InputError) as caught:
                call()
            assert caught.value.problems[0].code == "sealer"
        assert list(bans.bans()) == [ban]


def tags_of(place):
    """Give everything in the store that could be compared: tags, sketches, avatars, pieces, traces."""
    found = set()
    with sqlite3.connect(place.target) as connection:
        for tags, sketches, avatar in connection.execute("SELECT tags, sketches, avatar FROM platgov_bans"):
            found |= {tags[start + 2 : start + 11] for start in range(0, len(tags), 11)}
            size = SKETCH_BYTES + 2
            found |= {sketches[start + 2 : start + size] for start in range(0, len(sketches), size)}
            found |= {avatar[1:]} if avatar else set()
        for name, column in (("ban_tags", "tag"), ("ban_pieces", "piece"), ("ban_probes", "source")):
            found |= {row for (row,) in connection.execute(f"SELECT {column} FROM platgov_{name}")}
        for (tags,) in connection.execute("SELECT tags FROM platgov_ban_searches"):
            found |= {tags[start : start + 9] for start in range(0, len(tags), 9)}
    return found


def kept(path, keys, list_id="accounts"):
    with opened(path, keys=keys, list_id=list_id) as bans:
        one = Signals(**STRONG, avatar_pdq="0123456789abcdef" * 4)
        banned(bans, one)
        bans.search(one, at=T0, case="c", by="mod:1")
        ProbeGuard(bans).saw(one, bans.match(one, at=T0), at=T0)
    return tags_of(Place("sqlite", path))


def test_two_platforms_with_different_keys_have_nothing_in_common(tmp_path):
    one = kept(str(tmp_path / "one.db"), KeyRing.single(SECRET))
    other = kept(str(tmp_path / "other.db"), KeyRing.single(OTHER))
    same = kept(str(tmp_path / "same.db"), KeyRing.single(SECRET))
    renamed = kept(str(tmp_path / "renamed.db"), KeyRing.single(SECRET), "sellers")
    assert len(one) > 20
    assert one == same  # so the comparison can find what is equal
    assert not one & other
    assert not one & renamed


def test_near_misses_and_searches_cannot_be_joined_to_bans(tmp_path):
    path = str(tmp_path / "bans.db")
    kept(path, KEYS)
    with sqlite3.connect(path) as connection:
        bans = {
            tags[start + 2 : start + 11]
            for (tags,) in connection.execute("SELECT tags FROM platgov_bans")
            for start in range(0, len(tags), 11)
        }
        probes = {source for (source,) in connection.execute("SELECT source FROM platgov_ban_probes")}
        (searched,) = connection.execute("SELECT tags FROM platgov_ban_searches").fetchone()
        searches = {searched[start : start + 9] for start in range(0, len(searched), 9)}
    assert probes and searches
    assert not probes & bans and not searches & bans and not probes & searches
