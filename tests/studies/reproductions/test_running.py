"""One seed of a recipe, from the images to the count of right answers."""

import dataclasses

import numpy as np
import pytest

from chainrule.core.errors import InputError
from chainrule.datasets import load as dataset
from chainrule.studies.reproductions import load
from chainrule.studies.reproductions.recipe import Inputs
from chainrule.studies.reproductions.running import arguments, build, held_out, images, run, targets
from chainrule.training import Callback, fit


def with_training(recipe, **settings):
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, **settings))


def test_a_miniature_end_to_end_is_what_fit_and_predict_say(miniature):
    outcome = run(miniature, 3, engine="numpy")
    mnist = dataset("mnist")
    X, (test_x, test_y) = mnist.X[:600] / np.float32(255), mnist.test
    network = build(miniature.network, 3)
    fit(network, X, mnist.y[:600], **arguments(miniature.training), seed=3, engine="numpy")
    right = int((network.predict(test_x / np.float32(255)) == test_y).sum())
    assert (outcome.last, outcome.rows, outcome.epochs, outcome.steps) == (right, 10_000, 3, 90)
    assert outcome.best >= outcome.last > 3000  # a tenth is chance
    assert (outcome.engine, outcome.failure) == ("numpy", None)


def test_the_best_epoch_is_the_best_and_a_seed_is_repeated_to_the_count(miniature):
    class Kept(Callback):
        right = ()

        def on_epoch_end(self, trainer, row):
            data = images(miniature.inputs, "test", None)
            found = trainer.network.logits(data.judged_x).argmax(axis=1) == data.judged_y
            self.right = (*self.right, int(found.sum()))

    kept = Kept()
    outcome = run(miniature, 0, callbacks=[kept], engine="numpy")
    assert (outcome.best, outcome.best_epoch) == (max(kept.right), kept.right.index(max(kept.right)) + 1)
    again, other = run(miniature, 0, engine="numpy"), run(miniature, 1, engine="numpy")
    assert dataclasses.replace(again, seconds=outcome.seconds) == outcome
    assert other.last != outcome.last


def test_the_estimators_way_is_scikit_learns(miniature):
    from sklearn.neural_network import MLPClassifier

    settings = {"solver": "adam", "learning_rate_init": 0.01, "batch_size": 50, "max_iter": 3}
    recipe = dataclasses.replace(miniature, training=None, estimator=settings, options=())
    outcome = run(recipe, 2)
    data = images(recipe.inputs, "test", None)
    with pytest.warns(match="Maximum iterations"):
        theirs = MLPClassifier(hidden_layer_sizes=(8,), random_state=2, **settings).fit(data.x, data.y)
    # float32 in both, rounded in another order: an image or two may tip
    assert abs(outcome.last - round(theirs.score(data.judged_x, data.judged_y) * 10_000)) <= 5
    assert outcome.epochs == 3


@pytest.mark.parametrize("way", ["fit", "estimator"])
def test_a_divergence_is_an_outcome(miniature, way):
    recipe = with_training(miniature, optimizer="sgd:learning_rate=1e30", loss="mean_squared_error:task=classes")
    if way == "estimator":
        recipe = dataclasses.replace(
            miniature, training=None, options=(), estimator={"solver": "sgd", "learning_rate_init": 1e30}
        )
    outcome = run(recipe, 0)
    assert outcome.failure
    assert outcome.last == 0


def test_pixels_become_what_the_recipe_says():
    raw = dataset("mnist")
    plain = images(Inputs(images=500), "test", None)
    np.testing.assert_allclose(plain.x, raw.X[:500] / 255.0, rtol=1e-6)
    lecun = images(load("lecun-300").inputs, "test", None)
    assert (lecun.x.min(), lecun.x.max()) == (np.float32(-0.1), np.float32(1.175))
    # as the paper says of it, about mean 0 and variance 1 ... of the ink: the variance is 0.15 over all pixels
    assert abs(lecun.x.mean()) < 0.1
    scaled = images(Inputs(images=500, standardize=True), "test", None)
    varied = raw.X[:500].std(axis=0) > 0
    np.testing.assert_allclose(scaled.x[:, varied].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.x[:, varied].std(axis=0), 1, atol=1e-4)
    assert scaled.judged_x.shape == (10_000, 784)


def test_held_images_are_the_last_training_images_and_never_learned_from(miniature):
    raw = dataset("mnist")
    held = images(Inputs(images=50_000), "held", None)
    np.testing.assert_array_equal(held.judged_y, raw.y[50_000:])
    assert (len(held.x), len(held.judged_x)) == (50_000, 10_000)
    with pytest.raises(InputError, match="50,000"):
        images(Inputs(images=50_001), "held", None)
    tried = held_out(miniature, {"optimizer": "sgd:learning_rate=0.001"})
    assert (tried.inputs.images, tried.figure.images) == (600, "held")
    assert "0.001" in tried.training.optimizer


def test_targets_are_labels_or_rows_of_them():
    y = np.array([2, 0])
    np.testing.assert_array_equal(targets("labels", y), y)
    np.testing.assert_array_equal(targets("one_hot", y), np.eye(10)[y])
    np.testing.assert_array_equal(targets("plus_minus", y), 2 * np.eye(10)[y] - 1)


def test_biases_are_drawn_by_the_fan_in_and_zero_unless_told():
    lecun = build(load("lecun-300-100").network, 0).params
    for layer, d_in in [("0", 784), ("2", 300), ("4", 100)]:
        for kind in ("weight", "bias"):
            assert 0.5 * 2.4 / d_in < np.abs(lecun[f"{layer}.{kind}"]).max() <= 2.4 / d_in
    keras = build(load("keras-512-512").network, 0)
    assert not any(array.any() for name, array in keras.params.items() if name.endswith("bias"))


def test_inputs_are_dropped_where_the_recipe_says_so():
    modules = build(load("srivastava-dropout").network, 0).modules
    assert [(module.name, module.rate) for module in modules if module.name == "dropout"] == [
        ("dropout", 0.2),
        *[("dropout", 0.5)] * 3,
    ]
    assert modules[0].name == "dropout"
