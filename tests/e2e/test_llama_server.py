"""A real llama-server of the pinned llama.cpp beside native and the worker: log-probabilities, tokens, template (make
test-engines)."""
import subprocess
from pathlib import Path

import pytest

from conftest import PROMPTS, ROOT
from servers.running import Running

FOUND = subprocess.run([ROOT / "scripts" / "llama_tools.sh", "--no-build"], text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
if FOUND.returncode != 0:
    pytest.skip("llama-server is not built: make test-engines", allow_module_level=True)
PROGRAM = Path(FOUND.stdout.strip().splitlines()[-1]) / "llama-server"
PROSE = PROMPTS / "prose-02-letter.txt"


def llama_server(model, *options, key=None):
    return Running(lambda port: [PROGRAM, "-m", model, "--port", port, "-t", 1, "-c", 512, "-np", 1, "--no-webui", *options,
                                 *(["--api-key", key] if key else [])])


EXACT = ("-ctk", "f32", "-ctv", "f32", "-fa", "off")


@pytest.fixture(scope="module")
def server(model):
    with llama_server(model, *EXACT) as running:
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
    with llama_server(model, "-ctk", "f16", "-ctv", "f16", "-fa", "off") as running:
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


def test_the_same_server_by_its_chat(beside, crossval, model, tmp_path):
    """What it writes itself behind its own template: native's rows, and native's greedy choices."""
    messages = tmp_path / "messages.json"
    messages.write_text('[{"role": "user", "content": "Name three colours."}]')
    run = beside("--messages", messages, "--max-tokens", 8, keys=",dialect=chat,top=20")
    assert run.code == 0, run.err + run.out
    assert len(run.json["positions"]) == 8 and largest(run) < 3e-4
    alone = crossval("run", "-m", model, "--kv", "f32", "--messages", messages, "--max-tokens", 8, "--format", "json")
    assert [p["token"] for p in run.json["positions"]][1:] == alone.json["tokens"][:7]
    wrong = beside("--messages", messages, "--max-tokens", 8, keys=",dialect=chat,top=20", reference="native:fault=rope-pairing")
    assert wrong.code == 1


def test_a_key(crossval, model):
    with llama_server(model, *EXACT, key="sk-only-for-tests") as running:
        arguments = ("per-token", "-m", model, "--kv", "f32", "-p", "Hello", "--max-tokens", 0, "--candidate", running.address,
                     "--reference", "native")
        refused = crossval(*arguments)
        assert refused.code == 4 and "CROSSVAL_API_KEY" in refused.err
        assert crossval(*arguments, env={"CROSSVAL_API_KEY": "sk-only-for-tests"}).code == 0


def test_more_positions_than_it_has_are_refused(beside):
    run = beside("--tokens", ",".join(["1"] * 512), "--max-tokens", 0)
    assert run.code == 64 and run.json["error"]["what"].startswith("a prompt of 512 tokens")
