"""Every operation we have, on PyTorch's own sample inputs in float64: values, vector-Jacobian products, errors."""

import warnings

import numpy as np
import pytest

import chainrule.autograd as ours
from chainrule.core.errors import ChainruleError

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest")

from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402

from chainrule.autograd.tensor import Tensor  # noqa: E402

from .conftest import deviation, note_worst  # noqa: E402

pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]

PREFIX = "nn.functional."
# Whose values nobody can predict: shape and dtype are compared.
# PyTorch multiplies its derivative by 1/6 rounded to float32; ours is held to differences elsewhere.
ROUNDED = {"nn.functional.hardsigmoid": 1e-7}
UNPREDICTABLE = {
    "rand_like", "randn", "randn_like", "randint", "randint_like", "empty", "empty_like", "nn.functional.dropout",
}  # fmt: skip
ERRORS = (ChainruleError, RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, AttributeError)


def forms(op):
    """How the operation can be called here: as a function, a method, in place."""
    found = {}
    if op.name.startswith(PREFIX):
        name = op.name.removeprefix(PREFIX)
        if name in ours.nn.functional.__all__:
            found["function"] = getattr(ours.nn.functional, name)
    elif op.name in ours.__all__ and callable(getattr(ours, op.name)):
        found["function"] = getattr(ours, op.name)
    plain = op.name.removeprefix(PREFIX)
    if op.name in ("T", "mT"):
        found["method"] = lambda x: getattr(x, op.name)
    elif (plain.startswith("__") and hasattr(Tensor, plain)) or (
        "." not in plain and hasattr(Tensor, plain) and callable(getattr(Tensor, plain))
    ):
        found["method"] = getattr(Tensor, plain)
    in_place = f"{plain}_"
    if hasattr(Tensor, in_place) and op.inplace_variant is not None:
        found["in place"] = getattr(Tensor, in_place)
    return {
        form: WRAPPED[op.name](function) if op.name in WRAPPED else function for form, function in found.items()
    }


# PyTorch calls these through a wrapper with the arguments in another order, or on a copy.
WRAPPED = {
    "einsum": lambda function: lambda tensors, equation: function(equation, tensors),
    "where": lambda function: lambda x, condition, other: ours.where(condition, x, other),
    "zero_": lambda function: lambda x: function(x.clone()),
    "fill": lambda function: lambda x, value: function(x.clone(), value),
}

OPERATIONS = [op for op in op_db if torch.float64 in op.dtypes and not op.name.startswith("_refs.") and forms(op)]


def why_not(op, sample):
    """The reason to leave a sample out, or None."""
    words = [*sample.kwargs, *(str(v) for v in sample.kwargs.values())]
    everything = [sample.input, *sample.args, *sample.kwargs.values()]
    flat = [x for each in everything for x in (each if isinstance(each, list | tuple) else [each])]
    if any(isinstance(x, torch.Tensor) and x.is_complex() for x in flat) or any(
        isinstance(x, complex) for x in flat
    ):
        return "complex numbers"
    if any(isinstance(x, torch.dtype) and x.is_complex for x in flat):
        return "complex numbers"
    if torch.bfloat16 in flat:
        return "bfloat16, which NumPy has not"
    if any(name in sample.kwargs for name in ("memory_format", "layout", "pin_memory")) or any(
        isinstance(x, torch.memory_format | torch.layout) for x in flat
    ):
        return "memory formats and layouts other than NumPy's"
    if "out" in sample.kwargs or "names" in words:
        return "out= and named dimensions"
    if op.name == "norm" and "nuc" in [*sample.args, *sample.kwargs.values()]:
        return "nuclear norm, which needs singular values"
    if op.name == "einsum" and any(len(set(t)) != len(t) for t in sample.args[0].partition("->")[0].split(",")):
        return "diagonals in einsum"
    if any(isinstance(x, torch.Tensor) and x.ndim > 64 for x in flat):
        return "more than 64 dimensions, NumPy's limit"
    if op.name == "nn.functional.layer_norm" and list(sample.args[0]) == [1]:
        return "layer_norm of single numbers, whose derivative is 0 and PyTorch's 1e-13"
    if op.name == "nn.functional.batch_norm" and sample.input.ndim < 2:
        return "batch_norm of a vector, which has no channels"
    return None


def samples(op, grad):
    return op.sample_inputs("cpu", torch.float64, requires_grad=grad)


def names(op):
    return f"{op.name}{'-' + op.variant_test_name if op.variant_test_name else ''}"


@pytest.mark.parametrize("op", OPERATIONS, ids=names)
def test_values_and_vector_jacobian_products_are_those_of_pytorch(op, bridge, tally):
    tally["operations"].add(op.name)
    rng = np.random.default_rng(0)
    for i, sample in enumerate(samples(op, op.supports_autograd)):
        reason = why_not(op, sample)
        if reason:
            tally["left out"][reason][op.name] += 1
            continue
        for form, function in forms(op).items():
            try:
                compare(op, sample, form, function, bridge, rng)
            except AssertionError as fault:
                raise AssertionError(f"sample {i}, {form}: {sample.summary()}: {fault}") from fault
            except ERRORS as fault:
                raise AssertionError(f"sample {i}, {form}: {sample.summary()}: {fault!r}") from fault
        tally["ran"]["samples of operations"] += 1


