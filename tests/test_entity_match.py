"""Does a shown name correspond to the entity behind it: forms, abbreviations, parts, scripts, a full trace."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._accounts.entity import EntityOutcome, EntityWords, entity_match
from platgov.errors import InputError

M, A, R, X = EntityOutcome.MATCH, EntityOutcome.ALIAS, EntityOutcome.REVIEW, EntityOutcome.MISMATCH

CASES = [
    # English, with abbreviations
    ("PayPal", "PayPal Holdings, Inc.", M),
    ("Smith Bros", "Smith Brothers Ltd", M),
    ("ACME Intl.", "Acme International PLC", M),
    ("The Guardian", "Guardian Limited", M),
    ("Johnson & Johnson", "Johnson and Johnson Corp", M),
    ("IBM", "International Business Machines Corporation", R),
    ("I.B.M.", "International Business Machines Corp.", R),
    ("Acme Hospital", "Acme Trading Ltd", R),
    ("Facebook", "Face Inc", R),
    ("Apple", "Orange S.A.", X),
    # German, French, Spanish, Italian, Russian
    ("Müller & Söhne", "Muller und Sohne GmbH & Co. KG", M),
    ("Müller & Söhne", "Mueller und Soehne GmbH", X),
    ("Bayer", "Bayer AG", M),
    ("Rotes Kreuz", "Rotes Kreuz e.V.", M),
    ("Société Générale", "SOCIETE GENERALE SA", M),
    ("Danone", "Danone S.A.R.L.", M),
    ("Grupo Bimbo", "Grupo Bimbo, S.A. de C.V.", M),
    ("Panadería Luz", "Panaderia Luz S.L.U.", M),
    ("AS Roma", "A.S. Roma S.p.A.", M),
    ("Ромашка", "ООО «Ромашка»", M),
    # A form at the start of one name may be a word of the other
    ("Ocean", "GmbH Ocean", M),
    ("Zeta SA", "SA Omega", R),
    ("SA Omega", "Zeta SA", R),
    # Chinese, Japanese, Korean
    ("华为", "华为技术有限公司", M),
    ("小米官方", "小米科技有限责任公司", M),
    ("张三（上海）", "张三(上海)餐饮管理有限公司", M),
    ("张三火锅官方", "张三餐饮管理（上海）有限公司", R),
    ("百度", "北京百度网讯科技有限公司", R),
    ("腾讯", "阿里巴巴(中国)有限公司", X),
    ("トヨタ自動車", "トヨタ自動車株式会社", M),
    ("トヨタ自動車", "(株)トヨタ自動車", M),
    ("삼성전자", "삼성전자 주식회사", M),
    # Between scripts nothing is guessed
    ("Alibaba", "阿里巴巴（中国）有限公司", R),
    ("Romashka", "ООО Ромашка", R),
    ("Huawei", "华为技术有限公司", R),
    # Nothing distinctive
    ("官方", "小米科技有限责任公司", R),
    ("Official", "Acme Ltd", R),
    ("!!!", "Acme Ltd", R),
]


@pytest.mark.parametrize(("display", "legal", "outcome"), CASES, ids=[f"{a} / {b}" for a, b, _ in CASES])
def test_names_and_entities(display, legal, outcome):
    found = entity_match(display, legal)
    assert found.outcome is outcome, found
    assert found.needs_human == (outcome in (R, X))


names = st.lists(
    st.sampled_from(["acme", "ocean", "bäcker", "intl", "&", "华为", "上海", "科技", "official", "trading", "spa"]),
    min_size=1,
    max_size=4,
).map(" ".join)
forms = st.sampled_from(["GmbH", "Ltd.", "S.A.", "有限公司", "株式会社", "Inc", "S. L.", "e.V."])


@given(names)
def test_every_name_matches_itself_unless_it_has_nothing_distinctive(name):
    found = entity_match(name, name)
    assert found.outcome is M or not any(one.role in ("core", "generic", "place") for one in found.trace)


@given(names, names, forms)
def test_a_company_form_changes_nothing(display, legal, form):
    plain, formed = entity_match(display, legal), entity_match(display, f"{legal} {form}")
    if plain.outcome is not M:  # a word such as "spa" at the end was a form, too
        assert formed.outcome in (plain.outcome, M, R)
    else:
        assert formed.outcome is M or formed.reasons[0].code == "nothing_distinctive"


@given(names, names)
def test_case_width_accents_and_punctuation_change_nothing(display, legal):
    wide = "".join(chr(ord(char) + 0xFEE0) if "a" <= char <= "z" else char for char in display)
    for other in (display.upper(), wide, display.replace("ä", "a"), display.replace(" ", "  "), f"«{display}»"):
        assert entity_match(other, legal).outcome is entity_match(display, legal).outcome


@given(names, names)
def test_a_name_on_file_is_enough(display, legal):
    found = entity_match(display, legal, aliases=["Something Else", display])
    assert found.outcome is M or (found.outcome is A and found.alias == display)
    assert entity_match(display, legal, aliases=["Something Else"]).alias is None


@given(names, names)
def test_the_trace_lists_every_word_of_both_names_once_and_pairs_agree(display, legal):
    found = entity_match(display, legal)
    for side, text in (("display", display), ("legal", legal)):
        words = "".join(one.text for one in found.trace if one.side == side)
        assert words == text.replace("ä", "a").replace(" ", "")
    same = {
        side: sorted(one.text for one in found.trace if one.side == side and one.how == "same")
        for side in ("display", "legal")
    }
    assert same["display"] == same["legal"]
    assert found.reasons[0].code
    assert found.reasons[0].says


@given(names, names)
def test_equal_names_give_equal_bytes_and_nothing_distinctive_in_common_is_no_match(display, legal):
    found = entity_match(display, legal)
    assert found.to_dict() == entity_match(display, legal).to_dict()
    assert found.digest == entity_match(display, legal).digest
    mine, theirs = ({one.text for one in found.trace if one.side == side} for side in ("display", "legal"))
    short = {"intl": "international"}
    if not {short.get(one, one) for one in mine} & {short.get(one, one) for one in theirs}:
        assert found.outcome is not M


def test_what_is_extra_and_missing_is_listed():
    found = entity_match("Acme Hospital Berlin", "Acme Foods Trading GmbH")
    assert (found.extra, found.missing) == (("hospital", "berlin"), ("foods",))
    assert entity_match("Roma", "AS Roma").missing == ("as",)
    assert found.reasons[0].evidence == ("extra: hospital berlin", "missing: foods")
    ibm = entity_match("IBM", "International Business Machines")
    first = ibm.trace[0]
    assert (first.text, first.how, first.other) == (
        "ibm",
        "initials",
        "international business machines",
    )
    assert ibm.reasons[0].code == "initials"
    assert entity_match("IBM Foods", "International Business Machines").outcome is X
    assert entity_match("International Business Machines", "IBM Inc").reasons[0].code == "initials"


def test_an_added_field_or_region_goes_to_people():
    assert entity_match("Acme Trading", "Acme Ltd").reasons[0].code == "added"
    assert entity_match("Acme China", "Acme Ltd").outcome is R
    assert entity_match("Acme", "Acme Foods Ltd").reasons[0].code == "partly"


def test_a_disguise_in_another_alphabet_is_never_a_match():
    assert entity_match("Р\u0430yP\u0430l", "PayPal Inc").outcome in (R, X)


def test_hosts_words_count_and_have_a_digest():
    words = EntityWords(generic=["hospital"], forms=["zrt"], short=[("aka", "academy")])
    found = entity_match("Acme Academy", "Acme Aka Hospital Zrt", words=words)
    assert (found.outcome, found.words) == (M, words.digest)
    assert EntityWords.from_dict(words.to_dict()) == words
    assert EntityWords.from_dict(EntityWords().to_dict()).digest == EntityWords().digest
    assert attrs.evolve(words, places=["here"]).digest != words.digest


def test_what_is_no_name_is_refused():
    for wrong in (
        lambda: entity_match("", "Acme"),
        lambda: entity_match("Acme", None),
        lambda: entity_match("x" * 2000, "Acme"),
        lambda: entity_match("Acme", "Acme", aliases="Acme"),
        lambda: entity_match("Acme", "Acme", aliases=[3]),
        lambda: entity_match("Acme", "Acme", aliases=3),
        lambda: entity_match("Acme", "Acme", words=["x"]),
        lambda: EntityWords(forms="gmbh"),
        lambda: EntityWords(forms=[""]),
        lambda: EntityWords(short=["ab"]),
        lambda: EntityWords(short=[("a", "")]),
        lambda: EntityWords(short=[("a\ud800", "b")]),
        lambda: EntityWords(forms=["!"]),
        lambda: EntityWords(claims=["\ud800"]),
        lambda: EntityWords(short="ab"),
        lambda: EntityWords(short=[("a", 3)]),
    ):
        with pytest.raises(InputError):
            wrong()
