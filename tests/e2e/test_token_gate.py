"""Ids that differ: the gate stops the run, or one side's ids go to both engines."""
import pytest

TEXT = "In 2026 it cost 12 euros."


def ids(crossval, model, *options):
    run = crossval("tokenize", "-m", model, "-p", TEXT, "--format", "json", *options)
    return [token["id"] for token in run.json["tokens"]]


def per_token(crossval, model, gpt2, *options, candidate="native"):
    return crossval("per-token", "-m", model, "-p", TEXT, "--max-tokens", 2, "--candidate", candidate,
                    "--tokenizer", gpt2, "--format", "json", *options)


def test_different_ids_stop_the_run(crossval, model, gpt2):
    run = per_token(crossval, model, gpt2)
    assert (run.code, run.json["verdict"]) == (2, "TOKENS-DIFFER")
    assert run.json["positions"] == [] and run.json["on_token_mismatch"] == "stop"
    assert run.json["mismatch"]["cause"]["name"] == "pre-tokenizer-digits"


@pytest.mark.parametrize("side", ["reference", "candidate"])
def test_one_sides_ids_go_to_both(crossval, model, gpt2, side):
    run = per_token(crossval, model, gpt2, "--on-token-mismatch", f"use-{side}", "--require", "bits")
    result = run.json
    assert result["tokens"] == ids(crossval, model, *(["--tokenizer", gpt2] if side == "candidate" else []))
    # The engines agree on every bit, and still it is no match.
    assert (run.code, result["verdict"], result["status"]) == (2, "TOKENS-DIFFER", "tokens-differ")
    assert result["identical_rows"] == len(result["positions"]) == len(result["tokens"]) + 2
    assert result["mismatch"]["cause"]["name"] == "pre-tokenizer-digits"


@pytest.mark.parametrize("fault, code, verdict", [("wrong-head", 1, "DIVERGED"), ("nan", 3, "UNHEALTHY")])
def test_rows_of_overruled_ids_are_judged(crossval, model, gpt2, fault, code, verdict):
    run = per_token(crossval, model, gpt2, "--on-token-mismatch", "use-reference",
                    candidate=f"native:fault={fault}")
    assert (run.code, run.json["verdict"]) == (code, verdict)
    assert run.json["mismatch"] is not None


def test_without_a_mismatch_the_option_changes_nothing(crossval, model):
    run = crossval("per-token", "-m", model, "-p", TEXT, "--max-tokens", 0, "--on-token-mismatch",
                   "use-reference", "--format", "json")
    assert (run.code, run.json["verdict"], run.json["mismatch"]) == (0, "IDENTICAL", None)


def compare(crossval, model, *options):
    return crossval("tokenize", "-m", model, "-p", TEXT, "--compare", *options)


def test_two_tokenizers_that_agree(crossval, model):
    run = compare(crossval, model, "--format", "json")
    assert (run.code, run.json["status"], run.json["mismatch"]) == (0, "ok", None)
    sides = [run.json[side] for side in ("candidate", "reference")]
    assert [side["engine"]["identity"]["name"] for side in sides] == ["native", "llama.cpp"]
    assert sides[0]["tokens"] == sides[1]["tokens"] and sides[0]["count"] == len(sides[0]["tokens"]) > 0
    assert "SAME-TOKENS" in compare(crossval, model).out


def test_two_tokenizers_that_do_not(crossval, model, gpt2):
    run = compare(crossval, model, "--tokenizer", gpt2, "--format", "json")
    assert (run.code, run.json["status"]) == (2, "tokens-differ")
    assert run.json["mismatch"]["cause"]["name"] == "pre-tokenizer-digits"
    text = compare(crossval, model, "--tokenizer", gpt2)
    assert text.code == 2 and "TOKENS-DIFFER" in text.out and "pre-tokenizer-digits" in text.out


def test_any_vocabulary_can_be_compared(crossval, gpt2):
    """A file without weights, of an architecture that the native engine does not run."""
    run = compare(crossval, gpt2.with_name("ggml-vocab-bert-bge.gguf"), "--format", "json")
    assert (run.code, run.json["status"]) == (0, "ok")


@pytest.mark.parametrize("options", [["--count"], ["--engine", "native"]])
def test_compare_excludes_what_belongs_to_one_engine(crossval, model, options):
    assert compare(crossval, model, *options).code == 64
