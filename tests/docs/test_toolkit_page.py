"""docs/toolkit.md: what is on the shelves, and a command line of each thing that runs."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest

from chainrule.cli.app import run

DOCS = Path(__file__).parents[2] / "docs"
SPEC = importlib.util.spec_from_file_location("toolkit_page", DOCS / "toolkit.py")
toolkit = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = toolkit  # dataclasses look their module up
SPEC.loader.exec_module(toolkit)
COMMANDS = re.findall(r"(?m)^\$ chainrule (.*)$", toolkit.PAGE.read_text(encoding="utf-8"))


def test_the_page_is_what_the_shelves_say():
    assert toolkit.PAGE.read_text(encoding="utf-8") == toolkit.page(), "run: python docs/toolkit.py"


def test_every_name_has_an_example_or_a_page_that_has_it():
    for shelf in toolkit.SHELVES:
        text = (DOCS / (shelf.page or "toolkit.md")).read_text(encoding="utf-8")
        assert [name for name in shelf.registry if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_runs(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if "lbfgs" in command:
        pytest.importorskip("scipy")
    if " plot " in command:
        pytest.importorskip("matplotlib")
    for part in command.split("&& chainrule "):
        words = shlex.split(part.removesuffix("&& "))
        assert run([*words, *(["--quiet"] if words[0] == "train" else [])]) == 0
