"""Makes a notebook with its outputs from its source: python notebooks/execute.py

The source is the .py file beside it, in jupytext's percent format; the .ipynb in the repository is what comes out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(source: Path) -> Any:
    """The notebook of a source, run from top to bottom in a fresh kernel."""
    notebook = jupytext.read(source)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False).execute(cwd=str(HERE))
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i}"  # else a random one, and another in every run
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    for path in sorted(HERE.glob("*.py")):
        if path.name != Path(__file__).name:
            nbformat.write(execute(path), path.with_suffix(".ipynb"))
            sys.stdout.write(f"{path.with_suffix('.ipynb').name}\n")
