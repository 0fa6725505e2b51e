"""The smallest change of a number in the model file that crossval finds: halved until it is not found any more."""
import collections
import json
import shutil
import subprocess

import numpy

from files import block_scale
from models import FOLDER, TOKENS, made, made_models

Block = collections.namedtuple("Block", "weights row block")

# What is changed, by which operation it shows, architecture, formats; a tensor with the index of a value (None: all of
# them), or a metadata key.
CHANGES = [
    ("an embedding's value", "token embedding", ("llama", "F32"), "token_embd.weight", (made_models.IDS[3], 100)),
    ("the norms' epsilon", "RMS norm", ("llama", "F32"), "llama.attention.layer_norm_rms_epsilon", None),
    ("a norm's weight", "product with weights", ("llama", "F32"), "blk.1.ffn_norm.weight", (100,)),
    ("a matrix, F32", "matrix product", ("llama", "F32"), "blk.1.attn_q.weight", None),
    ("a weight of it", "matrix product", ("llama", "F32"), "blk.1.attn_q.weight", (10, 20)),
    ("a matrix, F16", "matrix product", ("llama", "F16"), "blk.1.ffn_down.weight", None),
    ("a weight of it", "matrix product", ("llama", "F16"), "blk.1.ffn_down.weight", (10, 20)),
    ("a block's scale, Q8_0", "matrix product", ("llama", "Q8_0"), "blk.1.ffn_up.weight", Block("Q8_0", 10, 3)),
    ("a block's scale and minimum, Q4_K", "matrix product", ("llama", "Q4_K"), "blk.1.ffn_up.weight", Block("Q4_K", 10, 0)),
    ("a bias", "bias", ("qwen2", "Q8_0", "--extras"), "blk.1.attn_q.bias", None),
    ("the base of RoPE", "RoPE", ("llama", "Q8_0"), "llama.rope.freq_base", None),
    ("the scale of scores, Q8_0 weights", "attention", ("granite", "Q8_0"), "granite.attention.scale", None),
    ("the soft cap of scores", "attention", ("gemma2", "Q8_0"), "gemma2.attn_logit_softcapping", None),
    ("the scale of the embeddings", "scale", ("granite", "F32"), "granite.embedding_scale", None),
    ("the scale of the logits", "scale", ("granite", "F32"), "granite.logit_scale", None),
    ("a router's matrix", "matrix product", ("qwen3moe", "F32"), "blk.1.ffn_gate_inp.weight", None),
    ("the experts' matrices, F32", "experts' matrix product", ("qwen3moe", "F32"), "blk.1.ffn_up_exps.weight", None),
]
LARGEST = 1.0
SMALLEST = 2.0 ** -26


def changed(path, copy, where, at, by):
    """Whether any number of the copy is another one."""
    import gguf
    shutil.copyfile(path, copy)
    if where.startswith(("blk.", "token_embd.")):
        reader = gguf.GGUFReader(copy, "r+")
        data = next(tensor.data for tensor in reader.tensors if tensor.name == where)
        before = data.copy()
        if isinstance(at, Block):
            block_scale(at.weights, where, at.row, at.block, 1 + by)({where: data})
        else:
            part = slice(None) if at is None else at
            data[part] = (data[part].astype(numpy.float64) * (1 + by)).astype(data.dtype)
        reader.data.flush()
        return bool((data != before).any())
    value = numpy.float32(gguf.GGUFReader(copy).fields[where].contents())
    new = numpy.float32(float(value) * (1 + by))
    made_models.set_f32(copy, where, float(new))
    return new != value


def found(crossval, path, copy, kind):
    """The units of the first operation beyond its bound, or none; another kind of operation is an error."""
    done = subprocess.run([crossval, "explain", "-m", path, *TOKENS, "--candidate", f"native:model={copy}", "--reference",
                           "llama.cpp", "--format", "json"], text=True, stdout=subprocess.PIPE)
    result = json.loads(done.stdout)
    if result["reference"]["beyond"] > 0:
        raise RuntimeError(f"{path}: the reference is accused")
    first = result["candidate"]["first_beyond"]
    if first is None:
        return None
    operation = result["operations"][first]
    if operation["kind"] != kind:
        raise RuntimeError(f"{path}: {operation['tensor']}, a {operation['kind']}, not a {kind}")
    return float(operation["candidate"]["units"])


def measure(crossval):
    """(what, kind, model, the smallest relative change found, its units)"""
    for what, kind, model, where, at in CHANGES:
        path = made(crossval, *model)()
        least, units, by = None, None, LARGEST
        while by >= SMALLEST:
            copy = FOLDER / "changed.gguf"
            if not changed(path, copy, where, at, by):
                break
            here = found(crossval, path, copy, kind)
            if here is None:
                break
            least, units = by, here
            by /= 2
        yield what, kind, " ".join(model[:2]), least, units
