"""The verdicts on machines that people have, and the line that mends each."""

from dataclasses import replace
from pathlib import Path

import pytest

from chainrule.compatibility import Finding, Machine, Nvidia, Verdict, judge, overall
from chainrule.compatibility.machine import FIELDS, GPU, parse
from chainrule.compatibility.torch_build import TorchBuild, read

ANSWERS = Path(__file__).parent / "nvidia_smi"
NONE = Machine("Linux", "x86_64", False, (3, 12), False, Nvidia(), None)
WHEELS = "https://download.pytorch.org/whl"


def machine(answer=None, torch=None, code=0, **others):
    nvidia = Nvidia()
    if answer is not None:
        fields = FIELDS[:1] + FIELDS[2:] if answer == "t4_driver_470" else FIELDS
        nvidia = parse((ANSWERS / f"{answer}.txt").read_text(), code, fields)
    return replace(NONE, nvidia=nvidia, torch=torch and read(torch, ""), **others)


def verdicts(findings):
    return {finding.what: finding.verdict.value for finding in findings}


def remedies(findings):
    return {finding.remedy for finding in findings if finding.remedy}


def line(version, build):
    return f"pip install torch=={version}+{build} --index-url {WHEELS}/{build}"


@pytest.mark.parametrize(
    ("answer", "torch"),
    [
        ("h100", "2.13.0+cu126"),
        ("h100", "2.11.0+cu128"),
        ("h100", "2.13.0+cu130"),
        ("h100", "2.14.0+cu132"),
        ("t4", "2.13.0+cu126"),
        ("t4", "2.11.0+cu128"),
        ("v100", "2.13.0+cu126"),
        ("gtx_1080", "2.12.1+cu126"),
        ("rtx_5090", "2.11.0+cu128"),
        ("rtx_5090_driver_580", "2.13.0+cu130"),
        ("several", "2.13.0+cu130"),
    ],
)
def test_what_fits_is_said_to_fit_and_needs_no_remedy(answer, torch):
    findings = judge(machine(answer, torch))
    assert overall(findings) is Verdict.FITS
    assert {finding.verdict for finding in findings} == {Verdict.FITS}
    assert not remedies(findings)


@pytest.mark.parametrize(
    ("answer", "torch", "what", "evidence", "remedy"),
    [
        ("v100", "2.11.0+cu128", {"GPU 0"}, r"no kernels for Volta (7.0)", line("2.11.0", "cu126")),
        ("v100", "2.13.1+cu130", {"GPU 0", "driver"}, "too old for CUDA 13.0", line("2.13.1", "cu126")),
        ("gtx_1080", "2.13.0+cu130", {"GPU 0", "driver"}, "no kernels for Pascal (6.1)", line("2.13.0", "cu126")),
        ("gtx_1080", "2.11.0+cu128", {"GPU 0"}, "no kernels for Pascal (6.1)", line("2.11.0", "cu126")),
        ("rtx_5090", "2.11.0+cu126", {"GPU 0"}, "no kernels for Blackwell (12.0)", line("2.11.0", "cu128")),
        # 2.13 has no wheel for CUDA 12.8, and this driver none for 13
        ("rtx_5090", "2.13.0+cu126", {"GPU 0"}, "no kernels for Blackwell (12.0)", line("2.11.0", "cu128")),
        ("rtx_5090_driver_580", "2.13.0+cu126", {"GPU 0"}, "no kernels for Blackwell", line("2.13.0", "cu130")),
        ("t4", "2.13.0+cu130", {"driver"}, "535.183.01 is too old for CUDA 13.0", line("2.13.0", "cu126")),
        ("t4", "2.12.0+cu132", {"driver"}, "every CUDA 13.x needs 580.65.06", line("2.12.0", "cu126")),
        ("t4", "2.9.1+cu130", {"driver"}, "too old for CUDA 13.0", line("2.14.0", "cu126")),
        ("k80", "2.13.0+cu126", {"driver", "GPU 0"}, "no kernels for Kepler (3.7)", line("2.13.0", "cpu")),
    ],
)
def test_what_does_not_fit_is_named_with_the_line_to_run(answer, torch, what, evidence, remedy):
    findings = judge(machine(answer, torch))
    assert overall(findings) is Verdict.DOES_NOT_FIT
    assert {finding.what for finding in findings if finding.verdict is Verdict.DOES_NOT_FIT} == what
    assert any(evidence in finding.evidence for finding in findings)
    assert remedies(findings) == {remedy}


