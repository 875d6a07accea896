"""A loop of the user's own is watched, and no line of it changed."""

import numpy as np
import pytest

import chainrule as cr
import chainrule.autograd as ag
from chainrule.diagnosis import experiments, watch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5)).astype("f4")
Y = (2 * X[:, :1] + X[:, 1:2]).astype("f4")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(experiments, "STEPS", 300)


@pytest.fixture(params=["autograd", "torch"])
def lib(request):
    return ag if request.param == "autograd" else pytest.importorskip("torch")


def loop(lib, loss, target, *, output=None, zero_grad=True, epochs=12, rate=0.05):
    """What a user writes; returns the losses."""
    nn = lib.nn
    lib.manual_seed(0)
    width = 1 if target.dtype == np.float32 else 3
    parts = [nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, width)] + ([output] if output else [])
    net = nn.Sequential(*parts)
    optimizer = lib.optim.SGD(net.parameters(), lr=rate)
    x, y = lib.from_numpy(X.copy()), lib.from_numpy(target.copy())

    def run():
        losses = []
        for _ in range(epochs):
            for i in range(0, 200, 25):
                if zero_grad:
                    optimizer.zero_grad()
                value = loss(net(x[i : i + 25]), y[i : i + 25])
                value.backward()
                optimizer.step()
                losses.append(float(value.detach()))
        return losses

    return net, optimizer, run


def causes(report):
    return [finding.rule for finding in report.findings if finding.root and finding.severity != "INFO"]


def test_a_healthy_loop_has_no_findings_and_runs_to_the_same_bits(lib):
    *_, run = loop(lib, lib.nn.MSELoss(), Y)
    alone = run()
    net, optimizer, run = loop(lib, lib.nn.MSELoss(), Y)
    with watch(net, optimizer) as seen:
        watched = run()
    assert watched == alone
    assert causes(seen.report()) == []
    assert (len(seen.record.losses), seen.record.losses) == (len(alone), alone)


def test_gradients_that_nobody_sets_to_zero_are_found(lib):
    net, optimizer, run = loop(lib, lib.nn.MSELoss(), Y, zero_grad=False)
    with watch(net, optimizer) as seen:
        run()
    assert causes(seen.report())[:1] == ["stale-gradients"]


def test_a_softmax_before_a_loss_of_logits_is_found(lib):
    labels = X[:, :3].argmax(axis=1)
    net, optimizer, run = loop(lib, lib.nn.CrossEntropyLoss(), labels, output=lib.nn.Softmax(1))
    with ag.strict(False), watch(net, optimizer) as seen:
        run()
    assert causes(seen.report())[:1] == ["output-and-loss"]


def test_a_loss_of_ones_own_is_watched_without_its_targets(lib):
    net, optimizer, run = loop(lib, lambda out, y: ((out - y) ** 2).mean(), Y, rate=0.05)
    with watch(net, optimizer) as seen:
        run()
    report = seen.report()
    assert report.evidence.loss.kind == "unknown"
    assert [f.rule for f in report.findings if f.severity == "ERROR"] == []


def test_after_it_everything_is_as_it_was(lib):
    before = (lib.Tensor.backward, lib.nn.functional.mse_loss)
    net, optimizer, run = loop(lib, lib.nn.MSELoss(), Y, epochs=1)

    def stumbling():
        run()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watch(net, optimizer):
        stumbling()
    assert (lib.Tensor.backward, lib.nn.functional.mse_loss) == before
    assert "step" not in vars(optimizer)


def test_a_loop_that_makes_no_step_is_said_to_show_nothing(lib):
    net, optimizer, _ = loop(lib, lib.nn.MSELoss(), Y)
    with watch(net, optimizer) as seen:
        pass
    with pytest.raises(cr.ChainruleError, match="nothing was seen"):
        seen.report()
    with pytest.raises(cr.ChainruleError, match="its optimizer"):
        watch(net, "adam")
