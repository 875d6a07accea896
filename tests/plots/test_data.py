"""Pictures hold the numbers they were given: read back from the figures."""

import numpy as np
import pytest

from chainrule.core.errors import ShapeError
from chainrule.metrics import METRICS

pytest.importorskip("matplotlib")
from chainrule import plots
from chainrule.plots.base import COLORS


def rows(epochs, broken_from=None, **columns):
    """A history whose columns are functions of the epoch."""
    found = []
    for epoch in range(1, epochs + 1):
        row = {"epoch": epoch, **{name: f(epoch) for name, f in columns.items()}}
        if broken_from is not None and epoch >= broken_from:
            row["loss"] = None
        found.append(row)
    return found


def drawn(ax):
    """The curves of a panel by label."""
    return {line.get_label(): np.array(line.get_xydata()) for line in ax.lines}


def blended(ax):
    """The opacity of an image drawn as one color."""
    return np.asarray(ax.images[0].get_array())[..., 3]


def test_training_draws_every_column_and_names_the_best_epoch_on_the_validation_rows():
    history = rows(
        6, loss=lambda e: 1 / e, validation_loss=lambda e: (e - 4) ** 2 + 0.5, accuracy=lambda e: e / 10
    )  # fmt: skip
    loss, accuracy = plots.training({"run": history}).axes
    np.testing.assert_allclose(drawn(loss)["training"], [(e, 1 / e) for e in range(1, 7)])
    np.testing.assert_allclose(drawn(loss)["validation"][:, 1], [9.5, 4.5, 1.5, 0.5, 1.5, 4.5])
    assert loss.get_title("right") == "best: 0.5, epoch 4"
    np.testing.assert_allclose(drawn(accuracy)["training"][:, 1], [e / 10 for e in range(1, 7)])
    assert accuracy.get_title("right") == ""  # nothing to choose by without validation rows


def test_training_of_a_metric_takes_the_largest_for_the_best():
    history = rows(5, loss=lambda e: 1.0, r2=lambda e: 0.1, validation_r2=lambda e: 0.9 - abs(e - 2) / 10)
    assert plots.training({"run": history}, ["r2"]).axes[0].get_title("right") == "best: 0.9, epoch 2"


def test_training_leaves_a_gap_where_a_loss_is_not_finite_and_says_so():
    (ax,) = plots.training({"run": rows(5, broken_from=4, loss=lambda e: 1.0 * e)}, ["loss"]).axes
    assert np.isfinite(drawn(ax)["training"][:, 1]).tolist() == [True, True, True, False, False]
    assert [text.get_text() for text in ax.texts] == ["not finite"]
    assert [line.get_xdata()[0] for line in ax.lines if list(line.get_ydata()) == [0, 1]] == [4]


def test_training_of_several_runs_names_each_once_and_says_how_many_more_there_are():
    runs = {f"run {i}": rows(3, loss=lambda e: 1.0, validation_loss=lambda e: 2.0) for i in range(15)}
    (legend,) = plots.training(runs).legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == [f"run {i}" for i in range(11)] + ["run 11 … 3 more"]


@pytest.mark.parametrize(("ratio", "scale"), [(10.0, "linear"), (100.0, "log")])
def test_losses_of_a_wide_range_are_on_a_scale_of_powers_of_ten(ratio, scale):
    (ax,) = plots.training({"run": rows(2, loss=lambda e: ratio if e == 1 else 1.0)}).axes
    assert ax.get_yscale() == scale


def test_rates_put_the_schedule_and_what_was_recorded_on_one_axis():
    planned = np.linspace(0.01, 0.1, 20)
    history = rows(
        2,
        learning_rate=lambda e: planned[10 * e - 1],
        gradient_norm=lambda e: e,
        gradient_norm_max=lambda e: 3 * e,
    )
    rate, norm = plots.rates(history, planned).axes
    line = drawn(rate)["by the schedule"]
    np.testing.assert_allclose(line[:, 1], planned)
    np.testing.assert_allclose(line[[9, 19], 0], [1, 2])  # step 10 of 20 is the end of epoch 1 of 2
    np.testing.assert_allclose(drawn(rate)["at the end of an epoch"], line[[9, 19]])
    np.testing.assert_allclose(drawn(norm)["largest"], [(1, 3), (2, 6)])
    assert len(plots.rates(rows(2, learning_rate=lambda e: 0.1)).axes) == 1


