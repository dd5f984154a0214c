"""Content for minors: ceilings of ratings, pools by age, and what rules find, decided by the limits of a plan."""

import datetime as dt
import pickle
import zoneinfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov import codec, minors, verdict
from platgov.errors import InputError
from platgov.facts import Schema
from platgov.minors import (
    UNRATED,
    Band,
    ContentPlan,
    DobEvidence,
    Examined,
    Feature,
    Found,
    Grant,
    Hours,
    Item,
    Minor,
    Plan,
    Quota,
    RatingSystem,
    RulePack,
    Usage,
    Window,
    YouthPolicy,
    about,
    age_pools,
    outside,
)
from platgov.rules import ConditionRule, RuleSet

TZ = "Asia/Shanghai"
DAY = 86_400
AT = 1_780_315_200  # Monday 2026-06-01 20:00 in Shanghai
STARS = RatingSystem(id="stars", ages={"all": 0, "8+": 8, "12+": 12, "16+": 16, "18+": 18}, source="our own")
RULES = RuleSet(
    id="content",
    version="1",
    facts=Schema.from_dict({"text": "text", "stake": "int"}),
    rules=[
        ConditionRule(id="bets", clause="M1", category="gambling", when="stake > 0"),
        ConditionRule(id="dares", clause="M2", category="dangerous", when="text.contains('dare')"),
        ConditionRule(id="ads", when="text.contains('buy')"),
    ],
)
PACK = RulePack.of(RULES, id="house")


def child(born="2014-03-01", **more):
    evidence = () if born is None else DobEvidence.verified(dt.date.fromisoformat(born))
    return Minor(**{"id": "m1", "evidence": evidence, "residency_tz": TZ, **more})


def policy(*bands, **more):
    return YouthPolicy(**{"id": "law", "layer": "legal", "citation": "Law 1", "bands": bands, **more})


def content(*policies, packs=(), systems=(STARS,), start=AT - 20 * DAY, end=AT + 40 * DAY):
    return ContentPlan(plan=Plan.of(policies, tz=TZ, start=start, end=end), systems=systems, packs=packs)


def codes(found):
    return [reason.code for reason in found.reasons]


def examined(**facts):
    return PACK.read(RULES.decide(facts, at=AT))


FINE = examined(text="hello", stake=0)


# -- laws ------------------------------------------------------------------------------------------

CATEGORIES = ("gambling", "dangerous")
EDGES = (8, 12, 16, 18)
LABELS = (*dict(STARS.ages), "nonsense")


@st.composite
def cases(draw):
    """Give bands as plain facts, an item as plain facts, and a birth date."""
    bands = [
        {
            "ages": (low, high),
            "ceiling": draw(st.none() | st.sampled_from((0, 8, 12, 16))),
            "denied": draw(st.sets(st.sampled_from(CATEGORIES))),
            "pool": draw(st.booleans()),
        }
        for low, high in zip((0, *EDGES), EDGES, strict=False)
    ]
    item = {
        "labels": draw(st.sets(st.sampled_from(LABELS), max_size=1)),
        "pools": draw(
            st.sets(st.sampled_from([f"{low}-{high}" for low, high in zip((0, *EDGES), EDGES, strict=False)]))
        ),
        "says": {name: draw(st.sampled_from(("no", "found", "held", "undetermined"))) for name in CATEGORIES},
        "looked": draw(st.booleans()),
    }
    near = st.builds(
        lambda age, day: dt.date(2026 - age, 5, 20) + dt.timedelta(day), st.integers(1, 19), st.integers(0, 60)
    )
    first = draw(st.dates(dt.date(2006, 1, 1), dt.date(2025, 12, 31)) | near)
    return bands, item, (first, first + dt.timedelta(draw(st.sampled_from((0, 0, 400, 3000)))))


def plan_of(bands):
    made = []
    for band in bands:
        low, high = band["ages"]
        features = [Feature(name=about(one), id=f"{one}.{low}", access="deny") for one in sorted(band["denied"])]
        if band["ceiling"] is not None:
            features.append(Feature(name="*", id=f"ceiling.{low}", max_rating=band["ceiling"]))
        if band["pool"]:
            features.append(Feature(name=outside(f"{low}-{high}"), id=f"pool.{low}", access="deny"))
        made.append(Band(min_age=low, max_age=high, features=features))
    return content(policy(*made), packs=[PACK])


