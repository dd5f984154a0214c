"""The plots of an audit: SVG that takes its colours from the page, and has the same bytes for the same numbers."""

from __future__ import annotations

import io
import math
import re
import warnings
from html import escape
from typing import TYPE_CHECKING, Any, Final

import attrs
import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from matplotlib.transforms import blended_transform_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Estimate", "Series", "estimates", "over_time"]

_WIDTHS: Final = (("wide", 720), ("narrow", 340))
"""Each plot is drawn for a wide page and for a narrow one: text must not shrink with the plot."""
_INK, _MUTED, _LINE, _ACCENT, _ALARM = "#0a0b0c", "#1a1b1c", "#2a2b2c", "#3a3b3c", "#4a4b4c"
_VARIABLES: Final = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _ALARM: "var(--alarm)",
}
"""Colours that stand for those of the page, light or dark."""
_SETTINGS: Final[Any] = {
    "svg.hashsalt": "platgov",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "text.color": _INK,
    "text.parse_math": False,  # a dollar sign in the name of a rule is a dollar sign
    "axes.labelcolor": _INK,
    "axes.edgecolor": _LINE,
    "axes.linewidth": 1,
    "axes.unicode_minus": False,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "grid.color": _LINE,
    "path.simplify": False,
}
_ROW: Final = 40
_SHARP: Final = re.compile(r"#[0-9a-f]{6}")


