"""What the tests of sweeps share: small plans, and sweeps of them."""

import dataclasses
import json

import pytest

from chainrule.runs import RunConfig
from chainrule.studies.sweeps import Plan, Sweep, Workers
from chainrule.studies.sweeps.material import forget
from chainrule.studies.sweeps.pruners import PRUNERS
from chainrule.studies.sweeps.searches import SEARCHES
from chainrule.studies.sweeps.space import read

LISTS = {"learning_rate": [0.001, 0.01, 0.1], "width": [4, 8], "depth": [1]}


@pytest.fixture(autouse=True)
def nothing_kept():
    """Data that one test opened are not those of another's source of the same name."""
    forget()
    yield
    forget()


@pytest.fixture
def plan():
    """``plan(space, search=..., epochs=...)``, of 40 points in the plane and two epochs unless told."""

    def make(space=LISTS, search="grid", prune=None, source="moons:n=40", **given):
        own = {name: given.pop(name) for name in ("seeds", "folds", "score") if name in given}
        fixed, lists = read(space, "the space")
        config = RunConfig(source, **{"epochs": 2, "batch_size": 8, "validation": 0.3, **fixed, **given})
        pruner = None if prune is None else PRUNERS.make(prune)
        return Plan(config, lists, SEARCHES.make(search), prune=pruner, **own)

    return make


@pytest.fixture
def swept(tmp_path):
    """``swept(plan)`` settles the plan and does the sweep in a folder of its own, or in the one named."""

    def do(plan, name="sweep", workers=None, store=None, settled=False):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made = Sweep(plan if settled else plan.settled(), folder, workers or Workers(), store)
        made.begin()
        return made.run()

    return do


@pytest.fixture
def numbers():
    """What results must have in common to be the same: everything but times."""

    def of(results):
        return [dataclasses.replace(outcome, seconds=0.0) for outcome in results.outcomes]

    return of


@pytest.fixture
def lines(tmp_path):
    """The records of a folder's trials.jsonl."""

    def read_lines(name="sweep"):
        return [json.loads(line) for line in (tmp_path / name / "trials.jsonl").read_text().splitlines()]

    return read_lines
