"""PyTorch's own sample inputs, run on chainrule.autograd. What ran, what was left out and why is printed at the end."""

from collections import Counter, defaultdict

import numpy as np
import pytest

TALLY = {"ran": Counter(), "left out": defaultdict(Counter), "operations": set(), "worst": {}}


@pytest.fixture(scope="session")
def tally():
    return TALLY


def note_worst(kind, deviation, name):
    if deviation > TALLY["worst"].get(kind, (-1.0, ""))[0]:
        TALLY["worst"][kind] = (deviation, name)


def pytest_terminal_summary(terminalreporter):
    ran, out = TALLY["ran"], TALLY["left out"]
    if not ran:
        return
    total = sum(ran.values()) + sum(sum(reasons.values()) for reasons in out.values())
    say = terminalreporter.write_line
    say(f"PyTorch's samples on chainrule.autograd: {len(TALLY['operations'])} operations, {total} samples")
    for kind, count in sorted(ran.items()):
        say(f"  {count:5} {kind}")
    for reason, names in sorted(out.items()):
        say(
            f"  {sum(names.values()):5} left out, {reason}: {', '.join(f'{n} {c}' for n, c in sorted(names.items()))}"
        )
    for kind, (deviation, name) in sorted(TALLY["worst"].items()):
        say(f"  largest deviation of a {kind}: {deviation:.1e} ({name})")


class Bridge:
    """Tensors and the rest of a sample, from PyTorch's to ours, and the comparison of results."""

    def __init__(self, torch):
        import chainrule.autograd as ours

        self.torch, self.ours = torch, ours
        self.dtypes = {
            getattr(torch, name): getattr(ours, name)
            for name in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
        }

    def convert(self, value, leaves=None):
        """The same argument in our types; tensors that require grad are put into ``leaves``, in order."""
        torch = self.torch
        if isinstance(value, torch.Tensor):
            for theirs, mine in leaves or ():
                if theirs is value:  # one tensor twice among the arguments is one tensor here too
                    leaves.append((theirs, mine))
                    return mine
            source = value.detach().resolve_conj().numpy()
            out = self.ours.from_numpy(source if 0 in value.stride() else np.array(source, order="K"))
            if value.requires_grad:
                out.requires_grad_()
                if leaves is not None:
                    leaves.append((value, out))
            return out
        if isinstance(value, torch.dtype):
            return self.dtypes[value]
        if isinstance(value, torch.Size):
            return tuple(value)
        if isinstance(value, list | tuple):
            return type(value)(self.convert(each, leaves) for each in value)
        if isinstance(value, dict):
            return {key: self.convert(each, leaves) for key, each in value.items()}
        return value

    def flat(self, result):
        """The outputs of an operation as a list."""
        return list(result) if isinstance(result, list | tuple) else [result]

    def array(self, value):
        if isinstance(value, self.torch.Tensor):
            return value.detach().numpy()
        return value.detach().numpy() if isinstance(value, self.ours.Tensor) else np.asarray(value)


@pytest.fixture(autouse=True)
def _same_samples_every_time():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)


def deviation(ours, theirs, relative, vector=None):
    """The largest difference as a share of the largest entry; an error beyond relative * |entry| + 1e-14 * largest.

    Where a product with a ``vector`` is compared, its entries count among those that may be the largest.
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, f"shape {ours.shape}, expected {theirs.shape}"
    assert ours.dtype == theirs.dtype, f"{ours.dtype}, expected {theirs.dtype}"
    if ours.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs)
        return 0.0
    odd = ~np.isfinite(theirs)
    np.testing.assert_array_equal(ours[odd], theirs[odd])
    a, b = ours[~odd].astype(float), theirs[~odd].astype(float)
    if not a.size:
        return 0.0
    eps = np.finfo(theirs.dtype).eps / np.finfo(float).eps
    largest = max(np.abs(b).max(), 0.0 if vector is None else np.abs(vector).max(initial=0.0))
    bound = eps * (relative * np.abs(b) + 1e-14 * largest)
    excess = np.abs(a - b) - bound
    assert (excess <= 0).all(), f"off by {np.abs(a - b).max():.3g}, allowed {bound[excess.argmax()]:.3g}"
    return float((np.abs(a - b) / (np.abs(b).max() or 1.0)).max()) / eps


@pytest.fixture(scope="session")
def bridge():
    return Bridge(pytest.importorskip("torch"))
