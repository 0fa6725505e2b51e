"""Rows of logits in files of other programs, compared: by value against NumPy, and each way in which they can be bent."""
import json
import struct

import numpy as np
import pytest

from row_files import bf16, halves, jsonl, kl_base, llama_results, log_p_of, log_probs, npy, npz, one_prompt, safetensors

RNG = np.random.default_rng(3)
ROWS = RNG.normal(0, 4, (6, 101)).astype("f4")
NEAR = (ROWS + RNG.normal(0, 1e-3, ROWS.shape)).astype("f4")
IDS = [5, 6, 7, 8, 9, 10]


@pytest.fixture
def compared(crossval, tmp_path):
    """Writes what is given and compares it: bytes, or a function of the path."""

    def compare(a, b, *more, names=("a.bin", "b.bin")):
        paths = [tmp_path / name for name in names]
        for path, content in zip(paths, (a, b)):
            content(path) if callable(content) else path.write_bytes(content)
        run = crossval("compare", *paths, "--format", "json", *more)
        return run.code, run.json

    return compare


def warned(result):
    return [w["name"] for w in result["warnings"]]


WRITTEN = {
    "npy": npy(ROWS), "batch of one": npy(ROWS[None]), "npz": npz(logits=ROWS), "npz among others": npz(ids=np.arange(6), logits=ROWS),
    "float64": npy(ROWS.astype("f8")), "llama-results": lambda path: llama_results(path, IDS, ROWS),
    "safetensors": safetensors(logits=ROWS), "its only tensor": safetensors(out=ROWS[None]),
    "safetensors among others": safetensors(hidden=ROWS[:, :9], input_ids=np.arange(6), logits=ROWS.astype("f8")),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_each_form_has_the_same_rows(compared, form):
    code, result = compared(WRITTEN[form], npy(ROWS))
    assert (code, result["verdict"], len(result["positions"])) == (0, "IDENTICAL", 6), result
    code, result = compared(WRITTEN[form], npy(NEAR))
    expected = [float(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b))) for a, b in zip(ROWS.astype("f8"), NEAR.astype("f8"))]
    assert [p["cosine"] for p in result["positions"]] == pytest.approx(expected, abs=1e-12)
    code, result = compared(WRITTEN[form], npy(ROWS[::-1].copy()))
    assert (code, result["verdict"]) == (1, "DIVERGED")
    assert ("tokens-unknown" in warned(result)) == (form != "llama-results")


def test_one_row_without_a_header(compared):
    """llamacpp-M.bin beside pytorch-M.bin: the pair that everyone has who ports a model."""
    code, result = compared(ROWS[0].tobytes(), NEAR[0].tobytes(), names=("llamacpp-m.bin", "pytorch-m.bin"))
    assert code == 0 and len(result["positions"]) == 1 and warned(result).count("format-says-less") == 0 or \
        sum("last position" in w["message"] for w in result["warnings"]) == 2
    assert compared(ROWS[0].tobytes()[:-4], NEAR[0].tobytes())[0] == 6  # another vocabulary


def test_half_precision_is_said(compared):
    for half in npy(ROWS.astype("f2")), safetensors(logits=ROWS.astype("f2")):
        code, result = compared(half, npy(ROWS.astype("f2").astype("f4")))
        assert (code, result["verdict"]) == (0, "IDENTICAL")
        assert any("to float16" in w["message"] for w in result["warnings"])
    cut = (ROWS.view("<u4") & 0xffff0000).view("<f4")
    code, result = compared(safetensors(logits=("BF16", ROWS.shape, bf16(ROWS))), npy(cut))
    assert (code, result["verdict"]) == (0, "IDENTICAL")
    assert any("to bfloat16" in w["message"] for w in result["warnings"])


