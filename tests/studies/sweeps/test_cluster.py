"""A Dask scheduler with two workers on loopback, one of them killed in the middle of a sweep."""

import importlib.util
import threading
from pathlib import Path

import pytest

from chainrule.studies.sweeps import Sweep, Workers
from chainrule.studies.sweeps.ledger import Ledger

pytest.importorskip("distributed")
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]

SPEC = importlib.util.spec_from_file_location("servers", Path(__file__).with_name("servers.py"))
servers = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(servers)

LISTS = {"learning_rate": [0.001, 0.01, 0.1], "width": [4, 8], "depth": [1, 2]}


def test_a_cluster_that_loses_a_worker_gives_what_one_process_gives(plan, swept, numbers, lines, tmp_path):
    asked = plan(LISTS, epochs=100, source="moons:n=200").settled()
    whole = swept(asked, "whole", settled=True)
    folder = tmp_path / "cluster"
    folder.mkdir()
    with servers.DaskCluster(folder, 2) as cluster:
        made = Sweep(asked, folder, Workers(cluster=cluster.url))
        servers.until(lambda: made.workers.count() == 2)
        made.begin()
        ledger, killed = Ledger(folder / "trials.jsonl"), []

        def kill():
            servers.until(lambda: len(ledger.read()) >= 2)
            cluster.workers[0].kill()
            killed.append(len(ledger.read()))

        killer = threading.Thread(target=kill)
        killer.start()
        results = made.run()
        killer.join()
        assert killed[0] < len(whole.outcomes), "killed too late to prove anything"
        assert made.workers.count() == 1
    assert numbers(results) == numbers(whole)
    assert len(lines("cluster")) == len({r["point"] for r in lines("cluster")}) == 12
