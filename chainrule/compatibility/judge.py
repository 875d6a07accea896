"""From the facts to the findings: a pure function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from chainrule.compatibility.facts import (
    PTX,
    RELEASES,
    Support,
    family_driver,
    full_driver,
    generation,
    kernels,
    release_of,
    runs_on,
    show,
    support,
)
from chainrule.compatibility.machine import GPU, Machine, Nvidia
from chainrule.compatibility.torch_build import TorchBuild
from chainrule.compatibility.wheels import advice, best, cpu_command

CAPABILITIES_PAGE = "https://developer.nvidia.com/cuda-gpus"


class Verdict(StrEnum):
    """``UNKNOWN`` is no fault: the table or the machine does not say."""

    FITS = "fits"
    DOES_NOT_FIT = "does not fit"
    UNKNOWN = "unknown"
    NOTHING = "nothing to check"


@dataclass(frozen=True)
class Finding:
    """One thing, the verdict on it, why, and what to do; ``remedy`` may be empty."""

    what: str
    verdict: Verdict
    evidence: str
    remedy: str = ""


def judge(machine: Machine) -> tuple[Finding, ...]:
    """What fits PyTorch and what does not. What does not fit has a remedy."""
    torch = machine.torch
    if torch is None:
        return (_not_installed(machine),)
    found = [_python(machine, torch)]
    if torch.kind == "cuda" and torch.cuda is not None:
        found += [*_driver(machine, torch.cuda), *_gpus(machine, torch, torch.cuda)]
    else:
        found.append(_other_build(machine, torch))
    return tuple(
        replace(one, remedy=advice(machine)) if one.verdict is Verdict.DOES_NOT_FIT and not one.remedy else one
        for one in found
    )


def overall(findings: Sequence[Finding]) -> Verdict:
    """The gravest of them."""
    verdicts = {finding.verdict for finding in findings}
    for verdict in (Verdict.DOES_NOT_FIT, Verdict.UNKNOWN, Verdict.NOTHING):
        if verdict in verdicts:
            return verdict
    return Verdict.FITS


def _not_installed(machine: Machine) -> Finding:
    wheel = best(machine) if machine.nvidia.gpus else None
    if machine.system == "Darwin":
        line = "pip install torch"
    else:
        line = wheel.command(pinned=False) if wheel is not None else cpu_command(machine)
    return Finding("PyTorch", Verdict.NOTHING, "not installed, and chainrule does without it", line)


def _python(machine: Machine, torch: TorchBuild) -> Finding:
    name = release_of(torch.version)
    release = RELEASES.get(name)
    if release is None:
        evidence = f"the table knows PyTorch {', '.join(RELEASES)}, not {name}"
        return Finding("Python", Verdict.UNKNOWN, evidence)
    evidence = f"PyTorch {name} takes Python {show(release.oldest)} to {show(release.newest)}"
    if not release.oldest <= machine.python <= release.newest:
        return Finding("Python", Verdict.DOES_NOT_FIT, f"{evidence}; this is {show(machine.python)}")
    if machine.free_threaded:
        evidence += "; for free-threaded Python it is experimental"
    return Finding("Python", Verdict.FITS, evidence)


def _other_build(machine: Machine, torch: TorchBuild) -> Finding:
    if torch.kind == "rocm":
        return Finding("GPU", Verdict.NOTHING, "a build for AMD's ROCm; this command judges CUDA builds alone")
    if torch.kind == "xpu":
        return Finding("GPU", Verdict.NOTHING, "a build for Intel's XPU; this command judges CUDA builds alone")
    if torch.kind == "unknown":
        evidence = "the build does not say what it was made for: torch/version.py is missing or unlike PyTorch's"
        return Finding("GPU", Verdict.UNKNOWN, evidence)
    if machine.system == "Darwin":
        return Finding("GPU", Verdict.NOTHING, "a build for macOS: CPU and Metal, no CUDA")
    if not machine.nvidia.gpus:
        return Finding("GPU", Verdict.NOTHING, "a build for the CPU needs no driver")
    wheel = best(machine)
    line = wheel.command() if wheel is not None else ""
    return Finding("GPU", Verdict.NOTHING, "a build for the CPU leaves the GPU idle", line)


def _driver(machine: Machine, cuda: str) -> Iterator[Finding]:
    nvidia, windows = machine.nvidia, machine.windows_driver
    if "version mismatch" in nvidia.problem:
        remedy = "restart the machine: the driver was updated while another version of it was running"
        yield Finding("driver", Verdict.DOES_NOT_FIT, nvidia.problem, remedy)
        return
    if nvidia.driver is None:
        if _no_devices(nvidia):
            yield Finding("driver", Verdict.NOTHING, nvidia.problem)
        elif nvidia.problem:
            remedy = "if there is an NVIDIA GPU, see why its driver does not answer: run nvidia-smi"
            yield Finding("driver", Verdict.UNKNOWN, nvidia.problem, remedy)
        elif nvidia.gpus:
            yield Finding("driver", Verdict.UNKNOWN, "nvidia-smi does not tell its version")
        else:
            yield Finding("driver", Verdict.NOTHING, "no NVIDIA driver, so this build computes on the CPU")
        return
    carried, least = support(nvidia.driver, cuda, windows), family_driver(cuda, windows)
    if carried is None or least is None:
        yield Finding("driver", Verdict.UNKNOWN, f"the table does not know which driver CUDA {cuda} needs")
        return
    family, own = f"CUDA {cuda.partition('.')[0]}.x", full_driver(cuda, windows)
    if carried is Support.TOO_OLD:
        evidence = f"{nvidia.driver_text} is too old for CUDA {cuda}: every {family} needs {show(least)} or newer"
        yield Finding("driver", Verdict.DOES_NOT_FIT, evidence)
    elif carried is Support.FULL:
        yield Finding("driver", Verdict.FITS, f"{nvidia.driver_text} is new enough for CUDA {cuda}")
    elif own == least:
        evidence = f"{nvidia.driver_text} is one for {family}, which needs {show(least)} or newer"
        yield Finding("driver", Verdict.FITS, evidence)
    else:
        compatible = f"{nvidia.driver_text} runs CUDA {cuda} by minor-version compatibility"
        newer = f"; what needs {show(own)} is missing" if own is not None else ""
        yield Finding("driver", Verdict.FITS, f"{compatible} ({family} from {show(least)}){newer}")


def _gpus(machine: Machine, torch: TorchBuild, cuda: str) -> Iterator[Finding]:
    nvidia = machine.nvidia
    for place, gpu in enumerate(nvidia.gpus):
        verdict, evidence = _gpu(machine, torch, cuda, gpu)
        yield Finding(f"GPU {place}", verdict, evidence)
    if nvidia.driver is not None and nvidia.problem and "version mismatch" not in nvidia.problem:
        verdict = Verdict.NOTHING if _no_devices(nvidia) else Verdict.UNKNOWN
        yield Finding("GPU", verdict, nvidia.problem)


def _no_devices(nvidia: Nvidia) -> bool:
    return not nvidia.gpus and "no devices were found" in nvidia.problem.lower()


def _gpu(machine: Machine, torch: TorchBuild, cuda: str, gpu: GPU) -> tuple[Verdict, str]:
    if gpu.capability is None:
        return Verdict.UNKNOWN, f"nvidia-smi does not tell its compute capability; see {CAPABILITIES_PAGE}"
    number = show(gpu.capability)
    name = f"{generation(gpu.capability) or 'a generation that the table does not know'} ({number})"
    release = RELEASES.get(release_of(torch.version))
    compiled = kernels(machine.architecture, cuda)
    if not torch.own or release is None or cuda not in release.builds or compiled is None:
        return Verdict.UNKNOWN, f"{name}; the table does not know which kernels {torch.version} has"
    if runs_on(gpu.capability, compiled):
        return Verdict.FITS, f"the build has kernels for {name}"
    has = f"it has kernels for {', '.join(map(show, compiled))}"
    newest = PTX.get(cuda)
    if machine.system == "Linux" and newest is not None and gpu.capability > newest:
        return (
            Verdict.UNKNOWN,
            f"{name} is newer than the build; {has}, and code that a driver may compile",
        )
    return Verdict.DOES_NOT_FIT, f"the build has no kernels for {name}: {has}"
