"""Remedies are run, and said to help only where they do."""

import numpy as np
import pytest

import chainrule.autograd as ag
from chainrule.diagnosis import changes, diagnose, experiments
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.proof import STEPS, Proof, Rival, better
from chainrule.diagnosis.tasks import task_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)).astype("f4")
Y = (X[:, :1] - X[:, 1:2]).astype("f4")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(experiments, "STEPS", 300)


def net(*, hidden=16, activation=ag.nn.ReLU, bias=0.0):
    ag.manual_seed(0)
    made = ag.nn.Sequential(ag.nn.Linear(4, hidden), activation(), ag.nn.Linear(hidden, 1))
    with ag.no_grad():
        made[0].bias.fill_(bias)
    return made


def program(module, rate=0.01, **more):
    optimizer = ag.optim.Adam(module.parameters(), lr=rate)
    return {"X": X, "y": Y, "loss": ag.nn.MSELoss(), "optimizer": optimizer, "epochs": 25, **more}


def test_a_cure_is_proved_on_several_seeds_with_both_curves():
    module = net(bias=-50.0)
    finding = diagnose(module, **program(module)).findings[0]
    assert (finding.rule, finding.confirmed) == ("dead-units", True)
    best = finding.proof.best
    assert len(best.skills) == 3
    assert best.skill > 0.9 > finding.proof.before.skill
    assert finding.proof.before.curve
    assert best.curve
    assert finding.cure is not None


def test_without_proof_nothing_is_run():
    module = net(bias=-50.0)
    finding = diagnose(module, **program(module), prove=False).findings[0]
    assert (finding.proof, finding.confirmed) == (None, None)
    assert finding.cure == finding.changes[0]


@pytest.mark.parametrize(
    ("skill", "before", "helped"),
    [(0.5, 0.0, True), (0.05, -8.0, False), (0.99, 0.97, True), (0.975, 0.97, False), (0.3, 0.3, False),
     (float("-inf"), 0.2, False), (0.2, float("-inf"), True)],
)  # fmt: skip
def test_a_gain_that_may_be_noise_is_none(skill, before, helped):
    assert better(skill, before) is helped
    assert Proof(Rival("as written", [before]), [Rival("a change", [skill])]).confirmed is helped


def apply(change, module, **more):
    task = task_of(X, Y)
    given = program(module)
    return change.apply(Program(module, X, Y, given["loss"], given["optimizer"], **more), task)


def test_a_change_leaves_the_program_it_is_given_alone():
    module = net()
    before = {name: value.numpy().copy() for name, value in module.state_dict().items()}
    for change in (
        changes.LearningRate(factor=0.1), changes.Optimizer("Adam", 1e-3), changes.Initialize("he"), changes.Activation("tanh"),
        changes.HiddenLayer(8), changes.HiddenLayers(8), changes.Normalize(), changes.StandardizeInputs(), changes.StandardizeTarget(), changes.Epochs(3),
        changes.OutputAndLoss(), changes.Together((changes.Epochs(2), changes.Initialize("he"))),
    ):  # fmt: skip
        running = apply(change, module).start()
        running.train(epochs=1)
        assert running.problem is None, change
        assert all(np.array_equal(before[name], value.numpy()) for name, value in module.state_dict().items()), (
            change
        )
        assert isinstance(module[1], ag.nn.ReLU)


def test_a_rate_is_changed_in_every_group_alike():
    module = net()
    groups = [{"params": module[0].parameters(), "lr": 0.1}, {"params": module[2].parameters(), "lr": 0.01}]
    given = Program(module, X, Y, ag.nn.MSELoss(), ag.optim.SGD(groups, lr=1.0))
    changed = changes.LearningRate(factor=0.5).apply(given, task_of(X, Y))
    assert [group["lr"] for group in changed.optimizer.param_groups] == [0.05, 0.005]
    rebuilt = changes.Initialize("he").apply(given, task_of(X, Y))
    assert [group["lr"] for group in rebuilt.optimizer.param_groups] == [0.1, 0.01]
    assert [len(group["params"]) for group in rebuilt.optimizer.param_groups] == [2, 2]


def test_what_finds_nothing_to_change_says_so():
    class Functional(ag.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = ag.nn.Linear(4, 8), ag.nn.Linear(8, 1)

        def forward(self, x):
            return self.last(ag.relu(self.first(x)))

    with pytest.raises(changes.CannotApply, match="as a function"):
        apply(changes.Activation("tanh"), Functional())
    with pytest.raises(changes.CannotApply):
        apply(changes.NoRegularization(), net())
    with pytest.raises(changes.CannotApply):
        apply(changes.KeepPairs(), net())


def test_twenty_lines_after_each_other_are_cured_by_two_layers_in_their_place():
    ag.manual_seed(0)
    module = ag.nn.Sequential(*[ag.nn.Linear(4, 4) for _ in range(20)], ag.nn.Linear(4, 1), ag.nn.Sigmoid())
    given = program(module, y=(X[:, :1] * X[:, 1:2] > 0).astype("f4"), loss=ag.nn.BCELoss(), epochs=30)
    finding = diagnose(module, **given).findings[0]
    assert (finding.rule, finding.confirmed) == ("no-nonlinearity", True)
    assert finding.cure == changes.HiddenLayers()
    cured = finding.cure.apply(Program(module, **given), task_of(X, given["y"])).module
    assert [type(part).__name__ for part in cured] == ["Linear", "ReLU", "Linear", "ReLU", "Linear", "Sigmoid"]


def test_where_no_change_helps_in_the_steps_there_are_more_are_taken():
    module = ag.nn.Sequential(ag.nn.Linear(4, 16), ag.nn.ReLU(), ag.nn.Linear(16, 1), ag.nn.Softmax(1))
    given = program(module, rate=1e-5, y=(X[:, :1] * X[:, 1:2] > 0).astype("f4"), epochs=1, batch_size=200)
    finding = diagnose(module, **given).findings[0]
    assert (finding.rule, finding.confirmed) == ("softmax-of-one-unit", True)
    assert changes.Epochs(STEPS) in finding.cure.parts  # of one step
