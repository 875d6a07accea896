"""What an optimizer is: a rule that moves the flat vector of all parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.core.registry import Registry
from chainrule.core.settings import number
from chainrule.core.types import Array

State = dict[str, Array]


@dataclass(frozen=True)
class Optimizer(ABC):
    """theta <- theta - something made of grad.  theta, grad: (p,), every parameter of the network.

    Settings are fields and never change; what changes is passed in. ``state`` holds only what decides the
    future (a checkpoint saves it); ``scratch`` is working memory. ``theta`` and ``state`` are changed in
    place, and ``grad``, once read, is working memory too: a step leaves anything in it. ``t`` counts steps
    from 1. ``lr`` is the learning rate of this step, from the schedule; the field ``learning_rate`` is the one
    the schedule starts from.
    """

    learning_rate: float

    name: ClassVar[str]
    of_adams: ClassVar[float | None] = None  # the rate that suits it, as a multiple of the one that suits Adam
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)  # settings to test it in

    def __post_init__(self) -> None:
        number(f"{self.name}: learning_rate", self.learning_rate, least=0)

    @abstractmethod
    def start(self, theta: Array) -> State:
        """The state before the first step."""

    @abstractmethod
    def step(
        self,
        theta: Array,
        grad: Array,
        state: Mapping[str, Array],
        t: int,
        lr: float,
        scratch: Array | None = None,
    ) -> None:
        """One step, in place."""

    def fused_step(
        self,
        theta: Array,
        grad: Array,
        state: Mapping[str, Array],
        t: int,
        lr: float,
        scratch: Array | None = None,
    ) -> None:
        """The same as ``step``, in one compiled pass over the vectors where there is one.

        The kernels turn Python's numbers into theta's type: with them as they are they would compute in float64.
        """
        self.step(theta, grad, state, t, lr, scratch)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        """The same of ``torch``, PyTorch or ``chainrule.autograd``; None where it has none."""
        return None

    def scratch_for(self, theta: Array) -> Array | None:
        """Working memory, allocated once by the trainer."""
        return None


def offered(torch: Any, name: str) -> Any:
    """The class of that name of ``torch.optim``, None where it has none: chainrule.autograd has but some."""
    return vars(torch.optim).get(name)


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", __name__, __file__)
