"""The command line: finds the command, turns every error into one line and an exit code.

0 done    1 the run failed    2 usage    130 Ctrl-C    143 SIGTERM
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

import chainrule
from chainrule.core.errors import ChainruleError, SettingError, UnknownNameError

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
    debug = arguments[:1] == ["--debug"]
    try:
        words = arguments[debug:]
        app = make_app(with_summaries=not words or words[0] in ("--help", "-h"))
        code = app(words, exit_on_error=False, print_error=False)
        sys.stdout.flush()
        return code or 0
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED, debug)
    except CycloptsError as problem:
        return _fail(_usage(problem), USAGE, debug)
    except (UnknownNameError, SettingError) as problem:
        return _fail(problem, USAGE, debug)
    except ChainruleError as problem:
        return _fail(problem, FAILED, debug)
    except MemoryError:
        return _fail("out of memory; use fewer rows, a smaller network or float32", FAILED, debug)
    except Exception as problem:
        message = f"{type(problem).__name__}: {problem}. This is a bug in chainrule; --debug shows where"
        return _fail(f"unexpected {message}", FAILED, debug)


def _fail(message: object, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    text = " ".join(str(message).split())
    printable = "".join(c if c.isprintable() else "?" for c in text)
    sys.stderr.write(f"chainrule: {printable}\n")
    return code


def _usage(problem: CycloptsError) -> str:
    text = str(problem)
    return text if "--help" in text else f"{text} Try --help"
