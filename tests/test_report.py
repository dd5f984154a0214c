"""The page of an audit: complete, self-contained, readable by everyone, and the same for the same ledger."""

import html.parser
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import attrs
import pytest

from audit_support import RULES, T0, build
from platgov._report.audit import Options, audit
from platgov._report.findings import findings_of
from platgov._report.groups import Groups
from platgov._report.page import page
from platgov._report.plots import Estimate, Series, estimates, over_time
from platgov._report.queries import Source, queries
from platgov._report.style import STYLE
from platgov._report.text import text as text_of
from platgov._report.words import duration, interval, number, share, signed
from platgov.consistency import AgreementStatus, ParityStatus, QualityStatus, ReplayStatus
from platgov.ledger import Ledger, Record
from platgov.rules import RuleSet

SOURCE = pathlib.Path(__file__).parents[1] / "src"
VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    build(folder, 900, favour=0.5)
    return folder


def made(folder, **options):
    rules = RuleSet.load(folder / "rules.toml")
    groups = Groups.from_csv(str(folder / "groups.csv"), "region")
    asked = Options(**options)
    with Ledger.open(folder / "book.db", read_only=True) as ledger:
        found = audit(ledger, [rules], groups=groups, options=asked)
    return found, Source(ledger="book.db", rules=("rules.toml",), groups=groups, options=asked)


@pytest.fixture(scope="module")
def both(folder):
    return made(folder)


@pytest.fixture(scope="module")
def written(both):
    return page(*both)


