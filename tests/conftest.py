"""What every test may ask for. Nothing here runs unless it is asked for."""

import os
import sys
from functools import partial

import numpy as np
import pytest

from chainrule.core.errors import InputError


class NoTorch:
    """Makes ``import torch`` fail, as if it were not installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("TORCH=0: PyTorch is left out", name="torch")


# Bits are compared with NumPy's; what the compiled loops do is tested where they are asked for by name.
os.environ.setdefault("CHAINRULE_ENGINE", "numpy")

if os.environ.get("CHAINRULE_TORCH") == "0":  # set by TORCH=0 make test
    sys.meta_path.insert(0, NoTorch)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def pytorch():
    """PyTorch as a second opinion; without it the tests that ask are skipped."""
    return PyTorch(pytest.importorskip("torch"))


@pytest.fixture
def wide(pytorch):
    """PyTorch's NAdam keeps one number in the default type, whatever the type of its parameters."""
    before = pytorch.torch.get_default_dtype()
    pytorch.torch.set_default_dtype(pytorch.torch.float64)
    yield
    pytorch.torch.set_default_dtype(before)


@pytest.fixture(scope="session")
def targets_for():
    """Every form of target that a loss accepts, so that a new loss is examined without being named here.

    With one output a loss for several accepts none, and its test is skipped.
    """

    def accepted(loss, n, k, rng):
        shares = rng.dirichlet(np.ones(k), n)
        forms = {
            "labels": rng.integers(0, max(k, 2), n),
            "values": rng.normal(0, 2, (n, k)),
            "shares": rng.uniform(0, 1, (n, k)),
            "probabilities": shares,
            "yes_no": rng.integers(0, 2, (n, k)),
            "counts": rng.poisson(2.0, (n, k)),
            "amounts": rng.gamma(2.0, 1.0, (n, k)),
        }
        found = {}
        for form, raw in forms.items():
            try:
                loss.prepare(raw, n, k, np.dtype("float64"))
            except InputError:
                continue
            found[form] = raw
        if k == 1 and not found:
            pytest.skip(f"{loss.name} takes no single output")
        assert found, f"{loss} accepts no form of target that the tests know: add one to targets_for"
        return found

    return accepted


