"""crossval match and the key names=: an engine whose tensors are called otherwise."""
import json
import re
import sys

import numpy as np
import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "engines" / "python"))
import crossval as sdk  # noqa: E402

IDS = ["--tokens", "1,2,3,4,5,6,7,8,9,10"]
OURS = re.compile(r"(Qcur|Kcur|Vcur|ffn_inp|ffn_out|l_out)-(\d+)")


@pytest.fixture(scope="module")
def small(made_model):
    return made_model("Q8_0", layers=2, ff=96)


@pytest.fixture(scope="module")
def native(crossval, small, tmp_path_factory):
    path = tmp_path_factory.mktemp("match") / "native.xval"
    run = crossval("record", "-m", small, *IDS, "--max-tokens", 0, "--engine", "native", "--tensors", "all", "-o", path)
    assert run.code == 0, run.err
    with sdk.Recording(path) as recording:
        return (recording.runs[0].ids, np.stack(list(recording.rows())), list(recording.tensors()),
                [part["sha256"] for part in recording.facts["model"]])


@pytest.fixture
def foreign(native, tmp_path):
    """foreign(change) -> a recording of native's values as another program calls them: change(tensor) -> tensors"""
    def write(change):
        ids, rows, tensors, digests = native
        path = tmp_path / "foreign.xval"
        sdk.write_recording(path, ids, rows, name="theirs", kv_type="f16", model_sha256=digests,
                            tensors=[renamed for tensor in tensors for renamed in change(tensor)])
        return path

    return write


def called(tensor, name, op="op", **more):
    return sdk.RecordedTensor(**{**vars(tensor), "name": name, "op": op, "occurrence": 0, "layer": -1, **more})


def theirs(tensor):
    """model.layers.N.q and so on for what OURS names; everything else is not shown."""
    match = OURS.fullmatch(tensor.name)
    return [called(tensor, f"model.layers.{match[2]}.{match[1]}.{tensor.op}")] if match else []


@pytest.fixture
def matched(crossval, small):
    def run(candidate, *more, keys=""):
        done = crossval("match", "-m", small, *IDS, "--candidate", f"replay:{candidate}{keys}", "--reference", "native",
                        "--format", "json", *more)
        return done.code, done.json

    return run


def test_values_give_the_names_and_the_file_is_read_back(crossval, small, foreign, matched, tmp_path):
    candidate, names = foreign(theirs), tmp_path / "names.json"
    code, result = matched(candidate, "-o", names)
    assert (code, result["verdict"], result["only_candidate"]) == (0, "MATCHED", [])
    for match in result["matches"]:
        name, layer = re.fullmatch(r"model\.layers\.(\d)\.(.*) op", match["candidate"]).group(2, 1)
        ours, op = name.rsplit(".", 1)
        assert (match["reference"], match["by"], match["distance"]) == (f"{ours}-{layer} {op}", "values", 0)
    assert len(result["matches"]) == 16 == len(json.loads(names.read_text()))

    code, again = matched(candidate, keys=f",names={names}")
    assert {m["by"] for m in again["matches"]} == {"file"} and len(again["matches"]) == 16
    assert code == 0 and not again["never_shown"] and not again["only_candidate"]

    done = crossval("per-token", "-m", small, *IDS, "--candidate", f"replay:{candidate},names={names}", "--reference", "native",
                    "--max-tokens", 0, "--first-diff", "--format", "json")
    assert done.json["trace"]["tensors_compared"] == 16 and not done.json["trace"]["differs"]


def test_a_planted_fault_is_found_under_our_name(crossval, small, foreign, tmp_path):
    """names= by a pattern a layer; layer 1's l_out is bent."""
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"model.layers.{N}.l_out.ADD": "l_out-{N} ADD",
                                 "model.layers.{N}.ffn_inp.ADD": "ffn_inp-{N} ADD"}))

    def bent(tensor):
        if tensor.name == "l_out-1":
            tensor = called(tensor, tensor.name, tensor.op, values=tensor.values + np.float32(0.25))
        return theirs(tensor)

    done = crossval("per-token", "-m", small, *IDS, "--candidate", f"replay:{foreign(bent)},names={names}",
                    "--reference", "native", "--max-tokens", 0, "--first-diff", "--format", "json")
    assert done.json["trace"]["first"]["tensor"] == "l_out-1" and done.json["trace"]["first"]["layer"] == 1
    assert done.json["trace"]["first"]["max_abs_diff"] == pytest.approx(0.25)


