#!/usr/bin/env python3
# ruff: noqa: T201
"""Neural networks in one file: a lesson to read from top to bottom, and a program to run.

    python numpy_network.py train xor
    python numpy_network.py train mnist --hidden 128,64 --epochs 5 --save digits.npz
    python numpy_network.py evaluate digits.npz mnist
    python numpy_network.py gradcheck --activation tanh --loss cross_entropy --hidden 5,4
    python numpy_network.py COMMAND --help

A network is a function with many adjustable numbers. Training changes them, step by step, so that a loss,
which measures how wrong the answers are, goes down. To know which way to change each number we need one
derivative for each, and one idea finds them all: the chain rule.

Notation. n rows (samples), k outputs; a layer takes d_in numbers a row and gives d_out:

    x (n, d_in)    W (d_out, d_in)    b (d_out,)    z = x @ W.T + b (n, d_out)    a = activation(z) (n, d_out)

L is the loss, one number. dW is short for dL/dW, "how L changes with each entry of W", and so it always has
the shape of W. The same goes for db, dx, dz and da.
"""

import argparse
import csv
import gzip
import json
import math
import os
import statistics
import struct
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# ---- 1. One neuron -------------------------------------------------------------------------------------------
#
# A neuron multiplies each input by a weight, adds a bias, and sends the sum through an activation. Take
# x = (1, 2, 3), w = (0.5, 0.1, 0.2), b = 0, the activation relu(z) = max(0, z), and say that we want the answer 1:
#
#     z = x1 w1 + x2 w2 + x3 w3 + b = 0.5 + 0.2 + 0.6 + 0 = 1.3
#     y = relu(z) = 1.3
#     L = (y - 1)² = 0.3² = 0.09
#
# How does L change with w1? w1 moves z, z moves y, y moves L, and the chain rule multiplies the three rates:
#
#     dL/dw1 = dL/dy · dy/dz · dz/dw1
#     dL/dy  = 2 (y - 1) = 0.6    the derivative of a square
#     dy/dz  = 1                  since z > 0 (below 0 the ReLU is flat, the factor is 0, and nothing is learned)
#     dz/dw1 = x1                 only the term x1 w1 contains w1
#
# So dL/dw = 0.6 · 1 · x = (0.6, 1.2, 1.8), and dL/db = 0.6 · 1 · 1 = 0.6, because dz/db = 1.
# The gradient points uphill, so we step against it. With a step of 0.01, w becomes (0.494, 0.088, 0.182) and b
# -0.006; now z = 1.21 and L = 0.0441, half of what it was. This is all of learning; the rest does it in bulk.


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
# Each activation below is a pair: forward gives a from z; backward gives dz from da. For those that treat each
# entry alone, a = f(z), the chain rule reads dz = da · f'(z):
#
#     identity    f(z) = z               f' = 1
#     sigmoid     f(z) = 1/(1 + e^-z)    f' = e^-z / (1 + e^-z)² = 1/(1 + e^-z) · e^-z/(1 + e^-z) = a (1 - a)
#     tanh        f(z) = sinh z/cosh z   f' = (cosh² z - sinh² z) / cosh² z = 1 - a²
#     relu        f(z) = max(0, z)       f' = 1 where z > 0, else 0 (at the corner z = 0 we choose 0)
#     leaky_relu  z, or 0.01 z below 0   f' = 1 where z > 0, else 0.01: a unit that is off can still come back
#
# Softmax turns a row into probabilities, a_i = e^(z_i) / S with S = Σ_j e^(z_j). Each output depends on every
# input, so its derivative is a matrix, the Jacobian. By the quotient rule (dS/dz_j = e^(z_j)):
#
#     i = j:  da_i/dz_i = (e^(z_i) S - e^(z_i) e^(z_i)) / S² = a_i - a_i a_i
#     i ≠ j:  da_i/dz_j = (0 - e^(z_i) e^(z_j)) / S²         =     - a_i a_j
#
# and the chain rule sums over all outputs that z_j moves: dz_j = Σ_i da_i · da_i/dz_j = a_j (da_j - Σ_i da_i a_i).
# The matrix itself is never built.


