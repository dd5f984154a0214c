"""The commands about rules alone: check them, and compare two editions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import dumps
from platgov._cli import sarif
from platgov._cli.given import instant_of, told
from platgov._cli.report import RefusedError
from platgov._cli.rule_files import Places, RuleFile
from platgov.consistency import Status, analyse, diff
from platgov.errors import InputError
from platgov.messages import clean

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from platgov.consistency import Answer, Diff, Report
    from platgov.rules import RuleSet

__all__ = ["COMMANDS"]

OK, BAD, DIFFER, OPEN = 0, 1, 4, 5
_PARTS: Final = ("newly_hit", "newly_spared", "harsher", "milder", "otherwise", "unknown")


def _guarded(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Turn what a command says no to into a line on standard error, and exit code 1."""

    def guarded(arguments: argparse.Namespace) -> int:
        try:
            return command(arguments)
        except RefusedError as refusal:
            sys.stderr.write(f"{refusal}\n")
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            return 130
        return BAD

    return guarded


def _print(text: str) -> None:
    # What stands in a rule file must not be able to move the cursor.
    sys.stdout.write("\n".join(map(clean, text.split("\n"))) + "\n")


def _print_json(value: Any) -> None:
    sys.stdout.buffer.write(dumps(value) + b"\n")


# -- check -------------------------------------------------------------------------------------


@_guarded
def check(arguments: argparse.Namespace) -> int:
    """Check rule files: whether they can be read, and what in them is surely or probably not meant."""
    at = instant_of(arguments.at, "--at")
    code, written, results = OK, [], []
    for path in arguments.rules:
        file = RuleFile.read(path)
        if file.rule_set is None:
            code = BAD
            results += _refused(file)
            written.append({"file": path, "problems": file.told()})
            if not arguments.json:
                file.tell()
            continue
        report = None if arguments.no_analysis else _analysed(file, arguments, at)
        places = Places(file)
        if report is not None and _fails(report, arguments.fail_on):
            code = BAD
        if arguments.json:
            written.append({"file": path, "digest": file.rule_set.digest, **_found(report, places)})
        else:
            _tell(file, file.rule_set, report, places)
        if report is not None:
            results += [_result(answer, file, places) for answer in report.findings]
    if arguments.json:
        _print_json({"files": written})
    if arguments.sarif is not None:
        sarif.write(arguments.sarif, results)
    return code


def _analysed(file: RuleFile, arguments: argparse.Namespace, at: int) -> Report:
    try:
        return analyse(file.rule_set, arguments.budget, must_cover=arguments.must_cover, at=at)  # type: ignore[arg-type]
    except InputError as error:
        raise RefusedError(f"{file.path}: --must-cover: {told(error)}") from None


def _fails(report: Report, asked: list[str]) -> bool:
    severities = {"error", *asked}
    return any(answer.severity.value in severities for answer in report.findings) or (
        "unknown" in severities and bool(report.unknown)
    )


def _tell(file: RuleFile, rule_set: RuleSet, report: Report | None, places: Places) -> None:
    errors = 0 if report is None else len(report.errors)
    verdict = "ok" if not errors else f"{errors} error{'s' * (errors != 1)}"
    facts = len(rule_set.schema.fields)
    _print(f"{file.path}: {verdict}, {len(rule_set.rules)} rules over {facts} facts, {rule_set.digest}")
    for answer in () if report is None else report.findings:
        line = places.of(answer.kind, answer.rules, answer.facts)
        _print(f"{file.path}{'' if line is None else f':{line}'}: {answer}")


def _found(report: Report | None, places: Places) -> dict[str, Any]:
    if report is None:
        return {}
    rows = [{**one.to_dict(), "line": places.of(one.kind, one.rules, one.facts)} for one in report.findings]
    return {"findings": rows}


def _refused(file: RuleFile) -> list[sarif.Result]:
    return [
        sarif.Result(
            kind="refused",
            level="error",
            text=problem["message"],
            path=file.path,
            line=problem["line"],
            properties={**problem, "rules": [problem["rule"]] if problem["rule"] else []},
            name=f"refused {problem['path']} {problem['code']} {problem['message']}",
        )
        for problem in file.told()
    ]


def _result(answer: Answer, file: RuleFile, places: Places) -> sarif.Result:
    others = [(rule, line) for rule in answer.rules[1:] if (line := places.rule(rule)) is not None]
    return sarif.Result.of(answer, file.path, places.of(answer.kind, answer.rules, answer.facts), others)


# -- diff --------------------------------------------------------------------------------------


@_guarded
def compare(arguments: argparse.Namespace) -> int:
    """Compare two editions by what they decide."""
    files = [RuleFile.read(path) for path in (arguments.old, arguments.new)]
    if any(file.rule_set is None for file in files):
        for file in files:
            if file.rule_set is None:
                file.tell()
        return BAD
    old, new = files
    found = diff(old.rule_set, new.rule_set, arguments.budget)  # type: ignore[arg-type]
    places = {file.path: Places(file) for file in files}
    where = [(part, answer, _where(answer, new, old, places)) for part, answer in _changes(found)]
    if arguments.json:
        rows = {part: [] for part in _PARTS}  # type: dict[str, list[Any]]
        for part, answer, (path, line) in where:
            rows[part].append({**answer.to_dict(), "file": path, "line": line})
        _print_json({**found.to_dict(), **rows, "old_file": old.path, "new_file": new.path})
    else:
        _tell_changes(found, where, old, new)
    if arguments.sarif is not None:
        sarif.write(arguments.sarif, [sarif.Result.of(answer, *place) for _, answer, place in where])
    return {Status.PROVED: OK, Status.REFUTED: DIFFER, Status.UNKNOWN: OPEN}[found.same]


def _changes(found: Diff) -> Iterator[tuple[str, Answer]]:
    for part in _PARTS:
        for answer in getattr(found, part):
            yield part, answer


def _where(answer: Answer, new: RuleFile, old: RuleFile, places: dict[str, Places]) -> tuple[str, int | None]:
    """Give where a change stands: at its rule in the new edition, or in the old one if it is gone."""
    for file in (new, old):
        line = places[file.path].of(answer.kind, answer.rules, answer.facts)
        if line is not None:
            return file.path, line
    return new.path, None


def _tell_changes(
    found: Diff, where: list[tuple[str, Answer, tuple[str, int | None]]], old: RuleFile, new: RuleFile
) -> None:
    says = {
        Status.PROVED: "both decide every event alike",
        Status.REFUTED: "they differ",
        Status.UNKNOWN: "no difference was found, and not every one is excluded",
    }[found.same]
    _print(f"{old.path} -> {new.path}: {says}")
    names = {found.old: old.path, found.new: new.path}
    for part in _PARTS:
        rows = [(answer, place) for name, answer, place in where if name == part]
        if rows:
            _print(f"\n{part.replace('_', ' ')}:")
        for answer, (path, line) in rows:
            place = path if line is None else f"{path}:{line}"
            _print(f"{place}: {', '.join(answer.rules)} ({answer.kind}, {answer.status.value}): {answer.says}")
            for event in dict.fromkeys(example.record for example in answer.examples):
                _print(f"  for example {event}")
                for example in answer.examples:
                    if example.record == event:
                        follows = ", ".join(example.measures) or "no measure"
                        _print(f"    {names.get(example.policy, example.policy)} gives {follows} ({example.outcome})")


COMMANDS: Final[dict[str, Callable[[Any], int]]] = {"check": check, "diff": compare}
