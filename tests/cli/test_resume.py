"""`chainrule train --resume`: stopped by a signal, killed, finished, longer, in use, or asked for something else."""

import json
import os
import signal
from pathlib import Path

import pytest

from chainrule.core.lock import Lock

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of other systems")

LONG = ("moons:n=400,noise=0.3", "--validation", "0.2", "--dropout", "0.2", "--schedule", "constant",
        "--checkpoint-every", "20")  # fmt: skip
TIMES = ("seconds", "rows_per_second")


def left(folder):
    """What a run leaves, without its times."""
    rows = [json.loads(line) for line in Path(folder, "metrics.jsonl").read_text().splitlines()]
    rows = [{name: value for name, value in row.items() if name not in TIMES} for row in rows]
    files = ("model.safetensors", "config.toml", "checkpoints/best.safetensors")
    return rows, *(Path(folder, name).read_bytes() for name in files)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.thorough), (signal.SIGKILL, -9)],
)
def test_a_run_that_was_stopped_or_killed_goes_on_to_the_same_files(outside, until, chainrule, done, number, code):
    process = outside("train", *LONG, "--epochs", "200000", "--run-dir", "run")
    last = Path("run/checkpoints/last.safetensors")
    until(lambda: last.exists() and Path("run/metrics.jsonl").read_text().count("\n") >= 3, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    stopped = number != signal.SIGKILL
    assert ("go on with: chainrule train --resume run\n" in err.decode()) is stopped
    rows = Path("run/metrics.jsonl").read_text().count("\n")
    assert Path("run/model.safetensors").exists() is stopped
    epochs = str(rows + 3)
    found = chainrule("train", "--resume", "run", "--epochs", epochs)
    assert found.code == 0
    assert "going on from epoch " in found.err
    done("train", *LONG, "--epochs", epochs, "--run-dir", "whole", "-q")
    assert left("run") == left("whole")


def test_a_finished_run_stays_as_it_is(done):
    done("train", *LONG, "--epochs", "2", "--run-dir", "run", "-q")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("run").rglob("*.*")}
    assert done("train", "--resume", "run") == "run is finished: 2 epochs, 20 steps; nothing to do\n"
    assert done("train", "--resume", "run", "-q") == ""
    assert json.loads(done("train", "--resume", "run", "--json"))["finished"] is True
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("run").rglob("*.*")} == before


def test_a_run_without_a_checkpoint_begins_anew_from_its_configuration(chainrule, done):
    done("train", *LONG, "--epochs", "3", "--run-dir", "whole", "-q")
    Path("run").mkdir()
    Path("run/config.toml").write_bytes(Path("whole/config.toml").read_bytes())
    Path("run/metrics.jsonl").write_text('{"epoch": 1, "loss": 0.1}\n')
    found = chainrule("train", "--resume", "run", "-q")
    assert (found.code, found.err) == (0, "")
    assert left("run") == left("whole")


def test_rows_after_the_checkpoint_and_torn_ones_are_not_doubled(chainrule, done):
    done("train", *LONG, "--epochs", "4", "--run-dir", "whole", "-q")
    done("train", *LONG, "--epochs", "3", "--run-dir", "run", "-q")
    with Path("run/metrics.jsonl").open("a") as file:
        file.write('{"epoch": 4, "loss": 0.1}\n{"epoch": 5, "lo')
    assert chainrule("train", "--resume", "run", "--epochs", "4", "-q").code == 0
    assert left("run") == left("whole")


def test_a_model_that_is_not_that_of_the_end_is_written_again(chainrule, done):
    done("train", *LONG, "--epochs", "2", "--run-dir", "run", "-q")
    model = Path("run/model.safetensors").read_bytes()
    for damage in (b"", model[:-1], None):
        Path("run/model.safetensors").unlink()
        if damage is not None:
            Path("run/model.safetensors").write_bytes(damage)
        assert chainrule("train", "--resume", "run", "-q").code == 0
        assert Path("run/model.safetensors").read_bytes() == model


