"""One training of a sweep is the training that ``train`` does, whatever the sweep keeps between trainings."""

import dataclasses

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.app import run as command
from chainrule.core.errors import DivergenceError
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import RunDirectory
from chainrule.studies.sweeps import trial
from chainrule.studies.sweeps.material import SweepRun, forget
from chainrule.studies.sweeps.trial import Job, run


def job(config, score="accuracy", **given):
    return Job(0, (), config, score, **given)


CONFIG = RunConfig("moons:n=60", validation=0.25, epochs=3, batch_size=8, seed=3, threads=1)


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal():.3f},{'abc'[i % 3]},{'xy'[i % 2]},{rng.normal():.3f}" for i in range(40)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["size,kind,answer,other", *rows]) + "\n")
    return str(path)


def test_the_score_is_that_of_a_plain_run_to_the_bit(tmp_path):
    plain = Run(CONFIG)
    plain.train_in(RunDirectory(tmp_path / "plain", "moons"))
    for _ in range(2):  # the second time with what the first one kept
        record = run(job(CONFIG, "loss"))
        assert record["score"] == plain.history.rows[-1]["validation_loss"]
    assert record["state"] == "done"
    assert record["epochs"] == 3
    assert record["parameters"] == plain.network.params.theta.size
    assert record["seconds"].keys() == {"preparing", "training", "scoring"}


def test_what_is_kept_between_trainings_is_not_mixed_up(table):
    """Jobs of two sources, splits, scalings and folds, each done by itself and then in turns."""
    configs = [
        dataclasses.replace(CONFIG, seed=1),
        dataclasses.replace(CONFIG, seed=2),
        dataclasses.replace(CONFIG, scale="none"),
        dataclasses.replace(CONFIG, validation=0.5),
        dataclasses.replace(CONFIG, source=table, target="answer"),
        dataclasses.replace(CONFIG, source=table, target="answer", embed=2),
    ]
    jobs = [job(c, "loss") for c in configs] + [job(configs[4], "loss", fold=f, folds=3) for f in range(3)]
    alone = []
    for each in jobs:
        forget()
        alone.append(run(each)["score"])
    assert len(set(alone)) == len(jobs)
    assert [run(each)["score"] for each in jobs] == alone
    assert [run(each)["score"] for each in reversed(jobs)] == alone[::-1]


@pytest.mark.parametrize("target", ["answer", "other"])
def test_folds_judge_every_row_once_and_never_learn_from_it(table, target):
    config = RunConfig(table, target=target, seed=5, epochs=1)
    runs = [SweepRun(config, fold, 4) for fold in range(4)]
    judged = np.concatenate([r.validation_rows for r in runs])
    assert sorted(judged) == list(range(40))
    for r in runs:
        assert len(r.validation_rows) == 10
        assert sorted([*r.validation_rows, *r.train_rows]) == list(range(40))
        if target == "answer":  # 20 rows of each class
            assert np.bincount(r.validation[1]).tolist() == [5, 5]
    other = SweepRun(dataclasses.replace(config, seed=6), 0, 4)
    assert not np.array_equal(other.validation_rows, runs[0].validation_rows)


def test_preprocessing_knows_the_training_rows_alone():
    made = SweepRun(RunConfig("moons:n=60", seed=1, epochs=1), 0, 3)
    mean = made.train[0].astype(float).mean(axis=0)
    np.testing.assert_allclose(made.network.preprocessing.mean, mean, rtol=1e-12)
    assert not np.allclose(mean, made.data.X.mean(axis=0), rtol=1e-6)


def test_a_share_of_the_epochs_is_the_same_training_stopped_there():
    whole = Run(dataclasses.replace(CONFIG, epochs=9))
    history = cr.fit(whole.network, *whole.train, **whole._fit_settings())
    for share, epochs in ((1 / 9, 1), (1 / 3, 3), (1.0, 9)):
        record = run(job(dataclasses.replace(CONFIG, epochs=9), "loss", share=share))
        assert (record["epochs"], record["score"]) == (epochs, history["validation_loss"][epochs - 1])


def test_any_metric_is_a_score():
    made = Run(CONFIG)
    cr.fit(made.network, *made.train, **made._fit_settings())
    expected = cr.evaluate(made.network, *made.validation, ["roc_auc"])["roc_auc"]
    assert run(job(CONFIG, "roc_auc"))["score"] == expected


def test_a_training_that_diverges_says_so_and_has_no_score():
    config = dataclasses.replace(CONFIG, optimizer="sgd", learning_rate=1e30, loss="mean_squared_error")
    record = run(job(config))
    assert (record["state"], record["score"]) == ("diverged", None)
    assert record["why"].startswith("diverged at step")
    made = Run(config)
    with pytest.raises(DivergenceError):
        cr.fit(made.network, *made.train, **made._fit_settings())


def test_a_training_that_cannot_be_done_fails_alone(monkeypatch):
    assert run(job(dataclasses.replace(CONFIG, batch_size=1000)))["state"] == "failed"
    assert "batch_size 1000" in run(job(dataclasses.replace(CONFIG, batch_size=1000)))["why"]
    monkeypatch.setattr(trial, "fit", lambda *a, **k: (_ for _ in ()).throw(MemoryError))
    assert run(job(CONFIG))["why"] == "MemoryError"


def test_a_watch_sees_every_epoch_and_may_end_it():
    seen = []
    record = run(job(CONFIG), lambda epoch, score: seen.append((epoch, score)) or epoch == 2)
    assert [epoch for epoch, _ in seen] == [1, 2]
    assert (record["state"], record["epochs"], record["score"]) == ("pruned", 2, seen[-1][1])


def test_training_from_the_best_file_gives_the_scores_of_the_sweep(plan, swept, tmp_path, monkeypatch, capsys):
    results = swept(plan(seeds=2, epochs=4, regularization=("l2:strength=0.001",)))
    monkeypatch.chdir(tmp_path)
    assert command(["train", "--config", "sweep/best.toml", "--run-dir", "again", "-q"]) == 0
    config = RunConfig.from_toml(tmp_path / "sweep" / "best.toml")
    made = Run(config)
    score = cr.evaluate(cr.load(tmp_path / "again" / "model.safetensors"), *made.validation)["accuracy"]
    assert score == results.best.scores[0]
    assert config.hidden == (results.best.values["width"],)
    assert config.learning_rate == results.best.values["learning_rate"]


def test_the_best_file_of_folds_trains_on_all_rows(plan, swept, tmp_path):
    swept(plan(folds=2))
    assert len(Run(RunConfig.from_toml(tmp_path / "sweep" / "best.toml")).train_rows) == 40
