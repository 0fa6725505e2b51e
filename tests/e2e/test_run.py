"""`crossval run`: generation with either engine, on the same prompt path as the comparison."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import ROOT, children

MESSAGES = [{"role": "system", "content": "You answer briefly."},
            {"role": "user", "content": "What is the capital of Poland?"},
            {"role": "assistant", "content": "Warsaw."},
            {"role": "user", "content": "And of Japan?"}]
MARKED = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def work_for(process, seconds):
    """Waits until a program and its engine have had that much of the processor: on a busy machine that is later."""
    def used(pid):
        try:
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    while process.poll() is None:
        if sum(map(used, [process.pid, *children(process.pid)])) >= seconds:
            return
        time.sleep(0.05)


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    path = tmp_path_factory.mktemp("messages") / "messages.json"
    path.write_text(json.dumps(MESSAGES))
    return path


# name: (prompt options, with MESSAGES for the file)
PROMPTS = {
    "raw": ["-p", "The lighthouse stood"],
    "file": ["-f", ROOT / "tests/data/prompts/script-05-emoji.txt"],
    "chat": ["-p", "Name three colours.", "--chat"],
    "system": ["-p", "Who are you?", "--chat", "--system-prompt", "You are a pirate."],
    "messages": ["--messages", "MESSAGES"],
    "bos on": ["-p", "Once upon a time", "--bos", "on"],
    "bos off": ["-p", "Once upon a time", "--bos", "off"],
    "special on": ["-p", MARKED, "--special", "on"],
    "special off": ["-p", MARKED, "--special", "off"],
    "ids": ["--tokens", "504,3575,282,4649,314"],
}


def generate(crossval, model, *args):
    run = crossval("run", "-m", model, "--format", "json", *args)
    assert run.code == 0, (run.out, run.err)
    return run.json


@pytest.mark.parametrize("name", PROMPTS)
def test_run_and_per_token_see_the_same_ids(crossval, model, messages, name):
    """The ids of the prompt, and the greedy continuation, on our engine and on llama.cpp."""
    prompt = [messages if word == "MESSAGES" else word for word in PROMPTS[name]]
    compared = crossval("per-token", "-m", model, *prompt, "--max-tokens", 12, "--require", "bits", "--format", "json")
    assert compared.code == 0, compared.err
    steps = [position["token"] for position in compared.json["positions"] if position["phase"] == "decode"]
    assert steps or compared.json["stopped_at_end_of_generation"]
    for engine in ("native", "llama.cpp"):
        generated = generate(crossval, model, *prompt, "--max-tokens", 12, "--engine", engine)
        assert generated["prompt_tokens"] == compared.json["tokens"]
        assert generated["prompt"] == compared.json["prompt"]
        assert generated["tokens"] == steps
        assert (generated["stopped"] == "end-of-generation") == compared.json["stopped_at_end_of_generation"]


def test_the_special_and_bos_options_matter(crossval, model):
    """The control of the test above: these prompts become different ids."""
    ids = {name: tuple(generate(crossval, model, *PROMPTS[name], "--max-tokens", 0)["prompt_tokens"])
           for name in ("raw", "bos on", "bos off", "special on", "special off")}
    assert len(set(ids.values())) == len(ids)


def test_both_engines_write_the_same_bytes(crossval, model):
    args = ["run", "-m", model, "-p", "Write a short story about a dog and a 🙂.", "--chat", "--max-tokens", 80]
    ours = crossval(*args, text=False)
    theirs = crossval(*args, "--engine", "llama.cpp", text=False)
    assert ours.code == theirs.code == 0
    assert ours.out == theirs.out and len(ours.out) > 100
    assert b"tokens/s" in ours.err and b"tokens/s" in theirs.err


def test_a_seed_gives_the_same_text_on_both_engines(crossval, model):
    args = ["-p", "Once upon a time", "--max-tokens", 40, "--temp", 0.9, "--top-k", 50, "--top-p", 0.95]
    one = generate(crossval, model, *args, "--seed", 1)
    assert one["sampling"] == {"temperature": 0.9, "top_k": 50, "top_p": 0.95, "seed": 1}
    assert generate(crossval, model, *args, "--seed", 1, "--engine", "llama.cpp")["tokens"] == one["tokens"]
    assert generate(crossval, model, *args, "--seed", 2)["tokens"] != one["tokens"]


def test_text_mode_prints_the_text_of_json_mode(crossval, model):
    args = ["-p", "The capital of France is", "--max-tokens", 8]
    document = generate(crossval, model, *args)
    assert document["stopped"] == "max-tokens" and len(document["tokens"]) == 8
    run = crossval("run", "-m", model, *args, "-q")
    assert (run.code, run.out, run.err) == (0, document["text"], "")
    verbose = crossval("run", "-m", model, *args, "-v")
    assert verbose.out == document["text"]
    assert ", ".join(map(str, document["prompt_tokens"])) in verbose.err
    assert "the text as it is" in verbose.err


@pytest.mark.parametrize("tokens, text", [(2, " Paris."), (3, " Paris.\n")])
def test_statistics_in_the_same_pipe_have_a_line_of_their_own(binary, crossval, model, tokens, text):
    args = ["run", "-m", model, "-p", "The capital of France is", "--max-tokens", tokens]
    assert crossval(*args).out == text  # what was generated, to the byte
    together = subprocess.run([binary, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    first, statistics, rest = together.stdout.split("\n")
    assert first == text.strip("\n") and statistics.startswith("crossval: prompt 5 tokens") and rest == ""


def test_an_interrupted_prompt_has_the_speed_of_what_was_evaluated(binary, crossval, model, tmp_path):
    text = tmp_path / "long.txt"
    text.write_text("The lighthouse stood at the end of the road. " * 180)
    process = subprocess.Popen([binary, "run", "-m", model, "-f", text, "-b", "16", "--format", "json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    work_for(process, 1)
    process.send_signal(signal.SIGINT)
    document = json.loads(process.communicate(timeout=300)[0])
    assert document["stopped"] == "interrupted" and document["tokens"] == []
    assert 0 < document["prompt_positions"] < len(document["prompt_tokens"])
    whole = generate(crossval, model, "-p", "x y z", "--max-tokens", 1)
    assert whole["prompt_positions"] == len(whole["prompt_tokens"])


def test_a_stop_text_across_tokens(crossval, model):
    args = ["-p", "The capital of France is", "--max-tokens", 40]
    whole = generate(crossval, model, *args)["text"]
    words = whole.split(" ")
    stop = words[3][-2:] + " " + words[4][:3]  # begins inside one token and ends inside the next
    run = crossval("run", "-m", model, *args, "--stop", "no such text", "--stop", stop)
    assert run.code == 0
    assert run.out == whole[:whole.index(stop)] != ""
    assert "stop text" in run.err


def test_the_end_of_generation(crossval, model):
    document = generate(crossval, model, "-p", "Say hello.", "--chat", "--max-tokens", 200)
    assert document["stopped"] == "end-of-generation"
    assert "<|im_end|>" not in document["text"]


def test_a_full_context_ends_it_and_says_so(crossval, model):
    run = crossval("run", "-m", model, "-p", "Once upon a time", "-c", 16)
    assert run.code == 0
    assert "raise -c" in run.err


@pytest.mark.parametrize("engine", ["native", "llama.cpp"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_interruption_keeps_what_there_is(binary, model, engine, form):
    process = subprocess.Popen([binary, "run", "-m", model, "-p", "1, 2, 3, 4, 5, 6,", "--max-tokens", "2000", "--engine",
                                engine, "--format", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if form == "text":
        first = b""
        while len(first) < 20:  # streamed: it is there long before the end
            first += os.read(process.stdout.fileno(), 4096)
    else:
        work_for(process, 1.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    if form == "text":
        assert (first + out).startswith(b" 7, 8, 9, 10")
        assert b"interrupted" in err
    else:
        document = json.loads(out)
        assert (document["status"], document["exit_code"], document["stopped"]) == ("interrupted", 130, "interrupted")
        assert document["text"].startswith(" 7, 8, 9, 10")


def test_unhealthy_logits_are_not_sampled(crossval, model):
    run = crossval("run", "-m", model, "-p", "Hello", "--engine", "native:fault=nan")
    assert (run.code, run.out) == (3, "")
    assert "engine native, position 0" in run.err and "NaN" in run.err


def test_a_reader_that_ends_early(binary, model):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([binary, "run", "-m", model, "-p", "Hello", "--max-tokens", "2000"], stdout=writer,
                          stderr=subprocess.PIPE, text=True, timeout=300)
    os.close(writer)
    assert done.returncode == 74
    assert done.stderr.count("cannot be written") == 1
    assert "tokens/s" not in done.stderr


@pytest.mark.parametrize("args, code, word", [
    (["-p", "x"], 64, "-m FILE.gguf"),
    (["-m", "/nonexistent.gguf", "-p", "x"], 5, "/nonexistent.gguf"),
    (["-m", "MODEL", "-p", ""], 64, "empty"),
    (["-m", "MODEL", "-p", "one two three four five six seven", "-c", 3], 64, "Raise -c"),
    (["-m", "MODEL", "--tokens", "1,49152"], 64, "49152"),
    (["-m", "MODEL", "-p", "x", "--engine", "llama.cpp:worker=/nonexistent"], 4, "/nonexistent"),
])
def test_bad_input(crossval, model, args, code, word):
    run = crossval("run", *[model if arg == "MODEL" else arg for arg in args])
    assert run.code == code, run.err
    assert word in run.err and run.out == ""
