"""Those who watch a training are told in order, and may end it."""

import numpy as np
import pytest

from chainrule import MLP, fit
from chainrule.core.errors import DivergenceError
from chainrule.training import Callback


class Diary(Callback):
    """Writes down what it is told, under its name, and stops where told to."""

    def __init__(self, pages, who="", stop_at=None):
        self.pages, self.who, self.stop_at = pages, who, stop_at

    def on_fit_start(self, trainer):
        self.write("start", trainer)

    def on_step_end(self, trainer):
        self.write(f"step {trainer.state.t}", trainer)

    def on_epoch_end(self, trainer, row):
        self.write(f"epoch {row['epoch']}", trainer)

    def on_fit_end(self, trainer):
        self.write("end", trainer)

    def write(self, event, trainer):
        self.pages.append(f"{self.who}{event}")
        if event == self.stop_at:
            trainer.stop("enough")


def train(*callbacks, epochs=2, **settings):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10, 3)), rng.integers(0, 2, 10)
    net = MLP([3, 4, 2], "tanh")
    settings = {"loss": "cross_entropy", "batch_size": 4, **settings}
    return net, fit(net, X, y, epochs=epochs, callbacks=callbacks, **settings)


def test_events_come_in_order():
    pages = []
    train(Diary(pages))
    steps = ["step 1", "step 2", "step 3", "epoch 1", "step 4", "step 5", "step 6", "epoch 2"]
    assert pages == ["start", *steps, "end"]


def test_several_are_told_one_after_the_other():
    pages = []
    train(Diary(pages, "a "), Diary(pages, "b "), epochs=1)
    assert pages[:4] == ["a start", "b start", "a step 1", "b step 1"]
    assert pages[-4:] == ["a epoch 1", "b epoch 1", "a end", "b end"]


@pytest.mark.parametrize("shuffle", [True, False])
def test_stop_ends_after_the_step_with_a_row_of_history(shuffle):
    pages = []
    net, history = train(Diary(pages, stop_at="step 5"), Diary(pages, "b "), epochs=9, shuffle=shuffle)
    assert pages[-6:] == ["step 5", "b step 5", "epoch 2", "b epoch 2", "end", "b end"]
    assert history.stopped == "enough"
    assert net.training["stopped"] == "enough"
    assert net.training["steps"] == len(history.steps) == 5
    assert history["epoch"] == [1, 2]
    # 4 rows each, so the mean of the epoch is over the two steps it had
    assert history["loss"][1] == pytest.approx(sum(history.steps[3:]) / 2, rel=1e-12)


def test_stop_at_the_end_of_an_epoch_begins_no_other():
    pages = []
    _, history = train(Diary(pages, stop_at="epoch 1"), epochs=9)
    assert pages[-2:] == ["epoch 1", "end"]
    assert len(history) == 1
    assert history.stopped == "enough"


def test_stop_before_the_first_step_trains_nothing():
    pages = []
    net, history = train(Diary(pages, stop_at="start"))
    assert pages == ["start", "end"]
    assert (len(history), history.steps) == (0, [])
    assert net.params.theta.tobytes() == MLP([3, 4, 2], "tanh").params.theta.tobytes()


def test_a_stopped_training_is_the_beginning_of_the_whole_one():
    stopped, _ = train(Diary([], stop_at="step 4"))
    weights = []

    class Copy(Callback):
        def on_step_end(self, trainer):
            weights.append(trainer.network.params.theta.copy())

    train(Copy())
    assert stopped.params.theta.tobytes() == weights[3].tobytes()


def test_a_callback_sees_the_step_it_is_told_of():
    found = []

    class Look(Callback):
        def on_step_end(self, trainer):
            found.append((trainer.state.t, trainer.loss, trainer.steps))

    _, history = train(Look())
    assert [t for t, *_ in found] == [1, 2, 3, 4, 5, 6]
    assert [loss for _, loss, _ in found] == history.steps
    assert {steps for *_, steps in found} == {6}


def test_a_row_may_be_added_to():
    class Norm(Callback):
        def on_epoch_end(self, trainer, row):
            row["norm"] = float(np.linalg.norm(trainer.network.params.theta))

    net, history = train(Norm())
    assert history["norm"][-1] == np.linalg.norm(net.params.theta)


def test_the_end_is_told_also_when_training_diverges():
    pages = []
    settings = {"loss": "mean_squared_error", "optimizer": "sgd:learning_rate=1e30", "batch_size": 5}
    with pytest.raises(DivergenceError):
        fit(MLP([3, 2]), np.eye(10, 3), np.ones((10, 2)), **settings, callbacks=[Diary(pages)])
    assert pages[:2] == ["start", "step 1"]
    assert pages[-1] == "end"


def test_an_error_in_a_callback_ends_the_training_and_the_others_are_told():
    pages = []

    class Faulty(Callback):
        def on_step_end(self, trainer):
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        train(Diary(pages), Faulty())
    assert pages == ["start", "step 1", "end"]
