"""Dumps of other tools as recordings: their values, what they hold that is no tensor, and what can be bent in them."""
import base64
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import pytest

from conftest import ROOT
from torch_files import Tensor, archive, bfloat16, pickled, save, tensor

PACKAGE = ROOT / "engines" / "python"
sys.path.insert(0, str(PACKAGE))

import crossval as sdk
from crossval.convert import convert, read_dumps

RNG = np.random.default_rng(7)
IDS = [1, 2, 3, 40, 41]
ROWS = RNG.normal(0, 3, (5, 365)).astype("<f4")


def values_in(*paths):
    return {array.name: array.read() for array in read_dumps(paths)}


def failed(*inputs, **options):
    with tempfile.TemporaryDirectory() as folder, pytest.raises(sdk.Failed) as caught:
        convert(inputs, os.path.join(folder, "run.xval"), **options)
    assert caught.value.what
    return caught.value


# ---- Values

NUMBERS = {
    "<f4": ROWS, "<f8": ROWS.astype("<f8") / 3, "<f2": ROWS.astype("<f2"), "<i8": np.arange(-4, 4), "|b1": ROWS > 0,
    "<i4": np.arange(5, dtype="<i4"), "<i2": np.arange(5, dtype="<i2"), "|i1": np.arange(-3, 3, dtype="i1"),
    "|u1": np.arange(250, 256, dtype="u1"), "none": np.zeros((0, 3), "<f4"), "one": np.float32(2.5),
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_type_of_values(tmp_path, protocol):
    content = {"whole": {key: tensor(value) for key, value in NUMBERS.items()},
               "list": [tensor(ROWS), ("text", tensor(ROWS[0]))],
               "meta": {"a": None, 1: 2.5, "b": b"bytes" if protocol > 2 else "", "big": 2**40, "size": (1, 2)}}
    save(tmp_path / "run.pt", content, protocol)
    found = values_in(tmp_path / "run.pt")
    assert set(found) == {f"whole.{key}" for key in NUMBERS} | {"list.0", "list.1.1"}
    for key, value in NUMBERS.items():
        got = found[f"whole.{key}"]
        assert np.array_equal(got, value) and got.shape == np.shape(value), key
    assert np.array_equal(found["list.1.1"], ROWS[0])


def test_half_of_a_float32(tmp_path):
    whole = (ROWS.view("<u4") & 0xFFFF0000).view("<f4")
    save(tmp_path / "run.pt", bfloat16(whole))
    assert np.array_equal(values_in(tmp_path / "run.pt")["run"], whole)


def test_views_of_a_storage(tmp_path):
    data = np.arange(24, dtype="<f4")
    views = {"transposed": Tensor(data.tobytes(), "<f4", (4, 6), (1, 4)),
             "part": Tensor(data.tobytes(), "<f4", (2, 3), (6, 2), 7), "last": Tensor(data.tobytes(), "<f4", (1,), (1,), 23)}
    save(tmp_path / "run.pt", views)
    found = values_in(tmp_path / "run.pt")
    assert np.array_equal(found["transposed"], data.reshape(6, 4).T)
    assert np.array_equal(found["part"], data[7:19].reshape(2, 6)[:, :6:2]) and found["last"] == [23]


# ---- What is no tensor

class Runs:
    """Pickled as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("place", ["alone", "beside", "as meta"])
def test_code_is_refused_and_does_not_run(tmp_path, protocol, place):
    trace = tmp_path / "it-ran"
    evil = Runs(os.mkdir, str(trace))
    data, storages = pickled({"alone": evil, "beside": {"logits": tensor(ROWS), "x": evil},
                              "as meta": {"value": tensor(ROWS), "meta": {"a": [evil]}}}[place], protocol)
    archive(tmp_path / "run.pt", data, storages)
    problem = failed(tmp_path / "run.pt", tokens=IDS)
    assert problem.exit_code == 5 and "posix.mkdir" in problem.what and "run.pt" in problem.where
    assert not trace.exists()
    if place == "alone":
        pickle.loads(data)
        assert trace.exists(), "a pickle that would have run"


@pytest.mark.parametrize("data, said", [
    (b"c__builtin__\neval\n(X\x01\x00\x00\x001tR.", "__builtin__.eval"),
    (b"\x80\x02ctorch\nload\n(X\x01\x00\x00\x001tR.", "torch.load"),
    (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.", None),
    (b"\x80\x02(X\x01\x00\x00\x001i__builtin__\neval\n.", "INST"),
    (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "NEWOBJ"),
    (b"\x80\x02\x82\x01.", "EXT1"),
    (b"\x80\x02P1\n.", "PERSID"),
    (b"\x80\x02X\x01\x00\x00\x001Q.", "unpack"),
    (b"\x80\x02}q\x00(h\x00K\x01u.", "a dict as a key"),
    (b"\x80\x02ccollections\nOrderedDict\n(K\x01tR.", "made of something"),
    (b"\x80\x02K\x01K\x02b.", "no OrderedDict"),
    (b"\x80\x02]K\x01K\x02u.", ""), (b"\x80\x02r\xff\xff\xff\xff.", ""), (b"\x80\x02", "exhausted"), (b"", ""),
    (b"\x80\x02(.", ""), (b"\x80\x02t.", ""), (b"\x80\x02\x87.", "more than there is"),
    (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x00.", ""), (b"\x80\x04\x96\xff\xff\xff\xff\xff\xff\xff\x00.", ""),
])
def test_pickles_that_torch_does_not_write(tmp_path, data, said):
    archive(tmp_path / "run.pt", data, [])
    problem = failed(tmp_path / "run.pt", tokens=IDS)
    assert problem.exit_code == (64 if said is None else 5) and (said or "") in problem.what


def test_lists_of_each_other_end(tmp_path):
    tower = [tensor(ROWS)]
    for _ in range(40):
        tower = [tower, tower]
    save(tmp_path / "tower.pt", tower)
    circle = []
    circle.append(circle)
    save(tmp_path / "circle.pt", circle)
    for name in ("tower.pt", "circle.pt"):
        assert "more than 1000000 values, or 64" in failed(tmp_path / name, tokens=IDS).what


@pytest.mark.parametrize("bent, said", [
    (Tensor(bytes(16), "<f4", (2**40,), (0,)), "an expanded one"),
    (Tensor(bytes(16), "<f4", (4,), (1,), 1), "reaches to value 4 of a storage of 4"),
    (Tensor(bytes(16), "<f4", (2**62, 4), (2**62, 1)), "reaches"),
    (Tensor(bytes(16), "<f4", (2,), (-1,), 3), "does not write"),
    (Tensor(bytes(16), "<f4", (2, 2), (1,)), "does not write"),
    (Tensor(bytes(16), "<f4", (1,) * 40, (1,) * 40), "does not write"),
    (Tensor(bytes(16), "<f4", (2.0,), (1,)), "does not write"),
    (Tensor(bytes(16), "<f4", (2**40,), (1,), numel=2**40), "16 bytes for"),
    (Tensor(bytes(16), "<f4", (3,), (1,), numel=3), "16 bytes, more than"),
])
def test_sizes_are_looked_at_before_memory_is_taken(tmp_path, bent, said):
    save(tmp_path / "run.pt", bent)
    problem = failed(tmp_path / "run.pt", tokens=IDS)
    assert problem.exit_code == 5 and said in problem.what


def test_archives_that_torch_does_not_write(tmp_path):
    data, storages = pickled(tensor(ROWS))
    path = tmp_path / "run.pt"
    archive(path, data, storages, compression=zipfile.ZIP_DEFLATED)
    assert "compressed" in failed(path, tokens=IDS).what
    archive(path, data, storages, byteorder=b"big")
    assert "big-endian" in failed(path, tokens=IDS).what
    archive(path, data, [])
    assert "has no data/0" in failed(path, tokens=IDS).what
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("something.else", "")
    assert "0 data.pkl" in failed(path, tokens=IDS).what
    path.write_bytes(pickle.dumps(0x1950a86a20f9469cfc6c, 2))  # how files of torch 1.5 begin
    problem = failed(path, tokens=IDS)
    assert "no file of torch.save" in problem.what and "before 1.6" in problem.hint
    path.unlink()
    assert "No such file" in failed(path, tokens=IDS).what


def test_files_cut_off_or_bent_anywhere(tmp_path):
    """Each ends in Failed, or in values: never in another exception."""
    path = tmp_path / "run.pt"
    save(path, {"logits": tensor(ROWS), "b": bfloat16(ROWS[0])})
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        assert failed(path, tokens=IDS).exit_code == 5, size
    refused = 0
    for _ in range(400):
        bent = bytearray(whole)
        for at in RNG.integers(0, len(whole), 3):  # most of it is values, whose CRC-32 says so
            bent[at] ^= 1 << RNG.integers(8)
        path.write_bytes(bent)
        try:
            convert([path], tmp_path / "run.xval", tokens=IDS)
        except sdk.Failed as problem:
            assert problem.exit_code in (5, 64)
            refused += 1
    assert refused > 350
    data, storages = pickled({"logits": tensor(ROWS)})
    for at in range(len(data)):  # under a CRC-32 that is right
        archive(path, data[:at] + bytes([data[at] ^ 1 << RNG.integers(8)]) + data[at + 1:], storages)
        try:
            convert([path], tmp_path / "run.xval", tokens=IDS)
        except sdk.Failed as problem:
            assert problem.exit_code in (5, 64)


# ---- Dumpers

@pytest.fixture
def recording(tmp_path):
    """The recording of what is converted: its rows, its tensors by name and occurrence, ids, what convert said."""

    def make(*inputs, **options):
        done = convert(inputs, tmp_path / "made.xval", **options)
        with sdk.Recording(tmp_path / "made.xval") as run:
            return (np.stack(list(run.rows())), {(t.name, t.occurrence): t.values for t in run.tensors()},
                    run.runs[0].ids, done)

    return make


def test_a_folder_of_sglangs_dumper(tmp_path, recording):
    """Two forward passes of 3 tokens and 1; a value that is computed twice in each; two ranks."""
    hidden, twice = RNG.normal(0, 1, (5, 8)).astype("<f4"), RNG.normal(0, 1, (2, 5, 6)).astype("<f4")
    folder, calls = tmp_path / "sglang_dump_17", iter(range(100))

    def dump(step, rank, name, value, meta=True, **more):
        said = {"step": step, "rank": rank, "dump_index": next(calls), "name": name, **more}
        path = folder / ("___".join(f"{key}={value}" for key, value in said.items()) + ".pt")
        save(path, {"value": tensor(value), "meta": {"rank": rank}} if meta else tensor(value))

    for rank in (0, 1):
        for step, part in enumerate((slice(0, 3), slice(3, 4), slice(4, 5))):
            dump(step, rank, "input_ids", np.array(IDS[part]))
            dump(step, rank, "hidden", hidden[part] + rank, layer_id=3)
            dump(step, rank, "norm", twice[0][part], meta=False)
            dump(step, rank, "norm", twice[1][part], meta=False)
            dump(step, rank, "next_token_logits", ROWS[part])
    problem = failed(folder, logits="next_token_logits")
    assert problem.exit_code == 64 and problem.what == "arrays of rank 0, rank 1" and "--part" in problem.hint
    assert "none of rank 2" in failed(folder, part="rank 2").what
    rows, tensors, ids, done = recording(folder, part="rank 1", logits="next_token_logits")
    assert np.array_equal(rows, ROWS) and ids == IDS and not done.left_out
    assert set(tensors) == {("hidden___layer_id=3", 0), ("norm", 0), ("norm", 1)}
    assert np.array_equal(tensors["hidden___layer_id=3", 0], hidden + np.float32(1))
    assert all(np.array_equal(tensors["norm", i], twice[i]) for i in (0, 1))
    problem = failed(folder, part="rank 0")
    assert problem.exit_code == 64 and "no array logits among" in problem.what and "--logits" in problem.hint


def test_older_files_of_sglangs_dumper(tmp_path, recording):
    save(tmp_path / "d" / "forward_pass_id=4___rank=0___name=logits___dump_index=2.pt", tensor(ROWS[3:]))
    save(tmp_path / "d" / "forward_pass_id=3___rank=0___name=logits___dump_index=1.pt", tensor(ROWS[:3]))
    assert np.array_equal(recording(tmp_path / "d", tokens=IDS)[0], ROWS)


def test_a_folder_of_msprobe(tmp_path, recording):
    values = RNG.normal(0, 1, (1, 5, 2, 4)).astype("<f4")
    folder = tmp_path / "step0" / "rank0" / "dump_tensor_data"
    save(folder / "Module.model.layers.11.self_attn.Attention.forward.0.output.0.pt", tensor(values))
    save(folder / "Module.lm_head.Linear.forward.0.output.0.pt", tensor(ROWS[None]))
    save(folder / "Module.lm_head.Linear.forward.0.input.0.pt", tensor(values[0, :4]))
    (folder.parent / "dump.json").write_text("{}")
    rows, tensors, _, done = recording(
        tmp_path, tokens=IDS, logits="Module.lm_head.Linear.forward.0.output.0")
    assert np.array_equal(rows, ROWS)
    (name, _), = tensors
    assert name == "Module.model.layers.11.self_attn.Attention.forward.0.output.0"
    assert np.array_equal(tensors[name, 0], values.reshape(5, 8))
    assert list(done.left_out) == ["Module.lm_head.Linear.forward.0.input.0"]


def test_files_of_hooks_are_called_by_their_names(tmp_path, recording):
    save(tmp_path / "LOOP.model-IDX.Layer-0.1-output.mlp.pt", tensor(ROWS[:, :7]))
    save(tmp_path / "logits.pt", tensor(ROWS))
    save(tmp_path / "both.pt", {"a": tensor(ROWS), "b": [tensor(ROWS)]})
    rows, tensors, *_ = recording(tmp_path, tokens=IDS)
    assert {name for name, _ in tensors} == {"both.a", "both.b.0", "LOOP.model-IDX.Layer-0.1-output.mlp"}
    assert np.array_equal(rows, ROWS) and np.array_equal(tensors["LOOP.model-IDX.Layer-0.1-output.mlp", 0], ROWS[:, :7])


def test_arrays_that_are_not_of_every_position_are_left_out(tmp_path, recording):
    save(tmp_path / "run.pt", {"logits": tensor(ROWS), "a": tensor(ROWS[:4]), "b": tensor(ROWS.T), "c": tensor(ROWS[0])})
    *_, done = recording(tmp_path / "run.pt", tokens=IDS)
    assert set(done.left_out) == {"a", "b", "c"} and "(4, 365)" in done.left_out["a"] and not done.tensors


def polygraphy(**runners):
    """RunResults of Polygraphy 0.53: a runner's iterations are dicts of arrays."""
    def array(values):
        stream = io.BytesIO()
        np.save(stream, values)
        kept = {"array": base64.b64encode(stream.getvalue()).decode(), "polygraphy_class": "ndarray"}
        return {"values": kept, "polygraphy_class": "LazyArray"}

    return {"lst": [[runner, [{"outputs": {name: array(values) for name, values in iteration.items()}, "runtime": 0.1,
                               "runner_name": runner, "polygraphy_class": "IterationResult"} for iteration in iterations]]
                    for runner, iterations in runners.items()], "polygraphy_class": "RunResults"}


def test_outputs_of_polygraphy(tmp_path, recording):
    path = tmp_path / "outputs.json"
    outputs = {"logits": ROWS[None], "input_ids": np.array([IDS]), "hidden": np.asfortranarray(ROWS[None, :, :4])}
    path.write_text(json.dumps(polygraphy(onnxrt=[outputs], trt=[{"logits": ROWS[::-1]}])))
    rows, tensors, ids, _ = recording(path, part="onnxrt")
    assert np.array_equal(rows, ROWS) and ids == IDS
    assert np.array_equal(tensors["hidden", 0], ROWS[:, :4])
    assert np.array_equal(recording(path, part="trt", tokens=IDS)[0], ROWS[::-1])
    assert failed(path).what == "arrays of onnxrt, trt"


def test_outputs_of_polygraphy_that_are_bent(tmp_path):
    path = tmp_path / "outputs.json"

    def said(document):
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        problem = failed(path, tokens=IDS)
        assert problem.exit_code == 5 and str(path) in problem.where and problem.hint
        return problem.what

    assert "2 iterations of trt" in said(polygraphy(trt=[{"logits": ROWS}] * 2))
    assert "object" in said(polygraphy(trt=[{"logits": np.array([Runs(os.mkdir, str(tmp_path / "ran"))])}]))
    assert not (tmp_path / "ran").exists()
    whole = polygraphy(trt=[{"logits": ROWS}])
    kept = whole["lst"][0][1][0]["outputs"]["logits"]["values"]
    raw = base64.b64decode(kept["array"])
    for bent in (raw[:-4], raw.replace(b"(5, 365)", b"(99999999999, 99999)"), raw[:9], b"", raw[:6] + b"\x09" + raw[7:]):
        kept["array"] = base64.b64encode(bent).decode()
        said(whole)
    kept["array"] = "?"
    assert "base64" in said(whole)
    for document in ("", "[]", "{}", '{"lst": 3}', '{"lst": [[1, [{"outputs": {"a": 1}}]]]}', "[" * 100000):
        said(document)


# ---- Compared

@pytest.fixture(scope="module")
def native(crossval, tmp_path_factory):
    """A model, native's recording of it, and the same in the file that torch.save would make of it."""
    folder = tmp_path_factory.mktemp("converters")
    model, path = folder / "m.gguf", folder / "native.xval"
    made = crossval("synth", "--types", "F32", "--layers", 2, "--embd", 64, "--heads", 2, "--ff", 64, "-q", "-o", model)
    assert made.code == 0, made.err
    run = crossval("record", "-m", model, "--tokens", ",".join(map(str, IDS)), "--engine", "native", "--tensors",
                   "l_out,result_norm", "--max-tokens", 0, "--kv", "f32", "-o", path)
    assert run.code == 0, run.err
    with sdk.Recording(path) as recorded:
        rows = np.stack(list(recorded.rows()))
        tensors = {t.name: t.values for t in recorded.tensors()}
    return model, path, rows, tensors


def python(*arguments):
    return subprocess.run([sys.executable, "-m", "crossval.convert", *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PACKAGE)})


