"""What a rule set is: its digest, and everything that keeps it from being built."""

import datetime as dt
import subprocess
import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov.conditions import F, parse
from platgov.errors import ConditionError, InputError, RuleSetError
from platgov.facts import Role, Schema, fact, facts
from platgov.measures import Authority, Kind, LimitVisibility, Measure, Procedure, Remove, Warn
from platgov.rules import SEMANTICS, ConditionRule, Finding, Grant, Rule, RuleSet
from rule_strategies import (
    AT,
    DAY,
    POST,
    Author,
    LinkLimit,
    Post,
    examples,
    rule_of,
    rule_sets,
    schema_of,
    set_of,
)

NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - without a zone it is no instant


def grant_of(name="account_id", **given_fields):
    about = {"reason": "A court asked for it.", "approved_by": "legal", "expires_at": AT + 365 * DAY}
    return Grant(**{"fact": name, **about, **given_fields})


def problems_of(make, *arguments, **given_fields):
    with pytest.raises(InputError) as caught:
        make(*arguments, **given_fields)
    return caught.value.problems


def refused(*rules, **given_fields):
    return problems_of(set_of, *rules, **given_fields)


# -- the digest --------------------------------------------------------------------------------


@examples(30)
@given(rule_sets(), st.randoms())
def test_the_order_in_which_rules_are_listed_is_no_part_of_the_digest(made, rng):
    rule_set, world, _ = made
    shuffled = list(rule_set.rules)
    rng.shuffle(shuffled)
    defeats = [(name, rng.sample(others, len(others))) for name, others in reversed(rule_set.defeats)]
    other = RuleSet(id="random", version="1", facts=world.cls, rules=shuffled, defeats=dict(defeats))
    assert other.digest == rule_set.digest
    assert other == rule_set
    assert hash(other) == hash(rule_set)
    assert [rule.id for rule in other.rules] == sorted(rule.id for rule in shuffled)


@examples(30)
@given(rule_sets())
def test_the_same_facts_declared_by_a_class_or_by_a_table_have_one_digest(made):
    rule_set, _, rng = made
    table = rule_set.schema.to_dict()
    schema = Schema.from_dict({name: table[name] for name in rng.sample(list(table), len(table))}, name="other")
    other = RuleSet(id="random", version="1", facts=schema, rules=rule_set.rules, defeats=dict(rule_set.defeats))
    assert other.digest == rule_set.digest


def test_a_condition_has_one_digest_however_it_is_written():
    written = (
        "links > 3 && !(words < 7)", (F.links > 3) & ~(F.words < 7), parse("(links > 3) && (!(words < 7))"),
    )  # fmt: skip
    assert len({set_of(rule_of(when=when)).digest for when in written}) == 1
    assert set_of(rule_of(when=F.ok), facts=schema_of(ok="bool")) == set_of(
        rule_of(when="ok"), facts=schema_of(ok="bool")
    )


