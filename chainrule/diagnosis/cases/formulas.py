"""Functions of one number that a description gives in words: "50 points x in [0,5), y=5x^2 + N^3"."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array

Values = Callable[..., Array]
OPERATORS: dict[type, Callable[..., Array]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
FUNCTIONS: dict[str, Values] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs,
    "tanh": np.tanh,
}  # fmt: skip
NUMBERS = {"pi": np.pi, "e": np.e}
LONGEST = 80  # characters of a formula

_Y = re.compile(r"\by\s*=\s*([^,;]+)")
_RANGE = re.compile(r"\bx\s+in\s+\[\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*([\])])")
_STEPS = re.compile(r"\bx\s*=\s*(-?\d+)\s*\.\.\s*(-?\d+)")
_UP_TO = re.compile(r"\bx\s+up\s+to\s+([\d.]+)")
_FEATURES = re.compile(r"\bfeatures\s*\(([^()]*)\)")


@dataclass(frozen=True)
class Formula:
    """y of x, n being a standard normal number of each row; and the features made of x, if not x alone."""

    y: ast.expr
    features: tuple[Callable[[Array], Array], ...]
    low: float
    high: float
    closed: bool
    whole: bool

    def inputs(self, n: int | None, rng: np.random.Generator) -> Array:
        """Evenly spaced: whole numbers where the words count them, else ``n`` (200 unless told)."""
        if self.whole:
            return np.arange(self.low, self.high + 1)
        return np.linspace(self.low, self.high, n or 200, endpoint=self.closed)

    def of(self, x: Array, rng: np.random.Generator) -> Array:
        """The targets."""
        return np.broadcast_to(value(self.y, {"x": x, "n": rng.normal(0, 1, x.shape)}), x.shape)


def formula_in(text: str) -> Formula | None:
    """The formula that the words give, or None."""
    said = _Y.search(text)
    y = None if said is None else _longest(said[1])
    if y is None:
        return None
    low, high, closed, whole = 0.0, 1.0, True, False
    if found := _RANGE.search(text):
        low, high, closed = float(found[1]), float(found[2]), found[3] == "]"
    elif found := _STEPS.search(text):
        low, high, whole = float(found[1]), float(found[2]), True
    elif found := _UP_TO.search(text):
        high = float(found[1])
    listed = _FEATURES.search(text)
    trees = [_parsed(part) for part in listed[1].split(",")] if listed else []
    features = tuple(_function(tree) for tree in trees if tree is not None)
    return Formula(y, features if len(features) == len(trees) else (), low, high, closed, whole)


def _function(tree: ast.expr) -> Callable[[Array], Array]:
    return lambda x: np.broadcast_to(value(tree, {"x": x, "n": np.zeros_like(x)}), x.shape)


def _longest(text: str) -> ast.expr | None:
    """The longest run of words from the start that is a formula."""
    words = text[:LONGEST].split()
    for end in range(len(words), 0, -1):
        if (tree := _parsed(" ".join(words[:end]))) is not None:
            return tree
    return None


def _parsed(text: str) -> ast.expr | None:
    """The expression, "5x^2" being 5 * x ** 2; None where it is none of numbers, x, n and known functions."""
    text = re.sub(r"(\d)\s*(?=[a-z(])", r"\1*", text.strip().rstrip(".")[:LONGEST].replace("^", "**"))
    try:
        tree = ast.parse(text, mode="eval").body
        found = value(tree, {"x": np.ones(1), "n": np.ones(1)})
    except (SyntaxError, ValueError, OverflowError):
        return None
    return tree if np.isfinite(found).all() else None


def value(tree: ast.expr, names: dict[str, Array]) -> Array:
    """The value of an expression of known names only; ValueError at anything else."""
    match tree:
        case ast.Constant(value=int() | float() as number) if abs(number) < 1e9:
            return np.float64(number)  # type: ignore[return-value]
        case ast.Name(id=name) if name in names or name in NUMBERS:
            return names.get(name, np.asarray(NUMBERS.get(name)))
        case ast.UnaryOp(op=op, operand=one) if type(op) in OPERATORS:
            return OPERATORS[type(op)](value(one, names))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            with np.errstate(all="ignore"):
                return OPERATORS[type(op)](value(left, names), value(right, names))
        case ast.Call(func=ast.Name(id=name), args=[one], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](value(one, names))
    raise ValueError("not a formula of x")
