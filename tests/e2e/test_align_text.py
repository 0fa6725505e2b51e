"""per-token --align text: tokenizers that cut a text in different places, by the probability of the text."""
import sys

import numpy as np
import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "engines" / "python"))
import crossval as sdk  # noqa: E402

TEXT = "In 1984 there were 12345 reasons, weren't there?"
MODEL_ONLY = ("--max-tokens", "0")


@pytest.fixture
def aligned(crossval, model):
    def run(*arguments, text=TEXT):
        done = crossval("per-token", "-m", model, "-p", text, "--align", "text", "--reference", "native", "--format", "json",
                        *arguments)
        return done.code, done.json

    return run


@pytest.fixture
def scores(crossval, model, tmp_path):
    """scores(tokenizer arguments, engine) -> for each token where it ends in the text and ln p, from a recording's rows"""
    def run(tokenizer=(), engine="native"):
        tokens = crossval("tokenize", "-m", model, "-p", TEXT, "--engine", "native", *tokenizer, "--format", "json").json["tokens"]
        ids, path = [token["id"] for token in tokens], tmp_path / "run.xval"
        done = crossval("record", "-m", model, "--tokens", ",".join(map(str, ids)), *MODEL_ONLY, "--engine", engine, "-o", path)
        assert done.code == 0, done.err
        with sdk.Recording(path) as recording:
            rows = np.stack(list(recording.rows())).astype(np.float64)
        highest = rows.max(1, keepdims=True)
        log_p = rows - highest - np.log(np.exp(rows - highest).sum(1, keepdims=True))
        return [(tokens[0]["end"], None)] + [(token["end"], log_p[i, token["id"]]) for i, token in enumerate(tokens[1:])]

    return run


def expected(candidate, reference):
    """(begin, end, ln p of each side) of the text between common ends of tokens, in plain Python."""
    common = sorted({end for end, _ in candidate} & {end for end, _ in reference})
    return [(begin, end, *(sum(p for e, p in side if begin < e <= end) for side in (candidate, reference)))
            for begin, end in zip(common, common[1:])]


def test_two_tokenizers_of_one_model(crossval, aligned, scores, gpt2):
    """GPT-2's digits are not SmolLM2's."""
    code, result = aligned("--candidate", "native", "--tokenizer", gpt2)
    wanted = expected(scores(("--tokenizer", gpt2)), scores())
    assert [(s["begin"], s["end"]) for s in result["segments"]] == [(begin, end) for begin, end, *_ in wanted]
    for segment, (*_, candidate, reference) in zip(result["segments"], wanted):
        assert segment["candidate"] == pytest.approx(candidate, abs=1e-9)
        assert segment["reference"] == pytest.approx(reference, abs=1e-9)
    assert any(s["candidate_tokens"] != s["reference_tokens"] for s in result["segments"])
    assert len(wanted) > 5 and (code, result["verdict"]) == (1, "DIVERGED")
    assert result["bytes"] == wanted[-1][1] - wanted[0][0]
    assert result["max_abs_diff"] == pytest.approx(max(abs(c - r) for *_, c, r in wanted), abs=1e-9)


def test_the_same_tokens_are_the_same_text(aligned):
    code, result = aligned("--candidate", "native:threads=2")
    assert (code, result["verdict"], result["max_abs_diff"]) == (0, "MATCH", 0)
    assert result["compared"] == result["candidate_tokens"] - 1


def test_a_planted_mistake_shows(aligned):
    code, result = aligned("--candidate", "native:fault=rope-pairing")
    assert (code, result["verdict"]) == (1, "DIVERGED") and result["max_abs_diff"] > 0.25


def test_most_likely_tokens_leave_holes_and_say_so(crossval, model, aligned, tmp_path):
    path = tmp_path / "top.xval"
    assert crossval("record", "-m", model, "-p", TEXT, *MODEL_ONLY, "--top-k", "5", "-o", path).code == 0
    _, whole = aligned("--candidate", "native")
    code, result = aligned("--candidate", f"replay:{path}")
    assert 0 < result["compared"] < len(result["segments"]) == len(whole["segments"]) and code == 0
    for told, all_ in zip(result["segments"], whole["segments"]):
        assert told["candidate"] == "NaN" or told["candidate"] == pytest.approx(all_["candidate"], abs=1e-5)


def test_text_output_says_what_was_compared(crossval, model, gpt2):
    done = crossval("per-token", "-m", model, "-p", TEXT, "--align", "text", "--candidate", "native", "--reference", "native",
                    "--tokenizer", gpt2)
    assert done.code == 1 and all(
        words in " ".join(done.out.split()) for words in ("bits a byte", "Tokens and logits were not compared"))


@pytest.mark.parametrize("arguments, what", [
    (("--require", "bits"), "Leave out --require"), (("--first-diff",), "Leave out --require"),
    (("--explain",), "Leave out --require"), (("--dump", "x"), "Leave out --require")])
def test_what_does_not_go_with_it_is_refused(crossval, model, arguments, what):
    done = crossval("per-token", "-m", model, "-p", TEXT, "--align", "text", "--candidate", "native", "--reference", "native", *arguments)
    assert done.code == 64 and what in done.err


def test_ids_have_no_text(crossval, model):
    done = crossval("per-token", "-m", model, "--tokens", "1,2,3", "--align", "text", "--candidate", "native", "--reference", "native")
    assert done.code == 64 and "no text" in done.err


def test_hashes_have_no_probabilities(crossval, model, tmp_path):
    path = tmp_path / "hashes.xval"
    assert crossval("record", "-m", model, "-p", TEXT, *MODEL_ONLY, "--hashes", "-o", path).code == 0
    done = crossval("per-token", "-m", model, "-p", TEXT, "--align", "text", "--candidate", f"replay:{path}", "--reference", "native")
    assert done.code == 64 and "no probabilities" in done.err
