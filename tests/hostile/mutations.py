"""Good files, damaged: what hypothesis draws from to spoil them."""

import gzip
import json

from hypothesis import strategies as st

from .formats import Format

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "delete", "insert", "double", "swap", "token", "cut"]),
        st.integers(0, 10**6),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)
MOST = 5_000  # bytes; larger good files are left to the corpus


def edited(data, edits, tokens):
    data = bytearray(data)
    for kind, place, value in edits:
        if not data:
            break
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
        elif kind == "token":
            data[i : i + value % 3] = tokens[value % len(tokens)]
        elif kind == "cut":
            del data[max(i, 1) :]
        else:
            j = value % len(data)
            data[i], data[j] = data[j], data[i]
    return bytes(data)


def mutated(form: Format):
    """Bytes of a good file with a few edits, at times inside its wrapping, which then is right again."""
    tokens = form.corpus.TOKENS
    small = [data for name in form.good if len(data := form.data(name)) <= MOST]
    plain = st.builds(lambda data, edits: edited(data, edits, tokens), st.sampled_from(small), EDITS)
    if form.file.endswith("idx"):
        return plain | plain.map(lambda data: gzip.compress(data, 1, mtime=0))
    if form.file.endswith("safetensors"):
        seal = getattr(form.corpus, "sealed", bytes)  # a digest is right again, too
        inside = st.builds(lambda data, edits: rewrapped(data, edits, tokens), st.sampled_from(small), EDITS)
        deeper = st.builds(lambda data, edits: rewrapped(data, edits, tokens, True), st.sampled_from(small), EDITS)
        return plain | st.one_of(plain, inside, deeper).map(seal)
    return plain


def rewrapped(data, edits, tokens, deeper=False):
    """A container whose header's length is right, and whose outer header is if it is the inner that is edited."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = data[8:end]
    if deeper:
        outer = json.loads(header)
        texts = outer.get("__metadata__") or {"none": "{}"}
        name = min(texts)
        texts[name] = edited(texts[name].encode(), edits, tokens).decode("utf-8", "replace")
        header = json.dumps(outer).encode()
    else:
        header = edited(header, edits, tokens)
    return len(header).to_bytes(8, "little") + header + data[end:]
