"""Each architecture has planted faults of its own; each is caught in the bits and named by --first-diff."""
import re

import pytest

from feature_faults import EXPECTED, named
from made_models import compare, make, table, variants
from slices import slice_of
from test_made_architectures import TABLE

# Where each shows: an architecture, and which of its made models.
SHOWN = {"layer-heads": "openelm", "stand-in": "deci", "query-temperature": "mistral3", "qk-norm": "qwen3", "qk-norm-order": "hunyuan-dense", "sub-norm": "bitnet", "window": "gemma3",
         "soft-cap": "gemma2", "sink": "gpt-oss", "alibi": "bloom", "score-scale": "granite", "wrong-expert": "dbrx",
         "expert-weights": "olmoe", "gating": "qwen3moe", "selection-bias": "glm4moe", "shared-expert": "deepseek",
         "silu-for-relu2": "nemotron", "qkv-bias": "gpt2", "ffn-bias": "phi2", "norm-bias": "gptneox",
         "norm-kind": "command-r", "post-norm": "olmo2", "embedding-norm": "bloom", "embedding-scale": "gemma",
         "residual-scale": "minicpm", "logit-scale": "cohere2", "logit-cap": "gemma2", "clamp": "olmo",
         "block-order": "plamo", "rope-layers": "smollm3", "rope-sections": "qwen3vl", "rope-factors": "phi3",
         "window-rope": "gemma3", "learned-positions": "starcoder", "attn-gate": "afmoe", "activation": "arcee",
         "gate-order": "glm4", "tied-head": "xverse"}


def planted(crossval, path, fault):
    return compare(crossval, path, "prefill", "--candidate", f"native:fault={fault}", "--first-diff")


def check(run, fault):
    assert run.code == 1 and run.json["verdict"] == "DIVERGED", (fault, run.out[-1500:], run.err)
    assert re.fullmatch(EXPECTED[fault], named(run)), (fault, named(run))


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_is_caught_and_named(crossval, tmp_path, fault):
    assert set(SHOWN) == set(EXPECTED)
    name = SHOWN[fault]
    for label, options in list(variants(name, table()[name]))[:5]:  # some have the part
        path = tmp_path / f"{label}.gguf"
        assert make(crossval, path, name, options).code == 0
        run = planted(crossval, path, fault)
        if run.code == 64:
            assert f"fault {fault} needs a model with" in run.out
            continue
        check(run, fault)
        return
    pytest.fail(f"no made model of {name} has what {fault} breaks")


@pytest.mark.parametrize("name", slice_of(TABLE, 6))
def test_each_architecture_has_faults_of_its_own(crossval, tmp_path, name):
    """All that apply to a model with optional parts; at least two do."""
    label, options = list(variants(name, TABLE[name]))[1]
    path = tmp_path / "m.gguf"
    assert make(crossval, path, name, options).code == 0, label
    applied = 0
    for fault in EXPECTED:
        run = planted(crossval, path, fault)
        if run.code != 64:
            check(run, fault)
            applied += 1
    assert applied >= 2


def test_a_model_without_the_part_is_refused(crossval, tmp_path):
    path = tmp_path / "m.gguf"
    assert make(crossval, path, "llama", ["--types", "F16"]).code == 0
    for fault in ("attn-gate", "sink", "window", "qk-norm", "post-norm", "block-order", "logit-scale", "wrong-expert"):
        run = planted(crossval, path, fault)
        assert run.code == 64 and "needs a model with" in run.out, fault
