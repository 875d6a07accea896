"""Is this the gradient of that loss? If not, what is the mistake, and where does it start?

    check(f, theta)      f(theta) -> (loss, gradient), theta an array or named arrays

1. The gradient is asked for twice, with another point between: one that depends on the past is stale.
2. Along random directions, one a parameter array, the slope gradient . v is compared with the derivative of the
   loss, which knows its own error (``core.derivative``).
3. Only where a direction disagrees are single coordinates looked at. At a corner (a ReLU's 0) any value between
   the left and the right derivative is right.
4. What remains wrong is compared with the patterns of known mistakes (``core.mistakes``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.derivative import Estimate, Line
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.mistakes import Evidence, Mistake, name_mistake
from chainrule.core.rng import generator
from chainrule.core.settings import show
from chainrule.core.types import Array, DType

MOST_COORDINATES = 200  # of one parameter array that are looked at one by one
ROUNDING = 64  # times eps: what the claimed gradient may be off by its own arithmetic
NEARBY = 1e-3  # of the scale: where another point is looked at, when this one lies on corners


@dataclass(frozen=True)
class Report:
    """What was found. ``ok`` if every deviation is within its own error estimate.

     ``mistake`` is a name of ``core.mistakes.MISTAKES`` or None, ``factor`` how many times too large the claimed
     gradient is, where that is the mistake; ``where`` the parameter array in which it starts (the one nearest the
     loss). ``worst`` is the largest deviation in units of its error estimate, above 1 if wrong. ``kinks`` counts
     the coordinates that sat on a corner, of those looked at (all of a small array, and where one disagrees).
    ``deviation`` is the largest one relative to the size of the gradient.
    """

    ok: bool
    mistake: str | None
    factor: float | None
    where: str | None
    worst: float
    kinks: int
    deviation: float
    directions: int
    coordinates: int
    hint: str = ""
    wrong: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        looked = f"{self.directions} directions and {self.coordinates} coordinates"
        corners = (
            f"; {self.kinks} coordinates sit on a corner, where any value between is right" if self.kinks else ""
        )
        if self.ok:
            return f"gradient right: {looked} agree, largest deviation {self.deviation:.1e} of its size{corners}"
        named = (self.mistake or "of no known kind").replace("_", " ")
        start = self.where if self.where == "everywhere" else f"starting at {self.where}"
        amount = "" if self.factor is None else f" {self.factor:.6g}"
        lines = [
            f"gradient WRONG: {named}{amount}, {start}",
            f"  largest deviation {self.deviation:.1e} of its size, {self.worst:.3g} times what error explains",
            f"  wrong in {', '.join(self.wrong)}; looked at {looked}{corners}",
        ]
        return "\n".join([*lines, *([f"  {self.hint}"] if self.hint else [])])


def check(
    f: Callable[[Any], tuple[Any, Any]], theta: Any, *, counts: Mapping[str, int] | None = None, seed: int = 0
) -> Report:
    """Check the gradient that ``f`` claims at ``theta``: an array, a sequence of arrays, or a mapping to arrays.

    ``f`` gets the same form with the same dtypes and returns the loss and the gradient in that form. ``counts``
    are numbers such as rows or outputs by which a factor is explained. Raises InputError if the loss is no finite
    number, and ShapeError if the gradient has other parts than ``theta``.
    """
    return _Check(_Subject(f, theta), counts or {}, seed).run()


class _Subject:
    """The function on one flat vector, whatever form the user's has."""

    def __init__(self, f: Callable[[Any], tuple[Any, Any]], theta: Any) -> None:
        self._f, self._form = f, theta
        parts = self._parts("theta", theta)
        self.names = list(parts)
        self.shapes = {name: part.shape for name, part in parts.items()}
        self.dtype: DType = np.result_type(*parts.values()) if parts else np.dtype(float)
        self.dtype = np.dtype({"e": "f4", "g": "f8"}.get(self.dtype.char, self.dtype.newbyteorder("=")))
        ends = np.cumsum([part.size for part in parts.values()])
        if self.dtype.kind != "f" or not sum(part.size for part in parts.values()):
            raise InputError(f"theta holds {self.dtype} numbers; expected at least one float32 or float64 number")
        self.spans = {name: slice(end - parts[name].size, end) for name, end in zip(self.names, ends, strict=True)}
        self.theta = np.concatenate([part.ravel() for part in parts.values()]).astype(self.dtype)
        checks.finite("theta", self.theta)

    @staticmethod
    def _parts(what: str, form: Any) -> dict[str, Array]:
        many = isinstance(form, list | tuple)
        named = dict(enumerate(form)) if many else form if isinstance(form, Mapping) else {"theta": form}
        return {str(name): checks.numeric(what, part) for name, part in named.items()}

    def _like_form(self, flat: Array) -> Any:
        parts = [flat[span].reshape(self.shapes[name]).copy() for name, span in self.spans.items()]
        if isinstance(self._form, Mapping):
            return dict(zip(self._form, parts, strict=True))
        return parts if isinstance(self._form, list | tuple) else parts[0]

    def called(self, flat: Array) -> tuple[complex, Any]:
        """The loss, one number, and the gradient as it came."""
        found = self._f(self._like_form(flat))
        if not isinstance(found, tuple | list) or len(found) != 2 or np.size(found[0]) != 1:
            raise InputError(f"f is to return (loss, gradient), the loss one number; it returned {show(found)}")
        return complex(np.asarray(found[0]).item()), found[1]

    def claim(self, flat: Array) -> tuple[float, dict[str, Array]]:
        """The loss and the claimed gradient by name, as they came."""
        loss, gradient = self.called(flat)
        if not np.isfinite(loss):
            raise InputError(f"the loss is {loss!r:.60} at the point to check; expected a finite number")
        parts = self._parts("the gradient", gradient)
        if len(parts) != len(self.names):
            raise ShapeError(f"the gradient has {len(parts)} parts, theta has {len(self.names)}; they must match")
        # a copy, as a function may return a buffer that its next call overwrites
        copies = [np.array(part, dtype=float) for part in parts.values()]
        return loss.real, dict(zip(self.names, copies, strict=True))


