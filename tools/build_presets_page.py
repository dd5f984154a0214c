"""Write docs/reference/presets.md from the preset files of src/platgov/_minors/preset_data.

Usage: python tools/build_presets_page.py

A test fails while the page says something else than the files.
"""

import json
import pathlib

from platgov._minors import presets

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "reference" / "presets.md"

HEAD = """% Written by tools/build_presets_page.py; edit the preset files instead.

# Presets

What laws, guidelines and platforms say about minors, as data that `presets.load` makes a policy of.
This is not legal advice: whoever runs a platform checks what binds it.

A fact is enabled if it was read in a source and is in force.
One that is from memory, litigated, proposed or ambiguous ships disabled.
`presets.load(id, responsible="…")` enables it on the word of whoever is named.
What was replaced stays, for replay: `presets.load(id, as_of=date)` gives the regime of that day.
On the command line, `platgov presets` lists them and `platgov presets PRESET` shows one with its sources.
Ages are from the first, to below the second; money is in minor units (fen; yen).
"""


def link(source):
    address, _, more = source.partition(" ")
    return f"<{address}>{' ' + more if more else ''}"


def row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def says(fact):
    parts = [
        f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fact.plain.items() if value is not None
    ]
    ours = f" (ours: {', '.join(fact.assumed)})" if fact.assumed else ""
    return f"`{fact.part}` `{'; '.join(parts)}`{ours}"


def dates(starts, ends):
    return f"{starts or 'not settled'} to {ends}" if ends else f"from {starts or 'a date not settled'}"


def section(preset):
    lines = [f"## {preset.id}", "", f"{preset.title}.", f"{preset.jurisdiction}, {preset.kind}, {preset.status}."]
    lines += [preset.note] if preset.note else []
    lines += [f"Also: {', '.join(f'{field} is {value}' for field, value in preset.frame)}."] if preset.frame else []
    lines += ["", row(["fact", "ages", "says", "holds", "may be loosened by", "enabled"]), row(["---"] * 6)]
    for fact in preset.facts:
        enabled = f"no: {fact.disabled}" if fact.disabled else "yes"
        roles = ", ".join(fact.loosenable_by) or "nobody"
        lines.append(
            row([fact.id, " to ".join(map(str, fact.ages)), says(fact), dates(fact.starts, fact.ends), roles, enabled])
        )
    return "\n".join([*lines, "", "Sources:", "", *(f"- {link(source)}" for source in preset.sources), ""])


def page():
    table = [row(["preset", "where", "kind", "status", "holds", "enabled", "disabled"]), row(["---"] * 7)]
    for line in presets.rows():
        holds = dates(line["from"], line["until"])
        cells = (f"[{line['id']}](#{line['id']})", line["jurisdiction"], line["kind"], line["status"], holds)
        table.append(row([*cells, line["enabled"], line["disabled"]]))
    sections = [section(presets.read(name)) for name in presets.list_ids()]
    return "\n".join([HEAD, *table, "", *sections])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
