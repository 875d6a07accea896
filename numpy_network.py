#!/usr/bin/env python3
# ruff: noqa: T201
"""Neural networks in one file: a lesson to read from top to bottom, and a program to run.

    python numpy_network.py train xor
    python numpy_network.py train mnist --hidden 128,64 --save digits.npz
    python numpy_network.py evaluate digits.npz mnist
    python numpy_network.py gradcheck --activation tanh --loss cross_entropy --hidden 5,4

A network is a function with many adjustable numbers. Training moves them, step by step, so that a loss, which
measures how wrong the answers are, goes down. To know which way to move each number we need the derivative of
the loss with respect to each, and one idea finds them all: the chain rule.

Notation. n rows (samples), k outputs. A layer takes d_in numbers a row and gives d_out:

    x (n, d_in)    W (d_out, d_in)    b (d_out,)    z = x @ W.T + b (n, d_out)    a = activation(z) (n, d_out)

L is the loss, one number. dW is short for dL/dW: how L changes with each entry of W. It has the shape of W, and
db, dx, dz, da have the shapes of b, x, z, a.
"""

import argparse
import csv
import gzip
import json
import math
import os
import struct
import sys
import time
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np

# ---- 1. One neuron -------------------------------------------------------------------------------------------
#
# A neuron multiplies each input by a weight, adds a bias, and sends the sum through an activation. Take
# x = (1, 2, 3), w = (0.5, 0.1, 0.2), b = 0, the activation relu(z) = max(0, z), and let 1 be the right answer:
#
#     z = x1 w1 + x2 w2 + x3 w3 + b = 0.5 + 0.2 + 0.6 + 0 = 1.3
#     y = relu(z) = 1.3
#     L = (y - 1)² = 0.09
#
# How does L change with w1? w1 moves z, z moves y, y moves L, and the chain rule multiplies the three rates:
#
#     dL/dw1 = dL/dy · dy/dz · dz/dw1
#     dL/dy  = 2 (y - 1) = 0.6    the derivative of a square
#     dy/dz  = 1                  because z > 0; below 0 a ReLU is flat, the factor is 0, and nothing is learned
#     dz/dw1 = x1                 only the term x1 w1 contains w1
#
# So dL/dw = 0.6 · 1 · x = (0.6, 1.2, 1.8), and dL/db = 0.6 · 1 · 1 = 0.6. The gradient points uphill, so we step
# against it, by 0.01 of it: w = (0.494, 0.088, 0.182), b = -0.006. Now z = 1.21 and L = 0.0441, half of what it
# was. That is all of learning. The rest of this file does it for many neurons at once.


def neuron(x, w, b, target):
    """One ReLU neuron: its output y, the loss (y - target)², and the derivatives dw and db of the loss."""
    z = x @ w + b
    y = max(0.0, z)
    dy = 2 * (y - target)
    dz = dy * (1.0 if z > 0 else 0.0)
    return y, (y - target) ** 2, dz * x, dz


# ---- 2. Activations ------------------------------------------------------------------------------------------
#
# Without something bent between them, two layers are one: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).
# An activation is a pair of functions: forward gives a from z, backward gives dz from da. Where each entry goes
# its own way, a = f(z), the chain rule says dz = da · f'(z):
#
#     identity    f = z                     f' = 1
#     sigmoid     f = 1 / (1 + e^-z)        f' = e^-z / (1 + e^-z)² = 1/(1 + e^-z) · e^-z/(1 + e^-z) = a (1 - a)
#     tanh        f = sinh z / cosh z       f' = (cosh² z - sinh² z) / cosh² z = 1 - a²
#     relu        f = max(0, z)             f' = 1 where z > 0, else 0 (at the corner, z = 0, we choose 0)
#     leaky_relu  f = z, below 0 0.01 z     f' = 1 where z > 0, else 0.01, so that no unit is ever switched off
#
# Softmax turns a row into probabilities: a_i = e^(z_i) / S with S = Σ_j e^(z_j). Each output depends on every
# input, so its derivative is a matrix, the Jacobian. By the quotient rule, with dS/dz_j = e^(z_j):
#
#     i = j:  da_i/dz_i = (e^(z_i) S - e^(z_i) e^(z_i)) / S² = a_i - a_i a_i
#     i ≠ j:  da_i/dz_j = (  0       - e^(z_i) e^(z_j)) / S² =     - a_i a_j
#
# z_j moves all outputs, so the chain rule sums over them: dz_j = Σ_i da_i · da_i/dz_j = a_j (da_j - Σ_i da_i a_i).


