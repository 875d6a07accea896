"""Checkpoints: a safetensors container with the SHA-256 of itself, behind which stands all that a training is.

A stranger can write that digest as well as we can, so nearly every file here has a right one. They are loaded as they
are in use: a training in their folder is resumed, and goes on to its end.
"""

import hashlib
import json
import re
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule.training.checkpoints import file

NAME, PREVIOUS = "last.safetensors", "previous.safetensors"
X, Y = np.arange(12.0).reshape(6, 2) / 10, np.array([0, 1, 0, 1, 1, 0])
SHA = re.compile(rb'"sha256": ?"([^"\\]{64})"')


def train(folder: Path, resume: bool, **settings):
    """A training of nine steps, with something in every entry of its checkpoints."""
    given = {"epochs": 3, "callbacks": ["early_stopping:patience=9"], "checkpoint_every": 100, **settings}
    return cr.fit(
        cr.MLP([2, 2, 2], dropout=0.1, seed=0), X, Y, loss="cross_entropy", optimizer="adam", batch_size=2,
        validation=(X[:2] + 1, Y[:2]), schedule="reduce_on_plateau", regularization=["ema"], metrics=["accuracy"],
        checkpoint=folder, resume=resume, engine="numpy", **given,
    )  # fmt: skip


def load(path: Path):
    """Resume from it; there is no other checkpoint to fall back on."""
    path.with_name(PREVIOUS).unlink(missing_ok=True)
    return train(path.parent, True)


class Interrupted(cr.Callback):
    """Ends the process's part after so many steps."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer):
        if trainer.state.t == self.step:
            trainer.interrupt("asked to")


@cache
def taken(step: int) -> bytes:
    """The checkpoint after so many steps; 9 are the training's end."""
    with tempfile.TemporaryDirectory() as folder:
        train(Path(folder), False, callbacks=["early_stopping:patience=9", Interrupted(step)])
        return (Path(folder) / NAME).read_bytes()


def sealed(data: bytes) -> bytes:
    """The file with the digest that its other bytes have, where it has one at all."""
    found = SHA.search(data)
    if found is None:
        return data
    digest = hashlib.sha256(data[: found.start(1)] + b"0" * 64 + data[found.end(1) :]).hexdigest()
    return data[: found.start(1)] + digest.encode() + data[found.end(1) :]


def written(content) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file.write(Path(folder) / NAME, content)
        return (Path(folder) / NAME).read_bytes()


def says(change, step=5):
    """A sound file of a training interrupted at ``step`` whose content was changed."""

    def made():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / NAME
            path.write_bytes(taken(step))
            content = file.read(path)
        change(content)
        return written(content)

    return made


def entry(path: str, value):
    """The content with another value at a path of keys."""
    *way, last = path.split("/")

    def change(content):
        for key in way:
            content = content[key]
        content[last] = value

    return says(change)


def without(path: str):
    *way, last = path.split("/")

    def change(content):
        for key in way:
            content = content[key]
        del content[last]

    return says(change)


def header(change, reseal=True):
    """The good file whose header's text was changed; its length is right again, and its digest."""

    def made():
        data = taken(5)
        end = 8 + int.from_bytes(data[:8], "little")
        text = change(data[8:end])
        found = len(text).to_bytes(8, "little") + text + data[end:]
        return sealed(found) if reseal else found

    return made


def text(old: str, new: str):
    """The JSON of its content with something replaced, as a text, in a sealed file."""

    def change(head):
        outer = json.loads(head)
        before = outer["__metadata__"]["chainrule_checkpoint"]
        assert old in before, old
        outer["__metadata__"]["chainrule_checkpoint"] = before.replace(old, new, 1)
        return json.dumps(outer).encode()

    return header(change)


def whole(said: str):
    """Another text as the whole content."""

    def change(head):
        outer = json.loads(head)
        outer["__metadata__"]["chainrule_checkpoint"] = said
        return json.dumps(outer).encode()

    return header(change)


def metadata(change):
    def changed(head):
        outer = json.loads(head)
        change(outer["__metadata__"])
        return json.dumps(outer).encode()

    return header(changed)


