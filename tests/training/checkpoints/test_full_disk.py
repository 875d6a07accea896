"""Where a checkpoint can't be written the training goes on, or ends as told; the old checkpoint is intact."""

import logging
import os
import shutil
import subprocess
import sys

import pytest

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.training.checkpoints import Checkpoints, file

KEEP = ("last.safetensors", "previous.safetensors")

# A limit on the size of files stands for a disk that is full in the middle of a write; the process is one of its own,
# as the limit holds for all it writes. Its weights go to standard output, its log to standard error.
LIMITED = """
import resource, sys
import numpy as np
import chainrule as cr
from chainrule.core.errors import FileError

class Limit(cr.Callback):
    def on_step_end(self, trainer):
        low = {low} if {first} <= trainer.state.t < {last} else resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, (low, resource.RLIM_INFINITY))

rng = np.random.default_rng(0)
net = cr.MLP([4, 30, 3], seed=0)
given = dict(loss="cross_entropy", epochs=4, batch_size=8, callbacks=[Limit()], engine="numpy")
try:
    cr.fit(net, rng.normal(size=(30, 4)), rng.integers(0, 3, 30), **given,
           checkpoint=sys.argv[1], checkpoint_every=2, resume=True, on_checkpoint_error=sys.argv[2])
except FileError as problem:
    sys.exit(f"ended: {{problem}}")
print(net.params.theta.tobytes().hex())
"""


def limited(folder, on_error, low=1000, first=7, last=11):
    script = LIMITED.format(low=low, first=first, last=last)
    command = [sys.executable, "-c", script, str(folder), on_error]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout, done.stderr


def whole(folder, step):
    """Both checkpoints are whole, and the newer is that of a step; nothing is beside them."""
    assert {path.name for path in folder.iterdir()} == set(KEEP)
    assert all(file.read(folder / name) for name in KEEP)
    assert file.read(folder / KEEP[0])["t"] == step
    return True


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="limits of other systems")
def test_a_file_that_may_not_grow_ends_the_training_or_not_and_harms_nothing(tmp_path):
    code, expected, log = limited(tmp_path / "whole", "stop", first=0, last=0)
    assert (code, log) == (0, "")
    code, out, log = limited(tmp_path / "on", "continue")
    assert (code, out) == (0, expected)
    assert log.count("no checkpoint was written at step") == 2  # at 8 and 10
    assert "last.safetensors: File too large. The training goes on" in log
    assert whole(tmp_path / "on", 16)
    code, _, log = limited(tmp_path / "stopped", "stop")
    assert code == 1
    assert log.startswith("ended: cannot write ")
    assert whole(tmp_path / "stopped", 6)
    assert limited(tmp_path / "stopped", "stop", first=0, last=0) == (0, expected, "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a small file system, as root")
def test_a_file_system_that_is_full(problem, tmp_path, caplog):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.decode()[:200]}")
    try:
        problem.folder = disk / "checkpoints"
        settings = {"network": {"dropout": 0.2}}
        expected = problem.train(**settings)
        problem.train(resume=False, until=7, **settings)
        assert whole(problem.folder, 6)
        free = shutil.disk_usage(disk).free
        (disk / "ballast").write_bytes(bytes(free - 4096))  # one page is left
        with caplog.at_level(logging.WARNING, "chainrule"):
            assert problem.train(resume=True, **settings) == expected
        assert "No space left on device. The training goes on" in caplog.text
        assert whole(problem.folder, 6)
        with pytest.raises(FileError, match="No space left on device"):
            problem.train(resume=True, on_checkpoint_error="stop", **settings)
        assert whole(problem.folder, 6)
        (disk / "ballast").unlink()
        assert problem.train(resume=True, **settings) == expected
        assert whole(problem.folder, 16)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_vanishes_while_training(problem, caplog):
    expected = problem.train()

    import chainrule as cr

    class Vanish(cr.Callback):
        def on_step_end(self, trainer):
            if trainer.state.t == 7:
                shutil.rmtree(problem.folder)

    with caplog.at_level(logging.WARNING, "chainrule"):
        assert problem.train(resume=False, callbacks=[Vanish()]) == expected
    assert "No such file or directory. The training goes on" in caplog.text
    with pytest.raises(FileError, match=r"cannot write .*No such file"):
        problem.train(resume=False, callbacks=[Vanish()], on_checkpoint_error="stop")


@pytest.mark.parametrize("code", ["EROFS", "EACCES", "EIO", "EDQUOT"])
def test_a_folder_that_turns_read_only_or_breaks(problem, monkeypatch, caplog, code):
    import errno

    expected = problem.train()
    problem.train(resume=False, until=7)

    class Broken:
        def __getattr__(self, name):
            return getattr(os, name)

        def open(self, *_):
            raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)))

    monkeypatch.setattr(files, "os", Broken())
    with caplog.at_level(logging.WARNING, "chainrule"):
        assert problem.train(resume=True) == expected
    assert f"{os.strerror(getattr(errno, code))}. The training goes on" in caplog.text
    with pytest.raises(FileError, match="cannot write"):
        problem.train(resume=True, on_checkpoint_error="stop")
    monkeypatch.undo()
    assert whole(problem.folder, 6)
    with Checkpoints(problem.folder, resume=True) as keeper:
        assert keeper.found["t"] == 6
