"""A shelf: things by name, one small file each, found by the folder and imported when asked for.

The file's name is the thing's name, so nothing else lists it: ``--help``, tests, saving and loading all
ask the shelf. Files called ``base`` or beginning with an underscore are helpers, not things.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from chainrule.core import settings
from chainrule.core.errors import SettingError, UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """The things of one kind: ``registry[name]`` is a class, ``registry.make(spec)`` an instance."""

    def __init__(self, kind: str, base_module: str, base_file: str) -> None:
        """``kind`` names it in errors; the other two are the ``__name__`` and ``__file__`` of the shelf's base."""
        self.kind = kind
        self.package = base_module.rpartition(".")[0]
        self._base_module = base_module
        self._folder = str(Path(base_file).parent)
        self._classes: dict[str, type[T]] = {}
        self._found: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}: {', '.join(self)})"

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted: the files of the folder and what users have registered. Imports nothing."""
        return tuple(sorted(self._files() | set(self._classes)))

    def _files(self) -> frozenset[str]:
        if self._found is None:  # looked for once: a model file of ten thousand modules asks as often
            files = (module.name for module in pkgutil.iter_modules([self._folder]))
            self._found = frozenset(name for name in files if name != "base" and not name.startswith("_"))
        return self._found

    def _file(self, name: str) -> str:
        """The file of a thing; another shelf may name its files otherwise."""
        return name

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._classes or name in self._files())

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator: puts the class on the shelf under ``name`` and writes the name into it."""

        def put(cls: type[T]) -> type[T]:
            there = self._classes.get(name, cls)
            same = (there.__module__, there.__qualname__) == (cls.__module__, cls.__qualname__)
            in_file = cls.__module__ == f"{self.package}.{self._file(name)}"
            if not same or (name in self._files() and not in_file):
                raise SettingError(f"there is a {self.kind} {name!r} already; register yours under another name")
            cls.name = name  # type: ignore[attr-defined]
            self._classes[name] = cls
            return cls

        return put

    def __getitem__(self, name: str) -> type[T]:
        if name not in self._classes:
            if name not in self.names:
                raise UnknownNameError(f"unknown {self.kind} {name!r:.80}.{settings.nearest(str(name), self)}")
            importlib.import_module(f"{self.package}.{self._file(name)}")
        return self._classes[name]

    def make(self, spec: object) -> T:
        """An instance from a name, ``"name:setting=value"``, a mapping with a ``name``, or a thing itself."""
        if isinstance(spec, str):
            name, given = settings.parse(spec)
            return settings.build(self[name], given, name)
        if isinstance(spec, Mapping):
            given = dict(spec)
            name = given.pop("name", None)
            if not isinstance(name, str):
                raise SettingError(
                    f"a {self.kind} is described by its name and settings; {settings.show(spec)} has no name"
                )
            return settings.build(self[name], given, name)
        # A thing derives from a class of the shelf's base file, wherever it is written itself.
        if not any(cls.__module__ == self._base_module for cls in type(spec).__mro__):
            known = settings.nearest("", self).strip()
            a = "an" if self.kind[0] in "aeiou" else "a"
            raise SettingError(
                f"expected {a} {self.kind}: a name or an instance, not {settings.show(spec)}. {known}"
            )
        return cast(T, spec)

    def describe(self, thing: T) -> dict[str, Any]:
        """What ``make`` takes to build an equal thing: ``{"name": ..., setting: value, ...}``."""
        return {"name": thing.name, **settings.plain(thing)}  # type: ignore[attr-defined]

    def classes(self) -> Mapping[str, type[T]]:
        """Every class by name. Imports the whole shelf."""
        return {name: self[name] for name in self}

    def examples(self) -> Iterator[T]:
        """Instances of everything on the shelf, in the settings each class names in ``examples``: for tests."""
        for name, cls in self.classes().items():
            examples: tuple[dict[str, Any], ...] = getattr(cls, "examples", ({},))
            for given in examples:
                yield self.make({"name": name, **given})

    def attribute(self, name: str) -> Any:
        """``__getattr__`` of the shelf's package: the class ``LeakyReLU`` stands in ``leaky_relu.py``."""
        for candidate in self.names if name[:1].isupper() else ():
            if candidate.replace("_", "") == name.lower():
                return self[candidate]
        raise AttributeError(f"{self.package} has no {name!r}.{settings.nearest(name.lower(), self)}")

    def attributes(self) -> list[str]:
        """``__dir__`` of the shelf's package."""
        return sorted([cls.__name__ for cls in self.classes().values()])
