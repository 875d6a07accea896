"""Runs to be reported: of classes in the plane, of images, of quantities, and one whose names are hostile."""

import csv
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.report import page
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import RunDirectory
from chainrule.runs.record import Record
from chainrule.training import CALLBACKS

HOSTILE = (
    "<script>alert('x')</script> & $a_b^c$ $x$",
    "b\" onload='alert(1)' $\\alpha$",
    "c\nnew\tline",
    "</svg></title></style><img src=http://evil.example/x.png onerror=alert(1)>",
    "long " * 60,
)


def train(folder, name, config, callbacks=()):
    run = Run(config)
    run.train_in(RunDirectory(folder / name, name), callbacks)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """The folder with all of them; each was trained within it."""
    folder = tmp_path_factory.mktemp("runs")
    before = Path.cwd()
    os.chdir(folder)
    try:
        rng = np.random.default_rng(0)
        norms = CALLBACKS["gradient_norm"]()
        train(folder, "moons", RunConfig("moons:n=100", epochs=5, validation=0.2), [norms])
        images = rng.integers(0, 256, (120, 64)).astype(np.uint8)
        np.save("images.npy", images)
        np.save("parity.npy", rng.integers(0, 2, 120))
        train(folder, "images", RunConfig("images.npy", target="parity.npy", epochs=2, seed=3))
        _hostile(folder / "hostile.csv", rng)
        train(folder, "<b>$x_1$ & 'q'", RunConfig("hostile.csv", target="the <i>target</i>", epochs=3))
        _prices(folder / "prices.csv", rng)
        train(folder, "prices", RunConfig("prices.csv", target="price,rent", ignore=("id",), epochs=3))
    finally:
        os.chdir(before)
    return folder


def _hostile(path, rng):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["<b>size</b> $x_1$", 'city & "co"', "the <i>target</i>"])
        for i in range(100):
            writer.writerow([rng.normal(), ["<u>Rome</u>", "O'slo $"][i % 2], HOSTILE[i % 5]])


def _prices(path, rng):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "age", "city", "price", "rent"])
        for i in range(80):
            age = rng.uniform(0, 100)
            writer.writerow([i, age, ["Paris", "Oslo"][i % 2], 1000 - 5 * age, 10 + age])


NAMES = ("moons", "images", "<b>$x_1$ & 'q'", "prices")


@pytest.fixture
def there(runs, monkeypatch):
    """Within the folder of the runs, as the person who trained them is."""
    monkeypatch.chdir(runs)
    return runs


@pytest.fixture
def record(there):
    """``record("moons")`` reads a run."""
    return lambda name: Record(there / name)


@pytest.fixture(scope="session")
def pages(runs):
    """The report of each."""
    pytest.importorskip("matplotlib")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(runs)
        return {name: page(Record(runs / name)) for name in NAMES}


@pytest.fixture
def no_pictures(monkeypatch):
    """Pictures take most of a page's time; where they are not looked at they are left out."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)


@pytest.fixture
def copied(runs, tmp_path, monkeypatch):
    """``copied("moons")`` is a copy in a folder of its own, to be changed."""

    def copy(name):
        shutil.copytree(runs, tmp_path / "all")
        monkeypatch.chdir(tmp_path / "all")
        return tmp_path / "all" / name

    return copy
