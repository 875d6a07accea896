"""Which rows are trained on and which are validated on: disjoint, the same every time, of each class its share."""

import numpy as np
import pytest

from chainrule.core.errors import InputError
from chainrule.runs import Run, RunConfig


def split(**options):
    run = Run(RunConfig(**options))
    return run.train_rows, run.validation_rows


@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("source", ["blobs:n=300", "random:n=300,features=2"])
def test_every_row_is_in_one_part_and_the_share_is_kept(source, share):
    train, held = split(source=source, validation=share)
    assert sorted([*train, *held]) == list(range(300))
    # A part for each of three classes is rounded
    assert abs(len(held) - share * 300) <= 1.5


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_of_each_class_the_same_share_is_held(arrays, share):
    y = np.repeat([0, 1, 2], [200, 80, 40])
    options = arrays(np.random.default_rng(0).normal(size=(320, 2)), y)
    _, held = split(**options, validation=share)
    assert np.bincount(y[held]).tolist() == [200 * share, 80 * share, 40 * share]


def test_a_class_of_one_row_is_trained_on(arrays):
    y = np.repeat([0, 1], [99, 1])
    train, _ = split(**arrays(np.zeros((100, 1)), y), validation=0.2)
    assert 99 in train


@pytest.mark.parametrize("source", ["moons", "random"])
def test_the_same_seed_splits_alike_and_another_otherwise(source):
    for part in (0, 1):
        once = split(source=source, validation=0.2)[part]
        assert np.array_equal(once, split(source=source, validation=0.2, seed=0)[part])
        assert not np.array_equal(once, split(source=source, validation=0.2, seed=1)[part])


@pytest.mark.parametrize("option", [{"hidden": (3,)}, {"epochs": 7}, {"batch_size": 3}, {"dtype": "float64"}])
def test_other_options_leave_the_split_alone(option):
    for part in (0, 1):
        assert np.array_equal(
            split(source="moons", validation=0.2)[part], split(source="moons", validation=0.2, **option)[part]
        )


def test_rows_are_not_held_in_the_order_of_the_file():
    train, held = split(source="random:n=200,features=1", validation=0.5)
    assert 30 < np.sum(held < 100) < 70  # 50, give or take the spread of 5
    assert held.tolist() != list(range(100))
    assert held.tolist() != list(range(100, 200))
    assert (np.diff(train) > 0).all()


def test_no_share_holds_no_row_and_tables_hold_a_fifth(houses):
    train, held = split(source="moons", validation=0.0)
    assert len(train) == 1000
    assert len(held) == 0
    assert Run(RunConfig("moons")).validation is None
    assert len(split(source=houses, target="price")[1]) == 12


def test_the_parts_hold_the_rows_they_say(houses):
    run = Run(RunConfig(houses, target="kind"))
    for rows, (X, y) in ((run.train_rows, run.train), (run.validation_rows, run.validation)):
        assert X.lines.tolist() == (rows + 2).tolist()
        assert np.array_equal(y, run.data.y[rows])


@pytest.mark.parametrize(
    ("source", "share", "left"),
    [("random:n=10", 0.01, "leaves 0 to validate and 10"), ("random:n=3", 0.99, "leaves 3 to validate and 0")],
)
def test_a_share_that_leaves_a_part_empty_is_refused(refused, source, share, left):
    with refused(InputError, left):
        split(source=source, validation=share)


def test_one_row_cannot_be_split_but_can_be_trained_on(refused, arrays):
    options = arrays(np.array([[1.0, 2.0]]), np.array([0.5]))
    with refused(InputError, "leaves 0 to validate and 1 to train on; choose another share, or --validation 0"):
        split(**options)
    assert len(split(**options, validation=0.0)[0]) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_rare_category_does_not_stop_a_training_with_default_options(seed, trained, tmp_path):
    # Four texts that stand in one row each: a fifth of the rows is held, so mostly one of these is among them
    lines = ["a,city,y", *[f"{i},Rome,{i % 2}" for i in range(60)]]
    lines += [f"{i},{city},{i % 2}" for i, city in enumerate(["Oslo", "Bonn", "Graz", "Nice"])]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    trained("run", source="t.csv", target="y", seed=seed)
