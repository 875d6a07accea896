"""The command as the shell sees it: exit codes, streams that are closed or full, and other encodings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule as cr


def test_python_m_chainrule_is_the_command(outside):
    process = outside("--version")
    assert process.communicate() == (f"{cr.__version__}\n".encode(), b"")
    assert process.returncode == 0


def test_the_installed_command_is_the_same():
    command = shutil.which("chainrule", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("the package is on the path, but not installed")
    found = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{cr.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["train", "xor", "--epochs", "1"], 0), (["evaluate", "missing", "xor"], 1), (["train", "xro"], 2)],
)
def test_the_exit_code_reaches_the_shell(outside, words, code):
    process = outside(*words)
    out, err = process.communicate()
    assert process.returncode == code
    assert bool(out) == (code == 0)
    assert err.count(b"\n") == (code != 0)


def test_a_reader_that_leaves_early_is_no_error_to_speak_of(outside):
    # More than a pipe holds, so that the command surely writes after its reader has gone
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20_000)))
    outside("train", "t.csv", "--target", "y", "--epochs", "1", "--run-dir", "run").communicate()
    process = outside("predict", "run", "t.csv")
    assert process.stdout.readline() == b"prediction,p(0),p(1)\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() in (0, 1, 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [["--help"], ["train", "xor", "--epochs", "1"], ["train", "xor", "--dry-run"]])
def test_output_that_cannot_be_written_is_one_line(outside, words):
    with Path("/dev/full").open("wb") as full:
        process = outside(*words, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 1
    assert err.startswith(b"chainrule: ")
    assert err.count(b"\n") == 1
    assert b"No space left on device" in err
    assert b"bug" not in err


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_are_closed_are_no_bug(outside, closed):
    command = f"{sys.executable} -m chainrule train xor --epochs 1 --run-dir run -q {closed}"
    found = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in found.stderr
    assert "bug" not in found.stderr
    assert found.returncode in (0, 1)
    if closed == "2>&-":
        assert found.returncode == 0
        assert found.stdout.startswith("training accuracy: ")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_encoding_without_every_character_is_no_bug(outside, houses, encoding):
    text = Path(houses).read_text().replace("flat", "žluťoučký")
    Path("odd.csv").write_text(text, encoding="utf-8")
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    words = ["--target", "kind", "--epochs", "1", "--run-dir", "run"]
    for command in (["train", "odd.csv", *words], ["evaluate", "run", "odd.csv"], ["inspect", "run"], ["--help"]):
        process = outside(*command, environment=environment)
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert err == b""
        out.decode(encoding)
