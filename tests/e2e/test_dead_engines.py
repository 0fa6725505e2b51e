"""What is said of an engine that dies over a file, and of the file when the other engine knows better."""
import pytest

SIDES = [("native", "llama.cpp"), ("llama.cpp", "native")]


@pytest.fixture(scope="module")
def unscaled(crossval, tmp_path_factory):
    """A scaling of RoPE that nobody knows: llama.cpp aborts on it."""
    path = tmp_path_factory.mktemp("dead") / "unknown.gguf"
    made = crossval("synth", "--arch", "llama", "--extras", "--seed", 3, "--types", "F16", "--layers", 2, "-q", "-o",
    path)
    assert made.code == 0, made.err
    data = path.read_bytes()
    key = data.index(b"llama.rope.scaling.type")
    at = data.index(b"longrope", key)
    path.write_bytes(data[:at] + b"longrape" + data[at + 8:])
    return path


def test_the_failed_assertion_is_the_first_of_the_last_words(crossval, unscaled):
    run = crossval("per-token", "-m", unscaled, "--tokens", "1,2,3", "--candidate", "llama.cpp")
    assert run.code == 4, run.err
    lines = run.err.splitlines()
    assert "was ended by signal 6 (SIGABRT" in lines[0]
    assert lines[1].strip() == "Its last words:"
    assert "GGML_ASSERT(" in lines[2] and ".cpp:" in lines[2]
    assert not any(line.strip().startswith("#") for line in lines)  # the frames of its backtrace


@pytest.mark.parametrize("candidate, reference", SIDES)
def test_the_engine_that_gives_a_reason_is_heard_first(crossval, unscaled, candidate, reference):
    run = crossval("per-token", "-m", unscaled, "--tokens", "1,2,3", "--candidate", candidate, "--reference", reference)
    assert run.code == 5
    first, *further = run.err.splitlines()
    assert '"longrape" is not known' in first and "rope.scaling.type" in first
    # native refuses before llama.cpp is started, when it comes first
    other = any("The other engine: engine llama.cpp was ended by signal 6" in line for line in further)
    assert other == (candidate != "native")
