"""Rows in chunks: the same training, in bounded memory."""

import gc
import itertools
import tracemalloc

import numpy as np
import pytest

import chainrule as cr
from chainrule import MLP, Stream, fit
from chainrule.core.errors import DivergenceError, InputError, SettingError, ShapeError
from chainrule.preprocessing import Standardize
from chainrule.schedules import SCHEDULES

ROWS, SIZES = 50, [20, 20, 10]


def problem(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(ROWS, 4)), rng.integers(0, 3, ROWS)


def network(**settings):
    return MLP([4, 6, 3], "tanh", seed=3, **{"dtype": "float64", **settings})


def pieces(*arrays, sizes=SIZES):
    """A function that makes an iterator of chunks."""
    ends = np.cumsum(sizes)[:-1]
    return lambda: zip(*(np.split(array, ends) for array in arrays), strict=True)


def train(net, *data, epochs=4, **settings):
    return fit(net, *data, **{"loss": "cross_entropy", "batch_size": 8, "epochs": epochs, **settings})


WAYS = [
    {},
    {"schedule": "one_cycle"},
    {"accumulate": 2},
    {"regularization": ["ema:decay=0.8", "mixup", "input_noise", "l2"]},
    {"regularization": ["swa:start=0.5"]},
    {"validation": problem(1), "callbacks": ["early_stopping:patience=1"], "metrics": ["f1"]},
    {"class_weight": {0: 2, 2: 0.5}},
    {"batch_size": 100},
    {"engine": "fused"},
]


@pytest.mark.parametrize("settings", WAYS, ids=str)
def test_one_chunk_with_all_rows_is_the_ordinary_training_to_the_bit(settings):
    if settings.get("engine") == "fused":
        pytest.importorskip("numba")
    X, y = problem()
    weight = np.linspace(0.5, 2, ROWS)
    whole, streamed = network(dropout=0.2), network(dropout=0.2)
    expected = train(
        whole, X, y, sample_weight=weight, **{**settings, "batch_size": min(settings.get("batch_size", 8), ROWS)}
    )
    history = train(streamed, Stream(pieces(X, y, weight, sizes=[ROWS]), [ROWS]), **settings)
    assert streamed.params.theta.tobytes() == whole.params.theta.tobytes()
    assert history.steps == expected.steps
    timed = ("seconds", "rows_per_second")
    assert [{k: v for k, v in row.items() if k not in timed} for row in history] == [
        {k: v for k, v in row.items() if k not in timed} for row in expected
    ]
    assert {**streamed.training, "batch_size": 0} == {**whole.training, "batch_size": 0}


def test_chunks_are_learned_in_their_order_and_short_batches_too():
    X, y = problem()
    whole, streamed = network(), network()
    expected = train(whole, X, y, batch_size=10, shuffle=False)
    history = train(streamed, Stream(pieces(X, y)), batch_size=10, shuffle=False)
    assert streamed.params.theta.tobytes() == whole.params.theta.tobytes()
    assert history["loss"] == expected["loss"]
    history = train(network(), Stream(pieces(X, y)), batch_size=8)
    assert len(history.steps) == 4 * (3 + 3 + 2)


def test_accumulated_batches_are_weighed_by_the_weights_of_their_chunk():
    X, y = problem()
    weight = np.linspace(0.1, 3, ROWS)
    whole, streamed = network(), network()
    train(whole, X, y, batch_size=5, accumulate=2, shuffle=False, sample_weight=weight)
    train(streamed, Stream(pieces(X, y, weight)), batch_size=5, accumulate=2, shuffle=False)
    assert streamed.params.theta.tobytes() == whole.params.theta.tobytes()


def test_each_epoch_shuffles_a_chunk_within_itself():
    seen = []
    X, y = problem()
    X[:, 0] = np.arange(ROWS)

    class Seen(cr.Callback):
        def on_step_end(self, trainer):
            seen.append(trainer.engine._plans[len(trainer.engine._gathered[0])].x[:, 0].astype(int).tolist())

    train(
        network(),
        Stream(pieces(X, y, sizes=[20, 30])),
        batch_size=10,
        epochs=2,
        callbacks=[Seen()],
        optimizer="sgd",
    )
    epochs = [[row for batch in part for row in batch] for part in (seen[:5], seen[5:])]
    for rows in epochs:
        assert sorted(rows[:20]) == list(range(20))
        assert sorted(rows[20:]) == list(range(20, 50))
        assert rows != sorted(rows)
    assert epochs[0] != epochs[1]


def test_two_trainings_are_one():
    X, y = problem()
    whole, parts = network(), network()
    stream = Stream(pieces(X, y))
    expected = train(whole, stream, epochs=5)
    first = train(parts, stream, epochs=2)
    second = train(parts, stream, epochs=3, state=first.state)
    assert parts.params.theta.tobytes() == whole.params.theta.tobytes()
    assert [*first["loss"], *second["loss"]] == expected["loss"]
    assert parts.training["rows"] == ROWS


