"""How the page of an audit looks: light and dark, narrow and wide, on paper."""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

STYLE: Final = """
:root { color-scheme: light dark; --page: #ffffff; --panel: #f4f6f8; --ink: #1b1f24; --muted: #57606a;
  --line: #d0d7de; --accent: #0b57d0; --alarm: #b3261e; --good: #1a6e34; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --panel: #1f2429; --ink: #e6e8ea; --muted: #a9b1ba; --line: #3a424a;
    --accent: #8ab4f8; --alarm: #ff8a80; --good: #7ee2a0; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem clamp(1rem, 4vw, 2.5rem) 4rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans",
  "Noto Sans CJK SC", sans-serif; }
h1 { font-size: clamp(1.4rem, 1.1rem + 1.6vw, 2rem); line-height: 1.2; margin: 1rem 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; }
p { margin: .5rem 0 1rem; max-width: 44rem; }
.lead, footer { color: var(--muted); }
a { color: var(--accent); text-underline-offset: .15em; }
a.n { color: inherit; text-decoration-line: underline; text-decoration-style: dotted;
  text-decoration-color: var(--muted); text-decoration-thickness: 1px; }
a.n:hover { color: var(--accent); text-decoration-style: solid; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: .5rem; }
.verdict { border: 1px solid var(--line); border-left: .4rem solid var(--muted); border-radius: .5rem;
  background: var(--panel); padding: .75rem 1rem; margin: 1.5rem 0; }
.verdict.found { border-left-color: var(--alarm); }
.verdict.clean { border-left-color: var(--good); }
.verdict .says { font-size: 1.2rem; font-weight: 650; margin: 0; }
.verdict.found .mark { color: var(--alarm); }
.verdict.clean .mark { color: var(--good); }
.verdict h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
.verdict ul { margin: 0; padding-left: 1.25rem; }
.verdict li { margin: .25rem 0; overflow-wrap: anywhere; }
.tiles { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0; padding: 0; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; color: var(--muted);
  line-height: 1.35; }
.tiles b { display: block; font-size: 1.5rem; color: var(--ink); font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
table { border-collapse: collapse; min-width: min(100%, 20rem); }
.caption { color: var(--muted); margin: 1rem 0 .25rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); }
thead th { font-weight: 650; border-bottom: 2px solid var(--line); white-space: nowrap; }
tbody th { font-weight: 400; }
td:not(.num), tbody th { max-width: 24rem; overflow-wrap: break-word; }
td.long { min-width: 13rem; }
figcaption { font-weight: 650; color: var(--ink); }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; }
svg.plot { width: 100%; height: auto; max-width: 45rem; font-family: inherit; }
svg.plot { stroke-linejoin: round; stroke-linecap: butt; }
svg.plot text { paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
svg.narrow { display: none; }
@media (max-width: 40rem) { svg.wide { display: none; } svg.narrow { display: block; max-width: 26rem; } }
pre { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; font-size: .85rem; line-height: 1.45; }
code { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
pre code { overflow-wrap: normal; }
article:target { outline: 3px solid var(--accent); outline-offset: .5rem; border-radius: .25rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); font-size: .9rem; }
@media print {
  :root { color-scheme: light; --page: #ffffff; --panel: #ffffff; --ink: #000000; --muted: #444444; --line: #bbbbbb;
    --accent: #0b57d0; --alarm: #b3261e; --good: #1a6e34; }
  .scroll, pre { overflow: visible; }
}
"""
