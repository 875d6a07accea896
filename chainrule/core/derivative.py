"""Derivatives of a function of one number by differences, each with an estimate of its own error.

A difference quotient has two errors: the curvature of the function, which shrinks with the step, and rounding,
which grows as the step shrinks. Ridders (1982): take quotients at shrinking steps, extrapolate them to step 0
(Richardson), and stop where the sum of both errors is smallest. Where the function is analytic and takes complex
numbers, Im f(x + ih) / h has neither (Squire & Trapp 1998), and is used if the differences agree with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Function = Callable[[complex], complex]  # of the step along a direction, 0 being the point itself

FIRST = 0.05  # the largest step, in units of the scale
SHRINK = 4.0
LEVELS = 9  # so the smallest step is about 1e-6 of the scale in float64
COMPLEX_STEP = 1e-30


@dataclass(frozen=True)
class Estimate:
    """A derivative, and how far off it may be."""

    value: float
    error: float


@dataclass(frozen=True)
class Line:
    """A function along a direction: ``f(t)`` at ``t`` steps, the scale of a step, and the dtype's rounding.

    ``floor`` is what rounding of the arguments alone does to the function's value.
    """

    f: Function
    scale: float
    eps: float
    floor: float = 0.0

    @cached_property
    def noise(self) -> float:
        """How much rounding moves the function's value, seen in second differences too small to hold curvature."""
        middle = self.f(0.0).real
        tiny = self.scale * self.eps ** (2 / 3)
        wiggles = [abs(self.f(m * tiny).real - 2 * middle + self.f(-m * tiny).real) for m in (1.0, 1.7)]
        return max(2 * self.eps * abs(middle), self.floor, *wiggles)

    def central(self) -> Estimate:
        """(f(h) - f(-h)) / 2h, whose error goes with h^2, extrapolated; at a corner the mean of both sides."""
        smooth = self._extrapolate(lambda h: (self.f(h).real - self.f(-h).real) / (2 * h), SHRINK**2)
        return self._complex(smooth)

    def corner(self) -> tuple[Estimate, Estimate] | None:
        """The derivatives to the left and to the right, where they differ."""
        left, right = self.one_sided(-1.0), self.one_sided(1.0)
        return (left, right) if abs(left.value - right.value) > 4 * (left.error + right.error) else None

    def one_sided(self, side: float) -> Estimate:
        """The derivative to the right (``side`` 1) or to the left (-1) of the point."""
        start = self.f(0.0).real
        return self._extrapolate(lambda h: (self.f(side * h).real - start) / (side * h), SHRINK)

    def _extrapolate(self, quotient: Callable[[float], float], power: float) -> Estimate:
        noise = self.noise
        smallest = self.scale * self.eps ** (1 / 3) / SHRINK
        best = Estimate(np.nan, np.inf)
        above: list[float] = []
        h = FIRST * self.scale
        for level in range(LEVELS):
            if h < smallest:
                break
            row = [quotient(h)]
            for j in range(level):
                weight = power ** (j + 1)
                row.append((weight * row[j] - above[j]) / (weight - 1))
                rounding = 2 * noise / h + 8 * self.eps * abs(row[0])
                error = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - above[j])) + rounding
                if error < best.error:
                    best = Estimate(row[j + 1], error)
            above, h = row, h / SHRINK
        return best

    def _complex(self, smooth: Estimate) -> Estimate:
        if self.eps > 1e-10:
            return smooth  # a function of float32 numbers was asked about; complex128 would not be that one
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # NumPy only warns where it drops an imaginary part
                value = complex(self.f(1j * COMPLEX_STEP * self.scale)).imag / (COMPLEX_STEP * self.scale)
        except Exception:
            return smooth  # most functions don't take complex numbers, each in its own way
        if not abs(value - smooth.value) <= smooth.error:
            return smooth  # it takes them, but is not analytic: abs, conj, a comparison
        return Estimate(value, min(smooth.error, 8 * self.eps * abs(value) + self.eps * self.floor))
