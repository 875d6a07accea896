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
from chainrule import MLP, Network, load
from chainrule.core.errors import FileError


def small():
    """A network of few numbers, with something in every entry of its header that it can have."""
    network = MLP([2, 2], "leaky_relu", output="leaky_relu:slope=0.5", loss="mean_squared_error", seed=0)
    network.training = {"epochs": 1, "optimizer": {"name": "adam"}}
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def good(folder):
    small().save(folder / "good")
    return (folder / "good").read_bytes()


def parts(data):
    """The outer header, the inner one, and the tensors' bytes."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    return header, json.loads(header["__metadata__"]["chainrule"]), data[end:]


def joined(header, about=None, tensors=b""):
    """A file of these parts; ``header`` may be bytes already."""
    if about is not None:
        header = {**header, "__metadata__": {"chainrule": about if isinstance(about, str) else json.dumps(about)}}
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + tensors


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


# Each takes the outer header, the inner one and the tensors, and spoils something.
def spoil(change):
    """``change`` alters the two headers, or gives back other tensors."""

    def spoiled(good):
        header, about, tensors = parts(good)
        other = change(header, about, tensors)
        return joined(header, about, tensors if other is None else other)

    return spoiled


def setter(where, **entries):
    """Sets entries of the inner header ("about") or of a tensor's."""

    def change(header, about, tensors):
        (about if where == "about" else header[where]).update(entries)

    return spoil(change)


def modules(*specs, loss=None, **tensors):
    """Other modules, with the tensors that go with them and as many zeros as those need."""

    def spoiled(good):
        _, about, _ = parts(good)
        end, entries = 0, {}
        for name, shape in tensors.items():
            size = 4 * int(np.prod(shape))
            entries[name.replace("_", ".")] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
            end += size
        return joined(entries, {**about, "modules": list(specs), "loss": loss}, bytes(end))

    return spoiled


def dense(d_in, d_out):
    return {"name": "dense", "d_in": d_in, "d_out": d_out}


def enormous(header, about):
    """A layer whose size cannot even be printed, and tensors that say the same."""
    about["modules"] = [dense(BIG, BIG)]
    header["0.weight"]["shape"], header["0.bias"]["shape"] = [BIG, BIG], [BIG]


DEEP = '{"a":' * 100_000
BIG = 10**4000
T2 = {"0_weight": [2, 2], "0_bias": [2]}

