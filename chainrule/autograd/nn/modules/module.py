"""``torch.nn.Module``: a function with parameters, buffers and parts, each found by its attribute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule.autograd import graph
from chainrule.autograd.errors import AutogradError, OperandError
from chainrule.autograd.modes import mode
from chainrule.autograd.nn.modules.members import Members
from chainrule.autograd.nn.parameter import Parameter
from chainrule.autograd.ops.conversion import to as converted
from chainrule.autograd.tensor import Tensor


class LoadedKeys(NamedTuple):
    """What ``load_state_dict`` did not find a place or a value for."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module(Members):
    """Base of all modules: define ``__init__`` and ``forward``, then call it.

    Parameters, buffers and modules assigned to attributes are found by ``parameters()`` and ``state_dict()``.
    """

    training: bool

    def __init__(self) -> None:
        super().__init__()
        self.training = True
        self._hooks: dict[int, Any] = {}
        self._pre_hooks: dict[int, Any] = {}

    def forward(self, *inputs: Any, **settings: Any) -> Any:
        """What the module computes."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(); define it")

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        outermost = not mode.within
        if outermost:
            mode.within, mode.predictor = True, None if mode.enabled else self
        try:
            for hook in tuple(self._pre_hooks.values()):
                changed = hook(self, inputs)
                if changed is not None:
                    inputs = changed if isinstance(changed, tuple) else (changed,)
            out = self.forward(*inputs, **settings)
            for hook in tuple(self._hooks.values()):
                changed = hook(self, inputs, out)
                out = out if changed is None else changed
            return out
        finally:
            if outermost:
                mode.within, mode.predictor = False, None

    def register_forward_hook(self, hook: Callable[..., Any]) -> graph.RemovableHandle:
        """Call ``hook(module, inputs, output)`` after ``forward``; what it returns, if not None, is the output."""
        return graph.RemovableHandle(self._hooks, hook)

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> graph.RemovableHandle:
        """Call ``hook(module, inputs)`` before ``forward``; what it returns, if not None, are the inputs."""
        return graph.RemovableHandle(self._pre_hooks, hook)

    # -- what it holds ----------------------------------------------------------------------------------

    def named_modules(self, memo: set[int] | None = None, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module under the name "", and every part under its path."""
        memo = set() if memo is None else memo
        if id(self) not in memo:
            memo.add(id(self))
            yield prefix, self
            for name, part in self._modules.items():
                if part is not None:
                    yield from part.named_modules(memo, f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """This module and every part, once each."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct parts and their names."""
        first = {id(part): name for name, part in reversed(self._modules.items())}
        return (
            (name, part) for name, part in self._modules.items() if part is not None and first[id(part)] == name
        )

    def children(self) -> Iterator[Module]:
        """The direct parts."""
        return (part for _, part in self.named_children())

    def _members(self, of: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules() if recurse else [("", self)]:
            for name, value in getattr(module, of).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Each parameter once, with its path."""
        return ((f"{prefix}.{name}" if prefix else name, p) for name, p in self._members("_parameters", recurse))

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Each parameter once."""
        return (p for _, p in self._members("_parameters", recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Each buffer once, with its path."""
        return ((f"{prefix}.{name}" if prefix else name, b) for name, b in self._members("_buffers", recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Each buffer once."""
        return (b for _, b in self._members("_buffers", recurse))

    # -- state ------------------------------------------------------------------------------------------

    def state_dict(self, *, prefix: str = "") -> OrderedDict[str, Tensor]:
        """The parameters and saved buffers by path, detached, in the same memory."""
        found: OrderedDict[str, Tensor] = OrderedDict()
        for name, value in (*self._parameters.items(), *self._buffers.items()):
            if value is not None and name not in self._unsaved:
                found[f"{prefix}{name}"] = value.detach()
        for name, part in self._modules.items():
            if part is not None:
                found.update(part.state_dict(prefix=f"{prefix}{name}."))
        return found

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Copy values in by path; with ``strict`` names and shapes must all fit."""
        own = self.state_dict()
        absent = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        faults = [f"no value for {name!r}" for name in absent] if strict else []
        faults += [f"{name!r} is no part of it" for name in unexpected] if strict else []
        values: dict[str, Any] = {}
        for name in own:
            if name in state_dict:
                given = state_dict[name]
                values[name] = given._array if isinstance(given, Tensor) else np.asarray(given)
                if values[name].shape != own[name]._array.shape:
                    faults.append(f"{name!r} has shape {tuple(own[name].shape)}, the value {values[name].shape}")
        if faults:
            raise AutogradError(f"the state does not fit {type(self).__name__}: {'; '.join(faults)}")
        with np.errstate(all="ignore"):
            for name, value in values.items():
                own[name]._array[...] = value
                own[name]._version[0] += 1
        for p in self.parameters():
            p._learned = p._learned or bool(values)
        return LoadedKeys(absent, unexpected)

    def train(self, mode: bool = True) -> Module:
        """Training mode, in which dropout drops and batch norm uses the batch."""
        if not isinstance(mode, bool):
            raise OperandError(f"train() takes True or False, not {mode!r:.40}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Module:
        """The mode for use: the opposite of ``train()``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Have every parameter trained, or none."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, which otherwise add up."""
        for p in self.parameters():
            if set_to_none or p._grad is None:
                p._grad = None
            else:
                p._grad = p._grad.detach().zero_()

    def to(self, *wanted: Any, dtype: Any = None, device: Any = None) -> Module:
        """All floats in another dtype, in place; "cpu" is understood."""
        if converted(Tensor([]), *wanted, dtype=dtype, device=device)._array.dtype.kind != "f":
            raise OperandError("a module's to() takes a float type; its integers and bools stay as they are")
        for value in (*self.parameters(), *self.buffers()):
            if value.is_floating_point():
                new = converted(value.detach(), *wanted, dtype=dtype, device=device)
                value.data = new
                if value._grad is not None:
                    value._grad = converted(value._grad, new.dtype)
        return self

    def float(self) -> Module:
        """All floats as float32."""
        return self.to(dtype=_dtype("float32"))

    def double(self) -> Module:
        """All floats as float64."""
        return self.to(dtype=_dtype("float64"))

    def cpu(self) -> Module:
        """The module itself: it is there."""
        return self

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call ``fn`` on every part, inner ones first, and on the module itself."""
        for part in self.children():
            part.apply(fn)
        fn(self)
        return self

    # -- text -------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of ``repr``."""
        return ""

    def __repr__(self) -> str:
        parts = []
        for name, part in self._modules.items():
            lines = repr(part).split("\n")
            parts.append("\n".join([f"  ({name}): {lines[0]}", *(f"  {line}" for line in lines[1:])]))
        extra = self.extra_repr()
        if not parts:
            return f"{type(self).__name__}({extra})"
        return "\n".join([f"{type(self).__name__}({extra}", *parts, ")"])


def _dtype(name: str) -> Any:
    from chainrule.autograd import dtypes

    return getattr(dtypes, name)
