"""A real llama-server of the pinned llama.cpp beside native and the worker: log-probabilities, tokens, template (make
test-engines)."""
import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from conftest import PROMPTS, ROOT, script

FOUND = subprocess.run([ROOT / "scripts" / "llama_tools.sh", "--no-build"], text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
if FOUND.returncode != 0:
    pytest.skip("llama-server is not built: make test-engines", allow_module_level=True)
PROGRAM = Path(FOUND.stdout.strip().splitlines()[-1]) / "llama-server"
PROSE = PROMPTS / "prose-02-letter.txt"


class Running:
    """The server of one model until the end of the with block."""

    def __init__(self, model, *options, key=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.command = [PROGRAM, "-m", model, "--port", str(self.port), "-t", "1", "-c", "512", "-np", "1", "--no-webui", *options,
                        *(["--api-key", key] if key else [])]

    def __enter__(self):
        self.process = subprocess.Popen(list(map(str, self.command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self  # while it loads it answers 503, and crossval asks again

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def post(self, path, question):
        request = urllib.request.Request(self.address + path, json.dumps(question).encode(), {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))


EXACT = ("-ctk", "f32", "-ctv", "f32", "-fa", "off")


@pytest.fixture(scope="module")
def server(model):
    with Running(model, *EXACT) as running:
        until = time.time() + 60
        while time.time() < until:
            try:
                socket.create_connection(("127.0.0.1", running.port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield running


@pytest.fixture
def beside(crossval, model, server):
    def run(*more, keys="", reference="native"):
        return crossval("per-token", "-m", model, "--kv", "f32", "--candidate", server.address + keys, "--reference", reference,
                        "--format", "json", *more)

    return run


def largest(run):
    return max(p["top"]["max_abs_diff"] for p in run.json["positions"])


@pytest.mark.parametrize("reference", ["native", "llama.cpp"])
def test_every_log_probability_is_that_of_the_same_arithmetic(beside, reference):
    """Built in the canonical arithmetic: the logits have the same bits, their softmax is rounded to float."""
    run = beside("-f", PROSE, "--max-tokens", 4, keys=",top=all", reference=reference)
    assert run.code == 0, run.err
    assert run.json["candidate"]["identity"]["name"] == "llama-server"
    assert len(run.json["positions"]) > 20
    assert largest(run) < 3e-4
    assert all(p["top"]["compared"] > 40000 and p["top"]["rank"] == 1 for p in run.json["positions"])


def test_a_wrong_setting_of_the_server_shows(crossval, model):
    """Keys and values in F16 are other numbers, and more than rounding of a softmax."""
    with Running(model, "-ctk", "f16", "-ctv", "f16", "-fa", "off") as running:
        run = crossval("per-token", "-m", model, "--kv", "f32", "-f", PROSE, "--candidate", running.address, "--reference", "native",
                       "--max-tokens", 0, "--format", "json", "--logprob-tol", "3e-4")
        assert run.code == 1, run.err
        same = crossval("per-token", "-m", model, "--kv", "f16", "-f", PROSE, "--candidate", running.address, "--reference", "native",
                        "--max-tokens", 0, "--format", "json", "--logprob-tol", "3e-4")
        assert same.code == 0, same.err


def test_a_planted_mistake_is_found(beside):
    run = beside("-f", PROSE, "--max-tokens", 0, reference="native:fault=rope-pairing")
    assert run.code == 1 and run.json["first_divergence_token"] is not None


@pytest.mark.parametrize("text", ["Hello there, friend", "  two blanks\n\ttab", "Grüße, 世界 🙂", "in 1984, 3.14159", "<|im_start|>user"])
def test_tokens_and_their_texts_are_the_same(crossval, model, server, text):
    run = crossval("tokenize", "-m", model, "-p", text, "--special", "on", "--compare", "--candidate", server.address, "--reference",
                   "native", "--format", "json")
    assert run.code == 0, run.out + run.err
    theirs, ours = (crossval("tokenize", "-m", model, "-p", text, "--special", "on", "--engine", engine, "--format", "json").json
                    for engine in (server.address, "native"))
    assert theirs["tokens"] == ours["tokens"]


def test_the_template_is_the_same(crossval, model, server):
    rendered = server.post("/apply-template", {"messages": [{"role": "user", "content": "Hi there"}]})["prompt"]
    run = crossval("tokenize", "-m", model, "-p", "Hi there", "--chat", "--engine", "native", "--format", "json")
    assert run.json["prompt"]["text"] == rendered


def test_the_same_server_by_openai_s_interface(beside):
    """It ignores echo and prompt_logprobs; each prefix is asked for, and the rows are the same."""
    run = beside("-f", PROSE, "--max-tokens", 0, keys=",dialect=openai,top=20")
    assert run.code == 0, run.err
    assert "ids in, ids out, each prefix, 20" in run.json["candidate"]["identity"]["api"]
    assert largest(run) < 3e-4


def test_a_key(crossval, model):
    with Running(model, *EXACT, key="sk-only-for-tests") as running:
        arguments = ("per-token", "-m", model, "--kv", "f32", "-p", "Hello", "--max-tokens", 0, "--candidate", running.address,
                     "--reference", "native")
        refused = crossval(*arguments)
        assert refused.code == 4 and "CROSSVAL_API_KEY" in refused.err
        assert crossval(*arguments, env={"CROSSVAL_API_KEY": "sk-only-for-tests"}).code == 0


def test_more_positions_than_it_has_are_refused(beside):
    run = beside("--tokens", ",".join(["1"] * 512), "--max-tokens", 0)
    assert run.code == 64 and "512 positions do not fit into a context of 511" in run.err
