"""Bit identity of each architecture on models that synth makes: other sizes, weight types and optional parts than
upstream's fixtures have, prompts longer than the windows."""
import pytest

from identity import ALL, identical
from made_models import ELSEWHERE, IDS, MODES, STEPS, compare, make, set_f32, table, variants
from slices import slice_of

TABLE = {name: row for name, row in table().items() if name not in ELSEWHERE}


@pytest.mark.parametrize("name", slice_of(TABLE, 12))
def test_identical_to_canonical_llama_cpp(crossval, tmp_path, name):
    for label, options in variants(name, TABLE[name]):
        if not ALL and label.endswith("layers"):
            continue
        path = tmp_path / f"{label}.gguf"
        run = make(crossval, path, name, options)
        assert run.code == 0, (label, run.err)
        for mode in MODES if ALL else ["chunks", "decode"]:
            run = compare(crossval, path, mode)
            assert run.code == 0, (name, label, mode, run.out[-1500:], run.err)
            identical(run, len(IDS), STEPS)
        path.unlink()


def test_every_architecture_is_in_the_table():
    assert len(TABLE) >= 72
    assert {"llama", "gemma3", "gpt-oss", "laguna"} <= set(TABLE)


def test_an_epsilon_that_one_side_does_not_read_is_named(crossval, tmp_path):
    """qwen2vl: this llama.cpp computes with an epsilon of 0 whatever the file says."""
    path = tmp_path / "m.gguf"
    assert make(crossval, path, "qwen2vl", ["--types", "F16"]).code == 0
    set_f32(path, "qwen2vl.attention.layer_norm_rms_epsilon", 1e-5)
    run = compare(crossval, path, "prefill", "--first-diff")
    assert run.code == 1
    assert run.json["trace"]["first"]["tensor"] == "norm-0" and run.json["trace"]["first"]["op"] == "RMS_NORM"