def test_a_driver_between_the_familys_and_the_builds_own_runs_by_minor_version_compatibility():
    (found,) = [f for f in judge(machine("t4", "2.13.0+cu126")) if f.what == "driver"]
    assert found.verdict is Verdict.FITS
    assert "by minor-version compatibility" in found.evidence
    assert "525.60.13" in found.evidence
    assert "560.28.03" in found.evidence
    (found,) = [f for f in judge(machine("h100", "2.13.0+cu126")) if f.what == "driver"]
    assert "minor-version" not in found.evidence


def test_a_driver_too_old_for_every_build_is_to_be_updated():
    findings = judge(machine("t4_driver_470", "2.13.0+cu126"))
    assert verdicts(findings) == {"Python": "fits", "driver": "does not fit", "GPU 0": "unknown"}
    (remedy,) = remedies(findings)
    assert remedy.startswith("update the driver to 560.28.03 or newer (https://www.nvidia.com/drivers); or, ")
    assert remedy.endswith(line("2.13.0", "cpu"))


def test_an_update_of_the_driver_may_need_another_wheel_too():
    volta = replace(NONE, nvidia=Nvidia((470, 1), "470.1", "nvidia-smi", (GPU("V100", (7, 0)),)))
    (remedy,) = remedies(judge(replace(volta, torch=read("2.13.0+cu130", ""))))
    assert remedy.startswith("update the driver to 560.28.03 or newer")
    assert f"then {line('2.13.0', 'cu126')}" in remedy


def test_where_no_build_serves_all_gpus_those_that_fit_are_named():
    findings = judge(machine("old_and_new", "2.13.0+cu130"))
    assert verdicts(findings) == {
        "Python": "fits",
        "driver": "fits",
        "GPU 0": "does not fit",
        "GPU 1": "fits",
    }
    (remedy,) = remedies(findings)
    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID and CUDA_VISIBLE_DEVICES=1" in remedy
    (remedy,) = remedies(judge(machine("old_and_new", "2.13.0+cu126")))
    assert remedy.endswith("CUDA_VISIBLE_DEVICES=0")


def test_the_wheel_that_serves_all_gpus_is_better_than_the_installed_one():
    both = Nvidia((580, 95, 5), "580.95.05", "nvidia-smi", (GPU("T4", (7, 5)), GPU("RTX 5090", (12, 0))))
    findings = judge(replace(NONE, nvidia=both, torch=read("2.13.0+cu126", "")))
    assert verdicts(findings)["GPU 1"] == "does not fit"
    assert remedies(findings) == {line("2.13.0", "cu130")}


@pytest.mark.parametrize(
    ("torch", "python", "verdict", "remedy"),
    [
        ("2.12.0+cu130", (3, 14), "fits", None),
        ("2.12.0+cu130", (3, 15), "does not fit", line("2.14.0", "cu130")),
        ("2.13.0+cu130", (3, 15), "fits", None),
        ("2.14.0+cu130", (3, 16), "does not fit", "use Python 3.10 to 3.15"),
        ("2.9.0+cu130", (3, 12), "unknown", None),
    ],
)
def test_python_has_to_fit_too(torch, python, verdict, remedy):
    findings = judge(machine("h100", torch, python=python))
    assert verdicts(findings)["Python"] == verdict
    assert remedies(findings) == ({remedy} if remedy else set())


def test_free_threaded_python_is_called_experimental():
    findings = judge(machine("h100", "2.13.0+cu130", python=(3, 14), free_threaded=True))
    assert "experimental" in findings[0].evidence


@pytest.mark.parametrize("torch", ["2.13.0+cpu", "2.13.0+cu126", "2.13.0+cu130"])
def test_no_gpu_is_a_normal_answer(torch):
    findings = judge(machine(None, torch))
    assert overall(findings) is Verdict.NOTHING
    assert not remedies(findings)


def test_a_driver_without_devices_is_a_normal_answer():
    without = machine("no_devices", "2.13.0+cu130", code=6)
    assert overall(judge(without)) is Verdict.NOTHING
    told = replace(without.nvidia, driver=(580, 95, 5), driver_text="580.95.05", source="/proc")
    assert overall(judge(replace(without, nvidia=told))) is Verdict.NOTHING


@pytest.mark.parametrize(
    ("answer", "code", "verdict", "remedy"),
    [
        ("mismatch", 18, "does not fit", "restart the machine"),
        ("no_driver", 9, "unknown", "run nvidia-smi"),
        ("no_library", 12, "unknown", "run nvidia-smi"),
    ],
)
def test_a_driver_that_does_not_answer_is_told_in_its_own_words(answer, code, verdict, remedy):
    asked = machine(answer, "2.13.0+cu130", code=code)
    findings = judge(asked)
    assert verdicts(findings)["driver"] == verdict
    assert findings[1].evidence == asked.nvidia.problem
    assert remedy in findings[1].remedy
    assert overall(judge(machine(answer, "2.13.0+cpu", code=code))) is Verdict.NOTHING


