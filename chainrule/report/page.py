"""A run as one self-contained HTML page: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.core.errors import ChainruleError, MissingExtraError, NotFittedError
from chainrule.report.artist import Artist
from chainrule.report.blocks import percent, short
from chainrule.report.intervals import wilson
from chainrule.report.sections import NEED_NETWORK, NEED_ROWS, SECTIONS
from chainrule.runs.record import Record

TEMPLATE = "page.html.jinja"


def page(record: Record) -> str:
    """The HTML. What can't be had any more, because the data or the model are gone, is left out, and said."""
    template = page_template()
    artist = Artist(record)
    notes: list[str] = []
    lost: tuple[Any, ...] = ()
    for needed, by, what in (
        (_network, NEED_NETWORK, "The model file can't be read"),
        (_rows, NEED_ROWS, "The rows can't be read again"),
    ):
        try:
            needed(record)
        except ChainruleError as problem:
            lost = by
            notes.append(f"{what}, so everything that needs it is left out: {short(problem, 400)}.")
            break
    if artist.missing is not None:
        notes.append(f"No pictures: {artist.missing}.")
    sections = [section(record, artist) for section in SECTIONS if section not in lost]
    html: str = template.render(
        name=short(record.name, 120),
        lead=f"A network trained on {short(record.config.source, 120)}.",
        tiles=_tiles(record, bool(lost)),
        notes=notes,
        sections=[section for section in sections if section is not None],
        version=record.environment.get("chainrule", ""),
    )
    return html


def page_template() -> Any:
    try:
        import jinja2
    except ImportError:
        raise MissingExtraError("the report needs jinja2; install it with: pip install jinja2") from None
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    found = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return found.get_template(TEMPLATE)


def _network(record: Record) -> None:
    if record.network.loss is None or record.network.target is None:
        raise NotFittedError("it has no loss or no target")


def _rows(record: Record) -> None:
    _ = record.predicted


def _tiles(record: Record, lost: bool) -> list[tuple[str, str, str]]:
    """The numbers to be seen first: what, how much, and a line beneath."""
    found = []
    if not lost:
        result = record.result
        if result.correct is not None:
            interval = wilson(result.correct, result.rows)
            assert interval is not None
            span = f"{100 * interval.low:.2f} to {percent(interval.high)} (95 %, Wilson)"
            found.append((f"{result.part} accuracy", percent(result.correct / result.rows), span))
            found.append(("wrong", f"{result.rows - result.correct:,}", f"of {result.rows:,} {result.part} rows"))
        else:
            found.append((f"{result.part} R²", f"{result.scores['r2']:.4f}", f"on {result.rows:,} rows"))
        found.append(("parameters", f"{record.network.summary().parameters:,}", record.network.dtype.name))
    if record.rows:
        seconds = sum(row.get("seconds") or 0.0 for row in record.rows)
        found.append(("training", f"{seconds:.2f} s", f"{len(record.rows)} epochs"))
    return found
