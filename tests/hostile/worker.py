"""Loads files of a corpus, one by one, in a process of its own, and tells what each took.

    PYTHONPATH=tests:. python -m hostile.worker corpus FORMAT,FORMAT...      every file of the corpus
    PYTHONPATH=tests:. python -m hostile.worker mutations FORMAT,FORMAT... N  so many mutations of the good ones

A line of JSON a file. Memory is measured twice: RLIMIT_AS lets no load have more than the file's size and 64 MB
(Linux, macOS), and the peak of the resident memory is told where the system can reset it (Linux). Time is that of
the processor, so that other work on the machine doesn't count; a load that takes 20 seconds of it ends the worker.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

from .formats import FORMATS, Format

LIMIT = 64_000_000  # bytes beside the file's own
WATCHDOG = 20.0  # seconds of processor time
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory(field):
    """Bytes of VmRSS, VmHWM (its peak) or VmSize; 0 where the system doesn't say."""
    if not STATUS.exists():
        return 0
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return 1024 * int(line.split()[1])


class Limited:
    """Within it, a process may have ``more`` bytes of addresses than it has now, and runs on a clock."""

    def __init__(self, more):
        self.more = more

    def __enter__(self):
        if CLEAR.exists():
            CLEAR.write_text("5")  # the peak begins anew
        self.before = memory("VmRSS")
        self.hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if STATUS.exists():
            resource.setrlimit(resource.RLIMIT_AS, (memory("VmSize") + self.more, self.hard))
        signal.setitimer(signal.ITIMER_PROF, WATCHDOG)  # nobody handles its signal: the process ends
        self.start = time.process_time()
        return self

    def __exit__(self, *problem):
        self.seconds = time.process_time() - self.start
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.peak = memory("VmHWM") - self.before
        resource.setrlimit(resource.RLIMIT_AS, (self.hard, self.hard))


def outcome(form: Format, path: Path) -> str:
    """'data', or the message of one of our errors in one line; 'FAULT' and what it was for anything else."""
    try:
        form.load(path)
    except form.errors as problem:
        text = str(problem)
        return text if text.isprintable() and 0 < len(text) < 4000 else f"FAULT message {text[:500]!r}"
    except BaseException as problem:
        return f"FAULT {type(problem).__name__}: {str(problem)[:500]!r}"
    return "data"


def tried(form: Format, path: Path, data: bytes) -> dict[str, object]:
    path.write_bytes(data)
    size = len(data)
    del data
    with Limited(size + LIMIT) as took:
        ended = outcome(form, path)
    return {"outcome": ended, "seconds": took.seconds, "peak": took.peak, "size": size}


def warmed(form: Format, folder: Path) -> Path:
    """Imports what loading a good file needs, so that it counts for none; the path for the others."""
    path = folder / form.file
    for name in form.good:
        path.write_bytes(form.data(name))
        form.load(path)
    return path


def corpus(kind: str, folder: Path) -> None:
    form = FORMATS[kind]
    path = warmed(form, folder)
    for name in [*form.good, *form.bad]:
        print(json.dumps({"name": name}), flush=True)  # so that it is known which file ended the worker
        print(json.dumps({"format": kind, "name": name, **tried(form, path, form.data(name))}), flush=True)


def mutations(kind: str, folder: Path, number: int) -> None:
    from hypothesis import HealthCheck, Phase, given, settings

    from .mutations import mutated

    form = FORMATS[kind]
    path = warmed(form, folder)
    worst: dict[str, float] = {"files": 0, "loaded": 0, "seconds": 0.0, "peak": 0}

    @settings(
        max_examples=number, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(data=mutated(form))
    def every(data):
        found = tried(form, path, data)
        worst["files"] += 1
        worst["loaded"] += found["outcome"] == "data"
        worst["peak"] = max(worst["peak"], found["peak"])
        worst["seconds"] = max(worst["seconds"], found["seconds"])
        assert not found["outcome"].startswith("FAULT"), (found["outcome"], data)
        assert found["seconds"] < 1, (found["seconds"], data)

    every()
    print(json.dumps({"format": kind, **worst}))


if __name__ == "__main__":
    os.environ.setdefault("CHAINRULE_ENGINE", "numpy")
    what, names, *more = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        for asked in names.split(","):
            if what == "corpus":
                corpus(asked, Path(place))
            else:
                mutations(asked, Path(place), int(more[0]))
