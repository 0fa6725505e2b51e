"""Models that have learned an embedding for each of their positions, and for no more."""
import json

import pytest

from conftest import script
from identity import identical, tokens
from protocol import ERROR, EVALUATE, Worker, evaluate

LEARNED = {"gpt2": 32, "starcoder": 40}
IDS = [(37 * i + i * i) % 350 for i in range(64)]
ENGINES = ["native", "llama.cpp"]


@pytest.fixture(scope="module")
def made(crossval, tmp_path_factory):
    folder = tmp_path_factory.mktemp("learned")
    for arch, context in LEARNED.items():
        run = crossval("synth", "-o", folder / f"{arch}.gguf", "--arch", arch, "--types", "F16,Q8_0", "--layers", 2,
                       "--embd", 256, "--heads", 4, "--ff", 512, "--context", context)
        assert run.code == 0, run.err
    return {arch: folder / f"{arch}.gguf" for arch in LEARNED}


@pytest.mark.parametrize("arch", LEARNED)
def test_the_default_is_cut_to_what_the_model_has_learned(crossval, made, arch):
    """Compared to the last position, whose row the engines have to find in the table."""
    n = LEARNED[arch]
    run = crossval("per-token", "-m", made[arch], tokens(IDS[:n - 4]), "--max-tokens", 4, "--require", "bits",
                   "--format", "json")
    result = identical(run, n - 4, 4)
    for side in ("candidate", "reference"):
        settings = result[side]["settings"]
        assert (settings["n_ctx"], settings["n_ctx_learned"]) == (n, n)


def test_two_models_get_the_shorter_context(crossval, made):
    """The two architectures are one graph, and a seed gives both the same weights."""
    run = crossval("per-token", "--candidate", f"native:model={made['gpt2']}", "--reference",
                   f"llama.cpp:model={made['starcoder']}", tokens(IDS[:20]), "--max-tokens", 0, "--format", "json")
    result = identical(run, 20)
    assert [result[side]["settings"]["n_ctx_learned"] for side in ("candidate", "reference")] == [32, 40]
    assert result["candidate"]["settings"]["n_ctx"] == 32
    run = crossval("per-token", "--candidate", f"native:model={made['starcoder']}", "--reference",
                   f"llama.cpp:model={made['gpt2']}", tokens(IDS[:20]), "-c", 36)
    assert run.code == 64 and "36" in run.err and str(made["gpt2"]) in run.err


@pytest.mark.parametrize("args", [["per-token"], *(["run", "--engine", engine] for engine in ENGINES)])
def test_a_larger_context_is_refused(crossval, made, args):
    run = crossval(*args, "-m", made["gpt2"], tokens(IDS[:4]), "-c", 33)
    assert (run.code, run.out) == (64, "")
    for said in ("-c 33", "32 positions", str(made["gpt2"]), "position_embd.weight", "-c 32"):
        assert said in run.err
    fits = crossval(*args, "-m", made["gpt2"], tokens(IDS[:4]), "-c", 32, text=False)  # any bytes
    assert fits.code == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_longer_prompt_is_refused_by_each_engine(crossval, made, engine):
    run = crossval("run", "-m", made["gpt2"], tokens(IDS[:33]), "--engine", engine)
    assert (run.code, run.out) == (64, "")
    assert "33 positions do not fit into a context of 32" in run.err
    assert f"engine {engine}" in run.err and "learned no more positions" in run.err


def test_a_longer_prompt_is_not_compared(crossval, made):
    for n, code in ((28, 0), (29, 64)):  # with four decode steps
        run = crossval("per-token", "-m", made["gpt2"], tokens(IDS[:n]))
        assert run.code == code, (run.out, run.err)
    assert "29 tokens and 4 decode steps" in run.err and "learned no more positions" in run.err


@pytest.mark.parametrize("engine", ENGINES)
def test_run_goes_on_until_the_positions_are_used(crossval, made, engine):
    run = crossval("run", "-m", made["gpt2"], tokens(IDS[:20]), "--engine", engine, "--temp", 1, "--format", "json")
    assert run.json["stopped"] == "context-full"
    assert len(run.json["tokens"]) == 32 - 20 + 1  # the last by the last row
    run = crossval("run", "-m", made["gpt2"], tokens(IDS[:20]), "--engine", engine, "--temp", 1, text=False)
    assert b"the context of 32 positions (the model has learned no more)" in run.err


def test_doctor_loads_it_in_both_engines(crossval, made):
    run = crossval("doctor", "-m", made["gpt2"], "--format", "json")
    assert run.code == 0, run.out
    assert {check["state"] for check in run.json["checks"] if check["name"].startswith("model-")} == {"ok"}


def test_the_worker_refuses_it_too(made):
    """Spoken to without crossval, which would ask for no position beyond n_ctx."""
    with Worker(script("worker"), {"model": str(made["gpt2"]), "n_ctx": "2048"}) as worker:
        settings = worker.said["settings"]
        assert settings["n_ctx"] == settings["n_ctx_learned"] == 32
        (kind, said), = worker.answer(EVALUATE, evaluate(IDS[:33]))
        assert kind == ERROR
        assert json.loads(said)["kind"] == "usage" and "33 positions" in json.loads(said)["what"]
        assert [position for position, _ in worker.rows(IDS[:32])] == list(range(32))
        assert worker.close() == 0