def test_the_boundary_shows_points_by_class_and_is_clear_where_the_network_cannot_decide():
    X, y = np.array([[0.0, 0], [1, 1], [0, 1]]), np.array([0, 1, 0])
    p = np.array([[[1.0, 0.0], [0.5, 0.5]]])
    (ax,) = plots.boundary(X, y, p, (0, 1, 0, 1), ["no", "yes"], ("a", "b")).axes
    np.testing.assert_allclose(blended(ax), [[0.5, 0.0]])
    points = {c.get_label(): c.get_offsets().tolist() for c in ax.collections}
    assert points == {"no": [[0, 0], [0, 1]], "yes": [[1, 1]]}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")


def test_weights_stand_by_norm_on_one_scale():
    W = np.array([[0.0, 0, 0, 0], [0, -2, 0, 0], [1, 1, 0, 0.5]])
    (ax,) = plots.weights(W, (2, 2)).axes
    shown = np.asarray(ax.images[0].get_array())
    first, second = shown[:2, :2], shown[:2, 3:5]  # a pixel apart
    np.testing.assert_allclose(first[..., 3], [[0, 1], [0, 0]])
    np.testing.assert_allclose(second[..., 3], np.array([[0.5, 0.5], [0, 0.25]]) ** 0.7)
    blue, orange = (tuple(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)) for c in COLORS[:2])
    assert tuple(first[0, 1, :3]) == orange
    assert tuple(second[0, 0, :3]) == blue
    with pytest.raises(ShapeError, match="6 pixels; W has 4"):
        plots.weights(W, (2, 3))


def test_weights_without_a_shape_are_a_table_with_names():
    (ax,) = plots.weights(np.array([[1.0, 0], [0, 2]]), names=["age", "city"]).axes
    np.testing.assert_allclose(blended(ax), np.array([[0, 1], [0.5, 0]]) ** 0.7)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["age", "city"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "0"]


def test_activations_have_their_derivative_dashed():
    z = np.linspace(-1, 1, 5)
    (ax,) = plots.activations({"square": (z, z**2, 2 * z)}).axes
    np.testing.assert_allclose(drawn(ax)["f(z)"][:, 1], z**2)
    np.testing.assert_allclose(drawn(ax)["f '(z)"][:, 1], 2 * z)


def test_the_confusion_matrix_writes_its_counts_and_colors_by_share_of_the_row():
    counts = np.array([[9, 1], [0, 0]])
    (ax,) = plots.confusion(counts, ["a", "b"]).axes
    assert {(*t.get_position(), t.get_text()) for t in ax.texts} == {(0, 0, "9"), (1, 0, "1")}
    np.testing.assert_allclose(blended(ax), np.sqrt([[0.9, 0.1], [0, 0]]))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]


@pytest.mark.parametrize(("number", "text"), [(999, "999"), (9999, "9999"), (12345, "12.3k"), (4_500_000, "4.5M")])
def test_large_counts_are_short(number, text):
    (ax,) = plots.confusion(np.array([[number]]), ["a"]).axes
    assert [t.get_text() for t in ax.texts] == [text]


def test_misclassified_shows_the_wrong_ones_the_most_confident_first():
    images = np.arange(5)[:, None, None] * np.ones((5, 2, 2))
    figure = plots.misclassified(
        images, np.array([0, 0, 1, 1, 0]), np.array([0, 1, 0, 1, 1]), np.array([1, 0.6, 0.9, 1, 0.75]), ["a", "b"], 2
    )  # fmt: skip
    assert [ax.get_title() for ax in figure.axes] == ["a, 90 %\nis b", "b, 75 %\nis a"]
    assert [ax.images[0].get_array()[0, 0] for ax in figure.axes] == [2, 4]
    assert figure.get_suptitle() == "3 of 5 wrong, the worst"