def sigmoid(z):
    """1 / (1 + e^-z). Only e^-|z| is computed, which cannot overflow; for z < 0 use e^z / (1 + e^z), the same."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    """e^(z_i) / Σ_j e^(z_j), by row. Subtracting the maximum cancels in the fraction, and prevents overflow."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


ACTIVATIONS = {  # name: (a from z, dz from da, z and a)
    "identity": (lambda z: z, lambda da, z, a: da),
    "sigmoid": (sigmoid, lambda da, z, a: da * a * (1 - a)),
    "tanh": (np.tanh, lambda da, z, a: da * (1 - a * a)),
    "relu": (lambda z: np.maximum(z, 0), lambda da, z, a: da * (z > 0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda da, z, a: np.where(z > 0, da, 0.01 * da)),
    "softmax": (softmax, lambda da, z, a: a * (da - (da * a).sum(axis=1, keepdims=True))),
}

# ---- 3. First weights ----------------------------------------------------------------------------------------
#
# z is a sum of n_in terms w x. With independent weights of mean 0, Var(z) = n_in · Var(w) · mean(x²), so for the
# signal to keep its size from layer to layer we need Var(w) = 1/n_in: LeCun. Backward, dx is a sum of n_out terms,
# which asks for 1/n_out; Xavier (Glorot) takes 2/(n_in + n_out), between the two. A ReLU zeroes half of its
# signal, so He doubles LeCun's variance. Two fail, and are here to be seen failing. With zeros, the units of a
# layer compute the same, get the same gradient and stay the same for ever. With large ones the signal grows by
# sqrt(n_in) a layer: sigmoids saturate, where their derivative is 0, and ReLUs explode.

INITIALIZATIONS = {  # name: the standard deviation of the weights. Biases start at 0.
    "zeros": lambda n_in, n_out: 0.0,
    "large": lambda n_in, n_out: 1.0,
    "lecun": lambda n_in, n_out: math.sqrt(1 / n_in),
    "xavier": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),
    "he": lambda n_in, n_out: math.sqrt(2 / n_in),
}

# ---- 4. Losses -----------------------------------------------------------------------------------------------
#
# The last layer is linear; its outputs z (n, k) are called logits. A loss takes logits and targets y (n, k), and
# gives L and dz. The squared error of numbers, L = Σ (z - y)², has dz = 2 (z - y); its mean divides both by n k.
#
# Sigmoid and softmax belong to their losses, because together they are simple *and* stable. The usual recipe,
# clipping the probability p to [1e-15, 1 - 1e-15] before log(p), is a trap: in float32 1 - 1e-15 is 1, log(1 - 1)
# is -inf, and 0 · -inf is NaN. Clipping z is another: beyond the limit L no longer depends on z, while the formula
# for dz goes on as if it did. We work from the logits, and clip nothing.


def binary_cross_entropy(z, y):
    """L = -Σ (y log p + (1 - y) log(1 - p)) / (n k), with p = sigmoid(z), for yes (1) and no (0).

    With s = log(1 + e^z):  log(1 - p) = log(1 / (1 + e^z)) = -s  and  log p = log(e^z / (1 + e^z)) = z - s.
    So an entry's loss is -y (z - s) + (1 - y) s = s - y z, and since ds/dz = e^z / (1 + e^z) = p, dz = p - y.
    Taking the larger of 1 and e^z out of the logarithm, s = max(z, 0) + log(1 + e^-|z|), which cannot overflow.
    """
    losses = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
    return losses.mean(), (sigmoid(z) - y) / z.size


def cross_entropy(z, y):
    """L = -Σ y_i log a_i, the mean over n rows, with a = softmax(z), for one class out of k.

    log a_i = z_i - log Σ_j e^(z_j), and as in softmax the row's maximum may be subtracted from z first.
    dL/da_i = -y_i / a_i, so by chapter 2 dz_j = a_j (-y_j / a_j + Σ_i y_i) = a_j - y_j, because the targets of a
    row sum to 1. The division by a_j, which may be 0, has canceled.
    """
    z = z - z.max(axis=1, keepdims=True)
    log_a = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(y * log_a).sum() / len(z), (np.exp(log_a) - y) / len(z)


