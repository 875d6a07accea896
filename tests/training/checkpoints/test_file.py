"""The file of a checkpoint: what is written is read, and nothing else is."""

import hashlib
import json
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.core.errors import FileError, SettingError
from chainrule.training.checkpoints import file
from chainrule.training.checkpoints.content import rows_of, table
from chainrule.training.checkpoints.plain import decode, encode

LAST, PREVIOUS = "last.safetensors", "previous.safetensors"
numbers = st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.none() | st.text(max_size=5)
arrays = st.sampled_from(["f4", "f8", "i8", "u1", "?"]).map(lambda kind: np.arange(6).reshape(2, 3).astype(kind))
nests = st.recursive(
    numbers | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4).filter(lambda key: key[:1] != "$"), inner, max_size=3)
    ),
    max_leaves=8,
)


def alike(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    return type(a) is type(b) and (repr(a) == repr(b))


@given(nests)
def test_what_is_encoded_is_decoded_to_the_same_bits(value):
    found = {}
    text = json.dumps(encode(value, found), allow_nan=False)
    assert alike(decode(json.loads(text), found), value)


@pytest.mark.parametrize("value", [object(), {1: 2}, {"$x": 1}, np.array(["a"]), {1, 2}, 1j])
def test_what_no_file_can_keep_is_refused(value):
    with pytest.raises(SettingError, match="a checkpoint keeps numbers, texts, arrays"):
        encode({"a": [value]}, {})


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": float("nan")}],
        [{"epoch": 1, "loss": 1}, {"epoch": 2, "loss": 0.5}],
        [{"epoch": 1, "note": "a"}, {"epoch": 2, "note": None}],
        [{"epoch": 1}, {"epoch": 2, "late": 1.0}],
        [{"epoch": 1, "big": 2**70}],
    ],
)
def test_a_history_is_what_it_was(rows):
    found = {}
    again = rows_of(decode(json.loads(json.dumps(encode(table(rows), found))), found))
    assert alike(again, rows)


def test_other_programs_can_read_it(problem):
    from safetensors import safe_open
    from safetensors.numpy import load_file

    problem.train(resume=False, optimizer="adam")
    path = problem.folder / LAST
    found = load_file(path)
    assert {"theta", "buffers", "optimizer.m", "optimizer.v", "losses"} <= set(found)
    assert found["theta"].shape == found["optimizer.m"].shape == (43,)
    with safe_open(path, "numpy") as opened:
        said = opened.metadata()
    assert json.loads(said["chainrule_checkpoint"])["t"] == 16
    data = path.read_bytes()
    zeroed = data.replace(said["sha256"].encode(), b"0" * 64)
    assert hashlib.sha256(zeroed).hexdigest() == said["sha256"]  # its own, as the format says


def test_equal_trainings_leave_equal_checkpoints_but_for_the_times(problem):
    found = []
    for _ in range(2):
        problem.clean()
        problem.train(resume=False, until=7)
        content = file.read(problem.folder / LAST)
        content["sums"].pop("seconds"), content.pop("seconds"), content.pop("history")
        found.append(content)
    assert alike(*found)


def test_every_changed_byte_is_seen_and_the_previous_one_is_taken(problem, caplog):
    expected = problem.train()
    problem.train(resume=False, until=10)
    path = problem.folder / LAST
    data = path.read_bytes()
    chance = np.random.default_rng(0)
    for place in sorted({0, 7, 8, len(data) - 1, *chance.integers(0, len(data), 200).tolist()}):
        torn = bytearray(data)
        torn[place] ^= 1 << chance.integers(8)
        path.write_bytes(torn)
        with pytest.raises(FileError):
            file.read(path)
    for length in (0, 5, 8, 100, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(FileError):
            file.read(path)
    with caplog.at_level(logging.WARNING, "chainrule"):
        assert problem.train(resume=True) == expected
    assert "last.safetensors can't be used: " in caplog.text
    assert f"Going on from {problem.folder / PREVIOUS}" in caplog.text


def test_where_none_can_be_read_nothing_is_written_over(problem):
    problem.train(resume=False, until=10)
    for name in (LAST, PREVIOUS):
        (problem.folder / name).write_bytes(b"nonsense")
    with pytest.raises(
        FileError, match=r"last.* can't be used.*previous.* can't be used.*delete them to begin anew"
    ):
        problem.train(resume=True)
    assert (problem.folder / LAST).read_bytes() == b"nonsense"


def test_between_its_two_names_the_previous_one_is_taken_without_a_word(problem, caplog):
    expected = problem.train()
    problem.train(resume=False, until=10)
    (problem.folder / LAST).unlink()
    assert problem.train(resume=True) == expected
    assert not caplog.records


BREAKS = {
    "theta of another shape": lambda c: c.update(theta=np.zeros(3, np.float32)),
    "theta of another type": lambda c: c.update(theta=c["theta"].astype(float)),
    "theta is no array": lambda c: c.update(theta=[1, 2]),
    "weights not finite": lambda c: c.update(theta=c["theta"] + np.float32(np.nan)),
    "no optimizer": lambda c: c.update(optimizer={}),
    "negative step": lambda c: c.update(t=-1),
    "step is a text": lambda c: c.update(t="3"),
    "within is a number": lambda c: c.update(within=1),
    "nothing of the epoch": lambda c: c.pop("sums"),
    "other sums": lambda c: c["sums"].update(more=1.0),
    "a generator without a state": lambda c: c["generators"].update(shuffle={}),
    "a generator of another kind": lambda c: c["generators"]["noise"].update(bit_generator="MT19937"),
    "a generator's state too large": lambda c: c["generators"]["noise"]["state"].update(state=2**200),
    "no generators": lambda c: c.update(generators=[1]),
    "a history without epochs": lambda c: c.update(history={"rows": [{"loss": 1.0}]}),
    "a history of numbers": lambda c: c.update(history=[3]),
    "losses are texts": lambda c: c.update(losses=["a"]),
    "no best": lambda c: c.update(best={}),
    "no memory of early stopping": lambda c: c.update(callbacks={}),
    "best weights of another network": lambda c: c["callbacks"]["0 early_stopping"].update(kept=[np.zeros(2)]),
    "epochs are a text": lambda c: c.update(epochs="x", epoch="y"),
    "a newer format": lambda c: c.update(format=2),
    "no settings": lambda c: c.update(settings=3),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_sound_file_that_says_nonsense_is_one_line_and_changes_nothing(problem, what):
    settings = {
        "callbacks": ["early_stopping:patience=5"],
        "validation": problem.held,
        "network": {"dropout": 0.1},
    }
    problem.train(resume=False, until=10, **settings)
    content = file.read(problem.folder / LAST)
    BREAKS[what](content)
    file.write(problem.folder / LAST, content)
    (problem.folder / PREVIOUS).unlink()
    with pytest.raises(cr.ChainruleError) as refused:
        problem.train(resume=True, **settings)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, FileError | SettingError)
