"""chainrule verify: everything on the shelves, found there, held to a second way."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.cli.app import run
from chainrule.layers import LAYERS
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS, stepwise
from chainrule.verification import checks, verify


@pytest.fixture(scope="module")
def rows():
    return list(verify())


def test_everything_on_the_shelves_is_there(rows):
    for kind, shelf in (
        ("activation", ACTIVATIONS),
        ("loss", LOSSES),
        ("layer", LAYERS),
        ("optimizer", OPTIMIZERS),
    ):
        assert {row.name.partition(":")[0] for row in rows if row.kind == kind} == set(shelf)
    pairs = {
        tuple(part.partition(":")[0] for part in row.name.split(" + ")) for row in rows if row.kind == "network"
    }
    assert pairs == {(activation, loss) for activation in ACTIVATIONS for loss in LOSSES}
    # and none of the settings is left out of them
    parts = {part for row in rows if row.kind == "network" for part in row.name.split(" + ")}
    assert parts == {row.name for row in rows if row.kind in ("activation", "loss")}


def test_nothing_is_out(rows):
    assert [row for row in rows if row.ok is False] == []


def test_everything_is_compared_with_autograd(rows):
    compared = [row for row in rows if row.against == "autograd" and row.ok is not None]
    assert {row.kind for row in compared} == {"activation", "loss", "layer", "optimizer", "network"}
    assert all(row.ok and row.deviation <= 1e-12 for row in compared)


def test_with_pytorch_everything_is_compared_with_it(rows):
    pytest.importorskip("torch")
    compared = [row for row in rows if row.against == "PyTorch" and row.ok is not None]
    alone = {row.name.partition(":")[0] for row in rows if row.against == "PyTorch" and row.ok is None}
    assert alone & set(OPTIMIZERS) == {"lion"}
    assert len(compared) > 15
    found = {name for name in OPTIMIZERS if name not in stepwise()}  # a minimum, found in two ways
    for row in compared:
        assert row.ok
        assert row.deviation <= (1e-6 if row.name.partition(":")[0] in found else 1e-12)


def test_a_wrong_thing_put_on_the_shelf_is_out_and_the_exit_code_says_so(monkeypatch, capsys):
    @dataclass(frozen=True)
    class Wrong(Activation):
        """a = z^2 with the derivative z."""

        name = "wrong_square"
        backward_reads = "z"

        def forward(self, z, out=None, scratch=None):
            return np.multiply(z, z, out=out)

        def backward(self, da, z, a, out=None, scratch=None):
            return np.multiply(da, z, out=out)

    monkeypatch.setitem(ACTIVATIONS._classes, "wrong_square", Wrong)
    pairs = [pair for pair in checks._pairs() if pair[0].name == "wrong_square"]
    monkeypatch.setattr(checks, "_pairs", lambda: pairs)  # the others are right, and take most of the time
    assert run(["verify", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["ok"]
    out = [row for row in document["rows"] if row["ok"] is False]
    assert {row["name"].partition(" ")[0] for row in out} == {"wrong_square"}
    assert "constant factor 0.5" in out[0]["note"]


def test_the_table_has_a_line_for_each_comparison(capsys, rows, monkeypatch):
    monkeypatch.setattr("chainrule.cli.commands.verify.rows", lambda: iter(rows))
    assert run(["verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(rows) + 3
    assert "0 out" in lines[-1]