SPOILED = {
    "dtype of a tensor": (setter("0.weight", dtype="F64"), "needs 32 bytes, not 16"),
    "dtype that is none": (setter("0.weight", dtype="I32"), "0.weight must be"),
    "shape of a tensor": (setter("0.weight", shape=[4, 1]), "0.weight must be"),
    "flat shape": (setter("0.weight", shape=[4]), "0.weight must be"),
    "negative shape": (setter("0.weight", shape=[-2, -2]), "0.weight has the shape [-2, -2]"),
    "shape of floats": (setter("0.weight", shape=[2.5, 2]), "0.weight has the shape"),
    "an entry more": (setter("0.weight", strides=[1]), "0.weight must have dtype, shape and data_offsets"),
    "no offsets": (setter("0.weight", data_offsets=None), "has the data_offsets None"),
    "offsets that are a text": (setter("0.weight", data_offsets="08"), "has the data_offsets"),
    "three offsets": (setter("0.weight", data_offsets=[0, 8, 16]), "expected two whole numbers"),
    "negative offsets": (setter("0.weight", data_offsets=[-16, 0]), "expected two whole numbers from 0"),
    "offsets of floats": (setter("0.weight", data_offsets=[8.0, 24.0]), "expected two whole numbers"),
    "offsets of bools": (setter("0.weight", data_offsets=[False, True]), "expected two whole numbers"),
    "offsets backwards": (setter("0.weight", data_offsets=[24, 8]), "needs 16 bytes"),
    "offsets too near": (setter("0.weight", data_offsets=[8, 20]), "needs 16 bytes"),
    "offsets far outside": (setter("0.weight", data_offsets=[10**18, 10**18 + 16]), "begins at byte"),
    "overlapping tensors": (setter("0.weight", data_offsets=[4, 20]), "begins at byte"),
    "a gap between tensors": (setter("0.weight", data_offsets=[12, 28]), "begins at byte"),
    "a tensor missing": (spoil(lambda h, a, t: h.pop("0.bias") and None), "side by side"),
    "a tensor more": (spoil(lambda h, a, t: h.update(x={"dtype": "F32"})), "x must have"),
    "an empty tensor more": (
        spoil(lambda h, a, t: h.update(x={"dtype": "F32", "shape": [0], "data_offsets": [0, 0]})),
        "unknown x",
    ),
    "a tensor of another name": (spoil(lambda h, a, t: h.update(w=h.pop("0.weight"))), "missing 0.weight"),
    "a tensor that is no object": (spoil(lambda h, a, t: h.update({"0.bias": 3})), "0.bias must have"),
    "control characters in a name": (
        spoil(lambda h, a, t: h.update({"a\n\x1b[31mb": {}})),
        "is no name of a tensor",
    ),
    "a name without end": (spoil(lambda h, a, t: h.update({"x" * 10**6: {}})), "is no name of a tensor"),
    "NaN weights": (spoil(lambda h, a, t: np.full(6, np.nan, "<f4").tobytes()), "NaN or infinity"),
    "an infinite weight": (spoil(lambda h, a, t: t[:-4] + np.array([np.inf], "<f4").tobytes()), "NaN or infinity"),
    "a newer format": (setter("about", format=2), "newer than 1", "Update chainrule"),
    "a format far newer": (setter("about", format=10**90), "newer than 1"),
    "format 0": (setter("about", format=0), "format is 0"),
    "a format that is a text": (setter("about", format="1"), "format is '1'"),
    "a format that is true": (setter("about", format=True), "format is True"),
    "an unknown network dtype": (setter("about", dtype="float16"), "dtype is 'float16'"),
    "a network dtype that is a list": (setter("about", dtype=[]), "dtype is []"),
    "a network dtype that is an object": (setter("about", dtype={"a": 1}), "dtype is"),
    "the other network dtype": (setter("about", dtype="float64"), "must be"),
    "an entry of the inner header more": (setter("about", host="me"), "wrong: host"),
    "control characters in an entry": (setter("about", **{"a\nb": 1}), "wrong"),
    "an entry of the inner header missing": (spoil(lambda h, a, t: a.pop("loss") and None), "wrong: loss"),
    "no modules": (setter("about", modules=[]), "0 modules"),
    "modules that are a text": (setter("about", modules="relu"), "no list of objects"),
    "modules that are texts": (setter("about", modules=["relu"]), "no list of objects"),
    "too many modules": (setter("about", modules=[{"name": "relu"}] * 20_000), "20000 modules"),
    "an unknown module": (setter("about", modules=[{"name": "os.system"}]), "unknown layer or activation"),
    "a module named by a path": (setter("about", modules=[{"name": "../losses/base"}]), "unknown layer"),
    "a module that is a helper": (setter("about", modules=[{"name": "base"}]), "unknown layer"),
    "a module without a name": (setter("about", modules=[{"d_in": 2}]), "has no name"),
    "a module whose name is a list": (setter("about", modules=[{"name": ["relu"]}]), "has no name"),
    "a loss as a module": (setter("about", modules=[{"name": "cross_entropy"}]), "unknown layer"),
    "settings in a module's name": (setter("about", modules=[{"name": "leaky_relu:slope=0.1"}]), "unknown"),
    "an unknown setting": (setter("about", modules=[{"name": "relu", "slope": 1}]), "no setting 'slope'"),
    "a setting out of range": (setter("about", modules=[{"name": "leaky_relu", "slope": 2}]), "below 1"),
    "a setting of another type": (setter("about", modules=[{"name": "leaky_relu", "slope": "0"}]), "a number"),
    "a setting too large for a float": (setter("about", modules=[{"name": "leaky_relu", "slope": 10**400}]),),
    "an infinite setting": (setter("about", modules=[{"name": "leaky_relu", "slope": 1e999}]),),
    "a width of 0": (modules(dense(2, 0)), "d_out"),
    "a width that is true": (modules(dense(2, True)), "d_out"),
    "a width that is a float": (modules(dense(2, 2.0)), "d_out"),
    "a layer larger than the file": (modules(dense(10**9, 10**9), **T2), "must be"),
    "a layer of 10^4000": (modules(dense(BIG, BIG), **T2),),
    "a tensor of 10^4000 too": (spoil(lambda h, a, t: enormous(h, a)),),
    "layers that do not fit each other": (
        modules(
            dense(2, 1), dense(2, 1), **{"0_weight": [1, 2], "0_bias": [1], "1_weight": [1, 2], "1_bias": [1]}
        ),
        "takes 2 features",
    ),
    "no layer": (modules({"name": "relu"}), "at least one layer"),
    "a link twice": (
        modules(dense(2, 2), {"name": "softmax"}, loss={"name": "binary_cross_entropy"}, **T2),
        "ends in softmax",
    ),
    "an unknown loss": (setter("about", loss={"name": "hunch"}), "unknown loss 'hunch'"),
    "a loss that is a text": (setter("about", loss="cross_entropy"), "must be an object or null"),
    "a loss that is false": (setter("about", loss=False), "must be an object or null"),
    "an unknown reduction": (setter("about", loss={"name": "cross_entropy", "reduction": "none"}), "reduction"),
    "an unknown preprocessing": (setter("about", preprocessing={"name": "pca"}), "unknown preprocessing"),
    "a mean too large": (
        setter("about", preprocessing={"name": "standardize", "d": 2, "mean": [10**400], "scale": [1]}),
    ),
    "a scale of 0": (
        setter("about", preprocessing={"name": "standardize", "d": 2, "mean": [0], "scale": [0]}),
        "scale",
    ),
    "preprocessing for another network": (
        setter("about", preprocessing={"name": "standardize", "d": 3, "mean": [0], "scale": [1]}),
    ),
    "a target for another network": (
        setter("about", target={"name": "values", "names": ["a"], "mean": [0], "scale": [1]}),
    ),
    "too few classes for the outputs": (
        setter("about", loss={"name": "cross_entropy"}, target={"name": "classes", "names": ["a", "b", "c"]}),
    ),
    "a training that is a list": (setter("about", training=[]), "'training' is no object"),
}