def item_of(item):
    rules = {"gambling": "bets", "dangerous": "dares"}
    found = [
        Found(category=name, rule=rules[name], state=state) for name, state in item["says"].items() if state != "no"
    ]
    return Item(
        id="v1",
        ratings=[("stars", label) for label in item["labels"]],
        pools=item["pools"],
        examined=[Examined(pack=PACK.digest, found=found)] if item["looked"] else (),
    )


def years(born, on):
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def expected(bands, item, born, at):
    """Say it from the plain facts: every band that the age may be in has to say yes."""
    on = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(TZ)).date()
    oldest, youngest = years(born[0], on), years(born[1], on)
    if born[1] > on:
        youngest = 0
    label = next(iter(item["labels"]), None)
    rating = dict(STARS.ages).get(label, 10**6)
    for band in bands:
        low, high = band["ages"]
        if oldest < low or youngest >= high:
            continue
        if band["ceiling"] is not None and rating > band["ceiling"]:
            return False
        if any(not item["looked"] or item["says"][name] != "no" for name in band["denied"]):
            return False
        if band["pool"] and f"{low}-{high}" not in item["pools"]:
            return False
    return True


def minor_born(born):
    return child(None, evidence=[DobEvidence(first=born[0], last=born[1], level=minors.Level.VERIFIED)])


@given(cases(), st.integers(-19, 39))
def test_content_is_shown_if_and_only_if_every_band_of_the_age_says_yes(case, offset):
    bands, facts, born = case
    plan, item = plan_of(bands), item_of(facts)
    found = plan.check(minor_born(born), item, at=AT + offset * DAY)
    assert found.allowed is expected(bands, facts, born, AT + offset * DAY)
    assert found.allowed is not bool(found.reasons)
    assert plan.pool(minor_born(born), [item] * 2, at=AT + offset * DAY) == ((item,) * 2 if found.allowed else ())


