"""Probabilities of rows held out: what they are worth, in every form that outputs have, and what is said of them."""

import numpy as np
import pytest

from chainrule.diagnosis import doctor, experiments
from chainrule.diagnosis.experiments import pace
from chainrule.diagnosis.loss_facts import LossFacts
from chainrule.diagnosis.reliability import reliability
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.tasks import Task

CLASSES, YES_NO = Task("classes", "index", 3), Task("yes_no", "index", 1)
LOGITS = LossFacts("CrossEntropyLoss", "cross_entropy", "logits")
SIGMOID = LossFacts("BCEWithLogitsLoss", "binary_cross_entropy", "logits")
PROBABILITIES = LossFacts("BCELoss", "binary_cross_entropy", "probabilities")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(experiments, "STEPS", 300)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.fixture
def drawn():
    """Logits of 4,000 rows, and classes drawn by their probabilities at a temperature of 2.5."""
    rng = np.random.default_rng(0)
    z = 4 * rng.normal(size=(4000, 3))
    shares = softmax(z / 2.5).cumsum(axis=1)
    return z, (rng.uniform(size=(4000, 1)) > shares).sum(axis=1)


def test_it_agrees_with_scikit_learn_and_finds_the_temperature_that_was_drawn_with(drawn):
    metrics, optimize = pytest.importorskip("sklearn.metrics"), pytest.importorskip("scipy.optimize")
    z, y = drawn
    found = reliability(CLASSES, LOGITS, None, (z, y))
    p = softmax(z)
    assert found.log_loss == pytest.approx(metrics.log_loss(y, p), rel=1e-9)
    assert found.right == metrics.accuracy_score(y, p.argmax(axis=1))
    assert found.confidence == pytest.approx(p.max(axis=1).mean(), rel=1e-12)
    shares = np.tile(np.bincount(y) / len(y), (len(y), 1))
    assert found.shares == pytest.approx(metrics.log_loss(y, shares), rel=1e-9)
    best = optimize.minimize_scalar(lambda t: metrics.log_loss(y, softmax(z / t)), (0.5, 5), tol=1e-9)
    assert found.temperature == pytest.approx(best.x, rel=1e-4)
    assert found.temperature == pytest.approx(2.5, rel=0.1)
    # a temperature of other rows is a little worse than the rows' own, and much better than none
    assert best.fun < found.after < best.fun + 0.01 < found.log_loss


def test_yes_or_no_is_the_same_in_every_form(drawn):
    z, y = drawn
    one, yes = z[:, :1], (y == 0).astype(int)
    p = 1 / (1 + np.exp(-one))
    forms = [
        (SIGMOID, None, one, yes), (SIGMOID, None, one, yes[:, None].astype("f4")), (SIGMOID, None, one, 2 * yes - 1),
        (PROBABILITIES, "sigmoid", p, yes), (LOGITS, None, np.hstack([0 * one, one]), yes),
        (LossFacts("NLLLoss", "cross_entropy", "log_probabilities"), None, np.log(np.hstack([1 - p, p])), yes),
        (LossFacts("nll", "cross_entropy", "probabilities"), "softmax", np.hstack([1 - p, p]), yes),
    ]  # fmt: skip
    first, *others = [reliability(YES_NO, loss, output, (out, y)) for loss, output, out, y in forms]
    for other in others:
        assert vars(other) == pytest.approx(vars(first), rel=1e-6)


def test_where_there_are_no_probabilities_it_says_nothing(drawn):
    z, y = drawn
    squared = LossFacts("MSELoss", "squared", "values")
    assert reliability(CLASSES, squared, None, (z, y)) is None
    assert reliability(Task("values", "values", 1), LOGITS, None, (z, y)) is None
    assert reliability(CLASSES, LOGITS, None, (z, y + 1)) is None  # a class that has no output
    assert reliability(CLASSES, LOGITS, None, (z * np.nan, y)) is None
    assert reliability(CLASSES, PROBABILITIES, "relu", (z, y)) is None  # no probabilities at all


def program(name, which):
    names = {}
    exec(RULES[name].example, names)
    return names[which]


def test_a_network_that_is_too_sure_is_a_note():
    report = doctor.diagnose(**program("miscalibrated", "faulty"), prove=False)
    [found] = [f for f in report.findings if f.rule == "miscalibrated"]
    seen = report.evidence.reliability
    assert found.severity == "INFO"
    assert f"{seen.confidence:.0%} sure and {seen.right:.0%} right" in found.says
    assert seen.log_loss > seen.after
    assert seen.shares > seen.after


def test_without_validation_rows_it_is_judged_on_rows_held_out():
    settings = program("miscalibrated", "faulty") | {"validation": None}
    seen = doctor.diagnose(**settings, prove=False).evidence.reliability
    assert seen.rows == 75
    assert seen.confidence - seen.right > 0.05


def test_labels_in_another_order_are_a_control_of_learning_by_heart():
    noise = doctor.diagnose(**program("overfitting", "faulty"), prove=False)
    [found] = [f for f in noise.findings if f.rule == "overfitting"]
    assert "learned as fast" in found.says
    assert found.evidence["pace on shuffled labels"] == pytest.approx(found.evidence["pace"], abs=0.1)
    # labels that mean something, and rows held out whose labels are those of others
    settings = program("label-noise", "cured")
    other = np.random.default_rng(1).permutation(len(settings["X"]))
    settings |= {"validation": (settings["X"], settings["y"][other])}
    joined = doctor.diagnose(**settings, prove=False)
    [found] = [f for f in joined.findings if f.rule == "overfitting"]
    assert "learned more slowly" in found.says
    assert found.evidence["pace on shuffled labels"] < 0.5 * found.evidence["pace"]


def test_pace_is_the_mean_share_of_the_loss_that_is_gone():
    assert pace([1.0, 0.5, 0.0], 1.0) == pytest.approx(0.5)
    assert pace([], 1.0) != pace([], 1.0)
    assert pace([1.0], 0.0) != pace([1.0], 0.0)
