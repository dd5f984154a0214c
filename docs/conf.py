"""How the documentation is built: ``make docs``. It needs no network."""

from __future__ import annotations

import importlib
import pathlib
import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.ext.napoleon.docstring import GoogleDocstring

import platgov

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "platgov"
author = "the platgov contributors"
project_copyright = author
release = version = platgov.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
nitpicky = True
default_role = "py:obj"  # `Decision` in a docstring is a link to it

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"platgov {release}"
html_copy_source = False
html_show_sphinx = False

# What other projects document; there are no links to them, because the build is offline.
nitpick_ignore_regex = [
    (r"py:.*", r"(abc|attrs|attr|cattrs|collections|concurrent|contextlib|datetime|dt|enum|fractions)\..*"),
    (r"py:.*", r"(hypothesis|os|pathlib|pendulum|re|typing)\..*"),
    (r"py:.*", r"_?(Any|Callable|ClassVar|Enum|Generic|Iterable|Iterator|Literal|Mapping|NamedTuple|Path|Protocol)"),
    (r"py:.*", r"_?(Sequence|TypeVar|ABC|Attribute|AbstractContextManager)"),
    # Type variables, and types that hosts are given but do not make: the pages describe their fields.
    (r"py:.*", r"(platgov\.[\w.]+\.)?T"),
    (
        r"py:.*",
        r"(platgov\._.*\.)?(Limits|Change|Proof|Explainer|Fold|Progress|Row|Identity|SQLiteSession|Recovery|Flow|Table)",
    ),
    (r"py:.*", r"(platgov\._minors\.\w+\.)?(Basis|Counter|CounterKey|Limit|Span|View|_Rules|_Ruled)"),
    (r"py:.*", r"(platgov\._names\.outline\.)?Outline|st\..*|random\..*|pytest\..*"),
    (r"py:.*", r"platgov\._conditions\.tree\..*"),
]

# Napoleon reads "What was done: the text" at the start of an attribute's docstring as a type and a text.
GoogleDocstring._parse_attribute_docstring = GoogleDocstring._consume_to_end  # type: ignore[method-assign]  # noqa: SLF001

PUBLIC = (
    "accounts", "blacklist", "cli", "codec", "conditions", "consistency", "enforcement", "errors", "facts", "frames",
    "ledger", "measures", "messages", "minors", "names", "rules", "schedules", "stores", "testing", "verdict",
)  # fmt: skip
HOMES = {
    name: f"platgov.{module}.{name}"
    for module in PUBLIC
    for name in importlib.import_module(f"platgov.{module}").__all__
}


def resolve(app: Sphinx, _: BuildEnvironment, node: Any, content: Any) -> Any:
    """Link a short name, or one from a private module, to where it is documented.

    Docstrings write `RuleSet.load`, annotations are ``platgov._rules.ruleset.RuleSet``. A name in
    single backquotes that is no public object is a field or argument: it stays plain text.
    """
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    if target.startswith("platgov._"):
        content = nodes.literal("", target.rpartition(".")[2], classes=["xref", "py"])
    first, _, rest = re.sub(r"^platgov\.(\w+\.)+", "", target).partition(".")
    around = (node.get("py:class") or "").rpartition(".")[2]
    objects = app.env.domains.python_domain.objects
    for name in (f"{first}.{rest}".rstrip("."), f"{around}.{first}"):
        home, _, inner = name.partition(".")
        full = f"{HOMES.get(home, home)}.{inner}".rstrip(".")
        if full in objects:
            found = objects[full]
            return app.env.domains.python_domain.resolve_xref(
                app.env, node["refdoc"], app.builder, found.objtype, full, node, content
            )
    return content if node["reftype"] == "obj" else None


def shorten(_: Sphinx, __: str, ___: str, ____: Any, _____: Any, signature: str | None, returned: str | None) -> Any:
    """Write ``= ...`` for a default that attrs keeps to itself."""
    if signature is None:
        return None
    return re.sub(r"= (NOTHING|attr_dict\[.*?\]\.default)", "= ...", signature), returned


def llms_txt(app: Sphinx, problem: Exception | None) -> None:
    """Write llms.txt: every page with its title, in reading order, for readers that are programs."""
    if problem is not None or app.builder.format != "html":
        return
    lines = [f"# {project}", "", f"> {platgov.__doc__}", ""]
    pages = [app.config.root_doc, *_below(app.env, app.config.root_doc)]
    lines += [f"- [{app.env.titles[page].astext()}]({page}.html)" for page in pages]
    pathlib.Path(app.outdir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _below(env: BuildEnvironment, page: str) -> list[str]:
    return [name for inner in env.toctree_includes.get(page, ()) for name in (inner, *_below(env, inner))]


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-signature", shorten)
    app.connect("build-finished", llms_txt)
