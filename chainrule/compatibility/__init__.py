"""Whether the installed PyTorch, Python, the NVIDIA driver and the GPUs fit each other, and which wheel would.

``facts`` is the table, ``machine`` and ``torch_build`` look, ``judge`` and ``wheels`` are pure functions of both.
"""

from chainrule.compatibility.facts import generation
from chainrule.compatibility.judge import Finding, Verdict, judge, overall
from chainrule.compatibility.machine import GPU, Machine, Nvidia, survey
from chainrule.compatibility.torch_build import TorchBuild

__all__ = [
    "GPU",
    "Finding",
    "Machine",
    "Nvidia",
    "TorchBuild",
    "Verdict",
    "generation",
    "judge",
    "overall",
    "survey",
]
