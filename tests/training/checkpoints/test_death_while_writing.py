"""A process that dies at any byte and at any system call of a checkpoint's write loses nothing that was there."""

import itertools
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.training.checkpoints import Checkpoints, file

PAGE = 64  # bytes of the disk that is played; a small checkpoint has dozens of them
KEEP = ("last.safetensors", "previous.safetensors")


def content(step):
    """Stands for a checkpoint; Checkpoints looks at the sections only."""
    sections = {name: {} for name in ("settings", "data", "versions", "callbacks", "best")}
    return {"format": 1, **sections, "t": step, "theta": np.arange(100.0) + step}


@pytest.fixture
def two(tmp_path):
    """A folder with the checkpoints of steps 1 and 2."""
    folder = tmp_path / "two"
    folder.mkdir()
    for step in (1, 2):
        file.write(folder / KEEP[0], content(step), folder / KEEP[1])
    return folder


def write(folder):
    file.write(folder / KEEP[0], content(3), folder / KEEP[1])


def found(folder):
    """The step that a resumed training goes on from; that what it reads is whole is Checkpoints' own check."""
    with Checkpoints(folder, resume=True) as keeper:
        assert keeper.found["theta"].tolist() == (np.arange(100.0) + keeper.found["t"]).tolist()
        return keeper.found["t"]


def test_after_every_byte_and_every_call_the_old_checkpoint_is_there_or_the_new(two, tmp_path, system):
    steps = []
    for event in itertools.count():
        folder = tmp_path / "dying"
        shutil.copytree(two, folder)
        played = system(event)
        try:
            write(folder)
            died = False
        except system.Died:
            died = True
        system.undo()
        for name in KEEP:
            if (folder / name).exists():
                file.read(folder / name)  # never half a file under a real name
        steps.append(found(folder))
        assert not list(folder.glob("*.part")) + list(folder.glob(".*.part"))  # swept
        shutil.rmtree(folder)
        if not died:
            break
    assert steps == sorted(steps)  # first always the old one, then always the new one
    assert (steps[0], steps[-1]) == (2, 3)
    size = (two / KEEP[0]).stat().st_size
    assert len(steps) > size + 10  # each byte, and the calls
    assert sum(len(call[2]) for call in played.calls if call[0] == "write") == size


@pytest.mark.parametrize("every", [pytest.param(7, marks=pytest.mark.slow), 997])
def test_a_training_dead_at_that_moment_goes_on_to_the_same_weights(problem, system, every):
    settings = {"network": {"dropout": 0.3}, "validation": problem.held, "checkpoint_every": 6}
    expected = problem.train(**settings)
    event = 0
    while True:
        problem.clean()
        system(event)
        try:
            died = problem.train(resume=False, **settings) is None
        except system.Died:
            died = True
        system.undo()
        assert problem.train(resume=True, **settings) == expected
        if not died:
            return
        event += every


# -- power cuts ---------------------------------------------------------------------------------------------


def states(calls, before, chance):
    """What the disk may hold after a power cut at any moment: {name: bytes}.

    A page that was not flushed is there, or is zeros, or the file ends before it. A rename that was not flushed with
    its folder has happened, or not; the one before it may be missing all the same.
    """
    for cut in range(len(calls) + 1):
        written, safe, done, pending = {}, {}, [], []
        for call in calls[:cut]:
            if call[0] == "write":
                written[call[1]] = written.get(call[1], b"") + call[2]
            elif call[0] == "create":
                written[call[1]] = b""
            elif call[0] == "fsync" and call[1] in written:
                safe[call[1]] = written[call[1]]
            elif call[0] == "fsync":
                done, pending = done + pending, []
            elif call[0] == "rename":
                pending.append(call[1:])
        for kept in itertools.product([True, False], repeat=len(pending)):
            renames = done + [rename for rename, there in zip(pending, kept, strict=True) if there]
            for loss in range(6):
                files = dict(before)
                for name, data in written.items():
                    files[name] = safe[name] if name in safe else damaged(data, loss, chance)
                for a, b in renames:
                    if a in files:
                        files[b] = files.pop(a)
                yield files


def damaged(data, loss, chance):
    """Of a file that was not flushed: whole, empty, all zeros, or single pages lost."""
    if loss == 0 or not data:
        return data
    if loss in (1, 2):
        return b"" if loss == 1 else bytes(len(data))
    pages = [data[i : i + PAGE] for i in range(0, len(data), PAGE)]
    for i in {0, len(pages) - 1, chance.randrange(len(pages))} if loss == 3 else [chance.randrange(len(pages))]:
        pages[i] = bytes(len(pages[i]))
    return b"".join(pages) if loss < 5 else b"".join(pages[: chance.randrange(len(pages))])


def replay(folder, calls, before):
    """How many states were tried, and those in which a final name stood for something else than a whole file."""
    tried, broken, chance = 0, [], random.Random(0)
    for held in states(calls, before, chance):
        tried += 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in held.items():
            (folder / name).write_bytes(data)
        try:
            for name in KEEP:
                if name in held:
                    file.read(folder / name)
            assert found(folder) in (2, 3)
        except (OSError, AssertionError, TypeError) as problem:
            broken.append((sorted(held), str(problem)))
    return tried, broken


def test_pages_lost_before_the_flush_never_reach_the_final_name(two, tmp_path, system):
    before = {name: (two / name).read_bytes() for name in KEEP}
    played = system()
    write(two)
    system.undo()
    calls = played.calls
    assert [call[0] for call in calls if call[0] != "write"] == [
        "create", "fsync", "rename", "rename", "open folder", "fsync",
    ]  # fmt: skip
    tried, broken = replay(tmp_path / "cut", calls, before)
    assert tried > 50
    assert broken == []
    # and this test can fail: without the flush of the file a rename may come to the disk before its bytes
    careless = [call for i, call in enumerate(calls) if i != [c[0] for c in calls].index("fsync")]
    assert replay(tmp_path / "cut", careless, before)[1]


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_calls_that_the_kernel_sees_are_those(two):
    script = (
        "import sys, numpy as np; from pathlib import Path; from chainrule.training.checkpoints import file;"
        "d = Path(sys.argv[1]);"
        "file.write(d / 'last.safetensors', {'theta': np.arange(9.0)}, d / 'previous.safetensors')"
    )
    calls = "trace=openat,write,fsync,fdatasync,rename,renameat,renameat2,close"
    command = ["strace", "-f", "-y", "-e", calls, "-o", two / "trace", sys.executable, "-c", script, two]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not (two / "trace").exists():
        pytest.skip(f"strace can't trace here: {done.stderr[-200:]}")
    lines = [line for line in (two / "trace").read_text().splitlines() if str(two) in line]
    order = []
    for line in lines:
        call = line.split()[1].partition("(")[0]
        if call in ("fsync", "fdatasync"):
            call += " folder" if f"<{two}>" in line else " file"
        if call.startswith("rename"):
            target = line.split('", "')[-1].partition('"')[0]
            call = f"rename to {Path(target).name}"
        if call not in order[-1:] and call not in ("close", "openat"):
            order.append(call)
    assert order == ["write", "fsync file", *(f"rename to {name}" for name in reversed(KEEP)), "fsync folder"]
