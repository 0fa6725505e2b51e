"""Bit identity for each weight type: SmolLM2 requantised by llama.cpp's own quantiser."""
import re
import subprocess

import pytest

from conftest import linked_with_reference, script
from identity import ALL, identical, tokens

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]


@pytest.mark.parametrize("kind", TYPES)
def test_weight_types(crossval, ids, kind):
    length = 256 if ALL else 96
    run = crossval("per-token", "-m", script("quantized", kind), tokens(ids[:length]), "--max-tokens", 4, "-t", 1,
                   "--require", "bits", "--format", "json")
    identical(run, length, 4)


def test_kernels_and_decoders_against_llamas_own_functions():
    """Every format that llama.cpp has: dots in every kernel set, decoded values."""
    done = subprocess.run([linked_with_reference("kernels_vs_reference")], text=True, capture_output=True)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 28, done.stdout
    for line in lines:
        assert re.fullmatch(r"\w+ +[1-9]\d+ dots x [1-9] sets: 0 differ; decoder: 0 values differ", line)