def test_llama_perplexity_base(compared):
    """Codes of 16 bits: ln p of those more than 16 below the largest is not known, all others to 1.2e-4."""
    wide = RNG.normal(0, 7, (2, 3, 101)).astype("f4")  # two chunks of 7 tokens
    chunks = RNG.integers(0, 101, (2, 7))
    base = kl_base(chunks, wide)
    code, result = compared(base, kl_base(chunks, wide + np.float32(3)))  # a constant means nothing
    assert code == 0 and result["rows"] == "top" and len(result["positions"]) == 6
    assert [p["token"] for p in result["positions"]] == [*chunks[0][3:6], *chunks[1][3:6]]
    flat = wide.reshape(6, 101).astype("f8")
    log_p = flat - np.logaddexp.reduce(flat, axis=1, keepdims=True)
    known = (flat > flat.max(1, keepdims=True) - 16).sum(1)
    assert [p["top"]["candidate_tokens"] for p in result["positions"]] == pytest.approx(list(known), abs=1)
    assert min(known) < 101, "some must be clipped"
    rows = flat.astype("f4")
    code, result = compared(base, npy(rows))
    assert code == 0 and max(p["top"]["max_abs_diff"] for p in result["positions"]) < 1.3e-4
    bent = wide.copy()
    bent[1, 0] = bent[1, 0][::-1]
    code, result = compared(kl_base(chunks, bent), base)
    assert code == 1 and [p["passed"] for p in result["positions"]] == [True, True, True, False, True, True]
    assert log_p.shape == (6, 101)


@pytest.mark.parametrize("scored", [False, True])
def test_a_forks_base_of_halves(compared, scored):
    """Bytes from the layout alone: no program here writes it."""
    wide = RNG.normal(0, 4, (2, 3, 101)).astype("f4")
    chunks = RNG.integers(0, 101, (2, 7))
    rows = wide.reshape(6, 101)
    code, result = compared(halves(chunks, wide, scored), npy(rows))
    assert (code, result["verdict"], result["rows"]) == (0, "MATCH", "top")
    expected = [float(np.abs(log_p_of(row).astype("f2").astype("f8") - log_p_of(row)).max()) for row in rows]
    assert [p["top"]["max_abs_diff"] for p in result["positions"]] == pytest.approx(expected, abs=1e-6)
    assert max(expected) < 7.9e-3 and any("float16" in w["message"] for w in result["warnings"])
    assert compared(halves(chunks, wide, scored)[:-2], npy(rows))[0] == 5


def test_a_forks_base_of_one_prompt(compared):
    ids = [3, 1, 4, 1, 5, 9, 2, 6]
    code, result = compared(one_prompt(ids, 5, ROWS[:3]), npy(ROWS[:3]))
    assert (code, result["verdict"]) == (0, "MATCH") and [p["token"] for p in result["positions"]] == ids[5:]
    assert max(p["top"]["max_abs_diff"] for p in result["positions"]) < 1.3e-4
    for bent in one_prompt(ids, 6, ROWS[:3]), one_prompt(ids, -1, ROWS[:3]), one_prompt(ids, 5, ROWS[:3])[:-2]:
        assert compared(bent, npy(ROWS[:3]))[0] == 5


def test_no_finer_than_the_format(compared):
    """A tolerance below what 16 bits tell is raised to that, and to twice as much of two such files."""
    rows = RNG.normal(0, 4, (1, 3, 101)).astype("f4")
    base = kl_base(RNG.integers(0, 101, (1, 7)), rows)
    code, result = compared(base, npy(rows[0]), "--logprob-tol", 1e-6)
    assert (code, result["verdict"]) == (0, "MATCH") and "tolerance-raised" in warned(result)
    assert result["log_probability_threshold"] == 1.25e-4
    assert compared(base, base, "--logprob-tol", 1e-6)[1]["log_probability_threshold"] == 2.5e-4
    assert "tolerance-raised" not in warned(compared(base, npy(rows[0]), "--logprob-tol", 2e-4)[1])
    off = rows.copy()
    off[0, 1, 7] = off[0, 1].max() + np.float32(5e-3)  # a control: more than the format's rounding
    assert compared(base, npy(off[0]), "--logprob-tol", 1e-6)[0] == 1


TOPS = log_probs(ROWS, 5)


@pytest.mark.parametrize("form, known", [("llama-server", 5), ("vllm with ids", 5), ("vllm's token_ids", 1)])
def test_answers_of_servers(compared, form, known):
    code, result = compared(jsonl(TOPS, form), npy(ROWS))
    assert (code, result["verdict"], result["rows"]) == (0, "MATCH", "top"), result
    assert [p["top"]["candidate_tokens"] for p in result["positions"]] == [known] * 6
    assert max(p["top"]["max_abs_diff"] for p in result["positions"]) < 1e-5
    said = " ".join(w["message"] for w in result["warnings"])
    assert "__index 10 to 15" in said and ("6 of its rows end before a token" in said) == (known == 1)
    assert "rows-of-other-places" in warned(compared(jsonl(TOPS, form), jsonl(TOPS, first_index=11))[1])
    bent = [list(top) for top in TOPS]
    bent[4][0] = (bent[4][0][0], bent[4][0][1] - 1)
    code, result = compared(jsonl(TOPS, form), jsonl(bent))
    assert "rows-of-other-places" not in warned(result)
    assert code == 1 and [p["passed"] for p in result["positions"]] == [True] * 4 + [False, True]
    assert result["positions"][4]["top"]["max_abs_diff"] == pytest.approx(1, abs=1e-5)