@pytest.mark.parametrize("case", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_header_is_refused_with_the_reason(case, folder, good):
    change, *says = case
    assert_refused(folder, change(good), *says)


RAW = {
    "empty": b"",
    "nine bytes": b"\x01" + b"\0" * 8,
    "text": b"This is no model file but a text of some length.",
    "header of no length": bytes(8) + b"{}",
    "header longer than the file": (10**6).to_bytes(8, "little") + b"{}      ",
    "header of 2^64 - 1 bytes": b"\xff" * 8 + b"{}      ",
    "header that is no JSON": joined(b"{"),
    "header that is a list": joined(b"[1, 2]"),
    "header that is no UTF-8": joined(b'{"\xff": 1}'),
    "header in UTF-16": joined('{"a": 1}'.encode("utf-16")),
    "header without metadata": joined(b"{}"),
    "metadata that is a list": joined({"__metadata__": []}),
    "metadata of another program": joined({"__metadata__": {"format": "pt"}}),
    "metadata with more": joined({"__metadata__": {"chainrule": "{}", "format": "pt"}}),
    "chainrule that is no text": joined({"__metadata__": {"chainrule": {}}}),
    "chainrule that is no JSON": joined({}, "{"),
    "chainrule that is a list": joined({}, "[]"),
    "chainrule that is empty": joined({}, "{}"),
    "a key twice": joined(b'{"a": 1, "a": 2}'),
    "a key twice inside": joined({}, '{"format": 1, "format": 1}'),
    "a key twice further inside": joined({}, '{"training": {"a": 1, "a": 2}}'),
    "NaN, which is no JSON": joined(b'{"a": NaN}'),
    "Infinity, which is no JSON": joined({}, '{"format": Infinity}'),
    "a nest of 100,000 objects": joined(DEEP.encode()),
    "a nest of 100,000 lists": joined(b"[" * 100_000),
    "a nest inside": joined({}, DEEP),
    "a number of 10,000 digits": joined(b'{"a": ' + b"9" * 10_000 + b"}"),
    "a number of 10,000 digits inside": joined({}, '{"format": ' + "9" * 10_000 + "}"),
}


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
