"""llama-perplexity and llama-results of the pinned llama.cpp: their files read, and what record --as kld writes read by them
(make test-engines)."""
import json
import os
import re
import subprocess
from pathlib import Path

import gguf
import numpy as np
import pytest

from conftest import ROOT
from test_kl_base import rows_of, with_bos

FOUND = subprocess.run([ROOT / "scripts" / "llama_tools.sh", "--no-build"], text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
if FOUND.returncode != 0:
    pytest.skip("llama-perplexity is not built: make test-engines", allow_module_level=True)
TOOLS = Path(FOUND.stdout.strip().splitlines()[-1])
CANONICAL = {"GGML_CPU_TILED_MM": "0", "GGML_NO_IQ_PANEL": "1"}
N_CTX = 32


def tool(program, *words):
    done = subprocess.run([TOOLS / program, "-t", "1", "-fa", "off", "--no-repack", *map(str, words)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, **CANONICAL}, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def perplexity(model, *words):
    return tool("llama-perplexity", "-m", model, "-c", N_CTX, "-b", N_CTX, *words)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A file that both read alike: llama.cpp takes a line's end at a file's end away."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text((ROOT / "LICENSE").read_text()[:900].strip())
    return path


@pytest.fixture(scope="module")
def base(model, text):
    path = text.with_name("theirs.kld")
    perplexity(model, "-f", text, "--kl-divergence-base", path)
    return path


@pytest.fixture
def ours(crossval, text, tmp_path):
    def write(model, *more):
        path = tmp_path / "ours.kld"
        run = crossval("record", "-m", model, "-f", text, "--as", "kld", "-c", N_CTX, "-o", path, "--format", "json", *more)
        assert run.code == 0, run.err
        return path, run.json
    return write


def test_the_file_is_the_same_byte_for_byte(model, base, ours):
    path, found = ours(model)
    assert found["chunks"] >= 4 and path.read_bytes() == base.read_bytes()


def test_its_own_chunks_again(crossval, model, base, tmp_path):
    path = tmp_path / "again.kld"
    run = crossval("record", "-m", model, "--as", "kld", "--chunks-of", base, "-o", path)
    assert run.code == 0 and path.read_bytes() == base.read_bytes(), run.err


@pytest.mark.parametrize("add_bos", [False, True])
def test_bos_and_an_odd_vocabulary(crossval, ours, text, tmp_path, add_bos):
    small, model = tmp_path / "small.gguf", tmp_path / "bos.gguf"
    crossval("synth", "--types", "F32", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "-q", "-o", small)
    with_bos(small, model, add_bos)
    theirs = tmp_path / "theirs.kld"
    perplexity(model, "-f", text, "--kl-divergence-base", theirs)
    path, found = ours(model)
    assert found["engine"]["settings"]["n_vocab"] % 2 == 1 and path.read_bytes() == theirs.read_bytes()


def test_its_rows_are_natives_within_the_formats_floor(crossval, model, base, tmp_path):
    n_ctx, n_vocab, n_chunk = np.frombuffer(base.read_bytes()[8:20], "<i4")
    chunks = np.frombuffer(base.read_bytes()[20:20 + 4 * n_ctx * n_chunk], "<i4").reshape(n_chunk, n_ctx)
    rows = np.concatenate([rows_of(crossval, model, c, tmp_path / f"rows{i}")[n_ctx // 2:n_ctx - 1] for i, c in enumerate(chunks)])
    np.save(tmp_path / "native.npy", rows)
    run = crossval("compare", base, tmp_path / "native.npy", "--format", "json")
    assert (run.code, run.json["verdict"], len(run.json["positions"])) == (0, "MATCH", len(rows))
    assert rows.shape[1] == n_vocab and max(p["top"]["max_abs_diff"] for p in run.json["positions"]) < 1.3e-4
    assert max(abs(p["top"]["kl_low"]) for p in run.json["positions"]) < 5e-5


def scores(output):
    """(KL divergence, same top) up to each chunk, as it prints them."""
    value = r"\s+(-?[\d.]+|-?nan) ±\s+\S+(?: %)?"
    lines = re.finditer(r"^\s*\d+" + 5 * value, output, re.M)  # PPL, ln of its ratio, KL, Δp, same top
    return [(float(line[3]), float(line[5])) for line in lines]


@pytest.mark.parametrize("engine", ["native", "oracle", "native:fault=rope-pairing"])
def test_it_scores_a_model_against_our_rows(model, ours, engine):
    path, found = ours(model, "--engine", engine)
    printed = scores(perplexity(model, "--kl-divergence-base", path, "--kl-divergence"))
    assert len(printed) == found["chunks"]
    kl, same = printed[-1]
    if engine == "native":
        assert abs(kl) < 5e-5 and same == 100
    elif engine == "oracle":
        assert abs(kl) < 0.02 and same > 90
    else:
        assert kl > 0.1 and same < 90


@pytest.mark.parametrize("add_bos", [False, True])
def test_its_chunks_beside_an_engine(crossval, model, text, tmp_path, add_bos):
    """replay:BASE: what --kl-divergence prints of another run on the same chunks, within the format's floor."""
    text = tmp_path / "text.txt"
    text.write_text((ROOT / "LICENSE").read_text()[:2400].strip())
    base = tmp_path / "base.kld"
    if add_bos:
        model = with_bos(model, tmp_path / "bos.gguf", True)
    perplexity(model, "-f", text, "--kl-divergence-base", base)
    printed = perplexity(model, "--kl-divergence-base", base, "--kl-divergence", "-ctk", "q8_0")
    run = crossval("per-token", "-m", model, "--candidate", "llama.cpp:kv-k=q8_0", "--reference", f"replay:{base}", "-c", N_CTX, "--logprob-tol",
                   1e6, "--format", "json")
    assert run.code == 0, run.err
    rows, chunks = run.json["positions"], scores(printed)
    assert len(rows) == len(chunks) * (N_CTX - 1 - N_CTX // 2) and len(chunks) >= 4
    per_chunk = len(rows) // len(chunks)
    for i, (kl, same) in enumerate(chunks):  # each line is of all chunks up to there
        upto = rows[:(i + 1) * per_chunk]
        assert np.mean([p["top"]["kl_low"] for p in upto]) == pytest.approx(kl, abs=5e-5)
        assert 100 * np.mean([p["candidate_argmax"] == p["reference_argmax"] for p in upto]) == pytest.approx(same, abs=1e-3)
    assert chunks[-1][0] > 1e-4  # it does differ
    assert {w["name"] for w in run.json["warnings"]} >= {"format-says-less"}


def test_native_is_its_own_within_the_floor(crossval, model, base):
    run = crossval("per-token", "-m", model, "--candidate", "native", "--reference", f"replay:{base}", "--logprob-tol", 0, "--format", "json")
    assert (run.code, run.json["verdict"], run.json["log_probability_threshold"]) == (0, "MATCH", 1.25e-4), run.err
    assert max(p["top"]["max_abs_diff"] for p in run.json["positions"]) < 1.25e-4


def test_llama_results(crossval, model, text, tmp_path):
    path = tmp_path / "results.gguf"
    tool("llama-results", "-m", model, "-f", text, "-o", path)
    assert {t.name for t in gguf.GGUFReader(path).tensors} == {"tokens", "logits"}
    run = crossval("per-token", "-m", model, "-f", text, "--candidate", "native", "--reference", f"replay:{path}", "--max-tokens", 0,
                   "--format", "json")
    assert (run.code, run.json["verdict"]) == (0, "IDENTICAL"), run.err
    tokens = crossval("tokenize", "-m", model, "-f", text, "--format", "json").json["tokens"]
    assert run.json["tokens"] == [token["id"] for token in tokens]


def test_a_suite_has_its_figures(crossval, model, tmp_path):
    """The same text in the same chunks: what llama-perplexity prints of it, within the file's floor (log-probs of 16 bits)."""
    text, base = tmp_path / "text.txt", tmp_path / "base.kld"  # it says nothing of fewer than 100 positions
    text.write_text((ROOT / "LICENSE").read_text()[:2400].strip())
    perplexity(model, "-f", text, "--kl-divergence-base", base)
    printed = perplexity(model, "--kl-divergence-base", base, "--kl-divergence", "-ctk", "q8_0")
    (tmp_path / "s.json").write_text(json.dumps({
        "pairs": [{"candidate": "llama.cpp:kv-k=q8_0", "reference": "llama.cpp", "model": str(model)}], "context": N_CTX,
        "prompts": [{"file": str(text), "chunk": N_CTX}], "max_tokens": 0, "cos_tol": -1, "logprob_tol": 1e6, "threads": 1}))
    run = crossval("suite", "run", tmp_path / "s.json", "--format", "json")
    assert run.code == 0, run.err
    ours = run.json["pairs"][0]["statistics"]

    def theirs(name):
        return float(re.search(rf"{re.escape(name)}\s*:\s*(-?[\d.]+)", printed)[1])
    chunks = len(run.json["pairs"][0]["prompts"])
    assert ours["positions"] == ours["scored"] == chunks * (N_CTX - 1 - N_CTX // 2) and chunks == len(scores(printed)) >= 4
    assert np.exp(ours["candidate_nll"]["value"]) == pytest.approx(theirs("Mean PPL(Q)"), rel=1e-4)
    assert np.exp(ours["reference_nll"]["value"]) == pytest.approx(theirs("Mean PPL(base)"), rel=1e-4)
    assert ours["nll_difference"]["value"] == pytest.approx(theirs("Mean ln(PPL(Q)/PPL(base))"), abs=1e-4)
    assert ours["kl"]["value"] == pytest.approx(theirs("Mean    KLD"), abs=5e-5)
    for key, name in (("kl_max", "Maximum KLD"), ("kl_p999", "99.9%   KLD"), ("kl_p99", "99.0%   KLD"), ("kl_median", "Median  KLD")):
        assert ours[key] == pytest.approx(theirs(name), abs=2e-4), name
    assert 100 * ours["delta_p"]["value"] == pytest.approx(theirs("Mean    Δp"), abs=2e-3)
    assert 100 * ours["delta_p_rms"] == pytest.approx(theirs("RMS Δp"), abs=2e-3)
    assert 100 * ours["same_top"]["value"] == pytest.approx(theirs("Same top p"), abs=1e-3)
    assert ours["kl"]["value"] > 1e-4  # it does differ
