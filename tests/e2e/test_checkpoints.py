"""Hugging Face checkpoints read by our own code, beside what llama.cpp's converter and transformers make of them.

tests/data/checkpoints holds three, their GGUF files, transformers' logits (tests/golden/make_checkpoints.py), and what
the converter made of checkpoints of many families (tests/golden/make_converted_checkpoints.py).
"""
import json
import shutil

import gguf
import jsonschema
import numpy as np
import pytest

import made_checkpoints
from conftest import ROOT
from made_checkpoints import DATA

FIXTURES = ["llama", "qwen3", "olmo2"]
CONVERTED = json.loads((DATA / "converted.json").read_text())
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "result.schema.json").read_text()))
IDS = (DATA / "ids.txt").read_text().replace(" ", ",").strip()
STORED = {"llama": "F32", "qwen3": "BF16", "olmo2": "F16"}
# Keys of the converter that say what is so without them.
DEFAULTS = ("vocab_size", "rope.dimension_count", "rope.scaling.type")


class File:
    """A GGUF whose keys (name -> (value, type, element type)) and tensors (name -> (array, type)) may be changed."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.keys = {}
        for key, field in reader.fields.items():
            if not key.startswith("GGUF."):
                self.keys[key] = (field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None)
        self.tensors = {t.name: (np.array(t.data), t.tensor_type) for t in reader.tensors}

    def set(self, key, value):
        self.keys[key] = (value, *self.keys[key][1:])

    def write(self, path):
        writer = gguf.GGUFWriter(path, self.keys["general.architecture"][0])
        for key, (value, kind, element) in self.keys.items():
            if key != "general.architecture":
                writer.add_key_value(key, value, kind, element)
        for name, (array, kind) in self.tensors.items():
            writer.add_tensor(name, array, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def convert(self, kind):
        """As the converter's --outtype: matrices only, and no norms."""
        for name, (array, was) in self.tensors.items():
            if array.ndim > 1 and not name.endswith("_norm.weight") and was == gguf.GGMLQuantizationType.F32:
                self.tensors[name] = (gguf.quants.quantize(array, kind), kind)
        return self


def against(crossval, file, checkpoint):
    run = crossval("inspect", file, "--against", checkpoint, "--format", "json")
    assert run.code in (0, 1), run.err
    SCHEMA.validate(run.json)
    return run


def findings(run):
    return [(f["name"], f["place"], f["detail"]) for f in run.json["findings"]]


@pytest.fixture
def checkpoint(tmp_path):
    """A copy of a fixture that may be changed: checkpoint("llama", hidden_act="gelu")."""

    def copy(name, **config):
        folder = tmp_path / f"checkpoint-{name}"
        shutil.copytree(DATA / name, folder)
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **config}))
        return folder

    return copy


# ---- What the converter makes of a checkpoint

@pytest.mark.parametrize("family", CONVERTED)
def test_each_family_is_read_as_the_converter_writes_it(crossval, tmp_path, family):
    expected = CONVERTED[family]
    folder = tmp_path / family
    made_checkpoints.write(folder, expected["config"], expected["shapes"])
    run = crossval("inspect", folder, "--format", "json")
    assert run.code in (0, 3), run.err
    found = run.json
    SCHEMA.validate(found)
    tensors = {t["name"]: [t["type"], t["shape"], t["sha256"]] for t in found["tensors"]}
    for name in ("rope_freqs.weight",):  # other libraries' powers: in the last bit
        assert (name in tensors) == (name in expected["tensors"])
        if name in tensors:
            assert tensors.pop(name)[:2] == expected["tensors"][name][:2]
    assert tensors == {name: was for name, was in expected["tensors"].items() if name != "rope_freqs.weight"}
    keys = {m["key"]: m.get("value", m.get("first")) for m in found["metadata"]}
    for key, value in expected["keys"].items():
        if key not in keys and key.split(".", 1)[1] in DEFAULTS:
            continue
        assert key in keys, f"{key} = {value}"
        ours = keys[key]
        if isinstance(value, list) and not isinstance(ours, list):
            value = value[0]
        if isinstance(value, float):
            assert np.float32(ours) == np.float32(value), key
        elif isinstance(value, list):
            assert [int(x) for x in ours] == [int(x) for x in value[:len(ours)]], key
        else:
            assert ours == value, key


