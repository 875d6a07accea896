"""The sources that are made, not read: every name on the shelf sits the same examination."""

import numpy as np
import pytest

from chainrule import datasets
from chainrule.core.errors import SettingError, UnknownNameError
from chainrule.datasets import DATASETS

MADE = [name for name in DATASETS if name != "mnist"]
PLANE = ["blobs", "circles", "moons", "spirals"]
BITS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def same(one, other):
    pairs = [(one.X, other.X), (one.y, other.y)]
    if one.test is not None:
        pairs += zip(one.test, other.test, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_shelf_has_what_the_documentation_names():
    assert DATASETS.names == (
        "and", "blobs", "circles", "mnist", "moons", "or", "quadrants", "random", "spirals", "xor",
    )  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_it_loads_finite_rows_with_answers_that_fit(name):
    data = datasets.load(name)
    assert data.name == name
    parts = [(data.X, data.y)] + ([data.test] if data.test is not None else [])
    for X, y in parts:
        assert X.ndim == 2
        assert len(X) == len(y) > 0
        assert X.dtype.kind == "f"
        assert np.isfinite(X).all()
        if data.task == "classes":
            assert y.dtype == np.intp
            assert set(y.tolist()) == set(range(len(data.names)))
        else:
            assert y.shape == (len(X), len(data.names))
            assert np.isfinite(y).all()
    assert len(data) == len(data.X)
    assert len(set(data.names)) == len(data.names)


@pytest.mark.parametrize("name", MADE)
def test_it_is_the_same_every_time(name):
    assert same(datasets.load(name), datasets.load(name))


@pytest.mark.parametrize("name", MADE)
def test_a_folder_for_files_makes_no_difference(name, tmp_path):
    assert same(datasets.load(name, tmp_path), datasets.load(name))


@pytest.mark.parametrize("name", [*PLANE, "random"])
def test_another_seed_gives_other_rows(name):
    assert same(datasets.load(f"{name}:seed=0"), datasets.load(name))
    assert not same(datasets.load(f"{name}:seed=1"), datasets.load(name))


@pytest.mark.parametrize("name", PLANE)
@pytest.mark.parametrize("n", [2, 7, 250])
def test_n_is_the_number_of_rows_to_train_on_and_to_test(name, n):
    data = datasets.load(f"{name}:n={n}")
    assert len(data.X) == len(data.y) == len(data.test[0]) == len(data.test[1]) == n


@pytest.mark.parametrize("name", PLANE)
def test_classes_are_as_equal_in_size_as_they_can_be(name):
    data = datasets.load(f"{name}:n=100")
    for y in (data.y, data.test[1]):
        counts = np.bincount(y)
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", PLANE)
def test_no_test_row_is_a_training_row(name):
    data = datasets.load(name)
    assert not {*map(tuple, data.X.tolist())} & {*map(tuple, data.test[0].tolist())}


@pytest.mark.parametrize("name", PLANE)
def test_noise_is_the_spread_about_the_shape(name):
    # Both draw the same points and the same standard normal numbers; noise multiplies those alone.
    still = datasets.load(f"{name}:n=4000,noise=0")
    half, whole = datasets.load(f"{name}:n=4000,noise=0.5"), datasets.load(f"{name}:n=4000,noise=1")
    assert np.array_equal(half.y, still.y)
    added = whole.X.astype(float) - still.X
    assert np.allclose(half.X - still.X.astype(float), added / 2, atol=1e-5)  # rows are float32, up to 13
    assert abs(added.std() - 1) < 0.05  # 8000 draws: the standard error of a spread is 0.008
    assert abs(added.mean()) < 0.05


def test_a_row_of_moons_without_noise_lies_on_its_half_circle():
    data = datasets.load("moons:noise=0")
    x, y = data.X.astype(float).T
    upper, lower = data.y == 0, data.y == 1
    assert np.allclose(np.hypot(x, y)[upper], 1, atol=1e-6)
    assert (y[upper] >= -1e-6).all()
    assert np.allclose(np.hypot(x - 1, y - 0.5)[lower], 1, atol=1e-6)
    assert (y[lower] <= 0.5 + 1e-6).all()


@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_circles_without_noise_have_radius_1_and_the_factor(factor):
    data = datasets.load(f"circles:noise=0,factor={factor}")
    radius = np.hypot(*data.X.astype(float).T)
    assert np.allclose(radius[data.y == 0], 1, atol=1e-6)
    assert np.allclose(radius[data.y == 1], factor, atol=1e-6)


def test_arms_of_spirals_without_noise_turn_with_their_radius():
    data = datasets.load("spirals:noise=0,classes=4,turns=1.5")
    x, y = data.X.astype(float).T
    radius = np.hypot(x, y)
    assert radius.min() >= 0.1 - 1e-6
    assert radius.max() <= 1 + 1e-6
    expected = radius * 1.5 + data.y / 4  # in turns
    off = (np.arctan2(y, x) / (2 * np.pi) - expected) % 1
    assert np.allclose(np.minimum(off, 1 - off), 0, atol=1e-5)
    assert data.names == ("0", "1", "2", "3")


def test_blobs_without_noise_are_as_many_points_as_classes_the_same_in_training_and_test():
    data = datasets.load("blobs:noise=0,classes=5,features=3,n=50")
    centers = [np.unique(X, axis=0) for X in (data.X, data.test[0])]
    assert centers[0].shape == (5, 3)
    assert np.array_equal(*centers)
    assert np.abs(centers[0]).max() <= 10
    for X, y in ((data.X, data.y), data.test):
        for label in range(5):
            assert len(np.unique(X[y == label], axis=0)) == 1


@pytest.mark.parametrize(("name", "answers"), [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])])
def test_truth_tables_are_those_of_logic(name, answers):
    data = datasets.load(name)
    assert data.X.tolist() == BITS
    assert data.y.tolist() == answers
    assert data.names == ("0", "1")
    assert data.test is None


