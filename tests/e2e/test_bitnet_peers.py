"""I2_S and bitnet-b1.58 beside engines that are not ours: ik_llama.cpp always, bitnet.cpp where BITNET_CPP_DIR names
a CMake build of it."""
import os
import subprocess

import gguf
import numpy
import pytest

from conftest import script

SIZES = ("--layers", 2, "--embd", 512, "--heads", 8, "--kv-heads", 2, "--ff", 1536, "--seed", 5)
TOKENS = ",".join(str(i) for i in range(3, 60))
IK = "0.1.5"  # of deps/reference.txt


@pytest.fixture(scope="module")
def tree():
    return script("source", "--release", IK)


@pytest.fixture
def synth(crossval, tmp_path):
    def make(arch, weight_type):
        path = tmp_path / f"{arch}-{weight_type}.gguf"
        run = crossval("synth", "--arch", arch, "--types", weight_type, *SIZES, "-q", "-o", path)
        assert run.code == 0, run.err
        return path

    return make


def matrices(path):
    return {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors if len(tensor.shape) > 1}


def test_ik_llama_reads_from_our_i2_s_what_we_wrote(synth, tree, tmp_path):
    decoded = tmp_path / "decoded.gguf"
    subprocess.run([script("decoder", "--src", tree), synth("bitnet-b1.58", "I2_S"), decoded], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    theirs, ours = matrices(decoded), matrices(synth("bitnet-b1.58", "TQ2_0"))
    ternary = [name for name, tensor in ours.items() if tensor.tensor_type.name == "TQ2_0"]
    assert len(ternary) == 2 * 7
    for name in ternary:
        written = gguf.dequantize(ours[name].data, ours[name].tensor_type).reshape(-1)
        read = theirs[name].data.reshape(-1)
        assert set(numpy.sign(read)) == {-1, 0, 1}
        assert numpy.array_equal(numpy.sign(read), numpy.sign(written)), name
        numpy.testing.assert_allclose(read, written, rtol=1e-3)  # TQ2_0 rounds the scale to binary16


def test_inspect_sees_no_other_value_in_the_decoded_file(crossval, synth, tree, tmp_path):
    model, decoded = synth("bitnet-b1.58", "I2_S"), tmp_path / "decoded.gguf"
    subprocess.run([script("decoder", "--src", tree), model, decoded], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    differ = crossval("inspect", decoded, model, "--format", "json").json["tensors"]
    ternary = [tensor for tensor in differ if tensor["b"]["type"] == "I2_S"]
    assert len(ternary) == 2 * 7
    assert all(tensor["distance"]["differing"] == 0 for tensor in ternary)


def test_ik_llama_runs_squared_relu_as_we_do(crossval, synth, tree):
    args = ("per-token", "-m", synth("bitnet-b1.58", "F32"), "--tokens", TOKENS, "--max-tokens", 4, "-t", 1,
            "--reference", f"llama.cpp:src={tree}", "--format", "json")
    same = crossval(*args)
    assert (same.code, same.json["verdict"]) == (0, "MATCH")
    for engine in ("candidate", "reference"):
        assert same.json[engine]["identity"]["activation_function"] == "squared relu"


def test_ik_llama_has_no_product_for_i2_s_and_is_caught(crossval, synth, tree):
    """It loads such a model, says nothing and computes nonsense; it wants the weights converted first."""
    run = crossval("per-token", "-m", synth("bitnet-b1.58", "I2_S"), "--tokens", TOKENS, "--max-tokens", 0, "-t", 1,
                   "--reference", f"llama.cpp:src={tree}", "--format", "json", "--first-diff")
    assert (run.code, run.json["verdict"]) == (1, "DIVERGED")
    assert run.json["trace"]["first"]["tensor"] == "Qcur-0"


# bitnet.cpp is in no registry. Its builds of 2024 know the architecture as "bitnet" alone and run SiLU there.
if "BITNET_CPP_DIR" in os.environ:

    @pytest.mark.parametrize("arch, activation", [("bitnet", "silu"), ("bitnet-b1.58", "squared relu")])
    def test_bitnet_cpp_itself_is_bit_identical_on_i2_s(crossval, synth, arch, activation):
        run = crossval("per-token", "-m", synth(arch, "I2_S"), "--tokens", TOKENS, "--max-tokens", 4, "-t", 1,
                       "--reference", f"llama.cpp:build={os.environ['BITNET_CPP_DIR']}", "--require", "bits",
                       "--format", "json")
        if arch != "bitnet" and run.code != 0:  # of 2024
            assert f"unknown model architecture: '{arch}'" in run.json["error"]["hint"]
            return
        assert (run.code, run.json["verdict"]) == (0, "IDENTICAL")
        identity = run.json["reference"]["identity"]
        assert (identity["name"], identity["activation_function"]) == ("bitnet.cpp", activation)
