"""Regularizers in a training: each against PyTorch's own, or a loop written out."""

import numpy as np
import pytest

from chainrule import MLP, fit
from chainrule.core.errors import SettingError
from chainrule.core.rng import generator
from chainrule.training import Callback

STEPS, SIZES = 12, [4, 6, 3]


def problem(rows=16, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 4)), rng.integers(0, 3, rows)


def ours(regularization, optimizer="sgd:learning_rate=0.5", X=None, y=None, **settings):
    X, y = problem() if X is None else (X, y)
    net = MLP(SIZES, "tanh", dtype="float64", seed=1)
    settings = {"batch_size": 8, "epochs": STEPS // 2, "shuffle": False, **settings}
    return net, fit(
        net, X, y, loss="cross_entropy", optimizer=optimizer, regularization=regularization, **settings
    )


def theirs(pytorch, make, before=None, after=None, penalty=None):
    """The weights of the same training as one writes it in PyTorch."""
    torch = pytorch.torch
    net = MLP(SIZES, "tanh", dtype="float64", seed=1)
    peer = pytorch.sequential(net)
    weights = [p for p in peer.parameters() if p.ndim > 1]
    biases = [p for p in peer.parameters() if p.ndim == 1]
    rule = make(torch, weights, biases)
    X, y = (pytorch.tensor(a) for a in problem())
    for step in range(STEPS):
        rows = slice(8 * (step % 2), 8 * (step % 2) + 8)
        rule.zero_grad()
        loss = torch.nn.functional.cross_entropy(peer(X[rows]), y[rows])
        (loss if penalty is None else loss + penalty(weights)).backward()
        if before is not None:
            before(torch, list(peer.parameters()))
        rule.step()
        if after is not None:
            after(torch, peer, weights)
    return peer


def sgd(torch, weights, biases):
    return torch.optim.SGD([*weights, *biases], lr=0.5)


def same(net, peer, **tolerance):
    state = {name: p.detach().numpy() for name, p in peer.state_dict().items()}
    for name, array in net.state_dict().items():
        np.testing.assert_allclose(array, state[name], **{"rtol": 1e-10, "atol": 1e-12, **tolerance})


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_l2_is_the_weight_decay_of_pytorch_on_weights_alone(pytorch, optimizer):
    def make(torch, weights, biases):
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
        return kind([{"params": weights, "weight_decay": 0.1}, {"params": biases}], lr=0.05)

    net, _ = ours(["l2:strength=0.1"], f"{optimizer}:learning_rate=0.05")
    same(net, theirs(pytorch, make))


@pytest.mark.parametrize(
    ("spec", "penalty"),
    [
        ("l1:strength=0.02", lambda weights: 0.02 * sum(W.abs().sum() for W in weights)),
        (
            "elastic:strength=0.1,ratio=0.3",
            lambda weights: 0.1 * sum(0.3 * W.abs().sum() + 0.35 * (W**2).sum() for W in weights),
        ),
    ],
)
def test_penalties_are_those_added_to_a_loss_in_pytorch(pytorch, spec, penalty):
    net, history = ours([spec])
    peer = theirs(pytorch, sgd, penalty=penalty)
    same(net, peer)
    weights = [p for p in peer.parameters() if p.ndim > 1]
    assert history["penalty"][-1] == pytest.approx(penalty(weights).item(), rel=1e-10)


def test_weight_decay_with_adam_is_adamw_on_weights_alone(pytorch):
    def make(torch, weights, biases):
        return torch.optim.AdamW(
            [{"params": weights}, {"params": biases, "weight_decay": 0.0}], lr=0.05, weight_decay=0.3
        )

    net, _ = ours(["weight_decay:strength=0.3"], "adam:learning_rate=0.05")
    same(net, theirs(pytorch, make))


def test_max_norm_is_renorm_after_each_step(pytorch):
    def after(torch, peer, weights):
        with torch.no_grad():
            for W in weights:
                W.copy_(torch.renorm(W, 2, 0, 0.9))

    net, _ = ours(["max_norm:limit=0.9"])
    same(net, theirs(pytorch, sgd, after=after), rtol=1e-4, atol=1e-6)  # renorm adds 1e-7 to each norm
    assert np.linalg.norm(net.params["0.weight"], axis=1).max() <= 0.9 * (1 + 1e-15)
    assert np.abs(net.params["0.weight"] - ours([])[0].params["0.weight"]).max() > 0.01


@pytest.mark.parametrize("limit", [0.05, 1e6])
def test_clip_norm_is_that_of_pytorch(pytorch, limit):
    def before(torch, parameters):
        torch.nn.utils.clip_grad_norm_(parameters, limit)

    net, _ = ours([f"clip_norm:limit={limit}"])
    same(net, theirs(pytorch, sgd, before=before), rtol=1e-4, atol=1e-5)  # it adds 1e-6 to the norm


def test_clip_value_is_that_of_pytorch(pytorch):
    def before(torch, parameters):
        torch.nn.utils.clip_grad_value_(parameters, 0.02)

    net, _ = ours(["clip_value:limit=0.02"])
    same(net, theirs(pytorch, sgd, before=before))


def test_what_is_clipped_is_the_gradient_with_the_penalty_whatever_the_order(pytorch):
    def before(torch, parameters):
        torch.nn.utils.clip_grad_value_(parameters, 0.02)

    expected = theirs(
        pytorch, sgd, before=before, penalty=lambda weights: 0.25 * sum((W**2).sum() for W in weights)
    )
    same(ours(["clip_value:limit=0.02", "l2:strength=0.5"])[0], expected)
    same(ours(["l2:strength=0.5", "clip_value:limit=0.02"])[0], expected)


def test_ema_is_that_of_pytorch(pytorch):
    averaged = {}

    def after(torch, peer, weights):
        tools = torch.optim.swa_utils
        if not averaged:
            averaged["model"] = tools.AveragedModel(
                peer, multi_avg_fn=tools.get_ema_multi_avg_fn(0.9), use_buffers=True
            )
        averaged["model"].update_parameters(peer)

    theirs(pytorch, sgd, after=after)
    net, _ = ours(["ema:decay=0.9"])
    same(net, averaged["model"].module)


def test_swa_is_the_mean_of_the_weights_at_the_ends_of_the_last_epochs():
    weights = []

    class Keep(Callback):
        def on_step_end(self, trainer):
            if trainer.state.t % 2 == 0:
                weights.append(trainer.network.params.theta.copy())

    net, _ = ours(["swa:start=0.5"], callbacks=[Keep()])
    np.testing.assert_allclose(net.params.theta, np.mean(weights[2:], axis=0), rtol=1e-12)


@pytest.mark.parametrize("spec", ["ema:decay=0.8", "swa:start=0.3"])
def test_what_is_scored_and_shown_to_callbacks_is_the_mean_and_the_training_goes_on_from_the_weights(spec):
    X, y = problem()
    seen, steps = [], []

    class Look(Callback):
        def on_epoch_end(self, trainer, row):
            seen.append(trainer.network.params.theta.copy())

        def on_step_end(self, trainer):
            steps.append(trainer.loss)

    net, history = ours([spec], validation=(X + 1, y), callbacks=[Look()])
    assert net.params.theta.tobytes() == seen[-1].tobytes()
    assert history["validation_loss"][-1] == pytest.approx(ours_loss(net, X + 1, y), rel=1e-12)
    assert steps == ours([])[1].steps


def ours_loss(net, X, y):
    z = net.logits(X)
    z = z - z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def test_input_noise_is_drawn_from_a_generator_of_its_own_and_spares_the_data(rng):
    X, y = problem()
    held = X.copy()
    noisy, _ = ours(["input_noise:std=0.5"], X=X, y=y, batch_size="full", epochs=1)
    assert X.tobytes() == held.tobytes()
    noise = generator(0, "0 input_noise").standard_normal(X.shape)
    plain, _ = ours([], X=X + 0.5 * noise, y=y, batch_size="full", epochs=1)
    np.testing.assert_allclose(noisy.params.theta, plain.params.theta, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_mixup_learns_from_mixed_rows_and_probabilities(weighted):
    X, y = problem()
    w = np.linspace(0.5, 2, len(y))
    given = {"sample_weight": w} if weighted else {}
    mixed, history = ours(["mixup:alpha=1.0"], X=X, y=y, batch_size="full", epochs=1, **given)
    rng = generator(0, "0 mixup")
    c = rng.beta(1.0, 1.0)
    other = rng.permutation(len(X))
    hot = np.eye(3)[y]
    given = {"sample_weight": c * w + (1 - c) * w[other]} if weighted else {}
    plain, expected = ours(
        [], X=c * X + (1 - c) * X[other], y=c * hot + (1 - c) * hot[other], batch_size="full", epochs=1, **given
    )
    np.testing.assert_allclose(mixed.params.theta, plain.params.theta, rtol=1e-12)
    assert history.steps == pytest.approx(expected.steps, rel=1e-12)
    assert history["accuracy"][0] * 16 == round(history["accuracy"][0] * 16)  # of whole rows, not mixed ones


def test_mixup_needs_a_loss_that_takes_what_it_mixes():
    X, y = problem()
    with pytest.raises(
        SettingError, match="mixup mixes targets, which hinge doesn't take mixed; try cross_entropy"
    ):
        fit(MLP(SIZES), X, y, loss="hinge", regularization=["mixup"])


def test_the_order_of_the_rows_is_that_of_a_training_without_noise():
    rows = []

    class Rows(Callback):
        def on_fit_start(self, trainer):
            batch = trainer.engine.batch
            trainer.engine.batch = lambda chosen: (rows.append(chosen.tolist()), batch(chosen))[1]

    for specs in ([], ["input_noise", "mixup"]):
        ours(specs, shuffle=True, callbacks=[Rows()])
    assert rows[: len(rows) // 2] == rows[len(rows) // 2 :]
