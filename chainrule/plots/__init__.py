"""L5: pictures, one file each: a function of plain data that returns a matplotlib figure (the extra ``plot``).

Every one takes ``dark=True`` as well; ``save`` writes what they return.
"""

from chainrule.plots.activations import activations
from chainrule.plots.base import ready, save
from chainrule.plots.benchmark import Bar, benchmark
from chainrule.plots.boundary import boundary
from chainrule.plots.calibration import calibration
from chainrule.plots.confusion import confusion
from chainrule.plots.curves import Line, curves
from chainrule.plots.distributions import distributions
from chainrule.plots.effects import effects
from chainrule.plots.graph import graph
from chainrule.plots.learning_rate import learning_rate
from chainrule.plots.misclassified import misclassified
from chainrule.plots.plane import plane
from chainrule.plots.planes import planes
from chainrule.plots.rates import rates
from chainrule.plots.residuals import residuals
from chainrule.plots.scaling import Growth, scaling
from chainrule.plots.sweep import sweep
from chainrule.plots.tracks import tracks
from chainrule.plots.training import training
from chainrule.plots.weights import weights

__all__ = [
    "Bar", "Growth", "Line", "activations", "benchmark", "boundary", "calibration", "confusion", "curves",
    "distributions", "effects", "graph", "learning_rate", "misclassified", "plane", "planes", "rates", "ready",
    "residuals", "save", "scaling", "sweep", "tracks", "training", "weights",
]  # fmt: skip
