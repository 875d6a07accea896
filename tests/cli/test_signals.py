"""Ctrl-C and SIGTERM: once finishes the batch and saves, twice stops at once."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.interrupt import Interrupt
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import RunDirectory

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of other systems")

# A step that never ends, so that a second signal surely finds the first one unanswered.
STUCK = (
    "import sys, time; from chainrule.training.trainer import Trainer; from chainrule.cli.app import run;"
    "Trainer.step = lambda self, rows: time.sleep(60); sys.exit(run(sys.argv[1:]))"
)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")]
)
def test_a_signal_finishes_the_batch_saves_and_reports(outside, until, done, number, code, word):
    process = outside("train", "moons:n=2000", "--epochs", "100000", "--run-dir", "run")
    metrics = Path("run/metrics.jsonl")
    until(lambda: metrics.exists() and metrics.read_text().count("\n") >= 2, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert f"{word}: finishing this batch and saving; once more stops at once\n" in err.decode()
    assert "Traceback" not in err.decode()
    assert f"stopped early by {word}" in out.decode()
    assert out.decode().splitlines()[-1].startswith("test accuracy: ")
    loaded = cr.load("run/model.safetensors")
    assert np.isfinite(loaded.params.theta).all()
    assert loaded.training["stopped"] == word
    assert loaded.training["epochs"] == metrics.read_text().count("\n")
    done("evaluate", "run", "moons", "-q")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_stops_at_once(outside, until, number, code):
    with Path("err.txt").open("wb") as err:
        process = outside("train", "xor", "--run-dir", "run", python=("-c", STUCK), stderr=err)
        until(Path("run/metrics.jsonl").exists, process)
        process.send_signal(number)
        until(lambda: "once more stops at once" in Path("err.txt").read_text(), process)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in Path("err.txt").read_text()


def test_a_signal_with_json_still_prints_one_document(outside, until):
    import json

    process = outside("train", "moons:n=2000", "--epochs", "100000", "--run-dir", "run", "--json")
    until(lambda: Path("run/metrics.jsonl").exists() and Path("run/metrics.jsonl").read_text(), process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["stopped"] == "Ctrl-C"


def test_signals_are_as_they_were_after_a_training(done):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    done("train", "xor", "--epochs", "1", "-q")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


class Sends(cr.Callback):
    """Sends this process a signal at one moment of a training."""

    def __init__(self, moment):
        self.moment = moment

    def _send(self, moment):
        if moment == self.moment:
            os.kill(os.getpid(), signal.SIGINT)

    def on_step_end(self, trainer):
        if trainer.state.t == 3:
            self._send("step")

    def on_epoch_end(self, trainer, row):
        if row["epoch"] == 2:
            self._send("epoch")

    def on_fit_end(self, trainer):
        self._send("end")


@pytest.mark.parametrize("moment", ["step", "epoch", "end"])
def test_a_signal_at_any_moment_loses_nothing(capsys, moment):
    run, interrupt = Run(RunConfig("moons:n=100", epochs=4, batch_size=20)), Interrupt()
    with interrupt.watching():
        run.train_in(RunDirectory(Path("run"), "moons"), [interrupt, Sends(moment)])
    assert interrupt.code == 130
    assert np.array_equal(cr.load("run/model.safetensors").params.theta, run.network.params.theta)
    assert run.network.training["steps"] == {"step": 3, "epoch": 10, "end": 20}[moment]


def test_without_a_signal_there_is_no_code():
    interrupt = Interrupt()
    with interrupt.watching():
        assert interrupt.code is None


def test_a_signal_before_the_training_ends_the_command(outside, until):
    slow = STUCK.replace("Trainer.step = lambda self, rows:", "import chainrule.runs.train as t; t.open_source = lambda config: open('loading', 'w').close() or")  # fmt: skip
    for number, codes in ((signal.SIGINT, {130}), (signal.SIGTERM, {143, -signal.SIGTERM})):
        Path("loading").unlink(missing_ok=True)
        process = outside("train", "xor", python=("-c", slow))
        until(Path("loading").exists, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode in codes
        assert out == b""
        assert b"Traceback" not in err
    assert sys.platform == "win32" or not Path("runs").exists()
