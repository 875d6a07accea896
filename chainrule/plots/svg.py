"""A picture as a part of a page: SVG that follows the page's light or dark, with a name for who can't see it."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from chainrule.plots.base import LIGHT, written

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_FONT = re.compile(r"(?<=px )'DejaVu Sans'[^;]*")  # as the page writes; and its list takes a third of the bytes


def inline(made: Any, name: str, title: str, description: str) -> str:
    """An ``<svg>`` element. ``name`` is a word that no other picture of the page has: ids begin with it.

    What was drawn in ink gets the color of the page's text, the paper is left out. The figure must be a light one.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(written(made, "svg", transparent=True))
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for node in root.iter():
        for key, value in node.attrib.items():
            node.set(key, _rewritten(key, value, name))
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    width = float(root.get("viewBox", "0 0 400 300").split()[2])
    root.attrib.update(
        {
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-description",
            "style": f"max-width: {width:.0f}pt",
        }
    )
    for at, (tag, text) in enumerate((("title", title), ("desc", description))):
        node = ElementTree.Element(f"{{{SVG}}}{tag}")
        node.set("id", f"{name}-{'title' if tag == 'title' else 'description'}")
        node.text = text
        root.insert(at, node)
    return ElementTree.tostring(root, encoding="unicode")


def _rewritten(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == f"{{{XLINK}}}href":
        return f"#{name}-{value[1:]}" if value.startswith("#") else value
    if "url(#" in value:
        value = value.replace("url(#", f"url(#{name}-")
    return _FONT.sub("sans-serif", value).replace(LIGHT["ink"], "currentColor")
