"""Model files: a safetensors container whose header holds a JSON text of its own."""

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from chainrule import MLP


def small():
    """A network of few numbers, with something in every entry of its header that it can have."""
    network = MLP([2, 2], "leaky_relu", output="leaky_relu:slope=0.5", loss="mean_squared_error", seed=0)
    network.training = {"epochs": 1, "optimizer": {"name": "adam"}}
    return network


@cache
def saved(make):
    """The bytes of a network's model file."""
    with tempfile.TemporaryDirectory() as folder:
        make().save(Path(folder) / "model")
        return (Path(folder) / "model").read_bytes()


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


def inner(text):
    """The good file with another text as its inner header."""

    def spoiled(good):
        header, _, tensors = parts(good)
        return joined(header, text, tensors)

    return spoiled


def facts(text):
    """The good file whose entry ``training`` is this JSON."""

    def spoiled(good):
        header, about, tensors = parts(good)
        written = json.dumps({**about, "training": {}})
        return joined(header, written.replace('"training": {}', f'"training": {text}'), tensors)

    return spoiled


def header_text(change):
    """The good file whose outer header was changed as a text."""

    def spoiled(good):
        header, about, tensors = parts(good)
        return joined(change(joined(header, about)[8:]), None, tensors)

    return spoiled


def nested(depth):
    """A residual in a residual, so many times."""
    spec = dense(2, 2)
    for _ in range(depth):
        spec = {"name": "residual", "inner": [spec]}
    return spec


# Large, or made to be slow: a header is refused by its length and marks before it is parsed.
COSTLY = {
    "100 MB of open brackets": lambda good: joined(b'{"a":' + b"[" * 10**8),
    "100 MB of empty lists": lambda good: joined(b'{"a":[' + b"[]," * 33_000_000 + b"[]]}"),
    "100 MB of objects": lambda good: joined(b'{"a":[' + b"{}," * 33_000_000 + b"{}]}"),
    "100 MB of keys": lambda good: joined(b'{"a":1,' * 14_000_000),
    "100 MB of spaces": lambda good: joined(b"{" + b" " * 10**8 + b"}"),
    "8 MB of distinct keys": lambda good: joined(b"{" + b",".join(b'"%07x":0' % i for i in range(800_000)) + b"}"),
    "a wide letter in 30 MB of narrow ones": lambda good: joined(
        b'{"a":"' + "\U0001f600".encode() + b"a" * 30_000_000 + b'"}'
    ),
    "6 MB in the inner header": inner('{"a":[' + "[]," * 2_000_000 + "[]]}"),
    "commas hidden as escapes": lambda good: joined(
        b'{"__metadata__":{"chainrule":"{\\"a\\":[' + b"0\\u002c" * 1_000_000 + b'0]}"}}'
    ),
    "a number of a million digits": header_text(lambda text: text.replace(b"[2, 2]", b"[" + b"9" * 10**6 + b"]")),
    "a fraction of a million digits": facts('{"a": 0.' + "9" * 10**6 + "}"),
    "an exponent of a million digits": facts('{"a": 1e' + "9" * 10**6 + "}"),
    "a key of 10 MB": lambda good: joined(b'{"' + b"k" * 10**7 + b'": 1}'),
    "100,000 tensors": lambda good: joined(
        {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)}
    ),
    "10,000 modules": setter("about", modules=[{"name": "relu"}] * 10_000),
    "10,000 unknown modules": setter("about", modules=[{"name": "x" * 100}] * 10_000),
    "a residual in a residual, 25 deep": setter("about", modules=[nested(25)]),
    "a residual in a residual, 150 deep": setter("about", modules=[nested(150)]),
}

