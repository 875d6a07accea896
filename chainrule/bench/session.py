"""A whole benchmark: who is here, the kinds of work one after the other, and the document that comes out."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from chainrule.bench import targets
from chainrule.bench.crew import Crew, variants
from chainrule.bench.measure import Progress
from chainrule.bench.peers import PEERS, Peer
from chainrule.bench.tables import Table
from chainrule.bench.work import WORK, Session
from chainrule.core.errors import SettingError
from chainrule.core.settings import nearest
from chainrule.runs.environment import environment

LIBRARIES = ("numba", "scikit-learn", "scipy", "torch", "jax", "jaxlib", "onnx", "onnxruntime")
BUSY = 0.5  # processes wanting a processor before the benchmark began


def benchmark(
    work: Sequence[str], peers: Sequence[str], repeats: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    """Everything measured, as plain values. ``work`` names kinds of work, or rows of them."""
    kinds, rows = _asked(work)
    machine = describe_machine()
    began = time.perf_counter()
    with Crew() as crew:
        here, absent = _present(crew, peers, progress)
        session = Session(crew, here, repeats, seconds, progress, rows)
        found = {kind: WORK.make(kind).run(session) for kind in kinds}
        idle = crew.idle
    return {
        "machine": machine,
        "settings": {"work": kinds, "rows": rows, "peers": list(here), "repeats": repeats, "seconds": seconds},
        "absent": absent,
        "idle": idle,
        "seconds": time.perf_counter() - began,
        "work": found,
        "targets": targets.as_plain(targets.verdicts(found)),
    }


def check_names(work: Sequence[str], peers: Sequence[str]) -> None:
    """Refuse what is neither a kind of work nor a row, and who is no peer."""
    _asked(work)
    for name in peers:
        PEERS[name]  # an unknown name raises, with the nearest


def _asked(work: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The kinds of work, in the order asked, and the rows, if any was named."""
    kinds: list[str] = []
    rows: list[str] = []
    of_row = {row: kind for kind in WORK for row in WORK.make(kind).rows()}
    for name in work:
        if name not in WORK and name not in of_row:
            raise SettingError(f"unknown work {name!r:.80}.{nearest(name, [*WORK, *of_row])}")
        kind = of_row.get(name, name)
        if kind not in kinds:
            kinds.append(kind)
        if name in of_row:
            rows.append(name)
        elif name in WORK:
            rows += WORK.make(name).rows()
    return kinds, tuple(rows)


def _present(
    crew: Crew, names: Sequence[str], progress: Progress
) -> tuple[Mapping[str, Sequence[Peer]], dict[str, str]]:
    """Peers that can run here, and why the others can't; each is asked in its own process."""
    here: dict[str, Sequence[Peer]] = {}
    absent: dict[str, str] = {}
    for name, all_of_it in variants(list(names)).items():
        progress(f"is {name} here?")
        answer = crew.ask(all_of_it[0], do="missing", peer=PEERS.describe(all_of_it[0]))
        reason = answer.get("failed") or answer.get("reason")
        if reason is None:
            here[name] = all_of_it
        else:
            absent[name] = reason
    return here, absent


def describe_machine() -> dict[str, Any]:
    """What the numbers can depend on; how busy the machine was before."""
    found = environment()
    versions = {name: version for name in LIBRARIES if (version := _version(name))}
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {**found, "processor": _processor(), "usable_cpus": usable, "peers": versions, "load_before": load}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's own name, which Linux tells in a file."""
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def tables(document: Mapping[str, Any]) -> dict[str, list[Table]]:
    """The tables of a document by the kind of work, "targets" last."""
    made = {kind: WORK.make(kind).tables(found) for kind, found in document["work"].items()}
    first = first_seconds(document)
    if first is not None:
        made["compilation"] = [first]
    limits = targets.table(targets.verdicts(document["work"]))
    if limits is not None:
        made["targets"] = [limits]
    return made


def first_seconds(document: Mapping[str, Any]) -> Table | None:
    """Building and the first steps, which compile where something is compiled; no row of times has them in it."""
    names = [name for name in PEERS if PEERS[name].compiles]
    rows = [
        [row["name"], *(_seconds(row["peers"].get(name)) for name in names)]
        for kind in ("training", "inference")
        for row in document["work"].get(kind, ())
    ]
    present = [i for i, _ in enumerate(names) if any(row[i + 1] != "-" for row in rows)]
    if not present:
        return None
    title = "Compilation: seconds until each was ready and had done its first steps, all variants together"
    return Table(
        title,
        ["work", *(PEERS[names[i]].short for i in present)],
        [[row[0], *(row[i + 1] for i in present)] for row in rows],
    )


def _seconds(cell: Mapping[str, Any] | None) -> str:
    return "-" if cell is None else f"{cell['first_seconds']:.2f}"


def machine_lines(document: Mapping[str, Any]) -> list[str]:
    """The machine and the versions, for people."""
    m = document["machine"]
    blas = ", ".join(
        f"{b.get('internal_api')} {b.get('version')} ({b.get('num_threads')} threads)" for b in m["blas"]
    )
    versions = {**{k: v for k, v in m["libraries"].items() if k == "numpy"}, **m["peers"]}
    lines = [
        f"{m['processor']}, {m['usable_cpus']} CPUs, {m['system']} {m['machine']}",
        f"chainrule {m['chainrule']}, Python {m['python']}, {blas}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"whoever waited used {100 * document['idle']:.1f} % of a processor at most; "
        f"the whole took {document['seconds']:.0f} s",
    ]
    load = m["load_before"]
    if load is not None and load > BUSY:
        lines.append(f"the machine was busy before (load {load:.1f}): the ratios count, the times do not")
    return lines


def absent_lines(document: Mapping[str, Any]) -> list[str]:
    """Who is not here, who cannot do a row, and who failed in one."""
    lines = [f"{PEERS[name].title} is left out: {why}" for name, why in document["absent"].items()]
    for kind in ("training", "inference"):
        reasons: dict[tuple[str, str], list[str]] = {}
        for row in document["work"].get(kind, ()):
            for name, why in row["left_out"].items():
                reasons.setdefault((name, why), []).append(row["name"])
        for (name, why), rows in reasons.items():
            where = rows[0] if len(rows) == 1 else f"{len(rows)} rows"
            lines.append(f"{PEERS[name].title} is not in {where} of {kind}: {why}")
    return lines
