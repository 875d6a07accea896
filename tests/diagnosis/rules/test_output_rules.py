"""Outputs, losses and targets: every pair that goes together is let be, every one that doesn't is named."""

import numpy as np
import pytest

import chainrule.autograd as ag
from chainrule.diagnosis.rules import RULES
from tests.diagnosis.rules.looked_at import CROSS_ENTROPY_OF_SHARES, POISSON, Loss, evidence_of, network, nn, said

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
YES = (X[:, :1] > 0).astype("f4")
IDS = rng.integers(0, 4, 120)
ROWS = np.eye(4, dtype="f4")[IDS]
SEVERAL = np.hstack([YES, YES, 1 - YES, YES])
VALUES = (3 * X[:, :1] - 1).astype("f4")
SHARES = rng.uniform(0, 1, (120, 4)).astype("f4")
SMOOTH = ROWS * 0.9 + 0.025
SIGMOID, SOFTMAX, LOGS, RELU, TANH = nn.Sigmoid(), nn.Softmax(dim=1), nn.LogSoftmax(dim=1), nn.ReLU(), nn.Tanh()
CE, BCE, BCEL, MSE, NLL, MAE = (
    nn.CrossEntropyLoss(), nn.BCELoss(), nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.NLLLoss(), nn.L1Loss(),
)  # fmt: skip

FIT = {
    "logits and cross-entropy": (4, None, CE, IDS),
    "logits and cross-entropy of smoothed labels": (4, None, CE, SMOOTH),
    "a logit and binary cross-entropy": (1, None, BCEL, YES),
    "sigmoid and binary cross-entropy": (1, SIGMOID, BCE, YES),
    "several labels": (4, SIGMOID, BCE, SEVERAL),
    "several labels of logits": (4, None, BCEL, SEVERAL),
    "sigmoid and shares, as autoencoders of images have it": (4, SIGMOID, BCE, SHARES),
    "two outputs of a softmax, whose binary cross-entropy is cross-entropy": (
        2, SOFTMAX, BCE, np.hstack([YES, 1 - YES])),
    "logarithms and the negative log-likelihood": (4, LOGS, NLL, IDS),
    "softmax and cross-entropy of shares": (4, SOFTMAX, CROSS_ENTROPY_OF_SHARES, ROWS),
    "values": (1, None, MSE, VALUES),
    "values of which none is below 0 and softplus": (1, nn.Softplus(), POISSON, np.abs(VALUES)),
    "least squares of yes and no": (1, None, MSE, YES),
}  # fmt: skip
WRONG = {
    "softmax twice": (4, SOFTMAX, CE, IDS, "ERROR"),
    "sigmoid before cross-entropy of logits": (4, SIGMOID, CE, IDS, "ERROR"),
    "sigmoid twice": (1, SIGMOID, BCEL, YES, "ERROR"),
    "softmax before binary cross-entropy of logits": (4, SOFTMAX, BCEL, SEVERAL, "ERROR"),
    "no activation before probabilities": (1, None, BCE, YES, "ERROR"),
    "relu before probabilities": (1, RELU, BCE, YES, "ERROR"),
    "tanh before probabilities": (1, TANH, BCE, YES, "ERROR"),
    "no activation before shares": (4, None, CROSS_ENTROPY_OF_SHARES, ROWS, "ERROR"),
    "softmax without its logarithm": (4, SOFTMAX, NLL, IDS, "ERROR"),
    "logits without log_softmax": (4, None, NLL, IDS, "ERROR"),
    "several labels of a softmax": (4, SOFTMAX, BCE, SEVERAL, "ERROR"),
    "several labels of a softmax and cross-entropy": (4, SOFTMAX, CROSS_ENTROPY_OF_SHARES, SEVERAL, "ERROR"),
    "several labels of a softmax, squared": (4, SOFTMAX, MSE, SEVERAL, "ERROR"),
    "relu before a logit": (1, RELU, BCEL, YES, "ERROR"),
    "logarithms before binary cross-entropy": (4, LOGS, BCEL, SEVERAL, "ERROR"),
    "a quantity and binary cross-entropy": (1, SIGMOID, BCE, np.abs(VALUES), "ERROR"),
    "a quantity and binary cross-entropy of logits": (1, None, BCEL, VALUES, "ERROR"),
    "rates below 0": (1, None, POISSON, np.abs(VALUES), "ERROR"),
    "counts below 0": (1, nn.Softplus(), POISSON, VALUES, "ERROR"),
    "one sigmoid and cross-entropy": (1, SIGMOID, CROSS_ENTROPY_OF_SHARES, YES, "ERROR"),
    "sigmoids and cross-entropy": (4, SIGMOID, CROSS_ENTROPY_OF_SHARES, ROWS, "ERROR"),
    "softmax and binary cross-entropy of four classes": (4, SOFTMAX, BCE, ROWS, "WARN"),
    "tanh before logits": (4, TANH, CE, IDS, "WARN"),
    "softmax and squares": (4, SOFTMAX, MSE, ROWS, "WARN"),
    "sigmoid and distances": (1, SIGMOID, MAE, YES, "WARN"),
    "relu and squares of yes and no": (1, RELU, MSE, YES, "WARN"),
    "relu before logits": (4, RELU, CE, IDS, "WARN"),
    "log_softmax twice": (4, LOGS, CE, IDS, "INFO"),
    "sigmoid and squares of yes and no": (1, SIGMOID, MSE, YES, "INFO"),
}  # fmt: skip
GATED = ("softmax and squares", "sigmoid and distances", "relu and squares of yes and no", "relu before logits")


