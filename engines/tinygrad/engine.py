"""tinygrad's own language models on a GGUF file, as an engine of crossval: tinygrad==0.13.0 (deps/engines.txt).

What is judged is their code: reader of the file, decoders of blocks, model, and the kernels that it writes in C and
compiles with clang while it runs. Of ours are the taps that show what passes between its modules. GGUF files of Llama are
taken apart into halves by it; queries and keys are shown in the file's order (docs/tensor-names.md).
"""
import os
import pathlib
import shutil
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "python"))

# Read by tinygrad when it is imported: weights as floats and not rounded to F16, one thread, which compiler.
os.environ.update({"DEV": "CPU", "HALF": "0", "CPU_COUNT": "1"})
os.environ.setdefault("CC", next(filter(shutil.which, ("clang", "clang-19")), "clang"))

import importlib.metadata

import numpy as np
from tinygrad import Tensor, UOp
from tinygrad.llm import model as llm

import crossval


# What passes a block's modules, in docs/tensor-names.md's words: the module, what enters it, what leaves it.
BEFORE = "what the block before gives"
BLOCK = [("attn_norm", BEFORE, "attn_norm MUL"),
         ("attn_q", None, "Qcur MUL_MAT"),
         ("attn_k", None, "Kcur MUL_MAT"),
         ("attn_v", None, "Vcur MUL_MAT"),
         ("attn_output", "kqv_out CONT", "attn_out MUL_MAT"),
         ("ffn_norm", "ffn_inp ADD", "ffn_norm MUL"),
         ("ffn_gate", None, "ffn_gate MUL_MAT"),
         ("ffn_up", None, "ffn_up MUL_MAT"),
         ("ffn_down", "ffn_swiglu GLU", "ffn_out MUL_MAT")]
ROTATED = ["Qcur ROPE", "Kcur ROPE"]  # one function, called for each in each block
NORM = "norm RMS_NORM"  # of each norm, before its weight


class Tap:
    """In the place of a module or function, which it calls; `show` sees what goes in and what comes out."""

    def __init__(self, inner, show):
        self.inner, self.show = inner, show

    def __call__(self, x, *more):
        made = self.inner(x, *more)
        self.show(x, made)
        return made


class TinyGrad(crossval.Engine):
    name, version, kv_type, threads = "tinygrad", importlib.metadata.version("tinygrad"), "f32", 1

    def __init__(self, settings):
        super().__init__(settings)
        if not shutil.which(os.environ["CC"]):
            raise crossval.EngineError(f"tinygrad compiles its kernels with clang, and there is no {os.environ['CC']}: install "
                                       "clang-19, or name another in CC")
        wanted = int(settings.get("n_ctx", 2048))
        try:
            self.model, keys = llm.Transformer.from_gguf(pathlib.Path(settings["model"]), wanted, realize=True)
        except (KeyError, ValueError, RuntimeError, AssertionError) as problem:
            raise crossval.InputError(f"tinygrad cannot read it: {type(problem).__name__}: {problem}") from None
        self.pairs = keys["general.architecture"] == "llama"  # whose rows it takes apart
        self.n_vocab, self.n_ctx = self.model.output.weight.shape[0], self.model.max_context
        self.position = UOp.variable("position", 0, self.n_ctx - 1)

    def about(self):
        return {"identity": {"build": f"CPU, {os.environ['CC']}", "activation_function": "silu", "activations": "f32"}}

    def forward(self, ids, first, block_of):
        """Logits. Of later chunks the first position is a variable, so that the kernels of one step are those of all."""
        start = self.position.bind(first) if first else 0
        x = self.model.token_embd(Tensor(ids[None].astype(np.int32))).float()
        for block in self.model.blk:
            x = block_of(block, x, start)
        return self.model.output(self.model.output_norm(x)).float()

    def evaluate(self, ids, first):
        return self.forward(ids, first, lambda block, x, start: block(x, start)).numpy()[0]

    def trace(self, ids, first, see):
        """The blocks' parts, called as a block calls them: the whole is one function of tinygrad's, without an inside."""
        def block_of(block, x, start):
            block._init_state(x)
            h = x + block._attention(block.attn_norm(x), start)
            out = (h + block._feed_forward(block.ffn_norm(h))).contiguous()
            taps.compute(out, see)
            return out

        with Taps(self.model, self.pairs) as taps:
            logits = self.forward(ids, first, block_of)
            taps.compute(logits, see)
        see("result_output", "MUL_MAT", logits.numpy()[0])


