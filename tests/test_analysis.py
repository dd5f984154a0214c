"""Analysis of rule sets: worked examples, planted defects, the texts, and bad input."""

import json
import subprocess
import sys

import attrs
import pytest

from analysis_strategies import LARGE, SEVERITIES, narrow_spec, set_of, sources
from platgov._canonical import loads
from platgov.conditions import F
from platgov.consistency import Severity, Status, analyse, diff, gap, independent_of, monotone, witness_suite
from platgov.errors import ConditionError, InputError
from platgov.facts import Schema
from platgov.measures import LimitVisibility, Procedure, Remove, SuspendAccount, Warn
from platgov.rules import ConditionRule, Finding, Grant, Outcome, Rule, RuleSet

FACTS = Schema.from_dict({
    "links": {"type": "int", "ge": 0, "trend": "aggravating"},
    "age": {"type": "int", "ge": 0},
    "score": "float",
    "text": "text",
    "surface": {"type": "enum", "values": ["post", "comment", "message"]},
    "tags": {"type": "list", "items": "text"},
    "sent": "timestamp",
    "took": "duration",
    "author": {"type": "struct", "fields": {"age": "int", "verified": "bool"}},
    "vip": {"type": "bool", "role": "identity"},
    "region": {"type": "text", "role": "protected"},
})  # fmt: skip
DAY = 86_400
GRANTS = [
    Grant(fact=fact, reason="checked by hand", approved_by="council", expires_at=1_900_000_000)
    for fact in ("vip", "region")
]


def rules(*pairs, defeats=None, grants=GRANTS, **given):
    """Build a rule set of (condition, measures), with ids r0, r1, ..."""
    made = [ConditionRule(id=f"r{n}", when=when, measures=measures) for n, (when, measures) in enumerate(pairs)]
    about = {"id": "community", "version": "1", "facts": FACTS, "grants": grants, "defeats": defeats or {}}
    return RuleSet(**{**about, "rules": made, **given})


def kinds(report):
    return {(answer.kind, answer.rules) for answer in report.findings if answer.severity is not Severity.INFO}


def of_kind(report, kind):
    return [answer for answer in report.findings if answer.kind == kind]


LIMIT = [LimitVisibility(days=3)]


# -- findings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when",
    [
        "links > 3 && links < 4",
        "links > 3 && !has(links)",
        "links == null && links > 0",
        "surface == 'post' && surface in ['comment', 'message']",
        "text == 'a' && text.contains('b')",
        "text.contains('whole word') && !text.contains('word')",
        "text.startsWith('http') && text.startsWith('ftp')",
        "text.startsWith('long one') && size(text) < 5",
        "text.folded().contains('strasse') && !text.folded().contains('asse')",
        "score > 0.5 && score < 0.25",
        "links > -1.5 && links < -0.5",
        "sent > timestamp('2026-01-02T00:00:00Z') && sent < timestamp('2026-01-01T00:00:00Z')",
        "took < duration('1h') && took > duration('61m')",
        "!has(author) && author.age > 3",
        "links + age > 3 && !has(links)",
        "size(tags) == 0 && !has(tags)",
        "vip && !vip",
        "(links > 3 || age > 5) && links < 2 && age < 3",
        "(links > 3 ? age > 5 : age > 7) && age < 4",
        "text.matches('[0-9]+') && !text.matches('[0-9]+')",
    ],
)
def test_a_rule_whose_tests_exclude_each_other_is_found(when):
    report = analyse(rules((when, LIMIT)))
    assert ("never_fires", ("r0",)) in kinds(report)
    assert report.errors[0].repair


