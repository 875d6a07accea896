"""What a sweep varies: lists of values and ranges, under the names of a run's settings.

learning_rate = [0.001, 0.01, 0.1]                # candidates
width = { low = 16, high = 256, log = true }      # a range; whole numbers, since a width is one
"optimizer.momentum" = [0.0, 0.9]                 # a setting of the optimizer that the run has
epochs = 5                                        # the same in every run
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

import numpy as np

from chainrule.core import settings
from chainrule.core.errors import FileError, SettingError
from chainrule.runs import RunConfig

# What decides which rows are learned and judged is the same in all runs of a sweep, and so is what only describes.
SAME = ("source", "target", "task", "ignore", "weight_column", "validation", "data_dir", "seed", "metrics",
        "threads", "engine", "summary")  # fmt: skip
REFUSED = {
    "time_limit": "scores would depend on the machine's load; sweep epochs instead",
    "calibrate": "it changes no decision; calibrate the best when it is trained",
}
SPECS = ("optimizer", "schedule", "loss", "activation", "normalization", "initializer", "output", "early_stopping")
HINTS: dict[str, Any] = {**get_type_hints(RunConfig), "width": int, "depth": int}
VARIED = tuple(name for name in HINTS if name not in (*SAME, *REFUSED))
MOST_POINTS = 100_000
_RANGE = re.compile(r"(log:)?([-+.\deE]+)\.\.([-+.\deE]+)")

Point = dict[str, Any]


@dataclass(frozen=True)
class Choices:
    """A list of values, in the order in which they were given."""

    values: tuple[Any, ...]

    def sample(self, rng: np.random.Generator) -> Any:
        return self.values[int(rng.integers(len(self.values)))]

    def plain(self) -> Any:
        return [list(value) if isinstance(value, tuple) else value for value in self.values]


@dataclass(frozen=True)
class Range:
    """Every number from ``low`` to ``high``, both included; ``log``: each power of ten as likely as another."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def sample(self, rng: np.random.Generator) -> float | int:
        # a whole number stands for the half unit on both its sides, so that both ends are as likely as the others
        half = 0.5 if self.whole else 0.0
        ends = (self.low - half, self.high + half)
        low, high = map(math.log, ends) if self.log else ends
        drawn = low + (high - low) * float(rng.random())
        value = min(max(math.exp(drawn) if self.log else drawn, self.low), self.high)
        return round(value) if self.whole else value

    def plain(self) -> Any:
        return {"low": self.low, "high": self.high, "log": self.log}


Parameter = Choices | Range


@dataclass(frozen=True)
class Space:
    """``parameters`` by name; those of a single value are fixed and vary nothing."""

    parameters: Mapping[str, Parameter]

    @property
    def varied(self) -> dict[str, Parameter]:
        """What differs between points."""
        return {n: p for n, p in self.parameters.items() if isinstance(p, Range) or len(p.values) > 1}

    def check(self) -> None:
        """Refuse a space that varies nothing, or whose names contradict each other."""
        names = self.parameters
        if ("width" in names) != ("depth" in names):
            there, other = ("width", "depth") if "width" in names else ("depth", "width")
            raise SettingError(f"{there} needs {other} beside it, as {other} = [{2 if other == 'depth' else 64}]")
        if "width" in names and "hidden" in names:
            raise SettingError("hidden and width with depth say the same thing twice; leave one out")
        if not self.varied:
            raise SettingError(
                "nothing varies: every setting has one value. Give one a list, as learning_rate = 0.01,0.1"
            )

    def grid(self) -> Iterator[Point]:
        """Every combination, the last parameter running fastest."""
        ranges = [name for name, p in self.parameters.items() if isinstance(p, Range)]
        if ranges:
            raise SettingError(
                f"a grid needs lists, and {ranges[0]} is a range; list its values, or --search random"
            )
        lists = [p.values for p in self.parameters.values() if isinstance(p, Choices)]
        if math.prod(map(len, lists)) > MOST_POINTS:
            raise SettingError(
                f"the grid has {math.prod(map(len, lists)):,} points, more than {MOST_POINTS:,}; "
                "try --search random --trials 100"
            )
        for values in itertools.product(*lists):
            yield dict(zip(self.parameters, values, strict=True))

    def sample(self, rng: np.random.Generator) -> Point:
        """Each parameter by itself, uniformly."""
        return {name: p.sample(rng) for name, p in self.parameters.items()}

    def plain(self) -> dict[str, Any]:
        """What ``read`` takes."""
        return {name: p.plain() for name, p in self.parameters.items()}


def configured(base: RunConfig, point: Point) -> RunConfig:
    """The configuration of one point: ``base`` with the point's values."""
    known = {field.name for field in fields(base)}
    given = {name: value for name, value in point.items() if name in known}
    if "width" in point:
        given["hidden"] = (point["width"],) * point["depth"]
    for name, value in point.items():
        if "." in name:
            what, _, setting = name.partition(".")
            current = given.get(what, getattr(base, what))
            given[what] = _with_setting(what, current, setting, value)
    return RunConfig(**{**{n: getattr(base, n) for n in known}, **given})


def _with_setting(what: str, current: Any, setting: str, value: Any) -> Any:
    """``optimizer.momentum``: the optimizer's text with that setting; ``regularization.l2.strength`` likewise."""
    if what == "regularization":
        name, _, setting = setting.partition(".")
        others = tuple(spec for spec in current if settings.parse(spec)[0] != name)
        return (*others, settings.write(name, {setting: value}))
    if not isinstance(current, str):
        raise SettingError(f"{what}.{setting} needs to know which {what}: give --{what.replace('_', '-')} too")
    name, given = settings.parse(current)
    return settings.write(name, {**given, setting: value})


