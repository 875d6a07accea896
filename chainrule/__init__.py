"""chainrule: neural networks you can check.

    import chainrule as cr

    net = cr.MLP([784, 128, 64, 10], activation="relu", seed=0)
    history = cr.fit(net, X, y, loss="cross_entropy", optimizer=cr.optimizers.Adam(learning_rate=1e-3), epochs=5)
    net.predict(X)
    net.save("digits.safetensors")

Importing it needs NumPy alone, and imports each part when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from chainrule.autograd.custom import TensorActivation, TensorLoss
    from chainrule.core.errors import ChainruleError
    from chainrule.diagnosis.doctor import diagnose
    from chainrule.interop.gradients import check_gradients
    from chainrule.network import MLP, Network
    from chainrule.training import Callback, History, Stream, evaluate, fit
    from chainrule.training.calibrating import calibrate
    from chainrule.training.callbacks.early_stopping import EarlyStopping
    from chainrule.training.find_lr import find_learning_rate
    from chainrule.training.initial import load_weights
    from chainrule.training.input_gradients import input_gradients
    from chainrule.training.partial import partial_fit

    load = Network.load

# Public name -> (module, attribute); the shelves are modules themselves.
_FACE = {
    "Network": ("network", "Network"),
    "MLP": ("network", "MLP"),
    "load": ("network", "Network.load"),
    "fit": ("training", "fit"),
    "evaluate": ("training", "evaluate"),
    "calibrate": ("training.calibrating", "calibrate"),
    "find_learning_rate": ("training.find_lr", "find_learning_rate"),
    "load_weights": ("training.initial", "load_weights"),
    "input_gradients": ("training.input_gradients", "input_gradients"),
    "partial_fit": ("training.partial", "partial_fit"),
    "check_gradients": ("interop.gradients", "check_gradients"),
    "diagnose": ("diagnosis.doctor", "diagnose"),
    "History": ("training", "History"),
    "Callback": ("training", "Callback"),
    "EarlyStopping": ("training.callbacks.early_stopping", "EarlyStopping"),
    "Stream": ("training", "Stream"),
    "ChainruleError": ("core.errors", "ChainruleError"),
    "TensorActivation": ("autograd.custom", "TensorActivation"),
    "TensorLoss": ("autograd.custom", "TensorLoss"),
}
_SHELVES = (
    "activations", "autograd", "datasets", "diagnosis", "estimators", "initializers", "layers", "losses",
    "metrics", "optimizers", "preprocessing", "regularizers", "schedules", "targets",
)  # fmt: skip

__all__ = [  # noqa: PLE0604, RUF100
    "MLP",
    "Callback",
    "ChainruleError",
    "EarlyStopping",
    "History",
    "Network",
    "Stream",
    "TensorActivation",
    "TensorLoss",
    "calibrate",
    "check_gradients",
    "diagnose",
    "evaluate",
    "find_learning_rate",
    "fit",
    "input_gradients",
    "load",
    "load_weights",
    "partial_fit",
]


def __getattr__(name: str) -> Any:
    if name in _SHELVES:
        return importlib.import_module(f"chainrule.{name}")
    if name not in _FACE:
        raise AttributeError(f"chainrule has no {name!r}")
    module, path = _FACE[name]
    found: Any = importlib.import_module(f"chainrule.{module}")
    for part in path.split("."):
        found = getattr(found, part)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*_FACE, *_SHELVES, "__version__"])
