"""A production build of llama.cpp with one line of a kernel broken, beside the sound one: minutes of compiling, kept by
content."""
import pathlib
import shutil

import pytest

from conftest import ROOT, script
from identity import ALL

if not ALL:
    pytest.skip("not asked for: make test-all", allow_module_level=True)
if " avx2" not in pathlib.Path("/proc/cpuinfo").read_text():
    pytest.skip("not here: AVX2, of which the kernel is", allow_module_level=True)

PROMPT = ("-f", ROOT / "tests/data/prompts/prose-02-letter.txt", "--max-tokens", 0)
GEMM = "void ggml_gemm_q4_0_8x8_q8_0("
CODES = "-6, -7, -8, 7,"  # what the sixteen codes of Q4_0 stand for, as the kernel looks them up


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """llama.cpp by its own defaults, with one line of the repacked Q4_0 product broken: code 0 stands for -7, not -8."""
    tree = tmp_path_factory.mktemp("broken") / "llama.cpp"
    shutil.copytree(script("source"), tree)
    kernels = tree / "ggml/src/ggml-cpu/arch/x86/repack.cpp"
    head, name, rest = kernels.read_text().partition(GEMM)
    assert CODES in rest[:700]
    kernels.write_text(head + name + rest.replace(CODES, CODES.replace("-8", "-7"), 1))
    return script("libs", "--profile", "production", "--src", tree)


def test_a_broken_kernel_of_a_production_build_is_found(crossval, broken):
    """A row of one position takes another kernel, which is sound: the trace must evaluate what the run evaluated."""
    model = script("quantized", "Q4_0")
    sound = script("libs", "--profile", "production")

    def run(candidate, reference):
        done = crossval("per-token", "-m", model, *PROMPT, "--candidate", candidate, "--reference", reference,
                        "--first-diff", "--format", "json", timeout=2400)
        assert done.out, done.err
        return done.json

    control = run(f"llama.cpp:build={sound}", f"llama.cpp:build={sound}")
    assert control["verdict"] == "IDENTICAL"
    for side in ("candidate", "reference"):
        assert control[side]["settings"]["weight_layout"] == "CPU_REPACK for q4_0 (211 of 211 matrices)"
    found = run(f"llama.cpp:build={broken}", f"llama.cpp:build={sound}")
    assert found["verdict"] == "DIVERGED"
    first = found["trace"]["first"]
    assert (first["tensor"], first["op"], first["layer"]) == ("Qcur-0", "MUL_MAT", 0)
    beside_native = {name: run("native", f"llama.cpp:build={build}") for name, build in
                     (("sound", sound), ("broken", broken))}
    assert beside_native["broken"]["verdict"] == "DIVERGED"
    worst = {name: min(row["cosine"] for row in result["positions"]) for name, result in beside_native.items()}
    assert worst["sound"] > 0.98 and worst["broken"] < 0.9, worst  # rounding; a mistake
