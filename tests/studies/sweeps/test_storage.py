"""Trials in a storage that workers share: each done once, those of the dead again, and TPE that repeats itself."""

import json

import pytest

from chainrule.core.errors import FileError, SettingError
from chainrule.studies.sweeps import Store, Sweep, Workers, storage, taking
from chainrule.studies.sweeps.suggesting import sampler

optuna = pytest.importorskip("optuna")

RANGES = {
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True}, "width": {"low": 2, "high": 9, "log": True},
    "depth": [1, 2], "activation": ["relu", "tanh"], "dropout": {"low": 0.0, "high": 0.5},
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return lambda study="s", **given: Store(f"sqlite:///{tmp_path / 'store.db'}", study, **given)


@pytest.fixture(autouse=True)
def closed():
    """Connections of a test are let go of after it."""
    yield
    for opened in storage._OPENED.values():
        opened.remove_session()
        opened.engine.dispose()
    storage._OPENED.clear()
    storage._STUDIES.clear()


def trials(store, plan, *states):
    return storage.trials(storage.opened(store, plan), *states)


def test_a_grid_in_a_storage_gives_what_it_gives_without(plan, swept, numbers, store):
    given = {"seeds": 2, "space": {"hidden": [[4], [4, 4], []], "learning_rate": [0.01, 0.1]}}
    assert numbers(swept(plan(**given), "with", store=store())) == numbers(swept(plan(**given), "without"))


@pytest.mark.thorough
def test_a_random_search_in_a_storage_gives_what_it_gives_without(plan, swept, numbers, store):
    given = {"search": "random:trials=5", "space": RANGES}
    assert numbers(swept(plan(**given), "with", store=store())) == numbers(swept(plan(**given), "without"))


@pytest.mark.thorough
def test_tpe_with_one_worker_repeats_itself_also_when_it_was_interrupted(plan, swept, numbers, lines, monkeypatch):
    given = {"search": "tpe:trials=13", "space": RANGES, "epochs": 1}
    whole = swept(plan(**given), "whole")
    assert len(lines("whole")) == 13
    assert len({json.dumps(r["values"]) for r in lines("whole")}) == 13
    real, calls = taking.run, []

    def stopping(job, watch=None):
        calls.append(job)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return real(job, watch)

    monkeypatch.setattr(taking, "run", stopping)
    with pytest.raises(KeyboardInterrupt):
        swept(plan(**given), "stopped")
    assert len(lines("stopped")) == 11
    again = swept(plan(**given), "stopped")
    assert len(again.outcomes) == 13
    by_point = {o.point: o.values for o in whole.outcomes}
    # the one that was stopped has another number when it is drawn again, and so other values
    assert sum(by_point[o.point] == o.values for o in again.outcomes) == 12
    assert numbers(swept(plan(**given), "second")) == numbers(whole)


def test_workers_of_one_number_draw_differently_by_trial(plan):
    made = plan(search="tpe", space=RANGES)

    class Trial:
        def __init__(self, number):
            self.number = number

    seeds = {sampler(made)._of(Trial(i))._rng.rng.randint(2**31) for i in range(20)}
    assert len(seeds) == 20


def test_there_are_as_many_trials_as_asked_for_whoever_joins(plan, swept, tmp_path, store):
    """Two who join one study share its queue; whoever comes late finds nothing left."""
    made = plan(search="tpe:trials=6", space=RANGES, epochs=1).settled()
    first = storage.join(store(), made)
    assert len(first.trials) == 6
    assert len(storage.join(store(), made).trials) == 6
    done = [taking.work((store(), made)) for _ in range(2)]
    assert [len(records) for records in done] == [1, 1]
    results = swept(made, store=store(), settled=True)
    assert len(results.outcomes) == 6
    assert taking.work((store(), made)) == []
    assert len(first.trials) == 6


def test_the_trial_of_a_worker_that_fell_silent_is_done_again(plan, swept, store):
    """A worker takes a trial and is never heard of again."""
    made = plan().settled()
    short = store(heartbeat=1)
    study = storage.join(short, made)
    with pytest.warns(UserWarning, match="supposed to be used with Study.optimize"):
        lost = study.ask()  # and does not: there is no thread that gives signs of life
    opened = storage._storage(short)
    opened.record_heartbeat(lost._trial_id)
    results = swept(made, store=short, settled=True)  # waits for it, then does its work
    assert {o.state for o in results.outcomes} == {"done"}
    assert len(results.outcomes) == 6
    assert [t.state.name for t in trials(short, made)].count("FAIL") == 1
    assert len(trials(short, made)) == 7


