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

    def output(self, name, op="MUL_MAT", form=lambda values: values):
        return lambda _, made: self.seen.append((name, op, form(made)))

    def input(self, name, op):
        return lambda x, _: self.seen.append((name, op, x))

    @staticmethod
    def both(*shows):
        return lambda x, made: [show(x, made) for show in shows]

    def norm(self, parent, attribute, before, plain, weighed):
        """A norm, of what it is the norm, its value before its weight and with it."""
        module = getattr(parent, attribute)
        self.tap(module, "_norm", self.output(plain, "RMS_NORM"))

        def show(x, made):
            self.seen.insert(len(self.seen) - 1, (*before, x))
            self.seen.append((weighed, "MUL", made))
        self.tap(parent, attribute, show)

    def halves_in_file_order(self, heads):
        def form(values):
            if not self.pairs:
                return values
            batch, count = values.shape[:2]
            return values.reshape(batch, count, heads, 2, -1).transpose(3, 4).reshape(batch, count, -1)
        return form

    def __enter__(self):
        for i, block in enumerate(self.model.blk):
            self.tap_block(i, block, ("embd", "GET_ROWS") if i == 0 else (f"l_out-{i - 1}", "ADD"))
        self.norm(self.model, "output_norm", (f"l_out-{len(self.model.blk) - 1}", "ADD"), "norm", "result_norm")
        self.tap_rope()
        return self

    def tap_block(self, i, block, before):
        heads, kv_heads = block.config.n_heads, block.config.n_kv_heads
        self.norm(block, "attn_norm", before, f"norm-{i}", f"attn_norm-{i}")
        self.norm(block, "ffn_norm", (f"ffn_inp-{i}", "ADD"), f"norm-{i}", f"ffn_norm-{i}")
        self.tap(block, "attn_q", self.output(f"Qcur-{i}", form=self.halves_in_file_order(heads)))
        self.tap(block, "attn_k", self.output(f"Kcur-{i}", form=self.halves_in_file_order(kv_heads)))
        self.tap(block, "attn_v", self.output(f"Vcur-{i}"))
        for name, enters, op, leaves in (("attn_output", "kqv_out", "CONT", "attn_out"),
                                         ("ffn_down", "ffn_swiglu", "GLU", "ffn_out")):
            self.tap(block, name, self.both(self.input(f"{enters}-{i}", op), self.output(f"{leaves}-{i}")))
        for name in ("ffn_gate", "ffn_up"):
            self.tap(block, name, self.output(f"{name}-{i}"))

    def tap_rope(self):
        """The function that all blocks call, for queries and for keys."""
        rotated = iter([f"{name}-{i}" for i in range(len(self.model.blk)) for name in ("Qcur", "Kcur")])

        def show(_, made):  # batch × heads × positions × width
            heads = made.shape[1]
            self.seen.append((next(rotated), "ROPE", self.halves_in_file_order(heads)(made.transpose(1, 2).flatten(2))))
        self.tap(llm, "apply_rope", show)

    def __exit__(self, *_):
        for parent, name, inner in reversed(self.taken):
            setattr(parent, name, inner)


if __name__ == "__main__":
    crossval.serve(TinyGrad)
