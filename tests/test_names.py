import bisect
import hashlib
import importlib.util
import pathlib
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platgov._limits import Limits
from platgov._names import contacts, folding, hidden, unidata, units
from platgov._names import tables as tables_module
from platgov._names.tables import contains, tables
from platgov.errors import InputError
from platgov.names import WORD_CLASS, fold, is_word, skeleton

ROOT = pathlib.Path(__file__).parents[1]
DATA = pathlib.Path(__file__).parents[2] / "shared" / "data" / "unicode"
ROOMY = Limits(text_bytes=10**9)
EVERYTHING = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
# What fold and skeleton say about every character, alone and in company, on every Python.
SWEEP_DIGEST = "b949d88a7eb1a1c6a83da6d584a757c1b448a9dcc719c223d8bab210fcaf2444"
# Planes 4 to 13 and 15 to 16 are unassigned or private: they get the first two settings only.
SETTLED = [char for char in EVERYTHING if char < "\U00032400" or "\U000e0000" <= char < "\U000e1000"]
SETTINGS = {"{}": EVERYTHING, "a{}\u0300\u0323": EVERYTHING} | dict.fromkeys(
    ("{}\u0307", "\u1100{}\u11a8", "\u09c7{}\u09be", "\u0301{}\u0316e\u0301"), SETTLED
)
ASCII_WORDS = "paypal wechat weibo google amazon support official admin moderator security bilibili zhihu".split()

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="Unicode data files are not beside this checkout")

texts = st.text(max_size=60)
# Few characters, so that they meet: marks of many classes, joiners, jamo, what folds in several steps.
TRICKY = (
    'aAmIl01|"`%\u00df\u1e9e\u0130\u0131\u017f\u00b5\u00e9\u1ec7\u212b\u0301\u0316\u0323\u0307\u0315\u031b\u0344\u0345'
    "\u034f\u0f71\u0f72\u0f73\u200b\u200d\ufe0f\u1100\u1161\u11a8\uac00\uac01\u3131\u314f\u0dd9\u0dcf\u0dca\u0ddc\u0958"
    "\u0915\u093c\u0902\u05d9\u05b4\ufb1d\ufdfa\uff2d\u2167\u24d0\U0001d400\U0001f1e9\u0412\u0432\u044b\u03b9\u03aa\u1fb4"
    "\u1f80\u3099\u30c0\uff9e\u3002\x00\n \U0001e08f\U000105c9\U000105d2\U00016121\U0001611e"
)
tricky_texts = st.text(alphabet=TRICKY, max_size=50)


# Laws


@given(st.one_of(texts, tricky_texts))
@example("\u0345\u0301\u03b1\u0345\u0301")
@example("a" + "\u0301\u0316" * 40 + "\u034f" + "\u0301\u0316" * 40)
@example("\u00e9" + "\u0301\u0316" * 15)
def test_folding_twice_changes_nothing(text):
    once = fold(text)
    assert fold(once) == once


def test_folding_any_single_character_twice_changes_nothing():
    for start in range(0, len(EVERYTHING), 4096):
        once = fold("\n".join(EVERYTHING[start : start + 4096]), limits=ROOMY)
        assert fold(once, limits=ROOMY) == once


@given(st.one_of(texts, tricky_texts))
@example("\u03b1\u0345\u0301")
@example("e" + "\u0301" * 31)
@example("\u00e9" + "\u0316" * 29)
@example("\u1100\u1161\u11a8")
def test_canonically_equivalent_texts_fold_and_map_equally(text):
    known = "".join(char for char in text if not contains(tables().unassigned, char))
    apart, composed = unicodedata.normalize("NFD", known), unicodedata.normalize("NFC", known)
    assert fold(apart) == fold(composed) == fold(known)
    assert skeleton(apart) == skeleton(composed) == skeleton(known)


@given(st.text(alphabet=st.characters(max_codepoint=0xFF)))
def test_letter_case_never_matters_in_latin_1(text):
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


