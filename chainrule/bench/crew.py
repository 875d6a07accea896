"""The processes of the benchmark, of which one works at a time.

A library brings thread pools, allocators and settings of its own, so each lives in a process of its own, kept from
the first row to the last, and sleeps while it is not its turn. Pools of threads spin for some time after their
last work, so a worker answers only when its threads sleep, and the processor time that sleepers used is recorded.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from chainrule.bench.peers import PEERS, Peer

PATIENCE = 300.0  # seconds for one request; torch.compile may take one of them
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}


class Crew:
    """Starts a process when a peer of it is first asked; ``with Crew() as crew`` ends them all."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chainrule-benchmark-"))
        self.idle = 0.0  # the most processor time that a waiting process used for each second of its waiting
        self._workers: dict[tuple[Any, ...], subprocess.Popen[str]] = {}
        self._waiting: dict[tuple[Any, ...], float] = {}

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.kill()
            _close(worker)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, peer: Peer, /, **request: Any) -> dict[str, Any]:
        """The answer of the peer's process; ``{"failed": reason}`` where it ended or took too long."""
        key = (peer.host, tuple(sorted(peer.environment().items())))
        worker = self._workers.get(key)
        if worker is None:
            worker = self._workers[key] = self._start(peer)
        assert worker.stdin is not None
        assert worker.stdout is not None
        timer = threading.Timer(PATIENCE, worker.kill)
        timer.start()
        began = time.perf_counter()
        try:
            worker.stdin.write(json.dumps(request) + "\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            del self._workers[key]
            return {"failed": self._why(worker, peer)}
        answer: dict[str, Any] = json.loads(line)
        self._watch(key, began, answer.pop("idle"))
        return answer

    def everyone_forget(self) -> None:
        """Tell each process to let go of the last task."""
        for key in list(self._workers):
            worker = self._workers[key]
            assert worker.stdin is not None
            assert worker.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # it has ended; the next to ask it will hear so
                worker.stdin.write('{"do": "forget"}\n')
                worker.stdin.flush()
                worker.stdout.readline()

    def _start(self, peer: Peer) -> subprocess.Popen[str]:
        """Its caches are in a folder of the benchmark's own, so that what is compiled is compiled afresh."""
        caches = {
            "NUMBA_CACHE_DIR": str(self.folder / "numba"),
            "TORCHINDUCTOR_CACHE_DIR": str(self.folder / "inductor"),
        }
        with self._words(peer).open("w", encoding="utf-8") as words:
            return subprocess.Popen(
                [sys.executable, "-m", "chainrule.bench.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env={**os.environ, **QUIET, **caches, **peer.environment()},
                text=True,
            )

    def _words(self, peer: Peer) -> Path:
        return self.folder / f"{peer.host}.txt"

    def _why(self, worker: subprocess.Popen[str], peer: Peer) -> str:
        code = _close(worker)
        lines = self._words(peer).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = f": {lines[-1]:.200}" if lines else ""
        return f"its process ended with exit code {code}{last}"

    def _watch(self, key: tuple[Any, ...], began: float, used: float) -> None:
        waited = began - self._waiting.get(key, began)
        if waited >= 0.1:
            self.idle = max(self.idle, used / waited)
        self._waiting[key] = time.perf_counter()


def _close(worker: subprocess.Popen[str]) -> int:
    """Wait for its end and close our ends of its pipes; returns its exit code."""
    code = worker.wait()
    for stream in (worker.stdin, worker.stdout):
        with contextlib.suppress(OSError):  # words that it no longer read
            if stream is not None:
                stream.close()
    return code


def variants(names: list[str]) -> dict[str, list[Peer]]:
    """Every variant of each of these peers."""
    return {name: [PEERS.make({"name": name, **given}) for given in PEERS[name].variants] for name in names}
