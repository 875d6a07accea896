"""What a program does to its data or its loop beside training: said by name, or in words in the older files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import nearest
from chainrule.core.types import Array
from chainrule.diagnosis.cases.optimizers import Factor, WarmUpCosine
from chainrule.diagnosis.cases.reading import Case, NotRunError, count

Numbers = np.random.Generator
Pair = tuple[Array, Array]


@dataclass
class Draft:
    """What hooks may change of a program before it is made."""

    X: Array
    y: Array
    classes: int
    optimizer: dict[str, Any]
    shuffle: bool = True
    zero_grad: bool = True
    schedule: Factor | None = None
    before_epoch: Callable[[Array, Array, Numbers], Pair] | None = None


def rows_apart(X: Array, y: Array, rng: Numbers) -> Pair:
    """The rows of X in a new order, the targets where they were."""
    return X[rng.permutation(len(X))], y


def _shuffle_features(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.before_epoch = rows_apart


def _shuffle_labels(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.y = draft.y[rng.permutation(len(draft.y))]


def _random_labels(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    """Classes drawn anew; numbers in a new order."""
    k, y = draft.classes, draft.y
    if not k:
        _shuffle_labels(draft, given, rng)
    else:
        ids = rng.integers(0, k, len(y))
        draft.y = np.eye(k, dtype=y.dtype)[ids] if y[0].size > 1 else ids.reshape(y.shape).astype(y.dtype)


def _no_zero_grad(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.zero_grad = False


def _warm_up_cosine(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.schedule = WarmUpCosine(int(given.get("warm_up", 100)))


def _uphill(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.optimizer["maximize"] = True


def _flat_targets(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    """Targets (n,) against outputs (n, 1), which a loss broadcasts to (n, n)."""
    draft.y = draft.y.reshape(-1)


def _sorted(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    order = np.argsort(draft.y.reshape(len(draft.y), -1) @ np.arange(1, draft.y[0].size + 1), kind="stable")
    draft.X, draft.y, draft.shuffle = draft.X[order], draft.y[order], False


def _no_shuffle(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.shuffle = False


def _nan(draft: Draft, given: Mapping[str, Any], rng: Numbers) -> None:
    draft.X = draft.X.copy()
    draft.X[rng.integers(len(draft.X)), rng.integers(draft.X.shape[1])] = np.nan


HOOKS: Mapping[str, Callable[[Draft, Mapping[str, Any], Numbers], None]] = {
    "shuffle_features": _shuffle_features, "shuffle_labels": _shuffle_labels, "random_labels": _random_labels,
    "no_zero_grad": _no_zero_grad, "warm_up_cosine": _warm_up_cosine, "uphill": _uphill,
    "flat_targets": _flat_targets, "sorted": _sorted, "no_shuffle": _no_shuffle, "nan": _nan,
}  # fmt: skip
# The first that is found in the words; so those that say more come first.
_WORDS: tuple[tuple[str, str], ...] = (
    (r"(features?|inputs?|rows|x)\b.*\bshuffled\b.*\bwithout|shuffled\b.*\bepoch", "shuffle_features"),
    (r"labels?\b.*\brandom|random\b.*\blabels?", "random_labels"),
    (r"(labels?|targets?)\b.*\b(shuffled|permuted)|misaligned|off by one", "shuffle_labels"),
    (r"zero_grad|accumulat", "no_zero_grad"),
    (r"warm-?\s?up|cosine", "warm_up_cosine"),
    (
        r"uphill|ascent|sign\b.*\b(flipped|reversed|wrong)|(wrong|flipped|reversed)\b.*\bsign|adds the gradient",
        "uphill",
    ),
    (r"broadcast|\(n,\)|flat(tened)? targets?", "flat_targets"),
    (r"\bsorted\b", "sorted"),
    (r"(no|not|without|never)\b.*\bshuffl|unshuffled|shuffle\s*=\s*false", "no_shuffle"),
    (r"\bnan\b", "nan"),
)
_STEPS = re.compile(r"([\d,]+)[ -]steps?")


def hook_of(case: Case) -> dict[str, Any] | None:
    """The case's hook as ``{"kind": ..., settings}``: as it is given by name, else read from its words."""
    given = case.raw["hook"] if "hook" in case.raw else case.data.get("hook")
    if given is None or isinstance(given, Mapping):
        return None if given is None else dict(given)
    text = str(given).lower()
    for words, name in _WORDS:
        if re.search(words, text):
            found: dict[str, Any] = {"kind": name}
            steps = count(_STEPS, text)
            return found | ({"warm_up": steps} if name == "warm_up_cosine" and steps else {})
    raise NotRunError(f"the hook {text!r:.80} says nothing that is known. Known: {', '.join(HOOKS)}")


def apply(hook: Mapping[str, Any] | None, draft: Draft, rng: Numbers) -> None:
    """Change the draft as the hook says."""
    if hook is None:
        return
    name = hook.get("kind")
    if name not in HOOKS:
        raise NotRunError(f"unknown hook {name!r:.60}.{nearest(str(name), HOOKS)}")
    HOOKS[str(name)](draft, hook, rng)
