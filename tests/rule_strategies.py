"""Random measures, rules and rule sets, and what to hold their decisions against."""

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from platgov import measures
from platgov.conditions import UNKNOWN
from platgov.facts import Role, Schema, fact, facts, observe
from platgov.measures import Authority, Kind, Measure, Procedure
from platgov.rules import ConditionRule, Finding, Rule, RuleSet
from strategies import World


def examples(count):
    """Scale the number of examples with the profile: `soak` runs twenty times as many."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=count * settings.default.max_examples // 100, suppress_health_check=quiet)


AT = 1_770_000_000
DAY = 86_400


# -- measures ----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Blur(Measure):
    """A host's own measure, with a field of which the library knows nothing."""

    name = "blur"
    kind = Kind.VISIBILITY
    level = 1
    strength: int = 1


@attrs.frozen(kw_only=True)
class Interstitial(Measure):
    """Another of the same kind and level: a tie with `Blur` and `LimitVisibility`."""

    name = "interstitial"
    kind = Kind.VISIBILITY
    level = 1


class Mute(measures.SuspendFeature):
    """An undecorated subclass."""

    name = "mute"
    level = 2


OWN = (Blur, Interstitial, Mute)

procedures = st.builds(
    Procedure, notice=st.booleans(), right_of_reply=st.booleans(), appeal_days=st.sampled_from((0, 14, 183))
)
lengths = st.sampled_from((
    {}, {"days": 1}, {"hours": 24}, {"days": 3}, {"days": 1, "hours": 48}, {"hours": 36}, {"days": 10**6}, {"hours": 1},
))  # fmt: skip


@st.composite
def some_measures(draw, kinds=(*measures.SHIPPED, *OWN)):
    """Give one measure of few values, so that ties are common."""
    cls = draw(st.sampled_from(kinds))
    given = dict(draw(lengths)) if cls.has_length else {}
    if draw(st.booleans()):
        given["authority"] = draw(st.sampled_from(Authority))
    if draw(st.booleans()):
        given["procedure"] = draw(procedures)
    names = {field.name for field in attrs.fields(cls)}
    if "label" in names:
        given["label"] = draw(st.sampled_from(("spam", "asks for likes")))
    if "feature" in names:
        given["feature"] = draw(st.sampled_from(("post", "mentions")))
    if "strength" in names:
        given["strength"] = draw(st.integers(1, 3))
    return cls(**given)


def measure_lists(most=4, kinds=(*measures.SHIPPED, *OWN)):
    return st.lists(some_measures(kinds), max_size=most)


# -- one small world that everybody understands ------------------------------------------------


@facts
class Author:
    age_days: int = fact(ge=0)
    name: str | None = fact(role=Role.IDENTITY)


@facts
class Post:
    text: str
    links: int = fact(ge=0, trend="aggravating")
    words: int | None = fact(ge=0)
    surface: str | None = fact(role=Role.CONTEXT)
    score: float | None = fact(role=Role.OPAQUE, source="spam-model@7")
    tags: tuple[str, ...] | None
    author: Author | None
    account_id: str | None = fact(role=Role.IDENTITY)
    region: str | None = fact(role=Role.PROTECTED)


def rule_of(rule_id="spam.links", when="links > 3", **given):
    return ConditionRule(id=rule_id, when=when, **given)


def set_of(*rules, facts=Post, **given):
    return RuleSet(**{"id": "community", "version": "2026.1", "facts": facts, "rules": rules, **given})


POST = {"text": "buy now", "links": 5, "words": 2, "tags": ["ad"], "author": {"age_days": 3, "name": "Mira"}}


@attrs.frozen(kw_only=True)
class LinkLimit(Rule[Post]):
    """A host rule, written as the documentation shows it."""

    kind = "link_limit"
    reads = frozenset({"links"})
    limit: int = 3

    def match(self, post):
        return Finding(evidence=(f"{post.links} links",)) if post.links > self.limit else None


# -- random rule sets --------------------------------------------------------------------------


