"""record, replay:FILE and compare: a run in a file says offline what the engines said online."""
import ctypes
import json
import math
import shutil
import struct

import numpy as np
import pytest

from conftest import ROOT
from protocol import XXHASH

TEXT = "The quick brown fox jumps over the lazy dog and"


@pytest.fixture(scope="module")
def small(made_model):
    return made_model("Q8_0", layers=2)


@pytest.fixture(scope="module")
def recorded(crossval, small, tmp_path_factory):
    """recorded("native", "--hashes", …) -> the file; each made once."""
    folder, known = tmp_path_factory.mktemp("recorded"), {}

    def record(engine, *more, prompt=("-p", TEXT), model=small):
        key = (engine, *more, *prompt, model)
        if key not in known:
            known[key] = folder / f"{len(known)}.xval"
            run = crossval("record", "-m", model, *prompt, "--engine", engine, "-o", known[key], *more)
            assert run.code == 0, run.err
        return known[key]

    return record


@pytest.fixture
def compared(crossval):
    def compare(a, b, *more):
        run = crossval("compare", a, b, "--format", "json", *more)
        return run.code, run.json

    return compare


def without_times(result):
    """What may differ between a run and its recordings: times, and that the models are known by their recorded hash."""
    result = {k: v for k, v in result.items() if k not in ("seconds", "model_files")}
    for side in ("candidate", "reference"):
        result[side]["settings"].pop("model_sha256")
        result[side].pop("capabilities")
    return result


@pytest.mark.parametrize("candidate", ["native", "native:fault=rope-pairing"])
def test_offline_says_what_online_says(crossval, model, recorded, compared, candidate):
    """The real model, the real reference, to the last digit of every figure."""
    ours = recorded(candidate, model=model)
    online = crossval("per-token", "-m", model, "-p", TEXT, "--candidate", candidate, "--format", "json")
    if candidate != "native":  # the decode steps are the reference's choices: record the same number of none
        ours = recorded(candidate, "--max-tokens", "0", model=model)
        online = crossval("per-token", "-m", model, "-p", TEXT, "--candidate", candidate, "--max-tokens", 0,
                          "--format", "json")
    theirs = recorded("llama.cpp", *(() if candidate == "native" else ("--max-tokens", "0")), model=model)
    code, offline = compared(ours, theirs)
    assert code == online.code == (0 if candidate == "native" else 1)
    assert without_times(offline) == without_times(online.json)
    assert offline["verdict"] == ("IDENTICAL" if candidate == "native" else "DIVERGED")


def test_a_recording_is_a_reference_of_an_engine(crossval, small, recorded):
    reference = recorded("oracle")
    run = crossval("per-token", "-m", small, "-p", TEXT, "--reference", f"replay:{reference}", "--candidate", "native",
                   "--format", "json")
    live = crossval("per-token", "-m", small, "-p", TEXT, "--reference", "oracle", "--candidate", "native", "--format", "json")
    assert run.code == live.code == 0, run.err
    assert run.json["positions"] == live.json["positions"] and run.json["decode_steps"] == 4


def test_rows_are_the_engines_own(crossval, small, recorded, tmp_path):
    """Read by NumPy from docs/recording.md, beside --dump."""
    path = recorded("native", "--max-tokens", "0")
    crossval("per-token", "-m", small, "-p", TEXT, "--candidate", "native", "--reference", "native", "--max-tokens", 0,
             "--dump", tmp_path / "rows")
    dumped = np.load(tmp_path / "rows" / "candidate.npy")
    rows = [np.frombuffer(payload[4:], "<f4") for kind, payload in frames(path) if kind == 133]
    assert np.array_equal(np.stack(rows).view("u4"), dumped.view("u4"))