@pytest.mark.parametrize("name", FIT)
def test_a_pair_that_fits_is_let_be_even_where_training_fails(name):
    width, last, loss, y = FIT[name]
    assert said("output-and-loss", network(3, 8, width, last=last), X, y, loss) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_pair_that_does_not_fit_is_named(name):
    width, last, loss, y, severity = WRONG[name]
    assert said("output-and-loss", network(3, 8, width, last=last), X, y, loss) == [severity]


@pytest.mark.parametrize("name", GATED)
def test_a_pair_that_is_only_odd_is_only_remarkable_where_training_went_well(name):
    width, last, loss, y, _ = WRONG[name]
    assert said("output-and-loss", network(3, 8, width, last=last), X, y, loss, skill=0.95) == ["INFO"]


def test_a_pair_that_harms_even_where_training_went_well_is_a_warning_there():
    given = (network(3, 8, 4, last=SIGMOID), X, ROWS, CROSS_ENTROPY_OF_SHARES)
    assert said("output-and-loss", *given, skill=0.95) == ["WARN"]


@pytest.mark.parametrize(("k", "last"), [(4, SOFTMAX), (10, SOFTMAX), (10, SIGMOID), (10, TANH)])
def test_the_floor_that_is_told_is_the_least_loss_that_such_outputs_have(k, last):
    evidence = evidence_of(network(3, 8, k, last=last), X, rng.integers(0, k, 120), CE)
    (finding,) = RULES["output-and-loss"]().check(evidence)
    best = np.full((1, k), -1.0 if last is TANH else 0.0)  # one output at its upper end, all others at their lower
    best[0, 0] = 1
    least = CE(ag.tensor(best), ag.tensor([0])).item()
    assert finding.evidence["floor"] == pytest.approx(least)
    assert f"{least:.3f}" in finding.says


def test_a_function_in_place_of_a_module_is_seen_too():
    class Called(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 1)

        def forward(self, x):
            return self.layer(x).sigmoid()

    assert said("output-and-loss", Called(), X, YES, BCEL) == ["ERROR"]


@pytest.mark.parametrize(("last", "loss", "y"), [(SOFTMAX, BCE, YES), (SOFTMAX, MSE, VALUES), (None, CE, IDS * 0)])
def test_softmax_of_one_unit_is_an_error_whatever_the_loss(last, loss, y):
    assert said("softmax-of-one-unit", network(3, 8, 1, last=last), X, y, loss, skill=0.95) == ["ERROR"]


@pytest.mark.parametrize(("width", "last"), [(2, SOFTMAX), (1, SIGMOID), (1, None)])
def test_other_outputs_are_no_softmax_of_one_unit(width, last):
    loss = BCEL if width == 1 else MSE
    assert (
        said("softmax-of-one-unit", network(3, 8, width, last=last), X, np.resize(YES, (120, width)), loss) == []
    )


OUTLIERS = np.clip(VALUES / 20 + 0.5, 0, 1)
OUTLIERS[0] = 1.3  # one of 120 is more than 0.5 %
SLIGHT = np.abs(VALUES)
SLIGHT[:5] = -0.01
IN_REACH = {
    "labels at the ends of a sigmoid": (SIGMOID, YES),
    "values within (-1, 1)": (TANH, np.tanh(VALUES)),
    "values above 0": (RELU, np.abs(VALUES)),
    "values without an activation": (None, 1e6 * VALUES),
    "values from -1 up": (nn.ELU(), np.abs(VALUES) - 1),
}


