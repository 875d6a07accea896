"""Any machine is judged, and the wheel that is proposed for it fits it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compatibility import Machine, Nvidia, Verdict, judge, overall
from chainrule.compatibility.facts import KERNELS, RELEASES, Support, kernels, runs_on, support
from chainrule.compatibility.machine import GPU
from chainrule.compatibility.torch_build import read
from chainrule.compatibility.wheels import best

NONE = Machine("Linux", "x86_64", False, (3, 12), False, Nvidia(), None)

capabilities = st.none() | st.tuples(st.integers(2, 13), st.integers(0, 9))
drivers = st.none() | st.tuples(st.integers(400, 620), st.integers(0, 130), st.integers(0, 13))
builds = [f"{release}.0+cu{cuda.replace('.', '')}" for release, known in RELEASES.items() for cuda in known.builds]
machines = st.builds(
    lambda system, architecture, python, driver, found, torch: replace(
        NONE,
        system=system,
        architecture=architecture,
        windows_driver=system == "Windows",
        python=python,
        torch=read(torch, "") if torch is not None else None,
        nvidia=Nvidia(driver, "x", "nvidia-smi", tuple(GPU("?", capability) for capability in found)),
    ),
    st.sampled_from(["Linux", "Windows", "Darwin"]),
    st.sampled_from([*KERNELS, "AMD64", "riscv64"]),
    st.tuples(st.just(3), st.integers(9, 16)),
    drivers,
    st.lists(capabilities, max_size=3),
    st.sampled_from([None, "2.13.0+cpu", "2.5.1+cu121", "2.13.0+rocm7.2", *builds]),
)


@settings(deadline=None)
@given(machines)
def test_every_machine_is_judged_and_what_does_not_fit_has_a_remedy(asked):
    for finding in judge(asked):
        assert finding.evidence
        assert finding.remedy or finding.verdict is not Verdict.DOES_NOT_FIT


@settings(deadline=None)
@given(machines)
def test_the_wheel_that_is_proposed_fits_python_the_driver_and_a_gpu(asked):
    wheel = best(asked)
    if wheel is None:
        return
    assert wheel.cuda in RELEASES[wheel.version[:4]].builds
    assert RELEASES[wheel.version[:4]].oldest <= asked.python <= RELEASES[wheel.version[:4]].newest
    if asked.nvidia.driver is not None:
        assert support(asked.nvidia.driver, wheel.cuda, asked.windows_driver) is not Support.TOO_OLD
    known = [gpu.capability for gpu in asked.nvidia.gpus if gpu.capability]
    assert not known or any(runs_on(one, kernels(asked.architecture, wheel.cuda)) for one in known)
    after = replace(asked, torch=read(f"{wheel.version}+cu{wheel.cuda.replace('.', '')}", ""))
    if all(runs_on(one, kernels(asked.architecture, wheel.cuda)) for one in known):
        assert overall(judge(after)) is not Verdict.DOES_NOT_FIT
