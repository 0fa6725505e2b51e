"""Bit identity for each weight type: SmolLM2 requantised by llama.cpp's own quantiser."""
import pytest

from conftest import script
from identity import ALL, identical, tokens

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]


@pytest.mark.parametrize("kind", TYPES)
def test_weight_types(crossval, ids, kind):
    length = 256 if ALL else 96
    run = crossval("per-token", "-m", script("quantized", kind), tokens(ids[:length]), "--max-tokens", 4, "-t", 1,
                   "--require", "bits", "--format", "json")
    identical(run, length, 4)
