"""A trained module that predicts in training mode is refused; nothing that ordinary programs do is."""

import copy
import threading

import pytest

import chainrule.autograd as torch
from chainrule.autograd.errors import StrictError
from chainrule.core.guards import collected

F, nn = torch.nn.functional, torch.nn
x, y = torch.randn(8, 3), torch.randn(8, 1)


class WithFunctions(nn.Module):
    """Dropout as a function, which no list of parts shows."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)

    def forward(self, input):
        return F.dropout(self.linear(input), 0.5, self.training)


MODULES = {
    "dropout": lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1)),
    "batch_norm": lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)),
    "within": lambda: nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1)), nn.Linear(4, 1)),
    "a function": WithFunctions,
}
# the same whether training or not
ALIKE = {
    "plain": lambda: nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Tanh(), nn.Linear(4, 1)),
    "dropout of nothing": lambda: nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.0), nn.Linear(4, 1)),
    "batch_norm without running statistics": lambda: nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 1)
    ),
}


def step(module, optimizer=None):
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01) if optimizer is None else optimizer
    optimizer.zero_grad()
    F.mse_loss(module(x), y).backward()
    optimizer.step()
    return module


def predict(module):
    with torch.no_grad():
        return module(x)


def trained(name):
    return step((MODULES | ALIKE)[name]())


@pytest.mark.parametrize("name", MODULES)
def test_a_forgotten_eval_is_an_error_that_says_so(name):
    module = trained(name)
    with pytest.raises(
        StrictError, match=r"training mode: (dropout|batch_norm).*eval\(\).*strict\(False\)"
    ) as error:
        predict(module)
    assert error.value.guard == "training-mode"
    assert type(module).__name__ in str(error.value)
    predict(module.eval())
    with torch.inference_mode(), pytest.raises(StrictError):
        module.train()(x)


@pytest.mark.parametrize("name", MODULES)
def test_whoever_means_it_may(name):
    module = trained(name)
    with torch.strict(False):
        predict(module)
    with collected() as found:
        predict(module)
        predict(module)
    assert [error.guard for error in found] == ["training-mode"]


@pytest.mark.parametrize("name", ALIKE)
def test_a_module_that_is_the_same_after_eval_is_never_refused(name):
    predict(trained(name))


@pytest.mark.parametrize("name", MODULES | ALIKE)
def test_an_ordinary_training_loop_with_validation_goes_through(name):
    """Shapes looked at first; train, validate, and the training accuracy of the batch itself, over and over."""
    module = (MODULES | ALIKE)[name]()
    predict(module)
    optimizer, best = torch.optim.Adam(module.parameters()), None
    for _ in range(3):
        module.train()
        for _ in range(2):
            step(module, optimizer)
            assert (module(x).detach() > 0).float().mean().item() >= 0  # recorded, so it may be a training step
        module.eval()
        with torch.no_grad():
            F.mse_loss(module(x), y).item()
        best = {key: value.clone() for key, value in module.state_dict().items()}
    module.load_state_dict(best)
    step(module.train())


def test_loaded_values_count_as_learned():
    """Loading a model and forgetting eval() is the commonest form."""
    values = trained("dropout").state_dict()
    module = MODULES["dropout"]()
    predict(module)
    module.load_state_dict(values)
    with pytest.raises(StrictError, match="eval"):
        predict(module)
    step(module)  # to train on is what training mode is for


def test_a_copy_has_learned_what_was_copied():
    with pytest.raises(StrictError):
        predict(copy.deepcopy(trained("dropout")))
    teacher = copy.deepcopy(MODULES["dropout"]())  # that only follows another module, as a moving average does
    student = trained("dropout")
    with torch.no_grad():
        for mine, theirs in zip(teacher.parameters(), student.parameters(), strict=True):
            mine.mul_(0.9).add_(theirs, alpha=0.1)
    predict(teacher)


def test_monte_carlo_dropout_is_meant():
    module = trained("dropout").eval()
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.train()
    first, second = predict(module), predict(module)
    assert not torch.equal(first, second)


def test_a_frozen_part_of_a_module_that_trains_is_no_prediction():
    class Tuned(nn.Module):
        def __init__(self, backbone):
            super().__init__()
            self.backbone, self.head = backbone, nn.Linear(1, 1)

        def forward(self, input):
            with torch.no_grad():
                found = self.backbone(input)
            return self.head(found)

    step(Tuned(trained("dropout")))


def test_a_refused_batch_norm_has_not_moved():
    module = trained("batch_norm")
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(StrictError):
        predict(module)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_after_an_error_in_a_module_calls_are_judged_afresh():
    module = trained("dropout")
    with torch.no_grad(), pytest.raises(Exception, match="linear"):
        module(torch.randn(8, 2))
    with pytest.raises(StrictError):
        predict(module)
    step(module)


def test_a_thread_that_trains_is_not_taken_for_one_that_predicts():
    module, seen, ready, go = trained("dropout"), [], threading.Event(), threading.Event()

    class Waits(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, input):
            ready.set()
            go.wait(5)
            return input

    def predicting():
        with torch.no_grad():
            Waits()(x)

    thread = threading.Thread(target=predicting)
    thread.start()
    ready.wait(5)
    seen.append(step(module))
    go.set()
    thread.join()
    assert seen
