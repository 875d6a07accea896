from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.bench.peers.base import PEERS, Answered, Peer
from chainrule.bench.tasks import Data, Inference


@PEERS.register("onnx_runtime")
@dataclass(frozen=True)
class OnnxRuntime(Peer):
    """ONNX Runtime on the same network as Gemm, Relu and ArgMax; NumPy arrays in and out."""

    threads: int = 1

    title = "ONNX Runtime"
    short = "ONNX"
    library = "onnxruntime"
    host = "onnx_runtime"
    kinds = (Inference,)
    variants = ({"threads": 1}, {"threads": 2})

    def missing(self) -> str | None:
        try:
            importlib.import_module("onnx")
        except ImportError:
            return "onnx is not installed"
        return super().missing()

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        session = onnxruntime.InferenceSession(
            _model(data).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        questions = task.questions(data.X)

        def run() -> Answered:
            start = time.perf_counter()
            answers = [session.run(None, {"x": x})[0] for x in questions]
            return Answered(time.perf_counter() - start, np.concatenate(answers))

        return run


def _model(data: Data) -> Any:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, stored, now = [], [], "x"
    for i, (W, b) in enumerate(data.layers):
        stored += [numpy_helper.from_array(W.copy(), f"W{i}"), numpy_helper.from_array(b.copy(), f"b{i}")]
        nodes.append(helper.make_node("Gemm", [now, f"W{i}", f"b{i}"], [f"z{i}"], transB=1))
        now = f"z{i}"
        if i < len(data.layers) - 1:
            nodes.append(helper.make_node("Relu", [now], [f"a{i}"]))
            now = f"a{i}"
    nodes.append(helper.make_node("ArgMax", [now], ["classes"], axis=1, keepdims=0))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", data.layers[0][0].shape[1]])],
        [helper.make_tensor_value_info("classes", TensorProto.INT64, ["n"])],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model