@pytest.mark.parametrize("word", ["ЁЛКА ВЫСТАВКА", "ΝΈΑ ΥΓΕΊΑ ΣΟΦΌΣ", "ԲԱՐԵՎ", "ŁÓDŹ ǍŐ", "ⲂⲎⲔ", "STRASSE"])
def test_letter_case_never_matters_in_other_alphabets(word):
    assert fold(word) == fold(word.lower()) == fold(word.casefold())


def test_every_python_folds_and_maps_every_character_alike():
    digest = hashlib.sha256()
    for setting, chars in SETTINGS.items():
        for start in range(0, len(chars), 4096):
            text = "\n".join(map(setting.format, chars[start : start + 4096]))
            digest.update(fold(text, limits=ROOMY).encode() + b"\0" + skeleton(text).encode())
    assert digest.hexdigest() == SWEEP_DIGEST


def test_unicodedata_is_never_shown_a_character_that_unicode_14_did_not_have(monkeypatch):
    shown = set()

    class Watched:
        combining = staticmethod(unicodedata.combining)

        @staticmethod
        def normalize(form, text):
            shown.update(text)
            return unicodedata.normalize(form, text)

        @staticmethod
        def is_normalized(form, text):
            return False  # what it says of them changes nothing: see the test below

    for module in (folding, units, hidden, contacts):
        monkeypatch.setattr(module, "unicodedata", Watched)
    later = [char for char in SETTLED if contains(tables().unassigned, char)]
    for setting in SETTINGS:
        text = "\n".join(map(setting.format, later)) + "\u0301" * 40
        fold(text, limits=ROOMY)
        skeleton(text)
    assert shown  # the marks around them were
    assert [char for char in shown if contains(tables().unassigned, char)] == []


def test_normalising_is_the_same_where_nothing_is_asked_about_the_whole(monkeypatch):
    class Unasked:
        combining, normalize = staticmethod(unicodedata.combining), staticmethod(unicodedata.normalize)
        is_normalized = staticmethod(lambda form, text: False)

    # Each character alone, and between a letter and marks of either order.
    texts = [setting.format(char) for setting in ("{}", "a{}\u0301", "e\u0323{}\u0301", "\u1100{}") for char in SETTLED]
    short = [(folding.normal(text, "NFC"), folding.normal(text, "NFD")) for text in texts]
    monkeypatch.setattr(folding, "unicodedata", Unasked)
    assert short == [(folding.normal(text, "NFC"), folding.normal(text, "NFD")) for text in texts]


@given(st.one_of(texts, tricky_texts), st.integers(0, 60))
def test_a_text_is_within_its_limit_before_and_after_folding_or_refused(text, most):
    limits = Limits(text_bytes=most)
    try:
        folded = fold(text, limits=limits)
    except InputError as error:
        assert error.problems[0].code == "too_long"
        assert len(text.encode()) > most or len(fold(text).encode()) > most
    else:
        assert len(text.encode()) <= most
        assert len(folded.encode()) <= most


@given(tricky_texts)
def test_no_more_than_thirty_marks_in_a_row_are_left(text):
    runs = re.findall("[\u0300-\u036f]+", unicodedata.normalize("NFD", fold(text * 10)))
    assert max(map(len, runs), default=0) <= 30


def test_a_word_character_never_becomes_a_sign_and_no_sign_glues_two_words():
    # Compatibility forms aside: there NFKC speaks, as in "(1)" for one parenthesised character.
    plain = [c for c in EVERYTHING if not contains(tables().unassigned, c) and unicodedata.normalize("NFKC", c) == c]
    broken = [c for c in plain if is_word(c) and not all(map(is_word, fold(c))) and fold(c).strip("'")]
    glued = [c for c in plain if not is_word(c) and any(map(is_word, fold(c)))]
    assert broken == []
    assert {unicodedata.category(char)[0] for char in glued} == {"S"}
    assert {len(fold(char).rstrip("\u0338").replace("rn", "m")) for char in glued} == {1}  # U+0338: negated signs
    assert "|" in glued  # the one in ASCII


@given(st.one_of(texts, tricky_texts))
def test_the_skeleton_is_that_of_uts_39_where_python_knows_no_more_than_unicode_14(text):
    known = "".join(char for char in text if not contains(tables().unassigned, char))
    assert skeleton(known) == by_the_letter(known, tables().skeleton.rows)


