"""Spaces: what options and files say, the points of it, and what is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.core.errors import SettingError, UnknownNameError
from chainrule.runs import RunConfig
from chainrule.studies.sweeps.space import (
    REFUSED,
    SAME,
    VARIED,
    Choices,
    Range,
    Space,
    configured,
    parse,
    read,
    read_toml,
)


def space(**given):
    return read(given, "the space")[1]


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("learning_rate", "0.001,0.01,0.1,1", (0.001, 0.01, 0.1, 1.0)),
        ("width", "32, 64", (32, 64)),
        ("batch_size", "16,full", (16, "full")),
        ("hidden", "64,32;128;none", ((64, 32), (128,), ())),
        ("hidden", "64,32", ((64, 32),)),
        ("activation", "relu,leaky_relu:slope=0.2,tanh", ("relu", "leaky_relu:slope=0.2", "tanh")),
        ("optimizer", "sgd:momentum=0.9,nesterov=true,adam", ("sgd:momentum=0.9,nesterov=true", "adam")),
        ("regularization", "none,l2:strength=0.1", ((), ("l2:strength=0.1",))),
        ("residual", "true,false", (True, False)),
    ],
)
def test_an_option_is_a_list_of_values(name, text, values):
    fixed, found = read({name: parse(name, text)}, "the options")
    assert (fixed, found.parameters) == ({}, {name: Choices(values)})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("epochs", "5", 5), ("learning_rate", "1", 1.0), ("optimizer", "sgd", "sgd"), ("ignore", "a,b", ("a", "b")),
     ("target", "1", "1"), ("target", "a,b", "a,b"), ("validation", "0.2", 0.2), ("class_weight", "a=1,b=2", "a=1,b=2")],
)  # fmt: skip
def test_an_option_of_one_value_is_the_same_everywhere(name, text, value):
    assert read({name: parse(name, text)}, "the options") == ({name: value}, Space({}))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("learning_rate", "log:1e-4..1", Range(1e-4, 1.0, log=True)),
        ("dropout", "0..0.5", Range(0.0, 0.5)),
        ("width", "log:8..128", Range(8, 128, log=True, whole=True)),
    ],
)
def test_an_option_is_a_range(name, text, found):
    assert read({name: parse(name, text)}, "the options")[1].parameters == {name: found}


def test_a_file_says_the_same():
    data = b"""
        epochs = 5
        learning_rate = {low = 1e-4, high = 1.0, log = true}
        hidden = [[64, 32], []]
        [optimizer]
        momentum = [0.0, 0.9]
    """
    fixed, found = read(read_toml(data, "space.toml"), "space.toml")
    assert fixed == {"epochs": 5}
    assert found.parameters == {
        "learning_rate": Range(1e-4, 1.0, log=True),
        "hidden": Choices(((64, 32), ())),
        "optimizer.momentum": Choices((0.0, 0.9)),
    }


def test_what_is_written_is_read_again():
    lists = space(learning_rate={"low": 0.1, "high": 1}, width=[1, 2], depth=[1], hidden=[[1]], dropout=[0, 0.5])
    assert read(lists.plain(), "again") == ({}, lists)


def test_a_grid_is_every_combination_once():
    points = list(space(width=[1, 2], depth=[1, 2, 3], dropout=[0.0, 0.5]).grid())
    assert [tuple(point.values()) for point in points] == list(itertools.product([1, 2], [1, 2, 3], [0.0, 0.5]))


@given(
    low=st.floats(1e-6, 1e3), times=st.floats(1.001, 1e6), log=st.booleans(), seed=st.integers(0, 2**32)
)  # fmt: skip
def test_a_sample_stays_in_its_range(low, times, log, seed):
    parameter = Range(low, low * times, log)
    assert low <= parameter.sample(np.random.default_rng(seed)) <= low * times


@pytest.mark.parametrize("log", [False, True])
def test_whole_numbers_are_drawn_up_to_both_ends(log, rng):
    drawn = [Range(1, 4, log, whole=True).sample(rng) for _ in range(4000)]
    assert {type(value) for value in drawn} == {int}
    shares = np.bincount(drawn, minlength=5)[1:] / 4000
    expected = np.diff(np.log([0.5, 1.5, 2.5, 3.5, 4.5]) / np.log(9)) if log else np.full(4, 0.25)
    np.testing.assert_allclose(shares, expected, atol=0.03)  # four standard errors of a share of 4000


def test_logarithmic_samples_are_uniform_in_the_logarithm(rng):
    drawn = np.log10([Range(1e-4, 1.0, log=True).sample(rng) for _ in range(4000)])
    counts, _ = np.histogram(drawn, bins=4, range=(-4, 0))
    np.testing.assert_allclose(counts / 4000, 0.25, atol=0.03)


def test_width_and_depth_are_hidden_layers_and_dotted_names_settings_of_what_is_there():
    base = RunConfig("moons", optimizer="sgd", regularization=("l2:strength=0.1", "max_norm:limit=3"))
    point = {"width": 16, "depth": 3, "optimizer.momentum": 0.9, "regularization.l2.strength": 0.5, "dropout": 0.1}
    found = configured(base, point)
    assert found == RunConfig(
        "moons", hidden=(16, 16, 16), optimizer="sgd:momentum=0.9", dropout=0.1,
        regularization=("max_norm:limit=3", "l2:strength=0.5"),
    )  # fmt: skip


def test_a_setting_of_a_varied_optimizer_is_that_of_each():
    point = {"optimizer": "sgd:nesterov=true", "optimizer.momentum": 0.5}
    assert configured(RunConfig("moons"), point).optimizer == "sgd:nesterov=true,momentum=0.5"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"learnig_rate": [1, 2]}, "no setting 'learnig_rate'. Did you mean 'learning_rate'"),
        ({"width": [16, 16.5]}, r"width\[1\] is a whole number"),
        ({"width": ["x", "y"]}, r"width\[0\] is a whole number, not 'x'"),
        ({"width": [0, 1]}, "whole number of at least 1, not 0"),
        ({"width": [1, 1]}, "names a value twice"),
        ({"width": []}, "empty list"),
        ({"hidden": [64, 32]}, r"hidden\[0\] is a list, not 64"),
        ({"learning_rate": {"low": 1, "high": 0.1}}, "from low up to high"),
        ({"learning_rate": {"low": 0, "high": 0.1, "log": True}}, "both above 0"),
        ({"learning_rate": {"low": 1, "high": float("nan")}}, "finite number"),
        ({"learning_rate": {"from": 1, "to": 2}}, "a list of values or a range"),
        ({"activation": {"low": 1, "high": 2}}, "takes no range"),
        ({"seed": [1, 2]}, "seed must be the same"),
        ({"validation": {"low": 0.1, "high": 0.2}}, "validation must be the same"),
        ({"source": ["a", "b"]}, "no setting 'source'"),
        ({"time_limit": [1, 2]}, "the machine's load"),
    ],
)
def test_a_bad_space_is_refused_in_one_line(given, says):
    with pytest.raises((SettingError, UnknownNameError), match=says):
        space(**given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"width": [1, 2]}, "width needs depth"),
        ({"depth": [1, 2]}, "depth needs width"),
        ({"width": [1, 2], "depth": [1], "hidden": [[1]]}, "same thing twice"),
        ({"width": [1], "depth": [1]}, "nothing varies"),
        ({}, "nothing varies"),
    ],
)
def test_a_space_that_says_nothing_or_two_things_is_refused(given, says):
    with pytest.raises(SettingError, match=says):
        space(**given).check()


def test_a_grid_of_a_range_or_without_end_is_refused():
    with pytest.raises(SettingError, match="dropout is a range"):
        list(space(dropout={"low": 0, "high": 0.5}).grid())
    with pytest.raises(SettingError, match="1,000,000 points"):
        list(space(**{name: list(range(1, 101)) for name in ("width", "depth", "epochs")}).grid())


def test_a_setting_of_what_is_not_said_is_refused():
    with pytest.raises(SettingError, match="give --optimizer too"):
        configured(RunConfig("moons"), {"optimizer.momentum": 0.9})


def test_every_setting_of_a_run_is_varied_kept_or_refused_with_a_reason():
    assert not set(VARIED) & set(SAME)
    assert {*VARIED, *SAME, *REFUSED} >= set(RunConfig.__dataclass_fields__)
