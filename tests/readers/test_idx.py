"""IDX files: what NumPy would write is read bit by bit; whatever disagrees with itself is refused."""

import contextlib
import gzip
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.core.errors import FileError
from chainrule.readers import idx, read

# From LeCun's description of the format, written down apart from the reader's own table.
CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}
FUZZ = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(array, code=None):
    head = bytes([0, 0, CODES[array.dtype.name] if code is None else code, array.ndim])
    head += struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


SMALL = write(np.arange(6, dtype=np.int16).reshape(2, 3))


@FUZZ
@given(data=st.data(), dtype=st.sampled_from(sorted(CODES)), zipped=st.booleans())
def test_every_array_comes_back_bit_by_bit(reading, data, dtype, zipped):
    shapes = arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
    array = data.draw(arrays.arrays(dtype, shapes))
    content = write(array)
    found = reading(gzip.compress(content) if zipped else content, "a.idx")
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()  # so that NaN equals itself


@pytest.mark.parametrize("dtype", CODES)
def test_every_type_of_number_is_read(reading, dtype):
    array = np.array([[1, 2, 3], [4, 5, 6]], dtype)
    found = reading(write(array), "a.idx")
    assert found.dtype == np.dtype(dtype)
    assert np.array_equal(found, array)


def test_a_file_cut_off_anywhere_is_refused(reading, refused):
    for length in range(len(SMALL)):
        with refused("cut off" if length >= 4 else "is no IDX file"):
            reading(SMALL[:length], "a.idx")


def test_a_gzip_cut_off_anywhere_is_refused(reading, refused):
    data = gzip.compress(SMALL)
    for length in range(len(data)):
        with refused("cut off: its gzip stream does not end" if length >= 2 else "is no IDX file"):
            reading(data[:length], "a.idx")


@pytest.mark.parametrize("extra", [b"\0", b"x" * 1000])
def test_bytes_after_the_numbers_are_refused(reading, refused, extra):
    with refused(rf"is too long: its dimensions \(2, 3\) need 24 bytes, it has {24 + len(extra)}"):
        reading(SMALL + extra, "a.idx")
    with refused("is too long"):
        reading(gzip.compress(SMALL + extra), "a.idx")


@pytest.mark.parametrize("extra", [b"x", b"\0" * 8, gzip.compress(b"more", mtime=0)])
def test_bytes_after_the_gzip_stream_are_refused(reading, refused, extra):
    with refused(f"has {len(extra)} bytes after its gzip stream"):
        reading(gzip.compress(SMALL) + extra, "a.idx")


@pytest.mark.parametrize("place", [-8, -4], ids=["checksum", "length"])
def test_a_gzip_that_contradicts_its_own_checksum_is_refused(reading, refused, place):
    data = bytearray(gzip.compress(SMALL))
    data[place] ^= 1
    with refused("is not sound gzip"):
        reading(bytes(data), "a.idx")


@pytest.mark.parametrize(
    "head",
    [b"\1\0\x08\1", b"\0\1\x08\1", b"PNG\x89", b"\0\0\x07\1", b"\0\0\x0a\1", b"\0\0\x0f\1", b"\0\0\x08\0"],
    ids=["first byte", "second byte", "another format", "type 7", "type 10", "type 15", "no dimension"],
)
def test_a_wrong_magic_number_is_refused_and_shown(reading, refused, head):
    with refused(f"is no IDX file: it begins with {head.hex(' ')}"):
        reading(head + b"\0\0\0\0", "a.idx")


def test_more_dimensions_than_any_honest_file_has_are_refused(reading, refused):
    with refused("is no IDX file"):
        reading(b"\0\0\x08\x09" + struct.pack(">9I", *[0] * 9), "a.idx")


def test_an_empty_file_is_refused(reading, refused):
    with refused("is no IDX file: it begins with nothing"):
        reading(b"", "a.idx")


def test_dimensions_that_claim_more_than_the_file_has_are_never_allocated(reading, refused):
    claims = b"\0\0\x0e\3" + struct.pack(">3I", *[2**32 - 1] * 3)
    tracemalloc.start()
    with refused("cut off"):
        reading(claims + b"\0" * 100, "a.idx")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def bomb(megabytes):
    """A sound gzip of that many million zeros, made without compressing them all: one segment, repeated."""
    zeros = bytes(1_000_000)
    packer = zlib.compressobj(9, wbits=-15)
    segment = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)  # it refers to nothing before itself
    checksum = 0
    for _ in range(megabytes):
        checksum = zlib.crc32(zeros, checksum)
    head, last = b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x03\0"
    return head + segment * megabytes + last + struct.pack("<2I", checksum, megabytes * 1_000_000 % 2**32)


def test_a_gigabyte_of_zeros_is_refused_before_it_is_unpacked(tmp_path, refused):
    assert gzip.decompress(bomb(3)) == bytes(3_000_000)  # the bomb is a sound gzip
    path = tmp_path / "a.idx"
    path.write_bytes(bomb(1000))
    tracemalloc.start()
    with refused("expands to more than 16 times its size; it is no honest data file"):
        read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 16 times a megabyte and the first twenty, and as much again while zlib joins its pieces: not the gigabyte
    assert peak < 80_000_000


@FUZZ
@given(data=st.data())
def test_damaged_files_raise_nothing_but_our_error(tmp_path, data):
    content = bytearray(data.draw(st.sampled_from([SMALL, gzip.compress(SMALL, mtime=0)])))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.idx"
    path.write_bytes(content)
    with contextlib.suppress(FileError):
        assert isinstance(read(path), np.ndarray)


def test_parse_reads_what_is_already_unpacked():
    assert idx.parse(SMALL, "here").tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(FileError, match=r"^here is cut off"):
        idx.parse(SMALL[:-1], "here")