def frames(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        magic, version, kind, length, _ = struct.unpack_from("<4sHHIQ", data, at)
        assert magic == b"XVAL" and version == 2
        yield kind, data[at + 20:at + 20 + length]
        at += 20 + length


def test_the_index_names_every_frame(recorded):
    path = recorded("native")
    data = path.read_bytes()
    first, = struct.unpack_from("<Q", data, len(data) - 8)
    _, _, kind, length, _ = struct.unpack_from("<4sHHIQ", data, first)
    assert kind == 194
    index = list(struct.iter_unpack("<HIQ", data[first + 20:first + 20 + length]))
    all_frames = list(frames(path))
    assert [(kind, len(payload)) for kind, payload in all_frames[:-2]] == [(k, n) for k, n, _ in index]
    assert all(struct.unpack_from("<4sHH", data, at)[2] == kind for kind, _, at in index)


def test_most_likely_tokens(crossval, small, recorded, compared):
    """ln p, rank, overlap and the bounds, from the rows themselves."""
    whole, top = recorded("native"), recorded("oracle", "--top-k", "5")
    code, result = compared(whole, top, "--logprob-tol", "3")
    assert code == 0 and result["rows"] == "top" and result["require"] == "log-probabilities"
    native = [np.frombuffer(p[4:], "<f4").astype("f8") for k, p in frames(whole) if k == 133]
    oracle = [np.frombuffer(p[4:], "<f4").astype("f8") for k, p in frames(recorded("oracle")) if k == 133]
    assert len(result["positions"]) == len(native)
    for position, c, r in zip(result["positions"], native, oracle):
        log_c, log_r = c - np.logaddexp.reduce(c), r - np.logaddexp.reduce(r)
        listed = np.argsort(-log_r, kind="stable")[:5]
        told = position["top"]
        assert told["reference_tokens"] == 5 and told["candidate_tokens"] == len(c) and told["compared"] == 5
        assert told["max_abs_diff"] == pytest.approx(np.abs(log_c - log_r)[listed].max(), abs=2e-6)
        assert told["overlap"] == len(set(listed) & set(np.argsort(-log_c, kind="stable")[:5]))
        assert told["rank"] == 1 + int((log_c > log_c[listed[0]]).sum())
        kl = float(np.sum(np.exp(log_r) * (log_r - log_c)))
        assert told["kl_low"] <= kl + 1e-6 and kl <= told["kl_high"]
        assert told["reference_rest"] == pytest.approx(1 - np.exp(log_r[listed]).sum(), abs=1e-6)
        assert math.isnan(position["cosine"]) if isinstance(position["cosine"], float) else position["cosine"] in (None, "NaN")
    largest = max(p["top"]["max_abs_diff"] for p in result["positions"])
    assert result["passing_log_probability_threshold"] == result["max_absolute_diff"] == largest
    assert compared(whole, top, "--logprob-tol", f"{largest * 0.999}")[0] == 1
    assert crossval("compare", top, recorded("native:fault=rope-pairing", "--top-k", "5")).code == 1


def test_hashes_find_the_first_difference(recorded, compared):
    same = compared(recorded("native", "--hashes", "--tensors", "all"), recorded("native:threads=2", "--hashes", "--tensors", "all"))
    assert same[0] == 0 and same[1]["verdict"] == "IDENTICAL" and same[1]["rows"] == "hashes"
    faulty = recorded("native:fault=rope-pairing", "--hashes", "--tensors", "all")
    code, result = compared(faulty, recorded("native", "--hashes", "--tensors", "all"), "--first-diff")
    assert code == 1 and result["require"] == "bits"
    assert (result["trace"]["first"]["tensor"], result["trace"]["first"]["op"]) == ("Qcur-0", "ROPE")
    assert result["trace"]["first"]["position"] == 1  # at 0 nothing is rotated
    whole = compared(recorded("native"), recorded("native", "--hashes", "--tensors", "all"))
    assert whole[0] == 0 and whole[1]["verdict"] == "IDENTICAL"


def test_values_are_explained_offline(crossval, small, recorded):
    faulty = recorded("native:fault=rope-pairing", "--tensors", "all", "--max-tokens", "0")
    run = crossval("explain", "-m", small, "-p", TEXT, "--candidate", f"replay:{faulty}", "--reference", "native",
                   "--format", "json")
    assert run.code == 1, run.err
    assert run.json["verdict"] == "CANDIDATE-WRONG" and "rope-pairing" in json.dumps(run.json)
    beside = crossval("per-token", "-m", small, "-p", TEXT, "--candidate", f"replay:{faulty}", "--reference", "native",
                      "--max-tokens", 0, "--first-diff", "--format", "json")
    assert beside.code == 1 and beside.json["trace"]["first"]["tensor"] == "Qcur-0"


def test_named_tensors_alone(recorded):
    from collections import Counter
    kinds = Counter(kind for kind, _ in frames(recorded("native", "--tensors", "l_out,result_norm")))
    assert kinds[134] == 3  # two layers and the last norm


def test_every_cut_and_every_flipped_bit_is_found(crossval, small, recorded, tmp_path):
    """All that is cut off is read to its last whole frame; all else that is not as written is refused."""
    whole = recorded("native", "--top-k", "3", "--max-tokens", "1", prompt=("--tokens", "1,2,3"))
    data, path = whole.read_bytes(), tmp_path / "bent.xval"
    starts, at = [], 0
    for kind, payload in frames(whole):
        starts.append((kind, at))
        at += 20 + len(payload)
    rows_end = next(at for kind, at in starts if kind == 4)
    for cut in sorted({*range(0, len(data), max(1, len(data) // 40)), len(data) - 1, rows_end}):
        path.write_bytes(data[:cut])
        run = crossval("compare", path, path, "--format", "json")
        assert run.code in (0, 5, 64), (cut, run.code, run.err)
        if cut >= rows_end:
            assert run.code == 0 and "recording-cut-off" in run.out, (cut, run.err)
    for at in range(0, len(data), max(1, len(data) // 60)):
        bent = bytearray(data)
        bent[at] ^= 1 << (at % 8)
        path.write_bytes(bent)
        run = crossval("compare", path, path, "--format", "json")
        assert run.code == 5, (at, run.code, run.out[:200])
        assert run.json["status"] == "error" if run.out else True


def test_what_does_not_fit_is_said(crossval, small, recorded, tmp_path):
    """Another prompt, another model, another continuation, another form of rows."""
    reference = recorded("native")
    other = crossval("per-token", "-m", small, "-p", "something else", "--reference", f"replay:{reference}")
    assert other.code == 64 and "another prompt" in other.err
    bigger = tmp_path / "bigger.gguf"
    crossval("synth", "--types", "Q8_0", "--layers", 2, "--embd", 64, "--heads", 2, "--ff", 64, "--seed", 2, "-q", "-o", bigger)
    model = crossval("per-token", "-m", bigger, "-p", TEXT, "--reference", f"replay:{reference}", "--format", "json")
    assert model.code == 6 and [s["name"] for s in model.json["settings"] if s["weight"] == "refused"] == ["model"]
    more = crossval("per-token", "-m", small, "-p", TEXT, "--reference", f"replay:{reference}", "--max-tokens", 9)
    assert more.code == 64 and "ends after" in more.err
    forms = crossval("compare", recorded("native", "--top-k", "5"), recorded("native", "--hashes"))
    assert forms.code == 64 and "nothing to compare" in forms.err
    for option in (["--require", "bits"], ["--dump", tmp_path / "d"]):
        assert crossval("compare", reference, recorded("native", "--top-k", "5"), *option).code == 64
    both = crossval("per-token", "-p", TEXT, "--candidate", f"replay:{reference}", "--reference", f"replay:{reference}")
    assert both.code == 64 and "crossval compare" in both.err


def test_continuations_that_part(crossval, small, recorded, compared):
    short, long = recorded("native", "--max-tokens", "1"), recorded("native")
    code, result = compared(short, long)
    assert code == 0 and result["decode_steps"] == 1
    assert "continuations-part" in [w["name"] for w in result["warnings"]]


def test_files_that_are_no_recording(crossval, small, tmp_path):
    for name, content in (("empty", b""), ("text", b"hello\n"), ("model", small.read_bytes()[:4096])):
        path = tmp_path / name
        path.write_bytes(content)
        run = crossval("compare", path, path)
        assert run.code == 5, (name, run.err)
    assert crossval("compare", tmp_path / "none.xval", tmp_path / "none.xval").code == 5
    assert crossval("compare", tmp_path / "empty").code == 64


def test_record_refuses_and_leaves_nothing(crossval, small, tmp_path):
    for options in (["--top-k", "3", "--hashes"], ["--tensors", "nothing-of-the-kind"]):
        run = crossval("record", "-m", small, "-p", TEXT, "-o", tmp_path / "out.xval", *options)
        assert run.code == 64, run.err
        assert not list(tmp_path.iterdir())
    assert crossval("record", "-m", small, "-p", TEXT).code == 64
    full = crossval("record", "-m", small, "-p", TEXT, "-o", "/dev/full")
    assert full.code == 74


def test_a_killed_record_leaves_a_recording_cut_off(crossval, small, recorded, tmp_path):
    path = tmp_path / "cut.xval"
    data = recorded("native").read_bytes()
    path.write_bytes(data[:len(data) * 3 // 4])
    shutil.copy(path, tmp_path / "again.xval")
    run = crossval("compare", path, tmp_path / "again.xval", "--format", "json")
    assert run.code == 0 and run.json["verdict"] == "IDENTICAL", run.err
    assert "recording-cut-off" in [w["name"] for w in run.json["warnings"]]


@pytest.fixture(scope="module")
def sdk():
    import sys
    sys.path.insert(0, str(ROOT / "engines" / "python"))
    import crossval as package
    return package


def test_python_reads_what_the_program_wrote(sdk, recorded):
    path = recorded("native", "--tensors", "l_out,result_norm")
    with sdk.Recording(path) as run:
        assert run.complete and run.prompt == TEXT and run.ready["identity"]["name"] == "native"
        rows = list(run.rows())
        told = [np.frombuffer(p[4:], "<f4") for k, p in frames(path) if k == 133]
        assert len(rows) == len(run.runs[0].ids) and all(np.array_equal(a, b) for a, b in zip(rows, told))
        shapes = {(t.name, t.op): t.values.shape for t in run.tensors()}
    assert set(shapes) == {("l_out-0", "ADD"), ("l_out-1", "ADD"), ("result_norm", "MUL")}
    assert set(shapes.values()) == {(len(rows), 64)}


def test_python_refuses_what_is_damaged(sdk, tmp_path):
    whole, path = tmp_path / "whole.xval", tmp_path / "bent.xval"
    sdk.write_recording(whole, [1, 2], np.ones((2, 3), "f4"), name="mine")
    data = whole.read_bytes()
    description = data.index(b'"client"')
    for at in (description, len(data) - 400):  # the description; a row, found when it is read
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        with pytest.raises((sdk.Malformed, ValueError)):
            list(sdk.Recording(path).rows())
    for content in (b"GGUF" + bytes(40), b"XVAL" + bytes(40)):
        path.write_bytes(content)
        with pytest.raises(sdk.Malformed):
            sdk.Recording(path)
    path.write_bytes(data[:-30])
    with sdk.Recording(path) as run:
        assert not run.complete and len(list(run.rows())) == 2


def test_the_program_reads_what_python_wrote(sdk, crossval, small, recorded, compared, tmp_path):
    """Another engine's rows and tensors in a file, held against native's recording: the same, and one value changed."""
    with sdk.Recording(recorded("native", "--tensors", "all", "--max-tokens", "0", prompt=("--tokens", "1,2,3"))) as run:
        ids, rows, tensors = run.runs[0].ids, np.stack(list(run.rows())), list(run.tensors())
        digests = [part["sha256"] for part in run.facts["model"]]
    theirs = recorded("native", "--tensors", "all", "--max-tokens", "0", prompt=("--tokens", "1,2,3"))
    settings = dict(kv_type="f16", model_sha256=digests,
                    settings={"rope": "base 10000 scale 1", "norm_eps": 1e-5, "flash_attention": "off",
                              "weight_layout": "as stored"})
    path = tmp_path / "python.xval"
    sdk.write_recording(path, ids, rows, name="mine", tensors=tensors, **settings)
    code, result = compared(path, theirs, "--first-diff")
    assert (code, result["verdict"]) == (0, "IDENTICAL"), result
    assert result["candidate"]["identity"]["name"] == "mine" and not result["trace"]["differs"]
    bent = [t if t.name != "l_out-0" else sdk.RecordedTensor(**{**vars(t), "values": t.values + np.float32(1)}) for t in tensors]
    rows[2, 7] += 1
    sdk.write_recording(path, ids, rows, name="mine", tensors=bent, **settings)
    code, result = compared(path, theirs, "--first-diff")
    assert result["trace"]["first"]["tensor"] == "l_out-0" and not result["positions"][2]["identical"]
    with pytest.raises(ValueError):
        sdk.write_recording(path, ids, rows[:2], name="mine")


def test_keys_and_values_as_they_are_stored(crossval, model, recorded, compared, tmp_path, sdk):
    """State: its rows are the trace's own keys, rounded to F16 by NumPy; native's and llama.cpp's are the same bits."""
    ours, theirs = (recorded(engine, "--tensors", "all", "--max-tokens", "1", model=model, prompt=("--tokens", "1,2,3"))
                    for engine in ("native", "llama.cpp"))
    with sdk.Recording(ours) as run:
        tensors = {(t.name, t.op): t.values for t in run.tensors()}
    keys = tensors["Kcur-0", "ROPE"].astype("<f2").astype("f4")
    assert keys.shape[0] == 4 and np.array_equal(tensors["cache_k-0", "STATE"].reshape(keys.shape), keys)
    assert np.array_equal(tensors["cache_v-3", "STATE"].reshape(4, -1), tensors["Vcur-3", "MUL_MAT"].astype("<f2").astype("f4").reshape(4, -1))
    code, result = compared(ours, theirs, "--first-diff")
    assert (code, result["verdict"]) == (0, "IDENTICAL") and not result["trace"]["differs"]
    assert not [name for name in result["trace"]["only_candidate"] if "cache_" in name]
    # One value of one stored row is another: nothing else shows it.
    bent, data, at = tmp_path / "bent.xval", bytearray(ours.read_bytes()), 0
    for kind, payload in frames(ours):
        if kind == 134 and b"cache_v-2" in payload:
            data[at + 20 + len(payload) - 4] ^= 1
            whole = bytes(data[at:at + 12]) + bytes(data[at + 20:at + 20 + len(payload)])
            data[at + 12:at + 20] = struct.pack("<Q", XXHASH.XXH3_64bits(whole, ctypes.c_size_t(len(whole))))
        at += 20 + len(payload)
    bent.write_bytes(data)
    code, result = compared(bent, theirs, "--first-diff")
    first = result["trace"]["first"]
    assert (first["tensor"], first["op"], first["position"]) == ("cache_v-2", "STATE", 3)


def test_state_that_is_cut_or_bent_is_refused(crossval, recorded, compared, tmp_path):
    whole = recorded("native", "--tensors", "all", "--max-tokens", "0", prompt=("--tokens", "1,2,3"))
    data, path, at = whole.read_bytes(), tmp_path / "bent.xval", 0
    for kind, payload in frames(whole):
        if kind == 134 and b"cache_k-1" in payload:
            break
        at += 20 + len(payload)
    bent = bytearray(data)
    bent[at + 20 + len(payload) - 3] ^= 4
    path.write_bytes(bent)
    code, result = compared(path, whole, "--first-diff")
    assert code == 5 and "damaged" in result["error"]["what"] and f"offset {at}" in result["error"]["where"]
    path.write_bytes(data[:at + 20 + len(payload) // 2])  # within a row of keys: what is whole is compared, the rest named
    code, result = compared(path, whole, "--first-diff")
    assert code == 0 and "recording-cut-off" in [w["name"] for w in result["warnings"]]
    assert [name for name in result["trace"]["only_reference"] if "STATE" in name] == ["cache_k-1 STATE", "cache_v-1 STATE"]


def test_an_engine_without_state_says_so(crossval, small, tmp_path):
    run = crossval("record", "-m", small, "--tokens", "1,2,3", "--engine", "llama.cpp:kv=q8_0,fa=on", "--tensors", "all", "-o", tmp_path / "a.xval",
                   "--format", "json")
    assert run.code == 0 and "state-not-shown" in [w["name"] for w in run.json["warnings"]], run.err
    run = crossval("record", "-m", small, "--tokens", "1,2,3", "--tensors", "all", "-o", tmp_path / "b.xval", "--format", "json")
    assert "state-not-shown" not in [w["name"] for w in run.json["warnings"]]


@pytest.mark.parametrize("more", [(), ("--top-k", "4", "--max-tokens", "2"), ("--hashes", "--tensors", "l_out,Qcur-0")])
@pytest.mark.parametrize("engine", ["native:kv=f32", "oracle", "llama.cpp"])
def test_like_another_recording(crossval, recorded, compared, tmp_path, engine, more):
    first, again = recorded(engine, *more), tmp_path / "again.xval"
    run = crossval("record", "--like", first, "-o", again)
    assert run.code == 0, run.err
    assert again.read_bytes() == first.read_bytes()  # all that is in it, down to the prompt's text and the settings


def test_like_with_another_engine(crossval, small, recorded, compared, tmp_path):
    path = tmp_path / "oracle.xval"
    run = crossval("record", "--like", recorded("native"), "--engine", "oracle", "-o", path)
    assert run.code == 0 and compared(path, recorded("native"))[0] == 0, run.err


def test_unlike_is_refused_by_name(crossval, model, small, recorded, tmp_path):
    like = ["record", "-o", tmp_path / "out.xval", "--like", recorded("native")]
    for more, code, word in ((["--kv", "f32"], 6, "kv-type: f32 here, f16 there"), (["-m", model], 6, "model:"), (["-p", "a"], 64, "--like"),
                             (["--top-k", "3"], 64, "--like"), (["--max-tokens", "1"], 64, "--like")):
        run = crossval(*like, *more)
        assert run.code == code and word in run.err, (more, run.err)
        assert not (tmp_path / "out.xval").exists()
    rows = tmp_path / "rows.npy"
    np.save(rows, np.ones((2, 3), "f4"))
    for no_recording in small, rows, tmp_path / "none.xval":
        assert crossval("record", "-o", tmp_path / "x.xval", "--like", no_recording).code == 5


@pytest.mark.parametrize("engine, word", [
    ("native:fault=missing-bos", "at index 0 this engine's has id 15043, the recording has id 1"),
    ("native:tokenizer={}", "at index 1 this engine's has id 24568, the recording has id 15043"),
])
def test_like_with_another_tokenizer_is_refused(crossval, recorded, gpt2, tmp_path, engine, word):
    """SentencePiece's Llama and Baichuan say "Hello" by other ids."""
    model, out = tmp_path / "spm.gguf", tmp_path / "out.xval"
    made = crossval("synth", "--types", "F32", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "--vocab",
                    gpt2.with_name("ggml-vocab-llama-spm.gguf"), "-q", "-o", model)
    assert made.code == 0, made.err
    like = recorded("native", prompt=("-p", "Hello there"), model=model)
    run = crossval("record", "--like", like, "--engine", engine.format(gpt2.with_name("ggml-vocab-baichuan.gguf")), "-o", out)
    assert run.code == 2 and word in run.err, run.err
    assert not out.exists()
