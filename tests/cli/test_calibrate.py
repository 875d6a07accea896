"""``chainrule calibrate``."""

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr


def test_it_writes_a_model_that_decides_the_same_with_better_probabilities(done):
    done("train", "blobs:n=200,noise=3.0", "--epochs", "60", "--hidden", "64", "--run-dir", "run")
    out = done("calibrate", "run", "blobs:n=200,noise=3.0", "-o", "calibrated.safetensors", "--json")
    found = json.loads(out)
    assert found["part"] == "test"
    assert found["temperature"] > 1
    assert found["after"]["log_loss"] < found["before"]["log_loss"]
    before, after = cr.load("run/model.safetensors"), cr.load("calibrated.safetensors")
    X = cr.datasets.load("blobs:n=200,noise=3.0").test[0]
    assert np.array_equal(before.predict(X), after.predict(X))
    assert after.training["temperature"] == found["temperature"]


def test_the_table_ends_in_the_temperature_and_nothing_is_overwritten(done, fails, kinds):
    done("train", "moons:n=100,noise=0.5", "--epochs", "30", "--run-dir", "run")
    out = done("calibrate", "run", "moons:n=100,noise=0.5", "-o", "new.safetensors")
    assert out.splitlines()[-1].startswith("temperature: ")
    assert Path("new.safetensors").exists()
    fails(1, "new.safetensors exists", "calibrate", "run", "moons:n=100,noise=0.5", "-o", "new.safetensors")


@pytest.mark.parametrize("option", ["--calibrate"])
def test_train_calibrates_on_the_validation_rows(done, fails, option):
    done("train", "moons:n=200,noise=0.4", "--epochs", "20", "--validation", "0.3", option, "--run-dir", "run")
    assert cr.load("run/model.safetensors").training["temperature"] != 1
    done("train", "--config", "run/config.toml", "--run-dir", "again")
    assert Path("run/model.safetensors").read_bytes() == Path("again/model.safetensors").read_bytes()
    fails(2, "--calibrate needs validation rows", "train", "moons:n=50", option, "--validation", "0", "--dry-run")
