"""Servers on loopback for the tests: a Dask cluster, and PostgreSQL from Debian's packages."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


class DaskCluster:
    """A scheduler and workers, each a process of one thread; ``with`` ends them all."""

    def __init__(self, folder, workers):
        self.folder, self.number = folder, workers
        self.processes = []

    def __enter__(self):
        file = self.folder / "scheduler.json"
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        self.address = until(lambda: _address(file))
        # no nanny: it would start a killed worker again, and nobody could say who did the trial
        self.workers = [
            self._start("dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1",
                        "--local-directory", str(self.folder / f"worker-{i}"))
            for i in range(self.number)
        ]  # fmt: skip
        return self

    @property
    def url(self):
        return self.address.replace("tcp://", "dask://")

    def _start(self, module, *words):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, "--no-dashboard"]
        with (self.folder / f"{module}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def __exit__(self, *problem):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def _address(file):
    try:
        return json.loads(file.read_text())["address"]
    except (OSError, ValueError):
        return None


def postgresql():
    """The folder of PostgreSQL's programs, the newest there is; None without."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).parent if there else None


class PostgreSQL:
    """A server with a database of its own; it refuses to run as root, so then it runs as nobody."""

    def __enter__(self):
        # not in a folder of pytest's: those are private to who runs the tests
        self.bin, self.folder = postgresql(), Path(tempfile.mkdtemp(prefix="chainrule-postgresql-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = self.folder / "data"
        self._do("initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.server = subprocess.Popen(
            [self.bin / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", self.folder, "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._who(),
        )
        until(lambda: self._listens(port))
        self.url = f"postgresql://tester:secret@127.0.0.1:{port}/postgres"
        return self

    def _listens(self, port):
        ready = subprocess.run([self.bin / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], capture_output=True)
        return ready.returncode == 0

    def _do(self, program, *words):
        done = subprocess.run(
            [self.bin / program, *map(str, words)], capture_output=True, text=True, **self._who()
        )
        assert done.returncode == 0, done.stderr

    def _who(self):
        return {"user": "nobody", "cwd": self.folder} if os.geteuid() == 0 else {"cwd": self.folder}

    def __exit__(self, *problem):
        self.server.send_signal(signal.SIGINT)  # at once: at SIGTERM it would wait for its clients to leave
        self.server.wait(timeout=30)
        shutil.rmtree(self.folder)