@pytest.mark.parametrize("name", IN_REACH)
def test_targets_within_reach_are_let_be(name):
    last, y = IN_REACH[name]
    assert said("output-range", network(3, 8, 1, last=last), X, y, MSE) == []


@pytest.mark.parametrize(
    ("last", "y"),
    [(SIGMOID, VALUES), (TANH, VALUES), (RELU, VALUES), (SIGMOID, 2 * YES - 1), (nn.ELU(), VALUES - 3)],
)
def test_targets_out_of_reach_are_an_error(last, y):
    assert said("output-range", network(3, 8, 1, last=last), X, y, MSE) == ["ERROR"]


def test_a_softmax_reaches_only_rows_that_sum_to_one():
    assert said("output-range", network(3, 8, 4, last=SOFTMAX), X, SHARES, MSE, told="values") == ["ERROR"]
    assert said("output-range", network(3, 8, 4, last=SOFTMAX), X, SMOOTH, MSE, told="values") == []


def test_a_hair_out_of_reach_is_only_remarkable():
    assert said("output-range", network(3, 8, 1, last=RELU), X, SLIGHT, MSE) == ["INFO"]


def test_the_variance_that_is_told_as_left_is_what_the_nearest_outputs_leave():
    evidence = evidence_of(network(3, 8, 1, last=SIGMOID), X, VALUES, MSE)
    (finding,) = RULES["output-range"]().check(evidence)
    left = ((VALUES - np.clip(VALUES, 0, 1)) ** 2).sum() / ((VALUES - VALUES.mean()) ** 2).sum()
    assert finding.evidence["variance left"] == pytest.approx(min(left, 1), rel=1e-5)  # targets are float32


ENCODED = {
    "labels 0 and 1": (1, BCEL, YES),
    "soft labels": (1, BCEL, 0.1 + 0.8 * YES),
    "label smoothing": (4, CE, SMOOTH),
    "mixed labels": (4, CE, 0.7 * ROWS + 0.3 * ROWS[::-1]),
    "class numbers": (4, CE, IDS),
    "an output more than classes": (6, CE, IDS),
    "-1 and 1 for squares": (1, MSE, 2 * YES - 1),
    "whole numbers that are values": (1, MSE, np.rint(10 * VALUES)),
    "several labels": (4, BCEL, SEVERAL),
    "shares": (4, BCEL, SHARES),
}


@pytest.mark.parametrize("name", ENCODED)
def test_labels_in_a_form_that_fits_are_let_be(name):
    width, loss, y = ENCODED[name]
    assert said("label-encoding", network(3, 8, width), X, y, loss) == []


ELEMENTWISE = Loss("binary", "binary_cross_entropy", "logits", lambda z, t: (z.exp().log1p() - z * t).mean())
OF_IDS = Loss("of_ids", "cross_entropy", "logits", lambda z, t: CE(z, t[:, 0].long()))
OF_IDS.targets = "ids"
MISWRITTEN = {
    "rows of labels for a loss of class numbers": (4, OF_IDS, ROWS),
    "rows of labels for one output": (1, MSE, ROWS),
    "class numbers from 1": (4, CE, IDS + 1),
    "a class numbered -1": (4, CE, IDS - 1),
    "-1 and 1 for binary cross-entropy": (1, BCEL, 2 * YES - 1),
    "1 and 2 for binary cross-entropy": (1, BCEL, YES + 1),
    "four classes and one output": (1, ELEMENTWISE, IDS[:, None].astype("f4")),
    "one label a row against two outputs": (2, ELEMENTWISE, YES),
    "classes divided by 255": (1, BCEL, (IDS[:, None] / 255).astype("f4")),
    "rows that sum to 2": (4, CE, 2 * SMOOTH),
}


@pytest.mark.parametrize("name", MISWRITTEN)
def test_labels_in_a_form_that_does_not_fit_are_named(name):
    width, loss, y = MISWRITTEN[name]
    assert said("label-encoding", network(3, 8, width), X, y, loss) == ["WARN" if "sum" in name else "ERROR"]


def test_classes_taken_for_quantities_are_named_where_they_are_told_to_be_classes():
    given = (network(3, 8, 1), X, IDS[:, None].astype("f4"), MSE)
    assert said("label-encoding", *given, told="classes") == ["WARN"]
    assert said("label-encoding", *given, told="values") == []
