"""The command of a report really repeats the run: through a shell, in another folder, bit for bit."""

import json
import shlex
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import tomli_w

from chainrule.cli.app import run
from chainrule.report import page
from chainrule.report.command import repeat
from chainrule.runs import RunConfig

from .conftest import NAMES


class Code(HTMLParser):
    """What stands in <code>."""

    def __init__(self):
        super().__init__()
        self.text, self._inside = "", False

    def handle_starttag(self, tag, attributes):
        self._inside |= tag == "code"

    def handle_endtag(self, tag):
        self._inside &= tag != "code"

    def handle_data(self, data):
        self.text += data if self._inside else ""


@pytest.mark.parametrize("name", NAMES)
def test_the_command_on_the_page_gives_the_same_files(name, record, there, tmp_path, no_pictures):
    reader = Code()
    reader.feed(page(record(name)))
    assert reader.text.startswith("chainrule train ")
    line = reader.text.replace("chainrule", f"{shlex.quote(sys.executable)} -m chainrule", 1)
    again = tmp_path / "again"
    found = subprocess.run(
        ["bash", "-c", f"{line} --quiet --run-dir {shlex.quote(str(again))}"],
        cwd=there,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    for file in ("config.toml", "model.safetensors"):
        assert (again / file).read_bytes() == (there / name / file).read_bytes()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden": ()}, ["--hidden="]),
        ({"hidden": (8, 4)}, ["--hidden", "8,4"]),
        ({"scale_target": False}, ["--no-scale-target"]),
        ({"batch_size": "full"}, ["--batch-size", "full"]),
        ({"target": "-a b'c"}, ["--target=-a b'c"]),
        ({"ignore": ("a", "b")}, ["--ignore", "a,b"]),
        ({"ignore": ("a,b",)}, ["--config=run/config.toml"]),
    ],
)
def test_options_are_written_as_the_command_line_takes_them(settings, words):
    config = RunConfig("x.csv", **settings)
    source = [] if words[0].startswith("--config") else ["x.csv"]
    assert shlex.split(repeat(config, "run")) == ["chainrule", "train", *source, *words]


def test_a_source_that_looks_like_an_option_is_left_to_the_file():
    assert repeat(RunConfig("-x.csv"), "run").endswith("--config=run/config.toml")


RESOLVED = (
    ["moons:n=50", "--hidden", ""],
    ["moons:n=50", "--activation", "leaky_relu:slope=0.2,tanh", "--hidden", "8,8"],
    ["moons:n=50", "--normalization", "batch_norm", "--dropout", "0.1", "--residual", "--hidden", "8,8,8"],
    ["moons:n=50", "--optimizer", "sgd:momentum=0.9,nesterov=true", "--schedule", "multi_step:at=[0.5,0.75]"],
    ["prices.csv", "--target", "price,rent", "--ignore", "id", "--no-scale-target", "--batch-size", "full"],
    ["images.npy", "--target", "parity.npy", "--validation", "0.25", "--dtype", "float64", "--seed", "7"],
)


@pytest.mark.parametrize("words", RESOLVED, ids=lambda words: " ".join(words)[:60])
def test_the_command_line_reads_the_command_as_the_configuration_it_was_made_of(words, there, tmp_path, capsys):
    def config(*arguments):
        assert run(["train", *arguments, "--dry-run", "--json"]) == 0
        return {"hidden": [], **json.loads(capsys.readouterr().out)["config"]}  # an empty list is left out there

    resolved = config(*words)
    (tmp_path / "config.toml").write_text(tomli_w.dumps(resolved))
    line = shlex.split(repeat(RunConfig.from_toml(tmp_path / "config.toml"), "run"))
    assert config(*line[2:]) == resolved