@pytest.mark.parametrize(
    "when",
    [
        "links > 3 && links < 5",
        "text.contains('buy') && !text.startsWith('buy')",
        "text.contains('a') && text.endsWith('b') && size(text) > 40",
        "text.containsWord('sale') && text.contains('sales')",
        "text.folded().containsAny(['Straße', 'x']) && !text.contains('s')",
        "text.matches('^[0-9]{4}-[a-f]+$') && size(text) > 6",
        "'a' in tags && !('b' in tags) && size(tags) == 3",
        "tags.exists(t, t.startsWith('ad'))",
        "links * age > 100 && links < 20",
        "links + age == 17",
        "links % 2 == 1",
        "has(author) && !has(author.age)",
        "took > duration('1h') && sent.getHours() == 0",
        "score < -1e300",
        "score > 0.1 && score < 0.2",
        "!has(links)",
        "text > 'm' && text.contains('z')",
        "text == region",
    ],
)
def test_a_rule_that_can_fire_is_shown_firing(when):
    rule_set = rules((when, LIMIT))
    suite = witness_suite(rule_set)
    assert suite
    assert suite[0].applies
    assert [finding.rule_id for finding in rule_set.decide(suite[0].example.event, at=0).findings] == ["r0"]
    assert not of_kind(analyse(rule_set), "never_fires")


def test_a_rule_that_spares_nobody_is_found_though_facts_may_be_missing():
    rule_set = rules(("links > 5 || links <= 5", LIMIT), ("has(age)", LIMIT))
    assert [answer.rules for answer in of_kind(analyse(rule_set), "always_fires")] == [("r0",)]
    assert rule_set.decide({}, at=0).outcome is Outcome.UNDETERMINED


def test_rules_that_say_the_same_or_add_nothing_are_found():
    report = analyse(
        rules(
            ("links > 3 && age < 7", LIMIT),
            ("!(links <= 3 || age >= 7)", LIMIT),
            ("links > 10 && age < 7", [LimitVisibility(days=1)]),
            ("links > 20 && age < 7", [Remove()]),
        )
    )
    assert ("duplicate", ("r0", "r1")) in kinds(report)
    assert ("subsumed", ("r2", "r0", "r1")) in kinds(report)
    assert not any("r3" in answer.rules for answer in of_kind(report, "subsumed"))


def test_a_rule_that_is_within_another_only_where_nothing_is_missing_is_not():
    narrow, wide = "links > 3 && (age > 1 || age <= 1)", "links > 3"
    assert ("subsumed", ("r0", "r1")) in kinds(analyse(rules((narrow, LIMIT), (wide, LIMIT))))
    missing = analyse(rules((wide, LIMIT), (narrow, LIMIT)))
    assert not of_kind(missing, "duplicate")


def test_a_rule_that_others_cover_together_is_found_and_the_others_are_named():
    report = analyse(
        rules(
            ("links > 3 && age < 100", LIMIT),
            ("links > 2 && age < 50", [Remove()]),
            ("links > 1 && age >= 50", [Remove()]),
        )
    )
    assert [answer.rules for answer in of_kind(report, "dead")] == [("r0", "r1", "r2")]


def test_a_rule_is_not_dead_if_it_decides_where_the_others_are_open():
    assert not of_kind(
        analyse(rules(("links > 3", LIMIT), ("links > 3 && age < 5", LIMIT), ("links > 3 && age >= 5", LIMIT))), "dead"
    )


def test_an_exception_is_never_dead_and_what_it_spares_is_seen():
    rule_set = rules(("links > 3", LIMIT), ("links > 3", []), defeats={"r1": ["r0"]})
    report = analyse(rule_set)
    assert [answer.rules for answer in of_kind(report, "always_set_aside")] == [("r0", "r1")]
    assert not of_kind(report, "dead")
    assert gap(rule_set, "links > 3").status is Status.REFUTED


def test_parts_of_a_condition_that_could_be_left_out_are_found():
    report = analyse(rules(("links > 5 && links > 3 && (age > 1 || age > 2)", LIMIT)))
    assert [answer.repair for answer in of_kind(report, "redundant_test")] == [
        "write links > 5 && age > 1",
        "write links > 5 && (age > 1 || age > 2)",
    ]


def test_equally_severe_measures_on_other_terms_are_a_conflict():
    short = [Remove(procedure=Procedure(appeal_days=14, right_of_reply=True))]
    report = analyse(rules(("links > 3", [Remove()]), ("age < 7", short)))
    assert [answer.rules for answer in of_kind(report, "conflict")] == [("r0", "r1")]
    apart = analyse(rules(("links > 3", [Remove()]), ("links < 2", short)))
    assert not of_kind(apart, "conflict")