def test_bytes_are_scaled_on_the_way_and_answers_encoded():
    X = np.random.default_rng(0).integers(0, 256, (ROWS, 4), dtype=np.uint8)
    y = np.where(X[:, 0] > 127, "high", "low")
    made = []
    for data in ((X, y), (Stream(pieces(X, y, sizes=[ROWS])),)):
        net = MLP([4, 6, 2], seed=0, preprocessing=Standardize.fit(X), target=cr.targets.Classes(("high", "low")))
        train(net, *data)
        made.append(net.params.theta.tobytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("spec", list(SCHEDULES))
def test_a_schedule_that_needs_the_length_is_refused_without_it(spec):
    X, y = problem()
    schedule = SCHEDULES.make(spec)
    moved = any(schedule.rate(t, 40, 1.0) != schedule.rate(t, 400, 1.0) for t in range(1, 41))
    assert schedule.needs_steps is moved
    if moved:
        with pytest.raises(SettingError, match=f"{spec} needs to know how many steps"):
            train(network(), Stream(pieces(X, y)), schedule=spec)
    else:
        train(network(), Stream(pieces(X, y)), schedule=spec)
        with pytest.raises(SettingError, match="how many steps"):
            train(network(), Stream(pieces(X, y)), schedule=f"{spec}:warm_up=0.1")
    history = train(network(), Stream(pieces(X, y), SIZES), schedule=spec)
    assert len(history.steps) == 4 * 8


def test_with_sizes_the_schedule_ends_with_the_training():
    X, y = problem()
    rates = []

    class Rates(cr.Callback):
        def on_step_end(self, trainer):
            rates.append(trainer.schedule.rate(trainer.state.t, trainer.steps, 1.0))

    train(network(), Stream(pieces(X, y), SIZES), schedule="one_cycle", callbacks=[Rates()])
    assert rates[-1] == pytest.approx(1 / 25 / 1e4)


def test_swa_needs_the_length_too():
    X, y = problem()
    with pytest.raises(SettingError, match="swa needs to know"):
        train(network(), Stream(pieces(X, y)), regularization=["swa"])


X, Y = problem()
GOOD = pieces(X, Y)


@pytest.mark.parametrize(
    ("make", "settings", "error", "says"),
    [
        (lambda: Stream(GOOD()), {}, InputError, "a function that makes a fresh iterator"),
        (lambda: Stream(GOOD, [20, 0]), {}, SettingError, "rows of a chunk"),
        (lambda: Stream(GOOD, [20, 20]), {}, InputError, "chunk 3 has 10 rows; sizes says it is one of 2"),
        (lambda: Stream(GOOD, [20, 25, 5]), {}, InputError, "chunk 2 has 20 rows; sizes says it is of 25"),
        (lambda: Stream(GOOD, [20, 20, 10, 5]), {}, InputError, "had 3 chunks; sizes says there are 4"),
        (
            lambda: Stream(itertools.repeat(GOOD()).__next__),
            {},
            InputError,
            "Does its function make a fresh iterator",
        ),
        (lambda: Stream(lambda: []), {}, InputError, "had 0 chunks"),
        (lambda: Stream(lambda: [X]), {}, InputError, r"chunk 1 is to be \(X, y\)"),
        (lambda: Stream(lambda: [(X, Y), (X[:, :3], Y)]), {}, ShapeError, "chunk 2: .*takes 4 features"),
        (
            lambda: Stream(lambda: [(X, Y), (X, Y, np.ones(ROWS))]),
            {},
            InputError,
            "chunk 2 has answers or weights",
        ),
        (
            lambda: Stream(lambda: [(X, Y), (X, np.full((ROWS, 3), 1 / 3))]),
            {},
            InputError,
            "chunk 2 has answers or weights",
        ),
        (lambda: Stream(GOOD), {"y": Y}, SettingError, "give fit neither y nor"),
        (lambda: Stream(GOOD), {"sample_weight": Y}, SettingError, "give fit neither y nor"),
        (lambda: Stream(GOOD), {"batch_size": "full"}, SettingError, "all rows at once"),
        (lambda: Stream(GOOD), {"optimizer": "lbfgs", "batch_size": None}, SettingError, "lbfgs needs all rows"),
        (lambda: Stream(GOOD), {"class_weight": "balanced"}, SettingError, "as a dictionary"),
    ],
)
def test_what_a_stream_cannot_be_is_refused_in_one_line(make, settings, error, says):
    with pytest.raises(error, match=says) as caught:
        train(network(), make(), **settings)
    assert "\n" not in str(caught.value)


def test_where_a_later_chunk_destroys_the_weights_the_last_finite_ones_are_kept():
    chunks = [(X, 2 * X[:, :1]), (X * 1e200, 2 * X[:, :1])]
    net = MLP([4, 6, 1], seed=0, dtype="float64")
    with pytest.raises(DivergenceError, match=r"at step 8 \(epoch 1\)"):
        train(net, Stream(lambda: chunks), loss="mean_squared_error", optimizer="sgd:learning_rate=0.01")
    clean = MLP([4, 6, 1], seed=0, dtype="float64")
    assert np.isfinite(net.params.theta).all()
    train(clean, *chunks[0], epochs=1, loss="mean_squared_error", optimizer="sgd:learning_rate=0.01")
    assert net.params.theta.tolist() == clean.params.theta.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_chunks_are_in_memory_at_a_time(dtype):
    rows, count = 10_000, 50

    def chunk(i):
        X = np.random.default_rng(i).standard_normal((rows, 40), dtype)
        return X, (X[:, 0] > 0).astype(np.uint8)

    net, held = MLP([40, 4, 2], seed=0), chunk(count)
    size = held[0].nbytes
    rule = {"loss": "cross_entropy", "batch_size": 1000, "epochs": 1, "validation": (held[0][:50], held[1][:50])}
    gc.collect()
    tracemalloc.start()
    try:
        fit(net, Stream(lambda: map(chunk, range(count))), **rule)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # two, and what is small beside them: answers, the order of the rows, the 2000 rows for the scores
    assert size < peak < 2.75 * size