def compare(op, sample, form, function, bridge, rng):
    expected = op.op(sample.input, *sample.args, **sample.kwargs)
    mine = []
    given = bridge.convert((sample.input, sample.args, sample.kwargs), mine)
    if form == "in place":
        first = bridge.flat(expected)[0]
        if not isinstance(sample.input, torch.Tensor) or first.shape != sample.input.shape:
            return
        if first.dtype != sample.input.dtype or 0 in sample.input.stride():
            return
        given = (given[0].clone(), *given[1:])
    with np.errstate(all="raise"):
        result = function(given[0], *given[1], **given[2])
    results, theirs = bridge.flat(result), bridge.flat(expected)
    assert len(results) == len(theirs)
    for a, b in zip(results, theirs, strict=True):
        if op.name in UNPREDICTABLE and sample.kwargs.get("p") != 0:
            assert bridge.array(a).shape == bridge.array(b).shape
            assert bridge.array(a).dtype == bridge.array(b).dtype
            return
        note_worst("value", deviation(bridge.array(a), bridge.array(b), 1e-12), op.name)
    backwards(op, sample, results, theirs, mine, bridge, rng)


def backwards(op, sample, results, theirs, mine, bridge, rng):
    pairs = [
        (a, b) for a, b in zip(results, theirs, strict=True) if isinstance(b, torch.Tensor) and b.requires_grad
    ]
    leaves, mine = [pair[0] for pair in mine], [pair[1] for pair in mine]
    if not pairs or not leaves:
        return
    weights = [np.asarray(rng.standard_normal(tuple(b.shape)), bridge.array(b).dtype) for _, b in pairs]
    theirs = torch.autograd.grad(
        [b for _, b in pairs], leaves, [torch.from_numpy(np.array(w)) for w in weights], allow_unused=True
    )
    assert all(a.requires_grad for a, _ in pairs), "the result does not require grad"
    with np.errstate(all="raise"):
        found = ours.autograd.grad(
            [a for a, _ in pairs], mine, [ours.from_numpy(np.array(w)) for w in weights], allow_unused=True
        )
    for a, b, leaf in zip(found, theirs, leaves, strict=True):
        # None and zeros are two ways to say the same
        a = np.zeros(tuple(leaf.shape)) if a is None else bridge.array(a)
        b = np.zeros(tuple(leaf.shape)) if b is None else bridge.array(b)
        kind = "vector-Jacobian product" + (" (its 1/6 is float32)" if op.name in ROUNDED else "")
        note_worst(kind, deviation(a, b, ROUNDED.get(op.name, 1e-10), weights[0]), op.name)


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.error_inputs_func is not None], ids=names)
def test_what_pytorch_refuses_is_refused(op, bridge, tally):
    for i, error in enumerate(op.error_inputs("cpu")):
        sample = error.sample_input
        reason = why_not(op, sample)
        if reason:
            tally["left out"][reason][op.name] += 1
            continue
        for form, function in forms(op).items():
            if form == "in place" or (
                not isinstance(sample.input, torch.Tensor | list | tuple) and form == "method"
            ):
                continue  # a method is called on a tensor
            if not refused_by_pytorch(op, sample):
                tally["left out"]["an error input that PyTorch itself takes"][op.name] += 1
                break
            given = bridge.convert((sample.input, sample.args, sample.kwargs))
            with warnings.catch_warnings(), pytest.raises(ERRORS):  # noqa: PT012 (the message says which input)
                function(given[0], *given[1], **given[2])
                pytest.fail(f"error input {i}, {form}: {sample.summary()}: PyTorch says {error.error_regex}")
        else:
            tally["ran"]["error inputs"] += 1


def refused_by_pytorch(op, sample):
    try:
        op.op(sample.input, *sample.args, **sample.kwargs)
    except Exception:
        return True
    return False


def test_at_least_95_percent_of_the_samples_ran(tally):
    if {op.name for op in OPERATIONS} - tally["operations"]:
        pytest.skip("the samples of all operations are counted where the whole file runs")
    run = tally["ran"]["samples of operations"]
    left = sum(sum(names.values()) for names in tally["left out"].values())
    assert run > 2000
    assert run >= 0.95 * (run + left), f"{run} of {run + left}"


def test_the_comparison_can_fail():
    with pytest.raises(AssertionError):
        deviation(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9]), 1e-12)
    with pytest.raises(AssertionError):
        deviation(np.array([1.0, np.nan]), np.array([1.0, 2.0]), 1e-12)
    with pytest.raises(AssertionError):
        deviation(np.array([1.0]), np.array([1]), 1e-12)
