"""The examination that every initializer sits."""

import math

import numpy as np
import pytest

from chainrule.core.errors import SettingError
from chainrule.initializers import INITIALIZERS

FANS = ["he", "lecun", "xavier"]
SPECS = [*INITIALIZERS, *(f"{name}:distribution=uniform" for name in FANS), "normal:std=0.02", "constant:value=-2"]
SPECS += ["uniform:limit=2.4,power=1"]
every = pytest.mark.parametrize("spec", SPECS)
D_OUT, D_IN = 600, 200  # unequal, so that a mistaken fan shows
VARIANCE = {"he": 2 / D_IN, "lecun": 1 / D_IN, "xavier": 2 / (D_IN + D_OUT)}


def filled(spec, seed=0, shape=(D_OUT, D_IN), dtype="float64"):
    W = np.full(shape, np.nan, dtype)
    INITIALIZERS.make(spec).fill(W, np.random.default_rng(seed))
    return W


@every
def test_every_weight_is_written_and_finite(spec):
    assert np.isfinite(filled(spec)).all()
    assert np.isfinite(filled(spec, shape=(1, 1))).all()


@every
def test_float32_is_the_rounded_float64(spec):
    narrow = filled(spec, dtype="float32")
    assert narrow.dtype == "float32"
    np.testing.assert_array_equal(narrow, filled(spec).astype("float32"))


@every
def test_one_seed_gives_the_same_weights(spec):
    np.testing.assert_array_equal(filled(spec, 3), filled(spec, 3))


@pytest.mark.parametrize("spec", [s for s in SPECS if not s.startswith(("zeros", "constant"))])
def test_another_seed_gives_other_weights(spec):
    assert not np.array_equal(filled(spec, 3), filled(spec, 4))


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
@pytest.mark.parametrize("name", FANS)
def test_mean_and_variance_are_those_of_the_paper(name, distribution):
    W = filled(f"{name}:distribution={distribution}")
    # Of N = 120,000 draws the mean errs by std / sqrt(N); the variance of a normal by sqrt(2 / N), relative,
    # and that of a uniform by less. Five of those: a right scheme fails once in a million seeds.
    assert abs(W.mean()) < 5 * math.sqrt(VARIANCE[name] / W.size)
    assert W.var() == pytest.approx(VARIANCE[name], rel=5 * math.sqrt(2 / W.size))


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_the_distribution_has_its_shape(distribution):
    W = filled(f"he:distribution={distribution}")
    kurtosis = np.mean(W**4) / np.mean(W**2) ** 2
    # 3 for a normal, 9/5 for a uniform; the estimate errs by sqrt(24 / N) = 0.014
    assert kurtosis == pytest.approx({"normal": 3, "uniform": 1.8}[distribution], abs=0.07)


@pytest.mark.parametrize("name", FANS)
def test_a_uniform_fills_its_interval_and_no_more(name):
    limit = math.sqrt(3 * VARIANCE[name])
    W = filled(f"{name}:distribution=uniform")
    assert np.abs(W).max() <= limit
    assert W.max() > 0.999 * limit
    assert W.min() < -0.999 * limit


def test_normal_has_its_std_whatever_the_fans():
    for shape in [(600, 200), (200, 600)]:
        assert filled("normal:std=0.02", shape=shape).std() == pytest.approx(0.02, rel=5 / math.sqrt(2 * 120_000))
    assert filled("normal").std() == pytest.approx(1, rel=5 / math.sqrt(2 * 120_000))


@pytest.mark.parametrize(
    ("settings", "limit"),
    [("", 1 / math.sqrt(D_IN)), (":limit=2.4,power=1", 2.4 / D_IN), (":limit=0.05,power=0", 0.05)],
)
def test_uniform_fills_its_interval_by_the_fan_in_alone(settings, limit):
    for shape in [(D_OUT, D_IN), (D_IN, D_IN)]:
        W = filled(f"uniform{settings}", shape=shape)
        assert np.abs(W).max() <= limit
        assert W.max() > 0.999 * limit
        assert W.min() < -0.999 * limit
        # the variance of N uniform draws errs by sqrt(0.8 / N), relative
        assert W.var() == pytest.approx(limit**2 / 3, rel=5 * math.sqrt(0.8 / W.size))


def test_uniform_is_by_default_what_pytorchs_linear_starts_from(pytorch):
    theirs = pytorch.torch.nn.Linear(D_IN, D_OUT).weight.detach().numpy()
    ours = filled("uniform", shape=theirs.shape)
    # the largest of N = 120,000 uniform draws is within 1e-3 of the limit but once in e^120
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-3)
    assert ours.std() == pytest.approx(theirs.std(), rel=5 * math.sqrt(0.4 / theirs.size))


def test_zeros_and_constant_are_exact():
    assert not filled("zeros").any()
    assert (filled("constant") == 0.5).all()
    assert (filled("constant:value=-2") == -2).all()


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        *[(name, {"distribution": "gauss"}, "normal, uniform") for name in FANS],
        ("normal", {"std": -1.0}, "std"),
        ("normal", {"std": float("inf")}, "std"),
        ("uniform", {"limit": -1.0}, "limit"),
        ("uniform", {"power": 2.0}, "power"),
        ("constant", {"value": float("nan")}, "value"),
        ("constant", {"value": "0"}, "value"),
    ],
)
def test_settings_out_of_range_are_refused(name, settings, says):
    with pytest.raises(SettingError, match=says):
        INITIALIZERS[name](**settings)
