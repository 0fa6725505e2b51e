"""Did my change to llama.cpp alter the results? Two llama.cpp compared in one command. The first run compiles the
changed tree (minutes); it is kept in the cache by content."""
import pytest

from conftest import with_doubled_epsilon

PROMPT = ("-p", "The capital of France is", "--max-tokens", 2, "--require", "bits")


@pytest.fixture
def tree(tmp_path):
    """A user's llama.cpp with one line changed."""
    return with_doubled_epsilon(tmp_path / "llama.cpp")


def test_a_changed_line_is_found_and_named(crossval, model, tree):
    before = sorted(path.relative_to(tree) for path in tree.rglob("*"))
    run = crossval("per-token", "-m", model, *PROMPT, "--candidate", f"llama.cpp:src={tree}", "--first-diff",
                   "--format", "json", timeout=1500)
    assert run.code == 1, run.err
    result = run.json
    assert result["verdict"] == "DIVERGED" and result["first_divergence_token"] == 0
    first = result["trace"]["first"]
    assert (first["tensor"], first["op"], first["layer"], first["position"]) == ("norm-0", "RMS_NORM", 0, 0)
    assert sorted(path.relative_to(tree) for path in tree.rglob("*")) == before, "the user's tree was written to"


def test_the_same_llama_cpp_twice_is_identical(crossval, model):
    run = crossval("per-token", "-m", model, *PROMPT, "--candidate", "llama.cpp", "--format", "json")
    assert run.code == 0 and run.json["verdict"] == "IDENTICAL", run.err