def flipped(place: int):
    def made():
        data = bytearray(taken(5))
        data[place] ^= 1
        return bytes(data)

    return made


GOOD = {
    "the end": lambda: taken(9),
    "within an epoch": lambda: taken(5),
    "after an epoch": lambda: taken(6),
    "after the first step": lambda: taken(1),
    "an infinite best value": entry("best/value", float("inf")),
    "other versions": entry("versions/NumPy", "9.9"),
    "a version more": entry("versions/\x1b[31mkernel", "<b>\n"),
}

# The container and its digest.
CONTAINER = {
    "empty": b"",
    "nine bytes": b"\x01" + b"\0" * 8,
    "text": b"This is no checkpoint but a text of some length.",
    "a pickle": b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93.",
    "a zip": lambda: b"PK\x03\x04" + taken(5),
    "header of 2^64 - 1 bytes": b"\xff" * 8 + b"{}      ",
    "header that is no JSON": header(lambda text: b"{"),
    "header that is a list": header(lambda text: b"[1, 2]"),
    "header that is no UTF-8": header(lambda text: text.replace(b"theta", b"th\xffta", 1)),
    "a model file": lambda: _model(),
    "metadata of another program": metadata(lambda m: (m.clear(), m.update(format="pt"))),
    "metadata with more": metadata(lambda m: m.update(more="x")),
    "metadata that is a list": header(lambda text: b'{"__metadata__":[]}'),
    "no digest": metadata(lambda m: m.pop("sha256")),
    "a digest of another length": metadata(lambda m: m.update(sha256="ab")),
    "a digest that is empty": metadata(lambda m: m.update(sha256="")),
    "a digest that stands twice": header(
        lambda text: text.replace(b'"__metadata__"', b'"' + SHA.search(text)[1] + b'":1,"__metadata__"'), False
    ),
    "a digest of zeros": header(lambda text: text.replace(SHA.search(text)[1], b"0" * 64), False),
    "a digest in capitals": header(lambda text: text.replace(SHA.search(text)[1], b"A" * 64), False),
    "the digest key twice": header(
        lambda text: text.replace(b'"sha256":', b'"sha256":"' + b"0" * 64 + b'","sha256":', 1), False
    ),
    "a changed byte of the header's length": flipped(1),
    "a changed byte of the header": flipped(200),
    "a changed byte of the weights": flipped(-1),
    "cut in the header": lambda: taken(5)[:300],
    "cut by a byte": lambda: taken(5)[:-1],
    "a byte more": lambda: taken(5) + b"\0",
    "two files in one": lambda: taken(5) + taken(5),
    "a tensor's name that is a path": header(lambda text: text.replace(b'"theta":', b'"../theta":', 1)),
    "a tensor of another dtype": header(lambda text: text.replace(b'"F64"', b'"I32"', 1)),
    "a tensor of 2^62 numbers": header(
        lambda text: re.sub(rb'"shape": ?\[5\]', b'"shape":[4611686018427387904]', text)
    ),
    "offsets far outside": header(
        lambda text: re.sub(rb'"data_offsets": ?\[0, ?', b'"data_offsets":[1000000000000,', text, count=1)
    ),
    "100 MB of open brackets": lambda: joined(b'{"a":' + b"[" * 10**8),
    "100 MB of spaces": lambda: joined(b"{" + b" " * 10**8 + b"}"),
}

