"""Made-up models: every matrix has the named type, llama.cpp loads them, and both engines agree in every bit."""
import gguf
import pytest

from identity import ALL, identical, tokens
from slices import slice_of

SOME = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
        "IQ4_XS", "IQ2_S", "TQ2_0", "MXFP4"]
REST = ["IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ3_S", "IQ1_S", "IQ1_M", "IQ4_NL", "TQ1_0", "NVFP4", "Q1_0", "Q2_0"]
IDS = [(37 * i + i * i) % 350 for i in range(256 if ALL else 48)]


def synth(crossval, path, *options):
    run = crossval("synth", "-o", path, "--layers", 2, "--embd", 512, "--ff", 768, *options)
    assert run.code == 0, run.err
    return path


@pytest.mark.parametrize("kind", SOME + slice_of(REST, 2))
def test_identical_to_canonical_llama_cpp(crossval, tmp_path, kind):
    model = synth(crossval, tmp_path / "m.gguf", "--types", kind)
    if kind != "Q2_0":  # which the package does not know
        matrices = [t for t in gguf.GGUFReader(model).tensors if len(t.shape) > 1]
        assert len(matrices) == 2 * 7 + 2
        assert {t.tensor_type for t in matrices} == {gguf.GGMLQuantizationType[kind]}
    run = crossval("per-token", "-m", model, tokens(IDS), "--max-tokens", 4, "--require", "bits", "--format", "json")
    identical(run, len(IDS), 4)


def test_types_in_turn(crossval, tmp_path):
    model = synth(crossval, tmp_path / "m.gguf", "--types", "Q6_K,F16,Q4_0", "--seed", 7)
    run = crossval("per-token", "-m", model, tokens(IDS), "--max-tokens", 4, "--require", "bits", "--format", "json")
    identical(run, len(IDS), 4)


def test_the_small_vocabulary_is_real(crossval, tmp_path):
    """Both engines tokenise with it, each with its own tokenizer."""
    model = synth(crossval, tmp_path / "m.gguf", "--types", "Q8_0")
    run = crossval("per-token", "-m", model, "-p", "What is the word for that? Größe 字 \t()", "--max-tokens", 2,
                   "--require", "bits", "--format", "json")
    assert run.code == 0, (run.out[-2000:], run.err[-2000:])
    assert run.json["verdict"] == "IDENTICAL"


def test_the_vocabulary_of_another_file(crossval, tmp_path, model):
    made = synth(crossval, tmp_path / "m.gguf", "--types", "Q4_K", "--vocab", model)
    run = crossval("per-token", "-m", made, "-p", "The quick brown fox", "--max-tokens", 2, "--require", "bits",
                   "--format", "json")
    assert run.code == 0, (run.out[-2000:], run.err[-2000:])
    assert run.json["verdict"] == "IDENTICAL"


def scales_for_minima(blocks):
    """Q4_K blocks whose minima are read from the scales' bits: ggml's layout, eight of six bits each in bytes 4…15."""
    for block in blocks:
        packed = block[4:16]
        packed[4:8] = packed[0:4]  # entries 0…3 whole, and the top two bits of 4…7
        packed[8:12] = (packed[8:12] & 15) * 17  # their low four


def test_a_kernel_that_reads_a_scale_for_the_minimum_shows(crossval, tmp_path):
    """On a model whose minima equalled the scales it would not."""
    model = synth(crossval, tmp_path / "m.gguf", "--types", "Q4_K")
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(model.read_bytes())
    tensor = next(t for t in gguf.GGUFReader(wrong, "r+").tensors if t.name == "blk.0.ffn_up.weight")
    scales_for_minima(tensor.data.reshape(-1, 144))
    tensor.data.flush()
    run = crossval("per-token", tokens(IDS), "--reference", f"native:model={model}", "--candidate",
                   f"native:model={wrong}", "--max-tokens", 0, "--format", "json")
    assert run.code == 1, run.err
    assert run.json["verdict"] == "DIVERGED"
    assert min(row["relative_l2"] for row in run.json["positions"]) > 0.01
    before = wrong.read_bytes()
    scales_for_minima(tensor.data.reshape(-1, 144))
    tensor.data.flush()
    assert wrong.read_bytes() == before  # so a model that is made this way hides the fault


@pytest.mark.parametrize("options, what", [
    (["--types", "Q9_X"], "unknown weight type"),
    (["--types", "Q4_K", "--embd", "320", "--heads", "5", "--kv-heads", "5"], "no multiple"),
    (["--types", "Q4_K", "--arch", "no-such"], "architecture no-such"),
    (["--types", "Q4_K", "--window", "20"], "llama has no windows"),
    (["--types", "Q4_K", "--experts-used", "3"], "without experts"),
    (["--types", "Q4_K", "--arch", "gpt2", "--experts-used", "3"], "gpt2 has no experts"),
])
def test_refusals(crossval, tmp_path, options, what):
    run = crossval("synth", "-o", tmp_path / "m.gguf", *options)
    assert run.code == 64
    assert what in run.err
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written(crossval, tmp_path):
    run = crossval("synth", "-o", tmp_path / "no-folder" / "m.gguf", "--types", "F16")
    assert run.code == 74
