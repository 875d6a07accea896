"""MNIST learned once, in a process of its own.

python -m chainrule.bench.cold_start GEAR GOAL SEED
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

import chainrule as cr
from chainrule.bench.peers import PEERS
from chainrule.bench.peers._ours import Ours, chosen
from chainrule.bench.recipes import RECIPES, standardized


def main(gear: str, goal: int, seed: int) -> dict[str, float]:
    """Seconds of reading and scaling the images and of the training; accuracy on the test images, in percent."""
    start = time.perf_counter()
    data = cr.datasets.load("mnist")
    assert data.test is not None
    train, test = standardized(data.X, data.test[0])
    loaded = time.perf_counter()
    peer = PEERS.make(gear)
    assert isinstance(peer, Ours)
    network = RECIPES[goal].train(train, data.y, seed, **chosen(cr.fit, peer.gear))
    trained = time.perf_counter()
    accuracy = 100 * float(np.mean(network.predict(test) == data.test[1]))
    return {"loading": loaded - start, "training": trained - loaded, "accuracy": accuracy}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201
