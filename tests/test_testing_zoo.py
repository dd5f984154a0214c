"""The zoo: each unfair function is caught by the name of what is wrong with it, and each fair one passes."""

import pytest

from platgov.testing import PROPERTIES, ConsistencyError, check_rules
from zoo.enclosure import Post
from zoo.fair import FAIR
from zoo.unfair import ZOO

ELSEWHERE = ("hash_order", "process")
SAMPLES = 80


def caught(unfair, *, processes=False):
    with pytest.raises(ConsistencyError) as error:
        check_rules(unfair, facts=Post, samples=SAMPLES, seed=7, processes=processes)
    return error.value


@pytest.mark.parametrize("unfair", ZOO, ids=lambda unfair: unfair.__name__)
def test_every_animal_of_the_zoo_is_caught_by_its_name(unfair):
    name = ZOO[unfair]
    report = caught(unfair, processes=name in ELSEWHERE).report
    assert report.broken == {name}
    (found,) = report.counterexamples
    assert found.sides
    assert found.repair == PROPERTIES[name].repair
    assert "seed=7" in found.replay


@pytest.mark.parametrize("name", sorted(FAIR))
def test_fair_rules_pass(name):
    report = check_rules(FAIR[name], facts=Post, samples=SAMPLES, seed=7, processes=name == "a_method")
    assert report.broken == report.unknown == report.proved == frozenset()
    assert {"chance", "clock", "environment", "identity", "error_as_no_match"} <= report.sampled


def test_the_same_seed_tries_the_same_cases():
    assert str(caught(next(iter(ZOO)))) == str(caught(next(iter(ZOO))))