def test_rows_in_another_order_are_told(foreign, matched, native):
    """Heads' halves side by side, as checkpoints have them, in place of neighbours."""
    def permuted(tensor):
        if tensor.name == "Qcur-0" and tensor.op == "ROPE":
            swapped = tensor.values.reshape(len(tensor.values), 2, -1, 2).swapaxes(2, 3).reshape(tensor.values.shape)
            return [called(tensor, "q", values=swapped)]
        return [called(tensor, "end", tensor.op)] if tensor.name == "result_norm" else []

    _, result = matched(foreign(permuted))
    by = {match["candidate"]: (match["reference"], match["by"]) for match in result["matches"]}
    assert by["q op"] == ("Qcur-0 ROPE", "reordered") and by["end MUL"] == ("result_norm MUL", "values")


def test_a_fused_tensor_is_cut(foreign, matched, native, tmp_path):
    tensors = {(t.name, t.op): t for t in native[2]}
    parts = [tensors[f"{which}cur-1", "MUL_MAT"] for which in "QKV"]
    widths = [part.values.shape[1] for part in parts]
    ends = np.cumsum(widths).tolist()

    def fused(tensor):
        if tensor is not parts[0]:
            return []
        return [called(tensor, "h.1.qkv", values=np.concatenate([part.values for part in parts], axis=1))]

    names = tmp_path / "names.json"
    names.write_text(json.dumps({"h.{N}.qkv": [
        {"name": f"{which}cur-{{N}} MUL_MAT", "columns": [end - width, end]} for which, width, end in zip("QKV", widths, ends)]}))
    candidate = foreign(fused)
    code, result = matched(candidate)
    assert code == 1 and result["verdict"] == "NOT-MATCHED" and result["only_candidate"] == [{"tensor": "h.1.qkv op", "width": ends[-1]}]
    code, result = matched(candidate, keys=f",names={names}")
    assert code == 0 and [(m["candidate"], m["by"], m["distance"]) for m in result["matches"]] == [
        (f"{which}cur-1 MUL_MAT", "file", 0) for which in "QKV"]


def test_names_that_never_come_are_told(crossval, small, foreign, tmp_path):
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"model.layers.{N}.l_out.ADD": "l_out-{N} ADD", "mispelt.{N}": "ffn_inp-{N} ADD"}))
    done = crossval("match", "-m", small, *IDS, "--candidate", f"replay:{foreign(theirs)},names={names}", "--reference", "native")
    assert "never came" in done.out and "ffn_inp-{N} ADD" in done.out


def test_explain_tells_values_without_a_partner_and_names_that_never_come(crossval, small, foreign, tmp_path):
    names = tmp_path / "names.json"

    def explained(entries):
        names.write_text(json.dumps(entries))
        done = crossval("explain", "-m", small, *IDS, "--candidate", f"replay:{foreign(theirs)},names={names}",
                        "--reference", "native", "--format", "json")
        warned = [w["message"] for w in done.json["warnings"] if w["name"] == "name-never-came"]
        return done.json["candidate"]["without_partner"], warned

    given = {f"model.layers.{{N}}.{name}.{op}": f"{name}-{{N}} {op}" for name, op in (
        ("Qcur", "MUL_MAT"), ("Kcur", "MUL_MAT"), ("Vcur", "MUL_MAT"), ("Qcur", "ROPE"), ("Kcur", "ROPE"), ("ffn_inp", "ADD"),
        ("ffn_out", "MUL_MAT"), ("l_out", "ADD"))}
    assert explained(given) == ([], [])
    del given["model.layers.{N}.Vcur.MUL_MAT"]
    alone, warned = explained(given | {"mispelt.{N}": "attn_out-{N} MUL_MAT"})
    assert alone == ["model.layers.0.Vcur.MUL_MAT op", "model.layers.1.Vcur.MUL_MAT op"]
    assert len(warned) == 1 and "mispelt.{N}" in warned[0]


@pytest.mark.parametrize("text, what", [
    ("{", "no JSON"), ('{"a": "b"}', 'no "NAME OP"'), ('{"a": {"name": "b C", "columns": [0]}}', "columns are no"),
    ('{"model.layers.0.l_out.ADD": {"name": "l_out-0 ADD", "columns": [0, 900]}}', "of a tensor of 64")])
def test_a_wrong_file_is_refused_with_its_place(crossval, small, foreign, tmp_path, text, what):
    names = tmp_path / "names.json"
    names.write_text(text)
    done = crossval("match", "-m", small, *IDS, "--candidate", f"replay:{foreign(theirs)},names={names}", "--reference", "native")
    assert done.code == 64 and what in done.err, done.err
