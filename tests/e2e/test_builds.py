"""llama.cpp:build=DIR and the keys that vary how llama.cpp runs. The canonical libraries of the cache are a CMake build
like any other."""
import pytest

from conftest import ROOT, script

PROMPT = ("-f", ROOT / "tests/data/prompts/prose-02-letter.txt", "--max-tokens", 0)
CACHE_TYPES = ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1")  # of llama.cpp's own --help


@pytest.fixture(scope="module")
def build():
    """A build of llama.cpp without repacking, by its own defaults with flash attention."""
    return script("libs")


@pytest.fixture(scope="module")
def reference(crossval, model, build):
    """reference("fa=off", …) -> the result of native beside that build with these keys."""

    def run(*keys, args=(), code=None):
        done = crossval("per-token", "-m", model, *PROMPT, "--reference", ",".join([f"llama.cpp:build={build}", *keys]),
                        "--format", "json", *args, timeout=900)
        assert done.out, done.err
        assert code is None or done.code == code, done.out[-2000:]
        return done.json

    return run


def weight(result, name):
    return {setting["name"]: setting["weight"] for setting in result["settings"]}.get(name)


def test_a_build_runs_by_its_own_defaults(reference):
    result = reference()
    engine = result["reference"]
    assert engine["identity"]["profile"] == "as-built"
    settings = engine["settings"]
    assert settings["flash_attention"] == "on"  # auto, and the CPU has it: FLASH_ATTN_EXT is in the graph
    assert (settings["n_batch"], settings["n_ubatch"]) == (2048, 512)
    assert settings["environment"] == []
    assert settings["weight_layout"] == "as stored"  # built with GGML_CPU_REPACK=OFF
    assert settings["weight_buffers"] == ["CPU_Mapped: 211 matrices"]  # 30 × 7 and the output, by gguf-py
    assert settings["device"] == "cpu"
    assert "micro-batch" in settings["not_invariant_to"]
    assert weight(result, "flash-attention") == "asked"
    assert result["warnings"] == []


def test_a_profile_on_a_build_says_what_it_changes(reference):
    result = reference("profile=canonical", args=("--require", "bits"), code=0)
    assert result["verdict"] == "IDENTICAL"  # these libraries' own flags are the canonical ones
    assert result["reference"]["identity"]["profile"] == "as-built, canonical settings"
    assert result["reference"]["settings"]["flash_attention"] == "off"
    assert "GGML_CPU_TILED_MM=0" in result["reference"]["settings"]["environment"]
    [warning] = result["warnings"]
    assert warning["name"] == "profile-on-build" and "without flash attention" in warning["message"]
    production = reference("profile=production")
    assert production["reference"]["settings"]["flash_attention"] == "on"
    assert [w["name"] for w in production["warnings"]] == ["profile-on-build"]
    assert "changes nothing" in production["warnings"][0]["message"]


def test_keys_reach_llama_cpp_and_are_read_back(reference):
    settings = reference("fa=off", "batch=48", "ubatch=20", "threads=2", "kv-k=q8_0")["reference"]["settings"]
    assert settings["flash_attention"] == "off"
    assert (settings["n_batch"], settings["n_ubatch"], settings["threads"]) == (48, 20, 2)
    assert (settings["kv_type_k"], settings["kv_type_v"]) == ("q8_0", "f16")


@pytest.mark.parametrize("kv", CACHE_TYPES)
def test_every_cache_type(reference, kv):
    result = reference(f"kv={kv}")
    settings = result["reference"]["settings"]
    assert (settings["kv_type_k"], settings["kv_type_v"]) == (kv, kv)
    assert weight(result, "kv-type") == (None if kv == "f16" else "asked")
    if kv in ("f32", "f16", "bf16", "q8_0"):  # fewer bits for keys cost this small model much
        assert min(row["cosine"] for row in result["positions"]) > 0.97


def test_the_same_settings_need_not_be_asked_for(crossval, model):
    run = crossval("per-token", "-m", model, *PROMPT, "--reference", "llama.cpp:fa=off,repack=off,kv=f16", "--require", "bits",
                   "--format", "json")
    assert run.code == 0 and run.json["verdict"] == "IDENTICAL"


def test_what_changes_nothing_is_said(reference):
    result = reference("repack=on")
    [warning] = result["warnings"]
    assert warning["name"] == "repack-without-effect"


@pytest.mark.parametrize("engine, words", [
    ("llama.cpp:kv=q8_0", ["kv-v=q8_0: quantised values need flash attention", "fa=on"]),
    ("llama.cpp:kv=f8", ["kv-k=f8", "no such cache type", "q5_1"]),
    ("llama.cpp:fa=maybe", ["fa=maybe is none of on, off, auto"]),
    ("llama.cpp:repack=1", ["repack=1 is none of on, off"]),
    ("llama.cpp:profile=fast", ["profile=fast is none of canonical, production"]),
    ("llama.cpp:ubatch=0", ["ubatch=0 is no number from 1 to"]),
    ("llama.cpp:device=CUDA7", ["there is no device CUDA7", "There are: CPU"]),
    ("native:fa=on", ["no key \"fa\"", "Native has no flash attention", "There are: model"]),
    ("native:repack=on", ["as the file stores them"]),
    ("native:ubatch=8", ["batch= says how large"]),
    ("native:kv-k=f16", ["one type: kv=f16 or kv=f32"]),
    ("native:kv=q8_0", ["native keeps keys and values in f16 or f32", "llama.cpp:kv=q8_0"]),
    ("native:profile=canonical", ["one arithmetic"]),
])
def test_what_cannot_be_is_refused_in_words(crossval, model, engine, words):
    run = crossval("per-token", "-m", model, *PROMPT, "--reference", engine)
    assert run.code == 64, run.err
    said = " ".join(run.err.split())
    for word in words:
        assert word in said, said
