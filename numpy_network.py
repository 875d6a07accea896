# ruff: noqa: T201
"""Neural networks in one file: a lesson to read from top to bottom, and a program to run.

    python numpy_network.py train xor
    python numpy_network.py train mnist --hidden 128,64 --save digits.npz
    python numpy_network.py evaluate digits.npz mnist
    python numpy_network.py gradcheck --activation tanh --loss cross_entropy --hidden 5,4

A network is a function with many adjustable numbers. Training moves them, step by step, so that a loss L, which
measures how wrong the answers are, goes down. To know which way to move each number we need the derivative of L
with respect to each, and one idea finds them all: the chain rule. Notation, for n rows (samples):
    x (n, d_in)    W (d_out, d_in)    b (d_out,)    z = x @ W.T + b (n, d_out)    a = activation(z) (n, d_out)
dW is short for dL/dW: how L changes with each entry of W. It has the shape of W, and so on for db, dx, dz, da.
"""

import csv
import gzip
import json
import math
import os
import sys
import time
from argparse import ArgumentError, ArgumentParser, Namespace, RawTextHelpFormatter
from itertools import pairwise
from pathlib import Path

if __name__ == "__main__":  # on matrices as small as ours a second thread gains little, and can cost much
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np

# ---- 1. One neuron -------------------------------------------------------------------------------------------
# A neuron multiplies each input by a weight, adds a bias, and sends the sum through an activation. Take
# x = (1, 2, 3), w = (0.5, 0.1, 0.2), b = 0, the activation relu(z) = max(0, z), and let 1 be the right answer:
#     z = x1 w1 + x2 w2 + x3 w3 + b = 0.5 + 0.2 + 0.6 + 0 = 1.3    y = relu(z) = 1.3    L = (y - 1)² = 0.09
# How does L change with w1? w1 moves z, z moves y, y moves L, and the chain rule multiplies the three rates:
#     dL/dw1 = dL/dy · dy/dz · dz/dw1
#     dL/dy  = 2 (y - 1) = 0.6    the derivative of a square
#     dy/dz  = 1                  because z > 0; below 0 a ReLU is flat, the factor is 0, and nothing is learned
#     dz/dw1 = x1                 only the term x1 w1 contains w1
# So dL/dw = 0.6 · 1 · x = (0.6, 1.2, 1.8), and dL/db = 0.6 · 1 · 1 = 0.6. The gradient points uphill: step against
# it, by 0.01 of it. Then w = (0.494, 0.088, 0.182), b = -0.006, z = 1.21, and L = 0.0441, half of what it was.
# That is all of learning. The rest of this file does it for many neurons at once.


def neuron(x, w, b, target):
    """One ReLU neuron: its output y, the loss (y - target)², and the derivatives dw and db of the loss."""
    z = x @ w + b
    y = max(0.0, z)
    dz = 2 * (y - target) * (1.0 if z > 0 else 0.0)
    return y, (y - target) ** 2, dz * x, dz


# ---- 2. Activations ------------------------------------------------------------------------------------------
# Without a bend between them, two layers are one: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2). An activation is
# the bend. Forward gives a from z, backward gives dz from da; where a = f(z) entry by entry, dz = da · f'(z):
#     identity    f = z                     f' = 1
#     sigmoid     f = 1 / (1 + e^-z)        f' = e^-z / (1 + e^-z)² = 1/(1 + e^-z) · e^-z/(1 + e^-z) = a (1 - a)
#     tanh        f = sinh z / cosh z       f' = (cosh² z - sinh² z) / cosh² z = 1 - a²
#     relu        f = max(0, z)             f' = 1 where z > 0, else 0 (at the corner, z = 0, we choose 0)
#     leaky_relu  f = z, below 0 0.01 z     f' = 1 where z > 0, else 0.01, so that no unit is ever switched off
# Softmax turns a row into probabilities: a_i = e^(z_i) / S with S = Σ_j e^(z_j). Each output depends on every
# input, so its derivative is a matrix, the Jacobian. By the quotient rule, with dS/dz_j = e^(z_j):
#     i = j:  da_i/dz_i = (e^(z_i) S - e^(z_i) e^(z_i)) / S² = a_i - a_i a_i
#     i ≠ j:  da_i/dz_j = (  0       - e^(z_i) e^(z_j)) / S² =     - a_i a_j
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
# z is a sum of n_in terms w x. With independent weights of mean 0, Var(z) = n_in · Var(w) · mean(x²), so for the
# signal to keep its size from layer to layer Var(w) must be 1/n_in: LeCun. Backward, dx is a sum of n_out terms,
# which asks for 1/n_out; Xavier (Glorot) lies between, 2/(n_in + n_out). A ReLU zeroes half of its signal, so He
# doubles LeCun's variance. Two are here to be seen failing. With zeros, the units of a layer compute the same, get
# the same gradient and stay the same for ever. With large weights the signal grows by sqrt(n_in) a layer: sigmoids
# saturate, where their derivative is 0, and ReLUs explode.

