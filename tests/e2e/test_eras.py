"""Workers for other eras of llama.cpp's interface: its release of autumn 2024 and the fork ik_llama.cpp. The first
run compiles both (minutes)."""
import pytest

from conftest import ROOT, script

PROMPT = ("-f", ROOT / "tests/data/prompts/chat-01-chatml.txt")
AUTUMN_2024, IK = "0.3.1", "0.1.5"  # of deps/reference.txt


@pytest.fixture(scope="module")
def compare(crossval):
    """compare(release, model, …) -> (exit code, result): native beside that release, one thread."""

    def run(release, model, *args):
        tree = script("source", "--release", release)
        done = crossval("per-token", "-m", model, *PROMPT, "-t", 1, "--reference", f"llama.cpp:src={tree}", "--format",
                        "json", *args, timeout=2400)
        assert done.out, done.err
        return done.code, done.json

    return run


def test_the_arithmetic_has_not_changed_since_autumn_2024(compare, model):
    code, result = compare(AUTUMN_2024, model, "--max-tokens", 4, "--require", "bits")
    assert (code, result["verdict"]) == (0, "IDENTICAL")
    identity = result["reference"]["identity"]
    assert (identity["name"], identity["api"]) == ("llama.cpp", "llama_kv_cache, no llama_vocab (autumn 2024)")
    assert identity["activation_function"] == "silu"
    assert result["reference"]["settings"]["flash_attention"] == "off"


def test_a_fork_of_another_interface_computes_the_same_model(compare):
    code, result = compare(IK, script("quantized", "F32"), "--max-tokens", 4)
    assert (code, result["verdict"]) == (0, "MATCH")
    identity = result["reference"]["identity"]
    assert (identity["name"], identity["activation_function"]) == ("ik_llama.cpp", "silu")
    assert "ik_llama.cpp" in identity["api"]


@pytest.mark.parametrize("batch, verdict", [(512, "DIVERGED"), (31, "MATCH")])
def test_a_fault_of_the_fork_is_found(compare, batch, verdict):
    """With 32 positions or more in a batch its Q4_1 product drops what lies behind the last whole 128 inputs of a row,
    64 of 576 here (docs/llama-cpp.md); with fewer it is as near as its other products."""
    _, result = compare(IK, script("quantized", "Q4_1"), "--max-tokens", 0, "-b", batch, "--cos-tol", 0.99)
    assert result["verdict"] == verdict
    assert (min(row["cosine"] for row in result["positions"]) < 0) == (verdict == "DIVERGED")


def test_a_fault_is_named_beside_the_old_release(compare, model):
    code, result = compare(AUTUMN_2024, model, "--max-tokens", 0, "--candidate", "native:fault=rope-pairing",
                           "--first-diff", "--require", "bits")
    assert code == 1
    first = result["trace"]["first"]
    assert (first["op"], first["layer"], first["position"]) == ("ROPE", 0, 1)
