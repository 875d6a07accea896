"""What a module finds by itself: the parameters, buffers and modules among its attributes."""

from __future__ import annotations

from typing import Any

from chainrule.autograd.errors import AutogradError, KeyNameError, MissingNameError, OperandError, missing
from chainrule.autograd.nn.parameter import Parameter
from chainrule.autograd.tensor import Tensor


class Members:
    """The base of ``Module`` that sorts attributes by what they are."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _unsaved: set[str]  # the buffers that state_dict() leaves out

    def __init__(self) -> None:
        for name, value in (("_parameters", {}), ("_buffers", {}), ("_modules", {}), ("_unsaved", set())):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        stores = {key: self.__dict__.get(key) for key in ("_parameters", "_buffers", "_modules")}
        if stores["_parameters"] is None:
            if isinstance(value, Parameter | Members):
                raise MissingNameError(f"call super().__init__() before assigning {name!r}")
            object.__setattr__(self, name, value)
            return
        kind = (
            "_parameters" if isinstance(value, Parameter) else "_modules" if isinstance(value, Members) else None
        )
        if kind != "_parameters":
            taken = next((key for key in KINDS if name in stores[key]), None)  # type: ignore[operator]
            if taken is not None and not (kind == "_modules" and taken == "_buffers"):
                _checked(name, value, taken)
                kind = taken
        if kind is None:
            object.__setattr__(self, name, value)
            return
        self.__dict__.pop(name, None)
        for key, store in stores.items():
            if key != kind:
                store.pop(name, None)  # type: ignore[union-attr]
        if kind != "_buffers":
            self._unsaved.discard(name)
        stores[kind][name] = value  # type: ignore[index]

    def __getattr__(self, name: str) -> Any:
        for key in ("_parameters", "_buffers", "_modules"):
            store = self.__dict__.get(key, {})
            if name in store:
                return store[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing(f"nn: {type(self).__name__}", name, [each for each in dir(self) if not each.startswith("_")])

    def __delattr__(self, name: str) -> None:
        for store in (self._parameters, self._buffers, self._modules):
            if name in store:
                del store[name]
                self._unsaved.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """A parameter under a name; None keeps its place."""
        self._check_new(name, param, "_parameters")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """A tensor that is saved with the module but not trained."""
        self._check_new(name, tensor, "_buffers")
        self._buffers[name] = tensor
        (self._unsaved.discard if persistent else self._unsaved.add)(name)

    def add_module(self, name: str, module: Any) -> None:
        """A part under a name."""
        self._check_new(name, module, "_modules")
        self._modules[name] = module

    register_module = add_module

    def _check_new(self, name: str, value: Any, kind: str) -> None:
        if not isinstance(name, str):
            raise OperandError(f"a {KINDS[kind][0]} has a text as its name, not {name!r:.40}")
        if not name or "." in name:
            raise KeyNameError(f"a {KINDS[kind][0]}'s name is not empty and holds no point; came {name!r:.40}")
        if name not in self.__dict__[kind] and hasattr(self, name):
            raise KeyNameError(f"{type(self).__name__} has an attribute {name!r} already; take another name")
        _checked(name, value, kind)
        if isinstance(value, Parameter) and not value.is_leaf:
            raise AutogradError(
                f"{name!r}: a parameter is a leaf; this one was computed from others. Try detach()"
            )


# Of what type each kind is; the last is Module, by its base.
KINDS: dict[str, tuple[str, type]] = {
    "_parameters": ("parameter", Parameter), "_buffers": ("buffer", Tensor), "_modules": ("module", Members),
}  # fmt: skip


def _checked(name: str, value: Any, kind: str) -> None:
    what, wanted = KINDS[kind]
    if value is not None and not isinstance(value, wanted):
        raise OperandError(
            f"{name!r} is a {what}; it takes a {'tensor' if wanted is Tensor else what} or None, not "
            f"{type(value).__name__}"
        )
