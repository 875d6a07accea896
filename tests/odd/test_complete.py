"""Every public name is tried with odd inputs: a new one without an entry fails here."""

import inspect

import pytest

import chainrule as cr

from . import shelves
from .calls import CALLS
from .test_autograd import CALLED as OF_AUTOGRAD
from .test_autograd import UNCALLED as NOT_OF_AUTOGRAD

# Public names of the shelves beside their things, and where they are tried or why there is nothing to try.
BESIDE = {
    "datasets": {"load": "is in test_names"},
    "layers": {
        "Module": "a name of types", "activation_names": "takes nothing", "normalization_names": "takes nothing",
        "describe": "takes a thing that is made", "make": "is in test_names",
    },
    "optimizers": {"stepwise": "takes nothing"},
}  # fmt: skip


def is_base(found):
    """Whether it is abstract, or the kind that a shelf's things are of."""
    return inspect.isclass(found) and found.__module__.endswith(".base")


OF_ESTIMATORS = {"MLPClassifier", "MLPRegressor", "from_sklearn", "to_sklearn"}


def test_every_public_function_has_an_entry():
    assert set(CALLS) >= set(cr.__all__), "add it to tests/odd/calls.py"
    assert {name for name in CALLS if "." not in name} == set(cr.__all__)


def test_every_method_of_a_network_has_an_entry():
    methods = {name for name, found in inspect.getmembers(cr.Network, callable) if not name.startswith("_")}
    assert {name.partition(".")[2] for name in CALLS if "." in name} == methods


@pytest.mark.parametrize("shelf", sorted({*cr._SHELVES} - {"autograd", "diagnosis", "estimators"}))
def test_every_public_name_of_a_shelf_is_a_thing_that_is_tried(shelf):
    module, registry = getattr(cr, shelf), shelves.SHELVES[shelf]
    things = {cls.__name__ for cls in registry.classes().values()}
    bases = {name for name in {*module.__all__, *dir(module)} if name.isupper() or is_base(getattr(module, name))}
    assert {*module.__all__, *dir(module)} - things - bases == set(BESIDE.get(shelf, {}))
    assert {type(thing).__name__ for thing in shelves.things(shelf)} == things


def test_every_public_name_of_the_estimators_is_tried():
    assert set(dir(cr.estimators)) == OF_ESTIMATORS


def test_every_function_of_the_autograd_face_is_tried():
    assert {*OF_AUTOGRAD, *NOT_OF_AUTOGRAD} == set(cr.autograd.__all__)
