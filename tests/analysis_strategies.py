"""Random rule sets as plain specifications, and the same questions put to a solver.

A specification is a tuple, so that it can be written as CEL for the library and, on a way of its
own that shares no code with it, as formulas for z3. There every fact has a state (absent,
unusable, given) beside its value, and a condition two formulas: where it is true, and where it
is false.
"""

import random

from platgov.facts import Schema
from platgov.measures import LimitVisibility, Warn
from platgov.rules import ConditionRule, Grant, RuleSet

MOST = 1_000
CONSTANTS = (1, 2, 3, 5, 10, 30, 60, 100, 365)
TERMS = ("buy", "buy now", "now", "http", "://")
WHOLE = ("buy now", "hello", "")
GRANT = Grant(fact="vip", reason="partners are checked by hand", approved_by="council", expires_at=2_000_000_000)
SEVERITIES = (1, 2, 3, 4, 5)


class World:
    """Names of facts: few, so that rules meet often, or as many as a platform has."""

    def __init__(self, ints, floats, bools, enums, texts, tags):  # noqa: PLR0917 - one number for each kind of fact
        self.ints, self.floats, self.bools, self.texts, self.tags = (
            tuple(f"{kind}{n}" for n in range(count))
            for kind, count in (("i", ints), ("f", floats), ("b", bools), ("t", texts), ("tag", tags))
        )
        self.enums = {f"e{n}": tuple("abcdefghijkl"[:count]) for n, count in enumerate(enums)}
        self.schema = Schema.from_dict(
            {name: {"type": "int", "ge": 0, "le": MOST} for name in self.ints}
            | {name: {"type": "float"} for name in self.floats}
            | {name: {"type": "bool"} for name in self.bools}
            | {name: {"type": "enum", "values": list(values)} for name, values in self.enums.items()}
            | {name: {"type": "text"} for name in self.texts}
            | {"tags": {"type": "list", "items": "text"}, "vip": {"type": "bool", "role": "identity"}}
        )


SMALL = World(6, 2, 4, (4, 3), 1, 6)
LARGE = World(14, 2, 8, (4, 6, 8, 10, 12), 4, 20)


# -- specifications ----------------------------------------------------------------------------


def test_of(rng, *, world=SMALL, texts=True, wide=False):
    """Give one random test."""
    kind = rng.choices(
        ("int", "float", "bool", "enum", "tag", "text", "has", "null", "wide"),
        (40, 8, 12, 14, 10, 10 if texts else 0, 3, 2, 8 if wide else 0),
    )[0]
    match kind:
        case "int":
            return (
                "cmp",
                rng.choice(world.ints),
                rng.choice(("<", "<=", ">", ">=", "==", "!=")),
                rng.choice(CONSTANTS),
            )
        case "float":
            constant = rng.choice((0.5, 0.25, 3.0, -1.5))
            return ("cmp", rng.choice(world.floats), rng.choice(("<", "<=", ">", ">=", "==")), constant)
        case "bool":
            return ("bool", rng.choice(world.bools))
        case "enum":
            name = rng.choice([*world.enums])
            values = world.enums[name]
            return ("in", name, tuple(sorted(rng.sample(values, rng.randint(1, len(values) - 1)))))
        case "tag":
            return ("tag", rng.choice(world.tags))
        case "text":
            name = rng.choice(world.texts)
            how = rng.choice(("contains", "startsWith", "endsWith", "contains", "==", "size"))
            if how == "size":
                return ("size", name, rng.choice((">", "<=")), rng.choice((3, 8)))
            return ("text", name, how, rng.choice(WHOLE if how == "==" else TERMS))
        case "has":
            return ("has", rng.choice((*world.ints, *world.bools, *world.texts, "tags")))
        case "null":
            return ("null", rng.choice((*world.ints, *world.bools, *world.texts, "tags")))
    return ("sum", *rng.sample(world.ints, 2), rng.choice((">", "<", "==")), rng.choice((3, 30, 90)))


def spec_of(rng, size, **about):
    """Give a random tree of so many tests."""
    if size == 1:
        test = test_of(rng, **about)
        return ("not", test) if rng.random() < 0.25 else test
    if size == 3 and rng.random() < 0.15:
        return ("if", *(spec_of(rng, 1, **about) for _ in range(3)))
    left = rng.randint(1, size - 1)
    parts = (spec_of(rng, left, **about), spec_of(rng, size - left, **about))
    return ("and" if rng.random() < 0.6 else "or", *parts)


