"""The graph: depth, sharing, hooks, modes, versions, functions of one's own, and who keeps what alive."""

import gc
import weakref

import numpy as np
import pytest

import chainrule.autograd as torch
from chainrule.autograd.errors import AutogradError


def leaf(*values):
    return torch.tensor(values or (1.0, 2.0, 3.0), dtype=torch.float64, requires_grad=True)


# -- depth and order ------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [10_000, 100_000])
def test_a_deep_chain_goes_back_and_is_freed(depth):
    x = leaf(1.0)
    y = x
    for _ in range(depth):
        y = y * 1.0
    y.sum().backward()
    del y
    assert x.grad.tolist() == [1.0]


def test_a_deep_chain_of_views_and_in_place_changes_goes_back():
    x = leaf()
    y = x * 1
    for _ in range(2000):
        y[0] *= 1.0
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_a_diamond_goes_back_once_through_each_node():
    x, calls = leaf(2.0), []
    a = x * 3
    a.register_hook(lambda g: calls.append(g.tolist()))
    y = a * a + a
    for _ in range(20):  # 2^20 paths
        y = y + y
    y.sum().backward()
    assert calls == [[(2 * 6 + 1) * 2.0**20]]
    assert x.grad.tolist() == [3 * 13 * 2.0**20]


# -- .grad and memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "operation", ["a + b", "a - (-b)", "(a + b).reshape(3, 1)", "torch.stack([a, b])", "a.expand(2, 3) + b"]
)
def test_gradients_share_memory_with_nothing(operation, create_graph):
    a, b = leaf(), leaf()
    y = eval(operation)
    start = torch.ones_like(y)
    y.backward(start, create_graph=create_graph)
    arrays = [a.grad.detach().numpy(), b.grad.detach().numpy(), start.numpy()]
    assert not any(np.shares_memory(p, q) for i, p in enumerate(arrays) for q in arrays[:i])
    before = b.grad.tolist()
    with torch.no_grad():
        a.grad.mul_(7)
    assert b.grad.tolist() == before
    a.grad = b.grad = None  # with create_graph they hold the graph that holds them


def test_gradients_add_up_in_place():
    x = leaf()
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert first.tolist() == [5, 5, 5]


def test_the_gradient_that_a_start_gave_to_a_leaf_is_a_copy():
    x, g = leaf(), torch.ones(3, dtype=torch.float64)
    x.backward(g)
    x.grad.zero_()
    assert g.tolist() == [1, 1, 1]


def test_one_entry_is_a_view_and_writing_to_it_is_followed():
    w = leaf()
    x = w * 1
    x[1] = w[0] * 7
    x[2].mul_(5)
    x.sum().backward()
    assert x.tolist() == [1, 7, 15]
    assert w.grad.tolist() == [8, 0, 5]


def test_a_repetition_has_memory_of_its_own():
    x = torch.ones(3)
    x.repeat(2, 1).zero_()
    x.repeat(1, 1).zero_()
    assert x.tolist() == [1, 1, 1]


def test_other_views_of_a_changed_base_follow():
    w = leaf()
    x = w * 1
    v = x.reshape(3, 1)
    x.mul_(w)
    (v * 2).sum().backward()
    assert v.flatten().tolist() == [1, 4, 9]
    assert w.grad.tolist() == [4, 8, 12]


def test_a_tensor_multiplied_in_place_by_one_that_requires_grad_joins_the_graph():
    total, w = torch.ones(3, dtype=torch.float64), leaf()
    total *= w
    total *= w
    total.sum().backward()
    assert w.grad.tolist() == [2, 4, 6]


# -- hooks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_leaf", [True, False])
def test_hooks_run_in_order_replace_and_can_be_removed(on_leaf):
    x, order = leaf(1.0), []
    y = x * 1
    target = x if on_leaf else y
    target.register_hook(lambda g: order.append(("first", g.item())) or g * 2)
    handle = target.register_hook(lambda g: order.append(("second", g.item())))
    removed = target.register_hook(lambda g: g * 1000)
    removed.remove()
    y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    assert order == [("first", 1.0), ("second", 2.0), ("first", 1.0)]
    assert x.grad.item() == 4


