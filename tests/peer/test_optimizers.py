"""Every optimizer and schedule we have: twenty steps beside PyTorch's, in the settings that PyTorch tests."""

import math

import numpy as np
import pytest

import chainrule.autograd as ours

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest")

from torch.testing._internal.common_optimizers import optim_db  # noqa: E402

from .conftest import deviation, note_worst  # noqa: E402

pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]

OPTIMIZERS = [info for info in optim_db if info.optim_cls.__name__ in ours.optim.__all__]
STEPS = 20


def names(info):
    return info.optim_cls.__name__


def problem(rng):
    """A matrix and a vector to fit to data by squared error."""
    return (
        rng.standard_normal((30, 6)),
        rng.standard_normal((30, 4)),
        rng.standard_normal((4, 6)),
        rng.standard_normal(4),
    )


def run(library, make, schedule=None, steps=STEPS):
    x, y, W, b = (library.tensor(part) for part in problem(np.random.default_rng(1)))
    W.requires_grad_()
    b.requires_grad_()
    optimizer = make([W, b])
    scheduler = schedule(optimizer) if schedule else None
    seen = []

    def closure():
        optimizer.zero_grad()
        loss = ((library.nn.functional.linear(x, W, b) - y) ** 2).mean()
        loss.backward()
        return loss

    for _ in range(steps):
        if getattr(optimizer, "param_groups", [{}])[0].get("closure"):
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        if scheduler:
            scheduler.step()
        group = optimizer.param_groups[0]
        seen.append([float(group["lr"]), *map(float, group.get("betas", [group.get("momentum", 0.0)])[:1])])
    return W.detach().numpy(), b.detach().numpy(), np.array(seen)


@pytest.mark.parametrize("info", OPTIMIZERS, ids=names)
def test_twenty_steps_are_those_of_pytorch(info, bridge, tally):
    name = names(info)
    tally["operations"].add(f"optim.{name}")
    for given in info.optim_inputs_func("cpu"):
        kwargs = dict(given.kwargs)
        if kwargs.get("differentiable"):
            tally["left out"]["differentiable optimizers"][name] += 1
            continue
        settings = {key: float(v) if isinstance(v, torch.Tensor) else v for key, v in kwargs.items()}
        if isinstance(settings.get("betas"), tuple):
            settings["betas"] = tuple(float(beta) for beta in settings["betas"])
        expected = run(
            torch, lambda p, k=settings: info.optim_cls(p, **{**k, "foreach": False} if "fused" not in k else k)
        )
        found = run(ours, lambda p, k=settings: getattr(ours.optim, name)(p, **k))
        for a, b in zip(found, expected, strict=True):
            note_worst("parameter after 20 steps", deviation(a, b, 1e-12), f"{name}: {given.desc}")
        tally["ran"]["settings of optimizers"] += 1


@pytest.mark.parametrize("info", OPTIMIZERS, ids=names)
def test_what_pytorch_refuses_is_refused(info, tally):
    for error in info.optim_error_inputs_func("cpu", torch.float64):
        given = error.optimizer_error_input
        params = given.params
        if isinstance(params, torch.Tensor):
            params = ours.tensor(params.detach().numpy())
        elif isinstance(params, list):
            known = {}
            params = [convert(p, known) for p in params]
        tensors = [v for value in given.kwargs.values() for v in (value if isinstance(value, tuple) else (value,))]
        if any(isinstance(v, torch.Tensor) for v in tensors) or "fused" in given.kwargs:
            tally["left out"]["settings as tensors, and fused kernels"][names(info)] += 1
            continue
        with pytest.raises((ValueError, TypeError, RuntimeError)):  # noqa: PT012 (the message says which input)
            getattr(ours.optim, names(info))(params, **given.kwargs)
            pytest.fail(given.desc)
        tally["ran"]["error inputs"] += 1


def convert(p, known):
    """Parameters and groups of them; one of PyTorch's becomes one of ours, however often it appears."""
    if isinstance(p, torch.Tensor):
        return known.setdefault(id(p), ours.tensor(p.detach().numpy()))
    if isinstance(p, list):
        return [convert(each, known) for each in p]
    return {key: convert(each, known) for key, each in p.items()} if isinstance(p, dict) else p


SCHEDULES = {
    "StepLR": {"step_size": 3, "gamma": 0.5},
    "CosineAnnealingLR": {"T_max": 7, "eta_min": 1e-3},
    "OneCycleLR": {"max_lr": 0.5, "total_steps": STEPS + 1},
    "OneCycleLR linear": {
        "max_lr": 0.5,
        "epochs": 7,
        "steps_per_epoch": 3,
        "anneal_strategy": "linear",
        "pct_start": 0.4,
    },
    "OneCycleLR three phases": {
        "max_lr": 0.5,
        "total_steps": STEPS + 1,
        "three_phase": True,
        "final_div_factor": 50,
    },
    "OneCycleLR, momentum left alone": {"max_lr": [0.5], "total_steps": STEPS + 5, "cycle_momentum": False},
}


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_pytorchs_rates_and_momenta(name, optimizer, tally):
    settings = SCHEDULES[name]
    kind = name.partition(" ")[0].strip(",")
    tally["operations"].add(f"lr_scheduler.{kind}")

    def both(library):
        extra = {"momentum": 0.9} if optimizer == "SGD" else {}
        return run(
            library,
            lambda p: getattr(library.optim, optimizer)(p, lr=0.1, **extra),
            lambda o: getattr(library.optim.lr_scheduler, kind)(o, **settings),
        )

    for a, b in zip(both(ours), both(torch), strict=True):
        note_worst("rate, momentum or parameter", deviation(a, b, 1e-12), name)
    tally["ran"]["settings of schedules"] += 1


def test_a_rate_changed_by_hand_is_kept_as_pytorch_keeps_it():
    def rates(library):
        p = library.zeros(2, requires_grad=True)
        optimizer = library.optim.SGD([p], lr=0.1)
        scheduler = library.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5)
        found = []
        for step in range(25):
            if step == 3:
                optimizer.param_groups[0]["lr"] = 0.7
            optimizer.step()
            scheduler.step()
            found.append(optimizer.param_groups[0]["lr"])
        return found

    assert np.allclose(rates(ours), rates(torch), rtol=1e-12, atol=0)


def test_an_optimizer_goes_on_from_its_state():
    def trained(library, stop):
        W = library.ones(3, dtype=library.float64, requires_grad=True)
        optimizer = library.optim.AdamW([W], lr=0.1, amsgrad=True)
        for step in range(10):
            if step == stop:
                state = optimizer.state_dict()
                optimizer = library.optim.AdamW([W], lr=9.0, amsgrad=False)
                optimizer.load_state_dict(state)
            optimizer.zero_grad()
            ((W - library.arange(3)) ** 2).sum().backward()
            optimizer.step()
        return W.detach().numpy()

    assert np.array_equal(trained(ours, 4), trained(ours, None))
    assert np.allclose(trained(ours, 4), trained(torch, None), rtol=1e-12)
    assert math.isfinite(trained(ours, 4).sum())