def test_a_wider_vocabulary_than_the_other_side_has(compared):
    code, result = compared(jsonl(TOPS), npy(ROWS[:, :20]))
    assert (code, result["verdict"]) == (6, "SETTINGS-DIFFER")


def test_texts_without_ids_are_refused(compared):
    for form in "chat without ids", "vllm":
        code, result = compared(jsonl(TOPS, form), npy(ROWS))
        assert code == 5 and "texts alone" in result["error"]["what"] and "return_tokens_as_token_ids" in result["error"]["hint"]


@pytest.mark.parametrize("form", ["base", "jsonl", "bin"])  # the base only where something else than rows is compared
def test_rows_of_several_prompts_are_not_set_beside_an_engine(crossval, tmp_path, form):
    """What they are to be compared with is said, in place of rows of other positions."""
    model, path = tmp_path / "m.gguf", tmp_path / f"rows.{form}"
    crossval("synth", "--types", "F32", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "-q", "-o", model)
    rows = np.zeros((1, 1, 365), "f4")
    path.write_bytes({"base": kl_base([[1, 2, 3, 4]], rows), "jsonl": jsonl([[(7, -0.5)]]), "bin": rows.tobytes()}[form])
    command = ["explain"] if form == "base" else ["per-token", "--max-tokens", 0]
    run = crossval(*command, "-m", model, "--tokens", "1,2,3,4", "--reference", f"replay:{path}", "--format", "json")
    assert run.code == 64 and "from position 0 on" in run.json["error"]["what"]
    assert {"base": "per-token -m MODEL --reference replay:FILE", "jsonl": "http://", "bin": "compare A.bin B.bin"}[form] in run.json["error"]["hint"]


def test_a_base_and_an_engine(crossval, tmp_path):
    """Following that advice: an engine's rows of a base's own tokens, chunk by chunk, or written first."""
    model, base, ours = tmp_path / "m.gguf", tmp_path / "base.kld", tmp_path / "ours.kld"
    crossval("synth", "--types", "F32", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "-q", "-o", model)
    for path, words in (base, ("--tokens", "1,2,3,4,5,6,7,8", "-c", 4)), (ours, ("--chunks-of", base, "--engine", "oracle")):
        done = crossval("record", "-m", model, *words, "--as", "kld", "-o", path)
        assert done.code == 0, done.err
    run = crossval("compare", ours, base, "--format", "json")
    assert (run.code, run.json["verdict"]) == (0, "MATCH") and [p["token"] for p in run.json["positions"]] == [3, 7]
    for sides in ["--candidate", "oracle", "--reference", f"replay:{base}"], ["--candidate", f"replay:{base}", "--reference", "oracle"]:
        beside = crossval("per-token", "-m", model, *sides, "--format", "json")
        assert (beside.code, beside.json["verdict"], beside.json["decode_steps"]) == (0, "MATCH", 0), beside.err
        assert [p["top"]["max_abs_diff"] for p in beside.json["positions"]] == pytest.approx(
            [p["top"]["max_abs_diff"] for p in run.json["positions"]], abs=2.6e-4)
    wrong = crossval("per-token", "-m", model, "--candidate", "native:fault=rope-pairing", "--reference", f"replay:{base}", "--logprob-tol", 1e-3)
    assert wrong.code == 1, wrong.out
    for more in ["-p", "a"], ["--max-tokens", 1], ["-c", 3]:
        assert crossval("per-token", "-m", model, "--reference", f"replay:{base}", "--candidate", "native", *more).code == 64, more


def test_tokens_that_differ(compared):
    code, result = compared(lambda p: llama_results(p, IDS, ROWS), lambda p: llama_results(p, IDS[:-1] + [11], ROWS))
    assert (code, result["verdict"]) == (2, "TOKENS-DIFFER") and result["mismatch"]["index"] == 5


def test_rows_that_are_left_over(compared):
    code, result = compared(npy(ROWS), npy(ROWS[:4]))
    assert code == 0 and len(result["positions"]) == 4 and "rows-left-over" in warned(result)