def sigmoid(z):
    """1 / (1 + e^-z), without overflow: e is only ever raised to -|z|, and for z < 0 it is e^z / (1 + e^z)."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    """e^(z_i) / Σ e^(z_j) by row. Taking the maximum off z first cancels in the fraction and prevents overflow."""
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
# z is a sum of n_in terms w x. If the weights are independent with mean 0, Var(z) = n_in · Var(w) · mean(x²).
# For the signal to keep its size from layer to layer, n_in · Var(w) has to be 1: LeCun. Backward, dx is a sum of
# n_out terms, which asks for n_out · Var(w) = 1; Xavier (Glorot) takes the middle of n_in and n_out. A ReLU sets
# half of the signal to 0, so He doubles the variance. Two that fail, to see it: with zeros, all units of a layer
# compute the same, get the same gradient and stay the same for ever (usually that gradient is 0 too); with large
# (standard deviation 1) the signal grows by sqrt(n_in) a layer, so that sigmoids saturate and ReLUs explode.

INITIALIZATIONS = {  # name: the standard deviation of the weights. Biases start at 0.
    "zeros": lambda n_in, n_out: 0.0,
    "large": lambda n_in, n_out: 1.0,
    "lecun": lambda n_in, n_out: math.sqrt(1 / n_in),
    "xavier": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),
    "he": lambda n_in, n_out: math.sqrt(2 / n_in),
}

# ---- 4. Losses -----------------------------------------------------------------------------------------------
#
# The last layer is linear; its outputs z (n, k) are called logits. A loss takes logits and targets y (n, k) and
# gives L and dz = dL/dz. Sigmoid and softmax belong to their losses, because together the formulas are simple
# *and* stable. The well-known recipe, to clip the probability to [1e-15, 1 - 1e-15] before the logarithm, is a
# trap: in float32 1 - 1e-15 is exactly 1, and 0 · log(1 - 1) is NaN. Clipping z is one too: beyond the limit the
# loss no longer depends on z, so its true derivative is 0, while the formula goes on returning something else.


def squared_error_sum(z, y):
    """L = Σ (z - y)², for numbers. dz = 2 (z - y)."""
    difference = z - y
    return (difference * difference).sum(), 2 * difference


def squared_error_mean(z, y):
    """L = Σ (z - y)² / (n k): the same, divided by the number of entries, and so is dz."""
    total, dz = squared_error_sum(z, y)
    return total / z.size, dz / z.size


def binary_cross_entropy(z, y):
    """L = -Σ (y log p + (1 - y) log(1 - p)) / (n k) with p = sigmoid(z), for yes (1) or no (0).

    With s(z) = log(1 + e^z):  log(1 - p) = -log(1 + e^z) = -s(z)  and  log p = log(e^z / (1 + e^z)) = z - s(z),
    so an entry's loss is -y (z - s) + (1 - y) s = s(z) - y z. Since s'(z) = e^z / (1 + e^z) = p, dz = p - y.
    To keep e^z from overflowing take the larger of 1 and e^z out of the logarithm: s = max(z, 0) + log(1 + e^-|z|).
    """
    losses = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
    return losses.mean(), (sigmoid(z) - y) / z.size


def cross_entropy(z, y):
    """L = -Σ_i y_i log a_i, averaged over the n rows, with a = softmax(z), for one class out of k.

    log a_i = z_i - log Σ_j e^(z_j); as in softmax, the row's maximum is taken off z first.
    With the Jacobian of chapter 2, and dL/da_i = -y_i/a_i:  dz_j = a_j (-y_j/a_j + Σ_i y_i) = a_j - y_j,
    because the targets of a row sum to 1. The division by a_i, which may be 0, has canceled.
    """
    z = z - z.max(axis=1, keepdims=True)
    log_a = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(y * log_a).sum() / len(z), (np.exp(log_a) - y) / len(z)


LOSSES = {  # name: (the loss, what turns logits into answers)
    "squared_error_mean": (squared_error_mean, lambda z: z),
    "squared_error_sum": (squared_error_sum, lambda z: z),
    "binary_cross_entropy": (binary_cross_entropy, sigmoid),
    "cross_entropy": (cross_entropy, softmax),
}


def checked_targets(loss, y, n, k, dtype):
    """y as an (n, k) array. Never broadcast: (n,) against (n, 1) would quietly compare all with all, (n, n)."""
    y = np.asarray(y)
    if loss == "cross_entropy" and y.ndim == 1:
        if y.shape != (n,) or y.dtype.kind not in "iu" or (n and not 0 <= y.min() <= y.max() < k):
            raise ValueError(f"expected {n} whole-number labels from 0 to {k - 1}; got {y.dtype} of shape {y.shape}")
        return np.eye(k, dtype=dtype)[y]  # one-hot: row i is 1 at its class, else 0
    if y.shape != (n, k) or y.dtype.kind not in "iufb":
        raise ValueError(f"{loss} expected targets of shape {(n, k)}; got {y.dtype} of shape {y.shape}: reshape them")
    y = y.astype(dtype, copy=False)
    if not np.isfinite(y).all():
        raise ValueError("the targets hold NaN or infinity: remove or repair those rows")
    if "cross_entropy" in loss and not ((y >= 0) & (y <= 1)).all():
        raise ValueError(f"{loss} expected targets between 0 and 1; got {y.min():g} to {y.max():g}")
    if loss == "cross_entropy" and not np.allclose(y.sum(axis=1), 1, atol=1e-4):
        raise ValueError("cross_entropy expected each row of targets to sum to 1; for several yes/no answers"
                         " in a row use binary_cross_entropy")
    return y


# ---- 5. The network: forward, backward, descent --------------------------------------------------------------
#
# Backward through z = x @ W.T + b. Written out for row i and unit j:  z_ij = Σ_p x_ip W_jp + b_j.
#
#     W_jp moves z_ij in every row i, at the rate x_ip:   dW_jp = Σ_i dz_ij x_ip    dW = dz.T @ x   (d_out, d_in)
#     b_j  moves z_ij in every row i, at the rate 1:      db_j  = Σ_i dz_ij         db = column sums of dz  (d_out,)
#     x_ip moves z_ij for every unit j, at the rate W_jp: dx_ip = Σ_j dz_ij W_jp    dx = dz @ W     (n, d_in)
#
# x is the activation of the layer before, so dx is that layer's da; its own activation turns da into dz, and so
# on down to the first layer. Backward needs each layer's x and z; forward keeps them.


class Network:
    """A dense network. Sizes (784, 128, 64, 10) are three layers; the activation follows all but the last."""

    def __init__(self, sizes, activation="relu", loss="cross_entropy", init="he", seed=0, dtype=np.float64):
        for kind, name, known in (
            ("activation", activation, ACTIVATIONS),
            ("loss", loss, LOSSES),
            ("initialization", init, INITIALIZATIONS),
            ("dtype", np.dtype(dtype).name, ("float32", "float64")),
        ):
            if name not in known:
                raise ValueError(f"unknown {kind} {name!r}: choose from {', '.join(known)}")
        if len(sizes) < 2 or min(sizes) < 1 or (loss == "cross_entropy" and sizes[-1] < 2):
            raise ValueError(f"expected at least inputs and outputs, each 1 or more (2 outputs or more for"
                             f" cross_entropy); got sizes {tuple(sizes)}")
        self.sizes, self.activation, self.loss = tuple(sizes), activation, loss
        self.dtype = np.dtype(dtype)
        rng = np.random.default_rng(seed)
        self.weights, self.biases = [], []
        for d_in, d_out in zip(sizes[:-1], sizes[1:], strict=True):
            W = INITIALIZATIONS[init](d_in, d_out) * rng.standard_normal((d_out, d_in))
            self.weights.append(W.astype(self.dtype))
            self.biases.append(np.zeros(d_out, self.dtype))

    def set_parameters(self, pairs):
        """Replace all parameters by copies of pairs [(W, b), ...], first layer first."""
        expected = [((d_out, d_in), (d_out,)) for d_in, d_out in zip(self.sizes[:-1], self.sizes[1:], strict=True)]
        found = [(np.shape(W), np.shape(b)) for W, b in pairs]
        if found != expected:
            raise ValueError(f"expected (W, b) of shapes {expected}; got {found}")
        self.weights = [np.array(W, self.dtype) for W, _ in pairs]
        self.biases = [np.array(b, self.dtype) for _, b in pairs]

    def forward(self, x):
        """Logits (n, k) of the rows x (n, d_in). Keeps every layer's input and z for backward."""
        a = np.asarray(x, self.dtype)
        if a.ndim != 2 or a.shape[1] != self.sizes[0] or len(a) == 0:
            raise ValueError(f"expected rows of {self.sizes[0]} numbers, shape (n, {self.sizes[0]}); got {a.shape}")
        activation, _ = ACTIVATIONS[self.activation]
        self.inputs, self.z = [], []
        for W, b in zip(self.weights, self.biases, strict=True):
            self.inputs.append(a)
            self.z.append(a @ W.T + b)  # (n, d_out)
            a = activation(self.z[-1])  # not used after the last layer, which is linear
        return self.z[-1]

    def backward(self, dz):
        """From dz of the logits (n, k): the lists of all dW and db, first layer first."""
        _, activation_backward = ACTIVATIONS[self.activation]
        dWs, dbs = [], []
        for i in reversed(range(len(self.weights))):
            x = self.inputs[i]
            dWs.insert(0, dz.T @ x)  # (d_out, n) @ (n, d_in) = (d_out, d_in)
            dbs.insert(0, dz.sum(axis=0))  # (d_out,)
            if i > 0:  # x is the activation of layer i - 1; nobody needs the derivative of the data
                da = dz @ self.weights[i]  # (n, d_out) @ (d_out, d_in) = (n, d_in)
                dz = activation_backward(da, self.z[i - 1], x)
        return dWs, dbs

    def loss_and_gradients(self, x, y):
        """The loss of the batch, and its derivatives with respect to all weights and biases."""
        z = self.forward(x)
        loss, dz = LOSSES[self.loss][0](z, checked_targets(self.loss, y, *z.shape, self.dtype))
        return float(loss), *self.backward(dz)

    def step(self, x, y, learning_rate):
        """One step of gradient descent on these rows: theta <- theta - learning_rate · dtheta. Returns the loss."""
        loss, dWs, dbs = self.loss_and_gradients(x, y)
        for parameter, gradient in zip(self.weights + self.biases, dWs + dbs, strict=True):
            parameter -= learning_rate * gradient
        return loss

    # The gradient of the mean over all rows is the mean of the rows' gradients, so a few rows, drawn at random,
    # estimate it without bias for a fraction of the work. All rows a step: full-batch gradient descent, smooth
    # and slow. One row: stochastic, quick and noisy. Between them lies the mini-batch, which also fills the
    # matrix products. The noise does not fade near the minimum, so a learning rate that decays ends closer to it.

    @np.errstate(all="ignore")  # we look for inf and NaN ourselves
    def fit(self, x, y, epochs=10, batch_size=32, learning_rate=0.1, decay=1.0, seed=0, progress=None):
        """Gradient descent. An epoch visits every row once in a fresh order; its last batch may be short.

        batch_size None takes all rows at once. The learning rate is multiplied by decay after each epoch.
        Returns the history: each epoch's loss, averaged over its batches by their number of rows.
        """
        x, y, n = np.asarray(x, self.dtype), np.asarray(y), len(x)
        self.forward(x[:1])  # complains of a wrong shape
        checked_targets(self.loss, y, n, self.sizes[-1], self.dtype)
        if not np.isfinite(x).all():
            raise ValueError("the inputs hold NaN or infinity: remove or repair those rows")
        rng, history, batch_size = np.random.default_rng(seed), [], batch_size or n
        for epoch in range(1, epochs + 1):
            order, total = rng.permutation(n), 0.0
            for start in range(0, n, batch_size):
                rows = order[start : start + batch_size]
                loss = self.step(x[rows], y[rows], learning_rate)
                total += loss * len(rows)
                last = start + batch_size >= n  # once an epoch, look at the parameters too
                watched = [loss, *self.weights, *self.biases] if last else [loss]
                if not all(np.isfinite(values).all() for values in watched):
                    raise FloatingPointError(
                        f"training diverged in epoch {epoch} at its step {start // batch_size + 1}: loss {loss:g} with"
                        f" learning rate {learning_rate:g}; try a smaller learning rate or another initialization")
            history.append(total / n)
            learning_rate *= decay
            if progress:
                progress(epoch, history[-1])
        return history

    def predict(self, x):
        """Answers (n, k): probabilities for the cross-entropies, plain numbers for squared errors."""
        answers = LOSSES[self.loss][1](self.forward(x))
        if not np.isfinite(answers).all():
            raise FloatingPointError("the network overflowed on these inputs; are they scaled like its training data?")
        return answers