@given(cases(), st.integers(-19, 38))
def test_the_answer_stays_until_the_next_change_and_is_another_one_then(case, offset):
    bands, facts, born = case
    plan, item = plan_of(bands), item_of(facts)
    at, who = AT + offset * DAY, minor_born(born)
    found = plan.check(who, item, at=at)
    stop = found.horizon if found.next_change is None else found.next_change
    for between in (at + 1, (at + stop) // 2, stop - 1):
        assert plan.check(who, item, at=between).reasons == found.reasons
    if found.next_change is not None:
        limits = [reason[1:3] for reason in found.reasons]
        assert [reason[1:3] for reason in plan.check(who, item, at=stop).reasons] != limits


@given(cases(), st.sampled_from(CATEGORIES), st.sampled_from(("found", "held", "undetermined")))
def test_more_doubt_never_shows_more(case, category, state):
    bands, facts, born = case
    plan, item = plan_of(bands), item_of(facts)
    who = minor_born(born)
    worse = [{**facts, "says": {**facts["says"], category: state}}, {**facts, "pools": set()}]
    worse += [{**facts, "looked": False}, {**facts, "labels": set()}]
    if not plan.check(who, item, at=AT).allowed:
        for other in worse:
            assert not plan.check(who, item_of(other), at=AT).allowed


@given(st.permutations(["found", "held", "undetermined"]))
def test_the_order_in_which_rules_speak_makes_no_difference(states):
    found = [Found(category="gambling", rule=f"r{state}", state=state) for state in states]
    plan = content(policy(Band(features=[Feature(name=about("gambling"), access="deny")])), packs=[PACK])
    told = plan.check(child(), Item(id="v", examined=[Examined(pack=PACK.digest, found=found * 2)]), at=AT)
    assert (
        told.fingerprint
        == plan.check(
            child(), Item(id="v", examined=[Examined(pack=PACK.digest, found=sorted(found, key=repr))]), at=AT
        ).fingerprint
    )


# -- ratings ---------------------------------------------------------------------------------------

CEILING = policy(Band(max_age=12, features=[Feature(name="*", max_rating=8, loosenable_by=["guardian"])]))


@pytest.mark.parametrize(
    ("ratings", "rating", "code"),
    [
        ({"stars": "8+"}, 8, None),
        ({"stars": "12+"}, 12, "rating_above"),
        ({"stars": "8+", "moons": "full"}, None, "content_unrated"),
        ({"stars": "8-plus"}, None, "content_unrated"),
        ({}, None, "content_unrated"),
    ],
)
def test_a_ceiling_reads_labels_of_systems_and_closes_on_what_it_cannot_read(ratings, rating, code):
    young = child("2016-01-01")
    found = content(CEILING).check(young, Item(id="v", ratings=ratings), at=AT)
    assert (found.rating, codes(found)) == (rating, [code] if code else [])
    adult = content(CEILING).check(child("1990-01-01"), Item(id="v", ratings=ratings), at=AT)
    assert adult.allowed


def test_of_two_systems_the_stricter_label_counts():
    moons = RatingSystem(id="moons", ages={"half": 14})
    plan = content(CEILING, systems=[STARS, moons])
    item = Item(id="v", ratings={"stars": "all", "moons": "half"})
    assert plan.rating(item) == 14
    assert [one.what for one in plan.check(child("2016-01-01"), item, at=AT).seen] == ["half is 14", "all is 0"]
    assert plan.rating(Item(id="v")) == UNRATED


# -- pools -----------------------------------------------------------------------------------------


def test_the_pool_changes_on_the_birthday_and_the_verdict_says_when():
    edges = minors.presets.read("cn-minor-mode-2024").facts[-1].plain["age_bands"]
    plan = content(policy(*age_pools(edges, citation="Guide", loosenable_by=["guardian"])))
    little, big = Item(id="little", pools=["8-12"]), Item(id="big", pools=["12-16"])
    who = child("2014-06-10")  # twelve on 2026-06-10
    birthday = int(dt.datetime(2026, 6, 10, tzinfo=zoneinfo.ZoneInfo(TZ)).timestamp())
    assert plan.pool(who, [little, big], at=AT) == (little,)
    assert plan.pool(who, [little, big], at=birthday) == (big,)
    told = plan.check(who, big, at=AT)
    assert (codes(told), told.next_change) == (["outside_pool"], birthday)
    (reason,) = told.reasons
    assert (reason.policy_id, reason.limit_id, reason.layer, reason.citation) == ("law", "pool.8-12", "legal", "Guide")
    assert reason.loosenable_by == ("guardian",)
    nobody = plan.check(child(None), Item(id="x", pools=["0-3", "3-8", "8-12", "12-16"]), at=AT)
    assert codes(nobody) == ["outside_pool"]  # of an age that nobody knows, every pool counts
    assert plan.check(child(None), Item(id="x", pools=["0-3", "3-8", "8-12", "12-16", "16-18"]), at=AT).allowed


def test_a_guardian_lets_one_piece_in_and_no_other():
    plan = content(policy(*age_pools([18], loosenable_by=["guardian"])))

    def grant(by):
        return Grant(
            id="g", by=by, grantor="p1", reason="watched it", starts_at=AT - 60, feature="item:v7", access="allow"
        )

    who = child().with_grant(grant("guardian"))
    assert plan.check(who, Item(id="v7"), at=AT).allowed
    assert codes(plan.check(who, Item(id="v8"), at=AT)) == ["outside_pool"]
    assert codes(plan.check(who, Item(id="v7"), at=AT - 61)) == ["outside_pool"]
    refused = plan.check(child().with_grant(grant("sister")), Item(id="v7"), at=AT)
    assert (codes(refused), [one.code for one in refused.advice]) == (["outside_pool"], ["grant_refused"])


def test_where_it_is_shown_counts_as_well():
    plan = content(policy(Band(features=[Feature(name="live", access="deny")])))
    assert codes(plan.check(child(), Item(id="v"), at=AT, feature="live")) == ["feature_denied"]
    assert plan.check(child(), Item(id="v"), at=AT, feature="video").allowed


def test_hours_and_quotas_play_no_part_in_a_pool_and_do_in_a_whole_verdict():
    law = policy(
        Band(
            hours=[Hours(windows=[Window(start="06:00", end="07:00")])],
            quotas=[Quota(seconds=0)],
            features=[Feature(name="*", max_rating=12), Feature(name=about("gambling"), access="deny")],
        )
    )
    plan = Plan.of([law], tz=TZ, start=AT - DAY, end=AT + DAY)
    shelf = ContentPlan(plan=plan, systems=[STARS], packs=[PACK])
    item = Item(id="v", ratings={"stars": "16+"})
    assert codes(shelf.check(child(), item, at=AT)) == ["rating_above", "content_found"]
    whole = plan.check(child(), Usage(), at=AT, feature="video", scope=shelf.labels(item), rating=shelf.rating(item))
    assert sorted(codes(whole)) == ["feature_denied", "hours_closed", "quota_day", "rating_above"]
    good = Item(id="v", ratings={"stars": "12+"}, examined=[FINE])
    assert shelf.check(child(), good, at=AT).allowed
    assert shelf.labels(good) == frozenset()


# -- rule packs ------------------------------------------------------------------------------------

NOT_GAMBLING = policy(
    Band(max_age=18, features=[Feature(name=about("gambling"), access="deny", citation="Law 1, art. 9")]),
    evidence_level="verified",
)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"text": "I dare you to buy", "stake": 0}, None),
        ({"text": "hello", "stake": 5}, "found"),
        ({"text": "hello"}, "undetermined"),
    ],
)
def test_what_a_rule_set_finds_or_cannot_decide_reaches_the_verdict(facts, state):
    plan = content(NOT_GAMBLING, packs=[PACK])
    item = Item(id="v", ratings={"stars": "all"}).with_findings(examined(**facts))
    found = plan.check(child(), item, at=AT)
    assert found.allowed is (state is None)
    seen = [(one.source, one.what) for one in found.seen if one.label == about("gambling")]
    assert seen == ([] if state is None else [("bets", state)])
    assert plan.check(child("1990-01-01"), item, at=AT).allowed


