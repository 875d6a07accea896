"""The notebooks: what is in the repository is what their sources give, today, from top to bottom."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for path in sorted((ROOT / "notebooks").glob("*.py")) if path.name != "execute.py"]
ROUNDING = re.compile(r"\d(\.\d+)?e[+-]?\d+")  # how large a rounding error is differs between machines
CHANGING = re.compile(r"(Python|NumPy|PyTorch|chainrule) +\d+\.\d+.*")  # the versions at the top


@pytest.fixture(scope="module")
def made():
    for library in ("torch", "jupytext", "nbclient", "ipykernel", "matplotlib"):
        pytest.importorskip(library)
    spec = importlib.util.spec_from_file_location("execute", ROOT / "notebooks" / "execute.py")
    execute = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(execute)
    return {path: execute.execute(path) for path in SOURCES}


def stored(path):
    import nbformat

    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


def text(cell):
    """What a cell printed; of a picture only that it is there."""
    parts = []
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            parts.append(ROUNDING.sub("#", CHANGING.sub(r"\1", output["text"])))
        else:
            parts.append(" ".join(sorted(output["data"])))
    return "".join(parts)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_notebook_in_the_repository_is_what_its_source_gives(path, made):
    there, now = stored(path), made[path]
    assert [cell["source"] for cell in there.cells] == [cell["source"] for cell in now.cells]
    for old, new in zip(there.cells, now.cells, strict=True):
        assert text(old) == text(new)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_cell_of_the_stored_notebook_was_run_in_order_and_none_failed(path):
    pytest.importorskip("nbformat")
    cells = [cell for cell in stored(path).cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    printed = "".join(text(cell) for cell in cells)
    assert "False" not in printed.replace("recorded within no_grad: False", "")
    assert "image/png" in printed
    assert "z = 1.30, y = 1.30, loss = 0.09" in printed


def test_no_path_of_a_machine_is_in_a_notebook():
    for path in SOURCES:
        assert not re.search(
            r"/(home|root|work|tmp|Users)/", path.with_suffix(".ipynb").read_text(encoding="utf-8")
        )
