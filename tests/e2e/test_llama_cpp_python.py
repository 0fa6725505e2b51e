"""A real server of llama-cpp-python beside native: an echo that shows every position (make test-engines)."""
import os
import subprocess
from pathlib import Path

import pytest

from conftest import PROMPTS, ROOT
from servers.running import Running

FOUND = subprocess.run([ROOT / "scripts" / "llama_tools.sh", "--no-build"], text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
PYTHON = ROOT / "build" / "servers" / "bin" / "python"
if FOUND.returncode != 0 or not (ROOT / "build" / "servers" / ".installed").exists():
    pytest.skip("llama-cpp-python is not built: make test-engines", allow_module_level=True)
TOOLS = Path(FOUND.stdout.strip().splitlines()[-1])
PROSE = PROMPTS / "prose-02-letter.txt"
F32, F16 = 0, 1  # as ggml counts types


def served(model, kv=F32, logits_all=True):
    environment = {**os.environ, "LLAMA_CPP_LIB_PATH": str(TOOLS), "PYTHONPATH": str(TOOLS / "python")}
    return Running(lambda port: [PYTHON, "-m", "llama_cpp.server", "--model", model, "--port", port, "--n_ctx", 512, "--n_threads", 1,
                                 "--n_threads_batch", 1, "--type_k", kv, "--type_v", kv, "--logits_all", logits_all], environment)


@pytest.fixture(scope="module")
def server(model):
    with served(model) as running:
        yield running


@pytest.fixture
def beside(crossval, model):
    def run(running, *more, keys="", reference="native"):
        return crossval("per-token", "-m", model, "--kv", "f32", "-f", PROSE, "--candidate", running.address + keys, "--reference",
                        reference, "--max-tokens", 0, "--format", "json", *more)

    return run


def largest(run):
    return max(p["top"]["max_abs_diff"] for p in run.json["positions"])


def test_its_log_probabilities_are_those_of_the_same_arithmetic(beside, server):
    run = beside(server, keys=",top=20")
    assert run.code == 0, run.err
    assert run.json["verdict"] == "MATCH" and len(run.json["positions"]) > 20
    assert largest(run) < 3e-4
    assert all(p["top"]["rank"] == 1 for p in run.json["positions"])


def test_a_planted_mistake_is_found(beside, server):
    run = beside(server, keys=",top=20", reference="native:fault=rope-pairing")
    assert run.code == 1 and run.json["first_divergence_token"] is not None


def test_another_type_of_keys_and_values_shows(beside, model):
    with served(model, kv=F16) as running:
        run = beside(running, "--logprob-tol", "3e-4", keys=",top=20")
        assert run.code == 1, run.err


def test_without_logits_all_it_is_said_what_is_missing(beside, model):
    """The server has no log-probabilities at all then: its own words say why."""
    with served(model, logits_all=False) as running:
        run = beside(running, keys=",top=20")
        assert run.code == 4 and "logits_all=False" in run.json["error"]["what"], run.out
