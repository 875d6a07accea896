from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from chainrule.cli.output import print_json, whole_number
from chainrule.core.files import write_whole
from chainrule.core.settings import plain
from chainrule.studies.exercises import STUDIES, Finding, Study

KEYWORD = inspect.Parameter.KEYWORD_ONLY
HELP = """Run an experiment whose result is known only by running it, and say what came out.

$ chainrule study perceptron
$ chainrule study xor
$ chainrule study learning-rate

Each has its settings: chainrule study xor --help."""


def _app() -> App:
    """A command for each study of the shelf; its options are the study's settings."""
    app = App(name="study", help=HELP, help_format="plaintext")
    for name, cls in STUDIES.classes().items():
        app.command(_command(name.replace("_", "-"), cls), name=name.replace("_", "-"))
    return app


def _command(name: str, cls: type[Study]) -> Callable[..., int]:
    """The function behind one command, with a signature made from the study's fields."""

    def command(*, plot: Path | None = None, notes: Path | None = None, json: bool = False, **given: Any) -> int:
        return _run(cls(**given), name, plot, notes, json)

    outputs: dict[str, tuple[Any, list[str], str]] = {
        "plot": (Path | None, ["--plot", "-o"], "Draw what came out into this .png, .svg or .pdf."),
        "notes": (Path | None, ["--notes"], cls.page_help),
        "json": (bool, ["--json"], "Print one JSON document and nothing else."),
    }
    parameters = [_option(each) for each in sorted(fields(cls), key=lambda each: each.name == "seed")]
    for key, (kind, names, text) in outputs.items():
        if text:
            default = False if kind is bool else None
            hint: Any = Annotated[kind, Parameter(name=names, help=text)]
            parameters.append(inspect.Parameter(key, KEYWORD, default=default, annotation=hint))
    command.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__ = _help(name, cls)
    return command


def _option(each: Field[Any]) -> inspect.Parameter:
    """The option of one setting of a study."""
    kind: Any = type(each.default)
    converter = whole_number if kind is int else None
    text = f"{each.metadata['help']} Unless told: {each.default}."
    hint: Any = Annotated[kind, Parameter(help=text, converter=converter)]
    return inspect.Parameter(each.name, KEYWORD, default=each.default, annotation=hint)


def _help(name: str, cls: type[Study]) -> str:
    """The study's docstring, each paragraph in one line, with examples after the first."""
    first, *rest = inspect.cleandoc(cls.__doc__ or "").split("\n\n")
    examples = f"$ chainrule study {name}\n$ chainrule study {name} --seed 1"
    if cls.page_help:
        examples += f"\n$ chainrule study {name} --notes notes.md"
    return "\n\n".join([first, examples, *(" ".join(part.split()) for part in rest)])


def _run(study: Study, name: str, plot: Path | None, notes: Path | None, json: bool) -> int:
    for path in (plot, notes and notes.with_suffix(".svg")):
        if path is not None:
            from chainrule.plots import ready

            ready(path)
    finding = study.run(_say)
    _say("")
    settings = sorted(fields(study), key=lambda each: each.name == "seed")
    given = "".join(f" --{each.name.replace('_', '-')} {getattr(study, each.name)}" for each in settings)
    command = f"chainrule study {name}{given}"
    if json:
        print_json({"study": name, "settings": plain(study), **finding.document()})
    else:
        print(f"{finding.text()}\n\nTo repeat it:\n  {command}")
    if plot is not None:
        _draw(study, finding.drawing(), plot)
    if notes is not None:
        _write_notes(study, finding, notes, f"{command} --notes {notes.name if notes.is_absolute() else notes}")
    return 0


def _write_notes(study: Study, finding: Finding, path: Path, command: str) -> None:
    """The page, and its pictures into the folder ``figures`` beside it."""
    folder = path.parent / "figures"
    folder.mkdir(exist_ok=True)
    figures = {}
    for stem, drawing in finding.figures().items():
        _draw(study, drawing, folder / f"{stem}.svg")
        figures[stem] = f"figures/{stem}.svg"
    write_whole(path, finding.page(figures, command).encode())


def _draw(study: Study, drawing: dict[str, Any], path: Path) -> None:
    from chainrule.plots import save
    from chainrule.plots.studies import draw

    save(draw(study.name, drawing), path)


def _say(text: str) -> None:
    """What is being done, on a line of standard error that the next one overwrites, where people look."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text[:79]}")
        sys.stderr.flush()


study = _app()
