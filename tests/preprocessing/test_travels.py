"""Preprocessing is fitted on the training rows alone, and travels inside the model file."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.preprocessing import PREPROCESSING, Columns, Standardize
from chainrule.readers import read
from chainrule.runs import Run, RunConfig
from chainrule.targets import TARGETS, Classes, Values


def rows_of_validation(source, target):
    """Which rows a run would validate on; they depend on the seed and the answers, not on the features."""
    return Run(RunConfig(source=str(source), target=str(target))).validation_rows


@pytest.mark.parametrize("scale", ["column", "all"])
def test_arrays_are_scaled_by_their_training_rows_alone(tmp_path, rng, scale):
    X, y = rng.normal(size=(100, 3)), np.arange(100) % 2
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    held = rows_of_validation(tmp_path / "X.npy", tmp_path / "y.npy")
    assert len(held) == 20
    X[held] = 1e9  # wild values where they must not be seen
    np.save(tmp_path / "X.npy", X)
    run = Run(RunConfig(source=str(tmp_path / "X.npy"), target=str(tmp_path / "y.npy"), scale=scale))
    assert np.array_equal(run.validation_rows, held)
    kept = np.delete(X, held, axis=0)
    axis = None if scale == "all" else 0
    assert np.allclose(run.network.preprocessing.mean, kept.mean(axis=axis), rtol=1e-12)
    assert np.allclose(run.network.preprocessing.scale, kept.std(axis=axis), rtol=1e-12)


def write(path, rows):
    path.write_text("\n".join(["a,city,y", *(",".join(map(str, row)) for row in rows)]) + "\n")


def test_tables_and_quantities_are_scaled_by_their_training_rows_alone(tmp_path, rng):
    path = tmp_path / "t.csv"
    rows = [[x, "Rome", 3 * x] for x in rng.normal(size=100).tolist()]
    write(path, rows)
    held = rows_of_validation(path, "y")
    for row in held:
        rows[row] = [1e9, "Rome", -1e9]
    write(path, rows)
    network = Run(RunConfig(source=str(path), target="y")).network
    kept = np.array([row[0] for i, row in enumerate(rows) if i not in held])
    assert network.preprocessing.mean[0] == pytest.approx(kept.mean(), rel=1e-12)
    assert network.preprocessing.scale[0] == pytest.approx(kept.std(), rel=1e-12)
    assert network.target.mean == pytest.approx([3 * kept.mean()], rel=1e-12)
    assert network.target.scale == pytest.approx([3 * kept.std()], rel=1e-12)


def test_the_same_wild_values_do_change_a_fit_on_all_rows(tmp_path, rng):
    # So that the two tests above can fail
    X = rng.normal(size=(100, 3))
    wild = X.copy()
    wild[3] = 1e9
    assert not np.allclose(Standardize.fit(X).mean, Standardize.fit(wild).mean)


THINGS = [
    Standardize(2, (0.1, -1e-300), (1e300, 3.0)),
    Standardize(784, (33.3184214498299,), (78.5674899899212,)),
    Columns(("a b", 'c"ü\n'), (0.1, 0.0), (1 / 3, 1.0), ((), ("x", "é, \\ y", "\x1b[31m"))),
    Classes(("cat", 'd"o,g\n'), "kind"),
    Values(("price", "m²"), (1e6, -0.0), (2.5, 1e-9)),
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: f"{type(thing).__name__} {len(repr(thing))}")
def test_json_gives_an_equal_thing_back(thing):
    shelf = PREPROCESSING if thing.name in PREPROCESSING else TARGETS
    text = json.dumps(shelf.describe(thing), allow_nan=False)
    assert shelf.make(json.loads(text)) == thing


@pytest.mark.parametrize("thing", THINGS[:3], ids=lambda thing: f"{type(thing).__name__} {len(repr(thing))}")
@pytest.mark.parametrize("target", THINGS[3:], ids=lambda thing: type(thing).__name__)
def test_a_model_file_gives_equal_things_back(tmp_path, thing, target):
    loss = "cross_entropy" if target.task == "classes" else "mean_squared_error"
    network = cr.MLP([thing.d_out, 2], loss=loss, preprocessing=thing, target=target)
    network.save(tmp_path / "m.safetensors")
    loaded = cr.load(tmp_path / "m.safetensors")
    assert loaded.preprocessing == thing
    assert loaded.target == target


def test_a_loaded_model_takes_raw_rows_and_gives_the_same_bits(tmp_path):
    path = tmp_path / "t.csv"
    write(path, [[i % 7, ["Rome", "Oslo"][i % 2], i] for i in range(40)])
    run = Run(RunConfig(source=str(path), target="y", epochs=1))
    run.network.save(tmp_path / "m.safetensors")
    loaded = cr.load(tmp_path / "m.safetensors")
    assert np.array_equal(loaded.predict(read(path)), run.network.predict(read(path)))
    # The columns are found by name: their order, and others beside them, make no difference
    shuffled = tmp_path / "s.csv"
    shuffled.write_text("extra,city,a\n" + "".join(f"?,{['Rome', 'Oslo'][i % 2]},{i % 7}\n" for i in range(40)))
    assert np.array_equal(loaded.predict(read(shuffled)), run.network.predict(read(path)))
