"""What the tests of hostile files share: a worker in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule

from .formats import FORMATS

ROOT = Path(chainrule.__file__).parents[1]


def run_module(name, *words):
    """The lines of JSON that ``python -m hostile.<name>`` prints; its last words where it ends badly."""
    done = subprocess.run(
        [sys.executable, "-m", f"hostile.{name}", *map(str, words)],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}",
            "OPENBLAS_NUM_THREADS": "1",
            "CHAINRULE_ENGINE": "numpy",
        },
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (done.returncode, lines[-1:], done.stderr[-3000:])
    return lines


@pytest.fixture(scope="session")
def worker():
    return run_module


@pytest.fixture(scope="session")
def loaded_corpus():
    """Format -> name of a file -> what loading it took. One process for all: its imports take most of the time."""
    found = {name: {} for name in FORMATS}
    for row in run_module("worker", "corpus", ",".join(FORMATS)):
        if "outcome" in row:
            found[row["format"]][row["name"]] = row
    return found


@pytest.fixture(scope="session")
def loaded_mutations():
    return {row["format"]: row for row in run_module("worker", "mutations", ",".join(FORMATS), 300)}


@pytest.fixture(scope="session")
def audited():
    return {row["format"]: row for row in run_module("auditing", ",".join([*FORMATS, "pickle"]))}
