"""A callback of ``cr.fit`` that watches for the doctor: it changes nothing, and what it sees is so."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagnosis import Recorder, experiments
from chainrule.diagnosis.networks import module_of
from chainrule.diagnosis.sight import ModuleSight, NetworkSight
from chainrule.losses import LOSSES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6)).astype("f4")
LABELS = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
FIT = {"loss": "cross_entropy", "optimizer": "adam:learning_rate=0.01", "batch_size": 30}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(experiments, "STEPS", 300)


def network(**settings):
    return cr.MLP([6, 24, 24, 2], seed=0, **settings)


def test_a_training_that_is_watched_ends_at_the_same_bits():
    alone, watched = network(dropout=0.2), network(dropout=0.2)
    cr.fit(alone, X, LABELS, **FIT, epochs=4)
    cr.fit(watched, X, LABELS, **FIT, epochs=4, callbacks=[Recorder()])
    assert np.array_equal(alone.params.theta, watched.params.theta)


def rms(values):
    return np.sqrt(np.mean(np.square(values, dtype=float)))


@pytest.mark.parametrize("engine", ["numpy", "fused"])
def test_samples_are_of_the_gradients_and_weights_of_their_step(engine):
    seen = {}

    class Look(cr.Callback):
        def on_step_end(self, trainer):
            if trainer.state.t == 10:
                weights = trainer.network.state_dict()
                seen["weight"] = [rms(weights[f"{i}.weight"]) for i in (0, 2, 4)]
                seen["step"] = [rms(weights[f"{i}.weight"] - seen[i]) for i in (0, 2, 4)]
            elif trainer.state.t == 9:
                seen.update({i: trainer.network.state_dict()[f"{i}.weight"].copy() for i in (0, 2, 4)})

    recorder = Recorder()
    cr.fit(network(), X, LABELS, **FIT, epochs=2, callbacks=[recorder, Look()], engine=engine)
    assert [sample.t for sample in recorder.record.samples] == [10, 20]
    assert recorder.record.samples[0].weight == pytest.approx(seen["weight"], rel=1e-5)
    ratios = [step / weight for step, weight in zip(seen["step"], seen["weight"], strict=True)]
    assert recorder.record.samples[0].update == pytest.approx(ratios, rel=1e-4)
    assert all(value > 0 for value in recorder.record.samples[0].gradient)
    assert len(recorder.record.losses) == 20
    assert [check.t for check in recorder.record.checks] == [0, 10, 20]


def test_units_that_died_are_found_from_the_record_alone():
    net = network()
    net.params["0.bias"][:] = -50
    recorder = Recorder()
    cr.fit(net, X, LABELS, **FIT, epochs=12, callbacks=[recorder])
    assert [f.rule for f in recorder.report().findings][:1] == ["dead-units"]


def test_a_healthy_training_has_no_findings():
    recorder = Recorder()
    cr.fit(network(), X, LABELS, **FIT, epochs=40, callbacks=[recorder])
    report = recorder.report()
    assert [f.rule for f in report.findings if f.severity != "INFO"] == []
    assert report.evidence.train.skill > 0.8


def test_a_network_is_seen_as_its_module_is():
    net = cr.MLP([6, 8, 8, 2], activation="tanh", normalization="layer_norm", seed=1)
    loss = LOSSES.make("cross_entropy")
    ours = NetworkSight(net, loss, {}).look(X)
    theirs = ModuleSight(module_of(net, loss, net.state_dict())).look(X)
    assert [(a.activation, a.normalized) for a in ours.layers] == [
        (b.activation, b.normalized) for b in theirs.layers
    ]
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        np.testing.assert_allclose(a.z, b.z, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(a.a, b.a, rtol=1e-5, atol=1e-6)


def test_a_recorder_that_watched_nothing_says_so():
    with pytest.raises(cr.ChainruleError, match="watched no training"):
        Recorder().report()
