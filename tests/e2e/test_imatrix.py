"""Importance matrices in compare: sums and counts by weight, from files of gguf-py and by the layout of .dat.

tests/e2e/test_llama_imatrix.py does so with those of llama-imatrix.
"""
import struct

import gguf
import jsonschema
import json
import numpy as np
import pytest

from conftest import ROOT

RNG = np.random.default_rng(5)
NAMES = ["blk.2.attn_q.weight", "blk.10.attn_q.weight", "blk.10.ffn_down.weight", "output.weight"]
SUMS = {name: RNG.gamma(1, 5, 48).astype("f4") for name in NAMES}
EXPERTS = "blk.3.ffn_gate_exps.weight"  # three of sixteen inputs; the second has seen nothing


def as_gguf(path, sums, counts=None, datasets=("text.txt",), experts=None, chunks=4):
    writer = gguf.GGUFWriter(path, "")
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", list(datasets))
    writer.add_uint32("imatrix.chunk_count", chunks)
    writer.add_uint32("imatrix.chunk_size", 512)
    for name, values in sums.items():
        matrices = np.asarray((counts or {}).get(name, [4 * 512]), "f4")
        writer.add_tensor(f"{name}.in_sum2", np.ascontiguousarray(values, "f4").reshape(len(matrices), -1))
        writer.add_tensor(f"{name}.counts", matrices.reshape(-1, 1))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def as_dat(path, sums, chunks=4, tail=True, count=4 * 512):
    out = struct.pack("<i", len(sums))
    for name, values in sums.items():
        out += struct.pack("<i", len(name)) + name.encode() + struct.pack("<2i", chunks, len(values))
        out += (np.asarray(values, "f4") / np.float32(count) * np.float32(chunks)).astype("<f4").tobytes()
    if tail:
        out += struct.pack("<2i", chunks, 8) + b"text.txt"
    path.write_bytes(out)
    return path


@pytest.fixture
def compared(crossval, tmp_path):
    def compare(a, b, *more):
        run = crossval("compare", a, b, "--format", "json", *more)
        return run.code, run.json
    return compare


def names(result):
    return [t["name"] for t in result["tensors"]]


def test_the_same_file(crossval, compared, tmp_path):
    a, b = as_gguf(tmp_path / "a.gguf", SUMS), as_gguf(tmp_path / "b.gguf", SUMS)
    code, result = compared(a, b)
    assert (code, result["verdict"], result["compared"]) == (0, "IDENTICAL", "imatrix")
    assert names(result) == ["blk.2.attn_q.weight", "blk.10.attn_q.weight", "blk.10.ffn_down.weight", "output.weight"]  # layer by layer
    assert all(t["candidate_sum"] == pytest.approx(float(SUMS[t["name"]].astype("f8").sum())) for t in result["tensors"])
    assert result["candidate"]["datasets"] == ["text.txt"] and result["reference"]["chunks"] == 4
    assert any("neither which these were" in w["message"] for w in result["warnings"])
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "result.schema.json").read_text())).validate(result)
    text = crossval("compare", a, b)
    assert text.code == 0 and "IDENTICAL" in text.out


def test_distances_are_numpys(crossval, compared, tmp_path):
    near = {name: (values * RNG.normal(1, 0.01, values.size)).astype("f4") for name, values in SUMS.items()}
    near["blk.10.ffn_down.weight"] = SUMS["blk.10.ffn_down.weight"][::-1].copy()
    a, b = as_gguf(tmp_path / "a.gguf", near, counts={"output.weight": [1024]}), as_gguf(tmp_path / "b.gguf", SUMS)
    code, result = compared(a, b)
    assert (code, result["verdict"]) == (1, "DIVERGED")
    for t in result["tensors"]:
        x = near[t["name"]].astype("f8") / (1024 if t["name"] == "output.weight" else 2048)
        y = SUMS[t["name"]].astype("f8") / 2048
        assert t["cosine"] == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)), abs=1e-12)
        assert t["relative_l2"] == pytest.approx(np.linalg.norm(x - y) / np.linalg.norm(y), rel=1e-9)
        assert (t["max_abs_diff"], t["max_abs_channel"]) == (pytest.approx(np.abs(x - y).max()), np.abs(x - y).argmax())
    # A scale, which a cosine does not see, and the reversed channels; the others are 1 % off.
    assert [t["name"] for t in result["tensors"] if not t["passed"]] == ["blk.10.ffn_down.weight", "output.weight"]
    assert "counts-differ" in [w["name"] for w in result["warnings"]]
    shown = crossval("compare", a, b)
    assert shown.code == 1 and "first blk.10.ffn_down.weight" in " ".join(shown.out.split()) and "blk.2.attn_q" not in shown.out


