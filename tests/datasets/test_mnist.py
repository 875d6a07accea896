"""MNIST: the real files of the clone, where they are looked for, and that nothing else passes for them."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from chainrule import datasets
from chainrule.core.errors import FetchError, FileError
from chainrule.datasets import mnist as module

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def test_the_clone_has_the_real_files(mnist):
    assert mnist.X.shape == (60_000, 784)
    assert mnist.y.shape == (60_000,)
    assert mnist.test[0].shape == (10_000, 784)
    assert mnist.test[1].shape == (10_000,)
    assert mnist.X.dtype == mnist.test[0].dtype == np.uint8
    assert mnist.names == tuple("0123456789")
    assert mnist.task == "classes"
    # How often each digit occurs, as has been published many times
    assert np.bincount(mnist.y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.test[1]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_images_are_rows_of_pixels_from_black_to_white(mnist):
    assert mnist.X.min() == 0
    assert mnist.X.max() == 255
    # The published mean and spread of all training pixels, over 255
    assert abs(mnist.X.mean() / 255 - 0.1307) < 5e-5
    assert abs(mnist.X.std(dtype=np.float64) / 255 - 0.3081) < 5e-5
    mean = mnist.X.mean(axis=0).reshape(28, 28)
    assert mean[[0, -1]].max() < 1  # digits are centered: hardly one reaches the first or the last line
    assert mean[10:18, 12:16].min() > 50


def test_the_checksums_are_those_of_the_file_bytes(mnist):
    head = struct.pack(">4I", 0x803, 60_000, 28, 28)
    assert hashlib.sha256(head + mnist.X.tobytes()).hexdigest() == module.SHA256[IMAGES]
    head = struct.pack(">2I", 0x801, 10_000)
    assert (
        hashlib.sha256(head + mnist.test[1].astype(np.uint8).tobytes()).hexdigest() == module.SHA256[TEST_LABELS]
    )
    # As ../shared/ANCHORS.md has them
    assert {name: digest[:8] for name, digest in module.SHA256.items()} == {
        IMAGES: "ba891046", LABELS: "65a50cbb", TEST_IMAGES: "0fa7898d", TEST_LABELS: "ff7bcfd4",
    }  # fmt: skip


def test_the_mirrors_are_asked_over_https_alone():
    assert len(module.MIRRORS) >= 2
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in module.MIRRORS)


def files(marker):
    """Four small files in MNIST's format; ``marker`` is the label of every row."""

    def idx(shape, value):
        head = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
        return head + bytes([value]) * int(np.prod(shape))

    return {
        IMAGES: idx((3, 2, 2), marker),
        LABELS: idx((3,), marker),
        TEST_IMAGES: idx((2, 2, 2), marker),
        TEST_LABELS: idx((2,), marker),
    }


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A stand-in for MNIST of five rows: no clone, empty cache, no mirror. ``small(folder)`` puts it there."""
    for name in ("CHAINRULE_DATA", "CHAINRULE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(module, "CLONE", tmp_path / "clone")
    monkeypatch.setattr(module, "MIRRORS", ())

    def put(folder, marker=1, zipped=True, only=tuple(module.SHA256)):
        folder.mkdir(parents=True, exist_ok=True)
        for name in only:
            content = files(marker)[name]
            (folder / (f"{name}.gz" if zipped else name)).write_bytes(
                gzip.compress(content) if zipped else content
            )
        return folder

    def accept(*markers):
        """Take the files of these markers for MNIST's."""

        def check(name, data, where):
            if data not in [files(marker)[name] for marker in markers]:
                raise FileError(f"{where} is not MNIST's {name}")

        monkeypatch.setattr(module, "check", check)

    put.accept = accept
    return put


def marker_of(data):
    found = {*data.y.tolist(), *data.test[1].tolist(), *data.X.ravel().tolist(), *data.test[0].ravel().tolist()}
    assert len(found) == 1
    return found.pop()


def test_the_places_are_looked_at_in_the_order_that_the_documentation_says(small, tmp_path, monkeypatch):
    small.accept(1, 2, 3, 4)
    small(tmp_path / "cache" / "chainrule" / "mnist", 4)
    assert marker_of(datasets.load("mnist")) == 4
    small(tmp_path / "clone", 3)
    assert marker_of(datasets.load("mnist")) == 3
    monkeypatch.setenv("CHAINRULE_DATA", str(small(tmp_path / "named", 2)))
    assert marker_of(datasets.load("mnist")) == 2
    assert marker_of(datasets.load("mnist", small(tmp_path / "given", 1))) == 1


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("inside", ["", "mnist"])
def test_a_folder_may_hold_the_files_zipped_or_not_or_in_a_folder_called_mnist(small, tmp_path, zipped, inside):
    small.accept(1)
    small(tmp_path / "given" / inside, zipped=zipped)
    data = datasets.load("mnist", tmp_path / "given")
    assert marker_of(data) == 1
    assert data.X.shape == (3, 4)


