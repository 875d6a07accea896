"""Kills trainings at random moments, and resumes each until it has come to its end. Run as a script.

    python launcher.py FOLDER KILLS SEED ENGINE [OPTION ...]        options of chainrule train, its source first

Everything is imported once; each training is a fork of this process, so that a kill costs what it interrupts. Prints
one JSON object: kills, trainings, resumes, found (of what was there at a kill), and the digests of the results.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from chainrule.cli.app import run
from chainrule.core.errors import FileError
from chainrule.training.checkpoints import file

TIMES = ("seconds", "rows_per_second")


def forked(words):
    """The process of a training; what it prints goes into a file."""
    process = os.fork()
    if process:
        return process
    out = os.open("out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for handle in (1, 2):
        os.dup2(out, handle)
    code = 70
    try:
        code = run([str(word) for word in words])
        sys.stdout.flush()
    finally:
        os._exit(code)


def results(folder):
    """Digests of what a run leaves, times left out."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    rows = [{name: value for name, value in row.items() if name not in TIMES} for row in rows]
    found = {"metrics": hashlib.sha256(json.dumps(rows).encode()).hexdigest()}
    for name in ("model.safetensors", "checkpoints/best.safetensors"):
        if (folder / name).exists():
            found[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return found


def look(folder, found):
    """What a kill left: nothing that has a real name may be half a file."""
    for name in ("last", "previous"):
        path = folder / "checkpoints" / f"{name}.safetensors"
        if path.exists():
            content = file.read(path)  # raises FileError for half a file
            if name == "last":
                found["within an epoch" if content["within"] else "between epochs"] += 1
                return
    found["no checkpoint" if not (folder / "checkpoints").exists() else "no last checkpoint"] += 1


def main(folder, kills, seed, *options):
    os.chdir(folder)
    chance = random.Random(int(seed))
    assert run(["train", *options, "--run-dir", "warm", "-q"]) == 0
    began = time.monotonic()
    _, status = os.waitpid(forked(["train", *options, "--run-dir", "whole", "-q"]), 0)
    assert status == 0, Path("out").read_text()
    length, expected = time.monotonic() - began, results(Path("whole"))
    said = {"kills": 0, "trainings": 0, "different": [], "seconds": round(length, 3)}
    found = dict.fromkeys(("no checkpoint", "no last checkpoint", "within an epoch", "between epochs"), 0)
    while said["kills"] < int(kills):
        place, window = Path(f"run-{said['trainings']}"), 0.5 * length
        while True:
            begun = (place / "config.toml").exists()
            words = ["train", "--resume", place] if begun else ["train", *options, "--run-dir", place]
            process, end = forked([*words, "-q"]), time.monotonic() + chance.uniform(0, window)
            while (ended := os.waitpid(process, os.WNOHANG))[0] == 0 and time.monotonic() < end:
                time.sleep(0.0005)
            if ended[0] == 0:
                os.kill(process, signal.SIGKILL)
                ended = os.waitpid(process, 0)
            if ended[1] == 0:
                break
            assert os.WIFSIGNALED(ended[1]), Path("out").read_text()[-2000:]
            said["kills"] += 1
            window *= 1.05  # so that a training comes to its end on a busy machine too
            try:
                look(place, found)
            except FileError as problem:
                said["different"].append(str(problem))
        said["trainings"] += 1
        if (other := results(place)) != expected:
            said["different"].append({"place": str(place), "found": other, "expected": expected})
    sys.stdout.write(json.dumps({**said, "found": found, "results": expected}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
