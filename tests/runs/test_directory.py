"""A run's directory: a fresh one each time, or exactly the one told; never is a run overwritten."""

import re
import threading
from pathlib import Path

import pytest

from chainrule.core.errors import FileError
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import MetricsFile, RunDirectory
from chainrule.training import fit

NAME = re.compile(r"\d{4}-\d\d-\d\d-[A-Za-z0-9_-]+-\d+")


def test_fresh_directories_are_counted():
    found = [RunDirectory(None, "houses.csv").path for _ in range(3)]
    assert [path.name[11:] for path in found] == ["houses-1", "houses-2", "houses-3"]
    assert all(path.parent == Path("runs") and path.is_dir() and NAME.fullmatch(path.name) for path in found)


def test_a_number_that_is_taken_is_left_alone():
    first = RunDirectory(None, "moons").path
    (first / "model.safetensors").write_bytes(b"precious")
    assert RunDirectory(None, "moons").path != first
    assert (first / "model.safetensors").read_bytes() == b"precious"


def test_runs_started_at_once_get_a_directory_each():
    barrier, found = threading.Barrier(8), []

    def start():
        barrier.wait()
        found.extend([RunDirectory(None, "moons").path for _ in range(10)])

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 80


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("mnist", "mnist"),
        ("moons:n=500,noise=0.2", "moons"),
        ("/data/a b/Häuser (alt)!.csv", "H-user-alt"),
        ("../../etc/passwd.csv", "passwd"),
        ("..", "run"),
        ("\x1b[31m\n.csv", "31m"),
        ("$(rm -rf ~).csv", "rm-rf"),
        ("Москва.csv", "run"),
        ("", "run"),
        ("x" * 300 + ".csv", "x" * 40),
        ("\udcff.csv", "run"),
    ],
)
def test_a_source_of_any_name_gives_a_plain_directory_name(source, stem):
    path = RunDirectory(None, source).path
    assert path.parent == Path("runs")
    assert NAME.fullmatch(path.name)
    assert path.name[11:] == f"{stem}-1"


def test_a_directory_that_is_told_is_taken_exactly():
    assert RunDirectory(Path("a/b/c"), "moons").path == Path("a/b/c")
    assert Path("a/b/c").is_dir()
    Path("notes").mkdir()
    Path("notes/notes.txt").write_text("mine")
    assert RunDirectory(Path("notes"), "moons").path == Path("notes")
    assert not Path("runs").exists()


@pytest.mark.parametrize("name", ["config.toml", "metrics.jsonl", "model.safetensors"])
def test_a_directory_that_holds_a_run_is_refused_and_left_as_it_was(refused, name):
    Path("first").mkdir()
    Path("first", name).write_text("precious")
    with refused(FileError, f"first holds a run already .{name}.; go on with it by --resume, or name another"):
        RunDirectory(Path("first"), "moons")
    assert [path.name for path in Path("first").iterdir()] == [name]
    assert Path("first", name).read_text() == "precious"


@pytest.mark.parametrize("path", ["file", "file/below", "a\0b", "x" * 300])
def test_a_directory_that_cannot_be_made_is_one_line(refused, path):
    Path("file").write_text("in the way")
    with refused(FileError, "cannot make the run directory"):
        RunDirectory(Path(path), "moons")


def test_a_folder_without_permission_is_one_line(refused, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)  # the tests may run as root, whom no permission stops
    with refused(FileError, "cannot make the run directory deep: Permission denied"):
        RunDirectory(Path("deep"), "moons")
    with refused(FileError, "cannot make the run directory runs/.*Permission denied; name one with --run-dir"):
        RunDirectory(None, "moons")


def test_a_file_called_runs_is_one_line(refused):
    Path("runs").write_text("in the way")
    with refused(
        FileError,
        "cannot make the folder runs: a file of that name is in the way|cannot make .*runs/.*: Not a dir",
    ):
        RunDirectory(None, "moons")


def test_a_second_run_into_a_directory_leaves_the_first_whole(refused, trained):
    _, _, path = trained("first", source="xor")
    before = {file: file.read_bytes() for file in path.rglob("*.*")}
    with refused(FileError, "holds a run already"):
        trained("first", source="xor", seed=1)
    assert {file: file.read_bytes() for file in path.rglob("*.*")} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(refused):
    run = Run(RunConfig("xor"))
    with refused(FileError, "cannot write /dev/full: No space left on device"):
        fit(run.network, *run.train, epochs=2, callbacks=[MetricsFile(Path("/dev/full"))])


def test_a_metrics_file_that_cannot_be_made_is_one_line(refused):
    run = Run(RunConfig("xor"))
    with refused(FileError, "cannot write missing/metrics.jsonl: No such file"):
        fit(run.network, *run.train, epochs=2, callbacks=[MetricsFile(Path("missing/metrics.jsonl"))])