def dumped(folder, rows, tensors, **more):
    save(folder / "run.pt", {"logits": tensor(rows[None]), "layers": [tensor(tensors["l_out-0"]), tensor(tensors["l_out-1"])],
                             "norm": tensor(tensors["result_norm"]), **more})
    done = python(folder / "run.pt", "-o", folder / "run.xval", "--tokens", ",".join(map(str, IDS)), "--kv", "f32")
    assert done.returncode == 0, done.stderr
    return folder / "run.xval", done.stdout


def test_a_dump_of_natives_values_is_native(native, crossval, tmp_path):
    _, recorded, rows, tensors = native
    made, said = dumped(tmp_path, rows, tensors, extra=tensor(rows[0]))
    assert "5 positions × 365 logits, 3 tensors" in said and "left out: extra, of shape (365,)" in said
    run = crossval("compare", made, recorded, "--format", "json")
    assert (run.code, run.json["verdict"], len(run.json["positions"])) == (0, "IDENTICAL", 5), run.out
    assert any(w["name"] == "format-says-less" for w in run.json["warnings"])
    replayed = crossval("per-token", "-m", native[0], "--tokens", ",".join(map(str, IDS)), "--candidate", f"replay:{made}",
                        "--reference", "native", "--kv", "f32", "--max-tokens", 0, "--format", "json")
    assert (replayed.code, replayed.json["verdict"]) == (0, "IDENTICAL"), replayed.out + replayed.err


