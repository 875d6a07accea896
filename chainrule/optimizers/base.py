"""What an optimizer is: a rule that moves the flat vector of all parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.core.errors import SettingError
from chainrule.core.registry import Registry
from chainrule.core.settings import number
from chainrule.core.types import Array

State = dict[str, Array]
Scratch = Array | None
Value = Callable[[Array], tuple[float, Array]]  # theta, (p,) -> the loss there and its gradient, all in float64


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
    full_batch: ClassVar[bool] = False  # a FullBatch, which takes no steps along a gradient that it is given
    of_adams: ClassVar[float | None] = None  # the rate that suits it, as a multiple of the one that suits Adam
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)  # settings to test it in

    def __post_init__(self) -> None:
        number(f"{self.name}: learning_rate", self.learning_rate, least=0)

    @abstractmethod
    def start(self, theta: Array) -> State:
        """The state before the first step."""

    @abstractmethod
    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        """One step, in place."""

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
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


@dataclass(frozen=True)
class FullBatch(Optimizer):
    """Looks for the minimum of a function, the loss over all rows, and finds the lengths of its steps by itself.

    It asks for values and gradients where it wants them, so it has no learning rate to set, and nothing of it is
    kept between two trainings.
    """

    learning_rate: float = 1.0

    full_batch: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learning_rate != 1:
            raise SettingError(f"{self.name}: learning_rate stays 1: it finds the length of each step by itself")

    @abstractmethod
    def minimize(self, f: Value, theta: Array, iterations: int, watch: Callable[[Array, float], bool]) -> str:
        """Lower f from ``theta`` on for at most ``iterations`` iterations; says why it ended, "" at the last one.

        ``watch`` is told the point and its value after each iteration; False from it ends the search.
        """

    def start(self, theta: Array) -> State:
        return {}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        raise SettingError(f"{self.name} needs the loss over all rows where it wants it; train it by fit")


def stepwise() -> tuple[str, ...]:
    """The names of those that step along the gradient of each batch: all that are no FullBatch."""
    return tuple(name for name, cls in OPTIMIZERS.classes().items() if not cls.full_batch)


def offered(torch: Any, name: str) -> Any:
    """The class of that name of ``torch.optim``, None where it has none: chainrule.autograd has but some."""
    return vars(torch.optim).get(name)


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", __name__, __file__)
