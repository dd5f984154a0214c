"""The parts of the page of an audit: texts from elsewhere made safe, numbers with their query, tables, sections."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from platgov.messages import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["SHOWS", "figure", "linked", "section", "slug", "table", "text"]

SHOWS: Final = "what it shows"
_LONG: Final = ("what", "rules", "outcomes", SHOWS)


def text(value: object) -> str:
    """Write text from elsewhere: it can neither become markup nor reorder the line."""
    return escape(clean(str(value)))


def linked(value: str, query: str) -> str:
    """Write a number with a link to its query."""
    # The keyboard gets to the query by the link of the table; a stop at every number would be a burden.
    return f'<a class="n" tabindex="-1" href="#q-{slug(query)}">{text(value)}</a>'


def slug(name: str) -> str:
    """Write a name of ours as an id."""
    return "".join(char if char.isalnum() and char.isascii() else "-" for char in name)


def table(caption: str, query: str, header: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """Write a table; all columns but the first ones, and what they show, are numbers and link to the query."""
    words = [place < texts or name == SHOWS for place, name in enumerate(header)]
    forms = [
        "num" if not is_text else "long" if name in _LONG else "" for name, is_text in zip(header, words, strict=True)
    ]
    head = "".join(
        f'<th scope="col"{"" if is_text else " class=num"}>{name}</th>'
        for name, is_text in zip(header, words, strict=True)
    )
    body = []
    for row in rows:
        first, *others = (
            text(cell) if is_text else linked(cell, query) for cell, is_text in zip(row, words, strict=True)
        )
        cells = [
            f"<td{'' if not form else f' class={form}'}>{cell}</td>"
            for cell, form in zip(others, forms[1:], strict=True)
        ]
        body.append(f'<tr><th scope="row">{first}</th>{"".join(cells)}</tr>')
    name = f"t-{slug(caption)}"
    return (
        f'<p class="caption"><span id="{name}">{text(caption)}</span> (<a href="#q-{slug(query)}">query</a>)</p>'
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{name}"><table aria-labelledby="{name}">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def figure(svg: str, caption: str = "") -> str:
    """Write a plot, with a caption where there are several."""
    said = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    return f"<figure>{said}{svg}</figure>"


def section(name: str, title: str, says: str, *parts: str) -> str:
    """Write a section with a heading and what it is about."""
    inside = "\n".join(part for part in parts if part)
    head = f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{title}</h2>'
    return f"{head}<p>{says}</p>\n{inside}</section>"
