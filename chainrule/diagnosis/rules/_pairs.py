"""The table of outputs and losses: what goes together, what only half, and what can't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.rules._reading import output_words, reach, targets

Pair = tuple[str, str, Mapping[str, float]]  # severity, what to say, figures
PROBABILITIES = ("sigmoid", "softmax", "hard_sigmoid")


def judged(evidence: Evidence, out: Array, outside: float) -> Pair | None:
    """What is wrong with the pair; None where it fits, or nothing is known of the loss."""
    takes, kind = evidence.loss.takes, evidence.loss.kind
    if kind in ("cross_entropy", "binary_cross_entropy", "kl_divergence"):
        if not evidence.task.decides and (found := _no_probabilities(evidence)) is not None:
            return found
        asked = {"probabilities": _probabilities, "logits": _logits, "log_probabilities": _logarithms}.get(takes)
        return asked(evidence, out, outside) if asked else None
    if kind == "poisson":
        return _rates(evidence, out)
    if kind in ("squared", "absolute", "huber", "hinge") and evidence.task.decides:
        return _distances(evidence)
    return None


def _no_probabilities(evidence: Evidence) -> Pair | None:
    low, high = evidence.data.y_low, evidence.data.y_high
    if low >= 0 and high <= 1:
        return None
    return (
        "ERROR",
        f"{evidence.loss.name} is for classes or probabilities; the target is a quantity, from {low:.4g} to "
        f"{high:.4g}",
        {"lowest target": low, "highest target": high},
    )


def _probabilities(evidence: Evidence, out: Array, limit: float) -> Pair | None:
    loss, task, k = evidence.loss.name, evidence.task, out.shape[1]
    what = output_words(evidence)
    known = reach(evidence)
    outside = float(((out <= 0) | (out >= 1)).mean())
    beyond = bool((out < 0).any() or (out > 1).any()) if known is None else not (known[0] >= 0 and known[1] <= 1)
    if beyond:
        says = (
            f"{loss} takes probabilities; {what} gives numbers from {out.min():.3g} to {out.max():.3g}, "
            f"{outside:.0%} of them outside (0, 1)"
        )
        return "ERROR", says, {"outside": outside, "lowest output": out.min(), "highest output": out.max()}
    if evidence.loss.kind == "cross_entropy":
        return _one_of_k(evidence, out)
    if evidence.output != "softmax" or k < 2 or not task.decides:
        return None
    if task.kind == "labels":
        most = float(targets(evidence).sum(axis=1).max())
        says = f"rows have up to {most:g} labels, but softmax outputs sum to 1: no two of them can be sure"
        return "ERROR", says, {"most labels": most}
    if k > 2 and task.form != "index":  # of two outputs it is the cross-entropy itself
        says = (
            f"{loss} after {what}: {k - 1} of {k} terms of each row pull at wrong classes that the softmax "
            "tells already"
        )
        return "WARN", says, {"outputs": k}
    return None


def _one_of_k(evidence: Evidence, out: Array) -> Pair | None:
    """Cross-entropy of probabilities that need not sum to 1."""
    k, task = out.shape[1], evidence.task
    if k == 1:
        return (
            "ERROR",
            f"{evidence.loss.name} counts only the right class' output, and there is one output: no row says no",
            {"outputs": 1},
        )
    if evidence.output == "softmax":
        several = task.kind == "labels"
        says = "rows have several labels, but softmax outputs sum to 1: two of them can't both be sure"
        return ("ERROR" if evidence.ill else "WARN", says, {}) if several else None
    sums = out.sum(axis=1)
    if np.allclose(sums, 1, atol=1e-3):
        return None
    if len(out) > 1 and np.allclose(out.sum(axis=0), 1, atol=1e-3):
        says = f"the softmax is taken over the {len(out)} rows (dim=0): each column sums to 1, and the rows don't"
        return "WARN", says, {"lowest sum": float(sums.min()), "highest sum": float(sums.max())}
    return (
        "ERROR" if evidence.ill else "WARN",
        f"{evidence.loss.name} asks for shares that sum to 1; {output_words(evidence)} gives {k} numbers with a "
        f"sum {_between(sums)}, each free to be 1",
        {"lowest sum": float(sums.min()), "highest sum": float(sums.max())},
    )


def _between(sums: Array) -> str:
    low, high = f"{sums.min():.2g}", f"{sums.max():.2g}"
    return f"of {low}" if low == high else f"between {low} and {high}"


def _logits(evidence: Evidence, out: Array, limit: float) -> Pair | None:
    loss, k, output = evidence.loss, max(out.shape[1], 2), evidence.output
    what, binary = output_words(evidence), evidence.loss.kind == "binary_cross_entropy"
    if output in PROBABILITIES:
        floor = np.log1p(np.exp(-1)) if binary else np.log1p((k - 1) / np.e)
        of = "rows that say yes" if binary else f"{k} classes"
        says = (
            f"{loss.name} takes logits and does its own {'sigmoid' if binary else 'softmax'}; {what} gives "
            f"probabilities: the loss can't get below {floor:.3f} for {of}"
        )
        says += f", nor below {np.log(2):.3f} for rows that say no" if binary else ""
        return "ERROR", says, {"floor": float(floor)}
    if output in ("log_softmax", "log_sigmoid"):
        if not binary:
            return ("INFO", f"{loss.name} does the log_softmax that {what} has done: once is enough", {})
        return "ERROR", f"{loss.name} takes logits; {what} is never above 0: no row can be said yes to", {}
    if output in ("tanh", "softsign", "hard_tanh"):
        floor = np.log1p(np.exp(-1)) if binary else np.log1p((k - 1) * np.exp(-2))
        says = (
            f"{loss.name} takes logits, which go from -inf to inf; {what} keeps them in [-1, 1]: the loss can't "
            f"get below {floor:.3f}"
        )
        return "WARN", says, {"floor": float(floor)}
    if output in ("relu", "relu6", "softplus"):
        if binary:
            return "ERROR", f"{loss.name} takes logits; {what} is never below 0: no row can be said no to", {}
        says = f"{loss.name} takes logits; {what} cuts off all below 0, where a class gets no gradient"
        return "WARN" if evidence.ill else "INFO", says, {}
    return None


def _logarithms(evidence: Evidence, out: Array, limit: float) -> Pair | None:
    if evidence.output in ("log_softmax", "log_sigmoid"):
        return None
    with np.errstate(over="ignore"):
        sums = np.exp(out).sum(axis=1)
    if evidence.output is not None and evidence.output == "unknown" and np.allclose(sums, 1, atol=1e-3):
        return None
    return (
        "ERROR",
        f"{evidence.loss.name} takes logarithms of probabilities; the exponentials of {output_words(evidence)} "
        f"have a sum {_between(sums)} instead of 1: is a log_softmax missing?",
        {"lowest sum": float(sums.min()), "highest sum": float(sums.max())},
    )


def _rates(evidence: Evidence, out: Array) -> Pair | None:
    if evidence.data.y_low < 0:
        return (
            "ERROR",
            f"{evidence.loss.name} is for counts; the target goes down to {evidence.data.y_low:.4g}",
            {},
        )
    if (out < 0).any():
        below = float((out < 0).mean())
        says = (
            f"{evidence.loss.name} takes rates above 0; {below:.0%} of the outputs are below, where it has no "
            "logarithm"
        )
        return "ERROR", says, {"outside": below}
    return None


def _distances(evidence: Evidence) -> Pair | None:
    """Distances between outputs and labels of classes."""
    loss, task, output, what = evidence.loss, evidence.task, evidence.output, output_words(evidence)
    if task.kind == "labels" and output == "softmax":
        most = float(targets(evidence).sum(axis=1).max())
        says = f"rows have up to {most:g} labels, but softmax outputs sum to 1: they can't reach them"
        return "ERROR", says, {"most labels": most}
    if loss.kind == "hinge" and output not in PROBABILITIES:
        return None
    ill = "WARN" if evidence.ill else "INFO"
    if output in ("relu", "softplus") and task.kind == "yes_no":
        says = (
            f"{loss.name} between {what} and labels of yes and no: where it is 0 it has no gradient to say yes "
            "again"
        )
        return ill, says, {}
    if output in PROBABILITIES:
        flat = "its gradient fades where an answer is surely wrong"
        mild = task.kind == "yes_no" and loss.kind in ("squared", "huber")
        says = f"{loss.name} between {what} and labels of classes: {flat}; an entropy of logits keeps it"
        return "INFO" if mild else ill, says, {}
    return None
