"""What `inspect` says of a file, against the gguf package; each finding on a file in which it was planted."""
import functools
import hashlib
import os
import pathlib
import re
import struct
import subprocess
import sys
import time

import gguf
import numpy as np
import pytest

import made_models
from conftest import ROOT, script
from identity import ALL
from slices import slice_of

sys.path.insert(0, str(ROOT / "tests" / "golden"))
import i2s  # noqa: E402

Q8_0 = gguf.GGMLQuantizationType.Q8_0
LAYERS, WIDTH, VOCABULARY = 4, 64, 40


class Model:
    """A small llama whose parts may be changed before it is written."""

    def __init__(self):
        rng = np.random.default_rng(3)
        self.tensors = {"token_embd.weight": rng.normal(size=(VOCABULARY, WIDTH)) / 2}
        for il in range(LAYERS):
            for name, rows in (("attn_q", 64), ("attn_k", 32), ("attn_v", 32), ("attn_output", 64), ("ffn_gate", 96),
                               ("ffn_up", 96)):
                self.tensors[f"blk.{il}.{name}.weight"] = rng.normal(size=(rows, WIDTH)) / 8
            self.tensors[f"blk.{il}.ffn_down.weight"] = rng.normal(size=(WIDTH, 96)) / 8
            for name in ("attn_norm", "ffn_norm"):
                self.tensors[f"blk.{il}.{name}.weight"] = 1 + rng.normal(size=WIDTH) / 10
        self.tensors["output_norm.weight"] = 1 + rng.normal(size=WIDTH) / 10
        self.raw = {}  # name -> bytes of Q8_0 rows, changed after quantising
        self.architecture = "llama"
        self.tokens = [f"t{i}" for i in range(VOCABULARY)]
        self.types = [3, 3] + [1] * (VOCABULARY - 2)
        self.merges = ["t 1"]
        self.bos, self.eos, self.pre, self.template = 0, 1, "gpt-2", None
        self.keys = {}  # of the architecture: the value, a text, a whole or a real number
        self.alignment = 32

    def write(self, path):
        w = gguf.GGUFWriter(path, self.architecture)
        w.add_block_count(LAYERS)
        w.add_context_length(128)
        w.add_embedding_length(WIDTH)
        w.add_feed_forward_length(96)
        w.add_head_count(4)
        w.add_head_count_kv(2)
        w.add_layer_norm_rms_eps(1e-5)
        w.add_tokenizer_model("gpt2")
        if self.pre:
            w.add_tokenizer_pre(self.pre)
        if self.template:
            w.add_chat_template(self.template)
        for key, value in self.keys.items():
            add = {str: w.add_string, int: w.add_uint32, float: w.add_float32}[type(value)]
            add(f"{self.architecture}.{key}", value)
        w.add_token_list(self.tokens)
        w.add_token_types(self.types)
        if self.merges:
            w.add_token_merges(self.merges)
        w.add_bos_token_id(self.bos)
        w.add_eos_token_id(self.eos)
        for name, values in self.tensors.items():
            values = values.astype(np.float32)
            if values.ndim == 1:
                w.add_tensor(name, values)
                continue
            rows = gguf.quants.quantize(values, Q8_0)
            self.raw.get(name, lambda _: None)(rows)
            w.add_tensor(name, rows, raw_dtype=Q8_0)
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()
        return path


def inspect(crossval, *args):
    return crossval("inspect", *args, "--format", "json")


def decoded(tensor):
    return gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(-1).astype(np.float64)