def test_what_nvidia_smi_leaves_out_is_unknown():
    findings = judge(machine("fields_left_out", "2.13.0+cu130"))
    assert verdicts(findings) == {"Python": "fits", "driver": "unknown", "GPU 0": "unknown"}
    assert overall(findings) is Verdict.UNKNOWN


def test_a_lost_gpu_leaves_the_answer_open():
    findings = judge(machine("one_lost", "2.13.0+cu130", code=15))
    assert verdicts(findings) == {"Python": "fits", "driver": "fits", "GPU 0": "fits", "GPU": "unknown"}


@pytest.mark.parametrize(
    ("torch", "says"),
    [("2.13.0+rocm7.2", "ROCm"), ("2.13.0+xpu", "XPU"), ("2.13.0+cpu", "for the CPU")],
)
def test_builds_without_cuda_are_named_and_left_alone(torch, says):
    findings = judge(machine(None, torch))
    assert overall(findings) is Verdict.NOTHING
    assert says in findings[-1].evidence


def test_a_build_for_macos_is_named_as_such():
    mac = machine(system="Darwin", architecture="arm64")
    build = read("2.13.0", "cuda: Optional[str] = None\n")
    findings = judge(replace(mac, torch=build))
    assert overall(findings) is Verdict.NOTHING
    assert "Metal" in findings[-1].evidence
    assert remedies(judge(mac)) == {"pip install torch"}


def test_a_gpu_beside_a_build_for_the_cpu_is_idle_and_the_wheel_for_it_is_named():
    findings = judge(machine("v100", "2.13.0+cpu"))
    assert overall(findings) is Verdict.NOTHING
    assert "idle" in findings[-1].evidence
    assert remedies(findings) == {line("2.13.0", "cu126")}


@pytest.mark.parametrize(
    ("answer", "build"),
    [(None, "cpu"), ("v100", "cu126"), ("rtx_5090", "cu128"), ("h100", "cu130"), ("k80", "cpu")],
)
def test_where_pytorch_is_missing_the_wheel_to_install_is_named(answer, build):
    findings = judge(machine(answer))
    assert overall(findings) is Verdict.NOTHING
    assert remedies(findings) == {f"pip install torch --index-url {WHEELS}/{build}"}


def test_the_kernels_of_builds_that_others_made_are_unknown():
    findings = judge(replace(machine("t4"), torch=TorchBuild("2.12.0a0+nv26.04", "cuda", "12.6", own=False)))
    assert verdicts(findings)["GPU 0"] == "unknown"
    assert verdicts(findings)["driver"] == "fits"


def test_a_gpu_newer_than_the_build_may_run_by_code_compiled_for_it():
    newer = replace(NONE, nvidia=Nvidia((999,), "999", "nvidia-smi", (GPU("?", (13, 0)),)))
    assert verdicts(judge(replace(newer, torch=read("2.13.0+cu130", ""))))["GPU 0"] == "unknown"
    windows = replace(newer, system="Windows", torch=read("2.13.0+cu130", ""))
    assert verdicts(judge(windows))["GPU 0"] == "does not fit"
    assert verdicts(judge(replace(newer, torch=read("2.13.0+cu126", ""))))["GPU 0"] == "does not fit"


def test_processors_have_kernels_of_their_own():
    assert overall(judge(machine("gb10", "2.13.0+cu130", architecture="aarch64"))) is Verdict.FITS
    findings = judge(machine("t4", "2.13.0+cu126", architecture="aarch64"))
    assert verdicts(findings)["GPU 0"] == "does not fit"
    assert remedies(findings) == {line("2.13.0", "cpu")}
    assert verdicts(judge(machine("t4", "2.13.0+cu126", architecture="riscv64")))["GPU 0"] == "unknown"


def test_windows_has_drivers_of_its_own():
    windows = {"system": "Windows", "architecture": "AMD64", "windows_driver": True}
    findings = judge(machine("rtx_5090_windows", "2.13.0+cu130", **windows))
    assert overall(findings) is Verdict.FITS
    assert "minor-version" not in findings[1].evidence  # there is no other minimum to be compatible with
    # 535.183 is a version for Linux; on Windows it is between 528.33 and 560.76
    assert "560.76" in judge(machine("t4", "2.13.0+cu126", **windows))[1].evidence


def test_the_gravest_verdict_is_that_of_the_whole():
    found = {verdict: Finding("", verdict, "") for verdict in Verdict}
    grave = [Verdict.DOES_NOT_FIT, Verdict.UNKNOWN, Verdict.NOTHING, Verdict.FITS]
    for place, verdict in enumerate(grave):
        assert overall([found[v] for v in grave[place:]]) is verdict
