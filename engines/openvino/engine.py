"""OpenVINO GenAI's reader of GGUF files and OpenVINO's CPU plugin, as an engine of crossval (deps/engines.txt).

What is judged is their code: GenAI translates the file into a graph, the plain runtime computes that graph, here with
everything that it may round switched off. Of ours is the table of where values stand in the graph. GenAI takes the rows
of q and k apart into halves; they are shown in the file's order (docs/tensor-names.md).
"""
import functools
import os
import pathlib
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "python"))

import numpy as np
import openvino
import openvino_genai

import crossval

# Where the values of a layer stand in GenAI's graph of a Llama: a value in docs/tensor-names.md's words (or one that is not
# shown), the one from which the way to it begins, the way. "in 1": the second input; "in MatMul": the input that is one;
# "up to MatMul": the first that it is made from; "down to MatMul": the first that reads it.
LAYER = {
    "norm RMS_NORM": ("attn_norm MUL", "in 0"),
    "attn_norm MUL": ("Qcur MUL_MAT", "in 0"),
    "Qcur MUL_MAT": ("Qcur ROPE", "up to MatMul"),
    "Kcur MUL_MAT": ("Kcur ROPE", "up to MatMul"),
    "Vcur MUL_MAT": ("attention", "in 2", "up to MatMul"),
    "Qcur ROPE": ("attention", "in 0"),
    "Kcur ROPE": ("attention", "in 1", "up to Add"),
    "kqv_out CONT": ("attn_out MUL_MAT", "in 0"),
    "attn_out MUL_MAT": ("attention", "down to MatMul"),
    "ffn_inp ADD": ("attn_out MUL_MAT", "down to Add"),
    "norm RMS_NORM of ffn_norm": ("ffn_norm MUL", "in 0"),
    "ffn_norm MUL": ("ffn_gate MUL_MAT", "in 0"),
    "ffn_gate MUL_MAT": ("activation", "in 0"),
    "activation": ("ffn_inp ADD", "down to Swish"),
    "ffn_up MUL_MAT": ("ffn_swiglu GLU", "in MatMul"),
    "ffn_swiglu GLU": ("activation", "down to Multiply"),
    "ffn_out MUL_MAT": ("ffn_swiglu GLU", "down to MatMul"),
    "l_out ADD": ("ffn_out MUL_MAT", "down to Add"),
}
BEFORE = {"embd GET_ROWS": ("norm RMS_NORM", "in 1")}  # the first layer's norm
AFTER = {"norm RMS_NORM": ("result_norm MUL", "in 0"), "result_norm MUL": ("logits", "up to MatMul", "in 0")}

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


def above(node, kind):
    """The node of this kind from which the value comes: of a Concat the second part, else the first input."""
    while node.get_type_name() != kind:
        node = source(node, 1 if node.get_type_name() == "Concat" else 0)
    return node


def below(node, kind):
    """The nearest node of this kind that reads the value."""
    seen, waiting = set(), [node]
    while waiting:
        for target in waiting.pop(0).output(0).get_target_inputs():
            reading = target.get_node()
            if reading.get_type_name() == kind:
                return reading
            if reading.get_friendly_name() not in seen:
                seen.add(reading.get_friendly_name())
                waiting.append(reading)
    raise crossval.InputError(f"no {kind} where a Llama of GenAI's has one")


def step(node, words):
    where, _, what = words.rpartition(" ")
    if where == "up to":
        return above(node, what)
    if where == "down to":
        return below(node, what)
    if what.isdigit():
        return source(node, int(what))
    return next(given for given in (source(node), source(node, 1)) if given.get_type_name() == what)


def find(value, table, known):
    """The value's node; `known` has those that are found already."""
    if value not in known:
        origin, *way = table[value]
        known[value] = functools.reduce(step, way, find(origin, table, known))
    return known[value]


def heads_in_file_order(values):
    """positions × heads × width, halves of each head taken apart: neighbours as in the file."""
    half = values.shape[-1] // 2
    return np.stack([values[..., :half], values[..., half:]], -1).reshape(values.shape)


def form_of(value, head_dim):
    """From what a node gives, without the batch, to the value's rows."""
    if value in ("Qcur MUL_MAT", "Kcur MUL_MAT"):
        return lambda values: heads_in_file_order(values.reshape(len(values), -1, head_dim))
    if value in ("Qcur ROPE", "Kcur ROPE"):
        return lambda values: heads_in_file_order(values.transpose(1, 0, 2))
    return lambda values: values


def find_tensors(graph):
    """(name, op, output, its values without the batch as rows) of a Llama of GenAI's, in order."""
    tensors = []

    def add(values, table, known, suffix, head_dim=None):
        for value in values:
            if " " in value:  # shown
                name, op, *_ = value.split()
                tensors.append((name + suffix, op, find(value, table, known).output(0), form_of(value, head_dim)))

    attentions = [op for op in graph.get_ordered_ops() if op.get_type_name() == "ScaledDotProductAttention"]
    for i, attention in enumerate(attentions):
        known = {"attention": attention}
        if i == 0:
            add(BEFORE, {**LAYER, **BEFORE}, known, "")
        add(LAYER, LAYER, known, f"-{i}", source(attention).output(0).partial_shape[-1].get_length())
    add(AFTER, AFTER, {"logits": graph.output(0).get_node()}, "")
    return tensors


if __name__ == "__main__":
    crossval.serve(OpenVino)
