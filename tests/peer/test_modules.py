"""Every module we have, on PyTorch's own constructor and forward inputs, in training and in evaluation."""

import numpy as np
import pytest

import chainrule.autograd as ours

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest")

from torch.testing._internal.common_modules import module_db  # noqa: E402

from .conftest import deviation, note_worst  # noqa: E402

pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]

MODULES = [info for info in module_db if info.module_cls.__name__ in ours.nn.__all__]
CASES = [(info, training) for info in MODULES for training in (True, False)]
RANDOM = {"Dropout"}
# PyTorch multiplies by 1/6 rounded to float32.
ROUNDED = {"Hardsigmoid": 1e-7}


def names(value):
    return value.module_cls.__name__ if hasattr(value, "module_cls") else "train" if value else "eval"


def inputs(info, training):
    return info.module_inputs_func(info, "cpu", torch.float64, True, training)


@pytest.mark.parametrize(("info", "training"), CASES, ids=names)
def test_outputs_gradients_and_state_are_those_of_pytorch(info, training, bridge, tally):
    name = info.module_cls.__name__
    tally["operations"].add(f"nn.{name}")
    rng = np.random.default_rng(0)
    for i, given in enumerate(inputs(info, training)):
        if given.forward_input is None:
            continue
        try:
            compare(info, training, given, bridge, rng)
        except (AssertionError, RuntimeError, TypeError, ValueError) as fault:
            raise AssertionError(f"input {i}: {given.constructor_input}: {fault!r}") from fault
        tally["ran"]["inputs of modules"] += 1


def compare(info, training, given, bridge, rng):
    name = info.module_cls.__name__
    args, kwargs = given.constructor_input.args, given.constructor_input.kwargs
    theirs = info.module_cls(*args, **kwargs).double().train(training)
    mine = getattr(ours.nn, name)(*bridge.convert(args), **bridge.convert(dict(kwargs))).double().train(training)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    mine.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    leaves = []
    forward = given.forward_input
    arguments = bridge.convert(forward.args, leaves)
    settings = bridge.convert(dict(forward.kwargs), leaves)
    if getattr(mine, "inplace", False):
        arguments = tuple(x.clone() for x in arguments)
        theirs_out = theirs(*(x.clone() for x in forward.args), **forward.kwargs)
    else:
        theirs_out = theirs(*forward.args, **forward.kwargs)
    with np.errstate(all="raise"):
        out = mine(*arguments, **settings)
    if name in RANDOM and training and mine.p > 0:
        assert tuple(out.shape) == tuple(theirs_out.shape)
        return
    note_worst("module's value", deviation(out.detach().numpy(), theirs_out.detach().numpy(), 1e-12), name)
    weights = np.asarray(rng.standard_normal(tuple(theirs_out.shape)))
    leaves += zip(theirs.parameters(), mine.parameters(), strict=True)
    wanted = [theirs for theirs, _ in leaves]
    if not theirs_out.requires_grad:
        return
    expected = torch.autograd.grad(theirs_out, wanted, torch.from_numpy(weights), allow_unused=True)
    found = ours.autograd.grad(out, [mine for _, mine in leaves], ours.from_numpy(weights), allow_unused=True)
    for a, b, leaf in zip(found, expected, wanted, strict=True):
        a = np.zeros(tuple(leaf.shape)) if a is None else a.numpy()
        b = np.zeros(tuple(leaf.shape)) if b is None else b.numpy()
        note_worst("module's gradient", deviation(a, b, ROUNDED.get(name, 1e-10), weights), name)
    for key, value in theirs.state_dict().items():  # what training changed, such as running means
        deviation(mine.state_dict()[key].numpy(), value.numpy(), 1e-12)


@pytest.mark.parametrize(
    "info", [info for info in MODULES if info.module_error_inputs_func is not None], ids=names
)  # fmt: skip
def test_what_pytorch_refuses_is_refused(info, bridge, tally):
    for error in info.module_error_inputs_func(info, "cpu", torch.float64, False, True):
        given = error.module_error_input
        with pytest.raises((RuntimeError, TypeError, ValueError, IndexError)):  # noqa: PT012 (the message says which input)
            module = getattr(ours.nn, info.module_cls.__name__)(
                *bridge.convert(given.constructor_input.args),
                **bridge.convert(dict(given.constructor_input.kwargs)),
            )
            forward = given.forward_input
            if forward is not None:
                module(*bridge.convert(forward.args), **bridge.convert(dict(forward.kwargs)))
        tally["ran"]["error inputs"] += 1


@pytest.mark.parametrize("info", MODULES, ids=names)
def test_the_text_of_a_module_is_that_of_pytorch(info, bridge):
    for given in inputs(info, True):
        args, kwargs = given.constructor_input.args, given.constructor_input.kwargs
        mine = getattr(ours.nn, info.module_cls.__name__)(*bridge.convert(args), **bridge.convert(dict(kwargs)))
        assert repr(mine) == repr(info.module_cls(*args, **kwargs))


def test_every_module_of_ours_is_in_pytorchs_collection_or_is_named_here():
    held_elsewhere = {"Module", "ModuleDict", "ModuleList", "Parameter", "Sequential", "Unflatten", "functional", "init",
                      "utils", "Identity", "Dropout", "Flatten", "Hardsigmoid"}  # fmt: skip
    there = {info.module_cls.__name__ for info in MODULES}
    assert set(ours.nn.__all__) - there <= held_elsewhere
