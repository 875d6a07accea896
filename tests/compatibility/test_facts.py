"""The table agrees with itself, and its rules with NVIDIA's."""

import pytest

from chainrule.compatibility.facts import (
    FAMILY_DRIVER,
    KERNELS,
    OWN_DRIVER,
    RELEASES,
    Support,
    full_driver,
    generation,
    kernels,
    release_of,
    runs_on,
    show,
    support,
)

BUILDS = sorted({cuda for release in RELEASES.values() for cuda in release.builds})


@pytest.mark.parametrize("cuda", BUILDS)
def test_every_build_has_a_driver_a_family_and_kernels_for_every_architecture(cuda):
    assert cuda in OWN_DRIVER
    assert int(cuda.partition(".")[0]) in FAMILY_DRIVER
    for architecture in KERNELS:
        compiled = kernels(architecture, cuda)
        assert compiled == tuple(sorted(set(compiled)))
        assert all(generation(capability) for capability in compiled)


def test_releases_and_drivers_only_grow():
    assert list(RELEASES) == sorted(RELEASES)
    assert all(release.oldest < release.newest for release in RELEASES.values())
    assert all(set(release.experimental) <= set(release.builds) for release in RELEASES.values())
    linux = [OWN_DRIVER[cuda].linux for cuda in BUILDS]
    assert linux == sorted(linux)
    for cuda in BUILDS:
        assert FAMILY_DRIVER[int(cuda.partition(".")[0])].linux <= OWN_DRIVER[cuda].linux


@pytest.mark.parametrize(
    ("cuda", "driver"), [("12.6", "560.28.03"), ("12.8", "570.26"), ("13.0", "580.65.06"), ("13.2", "595.45.04")]
)
def test_the_driver_of_a_cuda_version_is_that_of_the_release_notes(cuda, driver):
    assert show(full_driver(cuda, windows=False)) == driver


@pytest.mark.parametrize(
    ("driver", "cuda", "windows", "expected"),
    [
        ((525, 60, 13), "12.8", False, Support.FAMILY),
        ((525, 60, 12), "12.6", False, Support.TOO_OLD),
        ((525, 125, 6), "12.6", False, Support.FAMILY),
        ((560, 28, 3), "12.6", False, Support.FULL),
        ((570, 124, 6), "12.8", False, Support.FULL),  # 124 is more than 26, though it begins with a 1
        ((580, 65, 6), "13.0", False, Support.FULL),
        ((580, 65), "13.0", False, Support.TOO_OLD),
        ((580, 65, 6), "13.2", False, Support.FAMILY),
        ((550, 54, 14), "12.4", False, Support.FAMILY),  # the table does not know CUDA 12.4's own driver
        ((580, 65, 6), "12.4", False, Support.FULL),  # that of a later family is newer than all of this one
        ((528, 33), "12.6", True, Support.FAMILY),
        ((527, 41), "12.6", True, Support.TOO_OLD),
        ((570, 65), "12.8", True, Support.FULL),
        ((580, 88), "13.0", True, Support.FAMILY),  # NVIDIA names no driver for it on Windows
        ((999,), "14.0", False, None),
        ((450, 80, 2), "11.8", False, Support.FAMILY),
    ],
)
def test_a_driver_carries_a_cuda_version(driver, cuda, windows, expected):
    assert support(driver, cuda, windows) == expected


@pytest.mark.parametrize(
    ("capability", "cuda", "architecture", "runs"),
    [
        ((7, 0), "12.6", "x86_64", True),
        ((7, 0), "12.8", "x86_64", False),
        ((7, 0), "13.0", "x86_64", False),
        ((6, 1), "12.6", "x86_64", True),
        ((6, 1), "13.0", "x86_64", False),
        ((5, 2), "12.6", "AMD64", True),
        ((8, 9), "12.6", "x86_64", True),  # by the kernels for 8.6
        ((10, 3), "12.8", "x86_64", True),  # by the kernels for 10.0
        ((10, 0), "12.6", "x86_64", False),
        ((12, 0), "12.6", "x86_64", False),
        ((12, 0), "12.8", "x86_64", True),
        ((11, 0), "13.0", "x86_64", False),
        ((11, 0), "13.0", "aarch64", True),
        ((7, 5), "12.6", "aarch64", False),
        ((3, 7), "12.6", "x86_64", False),
    ],
)
def test_kernels_run_on_their_own_generation_from_their_number_up(capability, cuda, architecture, runs):
    assert runs_on(capability, kernels(architecture, cuda)) is runs


def test_other_architectures_and_builds_are_not_in_the_table():
    assert kernels("riscv64", "12.6") is None
    assert kernels("x86_64", "11.8") is None


@pytest.mark.parametrize(
    ("capability", "name"),
    [
        ((5, 2), "Maxwell"),
        ((6, 1), "Pascal"),
        ((7, 0), "Volta"),
        ((7, 2), "Volta"),
        ((7, 5), "Turing"),
        ((8, 6), "Ampere"),
        ((8, 9), "Ada Lovelace"),
        ((9, 0), "Hopper"),
        ((10, 3), "Blackwell"),
        ((12, 0), "Blackwell"),
        ((99, 0), None),
        (None, None),
    ],
)
def test_a_generation_has_its_name(capability, name):
    assert generation(capability) == name


@pytest.mark.parametrize("version", ["2.13.0", "2.13.1+cu126", "2.13", "2.13.0.dev20260601+cpu"])
def test_a_version_belongs_to_its_release(version):
    assert release_of(version) == "2.13"
