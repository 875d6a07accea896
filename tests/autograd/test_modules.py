"""Modules, containers, loaders and printing, beside PyTorch's where it is installed."""

import copy
import pickle

import numpy as np
import pytest

import chainrule.autograd as ours

nn = ours.nn


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def network(m):
    net = m.nn.Sequential(
        m.nn.Linear(3, 4), m.nn.BatchNorm1d(4), m.nn.Sequential(m.nn.PReLU(), m.nn.Linear(4, 2, bias=False))
    )
    return net.double()


# -- attributes -----------------------------------------------------------------------------------------


def assign(m, *steps):
    """What a module holds, and which error came, after assignments to attributes."""
    module, story = m.nn.Linear(2, 2), []
    module.register_buffer("kept", m.zeros(1))
    module.part = m.nn.ReLU()
    values = {
        "parameter": lambda: m.nn.Parameter(m.ones(2)), "tensor": lambda: m.ones(2), "module": m.nn.Tanh, "none": lambda: None, "number": lambda: 3,
    }  # fmt: skip
    for name, value in steps:
        try:
            if value == "delete":
                delattr(module, name)
            elif value == "register buffer":
                module.register_buffer(name, m.ones(1), persistent=False)
            elif value == "register parameter":
                module.register_parameter(name, m.nn.Parameter(m.ones(1)))
            else:
                setattr(module, name, values[value]())
        except (TypeError, KeyError, AttributeError) as error:
            story.append(
                [kind.__name__ for kind in (TypeError, KeyError, AttributeError) if isinstance(error, kind)]
            )
    story += [sorted(n for n, _ in module.named_parameters()), sorted(n for n, _ in module.named_buffers())]
    story += [
        sorted(n for n, _ in module.named_children()),
        sorted(module.state_dict()),
        getattr(module, "x", "nothing") is None,
    ]
    return story


WHATS = ["parameter", "tensor", "module", "none", "number", "delete", "register buffer", "register parameter"]


PAIRS = [(name, first, second) for name in ("x", "weight", "kept", "part") for first in WHATS for second in WHATS]
# Only registration looks at the name.
PAIRS += [
    (name, first, second) for name in ("training", "a.b", "") for first in WHATS[-2:] for second in WHATS[-2:]
]


@pytest.mark.parametrize(("name", "first", "second"), PAIRS)
def test_attributes_are_sorted_as_in_pytorch(torch, name, first, second):
    assert assign(ours, (name, first), (name, second)) == assign(torch, (name, first), (name, second))


def test_members_before_init_are_refused():
    class Early(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Early()


def shared(m):
    class Tied(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.one = m.nn.Linear(2, 2)
            self.two = m.nn.Linear(2, 2)
            self.two.weight = self.one.weight
            self.again = self.one

    return Tied()


def test_what_is_shared_is_listed_once_and_saved_under_every_name(torch):
    for read in (
        lambda net: [n for n, _ in net.named_parameters()], lambda net: [n for n, _ in net.named_modules()], lambda net: [n for n, _ in net.named_children()],
        lambda net: list(net.state_dict()), lambda net: len(list(net.modules())), lambda net: applied(net),
    ):  # fmt: skip
        assert read(shared(ours)) == read(shared(torch))
        assert read(network(ours)) == read(network(torch))


def applied(net):
    seen = []
    net.apply(lambda module: seen.append(type(module).__name__))
    return seen


def test_a_repeated_module_runs_each_time_in_a_sequence(torch):
    for m in (ours, torch):
        layer = m.nn.Linear(1, 1, bias=False)
        m.nn.init.constant_(layer.weight, 2.0)
        net = m.nn.Sequential(layer, layer, layer)
        assert net(m.ones(1, 1)).item() == 8
        assert (len(net), len(list(net)), len(list(net.children()))) == (3, 3, 1)


# -- state ----------------------------------------------------------------------------------------------


def test_state_goes_to_pytorch_and_back(torch):
    mine, theirs = network(ours), network(torch)
    theirs.load_state_dict(
        {name: torch.from_numpy(np.array(value.numpy())) for name, value in mine.state_dict().items()}
    )
    x = np.random.default_rng(0).normal(size=(5, 3))
    outputs = [m(t).detach().numpy() for m, t in ((mine, ours.tensor(x)), (theirs, torch.tensor(x)))]
    np.testing.assert_allclose(*outputs, rtol=1e-12)
    other = network(ours)
    answer = other.load_state_dict(theirs.state_dict())
    assert answer.missing_keys == answer.unexpected_keys == []
    np.testing.assert_allclose(
        other.eval()(ours.tensor(x)).detach().numpy(), theirs.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-12
    )


def test_a_state_that_does_not_fit_names_every_fault_and_changes_nothing():
    net = nn.Linear(2, 2)
    before = net.bias.tolist()
    with pytest.raises(
        RuntimeError, match=r"(?s)no value for 'weight'.*'extra' is no part.*'bias' has shape \(2,\)"
    ):
        net.load_state_dict({"extra": ours.ones(1), "bias": ours.ones(3)})
    assert net.bias.tolist() == before
    assert net.load_state_dict({"extra": ours.ones(1), "bias": ours.ones(2)}, strict=False) == (
        ["weight"],
        ["extra"],
    )
    assert net.bias.tolist() == [1, 1]


def test_copies_share_nothing_and_keep_what_was_shared():
    for duplicate in (copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))):  # noqa: S301
        net = shared(ours) if duplicate is copy.deepcopy else network(ours)
        twin = duplicate(net)
        for p, q in zip(net.parameters(), twin.parameters(), strict=True):
            assert type(q) is nn.Parameter
            assert q.requires_grad
            assert p.tolist() == q.tolist()
            assert not np.shares_memory(p.detach().numpy(), q.detach().numpy())
    twin = copy.deepcopy(shared(ours))
    assert twin.two.weight is twin.one.weight
    assert twin.again is twin.one


