"""The pytest plugin: a seed for every run, told and replayable, and fixtures for the kit."""

from __future__ import annotations

import functools
import secrets
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    group = parser.getgroup("platgov", "platform-governance rules")
    group.addoption(
        "--platgov-seed", type=int, default=None, help="seed of what is sampled; fresh for each run by default"
    )
    group.addoption("--platgov-samples", type=int, default=None, help="events to try for each rule set or function")
    group.addoption("--platgov-budget", type=int, default=None, help="steps for each proof")
    group.addoption(
        "--platgov-write-golden",
        action="store_true",
        default=False,
        help="write golden tables instead of comparing them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of this run; workers of a distributed run get that of their master."""
    seed = config.getoption("--platgov-seed")
    if seed is None:
        seed = getattr(config, "workerinput", {}).get("platgov_seed")
    config.stash[_SEED] = secrets.randbits(32) if seed is None else seed
    config.addinivalue_line("markers", "platgov(**options): arguments for every call of the `consistent` fixture")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the seed to a worker of pytest-xdist."""
    node.workerinput["platgov_seed"] = node.config.stash[_SEED]


def pytest_report_header(config: pytest.Config) -> str:
    """Tell the seed."""
    return f"platgov: --platgov-seed={config.stash[_SEED]}"


def pytest_collection_finish(session: pytest.Session) -> None:  # noqa: ARG001 - pytest's own names
    """Make ``from_type`` know the values of the modules that the tests have imported."""
    if "hypothesis" in sys.modules:
        from platgov._testing.registration import register  # noqa: PLC0415 - only where it is in use

        register()


@pytest.fixture
def platgov_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run."""
    return request.config.stash[_SEED]


def _options(request: pytest.FixtureRequest, names: tuple[str, ...]) -> dict[str, Any]:
    options: dict[str, Any] = {"seed": request.config.stash[_SEED]}
    for name in names:
        given = request.config.getoption(f"--platgov-{name}")
        if given is not None:
            options[name] = given
    for marker in reversed(list(request.node.iter_markers("platgov"))):
        options.update(marker.kwargs)
    return options


@pytest.fixture
def consistent(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`assert_consistent` with the seed, samples and budget of this run."""
    from platgov.testing import assert_consistent  # noqa: PLC0415 - only where it is in use

    return functools.partial(assert_consistent, **_options(request, ("samples", "budget")))


@pytest.fixture
def checked_rules(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`check_rules` with the seed and samples of this run."""
    from platgov.testing import check_rules  # noqa: PLC0415

    options = _options(request, ("samples",))
    options.pop("budget", None)
    return functools.partial(check_rules, **options)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compare a rule set with its golden table, or write the table with ``--platgov-write-golden``."""
    from platgov._testing.golden import check  # noqa: PLC0415

    write = request.config.getoption("--platgov-write-golden")

    def compare(rule_set: Any, path: str | Path) -> None:
        check(rule_set, path, write=write)

    return compare
