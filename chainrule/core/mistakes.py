"""The known ways in which a backward pass goes wrong, each recognized by the pattern it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array, Shape

# name -> what it means; a report's ``mistake`` is one of these or None
MISTAKES = {
    "constant_factor": "the gradient is a constant times the right one: 1/n, 2, the number of outputs or of rows",
    "sign": "the gradient points the wrong way",
    "transposed": "a matrix was used, or returned, transposed",
    "missing_activation_mask": "the derivative of an activation was left out, or is a wrong one",
    "missing_bias_sum": "the gradient of a bias is not the sum over all rows",
    "missing_regularizer": "the loss has a penalty on the weights that the gradient lacks",
    "doubled_regularizer": "the penalty's gradient is there more often than the penalty",
    "stale_value": "the gradient uses a value that an earlier call left behind",
    "one_layer": "one layer's gradient alone is wrong, in no other known way",
    "not_finite": "the gradient holds NaN or infinity",
}


@dataclass(frozen=True)
class Mistake:
    """A named mistake, where it starts, and a line that explains it."""

    name: str | None
    factor: float | None = None
    where: str | None = None
    hint: str = ""


@dataclass(frozen=True)
class Evidence:
    """One parameter array: at the flat places ``at`` the claimed and the numeric gradient, the latter's error."""

    name: str
    shape: Shape
    at: Array
    claimed: Array
    numeric: Array
    error: Array
    wrong: Array

    @property
    def whole(self) -> bool:
        return len(self.at) == int(np.prod(self.shape))

    def fits(self, prediction: Array, weight: float = 1.0) -> bool:
        """Whether the claimed gradient is the predicted one, within error, where it was wrong."""
        slack = self.error * (1 + abs(weight)) + 1e-6 * np.abs(self.claimed).max(initial=0.0)
        return bool((np.abs(self.claimed - prediction) <= slack)[self.wrong].all())


def name_mistake(
    evidence: list[Evidence],
    theta: Mapping[str, Array],
    claimed: Mapping[str, Array],
    counts: Mapping[str, int],
) -> Mistake:
    """The mistake that explains the arrays found wrong; arrays without evidence agreed. Most specific first."""
    wrong = [e for e in evidence if e.wrong.any()]
    start = wrong[-1]  # nearest the loss, where backward passes begin
    everywhere = len(wrong) == sum(1 for g in claimed.values() if np.abs(g).max(initial=0.0) > 0)
    where = "everywhere" if everywhere and len(claimed) > 1 else start.name
    return (
        _regularizer(wrong, theta)
        or _bias_mean(wrong, theta)
        or _factor(wrong, where, counts)
        or _transposed_gradient(wrong)
        or _bias_sum(wrong, theta)
        or _factor([start], start.name, counts)
        or _chain(wrong, theta, claimed)
        or Mistake(None, where=start.name)
    )


def _slope(a: Array, b: Array) -> float | None:
    """c with a = c b, by least squares."""
    square = float(b @ b)
    return float(a @ b) / square if square > 0 else None


def _joined(wrong: list[Evidence], values: list[Array]) -> Array:
    return np.concatenate([v[e.wrong] for e, v in zip(wrong, values, strict=True)])


def _factor(wrong: list[Evidence], where: str, counts: Mapping[str, int]) -> Mistake | None:
    claimed = _joined(wrong, [e.claimed for e in wrong])
    c = _slope(claimed, _joined(wrong, [e.numeric for e in wrong]))
    if c is None or abs(c) < 1e-9 or len(claimed) < 2 or not all(e.fits(c * e.numeric, c) for e in wrong):
        return None
    c = _round(c)
    if c == -1:
        return Mistake("sign", c, where)
    return Mistake("constant_factor", c, where, _explain(c, counts))


def _round(c: float) -> float:
    """A whole number or its inverse where c is one within a millionth; the rest is the differences' error."""
    for near in (round(c), 1 / round(1 / c) if abs(c) < 1 and round(1 / c) else 0):
        if near and abs(c / near - 1) < 1e-6:
            return float(near)
    return c


def _explain(c: float, counts: Mapping[str, int]) -> str:
    for name, count in counts.items():
        if count > 1 and abs(abs(c) - count) < 1e-6 * count:
            return f"{count} is the number of {name}"
        if count > 1 and abs(abs(c) * count - 1) < 1e-6:
            return f"{count} is the number of {name}: divided by it once too often"
    return ""


def _regularizer(wrong: list[Evidence], theta: Mapping[str, Array]) -> Mistake | None:
    for penalty in (lambda w: w, np.sign):
        parts = [penalty(theta[e.name].ravel()[e.at]) for e in wrong]
        residuals = [e.claimed - e.numeric for e in wrong]
        target = _joined(wrong, parts)
        c = _slope(_joined(wrong, residuals), target)
        if c is None or len(target) < 3 or np.ptp(target) == 0:
            continue
        if all(e.fits(e.numeric + c * part) for e, part in zip(wrong, parts, strict=True)):
            name = "missing_regularizer" if c < 0 else "doubled_regularizer"
            kind = (
                "theta" if np.array_equal(parts[0], theta[wrong[0].name].ravel()[wrong[0].at]) else "sign(theta)"
            )
            return Mistake(name, None, wrong[-1].name, f"it differs by {c:.4g} times {kind}")
    return None


