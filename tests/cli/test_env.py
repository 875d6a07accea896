"""``chainrule env``: the whole command before a machine that a fake nvidia-smi and a fake PyTorch make up."""

import json
import os
import sys
from pathlib import Path

import pytest

from chainrule.compatibility import machine
from chainrule.compatibility.torch_build import installed

ANSWERS = Path(__file__).parents[1] / "compatibility" / "nvidia_smi"
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def nothing_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def computer(tmp_path, monkeypatch):
    """``computer("t4", "2.13.0+cu130")`` is a machine with this answer of nvidia-smi and this PyTorch, or without."""

    if os.name != "posix":
        pytest.skip("the fake is a script of the shell")

    def put(answer=None, torch=None, code=0):
        programs = tmp_path / "programs"
        programs.mkdir()
        if answer is not None:
            (programs / "nvidia-smi").write_text(f"#!/bin/sh\ncat {ANSWERS / answer}.txt\nexit {code}\n")
            (programs / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/bin{os.pathsep}/usr/bin" if answer else str(programs))
        monkeypatch.setattr(machine, "WSL", str(programs / "absent"))
        monkeypatch.setattr(machine, "KERNEL_DRIVER", programs / "absent")
        monkeypatch.setattr(machine, "installed", installed if torch is not None else lambda: None)
        if torch is not None:
            folder = tmp_path / "packages" / "torch-0.dist-info"
            folder.mkdir(parents=True)
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {torch}\n")
            monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])

    return put


def test_what_fits_is_said_in_a_few_lines(done, computer):
    computer("h100", "2.13.0+cu130")
    out = done("env")
    assert "PyTorch  2.13.0+cu130, built for CUDA 13.0" in out
    assert "driver   580.95.05, from nvidia-smi" in out
    assert "GPU 0    NVIDIA H100 80GB HBM3: Hopper, compute capability 9.0, 81,559 MiB" in out
    assert out.splitlines()[-1] == "All of it fits."
    assert len(out.splitlines()) == 11


def test_what_does_not_fit_ends_with_the_line_to_run(chainrule, computer):
    computer("v100", "2.11.0+cu128")
    found = chainrule("env")
    assert (found.code, found.err) == (1, "")
    assert "GPU 0   does not fit  the build has no kernels for Volta (7.0)" in found.out
    last = found.out.splitlines()[-2:]
    assert last[0] == "It does not fit. Try:"
    assert last[1] == "  pip install torch==2.11.0+cu126 --index-url https://download.pytorch.org/whl/cu126"


@pytest.mark.parametrize(
    ("answer", "torch", "code", "exit_code", "last"),
    [
        (None, None, 0, 0, "  pip install torch --index-url https://download.pytorch.org/whl/cpu"),
        (None, "2.13.0+cpu", 0, 0, "There is no CUDA to check."),
        ("no_devices", "2.13.0+cu130", 6, 0, "There is no CUDA to check."),
        ("no_driver", "2.13.0+cu130", 9, 0,
         "  if there is an NVIDIA GPU, see why its driver does not answer: run nvidia-smi"),
        ("mismatch", "2.13.0+cu130", 18, 1,
         "  restart the machine: the driver was updated while another version of it was running"),
        ("t4", "2.5.1+cu121", 0, 0, "Not all of it is known."),
    ],
)  # fmt: skip
def test_the_exit_code_is_1_only_where_something_does_not_fit(
    chainrule, computer, answer, torch, code, exit_code, last
):
    computer(answer, torch, code)
    found = chainrule("env")
    assert (found.code, found.err) == (exit_code, "")
    assert found.out.splitlines()[-1] == last


def test_the_document_holds_all_of_it(chainrule, computer):
    computer("old_and_new", "2.13.0+cu130")
    found = chainrule("env", "--json")
    assert (found.code, found.err) == (1, "")
    document = json.loads(found.out)
    assert document["verdict"] == "does not fit"
    assert [one["what"] for one in document["findings"]] == ["Python", "driver", "GPU 0", "GPU 1"]
    assert document["findings"][2]["verdict"] == "does not fit"
    assert document["torch"] == {"version": "2.13.0+cu130", "kind": "cuda", "cuda": "13.0", "own": True}
    assert document["driver"] == {"version": "580.95.05", "source": "nvidia-smi", "problem": None}
    assert [gpu["generation"] for gpu in document["gpus"]] == ["Pascal", "Blackwell"]
    assert document["gpus"][0]["capability"] == [6, 1]
    assert document["system"]["cpus"] == os.cpu_count()
    assert document["numpy"]["blas"][0]["num_threads"] >= 1


def test_python_numpy_and_blas_with_its_threads_come_first(done, computer):
    computer()
    lines = done("env").splitlines()
    assert lines[0].startswith(f"Python   {sys.version.split()[0]} (")
    assert lines[0].endswith(f"{os.cpu_count()} CPUs")
    assert lines[1].startswith("NumPy    ")
    assert lines[1].endswith(" threads")


def test_the_readme_shows_what_is_printed(chainrule, computer):
    computer("v100", "2.11.0+cu128")
    # The first two lines say which Python and NumPy run the test
    assert chainrule("env").out[chainrule("env").out.index("PyTorch") :] in README.read_text(encoding="utf-8")


def test_a_terminal_of_80_columns_breaks_nothing_but_the_lines_to_copy(chainrule, computer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    computer("v100", "2.13.0+cu130")
    for line in chainrule("env").out.splitlines():
        assert len(line) <= 80 or line.startswith("  pip install ")


def test_a_terminal_of_a_few_columns_still_shows_it(done, computer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "5")
    computer("h100", "2.13.0+cu130")
    assert "compute capability\n" in done("env")  # some words still stand on one line


def test_gpus_that_are_hidden_are_said_to_be(done, computer, monkeypatch):
    computer("h100", "2.13.0+cu130")
    assert "CUDA_VISIBLE_DEVICES" not in done("env")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES='' chooses what PyTorch sees of them" in done("env")


def test_control_characters_of_an_answer_are_not_printed(chainrule, computer, tmp_path):
    computer("h100", "2.13.0+cu1\x1b[2J")
    (tmp_path / "programs" / "nvidia-smi").write_text("#!/bin/sh\nprintf '\\033[2J\\007'\n")
    for words in (["env"], ["env", "--json"]):
        assert all(c == "\n" or c.isprintable() for c in chainrule(*words).out)


def test_pytorch_is_not_imported(outside):
    code = "import sys; from chainrule.cli.app import run; run(['env', '--json']); print('torch' in sys.modules, file=sys.stderr)"
    process = outside(python=("-c", code))
    out, err = process.communicate(timeout=60)
    assert json.loads(out)["findings"]
    assert err.decode().split() == ["False"]
