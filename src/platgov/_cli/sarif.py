"""Findings in SARIF 2.1.0, which code hosts show beside the lines of a rule file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import attrs

import platgov
from platgov._canonical import dumps
from platgov._cli.report import RefusedError
from platgov.consistency import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov.consistency import Answer

__all__ = ["Result", "write"]

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MEANINGS: Final = {
    "refused": "The rule file cannot be read",
    "never_fires": "A rule applies to no event at all",
    "always_fires": "A rule applies to every event that has the facts it needs",
    "always_set_aside": "Wherever a rule applies, an exception sets it aside",
    "redundant_test": "A part of a condition makes no difference",
    "subsumed": "A rule adds nothing to another one",
    "duplicate": "Two rules apply to exactly the same events",
    "conflict": "Equally severe measures on other terms can follow together",
    "dead": "A rule never makes a difference among the others",
    "threshold_hole": "Two rules leave out one value between them",
    "unused_fact": "No rule reads a fact",
    "non_monotone": "A declared trend is broken",
    "needless_grant": "A granted fact never decides anything",
    "depends_on_identity": "Who somebody is decides what follows",
    "gap": "No measure follows where one must",
    "expired_grant": "A grant has ended",
    "newly_hit": "Events without a measure now have one",
    "newly_spared": "Events with a measure now have none",
    "harsher": "Measures become more severe",
    "milder": "Measures become less severe",
    "otherwise": "Measures have other terms, or outcomes open or settle",
}


@attrs.frozen(kw_only=True)
class Result:
    """One result, and where it stands.

    Attributes:
        kind: What kind of result it is.
        level: ``error``, ``warning`` or ``note``.
        text: What is said.
        path: The rule file.
        line: The line; None for the file as a whole.
        related: Further places, as (rule, line).
        properties: The result as plain values.
        name: What stays the same about it from run to run, wherever in the file it stands.
    """

    kind: str
    level: str
    text: str
    path: str
    line: int | None
    related: tuple[tuple[str, int], ...] = ()
    properties: dict[str, Any]
    name: str

    @classmethod
    def of(cls, answer: Answer, path: str, line: int | None, related: Iterable[tuple[str, int]] = ()) -> Result:
        """Write a finding."""
        return cls(
            kind=answer.kind,
            level=_LEVELS[answer.severity],
            text=str(answer),
            path=path,
            line=line,
            related=tuple(related),
            properties=answer.to_dict(),
            name=dumps([answer.kind, list(answer.rules), list(answer.facts), answer.says]).decode(),
        )

    def to_dict(self, kinds: list[str]) -> dict[str, Any]:
        """Write as SARIF has it."""
        about = self.properties.get("rules") or ()
        place: dict[str, Any] = {"physicalLocation": _physical(self.path, self.line)}
        if about:
            place["logicalLocations"] = [{"name": rule, "kind": "rule"} for rule in about]
        related = [
            {"id": number, "message": {"text": rule}, "physicalLocation": _physical(self.path, line)}
            for number, (rule, line) in enumerate(self.related, 1)
        ]
        return {
            "ruleId": self.kind,
            "ruleIndex": kinds.index(self.kind),
            "level": self.level,
            "message": {"text": self.text},
            "locations": [place],
            **({"relatedLocations": related} if related else {}),
            "partialFingerprints": {"platgov/v1": hashlib.sha256(self.name.encode()).hexdigest()},
            "properties": self.properties,
        }


def _physical(path: str, line: int | None) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(path)}, **({} if line is None else {"region": {"startLine": line}})}


def _uri(path: str) -> str:
    """Write a path as SARIF wants it: relative to the root of the code where it was given so."""
    given = Path(path)
    if given.is_absolute():
        return given.as_uri()
    return quote(given.as_posix().encode("utf-8", "surrogateescape"))


def write(path: str, results: Iterable[Result]) -> None:
    """Write a SARIF file, in place of one that is there.

    Raises:
        RefusedError: It cannot be written.
    """
    kept = list(results)
    kinds = sorted({result.kind for result in kept})
    driver = {
        "name": "platgov",
        "version": platgov.__version__,
        "rules": [{"id": kind, "shortDescription": {"text": _MEANINGS.get(kind, kind)}} for kind in kinds],
    }
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [result.to_dict(kinds) for result in kept],
            }
        ],
    }
    try:
        Path(path).write_bytes(dumps(log, subject="SARIF") + b"\n")
    except OSError as error:
        raise RefusedError(f"{path}: {error.strerror or error}") from None
