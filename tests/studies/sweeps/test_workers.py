"""Several workers give what one gives, to the bit; one that is killed takes nothing with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chainrule.core.errors import FileError, SettingError
from chainrule.studies.sweeps import Plan, Results, Workers
from chainrule.studies.sweeps.ledger import Ledger
from chainrule.studies.sweeps.workers import WorkersError

RANGES = {
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
    "width": {"low": 2, "high": 9},
    "depth": [1, 2],
}

joblib = pytest.importorskip("joblib")


@pytest.fixture
def pool():
    """Lets go of joblib's processes after the test."""
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


def test_one_worker_needs_no_library_and_keeps_the_order():
    assert list(Workers().run(abs, [-3, -1, -2])) == [3, 1, 2]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "given", [{"seeds": 2}, {"space": RANGES, "search": "random:trials=9", "prune": "halving", "epochs": 9}]
)
def test_two_workers_give_what_one_gives_to_the_bit(plan, swept, numbers, lines, pool, given):
    one = swept(plan(**given), "one")
    two = swept(plan(**given), "two", Workers(2))
    assert numbers(one) == numbers(two)
    assert len(lines("one")) == len(lines("two"))


def test_answers_come_from_processes_of_their_own_with_one_thread_each(pool):
    workers = Workers(2)
    assert sorted(workers.run(abs, [-1, -2, -3, -4, -5])) == [1, 2, 3, 4, 5]
    assert set(workers.run(os.getenv, ["OPENBLAS_NUM_THREADS"] * 4)) == {"1"}


def test_answers_that_nobody_fetches_any_more_leave_no_warning(pool):
    """As after Ctrl-C: the sweep lets go of its workers while results are on their way."""
    answers = Workers(2).run(time.sleep, [0.01] * 30)
    next(answers)
    time.sleep(0.3)
    answers.close()


@pytest.mark.thorough
def test_workers_that_only_die_end_the_sweep_in_one_line(pool):
    with pytest.raises(WorkersError, match="3 times a worker was killed"):
        list(Workers(2).run(os._exit, [1, 1]))


@pytest.mark.thorough
def test_an_error_of_a_task_is_no_death(pool):
    with pytest.raises(ValueError, match="invalid literal"):
        list(Workers(2).run(int, ["1", "x"]))


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_a_worker_killed_in_the_middle_costs_only_time(plan, swept, numbers, tmp_path):
    """A whole command, one of whose two workers is killed while it trains."""
    lists = {
        "width": [4, 8],
        "depth": [1, 2],
        "learning_rate": [0.001, 0.01, 0.1],
    }  # ordered as the command's help
    whole = swept(plan(lists, epochs=150, source="moons:n=200"), "whole")
    folder = tmp_path / "killed"
    words = ["--learning-rate", "0.001,0.01,0.1", "--width", "4,8", "--depth", "1,2", "--epochs", "150",
             "--batch-size", "8", "--validation", "0.3"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", "sweep", "moons:n=200", *words, "--workers", "2", "--run-dir", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    ledger = Ledger(folder / "trials.jsonl")
    until(lambda: len(ledger.read()) >= 2, process)
    victim = workers_of(process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    at = len(ledger.read())
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors.decode()
    assert b"Traceback" not in errors
    assert at < len(whole.outcomes), "killed too late to prove anything"
    records = ledger.read()
    assert len({r["point"] for r in records}) == len(records) == 12
    assert numbers(Results.of(Plan.from_toml(folder / "sweep.toml"), records)) == numbers(whole)


def until(condition, process):
    end = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def workers_of(parent):
    """The ids of loky's workers under a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and b"loky" in command and b"tracker" not in command:
            found.append(int(path.parent.name))
    return sorted(found)


@pytest.mark.parametrize("address", ["localhost:8786", "dask://localhost", "dask://:1", "tcp://h:1", "dask://h:x"])
def test_a_cluster_is_a_scheduler_and_a_port(address):
    with pytest.raises(SettingError, match="dask://HOST:PORT"):
        Workers(cluster=address)


@pytest.mark.parametrize("number", [0, -1])
def test_no_workers_are_refused(number):
    with pytest.raises(SettingError, match="--workers is a whole number of at least 1"):
        Workers(number)


@pytest.mark.thorough
def test_a_scheduler_that_is_not_there_is_an_error_in_one_line(monkeypatch):
    pytest.importorskip("distributed")
    from chainrule.studies.sweeps import workers

    monkeypatch.setattr(workers, "PATIENCE", 1)
    with pytest.raises(FileError, match=r"no Dask scheduler answers at dask://127\.0\.0\.1:9"):
        list(Workers(cluster="dask://127.0.0.1:9").run(abs, [1]))