def _bias_mean(wrong: list[Evidence], theta: Mapping[str, Array]) -> Mistake | None:
    """Biases alone wrong, by one over a whole number: averaged where the rest is summed."""
    if not _only_biases(wrong, theta):
        return None
    start = wrong[-1]
    c = _slope(start.claimed[start.wrong], start.numeric[start.wrong])
    inverse = 1 / c if c else 0.0
    if inverse > 1.5 and abs(inverse - round(inverse)) < 1e-4 and start.fits(start.numeric * (c or 0.0)):
        return Mistake(
            "missing_bias_sum", c, start.name, f"it is the mean over {round(inverse)} rows, not their sum"
        )
    return None


def _only_biases(wrong: list[Evidence], theta: Mapping[str, Array]) -> bool:
    has_matrices = any(np.squeeze(part).ndim == 2 for part in theta.values())
    return has_matrices and all(np.squeeze(theta[e.name]).ndim < 2 for e in wrong)


def _bias_sum(wrong: list[Evidence], theta: Mapping[str, Array]) -> Mistake | None:
    if not _only_biases(wrong, theta):
        return None
    start = wrong[-1]
    if start.wrong.sum() > 1 and _factor([start], start.name, {}) is not None:
        return None
    return Mistake("missing_bias_sum", None, start.name, "the weights beside it are right")


def _transposed_gradient(wrong: list[Evidence]) -> Mistake | None:
    """An array that holds the right numbers at the places of its transpose."""
    for e in reversed(wrong):
        if len(e.shape) != 2 or min(e.shape) < 2:
            continue
        if e.shape[0] == e.shape[1]:
            place = {int(at): k for k, at in enumerate(e.at)}
            i, j = np.unravel_index(e.at, e.shape)
            mirror = [place.get(int(m), -1) for m in np.ravel_multi_index((j, i), e.shape)]
            if -1 in mirror:
                continue
            prediction, error = e.numeric[mirror], e.error[mirror]
        elif e.whole:
            prediction = e.numeric.reshape(e.shape).T.ravel()
            error = e.error.reshape(e.shape).T.ravel()
        else:
            continue
        slack = e.error + error + 1e-6 * np.abs(e.claimed).max()
        if (np.abs(e.claimed - prediction) <= slack).all():
            return Mistake(
                "transposed", None, e.name, "it holds the right numbers, at the places of its transpose"
            )
    return None


def _chain(wrong: list[Evidence], theta: Mapping[str, Array], claimed: Mapping[str, Array]) -> Mistake | None:
    """A layer alone, or every layer from some point towards the input: there the chain lost or turned a factor."""
    layers = _layers(theta)
    bad = {e.name for e in wrong}
    hit = [i for i, names in enumerate(layers) if bad & set(names)]
    start, where = hit[-1], wrong[-1].name
    lost = all(not e.claimed.any() for e in wrong)
    if len(hit) == 1 and len(layers) > 1 and (start > 0 or lost or not set(layers[0]) <= bad):
        return Mistake("one_layer", None, where, f"the gradients of {', '.join(sorted(bad))} alone are wrong")
    if hit != list(range(start + 1)) or len(theta) == 1:
        return None
    if start + 1 == len(layers):
        return Mistake("missing_activation_mask", None, where, "the derivative of the output itself is wrong")
    above = layers[start + 1]
    W = next((np.squeeze(theta[name]) for name in above if np.squeeze(theta[name]).ndim == 2), None)
    if W is not None and _unmasked(layers[start], above, W, claimed):
        return Mistake("missing_activation_mask", None, where, "dz is taken to be da: f'(z) is left out")
    if W is not None and W.shape[0] == W.shape[1]:
        return Mistake("transposed", None, where, f"the weights after it, {above[0]}, seem to be used transposed")
    return Mistake("missing_activation_mask", None, where, "the layers after it are right")


def _unmasked(layer: list[str], above: list[str], W: Array, claimed: Mapping[str, Array]) -> bool:
    """Without f'(z) the rows' sums obey db = db_above W, whatever the data: that cannot be by chance."""
    below, beyond = (
        next((claimed[name].ravel() for name in names if np.squeeze(claimed[name]).ndim < 2), None)
        for names in (layer, above)
    )
    if below is None or beyond is None:
        return False
    return any(
        matrix.shape == (beyond.size, below.size) and np.allclose(below, beyond @ matrix, rtol=1e-6)
        for matrix in (W, W.T)
    )


def _layers(theta: Mapping[str, Array]) -> list[list[str]]:
    """Names that belong together: by what is before the last dot, by their number, or a matrix and its bias."""
    groups: dict[str, list[str]] = {}
    names = list(theta)
    for name in names:
        digits = re.findall(r"\d+", name)
        key = name.rpartition(".")[0] or (digits[-1] if digits and not name.isdigit() else "")
        groups.setdefault(key, []).append(name)
    if "" not in groups:
        return list(groups.values())
    found: list[list[str]] = []
    for name in names:
        if np.squeeze(theta[name]).ndim < 2 and found and all(np.squeeze(theta[n]).ndim == 2 for n in found[-1]):
            found[-1].append(name)
        else:
            found.append([name])
    return found
