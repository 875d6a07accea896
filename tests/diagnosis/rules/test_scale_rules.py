"""Shapes, weights and scales: exact where they can be, and silent where training went well."""

import numpy as np
import pytest

import chainrule.autograd as ag
from chainrule.diagnosis.doctor import examine
from chainrule.diagnosis.libraries import array
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.start_facts import _check, _doubled, _downhill
from chainrule.initializers import INITIALIZERS
from tests.diagnosis.rules.looked_at import evidence_of, network, nn, said

rng = np.random.default_rng(2)
X = rng.normal(size=(256, 6)).astype("f4")
YES = (X[:, :1] > 0).astype("f4")
VALUES = X[:, :1] - X[:, 1:2]
BCEL, CE, MSE = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss(), nn.MSELoss()


def filled(module, fill):
    """The module, its dense layers' weights made by ``fill(weight)``."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            fill(array(part.weight))
    return module


# -- scales ----------------------------------------------------------------------------------------------------------

ONE_HOT = np.hstack([X[:, :2], np.eye(4)[rng.integers(0, 4, 256)]])
PIXELS = np.clip(rng.normal(0.2, 0.3, (256, 6)), 0, 1)
PIXELS[:, 0] = 0.02 * (np.arange(256) < 1)  # a pixel at the border, once on and faint
UNIT = {
    "standardized": X,
    "one-hot beside numbers": ONE_HOT,
    "pixels from 0 to 1": PIXELS,
    "U(0, 1)": np.abs(np.tanh(X)),
}
RAW = {
    "pixels from 0 to 255": 255 * PIXELS,
    "one feature in thousands": X * [1, 1, 1, 1, 1, 5000],
    "years": X + 1950,
    "thousandths": X / 1000,
}


@pytest.mark.parametrize("name", UNIT)
def test_inputs_of_usual_size_are_let_be_even_where_training_fails(name):
    assert said("input-scale", network(6, 16, 1), UNIT[name], YES, BCEL) == []


@pytest.mark.parametrize("name", RAW)
def test_inputs_of_another_size_are_a_fault_only_where_training_fails(name):
    assert said("input-scale", network(6, 16, 1), RAW[name], YES, BCEL) == ["WARN"]
    assert said("input-scale", network(6, 16, 1), RAW[name], YES, BCEL, skill=0.95) == []


def test_inputs_that_are_normalized_first_have_no_scale():
    module = nn.Sequential(nn.BatchNorm1d(6), *network(6, 16, 1))
    module(ag.tensor(RAW["pixels from 0 to 255"].astype("f4")))  # running averages
    for _ in range(100):
        module(ag.tensor(RAW["pixels from 0 to 255"].astype("f4")))
    assert said("input-scale", module, RAW["pixels from 0 to 255"], YES, BCEL) == []


def test_targets_far_from_the_first_outputs_are_a_fault_only_where_training_fails():
    far = 1000 + 100 * VALUES
    assert said("target-scale", network(6, 16, 1), X, far, MSE) == ["WARN"]
    assert said("target-scale", network(6, 16, 1), X, far, MSE, skill=0.95) == []
    assert said("target-scale", network(6, 16, 1), X, 15 + 5 * VALUES, MSE) == []
    zero_head = filled(network(6, 1), lambda weight: weight.fill(0))
    assert said("target-scale", zero_head, X, VALUES, MSE) == []


# -- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["he", "xavier", "lecun", "torch"])
@pytest.mark.parametrize("hidden", [nn.ReLU, nn.Tanh])
def test_every_usual_initialization_is_let_be(name, hidden):
    module = network(6, 64, 64, 64, 1, hidden=hidden)
    if name != "torch":
        filled(module, lambda weight: INITIALIZERS.make(name).fill(weight, rng))
    assert said("initial-scale", module, X, YES, BCEL) == []


def test_the_chance_in_a_few_weights_is_let_be():
    """The standard deviation of 12 numbers is off by more than a fifth in one draw of three."""
    for _ in range(20):
        module = filled(network(6, 12, 1), lambda weight: INITIALIZERS.make("he").fill(weight, rng))
        assert said("initial-scale", module, X, YES, BCEL) == []


@pytest.mark.parametrize("times", [0.01, 20])
def test_weights_of_another_size_are_a_fault_only_where_training_fails(times):
    def module():
        return filled(network(6, 64, 64, 64, 1), lambda weight: weight.__imul__(times))

    assert said("initial-scale", module(), X, YES, BCEL) == ["WARN"]
    assert said("initial-scale", module(), X, YES, BCEL, skill=0.95) == ["INFO"]


def test_a_head_of_zeros_is_let_be():
    module = network(6, 64, 1)
    array(module[2].weight)[...] = 0
    assert said("initial-scale", module, X, YES, BCEL) == []
    assert said("equal-weights", module, X, YES, BCEL) == []


def test_biases_of_zero_are_no_symmetry():
    module = network(6, 64, 1)
    array(module[0].bias)[...] = 0
    assert said("equal-weights", module, X, YES, BCEL) == []


@pytest.mark.parametrize("constant", [0.0, 0.5])
def test_equal_units_are_an_error_and_dropout_tells_them_apart(constant):
    module = filled(network(6, 64, 1), lambda weight: weight.fill(constant))
    array(module[0].bias)[...] = constant
    assert said("equal-weights", module, X, YES, BCEL, skill=0.95) == ["ERROR"]
    apart = nn.Sequential(module[0], module[1], nn.Dropout(0.5), module[2])
    assert said("equal-weights", apart, X, YES, BCEL) == []


def test_two_equal_units_of_many_are_a_warning_and_the_smallest_difference_is_none():
    module = network(6, 64, 1)
    weight, bias, out = array(module[0].weight), array(module[0].bias), array(module[2].weight)
    weight[5], bias[5], out[:, 5] = weight[9], bias[9], out[:, 9]
    assert said("equal-weights", module, X, YES, BCEL) == ["WARN"]
    out[0, 5] += 1e-5
    assert said("equal-weights", module, X, YES, BCEL) == []


def test_equal_units_get_equal_gradients():
    """What makes the test exact: their gradients are the same number for number, so no step parts them."""
    module = filled(network(6, 8, 1, hidden=nn.Tanh), lambda weight: weight.fill(0.5))
    array(module[0].bias)[...] = 0.5
    BCEL(module(ag.tensor(X)), ag.tensor(YES)).backward()
    gradient = array(module[0].weight.grad)
    assert (gradient == gradient[0]).all()
    assert gradient.any()


# -- lines -----------------------------------------------------------------------------------------------------------


def test_one_linear_layer_is_no_stack():
    assert said("no-nonlinearity", network(6, 1), X, YES, BCEL) == []


@pytest.mark.parametrize(("skill", "severity"), [(0.0, "ERROR"), (0.95, "WARN")])
def test_a_stack_of_lines_is_named(skill, severity):
    assert said("no-nonlinearity", network(6, 16, 16, 1, hidden=None), X, YES, BCEL, skill=skill) == [severity]


def test_a_line_through_batch_normalization_and_dropout_is_a_line():
    module = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(0.2), nn.Linear(16, 1))
    assert said("no-nonlinearity", module, X, YES, BCEL) == ["ERROR"]


def test_one_linear_layer_among_others_and_a_linear_autoencoder_are_only_remarkable():
    module = nn.Sequential(nn.Linear(6, 16), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    assert said("no-nonlinearity", module, X, YES, BCEL) == ["INFO"]
    assert said("no-nonlinearity", network(6, 2, 6, hidden=None), X, X, MSE) == ["INFO"]


# -- shapes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "y", "loss", "expected"),
    [
        (1, VALUES[:, 0], MSE, ["ERROR"]),
        (3, VALUES, MSE, ["ERROR"]),
        (1, np.hstack([VALUES] * 3), MSE, ["ERROR"]),
        (1, VALUES, MSE, []),
        (3, np.hstack([VALUES] * 3), MSE, []),
        (3, rng.integers(0, 3, 256), CE, []),
    ],
)
def test_shapes_that_are_stretched_are_an_error_whatever_was_learned(width, y, loss, expected):
    assert said("broadcast", network(6, 8, width), X, y, loss, skill=0.95) == expected


def test_a_loss_that_makes_the_shapes_one_itself_stretches_nothing():
    def own(outputs, targets):
        return ((outputs[:, 0] - targets) ** 2).mean()

    def stretched(outputs, targets):
        return ((outputs - targets) ** 2).mean()

    assert said("broadcast", network(6, 8, 1), X, VALUES[:, 0], own) == []
    assert said("broadcast", network(6, 8, 1), X, VALUES[:, 0], stretched) == ["ERROR"]


def torch_network(*widths):
    import torch

    parts = [torch.nn.Linear(a, b) for a, b in zip(widths[::2], widths[1::2], strict=True)]
    return torch.nn.Sequential(*parts)


def module_of(library, *widths):
    if library == "torch":
        return torch_network(*widths)
    return nn.Sequential(*[nn.Linear(a, b) for a, b in zip(widths[::2], widths[1::2], strict=True)])


def examined(module, y, loss):
    import sys

    optim = ag.optim if isinstance(module, nn.Module) else sys.modules["torch"].optim
    return examine(Program(module, X, y, loss, optim.SGD(module.parameters(), lr=0.1), epochs=1))


@pytest.mark.parametrize("library", ["torch", "chainrule"])
@pytest.mark.parametrize(("widths", "name", "given"), [((6, 8, 5, 1), "1", 8), ((4, 8, 8, 1), "0", 6)])
def test_the_layer_that_does_not_fit_is_named_with_both_numbers(library, widths, name, given):
    evidence = examined(module_of(library, *widths), YES, MSE)
    (finding,) = RULES["shape-mismatch"]().check(evidence)
    assert (finding.severity, finding.where) == ("ERROR", name)
    assert f"is given {given}" in finding.says


def test_an_error_that_is_none_of_shapes_is_another_rules_matter():
    class Broken(nn.Linear):
        def forward(self, input):
            raise RuntimeError("out of luck")

    assert said("shape-mismatch", examined(Broken(6, 1), YES, MSE)) == []


# -- losses and gradients --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reduction", "optimizer", "batch", "expected"),
    [("sum", "SGD", 32, ["WARN"]), ("sum", "Adam", 32, ["INFO"]), ("sum", "SGD", 1, []), ("mean", "SGD", 32, [])],
)
def test_a_sum_harms_an_optimizer_whose_steps_grow_with_the_gradient(reduction, optimizer, batch, expected):
    module = network(6, 8, 1)
    loss = nn.MSELoss(reduction=reduction)
    made = getattr(ag.optim, optimizer)(module.parameters(), lr=0.01)
    evidence = evidence_of(module, X, VALUES, loss, optimizer=made, batch_size=batch)
    running = evidence.program.start()
    evidence.start.doubled = _doubled(running, *evidence.program.some(batch, seed=1))
    assert said("summed-loss", evidence) == expected


DEEP = {
    "sigmoid layers": (nn.Sigmoid, (6, *[8] * 8, 1)),
    "relu layers": (nn.ReLU, (6, *[8] * 8, 1)),
    "one": (nn.ReLU, (6, 1)),
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("size", [1e-3, 1, 1e4])
def test_right_derivatives_are_let_be_at_kinks_in_depth_and_at_every_scale(name, size):
    hidden, widths = DEEP[name]
    module = network(*widths, hidden=hidden)
    for part in module.modules():
        if isinstance(part, nn.Linear):
            array(part.bias)[...] = 0  # rows of zeros are exactly at the kink
    x = X.copy()
    x[::3] = 0
    evidence = evidence_of(module, x, size * VALUES, MSE)
    evidence.start.checked, evidence.start.checked_at = _check(evidence.program)
    assert said("wrong-gradient", evidence) == []


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
@pytest.mark.parametrize(("maximize", "expected"), [(False, []), (True, ["ERROR"])])
def test_steps_up_are_an_error_of_every_optimizer_and_steps_down_of_none(name, maximize, expected):
    module = network(6, 8, 1)
    made = getattr(ag.optim, name)(module.parameters(), lr=0.01, maximize=maximize)
    evidence = evidence_of(module, X, VALUES, MSE, optimizer=made)
    evidence.start.downhill = _downhill(evidence.program)
    assert said("uphill", evidence) == expected


def test_a_loss_that_is_least_where_answers_are_wrong_is_an_error():
    def gain(outputs, targets):
        return -((outputs - targets) ** 2).mean()

    assert said("uphill", network(6, 8, 1), X, VALUES, gain) == ["ERROR"]
    assert said("uphill", network(6, 8, 1), X, VALUES, lambda z, t: ((z - t) ** 2).mean()) == []
