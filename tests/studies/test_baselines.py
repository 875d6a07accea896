"""Baselines on MNIST, in miniature."""

import numpy as np
import pytest

from chainrule.studies.exercises.baselines import NETWORKS, BaselinesStudy, Point


@pytest.mark.thorough
def test_more_images_help_and_guessing_is_what_it_is_known_to_be():
    finding = BaselinesStudy(sizes="200,2000", seeds=1, steps=120).run()
    assert finding.constant == 0.1135  # 1,135 of the 10,000 test images are ones, the most frequent digit
    means = {(p.network, p.rows): p.mean for p in finding.points}
    for network in NETWORKS:
        assert 0.7 < means[network, 200] + 0.02 < means[network, 2000]
    text = finding.text()
    assert max(map(len, text.splitlines())) <= 80
    assert f"{100 * means['no hidden layer', 2000]:.2f} ±" in text


def test_mean_and_spread_are_those_of_the_seeds():
    point = Point("x", 10, (0.9, 0.92, 0.97), (1.0, 1.0, 1.0))
    assert point.mean == pytest.approx(0.93)
    assert point.spread == pytest.approx(np.sqrt((0.03**2 + 0.01**2 + 0.04**2) / 2))
    assert Point("x", 10, (0.9,), (1.0,)).spread == 0