def test_what_a_hook_keeps_does_not_change_later():
    x, kept = leaf(), []
    x.register_hook(kept.append)
    for _ in range(2):
        (x * 2).sum().backward()
    assert [g.tolist() for g in kept] == [[2, 2, 2]] * 2


@pytest.mark.parametrize("answer", [lambda g: g.float(), lambda g: g[:2], lambda g: 3])
def test_a_hook_must_return_a_gradient_like_the_one_it_got(answer):
    x = leaf()
    x.register_hook(answer)
    with pytest.raises(AutogradError, match="a hook returned"):
        (x * 2).sum().backward()


def test_retain_grad_keeps_the_gradient_of_the_newest_value():
    x = leaf()
    y = x * 1
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    assert y.grad.tolist() == [1, 1, 1]
    assert x.grad.tolist() == [3, 3, 3]


# -- going back -----------------------------------------------------------------------------------------


def test_a_graph_used_twice_says_what_to_do():
    x = leaf()
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"second time.*retain_graph=True"):
        y.backward()


def test_a_retained_graph_goes_back_again():
    x = leaf()
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4, 8, 12]


def test_third_derivatives_and_a_hessian_vector_product():
    x = leaf()
    (first,) = torch.autograd.grad((x**4).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(
        (first * torch.tensor([1.0, 0.0, 2.0], dtype=torch.float64)).sum(), x, create_graph=True
    )
    (third,) = torch.autograd.grad(second.sum(), x)
    assert first.tolist() == [4, 32, 108]
    assert second.tolist() == [12, 0, 216]
    assert third.tolist() == [24, 0, 144]


def test_inputs_limit_which_leaves_get_a_gradient():
    a, b = leaf(), leaf()
    c = a * b
    (c * 2).sum().backward(inputs=[a, c])
    assert a.grad.tolist() == [2, 4, 6]
    c.retain_grad()  # or .grad of a tensor that is no leaf warns
    assert c.grad.tolist() == [2, 2, 2]
    assert b.grad is None


@pytest.mark.parametrize("inputs", [[], [torch.ones(2)]])
def test_inputs_that_cannot_get_a_gradient_are_refused(inputs):
    with pytest.raises(RuntimeError, match="inputs"):
        leaf().sum().backward(inputs=inputs)


def test_unused_inputs_are_an_error_none_or_zeros():
    a, b = leaf(), leaf()
    with pytest.raises(RuntimeError, match="allow_unused=True"):
        torch.autograd.grad(a.sum(), [a, b])
    assert torch.autograd.grad(a.sum(), [a, b], allow_unused=True)[1] is None
    assert torch.autograd.grad(a.sum(), [a, b], materialize_grads=True)[1].tolist() == [0, 0, 0]
    assert a.grad is None


def test_only_scalars_go_back_without_a_gradient():
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        (leaf() * 2).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.ones(()).backward()


# -- modes ----------------------------------------------------------------------------------------------


def test_modes_nest_decorate_and_end_with_exceptions():
    @torch.no_grad()
    def off(depth):
        assert not torch.is_grad_enabled()
        return off(depth - 1) if depth else (leaf() * 2).requires_grad

    @torch.enable_grad
    def on():
        return (leaf() * 2).requires_grad

    assert off(3) is False
    with torch.no_grad():
        assert on()
        with torch.enable_grad(), torch.set_grad_enabled(False):
            assert not torch.is_grad_enabled()
        assert not torch.is_grad_enabled()
        with pytest.raises(ZeroDivisionError), torch.enable_grad():
            raise ZeroDivisionError
        assert not torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    with torch.inference_mode(), torch.inference_mode(True):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_a_generator_is_without_grad_only_while_it_runs():
    @torch.no_grad()
    def steps():
        got = yield torch.is_grad_enabled()
        yield (got, torch.is_grad_enabled())

    running = steps()
    assert next(running) is False
    assert torch.is_grad_enabled()
    assert running.send("sent") == ("sent", False)


def test_detach_and_data_share_memory_and_not_the_graph():
    x = leaf()
    for other in (x.detach(), x.data):
        assert not other.requires_grad
        assert other.data_ptr() == x.data_ptr()
    assert x.requires_grad_(False) is x
    assert not x.requires_grad
    with pytest.raises(RuntimeError, match="only leaves"):
        (leaf() * 2).requires_grad_(False)


# -- values changed in place ----------------------------------------------------------------------------

CHANGES = {
    "add_": lambda y: y.add_(1),
    "+=": lambda y: y.__iadd__(1),
    "setitem": lambda y: y.__setitem__(0, 5.0),
    "mask": lambda y: y.__setitem__(y > 0, 5.0),
    "a view's": lambda y: y[1:].mul_(2),
    "an entry's": lambda y: y[0].zero_(),
    "detach().add_": lambda y: y.detach().add_(1),
    "copy_": lambda y: y.copy_(torch.ones(3)),
    "fill_": lambda y: y.fill_(3),
    "under no_grad": lambda y: torch.no_grad(y.add_)(1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "formula", ["y * y", "y.exp().exp()", "y ** 3", "torch.where(y > 0, y, -y) * y", "y.sqrt() / y"]
)
def test_a_value_that_backward_needs_may_not_change(change, formula):
    x = leaf()
    y = x * 1
    z = eval(formula)
    CHANGES[change](y)
    if "exp" in formula:  # reads its result, not y
        z.sum().backward()
    else:
        with pytest.raises(RuntimeError, match="changed in place"):
            z.sum().backward()


@pytest.mark.parametrize(
    "formula", ["y + 1", "y - y", "y.sum(0)", "2 * y", "y.reshape(3, 1)", "torch.cat([y, y])", "y / 2"]
)
def test_a_value_that_backward_does_not_need_may_change(formula):
    x = leaf()
    y = x * 1
    z = eval(formula)
    y.detach().add_(1)
    z.sum().backward()


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "sqrt", "reciprocal", "softmax"])
def test_a_result_that_backward_needs_may_not_change(name):
    y = getattr(leaf(), name)(*([0] if name == "softmax" else []))
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed in place: its result"):
        y.sum().backward()


