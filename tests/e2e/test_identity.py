"""The signature: native's logits are bit-identical to canonical llama.cpp's, whatever should not matter."""
import pytest

from identity import ALL, identical, tokens


@pytest.mark.parametrize("kv", ["f16", "f32"])
def test_1024_positions_and_32_steps(crossval, model, ids, kv):
    run = crossval("per-token", "-m", model, tokens(ids), "--max-tokens", 32, "--kv", kv, "-t", 1,
                   "--require", "bits", "--format", "json")
    result = identical(run, 1024, 32)
    assert result["decode_steps"] == 32 or result["stopped_at_end_of_generation"]


@pytest.mark.parametrize("threads,batch", [(1, 512), (2, 128), (1, 7)])
def test_threads_and_chunks(crossval, model, ids, threads, batch):
    length = 1024 if ALL else 192
    run = crossval("per-token", "-m", model, tokens(ids[:length]), "--max-tokens", 4, "-t", threads, "-b", batch,
                   "--require", "bits", "--format", "json")
    identical(run, length, 4)
