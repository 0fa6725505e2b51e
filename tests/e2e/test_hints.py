"""Following a piece of advice changes the outcome: each is followed (hints.py), and none in src/ is left out."""
import json
import os
import re
import resource
import shlex
import shutil
import subprocess

import gguf
import numpy
import pytest

from conftest import ROOT, script
from hints import HINTS, NO_ADVICE, Elsewhere, Hint

FOLLOWED = [hint for hint in HINTS if isinstance(hint, Hint)]
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}]}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object",
"properties": {}}}}
USER, SYSTEM = {"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}

VALUE = b"ggml.model\x08\0\0\0\4\0\0\0\0\0\0\0"  # in a GGUF file, before a string of four bytes

LITERAL = re.compile(r'R"\((.*?)\)"|"((?:[^"\\\n]|\\.)*)"', re.S)
COMMENT = re.compile(r'(R"\(.*?\)"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\')|//[^\n]*', re.S)
IMPERATIVE = r"\b(Run|Set|Give|Raise|Leave|Use|Name|Write|Check|Keep|Build|Rebuild|Convert|Repair|Free|Shorten|Remove) "
# There the literals are the options' own help.
OF_OPTIONS = tuple(f"src/cli/{name}" for name in ("command/", "options/", "help/", "command_line.cc"))


def strings(text):
    """The string literals of C++ source, adjacent ones joined."""
    text = COMMENT.sub(lambda match: match[1] or "", re.sub(r"(?m)^#include.*$", "", text))
    found, end = [], None
    for match in LITERAL.finditer(text):
        value = match[1] if match[1] is not None else match[2].replace('\\"', '"').replace("\\n", "\n")
        if end is not None and not text[end:match.start()].strip():
            found[-1] += value
        else:
            found.append(value)
        end = match.end()
    return found


def is_advice(text, of_options):
    """A sentence of its own, an imperative, or the name of an option: how advice is written here."""
    if len(text.split()) < 3:
        return False
    sentence = re.match(r"\s*[A-Z][a-z_]*[ A-Z_]", text) and re.search(r"[.?]\s*$", text)
    return bool(sentence or re.search(IMPERATIVE, text) or (not of_options and re.search(r"(^|[ (;])--[a-z]", text)))


def advice():
    """(file, string) of each in src/."""
    for path in sorted((ROOT / "src").rglob("*.cc")):
        name = str(path.relative_to(ROOT))
        if name.startswith("src/report/html/"):
            continue  # markup around the text reports' words
        for text in strings(path.read_text()):
            if is_advice(text, name.startswith(OF_OPTIONS)):
                yield name, text


def test_no_advice_is_left_out():
    known = [hint.said for hint in HINTS] + NO_ADVICE
    missing = [f"{path}: {text}" for path, text in advice() if not any(said in text for said in known)]
    assert missing == [], "tests/e2e/hints.py has no row for these"


def test_every_row_stands_in_the_source():
    everything = [text for path in (ROOT / "src").rglob("*.cc") for text in strings(path.read_text())]
    gone = [hint.said for hint in HINTS if not any(hint.said in text for text in everything)]
    assert gone == []


def test_the_rule_sees_advice_and_nothing_else():
    assert is_advice("Use another file.", False) and is_advice("may be slow; --quick reads less", False)
    assert is_advice("Was it made by hand?", False) and is_advice("not there: Run make reference", True)
    for plain in ("the file is damaged", "engine native", "--quick", "a b c"):
        assert not is_advice(plain, False)
    assert strings('f("a b "  // no "string"\n  "c", R"(d "e")");') == ["a b c", 'd "e"']


@pytest.fixture(scope="module")
def files(crossval, model, gpt2, tmp_path_factory):
    """name -> path, or figure, for the words of a command."""
    folder = tmp_path_factory.mktemp("hints")
    made = {"model": model, "gpt2": gpt2, "dir": folder, "worker": script("worker"), "libs": script("libs"),
            "ik": script("source", "--release", "0.1.5"), "seventy": ",".join(["1"] * 70)}

    def synth(name, *args):
        made[name] = folder / f"{name}.gguf"
        done = crossval("synth", "-q", "--layers", 1, "-o", made[name], *args)
        assert done.code == 0, done.err

    synth("tiny", "--types", "F16")
    synth("other", "--types", "F16", "--seed", 2)
    made["recording"] = folder / "tiny.xval"
    assert crossval("record", "-q", "-m", made["tiny"], "-p", "Hello there", "-o", made["recording"]).code == 0
    made["base"] = folder / "tiny.kld"
    assert crossval("record", "-q", "-m", made["tiny"], "--tokens", "1,2,3,4", "--as", "kld", "-c", 4, "-o", made["base"]).code == 0
    made["produced"] = folder / "produced.json"
    made["produced"].write_text('{"samples": [{"prompt_token_ids": [1, 2], "outputs": [{"token_ids": [3]}]}]}')
    made["floor"] = folder / "floor.json"
    assert crossval("calibrate", "-q", "-m", made["other"], "--engine", "native", "-o", made["floor"]).code == 0
    synth("learned", "--types", "F16", "--arch", "gpt2", "--context", 64)
    synth("i2s", "--types", "I2_S", "--arch", "bitnet-b1.58")
    synth("independent", "--types", "I2_S", "--i2s-layout", "arm")
    for name, text in {"empty.gguf": b"", "file": b"", "text": b"some text", "bytes": b"caf\xe9",
                       "utf16": "some text".encode("utf-16"),
    "cut": made["tiny"].read_bytes()[:-99],
                       "unknown": made["tiny"].read_bytes().replace(VALUE + b"gpt2", VALUE + b"gptx"),
                       "wordless": (script("archs") / "llama-dense.gguf").read_bytes().replace(VALUE + b"test",
                       VALUE + b"none"),
                       "jinja": b"{{ messages[0].content }}", "messages": json.dumps([USER]).encode(),
                       "system": json.dumps([SYSTEM, USER]).encode(), "called": json.dumps([USER, CALL, USER]).encode(),
                       "tools": json.dumps({"messages": [USER], "tools": [TOOL]}).encode()}.items():
        made[name] = folder / (name + ".jinja" if name == "jinja" else name)
        made[name].write_bytes(text)
    made["slow"] = folder / "slow.sh"
    made["slow"].write_text(f"#!/bin/sh\nsleep 3\nexec {made['worker']}\n")
    made["slow"].chmod(0o755)
    keys = gguf.GGUFWriter(folder / "keys.gguf", "llama")
    parts = gguf.GGUFWriter(folder / "parts" / "m.gguf", "sample", split_max_tensors=2)
    (folder / "parts").mkdir()
    for i in range(5):
        parts.add_tensor(f"t{i}", numpy.ones((4, 8), numpy.float32))
    for writer in (keys, parts):
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    made["keys"] = folder / "keys.gguf"
    (folder / "lone").mkdir()
    shutil.copy(folder / "parts" / "m-00001-of-00003.gguf", folder / "lone")
    return made


@pytest.fixture
def perform(binary, files):
    def run(words, env, limit=0, full=False):
        filled = [word.format(**files) if "{" in word else word for word in shlex.split(words)]
        done = subprocess.run([binary, *filled], text=True, errors="replace", timeout=600, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE,
                              stdout=open("/dev/full", "w") if full else subprocess.PIPE,
                              env={**os.environ, "BITNET_CPP_DIR": "",
                                   **{name: value.format(**files) for name, value in env.items()}},
                              preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_AS, (limit,
                              limit))) if limit else None)
        return done.returncode, (done.stdout or "") + done.stderr

    return run