def test_one_value_left_out_between_two_rules_is_found():
    report = analyse(rules(("age < 5", LIMIT), ("age > 5", LIMIT)))
    (hole,) = of_kind(report, "threshold_hole")
    assert hole.witness["age"] == 5
    assert not of_kind(analyse(rules(("age < 5", LIMIT), ("age >= 5", LIMIT))), "threshold_hole")


def test_facts_and_grants_that_are_not_needed_are_found_and_used_identity_is_shown():
    report = analyse(rules(("links > 3 && (vip || links > 9)", LIMIT), ("age > 3 && region == 'x'", [Warn()])))
    assert [answer.facts for answer in of_kind(report, "needless_grant")] == []
    (vip, region) = sorted(of_kind(report, "depends_on_identity"), key=lambda answer: answer.facts, reverse=True)
    assert (vip.facts, region.facts) == (("vip",), ("region",))
    report = analyse(rules(("links > 3", LIMIT), ("vip && links > 5", LIMIT)))
    assert {answer.facts for answer in of_kind(report, "needless_grant")} == {("region",), ("vip",)}
    assert ("score",) in {answer.facts for answer in of_kind(report, "unused_fact")}


def test_a_declared_trend_that_is_broken_is_an_error():
    report = analyse(rules(("links > 3 && links < 10", LIMIT)))
    (broken,) = of_kind(report, "non_monotone")
    low, high = broken.examples
    assert low.event["links"] < high.event["links"]
    assert (low.measures, high.measures) == (("limit visibility for 3 days",), ())
    assert broken in report.errors


def test_a_grant_that_has_ended_is_an_error_once_an_instant_is_given():
    rule_set = rules(("vip && links > 3", LIMIT))
    assert not of_kind(analyse(rule_set), "expired_grant")
    ended = of_kind(analyse(rule_set, at=1_900_000_000), "expired_grant")
    assert {answer.facts: answer.rules for answer in ended} == {("region",): (), ("vip",): ("r0",)}


def test_what_must_be_covered_and_is_not_is_shown():
    rule_set = rules(("links > 3", LIMIT))
    (hole,) = of_kind(analyse(rule_set, must_cover=["links > 2", "links > 3"]), "gap")
    assert hole.witness["links"] == 3
    assert gap(rule_set, F.links > 5).status is Status.PROVED


# -- questions ---------------------------------------------------------------------------------


def test_a_fact_matters_if_it_can_change_measures_or_outcome_and_not_if_it_cannot():
    rule_set = rules(("links > 3 && vip", LIMIT), ("links > 3", [Remove()]))
    assert independent_of(rule_set, "vip").status is Status.PROVED
    assert independent_of(rule_set, "score").says == "score alone never changes what follows; no rule reads it"
    answer = independent_of(rules(("links > 3 && vip", LIMIT)), "vip")
    one, other = (example.event for example in answer.examples)
    assert {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)} == {"vip"}
    assert answer.severity is Severity.WARNING


def test_a_fact_whose_absence_alone_matters_is_not_independent():
    answer = independent_of(rules(("links > 3 && (vip || !vip)", LIMIT)), "vip")
    assert answer.status is Status.REFUTED
    assert {example.outcome for example in answer.examples} == {"measures", "undetermined"}


def test_a_nested_fact_is_one_fact_with_what_is_inside_it():
    rule_set = rules(("author.age < 7 && links > 1", LIMIT))
    for fact in ("author", "author.age"):
        assert independent_of(rule_set, fact).status is Status.REFUTED
    assert independent_of(rule_set, "author.verified").status is Status.PROVED


def test_trends_are_proved_or_refuted_each_way():
    rule_set = rules(("links > 3", LIMIT), ("links > 9 && age < 7", [Remove()]))
    up, down = (monotone(rule_set, {"links": trend})[0] for trend in ("up", "down"))
    assert (up.status, down.status) == (Status.PROVED, Status.REFUTED)
    assert [answer.facts for answer in monotone(rule_set, {"links": "up", "age": "down"})] == [("age",), ("links",)]


def test_a_ladder_that_steps_down_is_not_monotone():
    ladder = rules(("links > 3", [SuspendAccount(days=7)]), ("links > 9", [Warn()]))
    assert monotone(ladder, {"links": "up"})[0].status is Status.PROVED
    broken = rules(("links > 3 && links <= 9", [SuspendAccount(days=7)]), ("links > 9", [SuspendAccount(days=1)]))
    assert monotone(broken, {"links": "up"})[0].status is Status.REFUTED


