"""Texts for people: the same in every language, and nothing a value holds can break out of its line."""

import datetime as dt
import re
import tomllib
import unicodedata
import zoneinfo
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov import messages
from platgov.errors import InputError
from platgov.messages import Catalogue, Messages, Written, clean, default, one_or_other

ROOT = resources.files("platgov") / "_messages"
LANGUAGES = sorted(folder.name for folder in ROOT.iterdir() if folder.is_dir())
FILES = [(folder.name, file) for folder in ROOT.iterdir() if folder.is_dir() for file in folder.iterdir()]


def flat(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def shipped(language):
    texts = {}
    for file in sorted((ROOT / language).iterdir(), key=lambda file: file.name):
        for key, text in flat(tomllib.loads(file.read_text(encoding="utf-8"))):
            assert key not in texts, f"{language}: {key} is in two files"
            texts[key] = text
    return texts


def one(text, language="en", **more):
    return Messages(catalogues=[Catalogue(language=language, texts={"k": text, **more})])


def refused(code, call, *arguments, **named):
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    assert code in {problem.code for problem in caught.value.problems}, caught.value
    return str(caught.value)


# -- what is shipped ---------------------------------------------------------------------------


def test_english_and_chinese_come_with_the_package_and_are_found_as_package_data():
    assert LANGUAGES == ["en", "zh"]
    assert default().languages == ("en", "zh")
    assert all(file.name.endswith(".toml") for _, file in FILES)
    assert default() is default()


def test_every_language_has_the_same_topics_and_keys():
    topics = {language: {file.name for name, file in FILES if name == language} for language in LANGUAGES}
    keys = {language: set(shipped(language)) for language in LANGUAGES}
    assert topics["en"] == topics["zh"]
    assert keys["en"] == keys["zh"]
    assert default().missing("en") == default().missing("zh") == frozenset()
    assert keys["en"] == {key for catalogue in default().catalogues for key in catalogue.keys}


def test_every_text_takes_the_same_values_in_the_same_formats_in_every_language():
    english, chinese = shipped("en"), shipped("zh")
    for key in english:
        # Read by another pattern than the one under test.
        found = [sorted(set(re.findall(r"\{[^{}]*\}", texts[key]))) for texts in (english, chinese)]
        assert found[0] == found[1], key


def test_chinese_texts_are_chinese_and_english_ones_are_not():
    for text in shipped("en").values():
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", text), text
    for text in shipped("zh").values():
        assert not re.search(r"[A-Za-z]", re.sub(r"\{[^{}]*\}", "", text)), text


def test_chinese_sentences_use_chinese_punctuation():
    for key, text in shipped("zh").items():
        plain = re.sub(r"\{[^{}]*\}", "", text)
        assert not re.search(r"[\u4e00-\u9fff][,.:;?!]", plain), key


SAMPLES = {
    "text": "x", "int": 3, "duration": 90_000, "instant": 0, "date": dt.date(2026, 11, 24), "list": ["a", "b"],
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_text_can_be_written(language):
    for key in sorted(shipped(language)):
        placeholders = default().placeholders(key, language)
        written = default().text(key, language, **{name: SAMPLES.get(form, 2) for name, form in placeholders.items()})
        assert written
        assert "{" not in written
        assert type(written) is str


# -- finding the language ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-Hans-CN", "zh"), ("zh", "zh"), ("ZH-hant-TW", "zh"), ("en-GB", "en"), ("EN", "en"), ("en-x-own", "en"),
        ("zh-u-nu-hanidec", "zh"),
    ],
)  # fmt: skip
def test_a_tag_is_served_by_the_language_it_narrows(tag, language):
    assert default().language(tag) == language


def test_the_closest_catalogue_goes_first():
    both = one("old", "zh").with_catalogue(Catalogue(language="zh-Hant", texts={"k": "new"}))
    assert both.text("k", "zh-Hant-HK") == "new"
    assert both.text("k", "zh-Hans") == "old"


def test_a_language_that_is_not_there_is_an_error_that_names_those_that_are():
    told = refused("language", default().text, "measure.remove", "fr")
    assert "'fr'" in told
    assert "en, zh" in told


@pytest.mark.parametrize("tag", ["", "e n", "en_GB", "en-", "-en", "中文", None, 3, "toolonglanguage", "en\n"])
def test_what_is_no_tag_is_refused_even_with_a_fallback(tag):
    refused("tag", default().text, "measure.remove", tag, fallback="en")


