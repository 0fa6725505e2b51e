"""Engines that nobody here wrote: mlx, OpenVINO and tinygrad, logits and every value that they show (make test-engines)."""
import struct
import sys

import gguf
import numpy as np
import pytest

from conftest import ROOT, script

sys.path.insert(0, str(ROOT / "engines" / "python"))

import crossval as sdk

PYTHON = ROOT / "build" / "engines" / "bin" / "python"
if not (ROOT / "build" / "engines" / ".installed").exists():
    pytest.skip("mlx, openvino and tinygrad are not installed: make test-engines", allow_module_level=True)

Q4_1 = "Q8_0,Q8_0" + 7 * ",Q4_1"  # the token embedding in Q8_0, as in the real file
IDS = [1, 500, 2001, 33, 44, 5000, 7000, 8000]
MLX, OPENVINO, TINYGRAD = (sdk.spec([PYTHON, ROOT / "engines" / name / "engine.py"])
                           for name in ("mlx", "openvino", "tinygrad"))


def with_file_type(path, file_type):
    """OpenVINO wants a key that nothing reads. Of 64 bytes with its filler, so that the tensors stay aligned."""
    def key(name):
        return struct.pack("<Q", len(name)) + name

    data = bytearray(path.read_bytes())
    keys, = struct.unpack_from("<Q", data, 16)
    struct.pack_into("<Q", data, 16, keys + 2)
    data[24:24] = (key(b"general.file_type") + struct.pack("<II", 4, file_type) + key(b"general.pad")
                   + struct.pack("<IQ", 8, 0))
    path.write_bytes(data)


def with_quantised_values(path):
    """Blocks as a quantiser makes them, where the small random ones have minima of any size."""
    random = np.random.default_rng(1)
    with open(path, "r+b") as file:
        for tensor in gguf.GGUFReader(path).tensors:
            if tensor.tensor_type == gguf.GGMLQuantizationType.Q4_1:
                values = random.normal(0, 0.04, [int(n) for n in reversed(tensor.shape)]).astype(np.float32)
                file.seek(tensor.data_offset)
                file.write(gguf.quants.quantize(values, tensor.tensor_type).tobytes())


@pytest.fixture(scope="module")
def made(crossval, tmp_path_factory):
    """Two layers with the vocabulary of the real model, which OpenVINO's tokenizer can read."""
    folder, paths = tmp_path_factory.mktemp("engines"), {}

    def make(types, file_type):
        if types not in paths:
            path = folder / f"{len(paths)}.gguf"
            run = crossval("synth", "--types", types, "--layers", 2, "--embd", 256, "--heads", 4, "--ff", 512, "--vocab",
                           script("model"), "-q", "-o", path)
            assert run.code == 0, run.err
            with_quantised_values(path)
            with_file_type(path, file_type)
            paths[types] = path
        return paths[types]

    return make


@pytest.mark.parametrize("reference", ["native", "oracle"])
@pytest.mark.parametrize("engine, name", [(MLX, "mlx"), (TINYGRAD, "tinygrad")], ids=["mlx", "tinygrad"])
def test_they_are_right_in_f32(made, engine, name, reference):
    found = sdk.compare(made("F32", 0), IDS, engine, reference, kv="f32", cos_tol=0.9999999, max_tokens=2)
    assert found.verdict == "MATCH" and len(found.positions) == len(IDS) + 2
    assert found.raw["candidate"]["identity"]["name"] == name
    assert max(p.max_abs_diff for p in found.positions) < 1e-4


@pytest.mark.parametrize("engine, shown", [(MLX, 33), (OPENVINO, 38), (TINYGRAD, 38)],
                         ids=["mlx", "openvino", "tinygrad"])
@pytest.mark.parametrize("types, file_type", [("Q8_0", 7), ("Q4_0", 2)])
def test_they_compute_with_floats_and_are_fine(made, engine, shown, types, file_type):
    """Where llama.cpp rounds activations to 8 bits, on quantised weights."""
    found = sdk.explain(made(types, file_type), IDS, engine, "native", kv="f32")
    assert found.verdict == "BOTH-FINE"
    assert found.candidate.shown == found.candidate.judged == shown
    products = [fit for fit in found.raw["candidate"]["arithmetic"] if fit["of"].startswith("products")]
    assert products and all(fit["as"].startswith("activations as floats") for fit in products)


def test_openvino_rounds_the_minima_of_q4_1(made):
    """openvino-genai 2026.4.1, make_int4_weights: a zero point of four bits in place of each block's minimum."""
    found = sdk.explain(made(Q4_1, 3), IDS, OPENVINO, "native", kv="f32")
    assert found.verdict == "CANDIDATE-WRONG"
    assert found.candidate.first_beyond == "Qcur-0 MUL_MAT" and found.causes == ["minimum-rounded"]
    wrong = [o for o in found.operations if o.candidate_units is not None and o.candidate_units > 4]
    assert wrong and {o.kind for o in wrong} == {"matrix product"}


@pytest.mark.parametrize("engine", [MLX, TINYGRAD], ids=["mlx", "tinygrad"])
def test_the_others_read_q4_1_right(made, engine):
    assert sdk.explain(made(Q4_1, 3), IDS, engine, "native", kv="f32").verdict == "BOTH-FINE"


def test_tinygrad_reads_gemma_3_as_if_it_were_a_llama(crossval, tmp_path):
    """tinygrad 0.13.0 says nothing, and computes without the scale of the embeddings, half of the norms and GELU."""
    path = tmp_path / "gemma3.gguf"
    run = crossval("synth", "--arch", "gemma3", "--types", "F32", "--layers", 2, "-q", "-o", path)
    assert run.code == 0, run.err
    found = sdk.explain(path, [1, 2, 3], TINYGRAD, "native", kv="f32")
    assert found.verdict == "CANDIDATE-WRONG"
    assert found.candidate.first_beyond == "attn_norm-0 MUL" and found.causes == ["embedding-scale"]


def test_tinygrad_says_which_compiler_is_missing(made):
    without = sdk.spec([PYTHON, ROOT / "engines" / "tinygrad" / "engine.py"], {"CC": "no-such-clang"})
    with pytest.raises(sdk.Failed, match="no-such-clang") as failed:
        sdk.compare(made("F32", 0), IDS, without, "native", kv="f32")
    assert failed.value.exit_code == 4


@pytest.mark.parametrize("engine", [MLX, OPENVINO, TINYGRAD], ids=["mlx", "openvino", "tinygrad"])
def test_prompt_and_steps_agree(made, engine):
    path = made("Q8_0", 7)
    found = sdk.compare(path, IDS, engine, "oracle", kv="f32", cos_tol=0.99999, max_tokens=3)
    assert found.verdict == "MATCH" and sum(p.decode for p in found.positions) == 3


@pytest.mark.parametrize("engine, types, said", [(OPENVINO, "F32", "OpenVINO GenAI cannot read it"),
                                                 (MLX, "Q5_K", "mlx"), (TINYGRAD, "Q3_K", "tinygrad cannot read it")],
                         ids=["openvino", "mlx", "tinygrad"])
def test_what_they_cannot_read_is_their_word(made, engine, types, said):
    with pytest.raises(sdk.Failed) as failed:
        sdk.compare(made(types, 0), IDS, engine, "native", kv="f32")
    assert failed.value.exit_code in (4, 5) and said in str(failed.value)