INITIALIZATIONS = {  # name: the standard deviation of the weights. Biases start at 0.
    "zeros": lambda n_in, n_out: 0.0,
    "large": lambda n_in, n_out: 1.0,
    "lecun": lambda n_in, n_out: math.sqrt(1 / n_in),
    "xavier": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),
    "he": lambda n_in, n_out: math.sqrt(2 / n_in),
}

# ---- 4. Losses -----------------------------------------------------------------------------------------------
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
    So an entry's loss is -y (z - s) + (1 - y) s = s - y z. As ds/dz = e^z / (1 + e^z) = p, dz = (p - y) / (n k).
    Taking the larger of 1 and e^z out of the logarithm, s = max(z, 0) + log(1 + e^-|z|), which cannot overflow.
    """
    losses = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
    return losses.mean(), (sigmoid(z) - y) / z.size


def cross_entropy(z, y):
    """L = -Σ y_i log a_i, the mean over n rows, with a = softmax(z), for one class out of k.

    log a_i = z_i - log Σ_j e^(z_j), and as in softmax the row's maximum may be subtracted from z first.
    For one row dL/da_i = -y_i / a_i, so by chapter 2 dz_j = a_j (-y_j / a_j + Σ_i y_i) = a_j - y_j, because its
    targets sum to 1. The division by a_j, which may be 0, has canceled. For the mean of n rows divide by n.
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
    y, classes, shares = np.asarray(y), loss == "cross_entropy", loss.endswith("cross_entropy")
    if classes and y.shape == (n,) and y.dtype.kind in "iu" and 0 <= y.min() <= y.max() < k:
        return np.eye(k, dtype=dtype)[y]  # one-hot: 1 at the row's class, 0 elsewhere
    if y.shape != (n, k) or y.dtype.kind not in "iufb":
        labels = f" or {n} integer labels from 0 to {k - 1}" if classes else ""
        raise ValueError(f"{loss} expected targets of shape {(n, k)}{labels}; got {y.dtype} of shape {y.shape}")
    if not np.isfinite(y).all() or (shares and not 0 <= y.min() <= y.max() <= 1):
        raise ValueError(f"{loss} expected {'targets from 0 to 1' if shares else 'finite targets'}; got others")
    if classes and np.abs(y.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError("cross_entropy expected rows with sum 1 as targets; did you mean binary_cross_entropy?")
    return y.astype(dtype, copy=False)


# ---- 5. The network: forward, backward, descent --------------------------------------------------------------
# Backward through one layer. Written out for row i and unit j: z_ij = Σ_p x_ip W_jp + b_j.
#     W_jp moves z_ij in every row i, at the rate x_ip:   dW_jp = Σ_i dz_ij x_ip    dW = dz.T @ x   (d_out, d_in)
#     b_j  moves z_ij in every row i, at the rate 1:      db_j  = Σ_i dz_ij         db = dz.sum(axis=0)  (d_out,)
#     x_ip moves z_ij for every unit j, at the rate W_jp: dx_ip = Σ_j dz_ij W_jp    dx = dz @ W         (n, d_in)
# x is the activation of the layer before, so dx is that layer's da; its activation turns da into its dz, and so
# on down to the first layer. Backward needs each layer's x and z: forward keeps them.


class Network:
    """A dense network. Sizes (784, 128, 64, 10) mean three layers; the activation follows all but the last."""

    def __init__(self, sizes, activation="relu", loss="cross_entropy", init="he", seed=0, dtype=np.float64):
        self.sizes, self.activation, self.loss, self.dtype = tuple(sizes), activation, loss, np.dtype(dtype)
        for name, known in ((activation, ACTIVATIONS), (loss, LOSSES), (init, INITIALIZATIONS)):
            if name not in known:
                raise ValueError(f"expected one of {', '.join(known)}; got {name}")
        if len(sizes) < 2 or min(sizes) < 1 or (loss == "cross_entropy" and sizes[-1] < 2):
            raise ValueError(f"expected sizes of 1 or more, and for cross_entropy 2 outputs or more; got {sizes}")
        rng = np.random.default_rng(seed)
        self.weights, self.biases = [], []
        for d_in, d_out in pairwise(sizes):
            W = INITIALIZATIONS[init](d_in, d_out) * rng.standard_normal((d_out, d_in))
            self.weights.append(W.astype(self.dtype))
            self.biases.append(np.zeros(d_out, self.dtype))

    def forward(self, x):
        """Logits (n, k) of the rows x (n, d_in). Keeps every layer's input and z for backward."""
        a = np.asarray(x, self.dtype)
        if a.ndim != 2 or a.shape[1] != self.sizes[0] or len(a) == 0:
            raise ValueError(f"expected rows of {self.sizes[0]} numbers; got an array of shape {a.shape}")
        self.inputs, self.z = [], []
        for W, b in zip(self.weights, self.biases, strict=True):
            if self.z:  # between two layers stands the activation
                a = ACTIVATIONS[self.activation][0](self.z[-1])
            self.inputs.append(a)  # (n, d_in)
            self.z.append(a @ W.T + b)  # (n, d_out)
        return self.z[-1]

    def loss_and_gradients(self, x, y):
        """The loss of the rows x with targets y, and the lists of all dW and db, first layer first."""
        z = self.forward(x)
        loss, dz = LOSSES[self.loss][0](z, checked_targets(self.loss, y, *z.shape, self.dtype))
        dWs, dbs = [], []
        for i in reversed(range(len(self.weights))):
            x = self.inputs[i]
            dWs.insert(0, dz.T @ x)  # (d_out, n) @ (n, d_in) = (d_out, d_in)
            dbs.insert(0, dz.sum(axis=0))  # (d_out,)
            if i > 0:  # x is the activation of layer i - 1. (Below layer 0 is the data, which we don't change.)
                da = dz @ self.weights[i]  # (n, d_out) @ (d_out, d_in) = (n, d_in)
                dz = ACTIVATIONS[self.activation][1](da, self.z[i - 1], x)
        return float(loss), dWs, dbs

    def step(self, x, y, learning_rate):
        """One step of gradient descent: theta <- theta - learning_rate · dtheta. Returns the loss before it."""
        loss, dWs, dbs = self.loss_and_gradients(x, y)
        for theta, dtheta in zip(self.weights + self.biases, dWs + dbs, strict=True):
            theta -= learning_rate * dtheta
        return loss

    # The gradient over all rows is the mean of the rows' gradients, so a few rows drawn at random estimate it for
    # a fraction of the work. All rows a step (batch_size 0) is full-batch gradient descent: exact, slow. One row
    # a step is stochastic: quick, noisy. The mini-batch lies between, and makes the most of the matrix products.

    @np.errstate(all="ignore")  # we look for overflow ourselves, to say where it happened
    def fit(self, x, y, epochs=10, batch_size=32, learning_rate=0.1, seed=0, report=None):
        """Gradient descent. An epoch visits every row once, in a fresh order. Returns each epoch's mean loss."""
        x, y, n, history = np.asarray(x, self.dtype), np.asarray(y), len(x), []
        self.forward(x[:1])  # complains of a wrong shape
        checked_targets(self.loss, y, n, self.sizes[-1], self.dtype)
        if not np.isfinite(x).all():
            raise ValueError("expected finite inputs; got NaN or infinity")
        batch_size, rng, start = batch_size or n, np.random.default_rng(seed), time.perf_counter()
        for epoch in range(1, epochs + 1):
            order, total = rng.permutation(n), 0.0
            for step, first in enumerate(range(0, n, batch_size), start=1):
                rows = order[first : first + batch_size]  # at the end of an epoch there may be fewer
                loss = self.step(x[rows], y[rows], learning_rate)
                if not all(np.isfinite(values).all() for values in (loss, *self.biases)):
                    where = f"epoch {epoch}, step {step}: loss {loss:g}, learning rate {learning_rate:g}"
                    raise FloatingPointError(f"training diverged in {where}; try a smaller learning rate")
                total += loss * len(rows)
            history.append(total / n)
            if report and (epoch == 1 or epoch % max(1, epochs // 10) == 0):
                report(f"epoch {epoch} of {epochs}: loss {total / n:.6g}, {time.perf_counter() - start:.1f} s")
        return history

    def predict(self, x):
        """Answers (n, k): probabilities for the cross-entropies, numbers for the squared errors."""
        answers = LOSSES[self.loss][1](self.forward(x))
        if not np.isfinite(answers).all():
            raise FloatingPointError("the network overflowed; are the inputs like those it was trained on?")
        return answers

    def classify(self, x):
        """Class numbers (n,): the largest of several answers, or, of a single one, whether it is above 1/2."""
        answers = self.predict(x)
        return answers.argmax(axis=1) if self.sizes[-1] > 1 else (answers[:, 0] > 0.5).astype(int)

    def __str__(self):
        sizes, count = "-".join(map(str, self.sizes)), sum(p.size for p in self.weights + self.biases)
        return f"network {sizes}, {self.activation}, {self.loss}, {self.dtype}, {count} parameters"


# ---- 6. Is the gradient right? -------------------------------------------------------------------------------
# A wrong gradient often still learns, only worse. So compare it with the definition of the derivative, taken from
# both sides, for one parameter t at a time: dL/dt ≈ (L(t + h) - L(t - h)) / 2h. By Taylor's formula this is off by
# h² L'''/6, which asks for a small h. But each L is rounded, by about ε |L|, and dividing by h magnifies that to
# ε |L| / h, and asks for a large h. The sum is least near h = ε^(1/3), and there about ε^(2/3). In float64, where
# ε = 2.2e-16, that is h = 6e-6 and an error of 4e-11; a wrong formula is off by far more. (Float32 won't do.)
# The error is taken relative to the gradient: 0.001 is much beside 0.01 and nothing beside 1000. A ReLU whose z
# crosses 0 within ±h may raise a false alarm, because a corner has two slopes.


def gradient_check(network, x, y):
    """The largest |analytic - numeric| of all parameters, relative to the largest derivative of its array."""
    _, dWs, dbs = network.loss_and_gradients(x, y)
    worst = 0.0
    for theta, analytic in zip(network.weights + network.biases, dWs + dbs, strict=True):
        numeric = np.zeros_like(theta)
        for at in np.ndindex(theta.shape):
            value = theta[at]
            h = 6e-6 * max(1.0, abs(value))
            for sign in (1, -1):
                theta[at] = value + sign * h
                loss, *_ = network.loss_and_gradients(x, y)
                numeric[at] += sign * loss / (2 * h)
            theta[at] = value
        size = max(np.abs(analytic).max(), np.abs(numeric).max(), 1e-4)  # below 1e-4 only rounding is left
        worst = max(worst, float(np.abs(analytic - numeric).max() / size))
    return worst


# ---- 7. Save and load ----------------------------------------------------------------------------------------
# An .npz file is a zip of plain arrays. Ours holds W1, b1, W2, b2, ... and a JSON text with all else, such as
# `about`: the names of the inputs, of the target, and of its classes if it has any. Not a pickle, because loading
# one may run any code that its author liked. An array is only numbers.


def save(network, path, about=None):
    """Write the network, and about, to an .npz file."""
    about = about or {"features": list(map(str, range(network.sizes[0]))), "classes": None, "target": "y"}
    text = {"sizes": network.sizes, "activation": network.activation, "loss": network.loss, "about": about}
    weights = {f"W{i}": W for i, W in enumerate(network.weights, start=1)}
    biases = {f"b{i}": b for i, b in enumerate(network.biases, start=1)}
    with Path(path).open("wb") as file:
        np.savez(file, architecture=np.array(json.dumps(text)), **weights, **biases)


def load(path):
    """The network and about of a file written by save."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if sum(part.file_size for part in arrays.zip.infolist()) > Path(path).stat().st_size:
                raise ValueError("it unpacks to more bytes than it has")
            text = json.loads(str(arrays["architecture"]))
            layers = list(pairwise(text["sizes"]))
            weights, biases = ([arrays[f"{a}{i}"] for i in range(1, len(layers) + 1)] for a in "Wb")
        about = {key: text["about"][key] for key in ("features", "target", "classes")}
        if [W.shape[::-1] for W in weights] != layers or [b.shape for b in biases] != [(k,) for _, k in layers]:
            raise ValueError("its arrays do not have its sizes")
        network = Network(text["sizes"], text["activation"], text["loss"], dtype=weights[0].dtype)
        network.weights, network.biases = weights, biases
        names, classes = about["features"], about["classes"]
        if len(names) != network.sizes[0] or (classes is not None and len(classes) != max(2, network.sizes[-1])):
            raise ValueError("its names do not fit its sizes")
    except Exception as error:  # zip, zlib, JSON, a missing array, a wrong shape: to the reader, one thing
        raise ValueError(f"{path} cannot be loaded as a network of this script: {error}") from error
    return network, about


# ---- 8. Data -------------------------------------------------------------------------------------------------
# Every reader returns x (n, d), y and about; y are class numbers (n,) if about names classes, else numbers (n, k).


def small_data(name):
    """XOR, AND, OR; the quadrants of the plane; or random numbers, to be learned by heart."""
    gates = {"xor": [0, 1, 1, 0], "and": [0, 0, 0, 1], "or": [0, 1, 1, 1]}
    if name in gates:
        x, y, classes = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], float), np.array(gates[name]), ["0", "1"]
    elif name == "quadrants":  # the points (1, 1), (10, 1), (1, 10), reflected into each quadrant
        signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        x = np.array([(i * p, j * q) for p, q in [(1, 1), (10, 1), (1, 10)] for i, j in signs], float)
        y, classes = np.array([0, 1, 2, 3] * 3), ["I", "II", "III", "IV"]
    else:
        rng = np.random.default_rng([64, 1000, 10])
        x, y, classes = rng.standard_normal((64, 1000)), rng.standard_normal((64, 10)), None
    return x, y, {"features": [f"x{i + 1}" for i in range(x.shape[1])], "target": "y", "classes": classes}


def read_idx(folder, name):
    """An IDX file, maybe gzipped: two zero bytes, the type (8: bytes), the number of axes, their sizes, data."""
    path = next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"expected {name} or {name}.gz in {folder}; name the folder with --data")
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        if raw[:3] != b"\0\0\x08":
            raise ValueError(f"it begins with {raw[:3].hex()}")
        shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4)  # big-endian, 4 bytes each
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)
    except Exception as error:  # gzip, zlib, a header or data cut short
        raise ValueError(f"{path} is not a whole IDX file of bytes ({error}); download it again") from error


def mnist(folder, part):
    """Handwritten digits, by Yann LeCun and Corinna Cortes: a row is an image, 28 x 28 gray values 0 to 255."""
    images, labels = (read_idx(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or labels.shape != images.shape[:1] or not labels.size or labels.max() > 9:
        raise ValueError(f"{folder}: {part} images {images.shape} and labels {labels.shape} do not fit together")
    x, features = images.reshape(len(images), -1), [f"pixel{i}" for i in range(images[0].size)]
    return x, labels.astype(int), {"features": features, "target": "digit", "classes": list("0123456789")}


def csv_data(path, about=None, target=None, regression=False, answers=True):
    """Rows of a CSV file with a header. Without about, in training, the target is the last column unless named."""
    with Path(path).open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.DictReader(file, skipinitialspace=True, restval="")
        rows, header = list(reader), reader.fieldnames or []
    if not rows or len(set(header)) < len(header) or any(None in row for row in rows):
        raise ValueError(f"{path}: expected a header of different names, and rows no longer than the header")
    if about is None:
        target = target or header[-1]
        if target not in header:
            raise ArgumentError(None, f"--target: expected one of {', '.join(header)[:60]}; got {target!r}")
        features, classes = [name for name in header if name != target], sorted({row[target] for row in rows})
        # Text means classes. So do numbers, if they are few: at most 10, each twice on average.
        numeric, many = set("".join(classes)) <= set("+-.0123456789eE"), len(classes) > min(10, len(rows) / 2)
        if numeric and (many or regression):
            classes = None
        elif len(classes) > len(rows) / 2 or len(classes) < 2 or "" in classes:
            raise ValueError(f"{path}: expected numbers, or classes met twice on average, as target {target!r}")
        about = {"features": features, "target": target, "classes": classes}
    x, y, target, classes = [], [], about["target"], about["classes"]
    for i, row in enumerate(rows, start=1):
        try:
            x.append([float(row[name]) for name in about["features"]])
            if answers:
                y.append([float(row[target])] if classes is None else classes.index(row[target]))
        except (KeyError, ValueError) as error:
            wanted = f"numbers as {', '.join(about['features'])[:60]} and a known {target}"
            raise ValueError(f"{path}, row {i}: expected {wanted}; missing or wrong: {error}") from error
    return np.array(x), np.array(y), about


# ---- 9. The command line -------------------------------------------------------------------------------------

GATE = {"hidden": (), "activation": "tanh", "init": "xavier", "loss": "binary_cross_entropy", "epochs": 2000}
GATE |= {"batch": 0, "learning_rate": 0.1, "dtype": "float64", "seed": 0}
RELU = GATE | {"activation": "relu", "init": "he", "loss": "cross_entropy"}
PLANE = RELU | {"hidden": (10,), "learning_rate": 0.01}
SUMS = RELU | {"init": "large", "loss": "squared_error_sum", "learning_rate": 1e-6, "epochs": 500}
DIGITS = RELU | {"hidden": (128, 64), "epochs": 10, "batch": 32, "dtype": "float32"}
CSV = RELU | {"hidden": (32,), "loss": None, "learning_rate": 0.05, "epochs": 100, "batch": 32}
RECIPES = {"and": GATE, "or": GATE, "xor": GATE | {"hidden": (8,)}}  # xor is no straight line: try --hidden 0
RECIPES |= {"quadrants": PLANE, "random": SUMS | {"hidden": (100,)}, "mnist": DIGITS}


def with_defaults(args, defaults):
    """The options of the command line, and the defaults for those that it leaves out."""
    options = defaults | {key: value for key, value in vars(args).items() if value is not None}
    for key in options.keys() & {"hidden", "epochs", "batch", "learning_rate", "seed"}:
        if not all(0 <= value < math.inf for value in np.atleast_1d(options[key])):
            raise ArgumentError(None, f"--{key.replace('_', '-')}: expected 0 or more; got {options[key]}")
    return Namespace(**options)


def read_data(args, part, *csv_settings):
    """x, y and about of the data that the command line names."""
    if args.dataset in RECIPES:
        return mnist(args.data, part) if args.dataset == "mnist" else small_data(args.dataset)
    if not Path(args.dataset).is_file():
        raise ArgumentError(None, f"expected {', '.join(RECIPES)} or a CSV file; got {args.dataset!r}")
    return csv_data(args.dataset, *csv_settings)


def standardize(values, axis):
    """(values - mean) / scale, mean and scale: the standard deviation, or 1 for a constant column."""
    mean, scale = values.mean(axis=axis), np.where(np.ptp(values, axis=axis) > 0, values.std(axis=axis), 1)
    return (values - mean) / scale, mean, scale


def score(network, about, x, y, rows):
    """Print how good the answers are."""
    if about["classes"]:
        right = int((network.classify(x) == y).sum())
        print(f"{rows} accuracy: {100 * right / len(y):.2f} % ({right} of {len(y)})")
    else:
        error, spread = (math.sqrt(((y - guess) ** 2).mean()) for guess in (network.predict(x), y.mean(axis=0)))
        print(f"{rows} root mean squared error: {error:.4g} (always answering the mean: {spread:.4g})")


def train(args):
    """train a network, and test it"""
    options, is_csv = with_defaults(args, RECIPES.get(args.dataset, CSV)), args.dataset not in RECIPES
    if args.save and not args.save.parent.is_dir():
        raise ArgumentError(None, f"--save: expected a file in a folder that exists; got {args.save}")
    x, y, about = read_data(args, "train", None, args.target, (args.loss or "").startswith("squared_error"))
    classes, test, rows = about["classes"], (x, y), "training"
    if args.dataset == "mnist":
        test, rows = read_data(args, "t10k")[:2], "test"
    elif is_csv and len(x) >= 10:  # hold out a fifth of the rows
        out, kept = np.split(np.random.default_rng(options.seed).permutation(len(x)), [len(x) // 5])
        test, rows, x, y = (x[out], y[out]), "test", x[kept], y[kept]
    loss = options.loss or ("cross_entropy" if classes else "squared_error_mean")
    mean, scale, y_mean, y_scale = 0, 1, 0, 1
    if is_csv or args.dataset == "mnist":
        x, mean, scale = standardize(x, 0 if is_csv else None)  # by column, but all pixels alike
    if is_csv and classes is None:
        y, y_mean, y_scale = standardize(y, 0)
    elif classes and loss != "cross_entropy":  # a column of 0 and 1 for two classes, otherwise a column for each
        y = y[:, None] if len(classes) == 2 else np.eye(len(classes))[y]
    sizes = (x.shape[1], *options.hidden, y.shape[1] if y.ndim == 2 else len(classes))
    network = Network(sizes, options.activation, loss, options.init, options.seed, options.dtype)
    print(network)
    network.fit(x, y, options.epochs, options.batch, options.learning_rate, options.seed, print)
    # Standardizing is linear, so now the first layer takes it over and the network reads raw inputs:
    # W (x - mean)/scale + b = (W/scale) x + (b - (W/scale) mean). The last layer does the same for the target.
    network.weights[0] /= scale
    network.biases[0] -= (network.weights[0] * mean).sum(axis=1)
    network.weights[-1] *= y_scale
    network.biases[-1] *= y_scale
    network.biases[-1] += y_mean
    score(network, about, *test, rows)
    if args.save:
        save(network, args.save, about)


def evaluate(args):
    """test a saved network on data"""
    network, about = load(args.network)
    x, y, found = read_data(args, "t10k", about)
    if found["classes"] != about["classes"]:
        raise ValueError(f"{args.dataset} has other classes than {args.network}")
    score(network, about, x, y, "test")


def predict(args):
    """print a saved network's answer to each row of data"""
    network, about = load(args.network)
    x, *_ = read_data(args, "t10k", about, None, False, False)
    for row in network.classify(x) if about["classes"] else network.predict(x):
        print(about["classes"][row] if about["classes"] else ",".join(map(str, row)))


def info(args):
    """say what a saved network is"""
    network, about = load(args.network)
    print(network, *(f"{key}: {value}" for key, value in about.items()), sep="\n")


def gradcheck(args):
    """compare gradients with finite differences, for all activations and losses or for those named"""
    options = with_defaults(args, {"hidden": (5, 4), "seed": 0})
    x, logits = np.random.default_rng([options.seed, 1]).standard_normal((2, 6, 3))
    y = softmax(logits)  # probabilities suit every loss as targets
    for activation in [args.activation] if args.activation else ACTIVATIONS:
        for loss in [args.loss] if args.loss else LOSSES:
            network = Network((3, *options.hidden, 3), activation, loss, "xavier", options.seed)
            error = gradient_check(network, x, y)
            print(f"{activation:<11}{loss:<21}relative error {error:.1e}")
            if error > 1e-6:
                raise ValueError("expected an error below 1e-6; if it is a ReLU's corner, --seed moves it")


def benchmark(args):
    """time a training step, and its matrix products alone"""
    options, rng, times = with_defaults(args, RECIPES["mnist"] | {"batch": 64}), np.random.default_rng(0), []
    network = Network((784, *options.hidden, 10), dtype=options.dtype)
    x, y = rng.standard_normal((options.batch, 784)).astype(options.dtype), rng.integers(10, size=options.batch)
    for _ in range(300):
        start = time.perf_counter()
        network.step(x, y, 0.01)
        middle = time.perf_counter()
        for i, (W, a, z) in enumerate(zip(network.weights, network.inputs, network.z, strict=True)):
            _ = a @ W.T, z.T @ a, z @ W if i > 0 else None  # as in forward and backward
        times.append((middle - start, time.perf_counter() - middle))
    step, products = 1e6 * np.median(times, axis=0)
    print(f"{network}\ntraining step {step:.0f} µs, its products {products:.0f} µs, ratio {step / products:.2f}")


class Parser(ArgumentParser):
    def error(self, message):  # argparse prints several lines
        self.exit(2, f"numpy_network: {message}; see {self.prog} --help\n")


def units(text):
    return tuple(int(size) for size in text.split(",") if size != "0")


MNIST = Path(__file__).parent / "data" / "mnist"
OPTIONS = {  # name: the commands that have it, and its settings
    "network": ("evaluate predict info", {"help": "an .npz file that train saved"}),
    "dataset": ("train evaluate predict", {"help": f"{', '.join(RECIPES)} or a CSV file"}),
    "--hidden": ("train gradcheck benchmark", {"type": units, "help": "units of the hidden layers, as 128,64"}),
    "--activation": ("train gradcheck", {"choices": ACTIVATIONS}),
    "--loss": ("train gradcheck", {"choices": LOSSES}),
    "--init": ("train", {"choices": INITIALIZATIONS}),
    "--epochs": ("train", {"type": int}),
    "--batch": ("train benchmark", {"type": int, "help": "rows a step: 1 stochastic, 0 all rows"}),
    "--learning-rate": ("train", {"type": float}),
    "--dtype": ("train benchmark", {"choices": ["float32", "float64"]}),
    "--seed": ("train gradcheck", {"type": int}),
    "--data": ("train evaluate predict", {"type": Path, "default": MNIST, "help": "folder of the MNIST files"}),
    "--target": ("train", {"help": "target column of a CSV file (default: the last)"}),
    "--save": ("train", {"type": Path, "help": "write the network to this .npz file"}),
}


def parse(argv):
    parser = Parser(prog="numpy_network.py", description=__doc__, formatter_class=RawTextHelpFormatter)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for run in (train, evaluate, predict, gradcheck, benchmark, info):
        command = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        for option, (names, settings) in OPTIONS.items():
            if run.__name__ in names.split():
                command.add_argument(option, **settings)
        command.set_defaults(run=run)
    return parser.parse_args(argv)


@np.errstate(all="ignore")
def main(argv=None):
    """Run a command. Returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        args = parse(argv)
        args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, ArgumentError, ValueError, ArithmeticError, OSError, MemoryError, csv.Error) as err:
        words = (str(err) or type(err).__name__).split()  # one line, without what a terminal would obey
        print("numpy_network:", *filter(str.isprintable, words), file=sys.stderr)
        return {KeyboardInterrupt: 130, ArgumentError: 2}.get(type(err), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