# The text of its content.
TEXT = {
    "content that is empty": whole(""),
    "content that is no JSON": whole("{"),
    "content that is a list": whole("[]"),
    "content that is a number": whole("3"),
    "content that is null": whole("null"),
    "content that is an array": whole('{"$array": "theta"}'),
    "content of nothing": whole("{}"),
    "a key twice": text('"complete":', '"complete":true,"complete":'),
    "a nest of 100,000 objects": whole('{"a":' * 100_000),
    "a nest of 100,000 lists": whole('{"a":' + "[" * 100_000),
    "a nest 65 deep": whole('{"a":' + "[" * 65 + "]" * 65 + "}"),
    "a number of 10,000 digits": text('"t":5', '"t":' + "9" * 10_000),
    "a number beyond all floats": text('"seconds":', '"seconds":1e999,"s":'),
    "NaN, which is no JSON": text('"t":5', '"t":NaN'),
    "a number of no kind": text('"t":5', '"t":{"$number":"three"}'),
    "a number that is a list": text('"t":5', '"t":{"$number":["nan"]}'),
    "steps that are not a number": text('"t":5', '"t":{"$number":"nan"}'),
    "steps without end": text('"t":5', '"t":{"$number":"inf"}'),
    "an array that isn't there": text('{"$array":"theta"}', '{"$array":"../theta"}'),
    "an array that is a number": text('{"$array":"theta"}', '{"$array":0}'),
    "an array of a list": text('{"$array":"theta"}', '{"$array":["theta"]}'),
    "an array and more": text('{"$array":"theta"}', '{"$array":"theta","x":1}'),
    "an unknown mark": text('{"$array":"theta"}', "{\"$eval\":\"__import__('os').system('true')\"}"),
    "half a character": text('"complete":', '"\\ud800":1,"complete":'),
    "6 MB of empty lists": whole('{"a":[' + "[]," * 2_000_000 + "[]]}"),
    "300,000 arrays for one": whole('{"theta":[' + '{"$array":"theta"},' * 300_000 + "0]}"),
}

GENERATOR = {"bit_generator": "PCG64", "state": {"state": 1, "inc": 3}, "has_uint32": 0, "uinteger": 0}