def by_the_letter(text, rows):
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", "".join(rows.get(ord(part), part) for part in parts))


@pytest.mark.parametrize(
    "unit",
    [
        "\u0316\u0301",
        "\ufdfa",
        "a" + "\u0301\u0316\u0334" * 40,
        "\u1161",
        "\u0344\u0316",
        "\u0301\u034f\u0316",
        "\u0f73\u0f71",
        "\U0001f468\u200d",
        "\u0430",
        "m",
    ],
)
@pytest.mark.parametrize("reduce", [lambda text: fold(text, limits=ROOMY), skeleton], ids=["fold", "skeleton"])
def test_work_grows_with_the_length_of_hostile_text_and_not_with_its_square(monkeypatch, reduce, unit):
    work = 0

    class Counted:
        combining = staticmethod(unicodedata.combining)

        @staticmethod
        def normalize(form, text):
            nonlocal work
            # Putting marks in order costs as many steps as there are pairs out of order.
            work += len(text) + _out_of_order(text)
            return unicodedata.normalize(form, text)

        @staticmethod
        def is_normalized(form, text):
            nonlocal work
            work += len(text)  # it puts nothing in order: at the first pair that is not, it knows
            return unicodedata.is_normalized(form, text)

    def counted(*_):
        nonlocal work
        work += 1

    monkeypatch.setattr(folding, "unicodedata", Counted)
    took = []
    before = sys.getprofile()
    for length in (2_000, 16_000):
        work = 0
        sys.setprofile(counted)
        try:
            reduce((unit * length)[:length])
        finally:
            sys.setprofile(before)
        took.append(work)
    # Eight times the text: 8 if linear, 64 if quadratic.
    assert took[1] < 10 * took[0]


def _out_of_order(text):
    pairs = 0
    run = []
    for char in text:
        rank = unicodedata.combining(char)
        if not rank:
            run = []
            continue
        place = bisect.bisect_right(run, rank)
        pairs += len(run) - place
        run.insert(place, rank)
    return pairs


# Disguises


@pytest.mark.parametrize("word", ASCII_WORDS)
def test_a_word_in_other_forms_or_with_invisible_characters_folds_to_the_plain_word(word):
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in word)
    bold = "".join(chr(ord(letter) - ord("a") + 0x1D41A) for letter in word)
    circled = "".join(chr(ord(letter) - ord("a") + 0x24D0) for letter in word)
    hidden = [
        mark.join(word) for mark in "\u200b\u200c\u200d\u2060\u00ad\ufeff\u180e\u034f\u202e\ufe0f\U000e0041\x00\x1b"
    ]
    for disguise in [full_width, bold, circled, word.upper(), word.title(), *hidden]:
        assert fold(disguise) == fold(word)


def test_a_look_alike_of_any_small_letter_folds_to_that_letter():
    letters = {skeleton(letter): letter for letter in "abcdefghijklmnopqrstuvwxyz"}
    alike = [(char, letters[skeleton(char)]) for char in EVERYTHING if skeleton(char) in letters]
    missed = {char for char, letter in alike if fold(char) != fold(letter)}
    assert len(alike) > 650
    # Letter case and compatibility win over looks: a capital I is i, a long s is s, and words stay whole.
    i_shaped = {char for char in missed if fold(char) == "i"}
    assert missed - i_shaped == set("\u03f2\u017f\u02db\u037a\u05c0\u166e\uffe8")
    assert all(unicodedata.category(char) in {"Lu", "Nl"} for char in i_shaped)


@pytest.mark.parametrize(
    ("disguise", "word"),
    [("ВUY", "buy"), ("\u0440\u0430\u0443pal", "PayPal"), ("С0rn", "com"), ("ΚΕΤΟ", "keto"), ("ki|l", "kill")],
)
def test_a_word_with_letters_of_another_alphabet_folds_to_the_plain_word(disguise, word):
    assert fold(disguise) == fold(word)


def test_marks_beyond_thirty_do_not_shield_the_rest_of_a_text():
    assert fold("z" + "\u0301" * 500 + " spam").endswith(fold(" spam"))
    assert fold("z" + "\u0301" * 500) == fold("z" + "\u0301" * 30)