def test_the_older_form_says_the_same(compared, tmp_path):
    code, result = compared(as_dat(tmp_path / "a.dat", SUMS), as_gguf(tmp_path / "b.gguf", SUMS))
    assert (code, result["verdict"], result["candidate"]["form"]) == (0, "MATCH", "dat")
    assert max(t["relative_l2"] for t in result["tensors"]) < 1e-6
    assert any(".dat counts chunks" in w["message"] for w in result["warnings"])
    assert compared(as_dat(tmp_path / "c.dat", SUMS, tail=False), as_dat(tmp_path / "d.dat", SUMS))[1]["verdict"] == "IDENTICAL"


def test_experts_that_saw_nothing_and_weights_without_partner(compared, tmp_path):
    sums = {**SUMS, EXPERTS: np.concatenate([np.ones(16), np.zeros(16), np.full(16, 2)])}
    a = as_gguf(tmp_path / "a.gguf", sums, {EXPERTS: [10, 0, 5]})
    moved = {**sums, EXPERTS: np.concatenate([np.ones(16), np.full(16, 9), np.full(16, 2)])}
    b = as_gguf(tmp_path / "b.gguf", moved, {EXPERTS: [10, 3, 5]})
    code, result = compared(a, b)
    expert = next(t for t in result["tensors"] if t["name"] == EXPERTS)
    assert code == 0 and (expert["matrices"], expert["compared"], expert["channels"]) == (3, 32, 48) and expert["cosine"] == 1
    fewer = {k: v for k, v in SUMS.items() if k != "output.weight"} | {"blk.2.attn_q.weight": SUMS["blk.2.attn_q.weight"][:24]}
    code, result = compared(as_gguf(tmp_path / "c.gguf", fewer), as_gguf(tmp_path / "d.gguf", SUMS))
    assert code == 1 and result["only_candidate"] == ["blk.2.attn_q.weight"]
    assert result["only_reference"] == ["blk.2.attn_q.weight", "output.weight"]


def test_nan_is_no_pass(compared, tmp_path):
    bad = {**SUMS, "output.weight": np.full(48, np.nan, "f4")}
    assert compared(as_gguf(tmp_path / "a.gguf", bad), as_gguf(tmp_path / "b.gguf", SUMS))[0] == 1


def test_bent_files_are_refused(compared, tmp_path):
    good = as_gguf(tmp_path / "good.gguf", SUMS)
    dat = as_dat(tmp_path / "good.dat", SUMS).read_bytes()
    name = NAMES[0].encode()
    bent = {"cut": dat[:120], "more values than bytes": dat.replace(struct.pack("<2i", 4, 48), struct.pack("<2i", 4, 1 << 30), 1),
            "no values": dat.replace(struct.pack("<2i", 4, 48), struct.pack("<2i", 4, 0), 1), "a tail of two bytes": dat[:-14],
            "twice": struct.pack("<i", 2) + 2 * (struct.pack("<i", len(name)) + name + struct.pack("<2i", 1, 1) + bytes(4))}
    for what, content in bent.items():
        path = tmp_path / "bent.dat"
        path.write_bytes(content)
        code, result = compared(path, good)
        assert code == 5 and "bent.dat" in result["error"]["where"], (what, result)
    writer = gguf.GGUFWriter(tmp_path / "half.gguf", "")
    writer.add_tensor("output.weight.in_sum2", np.ones(4, "f4"))
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()
    code, result = compared(tmp_path / "half.gguf", good)
    assert code == 5 and "output.weight" in result["error"]["where"]
    code, result = compared(as_gguf(tmp_path / "odd.gguf", {"a.weight": np.ones(8)}, {"a.weight": [1, 2, 3, 4]}), good)
    assert code == 1  # of another weight; a control: this one can be read


def test_beside_rows_or_with_another_requirement(compared, tmp_path):
    imatrix, rows = as_gguf(tmp_path / "a.gguf", SUMS), tmp_path / "rows.npy"
    np.save(rows, np.ones((2, 3), "f4"))
    code, result = compared(imatrix, rows)
    assert code == 64 and "importance matrix" in result["error"]["what"]
    assert compared(imatrix, imatrix, "--require", "bits")[0] == 64