def test_one_value_that_differs_is_found(native, crossval, tmp_path):
    _, recorded, rows, tensors = native
    rows, tensors = rows.copy(), {name: values.copy() for name, values in tensors.items()}
    rows[3, 17] = -rows[3, 17]
    tensors["l_out-1"][2, 5] += 1
    made, _ = dumped(tmp_path, rows, tensors)
    run = crossval("compare", made, recorded, "--require", "bits", "--format", "json")
    assert (run.code, run.json["verdict"]) == (1, "DIVERGED")
    assert [p["identical"] for p in run.json["positions"]] == [True, True, True, False, True]
    (tmp_path / "right").mkdir()
    right, _ = dumped(tmp_path / "right", native[2], native[3])  # of the same tool, by its own names
    run = crossval("compare", made, right, "--require", "bits", "--format", "json", "--first-diff")
    assert run.json["trace"]["first"]["tensor"] == "layers.1" and run.json["trace"]["first"]["position"] == 2


def test_its_own_names_are_translated(native, crossval, tmp_path):
    """docs/tensor-names.md, "Another engine's names": the first tensor that is another one has its name here."""
    model, _, rows, tensors = native
    bent = {name: values.copy() for name, values in tensors.items()}
    bent["l_out-1"][2, 5] += 1
    (tmp_path / "names.json").write_text(json.dumps({"layers.{N}": "l_out-{N} ADD", "norm": "result_norm MUL"}))
    for values, first in ((tensors, None), (bent, "l_out-1")):
        made, _ = dumped(tmp_path, rows, values)
        run = crossval("per-token", "-m", model, "--tokens", ",".join(map(str, IDS)), "--candidate",
                       f"replay:{made},names={tmp_path / 'names.json'}", "--reference", "native", "--kv", "f32", "--max-tokens", 0,
                       "--first-diff", "--format", "json")
        assert run.code == 0, run.out + run.err
        trace = run.json["trace"]
        assert trace["differs"] == bool(first) and (not first or trace["first"]["tensor"] == first), trace


