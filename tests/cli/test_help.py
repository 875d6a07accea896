"""Help is everywhere, with examples first; every option of a run is an option of the command."""

import dataclasses
import inspect
import pkgutil
import re

import pytest

import chainrule as package
from chainrule.activations import ACTIVATIONS
from chainrule.cli import commands
from chainrule.cli.commands.train import train
from chainrule.datasets import DATASETS
from chainrule.initializers import INITIALIZERS
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS
from chainrule.optimizers import OPTIMIZERS
from chainrule.regularizers import REGULARIZERS
from chainrule.runs import RunConfig
from chainrule.schedules import SCHEDULES

COMMANDS = [module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__)]


def test_the_commands_of_the_documentation_are_there():
    assert {"train", "evaluate", "predict", "inspect"} <= set(COMMANDS)


@pytest.mark.parametrize("words", [["--help"], ["-h"], []], ids=["--help", "-h", "nothing"])
def test_the_help_shows_examples_first_and_then_every_command_with_a_summary(done, words):
    out = done(*words)
    for command in COMMANDS:
        assert re.search(rf"^\W*{command}\s+\w", out, re.MULTILINE)
        assert out.index("$ chainrule ") < out.index("Commands")
    assert "--debug" in out


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_examples_before_its_options(done, command, flag):
    out = done(command, flag)
    assert out.index(f"$ chainrule {command}") < out.index("─")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_uses_no_option_that_the_command_does_not_have(done, command):
    out = done(command, "--help")
    examples = [line for line in out.splitlines() if line.startswith("$ chainrule")]
    options = set(re.findall(r" (--?[a-z][a-z-]*)", out[out.index("─") :]))
    assert examples
    for line in examples:
        assert line.startswith(f"$ chainrule {command}")
        assert set(re.findall(r" (--?[a-z][a-z-]*)", line)) <= options


def test_every_option_of_a_run_is_one_of_train_and_the_other_way_about():
    fields = {field.name for field in dataclasses.fields(RunConfig)}
    options = set(inspect.signature(train).parameters)
    assert options - fields == {"config", "run_dir", "json", "quiet", "dry_run", "resume"}
    assert fields - options == set()


@pytest.mark.parametrize(
    "shelf",
    [DATASETS, ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS, REGULARIZERS, SCHEDULES],
    ids=lambda shelf: shelf.kind,
)
def test_the_help_of_train_names_everything_there_is_to_choose(done, shelf):
    words = re.findall(r"\w+", done("train", "--help"))
    assert set(shelf) <= set(words)


def test_the_version_is_that_of_the_package(done):
    assert done("--version") == f"{package.__version__}\n"