def _floats_have_one_spelling():
    rules = set_of(rule_of(when="score / 2 > 1.0"))
    one, other = (rules.decide({"score": score}, at=AT) for score in (3, 3.0))
    large = rules.decide({"score": 1e19}, at=AT)
    return one.to_bytes() == other.to_bytes() and rules.decide(large.facts, at=AT).to_bytes() == large.to_bytes()


FLOATS = _floats_have_one_spelling()
"""Whether random worlds have facts of type float; `test_determinism` says what is expected of them."""


def _has_floats(kind):
    inner = (kind.item,) if kind.item is not None else tuple(field.type for field in kind.fields)
    return kind.kind == "float" or any(map(_has_floats, inner))


def world_of(rng):
    world = World(rng)
    while not FLOATS and _has_floats(world.schema.type):
        world = World(rng)
    return world


@st.composite
def worlds(draw):
    """Give a world of random facts, and the source that its rules and events are drawn from."""
    rng = draw(st.randoms(use_true_random=False))
    return world_of(rng), rng


@attrs.frozen(kw_only=True)
class Echo(Rule):
    """A host rule that holds where a fact is given at all, and tells its value."""

    kind = "echo"
    name: str

    @property
    def reads(self):
        return frozenset({self.name})

    def match(self, event):
        value = event
        for step in self.name.split("."):
            value = getattr(value, step)
        return None if value is None else Finding(evidence=(self.name,))


def some_rules(draw, world, rng, most=8, hosts=True):
    rules = [
        ConditionRule(id=f"r{number}", when=condition, measures=draw(measure_lists(2)))
        for number, condition in enumerate(world.conditions(rng, most))
    ]
    if hosts and rng.random() < 0.4:
        path = rng.choice(world.schema.fields)
        inner = path.type.fields
        name = f"{path.name}.{rng.choice(inner).name}" if inner and rng.random() < 0.7 else path.name
        rules.append(Echo(id="echo", name=name, measures=draw(measure_lists(2))))
    return rules


def some_defeats(rng, ids):
    """Give exceptions without circles: a rule sets aside only rules that come after it."""
    edges = {}
    for place, rule_id in enumerate(ids[:-1]):
        if rng.random() < 0.35:
            edges[rule_id] = rng.sample(ids[place + 1 :], rng.randint(1, min(2, len(ids) - place - 1)))
    return edges


@st.composite
def rule_sets(draw, most=8, hosts=True, defeats=True):
    """Give a random rule set, its world, and the source to draw events from."""
    world, rng = draw(worlds())
    rules = some_rules(draw, world, rng, most, hosts)
    ids = [rule.id for rule in rules]
    edges = some_defeats(rng, ids) if defeats and rng.random() < 0.6 else {}
    return RuleSet(id="random", version="1", facts=world.cls, rules=rules, defeats=edges), world, rng


def short(event):
    return {name: value if len(repr(value)) < 300 else f"{repr(value)[:40]}..." for name, value in event.items()}


# -- the same, worked out another way ----------------------------------------------------------


def answers(rule_set, event):
    """Give what each condition says of an event, one by one: True, False or UNKNOWN."""
    return {rule.id: rule.when.evaluate(event, rule_set.schema) for rule in rule_set.rules if hasattr(rule, "when")}


def settled(answers_of, defeats):
    """Apply exceptions in Kleene's logic: a rule stands if it applies and no exception does."""
    by_rule = {}
    for exception, others in defeats:
        for other in others:
            by_rule.setdefault(other, []).append(exception)
    known = {}

    def stands(rule_id):
        if rule_id not in known:
            over = [stands(other) for other in by_rule.get(rule_id, ())]
            own = answers_of[rule_id]
            if own is False or True in over:
                known[rule_id] = False
            else:
                known[rule_id] = UNKNOWN if own is not True or UNKNOWN in over else True
        return known[rule_id]

    return {rule_id: stands(rule_id) for rule_id in answers_of}


def without_time(decision):
    return {key: value for key, value in decision.to_dict().items() if key != "at"}


def unusable(schema, event):
    """Tell whether an event has facts that cannot be used (rather than being absent)."""
    return any(state.code not in ("absent", "null") for state in observe(schema, event).states.values())


def schema_of(**fields):
    return Schema.from_dict(fields)
