"""`crossval tokenize`: our tokenizer beside llama.cpp's own, and what the command prints."""
import subprocess

import pytest

from conftest import PROMPTS


def tokens(crossval, model, *args):
    run = crossval("tokenize", "-m", model, "--format", "json", *args)
    assert run.code == 0, run.err
    return run.json


@pytest.mark.parametrize("prompt", sorted(PROMPTS.glob("*.txt"))[::10], ids=lambda path: path.stem)
def test_both_engines_make_the_same_tokens(crossval, model, prompt):
    ours = tokens(crossval, model, "-f", prompt)
    theirs = tokens(crossval, model, "-f", prompt, "--engine", "llama.cpp")
    assert ours["engine"] == "native" and theirs["engine"] == "llama.cpp"
    assert ours["tokens"] == theirs["tokens"]
    assert ours["count"] == len(ours["tokens"]) > 0


def test_the_ranges_cover_the_text(crossval, model):
    text = "Hello wörld,\n 2026 🙂!"
    data = text.encode()
    result = tokens(crossval, model, "-p", text)
    assert [token["begin"] for token in result["tokens"]] == [0] + [t["end"] for t in result["tokens"][:-1]]
    assert result["tokens"][-1]["end"] == len(data)
    for token in result["tokens"]:
        piece = token["piece"]
        piece = bytes.fromhex(piece["hex"]) if isinstance(piece, dict) else piece.encode()
        assert piece == data[token["begin"]:token["end"]]


def test_standard_input_and_count(binary, model):
    done = subprocess.run([binary, "tokenize", "-m", model, "-f", "-", "--count"], input=b"one two three",
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"3\n")


def test_count_in_json(crossval, model):
    result = tokens(crossval, model, "-p", "one two three", "--count")
    assert result["count"] == 3 and "tokens" not in result


def test_the_models_template_and_per_token_give_the_same_ids(crossval, model):
    told = tokens(crossval, model, "-p", "Hi", "--chat")
    run = crossval("per-token", "-m", model, "-p", "Hi", "--chat", "--max-tokens", 0, "--format", "json")
    assert run.code == 0, run.err
    assert [token["id"] for token in told["tokens"]] == run.json["tokens"]
    assert told["tokens"][0]["piece"] == "<|im_start|>"


@pytest.mark.parametrize("args, code, word", [
    (["-p", "x"], 64, "-m FILE.gguf"),
    (["-m", "/nonexistent.gguf", "-p", "x"], 5, "/nonexistent.gguf"),
    (["-m", "MODEL", "-p", ""], 64, "empty"),
    (["-m", "MODEL", "-p", "x", "--engine", "nobody"], 64, "nobody"),
    (["-m", "MODEL", "-p", "x", "--engine", "llama.cpp", "--tokenizer", "t.json"], 64, "tokenizer"),
])
def test_bad_input(crossval, model, args, code, word):
    run = crossval("tokenize", *[model if arg == "MODEL" else arg for arg in args])
    assert run.code == code, run.err
    assert word in run.err and run.out == ""
