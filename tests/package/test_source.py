"""What the source itself promises: no pickle, nothing run that a file names, small files."""

import ast
from pathlib import Path

import pytest

import chainrule

FOLDER = Path(chainrule.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
UNSAFE = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "jsonpickle",
    "yaml",
}


# joblib starts processes there, and reads no file.
ALLOWED = {"studies/sweeps/workers.py": {"joblib"}}


def test_there_are_files_to_look_at():
    assert len(FILES) > 50


def names(path):
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", FILES, ids=names)
def test_no_module_imports_pickle_or_runs_texts(path):
    unsafe = UNSAFE - ALLOWED.get(names(path), set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & unsafe
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in unsafe
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            assert name not in ("eval", "exec", "compile", "__import__")
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False


@pytest.mark.parametrize("path", FILES, ids=names)
def test_no_file_has_more_than_300_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=names)
def test_every_array_that_is_loaded_refuses_pickle(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert "allow_pickle" in {keyword.arg for keyword in node.keywords}
