"""Whole sweeps: going on where one stopped, rungs, seeds and folds, and what is kept of them."""

import itertools
import json

import numpy as np
import pytest

from chainrule.core.errors import FileError
from chainrule.runs import RunConfig
from chainrule.studies.sweeps import Sweep, Workers, conduct
from chainrule.studies.sweeps.ledger import Ledger, append

RANGES = {
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
    "width": {"low": 2, "high": 9},
    "depth": [1, 2],
}


def test_a_grid_trains_every_point_with_every_seed_and_ranks_the_means(plan, swept, lines):
    results = swept(plan(seeds=3))
    records = lines()
    assert len(records) == 3 * 6 == len({(r["point"], r["seed"]) for r in records})
    for outcome in results.outcomes:
        scores = [r["score"] for r in records if r["point"] == outcome.point]
        assert list(outcome.scores) == scores
        assert outcome.mean == np.mean(scores)
        assert outcome.deviation == pytest.approx(np.std(scores, ddof=1), rel=1e-12)
    means = [outcome.mean for outcome in results.outcomes]
    assert means == sorted(means, reverse=True)


def test_what_is_better_lower_is_ranked_upwards(plan, swept):
    means = [o.mean for o in swept(plan(score="loss")).outcomes]
    assert means == sorted(means)
    assert len(set(means)) == 6


def test_folds_and_seeds_multiply(plan, swept, lines):
    swept(plan(folds=3, seeds=2))
    assert {(r["seed"], r["fold"]) for r in lines()} == {(s, f) for s in (0, 1) for f in (0, 1, 2)}
    assert len(lines()) == 6 * 6


class Stop(Exception):
    pass


@pytest.mark.parametrize("prune", [None, "halving:factor=2,steps=2"])
@pytest.mark.parametrize("after", [1, 4, 7])
def test_interrupted_it_goes_on_where_it_was(plan, swept, lines, numbers, monkeypatch, after, prune):
    asked = {"search": "random:trials=8", "space": RANGES, "prune": prune, "epochs": 4}
    whole = swept(plan(**asked), "whole")
    calls, real = [], conduct.run

    def stopping(job):
        calls.append(job.key)
        if len(calls) > after:
            raise Stop
        return real(job)

    monkeypatch.setattr(conduct, "run", stopping)
    with pytest.raises(Stop):
        swept(plan(**asked))
    assert len(lines()) == after
    monkeypatch.setattr(conduct, "run", lambda job: calls.append(job.key) or real(job))
    again = swept(plan(**asked))
    assert numbers(again) == numbers(whole)
    assert len(calls) == len(set(calls)) + 1  # only the training in which it stopped was begun twice
    assert [(r["point"], r["rung"], r["score"]) for r in lines()] == [
        (r["point"], r["rung"], r["score"]) for r in lines("whole")
    ]


def test_a_torn_last_line_is_cut_off_and_its_trial_done_again(plan, swept, numbers, tmp_path):
    whole = swept(plan())
    path = tmp_path / "sweep" / "trials.jsonl"
    text = path.read_text()
    path.write_text(text[:-30])
    again = swept(plan())
    assert numbers(again) == numbers(whole)
    assert len(path.read_text().splitlines()) == 6
    assert [json.loads(line)["score"] for line in path.read_text().splitlines()] == [
        json.loads(line)["score"] for line in text.splitlines()
    ]


def test_a_line_that_is_no_record_is_refused(plan, swept, tmp_path):
    swept(plan())
    path = tmp_path / "sweep" / "trials.jsonl"
    path.write_text("{}\n" + path.read_text())
    with pytest.raises(FileError, match="line 1: expected the record of a trial"):
        swept(plan())


def test_two_sweeps_do_not_write_into_one_folder(plan, swept, tmp_path):
    swept(plan())
    with Ledger(tmp_path / "sweep" / "trials.jsonl").writing() as file:
        with pytest.raises(FileError, match="another sweep is writing"):
            swept(plan())
        append(file, {"point": 0})
    swept(plan(), "other")