def test_another_language_is_taken_only_where_it_is_asked_for():
    half = default().with_catalogue(Catalogue(language="fr", texts={"measure.remove": "retrait du contenu"}))
    assert half.text("measure.remove", "fr", fallback="en") == "retrait du contenu"
    assert half.text("measure.warn", "fr", fallback="en") == "a warning"
    assert half.text("measure.warn", "de", fallback="en") == "a warning"
    assert "measure.warn" in refused("key", half.text, "measure.warn", "fr")
    refused("key", half.text, "measure.nothing", "fr", fallback="en")
    refused("language", half.text, "measure.warn", "de", fallback="it")
    assert "measure.warn" in half.missing("fr-CA")
    assert "measure.remove" not in half.missing("fr-CA")
    assert half.has("measure.remove", "fr")
    assert not half.has("measure.warn", "fr")


@pytest.mark.parametrize("key", ["", "measure", "measure.Remove", None, 3, ("measure", "remove")])
def test_a_key_that_is_not_there_is_an_error(key):
    refused("key", default().text, key, "en")


# -- values are data ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["{0.__class__}", "{who}", "{{", "}", "%s", "{who:int}", "$who", "#", "a|b"])
def test_a_value_that_looks_like_a_placeholder_stays_as_it_is(value):
    assert one("<{who}>").text("k", "en", who=value) == f"<{value}>"


LAYOUT = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_no_value_can_end_its_line_or_reorder_what_is_around_it(value):
    written = one("a {who} b").text("k", "en", who=value)
    assert len(written.splitlines()) == 1
    assert written.startswith("a ")
    assert written.endswith(" b")
    inside = written[2:-2]
    rtl = any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in value)
    assert (inside[:1] == "\u2068" and inside[-1:] == "\u2069") is rtl
    plain = inside[1:-1] if rtl else inside
    assert not {char for char in plain if unicodedata.category(char) in LAYOUT} - {"\u200c", "\u200d"}


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=30))
def test_visible_text_goes_in_unchanged(value):
    assert clean(value).strip("\u2068\u2069") == value


@given(st.text(st.characters(exclude_categories=[]), max_size=20), st.text(max_size=20))
def test_nothing_disappears_from_a_value(value, other):
    visible = "".join(char for char in value if not char.isspace())
    kept = "".join(char for char in clean(value).strip("\u2068\u2069") if not char.isspace())
    assert len(kept) >= len(visible)


def test_what_cannot_be_seen_is_spelled_out():
    assert clean("a\u202eb\x00c\ud800\u200b") == "a\\u202eb\\u0000c\\ud800\\u200b"
    assert clean("a\r\nb\u2028c\td") == "a  b c d"
    assert clean("می\u200cخواهم") == "\u2068می\u200cخواهم\u2069"
    assert clean("١٢٣") == "\u2068١٢٣\u2069"
    assert clean("שלום") == "\u2068שלום\u2069"


def test_what_a_catalogue_wrote_goes_into_another_text_as_it_is():
    texts = one("<{who}>", l="{xs:list}", **{"list.separator": ", "})
    inner = texts.phrase("k", "en", who="שלום")
    assert texts.text("k", "en", who=inner) == "<<\u2068שלום\u2069>>"
    assert texts.text("l", "en", xs=[inner, "\n"]) == "<\u2068שלום\u2069>,  "
    assert type(inner) is Written
    assert type(texts.text("k", "en", who="x")) is str


# -- numbers, spans and instants ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (86_400, "1 day", "1 天"),
        (3 * 86_400, "3 days", "3 天"),
        (90_000, "1 day 1 hour", "1 天 1 小时"),
        (0, "0 seconds", "0 秒"),
        (61, "1 minute 1 second", "1 分钟 1 秒"),
        (183 * 86_400 + 7_200, "183 days 2 hours", "183 天 2 小时"),
    ],
)
def test_a_span_is_written_in_days_and_less(seconds, english, chinese):
    texts = default().with_catalogue(Catalogue(language="en", texts={"k": "{s:duration}"}))
    texts = texts.with_catalogue(Catalogue(language="zh", texts={"k": "{s:duration}"}))
    assert texts.text("k", "en", s=seconds) == english
    assert texts.text("k", "zh", s=seconds) == chinese


SIZES = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1, "天": 86_400, "小时": 3_600, "分钟": 60, "秒": 1}


