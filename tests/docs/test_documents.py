"""The Python in the documents runs, in the order in which it stands."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from chainrule.activations import ACTIVATIONS
from chainrule.losses import LOSSES

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [path for path in DOCUMENTS if "```python" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_CODE, ids=lambda path: path.name)
def test_the_code_of_a_document_runs(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for shelf in (ACTIVATIONS, LOSSES):  # what a document registers is gone after it
        monkeypatch.setattr(shelf, "_classes", dict(shelf.classes()))
    namespace: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        if "import torch" in block:
            try:
                importlib.import_module("torch")
            except ImportError:
                continue
        exec(compile(block, str(path), "exec"), namespace)
    if path.name == "checking.md":
        report = namespace["report"]
        assert (report.ok, report.mistake, report.where) == (False, "missing_bias_sum", "b")


def test_links_between_documents_lead_somewhere():
    for path in [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
