"""The signature: native's logits are bit-identical to canonical llama.cpp's, whatever should not matter."""
import os

import pytest

from conftest import PROMPTS, ROOT, script

ALL = bool(os.environ.get("CROSSVAL_TEST_ALL"))
TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]


def identical(run, positions, steps=0):
    assert run.code == 0, (run.out[-2000:], run.err[-2000:])
    result = run.json
    assert result["verdict"] == "IDENTICAL"
    assert result["prompt_positions"] == positions
    assert result["decode_steps"] <= steps
    assert result["identical_rows"] == positions + result["decode_steps"]
    return result


@pytest.fixture(scope="session")
def ids(crossval, model):
    """1,024 token ids of real text."""
    run = crossval("per-token", "-m", model, "-f", ROOT / "LICENSE", "-c", 4096, "--max-tokens", 0,
                   "--candidate", "llama.cpp", "--format", "json")
    found = run.json["tokens"]
    assert len(found) > 1024
    return found[:1024]


def tokens(ids):
    return "--tokens=" + ",".join(map(str, ids))


@pytest.mark.parametrize("kv", ["f16", "f32"])
def test_1024_positions_and_32_steps(crossval, model, ids, kv):
    run = crossval("per-token", "-m", model, tokens(ids), "--max-tokens", 32, "--kv", kv, "-t", 2,
                   "--require", "bits", "--format", "json")
    result = identical(run, 1024, 32)
    assert result["decode_steps"] == 32 or result["stopped_at_end_of_generation"]


@pytest.mark.parametrize("threads,batch", [(1, 512), (2, 128), (1, 7)])
def test_threads_and_chunks(crossval, model, ids, threads, batch):
    length = 1024 if ALL else 192
    run = crossval("per-token", "-m", model, tokens(ids[:length]), "--max-tokens", 4, "-t", threads, "-b", batch,
                   "--require", "bits", "--format", "json")
    identical(run, length, 4)


@pytest.mark.parametrize("kind", TYPES)
def test_weight_types(crossval, ids, kind):
    """SmolLM2 requantised by llama.cpp's own quantiser."""
    length = 256 if ALL else 96
    run = crossval("per-token", "-m", script("quantized", kind), tokens(ids[:length]), "--max-tokens", 4, "-t", 2,
                   "--require", "bits", "--format", "json")
    identical(run, length, 4)


def test_no_false_alarm_on_clean_prompts(crossval, model):
    prompts = sorted(PROMPTS.glob("*.txt"))
    assert len(prompts) == 50
    for prompt in prompts:
        run = crossval("per-token", "-m", model, "-f", prompt, "--max-tokens", 2, "-t", 2, "--require", "bits",
                       "--format", "json")
        result = run.json
        assert run.code == 0 and result["verdict"] == "IDENTICAL", (prompt, run.err)
        assert result["identical_rows"] > 0
        assert result["warnings"] == [], (prompt, result["warnings"])
