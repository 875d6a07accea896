"""The mended programs learn: what a doctor says of them beyond that is false."""

from pathlib import Path

import numpy as np
import pytest

from chainrule.diagnosis.cases.programs import program_of
from chainrule.diagnosis.cases.reading import read_cases

PATH = Path(__file__).parents[3] / "benchmarks" / "diagnosis" / "cases.json"
CASES = {case.id: case for case in read_cases(PATH)}
QUICK = ("tdc-ips5", "so-41596619", "so-31880720", "so-59758722", "so-44998910")
# Two inputs that are multiples of one product do not tell two factors apart
LEAST = {"so-60831731": 0.4, "so-38648195": 0.5, "at-circle-vanish": 0.5}


def skill(program, outputs, y):
    """1 - errors / errors of the best constant answer: R^2 of numbers over all columns, wrong answers of classes."""
    if program.loss.kind not in ("cross_entropy", "binary_cross_entropy"):
        return 1 - ((outputs - y) ** 2).sum() / ((y - y.mean(axis=0)) ** 2).sum()
    if program.loss.kind == "cross_entropy":
        truth = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
        return 1 - (outputs.argmax(axis=1) != truth).mean() / (1 - np.bincount(truth).max() / len(truth))
    share = y.mean(axis=0)
    wrong = ((outputs > (0 if program.loss.takes == "logits" else 0.5)) != (y > 0.5)).mean()
    return 1 - wrong / np.minimum(share, 1 - share).mean()


def check(id, seed):
    program = program_of(CASES[id].fixed(), seed)
    losses = program.train()
    assert np.isfinite(losses).all()
    assert skill(program, program.outputs(program.X), program.y) > LEAST.get(id, 0.65)


@pytest.mark.parametrize("id", QUICK)
def test_a_mended_program_learns(id):
    check(id, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("id", sorted(id for id, case in CASES.items() if case.faults))
def test_every_mended_program_learns(id, seed):
    check(id, seed)


@pytest.mark.parametrize("id", ["mpg-softmax1", "so-59758722"])
def test_and_the_faulty_one_does_not(id):
    program = program_of(CASES[id], 0)
    with np.errstate(all="ignore"):
        program.train()
    assert skill(program, program.outputs(program.X), program.y) < 0.3
