"""What is no continuation of a checkpoint is refused, and what differs is shown."""

import logging

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import FileError, InputError, SettingError
from chainrule.core.lock import Lock
from chainrule.training.checkpoints import file, identity
from chainrule.training.checkpoints.every import Every


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"optimizer": "sgd"},
            r"optimizer 'SGD\(learning_rate=0.01.*\(the checkpoint: 'Adam\(learning_rate=0.001",
        ),
        (
            {"optimizer": "adam:learning_rate=0.01"},
            r"optimizer 'Adam\(learning_rate=0.01, .*the checkpoint: 'Adam\(learning_rate=0.001",
        ),
        ({"batch_size": 10}, r"batch_size 10 \(the checkpoint: 8\)"),
        ({"seed": 1}, r"seed 1 \(the checkpoint: 0\)"),
        ({"shuffle": False}, r"shuffle False \(the checkpoint: True\)"),
        ({"accumulate": 2}, r"accumulate 2 \(the checkpoint: 1\)"),
        ({"schedule": "cosine"}, r"schedule 'Cosine\(.*the checkpoint: 'Constant"),
        ({"regularization": ["l2"]}, r"regularization .*L2.*\(the checkpoint: \[\]\)"),
        ({"metrics": ["f1"]}, r"metrics \['f1'\] \(the checkpoint: \[\]\)"),
        ({"learning_rates": {"0": 0.5}}, r"learning_rates \{'0': 0.5\} \(the checkpoint: \{\}\)"),
        ({"callbacks": ["early_stopping"]}, r"callbacks .*EarlyStopping.*\(the checkpoint: \[\]\)"),
        ({"network": {"dropout": 0.1}}, r"network .*Dropout"),
        ({"network": {"dtype": "float64"}}, r"dtype 'float64' \(the checkpoint: 'float32'\)"),
        ({"batch_size": 10, "seed": 1}, "batch_size 10 .*seed 1 "),
    ],
    ids=str,
)
def test_other_settings_are_refused_and_shown(problem, settings, says):
    problem.train(resume=False, until=7)
    before = (problem.folder / "last.safetensors").read_bytes()
    with pytest.raises(SettingError, match=f"the checkpoint is of a training with other settings; here {says}"):
        problem.train(resume=True, **settings)
    assert (problem.folder / "last.safetensors").read_bytes() == before
    assert problem.train(resume=True) == problem.train()


def test_other_data_are_refused_and_named(problem):
    weights = np.ones(30)
    given = {"validation": problem.held, "sample_weight": weights}
    problem.train(resume=False, until=7, **given)
    X, y, other = problem.X.copy(), problem.y.copy(), weights.copy()
    X[3, 1] = np.nextafter(np.float32(X[3, 1]), np.float32(9))
    y[0] = (y[0] + 1) % 3
    other[5] = 2
    held = problem.held[0] + 1, problem.held[1]
    cases = [
        ({"data": (X, problem.y)}, "here the features SHA-256 .*the targets and weights and validation features"),
        ({"data": (problem.X, y)}, "here the targets SHA-256 "),
        (
            {"sample_weight": other},
            r"here the weights SHA-256 \w{12}\.\.\. \(the checkpoint: SHA-256 \w{12}\.\.\.\)",
        ),
        ({"sample_weight": None}, "here the weights none"),
        ({"validation": held}, "here the validation features SHA-256"),
        ({"data": (problem.X[::-1], problem.y[::-1])}, "here the features .* the targets SHA-256"),
    ]
    for change, says in cases:
        with pytest.raises((InputError, SettingError), match=says):
            problem.train(resume=True, **{**given, **change})
    assert problem.train(resume=True, **given) == problem.train(**given)


def test_another_length_is_refused_where_the_way_depends_on_it(problem):
    for settings, who in (
        ({"schedule": "one_cycle"}, "one_cycle"),
        ({"schedule": "cosine"}, "cosine"),
        ({"schedule": "constant:warm_up=0.1"}, "constant"),
        ({"regularization": ["swa"]}, "swa"),
    ):
        problem.clean()
        problem.train(resume=False, until=7, **settings)
        with pytest.raises(
            SettingError, match=f"epochs is 6, and the checkpoint is of a training of 4: {who} depends"
        ):
            problem.train(resume=True, epochs=6, **settings)
    problem.clean()
    problem.train(resume=False, until=10)
    with pytest.raises(SettingError, match="epochs is 1, and the checkpoint is in epoch 3; name 3 or more"):
        problem.train(resume=True, epochs=1)