# What the content says.
CONTENT = {
    "a newer format": entry("format", 2),
    "a format that is a text": entry("format", "1"),
    "a format that is true": entry("format", True),
    "no format": without("format"),
    "settings that are a text": entry("settings", "adam"),
    "no settings": without("settings"),
    "other settings": entry("settings/seed", 5),
    "settings with markup": entry("settings/optimizer", "\x1b[2J<script>\n" + "x" * 10_000),
    "a setting more": entry("settings/a\n\x1b[31mb", 1),
    "10,000 settings more": says(lambda c: c["settings"].update({f"s{i}": i for i in range(10_000)})),
    "other data": entry("data/features", "0" * 64),
    "data that are numbers": entry("data/features", 7),
    "data with markup": entry("data/targets", "\x1b[31m\n<b>" * 1000),
    "a part of the data more": entry("data/\x1b[31m\n", "x"),
    "versions that are a list": entry("versions", []),
    "no versions": without("versions"),
    "no weights": without("theta"),
    "weights of another shape": entry("theta", np.zeros(3, np.float32)),
    "weights of another type": entry("theta", np.zeros(12)),
    "weights that are a list": entry("theta", [0.0] * 12),
    "weights that are not numbers": entry("theta", np.full(12, np.nan, np.float32)),
    "an infinite weight": entry("theta", np.full(12, np.inf, np.float32)),
    "a hundred megabytes of weights": entry("theta", np.zeros(25_000_000, np.float32)),
    "no state of the optimizer": entry("optimizer", {}),
    "an optimizer that is a list": entry("optimizer", [1]),
    "moments of another shape": entry("optimizer/m", np.zeros((12, 1), np.float32)),
    "moments that are not numbers": entry("optimizer/v", np.full(12, np.nan, np.float32)),
    "a mean of two times the shape": entry("mean", [np.zeros(24, np.float32), np.zeros(0, np.float32)]),
    "a mean that is a number": entry("mean", 3),
    "a mean of one part": entry("mean", [np.zeros(12, np.float32)]),
    "a mean that is not numbers": entry("mean", [np.full(12, np.nan, np.float32), np.zeros(0, np.float32)]),
    "steps below 0": entry("t", -1),
    "steps that are a text": entry("t", "5"),
    "steps that are true": entry("t", True),
    "steps beyond every training": entry("t", 2**61),
    "more steps than losses": entry("t", 6),
    "an epoch below 0": entry("epoch", -1),
    "an epoch after the last": entry("epoch", 4),
    "an epoch beyond every training": entry("epoch", 2**61),
    "an epoch that is none": entry("epoch", None),
    "epochs that are a text": entry("epochs", "3"),
    "a row that is no batch's first": entry("row", 3),
    "a row behind the last": entry("row", 10**9),
    "a row that is a fraction": entry("row", 1.5),
    "a chunk where there is no stream": entry("chunk", 1),
    "within that is a number": entry("within", 1),
    "complete and within": entry("complete", True),
    "complete that is a text": entry("complete", "yes"),
    "stopped that is a number": entry("stopped", 3),
    "no sums": without("sums"),
    "sums with more": entry("sums/more", 1.0),
    "sums that are texts": entry("sums/loss", "much"),
    "sums that are no numbers": entry("sums/loss", float("nan")),
    "a mass below 0": entry("sums/mass", -1.0),
    "seconds without end": entry("seconds", float("inf")),
    "seconds below 0": entry("sums/seconds", -1.0),
    "rows of another number": entry("rows", 7),
    "a generator of another kind": entry("generators/noise", {**GENERATOR, "bit_generator": "MT19937"}),
    "a generator without a state": entry("generators/shuffle", {}),
    "a state beyond its 128 bits": entry("generators/noise", {**GENERATOR, "state": {"state": 2**200, "inc": 3}}),
    "a state below 0": entry("generators/noise", {**GENERATOR, "state": {"state": -1, "inc": 3}}),
    "an even increment": entry("generators/noise", {**GENERATOR, "state": {"state": 1, "inc": 2}}),
    "a state that is a fraction": entry("generators/noise", {**GENERATOR, "state": {"state": 1.5, "inc": 3}}),
    "half a number that is none": entry("generators/noise", {**GENERATOR, "has_uint32": 7}),
    "generators that are a list": entry("generators", [1]),
    "a draw more": entry("generators/draws/x", GENERATOR),
    "no memory of the schedule": entry("schedule", {}),
    "a schedule's memory that is a text": entry("schedule/share", "1"),
    "a share that is no number": entry("schedule/share", float("nan")),
    "a history that is a list": entry("history", [3]),
    "a history without epochs": entry("history", {"rows": [{"loss": 1.0}]}),
    "a history of other lengths": says(lambda c: c["history"]["values"].__setitem__(0, np.arange(3))),
    "a history of more epochs than were": entry("history", {"rows": [{"epoch": 1}, {"epoch": 2}, {"epoch": 3}]}),
    "a history whose columns are numbers": says(lambda c: c["history"].update(columns=[1] * 8)),
    "losses that are texts": entry("losses", ["a"]),
    "losses in a square": entry("losses", np.zeros((5, 1))),
    "losses that are not numbers": entry("losses", np.full(5, np.nan)),
    "100 MB of losses": entry("losses", np.zeros(12_500_000)),
    "100 MB of best weights": entry("callbacks/0 early_stopping/kept", [np.zeros(25_000_000, np.float32)]),
    "no best": entry("best", {}),
    "a best that is a text": entry("best/value", "1"),
    "a best epoch that is a fraction": entry("best/epoch", 1.5),
    "no callbacks": entry("callbacks", {}),
    "best weights of another network": entry("callbacks/0 early_stopping/kept", [np.zeros(2)]),
    "best weights that are not numbers": entry(
        "callbacks/0 early_stopping/kept", [np.full(12, np.nan, np.float32), np.zeros(0, np.float32)]
    ),
    "a best loss that is a text": entry("callbacks/0 early_stopping/best", "low"),
    "early stopping that is a list": entry("callbacks/0 early_stopping", [1]),
}


def joined(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text


def _model() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        cr.MLP([2, 2, 2], seed=0).save(Path(folder) / "model")
        return (Path(folder) / "model").read_bytes()


BAD = CONTAINER | TEXT | CONTENT
TOKENS = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"-1", b"1e999", b'{\\"$array\\":\\"theta\\"}',
          b'{\\"$number\\":\\"nan\\"}', b"0", b"\\", b"9" * 40]  # fmt: skip
