"""crossval explain on what is rounded, and where a prompt is cut: caches in codes, mistakes of rounding in one layer, and
those at the borders of chunks."""
import pytest

from conftest import script
from made_models import make
from slices import COMMIT, digest, slice_of
from test_explain import LETTER, TOKENS, acquitted, explain, faulty_copy


CODED = ["q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
PAIRS = [*((f"llama.cpp:kv={codes},fa=on", "native") for codes in CODED),
         *((f"llama.cpp:kv-k={codes}", "native") for codes in CODED),
         *((f"llama.cpp:profile=production,kv={codes}", "llama.cpp") for codes in CODED)]


@pytest.mark.parametrize(("candidate", "reference"), slice_of(PAIRS, 2))
def test_caches_in_codes_are_judged(crossval, model, candidate, reference):
    found = explain(crossval, model, LETTER, candidate, reference)
    assert not found["identical"]
    assert "attention-not-judged" not in [warning["name"] for warning in found["warnings"]]
    acquitted(found)
    codes = candidate.split("kv")[1].split("=")[1].split(",")[0]
    queries = "Q8_1" if codes in ("q5_1", "q4_1") else "Q8_0"
    told = next(fit for fit in found["candidate"]["arithmetic"] if fit["of"].startswith("attention"))
    assert f"queries in {queries}, keys in {codes.upper()}" in told["as"]


# What is declared, the mistake in one layer, and the operation at which it shows.
ROUNDED = [("kv-floats", "Q4_1", "kqv_out-{} CONT", ""), ("kv-bf16", "Q8_0", "kqv_out-{} CONT", ""),
           ("kv-codes", "F16", "kqv_out-{} CONT", ""), ("kv-f16", "Q4_1", "kqv_out-{} CONT", "kv=f32"),
           ("activation-floats", "Q4_1", "Qcur-{} MUL_MAT", ""), ("activation-floats", "Q6_K", "Qcur-{} MUL_MAT", ""),
           ("activation-groups", "Q8_0", "Qcur-{} MUL_MAT", ""), ("activation-groups", "Q4_K", "Qcur-{} MUL_MAT", ""),
           ("activation-codes", "F16", "Qcur-{} MUL_MAT", ""), ("activation-codes", "BF16", "Qcur-{} MUL_MAT", "")]


@pytest.mark.parametrize(("mistake", "weights", "tensor", "settings"), slice_of(ROUNDED, 2))
def test_rounding_that_is_another_in_one_layer_is_named(crossval, mistake, weights, tensor, settings):
    layer = 1 + digest(mistake, COMMIT)[0] % 28
    faulty = "native:" + ",".join(filter(None, [settings, f"fault={mistake}@{layer}"]))
    found = explain(crossval, script("quantized", weights) if weights != "Q4_1" else script("model"), LETTER, faulty, "native:kv=f32" if settings else "llama.cpp:profile=production")
    assert found["verdict"] == "CANDIDATE-WRONG", layer
    assert found["operations"][found["candidate"]["first_beyond"]]["tensor"] == tensor.format(layer)
    assert [cause["mistake"] for cause in found["causes"]] == [mistake], (layer, found["causes"])


@pytest.mark.parametrize("mistake", ["chunk-mask", "chunk-index"])
def test_borders_of_chunks(crossval, model, tmp_path, mistake):
    """In chunks of 16 it is named, and canonical arithmetic in those chunks proves it; in one chunk there is no border."""
    layer = 1 + digest(mistake, COMMIT)[0] % 28
    faulty = f"native:batch=16,fault={mistake}@{layer}"
    found = explain(crossval, model, LETTER, faulty, "llama.cpp")
    assert found["verdict"] == "CANDIDATE-WRONG", layer
    first = found["operations"][found["candidate"]["first_beyond"]]
    assert first["tensor"] == f"kqv_out-{layer} CONT" and first["candidate"]["position"] >= 16
    assert [cause["mistake"] for cause in found["causes"]] == [mistake]
    assert found["proof"]["identical_under_cause"]
    assert explain(crossval, model, LETTER, faulty.replace("batch=16", "batch=64"), "llama.cpp")["identical"]
    # Windows and another architecture.
    path = tmp_path / "m.gguf"
    assert make(crossval, path, "gemma3", ["--seed", 2, "--types", "Q8_0"]).code == 0
    other = explain(crossval, path, [TOKENS], f"native:batch=10,fault={mistake}", "llama.cpp")
    assert other["verdict"] == "CANDIDATE-WRONG"
    assert mistake in [cause["mistake"] for cause in other["causes"]]


def test_the_same_rounding_everywhere_is_an_arithmetic(crossval, model):
    found = explain(crossval, model, LETTER, "native:fault=activation-floats", "llama.cpp")
    assert found["verdict"] == "BOTH-FINE"
    assert "activations as floats" in [fit["as"] for fit in found["candidate"]["arithmetic"]]


@pytest.mark.parametrize("codes", slice_of(["q5_1", "q4_1", "iq4_nl"], 1))
def test_mistakes_in_attention_show_with_a_coded_cache(crossval, tmp_path, codes):
    """The sinks of one layer 0.05 higher, in the file that one engine is given."""
    def damage(tensors):
        tensors["blk.2.attn_sinks.weight"][:] += 0.05

    made = make(crossval, tmp_path / "m.gguf", "gpt-oss", ["--experts", 6, "--experts-used", 2, "--seed", 2, "--types", "Q8_0"])
    assert made.code == 0
    faulty_copy(tmp_path / "m.gguf", tmp_path / "other.gguf", damage)
    sound = f"llama.cpp:kv={codes},fa=on"
    found = explain(crossval, tmp_path / "m.gguf", [TOKENS], f"{sound},model={tmp_path / 'other.gguf'}", sound)
    assert found["verdict"] == "CANDIDATE-WRONG" and found["candidate"]["beyond"] == 1
    assert found["operations"][found["candidate"]["first_beyond"]]["tensor"] == "kqv_out-2 CONT"