@attrs.frozen(kw_only=True)
class Estimate:
    """One row of a plot of estimates.

    Attributes:
        label: What it is of.
        value: The estimate; None for none.
        low: Lower end of its interval.
        high: Upper end.
        is_alarm: Whether it stands out.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    is_alarm: bool = False


@attrs.frozen(kw_only=True)
class Series:
    """One line of a plot over time: how many decisions so far, and the evidence then."""

    label: str
    points: tuple[tuple[int, float], ...]
    limit: float
    is_alarm: bool = False


def estimates(
    name: str,
    title: str,
    description: str,
    rows: Sequence[Estimate],
    *,
    axis: str,
    marks: Sequence[tuple[float, str]],
    bounds: tuple[float, float] | None = None,
) -> str:
    """Draw estimates with their intervals, one under the other.

    Args:
        name: Prefix of every id in the drawing.
        title: For who cannot see it.
        description: The same.
        rows: From top to bottom.
        axis: Label of the axis.
        marks: Lines across, each with what it means.
        bounds: Ends of the axis; None fits them to the intervals.
    """

    def draw(figure: Figure, width: int) -> None:
        axes = figure.add_axes(_inside(figure, left=16, right=16, bottom=46, top=26))
        low, high = bounds or _span(rows, [mark for mark, _ in marks])
        axes.set_xlim(low, high)
        axes.set_ylim(len(rows) - 0.35, -0.65)
        axes.set_yticks([])
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.grid(axis="x", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.set_xlabel(axis)
        axes.locator_params(axis="x", nbins=max(4, width // 90))
        for place, (mark, says) in enumerate(marks):
            axes.axvline(mark, color=_INK, linewidth=1.2, linestyle="-" if not place else (0, (4, 3)))
            side = "right" if mark > (low + high) / 2 else "left"
            axes.annotate(
                says,
                (mark, 1),
                xycoords=blended_transform_factory(axes.transData, axes.transAxes),
                xytext=(4 if side == "left" else -4, 5),
                textcoords="offset points",
                ha=side,
                color=_MUTED,
                fontsize=11,
            )
        for place, row in enumerate(rows):
            _row(axes, place, row, width)

    return _drawn(name, title, description, draw, lambda _: _ROW * len(rows) + 72)


def _row(axes: Any, place: int, row: Estimate, width: int) -> None:
    low, high = axes.get_xlim()
    colour = _ALARM if row.is_alarm else _ACCENT
    axes.annotate(
        _short(row.label, width // 8),
        (0, place),
        xycoords=blended_transform_factory(axes.transAxes, axes.transData),
        xytext=(0, 8),
        textcoords="offset points",
        va="bottom",
        color=_INK,
    )
    if row.value is None:
        axes.annotate("no estimate", (0, place), xycoords=("axes fraction", "data"), va="center", color=_MUTED)
        return
    ends = [low if row.low is None else row.low, high if row.high is None else row.high]
    axes.plot(ends, [place, place], color=colour, linewidth=2.5, solid_capstyle="round")
    # A shape as well as a colour says that it stands out.
    axes.plot([row.value], [place], color=colour, marker="D" if row.is_alarm else "o", markersize=8)


def over_time(name: str, title: str, description: str, series: Sequence[Series]) -> str:
    """Draw evidence over the number of decisions, on a logarithmic axis, with the limit that is an alarm."""
    longest = max(len(one.label) for one in series)

    def columns(width: int) -> int:
        return max(1, (width - 80) // (60 + 8 * longest))

    def below(width: int) -> int:
        """Give the height of the legend, under the plot, where it covers nothing."""
        return 22 * -(-len(series) // columns(width)) if len(series) > 1 else 0

    def draw(figure: Figure, width: int) -> None:
        axes = figure.add_axes(_inside(figure, left=64, right=16, bottom=46 + below(width), top=30))
        axes.set_yscale("log")
        axes.spines[["right", "top"]].set_visible(False)
        axes.grid(axis="y", linewidth=0.7)
        axes.set_axisbelow(True)
        styles: list[Any] = ["-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))]
        values = [value for one in series for _, value in one.points] + [one.limit for one in series] + [1.0]
        least, most = max(1e-12, min(values)), max(values)
        axes.set_ylim(10.0 ** math.floor(math.log10(least) - 0.1), 10.0 ** math.ceil(math.log10(most) + 0.3))
        for limit in sorted({one.limit for one in series}):
            axes.axhline(limit, color=_INK, linewidth=1.2, linestyle=(0, (4, 3)))
            axes.annotate(
                f"limit {limit:,.0f}",
                (0, limit),
                xycoords=("axes fraction", "data"),
                xytext=(4, 4),
                textcoords="offset points",
                color=_MUTED,
                fontsize=11,
            )
        for place, one in enumerate(series):
            xs, ys = [0, *(x for x, _ in one.points)], [1.0, *(max(1e-12, y) for _, y in one.points)]
            colour = _ALARM if one.is_alarm else _ACCENT
            axes.plot(xs, ys, color=colour, linewidth=2, linestyle=styles[place % len(styles)], label=one.label)
            axes.plot(xs[-1:], ys[-1:], color=colour, marker="D" if one.is_alarm else "o", markersize=7)
        axes.set_xlabel("decisions so far")
        axes.annotate(
            "evidence (times the stake)",
            (0, 1),
            xycoords="axes fraction",
            xytext=(-60, 12),
            textcoords="offset points",
            color=_INK,
        )
        axes.locator_params(axis="x", nbins=max(4, width // 90))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        if len(series) > 1:
            axes.legend(
                frameon=False,
                loc="upper left",
                borderaxespad=0,
                bbox_to_anchor=(0, -50 / axes.bbox.height * figure.dpi / 72),
                ncols=columns(width),
                fontsize=11,
                labelcolor=_INK,
            )

    return _drawn(name, title, description, draw, lambda width: 316 + below(width))


def _span(rows: Sequence[Estimate], marks: Sequence[float]) -> tuple[float, float]:
    values = [value for row in rows for value in (row.value, row.low, row.high) if value is not None] + list(marks)
    low, high = min(values), max(values)
    rim = 0.06 * (high - low) or 0.01
    return low - rim, high + rim


def _inside(figure: Figure, *, left: int, right: int, bottom: int, top: int) -> tuple[float, float, float, float]:
    width, height = figure.get_size_inches() * 72
    return left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height


def _short(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1] + "\u2026"


# -- to SVG ------------------------------------------------------------------------------------


def _drawn(
    name: str, title: str, description: str, draw: Callable[[Figure, int], None], height: Callable[[int], int]
) -> str:
    parts = []
    for form, width in _WIDTHS:
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # letters that the font lacks are drawn by the browser all the same
            mpl.rcdefaults()  # not what the host has set for its own plots
            mpl.rcParams.update(_SETTINGS)
            figure = Figure(figsize=(width / 72, height(width) / 72), facecolor="none")
            FigureCanvasSVG(figure)
            draw(figure, width)
            for axes in figure.axes:
                axes.patch.set_visible(False)
            figure.patch.set_visible(False)
            stream = io.StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(stream, format="svg", metadata=nothing)
        parts.append(_page_svg(stream.getvalue(), f"{name}-{form}", form, title, description))
    return "\n".join(parts)


def _page_svg(svg: str, name: str, form: str, title: str, description: str) -> str:
    """Make a drawing fit for the page: ids of its own, no style for the whole page, colours of the page."""
    body = svg[svg.index("<svg") : svg.rindex("</svg>")]
    head, _, body = body.partition(">")
    found = re.search(r'viewBox="([^"]*)"', head)
    box = "" if found is None else found[1]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"font-family: [^;\"]*(; )?", "", body)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'href="#', f'href="#{name}-', body).replace("url(#", f"url(#{name}-")
    body = _SHARP.sub(lambda colour: _VARIABLES.get(colour[0], colour[0]), body)
    body = re.sub(r"\n\s*", "\n", body)
    labels = f'<title id="{name}-title">{escape(title)}</title>\n<desc id="{name}-desc">{escape(description)}</desc>'
    attributes = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    return f'<svg class="plot {form}" viewBox="{box}" {attributes}>\n{labels}{body}</svg>'
