"""Reads the text of a condition: recursive descent over CEL's grammar.

From loosest to tightest: ``?:``, ``||``, ``&&``, comparisons and ``in``, ``+ -``, ``* / %``,
``! -``, then field access, calls and indexing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._conditions.lexer import END, RESERVED, Token, refuse, tokens
from platgov._conditions.tree import (
    MACROS,
    Binary,
    Call,
    Choice,
    Each,
    Index,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
    Unary,
    check_depth,
    combine,
    negative,
)
from platgov._conditions.values import INT_MAX, NULL
from platgov._limits import DEFAULT, Limits
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parse_text"]

_COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">", "in")


def parse_text(text: str, limits: Limits = DEFAULT) -> Node:
    """Read a condition.

    Args:
        text: CEL text; ``//`` starts a comment.
        limits: ``file_bytes`` bounds the text, ``nesting`` the brackets inside each other.

    Raises:
        ConditionError: The text is no condition; gives the offset and what was expected.
    """
    if type(text) is not str:
        raise ConditionError("condition", (Problem(f"expected text, got {type(text).__name__}", code="type"),))
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise refuse(text, "a lone surrogate is no Unicode character", error.start) from None
    if size > limits.file_bytes:
        problem = Problem(f"{size} bytes; a condition has at most {limits.file_bytes}", code="too_long")
        raise ConditionError("condition", (problem,))
    parser = _Parser(text, list(tokens(text)), limits.nesting)
    node = parser.choice()
    parser.expect(END, "the end, or an operator")
    return check_depth(node)


class _Parser:
    """One pass over the tokens; ``here`` is the next one to read."""

    def __init__(self, text: str, stream: list[Token], nesting: int) -> None:
        self.text, self.stream, self.nesting = text, stream, nesting
        self.place = self.depth = 0

    @property
    def here(self) -> Token:
        return self.stream[self.place]

    def step(self) -> Token:
        token = self.here
        self.place += 1
        return token

    def taken(self, *symbols: str) -> Token | None:
        token = self.here
        if token.kind in symbols or (token.kind == "word" and token.value == "in" and "in" in symbols):
            return self.step()
        return None

    def expect(self, symbol: str, wanted: str | None = None) -> Token:
        token = self.taken(symbol)
        if token is None:
            found = "the end" if self.here.kind == END else repr(self.here.value)
            raise refuse(self.text, f"expected {wanted or repr(symbol)}, found {found}", self.here.at)
        return token

    def nested(self, read: Callable[[], Node], opening: Token) -> Node:
        """Read something inside brackets; too many inside each other are refused, not recursed into."""
        self.depth += 1
        if self.depth > self.nesting:
            raise refuse(self.text, f"more than {self.nesting} levels inside each other", opening.at, code="depth")
        node = read()
        self.depth -= 1
        return node

    # -- operators, loosest first --------------------------------------------------------------

    def choice(self) -> Node:
        condition = self.either()
        mark = self.taken("?")
        if mark is None:
            return condition
        then = self.either()
        self.expect(":")
        otherwise = self.nested(self.choice, mark)
        return Choice(condition, then, otherwise, at=mark.at)

    def either(self) -> Node:
        return self.chain(self.both, "||")

    def both(self) -> Node:
        return self.chain(self.relation, "&&")

    def chain(self, read: Callable[[], Node], op: str) -> Node:
        operands, first = [read()], None
        while token := self.taken(op):
            first = first or token
            operands.append(read())
        return operands[0] if first is None else combine(op, *operands, at=first.at)

    def relation(self) -> Node:
        return self.left_to_right(self.addition, _COMPARISONS)

    def addition(self) -> Node:
        return self.left_to_right(self.multiplication, ("+", "-"))

    def multiplication(self) -> Node:
        return self.left_to_right(self.unary, ("*", "/", "%"))

    def left_to_right(self, read: Callable[[], Node], symbols: tuple[str, ...]) -> Node:
        node = read()
        while token := self.taken(*symbols):
            node = Binary(token.value, node, read(), at=token.at)
        return node

    def unary(self) -> Node:
        signs = []
        while token := self.taken("!", "-"):
            signs.append(token)
        if len(signs) > self.nesting:
            raise refuse(self.text, f"more than {self.nesting} signs in a row", signs[0].at, code="depth")
        node = self.number_after_minus() if signs and signs[-1].kind == "-" else self.member()
        for sign in reversed(signs):
            node = Unary("!", node, at=sign.at) if sign.kind == "!" else negative(node, at=sign.at)
        return node

    def number_after_minus(self) -> Node:
        """Let -9223372036854775808 through, whose digits alone are too large."""
        token = self.here
        if token.kind == "literal" and type(token.value) is int and token.value == INT_MAX + 1:
            self.step()
            return Literal(token.value, at=token.at)
        return self.member()

    # -- operands ------------------------------------------------------------------------------

    def member(self) -> Node:
        node = self.primary()
        while token := self.taken(".", "["):
            if token.kind == "[":
                index = self.nested(self.choice, token)
                self.expect("]")
                node = Index(node, index, at=token.at)
                continue
            name = self.field()
            opening = self.taken("(")
            if opening is None:
                node = Select(node, name.value, at=name.at)
            elif name.value in MACROS or name.value == "existsOne":
                node = self.macro(name, node, opening)
            else:
                node = Call(name.value, node, self.arguments(opening), at=name.at)
        return node

    def field(self) -> Token:
        if self.here.kind not in ("word", "quoted word"):
            raise refuse(self.text, "expected the name of a field or method after '.'", self.here.at)
        return self.step()

    def primary(self) -> Node:
        token = self.step()
        if token.kind == "literal":
            if type(token.value) is int and token.value > INT_MAX:
                raise refuse(self.text, f"{token.value} is too large; the largest is {INT_MAX}", token.at)
            return Literal(token.value, at=token.at)
        if token.kind == "word":
            return self.word(token)
        if token.kind == "(":
            node = self.nested(self.choice, token)
            self.expect(")")
            return node
        if token.kind == "[":
            return ListOf(self.until("]", token), at=token.at)
        if token.kind == "{":
            return self.map_of(token)
        self.place -= 1
        found = "the end" if token.kind == END else repr(token.value)
        raise refuse(self.text, f"expected a value, found {found}", token.at)

    def word(self, token: Token) -> Node:
        name = token.value
        if name == "null":
            return Literal(NULL, at=token.at)
        if name in RESERVED or name == "in":
            raise refuse(self.text, f"{name!r} is reserved and cannot name a fact", token.at)
        opening = self.taken("(")
        if opening is None:
            if self.here.kind == "{":
                raise refuse(self.text, "messages are not part of the language", self.here.at, code="unsupported")
            return Name(name, at=token.at)
        arguments = self.arguments(opening)
        if name == "dyn" and len(arguments) == 1:
            return arguments[0]  # every value is dynamic here
        return Call(name, None, arguments, at=token.at)

    def arguments(self, opening: Token) -> tuple[Node, ...]:
        if self.taken(")"):
            return ()
        items = [self.nested(self.choice, opening)]
        while self.taken(","):
            items.append(self.nested(self.choice, opening))
        self.expect(")", "',' or ')'")
        return tuple(items)

    def until(self, closing: str, opening: Token) -> tuple[Node, ...]:
        """Read a list written out; one comma may stand before the closing bracket."""
        items: list[Node] = []
        while not self.taken(closing):
            items.append(self.nested(self.choice, opening))
            if not self.taken(","):
                self.expect(closing, f"',' or {closing!r}")
                break
        return tuple(items)

    def map_of(self, opening: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        while not self.taken("}"):
            key = self.nested(self.choice, opening)
            self.expect(":")
            entries.append((key, self.nested(self.choice, opening)))
            if not self.taken(","):
                self.expect("}", "',' or '}'")
                break
        return MapOf(tuple(entries), at=opening.at)

    def macro(self, name: Token, over: Node, opening: Token) -> Node:
        arguments = self.arguments(opening)
        macro = "exists_one" if name.value == "existsOne" else name.value
        if len(arguments) != 2 and not (macro == "map" and len(arguments) == 3):
            raise refuse(self.text, f"{name.value}() takes a variable and a test: {name.value}(x, x > 0)", name.at)
        variable, *inner = arguments
        if not isinstance(variable, Name):
            raise refuse(self.text, f"the first argument of {name.value}() is the name of a variable", name.at)
        return Each(macro, over, variable.name, inner[-1], inner[0] if len(inner) == 2 else None, at=name.at)
