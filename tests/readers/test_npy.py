"""NPY files: numbers and texts, mapped; no object is ever unpickled, and no claim of a header allocated."""

import contextlib
import gc
import io
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.core.errors import FileError
from chainrule.readers import read

FUZZ = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(array, **how):
    out = io.BytesIO()
    np.save(out, array, **how)
    return out.getvalue()


def with_header(text, data=b"", version=1):
    """An .npy file whose header says whatever ``text`` does."""
    body = text.encode("latin-1")
    body += b" " * (-(len(body) + 11) % 64) + b"\n"
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(body)) + body + data
    )


def header(descr="'<f8'", order="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


@pytest.mark.parametrize("dtype", ["u1", "i2", "<i8", ">i4", "f2", "f4", ">f8", "?", "U5", "S5"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_numbers_and_texts_are_read(reading, dtype, order):
    array = np.asarray(np.arange(6).reshape(2, 3).astype(dtype), order=order)
    found = reading(write(array), "a.npy")
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.array(3.5)], ids=["no rows", "no dimensions"])
def test_arrays_without_rows_or_dimensions_are_read_as_they_are(reading, array):
    found = reading(write(array), "a.npy")
    assert found.shape == array.shape


def test_what_is_read_cannot_be_written_to(reading):
    found = reading(write(np.zeros(3)), "a.npy")
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


class Bomb:
    """Unpickling it leaves a trace."""

    def __reduce__(self):
        return exec, ("import chainrule; chainrule.unpickled = True",)


@pytest.mark.parametrize("kind", ["array", "pickle", "structure"])
def test_objects_are_refused_and_nothing_is_unpickled(reading, refused, kind):
    import chainrule

    content = {
        "array": lambda: write(np.array([Bomb()], dtype=object), allow_pickle=True),
        "pickle": lambda: pickle.dumps(Bomb()),
        "structure": lambda: write(np.array([(Bomb(),)], dtype=[("a", object)]), allow_pickle=True),
    }[kind]()
    with refused("is no .npy array that can be read"):
        reading(content, "a.npy")
    assert "unpickled" not in vars(chainrule)


def test_the_bomb_would_have_gone_off(tmp_path):
    import chainrule

    np.load(io.BytesIO(write(np.array([Bomb()], dtype=object), allow_pickle=True)), allow_pickle=True)
    assert vars(chainrule).pop("unpickled")


def test_an_archive_of_arrays_is_refused(reading, refused):
    out = io.BytesIO()
    np.savez(out, a=np.zeros(3))
    with refused("it is an archive of arrays; expected a single one"):
        reading(out.getvalue(), "a.npy")
    gc.collect()  # a file left open would show as a warning here, and warnings are errors


def test_a_file_cut_off_anywhere_is_refused(reading, refused):
    data = write(np.zeros(3))
    for length in range(len(data)):
        with refused("is no .npy array that can be read"):
            reading(data[:length], "a.npy")


@pytest.mark.parametrize(
    "shape",
    [
        "(1000000000, 1000)",
        f"({2**62}, 4)",
        f"({2**63 - 1},)",
        f"(0, {2**63 - 1})",
        "(99999999999999999999999,)",
        "(-1, 3)",
        "(-4,)",
        "(1.5,)",
        "'two'",
    ],
)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_header_that_lies_about_its_shape_is_refused_and_nothing_allocated(reading, refused, shape, version):
    tracemalloc.start()
    try:
        with refused("is no .npy array that can be read"):
            reading(with_header(header(shape=shape), b"\0" * 16, version), "a.npy")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 5000,
        "{" * 50,
        "{'descr': '<f8'",
        '"""',
        header(descr="'<q9'"),
        header(descr="'|O'"),
        header(descr="__import__('os')"),
        header(order="1"),
        "{1: 2, 'descr': '<f8', 'shape': (1,)}",
        "\0",
    ],
)
def test_a_header_that_is_no_description_is_refused(reading, refused, text):
    with refused("is no .npy array that can be read"):
        reading(with_header(text, b"\0" * 16), "a.npy")


@FUZZ
@given(data=st.data())
def test_damaged_files_raise_nothing_but_our_error(tmp_path, data):
    content = bytearray(write(np.arange(6.0).reshape(2, 3)))
    for place in data.draw(st.lists(st.integers(0, 130), min_size=1, max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with contextlib.suppress(FileError):
        assert isinstance(read(path), np.ndarray)
