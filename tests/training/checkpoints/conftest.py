"""Small trainings whose every bit is compared, and a file system that tells what is asked of it."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.core import files

TIMES = ("seconds", "rows_per_second")


class Stop(cr.Callback):
    """Ends a process's part of a training after step ``t``, as Ctrl-C in Python does: at any moment, and rudely."""

    def __init__(self, t):
        self.t = t

    def on_step_end(self, trainer):
        if trainer.state.t == self.t:
            raise KeyboardInterrupt


class Problem:
    """A training of 16 steps in 4 epochs, the last batch of each short; ``train`` is one process's part of it."""

    def __init__(self, folder):
        rng = np.random.default_rng(0)
        self.folder = folder
        self.X, self.y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
        self.held = rng.normal(size=(12, 4)), rng.integers(0, 3, 12)

    def train(self, *, resume=None, until=None, data=None, network=None, callbacks=(), **settings):
        """The outcome, all that may not differ; None where it ended ``until`` a step."""
        net = cr.MLP([4, 5, 3], "tanh", seed=3, **(network or {}))
        given = {"loss": "cross_entropy", "batch_size": 8, "epochs": 4, "engine": "numpy", **settings}
        if resume is not None:
            given |= {"checkpoint": self.folder, "resume": resume, "checkpoint_every": 3, **settings}
        try:
            history = cr.fit(net, *(data or (self.X, self.y)), **given, callbacks=[*callbacks, Stop(until)])
        except KeyboardInterrupt:
            return None
        rows = [{name: value for name, value in row.items() if name not in TIMES} for row in history.rows]
        learned = net.params.theta.tobytes() + net.buffers.theta.tobytes()
        return learned, repr(rows), history.steps, history.stopped, net.training

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def problem(tmp_path):
    return Problem(tmp_path / "checkpoints")


class Died(BaseException):
    """The process is gone: nothing after this has an effect on any file."""


class System:
    """Stands before the operating system where files are written: keeps the calls, and dies at one of them.

    Of ``os.write`` each byte is an event of its own, of the others the moment before and the moment after.
    """

    def __init__(self, monkeypatch, die_at=None):
        self.calls, self.names, self.events, self.die_at, self.dead = [], {}, 0, die_at, False
        replace, unlink = Path.replace, Path.unlink
        monkeypatch.setattr(files, "os", self)
        monkeypatch.setattr(Path, "replace", lambda a, b: self._do(("rename", a.name, b.name), replace, a, b))
        monkeypatch.setattr(Path, "unlink", lambda a, **k: self._unlink(unlink, a, k))

    def __getattr__(self, name):
        return getattr(os, name)

    def _event(self):
        if self.dead or self.events == self.die_at:
            self.dead = True
            raise Died
        self.events += 1

    def _do(self, call, act, *args, **kwargs):
        self._event()
        found = act(*args, **kwargs)
        self.calls.append(call)
        self._event()
        return found

    def _unlink(self, unlink, path, given):
        if path.name == ".lock":  # the kernel frees it, whoever is dead
            unlink(path, **given)
        else:
            self._do(("unlink", path.name), unlink, path, **given)

    def open(self, path, flags, mode=0o777):
        what = "open folder" if Path(path).is_dir() else "create"
        self._event()
        handle = os.open(path, flags, mode)
        self.names[handle] = Path(path).name
        self.calls.append((what, self.names[handle]))
        return handle

    def write(self, handle, part):
        left = len(part) if self.die_at is None else max(0, min(len(part), self.die_at - self.events))
        if not self.dead:
            os.write(handle, part[:left])
            self.calls.append(("write", self.names[handle], bytes(part[:left])))
            self.events += left
        if self.dead or left < len(part):
            self._event()
        return left

    def fsync(self, handle):
        self._do(("fsync", self.names[handle]), lambda: None)  # the power stays on: no need to wait for the disk

    def close(self, handle):
        os.close(handle)  # as the kernel does for the dead
        self._event()


@pytest.fixture
def system(monkeypatch):
    """``system(die_at)`` from then on; ``system.undo()`` ends it; ``system.Died`` is how it dies."""

    def install(die_at=None):
        return System(monkeypatch, die_at)

    install.undo, install.Died = monkeypatch.undo, Died
    return install
