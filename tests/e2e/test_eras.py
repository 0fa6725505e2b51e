"""Workers for other eras of llama.cpp's interface: its release of autumn 2024 and the fork ik_llama.cpp. The first
run compiles both (minutes)."""
import os
import subprocess

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


SPRING_2025 = """bool llama_token_is_eog(const struct llama_vocab * vocab, llama_token token);
const struct llama_vocab * llama_model_get_vocab(const struct llama_model * model);
void llama_kv_self_clear(struct llama_context * ctx);
"""


@pytest.fixture
def unknown(tmp_path):
    """Headers of an era between two shims, and what a build of them would leave."""
    tree = tmp_path / "llama.cpp"
    for name, text in {"include/llama.h": SPRING_2025, "ggml/include/ggml.h": "", "ggml/CMakeLists.txt": "",
                       "CMakeLists.txt": "", "cmake/x": "", "src/x": "", "build/libllama.a": "", "build/libggml.a": "",
                       "build/CMakeCache.txt": f"CMAKE_HOME_DIRECTORY:INTERNAL={tree}\n"}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    return tree


@pytest.mark.parametrize("key, folder", [("src", ""), ("build", "build")])
def test_a_tree_of_an_unknown_era_is_refused_before_anything_is_built(crossval, tmp_path, unknown, key, folder):
    model, cache = tmp_path / "m.gguf", tmp_path / "cache"
    assert crossval("synth", "--types", "F16", "-o", model).code == 0
    run = crossval("per-token", "-m", model, "-p", "x", "--reference", f"llama.cpp:{key}={unknown / folder}",
                   env={"CROSSVAL_CACHE": str(cache)})
    assert run.code == 4 and run.out == ""
    said = " ".join(run.err.split())
    for word in (f"{unknown}/include/llama.h is of an era", "llama_memory_clear (llama.cpp since July 2025)",
                 "llama_vocab_tokenize (ik_llama.cpp)", "(llama.cpp of autumn 2024, bitnet.cpp)", "engines/llama/era.cmake"):
        assert word in said
    left = [path for path in cache.rglob("*") if path.is_file()]
    assert {path.parent.name for path in left} <= {"log", "cache"}, left  # no libraries, no program
    assert not any("-build" in path.name for path in left), left  # none was even begun


def test_an_era_is_known_by_what_is_declared(tmp_path, unknown):
    with open(unknown / "include/llama.h", "a") as header:
        header.write("void llama_memory_clear(llama_memory_t mem, bool data);\n")
    done = subprocess.run([ROOT / "scripts/reference.sh", "worker", "--no-build", "--src", unknown], text=True,
                          capture_output=True, env={**os.environ, "CROSSVAL_CACHE": str(tmp_path / "cache")})
    assert done.returncode == 4 and "not there yet" in done.stderr, done.stderr
