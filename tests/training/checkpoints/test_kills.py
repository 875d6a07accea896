"""Trainings killed by SIGKILL at random moments end with the bytes of one that was never killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tomli_w")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

DATA = ["moons:n=600,noise=0.3", "--validation", "0.2", "--hidden", "16,16", "--batch-size", "16"]
TRAININGS = {
    "adam, dropout, early stopping": ["--dropout", "0.2", "--early-stopping", "loss:patience=8", "--epochs", "15"],
    "sgd, a rate by plateaus": ["--optimizer", "sgd:momentum=0.9", "--schedule", "reduce_on_plateau:patience=1",
                                "--epochs", "15"],
    "adam, one_cycle, noise, mixup, averages": ["--regularize", "input_noise", "--regularize", "mixup",
                                                "--regularize", "ema:decay=0.9", "--schedule", "one_cycle",
                                                "--epochs", "12"],
}  # fmt: skip


def survive(folder, kills, seed, engine, options):
    """What the launcher found; it is a process of its own, as it forks."""
    if engine == "fused":
        pytest.importorskip("numba")
    script = Path(__file__).with_name("launcher.py")
    words = [*DATA, *options, "--checkpoint-every", "7", "--engine", engine]
    command = [sys.executable, "-W", "ignore", str(script), str(folder), str(kills), str(seed), *words]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.thorough
@pytest.mark.parametrize("engine", ["numpy", "fused"])
def test_three_kills_change_nothing(tmp_path, engine):
    found = survive(tmp_path, 3, 1, engine, [*TRAININGS["adam, dropout, early stopping"][:-1], "6"])
    assert found["kills"] >= 3
    assert found["different"] == []
    assert set(found["results"]) == {"metrics", "model.safetensors", "checkpoints/best.safetensors"}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "fused"])
@pytest.mark.parametrize("name", TRAININGS)
def test_fifty_kills_of_each_training_change_nothing(tmp_path, name, engine):
    found = survive(tmp_path, 50, 2, engine, TRAININGS[name])
    with Path(os.environ.get("KILLS_LOG", os.devnull)).open("a") as log:
        log.write(json.dumps({"name": name, "engine": engine, **found}) + "\n")
    assert found["kills"] >= 50
    assert found["different"] == []
    assert found["found"]["within an epoch"] > 0
