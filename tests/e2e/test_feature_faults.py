"""Each mistake of docs/mistakes.md is caught in the bits and named by --first-diff; each architecture has some of its own."""
import re

import pytest

from conftest import ROOT
from feature_faults import EXPECTED, FURTHER, NOT_A_NUMBER, WITHOUT_REFERENCE, named, scaled
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
         "window-rope": "gemma3", "learned-positions": "starcoder", "attn-gate": "afmoe", "latent-norm": "minicpm3", "latent-split": "minicpm3", "activation": "arcee",
         "gate-order": "glm4", "tied-head": "xverse"}


def planted(crossval, path, fault):
    return compare(crossval, path, "prefill", "--candidate", f"native:fault={fault}", "--first-diff")


def check(run, fault, nodes=None):
    code, verdict = (3, "UNHEALTHY") if fault in NOT_A_NUMBER else (1, "DIVERGED")
    assert run.code == code and run.json["verdict"] == verdict, (fault, run.out[-1500:], run.err)
    assert re.fullmatch(EXPECTED[fault] if nodes is None else nodes, named(run)), (fault, named(run))


def test_every_mistake_is_planted_here_or_elsewhere():
    page = (ROOT / "docs" / "mistakes.md").read_text()
    listed = set(re.findall(r"^\| `([\w-]+)` \|", page, re.M)) | {"missing-bos"}
    assert set(SHOWN) == set(EXPECTED)
    assert not set(EXPECTED) & set(FURTHER)
    assert listed == set(EXPECTED) | set(FURTHER) | WITHOUT_REFERENCE


@pytest.mark.parametrize("fault", [*EXPECTED, *FURTHER])
def test_a_fault_is_caught_and_named(crossval, tmp_path, fault):
    name, own, nodes = FURTHER[fault] if fault in FURTHER else (SHOWN[fault], [], EXPECTED[fault])
    for label, options in list(variants(name, table()[name]))[:5]:  # some have the part
        path = tmp_path / f"{label}.gguf"
        if "--types" in own:
            options = [o for i, o in enumerate(options) if "--types" not in options[max(i - 1, 0):i + 1]]
        assert make(crossval, path, name, [*options, *own]).code == 0
        run = planted(crossval, path, fault)
        if run.code == 64:
            assert f"fault {fault} needs a model with" in run.out
            continue
        check(run, fault, scaled(nodes))
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
