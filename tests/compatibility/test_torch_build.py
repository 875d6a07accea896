"""PyTorch is read from its files, whatever they hold, and never imported."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compatibility.torch_build import TorchBuild, installed, read

VERSION_FILE = """from typing import Optional

__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'rocm', 'xpu']
__version__ = {version!r}
debug = False
cuda: Optional[str] = {cuda!r}
git_version = 'cf30153c4c131c8164ee7798e5022d810682e2cb'
hip: Optional[str] = {hip!r}
rocm: Optional[str] = {hip!r}
xpu: Optional[str] = {xpu!r}
"""


def text(version, cuda=None, hip=None, xpu=None):
    return VERSION_FILE.format(version=version, cuda=cuda, hip=hip, xpu=xpu)


@pytest.mark.parametrize(
    ("version", "kind", "cuda"),
    [
        ("2.13.0+cpu", "cpu", None),
        ("2.13.0+cu126", "cuda", "12.6"),
        ("2.11.0+cu128", "cuda", "12.8"),
        ("2.13.0+cu130", "cuda", "13.0"),
        ("2.5.1+cu118", "cuda", "11.8"),
        ("1.9.0+cu92", "unknown", None),
        ("2.13.0+rocm7.2", "rocm", None),
        ("2.13.0+xpu", "xpu", None),
        ("2.13.0", "unknown", None),
        ("", "unknown", None),
    ],
)
def test_without_version_py_the_version_says_what_it_can(version, kind, cuda):
    found = read(version, "")
    assert (found.kind, found.cuda) == (kind, cuda)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (text("2.13.0+cu130", cuda="13.0"), TorchBuild("2.13.0+cu130", "cuda", "13.0")),
        (text("2.13.0", cuda="12.6"), TorchBuild("2.13.0", "cuda", "12.6")),
        (text("2.13.0+cpu"), TorchBuild("2.13.0+cpu", "cpu")),
        (text("2.13.0"), TorchBuild("2.13.0", "cpu")),
        (text("2.13.0+rocm7.2", hip="7.2.53211"), TorchBuild("2.13.0+rocm7.2", "rocm", own=False)),
        (text("2.13.0", hip="7.2.53211"), TorchBuild("2.13.0", "rocm")),
        (text("2.13.0", xpu="20260000"), TorchBuild("2.13.0", "xpu")),
        (text("2.13.0+xpu", xpu="20260000"), TorchBuild("2.13.0+xpu", "xpu", own=False)),
        # NVIDIA's containers hold builds of their own, with kernels of their own
        (text("2.12.0a0+0291f960b6.nv26.04", cuda="13.2"),
         TorchBuild("2.12.0a0+0291f960b6.nv26.04", "cuda", "13.2", own=False)),
        ("__version__ = '2.4.0'\ncuda = '12.1'\nhip = None\n", TorchBuild("2.4.0", "cuda", "12.1")),
    ],
)  # fmt: skip
def test_version_py_knows_better_than_the_name_of_the_wheel(content, expected):
    assert read("2.13.0", content) == expected


@settings(deadline=None)
@given(st.text(), st.text())
def test_nothing_that_the_files_hold_raises(version, content):
    assert read(version, content).kind in {"cuda", "cpu", "rocm", "xpu", "unknown"}


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_nothing_that_the_lines_assign_raises(version, cuda, hip):
    found = read("", f"__version__ = '{version}'\ncuda: Optional[str] = '{cuda}'\nhip = '{hip}'\n")
    assert found.kind != "cuda" or float(found.cuda) >= 0


@pytest.fixture
def only(tmp_path, monkeypatch):
    """Makes a folder the only place where packages are, and puts a torch there."""

    def put(metadata, version_file=None):
        folder = tmp_path / "torch-2.13.0.dist-info"
        folder.mkdir()
        if metadata is not None:
            (folder / "METADATA").write_text(metadata)
        if version_file is not None:
            (tmp_path / "torch").mkdir()
            (tmp_path / "torch" / "__init__.py").write_text("raise SystemExit('imported')\n")
            (tmp_path / "torch" / "version.py").write_bytes(version_file)

    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return put


def test_it_is_read_and_not_imported(only):
    only("Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0\n", text("2.13.0+cu130", cuda="13.0").encode())
    assert installed() == TorchBuild("2.13.0+cu130", "cuda", "13.0")


def test_none_is_a_normal_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert installed() is None


@pytest.mark.parametrize(
    "metadata", ["Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0\n", "", "garbage", None]
)
@pytest.mark.parametrize("version_file", [b"\xff\xfe\x00", b"", None])
def test_what_is_left_of_a_broken_installation_does_not_raise(only, metadata, version_file):
    only(metadata, version_file)
    found = installed()
    assert found is None or found.kind == "unknown"


def test_the_installed_one_is_what_it_says_of_itself(pytorch):
    torch = pytorch.torch
    found = installed()
    assert found.version == torch.__version__
    assert found.cuda == torch.version.cuda
    assert found.kind == ("cuda" if torch.version.cuda else "rocm" if torch.version.hip else "cpu")
    assert Path(torch.__file__).parent.name == "torch"
