"""A real PostgreSQL, and workers started by hand that share a study in it."""

import gc
import importlib.util
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from chainrule.studies.sweeps import Plan, Results, Store, storage
from chainrule.studies.sweeps.ledger import Ledger

pytest.importorskip("optuna")
pytest.importorskip("psycopg")
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]

SPEC = importlib.util.spec_from_file_location("servers", Path(__file__).with_name("servers.py"))
servers = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(servers)

WORDS = ["--width", "4,8", "--depth", "1,2", "--batch-size", "8", "--validation", "0.3"]
GRID = ["--learning-rate", "0.001,0.01,0.1", "--epochs", "100"]


@pytest.fixture(scope="module")
def database():
    if servers.postgresql() is None:
        assert os.environ.get("CHAINRULE_POSTGRESQL") != "required", "PostgreSQL is not installed"
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    with servers.PostgreSQL() as server:
        yield server.url
        for opened in storage._OPENED.values():
            opened.remove_session()
            opened.engine.dispose()
        storage._OPENED.clear()
        storage._STUDIES.clear()
        with warnings.catch_warnings():  # a storage that was opened while the workers made its tables leaves one
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture
def worker(database, tmp_path):
    """The command as it is started by hand on each machine, in a folder of its own."""
    started = []

    def start(name, *words):
        command = [sys.executable, "-m", "chainrule", "sweep", "moons:n=200", *WORDS, "--storage", database]
        process = subprocess.Popen(
            [*command, "--heartbeat", "1", "--run-dir", tmp_path / name, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_of_two_workers_one_is_killed_and_the_other_ends_with_what_one_alone_gives(
    worker, database, plan, swept, numbers, tmp_path
):
    lists = {
        "width": [4, 8],
        "depth": [1, 2],
        "learning_rate": [0.001, 0.01, 0.1],
    }  # ordered as the command's help
    asked = plan(lists, epochs=100, source="moons:n=200").settled()
    whole = swept(asked, "whole", settled=True)
    first, second = worker("first", *GRID), worker("second", *GRID)
    store = Store(database, storage_name(first, tmp_path), 1)
    made = Plan.from_toml(tmp_path / "first" / "sweep.toml")

    def running():
        return len(storage.trials(storage.opened(store, made), "RUNNING")) == 2

    servers.until(lambda: storage_there(store, made))
    servers.until(running)
    first.send_signal(signal.SIGKILL)
    out, errors = second.communicate(timeout=600)
    assert second.returncode == 0, errors.decode()
    assert b"Traceback" not in errors
    assert b"secret" not in out + errors
    again = [t for t in storage.trials(storage.opened(store, made)) if t.state.name == "FAIL"]
    assert again, "nothing was put back"  # one; where the machine is slow, a live worker may be given up too
    results = Results.of(made, Ledger(tmp_path / "second" / "trials.jsonl").read())
    assert numbers(results) == numbers(whole)
    third = worker("third", *GRID)  # whoever comes late finds everything done
    out, _ = third.communicate(timeout=600)
    assert third.returncode == 0
    assert b"12 points: 12 done" in out
    assert not (tmp_path / "third" / "sessions.jsonl").exists()


def storage_name(process, tmp_path):
    """The study's name, which follows from the plan that the first worker wrote."""
    path = tmp_path / "first" / "sweep.toml"
    servers.until(path.exists)
    assert process.poll() is None
    return Plan.from_toml(path).name


def storage_there(store, made):
    from chainrule.core.errors import ChainruleError

    try:
        return bool(storage.trials(storage.opened(store, made)))
    except (KeyError, ChainruleError):
        return False


def test_tpe_is_shared_as_well(worker, tmp_path):
    words = ["--search", "tpe", "--trials", "8", "--prune", "median", "--epochs", "3",
             "--learning-rate", "log:1e-4..1"]  # fmt: skip
    both = [worker(name, *words) for name in ("a", "b")]
    for process in both:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()
    records = [Ledger(tmp_path / name / "trials.jsonl").read() for name in ("a", "b")]
    assert sorted({r["point"] for r in records[0]}) == list(range(8))
    assert records[0] == records[1]
