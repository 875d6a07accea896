"""scikit-learn's multilayer perceptrons on chainrule's engine: a one-line switch.

    from chainrule.estimators import MLPClassifier, MLPRegressor    instead of sklearn.neural_network

Needs the extra ``sklearn``, and imports it when one of the names is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.estimators.classifier import MLPClassifier
    from chainrule.estimators.conversion import from_sklearn, to_sklearn
    from chainrule.estimators.regressor import MLPRegressor

_FACE = {
    "MLPClassifier": "classifier",
    "MLPRegressor": "regressor",
    "from_sklearn": "conversion",
    "to_sklearn": "conversion",
}
__all__ = ["MLPClassifier", "MLPRegressor", "from_sklearn", "to_sklearn"]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"chainrule.estimators has no {name!r}")
    from chainrule.estimators import library  # noqa: F401  # one line where scikit-learn is missing

    found = getattr(importlib.import_module(f"{__name__}.{_FACE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(_FACE)
