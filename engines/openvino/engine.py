"""OpenVINO GenAI's reader of GGUF files and OpenVINO's CPU plugin, as an engine of crossval (deps/engines.txt).

What is judged is their code: GenAI translates the file into a graph, the plain runtime computes that graph, here with
everything that it may round switched off. Of ours is finding values in the graph by its structure. GenAI takes the rows
of q and k apart into halves; they are shown in the file's order (docs/tensor-names.md).
"""
import contextlib
import os
import pathlib
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "python"))

import numpy as np
import openvino
import openvino_genai

import crossval

EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}


class OpenVino(crossval.Engine):
    name, version, kv_type = "openvino", openvino.__version__.split("-")[0], "f32"

    def __init__(self, settings):
        super().__init__(settings)
        self.threads = int(settings.get("threads", 1))
        self.n_ctx = int(settings.get("n_ctx", 2048))
        self.graph = read(settings["model"])
        self.n_vocab = self.graph.output(0).partial_shape[-1].get_length()
        self.request, self.traced, self.tensors = self.compiled(), None, []

    def about(self):
        return {"identity": {"build": f"openvino-genai {openvino_genai.__version__}", "activation_function": "silu",
                             "activations": "f32"}}

    def compiled(self):
        config = {**EXACT, "INFERENCE_NUM_THREADS": self.threads}
        return openvino.Core().compile_model(self.graph, "CPU", config).create_infer_request()

    def infer(self, request, ids, first):
        if first == 0:
            request.reset_state()
        given = {"input_ids": np.array([ids], np.int64),
                 "attention_mask": np.ones((1, first + len(ids)), np.int64),
                 "position_ids": np.arange(first, first + len(ids), dtype=np.int64)[None],
                 "beam_idx": np.zeros(1, np.int32)}
        request.infer({name: given[name] for name in (i.any_name for i in self.graph.inputs)})
        return request.get_output_tensor(0).data[0]

    def evaluate(self, ids, first):
        rows = self.infer(self.request, ids, first)
        if self.traced is not None:
            self.infer(self.traced, ids, first)  # its cache goes along
        return rows

    def trace(self, ids, first, see):
        if self.traced is None:
            if first:
                raise crossval.UsageError("the first trace has to begin at position 0")
            self.tensors = find_tensors(self.graph)
            self.graph.add_outputs([output for _, _, output, _ in self.tensors])
            self.traced = self.compiled()
        logits = self.infer(self.traced, ids, first)
        self.infer(self.request, ids, first)
        for number, (name, op, _, rows_of) in enumerate(self.tensors):
            if see.wants(name, op):
                see(name, op, rows_of(self.traced.get_output_tensor(1 + number).data[0]))
        see("result_output", "MUL_MAT", logits)


def read(path):
    """The graph that GenAI makes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        link = pathlib.Path(folder, "model.gguf")
        link.symlink_to(os.path.realpath(path))
        try:
            openvino_genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
        except Exception as problem:  # as many types as there are causes
            raise crossval.InputError(f"OpenVINO GenAI cannot read it: {type(problem).__name__}: {problem}") from None
        return openvino.Core().read_model(str(pathlib.Path(folder, "openvino_model.xml")))


def source(node, index=0):
    return node.input(index).get_source_output().get_node()


def reader(node, kind):
    """The node of this kind that reads the value, others in between or not."""
    found = [i.get_node() for i in node.output(0).get_target_inputs()]
    for candidate in found:
        if candidate.get_type_name() == kind:
            return candidate
    return reader(found[0], kind)


def above(node, kind, *through):
    """The node of this kind from which the value comes: of a Concat the second part, else the first input."""
    while node.get_type_name() != kind:
        node = source(node, 1 if node.get_type_name() == "Concat" else 0)
    return node


def heads_in_file_order(values):
    """positions × heads × width, halves of each head taken apart: neighbours as in the file."""
    half = values.shape[-1] // 2
    return np.stack([values[..., :half], values[..., half:]], -1).reshape(values.shape)


def find_tensors(graph):
    """(name, op, output, its values without the batch as rows) of a Llama of GenAI's, in order."""
    tensors = []

    def add(name, op, node, rows_of=lambda values: values):
        tensors.append((name, op, node.output(0), rows_of))

    def add_norm(name, suffix, weighed):
        plain = source(weighed)
        add(f"norm{suffix}", "RMS_NORM", plain)
        add(f"{name}{suffix}", "MUL", weighed)
        return source(plain, 1)  # what it is the norm of

    attentions = [op for op in graph.get_ordered_ops() if op.get_type_name() == "ScaledDotProductAttention"]
    for i, attention in enumerate(attentions):
        q_rope = source(attention)
        k_rope = above(source(attention, 1), "Add")
        q, k = (above(source(rotated), "MatMul") for rotated in (q_rope, k_rope))
        v = above(source(attention, 2), "MatMul")
        head_dim = q_rope.output(0).partial_shape[-1].get_length()

        def in_order(values, width=head_dim):
            return heads_in_file_order(values.reshape(len(values), -1, width))

        def rotated_in_order(values):
            return heads_in_file_order(values.transpose(1, 0, 2))

        residual = source(source(source(q)), 1)
        if i == 0:
            add("embd", "GET_ROWS", residual)
        add_norm("attn_norm", f"-{i}", source(q))
        add(f"Qcur-{i}", "MUL_MAT", q, in_order)
        add(f"Kcur-{i}", "MUL_MAT", k, in_order)
        add(f"Vcur-{i}", "MUL_MAT", v)
        add(f"Qcur-{i}", "ROPE", q_rope, rotated_in_order)
        add(f"Kcur-{i}", "ROPE", k_rope, rotated_in_order)
        out = reader(attention, "MatMul")
        add(f"kqv_out-{i}", "CONT", source(out))
        add(f"attn_out-{i}", "MUL_MAT", out)
        ffn_inp = reader(out, "Add")
        add(f"ffn_inp-{i}", "ADD", ffn_inp)
        gate_act = next_swish(ffn_inp)
        gate = source(gate_act)
        add_norm("ffn_norm", f"-{i}", source(gate))
        product = reader(gate_act, "Multiply")
        up = next(node for node in (source(product), source(product, 1)) if node.get_type_name() == "MatMul")
        add(f"ffn_gate-{i}", "MUL_MAT", gate)
        add(f"ffn_up-{i}", "MUL_MAT", up)
        add(f"ffn_swiglu-{i}", "GLU", product)
        down = reader(product, "MatMul")
        add(f"ffn_out-{i}", "MUL_MAT", down)
        add(f"l_out-{i}", "ADD", reader(down, "Add"))
    add_norm("result_norm", "", source(above(graph.output(0).get_node(), "MatMul")))
    tensors[-2] = ("norm", *tensors[-2][1:])
    return tensors


def next_swish(node):
    """The activation of the feed-forward network that reads this residual stream."""
    seen, waiting = set(), [node]
    while waiting:
        node = waiting.pop(0)
        if node.get_type_name() == "Swish":
            return node
        for target in node.output(0).get_target_inputs():
            reading = target.get_node()
            if reading.get_friendly_name() not in seen:
                seen.add(reading.get_friendly_name())
                waiting.append(reading)
    raise crossval.InputError("no activation in GenAI's graph")


if __name__ == "__main__":
    crossval.serve(OpenVino)
