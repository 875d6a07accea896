from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.bench.peers._torch import OnTorch
from chainrule.bench.peers.base import PEERS


@PEERS.register("torch_compile")
@dataclass(frozen=True)
class TorchCompile(OnTorch):
    """PyTorch with network and loss in ``torch.compile``, and its fused optimizer; it needs a C++ compiler."""

    threads: int = 1

    title = "torch.compile"
    short = "compile"
    compiles = True
    host = "torch_compile"
    fused = True
    variants = ({"threads": 1}, {"threads": 2})

    def missing(self) -> str | None:
        found = any(map(shutil.which, ("g++", "clang++", "c++", "cl")))
        return super().missing() or (None if found else "torch.compile finds no C++ compiler")

    def prepared(self, torch: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        torch._dynamo.reset()  # else it takes the next network for the last one with other shapes
        return torch.compile(function, dynamic=False)  # type: ignore[no-any-return]
