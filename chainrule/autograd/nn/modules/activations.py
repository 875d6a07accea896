"""Activation functions as modules: a table from the module to its function and settings."""

from __future__ import annotations

from typing import Any

from chainrule.autograd.errors import OperandError
from chainrule.autograd.nn import functional as F
from chainrule.autograd.nn.modules.module import Module
from chainrule.autograd.nn.parameter import Parameter
from chainrule.autograd.ops.creation import full


class _Activation(Module):
    """A function with settings, taken in order or by name."""

    function: Any
    defaults: dict[str, Any]

    def __init__(self, *values: Any, **settings: Any) -> None:
        super().__init__()
        if len(values) > len(self.defaults):
            raise OperandError(f"{type(self).__name__} takes {len(self.defaults)} settings; came {len(values)}")
        given = dict(zip(self.defaults, values, strict=False))
        for name, value in settings.items():
            if name not in self.defaults or name in given:
                known = ", ".join(self.defaults) or "none"
                raise OperandError(f"{type(self).__name__} cannot take {name!r} here; its settings are {known}")
            given[name] = value
        for name, default in self.defaults.items():
            setattr(self, name, given.get(name, default))

    def forward(self, input: Any) -> Any:
        """The function, entry by entry."""
        return type(self).function(input, **{name: getattr(self, name) for name in self.defaults})

    def extra_repr(self) -> str:
        """The settings that matter."""
        shown = {name: getattr(self, name) for name in self.defaults}
        if shown.get("inplace") is False:
            del shown["inplace"]
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def _module(name: str, function: Any, **defaults: Any) -> Any:
    members = {
        "function": staticmethod(function), "defaults": defaults, "__doc__": function.__doc__,
        "__module__": __name__,
    }  # fmt: skip
    return type(name, (_Activation,), members)


ReLU = _module("ReLU", F.relu, inplace=False)
ReLU6 = _module("ReLU6", F.relu6, inplace=False)
LeakyReLU = _module("LeakyReLU", F.leaky_relu, negative_slope=0.01, inplace=False)
ELU = _module("ELU", F.elu, alpha=1.0, inplace=False)
SELU = _module("SELU", F.selu, inplace=False)
CELU = _module("CELU", F.celu, alpha=1.0, inplace=False)
GELU = _module("GELU", F.gelu, approximate="none")
SiLU = _module("SiLU", F.silu, inplace=False)
Mish = _module("Mish", F.mish, inplace=False)
Softplus = _module("Softplus", F.softplus, beta=1.0, threshold=20.0)
Softsign = _module("Softsign", F.softsign)
Hardtanh = _module("Hardtanh", F.hardtanh, min_val=-1.0, max_val=1.0, inplace=False)
Hardsigmoid = _module("Hardsigmoid", F.hardsigmoid, inplace=False)
Hardswish = _module("Hardswish", F.hardswish, inplace=False)
LogSigmoid = _module("LogSigmoid", F.logsigmoid)
Tanh = _module("Tanh", F.tanh)
Sigmoid = _module("Sigmoid", F.sigmoid)
Softmax = _module("Softmax", F.softmax, dim=None)
LogSoftmax = _module("LogSoftmax", F.log_softmax, dim=None)


class PReLU(Module):
    """x above 0, weight x below, with a learned weight for all or for each channel."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(full((num_parameters,), float(init), dtype=dtype, device=device))

    def reset_parameters(self) -> None:
        """Every weight as it began."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Any) -> Any:
        """The function, entry by entry."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """How many weights."""
        return f"num_parameters={self.num_parameters}"
