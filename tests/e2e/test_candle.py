"""candle (Rust, engines/candle) hands out logits alone: what it computes otherwise is found from them (make test-engines)."""
import sys

import pytest

from conftest import ROOT, script

sys.path.insert(0, str(ROOT / "engines" / "python"))

import crossval as sdk

PROGRAM = ROOT / "build" / "engines" / "candle" / "target" / "release" / "crossval-candle"
if not PROGRAM.exists():
    pytest.skip("candle is not built: make test-engines", allow_module_level=True)

CANDLE = sdk.spec([PROGRAM])
IDS = [5, 80, 33, 260, 17, 99, 301, 44]


def made(crossval, folder, architecture, *more):
    path = folder / f"{architecture}.gguf"
    run = crossval("synth", "--arch", architecture, "--types", "F32", "--layers", 3, "-q", "-o", path, *more)
    assert run.code == 0, run.err
    return path


def test_gemma_3_has_another_activation(crossval, tmp_path):
    """candle 0.11.1, quantized_gemma3: SiLU where the model has GELU (its issue 3745)."""
    found = sdk.explain(made(crossval, tmp_path, "gemma3", "--head-dim", 128), IDS, CANDLE, "native", kv="f32")
    assert found.verdict == "CANDIDATE-WRONG" and found.causes[0] == "activation"
    sound, = found.raw["candidate"]["by_logits"]["sound"]
    cause = found.raw["candidate"]["by_logits"]["causes"][0]
    assert sound["tokens"] == 1 and sound["distance"] > 1e-2 and cause["distance"] < 1e-3


def test_llama_is_fine(crossval, tmp_path):
    found = sdk.explain(made(crossval, tmp_path, "llama"), IDS, CANDLE, "native", kv="f32")
    assert found.verdict == "BOTH-FINE", found.raw["why_unknown"]


def test_llama_of_a_real_size_is_not_accused(crossval):
    """8-bit activations: what one code does over longer prompts is not told from a mistake, and nobody is accused."""
    found = sdk.explain(script("quantized", "Q8_0"), [int(i) for i in IDS], CANDLE, "native", kv="f32")
    assert found.verdict in ("BOTH-FINE", "CANNOT-TELL") and not found.causes


def test_steps_follow_the_prompt(crossval, tmp_path):
    path = made(crossval, tmp_path, "llama")
    found = sdk.compare(path, IDS, CANDLE, "native", kv="f32", cos_tol=0.9999, max_tokens=3)
    assert found.verdict == "MATCH" and sum(p.decode for p in found.positions) == 3