# ---- 6. Is the gradient right? -------------------------------------------------------------------------------
#
# A wrong gradient often still learns, only worse. So compare with the definition of the derivative:
#
#     dL/dt ≈ (L(t + h) - L(t - h)) / 2h
#
# By Taylor's formula this is off by h² L'''/6: a small h is good. But each L carries a rounding error of about
# ε |L| (ε = 2.2e-16 in float64), and dividing by 2h magnifies it to ε |L| / h: a large h is good. The sum of the two
# is least near h = ε^(1/3) = 6e-6, with an error of about ε^(2/3) = 4e-11. A true mistake is off by far more. (In
# float32, ε = 1.2e-7, and the best possible is 2e-5: check gradients in float64.) Errors are taken relative to
# the gradient, since 0.001 is a lot beside 0.01 and nothing beside 1000. A ReLU whose z passes 0 within ±h can
# raise a false alarm, because there is no one derivative at a corner; another seed moves the corner.


def gradient_check(network, x, y):
    """Largest |analytic - numeric| over all parameters, relative to the largest derivative of its array."""
    _, dWs, dbs = network.loss_and_gradients(x, y)
    worst = 0.0
    for parameter, analytic in zip(network.weights + network.biases, dWs + dbs, strict=True):
        numeric = np.zeros_like(parameter)
        for at in np.ndindex(parameter.shape):
            value = parameter[at]
            h = 6e-6 * max(1.0, abs(value))
            parameter[at] = value + h
            above = network.loss_and_gradients(x, y)[0]
            parameter[at] = value - h
            below = network.loss_and_gradients(x, y)[0]
            parameter[at] = value
            numeric[at] = (above - below) / (2 * h)
        size = max(np.abs(analytic).max(), np.abs(numeric).max(), 1e-4)  # below 1e-4 only rounding is left
        worst = max(worst, float(np.abs(analytic - numeric).max() / size))
    return worst


