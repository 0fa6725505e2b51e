"""`crossval tokenize`: our tokenizer beside llama.cpp's own, and what the command prints."""
import json
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


def chat_of(crossval, model, tmp_path, document):
    path = tmp_path / "messages.json"
    path.write_text(json.dumps(document))
    return crossval("tokenize", "-m", model, "--messages", path, "--format", "json").json


def test_parts_become_the_text_that_the_models_template_takes(crossval, model, tmp_path):
    """As llama.cpp: SmolLM2's template takes text alone."""
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    given = chat_of(crossval, model, tmp_path, [{"role": "user", "content": parts}])
    plain = chat_of(crossval, model, tmp_path, [{"role": "user", "content": "one\ntwo"}])
    assert given["tokens"] == plain["tokens"] and given["warnings"] == []
    assert "parts were joined" in given["prompt"]["form"]["why"]
    assert "joined" not in plain["prompt"]["form"]["why"]


def test_what_the_models_template_drops_is_said(crossval, model, tmp_path):
    messages = [{"role": "user", "content": "Weather?"}]
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    call = {"role": "assistant", "content": "Let me see.",
            "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {}}}]}
    names = [warning["name"] for warning in chat_of(
        crossval, model, tmp_path, {"messages": [*messages, call], "tools": tools})["warnings"]]
    assert names == ["tools-lost", "tool-calls-lost"]
    assert chat_of(crossval, model, tmp_path, messages)["warnings"] == []