BASE = {
    "id": "community", "version": "2026.1", "facts": Post, "announced_at": AT, "effective_at": AT + DAY,
    "milder_applies": False, "defeats": {"b": ["a"]}, "grants": [grant_of(), grant_of("region")],
}  # fmt: skip
RULES = {
    "a": {
        "when": "links > 3", "version": 1, "clause": "1", "category": "c", "says": "s", "why": "w",
        "withhold": ["links"],
        "measures": [LimitVisibility(days=3), Remove(hours=5)],
    },
    "b": {"when": "words > 3"},
    "c": {"when": "account_id == author.name"},
}  # fmt: skip
CHANGES = {
    "id": {"id": "community2"},
    "version": {"version": "2026.2"},
    "announced_at": {"announced_at": AT + 1},
    "effective_at": {"effective_at": AT + DAY + 1},
    "milder_applies": {"milder_applies": True},
    "defeats gone": {"defeats": {}},
    "defeats another": {"defeats": {"b": ["c"]}},
    "defeats more": {"defeats": {"b": ["a", "c"]}},
    "defeats the other way": {"defeats": {"a": ["b"]}},
    "grant reason": {"grants": [grant_of(reason="Another."), grant_of("region")]},
    "grant approver": {"grants": [grant_of(approved_by="board"), grant_of("region")]},
    "grant end": {"grants": [grant_of(expires_at=AT + 366 * DAY), grant_of("region")]},
    "grant gone": {"grants": [grant_of()]},
}  # fmt: skip
RULE_CHANGES = {
    "id": ("a", {"id": "a2"}),
    "version": ("a", {"version": 2}),
    "clause": ("a", {"clause": "1.1"}),
    "category": ("a", {"category": "d"}),
    "says": ("a", {"says": "t"}),
    "why": ("a", {"why": "x"}),
    "withhold": ("a", {"withhold": []}),
    "threshold": ("a", {"when": "links > 4"}),
    "operator": ("a", {"when": "links >= 3"}),
    "kind of number": ("a", {"when": "links > 3.0"}),
    "fact": ("a", {"when": "words > 3"}),
    "no measures": ("a", {"measures": []}),
    "fewer measures": ("a", {"measures": [LimitVisibility(days=3)]}),
    "measure": ("a", {"measures": [LimitVisibility(days=3), Warn()]}),
    "length": ("a", {"measures": [LimitVisibility(days=4), Remove(hours=5)]}),
    "hours": ("a", {"measures": [LimitVisibility(days=3), Remove(hours=6)]}),
    "authority": ("a", {"measures": [LimitVisibility(days=3, authority=Authority.SENIOR), Remove(hours=5)]}),
    "notice": ("a", {"measures": [LimitVisibility(days=3, procedure=Procedure(notice=False)), Remove(hours=5)]}),
    "reply": ("a", {"measures": [LimitVisibility(days=3, procedure=Procedure(right_of_reply=True)), Remove(hours=5)]}),
    "appeal": ("a", {"measures": [LimitVisibility(days=3, procedure=Procedure(appeal_days=1)), Remove(hours=5)]}),
}  # fmt: skip


def built(changed=None, rule_changed=("a", {})):
    bodies = {name: {"id": name, **body} for name, body in RULES.items()}
    bodies[rule_changed[0]].update(rule_changed[1])
    given_fields = {**BASE, **(changed or {})}
    if rule_changed[1].get("id"):
        given_fields["defeats"] = {"b": ["a2"]}
    grants = [*given_fields["grants"], grant_of("author.name")]
    return RuleSet(**{**given_fields, "grants": grants, "rules": [ConditionRule(**body) for body in bodies.values()]})


@pytest.mark.parametrize("name", CHANGES)
def test_every_part_of_a_rule_set_that_may_change_an_outcome_changes_the_digest(name):
    assert built(CHANGES[name]).digest != built().digest


@pytest.mark.parametrize("name", RULE_CHANGES)
def test_every_part_of_a_rule_that_may_change_an_outcome_changes_the_digest(name):
    assert built(rule_changed=RULE_CHANGES[name]).digest != built().digest


def test_every_field_of_rules_grants_and_rule_sets_is_among_those_that_were_changed():
    assert {name.partition(" ")[0] for name in CHANGES} >= set(BASE) - {"facts", "grants"}
    by_body = {key for _, body in RULE_CHANGES.values() for key in body}
    assert by_body == {field.name for field in attrs.fields(ConditionRule)}
    assert {field.name for field in attrs.fields(Grant)} == {"fact", "reason", "approved_by", "expires_at"}


TABLE = {
    "links": {"type": "int", "ge": 0, "le": 9, "trend": "aggravating"},
    "kind": {"type": "enum", "values": ["a", "b"]},
}
TABLE_CHANGES = {
    "type": {"links": {"type": "float", "ge": 0, "le": 9, "trend": "aggravating"}},
    "ge": {"links": {"type": "int", "ge": 1, "le": 9, "trend": "aggravating"}},
    "le": {"links": {"type": "int", "ge": 0, "le": 8, "trend": "aggravating"}},
    "trend": {"links": {"type": "int", "ge": 0, "le": 9, "trend": "mitigating"}},
    "no trend": {"links": {"type": "int", "ge": 0, "le": 9}},
    "role": {"links": {"type": "int", "ge": 0, "le": 9, "trend": "aggravating", "role": "context"}},
    "source": {
        "links": {"type": "int", "ge": 0, "le": 9, "trend": "aggravating", "role": "opaque", "source": "model@1"}
    },
    "optional": {"links": {"type": "int", "ge": 0, "le": 9, "trend": "aggravating", "optional": True}},
    "says": {"links": {"type": "int", "ge": 0, "le": 9, "trend": "aggravating", "says": "Links."}},
    "values": {"kind": {"type": "enum", "values": ["a", "b", "c"]}},
    "more": {"more": {"type": "text"}},
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE_CHANGES)
def test_every_part_of_the_declared_facts_changes_the_digest(name):
    rule = rule_of(when="links > 3 && kind == 'a'")
    one, other = (set_of(rule, facts=schema_of(**table)) for table in (TABLE, {**TABLE, **TABLE_CHANGES[name]}))
    assert one.digest != other.digest