LOSSES = {  # name: (loss and dz from z and y, answers from z)
    "squared_error_sum": (lambda z, y: (((z - y) ** 2).sum(), 2 * (z - y)), lambda z: z),
    "squared_error_mean": (lambda z, y: (((z - y) ** 2).mean(), 2 * (z - y) / z.size), lambda z: z),
    "binary_cross_entropy": (binary_cross_entropy, sigmoid),
    "cross_entropy": (cross_entropy, softmax),
}


def checked_targets(loss, y, n, k, dtype):
    """y as an (n, k) array. Other shapes are errors: (n,) beside (n, 1) would silently broadcast to (n, n)."""
    y, entropy = np.asarray(y), loss.endswith("cross_entropy")
    if loss == "cross_entropy" and y.shape == (n,) and y.dtype.kind in "iu":
        if y.min() < 0 or y.max() >= k:
            raise ValueError(f"expected labels from 0 to {k - 1}; got {y.min()} to {y.max()}")
        return np.eye(k, dtype=dtype)[y]  # one-hot: 1 at the row's class, 0 elsewhere
    if y.shape != (n, k) or y.dtype.kind not in "iufb":
        also = f" or {n} integer labels" if loss == "cross_entropy" else ""
        raise ValueError(f"{loss} expected targets of shape {(n, k)}{also}; got {y.dtype} of shape {y.shape}")
    y = y.astype(dtype, copy=False)
    if not np.isfinite(y).all() or (entropy and not 0 <= y.min() <= y.max() <= 1):
        raise ValueError(f"{loss} expected {'targets from 0 to 1' if entropy else 'finite targets'}; got others")
    if loss == "cross_entropy" and np.abs(y.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError("cross_entropy expected targets that sum to 1 in each row; try binary_cross_entropy")
    return y


# ---- 5. The network: forward, backward, descent --------------------------------------------------------------
#
# Backward through one layer. Written out for row i and unit j: z_ij = Σ_p x_ip W_jp + b_j.
#
#     W_jp moves z_ij in every row i, at the rate x_ip:   dW_jp = Σ_i dz_ij x_ip    dW = dz.T @ x   (d_out, d_in)
#     b_j  moves z_ij in every row i, at the rate 1:      db_j  = Σ_i dz_ij         db = dz.sum(axis=0)  (d_out,)
#     x_ip moves z_ij for every unit j, at the rate W_jp: dx_ip = Σ_j dz_ij W_jp    dx = dz @ W         (n, d_in)
#
# x is the activation of the layer before, so dx is that layer's da; its activation turns da into its dz, and so
# on down to the first layer. Backward needs each layer's x and z: forward keeps them.


class Network:
    """A dense network. Sizes (784, 128, 64, 10) mean three layers; the activation follows all but the last."""

    def __init__(self, sizes, activation="relu", loss="cross_entropy", init="he", seed=0, dtype=np.float64):
        self.sizes, self.activation, self.loss, self.dtype = tuple(sizes), activation, loss, np.dtype(dtype)
        for name, known in (
            (activation, ACTIVATIONS),
            (loss, LOSSES),
            (init, INITIALIZATIONS),
            (self.dtype.name, ["float32", "float64"]),
        ):
            if name not in known:
                raise ValueError(f"expected one of {', '.join(known)}; got {name!r}")
        if len(sizes) < 2 or min(sizes) < 1 or (loss == "cross_entropy" and sizes[-1] < 2):
            raise ValueError(
                f"expected inputs and outputs, 1 or more (cross_entropy: 2 outputs or more); got {sizes}"
            )
        rng = np.random.default_rng(seed)
        self.weights, self.biases = [], []
        for d_in, d_out in pairwise(sizes):
            W = INITIALIZATIONS[init](d_in, d_out) * rng.standard_normal((d_out, d_in))
            self.weights.append(W.astype(self.dtype))
            self.biases.append(np.zeros(d_out, self.dtype))

    def set_parameters(self, pairs):
        """Replace all parameters by copies of pairs [(W, b), ...], first layer first."""
        expected, got = zip(self.weights, self.biases, strict=True), [(np.shape(W), np.shape(b)) for W, b in pairs]
        if got != [(W.shape, b.shape) for W, b in expected]:
            raise ValueError(f"the (W, b) do not fit the sizes {self.sizes}; got shapes {got}")
        self.weights = [np.array(W, self.dtype) for W, _ in pairs]
        self.biases = [np.array(b, self.dtype) for _, b in pairs]

    def forward(self, x):
        """Logits (n, k) of the rows x (n, d_in). Keeps every layer's input and z for backward."""
        a = np.asarray(x, self.dtype)
        if a.ndim != 2 or a.shape[1] != self.sizes[0] or len(a) == 0:
            raise ValueError(
                f"expected rows of {self.sizes[0]} numbers, shape (n, {self.sizes[0]}); got {a.shape}"
            )
        self.inputs, self.z = [], []
        for W, b in zip(self.weights, self.biases, strict=True):
            self.inputs.append(a)
            self.z.append(a @ W.T + b)  # (n, d_out)
            a = ACTIVATIONS[self.activation][0](self.z[-1])  # not used after the last layer, which is linear
        return self.z[-1]

    def backward(self, dz):
        """From dz of the logits (n, k): the lists of all dW and db, first layer first."""
        dWs, dbs = [], []
        for i in reversed(range(len(self.weights))):
            x = self.inputs[i]
            dWs.insert(0, dz.T @ x)  # (d_out, n) @ (n, d_in) = (d_out, d_in)
            dbs.insert(0, dz.sum(axis=0))  # (d_out,)
            if i > 0:  # x is the activation of layer i - 1 (below the first layer is data, which we don't move)
                da = dz @ self.weights[i]  # (n, d_out) @ (d_out, d_in) = (n, d_in)
                dz = ACTIVATIONS[self.activation][1](da, self.z[i - 1], x)
        return dWs, dbs

    def loss_and_gradients(self, x, y):
        """The loss of a batch, and its derivatives dW and db of every layer."""
        z = self.forward(x)
        loss, dz = LOSSES[self.loss][0](z, checked_targets(self.loss, y, *z.shape, self.dtype))
        return float(loss), *self.backward(dz)

    def step(self, x, y, learning_rate):
        """One step of gradient descent: theta <- theta - learning_rate · dtheta. Returns the loss before it."""
        loss, dWs, dbs = self.loss_and_gradients(x, y)
        for theta, dtheta in zip(self.weights + self.biases, dWs + dbs, strict=True):
            theta -= learning_rate * dtheta
        return loss

    # The gradient over all rows is the mean of the rows' gradients, so a few rows drawn at random estimate it for
    # a fraction of the work. All rows a step is (full-batch) gradient descent: exact, and slow. One row a step is
    # stochastic: fast and noisy. The mini-batch lies between, and large matrix products run at their best. The
    # noise does not fade near the minimum, so a learning rate that decays ends closer to it.

    @np.errstate(all="ignore")  # overflow is looked for here, and reported once
    def fit(self, x, y, epochs=10, batch_size=32, learning_rate=0.1, decay=1.0, seed=0, progress=None):
        """Gradient descent. An epoch visits every row once, in a fresh order; its last batch may be short.

        batch_size None takes all rows at once. After each epoch the learning rate is multiplied by decay.
        Returns the history: for each epoch the loss, averaged over its batches by their number of rows.
        """
        x, y, n = np.asarray(x, self.dtype), np.asarray(y), len(x)
        if not np.isfinite(self.forward(x[:1])).all() or not np.isfinite(x).all():
            raise ValueError("expected finite inputs and weights; got NaN or infinity, or numbers too large")
        checked_targets(self.loss, y, n, self.sizes[-1], self.dtype)
        rng, history, batch_size = np.random.default_rng(seed), [], batch_size or n
        for epoch in range(1, epochs + 1):
            order, total = rng.permutation(n), 0.0
            for step, start in enumerate(range(0, n, batch_size), start=1):
                rows = order[start : start + batch_size]
                loss = self.step(x[rows], y[rows], learning_rate)
                watched = [loss] if start + batch_size < n else [loss, *self.weights, *self.biases]
                if not all(np.isfinite(values).all() for values in watched):
                    where = f"epoch {epoch}, step {step}: loss {loss:g}, learning rate {learning_rate:g}"
                    raise FloatingPointError(f"training diverged in {where}; try a smaller learning rate")
                total += loss * len(rows)
            history.append(total / n)
            learning_rate *= decay
            if progress:
                progress(epoch, history[-1])
        return history

    def predict(self, x):
        """Answers (n, k): probabilities for the cross-entropies, numbers for the squared errors."""
        answers = LOSSES[self.loss][1](self.forward(x))
        if not np.isfinite(answers).all():
            raise FloatingPointError("the network overflowed; are the inputs like those it was trained on?")
        return answers


# ---- 6. Is the gradient right? -------------------------------------------------------------------------------
#
# A wrong gradient often still learns, only worse. So compare it with the definition of the derivative, from both
# sides, for one parameter t at a time:
#
#     dL/dt ≈ (L(t + h) - L(t - h)) / 2h
#
# By Taylor's formula this is off by h² L'''/6, which asks for a small h. But each L is rounded by about ε |L| (ε =
# 2.2e-16 in float64), which dividing by h magnifies to ε |L| / h: that asks for a large one. The sum is least near
# h = ε^(1/3) = 6e-6, and then about ε^(2/3) = 4e-11. A mistake in a formula is off by far more. Float32, with ε =
# 1.2e-7, could not do better than 2e-5: check in float64. The error is taken relative to the gradient: 0.001 is
# much beside 0.01 and nothing beside 1000. Only a ReLU whose z crosses its corner within ±h may raise a false
# alarm, for at a corner there are two slopes. Another seed moves the corner.


def gradient_check(network, x, y):
    """The largest |analytic - numeric| of all parameters, relative to the largest derivative of its array."""
    _, dWs, dbs = network.loss_and_gradients(x, y)
    worst = 0.0
    for theta, analytic in zip(network.weights + network.biases, dWs + dbs, strict=True):
        numeric = np.zeros_like(theta)
        for at in np.ndindex(theta.shape):
            value = theta[at]
            h = 6e-6 * max(1.0, abs(value))
            theta[at] = value + h
            above, *_ = network.loss_and_gradients(x, y)
            theta[at] = value - h
            below, *_ = network.loss_and_gradients(x, y)
            theta[at] = value
            numeric[at] = (above - below) / (2 * h)
        size = max(np.abs(analytic).max(), np.abs(numeric).max(), 1e-4)  # below 1e-4 only rounding is left
        worst = max(worst, float(np.abs(analytic - numeric).max() / size))
    return worst


# ---- 7. Save and load ----------------------------------------------------------------------------------------
#
# An .npz file is a zip of plain arrays. Ours holds W1, b1, W2, b2, ... and a JSON text with everything else.
# Pickle would be shorter, but loading a pickle may run any code its author liked; an array is only numbers.
# `about` says what the numbers mean: the names of inputs and classes, and how the data was standardized.

ABOUT = {"data": "arrays", "features": [], "target": "y", "classes": None}
ABOUT |= {"shift": 0.0, "scale": 1.0, "target_shift": 0.0, "target_scale": 1.0}


def save(network, path, about=None):
    """Write the network, and about, to an .npz file."""
    about = about or ABOUT | {"features": [f"x{i + 1}" for i in range(network.sizes[0])]}
    text = {"sizes": network.sizes, "activation": network.activation, "loss": network.loss, "about": about}
    arrays = {"architecture": np.array(json.dumps(text))}
    for i, (W, b) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
        arrays |= {f"W{i}": W, f"b{i}": b}
    with Path(path).open("wb") as file:
        np.savez(file, **arrays)


def load(path):
    """The network and about of a file written by save."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            text = json.loads(str(arrays["architecture"]))
            pairs = [(arrays[f"W{i}"], arrays[f"b{i}"]) for i in range(1, len(text["sizes"]))]
        if [pairs[0][0].shape[1], *(len(b) for _, b in pairs)] != text["sizes"]:  # before building what it claims
            raise ValueError(f"its arrays do not have the sizes {text['sizes']}")
        network = Network(text["sizes"], text["activation"], text["loss"], dtype=pairs[0][0].dtype)
        network.set_parameters(pairs)
        about = {key: text["about"][key] for key in ABOUT}
        answer(network, about, np.zeros((1, len(about["features"]))))  # a dry run: does it all fit together?
    except Exception as error:  # zip, zlib, JSON, a missing array, a wrong shape: to the reader, one thing
        raise ValueError(f"{path} cannot be loaded as a network of this script: {error}") from error
    return network, about


def answer(network, about, x):
    """Answers to raw inputs: class numbers (n,), or numbers (n, k) in the units of the target."""
    outputs, classes = network.predict((x - np.array(about["shift"])) / np.array(about["scale"])), about["classes"]
    if classes is None:
        return outputs * about["target_scale"] + about["target_shift"]
    if len(classes) != max(2, network.sizes[-1]):
        raise ValueError(f"{len(classes)} classes do not fit {network.sizes[-1]} outputs")
    return outputs.argmax(axis=1) if network.sizes[-1] > 1 else (outputs[:, 0] > 0.5).astype(int)


# ---- 8. Data -------------------------------------------------------------------------------------------------
#
# Every reader returns x (n, d), y and about. y are class numbers (n,) if about names classes, else numbers (n, k).


GATES = {"xor": [0, 1, 1, 0], "and": [0, 0, 0, 1], "or": [0, 1, 1, 1]}


def small_data(name):
    """XOR, AND, OR; the quadrants of the plane; or random numbers, to be learned by heart."""
    if name in GATES:
        x, y, classes = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], float), np.array(GATES[name]), ["0", "1"]
    elif name == "quadrants":  # the points (1, 1), (10, 1), (1, 10), reflected into each quadrant
        signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        x = np.array([(i * p, j * q) for p, q in [(1, 1), (10, 1), (1, 10)] for i, j in signs], float)
        y, classes = np.array([0, 1, 2, 3] * 3), ["I", "II", "III", "IV"]
    else:
        rng = np.random.default_rng(0)
        x, y, classes = rng.standard_normal((64, 1000)), rng.standard_normal((64, 10)), None
    return x, y, ABOUT | {"features": [f"x{i + 1}" for i in range(x.shape[1])], "classes": classes}


def read_idx(folder, name):
    """An IDX file, maybe gzipped: two zero bytes, the type (8: bytes), the number of axes, their sizes, data."""
    path = next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"expected {name} or {name}.gz in {folder}; name the folder with --data")
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        zeros, kind, axes = struct.unpack_from(">HBB", raw)
        if zeros or kind != 8:
            raise ValueError(f"it begins with {raw[:4].hex()}")
        shape = struct.unpack_from(f">{axes}I", raw, 4)  # big-endian, 4 bytes each
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (EOFError, OSError, ValueError, struct.error, zlib.error) as error:
        raise ValueError(f"{path} is not a whole IDX file of bytes ({error}); download it again") from error


def mnist(folder, part):
    """Handwritten digits, by Yann LeCun and Corinna Cortes: a row is an image, 28 x 28 gray values 0 to 255."""
    images, labels = (read_idx(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or labels.shape != images.shape[:1] or not labels.size or labels.max() > 9:
        raise ValueError(f"{folder}: {part} images {images.shape} and labels {labels.shape} do not fit together")
    x = images.reshape(len(images), -1)
    about = {
        "features": [f"pixel{i}" for i in range(x.shape[1])],
        "target": "digit",
        "classes": list("0123456789"),
    }
    return x, labels.astype(int), ABOUT | about


def read_csv(path):
    """The columns of a CSV file with a header: {name: texts}."""
    with Path(path).open(newline="", encoding="utf-8-sig", errors="replace") as file:
        header, *rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row] or [[]]
    if not rows or len(set(header)) < len(header):
        raise ValueError(f"{path}: expected a header of different names and rows below it; got {len(rows)} rows")
    for i, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(f"{path}, row {i}: expected {len(header)} values, as in the header; got {len(row)}")
    return dict(zip(header, zip(*rows, strict=True), strict=True))


def is_number(text):
    """Is the text a finite number?"""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def numbers(path, columns, names):
    """The named columns as an array (n, number of names)."""
    for name in names:
        bad = [text for text in columns.get(name, ["(no such column)"]) if not is_number(text)]
        if bad:
            raise ValueError(f"{path}: expected numbers in column {name!r}; got {bad[0]!r}")
    return np.array([[float(text) for text in columns[name]] for name in names]).T


def csv_data(path, about=None, target=None, regression=False):
    """Rows of a CSV file. In training, when about is None: the target is the last column unless named.

    Its values are classes if they are text, or at most 10 and each twice on average. Other numbers: regression.
    """
    columns = read_csv(path)
    if about is None:
        target = target or list(columns)[-1]
        if target not in columns:
            raise UsageError(f"--target: expected a column of {path}: {', '.join(columns)[:60]}; got {target!r}")
        texts = columns[target]
        features, classes = [name for name in columns if name != target], sorted(set(texts))
        if (regression or len(classes) > min(10, len(texts) / 2)) and any(is_number(text) for text in texts):
            classes = None
        about = ABOUT | {"features": features, "target": target, "classes": classes}
    x, target, classes = numbers(path, columns, about["features"]), about["target"], about["classes"]
    if classes is None:
        return x, numbers(path, columns, [target]), about
    unknown = set(columns.get(target, [""])) - set(classes)
    if unknown:
        raise ValueError(
            f"{path}: expected {', '.join(classes)[:60]} in a column {target!r}; got {unknown.pop()!r}"
        )
    return x, np.array([classes.index(text) for text in columns[target]]), about
