"""What importing costs and needs: NumPy alone; the rest when it is asked for, with one line where it is missing."""

import importlib
import os
import pkgutil
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import MissingExtraError
from chainrule.runs import Run, RunConfig
from chainrule.runs.environment import environment

OTHERS = {
    "cyclopts",
    "rich",
    "safetensors",
    "jinja2",
    "threadpoolctl",
    "tomli_w",
    "torch",
    "sklearn",
    "matplotlib",
}
MODULES = [module.name for module in pkgutil.walk_packages(cr.__path__, "chainrule.")]

# Makes a library as good as not installed, also where a part of it is asked for.
BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""


def python(code, *words):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *words], capture_output=True, text=True, env={**os.environ}
    )


def test_importing_the_package_imports_no_other_library_than_numpy():
    found = python("import chainrule, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))")
    assert found.returncode == 0, found.stderr
    assert not OTHERS & set(found.stdout.split())
    assert found.stderr == ""


def test_importing_the_package_imports_none_of_its_parts():
    found = python("import chainrule, sys; print(*[name for name in sys.modules if name.startswith('chainrule')])")
    assert found.stdout.split() == ["chainrule"]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported(name):
    importlib.import_module(name)


@pytest.mark.parametrize("name", sorted(set(dir(cr)) - {"__version__"}))
def test_every_public_name_is_there(name):
    assert getattr(cr, name) is not None


def test_a_name_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(AttributeError, match="chainrule has no 'nonsense'"):
        cr.nonsense  # noqa: B018


def test_networks_are_trained_with_numpy_alone():
    names = OTHERS - {"numpy"}
    code = BLOCK.format(names=names) + (
        "import chainrule as cr, numpy as np\n"
        "data = cr.datasets.load('xor')\n"
        "net = cr.MLP([2, 8, 2], 'tanh', seed=0)\n"
        "cr.fit(net, data.X, data.y, loss='cross_entropy', optimizer=cr.optimizers.Adam(0.05), epochs=200)\n"
        "assert (net.predict(data.X) == data.y).all()\n"
        "net.summary()\n"
    )
    found = python(code)
    assert found.returncode == 0, found.stderr


def test_without_threadpoolctl_the_weights_are_the_same_bits(monkeypatch):
    def weights():
        run = Run(RunConfig("moons:n=100"))
        cr.fit(run.network, *run.train, epochs=2)
        return run.network.params.theta.copy()

    before = weights()
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert np.array_equal(weights(), before)
    assert environment()["blas"] == []


# -- what is missing is named in one line ---------------------------------------------------------------------


def missing(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_saving_without_safetensors_names_it(monkeypatch, tmp_path):
    missing(monkeypatch, "safetensors", "safetensors.numpy")
    with pytest.raises(MissingExtraError, match="pip install safetensors") as caught:
        cr.MLP([2, 2]).save(tmp_path / "m.safetensors")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_loading_needs_no_safetensors(monkeypatch, tmp_path):
    cr.MLP([2, 2]).save(tmp_path / "m.safetensors")
    missing(monkeypatch, "safetensors", "safetensors.numpy")
    cr.load(tmp_path / "m.safetensors")


def test_a_config_without_tomli_w_names_it(monkeypatch):
    missing(monkeypatch, "tomli_w")
    with pytest.raises(MissingExtraError, match="pip install tomli-w"):
        RunConfig("xor").to_toml()


def test_a_bar_without_rich_names_it(monkeypatch):
    missing(monkeypatch, "rich", "rich.console", "rich.progress")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    data = cr.datasets.load("xor")
    with pytest.raises(MissingExtraError, match="pip install rich"):
        cr.fit(cr.MLP([2, 2]), data.X, data.y, loss="cross_entropy", epochs=1, verbose=True)


@pytest.mark.parametrize("name", ["cyclopts", "rich"])
@pytest.mark.parametrize("words", [[], ["--help"], ["train", "xor"], ["train", "xro"], ["nonsense"]])
def test_the_command_without_its_libraries_names_them(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    found = python(BLOCK.format(names={name}) + "from chainrule.__main__ import main; main()", *words)
    if found.returncode == 0:  # only what needs the library may fail for want of it
        assert found.stderr == ""
        return
    assert "Traceback" not in found.stderr
    assert "bug" not in found.stderr
    assert found.stderr.count("\n") == 1
    if found.returncode == 1:
        assert f"needs {name}" in found.stderr
        assert "pip install" in found.stderr


@pytest.mark.parametrize(("name", "install"), [("safetensors", "safetensors"), ("tomli_w", "tomli-w")])
def test_train_without_what_its_files_need_says_so_before_it_trains(tmp_path, monkeypatch, name, install):
    monkeypatch.chdir(tmp_path)
    code = BLOCK.format(names={name}) + "from chainrule.__main__ import main; main()"
    found = python(code, "train", "xor", "--run-dir", "run", "--quiet")
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert f"pip install {install}" in found.stderr
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