def test_the_version_of_the_semantics_is_part_of_the_digest():
    assert set_of(rule_of()).to_dict()["semantics"] == SEMANTICS == 1


def test_the_order_of_measures_and_enum_values_carries_no_meaning():
    one = set_of(rule_of(measures=[Remove(), Warn(), Warn()]))
    assert one == set_of(rule_of(measures=(Warn(), Remove())))


MEASURES_IN_A_TIE = """
from platgov.rules import ConditionRule, RuleSet
from platgov.facts import Schema
from platgov.measures import Authority, Procedure, Remove
tied = [Remove(authority=authority) for authority in Authority] + [Remove(procedure=Procedure(notice=False))]
rule = ConditionRule(id="r", when="links > 1", measures=tied)
print(RuleSet(id="x", version="1", facts=Schema.from_dict({"links": "int"}), rules=[rule]).digest)
"""


def test_measures_that_differ_only_in_authority_or_procedure_stand_in_one_order_in_every_process():
    digests = set()
    for seed in ("1", "2", "3", "4"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", MEASURES_IN_A_TIE], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_the_digest_of_known_rules_is_known_so_that_it_cannot_drift():
    table = {"links": {"type": "int", "ge": 0}}
    rules = set_of(
        rule_of(measures=[Remove(days=3)], clause="1.1"), facts=schema_of(**table), announced_at=0, effective_at=DAY
    )
    assert rules.digest == "sha256:4915f0d984f2bedb60186ba1bd0d39dbd6fd38ca797fd3ae7017cc151c652363"


def test_a_rule_set_tells_its_rules_by_id_and_what_they_read():
    rules = set_of(rule_of(), LinkLimit(), rule_of("x", "author.age_days < 7"))
    assert rules.rule("link_limit") == LinkLimit()
    assert rules.reads == {"links", "author.age_days"}
    (problem,) = problems_of(rules.rule, "spam.link")
    assert problem.message == "no rule 'spam.link'; did you mean 'spam.links'?"
    assert rules != "community"


def test_reasons_and_counterfactuals_are_given_only_by_the_rules_that_decided():
    one, other = set_of(rule_of()), set_of(rule_of(version=2))
    decision = one.decide(POST, at=AT)
    assert one.reasons(decision) == decision.explain()
    assert one.counterfactuals(decision) == decision.counterfactual()
    for ask in (other.reasons, other.counterfactuals):
        (problem,) = problems_of(ask, decision)
        assert problem.code == "other_rules"
    with pytest.raises(LookupError, match="without its rules"):
        attrs.evolve(decision, rules=None).explain()
    assert attrs.evolve(decision, rules=None) == decision


# -- how rules are written ---------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CapsLimit(Rule[Post]):
    kind = "caps_limit"
    reads = frozenset({"text"})
    version = 3
    clause = "4.2"
    category = "shouting"
    measures = (Warn(),)
    says = "Do not shout."
    why = "It is loud."
    withhold = ["text"]
    share: float = 0.5

    def match(self, post):
        loud = sum(char.isupper() for char in post.text)
        return Finding(evidence=(f"{loud} capitals",)) if loud > self.share * len(post.text) else None


class Plain(Rule[Post]):
    kind = "plain"
    reads = frozenset({"links"})
    version = 2
    measures = (Remove(),)

    def match(self, post):
        return Finding() if post.links > 3 else None


class PlainBelow(CapsLimit):
    kind = "plain_below"
    version = 4


@attrs.frozen(kw_only=True)
class Below(CapsLimit):
    kind = "below"
    clause = "4.3"
    words: tuple[str, ...] = ()


def test_a_class_may_set_fields_for_all_its_rules_and_a_rule_may_still_say_otherwise():
    rule = CapsLimit()
    assert (rule.id, rule.version, rule.clause, rule.category) == ("caps_limit", 3, "4.2", "shouting")
    assert (rule.measures, rule.withhold) == ((Warn(),), {"text"})
    other = CapsLimit(id="x", version=9, clause="1", measures=[Remove()], withhold=[], share=0.9)
    assert (other.id, other.version, other.clause, other.measures, other.share) == ("x", 9, "1", (Remove(),), 0.9)
    assert (Below().version, Below().clause, Below().share) == (3, "4.3", 0.5)
    assert (PlainBelow().version, PlainBelow().clause) == (4, "4.2")
    assert (Plain().id, Plain().version, Plain().measures) == ("plain", 2, (Remove(),))


@pytest.mark.parametrize("rule", [CapsLimit(), Plain(), PlainBelow(), Below(), LinkLimit()])
def test_every_style_of_host_rule_is_frozen_decides_and_is_written_whole(rule):
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        rule.version = 9
    decision = set_of(rule).decide({"text": "AAA", "links": 4}, at=AT)
    assert [finding.version for finding in decision.findings] == [rule.version]
    assert decision.measures == rule.measures
    data = rule.to_dict()
    assert data["kind"] == rule.kind
    assert data["reads"] == sorted(rule.reads)
    assert data.keys() >= {field.name for field in attrs.fields(type(rule))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CapsLimit(), CapsLimit(share=0.6)),
        (Below(), Below(words=("a",))),
        (LinkLimit(), LinkLimit(limit=4)),
        (LinkLimit(), LinkLimit(version=2)),
        (LinkLimit(), LinkLimit(measures=[Warn()])),
        (Plain(id="x"), CapsLimit(id="x")),
    ],
)
def test_the_fields_of_a_host_rule_are_part_of_the_digest(one, other):
    assert set_of(one).digest != set_of(other).digest
    assert one != other


def test_what_a_host_rule_declares_to_read_is_part_of_the_digest():
    more = type("Plain", (Plain,), {"reads": frozenset({"links", "words"})})
    assert set_of(Plain()).digest != set_of(more()).digest


def test_equal_host_rules_are_equal_and_have_one_digest():
    assert LinkLimit(limit=4, measures=[Warn(), Remove()]) == LinkLimit(limit=4, measures=[Remove(), Warn()])
    assert set_of(LinkLimit(limit=4)) == set_of(LinkLimit(limit=4))


def test_a_condition_rule_can_be_asked_alone():
    rule = rule_of()
    assert rule.match({"links": 5}) == Finding()
    assert rule.match({"links": 1}) is None
    assert rule.match({}) is None
    assert rule.match(Post(text="", links=5)) == Finding()
    assert rule.reads == {"links"}


# -- refused: one rule -------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["", "   ", "\n"])
def test_a_rule_without_a_condition_is_refused_because_it_would_apply_to_everything(when):
    with pytest.raises(ConditionError, match="would apply to everything"):
        rule_of(when=when)


@pytest.mark.parametrize("when", [None, 3, True, [], {"name": "links"}])
def test_what_is_no_condition_is_refused(when):
    with pytest.raises(ConditionError, match="is no condition"):
        rule_of(when=when)


@pytest.mark.parametrize("rule_id", ["", " ", "a b", "-a", ".a", "a\n", "a" * 101, "ü", 3, True, (), b"a", "a'b"])
def test_a_rule_id_is_short_plain_text(rule_id):
    with pytest.raises(RuleSetError, match="is no rule id"):
        rule_of(rule_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 0}, {"version": -1}, {"version": 1.0}, {"version": "1"}, {"version": True}, {"clause": 4.2},
        {"category": None}, {"says": b"x"}, {"why": ["x"]}, {"measures": ["remove"]}, {"measures": Remove()},
        {"measures": "remove"}, {"measures": None}, {"withhold": "links"}, {"withhold": 3}, {"withhold": [3]},
        {"withhold": [["links"]]}, {"withhold": None},
    ],
)  # fmt: skip
def test_a_field_that_makes_no_sense_is_refused_when_the_rule_is_made(fields):
    with pytest.raises(RuleSetError):
        rule_of(**fields)


def test_all_that_is_wrong_with_a_rule_is_said_at_once():
    problems = problems_of(rule_of, version=0, clause=1, category=2, says=3, why=4)
    assert [problem.path for problem in problems] == ["$.version", "$.clause", "$.category", "$.says", "$.why"]
    assert {problem.rule for problem in problems} == {"spam.links"}


@pytest.mark.parametrize("kind", [None, "", 3])
def test_a_host_rule_class_has_a_literal_kind(kind):
    cls = type("Odd", (Plain,), {"kind": kind})
    with pytest.raises(RuleSetError, match="has no kind"):
        cls()


