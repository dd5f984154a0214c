"""Rule files as the commands read them: rules or problems, and the lines on which things stand."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from platgov._limits import DEFAULT
from platgov._rules.files import _Lines, loads
from platgov.errors import InputError

if TYPE_CHECKING:
    from platgov._rules.ruleset import RuleSet
    from platgov.errors import Problem

__all__ = ["Places", "RuleFile"]


@attrs.frozen(kw_only=True)
class RuleFile:
    """A rule file, read or refused.

    Attributes:
        path: As it was given.
        rule_set: The rules; None if the file was refused.
        problems: Why it was refused.
        unopened: Why it could not even be read; empty if it could.
        text: What stands in it; empty if it was refused.
    """

    path: str
    rule_set: RuleSet | None = None
    problems: tuple[Problem, ...] = ()
    unopened: str = ""
    text: str = attrs.field(default="", repr=False)

    @classmethod
    def read(cls, path: str) -> RuleFile:
        """Read a rule file; what is wrong with it is kept, not raised."""
        try:
            with Path(path).open("rb") as file:
                data = file.read(DEFAULT.file_bytes + 1)  # not by the size it claims: a pipe claims none
            return cls(path=path, rule_set=loads(data, name=Path(path).name), text=data.decode())
        except InputError as error:
            return cls(path=path, problems=error.problems)
        except OSError as error:
            return cls(path=path, unopened=error.strerror or str(error))

    def tell(self) -> None:
        """Say why it was refused: every problem as ``file:line: ...``."""
        if self.unopened:
            sys.stderr.write(f"{self.path}: {self.unopened}\n")
            return
        for problem in self.problems:
            line = f":{problem.line}" if problem.line is not None else ""
            sys.stdout.write(f"{self.path}{line}: {problem._replace(line=None)}\n")
        count = len(self.problems)
        sys.stderr.write(f"{self.path}: {count} problem{'s' * (count != 1)}\n")

    def told(self) -> list[dict[str, Any]]:
        """Give why it was refused as plain values."""
        if self.unopened:
            return [{"message": self.unopened, "path": "$", "code": "unopened", "line": None, "rule": None}]
        return [
            {"message": one.message, "path": one.path, "code": one.code, "line": one.line, "rule": one.rule}
            for one in self.problems
        ]


class Places:
    """The lines of a rule file on which its rules, facts and grants stand."""

    def __init__(self, file: RuleFile) -> None:
        self._lines = _Lines(file.text)
        data = tomllib.loads(file.text)
        self._rules = {str(body.get("id")): place for place, body in enumerate(data.get("rules", ()))}
        self._grants = {str(body.get("fact")): place for place, body in enumerate(data.get("grants", ()))}

    def rule(self, rule_id: str) -> int | None:
        """Give the line on which a rule begins; None if the file has none of that id."""
        place = self._rules.get(rule_id)
        return None if place is None else self._lines.table("rules", place)

    def fact(self, name: str) -> int | None:
        """Give the line that declares a fact."""
        return self._lines.fact(name)

    def of(self, kind: str, rules: tuple[str, ...], facts: tuple[str, ...]) -> int | None:
        """Give the line that a finding is about: of a grant, else of its first rule, else of its first fact."""
        if kind.endswith("_grant") and facts and facts[0] in self._grants:
            return self._lines.table("grants", self._grants[facts[0]])
        return self.rule(rules[0]) if rules else self.fact(facts[0]) if facts else None