class PyTorch:
    """PyTorch's own thing for each of ours, by name; a thing that it lacks skips the test."""

    def __init__(self, torch):
        self.torch = torch

    def tensor(self, array, **settings):
        return self.torch.tensor(np.array(array), **settings)

    def module(self, thing):
        nn = self.torch.nn
        return self._peer(
            thing,
            {
                "identity": nn.Identity,
                "relu": nn.ReLU,
                "leaky_relu": lambda: nn.LeakyReLU(thing.slope),
                "sigmoid": nn.Sigmoid,
                "tanh": nn.Tanh,
                "softmax": lambda: nn.Softmax(dim=1),
                "elu": lambda: nn.ELU(thing.alpha),
                "selu": nn.SELU,
                "celu": lambda: nn.CELU(thing.alpha),
                "gelu": lambda: nn.GELU(approximate={"exact": "none", "tanh": "tanh"}[thing.form]),
                "silu": nn.SiLU,
                "mish": nn.Mish,
                "softplus": lambda: nn.Softplus(thing.beta, threshold=40),  # 20, its default, shows at 1e-10
                "softsign": nn.Softsign,
                "hard_swish": nn.Hardswish,
                "relu6": nn.ReLU6,
                # Its Hardsigmoid has a derivative of float32, 3e-8 too large.
                "hard_sigmoid": lambda: self._function(lambda z: nn.functional.relu6(z + 3) / 6),
                "exp": lambda: self._function(self.torch.exp),
                "dense": lambda: nn.Linear(thing.d_in, thing.d_out),
                "dropout": lambda: nn.Dropout(thing.rate),
                "batch_norm": lambda: nn.BatchNorm1d(thing.d, eps=thing.epsilon, momentum=thing.momentum),
                "layer_norm": lambda: nn.LayerNorm(thing.d, eps=thing.epsilon),
                "prelu": lambda: nn.PReLU(1 if thing.shared else thing.d),
                "embedding": lambda: self._embedding(thing),
                "residual": lambda: self._residual(thing),
            },
        )()

    def _embedding(self, thing):
        """PyTorch's embeddings in a list, and the columns of numbers after them."""
        torch = self.torch

        class Peer(torch.nn.ModuleList):
            def forward(self, x):
                others = [c for c in range(thing.d_in) if c not in thing.columns]
                rows = [table(x[:, c].to(torch.long)) for table, c in zip(self, thing.columns, strict=True)]
                return torch.hstack([*rows, x[:, others]])

        return Peer(torch.nn.Embedding(*size) for size in zip(thing.categories, thing.widths, strict=True))

    def _residual(self, thing):
        """A Sequential of the modules, whose sum with x, or with its projection, is the output."""
        torch = self.torch

        class Peer(torch.nn.Sequential):
            def forward(self, x):
                *inner, last = self if thing.projection else [*self, torch.nn.Identity()]
                y = x
                for module in inner:
                    y = module(y)
                return y + last(x)

        peer = Peer(*map(self.module, thing.inner))
        if thing.projection:
            peer.add_module("projection", torch.nn.Linear(thing.d_in, thing.d_out, bias=False))
        return peer

    def _function(self, function):
        """A module of a function that has none."""
        return type("Function", (self.torch.nn.Module,), {"forward": lambda self, z: function(z)})()

    def loss(self, thing):
        """A function of logits and a target in the form that ``prepare`` gives."""
        functional = self.torch.nn.functional
        smoothing = {"label_smoothing": getattr(thing, "label_smoothing", 0.0)}
        peer = self._peer(
            thing,
            {
                "cross_entropy": partial(functional.cross_entropy, **smoothing),
                "binary_cross_entropy": lambda z, y, reduction: functional.binary_cross_entropy_with_logits(
                    z, y * (1 - thing.label_smoothing) + thing.label_smoothing / 2, reduction=reduction
                ),
                "mean_squared_error": functional.mse_loss,
                "absolute_error": functional.l1_loss,
                "huber": lambda z, y, reduction: functional.huber_loss(z, y, reduction, thing.delta),
                "poisson": partial(functional.poisson_nll_loss, log_input=True, full=False),
                "kl_divergence": lambda z, y, reduction: functional.kl_div(
                    functional.log_softmax(z, 1), y, reduction={"mean": "batchmean"}.get(reduction, reduction)
                ),
                "hinge": partial(self._margin, 1),
                "squared_hinge": partial(self._margin, 2),
            },
        )
        return lambda logits, target: peer(logits, target, reduction=thing.reduction)

    def _margin(self, p, z, y, reduction):
        functional = self.torch.nn.functional
        if z.shape[1] > 1:
            return functional.multi_margin_loss(z, y, p=p, reduction=reduction)
        # Of one output that of the pair (0, z): z is ahead by z, or behind; and the mean over two halves it.
        pair = self.torch.cat([self.torch.zeros_like(z), z], dim=1)
        return 2 * functional.multi_margin_loss(pair, y, p=p, reduction=reduction)

    def optimizer(self, thing, parameters):
        optim, lr = self.torch.optim, thing.learning_rate
        return self._peer(
            thing,
            {
                "sgd": lambda: optim.SGD(parameters, lr=lr, momentum=thing.momentum, nesterov=thing.nesterov),
                "adam": lambda: optim.Adam(parameters, lr=lr, betas=(thing.beta1, thing.beta2), eps=thing.epsilon),
                "adamw": lambda: optim.AdamW(
                    parameters,
                    lr=lr,
                    betas=(thing.beta1, thing.beta2),
                    eps=thing.epsilon,
                    weight_decay=thing.weight_decay,
                ),
                "adamax": lambda: optim.Adamax(
                    parameters, lr=lr, betas=(thing.beta1, thing.beta2), eps=thing.epsilon
                ),
                "nadam": lambda: optim.NAdam(
                    parameters,
                    lr=lr,
                    betas=(thing.beta1, thing.beta2),
                    eps=thing.epsilon,
                    momentum_decay=thing.momentum_decay,
                ),
                "radam": lambda: optim.RAdam(
                    parameters, lr=lr, betas=(thing.beta1, thing.beta2), eps=thing.epsilon
                ),
                "adagrad": lambda: optim.Adagrad(
                    parameters, lr=lr, initial_accumulator_value=thing.initial, eps=thing.epsilon
                ),
                "adadelta": lambda: optim.Adadelta(parameters, lr=lr, rho=thing.rho, eps=thing.epsilon),
                "rmsprop": lambda: optim.RMSprop(
                    parameters,
                    lr=lr,
                    alpha=thing.alpha,
                    eps=thing.epsilon,
                    momentum=thing.momentum,
                    centered=thing.centered,
                ),
            },
        )()

    def schedule(self, thing, optimizer, steps):
        kinds = self.torch.optim.lr_scheduler
        if thing.name == "one_cycle":
            return kinds.OneCycleLR(
                optimizer,
                max_lr=optimizer.param_groups[0]["lr"],
                total_steps=steps,
                pct_start=thing.warm_up,
                div_factor=thing.start,
                final_div_factor=thing.end,
                cycle_momentum=False,
            )
        warm = round(thing.warm_up * steps)
        if warm == 0:
            return self._curve(thing, optimizer, steps)
        ramp = kinds.LinearLR(optimizer, start_factor=1 / (warm + 1), total_iters=warm)
        if warm == steps:
            return ramp
        return kinds.SequentialLR(optimizer, [ramp, self._curve(thing, optimizer, steps - warm)], [warm])

    def _curve(self, thing, optimizer, steps):
        kinds = self.torch.optim.lr_scheduler
        low = getattr(thing, "floor", 0) * optimizer.param_groups[0]["lr"]
        return self._peer(
            thing,
            {
                "constant": lambda: kinds.ConstantLR(optimizer, factor=1.0),
                "adaptive": lambda: kinds.ConstantLR(optimizer, factor=1.0),  # between what they observe
                "reduce_on_plateau": lambda: kinds.ConstantLR(optimizer, factor=1.0),
                "step": lambda: kinds.StepLR(optimizer, max(1, round(thing.every * steps)), thing.factor),
                "multi_step": lambda: kinds.MultiStepLR(
                    optimizer, [max(1, round(moment * steps)) for moment in thing.at], thing.factor
                ),
                "exponential": lambda: kinds.ExponentialLR(optimizer, thing.last ** (1 / max(steps - 1, 1))),
                "inverse_scaling": lambda: kinds.LambdaLR(optimizer, lambda t: (t + 1) ** -thing.power),
                "cosine": lambda: (
                    kinds.CosineAnnealingWarmRestarts(optimizer, thing.first_cycle(steps), thing.stretch, low)
                    if thing.restarts
                    else kinds.CosineAnnealingLR(optimizer, steps, low)
                ),
            },
        )()

    def sequential(self, network, modules=None):
        """The same ``torch.nn.Sequential``, holding a copy of the network's weights."""
        modules = network.modules if modules is None else modules
        peer = self.torch.nn.Sequential(*map(self.module, modules))
        peer = peer.to(getattr(self.torch, network.dtype.name))
        state = {name: self.tensor(array) for name, array in network.state_dict().items()}
        peer.load_state_dict(state, strict=True)
        return peer

    @staticmethod
    def _peer(thing, peers):
        if thing.name not in peers:
            pytest.skip(f"no peer of {thing.name} in PyTorch is named in tests/conftest.py")
        return peers[thing.name]