class Reader(html.parser.HTMLParser):
    """Reads a page strictly: what is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append((data, tuple(self.open)))


@pytest.fixture(scope="module")
def parsed(written):
    return Reader(written)


# -- self-contained ----------------------------------------------------------------------------


def test_the_page_loads_nothing_from_elsewhere_and_forbids_it(written, parsed):
    (policy,) = [a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert {tag for tag, _ in parsed.tags} & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
    } == set()
    for _, attributes in parsed.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "xlink:href", "src"):
            assert attributes.get(name, "#").startswith("#")
    assert "@import" not in STYLE and "url(" not in STYLE
    assert set(re.findall(r"url\((.)", written)) <= {"#"}
    # Names of namespaces are no addresses to load from; there are none all the same.
    assert "http://" not in written and "https://" not in written


def test_every_link_leads_to_something_that_is_there_once(parsed):
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a[name][1:] for _, a in parsed.tags for name in ("href", "xlink:href") if name in a}
    targets |= {part for _, a in parsed.tags for part in a.get("aria-labelledby", "").split()}
    assert targets <= set(ids)
    assert {f"q-{name}" for name in ("replay", "parity-deviated", "monitor-deviated", "agreement")} <= targets


def test_groups_in_any_script_have_plots_of_their_own(folder):
    groups = Groups.from_csv(str(folder / "groups.csv"), "region")
    names = ("\u4e2d\u90e8", "\u4e1c\u90e8", "\u5357\u90e8")
    labels = {actor: names[int(actor[1:]) % 3] for actor in groups.labels}
    moved = attrs.evolve(groups, labels=labels)
    with Ledger.open(folder / "book.db", read_only=True) as ledger:
        found = audit(ledger, [RuleSet.load(folder / "rules.toml")], groups=moved)
    text = page(found, Source(ledger="book.db", rules=("rules.toml",), groups=moved, options=Options()))
    ids = [attributes["id"] for _, attributes in Reader(text).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(f"Group {name} against all others" in text for name in names)


def test_the_same_ledger_gives_the_same_page_in_another_process(folder, both, written, tmp_path):
    code = (
        "import sys; from platgov.cli import main; main(['audit', 'book.db', 'rules.toml', '--group', 'region', "
        "'--groups', 'groups.csv', '--html', sys.argv[1]])"
    )
    target = tmp_path / "page.html"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(target)], cwd=folder, check=False, capture_output=True,
        text=True, env={"PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": "9", "TZ": "Asia/Shanghai",
             "MPLCONFIGDIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    text = target.read_text(encoding="utf-8")
    # The files were named relative to the folder here, and absolutely there.
    named = attrs.evolve(both[1], groups=attrs.evolve(both[1].groups, path="groups.csv"))
    assert text == page(both[0], named)
    assert not re.search(r"20\d\d-\d\d-\d\dT", text)


# -- complete ----------------------------------------------------------------------------------


def test_every_number_in_a_table_links_to_a_query(parsed):
    numbers = [(data, inside) for data, inside in parsed.words if "tbody" in inside and re.search(r"\d", data)]
    assert len(numbers) > 100
    for data, inside in numbers:
        # Labels of rows, and the texts beside them, are no results.
        assert inside[-1] == "a" or not re.fullmatch(r"[\d.,%+e -]+", data) or inside[-1] == "th", data


def test_the_numbers_of_the_audit_are_on_the_page(both, parsed):
    found, _ = both
    words = {data for data, _ in parsed.words}
    assert f"{found.replay.reproduced:,}" in words
    for one in found.compared:
        for row in (*one.parity.by_group, *one.parity.by_rule):
            assert {signed(row.difference), number(row.q), share(row.detectable)} <= words
    for row in found.watched:
        assert {number(row.monitor.e), number(row.monitor.peak), f"{1 / row.alpha:,.0f}"} <= words
    for one in found.read:
        assert interval(one.agreement.alpha, one.agreement.low, one.agreement.high) in words
    for row in found.reviewers.reviewers:
        assert {row.reviewer, f"{row.cases:,}", f"{row.expected:.1f}"} <= words
    for finding in found.findings:
        assert any(data.strip() == finding.says for data, _ in parsed.words)
    for query in queries(both[1], found):
        assert query.code in words


def test_every_plot_stands_beside_a_table_with_its_numbers_and_can_be_read_aloud(both, written):
    sections = re.findall(r"<section id=.*?</section>", written, re.DOTALL)
    drawn = [section for section in sections if "<svg" in section]
    assert len(drawn) == 3 and all("<table" in section for section in drawn)
    for section in drawn:
        for svg in re.findall(r"<svg.*?</svg>", section, re.DOTALL):
            root = ET.fromstring(svg.replace("xlink:", ""))
            title, description = root.find("title"), root.find("desc")
            assert root.get("role") == "img" and len(title.text) > 10 and len(description.text) > 20
            assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert section.count('class="plot wide"') == section.count('class="plot narrow"') > 0


def test_tables_have_names_headings_and_scopes(parsed):
    tags = parsed.tags
    assert [tag for tag, _ in tags].count("h1") == 1
    assert [a["lang"] for tag, a in tags if tag == "html"] == ["en"]
    assert all(a.get("scope") in ("col", "row") for tag, a in tags if tag == "th")
    assert all("aria-labelledby" in a for tag, a in tags if tag == "table")
    assert all(a.get("tabindex") == "0" for tag, a in tags if a.get("class") == "scroll")


# -- colours -----------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_stands_out_from_the_page_in_every_theme(theme):
    found = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[theme]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", found))
    for name, least in (("ink", 7), ("muted", 4.5), ("accent", 4.5), ("alarm", 4.5), ("good", 4.5)):
        for ground in ("page", "panel"):
            high, low = sorted((luminance(colours[name]), luminance(colours[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= least, (name, ground)


def test_plots_take_every_colour_from_the_page(written):
    for svg in re.findall(r"<svg.*?</svg>", written, re.DOTALL):
        assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", svg)) <= {
            "none", "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)", "var(--alarm)",
        }  # fmt: skip
        assert "<style" not in svg and "font-family" not in svg


# -- plots -------------------------------------------------------------------------------------


def test_what_stands_out_differs_in_shape_too():
    def drawn(alarm):
        rows = [Estimate(label="r", value=1.0, low=0.5, high=2.0, is_alarm=alarm)]
        return estimates("p", "title", "description", rows, axis="x", marks=[(0.0, "none")])

    shapes = [set(re.findall(r'<path id="p-wide-m[0-9a-f]+" d="([^"]*)"', drawn(alarm))) for alarm in (False, True)]
    assert shapes[0] and shapes[1] and shapes[0] != shapes[1]


@pytest.mark.parametrize(
    "label",
    ["$x^2$ and \\frac{1", "规则.第一", "\u05d0\u05d1", "<b>&\"'", "x" * 300, ""],
    ids=["maths", "chinese", "hebrew", "markup", "long", "empty"],
)
def test_any_name_can_stand_in_a_plot(label):
    rows = [
        Estimate(label=label, value=None, low=None, high=None),
        Estimate(label=label, value=1.0, low=None, high=3.0),
    ]
    series = [Series(label=label, points=((10, 0.0), (20, 1e300)), limit=500.0) for _ in range(5)]
    for svg in (
        estimates("p", label or "t", "d", rows, axis="x", marks=[(0.0, "none")]),
        over_time("q", label or "t", "d", series),
    ):
        for one in svg.split("\n<svg")[0], "<svg" + svg.split("\n<svg")[1]:
            root = ET.fromstring(one.replace("xlink:", ""))
            texts = ["".join(node.itertext()) for node in root.iter("text")]
            assert len(label) > 20 or not label or label in texts


def test_a_plot_does_not_depend_on_what_the_host_has_set_for_its_own():
    import matplotlib as mpl

    rows = [Estimate(label="r", value=1.0, low=0.5, high=2.0)]
    one = estimates("p", "t", "d", rows, axis="x", marks=[(0.0, "none")])
    with mpl.rc_context({"axes.facecolor": "red", "lines.linewidth": 9, "svg.fonttype": "path", "font.size": 30}):
        assert estimates("p", "t", "d", rows, axis="x", marks=[(0.0, "none")]) == one
        assert mpl.rcParams["font.size"] == 30


# -- what is unusual ---------------------------------------------------------------------------


def test_text_from_elsewhere_is_never_markup(tmp_path):
    sly = "<img src=x onerror=alert(1)>&\"'\u202e"
    (tmp_path / "rules.toml").write_text(RULES)
    rules = RuleSet.load(tmp_path / "rules.toml")
    groups = Groups(field=sly, path=sly, labels={sly: sly, "b": "other"})
    with Ledger.open(tmp_path / "book.db", origin="example.org/test") as ledger:
        decision = rules.decide({"links": 9, "rude": False, "score": 0}, at=T0)
        body = {**decision.to_dict(), "outcome": sly}
        ledger.append_many([Record(value=body, key=sly, subject=sly), Record(value=decision, key="b", subject="b")])
        found = audit(ledger, [rules], groups=groups)
    text = page(found, Source(ledger=sly, rules=(sly,), groups=groups, options=Options()))
    Reader(text)
    assert "<img" not in text and "\u202e" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_a_page_of_a_thousand_alarms_stays_readable(both):
    found, source = both
    many = tuple(
        attrs.evolve(
            found.replay.entries[0], seq=seq, status=ReplayStatus.UNEXPLAINED, code="other_outcome", says="differs"
        )
        for seq in range(1000)
    )
    flooded = attrs.evolve(found, replay=attrs.evolve(found.replay, entries=many))
    text = page(flooded, source)
    assert f"{len(flooded.alarms):,} things were found" in text
    assert f"and {len(flooded.alarms) - 50:,} more, which the query gives" in text
    assert text.count("entry 49") == 1 and "entry 700" not in text


def test_a_page_says_when_all_is_well_and_when_not_all_was_checked(both):
    found, source = both
    bare = attrs.evolve(
        found, compared=(), watched=(), waits=None, reviewers=None, read=(), qualities=(), group="", sizes=(), hits=()
    )
    nobody = attrs.evolve(source, groups=None)
    assert "Everything was checked, and nothing was found." in page(bare, nobody)
    fewer = attrs.evolve(bare, completeness=attrs.evolve(bare.completeness, missing=3))
    assert "Nothing was found, but not everything could be checked." in page(fewer, nobody)
    faulty = attrs.evolve(bare, replay=attrs.evolve(bare.replay, fault="entry 3 (commitment)", verified=None))
    assert "1 thing was found." in page(faulty, nobody)
    assert "The ledger does not verify: entry 3 (commitment)." in page(faulty, nobody)


def first(rows, **changed):
    return (attrs.evolve(rows[0], **changed), *rows[1:])


@pytest.mark.parametrize(("odds", "words"), [(2.5, "2.5 times as often"), (None, "otherwise as often")])
def test_a_reviewer_who_departs_from_the_rules_is_an_alarm(both, odds, words):
    reviewers = both[0].reviewers
    rows = first(reviewers.reviewers, status=ParityStatus.DISPARITY, shrunk_odds=odds)
    found = attrs.evolve(both[0], reviewers=attrs.evolve(reviewers, reviewers=rows))
    says = f"{rows[0].reviewer} departs from the rules {words} as the others"
    assert [one.is_alarm for one in findings_of(found) if one.says == says] == [True]


@pytest.mark.parametrize(("high", "is_alarm"), [(0.5, True), (0.9, False), (None, False)])
def test_disagreement_is_an_alarm_only_where_it_is_sure(both, high, is_alarm):
    read = both[0].read
    vague = attrs.evolve(read[0].agreement, status=AgreementStatus.TOO_VAGUE, alpha=0.4, low=0.3, high=high)
    found = attrs.evolve(both[0], read=(attrs.evolve(read[0], agreement=vague, rule="spam.links"),))
    (one,) = [one for one in findings_of(found) if one.query == "agreement"]
    assert one.is_alarm is is_alarm
    assert ("may disagree" in one.says) is not is_alarm
    assert "under spam.links: alpha is 0.40" in one.says


@pytest.mark.parametrize(("longer", "word"), [(0.8, "longer"), (0.2, "shorter"), (None, "shorter")])
def test_a_group_that_waits_otherwise_is_an_alarm(both, longer, word):
    waits = both[0].waits
    rows = first(waits.by_group, status=ParityStatus.DISPARITY, longer=longer, q=0.001)
    found = attrs.evolve(both[0], waits=attrs.evolve(waits, by_group=rows, status=ParityStatus.DISPARITY))
    says = f"group {rows[0].group} waits {word} for measures than the others (q = 0.001)"
    assert [one.is_alarm for one in findings_of(found) if one.says == says] == [True]


def test_a_rule_that_is_overturned_too_often_is_an_alarm(both):
    found = attrs.evolve(both[0], qualities=first(both[0].qualities, status=QualityStatus.OVER_INCLUSIVE))
    (one,) = [one for one in findings_of(found) if one.query == "quality"]
    row = both[0].qualities[0]
    assert one.is_alarm
    assert one.says.startswith(f"{row.rule_id} is overturned in {row.overturned:,} of {row.measures:,} measures")


def test_a_difference_without_a_number_is_still_told(both):
    compared = next(one for one in both[0].compared if one.parity.disparities)
    row = compared.parity.disparities[0]
    bare = attrs.evolve(row.difference, value=None, low=None, high=None)
    assert signed(bare) == "-"
    assert signed(attrs.evolve(bare, value=0.125)) == "+12.5 pp"
    changed = {
        name: tuple(attrs.evolve(item, difference=bare) if item == row else item for item in rows)
        for name in ("groups", "by_group", "by_rule")
        if (rows := getattr(compared.parity, name, None)) is not None
    }
    found = attrs.evolve(both[0], compared=(attrs.evolve(compared, parity=attrs.evolve(compared.parity, **changed)),))
    assert any(f"group {row.group} differs from the others by an unknown amount" in one.says for one in found.alarms)


def test_groups_of_which_nothing_can_be_compared_are_said_to_be_open(both):
    found = attrs.evolve(both[0], compared=(), watched=())
    assert any("groups cannot be compared" in one.says for one in found.open)
    text = "\n".join(lines_of(found, both[1]))
    assert "groups cannot be compared" in text


def test_outcomes_that_were_not_watched_have_no_evidence_over_time(both):
    found = attrs.evolve(both[0], watched=())
    assert "Evidence over time" in page(*both)
    assert "Evidence over time" not in page(found, both[1])
    assert not any(query.id.startswith("monitor-") for query in queries(both[1], found))


def test_a_long_list_is_cut_in_the_text_and_says_so(both):
    entries = tuple(
        attrs.evolve(both[0].replay.entries[0], seq=seq, status=ReplayStatus.UNEXPLAINED, says="differs", code="other")
        for seq in range(1000)
    )
    flooded = attrs.evolve(both[0], replay=attrs.evolve(both[0].replay, entries=entries))
    said = lines_of(flooded, both[1])
    assert any(re.fullmatch(r"       and \d+ more \(--json has all of them\)", line) for line in said)
    assert sum(line.startswith("FOUND  entry ") for line in said) < 100


def lines_of(found, source):
    return text_of(found, source).split("\n")


def test_numbers_are_written_for_people():
    cases = [
        (number(None), "-"), (number(0), "0"), (number(1.5), "1.5"), (number(123456.0), "1.2e+05"),
        (number(1e-9), "1.0e-09"), (share(None), "-"), (share(0.0312), "3.1 %"), (interval(None, None, None), "-"),
        (interval(0.5, None, 1.0), "0.50"), (interval(0.5, 0.25, 1.0), "0.50 (0.25 to 1.00)"), (duration(None), "-"),
        (duration(90), "2 min"), (duration(7200), "2.0 h"), (duration(10 * 86_400), "10.0 days"),
    ]  # fmt: skip
    assert [given for given, _ in cases] == [wanted for _, wanted in cases]
