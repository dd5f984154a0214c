"""The engine for small rule sets: one generated function, one ``if`` per rule.

Where every fact a rule reads is usable, its condition is ordinary Python logic. Where one is
not, two forms of it are tried: one that counts the tests of unusable facts as failed (then
the rule certainly holds) and one that counts them as passed (then it is at least possible).
Kleene's logic gives no other answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.atoms import Among, Atom, Given, Has, Number, Open, View, atom_of
from platgov._conditions.evaluate import compile_node, fact_paths, slots_of
from platgov._conditions.functions import fold, has_word
from platgov._conditions.keywords import Terms
from platgov._conditions.loading import Steps
from platgov._conditions.tree import Binary, Call, Literal, Logic, Node, Unary, children, path_of
from platgov._patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from platgov._conditions.atoms import Path
    from platgov._conditions.loading import Loading
    from platgov._facts.schema import Schema

__all__ = ["folded_views", "pattern_search", "plain_lines"]

_SURE, _MUST, _MAY = "sure", "must", "may"
_LOOPED: Final = 48
"""Terms up to which a loop over them is faster than looking for all at once."""

_SPELLED_OUT: Final = 6
"""Terms up to which a test of a text is written as a chain of ``in``."""


def plain_lines(
    nodes: Sequence[Node], schema: Schema, loading: Loading, *, fast: bool | None, instance: bool
) -> list[str]:
    """Write the body of the function; it returns the rules that hold and those that may hold."""
    writer = _Writer(schema, loading, fast=fast)
    writer.scope.update(has_word=has_word, any_of=_any_of)
    sure, careful = [], []
    writer.keep(nodes)
    for number, node in enumerate(nodes):
        # "May it hold?" comes first: for most rules the answer is no, and that is all.
        hedged = [
            f"if {writer.code(node, _MAY)}:",
            f" if {writer.code(node, _MUST)}: yes.append({number})",
            f" else: open.append({number})",
        ]
        careful += hedged
        sure += hedged if writer.has_open(node) else [f"if {writer.code(node, _SURE)}: yes.append({number})"]
    sure, careful = sure or ["pass"], careful or ["pass"]  # a set of no conditions is a set, too
    frame = [f"f = {loading.frame(writer.variables)}"] if writer.needs_frame else []
    return [
        *loading.lines(instance=instance, steps=writer.steps()),
        *frame,
        "yes = []",
        "open = []",
        "if not bad:",
        *(f" {line}" for line in sure),
        "else:",
        *(f" {line}" for line in careful),
        "return yes, open",
    ]


def folded_views(node: Node, schema: Schema) -> Iterator[View]:
    """Give the folded texts that the tests of a condition look into."""
    if (isinstance(node, Unary) and node.op == "!") or isinstance(node, Logic):
        for operand in children(node):
            yield from folded_views(operand, schema)
        return
    view = getattr(atom_of(node, schema)[0], "view", None)
    if view is not None and view.folded:
        yield view


def _any_of(text: str, terms: tuple[str, ...]) -> bool:
    for term in terms:  # noqa: SIM110 - a generator costs more than the search
        if term in text:
            return True
    return False


class _Writer:
    """Writes conditions as Python expressions over the loaded variables."""

    def __init__(self, schema: Schema, loading: Loading, *, fast: bool | None) -> None:
        self.schema, self.loading, self.fast = schema, loading, fast
        self.scope = loading.scope
        self.needs_frame, self.variables = False, 0
        self.known: dict[Any, str] = {}
        self.atoms: dict[int, tuple[Atom, bool]] = {}
        self.kept: set[Path] = set()

    def name(self, prefix: str, value: Any, key: Any) -> str:
        """Put a value into the scope once, and give its name there."""
        if key not in self.known:
            self.known[key] = f"{prefix}{len(self.known)}"
            self.scope[self.known[key]] = value
        return self.known[key]

    def atom(self, node: Node) -> tuple[Atom, bool]:
        if id(node) not in self.atoms:
            self.atoms[id(node)] = atom_of(node, self.schema)
        return self.atoms[id(node)]

    def leaves(self, node: Node) -> list[Node]:
        if isinstance(node, Unary) and node.op == "!":
            return self.leaves(node.operand)
        if isinstance(node, Logic):
            return [leaf for operand in node.operands for leaf in self.leaves(operand)]
        return [node]

    def keep(self, nodes: Sequence[Node]) -> None:
        """Note the facts of which it matters whether they are missing or unusable; others become None for both."""
        for leaf in (leaf for node in nodes for leaf in self.leaves(node)):
            atom, _ = self.atom(leaf)
            if isinstance(atom, Given) or self.total(atom) is None:
                self.kept.update(fact_paths(leaf))

    def steps(self) -> dict[Path | View, Steps]:
        """Give what to do with unusable facts and texts as they are loaded."""
        loading = self.loading
        found: dict[Path | View, Steps] = {}
        for path in loading.paths:
            if path not in self.kept:
                found[path] = Steps(lacking=(f"{loading.variable(path)} = None",))
        for view in loading.views:
            found[view] = Steps(lacking=(f"{loading.text(view)} = None",))
        return found

    def lacks(self, node: Node, view: View | None) -> str:
        """Write the question whether a test lacks a fact or a folded text."""
        questions = [] if view is None or not view.folded else [f"{self.loading.text(view)} is None"]
        for path in fact_paths(node):
            variable = self.loading.variable(path)
            questions.append(f"{variable} is None")
            if path in self.kept:
                questions.append(f"{variable} is UNKNOWN")
        return " or ".join(questions)

    def has_open(self, node: Node) -> bool:
        """Tell whether some test may stay undecided on usable facts."""
        return any(self.total(self.atom(leaf)[0]) is None for leaf in self.leaves(node))

    def code(self, node: Node, mode: str, *, negated: bool = False) -> str:
        if isinstance(node, Unary) and node.op == "!":
            return self.code(node.operand, mode, negated=not negated)
        if isinstance(node, Logic):
            word = " and " if (node.op == "&&") != negated else " or "
            operands = sorted(node.operands, key=self.cost)
            return "(" + word.join(self.code(operand, mode, negated=negated) for operand in operands) + ")"
        atom, flipped = self.atom(node)
        return self.literal(node, atom, mode, negated=negated != flipped)

    def cost(self, node: Node) -> int:
        if isinstance(node, Unary | Logic):
            return max(self.cost(leaf) for leaf in self.leaves(node))
        atom, _ = self.atom(node)
        if isinstance(atom, Open):
            return 3 if self.total(atom) is not None else 4
        return 2 if isinstance(atom, Has) else 1

    def literal(self, node: Node, atom: Atom, mode: str, *, negated: bool) -> str:
        code = self.total(atom)
        if code is None:
            call = f"{self.closure(node)}(f)"
            return f"{call} is {not negated}" if mode == _MUST else f"{call} is not {negated}"
        if negated:
            code = f"not {code}"
        if mode == _SURE or isinstance(atom, Given):
            return code
        lacks = self.lacks(node, getattr(atom, "view", None))
        if not lacks:  # a test of constants
            return code
        return f"(not ({lacks}) and {code})" if mode == _MUST else f"({lacks} or {code})"

    def closure(self, node: Node) -> str:
        function, variables = compile_node(node, slots_of(self.loading.paths))
        self.needs_frame, self.variables = True, max(self.variables, variables)
        return self.name("k", function, ("closure", node))

    # -- tests that always have an answer on usable facts --------------------------------------

    def total(self, atom: Atom) -> str | None:
        """Write a test as a Python expression; None if usable facts may leave it open."""
        match atom:
            case Number(path=path, op=op, constants=constants):
                right = repr(constants) if op == "in" else repr(constants[0])
                return f"({self.loading.variable(path)} {op} {right})"
            case Among(path=path, values=values):
                return self.among(self.loading.variable(path), values)
            case Given(path=path):
                return f"({self.loading.variable(path)} is not None)"
            case Has(view=view, terms=terms):
                return self.has(self.loading.text(view), terms)
            case Open(node=Call() as node, view=View() as view):
                return self.text_test(node, view, atom.terms)
            case Open(node=node):
                return self.sizes(node)

    def among(self, variable: str, values: frozenset[Any]) -> str:
        if values == {True}:
            return variable
        if values == {False}:
            return f"(not {variable})"
        return f"({variable} in {self.name('s', values, ('set', values))})"

    def has(self, text: str, terms: tuple[str, ...]) -> str:
        if len(terms) <= _SPELLED_OUT:
            return "(" + " or ".join(f"{self.name('w', term, ('term', term))} in {text}" for term in terms) + ")"
        if len(terms) <= _LOOPED:
            return f"any_of({text}, {self.name('w', terms, ('terms', terms))})"
        if ("hits", terms) not in self.known:
            hits = Terms(dict.fromkeys(terms, (0,)), accelerate=self.fast).hits
            return f"bool({self.name('h', hits, ('hits', terms))}({text}))"
        return f"bool({self.known['hits', terms]}({text}))"

    def text_test(self, node: Call, view: View, terms: tuple[str, ...]) -> str:
        text = self.loading.text(view)
        if node.function == "matches":
            search = pattern_search(node, view, fast=self.fast)
            return f"{self.name('r', search, ('pattern', node, view))}({text})"
        if node.function == "containsWord":
            words = (f"has_word({text}, {self.name('w', term, ('term', term))})" for term in terms)
            return "(" + " or ".join(words) + ")"
        method = "startswith" if node.function == "startsWith" else "endswith"
        return f"{text}.{method}({self.name('w', terms, ('terms', terms))})"

    def sizes(self, node: Node) -> str | None:
        """Write a comparison of plain numbers and of sizes."""
        if not isinstance(node, Binary) or node.op not in ("<", "<=", ">", ">=", "==", "!="):
            return None
        left, right = self.size_of(node.left), self.size_of(node.right)
        return None if left is None or right is None else f"({left} {node.op} {right})"

    def size_of(self, node: Node) -> str | None:
        if isinstance(node, Literal):
            return repr(node.value) if type(node.value) is int else None
        if isinstance(node, Call) and node.function == "size":
            argument = node.arguments[0] if node.target is None else node.target
            path = path_of(argument)
            field = None if path is None else self.schema.at(path)
            if path is None or field is None or field.type.kind not in ("text", "list"):
                return None
            return f"len({self.loading.variable(path)})"
        path = path_of(node)
        field = None if path is None else self.schema.at(path)
        whole = path is not None and field is not None and field.type.kind == "int"
        return self.loading.variable(path) if whole and path is not None else None


def pattern_search(node: Call, view: View, *, fast: bool | None) -> Callable[[str], bool]:
    """Give the search of a ``matches`` whose pattern is written out."""
    pattern = node.arguments[0]
    source = pattern.value if isinstance(pattern, Literal) else ""
    return compile_pattern(str(source), fold=fold if view.folded else None, fast=fast).search
