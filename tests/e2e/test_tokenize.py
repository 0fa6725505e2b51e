"""`crossval tokenize`: our tokenizer beside llama.cpp's own, and what the command prints."""
import json
import subprocess

import gguf
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
                          capture_output=True, timeout=300)
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


def warnings_of(run):
    return [warning["name"] for warning in run.json["warnings"]]


def test_what_a_text_file_brings_along_is_said(crossval, model, tmp_path):
    """A byte order mark and CR LF are warned about, wide text is refused; plain UTF-8 is neither."""
    file = tmp_path / "prompt.txt"

    def tokenised(data, *options):
        file.write_bytes(data)
        return crossval("tokenize", "-m", model, "-f", file, "--format", "json", *options)

    assert warnings_of(tokenised("\ufeffHello there".encode())) == ["byte-order-mark"]
    assert warnings_of(tokenised(b"Hello\r\nthere\r\n")) == ["crlf"]
    assert warnings_of(tokenised("\ufeffHi".encode(), "--chat")) == ["byte-order-mark"]
    assert warnings_of(tokenised("Hello\nthäre".encode())) == []
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        run = tokenised("Hello there".encode(encoding))
        assert run.code == 5 and "iconv" in run.out + run.err and encoding[:6].upper() in run.out, encoding


def test_what_a_template_file_brings_along_is_said(crossval, model, tmp_path):
    template = tmp_path / "own.jinja"

    def tokenised(data):
        template.write_bytes(data)
        return crossval("tokenize", "-m", model, "-p", "Hi", "--prompt-template", template, "--format", "json")

    source = "{% for m in messages %}[{{ m.content }}]\n{% endfor %}"
    assert warnings_of(tokenised(source.encode())) == []
    assert warnings_of(tokenised(("\ufeff" + source).encode())) == ["byte-order-mark"]
    # Line ends of a template are line feeds to its engine, as in jinja2.
    assert tokenised(source.replace("\n", "\r\n").encode()).json["prompt"]["text"] == "[Hi]\n"
    assert tokenised(source.encode("utf-16")).code == 5


def test_a_template_that_writes_the_bos_twice(crossval, model, tmp_path):
    def tokenised(bos):
        template = tmp_path / "bos.jinja"
        template.write_text("{{ bos_token }}" * bos + "{{ messages[0].content }}")
        return crossval("tokenize", "-m", model, "-p", "Hi", "--prompt-template", template, "--format", "json")

    assert warnings_of(tokenised(1)) == []
    run = tokenised(2)
    assert warnings_of(run) == ["bos-doubled"] and [t["id"] for t in run.json["tokens"][:2]] == [1, 1]


def test_a_marker_that_is_a_token_by_its_text_is_known(crossval, model, tmp_path):
    """llama.cpp parses <|im_end|> whatever the file's types say; a marker that nothing parses is named."""
    def tokenised(marker):
        return crossval("tokenize", "-m", model, "-p", f"a{marker}", "--special", "on", "--format", "json",
                        "--engine", f"native:tokenizer={plain}")

    plain = tmp_path / "plain.gguf"
    reader = gguf.GGUFReader(model)
    writer = gguf.GGUFWriter(plain, "llama")
    for field in reader.fields.values():
        if field.name.startswith("tokenizer.") and field.name != "tokenizer.ggml.token_type":
            writer.add_key_value(field.name, field.contents(), field.types[0],
                                 field.types[1] if len(field.types) > 1 else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    known = tokenised("<|im_end|>")
    assert "marker-unknown" not in warnings_of(known) and known.json["tokens"][-1]["piece"] == "<|im_end|>"
    assert "marker-unknown" in warnings_of(tokenised("<|im_start|>"))