# ---- Engines

@pytest.mark.parametrize("name", FIXTURES)
def test_native_is_native_on_the_conversion(crossval, tmp_path, name):
    kind = gguf.GGMLQuantizationType[STORED[name]]
    file = File(DATA / f"{name}.gguf").convert(kind).write(tmp_path / "converted.gguf")
    run = crossval("per-token", "-m", file, "--tokens", IDS, "--max-tokens", 4, "--candidate",
                   f"native:model={DATA / name}", "--reference", "native", "--require", "bits", "--format", "json")
    assert run.code == 0, run.out + run.err
    assert run.json["identical_rows"] == 44


@pytest.mark.parametrize("name", FIXTURES)
def test_logits_are_transformers(crossval, tmp_path, name):
    """In double, whatever the weights are stored as; native where it rounds nothing to their type."""
    folder = tmp_path / "rows"
    run = crossval("per-token", "-m", DATA / name, "--tokens", IDS, "--max-tokens", 0, "--candidate", "native:kv=f32",
                   "--reference", "oracle", "--cos-tol", 0.9, "--dump", folder, "--format", "json")
    assert run.code == 0, run.out + run.err
    expected = np.load(DATA / f"{name}.npy")
    assert np.abs(np.load(folder / "reference.npy") - expected).max() < 1e-5
    native = np.abs(np.load(folder / "candidate.npy") - expected).max()
    assert native < (1e-5 if STORED[name] == "F32" else 0.1)


def test_text_is_tokenised_by_the_checkpoints_own_tokenizer(crossval):
    text = "Don't 12345 naïve  camelCase\n\n"
    ids = [crossval("tokenize", "-m", model, "-p", text, "--format", "json").json["tokens"]
           for model in (DATA / "llama", DATA / "llama.gguf")]
    assert ids[0] == ids[1] and len(ids[0]) > 10


def test_the_pre_tokenizer_is_known_by_the_words_that_it_cuts(crossval):
    names = [next(m["value"] for m in crossval("inspect", DATA / name, "--quick", "--format", "json").json["metadata"]
                  if m["key"] == "tokenizer.ggml.pre") for name in FIXTURES]
    assert names == ["llama-bpe", "qwen2", "gpt-2"]


def test_a_lost_window_is_computed_all_the_same(crossval, checkpoint):
    """Up to the window the model is that of the GGUF; behind it, that of the checkpoint."""
    folder = checkpoint("llama", architectures=["MistralForCausalLM"], model_type="mistral", sliding_window=16)
    run = crossval("per-token", "-m", DATA / "llama.gguf", "--tokens", IDS, "--max-tokens", 0, "--candidate",
                   f"native:model={folder}", "--reference", "native", "--format", "json")
    assert run.code == 1, run.out + run.err
    assert run.json["identical_rows"] == 16


def test_what_is_not_computed_is_refused(crossval, checkpoint):
    yarn = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, truncate=False, original_max_position_embeddings=128)
    for change, said in ((dict(rope_parameters=yarn), "truncate is false"), (dict(hidden_act="gelu"), "hidden_act"),
                         (dict(rope_parameters=dict(yarn, rope_type="dynamic")), "rope type dynamic")):
        folder = checkpoint("llama", **change)
        run = crossval("run", "--engine", "native", "-m", folder, "--tokens", "1,2", "--max-tokens", 1)
        assert run.code == 5 and said in run.err, run.err
        shutil.rmtree(folder)


def test_llama_cpp_reads_no_checkpoint(crossval):
    run = crossval("per-token", "-m", DATA / "llama", "--tokens", "1,2", "--reference", "llama.cpp")
    assert run.code == 5 and "convert_hf_to_gguf.py" in run.err


# ---- Is the file the checkpoint's model?