def test_nan_and_zero_rows_are_no_pass(compared):
    bad = ROWS.copy()
    bad[3, 7] = np.nan
    assert compared(npy(bad), npy(bad))[0] == 3
    assert compared(npy(np.zeros((2, 9), "f4")), npy(np.zeros((2, 9), "f4")))[0] == 3


def test_beside_an_engine(crossval, tmp_path):
    model, dumped = tmp_path / "m.gguf", tmp_path / "rows"
    crossval("synth", "--types", "F32", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "-q", "-o", model)
    crossval("per-token", "-m", model, "--tokens", "1,2,3,4", "--candidate", "native", "--reference", "native",
             "--max-tokens", 0, "--dump", dumped)
    run = crossval("per-token", "-m", model, "--tokens", "1,2,3,4", "--reference", f"replay:{dumped}/candidate.npy",
                   "--max-tokens", 0, "--format", "json")
    assert (run.code, run.json["verdict"]) == (0, "IDENTICAL"), run.err
    other = crossval("per-token", "-m", model, "--tokens", "1,2,4,3", "--reference", f"replay:{dumped}/candidate.npy",
                     "--max-tokens", 0)
    assert other.code == 1
    named = crossval("per-token", "-m", model, "--tokens", "1", "--reference", dumped / "candidate.npy")
    assert named.code == 64 and "replay:" in named.err


BENT = {
    "cut npy": npy(ROWS)[:-4], "more than the shape": npy(ROWS) + b"\0" * 4, "header beyond the end": npy(ROWS)[:9] + b"\xff\xff" + npy(ROWS)[11:20],
    "integers": npy(np.arange(6)), "text": npy(np.array(["a"])), "three dimensions": npy(np.zeros((2, 3, 4), "f4")), "no rows": npy(np.zeros((0, 4), "f4")),
    "Fortran order": npy(np.asfortranarray(ROWS)), "big-endian": npy(ROWS.astype(">f4")), "compressed": npz(True, logits=ROWS),
    "no array called logits": npz(a=ROWS, b=ROWS), "cut npz": npz(logits=ROWS)[:-40], "far member": npz(logits=ROWS)[:-22 - 46 - 10] + b"\xff" * 4 + npz(logits=ROWS)[-22 - 46 - 6:],
    "cut base": kl_base([[1, 2, 3, 4]], ROWS[None, :1])[:-2], "negative sizes": b"_logits_" + struct.pack("<3i", -4, 5, 6) + bytes(64),
    "cut safetensors": safetensors(logits=ROWS)[:-4], "cut header": safetensors(logits=ROWS)[:40], "no header": struct.pack("<Q", 2) + b"{ ",
    "integers in safetensors": safetensors(logits=np.arange(6)), "none called logits": safetensors(a=ROWS, b=ROWS), "no tensor": safetensors(),
    "a shape of other bytes": safetensors(lambda h: {"logits": h["logits"] | {"shape": [6, 102]}}, logits=ROWS),
    "three dimensions in safetensors": safetensors(logits=np.zeros((2, 3, 4), "f4")), "no values": safetensors(logits=np.zeros((0, 4), "f4")),
    "a scalar": safetensors(logits=("F32", (), bytes(4))), "8-bit floats": safetensors(logits=("F8_E4M3", (2, 4), bytes(8))),
    "cut answer": jsonl(TOPS)[:-9], "an answer without rows": jsonl(TOPS) + b'{"choices": []}\n', "no log-probabilities": b'{"choices": [{"logprobs": null}]}\n',
    "an empty row": jsonl([[(1, -1.0)]], change=lambda i, a: json.loads(json.dumps(a).replace(', "logprob": -1.0', ', "logprob": -1e5'))),
    "a token twice": jsonl([[(1, -1.0), (1, -2.0)]]), "probabilities above 1": jsonl([[(1, -0.1), (2, -0.2)]]), "an id of 2^31": jsonl([[(1 << 30, -1.0)]]),
    "cut halves": halves([[1, 2, 3, 4]], ROWS[None, :1])[:-2], "no rows of one prompt": one_prompt([1, 2, 3], 3, ROWS[:1]),
    "2 GB of tokens": b"_logits_" + struct.pack("<3i", 1 << 24, 1 << 24, 1 << 24) + bytes(64), "odd size": b"12345", "nothing": b"",
}


@pytest.mark.parametrize("what", BENT)
def test_bent_files_are_refused(compared, what):
    code, result = compared(BENT[what], npy(ROWS))
    assert code == 5 and result["status"] == "error" and "a.bin" in result["error"]["where"], result
