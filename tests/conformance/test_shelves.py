"""What holds for every thing on every shelf, whatever kind it is."""

import dataclasses
import importlib
import json
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from chainrule.activations import ACTIVATIONS
from chainrule.core.errors import SettingError
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS
from chainrule.optimizers import OPTIMIZERS
from chainrule.preprocessing import PREPROCESSING
from chainrule.regularizers import REGULARIZERS
from chainrule.schedules import SCHEDULES
from chainrule.targets import TARGETS

SHELVES = [
    ACTIVATIONS,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    METRICS,
    OPTIMIZERS,
    PREPROCESSING,
    REGULARIZERS,
    SCHEDULES,
    TARGETS,
]
THINGS = [pytest.param(shelf, name, id=f"{shelf.kind}-{name}") for shelf in SHELVES for name in shelf]
every_thing = pytest.mark.parametrize(("shelf", "name"), THINGS)
every_shelf = pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.kind)

# A thing whose settings have no defaults needs some here.
EXAMPLES = {
    "dense": {"d_in": 3, "d_out": 2},
    "embedding": {"d_in": 3, "columns": [1], "categories": [4], "widths": [2]},
    "residual": {"modules": ["dense:d_in=3,d_out=3", "relu"]},
    "classes": {"names": ["no", "yes"]},
    "values": {"names": ["price"], "mean": [2.5], "scale": [0.1]},
    "standardize": {"d": 2, "mean": [0.1, -2.0], "scale": [1.5, 1e-3]},
    "columns": {"names": ["age", "city"], "mean": [40, 0], "scale": [9, 1], "categories": [[], ["Oslo", "Rome"]]},
}


def example(shelf, name):
    return shelf.make({"name": name, **EXAMPLES.get(name, {})})


def varied(thing):
    """The thing, and copies with one setting moved, where the setting allows."""
    yield thing
    hints = get_type_hints(type(thing))
    for field in dataclasses.fields(thing):
        hint, value = hints[field.name], getattr(thing, field.name)
        if hint is bool:
            others = [not value]
        elif hint in (int, float):
            others = [hint(value * 0.5 + 0.125), value + 1]
        elif get_origin(hint) is Literal:
            others = get_args(hint)
        else:
            others = []
        for other in others:
            try:
                yield dataclasses.replace(thing, **{field.name: other})
            except SettingError:
                continue


@every_thing
def test_make_builds_what_describe_describes(shelf, name):
    for thing in varied(example(shelf, name)):
        described = shelf.describe(thing)
        assert described["name"] == name
        assert shelf.make(described) == thing
        assert shelf.make(json.loads(json.dumps(described))) == thing


def test_varied_moves_settings():
    assert len(set(varied(OPTIMIZERS.make("sgd:momentum=0.5")))) >= 5


@every_thing
def test_the_file_name_is_the_registry_name(shelf, name):
    cls = shelf[name]
    assert cls.name == name
    assert cls.__module__ == f"{shelf.package}.{name}"
    assert cls.__name__.lower() == name.replace("_", "")
    assert getattr(importlib.import_module(shelf.package), cls.__name__) is cls


@every_thing
def test_a_thing_is_a_frozen_dataclass_with_equality_and_a_hash(shelf, name):
    thing = example(shelf, name)
    assert dataclasses.is_dataclass(thing)
    assert thing == example(shelf, name)
    assert hash(thing) == hash(example(shelf, name))
    assert shelf.make(thing) is thing
    with pytest.raises(dataclasses.FrozenInstanceError):
        thing.some_setting = 1


@every_thing
def test_the_docstring_opens_with_what_it_is(shelf, name):
    first = (shelf[name].__doc__ or "").splitlines()[0]
    assert first.endswith((".", ":")) or len(first) > 20
    assert not first.startswith(shelf[name].__name__ + "(")  # the text that dataclass writes where there is none


@every_thing
def test_an_unknown_setting_is_refused_by_name(shelf, name):
    with pytest.raises(SettingError, match="has no setting 'colour'"):
        shelf.make({"name": name, **EXAMPLES.get(name, {}), "colour": 1})


@every_shelf
def test_names_are_sorted_and_none_is_a_helper(shelf):
    assert len(shelf) == len(list(shelf)) > 0
    assert list(shelf) == sorted(shelf)
    assert not [name for name in shelf if name == "base" or name.startswith("_")]


@every_shelf
def test_the_package_lists_its_classes(shelf):
    package = importlib.import_module(shelf.package)
    assert dir(package) == sorted(cls.__name__ for cls in shelf.classes().values())
