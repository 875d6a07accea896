"""Each kind of picture finds in a run what it draws, and says in words what is to be seen; or says what is missing."""

import numpy as np
import pytest

from chainrule.core.errors import InputError, SettingError
from chainrule.report.pictures import PICTURES

pytest.importorskip("matplotlib")

OF_ONE = {
    "rates": "moons",
    "boundary": "moons",
    "weights": "images",
    "confusion": "moons",
    "misclassified": "images",
    "calibration": "moons",
    "distributions": "moons",
    "residuals": "prices",
}
OF_SEVERAL = {"training": 1, "activations": 0, "sweep": 2, "plane": 2}


def draw(kind, *records):
    return PICTURES.make(kind).draw(records)


def test_every_kind_is_tested_here():
    assert set(PICTURES) == set(OF_ONE) | set(OF_SEVERAL)


@pytest.mark.parametrize("kind", OF_ONE)
def test_a_picture_of_one_run_has_a_title_and_words_and_refuses_two(kind, record):
    run = record(OF_ONE[kind])
    drawn = draw(kind, run)
    assert drawn.figure.axes
    assert drawn.title
    assert drawn.description.endswith(".")
    with pytest.raises(SettingError, match=f"{kind} is a picture of one run, not of 2"):
        draw(kind, run, run)


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("boundary", "images", "has 64 features; a boundary is of two"),
        ("confusion", "prices", "predicts quantities"),
        ("calibration", "prices", "predicts quantities"),
        ("misclassified", "moons", "are no images"),
        ("residuals", "moons", "predicts classes"),
        ("training:show=nonsense", "moons", "no run recorded 'nonsense'; there is loss, accuracy"),
    ],
)
def test_what_a_run_does_not_have_is_said(kind, name, says, record):
    with pytest.raises(InputError, match=says):
        draw(kind, record(name))


def test_the_rates_that_were_recorded_lie_on_the_schedule(record):
    ax = draw("rates", record("moons")).figure.axes[0]
    line, dots = (np.array(curve.get_xydata()) for curve in ax.lines)
    # the line has a point a step, and the dots stand at the last step of each epoch
    at = [int(np.abs(line[:, 0] - epoch).argmin()) for epoch in dots[:, 0]]
    np.testing.assert_allclose(line[at, 1], dots[:, 1], rtol=1e-12)
    assert len(dots) == 5


def test_the_boundary_is_what_the_network_predicts(record):
    run = record("moons")
    ax = draw("boundary:resolution=20", run).figure.axes[0]
    left, right, low, high = ax.images[0].get_extent()
    x, y = np.meshgrid(np.linspace(left, right, 20), np.linspace(low, high, 20))
    decided = run.network.predict(np.column_stack([x.ravel(), y.ravel()])).reshape(20, 20)
    blue = np.asarray(ax.images[0].get_array())[..., 2] > 0.5  # the first class
    np.testing.assert_array_equal(blue, decided == 0)


def test_the_weights_before_training_are_those_of_the_seed(record):
    run = record("images")
    before = run.run.network.state_dict()["0.weight"]
    ax = draw("distributions", run).figure.axes[0]
    median = next(line for line in ax.lines if line.get_label() == "median")
    assert median.get_ydata()[0] == pytest.approx(np.median(before), rel=1e-6)
    assert median.get_ydata()[-1] == pytest.approx(np.median(run.network.state_dict()["0.weight"]), rel=1e-6)
    assert not np.array_equal(before, run.network.state_dict()["0.weight"])


def test_images_may_be_given_their_shape(record):
    figure = draw("misclassified:height=4,width=16,most=2", record("images")).figure
    assert [ax.images[0].get_array().shape for ax in figure.axes] == [(4, 16)] * 2
    with pytest.raises(InputError, match="4 x 4 has 16 pixels, not 64"):
        draw("misclassified:height=4,width=4", record("images"))


def test_activations_are_those_of_the_run_or_all_there_are(record):
    from chainrule.activations import ACTIVATIONS

    assert draw("activations", record("moons")).description.startswith("relu: ")
    titles = [ax.get_title("left").partition(":")[0] for ax in draw("activations").figure.axes]
    assert set(titles) == set(ACTIVATIONS) - {"softmax"}


def test_runs_that_differ_are_a_sweep(record):
    moons, images = record("moons"), record("images")
    drawn = draw("sweep", moons, images)
    assert "2 runs" in drawn.title
    with pytest.raises(InputError, match="the same settings"):
        draw("sweep", moons, moons)
    with pytest.raises(SettingError, match="several runs"):
        draw("sweep", moons)
    with pytest.raises(SettingError, match=r"these runs differ in .*; choose two"):
        draw("plane", moons, images)
    assert draw("plane:x=seed,y=source", moons, images).title == "validation_accuracy by seed and source"
