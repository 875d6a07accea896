from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.core.errors import InputError
from chainrule.core.settings import told, write
from chainrule.plots import activations
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record

NOT_BY_ELEMENT = ("softmax",)  # its derivative is a matrix


@PICTURES.register("activations")
@dataclass(frozen=True)
class Activations(Picture):
    """The activations of runs with their derivatives, for z from -reach to reach; without a run all there are."""

    reach: float = 4.0

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        if records:
            found = [m for record in records for m in record.network.modules if isinstance(m, Activation)]
        else:
            found = [ACTIVATIONS.make(name) for name in ACTIVATIONS]
        shown = {write(f.name, told(f)): f for f in found if f.name not in NOT_BY_ELEMENT}
        if not shown:
            raise InputError("these runs have no activation to draw: they are linear")
        z = np.linspace(-self.reach, self.reach, 241)[None]
        curves = {}
        for name, function in shown.items():
            a = function.forward(z.copy())
            # one array for both where backward reads a, as the contract allows
            da = function.backward(np.ones_like(z), z.copy(), a.copy())
            curves[name] = (z[0], a[0], da[0])
        made = activations(curves, dark=dark)
        words = (
            f"{', '.join(shown)}: the function as a line, its derivative dashed, for z from {-self.reach:g} to "
        )
        return Drawn(made, "activations and their derivatives", f"{words}{self.reach:g}.")
