"""I2_S and bitnet-b1.58 beside engines that are not ours: ik_llama.cpp always, bitnet.cpp where BITNET_CPP_DIR names
its tree or a build of it. What that variable does is tested with other trees in its place."""
import os
import shutil
import subprocess

import gguf
import numpy
import pytest

from conftest import script

SIZES = ("--layers", 2, "--embd", 512, "--heads", 8, "--kv-heads", 2, "--ff", 1536, "--seed", 5)
TOKENS = ",".join(str(i) for i in range(3, 60))
IK, AUTUMN_2024 = "0.1.5", "0.3.1"  # of deps/reference.txt


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


def environment_of(run, side="reference"):
    return run.json[side]["settings"]["environment"]


def chosen(run):
    return [variable for variable in environment_of(run) if variable.startswith("BITNET_CPP_DIR=")]


def per_token(model):
    return ("per-token", "-m", model, "--tokens", TOKENS, "--max-tokens", 0, "-t", 1, "--format", "json")


def test_bitnet_cpp_dir_is_the_reference_of_its_models(crossval, synth, tree):
    """A tree that reads them stands in for bitnet.cpp."""
    env = {"BITNET_CPP_DIR": str(tree)}
    run = crossval(*per_token(synth("bitnet-b1.58", "F32")), env=env)
    assert (run.code, run.json["verdict"]) == (0, "MATCH")
    assert run.json["reference"]["identity"]["name"] == "ik_llama.cpp"
    assert chosen(run) == [f"BITNET_CPP_DIR={tree}"]
    text = crossval(*per_token(synth("bitnet-b1.58", "F32"))[:-2], env=env).out
    assert "BITNET_CPP_DIR=" in text[text.index("\nreference"):text.index("\nmodel")]
    i2s = crossval(*per_token(synth("bitnet", "I2_S")), env=env)
    assert chosen(i2s) == [f"BITNET_CPP_DIR={tree}"]
    assert crossval("doctor", "-m", synth("bitnet", "I2_S"), env=env).out.count("ik_llama.cpp") > 1


def test_bitnet_cpp_dir_is_not_the_reference_of_others(crossval, synth, tree, model):
    env = {"BITNET_CPP_DIR": str(tree)}
    for other in (model, synth("bitnet", "TQ2_0")):
        run = crossval(*per_token(other), env=env)
        assert (run.code, run.json["reference"]["identity"]["name"]) == (0, "llama.cpp")
        assert chosen(run) == []


def test_what_an_engine_says_itself_goes_before_bitnet_cpp_dir(crossval, synth, tree):
    i2s, env = synth("bitnet-b1.58", "F32"), {"BITNET_CPP_DIR": "/nowhere"}
    run = crossval(*per_token(i2s), "--reference", f"llama.cpp:src={tree}", env=env)
    assert (run.code, chosen(run)) == (0, [])
    run = crossval(*per_token(i2s), env=env)
    assert run.code == 4
    assert "BITNET_CPP_DIR=/nowhere" in run.json["error"]["where"]
    assert "/nowhere is no llama.cpp tree" in run.json["error"]["hint"]


def test_a_build_is_linked_and_what_is_no_bitnet_cpp_is_said(crossval, synth):
    """The canonical llama.cpp of today, which knows no I2_S."""
    env = {"BITNET_CPP_DIR": str(script("libs"))}
    run = crossval(*per_token(synth("bitnet", "I2_S")), env=env)
    assert run.code == 5
    assert f"what is in BITNET_CPP_DIR={script('libs')} cannot read: is it bitnet.cpp" in run.json["error"]["hint"]
    run = crossval("doctor", env=env)
    assert run.code == 4 and "problem    bitnet.cpp:" in run.out and "unset BITNET_CPP_DIR" in run.out


def test_doctor_says_what_bitnet_cpp_dir_is(crossval, tree):
    def check(place):
        found = crossval("doctor", "--format", "json", env={"BITNET_CPP_DIR": str(place)}).json["checks"]
        return next(each for each in found if each["name"] == "bitnet.cpp")

    other = check(tree)  # reads I2_S, and has no product for it
    assert other["state"] == "warning" and f"BITNET_CPP_DIR={tree}" in other["detail"]
    assert "ik_llama.cpp" in other["detail"] and "differs from the native engine in 20 of 20 rows" in other["detail"]
    nothing = check("/nowhere")
    assert nothing["state"] == "problem" and "/nowhere" in nothing["detail"]
    assert "unset BITNET_CPP_DIR" in nothing["repair"]
    assert "bitnet.cpp" not in crossval("doctor", env={"BITNET_CPP_DIR": ""}).out


@pytest.fixture(scope="module")
def bitnet_shaped(tmp_path_factory):
    """The shape of bitnet.cpp's tree, with a llama.cpp of its time in it."""
    top, pinned = tmp_path_factory.mktemp("bitnet"), script("source", "--release", AUTUMN_2024)
    for part in ("CMakeLists.txt", "cmake", "ggml", "include", "src"):
        copy = shutil.copytree if (pinned / part).is_dir() else shutil.copy
        (top / "3rdparty/llama.cpp").mkdir(parents=True, exist_ok=True)
        copy(pinned / part, top / "3rdparty/llama.cpp" / part)
    for folder in ("include", "src"):
        (top / folder).mkdir()
        (top / folder / "ggml-bitnet.txt").write_text("kernels\n")
    return top


def test_a_tree_of_bitnet_cpps_shape_is_built(crossval, bitnet_shaped, model):
    run = crossval(*per_token(model), "--reference", f"llama.cpp:src={bitnet_shaped}", "--require", "bits",
                   timeout=1800)  # the first time it is compiled, after whatever else is
    assert (run.code, run.json["verdict"]) == (0, "IDENTICAL")
    assert run.json["reference"]["identity"]["api"] == "llama_kv_cache, no llama_vocab (autumn 2024)"
    assert not (bitnet_shaped / "include" / "bitnet-lut-kernels.h").exists()  # nothing is written there


def test_a_submodule_that_was_not_fetched_is_named(crossval, synth, tmp_path):
    (tmp_path / "3rdparty" / "llama.cpp").mkdir(parents=True)
    run = crossval(*per_token(synth("bitnet", "I2_S")), env={"BITNET_CPP_DIR": str(tmp_path)})
    assert run.code == 4 and f"git -C {tmp_path} submodule update --init" in run.json["error"]["hint"]


# bitnet.cpp is in no registry. Its builds of 2024 know the architecture as "bitnet" alone and run SiLU there.
if "BITNET_CPP_DIR" in os.environ:

    @pytest.mark.parametrize("arch, activation", [("bitnet", "silu"), ("bitnet-b1.58", "squared relu")])
    def test_bitnet_cpp_itself_is_bit_identical_on_i2_s(crossval, synth, arch, activation):
        run = crossval("per-token", "-m", synth(arch, "I2_S"), "--tokens", TOKENS, "--max-tokens", 4, "-t", 1,
                       "--require", "bits", "--format", "json", timeout=1800)
        if arch != "bitnet" and run.code != 0:  # of 2024
            assert f"architecture is bitnet.cpp's {arch}" in run.json["error"]["hint"]
            return
        assert (run.code, run.json["verdict"]) == (0, "IDENTICAL")
        identity, settings = run.json["reference"]["identity"], run.json["reference"]["settings"]
        assert (identity["name"], identity["activation_function"]) == ("bitnet.cpp", activation)
        assert settings["i2s_layout"] == "x86"