def named(tensor, layer):
    """Name and operation of a tensor of the table, of this layer (None: of none)."""
    name, op = tensor.split()
    return name if layer is None else f"{name}-{layer}", op


class Taps:
    """Between the modules of a model while a trace lasts; `seen` has what passed and is not computed yet."""

    def __init__(self, model, pairs):
        self.model, self.pairs, self.seen, self.taken = model, pairs, [], []

    def compute(self, last, see):
        """Everything up to `last` in one go, and shows it."""
        passed = [(name, op, values.contiguous()) for name, op, values in self.seen]
        self.seen.clear()
        Tensor.realize(last, *(values for _, _, values in passed))
        for name, op, values in passed:
            see(name, op, values.numpy()[0])

    def tap(self, parent, name, show):
        self.taken.append((parent, name, getattr(parent, name)))
        setattr(parent, name, Tap(getattr(parent, name), show))

    def show(self, tensor, layer, values):
        self.seen.append((*named(tensor, layer), values))

    def norm(self, parent, attribute, layer, before, weighed):
        """A norm: of what it is the norm (tensor, layer), its value before its weight and with it."""
        def whole(x, made):
            self.seen.insert(len(self.seen) - 1, (*named(*before), x))
            self.show(weighed, layer, made)
        self.tap(getattr(parent, attribute), "_norm", lambda _, made: self.show(NORM, layer, made))
        self.tap(parent, attribute, whole)

    def in_file_order(self, tensor, values, heads):
        """batch × positions × row; of queries and keys of a Llama the halves of each head are put together again."""
        if not self.pairs or tensor.split()[0] not in ("Qcur", "Kcur"):
            return values
        batch, count = values.shape[:2]
        return values.reshape(batch, count, heads, 2, -1).transpose(3, 4).reshape(batch, count, -1)

    def __enter__(self):
        before = ("embd GET_ROWS", None)
        for i, block in enumerate(self.model.blk):
            self.tap_block(i, block, before)
            before = ("l_out ADD", i)
        self.norm(self.model, "output_norm", None, before, "result_norm MUL")
        self.tap_rope()
        return self

    def tap_block(self, i, block, before):
        heads = {"Qcur": block.config.n_heads, "Kcur": block.config.n_kv_heads}

        def between(enters, leaves):
            def show(x, made):
                if enters:
                    self.show(enters, i, x)
                self.show(leaves, i, self.in_file_order(leaves, made, heads.get(leaves.split()[0])))
            return show

        for module, enters, leaves in BLOCK:
            if module.endswith("_norm"):
                self.norm(block, module, i, before if enters is BEFORE else (enters, i), leaves)
            else:
                self.tap(block, module, between(enters, leaves))

    def tap_rope(self):
        """The function that all blocks call, for queries and for keys."""
        rotated = iter([(tensor, i) for i in range(len(self.model.blk)) for tensor in ROTATED])

        def show(_, made):  # batch × heads × positions × width
            tensor, layer = next(rotated)
            self.show(tensor, layer, self.in_file_order(tensor, made.transpose(1, 2).flatten(2), made.shape[1]))
        self.tap(llm, "apply_rope", show)

    def __exit__(self, *_):
        for parent, name, inner in reversed(self.taken):
            setattr(parent, name, inner)


if __name__ == "__main__":
    crossval.serve(TinyGrad)
