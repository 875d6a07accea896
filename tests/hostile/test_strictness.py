"""Our reader of safetensors is at least as strict as the library: what that refuses, we refuse."""

import numpy as np
import pytest
import safetensors
from hypothesis import HealthCheck, given, settings

from chainrule.core.errors import FileError
from chainrule.core.tensors import DTYPES, NAMES, pack, parse

from .formats import FORMATS
from .mutations import mutated

MODEL = FORMATS["model"]
LOOK = settings(max_examples=1000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def library(data):
    """What the library reads, or None where it refuses."""
    try:
        return dict(safetensors.deserialize(data))
    except safetensors.SafetensorError:
        return None


def ours(data):
    try:
        return parse(data)
    except FileError:
        return None


def assert_as_strict(data):
    found = ours(data)
    if found is None:
        return
    theirs = library(data)
    assert theirs is not None, "the library refuses what we accept"
    assert set(theirs) == set(found.entries)
    for name, entry in found.entries.items():
        assert (theirs[name]["dtype"], tuple(theirs[name]["shape"])) == (entry.dtype, entry.shape)
        assert bytes(theirs[name]["data"]) == found.array(name).tobytes()


@LOOK
@given(data=mutated(MODEL))
def test_what_the_library_refuses_we_refuse(data):
    assert_as_strict(data)


def test_also_of_every_file_of_the_corpus():
    accepted = 0
    for name in [*MODEL.good, *MODEL.bad]:
        if name not in MODEL.corpus.COSTLY:
            data = MODEL.data(name)
            assert_as_strict(data)
            accepted += ours(data) is not None
    assert accepted > 20  # those whose fault lies in what the container says


def test_we_are_stricter_where_a_reader_could_be_misled():
    twice = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"__metadata__":{"x":"1","x":"2"}}'
    path = b'{"../a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    for header in (twice, path):
        assert ours(len(header).to_bytes(8, "little") + header) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_dtype_comes_back_from_the_library_and_from_us(name, rng):
    array = rng.integers(0, 2, (2, 0, 3) if name == "bool" else (2, 3)).astype(name)
    data = pack({"a": array}, {"said": "so"})
    assert_as_strict(data)
    found = parse(data)
    assert found.metadata == {"said": "so"}
    assert found.array("a").dtype == array.dtype
    assert np.array_equal(found.array("a"), array)
    assert found.entries["a"].dtype in DTYPES
