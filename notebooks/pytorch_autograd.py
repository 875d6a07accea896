# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Gradients by hand, and by autograd
#
# Gradients are computed here by the chain rule on paper, written out in NumPy; by PyTorch's autograd; and by
# `chainrule.autograd`, which has PyTorch's names. `allclose` says whether they agree.
#
# It ran on these versions:

# %%
import platform

import numpy as np
import torch

import chainrule
import chainrule.autograd as ctorch

print("Python   ", platform.python_version())
print("NumPy    ", np.__version__)
print("PyTorch  ", torch.__version__)
print("chainrule", chainrule.__version__)

# %% [markdown]
# ## 1. A worked neuron
#
# One neuron with three inputs, a ReLU, and a target of 1:
#
# $$x = (1, 2, 3), \quad w = (0.5,\ 0.1,\ 0.2), \quad b = 0$$
# $$z = x \cdot w + b = 0.5 + 0.2 + 0.6 = 1.3, \qquad y = \max(0, z) = 1.3, \qquad L = (y - 1)^2 = 0.09$$
#
# The chain rule goes from the loss back to the weights, one factor for each step:
#
# $$\frac{\partial L}{\partial w}
#   = \underbrace{2 (y - 1)}_{\partial L / \partial y\, =\, 0.6}
#     \cdot \underbrace{[z > 0]}_{\partial y / \partial z\, =\, 1}
#     \cdot \underbrace{x}_{\partial z / \partial w}
#   = 0.6\, x = (0.6,\ 1.2,\ 1.8), \qquad \frac{\partial L}{\partial b} = 0.6$$

# %%
x, w, b = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.1, 0.2]), 0.0

z = x @ w + b
y = max(0.0, z)
loss = (y - 1) ** 2
print(f"z = {z:.2f}, y = {y:.2f}, loss = {loss:.2f}")

dL_dy = 2 * (y - 1)
dy_dz = 1.0 if z > 0 else 0.0
dL_dw = dL_dy * dy_dz * x
dL_db = dL_dy * dy_dz
print("by hand  ", dL_dw, f"{dL_db:.1f}")


# %%
def neuron(library):
    """The same with tensors: value and gradients from backward()."""
    x = library.tensor([1.0, 2.0, 3.0], dtype=library.float64)
    w = library.tensor([0.5, 0.1, 0.2], dtype=library.float64, requires_grad=True)
    b = library.tensor(0.0, dtype=library.float64, requires_grad=True)
    z = x @ w + b
    y = library.relu(z)
    loss = (y - 1) ** 2
    loss.backward()
    return loss, w, b


for name, library in (("PyTorch", torch), ("chainrule", ctorch)):
    loss, w, b = neuron(library)
    agree = np.allclose(w.grad.numpy(), dL_dw) and np.allclose(b.grad.item(), dL_db)
    print(f"{name:<9} loss {loss.item():.2f}, dL/dw {w.grad.numpy()}, dL/db {b.grad.item():.1f}")
    print(f"{'':<9} allclose to those by hand: {agree}")

# %% [markdown]
# ## 2. The graph
#
# While the loss is computed, autograd writes down which operation made what from what. `backward()` walks this
# graph from the loss to the leaves, and multiplies the factors on the way: each box knows its own derivative.

# %%
from IPython.display import Image, display

from chainrule import plots


def show(figure):
    """A picture of a figure, below the cell."""
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    display(Image(buffer.getvalue()))


loss, w, b = neuron(ctorch)
show(plots.graph(loss, {"w": w, "b": b}))

# %% [markdown]
# ## 3. Two layers by hand
#
# $$h = x W_1 + b_1, \qquad a = \tanh h, \qquad z = a W_2 + b_2, \qquad L = \frac{1}{n k} \sum (z - y)^2$$
#
# Samples are rows. Backwards, with $\partial L / \partial z$ written `dz` and so on:
#
# $$dz = \frac{2}{n k}(z - y), \quad dW_2 = a^\top dz, \quad db_2 = \sum_{\text{rows}} dz,
#   \quad da = dz\, W_2^\top,$$
# $$dh = da \odot (1 - a^2), \quad dW_1 = x^\top dh, \quad db_1 = \sum_{\text{rows}} dh.$$
#
# A bias is added to every row, so every row has its share in its derivative: hence the sums.

# %%
rng = np.random.default_rng(0)
n, d_in, hidden, d_out = 8, 5, 4, 3
X, Y = rng.standard_normal((n, d_in)), rng.standard_normal((n, d_out))
start = {
    "W1": rng.standard_normal((d_in, hidden)),
    "b1": rng.standard_normal(hidden),
    "W2": rng.standard_normal((hidden, d_out)),
    "b2": rng.standard_normal(d_out),
}