@given(st.integers(0, 10**9), st.sampled_from(LANGUAGES))
def test_a_span_adds_up_to_what_was_given(seconds, language):
    texts = default().with_catalogue(Catalogue(language=language, texts={"k": "{s:duration}"}))
    words = texts.text("k", language, s=seconds).split()
    parts = [(int(number), SIZES[unit.removesuffix("s")]) for number, unit in zip(words[::2], words[1::2], strict=True)]
    assert sum(number * size for number, size in parts) == seconds
    assert [size for _, size in parts] == sorted({size for _, size in parts}, reverse=True)


@pytest.mark.parametrize(("count", "said"), [(0, "0 strikes"), (1, "1 strike"), (2, "2 strikes"), (21, "21 strikes")])
def test_a_count_takes_the_form_that_goes_with_it(count, said):
    texts = default().with_catalogue(Catalogue(language="en", texts={"k": "{n:unit.strike}"}))
    assert texts.text("k", "en", n=count) == said


def polish(count):
    few = count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14)
    return 0 if count == 1 else 1 if few else 2


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 dzień"), (3, "3 dni"), (5, "5 dnia"), (12, "12 dnia"), (22, "22 dni")]
)
def test_a_language_brings_its_own_plural(count, said):
    texts = {"k": "{n:unit.day}", "unit.day": "# dzień|# dni|# dnia"}
    assert Messages(catalogues=[Catalogue(language="pl", texts=texts, plural=polish)]).text("k", "pl", n=count) == said


def test_a_plural_past_the_last_form_takes_the_last_one():
    texts = {"k": "{n:unit.day}", "unit.day": "#|##"}
    wild = Catalogue(language="xx", texts=texts, plural=lambda count: count - 5)
    assert Messages(catalogues=[wild]).text("k", "xx", n=9) == "99"
    assert Messages(catalogues=[wild]).text("k", "xx", n=1) == "1"
    odd = Catalogue(language="xx", texts=texts, plural=lambda count: count / 2)
    with pytest.raises(InputError):
        Messages(catalogues=[odd]).text("k", "xx", n=1)
    assert [one_or_other(count) for count in (0, 1, 2)] == [1, 0, 1]


ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Europe/Berlin"]


@given(st.integers(0, 4_000_000_000), st.sampled_from(ZONES))
def test_an_instant_names_its_zone_and_reads_back(at, zone):
    written = one("{t:instant}").text("k", "en", t=at, zone=zone)
    local = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone))
    if zone == "UTC":
        assert written == f"{local:%Y-%m-%d %H:%M:%S} UTC"
    else:
        day, time, offset, name = written.split()
        assert dt.datetime.fromisoformat(f"{day}T{time}{offset}") == local
        assert name == f"({zone})"


def test_instants_and_dates_are_written_like_iso():
    berlin = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    texts = one("{t:instant}")
    assert texts.text("k", "en", t=berlin) == "2026-10-25 00:30:00 UTC"
    assert texts.text("k", "en", t=berlin, zone="Europe/Berlin") == "2026-10-25 02:30:00 +02:00 (Europe/Berlin)"
    assert texts.text("k", "en", t=berlin.replace(fold=1), zone="Europe/Berlin").endswith("+01:00 (Europe/Berlin)")
    assert one("{d:date}").text("k", "en", d=dt.date(2026, 1, 2)) == "2026-01-02"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc", None, 3, "Europe/Berlin\0", "/etc/passwd"])
def test_an_unknown_zone_is_an_error(zone):
    refused("zone", one("{t:instant}").text, "k", "en", t=0, zone=zone)


