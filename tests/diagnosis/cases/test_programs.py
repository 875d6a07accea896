"""The cases of the repository become programs that run, or that fail as the case says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainrule.autograd import no_grad, tensor
from chainrule.autograd.errors import ShapeError
from chainrule.core.errors import FileError
from chainrule.diagnosis.cases.hooks import hook_of
from chainrule.diagnosis.cases.layers import ACTIVATIONS, activation, initial, network
from chainrule.diagnosis.cases.metrics import metric_of
from chainrule.diagnosis.cases.optimizers import CLASSES, Decay, WarmUpCosine, optimizer_of
from chainrule.diagnosis.cases.programs import program_of
from chainrule.diagnosis.cases.reading import Case, NotRunError, merged, read_cases, reduced

PATH = Path(__file__).parents[3] / "benchmarks" / "diagnosis" / "cases.json"
CASES = {case.id: case for case in read_cases(PATH)}
LARGE = {
    case.id for case in CASES.values() if case.data["kind"] == "mnist" or case.id in ("so-44164749", "so-53749895")
}
# Programs that cannot run as they are: one unit for 20 one-hot classes, and class ids for two outputs
FAIL = {"so-68773774", "so-68701979"}
BASE = {
    "id": "base", "tier": "A", "task": "regression", "input_dim": 5, "data": {"kind": "friedman1", "n": 40},
    "layers": [{"type": "dense", "units": 1, "activation": "linear"}], "loss": "mse",
    "optimizer": {"name": "sgd", "lr": 0.01}, "batch_size": 8, "epochs": 1,
}  # fmt: skip


def made(seed=0, **changes):
    return program_of(Case(reduced(merged(BASE, changes)), Path()), seed)


def weights(program):
    return program.module[0].weight.detach().numpy()


def one_step(program):
    n = program.batch_size
    with np.errstate(all="ignore"):
        return replace(program, X=program.X[:n], y=program.y[:n], epochs=1).train()


def check(case):
    program = program_of(case)
    assert program.X.dtype == np.float32
    assert len(program.X) == len(program.y)
    before = [p.detach().numpy().copy() for p in program.module.parameters()]
    if case.id in FAIL and not case.twin:
        with pytest.raises(ShapeError, match="one-hot"):
            one_step(program)
        return
    (loss,) = one_step(program)
    after = [p.detach().numpy() for p in program.module.parameters()]
    # One softmax unit has no gradient, ReLU units may all be off, all weights 0 is a saddle of XOR, and raw inputs
    # make probabilities of 0 and 1, where the clipped loss is flat
    moved = any((a != b).any() for a, b in zip(before, after, strict=True))
    assert moved or {"OUT_SOFTMAX_1", "DEAD_RELU", "INIT_SYMMETRY", "INPUT_SCALE"} & set(case.faults)
    assert np.isfinite(loss) or {"NAN_INF", "OUT_LOSS_PAIR"} & set(case.faults)


@pytest.mark.parametrize("id", sorted(set(CASES) - LARGE))
def test_a_case_takes_one_step(id):
    check(CASES[id])


@pytest.mark.thorough
@pytest.mark.parametrize("id", sorted(LARGE))
def test_a_large_case_takes_one_step(id):
    check(CASES[id])


@pytest.mark.parametrize("id", sorted(id for id, case in CASES.items() if case.faults and id not in LARGE))
def test_a_mended_case_takes_one_step(id):
    twin = CASES[id].fixed()
    assert twin.faults == ()
    check(twin)


def test_the_file_has_the_cases_and_a_mended_one_for_each_that_is_faulty():
    assert len(CASES) == 77
    assert all((case.fixed() is not None) == bool(case.faults) for case in CASES.values())
    taxonomy = json.loads(PATH.read_text())["taxonomy"]
    assert {fault for case in CASES.values() for fault in case.faults} <= set(taxonomy)


def test_words_say_what_the_names_say():
    """The older files have words alone: without the names the same hooks and metrics are read."""
    for case in CASES.values():
        words = Case(
            {name: value for name, value in case.raw.items() if name not in ("hook", "metric")}, case.folder
        )
        assert hook_of(words) == hook_of(case)
        if case.id != "so-64395424":  # its metric is told of nowhere but in its fix
            assert metric_of(words) is metric_of(case)


def test_a_seed_gives_the_same_program_twice_and_another_seed_another():
    one, same, other = made(3), made(3), made(4)
    assert np.array_equal(one.X, same.X)
    assert np.array_equal(weights(one), weights(same))
    assert one.train() == same.train()
    assert not np.array_equal(one.X, other.X)
    assert not np.array_equal(weights(one), weights(other))


def test_a_seed_that_the_case_names_keeps_its_data():
    data = {"kind": "sklearn.make_classification", "n": 20, "classes": 2, "seed": 42}
    one, other = (made(seed, data=data, loss="binary_crossentropy") for seed in (0, 1))
    assert np.array_equal(one.X, other.X)


@pytest.mark.parametrize(
    ("text", "rows", "width", "epochs"),
    [("5,000 rows, 2 epochs", 5000, None, 2), ("d=2,000", None, 2000, None), ("d=150, 10 epochs", None, 150, 10), (None, None, None, None)],
)  # fmt: skip
def test_reductions_are_read(text, rows, width, epochs):
    found = reduced({"data": {}, "epochs": None, "reduce_to": text})
    assert (found["data"].get("rows"), found["data"].get("d"), found["epochs"]) == (rows, width, epochs)


def test_reduced_rows_and_epochs_are_what_runs():
    program = made(reduce_to="20 rows, 3 epochs")
    assert (len(program.X), program.epochs) == (20, 3)


@pytest.mark.parametrize(
    ("units", "loss", "data", "shape", "kind"),
    [
        (1, "binary_crossentropy", {}, (12, 1), "f"),
        (2, "binary_crossentropy", {}, (12, 2), "f"),
        (2, "binary_crossentropy", {"labels": "integer vector (N,)"}, (12, 1), "f"),
        (2, "categorical_crossentropy", {}, (12, 2), "f"),
        (1, "categorical_crossentropy", {}, (12, 1), "f"),
        (1, "categorical_crossentropy", {"one_hot": True}, (12, 2), "f"),
        (2, "sparse_categorical_crossentropy", {}, (12,), "i"),
        (2, "softmax_cross_entropy_logits", {"one_hot": True}, (12, 2), "f"),
    ],
)
def test_labels_are_as_the_author_fed_them(units, loss, data, shape, kind):
    layers = [{"type": "dense", "units": units, "activation": "sigmoid"}]
    y = made(task="binary", data={"kind": "xor", "n": 12, **data}, layers=layers, loss=loss).y
    assert (y.shape, y.dtype.kind) == (shape, kind)


def test_the_last_rows_are_for_validation_and_scales_are_the_training_rows():
    program = made(data={"val": 10, "scaled": "standardized", "target_scaled": "minmax"})
    X, y = program.validation
    assert (len(program.X), len(X), len(y)) == (30, 10, 10)
    assert np.allclose(program.X.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(program.X.std(axis=0), 1, atol=1e-5)
    assert (program.y.min(), program.y.max()) == (0, 1)
    assert abs(X.mean()) > 1e-3


def test_features_shuffled_apart_leave_the_targets():
    program = made(hook={"kind": "shuffle_features"})
    X, y = program.before_epoch(program.X, program.y, np.random.default_rng(0))
    assert np.array_equal(y, program.y)
    assert not np.array_equal(X, program.X)
    assert np.array_equal(np.sort(X, axis=0), np.sort(program.X, axis=0))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("inputs are shuffled without the labels", {"kind": "shuffle_features"}),
        ("labels are random", {"kind": "random_labels"}),
        ("targets shuffled once", {"kind": "shuffle_labels"}),
        ("optimizer.zero_grad() forgotten", {"kind": "no_zero_grad"}),
        ("50-step warm-up, then cosine", {"kind": "warm_up_cosine", "warm_up": 50}),
        ("weights move uphill: the sign is wrong", {"kind": "uphill"}),
        ("targets (n,) broadcast against (n,1)", {"kind": "flat_targets"}),
        ("rows sorted by label, no shuffling", {"kind": "sorted"}),
        ("one NaN among the features", {"kind": "nan"}),
    ],
)
def test_hooks_are_read_from_words(words, found):
    assert hook_of(Case(merged(BASE, {"data": {"hook": words}}), Path())) == found


def test_other_hooks_change_the_program():
    assert not made(hook={"kind": "no_zero_grad"}).zero_grad
    assert made(hook={"kind": "uphill"}).optimizer.param_groups[0]["maximize"]
    assert made(hook={"kind": "flat_targets"}).y.shape == (40,)
    ordered = made(hook={"kind": "sorted"})
    assert not ordered.shuffle
    assert (np.diff(ordered.y[:, 0]) >= 0).all()
    assert np.isnan(made(hook={"kind": "nan"}).X).sum() == 1
    plain, noisy = made(), made(hook={"kind": "shuffle_labels"})
    assert np.array_equal(np.sort(plain.y, axis=0), np.sort(noisy.y, axis=0))
    assert not np.array_equal(plain.y, noisy.y)


def test_gradients_add_up_where_they_are_not_zeroed():
    once, never = made(epochs=3), made(epochs=3, hook={"kind": "no_zero_grad"})
    a, b = once.train(), never.train()
    assert a[0] == b[0]
    assert a[2:] != b[2:]


def test_factors_of_the_rate():
    warm = WarmUpCosine(10)
    assert [warm(t, 110) for t in (1, 10, 60, 110)] == pytest.approx([0.1, 1, 0.5, 0])
    assert Decay(0.5)(3, 9) == 0.5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"loss": "mystery"}, "unknown loss"),
        ({"optimizer": "lion2"}, "unknown optimizer"),
        ({"optimizer": {"name": "sgd", "warmth": 1}}, "no setting 'warmth'"),
        ({"data": {"kind": "stock_prices"}}, "unknown kind of data"),
        ({"data": {"hook": "sung backwards"}}, "says nothing that is known"),
        ({"hook": {"kind": "sung"}}, "unknown hook"),
        ({"data": {"scaled": "by taste"}}, "unknown way to scale"),
        ({"metric": "beauty"}, "unknown metric"),
        ({"layers": [{"type": "conv2d", "units": 3}]}, "unknown layer"),
        ({"layers": [{"type": "dense", "units": 1, "activation": "wavy"}]}, "unknown activation"),
        ({"layers": [{"type": "dense", "units": 1, "init": "dice(6)"}]}, "unknown initializer"),
        ({"layers": [{"type": "dense", "units": 1, "init": "normal(0,x)"}]}, "no numbers"),
        ({"loss": "mse + l2(0.1)", "optimizer": "adadelta"}, "runs with sgd"),
    ],
)
def test_what_is_not_known_is_named(changes, says):
    with pytest.raises(NotRunError, match=says):
        made(**changes)


@pytest.mark.parametrize("text", ["{", "[]", '{"cases": []}', '{"cases": [{"id": "a"}]}'])
def test_a_file_that_is_none_of_cases(text, tmp_path):
    (tmp_path / "cases.json").write_text(text)
    with pytest.raises(FileError, match=r"cases\.json"):
        read_cases(tmp_path / "cases.json")


# -- layers and optimizers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("glorot_uniform", (2 / (300 + 200)) ** 0.5),
        ("glorot_normal", (2 / (300 + 200)) ** 0.5),
        ("he_normal", (2 / 300) ** 0.5),
        ("he_uniform", (2 / 300) ** 0.5),
        ("lecun_normal", (1 / 300) ** 0.5),
        ("uniform", 0.05 / 3**0.5),
        ("normal", 0.05),
        ("random_normal", 0.05),
        ("uniform(-0.2,0.2)", 0.2 / 3**0.5),
        ("normal(0,0.5)", 0.5),
        ("orthogonal", (1 / 300) ** 0.5),
        (None, (2 / (300 + 200)) ** 0.5),
    ],
)
def test_initial_weights_have_their_spread(name, std, rng):
    W = initial(name, (200, 300), rng)
    assert W.shape == (200, 300)
    assert W.std() == pytest.approx(std, rel=0.02)  # of 60,000 numbers: 0.3 % is one standard error
    assert abs(W.mean()) < 0.02 * std + 5 * std / 60_000**0.5


def test_constant_weights(rng):
    assert (initial("constant(0.5)", (2, 3), rng) == 0.5).all()
    assert not initial("zeros", (2, 3), rng).any()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_a_module_or_linear(name, rng):
    layer = {"type": "dense", "units": 4, "activation": name}
    net = network([layer], 3, rng)
    assert len(net) == (2 if activation(layer) is not None else 1)


def test_an_unshifted_softmax_overflows_and_the_usual_one_does_not(rng):
    z = tensor(np.array([[1000.0, 0.0]]))
    with no_grad(), np.errstate(all="ignore"):
        assert np.isnan(activation({"activation": "softmax", "shifted": False})(z).numpy()).any()
        assert activation({"activation": "softmax"})(z).numpy().tolist() == [[1, 0]]
        wrong = activation({"activation": "softmax", "axis": 0, "shifted": False})(tensor(np.zeros((4, 2))))
    assert wrong.numpy().tolist() == [[0.25, 0.25]] * 4


PEERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "adamax": "Adamax", "nadam": "NAdam"}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_optimizers_step_as_pytorchs_do(name, pytorch, rng):
    torch = pytorch.torch
    ours = network([{"type": "dense", "units": 2}], 3, rng)
    optimizer = optimizer_of({"name": name, "lr": 0.01}, ours)
    group = optimizer.param_groups[0]
    same = {key: group[key] for key in ("lr", "betas", "eps", "rho", "alpha", "weight_decay", "initial_accumulator_value") if key in group}  # fmt: skip
    theta = torch.tensor(ours[0].weight.detach().numpy().copy(), requires_grad=True)
    theirs = getattr(torch.optim, PEERS[name])([theta], **same)
    for _ in range(5):
        g = rng.normal(0, 1, (2, 3)).astype(np.float32)
        ours[0].weight.grad, theta.grad = tensor(g), torch.tensor(g)
        optimizer.step()
        theirs.step()
    # Five steps of 0.01 in float32
    assert np.allclose(ours[0].weight.detach().numpy(), theta.detach().numpy(), atol=1e-6)


def test_a_penalty_is_weight_decay_on_the_weights_alone(rng):
    net = network([{"type": "dense", "units": 2}], 3, rng)
    weights, biases = optimizer_of("adam", net, l2=0.1).param_groups
    assert (weights["weight_decay"], biases["weight_decay"]) == (0.2, 0.0)
    assert [p.ndim for p in weights["params"] + biases["params"]] == [2, 1]
