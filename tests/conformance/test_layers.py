"""The examination that every layer sits, in every setting it names, as it predicts and as it trains."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.errors import InputError, SettingError, ShapeError, UnknownNameError
from chainrule.core.params import Params
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS, activation_names, make, normalization_names
from chainrule.layers.base import Layer

EXAMPLES = list(LAYERS.examples())
SIZES = st.integers(1, 6)
every = pytest.mark.parametrize("layer", EXAMPLES, ids=repr)
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
in_both_modes = pytest.mark.parametrize("training", [False, True], ids=["predicting", "training"])


class Problem:
    """A layer with random parameters and buffers, a batch for it, and the derivative of some loss by its output."""

    def __init__(self, layer, seed=0, n=6, dtype="float64"):
        rng = np.random.default_rng(seed)
        self.layer = layer
        self.params, self.buffers = Params(layer.shapes(), dtype), Params(layer.buffer_shapes(), dtype)
        self.p = {**self.params, **self.buffers}
        layer.initialize(self.p, INITIALIZERS.make("he"), rng)
        self.params.theta[:] += rng.normal(size=self.params.theta.shape)
        self.buffers.theta[:] *= rng.uniform(0.5, 2, self.buffers.theta.shape)
        self.x = layer.example_input(rng, n).astype(dtype)
        self.dz = rng.normal(size=(n, layer.d_out)).astype(dtype)
        for array in (self.x, self.dz):
            array.flags.writeable = False

    def forward(self, training, out=None, scratch=None, x=None):
        """With the buffers put back afterwards and the generator where it was before."""
        kept = self.buffers.theta.copy()
        rng = np.random.default_rng(7) if training else None
        z = self.layer.forward(self.x if x is None else x, self.p, out, scratch, rng)
        self.buffers.theta[:] = kept
        return z

    def both(self, training, out=None, dx=None, scratch=None, **settings):
        scratch = self.layer.scratch_for(self.x) if scratch is None else scratch
        z = self.forward(training, out, scratch)
        g = self.params.like()
        g.theta.fill(np.nan)  # gradients are written, not added to
        return z, self.layer.backward(self.dz, self.x, self.p, g, dx, scratch, **settings), g.theta


def same_bits(got, expected):
    return got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()


@every
@in_both_modes
@settings(deadline=None, max_examples=8)
@given(n=SIZES, seed=st.integers(0, 2**32 - 1))
def test_backward_is_the_derivative_of_forward(layer, training, n, seed):
    problem = Problem(layer, seed, n)
    z, dx, gradient = problem.both(training)
    assert z.shape == (n, layer.d_out)
    assert dx.shape == problem.x.shape
    x, h = problem.x.copy(), 1e-6
    for array, derivative in ((x, dx), (problem.params.theta, gradient)):
        for place in np.ndindex(array.shape):
            kept = array[place]
            values = []
            for moved in (kept + h, kept - h):
                array[place] = moved
                values.append(problem.forward(training, x=x))
            array[place] = kept
            numeric = np.vdot(problem.dz, (values[0] - values[1]) / (2 * h))
            # The formula's own error goes with h^2 f''': over two rows nearly alike a normalization has f''' to 1e5
            allowed = 1e-2 if training and n == 2 and layer.least_rows == 2 else 1e-5
            assert numeric == pytest.approx(derivative[place], rel=allowed, abs=allowed)


@every
@in_both_modes
@in_both_dtypes
def test_out_and_scratch_give_the_same_bits_and_spare_the_inputs(layer, training, dtype):
    problem = Problem(layer, dtype=dtype)
    problem.params.theta.flags.writeable = False
    z, dx, gradient = problem.both(training)
    scratch = layer.scratch_for(problem.x)
    for _ in range(2):  # the second time in rooms that have been used
        out, back = np.full_like(z, np.nan), np.full_like(dx, np.nan)
        again = problem.both(training, out, back, scratch)
        assert again[0] is out
        assert again[1] is back
        for got, expected in zip(again, (z, dx, gradient), strict=True):
            assert same_bits(got, expected)
            assert got.dtype == dtype
    assert same_bits(problem.forward(training), z)  # and without either


@every
def test_without_scratch_backward_is_that_of_a_prediction(layer):
    problem = Problem(layer)
    _, dx, gradient = problem.both(False)
    g = problem.params.like()
    assert same_bits(layer.backward(problem.dz, problem.x, problem.p, g), dx)
    assert same_bits(g.theta, gradient)


@every
def test_a_prediction_after_a_training_step_in_the_same_rooms_is_a_prediction(layer):
    problem = Problem(layer)
    scratch = layer.scratch_for(problem.x)
    expected = problem.both(False)
    problem.both(True, scratch=scratch)
    for got, wanted in zip(problem.both(False, scratch=scratch), expected, strict=True):
        assert same_bits(got, wanted)


@every
@in_both_modes
def test_backward_does_not_read_z(layer, training):
    # the activation after the layer has written over it
    problem = Problem(layer)
    _, dx, gradient = problem.both(training)
    scratch = layer.scratch_for(problem.x)
    z = problem.forward(training, np.empty_like(problem.dz), scratch)
    z.fill(np.nan)
    g = problem.params.like()
    assert same_bits(layer.backward(problem.dz, problem.x, problem.p, g, None, scratch), dx)
    assert same_bits(g.theta, gradient)


@every
@in_both_modes
def test_the_input_gradient_is_left_out_where_nobody_wants_it(layer, training):
    problem = Problem(layer)
    _, _, full = problem.both(training)
    _, dx, short = problem.both(training, wants_dx=False)
    assert dx is None
    assert same_bits(short, full)


@every
@in_both_modes
@in_both_dtypes
@pytest.mark.parametrize("case", ["one row", "two equal rows", "constant columns", "all 0"])
def test_degenerate_batches_give_finite_numbers(layer, training, dtype, case):
    problem = Problem(layer, n=1 if case == "one row" else 2 if case == "two equal rows" else 5, dtype=dtype)
    x = problem.x.copy()
    x[:] = x[0]
    problem.x = np.zeros_like(x) if case == "all 0" else x
    for array in problem.both(training):
        assert np.isfinite(array).all()


@every
def test_a_prediction_of_a_row_does_not_depend_on_the_others(layer):
    problem = Problem(layer, n=5)
    z = problem.forward(False)
    for i in range(5):
        np.testing.assert_allclose(problem.forward(False, x=problem.x[i : i + 1])[0], z[i], rtol=1e-12, atol=1e-14)


@every
def test_every_parameter_and_buffer_has_a_shape_and_a_name_in_files(layer):
    assert list(layer.shapes()) == list(layer.parameter_names)
    assert list(layer.buffer_shapes()) == list(layer.buffer_names)
    names = [*layer.parameter_names.values(), *layer.buffer_names.values()]
    assert len(set(names)) == len(names)


@every
def test_initialize_writes_every_parameter_and_buffer(layer, rng):
    problem = Problem(layer)
    problem.params.theta.fill(np.nan)
    problem.buffers.theta.fill(np.nan)
    layer.initialize(problem.p, INITIALIZERS.make("he"), rng)
    assert np.isfinite(problem.params.theta).all()
    assert np.isfinite(problem.buffers.theta).all()


@every
@in_both_modes
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-12), ("float32", 1e-5)])
def test_values_gradients_and_running_averages_are_those_of_pytorch(layer, training, dtype, limit, pytorch):
    problem = Problem(layer, dtype=dtype)
    peer = pytorch.module(layer).to(getattr(pytorch.torch, dtype)).train(training)
    names = {**layer.parameter_names, **layer.buffer_names}
    state = {names[letter]: pytorch.tensor(array) for letter, array in problem.p.items()}
    peer.load_state_dict(state, strict=True)  # and PyTorch fills in num_batches_tracked
    rng = np.random.default_rng(3)
    for _ in range(3):
        x = layer.example_input(rng, 6).astype(dtype)
        scratch, g = layer.scratch_for(x), problem.params.like()
        draws = np.random.default_rng(5) if training else None
        z = layer.forward(x, problem.p, None, scratch, draws)
        if training:
            give_masks(peer, layer, scratch, pytorch)
        dx = layer.backward(problem.dz, x, problem.p, g, None, scratch)
        leaf = pytorch.tensor(x, requires_grad=True)
        for parameter in peer.parameters():
            parameter.grad = None
        theirs = peer(leaf)
        theirs.backward(pytorch.tensor(problem.dz))
        pairs = [(z, theirs.detach()), (dx, 0 * leaf.detach() if leaf.grad is None else leaf.grad)]
        pairs += [(g[key], peer.get_parameter(name).grad) for key, name in layer.parameter_names.items()]
        pairs += [(problem.buffers[key], peer.get_buffer(name)) for key, name in layer.buffer_names.items()]
        for ours, tensor in pairs:
            expected = tensor.numpy()
            assert ours.shape == expected.shape
            np.testing.assert_allclose(ours, expected, rtol=limit, atol=limit * max(1, np.abs(expected).max()))


def give_masks(peer, layer, scratch, pytorch):
    """PyTorch draws other masks, so its dropout is handed ours; that ours are fair is looked at elsewhere."""
    if layer.name == "dropout":
        peer.forward = lambda x: x * pytorch.tensor(scratch.factor)
    for i, inner in enumerate(getattr(layer, "inner", ())):
        if inner.name == "dropout":
            give_masks(peer.get_submodule(str(i)), inner, scratch.scratch[i], pytorch)


# -- dense -------------------------------------------------------------------------------------------------


def dense(d_in=4, d_out=3, n=5):
    return Problem(LAYERS.make({"name": "dense", "d_in": d_in, "d_out": d_out}), n=n)


def test_dense_is_the_sum_over_features_written_out():
    problem = dense(3, 2, n=2)
    W, b = problem.p["W"], problem.p["b"]
    for i, j in np.ndindex(2, 2):
        by_hand = sum(W[j, f] * problem.x[i, f] for f in range(3)) + b[j]
        assert problem.forward(False)[i, j] == pytest.approx(by_hand, rel=1e-14)


def test_dense_biases_start_at_0_and_weights_do_not(rng):
    problem = dense()
    problem.layer.initialize(problem.p, INITIALIZERS.make("he"), rng)
    assert not problem.p["b"].any()
    assert problem.p["W"].all()


def test_dense_counts_a_product_and_a_sum_for_each_weight():
    products, sums = 4 * 3, (3 + 1) * 3  # of 4 products 3 sums, and one for the bias, an output
    assert dense(4, 3).layer.operations() == products + sums


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "3", None])
@pytest.mark.parametrize("which", ["d_in", "d_out"])
def test_dense_refuses_sizes_that_are_no_whole_number_from_1(size, which):
    with pytest.raises(SettingError, match=which):
        LAYERS["dense"](**{"d_in": 2, "d_out": 2, which: size})


# -- dropout -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.25, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    layer, n, d = LAYERS["dropout"](rate=rate, d=300), 1000, 300
    x = np.ones((n, d))
    z = layer.forward(x, {}, None, None, np.random.default_rng(0))
    assert set(np.unique(z)) <= {0, 1 / (1 - rate)}
    # four standard deviations of a share; in each row and column as well, of which there are more
    for axis, count, sigmas in ((None, n * d, 4), (0, n, 5), (1, d, 5)):
        share = (z == 0).mean(axis=axis)
        assert np.abs(share - rate).max() <= sigmas * np.sqrt(rate * (1 - rate) / count) + 1 / 65536


def test_dropped_entries_are_independent_of_their_neighbors():
    # Three entries share a random number: none of the pairs may go together.
    z = LAYERS["dropout"](rate=0.5, d=999).forward(np.ones((600, 999)), {}, None, None, np.random.default_rng(1))
    kept = (z > 0).reshape(-1) - 0.5
    for lag in (1, 2, 3, 999, kept.size // 3, 2 * kept.size // 3):
        assert abs(np.mean(kept[lag:] * kept[:-lag])) < 0.25 * 5 / np.sqrt(kept.size - lag)


def test_the_masks_of_a_seed_are_the_same_in_both_dtypes_and_others_each_time():
    layer = LAYERS["dropout"](d=20)
    rngs = [np.random.default_rng(4), np.random.default_rng(4)]
    narrow, wide = (np.ones((8, 20), dtype) for dtype in ("float32", "float64"))
    first = [layer.forward(x, {}, None, None, rng) for x, rng in zip((narrow, wide), rngs, strict=True)]
    assert np.array_equal(*first)
    assert not np.array_equal(first[0], layer.forward(narrow, {}, None, None, rngs[0]))


@pytest.mark.parametrize("rate", [1, 1.0, -0.1, float("nan"), "0.5", None])
def test_dropout_refuses_rates_outside_0_to_1(rate):
    with pytest.raises(SettingError, match="rate"):
        LAYERS["dropout"](rate=rate)


# -- normalization -----------------------------------------------------------------------------------------


def test_batch_norm_gives_mean_0_and_variance_1_and_layer_norm_likewise_for_rows(rng):
    x = rng.normal(3, 5, (400, 8))
    for name, axis in (("batch_norm", 0), ("layer_norm", 1)):
        problem = Problem(LAYERS.make({"name": name, "d": 8}))
        problem.layer.initialize(problem.p, INITIALIZERS.make("he"), rng)
        z = problem.forward(True, x=x)
        assert np.abs(z.mean(axis)).max() < 1e-12
        assert np.abs(z.var(axis) - 1).max() < 1e-4  # epsilon


def test_a_row_alone_is_normalized_as_in_prediction_and_leaves_the_running_averages(rng):
    problem = Problem(LAYERS.make("batch_norm:d=4"), n=1)
    before = problem.buffers.theta.copy()
    z = problem.layer.forward(problem.x, problem.p, None, None, rng)
    assert same_bits(z, problem.forward(False))
    assert same_bits(problem.buffers.theta, before)
    problem.layer.forward(np.vstack([problem.x] * 2), problem.p, None, None, rng)
    assert not np.array_equal(problem.buffers.theta, before)


@pytest.mark.parametrize("spec", ["batch_norm:epsilon=0", "batch_norm:momentum=0", "batch_norm:momentum=1.5",
                                  "layer_norm:epsilon=-1", "layer_norm:d=0", "prelu:initial=nan"])  # fmt: skip
def test_settings_out_of_bounds_are_refused(spec):
    with pytest.raises(SettingError):
        make(spec)


# -- embedding ---------------------------------------------------------------------------------------------


def test_embedding_is_the_row_of_its_table_and_the_other_columns_follow():
    problem = Problem(LAYERS["embedding"](d_in=3, columns=(1,), categories=(4,), widths=(2,)))
    x = np.array([[0.5, 3.0, -1.0], [0.25, 0.0, 7.0]])
    z = problem.forward(False, x=x)
    assert np.array_equal(z[:, :2], problem.p["T0"][[3, 0]])
    assert np.array_equal(z[:, 2:], x[:, [0, 2]])


@pytest.mark.parametrize("code", [-1, 4, 1.5, 1e9])
def test_a_code_without_a_row_is_refused_at_the_border(code):
    layer = LAYERS["embedding"](d_in=2, columns=(1,), categories=(4,), widths=(2,))
    layer.check(np.array([[9.5, 3.0]]))
    with pytest.raises(InputError, match=r"column 1 .* 0 to 3; row 1 has"):
        layer.check(np.array([[9.5, 3.0], [0, code]]))


@pytest.mark.parametrize("change", [{"columns": (3,)}, {"columns": ()}, {"categories": (0,)}, {"widths": (1, 2)},
                                    {"columns": (0, 0), "categories": (2, 2), "widths": (1, 1)}])  # fmt: skip
def test_tables_that_do_not_fit_are_refused(change):
    good = {"d_in": 3, "columns": (1,), "categories": (4,), "widths": (2,)}
    with pytest.raises(SettingError, match="embedding"):
        LAYERS["embedding"](**{**good, **change})


# -- residual ----------------------------------------------------------------------------------------------


def test_residual_adds_what_it_takes_to_what_its_modules_give():
    problem = Problem(make({"name": "residual", "modules": ["dense:d_in=4,d_out=4", "tanh"]}))
    W, b = problem.p["0.W"], problem.p["0.b"]
    np.testing.assert_allclose(problem.forward(False), problem.x + np.tanh(problem.x @ W.T + b), rtol=1e-14)


@pytest.mark.parametrize(
    ("modules", "error", "says"),
    [
        ([], SettingError, "modules is a list"),
        (["relu"], SettingError, "at least one layer"),
        (["dense:d_in=4,d_out=3"], ShapeError, "projection=true"),
        (["dense:d_in=4,d_out=3", "dense:d_in=2,d_out=4"], ShapeError, "Are its sizes|Make the two sizes equal"),
        (["batch_norm", "relu"], SettingError, "width"),
        (["rleu"], UnknownNameError, "relu"),
        (["residual:modules=['dense:d_in=4,d_out=4']"], SettingError, "no residual blocks"),
        (["embedding:d_in=1,columns=[0],categories=[2],widths=[1]"], SettingError, "no embeddings"),
    ],
)
def test_modules_that_make_no_block_are_refused(modules, error, says):
    with pytest.raises(error, match=says):
        make({"name": "residual", "modules": modules})


def test_a_module_that_no_file_could_hold_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Own(type(make("tanh"))):
        """A tanh that says it is one, and is another."""

    with pytest.raises(SettingError, match="register it"):
        LAYERS["residual"](("dense:d_in=4,d_out=4", Own()))


# -- all together ------------------------------------------------------------------------------------------


def test_names_for_the_command_line_are_found_on_the_shelves():
    assert "prelu" in activation_names()
    assert "relu" in activation_names()
    assert not {"dense", "dropout", "batch_norm"} & set(activation_names())
    assert normalization_names() == ("batch_norm", "layer_norm")


@every
def test_a_layer_is_made_again_from_what_describes_it(layer):
    assert isinstance(layer, Layer)
    assert LAYERS.make(LAYERS.describe(layer)) == layer
