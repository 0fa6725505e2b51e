"""The oracle beside native: what is left between them is rounding, for every architecture and every weight type.

Native has canonical llama.cpp's bits (test_made_architectures, test_weight_types), so this is the oracle beside
llama.cpp too, on models that no file has to be fetched for."""
import re
import statistics

import pytest

from made_models import ELSEWHERE, IDS, ROOT, make, table
from slices import slice_of

TABLE = {name: row for name, row in table().items() if name not in ELSEWHERE}
TYPES = re.findall(r"^    \{\w+, \"(\w+)\", \d+", (ROOT / "src/quant/format.cc").read_text(), re.M)
FLOAT = {"F32", "F16", "BF16"}


def distances(crossval, model, ids, reference, *options):
    """Relative L2 of each position's logits."""
    run = crossval("per-token", "-m", model, "--tokens=" + ",".join(map(str, ids)), "--max-tokens", 0, "--reference",
                   reference, "--format", "json", *options)
    assert run.code in (0, 1), run.err
    return [position["relative_l2"] for position in run.json["positions"]]


@pytest.mark.parametrize("name", slice_of(TABLE, 10))
def test_every_architecture_in_plain_floats(crossval, tmp_path, name):
    """Weights and cache in F32: nothing is rounded to a grid but GELU's table and, between two experts or two halves
    that are as near, what falls to the other side. The median is over positions."""
    path = tmp_path / "m.gguf"
    assert make(crossval, path, name, ["--seed", 2, "--extras", "--types", "F32"]).code == 0
    found = distances(crossval, path, IDS, "oracle:declared", "--kv", "f32")
    assert statistics.median(found) < 1e-4, (name, found)


@pytest.mark.parametrize("kind", slice_of(TYPES, 8))
def test_every_weight_type_as_it_is_declared(crossval, tmp_path, kind):
    """Prompts of one token: attention is the identity, and what the formats declare is all that rounds. One activation
    in a few thousand lies so near a boundary that the order of a sum decides its code: then a row is far off."""
    path = tmp_path / "m.gguf"
    assert make(crossval, path, "llama", ["--seed", 3, "--types", kind]).code == 0
    declared = [distances(crossval, path, [i], "oracle:declared")[0] for i in IDS[:12]]
    ideal = [distances(crossval, path, [i], "oracle")[0] for i in IDS[:12]]
    assert min(declared) < 1e-6 and max(declared) < 0.1, (kind, declared)
    # Binary16's grid is finer than the codes': some of a position's values always lie at a boundary.
    assert statistics.median(declared) < (1e-3 if kind == "F16" else 1e-6), (kind, declared)
    if kind not in FLOAT:
        assert statistics.median(ideal) > 1e-3, (kind, ideal)  # 8-bit activations


def test_types_are_all_of_them():
    assert len(TYPES) >= 28