def test_train_and_eval_reach_every_part_by_its_own_method():
    class Frozen(nn.BatchNorm1d):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(Frozen(2), nn.Dropout())
    assert net.train().training
    assert [part.training for part in net] == [False, True]
    assert not any(part.training for part in net.eval().modules())
    with pytest.raises(ValueError, match="True or False"):
        net.train("yes")


def test_hooks_of_modules_replace_inputs_and_outputs_until_removed():
    net, seen = nn.Identity(), []
    handles = [
        net.register_forward_pre_hook(lambda module, inputs: inputs[0] + 1),
        net.register_forward_hook(lambda module, inputs, out: seen.append(inputs[0].item())),
        net.register_forward_hook(lambda module, inputs, out: out * 10),
    ]
    assert net(ours.ones(())).item() == 20
    for handle in handles:
        handle.remove()
    assert net(ours.ones(())).item() == 1
    assert seen == [2]


def test_to_changes_floats_in_place_and_spares_integers():
    net = network(ours)
    weight = net[0].weight
    net(ours.ones(2, 3, dtype=ours.float64)).sum().backward()
    net.to(ours.float32)
    assert net[0].weight is weight
    assert {p.dtype for p in net.parameters()} == {p.grad.dtype for p in net.parameters()} == {ours.float32}
    assert net[1].num_batches_tracked.dtype == ours.int64


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("create_graph", [True, False])
def test_zero_grad_leaves_no_graph(set_to_none, create_graph):
    net = nn.Linear(2, 1)
    for forget in (net.zero_grad, ours.optim.SGD(net.parameters(), lr=0.1).zero_grad):
        (net(ours.ones(1, 2)) ** 2).sum().backward(create_graph=create_graph)
        forget(set_to_none=set_to_none)
        assert net.weight.grad is None if set_to_none else net.weight.grad.tolist() == [[0, 0]]
        assert set_to_none or not net.weight.grad.requires_grad


def test_containers_hold_modules_by_number_and_by_name():
    layers = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()]).append(nn.Tanh())
    assert [type(each).__name__ for each in layers[1:]] == ["ReLU", "Tanh"]
    assert layers[-1] is layers[2]
    named = nn.ModuleDict({"a": nn.ReLU()})
    named["b"] = nn.Linear(1, 2)
    assert "b" in named
    assert list(named.keys()) == list(named) == ["a", "b"]
    assert [n for n, _ in named.named_parameters()] == ["b.weight", "b.bias"]
    with pytest.raises(TypeError, match="module"):
        layers.append(ours.relu)


# -- data -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [True, False])
def test_a_loader_gives_every_example_once_in_batches(whole):
    data = ours.utils.data
    x, y = ours.arange(10.0).reshape(10, 1), ours.arange(10)
    dataset = data.TensorDataset(x, y) if whole else list(zip(x, y, strict=True))
    ours.manual_seed(0)
    for shuffle, drop_last in [(False, False), (True, False), (True, True)]:
        batches = list(loader := data.DataLoader(dataset, batch_size=4, shuffle=shuffle, drop_last=drop_last))
        assert len(batches) == len(loader) == (2 if drop_last else 3)
        labels = [label for _, batch in batches for label in batch.tolist()]
        assert len(set(labels)) == len(labels) == (8 if drop_last else 10)
        assert (labels == sorted(labels)) != shuffle
        assert all(a.tolist() == [[float(n)] for n in b.tolist()] for a, b in batches)


