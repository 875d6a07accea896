"""Whatever a file holds, loading it gives a network or one FileError of one line; nothing is run or hoarded."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import Network, load
from chainrule.core.errors import FileError

from .corpus.model import DEEP, GOOD, RAW, SPOILED, T2, dense, joined, modules, parts, setter


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def good():
    return GOOD["two layers"]


def loaded(folder, data):
    path = folder / "file"
    path.write_bytes(data)
    return load(path)


def assert_refused(folder, data, *says):
    with pytest.raises(FileError) as refused:
        loaded(folder, data)
    message = str(refused.value)
    for words in says:
        assert words in message
    assert message.isprintable(), "a message is one line of text, without control characters"
    assert len(message) < 2000


def test_the_parts_joined_again_are_a_good_file(folder, good):
    header, about, tensors = parts(good)
    assert isinstance(loaded(folder, joined(header, about, tensors)), Network)


def test_a_file_cut_at_any_byte_is_refused(folder, good):
    for length in range(len(good)):
        assert_refused(folder, good[:length])


@pytest.mark.parametrize("more", [b"\0", b"x" * 100])
def test_bytes_after_the_tensors_are_refused(folder, good, more):
    assert_refused(folder, good + more, "its tensors take 24 bytes, but the file has")


@pytest.mark.parametrize("case", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_header_is_refused_with_the_reason(case, folder, good):
    change, *says = case
    assert_refused(folder, change(good), *says)


@pytest.mark.parametrize("data", RAW.values(), ids=RAW)
def test_what_is_no_model_file_is_refused(data, folder):
    assert_refused(folder, data)


def test_metadata_of_others_beside_ours_is_refused(folder, good):
    header, about, tensors = parts(good)
    header["__metadata__"] = {"chainrule": json.dumps(about), "format": "pt"}
    assert_refused(folder, joined(header, None, tensors), "must hold 'chainrule' alone")


def test_a_header_longer_than_the_file_is_named_as_such(folder, good):
    for length in (len(good) - 7, 10**6, 2**64 - 1):
        assert_refused(folder, length.to_bytes(8, "little") + good[8:], f"its header claims {length} bytes")


def test_a_nest_that_just_parses_is_refused_or_read(folder, good):
    header, about, tensors = parts(good)
    for depth in (10, 100, 500, 900, 990, 1000, 2000):
        text = json.dumps(about).replace('"training": {', '"training": {"a": ' + "[" * depth + "]" * depth + ", ")
        try:
            loaded(folder, joined(header, text, tensors))
        except FileError:
            continue


@pytest.mark.parametrize("facts", ['{"x": 1e999}', '{"x": "\\ud800"}', '{"x": -1e999}'])
def test_what_was_read_can_be_written_again(facts, folder, good):
    header, about, tensors = parts(good)
    text = json.dumps({**about, "training": {}}).replace('"training": {}', f'"training": {facts}')
    try:
        network = loaded(folder, joined(header, text, tensors))
    except FileError:
        return
    network.save(folder / "again")


def test_a_key_twice_is_refused_also_where_all_else_is_right(folder, good):
    header, about, tensors = parts(good)
    text = joined(header, about)[8:]
    twice = text.replace(b'"0.bias":', b'"0.bias": {}, "0.bias":', 1)
    assert_refused(folder, joined(twice, None, tensors), "key twice")
    inner = json.dumps(about)
    assert_refused(folder, joined(header, inner[:-1] + ', "format": 1}', tensors), "key twice")


@pytest.mark.parametrize(
    "spoiled",
    [
        modules(dense(10**9, 10**9), **T2),
        modules(dense(2, 10**12), **T2),
        modules(*[dense(10**6, 10**6)] * 100, **T2),
        lambda good: (10**8).to_bytes(8, "little") + good[8:],
        setter("0.weight", data_offsets=[0, 10**15]),
        setter("0.weight", shape=[10**9, 10**9]),
        lambda good: joined(DEEP.encode()),
    ],
)
def test_nothing_is_allocated_for_what_a_file_only_claims(spoiled, folder, good):
    (folder / "file").write_bytes(spoiled(good))
    size = (folder / "file").stat().st_size
    tracemalloc.start()
    try:
        with pytest.raises(FileError):
            load(folder / "file")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000 + 20 * size  # JSON as Python objects takes some times the bytes of its text


def test_and_this_test_can_fail(folder):
    tracemalloc.start()
    try:
        kept = np.ones(10**6)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kept.any()
    assert peak > 1_000_000


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "delete", "insert", "double", "swap"]),
        st.integers(0, 10**6),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


def edited(data, edits):
    data = bytearray(data)
    for kind, place, value in edits:
        i = place % len(data)
        if kind == "flip":
            data[i] ^= 1 << (value % 8)
        elif kind == "set":
            data[i] = value
        elif kind == "delete":
            del data[i : i + 1 + value % 4]
        elif kind == "insert":
            data[i:i] = bytes([value])
        elif kind == "double":
            data[i:i] = data[i : i + value]
        else:
            j = value % len(data)
            data[i], data[j] = data[j], data[i]
    return bytes(data)


def assert_a_network_or_one_line(folder, data):
    network, message = None, ""
    try:
        network = loaded(folder, data)
    except FileError as refused:
        message = str(refused)
    assert message.isprintable()
    if network is None:
        return
    assert np.isfinite(network.params.theta).all()
    network.save(folder / "again")
    X = np.ones((2, network.d_in))
    network.logits(X)


MANY = settings(deadline=None, max_examples=300)
SOME = settings(deadline=None, max_examples=100)


@MANY
@given(edits=EDITS)
def test_random_edits_give_a_network_or_a_file_error(edits, folder, good):
    assert_a_network_or_one_line(folder, edited(good, edits))


@MANY
@given(edits=EDITS)
def test_random_edits_of_the_inner_header_do_too(edits, folder, good):
    # Here the lengths and the outer JSON stay right, so that the damage gets further in.
    header, about, tensors = parts(good)
    text = edited(json.dumps(about).encode(), edits).decode("utf-8", "replace")
    assert_a_network_or_one_line(folder, joined(header, text, tensors))


@pytest.mark.slow
def test_every_single_bit_flipped_gives_a_network_or_a_file_error(folder, good):
    for i in range(8 * len(good)):
        data = bytearray(good)
        data[i // 8] ^= 1 << (i % 8)
        assert_a_network_or_one_line(folder, bytes(data))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(["relu", "dense", "softmax", "mean", "float32", "F32", "classes", "columns", "", "\n"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "d_in", "d_out", "slope", "reduction", "mean", "scale", "names"]), inner
        )
    ),
    max_leaves=8,
)


@SOME
@given(
    entry=st.sampled_from(["format", "dtype", "modules", "loss", "preprocessing", "target", "training"]),
    value=JSON,
)
def test_any_json_in_any_entry_gives_a_network_or_a_file_error(entry, value, folder, good):
    header, about, tensors = parts(good)
    about[entry] = value
    assert_a_network_or_one_line(folder, joined(header, about, tensors))


@SOME
@given(
    place=st.integers(0, 3),
    settings_=st.dictionaries(st.sampled_from(["name", "d_in", "d_out", "slope", "x"]), JSON),
)
def test_any_settings_of_any_module_give_a_network_or_a_file_error(place, settings_, folder, good):
    header, about, tensors = parts(good)
    about["modules"][place % len(about["modules"])].update(settings_)
    assert_a_network_or_one_line(folder, joined(header, about, tensors))


@SOME
@given(name=st.sampled_from(["0.weight", "0.bias", "__metadata__"]), value=JSON)
def test_any_json_as_a_tensors_entry_gives_a_network_or_a_file_error(name, value, folder, good):
    header, about, tensors = parts(good)
    header["__metadata__"] = {"chainrule": json.dumps(about)}
    header[name] = value
    assert_a_network_or_one_line(folder, joined(header, None, tensors))


ENDLESS = """
import resource
import chainrule
from chainrule.core.errors import FileError
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
try:
    chainrule.load("/dev/zero")
except FileError as problem:
    print("refused:", problem)
"""


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_an_endless_file_is_refused():
    env = {"PYTHONPATH": str(Path(chainrule.__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", ENDLESS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("refused:"), done.stderr[-300:]
