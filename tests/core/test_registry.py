"""A shelf finds its things by the folder, and says what it knows when asked for something else."""

import importlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

import chainrule
from chainrule.activations import ACTIVATIONS, Activation
from chainrule.core.errors import SettingError, UnknownNameError
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS
from chainrule.schedules import SCHEDULES

BASE = """
    from chainrule.core.registry import Registry

    class Tool: ...

    TOOLS = Registry("tool", __name__, __file__)
"""
HAMMER = """
    from dataclasses import dataclass
    from {package}.base import TOOLS, Tool

    @TOOLS.register("claw_hammer")
    @dataclass(frozen=True)
    class ClawHammer(Tool):
        weight: float = 0.5
        handle: str = "ash"
"""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A shelf of our own, so that the real ones keep to their files: a hammer, a broken saw, two helpers."""
    package = f"tools_{tmp_path.name}".replace("-", "_")
    folder = tmp_path / package
    folder.mkdir()
    init = "from .base import TOOLS, Tool\n__getattr__ = TOOLS.attribute\n__dir__ = TOOLS.attributes\n"
    (folder / "__init__.py").write_text(init)
    (folder / "base.py").write_text(dedent(BASE))
    (folder / "claw_hammer.py").write_text(dedent(HAMMER.format(package=package)))
    (folder / "saw.py").write_text("raise RuntimeError('imported')\n")
    (folder / "_helper.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(package)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def python(code):
    """Runs code in an interpreter of its own, where nothing is imported yet."""
    command = [sys.executable, "-W", "error", "-c", dedent(code)]
    path = str(Path(chainrule.__file__).parents[1])
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PYTHONPATH": path, "PATH": ""}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_names_come_from_the_folder_and_import_nothing(tools):
    assert tools.TOOLS.names == ("claw_hammer", "saw")
    assert list(tools.TOOLS) == ["claw_hammer", "saw"]
    assert len(tools.TOOLS) == 2
    assert "saw" in tools.TOOLS
    assert "base" not in tools.TOOLS
    assert "_helper" not in tools.TOOLS
    assert 7 not in tools.TOOLS
    assert repr(tools.TOOLS) == "Registry('tool': claw_hammer, saw)"


def test_a_file_is_imported_when_its_name_is_asked_for(tools):
    assert tools.TOOLS["claw_hammer"].__name__ == "ClawHammer"
    with pytest.raises(RuntimeError, match="imported"):
        tools.TOOLS["saw"]


def test_importing_the_package_imports_no_thing_and_not_even_numpy():
    loaded = python("""
        import sys, chainrule
        chainrule.__version__
        print(*[m for m in sys.modules if m.startswith(("chainrule.", "numpy"))])
    """)
    assert loaded == []


def test_asking_a_real_shelf_for_names_imports_none_of_its_things():
    names = python("""
        import sys
        from chainrule.activations import ACTIVATIONS
        assert "relu" in ACTIVATIONS.names
        print(*[m for m in sys.modules if m.startswith("chainrule.activations.")])
    """)
    assert names == ["chainrule.activations.base"]


def test_asking_for_one_thing_imports_that_one_alone():
    names = python("""
        import sys, chainrule
        chainrule.activations.LeakyReLU()
        print(*[m for m in sys.modules if m.startswith("chainrule.activations.")])
    """)
    assert sorted(names) == ["chainrule.activations.base", "chainrule.activations.leaky_relu"]


@pytest.mark.parametrize(
    "spec",
    [
        "leaky_relu:slope=0.2",
        " leaky_relu : slope = 0.2 ",
        {"name": "leaky_relu", "slope": 0.2},
        chainrule.activations.LeakyReLU(slope=0.2),
        chainrule.activations.LeakyReLU(0.2),
    ],
    ids=repr,
)
def test_make_takes_a_text_a_mapping_or_an_instance(spec):
    made = ACTIVATIONS.make(spec)
    assert made == chainrule.activations.LeakyReLU(slope=0.2)
    assert ACTIVATIONS.describe(made) == {"name": "leaky_relu", "slope": 0.2}


def test_make_leaves_the_mapping_as_it_was():
    spec = {"name": "leaky_relu", "slope": 0.2}
    ACTIVATIONS.make(spec)
    assert spec == {"name": "leaky_relu", "slope": 0.2}


@pytest.mark.parametrize(
    ("asked", "meant"), [("rleu", "relu"), ("Sigmoid", "sigmoid"), ("leakyrelu", "leaky_relu")]
)
def test_an_unknown_name_offers_the_nearest(asked, meant):
    for ask in (ACTIVATIONS.make, ACTIVATIONS.__getitem__):
        with pytest.raises(UnknownNameError, match=f"unknown activation '{asked}'. Did you mean '{meant}'?"):
            ask(asked)


def test_a_name_like_no_other_gets_the_list():
    with pytest.raises(UnknownNameError, match="Known: adaptive, constant, cosine, "):
        SCHEDULES.make("qqqqqqqq")


@pytest.mark.parametrize(
    "name", ["base", "_shapes", "__init__", "relu.py", "../losses/base", "relu\n", "", "ReLU"]
)
def test_what_is_no_thing_is_no_name(name):
    with pytest.raises(UnknownNameError):
        ACTIVATIONS.make({"name": name})


def test_an_endless_name_is_cut_in_the_error():
    with pytest.raises(UnknownNameError) as refused:
        ACTIVATIONS.make("x" * 10**6)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("spec", [None, 3, 1.5, ["relu"], b"relu", object(), chainrule.activations.ReLU])
def test_what_is_no_spec_at_all_is_refused(spec):
    with pytest.raises(SettingError, match=r"expected an? activation"):
        ACTIVATIONS.make(spec)


@pytest.mark.parametrize("spec", [{}, {"slope": 0.1}, {"name": None}, {"name": 3}, {"name": ["relu"]}], ids=repr)
def test_a_mapping_without_a_name_is_refused(spec):
    with pytest.raises(SettingError, match="has no name"):
        ACTIVATIONS.make(spec)


@pytest.mark.parametrize("stranger", [chainrule.activations.ReLU(), Path("adam")], ids=repr)
def test_a_thing_of_another_shelf_is_refused(stranger):
    for shelf in (LOSSES, OPTIMIZERS):
        with pytest.raises(SettingError, match=f"expected an? {shelf.kind}"):
            shelf.make(stranger)


def test_a_class_is_an_attribute_of_its_package(tools):
    assert chainrule.activations.LeakyReLU is ACTIVATIONS["leaky_relu"]
    assert chainrule.losses.BinaryCrossEntropy is LOSSES["binary_cross_entropy"]
    assert chainrule.optimizers.SGD is OPTIMIZERS["sgd"]
    assert tools.ClawHammer is tools.TOOLS["claw_hammer"]


def test_an_attribute_that_no_file_has_offers_the_nearest():
    with pytest.raises(AttributeError, match=r"chainrule.activations has no 'Sigmod'. Did you mean 'sigmoid'"):
        chainrule.activations.Sigmod  # noqa: B018
    with pytest.raises(AttributeError, match="chainrule has no 'activation'"):
        chainrule.activation  # noqa: B018
    assert not hasattr(chainrule.activations, "leakyrelu")


def test_a_thing_of_the_users_own_is_like_any_other(tools):
    @tools.TOOLS.register("spade")
    @dataclass(frozen=True)
    class Spade(tools.Tool):
        edge: float = 1.0

    assert tools.TOOLS.names == ("claw_hammer", "saw", "spade")
    assert tools.TOOLS.make("spade:edge=2") == Spade(2.0)
    assert tools.TOOLS.make(tools.TOOLS.describe(Spade(3.0))) == Spade(3.0)
    assert Spade.name == "spade"
    assert tools.Spade is Spade


def test_a_name_is_given_only_once(tools):
    known = tools.ClawHammer

    @dataclass(frozen=True)
    class Mallet(tools.Tool):
        pass

    with pytest.raises(SettingError, match="there is a tool 'claw_hammer' already; register yours under another"):
        tools.TOOLS.register("claw_hammer")(Mallet)
    assert tools.TOOLS["claw_hammer"] is known


def test_a_name_of_a_file_not_yet_imported_is_taken_too(tools):
    @dataclass(frozen=True)
    class Mallet(tools.Tool):
        pass

    with pytest.raises(SettingError, match="already"):
        tools.TOOLS.register("claw_hammer")(Mallet)
    assert tools.TOOLS["claw_hammer"].__name__ == "ClawHammer"


def test_a_class_of_the_same_name_in_another_module_is_another_class(tools):
    known = tools.ClawHammer
    impostor = dataclass(frozen=True)(type("ClawHammer", (tools.Tool,), {"__module__": "elsewhere"}))
    with pytest.raises(SettingError, match="already"):
        tools.TOOLS.register("claw_hammer")(impostor)
    assert tools.TOOLS["claw_hammer"] is known


def test_running_a_notebook_cell_twice_registers_the_new_class(tools):
    def cell(weight):
        @tools.TOOLS.register("spade")
        @dataclass(frozen=True)
        class Spade(tools.Tool):
            edge: float = weight

        return Spade

    cell(1.0)
    assert cell(2.0) is tools.TOOLS["spade"]
    assert tools.TOOLS.make("spade").edge == 2.0


def test_an_instance_of_a_users_class_needs_no_registering():
    class Square(Activation):
        name = "square"
        backward_reads = "z"

        def forward(self, z, out=None, scratch=None):
            return z * z

        def backward(self, da, z, a, out=None, scratch=None):
            return 2 * z * da

    square = Square()
    assert ACTIVATIONS.make(square) is square
