"""What a user can do wrong: the error says so, is chainrule's and PyTorch's kind, and no warning of NumPy's escapes."""

import warnings

import numpy as np
import pytest

import chainrule.autograd as torch
from chainrule.autograd.errors import StrictError
from chainrule.core.errors import ChainruleError
from chainrule.core.guards import GUARDS, collected

F, nn = torch.nn.functional, torch.nn
x = torch.ones(2, 3)
index = torch.tensor([0, 1])
whole = torch.tensor([1, 2, 3])
flags = torch.tensor([True, False])

# What is said: (what PyTorch raises, what the message must name)
MISTAKES = {
    "x + torch.ones(2, 4)": (RuntimeError, r"\(2, 3\).*\(2, 4\)"),
    "x * torch.ones(4)": (RuntimeError, r"\(2, 3\).*\(4,\)"),
    "torch.where(x > 0, torch.ones(2, 4), 1)": (RuntimeError, r"\(2, 4\)"),
    "x @ x": (RuntimeError, r"\(2, 3\).*columns.*rows"),
    "torch.mm(x, x[0])": (RuntimeError, "2-d"),
    "x @ torch.ones(3, 2, dtype=torch.float64)": (RuntimeError, "float32.*float64.*to\\(\\)"),
    "torch.cat([])": (RuntimeError, "at least one"),
    "torch.cat([x, torch.ones(1)])": (RuntimeError, r"\(2, 3\).*\(1,\)"),
    "torch.stack([x, x[0]])": (RuntimeError, r"\(2, 3\)"),
    "x.reshape(4)": (RuntimeError, "6 entries.*do not fill"),
    "x.reshape(-1, -1)": (RuntimeError, "at most one -1"),
    "x.T.view(6)": (RuntimeError, "without a copy; say reshape"),
    "x.sum(2)": (IndexError, "expected -2 to 1, came 2"),
    "x.sum((0, 0))": (RuntimeError, "twice"),
    "x.sum('a')": (TypeError, "whole number"),
    "x.sum(dtype='float')": (TypeError, "expected a dtype"),
    "x.sum(dtype=[1])": (TypeError, "expected a dtype"),
    "x.size(5)": (IndexError, r"dimension 5.*\(2, 3\)"),
    "x.stride(5)": (IndexError, "dimension 5"),
    "x[5]": (IndexError, r"index 5.*\(2, 3\)"),
    "x[0, 0, 0]": (IndexError, "too many indices"),
    "x[0:1.5]": (TypeError, "whole numbers"),
    "x['a']": (IndexError, "an index is"),
    "x[::-1]": (NotImplementedError, "step -1.*flip"),
    "x[torch.tensor([5])]": (IndexError, "index 5"),
    "x[torch.tensor([0.5])]": (IndexError, "integers or bools"),
    "x.clone().__setitem__(index, torch.ones(4))": (RuntimeError, "do not fit"),
    "x.clone().__setitem__(0, torch.ones(4))": (RuntimeError, r"\(4,\).*\(3,\)"),
    "x.clone().__setitem__(0, None)": (TypeError, "NoneType"),
    "x.clone().__setitem__(0, 'a')": (TypeError, "str"),
    "whole.clone().__setitem__(0, float('nan'))": (RuntimeError, "without overflow"),
    "x.gather(0, torch.tensor([[7]]))": (IndexError, "7.*2 entries"),
    "x.item()": (RuntimeError, "6.*tolist"),
    "bool(x)": (RuntimeError, "any\\(\\) or all\\(\\)"),
    "len(torch.ones(()))": (TypeError, "0-d"),
    "iter(torch.ones(()))": (TypeError, "0-d"),
    "[1, 2][torch.ones(1)]": (TypeError, "integer"),
    "x.clone().requires_grad_().numpy()": (RuntimeError, r"detach\(\)\.numpy"),
    "x.clone().add_(torch.ones(5, 2, 3))": (RuntimeError, r"own shape \(2, 3\)"),
    "whole.clone().add_(1.5)": (RuntimeError, "float32 does not fit into torch.int64"),
    "x.expand(4, 2, 3).add_(1)": (RuntimeError, r"clone\(\)"),
    "x.add(np.ones(3))": (TypeError, "ndarray"),
    "x + np.ones(3)": (TypeError, "from_numpy"),
    "np.ones(3) + x[0]": (TypeError, "from_numpy"),
    "x + 'a'": (TypeError, ""),
    "x + 1j": (TypeError, "complex"),
    "whole % 0": (RuntimeError, "division by zero"),
    "torch.fmod(whole, 0)": (RuntimeError, "division by zero"),
    "whole // torch.tensor(0)": (RuntimeError, "division by zero"),
    "torch.div(whole, 0, rounding_mode='trunc')": (RuntimeError, "division by zero"),
    "whole ** -1": (RuntimeError, "negative"),
    "whole.mean()": (RuntimeError, "float"),
    "flags - flags": (RuntimeError, "logical_xor"),
    "-flags": (RuntimeError, "logical_not"),
    "flags.abs()": (RuntimeError, "bools"),
    "x & x": (RuntimeError, "bitwise_and is not defined for float32"),
    "x.clamp()": (RuntimeError, "min, max or both"),
    "torch.tensor([[1], [1, 2]])": (ValueError, "equal length"),
    "torch.tensor('a')": (TypeError, "numbers"),
    "torch.tensor([None])": (RuntimeError, "numbers"),
    "torch.tensor([1], requires_grad=True)": (RuntimeError, "only floats"),
    "torch.zeros(-1)": (RuntimeError, "0 or more"),
    "torch.zeros(1.5)": (TypeError, "whole number"),
    "torch.zeros(2, device='cuda')": (TypeError, "CPU"),
    "torch.as_tensor(x, device='cuda')": (TypeError, "CPU"),
    "x.to('cuda')": (TypeError, "CPU"),
    "nn.ReLU().to('cuda')": (TypeError, "CPU"),
    "torch.full((2,), 1e60)": (RuntimeError, "overflow"),
    "torch.arange(0, 5, 0)": (RuntimeError, "never gets"),
    "torch.randint(5, 1, (2,))": (RuntimeError, "low < high"),
    "torch.einsum('ij,kl', x)": (RuntimeError, "2 terms, and 1"),
    "torch.einsum('ii', torch.ones(2, 2))": (NotImplementedError, "diagonal"),
    "torch.manual_seed('a')": (ValueError, "seed"),
    "torch.set_default_dtype(torch.int64)": (TypeError, "float32 or float64"),
    "F.linear(x, torch.ones(2, 4))": (RuntimeError, r"\(2, 3\).*\(2, 4\)"),
    "F.softmax(x)": (RuntimeError, "dim"),
    "F.dropout(x, 2)": (ValueError, "from 0 to 1; came 2"),
    "F.cross_entropy(x, torch.tensor([0, 3]))": (IndexError, "label 3"),
    "F.cross_entropy(x, torch.tensor([0]))": (ValueError, r"\(2,\).*came \(1,\)"),
    "F.cross_entropy(x, index.float())": (RuntimeError, "int64"),
    "F.mse_loss(x, x, reduction='avg')": (ValueError, "'mean', 'sum' or 'none'"),
    "F.binary_cross_entropy(x * 2, x)": (RuntimeError, "sigmoid missing"),
    "F.batch_norm(x[:1], None, None, training=True)": (ValueError, "more than one value"),
    "F.one_hot(index, 1)": (RuntimeError, "classes: 1"),
    "nn.Linear(3, 2)(torch.ones(5, 4))": (RuntimeError, r"\(5, 4\)"),
    "nn.Linear(3, 2).to(torch.int64)": (TypeError, "float"),
    "nn.Sequential(torch.relu)": (TypeError, "modules"),
    "nn.Softmax(1, 2)": (TypeError, "settings"),
    "nn.ReLU(slope=1)": (TypeError, "'slope'.*inplace"),
    "torch.optim.SGD([])": (ValueError, "no parameters"),
    "torch.optim.SGD(x)": (TypeError, "iterable"),
    "torch.optim.SGD({x})": (TypeError, "order"),
    "torch.optim.SGD([x], lr=-1)": (ValueError, "lr is 0 or more; came -1"),
    "torch.optim.Adam([x], betas=(1, 2))": (ValueError, "betas"),
    "torch.optim.Adam([x], differentiable=True)": (NotImplementedError, "differentiable"),
    "torch.optim.SGD([x], nesterov=True)": (ValueError, "momentum"),
    "torch.optim.lr_scheduler.StepLR(3, 2)": (TypeError, "optimizer"),
    "torch.utils.data.DataLoader([1], batch_size=0)": (ValueError, "1 or more"),
    "torch.utils.data.DataLoader([1], num_workers=2)": (NotImplementedError, "num_workers"),
    "torch.utils.data.TensorDataset(x, whole)": (ValueError, "one length"),
    "torch.utils.data.random_split(range(5), [-1, 6])": (ValueError, "add up"),
    "setattr(x.clone(), 'grad', torch.ones(3))": (RuntimeError, r"\(2, 3\).*\(3,\)"),
    "setattr(x.clone(), 'data', 3)": (TypeError, "tensor"),
    "x + 10**400": (RuntimeError, "64 bits.*1000"),
    "torch.xlogy(-(10**30), x)": (RuntimeError, "64 bits"),
    "torch.tensor([1], dtype=torch.int8) & 10**30": (RuntimeError, "64 bits"),
    "torch.where(flags, 10**30, 1)": (RuntimeError, "64 bits"),
    "torch.where(flags, 10**400, 1.5)": (RuntimeError, "64 bits"),
    "torch.norm(x, 10**400)": (RuntimeError, "64 bits"),
    "torch.norm(x, np.zeros(2))": (TypeError, "ndarray"),
    "torch.arange(10**30)": (RuntimeError, "64 bits"),
    "torch.arange(1e308)": (RuntimeError, "fit into memory"),
    "torch.linspace(0, 1, 10**30)": (ValueError, "64 bits"),
    "torch.linspace(0, 1, 2.5)": (TypeError, "steps is a whole number, not 2.5"),
    "torch.ones(10**30, 0)": (TypeError, "64 bits"),
    "torch.ones(2**62, 0)": (RuntimeError, "fit into memory"),
    "torch.full(0.5, 1)": (TypeError, "whole number, not 0.5"),
    "torch.randint(100, 0.0)": (TypeError, "a tuple, not None"),
    "torch.randint(0, 10, 5)": (TypeError, "a tuple, not 5"),
    "torch.randint(10**30, ())": (ValueError, "64 bits"),
    "torch.randint_like(x, 10**30)": (ValueError, "64 bits"),
    "torch.chunk(torch.zeros(0), 2**62)": (RuntimeError, "fit into memory"),
    "torch.split(x, float('nan'))": (TypeError, "whole number, not nan"),
    "torch.split(x, ['a'])": (TypeError, "whole number, not 'a'"),
    "torch.topk(x, None)": (TypeError, "k is a whole number, not None"),
    "torch.tril(x, None)": (TypeError, "tril: diagonal is a whole number, not None"),
    "torch.triu(x, torch.tensor(float('inf')))": (TypeError, "triu: diagonal is a whole number"),
    "torch.triu(x, 10**30)": (ValueError, "64 bits"),
    "torch.mv(whole[0], None)": (TypeError, "NoneType"),
    "torch.addmm(1, x, x.T)": (TypeError, "takes a tensor, not int"),
    "torch.einsum('a', [0.5])": (TypeError, "takes a tensor, not float"),
    "torch.inference_mode(np.zeros(2))": (RuntimeError, "True or False, not array"),
    "torch.set_grad_enabled(np.zeros(2))": (TypeError, "True or False, not array"),
    "torch.strict(np.zeros(2))": (RuntimeError, "True or False, not array"),
    "torch.as_tensor(1, None, np.zeros(2))": (TypeError, "CPU"),
    "torch.sum(x, 0, np.zeros(2))": (TypeError, "keepdim is True or False, not array"),
    "torch.any(x, 0, np.zeros(2))": (TypeError, "keepdim is True or False, not array"),
    "torch.argmax(x, 0, np.zeros(2))": (TypeError, "keepdim is True or False, not array"),
    "torch.sort(x, 0, np.zeros(2))": (TypeError, "descending is True or False, not array"),
    "torch.topk(x, 1, 0, np.zeros(2))": (TypeError, "largest is True or False, not array"),
    "F.dropout(x, 0.5, np.zeros(2))": (RuntimeError, "training is True or False, not array"),
    "F.batch_norm(x, None, None, None, None, np.zeros(2))": (RuntimeError, "training is True or False, not array"),
    "F.cross_entropy(x, index, True)": (TypeError, "weight takes a tensor, not bool"),
    "F.nll_loss(x, index, [1])": (TypeError, "weight takes a tensor, not list"),
    "F.binary_cross_entropy(x, x, {0: 1.0})": (RuntimeError, "weight takes a tensor, not dict"),
    "F.binary_cross_entropy_with_logits(x, x, {0: 1.0})": (TypeError, "weight takes a tensor, not dict"),
    "F.one_hot(index, '')": (TypeError, "num_classes is a whole number, not ''"),
    "F.one_hot(index, 10**30)": (ValueError, "64 bits"),
    "F.one_hot(torch.zeros(0, dtype=torch.int64), -2)": (RuntimeError, "0 or more"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_explained_by_an_error_of_both_kinds(mistake):
    kind, text = MISTAKES[mistake]
    with pytest.raises(kind, match=f"(?s){text}") as caught:
        eval(mistake)
    plain_python = mistake == "x + 'a'"
    assert isinstance(caught.value, ChainruleError) != plain_python
    assert len(str(caught.value)) > 20


# What is unusual and no mistake, and its answer: PyTorch's, which alone refuses uint8 in one_hot.
UNUSUAL = {
    "torch.pow(True, torch.tensor(0))": 1,
    "torch.pow(2, torch.tensor([1, -1]))": [2, 0],
    "torch.pow(2.5, torch.tensor([1, -2]))": [2.5, 0.16],
    "whole + 2**63": [-(2**63) + 1, -(2**63) + 2, -(2**63) + 3],
    "F.one_hot(torch.tensor([0, 2], dtype=torch.uint8))": [[1, 0, 0], [0, 0, 1]],
    "F.one_hot(index, torch.tensor(2))": [[1, 0], [0, 1]],
    "torch.topk(whole, torch.tensor(1)).values": [3],
    "torch.tril(x, 2**63 - 1)": [[1, 1, 1], [1, 1, 1]],
    "torch.triu(x, 2**62)": [[0, 0, 0], [0, 0, 0]],
    "torch.triu(x, -(2**63))": [[1, 1, 1], [1, 1, 1]],
    "torch.randint(7, np.int64(8), (2,))": [7, 7],
    "torch.randint(1, (2,), dtype=None).dtype.itemsize": 8,
    "torch.linspace(0, 1, torch.tensor(3))": [0, 0.5, 1],
}


@pytest.mark.parametrize("line", UNUSUAL)
def test_what_is_unusual_is_answered(line):
    np.testing.assert_allclose(np.asarray(eval(line)), UNUSUAL[line], rtol=1e-6)


NAMES = {
    "torch.conv2d": "cross_entropy|Did you mean|Known", "nn.Conv2d": "dense networks", "F.max_pool2d": "dense networks",
    "torch.optim.LBFGS": "optim has no 'LBFGS'", "torch.randm": "Did you mean 'rand", "nn.Linaer": "Did you mean 'Linear'",
    "x.cuda()": r"CPU; leave the move out", "x.sumn": "Did you mean 'sum'", "nn.Linear(1, 1).cuda()": "CPU", "torch.autograd.gradcheck": "autograd has no",
    "nn.Linear(1, 1).wieght": "Did you mean 'weight'", "torch.utils.tensorboard": "no 'tensorboard'", "nn.init.orthogonal_": "no 'orthogonal_'",
    "nn.utils.parametrize": "no 'parametrize'", "torch.optim.lr_scheduler.ExponentialLR": "no 'ExponentialLR'", "torch.utils.data.Sampler": "no 'Sampler'",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_unknown_names_are_attribute_errors_that_help(name):
    with pytest.raises(AttributeError, match=NAMES[name]) as caught:
        eval(name)
    assert isinstance(caught.value, ChainruleError)


def test_asking_whether_a_name_is_there_works():
    assert not hasattr(x, "cuda")
    assert not hasattr(torch, "conv2d")
    assert getattr(nn.Linear(1, 1), "missing", 3) == 3


HUGE, TINY = torch.full((3,), 3e38), torch.zeros(3)
LOUD = [
    "TINY.log()", "TINY / TINY", "HUGE * HUGE", "HUGE.exp()", "(-HUGE).sqrt()", "TINY.rsqrt()", "TINY.reciprocal()", "(TINY / TINY).long()", "(HUGE * HUGE).int()",
    "HUGE.double().mul(1e300).float()", "HUGE.half()", "TINY % 0", "TINY // 0", "torch.fmod(TINY, 0)", "TINY ** -1", "HUGE.pow(3)", "HUGE.sum()", "HUGE.var()",
    "HUGE.norm()", "HUGE.prod()", "torch.zeros(0).mean()", "torch.zeros(1).var()", "HUGE.cumsum(0)", "HUGE @ HUGE", "(HUGE * HUGE).softmax(0)", "HUGE.add_(HUGE)",
    "HUGE.clone().mul_(HUGE)", "torch.zeros(3, dtype=torch.float16).add_(HUGE)", "torch.zeros(3, dtype=torch.float16).copy_(HUGE)", "torch.tensor([1e60])", "torch.arange(0, 3e5, 1e5, dtype=torch.float16)",
    "torch.tensor([127], dtype=torch.int8) + torch.tensor([1], dtype=torch.int8)", "torch.isclose(HUGE * HUGE, TINY / TINY)", "repr(HUGE * HUGE)", "repr(TINY / TINY)", "repr(HUGE.double() * 1e270)",
    "F.layer_norm(HUGE, (3,))", "F.gelu(HUGE)", "F.softplus(HUGE)", "F.mish(-HUGE)", "F.elu(-HUGE)", "F.logsigmoid(-HUGE)", "F.binary_cross_entropy(TINY, TINY + 1)", "F.cross_entropy(HUGE * HUGE, torch.tensor(0))",
    "F.kl_div(HUGE, TINY)", "F.huber_loss(HUGE, -HUGE)", "F.mse_loss(HUGE, -HUGE)", "F.batch_norm(HUGE.reshape(3, 1), TINY[:1].clone(), TINY[:1].clone(), training=True)",
    "torch.where(TINY == 0, 1e308, 0.5)", "nn.init.normal_(torch.zeros(3, dtype=torch.float16), 0, 1e10)", "torch.linspace(0, 1e6, 3, dtype=torch.float16)",
]  # fmt: skip


@pytest.mark.parametrize("line", LOUD)
def test_no_warning_of_numpy_escapes(line):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eval(line, {**globals(), "HUGE": HUGE.clone(), "TINY": TINY.clone()})


def test_no_warning_of_numpy_escapes_on_the_way_back_or_in_training():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = torch.ones(2, requires_grad=True)
        for inputs in (None, [p]):
            for _ in range(2):
                y = (p * 3e38).sum() + (p - 1).log().sum() + (p - 1).sqrt().sum()
                y.backward(inputs=inputs)
        nn.utils.clip_grad_norm_([p], 1.0)
        torch.optim.Adam([p], lr=1e38).step()
        p.grad = torch.full((2,), 1e38)
        nn.utils.clip_grad_norm_([p], 1.0)
        nn.Linear(1, 1).load_state_dict({"weight": np.full((1, 1), 1e60), "bias": np.zeros(1)})


# -- strict ---------------------------------------------------------------------------------------------

logits, labels, yes = torch.randn(4, 3), torch.tensor([0, 1, 2, 0]), torch.ones(4, 3)


def without_grad(f):
    with torch.no_grad():
        return f()


STRICT = {
    **{f"{name} of a column and a row": lambda name=name: getattr(F, name)(torch.ones(4, 1), torch.ones(4))
       for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div")},
    "a module's loss": lambda: nn.MSELoss()(torch.ones(4, 1), torch.ones(4)),
    "softmax to cross_entropy": lambda: F.cross_entropy(F.softmax(logits, 1), labels),
    "probabilities as target": lambda: F.cross_entropy(logits.softmax(1), yes / 3),
    "modules": lambda: nn.CrossEntropyLoss()(nn.Sequential(nn.Linear(3, 3), nn.Softmax(1))(logits), labels),
    "through a view": lambda: F.cross_entropy(logits.softmax(1).reshape(2, 2, 3).view(4, 3), labels),
    "through detach": lambda: F.cross_entropy(logits.softmax(1).detach(), labels),
    "under no_grad": lambda: without_grad(lambda: F.cross_entropy(logits.softmax(1), labels)),
    "made under no_grad": lambda: F.cross_entropy(without_grad(lambda: logits.softmax(1)), labels),
    "through a clone": lambda: F.cross_entropy(logits.softmax(1).clone(), labels),
    "through another type": lambda: F.cross_entropy(logits.softmax(1).double(), labels),
    "sigmoid to the logits' loss": lambda: F.binary_cross_entropy_with_logits(logits.sigmoid(), yes),
    "sigmoid in place": lambda: F.binary_cross_entropy_with_logits(logits.clone().sigmoid_(), yes),
    "sigmoid modules": lambda: nn.BCEWithLogitsLoss()(nn.Sigmoid()(logits), yes),
    "squeezed": lambda: F.binary_cross_entropy_with_logits(logits[:, :1].sigmoid().squeeze(1), yes[:, 0]),
    **{f"softmax through {name}": lambda keep=keep: F.cross_entropy(keep(logits.softmax(1)), labels)
       for name, keep in {
           "squeeze": lambda p: p.unsqueeze(0).squeeze(0), "transpose": lambda p: p.t().t(), "permute": lambda p: p.permute(1, 0).T,
           "a slice": lambda p: p[:, 0:3], "a mask": lambda p: p[torch.ones(4, dtype=torch.bool)], "rows by number": lambda p: p[torch.arange(4)],
           "a reshape that copies": lambda p: p.t().reshape(3, 4).t(), "contiguous": lambda p: p.t().contiguous().t(), "flip": lambda p: p.flip(0),
           "cat": lambda p: torch.cat([p[:2], p[2:]]), "stack": lambda p: torch.stack(list(p)), "split": lambda p: torch.cat(p.split(2)),
           "to": lambda p: p.to(torch.float64, copy=True), "expand": lambda p: p.unsqueeze(0).expand(2, 4, 3)[1], "index_select": lambda p: p.index_select(0, torch.arange(4)),
       }.items()},
    "sigmoid to cross_entropy": lambda: F.cross_entropy(logits.sigmoid(), labels),
    "a column of a softmax to the yes-or-no loss": lambda: F.binary_cross_entropy_with_logits(logits.softmax(1)[:, 1], yes[:, 1]),
    "answers of 1 and 2": lambda: F.binary_cross_entropy_with_logits(logits, yes * 2),
    "answers of -1 and 1": lambda: F.binary_cross_entropy(logits.sigmoid(), -yes),
    "softmax to nll": lambda: F.nll_loss(logits.softmax(1), labels),
    "softmax module to nll": lambda: nn.NLLLoss()(nn.Softmax(dim=1)(logits), labels),
}  # fmt: skip


@pytest.mark.parametrize("case", STRICT)
@pytest.mark.filterwarnings("ignore:.*broadcast")
def test_likely_mistakes_are_errors_unless_allowed(case):
    with pytest.raises(StrictError, match=r"strict\(False\)") as refused:
        STRICT[case]()
    assert refused.value.guard in GUARDS
    assert "\n" not in str(refused.value)
    with collected() as found:
        assert STRICT[case]().ndim == STRICT[case]().ndim == 0
    assert [(error.guard, str(error)) for error in found] == [(refused.value.guard, str(refused.value))]
    with torch.strict(False):
        assert STRICT[case]().ndim == 0
    assert torch.is_strict()
    assert torch.strict(False)(STRICT[case])().ndim == 0
    assert torch.is_strict()


def test_a_decorator_is_strict_only_while_its_function_runs():
    lenient = torch.strict(False)(torch.is_strict)
    assert torch.is_strict()
    assert not lenient()
    assert torch.is_strict()


@pytest.mark.parametrize("right", [
    lambda: F.cross_entropy(logits.softmax(1).log(), labels), lambda: F.nll_loss(logits.log_softmax(1), labels), lambda: F.binary_cross_entropy(logits.sigmoid(), yes),
    lambda: F.cross_entropy(logits.softmax(1) * 2, labels), lambda: F.binary_cross_entropy(logits.softmax(1), yes), lambda: F.cross_entropy(logits.softmax(1).clone().log_(), labels),
    lambda: F.cross_entropy(torch.cat([logits.softmax(1)[:2], logits[2:]]), labels), lambda: F.binary_cross_entropy_with_logits(logits, yes / 2),
])  # fmt: skip
def test_what_is_right_is_allowed(right):
    assert right().ndim == 0


def test_a_broadcast_loss_warns_where_it_is_allowed():
    with torch.strict(False), pytest.warns(UserWarning, match="broadcast"):
        F.mse_loss(torch.ones(4, 1), torch.ones(4))