def sha256(tensor):
    return hashlib.sha256(tensor.data.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def mixed(crossval, tmp_path_factory):
    path = tmp_path_factory.mktemp("inspect") / "mixed.gguf"
    types = "F16,BF16,Q8_0,Q4_1,Q6_K,IQ4_XS,TQ2_0,MXFP4"
    run = crossval("synth", "-o", path, "--types", types, "--layers", 2, "--embd", 256, "--heads", 4, "--kv-heads", 2,
                   "--ff", 512)
    assert run.code == 0, run.err
    return path


def check_against_gguf_py(crossval, path):
    run = inspect(crossval, path)
    assert run.code == 0, run.err
    found, reader = run.json, gguf.GGUFReader(path)
    assert found["findings"] == []
    assert [t["name"] for t in found["tensors"]] == [t.name for t in reader.tensors]
    for mine, theirs in zip(found["tensors"], reader.tensors):
        assert mine["type"] == theirs.tensor_type.name
        assert mine["shape"] == theirs.shape.tolist()
        assert mine["offset"] == theirs.data_offset
        assert mine["bytes"] == theirs.n_bytes
        assert mine["sha256"] == sha256(theirs)
        values = decoded(theirs)
        assert mine["elements"] == len(values)
        assert mine["min"] == values.min() and mine["max"] == values.max()
        assert mine["zeros"] == np.count_nonzero(values == 0) and mine["non_finite"] == 0
        assert mine["rms"] == pytest.approx(np.sqrt(np.mean(values**2)), rel=1e-9)
        assert mine["mean"] == pytest.approx(np.mean(values), rel=1e-9, abs=1e-12)
    assert found["parameters"] == sum(int(t.n_elements) for t in reader.tensors)
    assert sum(t["bytes"] for t in found["types"]) == sum(int(t.n_bytes) for t in reader.tensors)
    keys = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert [k["key"] for k in found["metadata"]] == list(keys)
    for mine in found["metadata"]:
        contents = keys[mine["key"]].contents()
        if "count" in mine:
            assert mine["count"] == len(contents) and mine["first"] == contents[:len(mine["first"])]
        else:
            assert mine["value"] == contents
    return found


def test_a_real_model_as_gguf_py_reads_it(crossval, model):
    found = check_against_gguf_py(crossval, model)
    assert found["architecture"] == "llama"
    assert "30 layers" in found["meaning"][0]
    assert found["tokenizer"]["pre_tokenizer"] == "smollm" and found["tokenizer"]["size"] == 49152
    assert found["tokenizer"]["special"][0] == {"role": "BOS", "id": 1, "text": "<|im_start|>"}
    assert found["tokenizer"]["add_bos"] is False and found["tokenizer"]["chat_templates"] == ["default"]


def test_many_types_as_gguf_py_reads_them(crossval, mixed):
    check_against_gguf_py(crossval, mixed)


def test_one_tensor_as_numpy_sees_it(crossval, mixed):
    for tensor in gguf.GGUFReader(mixed).tensors[:6]:
        found = inspect(crossval, mixed, "--tensor", tensor.name).json
        values = decoded(tensor)
        assert found["tensor"]["sha256"] == sha256(tensor)
        assert f"SHA-256 {sha256(tensor)[:12]}…" in " ".join(crossval("inspect", mixed, "--tensor", tensor.name).out.split())
        for quantile in found["quantiles"]:
            assert quantile["value"] == np.quantile(values, quantile["q"], method="lower")
        histogram = found["histogram"]
        low, high = histogram["low"], histogram["high"]
        assert histogram["below"] == np.count_nonzero(values < low)
        assert histogram["above"] == np.count_nonzero(values > high)
        expected, _ = np.histogram(values, bins=len(histogram["bins"]), range=(low, high))
        assert sum(histogram["bins"]) == expected.sum()
        assert np.abs(np.array(histogram["bins"]) - expected).sum() <= 2 + len(values) // 1000  # on the borders


def test_filter_and_order(crossval, mixed):
    every = inspect(crossval, mixed, "--quick").json["tensors"]
    names = [t["name"] for t in every]
    assert "min" not in every[0] and "sha256" not in every[0]
    part = inspect(crossval, mixed, "--quick", "--filter", "attn_q").json["tensors"]
    assert [t["name"] for t in part] == ["blk.0.attn_q.weight", "blk.1.attn_q.weight"]
    part = inspect(crossval, mixed, "--quick", "--filter", "blk.?.ffn_*").json["tensors"]
    assert len(part) == 8
    sort = lambda key: [t["name"] for t in inspect(crossval, mixed, "--quick", "--sort", key).json["tensors"]]
    assert sort("name") == sorted(names)
    assert sort("size") == [t["name"] for t in sorted(every, key=lambda t: -t["bytes"])]
    assert sort("offset") == [t["name"] for t in sorted(every, key=lambda t: t["offset"])]


def test_a_split_model_is_one(crossval, tmp_path):
    rng = np.random.default_rng(5)
    w = gguf.GGUFWriter(tmp_path / "m.gguf", "sample", split_max_tensors=2)
    for i in range(5):
        w.add_tensor(f"t{i}", rng.normal(size=(4, 8)).astype(np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    found = inspect(crossval, tmp_path / "m-00002-of-00003.gguf").json
    assert len(found["parts"]) == 3 and found["tensor_count"] == 5
    assert [t["part"] for t in found["tensors"]] == [0, 0, 1, 1, 2]
    assert [f["name"] for f in found["findings"]] == ["unsupported-model"]


# Findings: what is planted, the finding, its place.

def infinite_scale(m):
    m.raw["blk.1.ffn_up.weight"] = lambda rows: rows[7, 0:2].__setitem__(slice(None), [0x00, 0x7C])


def absurd_scale(m):  # the highest exponent bit of one block's binary16 scale
    m.raw["blk.1.ffn_up.weight"] = lambda rows: rows[7].__setitem__(1, rows[7, 1] | 0x40)


def zero_row(m):
    m.tensors["blk.2.attn_v.weight"][3] = 0


def constant(m):
    m.tensors["blk.0.attn_k.weight"][:] = 0.25


def zero_tensor(m):
    m.tensors["blk.0.attn_k.weight"][:] = 0


def odd_norm(m):
    m.tensors["blk.3.ffn_norm.weight"] *= 100


def small_norm(m):
    m.tensors["blk.3.ffn_norm.weight"] /= 100


def missing(m):
    del m.tensors["blk.2.ffn_up.weight"]


def unknown(m):
    m.tensors["blk.2.attn_q_norm.weight"] = np.linspace(0.9, 1.1, 16)


def wrong_shape(m):
    m.tensors["blk.2.ffn_up.weight"] = m.tensors["blk.2.ffn_up.weight"][:64]


def wrong_type(m):  # a norm that is no vector of F32
    m.tensors["output_norm.weight"] = m.tensors["output_norm.weight"].reshape(1, WIDTH)


def few_tokens(m):
    m.tokens, m.types = m.tokens[:-2], m.types[:-2]


def no_such_bos(m):
    m.bos = 99999


def no_merges(m):
    m.merges = None


def no_pre_tokenizer(m):
    m.pre = None


def all_types_normal(m):
    m.types = [1] * VOCABULARY


def eos_is_a_word(m):
    m.eos = 7


def turn_end(m):
    m.tokens[2], m.types[2] = "<|role_end|>", 3
    m.template = "{% for m in messages %}{{ m.role + ': ' + m.content + '<|role_end|>' }}{% endfor %}"


def duplicate_tokens(m):
    m.tokens[9] = m.tokens[8]


def yarn(m):
    m.keys = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}


def unknown_scaling(m):
    m.keys = {"rope.scaling.type": "llama3", "rope.scaling.factor": 8.0}


def other_architecture(m):
    m.architecture = "mamba"


PLANTED = [(infinite_scale, "non-finite", "blk.1.ffn_up.weight"), (absurd_scale, "absurd-scale", "blk.1.ffn_up.weight"),
           (zero_row, "zero-rows", "blk.2.attn_v.weight"), (constant, "constant", "blk.0.attn_k.weight"),
           (zero_tensor, "constant", "blk.0.attn_k.weight"), (odd_norm, "odd-norm", "blk.3.ffn_norm.weight"),
           (small_norm, "odd-norm", "blk.3.ffn_norm.weight"), (missing, "missing-tensor", "blk.2.ffn_up.weight"),
           (unknown, "unknown-tensor", "blk.2.attn_q_norm.weight"),
           (wrong_shape, "wrong-shape", "blk.2.ffn_up.weight"), (wrong_type, "wrong-type", "output_norm.weight"),
           (few_tokens, "vocabulary-size", "token_embd.weight"), (other_architecture, "unsupported-model", ""),
           (no_such_bos, "special-token", "tokenizer.ggml.bos_token_id"),
           (no_merges, "unsupported-tokenizer", "key tokenizer.ggml.merges"),
           (no_pre_tokenizer, "no-pre-tokenizer", "tokenizer.ggml.pre"),
           (all_types_normal, "token-types", "tokenizer.ggml.token_type"),
           (eos_is_a_word, "ordinary-token", "tokenizer.ggml.eos_token_id"),
           (turn_end, "turn-end", "tokenizer.chat_template"),
           (duplicate_tokens, "duplicate-tokens", "tokenizer.ggml.tokens"),
           (yarn, "no-original-context", "llama.rope.scaling.original_context_length"),
           (unknown_scaling, "unsupported-model", "key llama.rope.scaling.type")]


@pytest.mark.parametrize("plant, name, place", PLANTED, ids=[p[0].__name__ for p in PLANTED])
def test_a_planted_finding_is_the_only_one(crossval, tmp_path, plant, name, place):
    m = Model()
    plant(m)
    run = inspect(crossval, m.write(tmp_path / "m.gguf"))
    assert run.code == 3 and run.json["status"] == "findings"
    assert [(f["name"], f["place"]) for f in run.json["findings"]] == [(name, place)]
    assert run.json["tensors"]
    text = crossval("inspect", tmp_path / "m.gguf")
    assert text.code == 3 and f"{name}: {place}" in text.out


def test_a_bos_that_says_there_is_none(crossval, tmp_path):
    m = Model()
    m.bos = 0xFFFFFFFF
    path = m.write(tmp_path / "m.gguf")
    assert inspect(crossval, path).json["findings"] == []
    assert "becomes no token" in crossval("tokenize", "-m", path, "-p", "t1").err  # such small a vocabulary
    m.bos = 99999
    assert "no token 99999" in crossval("tokenize", "-m", m.write(tmp_path / "n.gguf"), "-p", "t1").err


def test_the_model_without_a_plant_has_no_finding(crossval, tmp_path):
    run = inspect(crossval, Model().write(tmp_path / "m.gguf"))
    assert run.code == 0 and run.json["status"] == "ok" and run.json["findings"] == []


def eos_ends_turns(m):
    turn_end(m)
    m.eos = 2


def template_names_eos(m):
    turn_end(m)
    m.template = m.template.replace("'<|role_end|>'", "eos_token")


def end_by_its_text(m):  # llama.cpp knows this one whatever the keys say
    turn_end(m)
    m.tokens[2], m.template = "<|im_end|>", m.template.replace("<|role_end|>", "<|im_end|>")


def yarn_with_context(m):
    yarn(m)
    m.keys["rope.scaling.original_context_length"] = 64


def linear(m):
    m.keys = {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}


@pytest.mark.parametrize("change", [eos_ends_turns, template_names_eos, end_by_its_text, yarn_with_context, linear])
def test_a_sound_neighbour_of_a_plant_has_no_finding(crossval, tmp_path, change):
    m = Model()
    change(m)
    assert inspect(crossval, m.write(tmp_path / "m.gguf")).json["findings"] == []


def test_norms_of_gemma_without_the_one(crossval, tmp_path):
    for arch, name in (("gemma2", "norms-without-one"), ("gemma3", "norms-without-one"), ("qwen3", None)):
        path = tmp_path / f"{arch}.gguf"
        run = crossval("synth", "-o", path, "--arch", arch, "--layers", 4, "--types", "Q8_0")
        assert run.code == 0, run.err
        assert inspect(crossval, path).json["findings"] == []
        data = bytearray(path.read_bytes())
        for tensor in gguf.GGUFReader(path).tensors:
            if "norm" in tensor.name:
                start, size = int(tensor.data_offset), int(tensor.n_bytes)
                data[start:start + size] = (np.frombuffer(bytes(data[start:start + size]), np.float32) - 1).tobytes()
        path.write_bytes(data)
        found = inspect(crossval, path).json["findings"]
        assert [f["name"] for f in found] == ([name] if name else []), arch


def test_made_models_have_no_finding(crossval, tmp_path):
    names = sorted(set(made_models.table()) - made_models.ELSEWHERE)
    for name in slice_of(names, 8):
        label, options = next(iter(made_models.variants(name, made_models.table()[name])))
        path = tmp_path / "m.gguf"
        run = crossval("synth", "-o", path, "--arch", name, *made_models.SIZES, *options)
        assert run.code == 0, run.err
        assert inspect(crossval, path).json["findings"] == [], name


class OtherFile:
    """A file that is no language model."""

    def __init__(self, path, architecture, kind=None):
        self.path, self.w = path, gguf.GGUFWriter(path, architecture)
        if kind:
            self.w.add_type(kind)

    def tensor(self, name, *shape, value=None):
        values = np.random.default_rng(4).normal(size=shape) if value is None else np.full(shape, value)
        self.w.add_tensor(name, values.astype(np.float32))

    def close(self):
        self.w.write_header_to_file()
        self.w.write_kv_data_to_file()
        self.w.write_tensors_to_file()
        self.w.close()
        return self.path


def adapter(path, whole=True):
    f = OtherFile(path, "llama", "adapter")
    f.w.add_string("adapter.type", "lora")
    f.w.add_float32("adapter.lora.alpha", 32.0)
    for il in range(2):
        f.tensor(f"blk.{il}.attn_q.weight.lora_a", 8, 64)
        if whole or il == 0:
            f.tensor(f"blk.{il}.attn_q.weight.lora_b", 64, 8)
    return f.close()


def imatrix(path, seen=True):
    f = OtherFile(path, "", "imatrix")
    f.w.add_array("imatrix.datasets", ["calibration.txt"])
    f.w.add_uint32("imatrix.chunk_count", 100)
    f.w.add_uint32("imatrix.chunk_size", 512)
    for name in ("blk.0.attn_q.weight", "blk.0.ffn_up_exps.weight"):
        matrices = 3 if "exps" in name else 1
        f.tensor(f"{name}.in_sum2", matrices, 64)
        f.tensor(f"{name}.counts", matrices, 1, value=512 if seen else 0)
    return f.close()


def projector(path, sound=True):
    f = OtherFile(path, "clip", "mmproj")
    f.w.add_bool("clip.has_vision_encoder", True)
    f.w.add_string("clip.projector_type", "gemma3")
    for key, value in (("block_count", 27), ("embedding_length", 1152), ("image_size", 896), ("patch_size", 14)):
        f.w.add_uint32(f"clip.vision.{key}", value)
    f.tensor("v.blk.0.attn_q.weight", 64, 64, value=None if sound else np.nan)
    return f.close()


def control_vector(path):
    f = OtherFile(path, "controlvector")
    f.w.add_string("controlvector.model_hint", "llama")
    f.tensor("direction.1", 64)
    return f.close()


def image_model(path):
    f = OtherFile(path, "flux")
    f.tensor("double_blocks.0.img_attn.qkv.weight", 64, 64)
    return f.close()


OTHERS = {
    "adapter": (adapter, "a LoRA adapter for llama", ["2 pairs of factors, rank 8, alpha 32", "blk.*.attn_q.weight"]),
    "imatrix": (imatrix, "an importance matrix", ["2 tensors, chunks 100, tokens a chunk 512", "calibration.txt"]),
    "projector": (projector, "a projector of images or sound (mmproj)",
                  ["an encoder for vision, layers 27, width 1152, images of 896, patches of 14, projector gemma3"]),
    "control vector": (control_vector, "a control vector for llama", ["1 layer"]),
    "image model": (image_model, "an image or video model (flux)", []),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_no_language_model_says_what_it_is(crossval, tmp_path, name):
    make, what, words = OTHERS[name]
    path = make(tmp_path / "other.gguf")
    run = inspect(crossval, path)
    assert run.code == 0 and run.json["kind"] == what and run.json["findings"] == []
    for line in words:
        assert any(line in meaning for meaning in run.json["meaning"]), run.json["meaning"]
    assert all("rms" in tensor for tensor in run.json["tensors"])
    assert f"{what}, not a language model" in " ".join(crossval("inspect", path).out.split())
    for engine in ("native", "llama.cpp"):
        run = crossval("per-token", "-m", path, "--tokens", "1,2", "--candidate", engine, "--reference", engine)
        assert run.code == 5 and f"the file is {what}, not a language model" in run.err, run.err


@pytest.mark.parametrize("make, spoil, name", [(adapter, {"whole": False}, "incomplete-pair"),
                                               (imatrix, {"seen": False}, "unseen-tensor"),
                                               (projector, {"sound": False}, "non-finite")])
def test_what_such_a_file_may_lack(crossval, tmp_path, make, spoil, name):
    run = inspect(crossval, make(tmp_path / "other.gguf", **spoil))
    assert run.code == 3 and {f["name"] for f in run.json["findings"]} == {name}


def test_a_language_model_is_no_other_file(crossval, model):
    assert inspect(crossval, model, "--quick").json["kind"] is None


def vocabularies():
    return sorted((script("source") / "models").glob("ggml-vocab-*.gguf"))


def key(name):
    """As a GGUF file has it: its length, then the name. (gguf-py takes minutes to read all these files.)"""
    return struct.pack("<Q", len(name)) + name.encode()


def test_known_vocabularies_have_no_finding(crossval):
    for path in vocabularies():
        run = inspect(crossval, path)
        assert run.json["kind"] == "a vocabulary without weights"
        named = key("tokenizer.ggml.pre") in path.read_bytes()
        byte_level = run.json["tokenizer"]["model"] == "gpt2"
        expected = [] if named or not byte_level else ["no-pre-tokenizer"]
        assert [f["name"] for f in run.json["findings"]] == expected, path


@functools.cache
def vocabulary(source):
    """The keys of a vocabulary file but its pre-tokenizer, as GGUFWriter.add_key_value takes them."""
    reader = gguf.GGUFReader(source)
    fields = [reader.fields[f"tokenizer.ggml.{key}"] for key in ("model", "tokens", "token_type", "merges", "bos_token_id", "eos_token_id")]
    return [(field.name, field.contents(), field.types[0], field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None)
            for field in fields]


def with_pre_tokenizer(source, path, name):
    """A copy of a vocabulary file whose pre-tokenizer is another one, or none."""
    w = gguf.GGUFWriter(path, "llama")
    for key in vocabulary(source):
        w.add_key_value(*key)
    if name:
        w.add_tokenizer_pre(name)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()
    return path


def test_a_known_vocabulary_with_another_pre_tokenizer(crossval, model, tmp_path):
    """The names are those that llama.cpp's converter gives to these vocabularies."""
    models = script("source") / "models"
    for source, right, wrong in ((model, "smollm", ("default", "llama-bpe", None)),
                                 (models / "ggml-vocab-falcon.gguf", "falcon", ("qwen2",))):
        for name in wrong:
            found = inspect(crossval, with_pre_tokenizer(source, tmp_path / "v.gguf", name)).json["findings"]
            assert [f["name"] for f in found] == ["wrong-pre-tokenizer" if name else "no-pre-tokenizer"], (source, name)
            assert re.search(rf"the vocabulary is known with (.*, )?{right}\b", found[0]["detail"]), found
        assert inspect(crossval, with_pre_tokenizer(source, tmp_path / "v.gguf", right)).json["findings"] == []


def test_rows_of_unused_tokens_may_be_zero(crossval, tmp_path):
    m = Model()
    m.tensors["token_embd.weight"][-2:] = 0
    run = inspect(crossval, m.write(tmp_path / "used.gguf"))
    assert [f["name"] for f in run.json["findings"]] == ["zero-rows"]
    m.types[-2:] = [5, 5]
    assert inspect(crossval, m.write(tmp_path / "unused.gguf")).json["findings"] == []


def test_a_type_that_nobody_knows_is_named(crossval, tmp_path):
    path = Model().write(tmp_path / "m.gguf")
    bytes_ = bytearray(path.read_bytes())
    at = bytes_.index(b"blk.0.attn_q.weight") + len("blk.0.attn_q.weight") + 4 + 2 * 8
    assert bytes_[at] == Q8_0
    bytes_[at] = 77
    path.write_bytes(bytes_)
    run = inspect(crossval, path)
    assert run.code == 3
    assert [(f["name"], f["place"]) for f in run.json["findings"]] == [("wrong-type", "blk.0.attn_q.weight")]
    tensor = next(t for t in run.json["tensors"] if t["name"] == "blk.0.attn_q.weight")
    assert tensor["type"] == "type 77" and "min" not in tensor
    start, size = tensor["offset"], tensor["bytes"]  # up to the next tensor: the file alone says no more
    assert tensor["sha256"] == hashlib.sha256(bytes_[start:start + size]).hexdigest()
    refused = crossval("inspect", path, "--tensor", "blk.0.attn_q.weight")
    assert refused.code == 5 and "weight type 77 is not supported" in refused.err


def test_bytes_that_belong_to_nothing(crossval, tmp_path):
    path = Model().write(tmp_path / "m.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(100))
    found = inspect(crossval, path).json["findings"]
    assert [f["name"] for f in found] == ["trailing-bytes"] and found[0]["detail"].startswith("100 bytes")
    # The last tensor moves 64 bytes away from the one before it.
    last = gguf.GGUFReader(path).tensors[-1]
    name = last.name.encode()
    changed = bytearray(whole)
    at = whole.index(name) + len(name) + 4 + 8 * len(last.shape) + 4
    changed[at:at + 8] = (int.from_bytes(whole[at:at + 8], "little") + 64).to_bytes(8, "little")
    changed[last.data_offset:last.data_offset] = bytes(64)
    path.write_bytes(changed)
    found = inspect(crossval, path).json["findings"]
    assert [(f["name"], f["place"]) for f in found] == [("unused-bytes", last.name)]
    assert found[0]["detail"].startswith("64 bytes")


def test_upstreams_fixtures_have_no_finding_about_their_weights(crossval):
    folder = script("archs")
    names = sorted(path.name for path in folder.glob("*.gguf"))
    assert len(names) == 128
    for model in (folder / name for name in slice_of(names, 16)):
        run = inspect(crossval, model)
        names = {f["name"] for f in run.json["findings"]}
        # Their tokenizer is a stub; what we do not support is said once.
        # All their weights are random, so that half of a Gemma's norms is negative.
        random = {"norms-without-one"} if model.stem.startswith(("gemma", "nemotron")) else set()
        assert names <= {"unsupported-tokenizer", "unsupported-model"} | random or model.stem == "refact-moe", model
        assert bool(run.json["meaning"]) != ("unsupported-model" in names), model


def test_two_files(crossval, tmp_path):
    a = Model()
    b = Model()
    b.tensors["blk.1.ffn_up.weight"][5, 9] += 1.5
    b.tensors["blk.2.attn_norm.weight"] *= 1.01
    b.tensors["extra.weight"] = np.ones(8)
    b.tokens[3] = "other"
    a_path, b_path = a.write(tmp_path / "a.gguf"), b.write(tmp_path / "b.gguf")
    same = inspect(crossval, a_path, a_path)
    assert same.code == 0 and same.json["tensors"] == [] and same.json["identical_tensors"] == len(a.tensors)
    run = inspect(crossval, a_path, b_path)
    assert run.code == 1 and run.json["status"] == "differs"
    assert [m["key"] for m in run.json["metadata"]] == ["tokenizer.ggml.tokens"]
    found = {t["name"]: t for t in run.json["tensors"]}
    assert set(found) == {"blk.1.ffn_up.weight", "blk.2.attn_norm.weight", "extra.weight"}
    assert found["extra.weight"]["a"] is None and found["extra.weight"]["distance"] is None
    readers = [{t.name: t for t in gguf.GGUFReader(p).tensors} for p in (a_path, b_path)]
    assert run.json["identical"] == [{"name": n, "sha256": sha256(t)} for n, t in readers[0].items() if n not in found]
    assert found["extra.weight"]["b"]["sha256"] == sha256(readers[1]["extra.weight"])
    for name in ("blk.1.ffn_up.weight", "blk.2.attn_norm.weight"):
        assert [found[name][side]["sha256"] for side in "ab"] == [sha256(r[name]) for r in readers]
        x, y = (decoded(r[name]) for r in readers)
        distance = found[name]["distance"]
        assert distance["differing"] == np.count_nonzero(x != y)
        assert distance["max_abs_diff"] == np.abs(x - y).max()
        assert distance["relative_l2"] == pytest.approx(np.linalg.norm(x - y) / np.linalg.norm(y), rel=1e-12)
        assert distance["cosine"] == pytest.approx(x @ y / np.linalg.norm(x) / np.linalg.norm(y), rel=1e-12)
    assert inspect(crossval, a_path, b_path, "--filter", "attn_q").json["tensors"] == []
    text = crossval("inspect", a_path, b_path)
    assert text.code == 1 and "blk.1.ffn_up.weight" in text.out and "1 key and 3 tensors" in text.out


def test_two_conversions_of_the_same_ternary_weights(crossval, tmp_path):
    rng = np.random.default_rng(8)
    weights = (rng.integers(-1, 2, size=(16, 256)) * 0.5).astype(np.float32)
    paths = []
    for kind in (gguf.GGMLQuantizationType.TQ1_0, gguf.GGMLQuantizationType.TQ2_0):
        w = gguf.GGUFWriter(tmp_path / f"{kind.name}.gguf", "bitnet")
        w.add_tensor("blk.0.attn_q.weight", gguf.quants.quantize(weights, kind), raw_dtype=kind)
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()
        paths.append(tmp_path / f"{kind.name}.gguf")
    run = inspect(crossval, *paths)
    assert run.code == 1
    tensor, = run.json["tensors"]
    assert (tensor["a"]["type"], tensor["b"]["type"]) == ("TQ1_0", "TQ2_0")
    assert tensor["distance"] == {"differing": 0, "relative_l2": 0.0, "max_abs_diff": 0.0, "cosine": 1.0}


@pytest.fixture(scope="module")
def ternary(crossval, tmp_path_factory):
    """Paths of I2_S models of the same weights: ternary(layout, arch)."""
    folder = tmp_path_factory.mktemp("ternary")

    def make(layout, arch="bitnet-b1.58"):
        path = folder / f"{arch}-{layout}.gguf"
        if not path.exists():
            run = crossval("synth", "--arch", arch, "--types", "I2_S", "--i2s-layout", layout, "--layers", 2, "-o", path)
            assert run.code == 0, run.err
        return path

    return make


@pytest.mark.parametrize("layout", i2s.LAYOUTS)
def test_the_layout_of_i2s_is_decided_and_said(crossval, ternary, layout):
    path = ternary(layout)
    run = inspect(crossval, path)
    assert run.code == 0 and run.json["findings"] == []
    assert run.json["i2s"]["layout"] == layout and run.json["i2s"]["why"].startswith("by statistics (x86 ")
    native = crossval("per-token", "-m", path, "--tokens", "5,80", "--candidate", "native", "--reference", "native",
                      "--format", "json").json["candidate"]["settings"]
    assert run.json["i2s"] == {"layout": native["i2s_layout"], "why": native["i2s_layout_why"]}
    text = " ".join(crossval("inspect", path).out.split())
    assert f"I2_S layout {layout}, by statistics (" in text
    for asked in i2s.LAYOUTS:
        run = inspect(crossval, path, "--i2s-layout", asked)
        assert run.json["i2s"] == {"layout": asked, "why": "asked for"}
        assert [f["name"] for f in run.json["findings"]] == ([] if asked == layout else ["wrong-i2s-layout"])
    quick = inspect(crossval, path, "--quick", "--i2s-layout", "x86").json
    assert quick["i2s"] is None and quick["findings"] == []


def test_an_undecided_layout_is_a_finding_until_it_is_named(crossval, ternary):
    path = ternary("arm", arch="llama")  # its weights are independent of everything
    run = inspect(crossval, path)
    assert run.code == 3 and [f["name"] for f in run.json["findings"]] == ["undecided-i2s-layout"]
    assert "--i2s-layout" in run.json["findings"][0]["detail"]
    assert inspect(crossval, path, "--i2s-layout", "arm").json["findings"] == []


@pytest.mark.parametrize("scale, name", [(1e30, "absurd-scale"), (0.0, "unsound-weights"), (-1.0, "unsound-weights"),
                                         (float("nan"), "unsound-weights")])
def test_an_i2s_scale_that_cannot_be(crossval, ternary, tmp_path, scale, name):
    path = tmp_path / "m.gguf"
    data = bytearray(ternary("x86").read_bytes())
    tensor = next(t for t in inspect(crossval, ternary("x86"), "--quick").json["tensors"] if t["name"].endswith("attn_v.weight"))
    at = tensor["offset"] + tensor["elements"] // 4  # behind the codes
    data[at:at + 4] = np.float32(scale).tobytes()
    path.write_bytes(data)
    run = inspect(crossval, path)
    assert run.code == 3 and (name, tensor["name"]) in [(f["name"], f["place"]) for f in run.json["findings"]]


def test_rows_are_those_of_the_layout(crossval, ternary, tmp_path):
    """A row of zeros in layout x86-rows, every fourth place of its bytes: seen in no other layout."""
    path = tmp_path / "rows.gguf"
    path.write_bytes(ternary("x86-rows").read_bytes())
    name = "blk.1.ffn_up.weight"
    tensor = next(t for t in inspect(crossval, path, "--quick").json["tensors"] if t["name"] == name)
    cols, start = tensor["shape"][0], tensor["offset"]
    data = bytearray(path.read_bytes())
    for at in range(start + cols, start + 2 * cols):  # rows 4 to 7; row 6 is their third
        data[at] = data[at] & 0b11110011 | 0b00000100
    path.write_bytes(data)
    found, = inspect(crossval, path).json["findings"]
    assert (found["name"], found["place"]) == ("zero-rows", name)
    assert found["detail"].endswith("the first is row 6")
    names = [f["name"] for f in inspect(crossval, path, "--i2s-layout", "x86").json["findings"]]
    assert names == ["wrong-i2s-layout"]


def test_two_layouts_of_the_same_weights_differ_in_bytes_alone(crossval, ternary):
    x86, arm, rows = (ternary(layout) for layout in i2s.LAYOUTS)
    for other in (arm, rows):
        run = inspect(crossval, x86, other)
        assert run.code == 1 and len(run.json["tensors"]) == 2 * 7 and run.json["metadata"] == []
        for tensor in run.json["tensors"]:
            assert tensor["a"]["sha256"] != tensor["b"]["sha256"]
            assert tensor["distance"] == {"differing": 0, "relative_l2": 0.0, "max_abs_diff": 0.0, "cosine": 1.0}
    read_alike = inspect(crossval, x86, arm, "--i2s-layout", "x86").json["tensors"]
    assert all(t["distance"]["differing"] > 0 for t in read_alike)


def test_the_docs_list_each_finding_once():
    code = "".join((ROOT / "src" / "inspect" / f).read_text() for f in
                   ("findings.cc", "inspect.cc", "other_files.cc", "vocabulary_findings.cc"))
    names = re.findall(r'(?:push_back\(\s*\{|finding_of\()"([a-z0-9-]+)"', code)
    names += re.findall(r'"([a-z-]+)"', re.search(r"kNames\[\] = \{(.*?)\}", code, re.S)[1])
    names = set(names)
    assert len(names) == 28
    section = (ROOT / "docs" / "inspect.md").read_text().split("## Findings")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([a-z0-9-]+)`", "".join(rows))) == sorted(names)


@pytest.mark.parametrize("args, code, words", [
    (["no-such-file.gguf"], 5, "cannot read file"), (["{}", "--tensor", "no.such"], 64, "no tensor"),
    (["{}", "{}", "--quick"], 64, "compared by their weights"), (["{}", "--sort", "colour"], 64, "--sort")])
def test_refusals(crossval, mixed, args, code, words):
    run = crossval("inspect", *[a.format(mixed) for a in args])
    assert run.code == code and words in run.err and run.out == ""


def test_threads_change_nothing(crossval, model):
    one, three = (crossval("inspect", model, "--format", "json", "-t", n) for n in (1, 3))
    assert one.code == 0 and one.out == three.out


def test_memory_does_not_grow_with_the_file(binary, tmp_path):
    """A file of 1 GB (8 GB with the full matrix), its data a hole: read whole, in little memory."""
    columns, rows = 8192, (1 << 18) if ALL else (1 << 15)
    w = gguf.GGUFWriter(tmp_path / "large.gguf", "sample")
    w.add_tensor_info("large", (rows, columns), np.dtype(np.float32), rows * columns * 4)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_ti_data_to_file()
    w.close()
    path = tmp_path / "large.gguf"
    os.truncate(path, (path.stat().st_size + 31) // 32 * 32 + rows * columns * 4)
    for args in ([path], [path, path], [path, "--tensor", "large"]) if ALL else ([path], [path, path]):
        process = subprocess.Popen([binary, "inspect", *args, "-t", "2", "-q"], stdout=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            if found and "Name:\tcrossval" in status:
                peak = max(peak, int(found[1]) * 1024)
            time.sleep(0.02)
        assert process.returncode in (0, 3)  # all zero: a constant tensor is a finding
        assert 0 < peak < 100e6, args