def by_hand(p):
    h = X @ p["W1"] + p["b1"]
    a = np.tanh(h)
    z = a @ p["W2"] + p["b2"]
    loss = ((z - Y) ** 2).mean()

    dz = 2 * (z - Y) / z.size
    dW2, db2 = a.T @ dz, dz.sum(axis=0)
    da = dz @ p["W2"].T
    dh = da * (1 - a**2)
    dW1, db1 = X.T @ dh, dh.sum(axis=0)
    return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


# %%
def by_autograd(library, p):
    t = {name: library.tensor(value, requires_grad=True) for name, value in p.items()}
    a = library.tanh(library.tensor(X) @ t["W1"] + t["b1"])
    z = a @ t["W2"] + t["b2"]
    loss = ((z - library.tensor(Y)) ** 2).mean()
    loss.backward()
    return loss.item(), {name: value.grad.numpy() for name, value in t.items()}


loss, gradient = by_hand(start)
print(f"loss by hand {loss:.6f}")
for name, library in (("PyTorch", torch), ("chainrule", ctorch)):
    other_loss, other = by_autograd(library, start)
    agree = {key: np.allclose(gradient[key], other[key]) for key in start}
    print(f"{name:<9} loss: {np.allclose(loss, other_loss)}  gradients: {agree}")

# %% [markdown]
# ## 4. Four layers by hand
#
# The same rules, once a layer. Only two lines repeat: through the activation, $dz_l = da_l \odot f'(z_l)$, and
# through the weights, $da_{l-1} = dz_l W_l^\top$. Here with ReLU, so $f'(z) = [z > 0]$, and softmax with
# cross-entropy at the end, $L = -\frac{1}{n} \sum_i \log p_{i, y_i}$ with $p = \operatorname{softmax}(z)$, whose
# derivative with respect to the scores is simply
#
# $$\frac{\partial L}{\partial z} = \frac{1}{n} (p - \text{one-hot}(y)).$$

# %%
from itertools import pairwise

sizes = [5, 16, 12, 8, 3]
labels = rng.integers(0, 3, n)
Ws = [rng.standard_normal((i, o)) * np.sqrt(2 / i) for i, o in pairwise(sizes)]
bs = [rng.standard_normal(o) * 0.1 for o in sizes[1:]]


# %%
def deep_by_hand():
    inputs, zs = [X], []
    for layer, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        zs.append(inputs[-1] @ W + b)
        inputs.append(np.maximum(zs[-1], 0) if layer < 3 else zs[-1])
    z = zs[-1] - zs[-1].max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()

    dz = (p - np.eye(3)[labels]) / n
    dWs, dbs = [None] * 4, [None] * 4
    for layer in (3, 2, 1, 0):
        dWs[layer], dbs[layer] = inputs[layer].T @ dz, dz.sum(axis=0)
        if layer:
            da = dz @ Ws[layer].T
            dz = da * (zs[layer - 1] > 0)
    return loss, dWs, dbs


# %%
def deep_by_autograd(library):
    nn = library.nn
    hidden = [nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU()]
    model = nn.Sequential(*hidden, nn.Linear(8, 3)).double()
    linear = [module for module in model if isinstance(module, nn.Linear)]
    with library.no_grad():
        for module, W, b in zip(linear, Ws, bs, strict=True):
            module.weight.copy_(library.tensor(W.T.copy()))  # Linear stores W as (d_out, d_in)
            module.bias.copy_(library.tensor(b))
    loss = nn.CrossEntropyLoss()(model(library.tensor(X)), library.tensor(labels))
    loss.backward()
    dWs = [module.weight.grad.numpy().T for module in linear]
    return loss.item(), dWs, [module.bias.grad.numpy() for module in linear]


# %%
loss, dWs, dbs = deep_by_hand()
print(f"loss by hand {loss:.6f}")
for name, library in (("PyTorch", torch), ("chainrule", ctorch)):
    other_loss, other_dWs, other_dbs = deep_by_autograd(library)
    pairs = list(zip(dWs + dbs, other_dWs + other_dbs, strict=True))
    agree = sum(np.allclose(a, b) for a, b in pairs)
    worst = max(np.abs(a - b).max() for a, b in pairs)
    print(f"{name:<9} loss: {np.allclose(loss, other_loss)}  gradients: {agree} of {len(pairs)} agree")
    print(f"{'':<9} the largest difference is below 1e-12: {worst < 1e-12}")

# %% [markdown]
# ## 5. Gradients add up
#
# `backward()` adds to `.grad`. That is what one wants when a batch is too large to be computed at once, and a
# common mistake otherwise: without `zero_grad()` each step goes along the sum of all gradients so far. With
# $L = \sum_i w_i^2$ the gradient is $2 w$; after a second `backward()` there is $2 w + 2 w = 4 w$ in `.grad`.