def test_the_reliability_diagram_agrees_with_the_metric(rng):
    confidence = rng.uniform(0.5, 1, 400)
    right = rng.random(400) < confidence**2
    top, below = plots.calibration(confidence, right, 10).axes
    p = np.column_stack([confidence, 1 - confidence])
    error = METRICS.make("calibration_error:bins=10")(np.where(right, 0, 1), p)
    assert top.get_title("left") == f"expected calibration error {error:.4f}"
    heights = [bar.get_height() for bar in top.patches]
    inside = [(confidence > b / 10) & (confidence <= (b + 1) / 10) for b in range(5, 10)]
    np.testing.assert_allclose(heights, [right[rows].mean() for rows in inside])
    assert [bar.get_height() for bar in below.patches] == [rows.sum() for rows in inside]
    assert [t.get_text() for t in below.texts] == [str(rows.sum()) for rows in inside]


def test_distributions_show_percentiles_and_count_what_is_not_finite(rng):
    a, b = rng.normal(size=1000), np.append(rng.normal(size=500), [np.nan, np.inf])
    (ax,) = plots.distributions({"layer": {0: a, 3: b}}).axes
    np.testing.assert_allclose(drawn(ax)["median"], [(0, np.median(a)), (3, np.median(b[:500]))])
    outer = ax.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose(sorted(set(outer[outer[:, 0] == 0][:, 1])), np.percentile(a, [1, 99]))
    assert ax.get_title("left") == "layer (2 not finite)"


def test_residuals_are_truth_less_prediction():
    truth, predicted = np.array([[1.0], [2], [3]]), np.array([[1.5], [2], [2]])
    left, right = plots.residuals(truth, predicted, ["price"]).axes
    np.testing.assert_allclose(left.lines[0].get_xydata(), [(1, 1.5), (2, 2), (3, 2)])
    np.testing.assert_allclose(right.lines[0].get_xydata(), [(1.5, -0.5), (2, 0), (2, 1)])
    assert left.get_title("left") == "price"


def test_a_sweep_draws_a_line_a_run_with_the_best_thick_and_last():
    runs = [
        {"rate": 0.001, "optimizer": "adam", "accuracy": 0.5},
        {"rate": 0.1, "optimizer": "sgd", "accuracy": 0.9},
        {"rate": 0.01, "optimizer": "sgd", "accuracy": None},
    ]
    (ax,) = plots.sweep(runs, "accuracy").axes
    failed, worse, best = ax.lines[:3]
    np.testing.assert_allclose(best.get_ydata(), [1, 1, 1])
    np.testing.assert_allclose(worse.get_ydata(), [0, 0, 0])
    np.testing.assert_allclose(failed.get_ydata()[:2], [0.5, 1])  # the middle by powers of ten
    assert best.get_linewidth() > worse.get_linewidth()
    assert failed.get_linestyle() == ":"
    assert "1 failed" in ax.get_title("left")
    (ax,) = plots.sweep(runs, "accuracy", higher_is_better=False).axes
    np.testing.assert_allclose(ax.lines[2].get_ydata(), [0, 0, 0])


def test_a_plane_averages_runs_that_share_a_cell_and_crosses_out_those_without_a_result():
    runs = [
        {"a": 10, "b": "x", "r": 0.2},
        {"a": 10, "b": "x", "r": 0.4},
        {"a": 9, "b": "x", "r": 0.9},
        {"a": 9, "b": "y", "r": float("nan")},
    ]
    (ax,) = plots.plane(runs, "a", "b", "r").axes
    assert [t.get_text() for t in ax.get_xticklabels()] == ["9", "10"]
    assert {(*t.get_position(), t.get_text()) for t in ax.texts} == {(0, 0, "0.9"), (1, 0, "0.3")}
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0, 1]]]
    opacity = blended(ax)
    assert opacity[0, 0] > opacity[0, 1] > 0
    assert opacity[1, 1] == 0
