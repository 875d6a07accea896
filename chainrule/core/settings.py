"""Settings of a thing: from text, TOML or JSON to the fields of a frozen dataclass, strictly.

One reader serves the command line (``leaky_relu:slope=0.2``), config.toml (``{name = "leaky_relu",
slope = 0.2}``) and the header of a model file, so that what one refuses, all refuse.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Hashable, Iterable, Mapping
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from chainrule.core.errors import FileError, SettingError
from chainrule.core.strict_toml import read_toml
from chainrule.core.text import printable, short_list

T = TypeVar("T")
MOST_SIZE = 10**12  # of rows, features or units: what no memory holds is a slip of the keyboard
MOST_TEXT = 20_000  # characters of a thing written with its settings
MOST_COMPARED, MOST_LETTERS = 500, 60  # when the nearest name is looked for, which takes a millisecond a name
MOST_WHOLE = 2**62  # so that every whole number fits into an array index and a float


def nearest(name: str, known: Iterable[str]) -> str:
    """' Did you mean X?' when a known name is close, else a list of the known ones; short, whatever they are."""
    known = [*known]
    short = [str(each)[:MOST_LETTERS] for each in known[:MOST_COMPARED]]
    close = difflib.get_close_matches(name[:MOST_LETTERS], short, n=1, cutoff=0.6)
    return f" Did you mean {show(close[0])}?" if close else f" Known: {short_list(known, 40) or 'none'}."


def show(value: Any, most: int = 80) -> str:
    """``repr`` of anything, for an error: short, and without control characters."""
    try:
        text = repr(value)
    except ValueError:
        text = "a number of thousands of digits"  # Python refuses to write those out
    safe = printable(text, most + 3)
    return safe if len(safe) <= most else safe[:most] + "..."


def build(cls: type[T], given: Mapping[str, Any], what: str) -> T:
    """An instance of the dataclass ``cls`` from plain values; ``what`` names it in errors."""
    hints = _hints(cast(Hashable, cls))
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    for name in given:
        if name not in fields:
            raise SettingError(f"{what} has no setting {show(name)}.{nearest(str(name), fields)}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in given:
            raise SettingError(f"{what} needs the setting {name!r}, which was not given")
    return cls(**{name: convert(value, hints[name], f"{what}: {name}") for name, value in given.items()})


@functools.cache  # resolving them takes 100 us, and a metric is made in every epoch
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def convert(value: Any, hint: Any, what: str) -> Any:
    """``value`` as the type ``hint`` says, without guessing: 1 is a float, "1" and True are not."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _convert_union(value, args, what)
    if origin is Literal:
        if value not in args or isinstance(value, bool) != isinstance(args[0], bool):
            raise SettingError(f"{what} is one of {', '.join(map(str, args))}, not {show(value)}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise SettingError(f"{what} is a list, not {show(value)}")
        return tuple(convert(item, args[0], f"{what}[{i}]") for i, item in enumerate(value))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MOST_WHOLE:
            raise SettingError(f"{what} is {show(value)}, too large for a number here")
        return float(value)
    if hint in (int, float, str, bool) and type(value) is hint:
        return value
    raise SettingError(f"{what} is {_article(hint)}, not {show(value)}")


def _convert_union(value: Any, options: tuple[Any, ...], what: str) -> Any:
    if value is None and NoneType in options:
        return None
    problems = []
    for option in options:
        if option is not NoneType:
            try:
                return convert(value, option, what)
            except SettingError as problem:
                problems.append(str(problem))
    raise SettingError("; or ".join(problems))


def _article(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(hint, f"of the kind {getattr(hint, '__name__', hint)}")


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """``"sgd:momentum=0.9,nesterov=true"`` -> ``("sgd", {"momentum": 0.9, "nesterov": True})``.

    Values are read as TOML values, lists among them (``multi_step:at=[0.5,0.75]``); what is no TOML value is a
    text.
    """
    name, _, rest = text.partition(":")
    if len(rest) > MOST_TEXT:
        raise SettingError(f"{show(text)} has settings of {len(rest)} characters; {MOST_TEXT} are the most")
    settings: dict[str, Any] = {}
    for item in filter(None, (part.strip() for part in _parts(rest))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not (key and equals and value):
            raise SettingError(f"{show(text)}: expected name:setting=value,setting=value; {show(item)} is neither")
        if key in settings:
            raise SettingError(f"{show(text)}: the setting {show(key)} is given twice")
        settings[key] = _value(value)
    return name.strip(), settings


def _parts(text: str) -> list[str]:
    """``text`` between its commas, but for those within a list."""
    found, end, within = [], len(text), False
    for i in range(len(text) - 1, -1, -1):  # from the end: what a comma is, the next bracket says
        if text[i] in "[]":
            within = text[i] == "]"
        elif text[i] == "," and not within:
            found.append(text[i + 1 : end])
            end = i
    return [text[:end], *reversed(found)]


def _value(text: str) -> Any:
    """The TOML value that a text is, or the text."""
    try:
        found = read_toml(f"value = {text}", "a setting")
    except FileError:
        return text
    return found["value"] if len(found) == 1 else text


def write(name: str, given: Mapping[str, Any]) -> str:
    """The inverse of ``parse``: ``"sgd:momentum=0.9,nesterov=true"``."""
    words = {True: "true", False: "false"}
    items = [f"{key}={words[v] if isinstance(v, bool) else v}" for key, v in given.items()]
    return f"{name}:{','.join(items)}" if items else name


def plain(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass as plain values for TOML or JSON; tuples become lists, None is left out."""
    fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.init}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fields.items()
        if value is not None
    }


def told(thing: Any) -> dict[str, Any]:
    """``plain`` without the settings that are as usual."""
    usual = {f.name: f.default for f in dataclasses.fields(thing)}
    return {name: value for name, value in plain(thing).items() if getattr(thing, name) != usual[name]}


def number(what: str, value: Any, *, above: float | None = None, least: float | None = None,
           below: float | None = None, most: float | None = None) -> None:  # fmt: skip
    """Refuse what is no finite number within the bounds; called from ``__post_init__``."""
    bounds = {"above": above, "at least": least, "below": below, "at most": most}
    rule = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
    good = isinstance(value, int | float) and not isinstance(value, bool)
    good = good and (abs(value) <= MOST_WHOLE if isinstance(value, int) else math.isfinite(value))
    if good:
        good = (above is None or value > above) and (least is None or value >= least)
        good = good and (below is None or value < below) and (most is None or value <= most)
    if not good:
        said = f"{what} is a finite number {rule}".rstrip()
        raise SettingError(f"{said}, not {show(value)}{_instead(value)}")


def whole(what: str, value: Any, least: int = 1, most: int = MOST_WHOLE) -> None:
    """Refuse what is no whole number of at least ``least``, and at most ``most``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SettingError(f"{what} is a whole number of at least {least}, not {show(value)}{_instead(value)}")
    if value > most:
        raise SettingError(f"{what} is {show(value)}; {most} is the most")


def _instead(value: Any) -> str:
    """What to try with a number of NumPy's, which no file could keep."""
    if isinstance(value, int | float) or not isinstance(value, Real):
        return ""
    return "; try int(...)" if isinstance(value, Integral) else "; try float(...)"


def choice(what: str, value: Any, options: Iterable[str]) -> None:
    """Refuse what is none of the options."""
    options = list(options)
    if not isinstance(value, str) or value not in options:
        raise SettingError(f"{what} is one of {', '.join(options)}, not {show(value)}")


def yes_or_no(what: str, value: Any) -> None:
    """Refuse what is neither True nor False."""
    if not isinstance(value, bool):
        raise SettingError(f"{what} is True or False, not {show(value)}")


def text(what: str, value: Any) -> None:
    """Refuse what is no text."""
    if not isinstance(value, str):
        raise SettingError(f"{what} is a text, not {show(value)}")


def several(what: str, value: Any, example: str) -> list[Any]:
    """The items of a list, or of anything else that is gone through, but a text or a dictionary."""
    if not isinstance(value, str | bytes | Mapping):
        try:
            return list(value)
        except TypeError:
            pass
    raise SettingError(f"{what} is a list, as in {example}; not {show(value)}")


def file_path(what: str, value: Any) -> Path:
    """A path from a text or a ``Path``."""
    if not isinstance(value, str | PathLike) or "\0" in str(value):
        raise SettingError(f"{what} is a text or a Path; not {show(value)}")
    return Path(value)


def listed(thing: Any, name: str) -> None:
    """Refuse a field that is neither a tuple nor a list, and make a list a tuple, which has a hash."""
    value = getattr(thing, name)
    if not isinstance(value, tuple | list):
        raise SettingError(f"{thing.name}: {name} is a list, not {show(value)}")
    object.__setattr__(thing, name, tuple(value))
