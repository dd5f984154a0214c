"""The public conformance suite of CEL: what is part of the language here means what CEL says."""

import datetime as dt
import json
import math
import pathlib
import re

import pytest

from platgov._conditions import tree
from platgov._conditions.instants import read_duration
from platgov.conditions import UNKNOWN, Condition, UInt, parse
from platgov.errors import ConditionError

SUITE = pathlib.Path(__file__).parents[2] / "shared" / "data" / "cel" / "cases.json"
EXCLUSIONS = json.loads((pathlib.Path(__file__).parent / "cel_exclusions.json").read_text("utf-8"))
FILES = json.loads(SUITE.read_text("utf-8")) if SUITE.exists() else {}
CASES = {}
for file, cases in FILES.items():
    for case in cases:
        name = f"{file}/{case['section']}/{case['name']}"
        CASES[name if name not in CASES else f"{name} again"] = case

pytestmark = pytest.mark.skipif(not CASES, reason="the CEL suite (shared/data/cel) is not beside this checkout")


# -- values of the suite -----------------------------------------------------------------------


def plain(value):
    """Give the Python value of a bound variable."""
    ((kind, body),) = value.items()
    match kind:
        case "int64":
            return int(body)
        case "uint64":
            return UInt(int(body))
        case "list":
            return [plain(item) for item in body]
        case "map":
            return {plain(key): plain(item) for key, item in body}
        case "timestamp":
            return dt.datetime.fromisoformat(body)
        case "duration":
            return dt.timedelta(microseconds=read_duration(body).ns // 1000)
        case "double":
            return float(body)
    return body


def same(answer, value):
    """Tell whether an answer is the expected value, type included."""
    ((kind, body),) = value.items()
    match kind:
        case "int64" | "uint64":
            return type(answer) is int and answer == int(body)
        case "double":
            return type(answer) is float and (answer == float(body) or (math.isnan(answer) and math.isnan(float(body))))
        case "bool":
            return answer is body
        case "string":
            return type(answer) is str and answer == body
        case "null":
            return answer is None
        case "list":
            return type(answer) is list and len(answer) == len(body) and all(map(same, answer, body))
        case "map":
            return (
                type(answer) is dict
                and len(answer) == len(body)
                and all(plain(key) in answer and same(answer[plain(key)], item) for key, item in body)
            )
        case "timestamp" | "duration":
            return answer == parse(f"{kind}({body!r})").evaluate({})
    return False


def holds(case):
    """Tell whether a case comes out as the suite wants; any refusal or UNKNOWN counts as its error."""
    facts = {name: plain(value) for name, value in case["bindings"].items()}
    try:
        answer = parse(case["expr"]).evaluate(facts)
    except ConditionError:
        return "error" in case
    return answer is UNKNOWN if "error" in case else answer is not UNKNOWN and same(answer, case["value"])


# -- what is left out --------------------------------------------------------------------------


def reason_by_construct(case, constructs):
    """Give the reason why a case is left out, by what its expression is made of; None if it is not."""
    for construct in constructs:
        if (
            ("expr" in construct and re.search(construct["expr"], case["expr"]))
            or (
                "value" in construct and construct["value"] in str([*case.get("value", ()), *case["bindings"].values()])
            )
            or (
                "binding" in construct
                and reads_facts(case)
                and re.search(construct["binding"], " ".join(case["bindings"]))
            )
            or ("mixed" in construct and compares_kinds(case["expr"]))
        ):
            return construct["reason"]
    return None


def compares_kinds(expr):
    """Tell whether an expression compares literals of different kinds, if only as elements of a list."""
    try:
        nodes = list(tree.walk(parse(expr).node))
    except ConditionError:
        return False
    kinds = {
        "number" if type(node.value) in (int, float, UInt) else type(node.value).__name__
        for node in nodes
        if isinstance(node, tree.Literal)
    }
    return len(kinds) > 1 and any(isinstance(node, tree.Binary) and node.op in ("==", "!=", "in") for node in nodes)


def reads_facts(case):
    """Tell whether a case depends on its bindings: a macro's variable may hide the one that is bound."""
    try:
        return bool(parse(case["expr"]).paths)
    except ConditionError:
        return True


def reason(name, case):
    return reason_by_construct(case, EXCLUSIONS["syntax"]) or EXCLUSIONS["cases"].get(name)


@pytest.mark.parametrize("name", CASES)
def test_a_case_holds_or_its_exclusion_is_explained(name):
    case = CASES[name]
    excluded = reason(name, case)
    if excluded is None:
        # A case that is new to the table may still be of a kind that is excluded for its meaning.
        assert holds(case) or reason_by_construct(case, EXCLUSIONS["meaning"]), f"{case['expr']} is not what CEL says"
    elif "error" not in case:  # an excluded construct always fails, so wanting an error proves nothing
        assert not holds(case), f"no longer left out: {excluded}; take it off the table"


def test_every_exclusion_by_name_is_a_case_of_the_suite_with_a_reason_of_another_meaning():
    meanings = {construct["reason"] for construct in EXCLUSIONS["meaning"]}
    assert set(EXCLUSIONS["cases"]) <= set(CASES)
    assert set(EXCLUSIONS["cases"].values()) <= meanings


def test_every_construct_that_is_excluded_occurs_in_the_suite_or_names_a_library():
    unused = [
        construct["reason"]
        for construct in EXCLUSIONS["syntax"]
        if not any(reason_by_construct(case, [construct]) for case in CASES.values())
    ]
    assert set(unused) <= {"optional values", "bindings, blocks and other macros of extension libraries"}


def test_most_of_the_core_suite_holds():
    core = {name: case for name, case in CASES.items() if not name.startswith(("string_ext/", "math_ext/", "macros2/"))}
    applicable = {name: case for name, case in core.items() if reason(name, case) is None}
    assert all(holds(case) for case in applicable.values())
    assert len(applicable) >= 0.7 * len(core)


@pytest.mark.parametrize("file", FILES)
def test_what_parses_reads_back_from_its_own_text_and_json(file):
    for case in FILES[file]:
        try:
            condition = parse(case["expr"])
        except ConditionError:
            continue
        assert parse(condition.text) == condition
        assert Condition.from_json(json.loads(json.dumps(condition.to_json()))) == condition