def test_an_instant_past_what_a_zone_can_name_is_an_error():
    refused("zone", one("{t:instant}").text, "k", "en", t=253_402_300_799, zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("text", 3), ("text", None), ("text", b"x"), ("int", "3"), ("int", True), ("int", 3.0), ("list", "ab"),
        ("list", [1]), ("list", {"a": 1}), ("date", "2026-01-01"), ("date", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("duration", -1), ("duration", True), ("duration", 2**60), ("duration", 1.5), ("unit.day", -1),
        ("unit.day", "1"), ("instant", None), ("instant", "2026-01-01"), ("instant", dt.datetime(2026, 1, 1)),  # noqa: DTZ001 - naive is what is refused
        ("instant", True), ("instant", 1e9),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_an_error(form, value):
    texts = default().with_catalogue(Catalogue(language="en", texts={"k": f"{{x:{form}}}"}))
    with pytest.raises(InputError):
        texts.text("k", "en", x=value)


def test_a_long_number_is_named_and_not_spelled():
    assert one("{n:int}").text("k", "en", n=-3) == "-3"
    assert one("{n:int}").text("k", "en", n=10**5000) == "a whole number of 16610 bits"


@pytest.mark.parametrize("values", [{}, {"a": "x"}, {"a": "x", "b": "y", "c": "z"}, {"a": "x", "c": "y"}])
def test_exactly_the_values_a_text_takes_have_to_be_given(values):
    told = refused("values", one("{a} {b}").text, "k", "en", **values)
    assert "{a:text} {b:text}" in told


def test_a_text_without_values_says_so():
    assert "takes no values" in refused("values", one("hello").text, "k", "en", who="x")


# -- catalogues of hosts -----------------------------------------------------------------------


def test_braces_are_doubled():
    assert one("{{who}} is {who}").text("k", "en", who="x") == "{who} is x"


@pytest.mark.parametrize(
    "text",
    [
        "{", "}", "{who", "who}", "{}", "{0}", "{0.__class__}", "{who.x}", "{who!r}", "{who:>10}", "{Who}",
        "{who:money}", "{key}", "{language}", "{zone}", "{fallback}", "{self}", "{a:}", "{{who}", "{a{b}}",
    ],
)  # fmt: skip
def test_a_text_with_anything_but_plain_placeholders_is_refused_with_its_key(text):
    with pytest.raises(InputError) as caught:
        Catalogue(language="en", texts={"good": "fine", "bad.one": text})
    assert [problem.path for problem in caught.value.problems] == ["$.bad.one"]


def test_all_problems_of_a_catalogue_are_told_at_once():
    with pytest.raises(InputError) as caught:
        Catalogue(language="en", texts={"a": "{", "b": "}", "c": "fine"})
    assert [problem.path for problem in caught.value.problems] == ["$.a", "$.b"]


@pytest.mark.parametrize(
    "texts", [None, "k", 3, {"k": ""}, {"k": 3}, {"": "x"}, {"K": "x"}, {3: "x"}, {"a..b": "x"}, ["k"]]
)
def test_texts_are_text_by_key(texts):
    with pytest.raises(InputError):
        Catalogue(language="en", texts=texts)


@pytest.mark.parametrize("key", ["unit.day", "list.separator"])
def test_units_and_separators_take_no_values(key):
    refused("placeholder", Catalogue, language="en", texts={key: "{x} #"})


def test_a_plural_is_a_function():
    with pytest.raises(InputError):
        Catalogue(language="en", texts={}, plural="none")


@pytest.mark.parametrize("text", ["{target} {x}", "none", "{target:list}", "{Target}", "{targets}"])
def test_a_catalogue_whose_text_takes_other_values_is_refused(text):
    with pytest.raises(InputError) as caught:
        default().with_catalogue(Catalogue(language="fr", texts={"measure.label": text, "list.separator": ", "}))
    assert "measure.label" in str(caught.value)


def test_a_catalogue_without_the_units_its_texts_are_written_with_is_refused():
    told = refused("missing_key", one, "{s:duration} {xs:list} {n:unit.cat}", "fr")
    assert all(name in told for name in ("unit.day", "unit.second", "list.separator", "unit.cat"))


def test_a_host_can_say_a_text_in_its_own_words_and_leave_the_rest():
    own = default().with_catalogue(Catalogue(language="EN", texts={"measure.warn": "a friendly reminder"}))
    assert own.text("measure.warn", "en") == "a friendly reminder"
    assert own.text("measure.remove", "en") == default().text("measure.remove", "en")
    assert default().text("measure.warn", "en") == "a warning"
    assert own.missing("en") == frozenset()


def test_the_order_of_catalogues_does_not_matter():
    english, french = Catalogue(language="en", texts={"k": "{a}"}), Catalogue(language="fr", texts={"k": "{a}!"})
    assert Messages(catalogues=[english, french]) == Messages(catalogues=[french, english])
    assert Messages(catalogues=[french]).with_catalogue(english) == Messages(catalogues=[english]).with_catalogue(
        french
    )


@pytest.mark.parametrize("catalogues", [["en"], [None], [Catalogue(language="en", texts={})] * 2])
def test_messages_are_made_of_one_catalogue_for_each_language(catalogues):
    with pytest.raises(InputError):
        Messages(catalogues=catalogues)


def test_what_is_no_catalogue_cannot_be_added():
    with pytest.raises(InputError):
        default().with_catalogue("fr")


def test_everything_public_is_named():
    assert set(messages.__all__) == {"Catalogue", "Messages", "Written", "clean", "default", "one_or_other"}