def read(given: Mapping[str, Any], what: str) -> tuple[dict[str, Any], Space]:
    """Names with plain values, lists and ranges -> settings that are the same everywhere, and the space."""
    fixed: dict[str, Any] = {}
    found: dict[str, Parameter] = {}
    for name, value in _flat(given).items():
        hint, where = _hint(name, what), f"{what}: {name}"
        several = isinstance(value, Mapping) or (
            isinstance(value, list | tuple) and name not in ("ignore", "metrics")
        )
        if name in SAME and several:
            raise SettingError(f"{where} must be the same in all runs of a sweep, else scores don't compare")
        if isinstance(value, Mapping):
            found[name] = _range(value, hint, where)
        elif isinstance(value, list | tuple) and name not in SAME:
            found[name] = _choices(value, hint, where)
        elif name in ("width", "depth") or "." in name:
            found[name] = _choices([value], hint, where)
        else:
            fixed[name] = settings.convert(value, hint, where)
    for name in ("width", "depth"):
        parameter = found.get(name)
        for value in parameter.values if isinstance(parameter, Choices) else ():
            settings.whole(f"{what}: {name}", value, most=settings.MOST_SIZE)
    return fixed, Space(found)


def read_toml(data: bytes, what: str) -> Mapping[str, Any]:
    """The entries of a space.toml; ``read`` checks them."""
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise FileError(f"{what} is no TOML: {problem}") from None


def parse(name: str, text: str) -> Any:
    """An option's text -> what ``read`` takes: ``0.1,0.2`` a list, ``log:1e-4..1`` a range, else one value.

    Where a value holds commas itself, as hidden widths do, candidates stand between semicolons. A part with an =
    and no name before it belongs to the part before: ``sgd:momentum=0.9,nesterov=true,adam`` is two.
    """
    ranged = _RANGE.fullmatch(text.strip())
    if ranged and name not in SAME:
        log, low, high = ranged.groups()
        return {"low": _value(low), "high": _value(high), "log": bool(log)}
    if name in ("ignore", "metrics"):
        return [part.strip() for part in text.split(",") if part.strip()]
    if name == "hidden":
        # one text without semicolons is one network, as for train
        return [[_value(w) for w in part.split(",") if w.strip() not in ("", "none")] for part in text.split(";")]
    if name in SAME:
        return text.strip() if HINTS[name] == str | None else _value(text)
    parts = _parts(text)
    if name == "regularization":
        return [[] if part == "none" else [part] for part in parts]
    values = [_value(part) for part in parts]
    return values[0] if len(values) == 1 else values


def _parts(text: str) -> list[str]:
    if ";" in text:
        return [part.strip() for part in text.split(";") if part.strip()]
    found: list[str] = []
    for part in text.split(","):
        if found and "=" in part.partition(":")[0]:
            found[-1] += f",{part.strip()}"
        elif part.strip():
            found.append(part.strip())
    return found


def _value(text: str) -> Any:
    """As TOML would read it; what is no TOML is a text."""
    try:
        return tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def _flat(given: Mapping[str, Any]) -> dict[str, Any]:
    """``[optimizer] momentum = ...`` is ``"optimizer.momentum" = ...``; a table of low and high is a range."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        table = isinstance(value, Mapping) and not {"low", "high"} & set(value)
        if isinstance(value, Mapping) and table and name.partition(".")[0] in (*SPECS, "regularization"):
            found.update(_flat({f"{name}.{key}": item for key, item in value.items()}))
        else:
            found[name] = value
    return found


def _hint(name: str, what: str) -> Any:
    """The type of a setting's values; unknown names are answered with the nearest known."""
    if name in REFUSED:
        raise SettingError(f"{what}: {name} is not for sweeps: {REFUSED[name]}")
    head, dot, _ = name.partition(".")
    if dot and head in (*SPECS, "regularization"):
        return int | float | bool | str
    if name not in HINTS or name == "source":
        raise SettingError(f"{what} has no setting {name!r:.80}.{settings.nearest(name, HINTS)}")
    return HINTS[name]


def _choices(values: Any, hint: Any, where: str) -> Choices:
    found = tuple(settings.convert(value, hint, f"{where}[{i}]") for i, value in enumerate(values))
    if not found:
        raise SettingError(f"{where} is an empty list; give it values")
    if len(set(found)) != len(found):
        raise SettingError(f"{where} names a value twice: {settings.show(list(values))}")
    return Choices(found)


def _range(given: Mapping[str, Any], hint: Any, where: str) -> Range:
    unknown = sorted(set(given) - {"low", "high", "log"})
    if unknown or not {"low", "high"} <= set(given):
        raise SettingError(
            f"{where} is a list of values or a range, as {{low = 0.001, high = 1.0, log = true}}; "
            f"not {settings.show(dict(given))}"
        )
    kinds = _kinds(hint)
    if not kinds & {int, float}:
        raise SettingError(f"{where} takes no range: its values are no numbers")
    low, high = given["low"], given["high"]
    whole = float not in kinds or (where.count(".") > 0 and isinstance(low, int) and isinstance(high, int))
    for value in (low, high):
        settings.number(where, value) if not whole else settings.whole(where, value, least=-settings.MOST_WHOLE)
    log = settings.convert(given.get("log", False), bool, f"{where}: log")
    if low >= high or (log and low <= 0):
        raise SettingError(f"{where}: a range goes from low up to high{', both above 0' if log else ''}; not "
                           f"{low} to {high}")  # fmt: skip
    return Range(low, high, log, whole) if whole else Range(float(low), float(high), log)


def _kinds(hint: Any) -> set[Any]:
    return set(getattr(hint, "__args__", (hint,)))
