"""Laws that hold for any shapes, strides and types; no PyTorch needed but for the table of types."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chainrule.autograd as torch

pytestmark = pytest.mark.filterwarnings("error")
SHAPES = hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=4)
ONE_SHAPE = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 2, shape)


def leaf(array):
    return torch.tensor(array, requires_grad=True)


def summed_to(g, shape):
    """What undoing a broadcast means, entry by entry."""
    out = np.zeros(shape)
    where = np.broadcast_to(np.arange(out.size).reshape(shape), g.shape)
    np.add.at(out.reshape(-1), where.ravel(), g.ravel())
    return out


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "div", "pow", "maximum", "where", "lerp", "clamp", "expand"]
)
@given(SHAPES)
@settings(max_examples=40, deadline=None)
def test_broadcasting_is_undone_in_backward(name, shapes):
    (one, two), shape = shapes.input_shapes, shapes.result_shape
    a, b = numbers(one), numbers(two, 1)
    p, q, g = leaf(a), leaf(b), numbers(shape, 2)
    of = {
        "where": lambda m, x, y: m.where(m.ones(shape) > 0, x, y),
        "lerp": lambda m, x, y: m.lerp(x, y, 0.25),
        "clamp": lambda m, x, y: m.clamp(x.expand(shape), min=y),
        "expand": lambda m, x, y: x.expand(shape) * y.broadcast_to(shape),
    }.get(name, lambda m, x, y: getattr(m, name)(x, y))
    whole = [leaf(np.broadcast_to(each, shape)) for each in (a, b)]  # the same with nothing to undo
    for x, y in ((p, q), whole):
        of(torch, x, y).backward(torch.tensor(g))
    for small, wide in zip((p, q), whole, strict=True):
        assert small.grad.shape == small.shape
        np.testing.assert_allclose(small.grad.numpy(), summed_to(wide.grad.numpy(), small.shape))


OPERATIONS = {
    "product": lambda x: x * x, "exp": lambda x: x.exp(), "sum": lambda x: x.sum(-1), "softmax": lambda x: x.softmax(-1),
    "prod": lambda x: x.prod(0), "var": lambda x: x.var(0), "reshape": lambda x: x.reshape(-1), "cumsum": lambda x: x.cumsum(0),
    "max": lambda x: x.max(-1).values, "index": lambda x: x[..., 0], "list": lambda x: x[[0, 0]], "mask": lambda x: x[x > 1],
    "matmul": lambda x: x @ x.mT, "norm": lambda x: x.norm(dim=0), "flip": lambda x: x.flip(0), "logsumexp": lambda x: x.logsumexp(0),
    "layer_norm": lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:]), "gelu": lambda x: torch.nn.functional.gelu(x),
    "repeat": lambda x: x.repeat(2, *[1] * x.ndim), "sort": lambda x: x.sort(0).values, "in place": lambda x: (x * 1).mul_(x),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
@given(st.lists(st.integers(2, 4), min_size=2, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_strides_do_not_matter(name, shape, r):
    order = r.sample(range(len(shape)), len(shape))
    steps = tuple(slice(None, None, r.choice([1, 2])) for _ in shape)
    whole = numbers([n * 2 for n in shape])
    for view in (lambda x: x.permute(*order), lambda x: x[steps], lambda x: x[steps].permute(*order)):
        x, source = leaf(whole), torch.tensor(whole)
        strided, plain = view(x), leaf(view(source).numpy().copy())
        mine, other = OPERATIONS[name](strided), OPERATIONS[name](plain)
        g = torch.tensor(numbers(other.shape, 3))
        mine.backward(g)
        other.backward(g)
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(view(x.grad).numpy(), plain.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPERATIONS)
def test_going_back_is_linear(name):
    x = leaf(numbers((3, 4)))
    y = OPERATIONS[name](x)
    g, h = torch.tensor(numbers(y.shape, 1)), torch.tensor(numbers(y.shape, 2))

    def back(start):
        return torch.autograd.grad(y, x, start, retain_graph=True)[0].numpy()

    np.testing.assert_allclose(back(2 * g - 3 * h), 2 * back(g) - 3 * back(h), rtol=1e-9, atol=1e-12)
    assert not back(0 * g).any()


@given(ONE_SHAPE, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_there_and_back_again_changes_nothing(shape, r):
    array = numbers(shape)
    order = r.sample(range(len(shape)), len(shape))
    back = [order.index(i) for i in range(len(shape))]
    trips = [
        lambda x: x.permute(*order).permute(*back) if shape else x * 1, lambda x: x.reshape(-1).reshape(shape),
        lambda x: x.unsqueeze(0).squeeze(0), lambda x: x.unsqueeze(-1).flatten(-2) if shape else x * 1, lambda x: torch.stack([x, x * 2])[0],
        lambda x: x.flip(0).flip(0) if shape else x * 1, lambda x: x.clone().view(shape),
    ]  # fmt: skip
    if shape:
        dim = r.randrange(len(shape))
        size = r.randint(1, 3)
        trips += [
            lambda x: torch.cat(x.split(size, dim), dim), lambda x: torch.cat(x.chunk(size, dim), dim),
            lambda x: torch.stack(x.unbind(dim), dim) if shape[dim] else x * 1, lambda x: x.transpose(0, dim).transpose(dim, 0),
        ]  # fmt: skip
    for trip in trips:
        x, g = leaf(array), numbers(shape, 1)
        y = trip(x)
        y.backward(torch.tensor(g))
        np.testing.assert_array_equal(y.detach().numpy(), array)
        np.testing.assert_array_equal(x.grad.numpy(), g)


NAMES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
KINDS = ["tensor", "0-d", "number"]


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_types_meet_as_in_pytorch(default):
    pytorch = pytest.importorskip("torch")

    def made(m, name, kind):
        if kind == "number":
            return {"f": 1.5, "i": 1, "u": 1, "b": True}[np.dtype(name).kind]
        return m.ones((2,) if kind == "tensor" else (), dtype=getattr(m, name))

    torch.set_default_dtype(getattr(torch, default))
    pytorch.set_default_dtype(getattr(pytorch, default))
    try:
        for (one, kind), (two, other) in itertools.product(itertools.product(NAMES, KINDS), repeat=2):
            if kind == other == "number":
                continue
            expected = pytorch.result_type(made(pytorch, one, kind), made(pytorch, two, other))
            for operation in (torch.add, torch.mul, torch.div):
                found = operation(made(torch, one, kind), made(torch, two, other)).dtype
                wanted = (
                    expected
                    if operation is not torch.div or expected.is_floating_point
                    else getattr(pytorch, default)
                )
                assert str(found) == str(wanted), (one, kind, two, other)
    finally:
        torch.set_default_dtype(torch.float32)
        pytorch.set_default_dtype(pytorch.float32)


@pytest.mark.parametrize("number", [300, -1, 127, 128, 255, -129, 70_000])
@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32"])
def test_numbers_too_large_for_a_type_go_round_as_in_pytorch(name, number):
    pytorch = pytest.importorskip("torch")
    for operation in ("add", "mul", "sub"):
        mine, theirs = (
            getattr(m, operation)(m.tensor([1, 3], dtype=getattr(m, name)), number) for m in (torch, pytorch)
        )
        assert mine.tolist() == theirs.tolist()
        assert str(mine.dtype) == str(theirs.dtype)