class _Check:
    def __init__(self, subject: _Subject, counts: Mapping[str, int], seed: int) -> None:
        self.s, self.counts = subject, dict(counts)
        self.eps = float(np.finfo(subject.theta.dtype).eps)
        self.rng = generator(seed, "gradient check")
        self.worst = self.deviation = 0.0
        self.directions = self.coordinates = self.kinks = 0

    def run(self) -> Report:
        s = self.s
        away = s.theta + self._nearby()
        s.claim(away)
        loss, first = s.claim(s.theta)
        loss_again, again = s.claim(s.theta)
        if loss != loss_again:
            raise InputError(
                f"the loss is {loss:.17g} and then {loss_again:.17g} at one point; expected a function of "
                "theta alone. Switch dropout and sampling off, say with module.eval(), or seed them"
            )
        shaped = self._shapes(first)
        if shaped is not None:
            return shaped
        self.claimed = first
        self.size = max(float(np.abs(g).max(initial=0.0)) for g in first.values())
        if (name := next((name for name, g in first.items() if not np.isfinite(g).all()), None)) is not None:
            return self._report(Mistake("not_finite", where=name), (name,), np.inf)
        if any(not self._equal(first[name], again[name]) for name in s.names):
            wrong = tuple(name for name in s.names if not self._equal(first[name], again[name]))
            hint = "asked twice at one point, after a call at another one, it gives two gradients"
            return self._report(Mistake("stale_value", where=wrong[-1], hint=hint), wrong, np.inf)
        evidence = [found for name in s.names if (found := self._block(name)) is not None]
        wrong = tuple(e.name for e in evidence if e.wrong.any())
        if not wrong:
            return self._report(None, (), min(self.worst, 1.0))
        parts = {name: s.theta[s.spans[name]].reshape(s.shapes[name]).astype(float) for name in s.names}
        return self._report(name_mistake(evidence, parts, self.claimed, self.counts), wrong, self.worst)

    def _report(self, mistake: Mistake | None, wrong: tuple[str, ...], worst: float) -> Report:
        m = mistake or Mistake(None)
        return Report(
            mistake is None, m.name, m.factor, m.where, worst, self.kinks, self.deviation, self.directions,
            self.coordinates, m.hint, wrong,
        )  # fmt: skip

    def _nearby(self) -> Array:
        """A small random move, of the dtype of theta."""
        move = self.rng.standard_normal(self.s.theta.size) * NEARBY * max(1.0, float(np.abs(self.s.theta).max()))
        return move.astype(self.s.dtype)

    def _equal(self, a: Array, b: Array) -> bool:
        return bool(np.allclose(a, b, rtol=1e3 * self.eps, atol=1e3 * self.eps * max(self.size, 1e-300)))

    def _shapes(self, gradient: dict[str, Array]) -> Report | None:
        """A part of another shape is an error, or the plainest of mistakes."""
        for name, g in gradient.items():
            shape = self.s.shapes[name]
            if g.shape != shape and g.shape == shape[::-1]:
                hint = f"its shape is {g.shape}, that of {name} is {shape}"
                return self._report(Mistake("transposed", where=name, hint=hint), (name,), np.inf)
            if g.shape != shape:
                if g.ndim == len(shape) + 1 and g.shape[1:] == shape:
                    hint = f"its shape is {g.shape}: one gradient a row, not yet summed"
                    return self._report(Mistake("missing_bias_sum", where=name, hint=hint), (name,), np.inf)
                raise ShapeError(f"the gradient of {name} has shape {g.shape}; expected {shape}")
        return None

    # -- one parameter array ----------------------------------------------------------------------------

    def _block(self, name: str) -> Evidence | None:
        """None if a random direction within the array agrees and meets no corner, else its coordinates."""
        span, g = self.s.spans[name], self.claimed[name].ravel()
        n = g.size
        if not n:
            return None
        v = self.rng.choice([-1.0, 1.0], n) / np.sqrt(n)
        self.directions += 1
        line = self._line(span, v)
        estimate = line.central()
        agrees = self._agrees(float(g @ v), estimate, float(np.abs(g) @ np.abs(v)), record=False)
        # A random direction moves everything the array moves, so where it meets no corner no coordinate does. A
        # large array that agrees is not searched for corners: among thousands of units some are always near one.
        corners = (not agrees or n <= MOST_COORDINATES) and line.corner() is not None
        if agrees or not corners:
            self._agrees(float(g @ v), estimate, float(np.abs(g) @ np.abs(v)))
        if agrees and not corners:
            return None
        return self._coordinates(name, span, g, self._choose(name, n), corners)

    def _choose(self, name: str, n: int) -> Array:
        """Coordinates to look at: all, or as many as allowed, of a square matrix in pairs across its diagonal."""
        if n <= MOST_COORDINATES:
            return np.arange(n)
        shape = self.s.shapes[name]
        if len(shape) == 2 and shape[0] == shape[1]:
            some = self.rng.choice(n, MOST_COORDINATES // 2, replace=False)
            i, j = np.unravel_index(some, shape)
            return np.unique(np.concatenate([some, np.ravel_multi_index((j, i), shape)]))
        return np.sort(self.rng.choice(n, MOST_COORDINATES, replace=False))

    def _coordinates(self, name: str, span: slice, g: Array, chosen: Array, corners: bool) -> Evidence:
        values, errors = np.empty(len(chosen)), np.empty(len(chosen))
        wrong = np.zeros(len(chosen), bool)
        for k, i in enumerate(chosen):
            e = np.zeros(span.stop - span.start)
            e[i] = 1.0
            line = self._line(span, e)
            found = line.central()
            self.coordinates += 1
            if corners:
                found, corner = self._at_corner(line, float(g[i]), found, span, e)
                self.kinks += corner
            wrong[k] = not self._agrees(float(g[i]), found, abs(float(g[i])), record=False)
            values[k], errors[k] = found.value, self._allowance(found, abs(float(g[i])))
            if wrong[k]:
                self._agrees(float(g[i]), found, abs(float(g[i])))
        return Evidence(name, self.s.shapes[name], chosen, g[chosen], values, errors, wrong)

    def _at_corner(
        self, line: Line, claimed: float, found: Estimate, span: slice, e: Array
    ) -> tuple[Estimate, bool]:
        """The value nearest to the claimed one that lies between the two sides, if the sides differ at all."""
        sides = line.corner()
        if sides is None:
            return found, False
        errors = sum(side.error for side in sides)
        ends = [side.value for side in sides]
        # Several rows on the corner with inputs of both signs: a choice that is right for each of them can lie
        # outside both sides of the sum. The slopes at points nearby are such choices.
        for _ in range(8):
            near = self._line(span, e, self.s.theta + self._nearby() * 1e-2).central()
            ends.append(near.value)
            errors = max(errors, near.error)
        between = min(max(claimed, min(ends)), max(ends))
        slack = 0.02 * (max(ends) - min(ends))  # points nearby are not this point
        if abs(claimed - between) <= slack:
            between = claimed
        return Estimate(between, errors), True

    def _line(self, span: slice, v: Array, theta: Array | None = None) -> Line:
        s = self.s
        base = s.theta if theta is None else theta
        scale = min(max(float(np.abs(base[span]).max()), 1e-2), 1.0) / float(np.abs(v).max())

        def f(t: complex) -> complex:
            moved = base.astype(complex) if isinstance(t, complex) else base.copy()
            moved[span] += (t * v).astype(moved.dtype)
            return s.called(moved)[0]

        floor = self.eps * float(np.linalg.norm(np.abs(base[span]) * self._claimed_flat()[span]))
        return Line(f, scale, self.eps, floor)

    def _claimed_flat(self) -> Array:
        return np.concatenate([self.claimed[name].ravel() for name in self.s.names])

    def _allowance(self, found: Estimate, size: float) -> float:
        return 2 * found.error + ROUNDING * self.eps * (size + 1e-3 * self.size)

    def _agrees(self, claimed: float, found: Estimate, size: float, record: bool = True) -> bool:
        """Whether the difference is within the error estimate; ``size`` is that of what was added up."""
        difference, allowed = abs(claimed - found.value), self._allowance(found, size)
        agrees = difference <= allowed
        if record or agrees:
            self.worst = max(self.worst, difference / allowed if allowed else 0.0)
            self.deviation = max(self.deviation, difference / (self.size or 1.0))
        return agrees