def narrow_spec(rng, *, world=SMALL, **about):
    """Give a tree as rules mostly are: a scope, a topic, some limits, a few alternatives."""
    name = rng.choice([*world.enums])
    parts = [("in", name, (rng.choice(world.enums[name]),)), ("tag", rng.choice(world.tags))]
    for _ in range(rng.randint(1, 3)):
        parts.append(("cmp", rng.choice(world.ints), rng.choice((">=", ">", "<")), rng.choice(CONSTANTS)))
    if rng.random() < 0.6:
        parts.append(("or", *(test_of(rng, world=world, **about) for _ in range(rng.randint(2, 4)))))
    if rng.random() < 0.4:
        parts.append(("not", test_of(rng, world=world, **about)))
    return ("and", *parts)


def text_of(spec):
    """Write a specification as CEL."""
    match spec:
        case ("and" | "or" as op, *parts):
            return f"({(' && ' if op == 'and' else ' || ').join(map(text_of, parts))})"
        case ("not", part):
            return f"!({text_of(part)})"
        case ("if", *parts):
            return "({} ? {} : {})".format(*map(text_of, parts))
        case ("cmp", name, op, constant):
            return f"{name} {op} {constant}"
        case ("bool", name):
            return name
        case ("in", name, values):
            return f"{name} in [{', '.join(map(repr, values))}]"
        case ("tag", tag):
            return f"'{tag}' in tags"
        case ("text", name, "==", term):
            return f"{name} == '{term}'"
        case ("text", name, how, term):
            return f"{name}.{how}('{term}')"
        case ("size", name, op, constant):
            return f"size({name}) {op} {constant}"
        case ("has", name):
            return f"has({name})"
        case ("null", name):
            return f"{name} == null"
        case ("sum", one, other, op, constant):
            return f"{one} + {other} {op} {constant}"
    raise ValueError(spec)


def rule_of(number, spec, severity, place="visibility"):
    measure = LimitVisibility(days=severity) if place == "visibility" else Warn()
    return ConditionRule(id=f"r{number:03}", when=text_of(spec), measures=[measure])


def set_of(rules, defeats=None, version="1", world=SMALL):
    """Build a rule set of (specification, severity) or (specification, severity, place)."""
    made = [rule_of(number, *rule) for number, rule in enumerate(rules)]
    edges = {f"r{one:03}": [f"r{other:03}" for other in others] for one, others in (defeats or {}).items()}
    return RuleSet(id="random", version=version, facts=world.schema, rules=made, defeats=edges, grants=[GRANT])


def random_rules(rng, count, *, most=5, **about):
    rules = []
    for _ in range(count):
        spec = spec_of(rng, rng.randint(1, most), **about) if rng.random() < 0.7 else narrow_spec(rng, **about)
        rules.append((spec, rng.choice(SEVERITIES), "notice" if rng.random() < 0.15 else "visibility"))
    return rules


def random_defeats(rng, count):
    edges = {}
    for number in range(count - 1):
        if rng.random() < 0.2:
            edges[number] = [rng.randrange(number + 1, count)]
    return edges


def sources(seed):
    return random.Random(seed)


# -- for the solver ----------------------------------------------------------------------------


