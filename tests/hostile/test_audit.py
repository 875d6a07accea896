"""Loading a file runs nothing, imports nothing and opens nothing else, as Python's own audit events tell (PEP 578)."""

from pathlib import Path

import pytest

import chainrule

from .formats import FORMATS

HARMLESS = {"array.__new__", "mmap.__new__", "open"}  # a .npy is mapped; what is opened is looked at below
PACKAGE = Path(chainrule.__file__).parent


# A training that is resumed locks its folder, asks which BLAS there is, and writes the next checkpoint.
RESUMING = {"os.remove", "os.mkdir", "fcntl.flock", "os.truncate", "pathlib.Path.glob", "os.scandir", "os.rename",
            "builtins.id", "sys._getframe", "object.__getattr__"}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "checkpoint"])
def test_loading_opens_the_file_and_does_nothing_else(name, audited):
    found = audited[name]
    assert found["files"] > 60
    assert set(found["seen"]) <= HARMLESS
    assert found["seen"]["open"] == [found["path"]]


def test_resuming_opens_nothing_outside_the_folder_of_the_checkpoint(audited):
    found = audited["checkpoint"]
    assert found["files"] > 100
    assert set(found["seen"]) <= HARMLESS | RESUMING
    folder = Path(found["path"]).parent
    for event in ("open", "os.remove", "os.mkdir", "os.rename", "os.scandir"):
        for path in set(found["seen"][event]) - {"/proc/self/maps"}:
            assert Path(path) == folder or Path(path).parent == folder, event


def test_a_model_file_makes_nothing_be_imported_but_what_is_on_the_shelves(worker):
    [found] = worker("auditing", "model", "--cold")
    seen = found["seen"]
    for path in seen["open"]:
        assert path == found["path"] or Path(path).is_relative_to(PACKAGE)
    assert all(module.startswith("chainrule.") for module in seen["import"])
    assert set(seen) <= HARMLESS | {"import", "exec", "compile", "marshal.loads", "os.listdir", "os.scandir",
                                    "object.__getattr__", "sys._getframe"}  # fmt: skip
    for code in seen.get("exec", ()):
        assert f'file "{PACKAGE}' in code or 'file "<string>"' in code  # a dataclass writes its methods as a text


def test_and_these_tests_would_see_a_pickle_run_a_command(audited):
    assert {"exec", "compile", "os.system", "pickle.find_class"} <= set(audited["pickle"]["seen"])
