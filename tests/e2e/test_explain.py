"""crossval explain: healthy engines are acquitted, faulty ones found: on either side, in ours and in llama.cpp."""
import json
import re
import shlex
import shutil
import struct

import gguf
import numpy
import pytest

from conftest import PROMPTS, ROOT
from identity import ALL
from made_models import ELSEWHERE, IDS, make, table
from slices import digest, slice_of, COMMIT

TABLE = {name: row for name, row in table().items() if name not in ELSEWHERE}
LETTER = ["-f", PROMPTS / "prose-02-letter.txt"]  # 52 tokens
LICENSE = ["-f", ROOT / "LICENSE", "--position", 95]
TOKENS = "--tokens=" + ",".join(map(str, IDS))


def explain(crossval, model, prompt, candidate, reference):
    run = crossval("explain", "-m", model, *prompt, "--candidate", candidate, "--reference", reference,
                   "--format", "json")
    assert run.code in (0, 1), (run.out[-2000:], run.err)
    return run.json


def acquitted(found):
    assert found["verdict"] == "BOTH-FINE", [o for o in found["operations"]
                                             if max((s or {"units": 0})["units"] for s in (o["candidate"], o["reference"])) > 4]
    for side in ("candidate", "reference"):
        assert found[side]["judged"] == found[side]["shown"] > 0 and found[side]["beyond"] == 0
        assert 0.5 < found[side]["worst_healthy_units"] <= 4


# Not bit-identical, and nobody is wrong.
HEALTHY = [("native", "llama.cpp:profile=production"), ("native:kv=f32", "llama.cpp"),
           ("llama.cpp:kv=bf16", "llama.cpp"), ("llama.cpp:fa=on", "llama.cpp"),
           ("llama.cpp:profile=production,fa=off", "native"), ("llama.cpp:profile=production,kv=f32", "llama.cpp"),
           ("llama.cpp:profile=production,kv=bf16", "llama.cpp:profile=production"),
           ("llama.cpp:profile=production,ubatch=16", "llama.cpp"), ("llama.cpp:kv-k=q8_0", "native"),
           ("llama.cpp:profile=production,kv=q8_0", "native"), ("llama.cpp:kv=q4_0,fa=on", "llama.cpp:kv-k=q5_0")]


@pytest.mark.parametrize(("candidate", "reference", "prompt"),
                         slice_of([(*pair, prompt) for pair in HEALTHY for prompt in (LETTER, LICENSE)], 1))
def test_engines_that_round_differently_are_fine(crossval, model, candidate, reference, prompt):
    found = explain(crossval, model, prompt, candidate, reference)
    assert not found["identical"] and found["distance"] > 1e-4
    acquitted(found)


def test_identical_engines_are_fine(crossval, model):
    found = explain(crossval, model, LETTER, "native", "llama.cpp")
    assert found["identical"] and found["distance"] == 0
    acquitted(found)


@pytest.mark.parametrize("name", slice_of(TABLE, 3))
def test_every_architecture_is_judged_and_fine(crossval, tmp_path, name):
    path = tmp_path / "m.gguf"
    assert make(crossval, path, name, ["--seed", 2, "--extras", "--types", "F16,Q8_0,Q4_K,Q6_K,IQ4_XS"]).code == 0
    found = explain(crossval, path, [TOKENS], "native", "native:kv=f32")
    assert found["verdict"] == "BOTH-FINE", found
    for side in ("candidate", "reference"):
        assert found[side]["judged"] >= 0.8 * found[side]["shown"] > 0, found[side]


# What a layer of SmolLM2 can suffer: the mistake, and the operation at which it shows.
IN_A_LAYER = {"eps": "norm-{} RMS_NORM", "rope-pairing": "Qcur-{} ROPE", "rope-base": "Qcur-{} ROPE",
              "rope-direction": "Qcur-{} ROPE", "rope-f16": "Qcur-{} ROPE", "gqa-map": "kqv_out-{} CONT",
              "gqa-first": "kqv_out-{} CONT", "mask": "kqv_out-{} CONT", "mask-ahead": "kqv_out-{} CONT",
              "no-score-scale": "kqv_out-{} CONT", "activation": "ffn_swiglu-{} GLU", "key-rope": "kqv_out-{} CONT",
              "gate-order": "ffn_swiglu-{} GLU", "norm-plus-one": "attn_norm-{} MUL", "block-scale": "ffn_gate-{} MUL_MAT",
              "weight-bit": "ffn_gate-{} MUL_MAT", "rows-swapped": "ffn_gate-{} MUL_MAT", "nan": "l_out-{} ADD",
              "nibble-order": "Qcur-{} MUL_MAT", "minimum-rounded": "Qcur-{} MUL_MAT", "transposed": "attn_out-{} MUL_MAT"}