def test_what_it_ran_with_is_held_against_the_other_side(native, crossval, tmp_path):
    model, recorded, rows, _ = native
    path = tmp_path / "run.pt"
    save(path, tensor(rows))
    given = (path, "-o", tmp_path / "run.xval", "--tokens", ",".join(map(str, IDS)))
    for more, code, said in (((), 0, "kv-type: not stated"), (("--kv", "f32"), 0, ""), (("--kv", "f16"), 6, "kv-type"),
                             (("--model", model), 0, ""), (("--model", path), 0, "")):
        assert python(*given, *more).returncode == 0
        run = crossval("compare", tmp_path / "run.xval", recorded)
        assert run.code == code and said in run.out, run.out + run.err
        assert ("files of different SHA-256" in run.out) == (path in more)


def test_logits_in_half_precision_are_said(native, crossval, tmp_path):
    _, recorded, rows, _ = native
    save(tmp_path / "run.pt", tensor(rows.astype("<f2")))
    convert([tmp_path / "run.pt"], tmp_path / "run.xval", tokens=IDS)
    run = crossval("compare", tmp_path / "run.xval", recorded, "--format", "json")
    assert run.json["verdict"] == "MATCH" and any("float16" in w["message"] for w in run.json["warnings"])


@pytest.mark.parametrize("more, code, said", [
    ((), 64, "it does not say of which tokens it is"), (("--tokens", "1,2"), 64, "5 rows of logits for 2 tokens"),
    (("--tokens", "one"), 64, "are no ids"), (("--tokens", "1,2,3,4,5", "--logits", "x"), 64, "no array x among run"),
    (("--tokens", "1,2,3,4,5", "--model", "none.gguf"), 5, "cannot be read"),
    (("--tokens", "1,2,3,4,5", "-o", "/nowhere/run.xval"), 74, "cannot be written")])