def test_a_folder_of_another_sweep_is_refused(plan, swept):
    swept(plan())
    with pytest.raises(FileError, match="holds another sweep: seeds is 1 there, 2 here; name another --run-dir"):
        swept(plan(seeds=2))


def test_a_failed_training_is_tried_again_and_a_diverged_one_is_not(plan, swept, lines, monkeypatch):
    real, calls = conduct.run, []

    def sometimes(job):
        calls.append(job.point)
        state = {1: "failed", 2: "diverged"}.get(job.point)
        return {**real(job), "state": state, "score": None, "why": "x"} if state else real(job)

    monkeypatch.setattr(conduct, "run", sometimes)
    results = swept(plan())
    assert {o.point: o.state for o in results.outcomes if o.state != "done"} == {1: "failed", 2: "diverged"}
    assert {o.point for o in results.outcomes[-2:]} == {1, 2}
    monkeypatch.setattr(conduct, "run", lambda job: calls.append(job.point) or real(job))
    again = swept(plan())
    assert calls == [0, 1, 2, 3, 4, 5, 1]
    assert {o.point: o.state for o in again.outcomes if o.state != "done"} == {2: "diverged"}


def test_halving_keeps_the_best_of_each_rung(plan, swept, lines):
    results = swept(plan(RANGES, search="random:trials=9", prune="halving:factor=3", epochs=9, score="loss"))
    rungs = [[r for r in lines() if r["rung"] == k] for k in range(3)]
    assert [len(rung) for rung in rungs] == [9, 3, 1]
    assert [{r["epochs"] for r in rung} for rung in rungs] == [{1}, {3}, {9}]
    for rung, following in itertools.pairwise(rungs):
        ranked = sorted(rung, key=lambda r: r["score"])
        assert {r["point"] for r in following} == {r["point"] for r in ranked[: len(following)]}
    assert results.best.point == rungs[2][0]["point"]
    assert [o.state for o in results.outcomes] == ["done"] + ["pruned"] * 8


def test_halving_never_keeps_what_diverged(plan, swept, lines):
    lists = {"learning_rate": [1e30, 1e29, 0.01, 1e28]}
    results = swept(plan(lists, prune="halving:factor=2", epochs=4, optimizer="sgd", loss="mean_squared_error"))
    assert [r["point"] for r in lines() if r["rung"]] == [2, 2]
    assert (results.best.point, results.count("diverged")) == (2, 3)


def test_a_sweep_whose_points_all_diverge_has_no_best(plan, swept, tmp_path):
    lists = {"learning_rate": [1e30, 1e29]}
    results = swept(plan(lists, optimizer="sgd", loss="mean_squared_error"))
    assert results.best is None
    assert not (tmp_path / "sweep" / "best.toml").exists()


def test_a_session_adds_up(plan, tmp_path):
    made = Sweep(plan().settled(), tmp_path, Workers())
    made.begin()
    made.run()
    made.run()  # nothing left to do, nothing written
    (session,) = made.sessions()
    assert (session.workers, session.trainings) == (1, 6)
    assert 0 < session.preparing + session.training + session.scoring <= session.wall
    assert session.lost == pytest.approx(1 - session.training / session.wall)
    assert session.a_minute == pytest.approx(360 / session.wall)


def test_progress_counts_up_and_knows_the_best(plan, tmp_path):
    said = []
    made = Sweep(plan().settled(), tmp_path, Workers())
    made.begin()
    results = made.run(lambda p: said.append((p.done, p.of, p.here, p.best)))
    assert [s[0] for s in said] == list(range(7))
    assert {s[1] for s in said} == {6}
    assert said[0][3] is None
    assert said[-1][3] == results.best.mean


def test_the_best_file_is_a_whole_configuration(plan, swept, tmp_path):
    results = swept(plan({"optimizer.momentum": [0.5, 0.9]}, optimizer="sgd:nesterov=true", learning_rate=0.1))
    config = RunConfig.from_toml(tmp_path / "sweep" / "best.toml")
    momentum = results.best.values["optimizer.momentum"]
    assert config.optimizer == f"sgd:nesterov=true,momentum={momentum}"
    assert (config.validation, config.seed, config.epochs) == (0.3, 0, 2)
