from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.regularizers.base import REGULARIZERS, Average


@REGULARIZERS.register("ema")
@dataclass(frozen=True)
class EMA(Average):
    """mean <- decay mean + (1 - decay) theta after each step; the first mean is theta.  Polyak & Juditsky 1992.

    The exponential moving average, as PyTorch's get_ema_multi_avg_fn. It looks back over some 1 / (1 - decay)
    steps, which should be few against all.
    """

    decay: float = 0.99

    examples = ({}, {"decay": 0.5})
    each = "step"

    def __post_init__(self) -> None:
        number("ema: decay", self.decay, least=0, below=1)

    def share(self, count: int, progress: float) -> float | None:
        return 1 - self.decay if count else 1.0