class Solver:
    """The facts and the meaning of specifications as formulas of z3; ``tag`` names one event."""

    def __init__(self, tag="", world=SMALL):
        import z3

        self.world, self.z3, self.state, self.value = world, z3, {}, {}
        self.background = []
        makers = dict.fromkeys(world.ints, z3.Int) | dict.fromkeys(world.floats, z3.Real)
        makers |= dict.fromkeys((*world.bools, "vip"), z3.Bool) | dict.fromkeys(world.enums, z3.Int)
        makers |= dict.fromkeys(world.texts, z3.String) | {"tags": z3.Bool}
        for name, make in makers.items():
            self.state[name] = z3.Int(f"{name}.state{tag}")  # 0 absent, 1 unusable, 2 given
            self.value[name] = make(f"{name}{tag}")
            self.background.append(z3.And(self.state[name] >= 0, self.state[name] <= 2))
        for name in world.ints:
            self.background += [self.value[name] >= 0, self.value[name] <= MOST]
        for name, values in world.enums.items():
            self.background += [self.value[name] >= 0, self.value[name] < len(values)]
        self.tags = {tag_: z3.Bool(f"{tag_}{tag}") for tag_ in world.tags}
        # value["tags"]: whether one element of the list is of no use

    def both(self, spec):
        """Give where a specification is true and where it is false."""
        z3 = self.z3
        match spec:
            case ("and", *parts):
                rails = [self.both(part) for part in parts]
                return z3.And([true for true, _ in rails]), z3.Or([false for _, false in rails])
            case ("or", *parts):
                rails = [self.both(part) for part in parts]
                return z3.Or([true for true, _ in rails]), z3.And([false for _, false in rails])
            case ("not", part):
                true, false = self.both(part)
                return false, true
            case ("if", test, then, other):
                (yes, no), one, two = map(self.both, (test, then, other))
                return tuple(z3.Or(z3.And(yes, a), z3.And(no, b)) for a, b in zip(one, two, strict=True))
            case ("has", name):
                return self.state[name] != 0, self.state[name] == 0
            case ("null", name):
                return self.state[name] == 0, self.state[name] != 0
            case ("tag", tag):
                here, given = self.tags[tag], self.state["tags"] == 2
                return z3.And(given, here), z3.And(given, z3.Not(here), z3.Not(self.value["tags"]))
            case ("sum", one, other, op, constant):
                given = z3.And(self.state[one] == 2, self.state[other] == 2)
                test = self.compared(self.value[one] + self.value[other], op, constant)
                return z3.And(given, test), z3.And(given, z3.Not(test))
        name = spec[1]
        given, test = self.state[name] == 2, self.test(spec)
        return z3.And(given, test), z3.And(given, z3.Not(test))

    def test(self, spec):
        z3 = self.z3
        match spec:
            case ("cmp", name, op, constant):
                return self.compared(self.value[name], op, constant)
            case ("bool", name):
                return self.value[name]
            case ("in", name, values):
                return z3.Or([self.value[name] == self.world.enums[name].index(value) for value in values])
            case ("text", name, "==", term):
                return self.value[name] == z3.StringVal(term)
            case ("text", name, "contains", term):
                return z3.Contains(self.value[name], z3.StringVal(term))
            case ("text", name, "startsWith", term):
                return z3.PrefixOf(z3.StringVal(term), self.value[name])
            case ("text", name, "endsWith", term):
                return z3.SuffixOf(z3.StringVal(term), self.value[name])
            case ("size", name, op, constant):
                return self.compared(z3.Length(self.value[name]), op, constant)
        raise ValueError(spec)

    def compared(self, value, op, constant):
        constant = self.z3.RealVal(str(constant)) if isinstance(constant, float) else constant
        return {
            "<": value < constant, "<=": value <= constant, ">": value > constant, ">=": value >= constant,
            "==": value == constant, "!=": value != constant,
        }[op]  # fmt: skip

    def standing(self, rules, defeats=None):
        """Give where each rule applies and where it fails, after exceptions."""
        z3, own = self.z3, [self.both(rule[0]) for rule in rules]
        over = {}
        for one, others in (defeats or {}).items():
            for other in others:
                over.setdefault(other, []).append(one)
        known = {}

        def stands(number):
            if number not in known:
                above = [stands(other) for other in over.get(number, ())]
                true, false = own[number]
                known[number] = (
                    z3.And([true, *(no for _, no in above)]),
                    z3.Or([false, *(yes for yes, _ in above)]),
                )
            return known[number]

        return [stands(number) for number in range(len(rules))]

    def levels(self, rules, standing, without=None):
        """Give per place how severe it is in any case, and how severe it could be: 0 for nothing."""
        z3, found = self.z3, []
        for place in ("visibility", "notice"):
            certain = possible = z3.IntVal(0)
            for number, (rule, (true, false)) in enumerate(zip(rules, standing, strict=True)):
                touched = rule[2] if len(rule) > 2 else "visibility"
                if number == without or touched != place:
                    continue
                severity = rule[1] if place == "visibility" else 1
                certain = z3.If(z3.And(true, certain < severity), severity, certain)
                possible = z3.If(z3.And(z3.Not(false), possible < severity), severity, possible)
            found.append((certain, possible))
        return found

    def solve(self, *formulas, timeout=5_000):
        """Tell whether formulas can hold together; None if the solver does not know."""
        solver = self.z3.Solver()
        solver.set("timeout", timeout)
        solver.add(*self.background, *formulas)
        answer = solver.check()
        return True if answer == self.z3.sat else False if answer == self.z3.unsat else None


def differ(solver, one, other):
    """Say that two lists of levels differ in measures or outcome."""
    z3 = solver.z3
    opened = [z3.Or([certain != possible for certain, possible in levels]) for levels in (one, other)]
    measures = [a[0] != b[0] for a, b in zip(one, other, strict=True)]
    return z3.Or([*measures, opened[0] != opened[1]])


def settled(solver, levels):
    return solver.z3.And([certain == possible for certain, possible in levels])
