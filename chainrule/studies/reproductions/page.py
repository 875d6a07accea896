"""The ledger as the page docs/reproductions.md."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.studies.reproductions.recipe import told
from chainrule.studies.reproductions.rows import Row
from chainrule.studies.reproductions.verdict import percent
from chainrule.studies.text import reflowed

OPENING = """# Published results, reproduced

What others published of dense networks on MNIST, trained again by recipes as near to theirs as they are told. Each
is a file in `chainrule/studies/reproductions`. The page is written from the seeds in [{ledger}]({ledger})
by

```console
$ {command}
```

`chainrule reproduce NAME` trains one, `chainrule reproduce --list` shows them all.

Figures are percent of 10,000 images. *ours alike* is what the source took, be it the best epoch or the best of
three runs, of ours; the verdict compares it with what was published, and allows two standard errors of the
difference. *last epoch* is the mean of the seeds' last epochs, with their standard deviation and the standard
error of the mean. The rule stands whole in `help(chainrule.studies.reproductions.verdict.judge)`. It errs as any
such test does: where ours and theirs do agree, five seeds against a single run are called better or worse in one
case of nine, two in nearly one of three. Settings that a source leaves open were chosen on held-out training
images, never on test images.
"""


def page(rows: Sequence[Row], ledger: str, command: str) -> str:
    """The whole of it."""
    opening = OPENING.format(ledger=ledger, command=command)
    return "\n".join([opening, _table(rows), "", reflowed("\n\n".join(map(_section, rows)))])


def _table(rows: Sequence[Row]) -> str:
    heads = ["recipe", "network", "published", "ours alike", "last epoch", "spread", "s.e.", "seeds", "verdict"]
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|--:|--:|--:|--:|--:|---|"]
    for r in rows:
        name, alike = r.recipe.name, r.verdict.ours
        cells = [f"[{name}](#{name})", r.recipe.layers, r.published + _taken(r), f"{alike:.2f}", *r.ours]
        cells += [str(len(r.outcomes)), r.verdict.word]
        lines.append(f"| {' | '.join(cells)} |".replace(" nan ", " - "))
    return "\n".join(lines)


def _taken(r: Row) -> str:
    """What is not the last epoch on the test images."""
    figure = r.recipe.figure
    return ", best epoch" * (figure.epoch == "best") + ", held images" * (figure.images == "held")


def _section(r: Row) -> str:
    recipe, source = r.recipe, r.recipe.source
    lines = [
        f"## {recipe.name}",
        "",
        f"{recipe.title}. {source.authors} {source.year}, *{source.title}*: {source.where}.",
        "",
        f"- **{r.verdict.word}**: {r.verdict.why}",
        f"- chosen on the images judged: {recipe.figure.chosen}",
        *(f"- assumed: {text}" for text in recipe.assumed),
        *(f"- done otherwise: {text}" for text in recipe.differs),
    ]
    if r.choices:
        lines += [f"- tried on held-out training images, and the best taken: {_chosen(r)}"]
    if r.outcomes:
        lines += [f"- seeds: {_seeds(r)}", f"- {_run(r)}"]
    else:
        lines += [f"- about {r.takes} a seed: `chainrule reproduce {recipe.name}`"]
    return "\n".join(lines)


def _seeds(r: Row) -> str:
    """Each seed's last epoch, and its best."""
    each = []
    for o in r.outcomes.values():
        last, best = (percent(r.recipe.figure, correct, o.rows) for correct in (o.last, o.best))
        each.append(o.failure or f"{last:.2f} (best {best:.2f}, epoch {o.best_epoch} of {o.epochs})")
    return ", ".join(each)


def _run(r: Row) -> str:
    """Seconds, engine and machine."""
    first, machine = next(iter(r.outcomes.values())), r.environment
    threads = first.threads or max((each["num_threads"] for each in machine["blas"]), default="its own")
    return (
        f"{r.seconds:,.0f} s a seed; engine {first.engine}, BLAS threads: {threads}; {machine['cpus']} CPUs "
        f"({machine['machine']}), Python {machine['python']}, NumPy {machine['libraries']['numpy']}, chainrule "
        f"{machine['chainrule']}"
    )


def _chosen(r: Row) -> str:
    each = [
        f"{told(option)}: {o.failure or f'{percent(r.recipe.figure, o.last, o.rows):.2f}'}"
        for option, o in r.choices
    ]
    return "; ".join(each)
