"""Misclassified images with truth, prediction and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import figure, label, picture


@picture
def misclassified(
    images: Array, truth: Array, predicted: Array, confidence: Array, names: Sequence[object], most: int = 24
) -> Any:
    """images: (n, height, width); truth, predicted: class ids, (n,); confidence: (n,), a share in [0, 1].

    Those that are wrong, the most confident first, ``most`` of them.
    """
    wrong = np.flatnonzero(truth != predicted)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    across = max(min(len(worst), 6), 1)
    down = max(-(-len(worst) // across), 1)
    made = figure(1.35 * across + 0.4, 1.75 * down + 0.5)
    axes = made.subplots(down, across, squeeze=False).ravel()
    for ax, i in zip(axes, worst, strict=False):
        ax.imshow(images[i], cmap="gray", interpolation="nearest")
        said = f"{label(names[predicted[i]], 10)}, {100 * confidence[i]:.3g} %"
        ax.set_title(f"{said}\nis {label(names[truth[i]], 13)}", loc="center", fontsize=8)
    for ax in axes:
        ax.axis("off")
    made.suptitle(f"{len(wrong):,} of {len(truth):,} wrong" + (", the worst" if len(wrong) > len(worst) else ""))
    return made