def test_an_empty_environment_variable_names_no_folder(small, tmp_path, monkeypatch):
    small.accept(3)
    small(tmp_path / "clone", 3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAINRULE_DATA", "")
    assert marker_of(datasets.load("mnist")) == 3


def test_a_named_folder_that_lacks_a_file_is_an_error_and_nowhere_else_is_looked(small, tmp_path):
    small.accept(1, 3)
    small(tmp_path / "clone", 3)
    given = small(tmp_path / "given", only=(IMAGES, LABELS, TEST_IMAGES))
    with pytest.raises(FileError, match=f"given has no {TEST_LABELS}.gz; --data-dir must hold MNIST's four files"):
        datasets.load("mnist", given)
    with pytest.raises(FileError, match=f"missing has no {IMAGES}.gz"):
        datasets.load("mnist", tmp_path / "missing")


def test_wrong_bytes_are_refused_wherever_they_lie(small, tmp_path, monkeypatch):
    for place in ("clone", "cache/chainrule/mnist", "given", "named"):
        small(tmp_path / place)
    monkeypatch.setattr(module, "CLONE", tmp_path / "nowhere")
    with pytest.raises(
        FileError, match=rf"cache.* is not MNIST's {IMAGES}: its SHA-256 is \w{{16}}\.\.\., not ba891046"
    ):
        datasets.load("mnist")
    monkeypatch.setattr(module, "CLONE", tmp_path / "clone")
    with pytest.raises(FileError, match=f"clone.* is not MNIST's {IMAGES}"):
        datasets.load("mnist")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "named"))
    with pytest.raises(FileError, match=f"named.* is not MNIST's {IMAGES}"):
        datasets.load("mnist")
    with pytest.raises(FileError, match=f"given.* is not MNIST's {IMAGES}"):
        datasets.load("mnist", tmp_path / "given")


def test_a_single_changed_pixel_is_refused(mnist):
    data = bytearray(struct.pack(">2I", 0x801, 10_000) + mnist.test[1].astype(np.uint8).tobytes())
    module.check(TEST_LABELS, bytes(data), "here")
    data[-1] ^= 1
    with pytest.raises(FileError, match=f"here is not MNIST's {TEST_LABELS}"):
        module.check(TEST_LABELS, bytes(data), "here")


def test_what_is_nowhere_is_fetched_once_and_kept_in_the_cache(small, server, trusting, tmp_path, monkeypatch):
    small.accept(5)
    for name, content in files(5).items():
        server.serve(f"good/{name}.gz", gzip.compress(content))
        server.serve(f"bad/{name}.gz", gzip.compress(content[:-1] + b"?"))
    monkeypatch.setattr(module, "MIRRORS", (server.url("bad/"), server.url("good/")))
    fetch = module.fetch
    monkeypatch.setattr(module, "fetch", lambda *args: fetch(*args, context=trusting))
    assert marker_of(datasets.load("mnist")) == 5
    asked = [f"/{place}/{name}.gz" for name in module.SHA256 for place in ("bad", "good")]
    assert server.asked == asked
    cache = tmp_path / "cache" / "chainrule" / "mnist"
    assert {path.name for path in cache.iterdir()} == {f"{name}.gz" for name in module.SHA256}
    assert marker_of(datasets.load("mnist")) == 5
    assert server.asked == asked  # nothing was asked again


def test_a_bomb_or_a_broken_gzip_from_a_mirror_is_one_line(small, server, trusting, monkeypatch):
    server.serve(f"bomb/{IMAGES}.gz", gzip.compress(bytes(30_000_000)))
    server.serve(f"broken/{IMAGES}.gz", gzip.compress(files(1)[IMAGES])[:-3])
    monkeypatch.setattr(module, "MIRRORS", (server.url("bomb/"), server.url("broken/")))
    fetch = module.fetch
    monkeypatch.setattr(module, "fetch", lambda *args: fetch(*args, context=trusting))
    with pytest.raises(FetchError, match=r"no honest data file.*cut off") as caught:
        datasets.load("mnist")
    assert "\n" not in str(caught.value)


def test_offline_without_the_files_says_what_to_do(small, monkeypatch):
    monkeypatch.setenv("CHAINRULE_OFFLINE", "1")
    with pytest.raises(FetchError, match=rf"{IMAGES}.gz is not here, and CHAINRULE_OFFLINE forbids.*--data-dir"):
        datasets.load("mnist")


def test_offline_with_the_files_is_no_hindrance(small, tmp_path, monkeypatch):
    small.accept(3)
    small(tmp_path / "clone", 3)
    monkeypatch.setenv("CHAINRULE_OFFLINE", "1")
    assert marker_of(datasets.load("mnist")) == 3
