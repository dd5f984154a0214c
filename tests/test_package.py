"""The package as a whole: what it imports, in which order, and what its code never does."""

import ast
import pathlib
import pickle
import subprocess
import sys

import pytest

from platgov import errors

SOURCE = pathlib.Path(__file__).parents[1] / "src" / "platgov"
FILES = sorted(SOURCE.rglob("*.py"))

# Each module imports only from rows above its own, or from its own parts.
FLOORS = [
    {"errors", "_limits"},
    {"_canonical", "_time"},
    {"_checks", "codec", "_codec"},
    {"verdict", "measures", "names", "_names", "_patterns", "messages", "_messages"},
    {"stores", "_stores", "schedules", "_schedules", "facts", "_facts", "conditions", "_conditions"},
    # The four core modules and the ledger never import each other.
    {"rules", "_rules", "accounts", "_accounts", "blacklist", "_blacklist", "minors", "_minors", "ledger", "_ledger"},
    {"enforcement", "_enforcement", "consistency", "_consistency"},
    {"frames", "_frames", "_report"},
    {"testing", "_testing"},
    {"cli", "_cli"},
    {"__main__"},
]
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names}


def top(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "platgov":
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("platgov."))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_imports_only_from_floors_below_it(path):
    own = top(path)
    if own == "__init__":
        pytest.skip("the package itself imports nothing")
    for name in imported(ast.parse(path.read_text())):
        if name == "__version__":
            continue
        below = FLOOR_OF[name] < FLOOR_OF[own]
        assert below or (FLOOR_OF[name] == FLOOR_OF[own] and _same_room(name, own)), name


def _same_room(one, other):
    # A face and its parts share a room; so do facts and conditions, each of which reads the other's values.
    return one.strip("_") == other.strip("_") or {one.strip("_"), other.strip("_")} <= {"facts", "conditions"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_core_has_no_hidden_inputs_and_no_swallowed_errors(path):
    if top(path) in ("cli", "_cli", "__main__"):
        pytest.skip("the command line may read the clock and write to the terminal")
    if top(path) in ("testing", "_testing"):
        pytest.skip("the testing kit takes hold of clock, chance and environment, to find rules that look at them")
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, ast.Assert), f"line {node.lineno}: assert vanishes under -O"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: bare except"
        if isinstance(node, ast.Attribute):
            name = f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else node.attr
            assert name not in {"datetime.now", "dt.now", "time.time", "os.environ", "pendulum.now", "date.today"}, name
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & {"random", "pickle", "socket", "secrets"}, names
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "eval", "input", "breakpoint"}, f"line {node.lineno}"


def test_importing_the_package_loads_no_dependency():
    names = ("attrs", "attr", "cattrs", "pendulum", "typing", "hypothesis")
    code = f"import sys, platgov; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_deciding_needs_neither_the_codec_nor_pendulum_at_import():
    code = "import sys, platgov.conditions; print([m for m in ('cattrs','pendulum') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_one_root_and_pickles(kind):
    assert issubclass(kind, errors.PlatgovError)
    if issubclass(kind, errors.InputError):
        error = kind("Post", (errors.Problem("is 7; give text", "$.text", "type", 3, 2, "r1"),))
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.problems, str(again)) == (kind, error.problems, str(error))
        assert str(error) == "Post: line 2, rule 'r1', $.text, character 4: is 7; give text"
        assert isinstance(error, ValueError)


def test_every_error_of_several_problems_lists_them_all():
    error = errors.InputError("Post", (errors.Problem("one"), errors.Problem("two")))
    assert str(error) == "Post: 2 problems\n  $: one\n  $: two"


def test_public_names_are_exported_and_exist():
    for path in SOURCE.glob("*.py"):
        if path.name.startswith("__"):
            continue
        module = __import__(f"platgov.{path.stem}", fromlist=["*"])
        assert all(hasattr(module, name) for name in module.__all__), path