@pytest.mark.parametrize("mistake", slice_of(IN_A_LAYER, 2))
def test_a_mistake_in_one_layer_is_named(crossval, model, mistake):
    layer = 1 + digest(mistake, COMMIT)[0] % 28 if mistake != "eps" else 0  # seen where activations are small
    faulty = f"native:fault={mistake}@{layer}"
    found = explain(crossval, model, LETTER, "llama.cpp:profile=production", faulty)
    assert found["verdict"] == "REFERENCE-WRONG", (layer, found["candidate"], found["reference"]["beyond"])
    first = found["operations"][found["reference"]["first_beyond"]]
    assert first["tensor"].split(" #")[0] == IN_A_LAYER[mistake].format(layer)
    assert mistake in [cause["mistake"] for cause in found["causes"]], (layer, found["causes"])


def faulty_copy(model, path, change):
    """A copy of a model in which change(tensors) has changed bytes in place."""
    shutil.copyfile(model, path)
    reader = gguf.GGUFReader(path, "r+")
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    change(tensors)
    reader.data.flush()


def scale_block(row):
    """A Q4_1 block's scale and minimum times 1.02, as a converter that rounds them badly."""
    d, m = struct.unpack("<ee", row[40:44].tobytes())
    row[40:44] = numpy.frombuffer(struct.pack("<ee", d * 1.02, m * 1.02), dtype=row.dtype)


def swap_rows(data, a, b):
    data[[a, b]] = data[[b, a]]


# In the weights of a file that one llama.cpp is given: what is done, and the operation that must be named.
DAMAGE = {
    "one block's scale by 2 %": (lambda t: scale_block(t["blk.7.ffn_up.weight"][100]), "ffn_up-7 MUL_MAT"),
    "two rows swapped": (lambda t: swap_rows(t["blk.12.attn_q.weight"], 5, 300), "Qcur-12 MUL_MAT"),
    "two rows of the output projection swapped": (lambda t: swap_rows(t["blk.3.attn_output.weight"], 0, 1),
                                                  "attn_out-3 MUL_MAT"),
    "one code": (lambda t: t["blk.21.ffn_down.weight"][30].__setitem__(10, t["blk.21.ffn_down.weight"][30][10] ^ 1),
                 "ffn_out-21 MUL_MAT"),
    "one norm weight by 1.5": (lambda t: t["blk.5.ffn_norm.weight"].__setitem__(100, t["blk.5.ffn_norm.weight"][100] * 1.5),
                               "ffn_norm-5 MUL"),
    "a zeroed norm weight": (lambda t: t["blk.9.attn_norm.weight"].__setitem__(7, 0), "attn_norm-9 MUL"),
}


@pytest.mark.parametrize(("damage", "profile"),
                         slice_of([(damage, profile) for damage in DAMAGE for profile in ("canonical", "production")], 1))
def test_damaged_weights_of_llama_cpp_are_found(crossval, model, tmp_path, damage, profile):
    """-m is the truth for both; the candidate computes with another file."""
    change, tensor = DAMAGE[damage]
    path = tmp_path / "damaged.gguf"
    faulty_copy(model, path, change)
    found = explain(crossval, model, LETTER, f"llama.cpp:model={path},profile={profile}", "native")
    assert found["verdict"] == "CANDIDATE-WRONG"
    assert found["candidate"]["beyond"] == 1 and found["reference"]["beyond"] == 0
    assert found["operations"][found["candidate"]["first_beyond"]]["tensor"] == tensor
    weight = found["operations"][found["candidate"]["first_beyond"]]["weight"]
    assert [each["name"] for each in found["candidate"]["model_difference"]["tensors"]] == [weight]
    assert found["reference"]["model_difference"] is None


def test_the_proof_reaches_the_logits(crossval, model):
    """One layer's fault is all of the difference; one of all layers is reproduced bit for bit."""
    one = explain(crossval, model, LETTER, "native:fault=gate-order@11", "native")
    assert one["proof"]["share"] == pytest.approx(1, abs=1e-6) and one["proof"]["distance"] > 1e-3
    assert one["proof"]["distance_under_cause"] == 0 and one["proof"]["identical_under_cause"]
    assert not one["proof"]["in_all_layers"]
    every = explain(crossval, model, LETTER, "llama.cpp", "native:fault=rope-base")
    assert every["proof"]["in_all_layers"] and every["proof"]["identical_under_cause"]
    healthy = explain(crossval, model, LETTER, "native:kv=f32", "native")
    assert healthy["proof"] is None