@pytest.mark.parametrize("hint", FOLLOWED, ids=lambda hint: hint.said.strip()[:60])
def test_following_it_changes_the_outcome(perform, hint):
    says = hint.printed if hint.printed and ("\\" in hint.printed) else re.escape(hint.printed or hint.said.strip())
    says = re.sub(r"(\\?[ \n])+", r"\\s+", says)  # wrapped by the report
    code, text = perform(hint.before, hint.env, hint.limit, hint.full)
    given = re.search(says, text)
    assert given and code == hint.code, (code, text)
    for after in [hint.after] if isinstance(hint.after, str) else hint.after:
        if "FIGURE" in after:
            after = after.replace("FIGURE", given[1])
        code, text = perform(after, hint.env_after)
        assert code in hint.then, (after, code, text)
        assert not re.search(says, text), (after, text)


def test_the_type_of_keys_and_values_is_no_advice_where_it_is_in_use(perform):
    for kind in ("f16", "f32"):  # with neither it would fit
        _, text = perform(f"run -m {{model}} --tokens 1 -c 1000000000 --kv {kind}", {})
        assert "Give -c" in text and "--kv" not in text


def test_what_is_followed_elsewhere_says_where():
    for hint in HINTS:
        if isinstance(hint, Elsewhere) and hint.where.startswith("tests/"):
            place = re.split("[:,]", hint.where)[0]
            assert (ROOT / place).exists(), hint
