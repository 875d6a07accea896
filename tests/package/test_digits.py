"""The promise of the first screen: real digits are learned, from Python and from the command line."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.app import run


def test_plain_gradient_descent_learns_a_few_digits():
    data = cr.datasets.load("mnist")
    X, y = data.X[:12_000] / 255, data.y[:12_000]
    net = cr.MLP([784, 64, 10], seed=0)
    sgd = cr.optimizers.SGD(learning_rate=0.2)
    history = cr.fit(net, X, y, loss="cross_entropy", optimizer=sgd, batch_size=32, epochs=6)
    assert history["loss"][-1] < history["loss"][0] / 2
    # Some 95 %; the standard error of a share of 10,000 is 0.2 points
    assert np.mean(net.predict(data.test[0] / 255) == data.test[1]) > 0.90


@pytest.mark.thorough
@pytest.mark.parametrize(("options", "least"), [([], 97.5), (["--optimizer", "sgd"], 95.0)], ids=["adam", "sgd"])
def test_the_command_of_the_readme_reaches_its_accuracy(tmp_path, monkeypatch, capsys, options, least):
    monkeypatch.chdir(tmp_path)
    assert run(["train", "mnist", *options]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    found = re.fullmatch(r"test accuracy: (\d+\.\d\d) % \((\d+) of 10000\)", last)
    assert float(found[1]) == int(found[2]) / 100
    assert float(found[1]) >= least
