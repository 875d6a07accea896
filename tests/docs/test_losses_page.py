"""docs/losses.md: a runnable example of every loss, from the library and from the command line."""

import re
from pathlib import Path

import pytest

from chainrule.cli.app import run
from chainrule.losses import LOSSES

PAGE = (Path(__file__).parents[2] / "docs" / "losses.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0].strip(): part for part in re.split(r"(?m)^### ", PAGE)[1:]}
ANSWERS = ["price", "visits", "days", "kind", "sold", "cash", "loan", "rent"]
COMMANDS = re.findall(r"(?m)^chainrule (train .*)$", PAGE)


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """The table that the page's first block writes."""
    folder = tmp_path_factory.mktemp("page")
    first = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(first, "losses.md", "exec"), {})
    return folder / "houses.csv"


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_an_example_of_both_kinds(name):
    assert name in SECTIONS, f"docs/losses.md has no section ### {name}"
    assert re.search(rf'--loss "?{name}\b', SECTIONS[name])
    assert re.search(rf'train\("{name}\b', SECTIONS[name])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_trains_a_network_that_has_learned_something(command, houses, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = command.replace('"', "").replace("houses.csv", str(houses)).split()
    target = words[words.index("--target") + 1].split(",")
    others = ",".join(name for name in ANSWERS if name not in target)
    words[words.index("OTHERS") :] = ["--ignore", others, "--quiet", "--epochs", "40"]
    assert run(words) == 0
    score = float(re.search(r"(?:R2:|accuracy:) (-?[\d.]+)", capsys.readouterr().out)[1])
    assert score > (60 if "classification" in words else 0.2)
