"""
One HTML file that needs nothing else: scripts and styles are in it, and the browser is told to load nothing.

The policy in the head forbids every connection, so that a chart of persons cannot be sent anywhere, not even by a
click: the menu of a chart offers SVG and PNG and no online editor. Opens nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any, cast

__all__ = ["Part", "document", "embedded_json", "load_reference", "vega_part"]

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;color:#1d2733;background:#fff}
h1{font-size:1.3rem;margin:0 0 .6rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
.vega-bindings label{display:block;margin:.3rem 0}.vega-bind-name{display:inline-block;min-width:11rem}
"""
_DRAW = "window.drawChart=(at,spec)=>vegaEmbed(at,spec,{mode:'vega-lite',renderer:'svg',actions:%s})"
_MENU = {"export": True, "source": False, "compiled": False, "editor": False}
_LOADS = re.compile(
    r"""(?:\b(?:src|href|action|data)\s*=\s*["']?|url\(\s*["']?|@import\s+["']?)(?!#|data:)[^\s"'>)]*//""",
    re.IGNORECASE,
)

Part = tuple[str, str]
"""Markup of the body and the script that fills it."""


def document(title: str, parts: Sequence[Part], *, style: str = "", libraries: str = "", heading: bool = True) -> str:
    """
    The page.

    Args:
        title: Its title; also its heading.
        parts: What it shows, in order.
        style: CSS beside that of every page.
        libraries: Script to run before those of the parts.
        heading: Whether the page itself says its title.
    """
    bodies = "\n".join(markup for markup, _ in parts)
    scripts = "\n".join(script for _, script in parts if script)
    head = f"<h1>{escape(title)}</h1>\n" if heading else ""
    loaded = f"<script>{libraries}</script>\n" if libraries else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head><body>\n"
        f"{head}{bodies}\n{loaded}<script>{scripts}</script>\n</body></html>\n"
    )


def vega_part(spec: dict[str, Any], *, place: str) -> Part:
    """A Vega-Lite chart as part of a page whose libraries are `vega_library()`."""
    return f'<div id="{place}"></div>', f'drawChart("#{place}",{embedded_json(spec)});'


@cache
def vega_library() -> str:
    """Vega, Vega-Lite and their embedding as one script (about 0.9 MB); made once a process."""
    import vl_convert

    made = cast("str", cast("Any", vl_convert).javascript_bundle(_DRAW % json.dumps(_MENU)))
    return made.replace("https://vega.github.io/editor/", "").replace("</script", r"<\/script")


def embedded_json(content: object) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def load_reference(page: str) -> str | None:
    """The first place in a page, a drawing or a style that would fetch something from elsewhere, or None."""
    found = _LOADS.search(page)
    return found.group(0) if found else None
