"""Did my change to llama.cpp alter the results? Two llama.cpp compared in one command. The first run compiles the
changed tree (minutes); it is kept in the cache by content."""
import shutil

import gguf
import pytest

from conftest import script

LINE = "const float scale = 1.0f/sqrtf(mean + eps);"
PROMPT = ("-p", "The capital of France is", "--max-tokens", 2, "--require", "bits")


@pytest.fixture
def tree(tmp_path):
    """A user's llama.cpp with one line changed: RMS norm adds its epsilon twice."""
    path = tmp_path / "llama.cpp"
    shutil.copytree(script("source"), path)
    source = path / "ggml/src/ggml-cpu/ops.cpp"
    text = source.read_text()
    assert text.count(LINE) == 1
    source.write_text(text.replace(LINE, LINE.replace("+ eps", "+ 2*eps")))
    return path


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


def split_copy(model, folder, parts):
    """The model in several files, by the gguf package."""
    reader = gguf.GGUFReader(model)
    per_part = -(-len(reader.tensors) // parts)
    writer = gguf.GGUFWriter(folder / "m.gguf", reader.fields["general.architecture"].contents(),
                             split_max_tensors=per_part)
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return [folder / f"m-{i + 1:05}-of-{parts:05}.gguf" for i in range(parts)]


def test_any_part_of_a_split_model(crossval, tmp_path):
    """Both engines read the whole model, whichever part is named."""
    whole = tmp_path / "whole.gguf"
    assert crossval("synth", "--types", "Q8_0", "--layers", 2, "--embd", 128, "--ff", 128, "-o", whole).code == 0
    parts = split_copy(whole, tmp_path, 3)
    for part in parts:
        run = crossval("per-token", "-m", part, "-p", "the time of", "--max-tokens", 2, "--require", "bits")
        assert run.code == 0 and "IDENTICAL" in run.out, run.err
    run = crossval("per-token", "-p", "the time of", "--max-tokens", 0, "--require", "bits", "--candidate",
                   f"native:model={whole}", "--reference", f"llama.cpp:model={parts[1]}")
    assert run.code == 0 and "IDENTICAL" in run.out, run.err
    parts[2].unlink()
    run = crossval("per-token", "-m", parts[0], "-p", "x")
    assert run.code == 5 and parts[2].name in run.err
