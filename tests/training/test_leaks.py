"""A feature that is the target, and validation rows that are trained on, are refused; nothing else is."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import MLP, Stream, fit
from chainrule.core.errors import InputError
from chainrule.core.guards import collected
from chainrule.datasets import DATASETS
from chainrule.training.leaks import refuse_target

rng = np.random.default_rng(0)
X, VALUES, LABELS = rng.normal(size=(100, 4)), rng.normal(size=100), rng.integers(0, 3, 100)
OTHER = rng.normal(size=(60, 4))
SETTINGS = {"epochs": 1}


def refused(x, y, guard, *says, outputs=1, loss="mean_squared_error", **settings):
    d_in = settings.pop("d_in", None) or x.shape[1]
    net = MLP([d_in, 3, outputs], seed=0)
    before = net.params.theta.copy()
    with pytest.raises(InputError) as error:
        fit(net, x, y, loss=loss, **SETTINGS, **settings)
    assert error.value.guard == guard
    assert "\n" not in str(error.value)
    for each in says:
        assert each in str(error.value)
    assert np.array_equal(net.params.theta, before)
    with collected() as found:  # who examines the program may see what comes of it
        fit(net, x, y, loss=loss, **SETTINGS, **settings)
    assert guard in [one.guard for one in found]


def trains(x, y, outputs=1, loss="mean_squared_error", **settings):
    net = MLP([np.shape(x)[1], 3, outputs], seed=0)
    assert len(fit(net, x, y, loss=loss, **SETTINGS, **settings)) == 1


def beside(column, at=2):
    return np.insert(X, at, column, axis=1)


# -- the target among the features ----------------------------------------------------------------------

LEAKING = "target-in-features"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", ["float32", "float64"])
def test_values_that_are_a_feature(dtype, given):
    refused(beside(VALUES).astype(dtype), VALUES.astype(given), LEAKING, "column 2 of X is the target itself",
            "in all 100 rows", "np.delete(X, 2, axis=1)")  # fmt: skip


@pytest.mark.parametrize("kind", [int, np.uint8, "float32", bool])
def test_labels_that_are_a_feature(kind):
    labels = LABELS % 2 if kind is bool else LABELS
    refused(beside(labels), labels.astype(kind).astype(int), LEAKING, "column 2", outputs=3, loss="cross_entropy")


def test_one_of_several_answers_is_enough():
    y = np.column_stack([VALUES, rng.normal(size=100)])
    refused(beside(y[:, 1], 0), y, LEAKING, "column 0 of X is column 1 of the target", outputs=2)
    refused(np.column_stack([X, y]), y, LEAKING, "column 4 of X is column 0 of the target", outputs=2)


def test_a_memory_mapped_file_and_a_list(tmp_path):
    np.save(tmp_path / "x.npy", beside(VALUES).astype("float32"))
    refused(np.load(tmp_path / "x.npy", mmap_mode="r"), VALUES, LEAKING, "column 2")
    refused(beside(VALUES).tolist(), VALUES.tolist(), LEAKING, "column 2", d_in=5)


def test_the_features_as_they_were_given_count_not_as_they_were_scaled():
    net = MLP([5, 3, 1], seed=0, preprocessing=cr.preprocessing.Standardize.fit(beside(VALUES)))
    with pytest.raises(InputError, match="column 2 of X is the target"):
        fit(net, beside(VALUES), VALUES, loss="mean_squared_error")


def test_the_first_chunk_of_a_stream():
    refused(Stream(lambda: iter([(beside(VALUES), VALUES)])), None, LEAKING, "column 2", d_in=5)


@pytest.mark.parametrize("share", [1, 2])
def test_an_autoencoder_is_meant(share):
    trains(X, X, outputs=4)
    trains(X, X[:, ::-1], outputs=4)  # the same columns in another order
    trains(X[:, :1], X[:, 0])
    trains(X + rng.normal(size=X.shape), X, outputs=4)


def test_almost_the_target_is_no_error():
    trains(beside(VALUES + 1e-6 * rng.normal(size=100)), VALUES)
    for row in range(100):
        column = VALUES.copy()
        column[row] += 1
        refuse_target(beside(column), VALUES)
    trains(beside(2 * VALUES), VALUES)


@pytest.mark.parametrize("rows", [4, 8, 19])
def test_few_rows_may_be_equal(rows):
    trains(beside(VALUES)[:rows], VALUES[:rows])


def test_rare_answers_may_be_equal_to_rare_features_by_chance():
    """One row of 100 has the answer; of 400 features that are there in one row each, some are there in that row."""
    x = np.zeros((100, 400))
    x[rng.integers(0, 100, 400), np.arange(400)] = 1
    y = np.zeros(100, int)
    y[np.argmax(x[:, 7])] = 1
    assert (x == y[:, None]).all(axis=0).any()
    trains(x, y, outputs=2, loss="cross_entropy")


def test_constant_columns_are_nobodys_copy():
    trains(beside(0), np.zeros(100))
    trains(beside(1), np.ones((100, 2)), outputs=2)


@pytest.mark.parametrize("copies", [1, 50])
def test_truth_tables_train_however_often_they_are_repeated(copies):
    table = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * copies, float)
    a, b = table.T.astype(bool)
    for answer in (a & b, a | b, a ^ b, ~(a & b)):
        trains(
            table,
            answer.astype(int),
            outputs=2,
            loss="cross_entropy",
            validation=(table.copy(), answer.astype(int)),
        )


# -- rows in training and validation --------------------------------------------------------------------

SHARED = "shared-rows"


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_the_same_array(dtype):
    x = (X * 40 + 128).astype(dtype) if dtype == "uint8" else X.astype(dtype)
    refused(x, VALUES, SHARED, "the very array that is trained on", validation=(x, VALUES))
    refused(x, VALUES, SHARED, "the very array", validation=(x[:], VALUES))
    refused(x, VALUES, SHARED, "100 of 100 validation rows are training rows too", validation=(x.copy(), VALUES))


def held_out(shared, of=60):
    """Validation rows, so many of them training rows, in no order."""
    return rng.permutation(np.vstack([X[rng.permutation(100)[:shared]], OTHER[: of - shared]]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shared", [0, 10, 30, 31, 45, 60])
def test_more_than_half_of_the_rows(shared, dtype):
    held, y = held_out(shared).astype(dtype), np.zeros(60)
    if shared > 30:
        refused(X.astype(dtype), VALUES, SHARED, f"{shared} of 60 validation rows", validation=(held, y))
    else:
        trains(X.astype(dtype), VALUES, validation=(held, y))


def test_rows_that_differ_in_one_number_are_not_the_same():
    held = X.copy()
    held[np.arange(100), rng.integers(0, 4, 100)] += 1e-6
    trains(X, VALUES, validation=(held, VALUES))


def test_scaled_rows_and_mapped_ones(tmp_path):
    x = X.astype("float32")
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for scale in (None, cr.preprocessing.Standardize.fit(x)):
        net = MLP([4, 3, 1], seed=0, preprocessing=scale)
        for held in (mapped, x.copy(), x.astype(float)):
            with pytest.raises(InputError, match=r"trained on|training rows too"):
                fit(net, mapped, VALUES, loss="mean_squared_error", validation=(held, VALUES))


@pytest.mark.parametrize("engine", ["numpy", "fused"])
def test_bytes(engine):
    """The fused gear gathers them raw."""
    if engine == "fused":
        pytest.importorskip("numba")
    x = rng.integers(0, 256, (100, 9)).astype(np.uint8)
    for held in (x.copy(), x.astype(float)):
        with pytest.raises(InputError, match="100 of 100 validation rows"):
            fit(MLP([9, 3, 1]), x, VALUES, loss="mean_squared_error", validation=(held, VALUES), engine=engine)
    trains(x, VALUES, validation=(255 - x, VALUES))


def test_the_first_chunk_of_a_stream_is_looked_at():
    stream = Stream(lambda: iter([(X[:50], VALUES[:50]), (X[50:], VALUES[50:])]))
    refused(stream, None, SHARED, "40 of 60", d_in=4, validation=(np.vstack([X[:40], OTHER[:20]]), np.zeros(60)))


def test_rows_of_zeros_and_ones_are_told_apart():
    x = rng.integers(0, 2, (2000, 40)).astype("float32")
    y = x[:, :3].sum(axis=1)
    refused(x, y, SHARED, "2,000 of 2,000", validation=(x.copy(), y))


@pytest.mark.parametrize("categories", [2, 4])
def test_rows_that_repeat_by_nature_are_no_error(categories):
    table = rng.integers(0, categories, (400, 3)).astype(float)
    trains(table[:300], table[:300].sum(axis=1), validation=(table[300:], table[300:].sum(axis=1)))


@pytest.mark.parametrize("rows", [1, 4, 19])
def test_few_rows_are_left_alone(rows):
    trains(X[:rows], VALUES[:rows], validation=(X[:rows], VALUES[:rows]))


def test_of_many_rows_a_sample_is_taken():
    """With room for what it may miss: hardly more than half of the rows is let go."""
    x = rng.normal(size=(250_000, 3)).astype("float32")
    new = rng.normal(size=(20_000, 3)).astype("float32")
    y = np.zeros(250_000)
    held = np.vstack([x[rng.permutation(250_000)[:10_500]], new[:9_500]])
    settings = {"batch_size": 50_000, "validation": (held, y[:20_000])}
    trains(x, y, **settings)
    settings["validation"] = (x[::12], y[::12])
    refused(x, y, SHARED, "validation rows are training rows too", "about", **settings)


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "mnist"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_data_set_trains_with_a_split(name, seed):
    data = cr.datasets.load(name)
    order = np.random.default_rng(seed).permutation(len(data.X))
    parts = np.split(order, [len(order) * 3 // 4])
    (x, y), held = ((data.X[rows], data.y[rows]) for rows in parts)
    outputs = len(data.names)
    loss = "cross_entropy" if data.task == "classes" else "mean_squared_error"
    trains(x, y, outputs=outputs, loss=loss, validation=held)