def test_per_token_explains_the_first_position_that_differs(crossval, model):
    pair = ["-m", model, *LETTER, "--candidate", "native:fault=rope-pairing@12", "--reference", "native", "--explain"]
    run = crossval("per-token", *pair, "--require", "bits", "--format", "json")
    found = run.json["explanation"]
    assert run.code == 1 and found["verdict"] == "CANDIDATE-WRONG"
    assert found["positions"] == run.json["first_divergence_token"] + 1 == 2  # the first position has no angle
    assert [cause["mistake"] for cause in found["causes"]] == ["rope-pairing"]
    text = crossval("per-token", *pair)
    assert text.code == 1 and "DIVERGED" in text.out and "CANDIDATE-WRONG" in text.out
    assert "Qcur ROPE                 ············" in text.out
    # All pass: what differs first is explained. Nothing differs: nothing is.
    fine = crossval("per-token", "-m", model, *LETTER, "--candidate", "native:kv=f32", "--reference", "native",
                    "--cos-tol", "0.9", "--explain", "--format", "json")
    assert fine.code == 0 and fine.json["explanation"]["verdict"] == "BOTH-FINE"
    same = crossval("per-token", "-m", model, *LETTER, "--reference", "native", "--explain", "--format", "json")
    assert same.code == 0 and same.json["explanation"] is None
    first = crossval("explain", *pair[:-1], "--position", "first", "--format", "json")
    assert first.json["positions"] == 2 and first.json["causes"] == found["causes"]
    nobody = crossval("per-token", "-p", "Hi", "--candidate", f"native:model={model}", "--reference",
                      f"native:model={model}", "--explain")
    assert nobody.code == 64 and "no model is the truth" in nobody.err


def safetensors(path):
    """name -> array, by the format's description."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    kinds = {"F32": "<f4", "F64": "<f8"}
    assert (8 + size) % 8 == 0 and header.pop("__metadata__", {}) is not None
    body = data[8 + size:]
    assert len(body) == max(entry["data_offsets"][1] for entry in header.values())
    return {name: numpy.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in header.items()}


def test_what_is_off_can_be_taken_away(crossval, model, tmp_path):
    """--trace: what each engine showed, the logits those of --dump. --repro: the operation by itself, here a product."""
    trace, repro = tmp_path / "trace", tmp_path / "repro"
    faulty = "native:fault=rows-swapped@9"
    run = crossval("explain", "-m", model, *LETTER, "--position", 20, "--candidate", "llama.cpp", "--reference", faulty,
                   "--layers", "8-10", "--trace", trace, "--repro", repro, "--format", "json")
    assert run.code == 1 and run.json["verdict"] == "REFERENCE-WRONG", run.err
    shown = safetensors(trace / "candidate.safetensors")
    judged = {o["tensor"] for o in run.json["operations"] if o["candidate"]}
    assert judged <= set(shown) and {name.split()[0].split("-")[-1] for name in judged if "-" in name} == {"8", "9", "10"}
    dump = tmp_path / "dump"
    tokens = "--tokens=" + ",".join(map(str, run.json["tokens"]))
    crossval("per-token", "-m", model, tokens, "--max-tokens", 0, "--candidate", "llama.cpp", "--reference", "native", "--dump", dump)
    logits = next(name for name in shown if name.startswith("result_output"))
    assert (shown[logits] == numpy.load(dump / "candidate.npy")).all()
    assert json.loads((trace / "explanation.json").read_text()) == run.json
    short = run.json["reproduction"]
    assert len(short["tokens"]) == 1 and short["units"] > 1e3
    operation = safetensors(repro / "operation.safetensors")
    off = numpy.abs(operation["actual"] - operation["expected"]) / operation["bound"]
    assert off.max() == pytest.approx(short["units"], rel=1e-6)
    assert (off > 4).sum() == 2  # two rows
    page = (repro / "README.md").read_text()
    command = next(line.strip() for line in page.splitlines() if line.startswith("    crossval "))
    again = crossval(*shlex.split(command)[1:])
    assert again.code == 1 and "REFERENCE-WRONG" in again.out and "rows-swapped" in page


def test_layers_that_are_none(crossval, model):
    for layers in ("x", "3-", "7-3", "-1", "1-2-3"):
        run = crossval("explain", "-m", model, "--tokens", "1", f"--layers={layers}")
        assert run.code == 64 and "is no layer and no range" in run.err, layers


def test_the_page_says_it(crossval, model):
    run = crossval("explain", "-m", model, *LETTER, "--candidate", "native:fault=rope-base@4", "--reference", "llama.cpp")
    text = " ".join(run.out.split())
    assert run.code == 1
    assert "CANDIDATE-WRONG: the first operation that is off is Qcur-4 ROPE, as the mistake rope-base makes it." in text
    assert re.search(r"products with Q4_1 weights: activations in Q8_1, as the format declares", text)
    assert "2 × RoPE" in text


def test_what_cannot_be_explained_is_refused(crossval, model):
    run = crossval("explain", "-m", model, "-p", "Hello", "--position", "5")
    assert run.code == 64 and "--position 5 of a prompt of 1 tokens" in run.out + run.err


if ALL:
    @pytest.mark.parametrize("mistake", IN_A_LAYER)
    def test_each_on_a_prompt_of_96_positions(crossval, model, mistake):
        layer = 11 if mistake != "eps" else 0
        found = explain(crossval, model, LICENSE, f"native:fault={mistake}@{layer}", "llama.cpp:profile=production")
        assert found["verdict"] == "CANDIDATE-WRONG"
        assert mistake in [cause["mistake"] for cause in found["causes"]]