# Worked examples


@pytest.mark.parametrize(
    "distinct",
    [
        ["cafe", "café", "cafê", "cafë"],
        ["resume", "résumé"],
        ["ano", "año"],
        ["schon", "schön", "schø n", "schőn"],
        ["o", "ơ", "ó", "õ", "ô", "ø"],
        ["дом", "том", "вом"],
        ["мир", "мiръ"],
        ["土", "士", "日", "曰", "未", "末", "人", "入", "八", "己", "已", "巳"],
        ["晚安", "晩安"],
        ["가", "까", "각", "나"],
        ["ดี", "ตี", "คี"],
        ["ชอบ", "ซอบ"],
        ["كلب", "قلب", "كلي", "كلى"],
        ["में", "मैं", "मे"],
        ["दुख", "दुःख"],
        ["mail", "mall"],
        ["ด", "ต", "ค", "ท", "ฑ"],
    ],
)
def test_words_that_readers_tell_apart_stay_apart(distinct):
    assert len({fold(word) for word in distinct}) == len(distinct)


@pytest.mark.parametrize(
    "text",
    [
        "今天天气很好",
        "讓我們去公園",
        "日本語です",
        "한국어 까치 각하",
        "สวัสดีตอนเช้า",
        "नमस्ते जी",
        "தமிழ் மொழி",
        "café résolu très",
        "مرحبتصفك",
    ],
)
def test_ordinary_words_of_many_scripts_fold_to_themselves(text):
    kept = sum(map(str.__eq__, fold(text), text)) / len(text)
    assert kept > 0.6
    assert len(fold(text)) <= len(text) + text.count("m")
    assert all(map(is_word, fold(text).replace(" ", "")))


def test_combined_and_separate_spellings_read_the_same():
    assert fold("\u1112\u1161\u11ab") == fold("한") == "한"
    assert fold("e\u0301") == fold("é") == "é"
    assert fold("ﷺ") == fold("صلى الله عليه وسلم")
    assert fold("℡ ½ ① ㈱") == fold("TEL 1⁄2 1 (株)")


def test_spaces_line_ends_and_emoji_are_left_or_made_plain():
    assert fold("a\u00a0b\u3000c\td\ne\r\nf\u0085") == "a b c\td\ne\r\nf\u0085"
    assert fold("❤\ufe0f👩\u200d👧") == "❤👩👧"


def test_the_skeleton_keeps_letter_case_and_marks():
    assert skeleton("Paypal") != skeleton("paypal")
    assert skeleton("PayPaI") == skeleton("PayPal") == skeleton("\u0420ayP\u0430l")
    assert skeleton("e" + "\u0301" * 99) == "e" + "\u0301" * 99
    assert skeleton("한") == skeleton("\u1112\u1161\u11ab")


# Words


def test_a_word_character_is_a_letter_number_or_mark_of_unicode_14_or_the_underscore():
    expected = {
        c
        for c in EVERYTHING
        if c == "_" or (unicodedata.category(c)[0] in "LNM" and not contains(tables().unassigned, c))
    }
    assert {char for char in EVERYTHING if is_word(char)} == expected
    assert set(re.findall(f"[{WORD_CLASS}]", "".join(EVERYTHING))) == expected
    assert re.fullmatch(f"[^{WORD_CLASS}]+", " \t.-'!?@#[]\\^|~<>—«»。，、・\u200b🎉")


def test_re2_reads_the_word_class_as_python_does():
    re2 = pytest.importorskip("re2", reason="google-re2 comes with the fast extra")
    matches = re2.compile(f"[{WORD_CLASS}]").fullmatch
    assert [char for char in EVERYTHING if (matches(char) is not None) != is_word(char)] == []


# Oracles