def test_an_optimizer_without_checkpoints_begins_anew_or_has_ended(done, fails):
    pytest.importorskip("scipy")
    words = ("moons:n=100", "--optimizer", "lbfgs", "--epochs", "5")
    done("train", *words, "--run-dir", "run", "-q")
    assert not Path("run/checkpoints").exists()
    model = Path("run/model.safetensors").read_bytes()
    assert "nothing to do" in done("train", "--resume", "run")
    Path("run/model.safetensors").unlink()
    done("train", "--resume", "run", "-q")
    assert Path("run/model.safetensors").read_bytes() == model
    fails(
        2, "lbfgs keeps what it has learned of the loss within SciPy", "train", *words, "--checkpoint-every", "5"
    )


def test_without_checkpoints_if_one_wants_none(done):
    done("train", "xor", "--epochs", "2", "--run-dir", "run", "--checkpoint-every", "never", "-q")
    assert not Path("run/checkpoints").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--batch-size", "33"), "begun with batch_size 32, and is asked to go on with 33"),
        (("--optimizer", "sgd"), "begun with optimizer 'adam', and is asked to go on with 'sgd'"),
        (("--seed", "1"), "begun with seed 0, and is asked to go on with 1"),
        (("moons:n=401",), "begun with source 'moons:n=400,noise=0.3', and is asked"),
        (("--dry-run",), "leave out --config, --run-dir and --dry-run"),
        (("--run-dir", "other"), "leave out --config, --run-dir and --dry-run"),
        (("--epochs", "1"), "epochs is 1, and the checkpoint is in epoch 2; name 2 or more"),
        (("--epochs", "3", "--checkpoint-every", "2e"), 'as "2epochs", "30s", "10m", "1h"; not \'2e\'; or never'),
    ],
)  # fmt: skip
def test_what_a_run_was_not_begun_with_is_refused(done, chainrule, words, says):
    done("train", *LONG, "--epochs", "2", "--run-dir", "run", "-q")
    before = {path: path.read_bytes() for path in Path("run").rglob("*.*")}
    found = chainrule("train", "--resume", "run", "-q", *words)
    assert (found.code, found.out) == (2, "")
    assert says in found.err
    assert found.err.count("\n") == 1
    assert {path: path.read_bytes() for path in Path("run").rglob("*.*")} == before


def test_other_data_are_refused(done, fails, houses):
    done("train", houses, "--target", "price", "--epochs", "2", "--schedule", "constant", "--run-dir", "run", "-q")
    lines = Path(houses).read_text().splitlines()
    Path(houses).write_text(
        "\n".join([*lines[:-1], lines[-1].replace("Rome", "Oslo").replace("Oslo", "Paris")]) + "\n"
    )
    found = "the checkpoint is of a training"  # on other data, or with another preprocessing, fitted to them
    fails((1, 2), found, "train", "--resume", "run", "--epochs", "3", "-q")


def test_a_run_that_is_being_trained_is_left_alone(done, fails):
    done("train", *LONG, "--epochs", "2", "--run-dir", "run", "-q")
    held = Lock(Path("run"))
    fails(1, rf"another training is running in run \(process {os.getpid()}\)", "train", "--resume", "run")
    held.release()
    fails(1, "nothing is no run directory: it has no config.toml", "train", "--resume", "nothing")


def test_two_runs_told_the_same_new_directory(outside, until, chainrule):
    process = outside("train", *LONG, "--epochs", "200000", "--run-dir", "run")
    until(Path("run/metrics.jsonl").exists, process)
    second = chainrule("train", *LONG, "--run-dir", "run")
    assert (second.code, second.err.count("\n")) == (1, 1)
    assert second.err.startswith(
        "chainrule: run holds a run already (config.toml, metrics.jsonl); go on with it by"
    )
    second = chainrule("train", "--resume", "run")
    assert (second.code, second.err.count("\n")) == (1, 1)
    assert second.err.startswith(f"chainrule: another training is running in run (process {process.pid}); wait")