def test_quadrants_are_twelve_points_and_where_they_lie():
    data = datasets.load("quadrants")
    sizes = [(1, 1), (10, 1), (1, 10)]
    expected = {(sx * x, sy * y) for x, y in sizes for sx in (1, -1) for sy in (1, -1)}
    points = [tuple(point) for point in data.X.tolist()]
    assert len(points) == 12
    assert set(points) == expected
    quadrant = {(True, True): "I", (False, True): "II", (False, False): "III", (True, False): "IV"}
    assert [data.names[label] for label in data.y] == [quadrant[x > 0, y > 0] for x, y in points]


def test_random_is_standard_normal_in_the_sizes_asked_for():
    data = datasets.load("random")
    assert data.X.shape == (64, 1000)
    assert data.y.shape == (64, 10)
    assert data.task == "values"
    # 64,000 draws: the standard error of the mean is 0.004, of the spread 0.003
    assert abs(data.X.mean()) < 0.02
    assert abs(data.X.std() - 1) < 0.02
    small = datasets.load("random:n=3,features=2,targets=1")
    assert small.X.shape == (3, 2)
    assert small.y.shape == (3, 1)
    assert small.names == ("y0",)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("moons:n=1", "moons: n is a whole number of at least 2, not 1"),
        ("moons:n=1.5", "moons: n is a whole number, not 1.5"),
        ("moons:n=many", "moons: n is a whole number, not 'many'"),
        ("moons:noise=-1", "moons: noise is a finite number at least 0, not -1"),
        ("moons:noise=nan", "moons: noise is a finite number at least 0, not nan"),
        ("moons:noize=1", "moons has no setting 'noize'. Did you mean 'noise'"),
        ("moons:seed=-1", "seed is a whole number of at least 0, not -1"),
        ("moons:n", "expected name:setting=value"),
        ("circles:factor=1", "circles: factor is a finite number above 0 and below 1"),
        ("circles:factor=0", "circles: factor is a finite number above 0 and below 1"),
        ("spirals:classes=1", "spirals: classes is a whole number of at least 2"),
        ("spirals:turns=0", "spirals: turns is a finite number above 0"),
        ("blobs:classes=1", "blobs: classes is a whole number of at least 2"),
        ("blobs:features=0", "blobs: features is a whole number of at least 1"),
        ("random:n=0", "random: n is a whole number of at least 1"),
        ("random:features=0", "random: features is a whole number of at least 1"),
        ("random:targets=0", "random: targets is a whole number of at least 1"),
        ("xor:n=5", "xor has no setting 'n'"),
    ],
)
def test_settings_out_of_range_are_refused(spec, says):
    with pytest.raises(SettingError, match=says) as caught:
        datasets.load(spec)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown data set 'spiral'\. Did you mean 'spirals'"):
        datasets.load("spiral")