@pytest.mark.parametrize("name", FIXTURES)
@pytest.mark.parametrize("kind", ["F32", "stored", "Q8_0"])
def test_a_true_conversion_has_no_findings(crossval, tmp_path, name, kind):
    file = File(DATA / f"{name}.gguf")
    if kind != "F32":
        file.convert(gguf.GGMLQuantizationType[STORED[name] if kind == "stored" else kind])
    run = against(crossval, file.write(tmp_path / "file.gguf"), DATA / name)
    assert findings(run) == []
    assert run.code == 0
    rounded = sum(group["tensors"] for group in run.json["rounded"])
    assert run.json["equal_tensors"] + rounded == len(file.tensors) and (rounded > 0) == (kind == "Q8_0")
    assert run.json["notes"] == ([] if name != "qwen3" else [
        "the checkpoint's tokenizer composes accents first (NFC), which llama.cpp does not: text in decomposed Unicode "
        "gives other tokens"])


def halves_of_heads(array, heads):
    """The rows as transformers has them."""
    return array.reshape(heads, -1, 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def edit(name, change):
    """Changes the values of a tensor."""
    def apply(file):
        array, kind = file.tensors[name]
        file.tensors[name] = (np.ascontiguousarray(change(array)), kind)
    return apply


def swap(one, other):
    def apply(file):
        file.tensors[one], file.tensors[other] = file.tensors[other], file.tensors[one]
    return apply


def key(name, change):
    return lambda file: file.set(name, change(file.keys[name][0]))


def without(name):
    return lambda file: (file.keys.pop(name, None), file.tensors.pop(name, None))


def rounded(array):
    """To BF16, to nearest even."""
    bits = array.view(np.uint32)
    return (bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000).view(np.float32)


def each(*changes):
    return lambda file: [change(file) for change in changes]


def insert_token(file):
    for name, value in (("tokens", "<new>"), ("token_type", 1)):
        entry = file.keys[f"tokenizer.ggml.{name}"][0]
        file.set(f"tokenizer.ggml.{name}", entry[:200] + [value] + entry[200:-1])


def type_of_end(file):
    types = list(file.keys["tokenizer.ggml.token_type"][0])
    types[2] = 1
    file.set("tokenizer.ggml.token_type", types)


Q, K, V = (f"blk.{{}}.attn_{x}.weight" for x in "qkv")
GATE, UP, DOWN = (f"blk.{{}}.ffn_{x}.weight" for x in ("gate", "up", "down"))
EPS, BASE = "llama.attention.layer_norm_rms_epsilon", "llama.rope.freq_base"
# fixture, what is done to its GGUF, the finding and its place
MISTAKES = {
    "q and k not permuted": ("llama", each(*(edit(t.format(i), lambda a, h=h: halves_of_heads(a, h))
                                             for i in (0, 1) for t, h in ((Q, 4), (K, 2)))), "rope-order", "attn_k"),
    "k alone not permuted": ("llama", edit(K.format(0), lambda a: halves_of_heads(a, 2)), "rope-order", K.format(0)),
    "eps": ("llama", key(EPS, lambda v: 1e-5), "key", EPS),
    "heads": ("llama", each(key("llama.attention.head_count", lambda v: 8), key("llama.attention.key_length", lambda v: 8),
                            key("llama.attention.value_length", lambda v: 8)), "key", "llama.attention.head_count"),
    "kv heads": ("llama", key("llama.attention.head_count_kv", lambda v: 1), "key", "llama.attention.head_count_kv"),
    "head dropped": ("llama", without("output.weight"), "tensor-lost", "output.weight"),
    "q of two layers swapped": ("llama", swap(Q.format(0), Q.format(1)), "exchanged", "attn_q"),
    "ffn_down of two layers swapped": ("llama", swap(DOWN.format(0), DOWN.format(1)), "exchanged", "ffn_down"),
    "k and v swapped": ("llama", swap(K.format(1), V.format(1)), "exchanged", K.format(1)),
    "gate and up swapped": ("llama", swap(GATE.format(1), UP.format(1)), "exchanged", GATE.format(1)),
    "norms of a layer swapped": ("llama", swap("blk.1.attn_norm.weight", "blk.1.ffn_norm.weight"), "exchanged",
                                 "blk.1.attn_norm.weight"),
    "rounded to bf16": ("llama", edit(DOWN.format(1), rounded), "rounded", DOWN.format(1)),
    "last layer dropped": ("llama", each(key("llama.block_count", lambda v: 1), *(without(f"blk.1.{n}.weight") for n in (
        "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down", "attn_norm", "ffn_norm"))), "key",
        "llama.block_count"),
    "rope_freqs left out": ("llama", without("rope_freqs.weight"), "tensor-lost", "rope_freqs.weight"),
    "rope base missing": ("llama", without(BASE), "computed-otherwise", "rope"),
    "norms of queries and keys swapped": ("qwen3", swap("blk.1.attn_q_norm.weight", "blk.1.attn_k_norm.weight"),
                                          "exchanged", "blk.1.attn_q_norm.weight"),
    "wrong EOS": ("llama", key("tokenizer.ggml.eos_token_id", lambda v: 0), "wrong-eos", "tokenizer.ggml.eos_token_id"),
    "template lost": ("llama", without("tokenizer.chat_template"), "template-lost", "tokenizer.chat_template"),
    "template with a line less": ("llama", key("tokenizer.chat_template", lambda v: v.replace("\n", "", 1)), "template",
                                  "tokenizer.chat_template"),
    "pre-tokenizer": ("llama", key("tokenizer.ggml.pre", lambda v: "gpt-2"), "pre-tokenizer", "tokenizer.ggml.pre"),
    "BOS flag": ("llama", key("tokenizer.ggml.add_bos_token", lambda v: not v), "bos-flag",
                 "tokenizer.ggml.add_bos_token"),
    "token inserted": ("llama", insert_token, "token-inserted", "tokenizer.ggml.tokens"),
    "merges lost": ("llama", key("tokenizer.ggml.merges", lambda v: v[:-10]), "merges-lost", "tokenizer.ggml.merges"),
    "type of a token": ("llama", type_of_end, "token-types", "tokenizer.ggml.token_type"),
    # Ten of our own.
    "1 added to a norm": ("llama", edit("output_norm.weight", lambda a: a + 1), "shift", "output_norm.weight"),
    "a matrix transposed": ("llama", edit("blk.0.attn_output.weight", lambda a: a.T), "transposed",
                            "blk.0.attn_output.weight"),
    "signs of a matrix": ("olmo2", edit(UP.format(0), lambda a: -a), "sign", UP.format(0)),
    "embedding scaled": ("llama", edit("token_embd.weight", lambda a: a * np.float32(8)), "factor", "token_embd.weight"),
    "rows of the head moved on": ("llama", edit("output.weight", lambda a: np.roll(a, 1, 0)), "row-shift",
                                  "output.weight"),
    "one value overwritten": ("llama", edit(V.format(0), lambda a: np.where(np.arange(a.size).reshape(a.shape) == 70,
                                                                            np.float32(9), a)), "few-blocks", V.format(0)),
    "noise": ("llama", edit(V.format(1), lambda a: a + np.random.default_rng(1).normal(
        0, 1e-3, a.shape).astype(np.float32)), "noise", V.format(1)),
    "context": ("llama", key("llama.context_length", lambda v: 2048), "key", "llama.context_length"),
    "a head of another model": ("qwen3", lambda file: file.tensors.update({"output.weight": (np.ascontiguousarray(
        file.tensors["token_embd.weight"][0][::-1]), gguf.GGMLQuantizationType.F32)}), "tensor-added", "output.weight"),
    "another architecture": ("olmo2", lambda file: file.set("general.architecture", "llama"), "architecture",
                             "general.architecture"),
    "all merges": ("llama", without("tokenizer.ggml.merges"), "merges-lost", "tokenizer.ggml.merges"),
    "EOS of the list": ("llama", each(key("tokenizer.ggml.eos_token_id", lambda v: 2), lambda f: f.set(
        "tokenizer.ggml.tokens", [t.replace("<|endoftext|>", "<|other|>") for t in f.keys["tokenizer.ggml.tokens"][0]])),
        "end-of-generation", "tokenizer.ggml.eos_token_id"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_named(crossval, tmp_path, mistake):
    name, change, finding, place = MISTAKES[mistake]
    file = File(DATA / f"{name}.gguf")
    change(file)
    run = against(crossval, file.write(tmp_path / "planted.gguf"), DATA / name)
    assert run.code == 1
    assert any(f == finding and place in where for f, where, _ in findings(run)), findings(run)


def keys_alone(family, path, drop=()):
    """The converter's keys of a family, without a weight."""
    writer = gguf.GGUFWriter(path, CONVERTED[family]["keys"].get("general.architecture", next(
        iter(CONVERTED[family]["keys"])).split(".")[0]))
    for name, value in CONVERTED[family]["keys"].items():
        if name in drop:
            continue
        kind = (gguf.GGUFValueType.ARRAY if isinstance(value, list) else gguf.GGUFValueType.BOOL if isinstance(
            value, bool) else gguf.GGUFValueType.UINT32 if isinstance(value, int) else gguf.GGUFValueType.STRING
            if isinstance(value, str) else gguf.GGUFValueType.FLOAT32)
        element = None
        if kind == gguf.GGUFValueType.ARRAY:
            element = gguf.GGUFValueType.BOOL if isinstance(value[0], bool) else gguf.GGUFValueType.INT32
        writer.add_key_value(name, value, kind, element)
    writer.add_tensor("output_norm.weight", np.ones(64, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("family, finding, said", [
    ("mistral-window", "not-in-a-gguf", "2 of 2 layers attend to the last 16 positions"),
    ("qwen2-window", "not-in-a-gguf", "2 of 2 layers attend to the last 16 positions"),
    ("starcoder2-window", "not-in-a-gguf", "2 of 2 layers attend to the last 16 positions"),
    ("gpt-oss", "not-in-a-gguf", "truncate is false"),
    ("llama-yarn-exact", "not-in-a-gguf", "truncate is false"),
    ("deepseek3", "key-lost", "2 sigmoid"),
])
def test_what_a_conversion_loses_is_named(crossval, tmp_path, family, finding, said):
    made_checkpoints.write(tmp_path / family, CONVERTED[family]["config"], CONVERTED[family]["shapes"])
    run = against(crossval, keys_alone(family, tmp_path / "keys.gguf"), tmp_path / family)
    assert any(f == finding and said in detail for f, _, detail in findings(run)), findings(run)


def test_the_same_in_words(crossval, tmp_path):
    file = File(DATA / "llama.gguf")
    swap(Q.format(0), Q.format(1))(file)
    run = crossval("inspect", file.write(tmp_path / "planted.gguf"), "--against", DATA / "llama")
    assert run.code == 1 and "exchanged" in run.out and "the file is not the checkpoint's model" in run.out
    run = crossval("inspect", DATA / "llama.gguf", "--against", DATA / "llama")
    assert run.code == 0 and "the file is the checkpoint's model" in run.out
    assert "blk.*.attn_q.weight (2 tensors): rows of each head in the order of RoPE's pairs" in " ".join(run.out.split())


# ---- Bad input

def shard(folder):
    """model.safetensors as two shards and their index."""
    tensors = made_checkpoints.read_safetensors(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    index = {}
    for i, part in enumerate((names[:7], names[7:])):
        file = f"model-{i + 1:05}-of-00002.safetensors"
        made_checkpoints.write_safetensors(folder / file, {name: tensors[name] for name in part})
        index.update(dict.fromkeys(part, file))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


def test_shards_are_one_model(crossval, checkpoint):
    folder = checkpoint("llama")
    shard(folder)
    run = against(crossval, DATA / "llama.gguf", folder)
    assert findings(run) == []


def header(folder, change):
    """Changes the header of model.safetensors."""
    file = folder / "model.safetensors"
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entries = json.loads(raw[8:8 + length])
    change(entries)
    text = json.dumps(entries).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length:])


NORM, OUT = "model.norm.weight", "model.layers.0.self_attn.o_proj.weight"


def first_norms(entries):
    a, b = sorted((name for name in entries if name.endswith("layernorm.weight")),
                  key=lambda name: entries[name]["data_offsets"])[:2]
    entries[b]["data_offsets"] = entries[a]["data_offsets"]


def head_lost(folder):
    tensors = made_checkpoints.read_safetensors(folder / "model.safetensors")
    tensors.pop("lm_head.weight")
    made_checkpoints.write_safetensors(folder / "model.safetensors", tensors)


def tensor_more(folder):
    tensors = made_checkpoints.read_safetensors(folder / "model.safetensors")
    tensors["model.layers.0.self_attn.extra.weight"] = ("F32", np.zeros((2, 2), np.float32))
    made_checkpoints.write_safetensors(folder / "model.safetensors", tensors)


def missing_shard(folder):
    shard(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()


def set_config(**values):
    def change(folder):
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
    return change


BAD = {
    "a shard is missing": (missing_shard, "model-00002-of-00002.safetensors is missing"),
    "a dtype that nobody has": (lambda f: header(f, lambda h: h[NORM].update(dtype="Q4")), 'dtype "Q4" is not known'),
    "a dtype that is not read": (lambda f: header(f, lambda h: h[NORM].update(dtype="I32")),
                                 "values of I32 are not supported"),
    "data outside the file": (lambda f: header(f, lambda h: h[OUT].update(data_offsets=[10**9, 10**9 + 16384])),
                              "do not lie in the"),
    "data twice": (lambda f: header(f, first_norms), "overlaps that of another tensor"),
    "a header of 2 GB": (lambda f: (f / "model.safetensors").write_bytes((2 << 30).to_bytes(8, "little") + b"{}"),
                         "the header would have 2147483648 bytes"),
    "cut off": (lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:5000]),
                "do not lie in the"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "no weights"),
    "a pickle": (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "a pickle is a program"),
    "the head is missing": (head_lost, "the head is missing"),
    "a tensor too many": (tensor_more, "has no such tensor"),
    "no JSON": (lambda f: (f / "config.json").write_text("{"), "no JSON object"),
    "no config": (lambda f: (f / "config.json").unlink(), "config.json"),
    "an unknown model": (set_config(architectures=["T5ForConditionalGeneration"], model_type="t5"), "LlamaForCausalLM"),
    "heads that do not fit": (set_config(num_attention_heads=3), "rows do not fall into"),
    "no heads": (set_config(num_attention_heads=0), "rows do not fall into"),
    "a number as text": (set_config(hidden_size="64"), '"64" where a whole number'),
    "layers without end": (set_config(num_hidden_layers=2**31 - 1), "2147483647 layers"),
    "a RoPE that nobody has": (set_config(rope_parameters={"rope_type": "spiral"}), '"spiral" is not known'),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_checkpoint_is_refused(crossval, checkpoint, fault):
    change, said = BAD[fault]
    folder = checkpoint("llama")
    change(folder)
    for words in (["run", "--engine", "native", "-m", folder, "--tokens", "1", "--max-tokens", 1],
                  ["inspect", DATA / "llama.gguf", "--against", folder]):
        run = crossval(*words)
        assert run.code == 5 and said in run.err, run.err


def test_a_tied_head_is_the_embedding(crossval, checkpoint):
    folder = checkpoint("llama", tie_word_embeddings=True)
    head_lost(folder)
    assert crossval("run", "--engine", "native", "-m", folder, "--tokens", "1", "--max-tokens", 1, "--format", "json"
                    ).code == 0
    assert ("tensor-added", "output.weight") in [
        f[:2] for f in findings(against(crossval, DATA / "llama.gguf", folder))]


def test_a_missing_tensor_is_named(crossval, checkpoint):
    folder = checkpoint("llama")
    tensors = made_checkpoints.read_safetensors(folder / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    made_checkpoints.write_safetensors(folder / "model.safetensors", tensors)
    run = crossval("run", "--engine", "native", "-m", folder, "--tokens", "1", "--max-tokens", 1)
    assert run.code == 5 and "blk.1.ffn_up.weight" in run.err


def test_usage(crossval):
    for more in (["--quick"], [DATA / "llama.gguf"]):
        assert crossval("inspect", DATA / "llama.gguf", *more, "--against", DATA / "llama").code == 64