# %%
for library in (torch, ctorch):
    w = library.tensor([1.0, 2.0], requires_grad=True)
    (w**2).sum().backward()
    first = w.grad.tolist()
    (w**2).sum().backward()
    second = w.grad.tolist()
    optimizer = library.optim.SGD([w], lr=0.1)
    optimizer.zero_grad()
    print(first, "then", second, "and after zero_grad():", w.grad)

# %% [markdown]
# ## 6. `no_grad` and `detach`
#
# An update of the weights is no part of the function to differentiate, so it happens within `no_grad`, where
# nothing is recorded. `detach()` takes one value out of the graph: the derivative stops there. In
# $L = w \cdot \text{detach}(w)$ the second factor counts as a constant, so $\partial L / \partial w = w$ and not
# $2 w$.

# %%
for library in (torch, ctorch):
    w = library.tensor(3.0, requires_grad=True)
    with library.no_grad():
        unrecorded = w * w
    (w * w.detach()).backward()
    print("recorded within no_grad:", unrecorded.requires_grad, "| dL/dw of w * detach(w):", w.grad.item())

# %% [markdown]
# A value that is needed on the way back must not be changed before: for $y = e^w$ it is
# $\partial y / \partial w = y$, the result itself. Both libraries count the changes of every tensor and refuse:

# %%
import textwrap

for name, library in (("PyTorch", torch), ("chainrule", ctorch)):
    w = library.tensor([1.0, 2.0], requires_grad=True)
    y = w.exp()  # its derivative is y itself
    y += 1
    try:
        y.sum().backward()
    except RuntimeError as problem:
        print(textwrap.fill(f"{name}: {str(problem).split(' Hint:')[0]}", 100, subsequent_indent="    "))

# %% [markdown]
# ## 7. A gradient checked by differences
#
# The definition of the derivative is the third opinion that needs no calculus at all:
#
# $$\frac{\partial L}{\partial \theta_i}
#   \approx \frac{L(\theta + \varepsilon e_i) - L(\theta - \varepsilon e_i)}{2 \varepsilon}$$
#
# Its error has two parts, one that shrinks with $\varepsilon^2$ and one from rounding that grows with
# $1/\varepsilon$:

# %%
_, gradient = by_hand(start)


def difference(epsilon):
    up, down = ({key: value.copy() for key, value in start.items()} for _ in range(2))
    up["W1"][0, 0] += epsilon
    down["W1"][0, 0] -= epsilon
    return (by_hand(up)[0] - by_hand(down)[0]) / (2 * epsilon)


for epsilon in (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11):
    error = abs(difference(epsilon) - gradient["W1"][0, 0])
    print(f"epsilon {epsilon:.0e}   error about 1e{round(np.log10(error)):+d}")

# %% [markdown]
# `check_gradients` takes several of them, extrapolates to $\varepsilon = 0$, and knows how far it can be off;
# and where a gradient is wrong it says what the mistake is. Here the sum over the rows is replaced by the mean:

# %%
print(chainrule.check_gradients(by_hand, start))


def with_a_mistake(p):
    loss, gradient = by_hand(p)
    return loss, {**gradient, "b2": gradient["b2"] / n}


print(chainrule.check_gradients(with_a_mistake, start))

# %% [markdown]
# ## 8. A function with a derivative of one's own
#
# $\operatorname{softplus}(z) = \log(1 + e^z)$ overflows when written like that. With a form of the value that
# does not, and its derivative stated by hand, it becomes an operation like any other:
#
# $$a = \max(0, z) + \log(1 + e^{-|z|}), \qquad \frac{\partial a}{\partial z} = \frac{1}{1 + e^{-z}} = \sigma(z),
#   \qquad \frac{\partial L}{\partial z} = \frac{\partial L}{\partial a}\, \sigma(z)$$
#
# `backward` gets $\partial L / \partial a$ and returns $\partial L / \partial z$: the chain rule, once more.


# %%
def softplus_of(library):
    class Softplus(library.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z.clamp(min=0) + (-z.abs()).exp().log1p()

        @staticmethod
        def backward(ctx, da):
            (z,) = ctx.saved_tensors
            return da * z.sigmoid()

    return Softplus.apply


for name, library in (("PyTorch", torch), ("chainrule", ctorch)):
    z = library.tensor([-1000.0, -1.0, 0.0, 1.0, 1000.0], dtype=library.float64, requires_grad=True)
    a = softplus_of(library)(z)
    a.sum().backward()
    built_in = library.nn.functional.softplus(z.detach())
    same = (
        np.allclose(a.detach().numpy(), built_in.numpy()),
        np.allclose(z.grad.numpy(), z.detach().sigmoid().numpy()),
    )
    print(f"{name:<9}", a.detach().numpy().round(4).tolist(), "value and derivative:", same)

# %% [markdown]
# With chainrule's tensors nothing has to be derived at all: an activation or a loss written on them can be
# handed to its networks as it is (see `docs/autograd.md`).