@pytest.mark.parametrize(
    "batch",
    [
        [1.0, 2.0],
        [1, 2],
        [True, False],
        ["a", "b"],
        [(1, 2.0), (3, 4.0)],
        [{"a": 1.0}, {"a": 2.0}],
        [np.float32(1), np.float32(2)],
        [np.ones(2), np.zeros(2)],
    ],
)
def test_batches_are_collated_as_in_pytorch(torch, batch):
    def plain(value):
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return (
            {k: plain(v) for k, v in value.items()}
            if isinstance(value, dict)
            else str(value) + str(getattr(value, "dtype", ""))
        )

    assert plain(ours.utils.data.default_collate(batch)) == plain(torch.utils.data.default_collate(batch))


@pytest.mark.parametrize("lengths", [[3, 7], [0.5, 0.5], [0.33, 0.33, 0.34], [10, 0]])
def test_random_splits_share_nothing_and_lose_nothing(torch, lengths):
    parts = ours.utils.data.random_split(range(10), lengths)
    assert sorted(x for part in parts for x in [part[i] for i in range(len(part))]) == list(range(10))
    assert [len(part) for part in parts] == [
        len(part) for part in torch.utils.data.random_split(range(10), lengths)
    ]


# -- printing -------------------------------------------------------------------------------------------

SHOWN = [
    "m.tensor(3)", "m.tensor(2.5)", "m.tensor(True)", "m.tensor([])", "m.zeros(0, 3)", "m.zeros(2, 0, dtype=m.int64)", "m.tensor([1, 2, 3])", "m.tensor([1., 2.])", "m.tensor([[1.5, -2], [3, 4]])",
    "m.tensor([1e-5, 1.0])", "m.tensor([1e10, 1.0])", "m.tensor([float('nan'), 1, float('inf'), -float('inf')])", "m.tensor([0.1, 1000.5])", "m.tensor([True, False])", "m.ones(2, dtype=m.float64)",
    "m.tensor([1, 200], dtype=m.uint8)", "m.tensor([1, -2], dtype=m.int8)", "m.arange(30)", "m.arange(30.)", "m.arange(12.).reshape(2, 3, 2)", "m.arange(2000)", "m.zeros(50, 50)", "m.ones(3, requires_grad=True)",
    "m.tensor(1.5, requires_grad=True)", "m.ones(2, dtype=m.float16)", "m.tensor([1e-8])", "m.tensor(1e-8)", "m.tensor([123456.789])", "m.tensor([[0.0, -0.0]])", "m.tensor(float('nan'))", "m.tensor([100000000.0])",
    "m.tensor([1000000000.0])", "m.nn.Parameter(m.ones(2))", "m.arange(1001.)", "m.full((3, 3, 3), 0.3333)", "m.tensor([-1.5, 22.25])", "m.tensor([[1], [-1000]])", "m.zeros(()).shape", "m.ones(2, 3).shape", "m.float32",
    "m.device('cpu')", "m.zeros(1, 1, 1)", "m.arange(40.) / 3", "m.tensor([0.00012, 0.5])", "f'{m.tensor(2.5):.2f}'", "str(m.tensor([1, 2]))", "m.ones(2).size()", "m.nn.Linear(2, 3)", "m.nn.Sequential(m.nn.ReLU(), m.nn.Linear(1, 2))",
    "m.nn.Dropout(0.2)", "m.nn.LayerNorm(3)", "m.nn.BatchNorm1d(3)", "m.nn.LeakyReLU(0.2)", "m.nn.CrossEntropyLoss()", "m.nn.ModuleDict({'a': m.nn.Tanh()})", "m.nn.ModuleList([m.nn.Tanh(), m.nn.ReLU()])", "m.nn.Softmax(dim=1)", "m.nn.Flatten()",
]  # fmt: skip


@pytest.mark.parametrize("line", SHOWN)
def test_texts_are_pytorchs(torch, line):
    mine, theirs = (eval(line, {"m": m}) for m in (ours, torch))
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("number", range(5))
def test_texts_of_random_numbers_are_pytorchs(torch, number):
    rng = np.random.default_rng(number)
    for _ in range(40):
        shape = rng.integers(0, 5, rng.integers(0, 4))
        array = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 10)
        array = np.round(array) if rng.random() < 0.3 else array
        for dtype in ("float32", "float64", "int64"):
            assert repr(ours.tensor(array.astype(dtype))) == repr(torch.tensor(array.astype(dtype)))


def test_a_result_shows_what_made_it():
    x = ours.ones(2, requires_grad=True)
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<MulBackward>)"
