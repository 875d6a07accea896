"""Modules in a row, in a list, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chainrule.autograd.errors import OperandError
from chainrule.autograd.nn.modules.module import Module


class Sequential(Module):
    """Each module gets what the one before it gave; also made from an OrderedDict of names and modules."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named: Iterable[tuple[str, Module]] = modules[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(modules))
        for name, module in named:
            if not isinstance(module, Module):
                raise OperandError(
                    f"Sequential takes modules, not {module!r:.60}; a function needs a Module around it"
                )
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """The composition."""
        for module in self:
            input = module(input)
        return input

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        parts = list(self._modules.items())
        return Sequential(dict(parts[index])) if isinstance(index, slice) else parts[index][1]

    def append(self, module: Module) -> Sequential:
        """One more at the end."""
        self.add_module(str(len(self)), module)
        return self


class ModuleList(Module):
    """A list whose modules are found."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def append(self, module: Module) -> ModuleList:
        """One more at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Several more at the end."""
        for module in modules:
            self.append(module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        parts = list(self._modules.values())
        return ModuleList(parts[index]) if isinstance(index, slice) else parts[index]


class ModuleDict(Module):
    """A dictionary whose modules are found."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        for name, module in (modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._modules.items()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()
