"""What the page of a diagnosis draws and lists of the evidence, apart from the findings themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.diagnosis.comparison import Compared
from chainrule.diagnosis.drift import DriftReport
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.record import Check, Sample
from chainrule.diagnosis.report import Report
from chainrule.plots.tracks import tracks
from chainrule.report.blocks import Block, Table, Words, percent, short
from chainrule.report.easel import Picture

MOST_FEATURES = 200  # in a table

# Of the samples and checks of a record: the title of a panel, and what it shows of each layer.
SAMPLED: dict[str, Callable[[Sample], list[float]]] = {
    "gradient, rms": lambda s: s.gradient,
    "weights, rms": lambda s: s.weight,
    "step / weights": lambda s: s.update,
}
CHECKED: dict[str, Callable[[Check], list[float]]] = {
    "pre-activation z, rms": lambda c: c.z,
    "share of zeros after it": lambda c: c.zeros,
    "share of dead units": lambda c: c.dead,
    "share of saturated units": lambda c: c.saturated,
}
SHARES = ("share of zeros after it", "share of dead units", "share of saturated units")


def training_pictures(e: Evidence) -> Iterator[tuple[str, str, str, list[Picture]]]:
    """Sections: name, title, words, pictures. Of a program that never ran there are none."""
    losses = _losses(e)
    if losses:
        names = ", ".join(losses)
        words = (
            "The loss as written at every step, and on the validation rows after each epoch where there are any."
        )
        yield "loss", "Loss", words, [("Loss by step", f"{names} by step.", lambda: tracks({"loss": losses}))]
    panels = _profiles(e)
    if panels:
        title = "Each layer over the training"
        words = (
            "One line a layer; those of a healthy network lie near each other and move slowly. "
            "Gradients and steps were sampled while training, units looked at over a fixed set of rows."
        )
        yield (
            "layers",
            "Layers",
            words,
            [(title, f"{', '.join(panels)}, by layer.", lambda: tracks(panels, shares=SHARES))],
        )


def _losses(e: Evidence) -> dict[str, tuple[Any, Any]]:
    found: dict[str, tuple[Any, Any]] = {}
    if len(e.record.losses) > 1:
        found["each step"] = (np.arange(1, len(e.record.losses) + 1), e.record.losses)
    each = e.steps_run / e.epochs_run if e.epochs_run else 0
    held = [(each * (epoch.epoch + 1), epoch.validation_loss) for epoch in e.record.epochs]
    if any(np.isfinite(loss) for _, loss in held):
        found["validation rows"] = ([step for step, _ in held], [loss for _, loss in held])
    if np.isfinite(e.constant) and found:
        steps = [1, max(len(e.record.losses), 2)]
        found["the best constant"] = (steps, [e.constant, e.constant])
    return found


def _profiles(e: Evidence) -> dict[str, dict[str, tuple[Any, Any]]]:
    panels: dict[str, dict[str, tuple[Any, Any]]] = {}
    for title, of in SAMPLED.items():
        panels[title] = _by_layer(e.record.samples, of)
    for title, seen in CHECKED.items():
        lines = _by_layer(e.record.checks, seen)
        if title.startswith("pre") or any(np.nanmax(values) > 0 for _, values in lines.values()):
            panels[title] = lines
    return {title: lines for title, lines in panels.items() if lines}


def _by_layer(moments: Sequence[Any], of: Callable[[Any], list[float]]) -> dict[str, tuple[Any, Any]]:
    """Layers are counted from 1; moments that saw another number of layers are left out."""
    if len(moments) < 2:
        return {}
    layers = len(of(moments[0]))
    kept = [moment for moment in moments if len(of(moment)) == layers]
    steps = [moment.t for moment in kept]
    return {f"layer {i + 1}": (steps, np.array([of(moment)[i] for moment in kept], float)) for i in range(layers)}


def program_facts(report: Report) -> Iterator[tuple[str, Any]]:
    """What was examined, by name."""
    e = report.evidence
    kinds = {"values": "values", "yes_no": "yes or no", "classes": "{} classes", "labels": "{} labels"}
    yield "task", kinds[e.task.kind].format(e.task.k)
    yield "loss as written", e.loss.name
    yield "training rows", e.data.n
    yield "epochs", e.epochs_run
    yield "steps", e.steps_run
    if e.cut_short:
        yield "cut short", e.cut_short
    if e.problem is not None:
        yield f"error in step {e.problem_step + 1}", short(e.problem, 400)
    yield "loss, training rows", e.train.loss
    yield "loss, validation rows", e.validation.loss
    yield "loss of the best constant", e.constant
    yield "skill, training rows", e.train.skill
    yield "skill, validation rows", e.validation.skill
    yield "skill of a plain network on its own rows", e.plain.seen
    yield "skill of a plain network on rows it never saw", e.plain.unseen
    yield "seconds", report.seconds


def drifted(report: DriftReport) -> list[Block]:
    """Every feature beside training, the furthest first."""
    blocks: list[Block] = [Words(report.facts())]
    head = ["", "what", "in training", "now", "PSI", "q"]
    for title, found in (("Features", report.compared.columns), ("Predictions", report.compared.predicted)):
        tested = sorted((one for one in found if np.isfinite(one.psi)), key=lambda one: -one.psi)
        rows = [_drifted(one) for one in tested[:MOST_FEATURES]]
        if rows:
            more = f", the {MOST_FEATURES} furthest of {len(tested):,}" if len(tested) > MOST_FEATURES else ""
            blocks.append(Table(f"{title}, the furthest from training first{more}", head, rows, texts=(0, 1)))
    return blocks


def _drifted(one: Compared) -> list[str]:
    write = percent if one.what != "median" else "{:.4g}".format
    return [short(one.name), short(one.what), write(one.then), write(one.now), f"{one.psi:.3f}", f"{one.q:.2g}"]