def test_a_rule_class_without_match_cannot_be_used():
    with pytest.raises(TypeError):
        Rule(id="x")


def test_fields_that_attrs_does_not_know_are_refused_because_the_digest_would_not_see_them():
    class Forgot(Rule[Post]):
        kind = "forgot"
        reads = frozenset({"links"})
        limit: int = 3

        def match(self, post):
            return None

    with pytest.raises(RuleSetError, match=r"declares limit, which is no field of it; put @attrs.frozen"):
        Forgot()

    class ForgotBelow(LinkLimit):
        lower: int = 3

    with pytest.raises(RuleSetError, match="declares lower"):
        ForgotBelow()


def test_annotations_of_what_is_no_new_field_are_fine():
    class Annotated(Rule[Post]):
        kind = "annotated"
        reads = frozenset({"links"})
        version: int = 2
        cache: "typing.ClassVar[dict]" = {}  # noqa: F821

        def match(self, post):
            return None

    assert Annotated().version == 2


def test_annotations_that_cannot_be_found_are_refused_by_name():
    @attrs.frozen(kw_only=True)
    class Lost(Rule[Post]):
        kind = "lost"
        reads = frozenset({"links"})
        other: "Nowhere" = None  # noqa: F821

        def match(self, post):
            return None

    (problem,) = refused(Lost())
    assert "name 'Nowhere'" in problem.message
    assert problem.rule == "lost"


@pytest.mark.parametrize("reads", ["links", ("links",), ["links"], {"links"}, None, frozenset({3}), frozenset({""})])
def test_what_a_host_rule_reads_is_a_frozenset_of_names(reads):
    (problem,) = refused(type("Odd", (Plain,), {"reads": reads})())
    assert (problem.code, problem.rule) == ("reads", "plain")


def test_a_host_rule_that_reads_nothing_is_refused():
    (problem,) = refused(type("Odd", (Plain,), {"reads": frozenset()})())
    assert "applies to all or to none" in problem.message


# -- refused: grants ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fact", "reason", "approved_by"])
@pytest.mark.parametrize("value", ["", " ", None, 3])
def test_a_grant_says_what_why_and_who(name, value):
    with pytest.raises(RuleSetError, match=f"a grant's {name}"):
        grant_of(**{"name" if name == "fact" else name: value})


def test_all_that_is_wrong_with_a_grant_is_said_at_once():
    assert len(problems_of(Grant, fact="", reason="", approved_by="", expires_at=AT)) == 3


@pytest.mark.parametrize("at", [None, "2027-01-01", NAIVE, 1.5])
def test_a_grant_has_an_end(at):
    with pytest.raises(InputError):
        grant_of(expires_at=at)


def test_a_grant_takes_any_aware_datetime():
    assert grant_of(expires_at=dt.datetime.fromtimestamp(AT, dt.UTC)).expires_at == AT


@pytest.mark.parametrize(
    ("when", "fact_name"),
    [
        ("account_id != null", "account_id"), ("has(account_id)", "account_id"), ("account_id == text", "account_id"),
        ("size(account_id) > 3", "account_id"), ("!(links > 3 && has(region))", "region"), ("region == text", "region"),
        ("author.name == text", "author.name"), ("has(author.name)", "author.name"), ("has(author)", "author.name"),
        ("author == null", "author.name"), ("tags.exists(t, t == account_id)", "account_id"),
        ("(links > 3 ? region : text) == 'x'", "region"),
    ],
)  # fmt: skip
def test_a_rule_that_reads_who_somebody_is_needs_a_grant(when, fact_name):
    (problem,) = refused(rule_of(when=when))
    assert (problem.code, problem.rule) == ("no_grant", "spam.links")
    assert repr(fact_name) in problem.message
    assert set_of(rule_of(when=when), grants=[grant_of(fact_name)]).reads


@pytest.mark.parametrize(
    ("reads", "missing"),
    [
        ({"account_id"}, ["account_id"]),
        ({"author"}, ["author.name"]),
        ({"author.name", "region"}, ["author.name", "region"]),
    ],
)
def test_a_host_rule_that_reads_who_somebody_is_needs_a_grant(reads, missing):
    rule = type("Odd", (Plain,), {"reads": frozenset(reads)})()
    problems = refused(rule)
    assert [problem.message.split("'")[1] for problem in problems] == missing
    assert set_of(rule, grants=[grant_of(name) for name in missing])


