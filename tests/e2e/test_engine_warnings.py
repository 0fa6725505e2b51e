"""What llama.cpp warns about reaches the user; what is only a consequence of how it is run does not. Text of an engine
is safe to print."""
import shutil

import gguf
import pytest

PROMPT = ("-p", "The capital of France is")
ENGINES = ("--reference", "llama.cpp", "--candidate", "native")


@pytest.fixture
def copy(model, tmp_path):
    path = tmp_path / "m.gguf"
    shutil.copy(model, path)
    return path


def without_key(path, key):
    """The key under another name of the same length, which nobody reads."""
    data = path.read_bytes()
    assert data.count(key) == 1
    path.write_bytes(data.replace(key, key[:-1] + b"_"))


def set_value(path, key, value, index=0):
    field = gguf.GGUFReader(path, "r+").fields[key]
    field.parts[field.data[index]][0] = value


def warnings(crossval, path, *args, steps=2, command="per-token", engines=ENGINES):
    run = crossval(command, "-m", path, *PROMPT, "--max-tokens", steps, *engines, "--format", "json", *args)
    assert run.out, run.err
    return [(warning["name"], warning["message"]) for warning in run.json["warnings"]]


def test_a_sound_model_gives_none(crossval, model):
    assert warnings(crossval, model) == []
    assert warnings(crossval, model, command="run", engines=("--engine", "llama.cpp")) == []


def test_a_missing_pre_tokenizer(crossval, copy):
    without_key(copy, b"tokenizer.ggml.pre")
    found = warnings(crossval, copy, "--on-token-mismatch", "use-reference")
    assert ("engine-warning", "reference llama.cpp: missing pre-tokenizer type, using: 'default'") in found
    assert len(found) == len(set(found))
    both = warnings(crossval, copy, engines=("--reference", "llama.cpp", "--candidate", "llama.cpp"))
    assert {message.split(":")[0] for _, message in both} == {"reference llama.cpp", "candidate llama.cpp"}
    text = crossval("tokenize", "-m", copy, "-p", "x", "--engine", "llama.cpp")
    assert "missing pre-tokenizer type" in " ".join((text.out + text.err).split())


def test_a_control_token_that_is_none(crossval, copy):
    """<|im_end|> is told by its text, whatever type the file gives it."""
    field = gguf.GGUFReader(copy).fields["tokenizer.ggml.tokens"]
    tokens = [str(bytes(field.parts[i]), "utf-8") for i in field.data]
    set_value(copy, "tokenizer.ggml.token_type", 1, tokens.index("<|im_end|>"))
    found = warnings(crossval, copy)
    assert any(name == "engine-warning" and "control-looking token" in message and "<|im_end|>" in message
               for name, message in found), found


def test_more_context_than_was_trained(crossval, copy):
    set_value(copy, "llama.context_length", 8)
    found = dict(warnings(crossval, copy, steps=8))
    assert "13 positions are more than the 8" in found["beyond-trained-context"]
    assert "engine-warning" not in found  # the context of 2048 is our choice
    found = dict(warnings(crossval, copy, "-c", 64))
    assert list(found) == ["engine-warning"] and "possible training context overflow" in found["engine-warning"]
    run = dict(warnings(crossval, copy, steps=8, command="run", engines=()))
    assert "more than the 8" in run["beyond-trained-context"]
    assert warnings(crossval, copy, command="run", engines=()) == []


def test_what_an_engine_says_is_safe_to_print(crossval, model, tmp_path):
    worker = tmp_path / "worker"
    worker.write_text("#!/bin/sh\nprintf '\\033[2J\\033]0;title\\007bad \\342\\200\\256bidi \\377\\n' >&2\nexit 3\n")
    worker.chmod(0o755)
    run = crossval("per-token", "-m", model, *PROMPT, "--reference", f"llama.cpp:worker={worker}", text=False)
    assert run.code == 4
    assert b"\\x1b[2J\\x1b]0;title\\x07bad \\u{202e}bidi \\xff" in run.err
    assert not any(byte in run.err for byte in (b"\x1b", b"\x07", "\u202e".encode(), b"\xff"))
