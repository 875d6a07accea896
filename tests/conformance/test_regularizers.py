"""The examination that every regularizer sits, by its kind."""

import numpy as np
import pytest

from chainrule.core.errors import SettingError
from chainrule.regularizers import REGULARIZERS
from chainrule.regularizers.base import Augmentation, Average, Clip, Constraint, Decay, Penalty

KINDS = (Augmentation, Average, Clip, Constraint, Decay, Penalty)
THINGS = list(REGULARIZERS.examples())


def of(kind):
    return pytest.mark.parametrize("thing", [t for t in THINGS if isinstance(t, kind)], ids=repr)


def test_every_one_is_of_one_kind():
    for thing in THINGS:
        assert sum(isinstance(thing, kind) for kind in KINDS) == 1


@of(Penalty)
def test_the_gradient_of_a_penalty_is_that_of_its_value(thing, rng):
    W = rng.normal(size=(3, 4))
    dW = np.zeros((3, 4))
    thing.add_gradient(W, dW)
    for place in np.ndindex(W.shape):
        ahead, behind = W.copy(), W.copy()
        ahead[place] += 1e-6
        behind[place] -= 1e-6
        slope = (thing.value(ahead) - thing.value(behind)) / 2e-6
        assert dW[place] == pytest.approx(slope, rel=1e-6, abs=1e-9)


@of(Penalty)
def test_a_penalty_adds_to_the_gradient_that_is_there_and_spares_the_weights(thing, rng):
    W, there = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    before, dW, alone = W.copy(), there.copy(), np.zeros((3, 4))
    thing.add_gradient(W, dW)
    thing.add_gradient(W, alone)
    np.testing.assert_allclose(dW, there + alone, rtol=1e-12)
    assert W.tobytes() == before.tobytes()
    assert thing.value(np.zeros((2, 2))) == 0
    assert thing.value(W) > 0


@of(Clip)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_clip_leaves_small_gradients_and_bounds_large_ones(thing, dtype, rng):
    small = (rng.normal(size=50) * thing.limit * 1e-3).astype(dtype)
    grad = small.copy()
    thing.clip(grad)
    assert grad.tobytes() == small.tobytes()
    for size in (1e3, 1e25, 3e37):  # whose squares, and whose sum, overflow in float32
        grad = (rng.uniform(0.5, 1, 50) * size).astype(dtype)
        with np.errstate(over="ignore"):
            thing.clip(grad)
        assert np.abs(grad).max() <= thing.limit * (1 + 1e-6)
        assert np.linalg.norm(grad) >= thing.limit * (1 - 1e-6)


@of(Clip)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_clip_hides_nothing_that_is_not_finite(thing, bad):
    grad = np.array([1.0, bad, -3.0], "float32")
    with np.errstate(invalid="ignore", over="ignore"):
        thing.clip(grad)
    assert not np.isfinite(grad).all()


@of(Constraint)
def test_a_constraint_leaves_what_fulfills_it_and_is_fulfilled_after_it(thing, rng):
    W = rng.normal(size=(5, 4)) * 10
    W[2] = 0
    thing.project(W)
    once = W.copy()
    thing.project(W)
    np.testing.assert_allclose(W, once, rtol=1e-15)
    assert np.linalg.norm(W, axis=1).max() <= thing.limit * (1 + 1e-15)
    assert not W[2].any()


@of(Decay)
def test_decay_shrinks_by_the_rate_of_the_step(thing, rng):
    W = rng.normal(size=(5, 4))
    before = W.copy()
    thing.shrink(W, 0.0)
    assert W.tobytes() == before.tobytes()
    thing.shrink(W, 0.1)
    np.testing.assert_allclose(W, before * (1 - 0.1 * thing.strength), rtol=1e-15)


@of(Average)
def test_the_first_share_is_all_and_every_share_is_one(thing):
    assert thing.each in ("step", "epoch")
    assert thing.share(0, 1.0) == 1.0
    for count in range(1, 20):
        assert 0 < thing.share(count, 1.0) <= 1


@of(Augmentation)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_augmentation_changes_the_batch_in_place_as_its_generator_says(thing, dtype, rng):
    def changed(seed):
        x, target, weight = (np.random.default_rng(1).random((6, k)).astype(dtype) for k in (4, 3, 1))
        thing.change(x, target, weight, np.random.default_rng(seed))
        return x, target, weight

    for first, again, other in zip(changed(5), changed(5), changed(6), strict=True):
        assert first.tobytes() == again.tobytes()
        assert first.dtype == dtype
        assert thing.mixes_targets is False or first.tobytes() != other.tobytes()
    assert changed(5)[0].tobytes() != changed(6)[0].tobytes()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *[(name, {"strength": bad}) for name in ("l1", "l2", "elastic", "weight_decay") for bad in (-1.0, True)],
        *[
            (name, {"limit": bad})
            for name in ("max_norm", "clip_norm", "clip_value")
            for bad in (0.0, float("inf"))
        ],
        ("elastic", {"ratio": 1.5}),
        ("input_noise", {"std": -0.1}),
        ("mixup", {"alpha": 0.0}),
        ("ema", {"decay": 1.0}),
        ("swa", {"start": 1.1}),
    ],
)
def test_settings_out_of_range_are_refused(name, settings):
    with pytest.raises(SettingError, match=f"{name}: {next(iter(settings))}"):
        REGULARIZERS[name](**settings)
