"""A network at a glance, against counts made by hand."""

import pytest

from chainrule import MLP, Network
from chainrule.layers import Dense


def test_counts_of_a_digit_network_are_those_made_by_hand():
    summary = MLP([784, 128, 64, 10], "relu").summary()
    layers = [784 * 128 + 128, 128 * 64 + 64, 64 * 10 + 10]
    assert layers == [100_480, 8_256, 650]
    assert [row.parameters for row in summary.rows] == [100_480, 0, 8_256, 0, 650]
    assert summary.parameters == 109_386
    # each of d_out outputs is d_in products and as many sums, the bias's among them; a ReLU is one comparison
    assert [row.operations for row in summary.rows] == [200_704, 128, 16_384, 64, 1_280]
    assert summary.operations == 218_560
    assert summary.bytes == 4 * 109_386


def test_float64_takes_twice_the_memory():
    assert MLP([3, 2], dtype="float64").summary().bytes == 8 * (3 * 2 + 2)


def test_parameters_are_those_of_the_flat_vector():
    for sizes in ([1, 1], [5, 4, 3, 2], [2, 9]):
        network = MLP(sizes, "tanh")
        assert network.summary().parameters == network.params.theta.size


def test_the_width_is_that_of_the_layer_before():
    rows = Network(["relu", Dense(3, 5), "tanh", "softmax", Dense(5, 2), "sigmoid"]).summary().rows
    assert [row.shape for row in rows] == ["3", "3 -> 5", "5", "5", "5 -> 2", "2"]
    assert [row.name for row in rows] == ["relu", "dense", "tanh", "softmax", "dense", "sigmoid"]
    assert [row.index for row in rows] == list(range(6))


@pytest.mark.parametrize("show", [str, repr])
def test_the_table_is_aligned_and_ends_in_the_bytes(show):
    lines = show(MLP([784, 128, 64, 10], "relu").summary()).splitlines()
    assert lines[0].split() == ["module", "shape", "parameters", "operations/row"]
    assert lines[2].split() == ["0", "dense", "784", "->", "128", "100,480", "200,704"]
    assert lines[-2].split() == ["total", "109,386", "218,560"]
    assert lines[-1] == "437,544 bytes of float32 parameters"
    assert len({len(line) for line in lines[1:-1]}) == 1
    assert not [line for line in lines if line != line.rstrip()]