# ---- 7. Save and load ----------------------------------------------------------------------------------------
#
# An .npz file is a zip of plain arrays. Ours holds W1, b1, W2, b2, ... and one JSON text with the rest. Pickle
# would be shorter, but loading a pickle can run any code that its author wished; an array only holds numbers.
# `about` says what the numbers mean: the names of the inputs and classes, and how the inputs were standardized.


NEUTRAL = {"data": "arrays", "features": [], "target": "y", "classes": None, "shift": 0.0, "scale": 1.0}


def save(network, path, about=None):
    """Write the network, and about, to an .npz file."""
    about = about or NEUTRAL | {"features": [f"x{i + 1}" for i in range(network.sizes[0])]}
    text = {"sizes": network.sizes, "activation": network.activation, "loss": network.loss, "about": about}
    arrays = {"architecture": np.array(json.dumps(text))}
    for i, (W, b) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
        arrays |= {f"W{i}": W, f"b{i}": b}
    with Path(path).open("wb") as file:
        np.savez(file, **arrays)


def load(path):
    """The network and about of a file written by save."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}; `train ... --save {path}` writes one")
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            text = json.loads(str(arrays["architecture"]))
            pairs = [(arrays[f"W{i}"], arrays[f"b{i}"]) for i in range(1, len(text["sizes"]))]
        if [pairs[0][0].shape[1]] + [len(b) for _, b in pairs] != text["sizes"]:  # before building what it claims
            raise ValueError(f"its arrays do not have the sizes {text['sizes']}")
        network = Network(text["sizes"], text["activation"], text["loss"], dtype=pairs[0][0].dtype)
        network.set_parameters(pairs)
        about = {key: text["about"][key] for key in NEUTRAL}
        answer(network, about, np.zeros((1, len(about["features"]))))  # a dry run: does all of it fit together?
    except Exception as error:  # zip, zlib, JSON, a missing array, a wrong shape: to the reader, one thing
        raise ValueError(f"{path} is not a network saved by this script, or is damaged: {error}") from error
    return network, about


def standardized(x, about):
    """Raw inputs, shifted and scaled by the mean and the standard deviation of the *training* inputs."""
    return (x - np.array(about["shift"])) / np.array(about["scale"])


def answer(network, about, x):
    """Answers to raw inputs: class numbers (n,), or numbers (n, k)."""
    outputs, classes = network.predict(standardized(x, about)), about["classes"]
    if classes is None:
        return outputs
    if len(classes) != max(2, network.sizes[-1]):
        raise ValueError(f"{len(classes)} classes do not fit {network.sizes[-1]} outputs")
    return outputs.argmax(axis=1) if network.sizes[-1] > 1 else (outputs[:, 0] > 0.5).astype(int)


# ---- 8. Data -------------------------------------------------------------------------------------------------
#
# Every reader gives x (n, d), y and about: y are class numbers (n,) if about names classes, else numbers (n, k).


def small_data(name):
    """XOR, AND, OR; the quadrants of the plane; or random numbers, to be learned by heart."""
    if name == "random":
        rng = np.random.default_rng(0)
        x, y, classes = rng.standard_normal((64, 1000)), rng.standard_normal((64, 10)), None
    elif name == "quadrants":  # the points (1, 1), (10, 1) and (1, 10) with all signs: 12
        signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        x = np.array([(i * a, j * b) for a, b in [(1, 1), (10, 1), (1, 10)] for i, j in signs], float)
        y, classes = np.array([0, 1, 2, 3] * 3), ["I", "II", "III", "IV"]
    else:
        x, classes = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], float), ["0", "1"]
        y = np.array({"xor": [0, 1, 1, 0], "and": [0, 0, 0, 1], "or": [0, 1, 1, 1]}[name])
    return x, y, NEUTRAL | {"features": [f"x{i + 1}" for i in range(x.shape[1])], "classes": classes}


def read_idx(folder, name):
    """An IDX file, plain or gzipped: two zero bytes, the type (8: bytes), the number of axes, their sizes, data."""
    path = next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"expected {name} or {name}.gz in {folder}; name another folder with --data DIR")
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
    """The handwritten digits of Yann LeCun and Corinna Cortes: a row is an image, 28 x 28 gray values 0 to 255."""
    images, labels = (read_idx(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or labels.shape != images.shape[:1] or not labels.size or labels.max() > 9:
        raise ValueError(f"{folder}: {part} images {images.shape} and labels {labels.shape} do not fit each other")
    x = images.reshape(len(images), -1)
    about = {"features": [f"pixel{i}" for i in range(x.shape[1])], "target": "digit", "classes": list("0123456789")}
    return x, labels.astype(int), NEUTRAL | about


def read_columns(path):
    """The columns of a CSV file with a header: {name: texts}."""
    with Path(path).open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        columns = {name: [] for name in header if name}
        if not header or len(columns) < len(header):
            raise ValueError(f"{path}: expected a header of different column names; got {','.join(header)[:60]!r}")
        for row in filter(None, reader):  # an empty line is no row
            if len(row) != len(header):
                raise ValueError(f"{path}, line {reader.line_num}: expected {len(header)} values; got {len(row)}")
            for texts, text in zip(columns.values(), row, strict=True):
                texts.append(text.strip())
    return columns


def is_number(text):
    """Can the text be read as a number?"""
    try:
        return float(text) is not None
    except ValueError:
        return False


def numbers(path, columns, names):
    """The named columns as an array (n, number of names)."""
    result = []
    for name in names:
        if name not in columns:
            raise ValueError(f"{path}: expected a column {name!r}; it has {', '.join(columns)[:60]!r}")
        for row, text in enumerate(columns[name], start=1):
            result.append(float(text) if is_number(text) else math.nan)
            if not math.isfinite(result[-1]):
                raise ValueError(f"{path}: expected a number in column {name!r}, row {row}; got {text!r}")
    return np.array(result).reshape(len(names), -1).T


def csv_data(path, target=None, regression=False, about=None):
    """Rows of a CSV file. In training, about is found out: the target is the last column unless named.

    It names classes if it is text, or has at most 10 values, each twice on average; other numbers are regression.
    """
    columns = read_columns(path)
    if about is None:
        target = target or list(columns)[-1]
        if target not in columns:
            raise UsageError(f"--target: {path} has no column {target!r}; it has {', '.join(columns)[:60]!r}")
        texts = columns[target]
        classes = sorted(set(texts))
        if len(classes) < 2 or "" in classes:
            raise ValueError(f"{path}: expected two different values or more, and no gaps, in the target {target!r}")
        if any(map(is_number, texts)) and (regression or len(classes) > min(10, len(texts) / 2)):
            classes = None
        features = [name for name in columns if name != target]
        about = NEUTRAL | {"features": features, "target": target, "classes": classes}
    x, target, classes = numbers(path, columns, about["features"]), about["target"], about["classes"]
    if classes is None:
        return x, numbers(path, columns, [target]), about
    unknown = set(columns.get(target, [""])) - set(classes)
    if unknown:
        raise ValueError(f"{path}: expected {', '.join(classes)[:60]} in a column {target!r}; got {unknown.pop()!r}")
    return x, np.array([classes.index(text) for text in columns[target]]), about


# ---- 9. The command line -------------------------------------------------------------------------------------

SMALL = {"hidden": (), "activation": "tanh", "init": "xavier", "loss": "binary_cross_entropy", "epochs": 1000}
SMALL |= {"batch": "full", "learning_rate": 0.5, "decay": 1.0, "dtype": "float64", "seed": 0}
RELU = SMALL | {"activation": "relu", "init": "he", "loss": "cross_entropy", "learning_rate": 0.1}
SEEDS = {"init": "large", "loss": "squared_error_sum", "learning_rate": 1e-6}
RECIPES = {
    "and": SMALL,  # one neuron is enough: a straight line parts the answers
    "or": SMALL,
    "xor": SMALL | {"hidden": (8,)},  # no straight line does; try --hidden none
    "quadrants": RELU | {"hidden": (10,)},
    "random": RELU | SEEDS | {"hidden": (100,), "epochs": 500},
    "mnist": RELU | {"hidden": (128, 64), "epochs": 10, "batch": 32, "decay": 0.7, "dtype": "float32"},
    "csv": RELU | {"hidden": (32,), "epochs": 100, "batch": 32, "decay": 0.98},
}


class UsageError(Exception):
    """The command line asks for something that does not exist: exit code 2."""


class Parser(argparse.ArgumentParser):
    """argparse, but an error is one line."""

    def error(self, message):
        raise UsageError(f"{message} (see {self.prog} --help)")


def read_data(args, part, about=None):
    """x, y and about of the data set or CSV file that the command line names."""
    if args.data == "mnist":
        return mnist(args.folder, part)
    if args.data in RECIPES and args.data != "csv":
        return small_data(args.data)
    if args.data.endswith(".csv") or Path(args.data).is_file():
        loss = getattr(args, "loss", None) or ""
        return csv_data(args.data, getattr(args, "target", None), loss.startswith("squared_error"), about)
    raise UsageError(f"expected xor, and, or, quadrants, random, mnist or a CSV file; got {args.data!r}")


def score(network, about, x, y, rows):
    """Print how good the answers are."""
    answers = answer(network, about, x)
    if answers.shape != y.shape:
        raise ValueError(f"the network answers with shape {answers.shape}, the data has {y.shape}")
    if about["classes"]:
        right = int((answers == y).sum())
        print(f"{rows} accuracy: {100 * right / len(y):.2f} % ({right} of {len(y)})")
    else:
        error, spread = (math.sqrt(np.mean((y - guess) ** 2)) for guess in (answers, y.mean(axis=0)))
        print(f"{rows} root mean squared error: {error:.4g} (always answering the mean: {spread:.4g})")


def run_train(args):
    recipe = RECIPES.get(args.data, RECIPES["csv"]) | {k: v for k, v in vars(args).items() if v is not None}
    if args.save and not (args.save.parent.is_dir() and os.access(args.save.parent, os.W_OK)):
        raise UsageError(f"--save: expected a file in a folder that exists; got {args.save}")  # before the work
    x, y, about = read_data(args, "train")
    test = read_data(args, "t10k")[:2] if args.data == "mnist" else None
    about["data"] = args.data
    if args.data not in RECIPES:
        order = np.random.default_rng(recipe["seed"]).permutation(len(x))
        held_out = len(x) // 5
        ...
