"""One twin network in every form that can express it: a Network, a module of chainrule.autograd, one of torch."""

import numpy as np
import pytest

import chainrule as cr
import chainrule.autograd as ag
from chainrule.diagnosis import diagnose, experiments

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 6)).astype("f4")
LABELS = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
VALUES = (X[:, :1] * X[:, 1:2]).astype("f4")

# what is wrong: weights to change, rate, activation, rows, target, loss
TWINS = {
    "healthy": {},
    "dead units": {"bias": -50.0},
    "equal weights": {"weights": 0.3},
    "a rate too high": {"optimizer": "sgd", "rate": 30.0},
    "a rate too low": {"rate": 1e-6, "epochs": 30},
    "features not scaled": {"X": X * 1000, "activation": "sigmoid", "optimizer": "sgd", "rate": 0.01},
    "linear layers": {"activation": None},
    "values, not standardized": {"y": VALUES * 500, "loss": "mean_squared_error", "epochs": 5},
}  # fmt: skip


def network(twin):
    activation = twin.get("activation", "relu")
    outputs = 1 if "y" in twin else 2
    parts = [cr.layers.LAYERS["dense"](6, 24), activation, cr.layers.LAYERS["dense"](24, 24), activation,
             cr.layers.LAYERS["dense"](24, outputs)]  # fmt: skip
    net = cr.Network([part for part in parts if part is not None], seed=0)
    state = net.state_dict()
    for name in state:
        if "weights" in twin and name.endswith("weight"):
            state[name][:] = twin["weights"]
    if "bias" in twin:
        state["0.bias"][:] = twin["bias"]
    return net


def in_form(form, twin, **more):
    net = network(twin)
    rows = twin.get("X", X)
    y = twin.get("y", LABELS)
    rate, kind, epochs = twin.get("rate", 0.01), twin.get("optimizer", "adam"), twin.get("epochs", 15)
    loss = twin.get("loss", "cross_entropy")
    if form == "network":
        optimizer = cr.optimizers.OPTIMIZERS.make({"name": kind, "learning_rate": rate})
        return diagnose(net, rows, y, loss=loss, optimizer=optimizer, epochs=epochs, prove=False, **more)
    lib = ag if form == "autograd" else pytest.importorskip("torch")
    module = lib.nn.Sequential(*(part.in_torch(lib) for part in net.modules))
    module.load_state_dict({name: lib.tensor(np.array(array)) for name, array in net.state_dict().items()})
    optimizer = {"adam": lib.optim.Adam, "sgd": lib.optim.SGD}[kind](module.parameters(), lr=rate)
    written = lib.nn.CrossEntropyLoss() if loss == "cross_entropy" else lib.nn.MSELoss()
    return diagnose(module, rows, y, loss=written, optimizer=optimizer, epochs=epochs, prove=False, **more)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A shorter training of the plain network that programs are compared with: enough for these."""
    monkeypatch.setattr(experiments, "STEPS", 500)


def causes(report):
    """A training that jumps about differs in its consequences, by rounding; its cause is the same."""
    return [(finding.rule, finding.severity) for finding in report.findings if finding.root]


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["autograd", "torch"])
@pytest.mark.parametrize("fault", TWINS)
def test_a_twin_gets_the_same_findings_in_every_form(fault, form):
    ours = causes(in_form("network", TWINS[fault]))
    assert causes(in_form(form, TWINS[fault])) == ours
    assert bool([rule for rule, severity in ours if severity != "INFO"]) == (fault != "healthy")


def test_what_is_examined_stays_as_it_was():
    net = network(TWINS["dead units"])
    before = {name: array.copy() for name, array in net.state_dict().items()}
    diagnose(net, X, LABELS, loss="cross_entropy", optimizer="adam", epochs=2, prove=True)
    assert all(np.array_equal(before[name], array) for name, array in net.state_dict().items())


def test_a_module_stays_as_it_was_with_its_optimizer_and_its_mode():
    module = ag.nn.Sequential(ag.nn.Linear(6, 8), ag.nn.ReLU(), ag.nn.Dropout(0.5), ag.nn.Linear(8, 2)).eval()
    module[2].train()
    optimizer = ag.optim.Adam(module.parameters())
    before = {name: value.numpy().copy() for name, value in module.state_dict().items()}
    diagnose(module, X, LABELS, loss=ag.nn.CrossEntropyLoss(), optimizer=optimizer, epochs=1, prove=False)
    assert all(np.array_equal(before[name], value.numpy()) for name, value in module.state_dict().items())
    assert (module.training, module[2].training, len(optimizer.state)) == (False, True, 0)


def test_what_is_no_program_is_refused_in_one_line():
    module = ag.nn.Sequential(ag.nn.Linear(6, 2))
    sgd = ag.optim.SGD(module.parameters(), lr=0.1)
    with pytest.raises(cr.ChainruleError, match="Network, or a Module"):
        diagnose([1], X, LABELS, loss=ag.nn.MSELoss(), optimizer=sgd)
    with pytest.raises(cr.ChainruleError, match="with its loss and optimizer"):
        diagnose(module, X, LABELS)
    with pytest.raises(cr.ChainruleError, match=r"optim\.SGD"):
        diagnose(module, X, LABELS, loss=ag.nn.MSELoss(), optimizer="adam")
    with pytest.raises(cr.ChainruleError, match="240 rows and y 3"):
        diagnose(module, X, LABELS[:3], loss=ag.nn.MSELoss(), optimizer=sgd)
    with pytest.raises(cr.ChainruleError, match="needs a loss"):
        diagnose(cr.MLP([6, 2]), X, LABELS)