def test_a_grant_for_another_fact_does_not_help():
    (problem,) = refused(rule_of(when="has(account_id)"), grants=[grant_of("region")])
    assert problem.code == "no_grant"


def test_facts_inside_lists_can_be_guarded_and_granted():
    person = {"type": "struct", "fields": {"name": {"type": "text", "role": "identity"}, "age": "int"}}
    table = schema_of(people={"type": "list", "items": person}, text="text")
    rule = rule_of(when="people.exists(p, p.name == text)")
    (problem,) = refused(rule, facts=table)
    assert "'people.name'" in problem.message
    (problem,) = refused(rule, facts=table, grants=[grant_of("people")])
    assert "'people.name'" in problem.message
    assert set_of(rule, facts=table, grants=[grant_of("people.name")])


def test_a_fact_inside_an_identity_fact_is_one():
    who = {"type": "struct", "role": "identity", "fields": {"name": "text"}}
    (problem,) = refused(rule_of(when="has(who.name)"), facts=schema_of(who=who))
    assert "reads 'who'" in problem.message


EXEMPTIONS = [
    "account_id == 'mira'", "account_id != 'mira'", "'mira' == account_id", "'mira' != account_id",
    "!(account_id == 'mira')", "account_id in ['mira', 'jo']", "!(account_id in ['mira'])", "account_id.contains('mi')",
    "account_id.folded() == 'mira'", "'mira' == account_id.folded()", "account_id.folded() in ['mira']",
    "account_id.folded().contains('mira')", "account_id.startsWith('m')", "account_id.endsWith('a')",
    "account_id.containsAny(['mira'])", "account_id.containsWord('mira')", "account_id.matches('^mira$')",
    "account_id.folded().matches('mira')", "'mira jo'.contains(account_id)", "account_id < 'n'", "account_id >= 'm'",
    "links > 3 && !(words < 4 || account_id == 'mira')", "(account_id == 'mira') ? links > 9 : links > 3",
    "(links > 3 ? account_id : 'x') == 'mira'", "account_id + '!' == 'mira!'", "string(account_id) == 'mira'",
    "['mira', 'jo'].exists(who, who == account_id)", "['mira'].all(who, account_id != who)",
    "tags.exists(t, account_id == 'mira')", "account_id in {'mira': true}", "{'mira': links > 3}[account_id]",
    "['mira'].filter(who, who == account_id) == ['mira']", "[account_id] == ['mira']", "account_id in ['a' + 'b']",
    "tags.map(t, account_id == 'mira', t) == tags", "author.name == 'Mira'", "author.name in ['Mira']",
    "'Mira' == author.name.folded()", "[account_id].exists(who, who == 'mira')",
    "account_id in (links > 3 ? ['a'] : ['b'])",
    "[account_id][0] == 'mira'", "!!(account_id == 'mira')",
]  # fmt: skip


@pytest.mark.parametrize("when", EXEMPTIONS)
def test_no_rule_names_particular_people_even_with_a_grant(when):
    problems = refused(rule_of(when=when), grants=[grant_of(), grant_of("author.name")])
    assert {problem.code for problem in problems} == {"exemption_list"}
    assert all(problem.position is not None and problem.rule == "spam.links" for problem in problems)


def test_a_list_of_names_among_written_facts_is_found_in_every_type():
    table = {
        "ids": {"type": "list", "items": "text", "role": "identity"},
        "number": {"type": "int", "role": "identity"},
        "people": {
            "type": "list",
            "items": {"type": "struct", "fields": {"name": {"type": "text", "role": "identity"}}},
        },
        "who": {"type": "struct", "role": "identity", "fields": {"name": "text"}},
    }
    grants = [grant_of(name) for name in ("ids", "number", "people.name", "who")]
    for when in (
        "'mira' in ids", "ids == ['mira']", "ids.exists(i, i == 'mira')", "ids[0] == 'mira'", "number == 7",
        "number % 10 == 3",
        "-number == -7", "number in [7, 8]", "people.exists(p, p.name == 'mira')", "people[0].name == 'mira'",
        "who.name == 'mira'", "ids.filter(i, i == 'mira').size() > 0", "ids.map(i, i + 'x') == ['mirax']",
    ):  # fmt: skip
        problems = refused(rule_of(when=when), facts=schema_of(**table), grants=grants)
        assert "exemption_list" in {problem.code for problem in problems}, when


