"""The autograd face with odd arguments: a value, one of our errors, or Python's own about a missing argument.

What the right value is, is tested against PyTorch elsewhere; here every function meets what it was not made for.
"""

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule.autograd as torch
from chainrule.core.errors import ChainruleError

from .odd import EXAMPLES, SETTINGS, fingerprint

FEW = settings(
    max_examples=6, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
MANY = settings(FEW, max_examples=EXAMPLES)

FUNCTIONAL = {
    f"nn.functional.{name}": function
    for name, function in vars(torch.nn.functional).items()
    if inspect.isfunction(function) and not name.startswith("_") and name != "missing"
}
CALLED = {name: found for name in torch.__all__ if inspect.isfunction(found := getattr(torch, name))}
UNCALLED = {name: "no function" for name in torch.__all__ if name not in CALLED}
ALL = CALLED | FUNCTIONAL
GLOBAL = {"set_default_dtype", "manual_seed", "set_grad_enabled"}  # change what every later call does

SHAPES = [(), (0,), (3,), (2, 3), (3, 3), (0, 3), (3, 0), (1, 1), (2, 1, 3)]
DTYPES = [torch.float64, torch.float32, torch.float16, torch.int64, torch.int8, torch.uint8, torch.bool]
ENDS = {
    "normal": [0.5, -1.5, 2.0, 1.0],
    "whole": [0, 1, 2, 1],
    "zeros": [0],
    "ends": [1e308, -1e308, 5e-324, 0],
    "float32's ends": [3e38, -3e38, 1e-45],
    "no numbers": [np.nan, np.inf, -np.inf],
}


@st.composite
def tensors(draw):
    shape, dtype = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES))
    numbers = np.resize(ENDS[draw(st.sampled_from(list(ENDS)))], shape)
    floating = dtype.numpy.kind == "f"
    with np.errstate(all="ignore"):
        array = np.asarray(numbers if floating else np.nan_to_num(numbers).clip(-100, 100), order="C")
        array = np.array(array.astype(dtype.numpy), order=draw(st.sampled_from("CF")))
    tensor = torch.from_numpy(array)
    return tensor.requires_grad_() if floating and draw(st.booleans()) else tensor


ARGUMENTS = st.one_of(tensors(), tensors(), st.sampled_from(SETTINGS), st.sampled_from([(3,), (2, 3), -1, [0, 1]]))
CALLS = st.lists(ARGUMENTS, min_size=0, max_size=4)


def print_of(value):
    return fingerprint(value.detach().numpy()) if isinstance(value, torch.Tensor) else fingerprint(value)


def examine(function, arguments):
    before, errors = [print_of(value) for value in arguments], np.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            function(*arguments)
        except ChainruleError:
            pass
        except TypeError as problem:
            if "argument" not in str(problem):  # Python's own, of one that is missing or too many
                raise
    assert [print_of(value) for value in arguments] == before
    assert np.geterr() == errors


def keep_the_defaults():
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)


@pytest.mark.parametrize("name", sorted({*ALL} - GLOBAL))
@FEW
@given(arguments=CALLS)
def test_odd_arguments_end_in_a_value_or_one_of_our_errors(name, arguments):
    examine(ALL[name], arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*ALL} - GLOBAL))
@MANY
@given(arguments=CALLS)
def test_thousands_of_odd_arguments_end_in_a_value_or_one_of_our_errors(name, arguments):
    examine(ALL[name], arguments)


@pytest.mark.parametrize("name", sorted(GLOBAL & {*ALL}))
def test_odd_arguments_of_what_is_global_end_in_one_of_our_errors_or_are_taken(name):
    try:
        for value in SETTINGS:
            examine(ALL[name], [value])
    finally:
        keep_the_defaults()
