"""The signature: native's logits are bit-identical to canonical llama.cpp's, whatever should not matter."""
import re

import pytest

from identity import ALL, identical, tokens
from slices import slice_of


@pytest.mark.parametrize("kv", slice_of(["f16", "f32"], 1))
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


def test_kernel_sets(crossval, model, ids):
    """CROSSVAL_KERNELS is obeyed, recorded and changes no bit; without it the best set runs."""
    checks = crossval("doctor", "--format", "json").json["checks"]
    chosen = next(check["detail"] for check in checks if check["name"] == "kernels")
    sets = re.findall(r"(\w+) \(([^()]*)\)", chosen)  # "avx2 (AVX2, FMA); also built in: scalar (plain C++)"
    here = [(name, isa) for name, isa in sets if "not on this processor" not in isa]
    assert "scalar" in dict(here)
    for name, isa in [(None, here[0][1]), *here]:
        asked = {"CROSSVAL_KERNELS": name} if name else {}
        result = identical(crossval("per-token", "-m", model, tokens(ids[:12]), "--max-tokens", 1, "--require", "bits",
                                    "--format", "json", env=asked), 12, 1)
        assert result["candidate"]["identity"]["isa"] == isa
        assert result["candidate"]["settings"]["environment"] == [f"{key}={value}" for key, value in asked.items()]
        assert not any("KERNELS" in variable for variable in result["reference"]["settings"]["environment"])


@pytest.mark.parametrize("command", ["per-token", "run"])
def test_a_kernel_set_that_is_none(crossval, model, command):
    run = crossval(command, "-m", model, "-p", "x", env={"CROSSVAL_KERNELS": "abacus"})
    assert run.code == 64 and run.out == ""
    assert '"abacus"' in run.err and "CROSSVAL_KERNELS" in run.err and "scalar" in run.err