@attrs.frozen(kw_only=True)
class LinkLimit(Rule):
    """A host rule."""

    kind = "link_limit"
    reads = frozenset({"links"})
    limit: int = 3

    def match(self, post):
        return Finding() if post.links > self.limit else None


def host_set(*more, **given):
    pairs = [ConditionRule(id=f"r{n}", when=when, measures=measures) for n, (when, measures) in enumerate(more)]
    return rules(rules=[LinkLimit(id="host", measures=[Remove()], **given), *pairs])


def test_of_a_host_rule_nothing_is_proved_that_depends_on_it():
    report = analyse(host_set(("age > 3", LIMIT)))
    assert all(answer.status is Status.UNKNOWN for answer in report.findings if "host" in answer.rules)
    assert independent_of(host_set(("age > 3", LIMIT)), "score").status is Status.PROVED
    assert independent_of(host_set(("age > 3", LIMIT)), "links").status in (Status.UNKNOWN, Status.REFUTED)
    assert diff(host_set(), host_set()).same is Status.PROVED
    assert diff(host_set(), host_set(limit=4)).same is not Status.PROVED


# -- editions ----------------------------------------------------------------------------------


def test_an_edit_is_told_by_what_it_changes():
    old = rules(("links > 3", LIMIT), ("links > 9", [Remove()]), ("age < 2", [Warn()]))
    new = rules(("links > 4", LIMIT), ("links > 8", [Remove()]), ("age <= 1", [Warn()]), version="2")
    told = diff(old, new)
    assert [answer.witness["links"] for answer in told.newly_spared] == [4]
    assert [answer.witness["links"] for answer in told.harsher] == [9]
    assert (told.newly_hit, told.otherwise, told.unknown) == ((), (), ())
    # Warnings go together with limits: where one stays, losing the limit is milder.
    assert [answer.rules for answer in told.milder] == [("r0",)]
    assert told.same is Status.REFUTED


def test_an_edit_of_words_changes_nothing_and_neither_does_another_spelling():
    old = rules(("links > 3 && age < 7", LIMIT))
    new = rules(("!(age >= 7 || links <= 3)", LIMIT), version="2")
    assert diff(old, new).same is Status.PROVED
    assert str(diff(old, new)) == "changes: both editions decide every event alike"


def test_other_terms_and_open_events_are_changes_too():
    old = rules(("links > 3", [Remove()]))
    terms = diff(old, rules(("links > 3", [Remove(procedure=Procedure(appeal_days=14))]), version="2"))
    assert [answer.rules for answer in terms.otherwise] == [("r0",)]
    opened = diff(old, rules(("links > 3 && (age > 1 || age <= 1)", [Remove()]), version="2"))
    assert opened.newly_spared == ()
    (answer,) = opened.otherwise
    assert [example.outcome for example in answer.examples] == ["measures", "undetermined"]


def test_exceptions_and_declarations_count_as_changes():
    pair = (("links > 3", LIMIT), ("age > 100", []))
    told = diff(rules(*pair), rules(*pair, defeats={"r1": ["r0"]}, version="2"))
    assert [answer.rules for answer in told.newly_spared] == [("r0",)]
    small = Schema.from_dict({"links": {"type": "int", "ge": 0, "le": 10}})
    large = Schema.from_dict({"links": {"type": "int", "ge": 0}})
    one, other = (rules(("links > 3", LIMIT), facts=facts, grants=[]) for facts in (small, large))
    assert diff(one, other).same is Status.REFUTED
    assert diff(one, other).otherwise[0].witness["links"] > 10


# -- budget, texts, order ----------------------------------------------------------------------


def hard(count, seed=3):
    """Give a random problem that takes long."""
    rng = sources(seed)
    names = [f"b{n}" for n in range(count)]
    schema = Schema.from_dict(dict.fromkeys(names, "bool"))
    parts = []
    for _ in range(int(count * 4.26)):
        parts.append(
            "(" + " || ".join(("" if rng.random() < 0.5 else "!") + name for name in rng.sample(names, 3)) + ")"
        )
    return RuleSet(
        id="hard", version="1", facts=schema, rules=[ConditionRule(id="r0", when=" && ".join(parts), measures=LIMIT)]
    )


