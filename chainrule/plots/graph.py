"""The graph behind a tensor: operations as boxes, leaves as rounded ones, arrows the way gradients go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.plots.base import COLORS, figure, label, picture, rgb


@picture
def graph(tensor: Any, names: Mapping[str, Any] | None = None) -> Any:
    """A figure of all that ``tensor`` was computed from; ``names`` are tensors by the name to write on them.

    Takes tensors of chainrule.autograd and of PyTorch: it reads only ``grad_fn`` and ``next_functions``.
    """
    called = {id(value): name for name, value in (names or {}).items()}
    nodes, edges = _walk(tensor.grad_fn)
    depth = _depths(nodes, edges)
    rows: dict[int, list[int]] = {}
    for key in nodes:
        rows.setdefault(depth[key], []).append(key)
    widest = max(len(row) for row in rows.values())
    made = figure(1.9 * widest + 1.2, 0.85 * len(rows) + 0.6)
    ax = made.subplots()
    places = {}
    for level, row in rows.items():
        for i, key in enumerate(row):
            places[key] = ((i + 0.5 - len(row) / 2) * 1.9, -level)
    for start, end in edges:
        ax.annotate("", places[end], places[start], arrowprops={
            "arrowstyle": "-|>", "color": COLORS[6], "shrinkA": 14, "shrinkB": 14,
        })  # fmt: skip
    for key, node in nodes.items():
        text, leaf = _label(node, called)
        paper = np.array(made.get_facecolor()[:3])  # mixed, not see-through: arrows run beneath
        style = {
            "boxstyle": "round,pad=0.4" if leaf else "square,pad=0.4",
            "facecolor": 0.65 * paper + 0.35 * np.array(rgb(COLORS[5])) if leaf else paper,
        }
        ax.text(*places[key], text, ha="center", va="center", fontsize=9, bbox={**style, "edgecolor": COLORS[6]})
    ax.set(xlim=(-widest * 0.95 - 0.4, widest * 0.95 + 0.4), ylim=(-len(rows) + 0.4, 0.6))
    ax.axis("off")
    return made


def _walk(root: Any) -> tuple[dict[int, Any], list[tuple[int, int]]]:
    """Every node by its identity, the root first, and the arrows between them."""
    nodes, edges, stack = {id(root): root}, [], [root]
    while stack:
        node = stack.pop()
        for following, _ in getattr(node, "next_functions", ()):
            if following is None:
                continue
            edges.append((id(node), id(following)))
            if id(following) not in nodes:
                nodes[id(following)] = following
                stack.append(following)
    return nodes, edges


def _depths(nodes: Mapping[int, Any], edges: list[tuple[int, int]]) -> dict[int, int]:
    """How many arrows the longest way from the root has."""
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:
        moved = False
        for start, end in edges:
            if depth[end] < depth[start] + 1:
                depth[end], moved = depth[start] + 1, True
        if not moved:
            break
    return depth


def _label(node: Any, called: Mapping[int, str]) -> tuple[str, bool]:
    """What to write, and whether it is a leaf: here the tensor itself, in PyTorch a node that holds it."""
    leaf = getattr(node, "variable", None if hasattr(node, "next_functions") else node)
    if leaf is not None:
        name = label(called.get(id(leaf), "leaf"))
        return f"{name}  {tuple(leaf.shape)}" if len(leaf.shape) else name, True
    name = node.name() if callable(node.name) else node.name
    return name.removesuffix("0").removesuffix("Backward").lower(), False
