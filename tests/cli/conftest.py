"""What the tests of the command line share: calling it within this process, and outside of it."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from chainrule.cli.app import run
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import RunDirectory


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test works in an empty folder of its own, at a terminal of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def chainrule(capsys):
    """``chainrule("train", "xor")`` is the command within this process: exit code, output, errors."""

    def call(*words):
        capsys.readouterr()
        code = run([str(word) for word in words])
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def done(chainrule):
    """The output of a command that must succeed without a word on standard error."""

    def call(*words):
        found = chainrule(*words)
        assert (found.code, found.err) == (0, "")
        return found.out

    return call


@pytest.fixture
def fails(chainrule):
    """``fails(2, "what it says", "train", ...)``: one line on standard error, nothing else, and nothing written."""

    def call(code, says, *words):
        before = set(Path().rglob("*"))
        found = chainrule(*words)
        assert found.code in (code if isinstance(code, tuple) else (code,)), found
        assert found.out == ""
        assert found.err.startswith("chainrule: ")
        assert found.err.endswith("\n")
        assert found.err.count("\n") == 1
        assert "Traceback" not in found.err
        assert "bug" not in found.err
        assert found.err[:-1].isprintable()
        assert re.search(says, found.err), found.err
        assert set(Path().rglob("*")) == before
        return found.err

    return call


@pytest.fixture
def outside():
    """The command in a process of its own. ``settings`` are those of subprocess.Popen."""
    started = []

    def start(*words, python=("-m", "chainrule"), environment=None, **settings):
        command = [sys.executable, "-W", "error", *python, *map(os.fspath, words)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
        # PYTHONUNBUFFERED would let Python take a part of a write for the whole of it
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        process = subprocess.Popen(command, env={**usual, **(environment or {})}, **pipes)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def until():
    """Waits for a condition, and fails if it does not come about within half a minute."""

    def wait(condition, process=None):
        end = time.monotonic() + 30
        while not condition():
            assert process is None or process.poll() is None, process.communicate()
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.01)

    return wait


def write_houses(path):
    """A table of 60 rows: age and size are numbers, city and kind texts, price a quantity."""
    rng = np.random.default_rng(0)
    lines = ["age,city,size,kind,price"]
    for i in range(60):
        age, size = rng.uniform(0, 100), rng.uniform(20, 200)
        city, kind = ["Paris", "Rome", "Oslo"][i % 3], ["flat", "house"][int(size > 90)]
        lines.append(f"{age:.2f},{city},{size:.2f},{kind},{900 * size - 500 * age:.2f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def houses(tmp_path):
    write_houses(tmp_path / "houses.csv")
    return "houses.csv"


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A run that learned the kinds of houses, and one that learned their prices."""
    folder = tmp_path_factory.mktemp("models")
    write_houses(folder / "houses.csv")
    for name, target in (("kinds", "kind"), ("prices", "price")):
        trained = Run(RunConfig(str(folder / "houses.csv"), target=target))
        trained.train_in(RunDirectory(folder / name, name))
    return folder


@pytest.fixture
def kinds(models, tmp_path):
    shutil.copytree(models / "kinds", tmp_path / "kinds")
    return "kinds"


@pytest.fixture
def prices(models, tmp_path):
    shutil.copytree(models / "prices", tmp_path / "prices")
    return "prices"