def test_what_has_no_checkpoints_is_refused_with_the_reason(problem, tmp_path):
    with pytest.raises(SettingError, match="lbfgs keeps what it has learned of the loss within SciPy"):
        problem.train(resume=False, optimizer="lbfgs", batch_size=None)
    state = cr.fit(net := cr.MLP([4, 3]), problem.X, problem.y, loss="cross_entropy", epochs=1).state
    with pytest.raises(SettingError, match="leave out state, or checkpoint"):
        cr.fit(net, problem.X, problem.y, state=state, checkpoint=tmp_path / "c")
    with pytest.raises(SettingError, match="resume goes on from a checkpoint; name its folder by checkpoint"):
        cr.fit(net, problem.X, problem.y, resume=True)
    with pytest.raises(SettingError, match="checkpoint is the name of a folder, not 3"):
        cr.fit(net, problem.X, problem.y, checkpoint=3)
    with pytest.raises(SettingError, match="on_checkpoint_error is one of continue, stop"):
        cr.fit(net, problem.X, problem.y, checkpoint=tmp_path / "c", on_checkpoint_error="ignore")
    with pytest.raises(TypeError):
        cr.partial_fit(net, problem.X, problem.y, checkpoint=tmp_path / "c")


def test_checkpoints_that_are_there_are_not_written_over(problem):
    problem.train(resume=False, until=7)
    with pytest.raises(
        FileError, match="holds the checkpoints of a training already; go on with it by resume=True"
    ):
        problem.train(resume=False)


def test_a_folder_that_is_in_use_is_refused(problem):
    problem.train(resume=False, until=7)
    held = Lock(problem.folder)
    with pytest.raises(FileError, match="another training is running"):
        problem.train(resume=True)
    held.release()
    problem.train(resume=True)
    assert not (problem.folder / ".lock").exists()


def test_a_refused_training_lets_go_of_its_folder(problem):
    problem.train(resume=False, until=7)
    with pytest.raises(SettingError):
        problem.train(resume=True, seed=5)
    problem.train(resume=True)


def test_another_gear_is_taken_from_the_checkpoint_or_told_of(problem, caplog, monkeypatch):
    pytest.importorskip("numba")
    expected = problem.train(engine="fused")
    problem.train(resume=False, until=7, engine="fused")
    assert problem.train(resume=True, engine="auto") == expected  # where the tests say that auto is numpy
    assert not caplog.records
    problem.clean()
    problem.train(resume=False, until=7, engine="fused")
    with caplog.at_level(logging.WARNING, "chainrule"):
        problem.train(resume=True, until=8, engine="numpy")
    assert "going on with engine numpy (the checkpoint: 'fused'): the last bits may differ" in caplog.text

    def missing():
        raise cr.ChainruleError("numba is not installed")

    problem.clean()
    problem.train(resume=False, until=7, engine="fused")
    monkeypatch.setattr("chainrule.core.kernels.ready", missing)
    with pytest.raises(SettingError, match="is of the engine fused, which can't run here: numba is not installed"):
        problem.train(resume=True, engine="auto")


def test_other_versions_are_told_of(problem, caplog, monkeypatch):
    problem.train(resume=False, until=7)
    found = identity.versions
    monkeypatch.setattr(identity, "versions", lambda *given: {**found(*given), "NumPy": "9.9", "BLAS": "my own"})
    with caplog.at_level(logging.WARNING, "chainrule"):
        problem.train(resume=True)
    assert "going on with NumPy 9.9 (the checkpoint: '" in caplog.text
    assert "BLAS my own (the checkpoint: 'openblas" in caplog.text


def test_a_checkpoint_writes_no_control_characters_into_a_warning(problem, caplog):
    problem.train(resume=False, until=7)
    path = problem.folder / "last.safetensors"
    content = file.read(path)
    content["versions"] |= {"\x1b[2Jkernel\n": "\x1b[31m", "NumPy": "\x07"}
    file.write(path, content)
    with caplog.at_level(logging.WARNING, "chainrule"):
        problem.train(resume=True)
    assert "kernel" in caplog.messages[0]
    assert caplog.messages[0].isprintable()


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (500, (500, "steps")), ("500", (500, "steps")), ("1step", (1, "steps")), ("7 steps", (7, "steps")),
        ("1epoch", (1, "epochs")), ("2epochs", (2, "epochs")), ("30s", (30, "seconds")), ("10m", (600, "seconds")),
        ("1h", (3600, "seconds")),
    ],
)  # fmt: skip
def test_how_often_is_said_in_steps_epochs_or_time(said, means):
    assert Every.of(said) == Every(*means)


@pytest.mark.parametrize(
    "said", [0, "0s", -1, True, 1.5, "", "m", "1.5h", "2e", "10 min", "1d", None, [3], "9" * 16]
)
def test_what_is_no_cadence_is_refused(said):
    with pytest.raises(SettingError, match='checkpoint_every is a number of steps, as 500, or as "2epochs"'):
        Every.of(said)
