"""How often drift is named, and how often it is named where there is none:  python benchmarks/drift.py

Features: normal, log-normal, whole numbers, nearly always 0, uniform; a column of texts. 1,000 training rows;
so many seeds a cell. "shift" moves the normal feature by so many standard deviations, "scale" multiplies it,
"category" is the share of one of the three texts, which is 1/3 in training.
"""

import argparse

import numpy as np

import chainrule as cr
from chainrule.core.table import Table
from chainrule.diagnosis import compare, summarize
from chainrule.preprocessing import PREPROCESSING

NAMES = ("normal", "log_normal", "whole", "rare", "uniform", "city")
CITIES = np.array(["Oslo", "Paris", "Rome"], object)


def rows(n, seed, shift=0.0, scale=1.0, share=1 / 3):
    rng = np.random.default_rng(seed)
    normal, skewed, whole, rare = rng.normal(size=(4, n))
    numbers = [
        scale * normal + shift,
        np.exp(skewed),
        np.floor(2 * whole),
        rare * (rare > 1.7),
        rng.uniform(size=n),
    ]
    texts = [np.array([f"{value:.6g}" for value in column], object) for column in numbers]
    rest = (1 - share) / 2
    return Table(NAMES, (*texts, rng.choice(CITIES, n, p=(rest, share, rest))), np.arange(n) + 2, "drift")


def network(X):
    net = cr.MLP([8, 1], loss="mean_squared_error", seed=0, preprocessing=PREPROCESSING["columns"].fit(X))
    summarize(net, X)
    return net


def named(net, X, feature):
    """Whether the feature is named, and whether any other is."""
    report = compare(net, X)
    found = [f for f in report.findings if f.rule == "shifted-features"]
    shown = set(found[0].evidence) if found else set()
    return feature in shown, bool(shown - {feature})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 300, 1000, 10_000])
    asked = parser.parse_args()
    print(f"| what changed | {' | '.join(f'{n:,} rows' for n in asked.rows)} |")
    print("|---|" + "---:|" * len(asked.rows))
    cases = [("nothing", {}, "")]
    cases += [(f"shift {s:g}", {"shift": s}, "normal") for s in (0.05, 0.2, 0.5, 0.8, 1.5)]
    cases += [(f"scale {s:g}", {"scale": s}, "normal") for s in (0.2, 0.5, 1.5, 3)]
    cases += [(f"category {s:g}", {"share": s}, "city") for s in (0.4, 0.5, 0.6, 0.8)]
    nets = [network(rows(1000, seed)) for seed in range(asked.seeds)]
    for said, change, feature in cases:
        cells = []
        for n in asked.rows:
            found = [named(net, rows(n, 1000 + seed, **change), feature) for seed, net in enumerate(nets)]
            right, wrong = np.mean(found, axis=0)
            cells.append(
                f"{wrong:.0%}" if not feature else f"{right:.0%}" + (f", others {wrong:.0%}" if wrong else "")
            )
        print(f"| {said} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
