"""The wheel: the package whole, and nothing beside it."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import chainrule

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def inside(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_holds_every_module_of_the_package(inside):
    kinds = ("*.py", "*.toml", "*.jinja")
    modules = {str(path.relative_to(ROOT)) for kind in kinds for path in (ROOT / "chainrule").rglob(kind)}
    assert "chainrule/studies/reproductions/nielsen-30.toml" in modules
    assert modules <= set(inside)


def test_it_holds_no_data_tests_or_runs(inside, wheel):
    folders = {name.partition("/")[0] for name in inside}
    assert folders == {"chainrule", f"chainrule-{chainrule.__version__}.dist-info"}
    assert not [name for name in inside if "mnist" in name.lower() and not name.endswith("mnist.py")]
    assert not [name for name in inside if "__pycache__" in name or name.endswith((".gz", ".pyc"))]
    assert wheel.stat().st_size < 1_000_000


def test_it_says_what_it_is_and_needs(wheel, inside):
    with zipfile.ZipFile(wheel) as archive:
        info = f"chainrule-{chainrule.__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        entry = archive.read(f"{info}/entry_points.txt").decode()
    assert metadata["Name"] == "chainrule"
    assert metadata["Version"] == chainrule.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    needed = {line.split(";")[0].split(">")[0].split("<")[0].strip() for line in metadata.get_all("Requires-Dist")}
    assert {"numpy", "cyclopts", "rich", "safetensors", "jinja2", "tomli-w", "threadpoolctl"} <= needed
    assert not needed & {"torch", "scikit-learn"} or any(
        "extra" in line for line in metadata.get_all("Requires-Dist")
    )
    assert "chainrule = chainrule.__main__:main" in entry
    assert any(name.endswith("LICENSE") for name in inside)


def test_it_says_that_it_has_types(inside):
    # A type checker looks into an installed package only if this file lies in it (PEP 561)
    assert "chainrule/py.typed" in inside


def test_it_can_be_used_without_a_clone(wheel, tmp_path):
    code = "import chainrule, sys; from chainrule.cli.app import run; print(chainrule.__file__); sys.exit(run(['train', 'xor', '-q']))"  # fmt: skip
    found = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); {code}"],
        cwd=_unpacked(wheel, tmp_path),
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[0].startswith(str(tmp_path))
    assert "accuracy: 100.00 % (4 of 4)" in found.stdout


def _unpacked(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder
