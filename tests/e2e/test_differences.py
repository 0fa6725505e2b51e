"""What two model files differ in, and how: pairs made with the gguf package, one change apart."""
import re

import gguf
import numpy as np
import pytest

from conftest import ROOT
from test_inspect import LAYERS, WIDTH, Model

F32, F16, Q8_0 = (gguf.GGMLQuantizationType[name] for name in ("F32", "F16", "Q8_0"))
HEAD = 16  # of 4 query and 2 key/value heads


class Pair(Model):
    """A small llama with weights of any type, and keys of its own."""

    def __init__(self, kind=F32):
        super().__init__()
        self.kind, self.keys, self.kinds = kind, [], {}

    def write(self, path):
        w = gguf.GGUFWriter(path, self.architecture)
        for add, value in ((w.add_block_count, LAYERS), (w.add_context_length, 128), (w.add_embedding_length, WIDTH),
                           (w.add_feed_forward_length, 96), (w.add_head_count, 4), (w.add_head_count_kv, 2),
                           (w.add_layer_norm_rms_eps, 1e-5)):
            add(value)
        w.add_tokenizer_model("none")
        for key, value in self.keys:
            (w.add_float32 if isinstance(value, float) else w.add_string if isinstance(value, str) else w.add_uint32)(
                key, value)
        for name, values in self.tensors.items():
            kind = F32 if values.ndim == 1 else self.kinds.get(name, self.kind)
            data = np.ascontiguousarray(values.astype(np.float32))
            if kind != F32:
                data = gguf.quants.quantize(data, kind)
            w.add_tensor(name, data, raw_dtype=kind)
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()
        return path


def compare(crossval, tmp_path, change, kind=F32):
    """What inspect says of two models, the second one changed."""
    a, b = Pair(kind), Pair(kind)
    change(b)
    run = crossval("inspect", a.write(tmp_path / "a.gguf"), b.write(tmp_path / "b.gguf"), "--format", "json")
    assert run.code == 1, run.err
    return run.json


def halves(rows, head=HEAD):
    """Rows of each head, pairs as halves: 0, 2, 4, …, then 1, 3, 5, …"""
    return np.concatenate([rows[at:at + head][list(range(0, head, 2)) + list(range(1, head, 2))]
                           for at in range(0, len(rows), head)])


def exchange(tensors, x, y):
    tensors[x], tensors[y] = tensors[y], tensors[x]


Q, K, V, O, UP = (f"blk.1.{name}.weight" for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_up"))
NORM = "blk.2.ffn_norm.weight"


def edit(name, change):
    def apply(m):
        m.tensors[name] = change(m.tensors[name].copy())
    return apply


def set_at(place, by):
    def apply(values):
        values[place] += by
        return values
    return apply


def rename(m):
    m.tensors = {("blk.1.other.weight" if name == UP else name): values for name, values in m.tensors.items()}


def copied(m):
    m.tensors[UP] = m.tensors["blk.3.ffn_up.weight"]


# The change, the tensors that differ with it, what it is called, words of its detail.
CHANGES = {
    "pairs as halves": (edit(K, halves), [K], "rope-order", "2 heads of 16 lie as pairs in the first file"),
    "halves as pairs": (edit(Q, lambda w: w.reshape(4, 2, 8, WIDTH).swapaxes(1, 2).reshape(64, WIDTH)), [Q], "rope-order",
                        "4 heads of 16 lie as pairs in the second file"),
    "one head": (edit(Q, lambda w: np.concatenate([w[:16], halves(w[16:32]), w[32:]])), [Q], "rope-order", "1 head of 16"),
    "rows shifted": (edit(UP, lambda w: np.concatenate([w[3:], w[:3] * 7 + 1])), [UP], "row-shift",
                     "row 0 of the second file is row 3 of the first file, and so on: 93 of 96 rows"),
    "rows shifted round": (edit(UP, lambda w: np.roll(w, 1, axis=0)), [UP], "row-shift", "row 95 of the first file"),
    "halves exchanged": (edit(UP, lambda w: np.roll(w, 48, axis=0)), [UP], "row-shift", "two halves of 48 rows"),
    "rows in another order": (edit(UP, lambda w: w[np.random.default_rng(1).permutation(96)]), [UP], "row-order", ""),
    "two rows": (edit(UP, lambda w: w[[0, 2, 1, *range(3, 96)]]), [UP], "row-order", "2 of 96 elsewhere"),
    "heads in another order": (edit(V, lambda w: np.roll(w.reshape(2, 16, WIDTH), 1, axis=0).reshape(32, WIDTH)), [V],
                               "row-shift", "two halves of 16 rows"),
    "query heads": (edit(Q, lambda w: w.reshape(4, 16, WIDTH)[[2, 0, 1, 3]].reshape(64, WIDTH)), [Q], "row-order",
                    "by whole heads of 16"),
    "a norm's order": (edit(NORM, lambda w: w[::-1]), [NORM], "row-order", "another order"),
    "transposed": (edit(O, np.transpose), [O], "transposed", "columns"),
    "transposed, other shape": (edit(UP, np.transpose), [UP], "transposed", "columns"),
    "reshaped": (edit(UP, lambda w: w.reshape(WIDTH, 96)), [UP], "reshaped", "same bytes"),
    "another shape": (edit(UP, lambda w: w[:64]), [UP], "shape", ""),
    "two layers": (lambda m: exchange(m.tensors, UP, "blk.3.ffn_up.weight"), [UP, "blk.3.ffn_up.weight"], "exchanged",
                   "exchanged with blk."),
    "gate and up": (lambda m: exchange(m.tensors, UP, "blk.1.ffn_gate.weight"), [UP, "blk.1.ffn_gate.weight"],
                    "exchanged", "exchanged with blk.1.ffn_"),
    "a layer copied": (copied, [UP], "moved", "the second file's is the first file's blk.3.ffn_up.weight"),
    "renamed": (rename, [UP, "blk.1.other.weight"], "renamed", "file has it as blk.1."),
    "a factor": (edit(UP, lambda w: 1.5 * w), [UP], "factor", "1.5 times"),
    "a small factor": (edit(NORM, lambda w: 1.01 * w), [NORM], "factor", "1.01 times"),
    "the other sign": (edit(UP, lambda w: -w), [UP], "sign", "6,144 of 6,144 values"),
    "the other sign of some": (edit(UP, lambda w: np.where(np.arange(96)[:, None] % 3 == 0, -w, w)), [UP], "sign",
                               "2,048 of 6,144 values"),
    "a norm and 1": (edit(NORM, lambda w: w + 1), [NORM], "shift", "1 larger"),
    "a norm less 1": (edit(NORM, lambda w: w - 1), [NORM], "shift", "1 smaller"),
    "centred": (edit("token_embd.weight", lambda w: w - w.mean(0)), ["token_embd.weight"], "common-vector", ""),
    "one block": (edit(UP, set_at((5, 40), 1.5)), [UP], "few-blocks", "1 of 192 blocks of 32 values: row 5, columns 32 to 63"),
    "NaN": (edit(UP, set_at((5, 40), np.nan)), [UP], "few-blocks", "1 value of the second file NaN or infinite"),
    "noise": (edit(UP, lambda w: w + np.random.default_rng(1).normal(size=w.shape) / 100), [UP], "noise", "by a little"),
    "other weights": (edit(UP, lambda w: np.random.default_rng(1).normal(size=w.shape)), [UP], "other-values", ""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_how_a_tensor_differs(crossval, tmp_path, name):
    change, tensors, expected, words = CHANGES[name]
    found = compare(crossval, tmp_path, change)
    assert sorted(t["name"] for t in found["tensors"]) == sorted(tensors)
    for tensor in found["tensors"]:
        assert tensor["change"]["name"] == expected, tensor
        assert words in tensor["change"]["detail"], tensor
    assert found["metadata"] == [] and all(fact["a"] == fact["b"] for fact in found["facts"])


@pytest.mark.parametrize("name", ["pairs as halves", "rows shifted", "transposed", "two layers", "a layer copied",
                                  "a factor", "the other sign", "one block", "noise", "other weights"])
def test_how_a_quantised_tensor_differs(crossval, tmp_path, name):
    change, tensors, expected, _ = CHANGES[name]
    found = compare(crossval, tmp_path, change, Q8_0)
    assert {(t["name"], t["change"]["name"]) for t in found["tensors"]} == {(tensor, expected) for tensor in tensors}


def to_q8_0(m):
    m.kinds[K] = m.kinds[UP] = Q8_0


def test_another_type_and_what_else(crossval, tmp_path):
    def rounded(m):
        to_q8_0(m)
        m.tensors[K] = halves(m.tensors[K])
    found = {t["name"]: t["change"] for t in compare(crossval, tmp_path, rounded)["tensors"]}
    assert found[UP]["name"] == "type" and "F32 and to Q8_0: relative distance 0.00" in found[UP]["detail"]
    assert found[K]["name"] == "rope-order" and "up to rounding" in found[K]["detail"]

    a, b = Pair(), Pair(Q8_0)
    for m in (a, b):
        m.tensors[UP] = np.tile(np.arange(-32, 32), (96, 1)) * 127 / 32  # a value of Q8_0 each
        m.tensors[UP][:, 0] = m.tensors[UP][:, 32] = 127
        m.tensors[UP] = np.rint(m.tensors[UP])
    found = crossval("inspect", a.write(tmp_path / "c.gguf"), b.write(tmp_path / "d.gguf"), "--format", "json").json
    assert next(t for t in found["tensors"] if t["name"] == UP)["change"]["name"] == "same-values"


def test_an_equal_pair_differs_in_nothing(crossval, tmp_path):
    a, b = Pair().write(tmp_path / "a.gguf"), Pair().write(tmp_path / "b.gguf")
    run = crossval("inspect", a, b, "--format", "json")
    assert run.code == 0 and run.json["tensors"] == [] and run.json["facts"]
    assert all(fact["a"] == fact["b"] for fact in run.json["facts"])


# Keys and the facts that they change: name, the default, the value with the key.
FACTS = {
    "rope base": (("llama.rope.freq_base", 5e5), {"rope-base": ("10000", "500000")}),
    "rope width": (("llama.rope.dimension_count", 8), {"rope-width": ("16", "8")}),
    "linear scaling": (("llama.rope.scaling.factor", 4.0), {"rope-scale": ("1", "0.25"), "rope-scaling": ("none", "linear")}),
    "its older name": (("llama.rope.scale_linear", 4.0), {"rope-scale": ("1", "0.25"), "rope-scaling": ("none", "linear")}),
    "key width": (("llama.attention.value_length", 16), {}),  # as it is without the key
    "the default, said": (("llama.rope.freq_base", 1e4), {}),
    "a name": (("general.name", "other"), {}),
}


@pytest.mark.parametrize("name", FACTS)
def test_effective_values(crossval, tmp_path, name):
    key, expected = FACTS[name]
    found = compare(crossval, tmp_path, lambda m: m.keys.append(key))
    assert [m["key"] for m in found["metadata"]] == [key[0]] and found["tensors"] == []
    assert {f["name"]: (f["a"], f["b"]) for f in found["facts"] if f["a"] != f["b"]} == expected


def gemma3(crossval, path, window):
    run = crossval("synth", "-o", path, "--arch", "gemma3", "--layers", 4, "--window", window, "--types", "Q8_0")
    assert run.code == 0, run.err
    return path


def test_per_token_says_what_differs(crossval, tmp_path):
    a = Pair().write(tmp_path / "a.gguf")
    def run(change, *more, form="json"):
        b = Pair()
        change(b)
        return crossval("per-token", "-m", a, "--tokens", "1,2,3", "--max-tokens", 0, "--reference", "native", "--candidate",
                        f"native:model={b.write(tmp_path / 'b.gguf')}", "--format", form, *more)

    found = run(edit(K, halves)).json
    tensor, = found["model_difference"]["tensors"]
    assert tensor["change"]["name"] == "rope-order" and "pairs in the reference" in tensor["change"]["detail"]
    assert [s["effect"] for s in found["settings"] if s["name"] == "model"] == ["other weights give other numbers"]
    assert found["model_difference"]["identical_tensors"] == len(Pair().tensors) - 1
    text = run(edit(K, halves), form="text").out
    assert f"tensors    {K}: rope-order" in text and f"{len(Pair().tensors) - 1} of {len(Pair().tensors)} tensors" in text

    found = run(lambda m: m.keys.append(("llama.rope.dimension_count", 8))).json
    settings = {s["name"]: s for s in found["settings"]}
    assert (settings["rope-width"]["candidate"], settings["rope-width"]["reference"]) == ("8", "16")
    assert settings["rope-width"]["weight"] == settings["model"]["weight"] == "asked"
    assert settings["model"]["effect"] == "all weights are equal, what is computed with them is not"
    assert found["model_difference"]["tensors"] == []
    text = run(lambda m: m.keys.append(("llama.rope.dimension_count", 8)), "-v", form="text").out
    assert "rope-width: 8 beside 16" in text and "keys       llama.rope.dimension_count differs" in text
    assert "key-value-heads" in text  # what is equal is shown as well

    found = run(lambda m: m.keys.append(("general.name", "other"))).json
    assert found["verdict"] == "IDENTICAL"
    assert [(s["weight"], s["effect"]) for s in found["settings"] if s["name"] == "model"] == [
        ("recorded", "changes no number")]
    same = crossval("per-token", "-m", a, "--tokens", "1,2", "--max-tokens", 0, "--reference", "native", "--format", "json")
    assert same.json["model_difference"] is None


def test_a_window_of_one_key_more(crossval, tmp_path):
    a, b = gemma3(crossval, tmp_path / "a.gguf", 20), gemma3(crossval, tmp_path / "b.gguf", 21)
    run = crossval("per-token", "-m", a, "--tokens", "1,2", "--max-tokens", 0, "--reference", "native", "--candidate",
                   f"native:model={b}", "--format", "json")
    window = next(s for s in run.json["settings"] if s["name"] == "window")
    assert window["candidate"].startswith("21;") and window["reference"].startswith("20;")


def test_an_architecture_that_is_not_ours(crossval, tmp_path):
    def other(m):
        m.architecture = "mamba"
    found = compare(crossval, tmp_path, other)
    assert found["facts"] == [] and "second file: " in found["facts_unknown"]


def test_a_real_model_beside_a_permuted_one(crossval, model, tmp_path):
    """Few values are looked into, the smallest tensors first; the rest is counted."""
    reader = gguf.GGUFReader(model)
    path = tmp_path / "permuted.gguf"
    data = bytearray(model.read_bytes())
    for tensor in reader.tensors:
        if "attn_k" in tensor.name:
            start, size = int(tensor.data_offset), int(tensor.n_bytes)
            rows = np.frombuffer(bytes(data[start:start + size]), np.uint8).reshape(3, 32, 2, -1)
            data[start:start + size] = rows.swapaxes(1, 2).tobytes()
    path.write_bytes(data)
    run = crossval("inspect", model, path)
    assert run.code == 1 and "blk.*.attn_k.weight (30 tensors): rope-order, the rows of 3 heads of" in run.out


def test_the_docs_list_each_change_once():
    code = "".join((ROOT / "src" / "inspect" / "difference" / f).read_text()
                   for f in ("tensor_change.cc", "moved_tensors.cc", "row_order.cc"))
    names = set(re.findall(r'(?:TensorChange|return |return TensorChange)\s*\{\s*"([a-z0-9-]+)",', code))
    assert len(names) == 18
    section = (ROOT / "docs" / "inspect.md").read_text().split("## Two files")[1]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([a-z0-9-]+)`", "".join(rows))) == sorted(names)
