"""First and second derivatives of every differentiable operation, by our own gradient checker on PyTorch's samples."""

import numpy as np
import pytest

import chainrule.autograd as ours
from chainrule.core.errors import InputError
from chainrule.core.gradcheck import check

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest")

from .conftest import note_worst  # noqa: E402
from .test_operations import OPERATIONS, UNPREDICTABLE, forms, names, samples, why_not  # noqa: E402

pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]

MOST = 500  # entries: the checker looks at every coordinate only where a direction disagrees
STEPPED = {"round", "half", "float"}  # constant between steps that differences of any size jump over
DIFFERENTIABLE = [
    op for op in OPERATIONS
    if op.supports_autograd and op.name not in UNPREDICTABLE | STEPPED and {"function", "method"} & set(forms(op))
]  # fmt: skip


class Case:
    """An operation at one sample as a function of its leaves, weighted to a number."""

    def __init__(self, op, sample, bridge):
        self.bridge, self.sample = bridge, sample
        self.function = next(forms(op)[form] for form in ("function", "method") if form in forms(op))
        self.pairs = []
        self.given = bridge.convert((sample.input, sample.args, sample.kwargs), self.pairs)
        self.leaves = [mine for _, mine in self.pairs]
        self.rng = np.random.default_rng(0)
        self.weights, self.second = None, None

    def outputs(self, theta):
        for leaf, values in zip(self.leaves, theta, strict=True):
            with ours.no_grad():
                leaf.data = ours.tensor(values)
        result = self.bridge.flat(self.function(self.given[0], *self.given[1], **self.given[2]))
        outs = [out for out in result if out.requires_grad]
        if self.weights is None:
            self.weights = [ours.tensor(self.rng.standard_normal(tuple(out.shape))) for out in outs]
        return outs

    def value(self, theta):
        outs = self.outputs(theta)
        loss = sum(
            ((out * w).sum() for out, w in zip(outs, self.weights, strict=True)),
            ours.zeros((), dtype=ours.float64),
        )
        return loss.item(), self.gradient(loss)

    def slope(self, theta):
        outs = self.outputs(theta)
        grads = ours.autograd.grad(outs, self.leaves, self.weights, create_graph=True, allow_unused=True)
        grads = [ours.zeros_like(x) if g is None else g for g, x in zip(grads, self.leaves, strict=True)]
        if self.second is None:
            self.second = [ours.tensor(self.rng.standard_normal(tuple(g.shape))) for g in grads]
        loss = sum(
            ((g * v).sum() for g, v in zip(grads, self.second, strict=True)), ours.zeros((), dtype=ours.float64)
        )
        return loss.item(), self.gradient(loss)

    def gradient(self, loss):
        if not loss.requires_grad:
            return [np.zeros(tuple(x.shape)) for x in self.leaves]
        found = ours.autograd.grad(loss, self.leaves, allow_unused=True)
        return [
            np.zeros(tuple(x.shape)) if g is None else g.numpy() for g, x in zip(found, self.leaves, strict=True)
        ]


def cases(op, bridge):
    """The first samples of a few numbers, each with something to differentiate by."""
    found = []
    for sample in samples(op, True):
        if why_not(op, sample) is None:
            case = Case(op, sample, bridge)
            size = sum(x.numel() for x in case.leaves)
            if 0 < size <= MOST and len({id(x) for x in case.leaves}) == len(case.leaves):
                theta = [x.detach().numpy().copy() for x in case.leaves]
                if case.outputs(theta):
                    found.append((case, theta))
        if len(found) == 2:
            break
    return found


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=names)
def test_first_and_second_derivatives_are_those_of_differences(op, bridge, tally):
    found = cases(op, bridge)
    if not found:
        pytest.skip("no sample of a few numbers with a derivative")
    for case, theta in found:
        for kind, function in (("first", case.value), ("second", case.slope)):
            try:
                report = check(function, theta)
            except InputError as problem:
                if "finite" in str(problem):  # a sample outside the domain, as a power of a negative number
                    continue
                raise
            assert report.ok, f"{kind} derivative, {case.sample.summary()}: {report}"
            note_worst(f"{kind} derivative from differences", report.deviation, op.name)
            tally["ran"][f"{kind} derivatives against differences"] += 1


def test_a_wrong_second_derivative_is_found(bridge, monkeypatch):
    from chainrule.autograd.primitive import Primitive
    from chainrule.autograd.table import elementwise

    wrong = Primitive("cos", np.cos, x=lambda g, x: g * elementwise.sin(x))  # the sign is missing
    monkeypatch.setattr(elementwise, "cos", wrong)  # which only the derivative of sin uses
    op = next(op for op in DIFFERENTIABLE if op.name == "sin")
    case, theta = cases(op, bridge)[0]
    assert check(case.value, theta).ok
    assert not check(case.slope, theta).ok