def test_results_of_in_place_operations_are_watched_too():
    y = (leaf() * 1).exp_()
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed in place: its result"):
        y.sum().backward()


@pytest.mark.parametrize("formula", ["a / b", "a + b", "a * b", "a - b", "a ** 2"])
def test_results_that_backward_does_not_need_may_change(formula):
    z = eval(formula, {"a": leaf(), "b": leaf()})
    z += 1
    z.sum().backward()


def test_a_step_of_an_optimizer_is_noticed():
    x = leaf()
    y = (x * x).sum()
    y.backward(retain_graph=True)
    torch.optim.SGD([x], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_new_data_are_noticed():
    x = leaf()
    y = (x * x).sum()
    x.data = torch.zeros(3, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize("part", [lambda x: x, lambda x: x[:2], lambda x: x[0], lambda x: x.reshape(3, 1)[:0]])
def test_leaves_and_their_views_are_not_changed_while_recorded(part):
    with pytest.raises(RuntimeError, match="leaf that requires grad"):
        part(leaf()).add_(1)


# -- functions of one's own -----------------------------------------------------------------------------


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Scaled(torch.autograd.Function):
    """Two outputs, an input that is no tensor, the newer form with setup_context."""

    @staticmethod
    def forward(x, factor):
        return x * factor, x.detach()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx, g, h):
        return g * ctx.factor + h, None


class Passed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g


def test_a_saved_output_has_second_and_third_derivatives():
    x = leaf()
    y = Exp.apply(x)
    for _ in range(3):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(y.detach().numpy(), np.exp([1, 2, 3]))


def test_an_output_counts_both_by_itself_and_as_saved():
    x = leaf()
    y = Exp.apply(x)
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (y + 2 * first).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * np.exp([1, 2, 3]))


