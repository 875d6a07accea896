from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from chainrule.cli.output import print_json, printable
from chainrule.compatibility import Finding, Machine, Verdict, generation, judge, overall, survey
from chainrule.runs.environment import environment

WIDEST = 100
VISIBLE = "CUDA_VISIBLE_DEVICES"
BUILT = {
    "cpu": "for the CPU",
    "rocm": "for AMD's ROCm",
    "xpu": "for Intel's XPU",
    "unknown": "for what it does not say",
}
SENTENCES = {
    Verdict.FITS: "All of it fits.",
    Verdict.DOES_NOT_FIT: "It does not fit.",
    Verdict.UNKNOWN: "Not all of it is known.",
    Verdict.NOTHING: "There is no CUDA to check.",
}


def env(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Show Python, NumPy, PyTorch, driver and GPUs, and whether they fit; exit code 1 if they don't.

    $ chainrule env
    $ chainrule env --json

    PyTorch is read, not imported, so a build that crashes is judged too. Where
    it does not fit the driver or a GPU, the wheel that does is named. No GPU is
    a normal answer. CUDA builds of PyTorch 2.11 to 2.14 are known; of others
    only the driver is judged.
    """
    machine, about = survey(), environment()
    findings = judge(machine)
    if json:
        print_json(_document(machine, about, findings))
    else:
        _print(machine, about, findings)
    return 1 if overall(findings) is Verdict.DOES_NOT_FIT else 0


def _document(machine: Machine, about: dict[str, Any], findings: tuple[Finding, ...]) -> dict[str, Any]:
    nvidia = machine.nvidia
    return {
        "verdict": overall(findings),
        "findings": [asdict(finding) for finding in findings],
        "python": {"version": about["python"], "implementation": about["implementation"],
                   "free_threaded": machine.free_threaded},
        "system": {"name": machine.system, "machine": machine.architecture, "cpus": about["cpus"]},
        "numpy": {"version": np.__version__, "blas": about["blas"]},
        "torch": asdict(machine.torch) if machine.torch is not None else None,
        "driver": {"version": nvidia.driver_text or None, "source": nvidia.source or None,
                   "problem": nvidia.problem or None},
        "gpus": [{**asdict(gpu), "generation": generation(gpu.capability)} for gpu in nvidia.gpus],
        "cuda_visible_devices": os.environ.get(VISIBLE),
    }  # fmt: skip


def _print(machine: Machine, about: dict[str, Any], findings: tuple[Finding, ...]) -> None:
    rows = _facts(machine, about)
    width = max(len(what) for what, _ in rows)
    for what, text in rows:
        _wrapped(f"{what:<{width}}  ", text)
    print()
    width = max(len(finding.what) for finding in findings)
    least = max(len(finding.verdict) for finding in findings)
    for finding in findings:
        _wrapped(f"{finding.what:<{width}}  {finding.verdict:<{least}}  ", finding.evidence)
    verdict = overall(findings)
    remedies = list(dict.fromkeys(finding.remedy for finding in findings if finding.remedy))
    purpose = (
        "Try" if verdict is not Verdict.NOTHING else "To use the GPU" if machine.torch else "To install PyTorch"
    )
    print(f"\n{SENTENCES[verdict]}{f' {purpose}:' if remedies else ''}")
    for remedy in remedies:
        print(f"  {printable(remedy, 500)}")  # unbroken, to be copied


def _wrapped(beginning: str, text: str) -> None:
    columns = min(shutil.get_terminal_size().columns, WIDEST)
    print(
        textwrap.fill(
            printable(text, 500),
            max(columns, len(beginning) + 20),
            initial_indent=beginning,
            subsequent_indent=" " * len(beginning),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def _facts(machine: Machine, about: dict[str, Any]) -> list[tuple[str, str]]:
    nvidia = machine.nvidia
    free = ", free-threaded" if machine.free_threaded else ""
    where = f"{machine.system} {machine.architecture}, {about['cpus']} CPUs"
    rows = [
        ("Python", f"{about['python']} ({about['implementation']}{free}) on {where}"),
        ("NumPy", f"{np.__version__} with {_blas(about['blas'])}"),
        ("PyTorch", _torch(machine)),
    ]
    driver = f"{nvidia.driver_text}, from {nvidia.source}" if nvidia.driver_text else "none of NVIDIA's found"
    rows.append(("driver", nvidia.problem if nvidia.problem and not nvidia.driver_text else driver))
    for place, gpu in enumerate(nvidia.gpus):
        parts = [generation(gpu.capability) or "generation unknown"]
        parts += [f"compute capability {gpu.capability[0]}.{gpu.capability[1]}"] if gpu.capability else []
        parts += [f"{gpu.memory:,} MiB"] if gpu.memory is not None else []
        rows.append((f"GPU {place}", f"{gpu.name or 'unnamed'}: {', '.join(parts)}"))
    if nvidia.gpus and VISIBLE in os.environ:
        rows.append(("visible", f"{VISIBLE}={os.environ[VISIBLE]!r} chooses what PyTorch sees of them"))
    return rows


def _torch(machine: Machine) -> str:
    torch = machine.torch
    if torch is None:
        return "not installed"
    return f"{torch.version}, built {f'for CUDA {torch.cuda}' if torch.kind == 'cuda' else BUILT[torch.kind]}"


def _blas(found: list[dict[str, Any]]) -> str:
    libraries = [
        f"{info['internal_api']} {info.get('version') or 'of unknown version'}, {info['num_threads']} threads"
        for info in found
        if info.get("user_api") == "blas"
    ]
    return "; ".join(libraries) or "a BLAS that threadpoolctl does not know"