@pytest.mark.parametrize(
    "when",
    [
        "account_id != null", "has(account_id) && links > 3", "account_id == author.name", "size(account_id) > 3",
        "text.contains(account_id)", "account_id in tags", "tags.exists(t, t == account_id)", "text == 'mira'",
        "author.age_days in [1, 2]", "region == 'XY'", "account_id == text + 'x'",
        "(links > 3 ? account_id : text) == text",
    ],
)  # fmt: skip
def test_comparing_people_with_facts_of_the_event_names_no_one(when):
    grants = [grant_of(), grant_of("author.name"), grant_of("region")]
    assert set_of(rule_of(when=when), grants=grants).digest


def test_yes_or_no_and_enum_facts_stand_for_groups_and_may_be_written_under_a_grant():
    table = schema_of(
        partner={"type": "bool", "role": "identity"}, tier={"type": "enum", "values": ["a", "b"], "role": "identity"}
    )
    grants = [grant_of("partner"), grant_of("tier")]
    assert set_of(rule_of(when="!partner && tier == 'a'"), facts=table, grants=grants)


# -- refused: the whole ------------------------------------------------------------------------


def codes(problems):
    return [(problem.rule, problem.code) for problem in problems]


def test_an_id_used_twice_is_refused():
    assert codes(refused(rule_of(), rule_of(when="links > 4"))) == [("spam.links", "duplicate_id")] * 2


def test_a_rule_set_has_rules():
    assert codes(refused()) == [(None, "empty")]


def test_a_rule_set_has_at_most_ten_thousand_rules():
    rule = rule_of()
    problems = refused(*(attrs.evolve(rule, id=f"r{number}") for number in range(10_001)))
    assert codes(problems) == [(None, "too_many")]


@pytest.mark.parametrize("value", ["", None, 3, "x" * 101, b"x"])
def test_a_rule_set_has_an_id_and_a_version(value):
    assert codes(refused(rule_of(), id=value)) == [(None, "id")]
    assert codes(refused(rule_of(), version=value)) == [(None, "version")]


def test_rules_are_never_retroactive():
    (problem,) = refused(rule_of(), announced_at=AT, effective_at=AT - 1)
    assert problem.code == "retroactive"
    assert "2026-02-02T02:39:59Z but was announced at 2026-02-02T02:40:00Z" in problem.message
    (problem,) = refused(rule_of(), effective_at=AT)
    assert "was never announced" in problem.message
    assert set_of(rule_of(), announced_at=AT, effective_at=AT)
    assert set_of(rule_of(), announced_at=AT).effective_at is None


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00Z", NAIVE, 1.5])
def test_dates_are_instants(at):
    with pytest.raises(InputError):
        set_of(rule_of(), announced_at=at)


@pytest.mark.parametrize("value", [1, "yes", None])
def test_whether_a_milder_edition_applies_is_true_or_false(value):
    assert codes(refused(rule_of(), milder_applies=value)) == [(None, "type")]


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("linkz > 3", "unknown_field"), ("author.age < 7", "unknown_field"), ("nobody.age < 7", "unknown_field"),
        ("links > 'x'", "type"), ("links", "type"), ("links + 1", "type"), ("text", "type"), ("'x'", "type"),
        ("text > 3", "type"), ("links in 3", "type"), ("text.matches('(')", "syntax"),
        ("text.nothing('x')", "unknown_function"),
        ("text.contains('')", "empty"), ("tags", "type"), ("size(text)", "type"), ("text.matches(text)", "argument"),
    ],
)  # fmt: skip
def test_a_condition_that_does_not_fit_the_facts_is_refused_with_rule_and_position(when, code):
    problems = refused(rule_of(when=when))
    assert {problem.rule for problem in problems} == {"spam.links"}
    assert all(problem.path == "$.when" for problem in problems)
    if code != "syntax":
        assert problems[0].code == code
    if problems[0].message.startswith("unknown"):
        assert problems[0].position is not None


def test_a_name_that_is_nearly_right_is_suggested():
    (problem,) = refused(rule_of(when="linkz > 3"))
    assert "did you mean 'links'?" in problem.message
    (problem,) = refused(rule_of(withhold=["linkz"]))
    assert (problem.path, problem.code) == ("$.withhold", "unknown_field")
    (problem,) = refused(type("Odd", (Plain,), {"reads": frozenset({"linkz"})})())
    assert (problem.path, problem.code) == ("$.reads", "unknown_field")