def test_a_saved_output_that_was_changed_is_refused():
    y = Exp.apply(leaf())
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_freed_saved_tensors_say_so():
    y = Exp.apply(leaf()).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


@pytest.mark.parametrize(("used", "expected"), [((0,), 5), ((1,), 1), ((0, 1), 6)])
def test_outputs_that_are_not_used_count_as_zeros(used, expected):
    x = leaf()
    outputs = Scaled.apply(x, 5)
    sum(outputs[i].sum() for i in used).backward()
    assert x.grad.tolist() == [expected] * 3


def test_gradients_that_a_function_hands_on_are_not_shared():
    a, b = leaf(), leaf()
    (Passed.apply(a) + Passed.apply(b)).backward(torch.ones(3, dtype=torch.float64))
    a.grad.mul_(5)
    assert b.grad.tolist() == [1, 1, 1]


def test_an_error_in_backward_leaves_nothing_behind():
    x, fail = leaf(), [True]

    class Once(Passed):
        @staticmethod
        def backward(ctx, g):
            if fail:
                fail.clear()
                raise ZeroDivisionError
            return g

    y = Once.apply(x).sum()
    with pytest.raises(ZeroDivisionError):
        y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda g: (g, g), "2 gradients for 1"),
        (lambda g: g[:1], "its input's shape"),
        (lambda g: 3.0, "came float"),
    ],
)
def test_wrong_gradients_of_a_function_are_refused(answer, message):
    class Wrong(Passed):
        @staticmethod
        def backward(ctx, g):
            return answer(g)

    with pytest.raises(AutogradError, match=message):
        Wrong.apply(leaf()).sum().backward()


def test_none_is_no_gradient_and_a_forward_returns_tensors():
    class Stop(Passed):
        @staticmethod
        def backward(ctx, g):
            return None

    x = leaf()
    Stop.apply(x).sum().backward()
    assert x.grad is None

    class Number(Passed):
        @staticmethod
        def forward(ctx, x):
            return 3.0

    with pytest.raises(TypeError, match="what forward returns"):
        Number.apply(x)


# -- memory ---------------------------------------------------------------------------------------------

BUILDS = {
    "arithmetic": lambda x: (x * x).exp().sum(),
    "views": lambda x: (x * 2)[0].reshape(1, 1).sum(),
    "in place": lambda x: (x * 2).mul_(x).exp_().sum(),
    "a view in place": lambda x: _changed_by_a_view(x),
    "a function": lambda x: Exp.apply(x).sum(),
    "second derivatives": lambda x: torch.autograd.grad(
        Exp.apply(x).sum() + (x.tanh() * x).sum(), x, create_graph=True
    )[0].sum(),
    "batch norm and softmax": lambda x: torch.nn.functional.softmax(torch.nn.functional.layer_norm(x, (3,)), 0)[0],
}


def _changed_by_a_view(x):
    y = x * 2
    y[1:].mul_(x[1:])
    return y.sum()


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("goes_back", [True, False])
def test_a_graph_is_freed_by_reference_counts_alone(build, goes_back):
    x = leaf()
    gc.collect()
    gc.disable()
    try:
        y = BUILDS[build](x)
        dead = weakref.ref(y.grad_fn)
        edges = [weakref.ref(edge) for edge in y.grad_fn.edges if edge is not None and edge is not x]
        if goes_back:
            y.backward()
        del y
        assert dead() is None
        assert all(edge() is None for edge in edges)
    finally:
        gc.enable()
