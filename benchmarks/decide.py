"""How many events a second does `platgov decide` take, beside reading and writing them alone?

    python benchmarks/decide.py --lines 1000000

The events are the example's comments (the labelled ones where they are present), made
distinct by a number. Baseline: the same lines read with the standard library's JSON reader
and written back with its writer. Both run in child processes; CPU time is theirs.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "comments"
REAL = ROOT.parent / "shared" / "data" / "youtube-spam" / "comments.jsonl"
sys.path.insert(0, str(EXAMPLE))

from adapter import facts_of  # noqa: E402

BASELINE = """
import json, sys
with open(sys.argv[1], encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as target:
    for line in source:
        target.write(json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) + "\\n")
"""


def events(path: pathlib.Path, lines: int) -> None:
    source = REAL if REAL.exists() else EXAMPLE / "sample.jsonl"
    facts = [facts_of(json.loads(line)) for line in source.read_text(encoding="utf-8").splitlines()]
    with path.open("w", encoding="utf-8") as target:
        for number in range(lines):
            event = {**facts[number % len(facts)], "id": number}
            if isinstance(event.get("text"), str):
                event["text"] += f" {number}"
            target.write(json.dumps(event, ensure_ascii=False) + "\n")


def cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "events.jsonl"), pathlib.Path(folder, "out.jsonl")
        events(source, lines)
        size = source.stat().st_size
        alone = cpu_seconds([sys.executable, "-c", BASELINE, str(source), str(target)])
        decide = [
            sys.executable,
            "-m",
            "platgov",
            "decide",
            str(EXAMPLE / "rules.toml"),
            str(source),
            "-o",
            str(target),
        ]
        bare = cpu_seconds([*decide, "--no-reasons"])
        full = cpu_seconds(decide)
        written = sum(1 for _ in target.open("rb"))
        if written != lines:
            raise SystemExit(f"{written} lines out of {lines} were written")
    print(f"{lines:,} events, {size / 1e6:,.0f} MB, rules of examples/comments; CPU time")
    for name, seconds in (("read and write alone", alone), ("decide, no reasons", bare), ("decide", full)):
        print(f"  {name:22} {lines / seconds:>10,.0f} events/s  {seconds / alone:6.1f}x")


if __name__ == "__main__":
    main()