@pytest.mark.parametrize("when", ["in its training", "after it"])
def test_a_worker_that_was_given_up_too_early_goes_on(plan, swept, numbers, store, monkeypatch, when):
    """Its trial is done again by whoever takes it; its own result comes too late and is left out."""
    made = plan().settled()
    whole = swept(made, "whole", settled=True)
    real, given_up = taking._objective, []

    def slow(trial, *rest):
        late = not given_up
        given_up.append(trial.number)
        value = real(trial, *rest) if when == "after it" or not late else None
        if late:
            opened = storage._storage(store())
            opened.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.FAIL)
            opened.get_heartbeat_stale_trial_callback()(trial.study, opened.get_trial(trial._trial_id))
        return real(trial, *rest) if value is None else value

    monkeypatch.setattr(taking, "_objective", slow)
    results = swept(made, "late", store=store(), settled=True)
    assert len(given_up) == 7
    assert numbers(results) == numbers(whole)
    assert [t.state.name for t in trials(store(), made)].count("FAIL") == 1


def test_several_seeds_and_folds_are_one_trial(plan, swept, store, lines):
    made = plan(seeds=2, folds=2).settled()
    swept(made, store=store(), settled=True)
    assert len(trials(store(), made)) == 6
    assert len(lines()) == 24


@pytest.mark.thorough
def test_a_hopeless_trial_is_pruned(plan, swept, store, lines):
    asked = plan(
        {"learning_rate": [0.1, 1e-9]}, search="tpe:trials=16", prune="median:startup=2", epochs=6, score="loss"
    )
    results = swept(asked, store=store())
    assert results.count("pruned") > 0
    assert {o.values["learning_rate"] for o in results.outcomes if o.state == "pruned"} >= {1e-9}
    assert all(r["epochs"] < 6 for r in lines() if r["state"] == "pruned")
    assert results.best.values["learning_rate"] == 0.1


@pytest.mark.thorough
def test_of_several_seeds_the_mean_so_far_is_looked_at(plan, swept, store, lines):
    asked = plan(
        {"learning_rate": [0.1, 1e-9]}, search="tpe:trials=16", prune="median:startup=2", seeds=3, score="loss"
    )
    results = swept(asked, store=store())
    assert results.count("pruned") > 0
    assert {len(o.scores) for o in results.outcomes if o.state == "done"} == {3}
    assert {len(o.scores) for o in results.outcomes if o.state == "pruned"} <= {1, 2}


@pytest.mark.thorough
def test_a_trial_that_diverges_is_bad_and_one_that_fails_is_tried_again(plan, swept, store, monkeypatch):
    real = taking.run

    def failing(job, watch=None):
        return {**real(job, watch), "state": {1: "failed", 2: "diverged"}.get(job.point, "done"), "why": "x"}

    monkeypatch.setattr(taking, "run", failing)
    results = swept(plan(), store=store())
    assert {o.point: o.state for o in results.outcomes if o.state != "done"} == {1: "failed", 2: "diverged"}
    monkeypatch.setattr(taking, "run", real)
    results = swept(plan(), store=store())
    assert {o.point: o.state for o in results.outcomes if o.state != "done"} == {2: "diverged"}


@pytest.mark.thorough
def test_a_study_of_another_sweep_is_refused(plan, swept, store):
    swept(plan(), store=store())
    with pytest.raises(SettingError, match="is of another sweep; name another --study"):
        swept(plan(seeds=2), "other", store=store())
    swept(plan(seeds=2), "third", store=store("another"))


def test_the_password_of_a_storage_is_never_shown_or_written(plan, tmp_path):
    store = Store("postgresql://me:secret@127.0.0.1:9/none", "s")
    assert store.shown == "postgresql://me:***@127.0.0.1:9/none"
    pytest.importorskip("psycopg")
    made = Sweep(plan().settled(), tmp_path, Workers(), store)
    made.begin()
    with pytest.raises(FileError, match="cannot open the storage") as caught:
        made.run()
    assert "secret" not in str(caught.value)
    assert all("secret" not in path.read_text() for path in tmp_path.iterdir())


@pytest.mark.parametrize("url", ["mysql://x/y", "store.db", "sqlite:/x", ""])
def test_a_storage_is_sqlite_or_postgresql(url):
    with pytest.raises(SettingError, match="--storage takes"):
        Store(url, "s")


def test_a_storage_that_cannot_be_written_is_an_error_in_one_line(plan, swept):
    with pytest.raises(FileError, match="cannot open the storage"):
        swept(plan(), store=Store("sqlite:////nowhere/at/all.db", "s"))


def test_halving_needs_all_runs_in_one_hand(plan, tmp_path, store):
    with pytest.raises(SettingError, match="one hand; leave out --storage"):
        Sweep(plan(prune="halving").settled(), tmp_path, Workers(), store())


def test_tpe_on_a_cluster_needs_a_storage_that_all_reach(plan, tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(SettingError, match="needs a --storage"):
        Sweep(plan(search="tpe").settled(), tmp_path, Workers(cluster="dask://h:1"))
