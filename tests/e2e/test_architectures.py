"""Bit identity for each architecture, on upstream's own fixtures, as docs/architectures.md says it."""
import random
import re

import pytest

from conftest import ROOT, script
from identity import ALL, identical, tokens
from slices import slice_of

PAGE = (ROOT / "docs" / "architectures.md").read_text()
IDENTICAL = re.findall(r"([\w.-]+): identical", PAGE)
REFUSED = re.search(r"not supported: (.*)\.", PAGE)[1].split(", ")
# One for each thing that the forward pass can do; the commit chooses some of the others.
ALWAYS = ["qwen3-dense", "gemma2-dense", "gemma3-dense", "gpt2-dense", "gptneox-dense", "phi3-dense", "falcon-dense",
          "mpt-dense", "bloom-dense", "olmo2-dense", "cohere2-dense", "granite-moe", "qwen2moe-moe", "gpt-oss-moe",
          "dots1-moe", "qwen3vl-dense", "stablelm-dense", "laguna-moe"]
IDS = random.Random(7).sample(range(128), 44)


@pytest.fixture(scope="session")
def fixtures():
    return script("archs")


def compare(crossval, model, *args):
    return crossval("per-token", "-m", model, tokens(IDS), "-c", 256, "--max-tokens", 4, "--require", "bits",
                    "--format", "json", *args)


def test_the_page_counts_what_it_lists():
    assert len(set(IDENTICAL)) == len(IDENTICAL) >= 60
    assert set(ALWAYS) <= set(IDENTICAL)
    assert not set(IDENTICAL) & set(REFUSED)


@pytest.mark.parametrize("name", ALWAYS + slice_of([name for name in IDENTICAL if name not in ALWAYS], 4))
def test_architectures(crossval, fixtures, name):
    settings = [("f16", 40), ("f16", 7), ("f16", 1), ("f32", 40)] if ALL else [("f16", 40), ("f32", 7)]
    for kv, chunk in settings:
        identical(compare(crossval, fixtures / f"{name}.gguf", "--kv", kv, "-b", chunk), len(IDS), 4)


@pytest.mark.parametrize("name", slice_of(REFUSED, 6))
def test_what_is_not_supported_is_refused_by_name(crossval, fixtures, name):
    run = compare(crossval, fixtures / f"{name}.gguf")
    assert run.code == 5
    error = run.json["error"]
    assert "not supported" in error["what"] or "missing" in error["what"], error


def test_the_way_that_the_refusal_names_works(crossval, fixtures):
    path = fixtures / "mamba-dense.gguf"
    hint = crossval("per-token", "-m", path, tokens(IDS)).err
    command = re.search(r"crossval (per-token -m \S+) -p TEXT (--candidate \S+ --reference \S+)\. ", hint)
    assert command, hint
    run = crossval(*command[1].split(), tokens(IDS), *command[2].split(), "--max-tokens", 2, "--format", "json")
    assert run.code in (0, 1) and len(run.json["positions"]) >= len(IDS), run.out[:500]


FAULTS = [("qk-norm", "qwen3-dense", "Qcur-0"), ("window", "gemma3-dense", "kq_soft_max-0"),
          ("alibi", "bloom-dense", "kq_soft_max-0"), ("sink", "gpt-oss-moe", "kq_soft_max-0"),
          ("expert-weights", "qwen2moe-moe", "ffn_moe_weighted-0"), ("rope-pairing", "gptneox-dense", "Qcur-0")]


@pytest.mark.parametrize("fault,name,tensor", FAULTS)
def test_planted_faults_are_named_against_the_reference(crossval, fixtures, fault, name, tensor):
    run = compare(crossval, fixtures / f"{name}.gguf", "--candidate", f"native:fault={fault}", "--first-diff")
    assert run.code == 1
    assert run.json["trace"]["first"]["tensor"] == tensor


def test_a_logit_cap_that_is_too_high_is_caught(crossval, fixtures):
    run = compare(crossval, fixtures / "gemma2-dense.gguf", "--candidate", "native:fault=logit-cap")
    assert run.code == 1 and run.json["verdict"] == "DIVERGED"