# The container itself: what the library refuses, or might not.
CONTAINER = {
    "size -0": header_text(lambda text: text.replace(b"[2, 2]", b"[2, -0]")),
    "size as 2e0": header_text(lambda text: text.replace(b"[2, 2]", b"[2e0, 2]")),
    "size 2.0": header_text(lambda text: text.replace(b"[2, 2]", b"[2.0, 2]")),
    "size 2^62": setter("0.weight", shape=[2**62, 2]),
    "size 2^64": setter("0.weight", shape=[2**64, 0]),
    "sizes whose product overflows to what is there": setter("0.weight", shape=[2**63 + 2, 2]),
    "sizes whose product overflows before a 0": setter("0.weight", shape=[2**40, 2**40, 0]),
    "65 dimensions": setter("0.weight", shape=[1] * 63 + [2, 2]),
    "a dtype in small letters": setter("0.weight", dtype="f32"),
    "bfloat16": setter("0.weight", dtype="BF16", shape=[4, 2]),
    "an 8-bit float": setter("0.weight", dtype="F8_E4M3", shape=[8, 2]),
    "a dtype of Python": setter("0.weight", dtype="O"),
    "a dtype that is null": setter("0.weight", dtype=None),
    "a dtype that is a list": setter("0.weight", dtype=["F32"]),
    "integers of the right size": setter("0.weight", dtype="I32"),
    "half floats": setter("0.weight", dtype="F16", shape=[4, 2]),
    "a name of spaces": spoil(lambda h, a, t: h.update({" ": h.pop("0.bias")})),
    "a name that is empty": spoil(lambda h, a, t: h.update({"": h.pop("0.bias")})),
    "a name that is a path": spoil(lambda h, a, t: h.update({"../0.bias": h.pop("0.bias")})),
    "a name with a slash before it": spoil(lambda h, a, t: h.update({"/etc/passwd": h.pop("0.bias")})),
    "a name with markup": spoil(lambda h, a, t: h.update({"<script>": h.pop("0.bias")})),
    "a name in other letters": spoil(lambda h, a, t: h.update({"0.bіas": h.pop("0.bias")})),
    "a name of 300 letters": spoil(lambda h, a, t: h.update({"x" * 300: h.pop("0.bias")})),
    "a name of half a character": header_text(lambda text: text.replace(b"0.bias", b"0.\\ud800")),
    "a byte order mark": header_text(lambda text: b"\xef\xbb\xbf" + text),
    "a space before the header": header_text(lambda text: b" " + text),
    "a comma at the end": header_text(lambda text: text.rstrip()[:-1] + b",}"),
    "something after the header": header_text(lambda text: text.rstrip() + b"x"),
    "a second object after the header": header_text(lambda text: text.rstrip() + b"{}"),
    "zeros after the header": header_text(lambda text: text.rstrip() + b"\0\0"),
    "single quotes": header_text(lambda text: text.replace(b'"dtype"', b"'dtype'")),
    "a comment": header_text(lambda text: b"{/* */" + text[1:]),
    "a control character in a text": header_text(lambda text: text.replace(b'"F32"', b'"F3\n2"')),
    "an overlong UTF-8 code": header_text(lambda text: text.replace(b"0.bias", b"0.\xc0\xafbias")),
    "metadata of numbers": header_text(lambda text: text.replace(b'"chainrule":', b'"x": 1, "chainrule":')),
    "offsets in the wrong order, swapped with the names": spoil(
        lambda h, a, t: h["0.weight"].update(data_offsets=[0, 16]) or h["0.bias"].update(data_offsets=[8, 16])
    ),
    "the same bytes for two tensors": spoil(lambda h, a, t: h["0.bias"].update(data_offsets=[8, 16])),
    "a tensor of nothing in between": spoil(
        lambda h, a, t: h.update(nothing={"dtype": "F32", "shape": [0], "data_offsets": [4, 4]})
    ),
    "a header length that ends in the tensors": lambda good: (
        (int.from_bytes(good[:8], "little") + 4).to_bytes(8, "little") + good[8:]
    ),
    "a header length one too short": lambda good: (
        (int.from_bytes(good[:8], "little") - 1).to_bytes(8, "little") + good[8:]
    ),
    "a big-endian header length": lambda good: good[:8][::-1] + good[8:],
    "a pickle": lambda good: (
        b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93."
    ),
    "a zip": lambda good: b"PK\x03\x04" + good,
    "a NumPy array": lambda good: b"\x93NUMPY\x01\x00v\x00" + good,
    "HTML": lambda good: b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "nested 65 deep": facts('{"a": ' + "[" * 65 + "]" * 65 + "}"),
}