@needs_data
@pytest.mark.skipif(
    unicodedata.unidata_version != "14.0.0", reason="the tables are built from Python 3.11's Unicode 14.0"
)
def test_the_checked_in_tables_are_what_the_data_gives():
    spec = importlib.util.spec_from_file_location("build_unicode_tables", ROOT / "tools" / "build_unicode_tables.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    built = tool.build(DATA)
    # Unpacked: zlib may pack the same content differently from one build to the next.
    assert built == {
        "CONFUSABLES": unidata.CONFUSABLES,
        "UNICODE": unidata.UNICODE,
        "WORD": tables_module.unpacked(unidata.WORD),
        "TABLES": tables_module.unpacked(unidata.TABLES),
    }


def confusables():
    rows = {}
    for line in (DATA / "confusables.txt").read_text(encoding="utf-8-sig").splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) >= 2:
            source, prototype = ("".join(chr(int(code, 16)) for code in field.split()) for field in fields[:2])
            rows[source] = prototype
    return rows


@needs_data
def test_skeletons_equal_icu_but_for_newer_rows_and_ignorable_characters():
    icu = pytest.importorskip("icu", reason="PyICU is not installed")
    rows = confusables()
    checker = icu.SpoofChecker()
    compared, unexplained, newer = 0, [], 0
    for char in EVERYTHING:
        if not icu.Char.isdefined(char) or contains(tables().unassigned, char):
            continue
        compared += 1
        ours, theirs = skeleton(char), checker.getSkeleton(0, char)
        parts = unicodedata.normalize("NFD", char)
        visible = "".join(
            c for c in parts if not icu.Char.hasBinaryProperty(c, icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT)
        )
        by_file = unicodedata.normalize("NFD", "".join(rows.get(c, c) for c in visible))
        if ours == theirs or (visible != parts and ours == by_file):
            continue
        newer += 1
        if ours != by_file or not set(parts) & set(rows):
            unexplained.append(char)
    assert compared > 144_000
    assert unexplained == []
    assert 0 < newer < 250  # rows that 17.0 has and ICU 72, with 15.0, has not or has otherwise


def test_the_ignorable_characters_are_those_of_icu():
    icu = pytest.importorskip("icu", reason="PyICU is not installed")
    ignorable = {c for c in EVERYTHING if icu.Char.hasBinaryProperty(c, icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT)}
    assert {char for char in EVERYTHING if skeleton(char) == ""} == ignorable
    assert {char for char in EVERYTHING if fold(char) == "" and unicodedata.category(char) != "Cc"} == ignorable


@needs_data
def test_the_official_rows_are_recognised():
    rows = confusables()
    # The rest decompose first and never meet their row: a property of the algorithm, also in ICU.
    assert sum(skeleton(source) == skeleton(to) for source, to in rows.items()) / len(rows) >= 0.9943


# Refusals


@pytest.mark.parametrize("reduce", [fold, skeleton])
@pytest.mark.parametrize("text", ["\ud800", "abc\udfffdef", "é\ud83d"])
def test_half_of_a_surrogate_pair_is_refused_with_its_place(reduce, text):
    with pytest.raises(InputError, match="half of a surrogate pair") as caught:
        reduce(text)
    assert caught.value.problems[0].code == "surrogate"
    assert "\ud800" <= text[caught.value.problems[0].position] <= "\udfff"


@pytest.mark.parametrize("reduce", [fold, skeleton])
@pytest.mark.parametrize("value", [None, b"text", 7, ["text"]])
def test_what_is_no_text_is_refused(reduce, value):
    with pytest.raises(InputError, match=f"is {type(value).__name__}; give a str"):
        reduce(value)


@pytest.mark.parametrize("text", ["a" * 65_537, "é" * 32_769, "\ud800" * 65_537, "m" * 40_000, "\ufdfa" * 20_000])
def test_a_text_past_the_limit_is_refused_whole(text):
    with pytest.raises(InputError, match="at most 65536") as caught:
        fold(text)
    assert caught.value.problems[0].code == "too_long"


@pytest.mark.parametrize("text", ["", "ab", "e\u0301"])
def test_only_one_character_at_a_time_can_be_asked_about(text):
    with pytest.raises(InputError, match="give one character"):
        is_word(text)


def test_importing_platgov_leaves_the_tables_alone():
    code = "import sys, platgov; raise SystemExit('platgov.names' in sys.modules or 'unicodedata' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
