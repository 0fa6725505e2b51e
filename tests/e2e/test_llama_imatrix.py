"""Importance matrices of llama-imatrix itself: read by gguf-py, and compared (make test-engines)."""
import os
import subprocess

import gguf
import numpy as np
import pytest

from conftest import ROOT

FOUND = subprocess.run([ROOT / "scripts" / "llama_tools.sh", "--no-build"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
PROGRAM = FOUND.stdout.splitlines()[-2] if FOUND.returncode == 0 else ""
if not PROGRAM:
    pytest.skip("llama-imatrix is not built: make test-engines", allow_module_level=True)
CANONICAL = {"GGML_CPU_TILED_MM": "0", "GGML_NO_IQ_PANEL": "1"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(model, words…) -> its file."""
    folder = tmp_path_factory.mktemp("imatrix")
    text = folder / "text.txt"
    text.write_text((ROOT / "LICENSE").read_text()[:2400].strip())
    known = {}

    def make(model, *words):
        if (model, *words) not in known:
            path = folder / f"{len(known)}.{'dat' if 'dat' in words else 'gguf'}"
            done = subprocess.run([PROGRAM, "-m", model, "-f", text, "-o", path, "-c", "32", "-b", "32", "-t", "1", "-fa", "off", "--no-repack",
                                   *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **CANONICAL}, timeout=600)
            assert done.returncode == 0 and path.exists(), done.stdout[-2000:]
            known[model, *words] = path
        return known[model, *words]

    return make


def test_the_same_run_and_the_older_form(crossval, model, made):
    ours = made(model)
    run = crossval("compare", ours, made(model, "--output-frequency", "7"), "--format", "json")
    assert (run.code, run.json["verdict"]) == (0, "IDENTICAL"), run.err
    tensors = {t.name: t for t in gguf.GGUFReader(ours).tensors}
    assert {t["name"] + suffix for t in run.json["tensors"] for suffix in (".in_sum2", ".counts")} == set(tensors)
    for t in run.json["tensors"]:
        assert t["candidate_sum"] == pytest.approx(float(tensors[t["name"] + ".in_sum2"].data.astype("f8").sum()), rel=1e-12)
        assert t["candidate_count"] == float(tensors[t["name"] + ".counts"].data.sum())
    older = crossval("compare", made(model, "--output-format", "dat"), ours, "--format", "json")
    assert (older.code, older.json["verdict"], older.json["candidate"]["form"]) == (0, "MATCH", "dat"), older.err
    assert max(t["relative_l2"] for t in older.json["tensors"]) < 1e-6


def test_another_run_is_seen_where_it_begins(crossval, model, made):
    """Keys of 4 bits: what goes into the first layer's queries is the same, what comes out of its attention is not."""
    run = crossval("compare", made(model, "-ctk", "q4_0"), made(model), "--format", "json", "--all")
    tensors = {t["name"]: t for t in run.json["tensors"]}
    assert tensors["blk.0.attn_q.weight"]["identical"] and not tensors["blk.0.attn_output.weight"]["identical"]
    assert 0 < tensors["blk.0.attn_output.weight"]["relative_l2"]
    assert np.isfinite([t["relative_l2"] for t in tensors.values()]).all()