# Things whose settings are wrong in the inner header.
SETTINGS = {
    "a target with a name twice": setter(
        "about", loss={"name": "cross_entropy"}, target={"name": "classes", "names": ["a", "a"]}
    ),
    "a target whose names are a text": setter(
        "about", loss={"name": "cross_entropy"}, target={"name": "classes", "names": "ab"}
    ),
    "a target whose names are numbers": setter(
        "about", loss={"name": "cross_entropy"}, target={"name": "classes", "names": [1, 2]}
    ),
    "a target whose column is a list": setter(
        "about", loss={"name": "cross_entropy"}, target={"name": "classes", "names": ["a", "b"], "column": []}
    ),
    "columns without a name": setter(
        "about",
        preprocessing={"name": "columns", "names": [], "mean": [], "scale": [], "categories": []},
    ),
    "columns with a category twice": setter(
        "about",
        preprocessing={"name": "columns", "names": ["a"], "mean": [0], "scale": [1], "categories": [["x", "x"]]},
    ),
    "columns of another number": setter(
        "about",
        preprocessing={"name": "columns", "names": ["a"], "mean": [0], "scale": [1], "categories": [[]]},
    ),
    "categories that are texts": setter(
        "about",
        preprocessing={
            "name": "columns", "names": ["a", "b"], "mean": [0, 0], "scale": [1, 1], "categories": ["x", "y"],
        },
    ),
    "an embedding of 10^12 numbers": modules({
        "name": "embedding", "d_in": 2, "columns": [0], "categories": [10**6], "widths": [10**6],
    }),
    "an embedding of a column that isn't there": modules({
        "name": "embedding", "d_in": 2, "columns": [7], "categories": [2], "widths": [2],
    }),
    "an embedding of lists of other lengths": modules({
        "name": "embedding", "d_in": 2, "columns": [0, 1], "categories": [2], "widths": [2],
    }),
    "a dropout of rate 1": modules(dense(2, 2), {"name": "dropout", "rate": 1.0}, **T2),
    "a batch norm of width 10^12": modules(dense(2, 2), {"name": "batch_norm", "d": 10**12}, **T2),
    "a batch norm without a width": modules({"name": "batch_norm"}),
    "a residual that changes the width": modules({"name": "residual", "inner": [dense(2, 3)]}),
    "a residual of nothing": modules({"name": "residual", "inner": []}),
    "a residual of texts": modules({"name": "residual", "inner": ["relu"]}),
    "a quantile above 1": setter("about", loss={"name": "quantile", "quantiles": [2.0]}),
    "a name with zero bytes": setter("about", loss={"name": "cross\0entropy"}),
    "a name of a module of Python": setter("about", loss={"name": "__init__"}),
    "a name with dots": setter("about", loss={"name": "..cross_entropy"}),
    "a name of 10,000 letters": setter("about", loss={"name": "x" * 10_000}),
}  # fmt: skip

GOOD = {
    "two layers": saved(small),
    "every kind of layer": saved(
        lambda: MLP(
            [3, 4, 4, 2], "prelu", normalization="batch_norm", dropout=0.1, residual=True, loss="cross_entropy"
        )
    ),
    "float64": saved(lambda: MLP([2, 2], dtype="float64")),
    "a million spaces after the header": header_text(lambda text: text + b" " * 10**6)(saved(small)),
    "nested as deep as may be": facts('{"a": ' + "[" * 60 + "]" * 60 + "}")(saved(small)),
}
BAD = {name: (lambda change=case[0]: change(GOOD["two layers"])) for name, case in SPOILED.items()}
BAD |= {name: (lambda data=data: data) for name, data in RAW.items()}
for table in (CONTAINER, SETTINGS, COSTLY):
    BAD |= {name: (lambda change=change: change(GOOD["two layers"])) for name, change in table.items()}
TOKENS = [
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"1e999",
    b"-0",
    b"9" * 40,
    b"F32",
    b"F64",
]