@pytest.mark.parametrize("defeats", [{"nobody": ["spam.links"]}, {"spam.links": ["nobody"]}])
def test_exceptions_are_between_rules_that_exist(defeats):
    (problem,) = refused(rule_of(), defeats=defeats)
    assert (problem.code, problem.path) == ("unknown_rule", f"$.defeats.{next(iter(defeats))}")
    (problem,) = refused(rule_of(), defeats={"spam.links": ["spam.link"]})
    assert "did you mean 'spam.links'?" in problem.message


@pytest.mark.parametrize(
    "defeats",
    [{"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"a": ["b"], "b": ["c"], "c": ["a"]}, {"c": ["a", "b"], "b": ["c"]}],
)
def test_exceptions_do_not_run_in_circles(defeats):
    rules = [rule_of(name) for name in "abc"]
    assert codes(refused(*rules, defeats=defeats)) == [(None, "cycle")]


@pytest.mark.parametrize("defeats", [None, "a", ["a"], {"a": None}, {"a": "b"}, {"a": [3]}, {3: ["a"]}, {"a": 3}])
def test_exceptions_are_lists_of_ids(defeats):
    with pytest.raises(RuleSetError):
        set_of(rule_of("a"), rule_of("b"), defeats=defeats)


@pytest.mark.parametrize("rules", [None, "links > 3", 3, ["links > 3"], [LinkLimit], [{}]])
def test_rules_are_rules(rules):
    with pytest.raises(RuleSetError):
        RuleSet(id="x", version="1", facts=Post, rules=rules)


@pytest.mark.parametrize("grants", [None, "region", [{}], 3, ["region"]])
def test_grants_are_grants(grants):
    with pytest.raises(RuleSetError):
        set_of(rule_of(), grants=grants)


@pytest.mark.parametrize(
    "declared", [None, dict, {"links": "int"}, 3, "Post", Post(text="", links=1), Author(age_days=1)]
)
def test_facts_are_a_facts_class_or_a_schema(declared):
    with pytest.raises(InputError):
        set_of(rule_of(), facts=declared)


def test_a_grant_is_for_a_fact_that_exists_once_and_outlives_the_date_of_effect():
    given_grants = [grant_of("nothing"), grant_of(), grant_of(), grant_of("region", expires_at=AT)]
    problems = refused(rule_of(), grants=given_grants, announced_at=AT, effective_at=AT)
    assert [problem.code for problem in problems] == ["duplicate_grant", "unknown_field", "expired_grant"]


def test_everything_that_is_wrong_is_said_at_once():
    problems = refused(
        rule_of("a", "linkz > 3 && textt == 'x'"),
        rule_of("a", "links"),
        rule_of("b", "account_id == 'mira' && nothing > 3", withhold=["nobody"]),
        type("Odd", (Plain,), {"reads": frozenset({"x", "region"})})(id="c"),
        id="",
        announced_at=AT,
        effective_at=AT - 1,
        grants=[grant_of("nobody")],
        defeats={"z": ["a"], "b": ["b"]},
    )
    assert sorted(codes(problems), key=str) == sorted(
        [
            (None, "id"), (None, "retroactive"), ("a", "duplicate_id"), ("a", "duplicate_id"), ("a", "unknown_field"),
            ("a", "unknown_field"), ("a", "type"), ("b", "unknown_field"), ("b", "unknown_field"),
            ("b", "exemption_list"),
            ("b", "no_grant"), ("c", "unknown_field"), ("c", "no_grant"), (None, "unknown_field"),
            (None, "unknown_rule"),
            (None, "cycle"),
        ],
        key=str,
    )  # fmt: skip


def test_a_host_measure_goes_through_rules_and_decisions():
    @attrs.frozen(kw_only=True)
    class Blur(Measure):
        name = "blur"
        kind = Kind.VISIBILITY
        level = 1
        strength: int = 2

    rules = set_of(rule_of(measures=[Blur(strength=3)]))
    decision = rules.decide(POST, at=AT)
    assert decision.to_dict()["measures"][0]["strength"] == 3
    assert rules.digest != set_of(rule_of(measures=[Blur()])).digest


@facts
class Guarded:
    text: str
    device: str = fact(role=Role.IDENTITY)


def test_a_fact_that_no_rule_reads_needs_no_grant():
    assert set_of(rule_of(when="text == 'x'"), facts=Guarded).reads == {"text"}