def test_past_the_budget_the_answer_is_unknown_and_never_proved():
    report = analyse(hard(60), budget=200)
    answers = of_kind(report, "never_fires")
    assert [(answer.status, answer.severity) for answer in answers] == [(Status.UNKNOWN, Severity.INFO)]
    assert "budget" in answers[0].says
    assert report.unknown
    assert independent_of(hard(60), "b0", budget=200).status is Status.UNKNOWN
    assert gap(hard(60), "!b0 || b0", budget=1).status is not Status.PROVED


MANY = (("links > 3 && links < 10", LIMIT), ("links > 3 && age < 5", LIMIT), ("text.contains('x')", [Warn()]))


def test_reports_are_canonical_and_the_same_in_another_process():
    report = analyse(rules(*MANY))
    assert loads(report.to_bytes()) == json.loads(json.dumps(report.to_dict()))
    code = (
        "import sys; sys.path[:0] = " + repr(sys.path) + "; from test_analysis import *; "
        "sys.stdout.buffer.write(analyse(rules(*MANY)).to_bytes())"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        assert done.stdout == report.to_bytes()


def test_reports_and_diffs_read_well_and_are_written_as_sarif(tmp_path):
    report = analyse(rules(*MANY))
    assert "error: non_monotone (proved): more links makes a decision milder, through r0" in str(report)
    told = diff(rules(*MANY), rules(*MANY[:2], version="2"))
    assert "newly_spared (proved): through r2, events with a measure now have none" in str(told)
    assert loads(told.to_bytes())["same"] == "refuted"
    for number, writer in enumerate((report, told)):
        path = tmp_path / f"{number}.sarif"
        writer.to_sarif(path)
        log = json.loads(path.read_text())
        assert log["version"] == "2.1.0"
        (run,) = log["runs"]
        assert {result["ruleId"] for result in run["results"]} == {
            rule["id"] for rule in run["tool"]["driver"]["rules"]
        }
        assert {result["level"] for result in run["results"]} <= {"error", "warning", "note"}
    case = witness_suite(rules(*MANY))[0]
    assert str(case).startswith("r0 applies: {")
    assert case.to_dict()["applies"] is True


def test_large_whole_numbers_are_written_as_text_in_reports():
    (answer,) = of_kind(
        analyse(rules(("links > 9007199254740993 && age < 3", LIMIT)), must_cover="links > 9007199254740992"), "gap"
    ) or [None]
    assert answer.examples[0].to_dict()["event"]["links"] == {"$int": "9007199254740993"}


# -- planted defects and clean sets ------------------------------------------------------------


def planted(seed):
    """Give forty narrow rules, with one defect of each kind among them."""
    rng = sources(seed)
    plain = [(narrow_spec(rng, world=LARGE, texts=False), rng.choice(SEVERITIES), "visibility") for _ in range(34)]
    some = plain[rng.randrange(34)][0]
    name, limit = rng.choice(LARGE.ints), rng.choice((5, 10, 60))
    over, under = ("cmp", name, ">=", limit), ("cmp", name, "<", limit)
    never = ("and", ("or", ("and", some, over), ("and", ("cmp", name, ">=", limit + 50), some)), under)
    always = ("or", some, ("or", ("cmp", name, ">=", 30), ("cmp", name, "<", 60)))
    turned = ("not", ("or", *(("not", part) for part in some[1:])))
    return [
        *plain, (never, 3, "notice"), (always, 1, "notice"), (turned, 1, "visibility"),
        (("and", some, ("cmp", name, "!=", 77)), 1, "visibility"),
    ], plain.index(next(rule for rule in plain if rule[0] is some))  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_every_planted_defect_is_found(seed):
    specs, some = planted(seed)
    report = analyse(set_of(specs, world=LARGE))
    found = {(answer.kind, rule) for answer in report.findings for rule in answer.rules}
    assert {("never_fires", "r034"), ("always_fires", "r035"), ("duplicate", "r036")} <= found
    assert ("duplicate", f"r{some:03}") in found
    assert ("subsumed", "r037") in found or ("never_fires", "r037") in found


@pytest.mark.parametrize("seed", range(2))
def test_defects_that_only_all_rules_together_show_are_found(seed):
    rng = sources(seed + 40)
    plain = [(narrow_spec(rng, world=LARGE, texts=False), rng.choice((1, 2)), "visibility") for _ in range(30)]
    some, name, limit = plain[rng.randrange(30)][0], rng.choice(LARGE.ints), rng.choice((5, 10, 60))
    split = [("and", some, ("cmp", name, op, limit)) for op in (">=", "<")]
    absent = ("and", some, ("not", ("has", name)))
    whole = ("and", some, ("or", ("cmp", name, ">=", limit), ("cmp", name, "<", limit), ("not", ("has", name))))
    favour, falling = ("and", ("in", "e0", ("a",)), ("not", ("bool", "vip"))), ("cmp", LARGE.ints[0], "<", 10)
    specs = [*plain, *((spec, 5, "visibility") for spec in (*split, absent)), (whole, 3, "visibility")]
    specs += [(favour, 5, "visibility"), (falling, 5, "visibility")]
    rule_set = set_of(specs, world=LARGE)
    report = analyse(rule_set)
    shadowed = [answer for answer in report.findings if answer.kind == "dead" and answer.rules[0] == "r033"]
    assert shadowed and {"r030", "r031", "r032"} <= set(shadowed[0].rules)
    (leak,) = of_kind(report, "depends_on_identity")
    one, other = (example.event for example in leak.examples)
    assert leak.facts == ("vip",) and one.get("vip") != other.get("vip")
    (answer,) = monotone(rule_set, {LARGE.ints[0]: "up"})
    assert answer.status is Status.REFUTED and answer.examples[0].event[LARGE.ints[0]] < 10


def test_an_edition_that_was_in_force_before_it_was_announced_cannot_be_built():
    for announced in (None, 1_000_000):
        with pytest.raises(InputError, match="never retroactive"):
            rules(("links > 3", LIMIT), announced_at=announced, effective_at=999_999)


def test_clean_rule_sets_have_no_errors():
    for seed in range(50):
        rng = sources(seed + 100)
        specs = []
        for number in range(8):
            name = LARGE.ints[number]
            test = ("or", ("cmp", name, ">", 10 + number), ("bool", LARGE.bools[number]))
            specs.append((("and", ("in", "e0", (rng.choice("abcd"),)), test), rng.choice(SEVERITIES), "visibility"))
        report = analyse(set_of(specs, world=LARGE))
        assert report.errors == ()
        assert report.unknown == ()


# -- bad input ---------------------------------------------------------------------------------

SOME = rules(("links > 3", LIMIT))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: analyse("rules"), "is no rule set"),
        (lambda: analyse(SOME, budget=0), "number of steps from 1"),
        (lambda: analyse(SOME, budget=True), "number of steps from 1"),
        (lambda: analyse(SOME, at="now"), ""),
        (lambda: diff(SOME, None), "is no rule set"),
        (lambda: independent_of(SOME, "linkz"), "did you mean 'links'"),
        (lambda: independent_of(SOME, 7), "unknown fact 7"),
        (lambda: monotone(SOME, {"text": "up"}), "has no order"),
        (lambda: monotone(SOME, {"links": "more"}), "accepted are 'up' and 'down'"),
        (lambda: witness_suite(None), "is no rule set"),
    ],
    ids=range(10),
)
def test_questions_that_make_no_sense_are_refused(ask, says):
    with pytest.raises(InputError) as caught:
        ask()
    assert says in str(caught.value)


@pytest.mark.parametrize("cover", ["linkz > 3", "links >", "", 7])
def test_what_must_be_covered_has_to_be_a_condition_that_fits(cover):
    for ask in (gap, lambda rule_set, cover: analyse(rule_set, must_cover=cover)):
        with pytest.raises(ConditionError):
            ask(SOME, cover)


def test_a_rule_that_no_longer_outdoes_an_open_one_leaves_events_open():
    old = rules(("links > 3", [Remove()]), ("age > 3", LIMIT))
    new = rules(("links > 4", [Remove()]), ("age > 3", LIMIT), version="2")
    (answer,) = diff(old, new).otherwise
    assert [example.outcome for example in answer.examples] == ["measures", "undetermined"]