def test_a_rule_that_waits_for_review_counts_until_it_is_reviewed():
    held = PACK.read(RULES.decide({"text": "hello", "stake": 5}, at=AT, holds={"bets": "cap reached"}))
    assert {(one.category, one.state) for one in held.found} >= {("gambling", "held")}
    assert not content(NOT_GAMBLING, packs=[PACK]).check(child(), Item(id="v", examined=[held]), at=AT).allowed


def test_what_a_pack_has_not_looked_at_counts_as_if_everything_were_found():
    plan = content(NOT_GAMBLING, packs=[PACK])
    found = plan.check(child(), Item(id="v", ratings={"stars": "all"}), at=AT)
    assert codes(found) == ["content_found"]
    assert [one.what for one in found.seen if one.label == about("gambling")] == ["not_examined"]
    newer = RulePack.of(attrs.evolve(RULES, version="2"), id="house")
    old = Item(id="v", examined=[FINE])
    assert plan.check(child(), old, at=AT).allowed
    assert not content(NOT_GAMBLING, packs=[newer]).check(child(), old, at=AT).allowed


def test_a_pack_is_of_the_rules_that_have_a_category_and_reads_no_other_decision():
    assert dict(PACK.categories) == {"bets": "gambling", "dares": "dangerous"}
    assert dict(RulePack.of(RULES, id="x", categories=["gambling"]).categories) == {"bets": "gambling"}
    assert [one.rule for one in examined(text="a dare, buy", stake=1).found] == ["dares", "bets"]
    other = attrs.evolve(RULES, version="2").decide({"text": "", "stake": 0}, at=AT)
    with pytest.raises(InputError, match="the decision is by"):
        PACK.read(other)
    with pytest.raises(InputError, match="no rule is of nudity"):
        RulePack.of(RULES, id="x", categories=["nudity"])


def test_an_item_keeps_the_last_word_of_each_pack():
    item = Item(id="v").with_findings(examined(text="", stake=1)).with_findings(FINE)
    assert item.examined == (FINE,)
    assert codec.read(Item, codec.write(item)) == item
    assert pickle.loads(pickle.dumps(item)) == item


def test_what_the_host_says_counts_without_any_rules():
    plan = content(NOT_GAMBLING)
    assert codes(plan.check(child(), Item(id="v", categories=["gambling"]), at=AT)) == ["content_found"]
    assert plan.check(child(), Item(id="v", categories=["chess"]), at=AT).allowed


# -- words, bytes, bad input -----------------------------------------------------------------------


