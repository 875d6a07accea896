"""The command line: finds the command, turns every error into one line and an exit code.

0 done    1 the run failed    2 usage    130 Ctrl-C    143 SIGTERM
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from cyclopts import App, CycloptsError, Parameter

import chainrule
from chainrule.core.errors import MOST, ChainruleError, SettingError, UnknownNameError
from chainrule.core.text import printable

FAILED, USAGE, INTERRUPTED = 1, 2, 130

HELP = """Neural networks you can check: train, evaluate, use and inspect them.

$ chainrule train mnist
$ chainrule train houses.csv --target price
$ chainrule evaluate runs/2026-01-31-mnist-1 mnist
$ chainrule predict model.safetensors new.csv -o predictions.csv

Every command has --help. With --debug before anything else an error shows its traceback."""


def make_app(with_summaries: bool = False) -> App:
    """The commands are the files of ``commands/``, imported when asked for, or all for their summaries."""
    app = App(
        name="chainrule",
        help=HELP,
        help_format="plaintext",
        version=chainrule.__version__,
        default_parameter=Parameter(negative=(), show_default=False),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for module in pkgutil.iter_modules([str(Path(__file__).parent / "commands")]):
        path = f"chainrule.cli.commands.{module.name}"
        name = module.name.replace("_", "-")
        if with_summaries:
            app.command(getattr(importlib.import_module(path), module.name), name=name)
        else:
            app.command(f"{path}:{module.name}", name=name)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    arguments = list(arguments)
    _prepare_streams()
    debug = arguments[:1] == ["--debug"]
    try:
        words = arguments[debug:]
        app = make_app(with_summaries=not words or words[0] in ("--help", "-h"))
        code = app(words, exit_on_error=False, print_error=False)
        sys.stdout.flush()
        return code or 0
    except BrokenPipeError:
        _silence(sys.stdout)  # the reader of our output has gone, as `| head` does
        return FAILED
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED, debug)
    except CycloptsError as problem:
        return _fail(_usage(problem), USAGE, debug)
    except (UnknownNameError, SettingError) as problem:
        return _refuse(problem, USAGE, arguments)
    except ChainruleError as problem:
        return _refuse(problem, FAILED, arguments)
    except ImportError as problem:
        missing = _missing(problem)
        return _fail(f"the command needs {missing}; install it with: pip install {missing}", FAILED, debug)
    except OSError as problem:
        _silence(sys.stdout)  # else Python tries again at exit, and complains again
        return _fail(f"cannot write the output: {problem.strerror or problem}", FAILED, debug)
    except MemoryError:
        return _fail("out of memory; use fewer rows, a smaller network or float32", FAILED, debug)
    except Exception as problem:
        message = f"{type(problem).__name__}: {problem}. This is a bug in chainrule; --debug shows where"
        return _fail(f"unexpected {message}", FAILED, debug)


def _missing(problem: BaseException) -> str:
    """The library that could not be imported, however often the error was wrapped."""
    while not isinstance(problem, ModuleNotFoundError) and problem.__cause__ is not None:
        problem = problem.__cause__
    return str(getattr(problem, "name", None) or problem)


def _prepare_streams() -> None:
    """Closed streams swallow what is written; characters that an encoding lacks become question marks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (open to the end)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _silence(stream: TextIO) -> None:
    """Send what is still in the stream, and comes, nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _refuse(problem: ChainruleError, code: int, arguments: Sequence[str]) -> int:
    """With --json what the error knows, such as the guard that spoke, goes to standard output as well."""
    facts = problem.facts()
    if facts and "--json" in arguments:
        from chainrule.cli.output import print_json

        print_json({"error": {"message": str(problem), **facts}})
    return _fail(problem, code, arguments[0] == "--debug")


def _fail(message: object, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    text = " ".join(str(message).split())
    sys.stderr.write(f"chainrule: {printable(text, MOST)}\n")
    return code


def _usage(problem: CycloptsError) -> str:
    text = str(problem)
    return text if "--help" in text else f"{text} Try --help"