def test_errors_say_what_and_what_to_do(tmp_path, more, code, said):
    save(tmp_path / "run.pt", tensor(ROWS))
    done = python(tmp_path / "run.pt", "-o", tmp_path / "run.xval", *more)
    assert done.returncode == code and said in done.stderr and done.stderr.startswith("crossval.convert: ")
    assert not (tmp_path / "run.xval").exists()


def test_what_is_no_file_is_not_replaced(tmp_path):
    save(tmp_path / "run.pt", tensor(ROWS))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "run.xval")
    with pytest.raises(sdk.Failed, match="no file") as caught:
        convert([tmp_path / "run.pt"], tmp_path / "pipe", tokens=IDS)
    assert caught.value.exit_code == 74 and (tmp_path / "pipe").is_fifo()
    convert([tmp_path / "run.pt"], tmp_path / "link", tokens=IDS)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "run.xval").is_file()
    assert not list(tmp_path.glob("*.partial"))


def test_inputs_without_logits(tmp_path):
    save(tmp_path / "text.pt", {"logits": "text"})
    assert "no array logits among none" in failed(tmp_path / "text.pt", tokens=IDS).what
    assert failed(tmp_path / "nothing").exit_code == 5
    (tmp_path / "empty").mkdir()
    assert "no .pt in this folder" in failed(tmp_path / "empty").what


def test_nothing_is_left_of_what_fails_on_the_way(tmp_path):
    """An array of which the values are missing is noticed when it is read, last of all."""
    save(tmp_path / "run.pt", {"logits": tensor(ROWS), "x": Tensor(bytes(16), "<f4", (5, 2), (2, 1), numel=10)})
    with pytest.raises(sdk.Failed, match="16 bytes"):
        convert([tmp_path / "run.pt"], tmp_path / "run.xval", tokens=IDS)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]