def test_a_denial_names_rule_layer_citation_way_out_and_what_was_seen():
    plan = content(NOT_GAMBLING, CEILING.from_dict({**CEILING.to_dict(), "id": "app"}), packs=[PACK])
    guess = child(None, evidence=[DobEvidence.declared(dt.date(2016, 1, 1))])
    found = plan.check(guess, Item(id="v9", ratings={"stars": "16+"}), at=AT)
    assert [(one.code, one.policy_id, one.layer, one.citation, one.appealable) for one in found.reasons] == [
        ("rating_above", "app", "legal", "Law 1", True),
        ("content_found", "law", "legal", "Law 1, art. 9", True),
    ]
    assert isinstance(found, verdict.Verdict)
    assert found.to_dict()["kind"] == "minor_content"
    assert found.policy == plan.digest
    assert "2016" not in found.to_bytes().decode()
    assert found == plan.check(guess, Item(id="v9", ratings={"stars": "16+"}), at=AT)
    assert found.digest != plan.check(guess, Item(id="v8", ratings={"stars": "16+"}), at=AT).digest


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("audience", ["child", "guardian", "auditor"])
def test_content_verdicts_have_words_for_everyone(audience, language):
    law = policy(
        Band(
            features=[
                Feature(name="*", max_rating=8, loosenable_by=["guardian"]),
                Feature(name=about("gambling"), access="deny"),
                Feature(name=outside("kids"), access="deny"),
            ]
        )
    )
    plan = content(law, packs=[PACK])
    lines = plan.check(child(), Item(id="v"), at=AT).explain(audience, language=language)
    wanted = {
        "en": ("Nobody has said what age this is for.", "It was not chosen for this age."),
        "zh": ("没有人说明这一内容适合多大年龄。", "这一内容不在适合该年龄的内容池中。"),
    }
    assert set(wanted[language]) <= set(lines)
    assert any("not_examined" in line for line in lines) is (audience == "auditor")
    shown = Item(id="v", ratings={"stars": "all"}, pools=["kids"], examined=[FINE])
    assert len(plan.check(child(), shown, at=AT).explain(audience, language=language)) >= 1
    soon = child("2018-06-10")
    turning = content(policy(Band(max_age=8, features=[Feature(name="*", max_rating=3)])))
    late = Item(id="v", ratings={"stars": "8+"})
    assert any("2026" in line for line in turning.check(soon, late, at=AT).explain(audience, language=language))


@pytest.mark.parametrize("minor", [child(), None, "m1"])
@pytest.mark.parametrize("item", [Item(id="v"), None, "v"])
@pytest.mark.parametrize("at", [AT, "now", None, 10**18, AT - 4000 * DAY])
@pytest.mark.parametrize("feature", ["video", 7, "a\nb", ""])
def test_what_is_missing_or_cannot_be_read_is_not_shown_and_raises_nothing(minor, item, at, feature):
    plan = content(NOT_GAMBLING, packs=[PACK])
    found = plan.check(minor, item, at=at, feature=feature)
    assert not found.allowed
    assert found.to_bytes()
    assert found.explain("auditor")


BAD = {
    "no ages": lambda: RatingSystem(id="s", ages={}),
    "label twice": lambda: RatingSystem(id="s", ages=[("a", 1), ("a", 2)]),
    "age as text": lambda: RatingSystem(id="s", ages={"a": "12"}),
    "age above all": lambda: RatingSystem(id="s", ages={"a": 101}),
    "truth as age": lambda: RatingSystem(id="s", ages={"a": True}),
    "ages as text": lambda: RatingSystem(id="s", ages="12"),
    "unknown state": lambda: Found(category="c", rule="r", state="maybe"),
    "findings of text": lambda: Examined(pack="p", found=["x"]),
    "ratings as text": lambda: Item(id="v", ratings="12+"),
    "ratings of one": lambda: Item(id="v", ratings=[("stars",)]),
    "pools as text": lambda: Item(id="v", pools="kids"),
    "no id": lambda: Item(id=""),
    "no categories": lambda: RulePack(id="p", rules="d", categories={}),
    "categories of numbers": lambda: RulePack(id="p", rules="d", categories={"r": 7}),
    "findings of nobody": lambda: Item(id="v").with_findings("x"),
    "no plan": lambda: ContentPlan(plan="plan"),
    "system twice": lambda: content(CEILING, systems=[STARS, STARS]),
    "systems as text": lambda: content(CEILING, systems="stars"),
    "packs of text": lambda: content(CEILING, packs=["p"]),
    "edges that fall": lambda: age_pools([8, 3]),
    "edges from zero": lambda: age_pools([0, 3]),
    "no edges": lambda: age_pools([]),
    "edges of text": lambda: age_pools(["3"]),
    "asking nobody": lambda: age_pools([3], access="ask"),
    "no pool": lambda: outside(""),
    "no category": lambda: about(7),
    "unknown audience": lambda: content(CEILING).check(child(), Item(id="v"), at=AT).explain("teacher"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_one_clear_error(name):
    with pytest.raises(InputError) as caught:
        BAD[name]()
    assert caught.value.problems
    assert len(str(caught.value)) < 600


def test_the_digest_tells_plans_systems_and_packs_apart():
    plans = [
        content(CEILING),
        content(CEILING, systems=[attrs.evolve(STARS, source="elsewhere")]),
        content(CEILING, packs=[PACK]),
        content(NOT_GAMBLING),
    ]
    assert len({plan.digest for plan in plans}) == len(plans)
