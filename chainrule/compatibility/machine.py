"""What the machine says of itself: nvidia-smi, the kernel's driver, Python. Whatever it says, nothing raises."""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

from chainrule.compatibility.facts import Capability, Version
from chainrule.compatibility.torch_build import TorchBuild, installed
from chainrule.core.text import printable

FIELDS = ("name", "compute_cap", "driver_version", "memory.total")
PATIENCE = 20.0  # seconds; without its persistence daemon a server of eight GPUs takes some ten to answer
KERNEL_DRIVER = Path("/proc/driver/nvidia/version")
WSL = "/usr/lib/wsl/lib/nvidia-smi"  # where Windows puts it, outside of PATH in a login without a profile
MOST = 200  # characters of somebody else's error text


@dataclass(frozen=True)
class GPU:
    """``memory`` in MiB; None is what nvidia-smi did not tell."""

    name: str
    capability: Capability | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Nvidia:
    """The driver, where its version comes from, the GPUs, and what went wrong in asking."""

    driver: Version | None = None
    driver_text: str = ""
    source: str = ""
    gpus: tuple[GPU, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Machine:
    """All that is judged. ``windows_driver`` is true within WSL too: its driver is that of Windows."""

    system: str
    architecture: str
    windows_driver: bool
    python: Version
    free_threaded: bool
    nvidia: Nvidia
    torch: TorchBuild | None


def survey() -> Machine:
    """This machine."""
    system = platform.system()
    return Machine(
        system=system,
        architecture=platform.machine(),
        windows_driver=system == "Windows" or "microsoft" in platform.release().lower(),
        python=tuple(sys.version_info[:2]),
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        nvidia=ask_nvidia(),
        torch=installed(),
    )


def ask_nvidia(patience: float = PATIENCE) -> Nvidia:
    """nvidia-smi's answer, completed by the kernel's where there is none."""
    program = shutil.which("nvidia-smi") or shutil.which(WSL)
    if program is None:
        found = Nvidia()
    else:
        found = _query(program, FIELDS, patience)
        if "compute_cap" in found.problem and "valid field" in found.problem:
            found = _query(program, tuple(field for field in FIELDS if field != "compute_cap"), patience)
    if found.driver is None:
        text = _kernel_driver(KERNEL_DRIVER)
        if text:
            found = replace(found, driver=as_version(text), driver_text=text, source=str(KERNEL_DRIVER))
            if program is None:
                found = replace(found, problem="nvidia-smi is not on PATH, so the GPUs are not known")
    return found


def _query(program: str, fields: tuple[str, ...], patience: float) -> Nvidia:
    words = [program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        code, text = _run(words, patience)
    except subprocess.TimeoutExpired:
        return Nvidia(problem=f"nvidia-smi did not answer within {patience:g} s")
    except (OSError, ValueError) as problem:
        return Nvidia(problem=f"nvidia-smi cannot be run: {_line(str(problem))}")
    return parse(text, code, fields)


def _run(words: list[str], patience: float) -> tuple[int, str]:
    """Exit code and output. A program that hangs in the driver cannot be killed, so it is not waited for."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=patience)
    except BaseException:  # a Ctrl-C too
        process.kill()
        assert process.stdout is not None
        process.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        raise
    return process.returncode, output.decode("utf-8", errors="replace")


def parse(text: str, code: int = 0, fields: tuple[str, ...] = FIELDS) -> Nvidia:
    """What nvidia-smi printed: one line a GPU, or an error text, or anything at all, or some of each."""
    gpus: list[GPU] = []
    drivers: list[str] = []
    problem = "" if code == 0 else f"nvidia-smi failed with exit code {code}"
    for line in reversed([line.strip() for line in text.splitlines() if line.strip()]):
        # From the right, should a name ever hold a comma
        cells = [cell.strip() for cell in line.rsplit(",", len(fields) - 1)]
        row = dict(zip(fields, cells, strict=False))
        driver, memory = row.get("driver_version", ""), row.get("memory.total", "")
        if not (as_version(driver) or _absent(driver)) or (_whole(memory) is None and not _absent(memory)):
            problem = _line(line)  # of several the first, which says most
            continue
        gpus.append(GPU(_line(row["name"]), _capability(row.get("compute_cap", "")), _whole(memory)))
        drivers += [driver] if as_version(driver) else []
    if not gpus and not problem:
        problem = "nvidia-smi printed nothing"
    driver = drivers[-1] if drivers else ""
    return Nvidia(as_version(driver), driver, "nvidia-smi" if driver else "", tuple(reversed(gpus)), problem)


def _absent(cell: str) -> bool:
    """[N/A], [Not Supported], [Unknown Error]: how nvidia-smi leaves a field out."""
    return cell.startswith("[") and cell.endswith("]")


def as_version(text: str) -> Version | None:
    """(560, 28, 3) of "560.28.03", None of anything else."""
    if not re.fullmatch(r"[0-9]{2,4}(\.[0-9]{1,4}){0,3}", text):
        return None
    return tuple(int(part) for part in text.split("."))


def _capability(text: str) -> Capability | None:
    found = re.fullmatch(r"([0-9]{1,2})\.([0-9])", text)
    return (int(found[1]), int(found[2])) if found else None


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _kernel_driver(path: Path) -> str:
    """The version that the loaded kernel module names, or nothing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"Kernel Module[^\n]*?\s([0-9]{2,4}(?:\.[0-9]{1,4}){1,3})\s", text)
    return found[1] if found else ""


def _line(text: str) -> str:
    """One printable line of it."""
    return printable(text.strip(), MOST)
