"""nvidia-smi's answers, good and bad, written down after what users report; a fake one; and any text at all."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compatibility import machine
from chainrule.compatibility.machine import FIELDS, GPU, Nvidia, as_version, ask_nvidia, parse, survey

ANSWERS = Path(__file__).parent / "nvidia_smi"


def answer(name):
    return (ANSWERS / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "driver", "gpus"),
    [
        ("h100", "580.95.05", (GPU("NVIDIA H100 80GB HBM3", (9, 0), 81559),)),
        ("gb10", "580.95.05", (GPU("NVIDIA GB10", (12, 1), None),)),
        ("rtx_5090_windows", "591.44", (GPU("NVIDIA GeForce RTX 5090", (12, 0), 32607),)),
        ("old_and_new", "580.95.05", (GPU("NVIDIA GeForce GTX 1080", (6, 1), 8192),
                                      GPU("NVIDIA GeForce RTX 5090", (12, 0), 32607))),
        ("fields_left_out", "", (GPU("NVIDIA Graphics Device", None, None),)),
    ],
)  # fmt: skip
def test_a_line_is_a_gpu(name, driver, gpus):
    assert parse(answer(name)) == Nvidia(as_version(driver), driver, "nvidia-smi" if driver else "", gpus)


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("no_devices", 6, "No devices were found"),
        ("no_driver", 9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."),
        ("mismatch", 18, "Failed to initialize NVML: Driver/library version mismatch"),
        ("no_compute_cap", 2, 'Field "compute_cap" is not a valid field to query.'),
        ("no_library", 12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system."),
    ],
)
@pytest.mark.parametrize("always", [False, True])
def test_an_error_is_one_plain_line_whether_or_not_the_exit_code_says_so(name, code, says, always):
    found = parse(answer(name), 0 if always else code)
    assert found.problem.startswith(says)
    assert found == Nvidia(problem=found.problem)


@pytest.mark.parametrize(("text", "code"), [("", 0), ("\n \r\n", 0), ("", 9), ("", -11)])
def test_no_word_at_all_is_a_problem(text, code):
    found = parse(text, code)
    assert found.problem == (
        "nvidia-smi printed nothing" if code == 0 else f"nvidia-smi failed with exit code {code}"
    )


@pytest.mark.parametrize(
    "text", ["\n\nUnknown Error\n\nand more\n", "Unknown Error", "Unknown Error\n" + answer("no_compute_cap")]
)
def test_of_an_error_of_several_lines_the_first_is_told(text):
    assert parse(text).problem == "Unknown Error"


@pytest.mark.parametrize(
    "line", ["Tesla T4, 7.5, soon, 15360", "Tesla T4, 7.5, 535.183.01, much", "a, b, c, d", ",,,"]
)
def test_a_line_that_only_looks_like_a_gpu_is_none(line):
    assert parse(line) == Nvidia(problem=line)


def test_a_gpu_that_is_lost_does_not_hide_the_others():
    found = parse(answer("one_lost"), 15)
    assert [gpu.capability for gpu in found.gpus] == [(8, 0)]
    assert found.driver == (580, 95, 5)
    assert found.problem.startswith("Unable to determine the device handle for GPU1")


def test_what_is_printed_of_it_is_one_line_for_a_terminal():
    found = parse("\x1b[2J\x07" + "x" * 1000)
    assert found.problem.isprintable()
    assert len(found.problem) == 200


@settings(deadline=None)
@given(st.text(), st.integers(-20, 20))
def test_no_text_raises(text, code):
    found = parse(text, code)
    assert found.gpus or found.problem


cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["[N/A]", "9.0", "580.95.05", "Tesla T4", "15360", "[Unknown Error]", "9.", "1e3", "٣.٥", "-1"]
    ),
)


@settings(deadline=None)
@given(st.lists(st.lists(cells, max_size=6).map(", ".join), max_size=4).map("\n".join), st.booleans())
def test_no_table_raises(text, old):
    found = parse(text, 0, FIELDS[:1] + FIELDS[2:] if old else FIELDS)
    for gpu in found.gpus:
        assert gpu.name.isprintable()
        assert gpu.memory is None or gpu.memory >= 0
        assert gpu.capability is None or not old


@pytest.mark.parametrize(
    "text", ["", "580.", ".95", "580,95", "v580", "5٣0.1", "580.95.05.1.2", "9" * 5000, "580 "]
)
def test_what_is_no_version_is_none(text):
    assert as_version(text) is None


@pytest.fixture
def smi(tmp_path, monkeypatch):
    """Puts a program nvidia-smi, made of these lines of shell, on PATH; None makes sure that there is none."""
    if os.name != "posix":
        pytest.skip("the fake is a script of the shell")

    def put(lines):
        folder = tmp_path / "bin"
        folder.mkdir()
        monkeypatch.setattr(machine, "KERNEL_DRIVER", tmp_path / "version")
        monkeypatch.setattr(machine, "WSL", str(folder / "absent"))
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin" if lines else str(folder))
        if lines:
            (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{lines}\n")
            (folder / "nvidia-smi").chmod(0o755)

    return put


@pytest.fixture
def kernel(tmp_path):
    """Writes what stands for /proc/driver/nvidia/version."""

    def put(text):
        path = tmp_path / "version"
        path.write_text(text)
        return path

    return put


PROPRIETARY = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n"
    "GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n"
)
OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@U22-I3)  "
    "Tue Sep 23 10:11:16 UTC 2025\nGCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2~24.04)\n"
)


def test_the_program_on_path_is_asked(smi):
    smi(f"cat {ANSWERS / 'several.txt'}")
    found = ask_nvidia()
    assert [gpu.capability for gpu in found.gpus] == [(8, 0), (8, 0), (7, 5)]
    assert (found.driver, found.source, found.problem) == ((580, 95, 5), "nvidia-smi", "")


def test_it_is_asked_for_what_is_read(smi, tmp_path):
    smi(f'echo "$@" > {tmp_path / "words"}')
    ask_nvidia()
    words = (tmp_path / "words").read_text()
    assert words == "--query-gpu=name,compute_cap,driver_version,memory.total --format=csv,noheader,nounits\n"


def test_an_old_one_is_asked_again_without_the_field_it_does_not_know(smi):
    smi(
        f'case "$1" in *compute_cap*) cat {ANSWERS / "no_compute_cap.txt"}; exit 2;; '
        f"*) cat {ANSWERS / 't4_driver_470.txt'};; esac"
    )
    found = ask_nvidia()
    assert found == Nvidia((470, 256, 2), "470.256.02", "nvidia-smi", (GPU("Tesla T4", None, 15109),))


def test_one_that_hangs_is_left(smi):
    smi("exec sleep 60")
    before = time.monotonic()
    found = ask_nvidia(patience=0.2)
    assert time.monotonic() - before < 30
    assert found == Nvidia(problem="nvidia-smi did not answer within 0.2 s")


def test_one_that_hangs_does_not_hide_the_driver(smi, kernel):
    smi("exec sleep 60")
    kernel(PROPRIETARY)
    found = ask_nvidia(patience=0.2)
    assert found.driver_text == "535.183.01"
    assert found.problem


@pytest.mark.parametrize(("text", "driver"), [(PROPRIETARY, "535.183.01"), (OPEN, "580.95.05")])
def test_without_nvidia_smi_the_kernel_tells_the_driver(smi, kernel, text, driver):
    smi(None)
    path = kernel(text)
    found = ask_nvidia()
    assert (found.driver, found.driver_text, found.source) == (as_version(driver), driver, str(path))
    assert "not on PATH" in found.problem


@pytest.mark.parametrize("text", ["", "garbage", "Kernel Module", "Kernel Module  x.y  ", "\0" * 100])
def test_neither_program_nor_driver_is_a_normal_answer(smi, kernel, text):
    smi(None)
    kernel(text)
    assert ask_nvidia() == Nvidia()


@pytest.mark.parametrize("name", ["mismatch", "no_driver", "no_library"])
def test_where_nvidia_smi_fails_the_kernel_tells_the_driver(smi, kernel, name):
    smi(f"cat {ANSWERS / name}.txt; exit 9")
    kernel(OPEN)
    found = ask_nvidia()
    assert found.driver_text == "580.95.05"
    assert found.problem == parse(answer(name), 9).problem


@pytest.mark.parametrize("lines", ["kill -9 $$", "printf '\\377\\376\\000,,,\\n'", "exit 3"])
def test_garbage_and_crashes_are_problems(smi, lines):
    smi(lines)
    found = ask_nvidia()
    assert found.problem.isprintable()
    assert "cannot be run" not in found.problem
    assert found == Nvidia(problem=found.problem)


def test_a_program_that_cannot_be_started_is_a_problem(smi, tmp_path):
    smi("exit 0")
    (tmp_path / "bin" / "nvidia-smi").write_bytes(b"\x7fELF no program")
    assert ask_nvidia().problem.startswith("nvidia-smi cannot be run")


def test_this_machine_can_be_surveyed(smi):
    smi(f"cat {ANSWERS / 'h100.txt'}")
    found = survey()
    assert found.nvidia.gpus[0].capability == (9, 0)
    assert found.python >= (3, 11)
