"""BitNet: I2_S in its three layouts, squared ReLU beside SiLU, and the mistakes that engines make with them."""
import struct
import sys

import gguf
import numpy as np
import pytest

from conftest import ROOT
from identity import ALL, identical, tokens

sys.path.insert(0, str(ROOT / "tests" / "golden"))
import i2s  # noqa: E402

IDS = [(37 * i + i * i) % 350 for i in range(256 if ALL else 40)]
TERNARY = ["TQ1_0", "TQ2_0"]


@pytest.fixture(scope="session")
def made(crossval, tmp_path_factory):
    """Paths of models of the same seed: made(arch, type, layout)."""
    folder = tmp_path_factory.mktemp("bitnet")

    def make(kind, arch="bitnet-b1.58", layout="x86"):
        path = folder / f"{arch}-{kind}-{layout}.gguf"
        if not path.exists():
            run = crossval("synth", "--arch", arch, "--types", kind, "--i2s-layout", layout, "--layers", 2, "-o", path)
            assert run.code == 0, run.err
        return path

    return make


def compare(crossval, candidate, reference, *args):
    return crossval("per-token", tokens(IDS), "--max-tokens", 4, "--candidate", candidate, "--reference", reference,
                    "--require", "bits", "--format", "json", *args)


@pytest.mark.parametrize("layout", i2s.LAYOUTS)
def test_a_layout_is_found_and_gives_the_same_bits(crossval, made, layout):
    run = compare(crossval, f"native:model={made('I2_S', layout=layout)}", f"native:model={made('I2_S')}")
    settings = identical(run, len(IDS), 4)["candidate"]["settings"]
    assert settings["i2s_layout"] == layout
    assert settings["i2s_layout_why"].startswith("by statistics")
    assert run.json["warnings"] == []


@pytest.mark.parametrize("layout", i2s.LAYOUTS)
def test_values_by_an_independent_decoder(made, layout):
    """I2_S by numpy, TQ1_0 and TQ2_0 by the gguf package: the same numbers, bit for bit."""
    packed = i2s.tensors(made("I2_S", layout=layout))
    compared = 0
    for kind in TERNARY:
        for tensor in gguf.GGUFReader(made(kind)).tensors:
            if tensor.tensor_type != gguf.GGMLQuantizationType[kind]:
                continue
            type_id, (cols, rows), data = packed[tensor.name]
            assert type_id == i2s.TYPE
            expected = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            assert np.array_equal(i2s.weights(data, rows, cols, layout), expected), tensor.name
            compared += 1
    assert compared == 2 * 2 * 7


def test_the_independent_decoder_reads_bytes_of_bitnet_cpp():
    """The bytes of tests/quant/i2s_test.cc, so that what the tests above compare with has seen the real packing."""
    data = (ROOT / "tests/data/formats/I2_S_layouts.bin").read_bytes()
    rows, cols = struct.unpack_from("<II", data)
    expected = np.frombuffer(data, np.int8, rows * cols, 8).reshape(rows, cols) * np.float32(0.703125)
    for at, layout in enumerate(i2s.LAYOUTS):
        packed = data[8 + rows * cols + at * (rows * cols // 4 + 4):]
        assert np.array_equal(i2s.weights(packed, rows, cols, layout), expected), layout


@pytest.mark.parametrize("layout", ["arm", "x86-rows"])
def test_a_layout_that_is_not_the_files_diverges(crossval, made, layout):
    run = crossval("per-token", "-m", made("I2_S"), tokens(IDS), "--candidate", f"native:i2s-layout={layout}",
                   "--reference", "native", "--format", "json", "--first-diff")
    assert run.code == 1
    assert run.json["trace"]["first"]["tensor"] == "Qcur-0"
    asked = [s for s in run.json["settings"] if s["name"] == "i2s-layout"]
    assert [(s["candidate"], s["weight"]) for s in asked] == [(layout, "asked")]


def test_upstream_cannot_read_it_and_what_can_is_said(crossval, made):
    run = crossval("per-token", "-m", made("I2_S"), tokens(IDS), env={"BITNET_CPP_DIR": ""})
    assert run.code == 5
    assert "bitnet.cpp's I2_S" in run.err and "--reference native" in run.err and "BITNET_CPP_DIR" in run.err


def test_weights_without_structure_are_read_as_x86_with_a_warning(crossval, made):
    model = made("I2_S", arch="llama", layout="arm")
    run = crossval("per-token", "-m", model, tokens(IDS), "--candidate", "native", "--reference", "native")
    assert run.code == 0
    assert "i2s-layout" in run.out and "--i2s-layout" in run.out and "do not tell" in run.out
    run = crossval("run", "-m", model, tokens(IDS), "--max-tokens", 1, "--format", "json")
    assert [w["name"] for w in run.json["warnings"]] == ["i2s-layout"]
    run = crossval("run", "-m", model, tokens(IDS), "--max-tokens", 0)
    assert run.code == 0 and "do not tell" in run.err and "say which it is with --i2s-layout" in run.err
    run = crossval("run", "-m", model, tokens(IDS), "--max-tokens", 0, "--i2s-layout", "arm")
    assert run.code == 0 and "layout" not in run.err
    run = crossval("per-token", "-m", model, tokens(IDS), "--i2s-layout", "arm", "--candidate", "native",
                   "--reference", "native")
    assert run.code == 0
    assert "I2_S layout arm, asked for" in run.out and "warning" not in run.out


@pytest.mark.parametrize("kind", TERNARY + ["F16"])
def test_the_forward_is_upstreams_but_for_the_activation(crossval, made, kind):
    """The same weights as upstream's architecture bitnet: with SiLU every bit is llama.cpp's, with squared ReLU not."""
    upstream = made(kind, arch="bitnet")
    identical(compare(crossval, f"native:model={upstream}", f"llama.cpp:model={upstream}"), len(IDS), 4)
    ours = made(kind)
    identical(compare(crossval, f"native:model={ours},fault=silu-for-relu2", f"llama.cpp:model={upstream}"),
              len(IDS), 4)
    run = compare(crossval, f"native:model={ours}", f"llama.cpp:model={upstream}", "--first-diff")
    assert run.code == 1
    assert run.json["trace"]["first"]["last_equal"].startswith("ffn_up-0")


@pytest.mark.parametrize("fault, tensor", [("i2s-as-qk256", "Qcur-0"), ("silu-for-relu2", "ffn_gate_par-0"),
                                           ("sub-norm", "attn_o_out-0"), ("block-scale", "ffn_gate-1")])
def test_mistakes_are_named_where_they_are_made(crossval, made, fault, tensor):
    run = compare(crossval, f"native:fault={fault}", "native", "-m", made("I2_S"), "--first-diff")
    assert run.code == 1
    assert run.json["trace"]["first"]["tensor"] == tensor


@pytest.mark.parametrize("fault, kind, arch", [("i2s-as-qk256", "TQ2_0", "bitnet-b1.58"),
                                               ("silu-for-relu2", "TQ2_0", "bitnet")])
def test_mistakes_need_a_model_to_make_them_on(crossval, made, fault, kind, arch):
    run = compare(crossval, f"native:fault={fault}", "native", "-m", made(kind, arch=arch))
    assert run.code == 64
    assert fault in run.json["error"]["what"]


def test_qk256_is_not_the_weights(made):
    """What the ancestor read: codes -2, -1, 1, 2 from the lowest bits up. No resemblance to the weights."""
    _, (cols, rows), data = i2s.tensors(made("I2_S"))["blk.0.ffn_up.weight"]
    real = i2s.weights(data, rows, cols).ravel().astype(np.float64)
    packed = np.frombuffer(data, np.uint8, rows * cols // 4)
    read = np.array([-2.0, -1.0, 1.0, 2.0])[np.stack([packed >> s & 3 for s in (0, 2, 4, 6)], axis=1)].ravel()
    assert abs(read @ real / np.linalg.norm(read) / np.linalg.norm(real)) < 0.05
    assert read.mean() < -0.5
    assert not (read == 2).any()


def test_int8_activations_stay_near_float_ones(crossval, made):
    """I2_S with one 8-bit scale a row against F16 of the same weights: near, unlike any wrong reading."""
    run = crossval("per-token", tokens(IDS), "--candidate", f"native:model={made('I2_S')}", "--reference",
                   f"native:model={made('F16')}", "--cos-tol", "0.98", "--format", "json")
    assert run.code == 0, run.out[-2000:]
    assert run.json["verdict"] == "MATCH"


def test_kernel_sets_and_chunks_agree(crossval, made, monkeypatch, tmp_path):
    dumps = []
    for kernels, chunk, threads in [("scalar", 512, 1), ("avx2", 512, 1), ("avx2", 1, 1), ("avx2", 7, 2)]:
        monkeypatch.setenv("CROSSVAL_KERNELS", kernels)
        folder = tmp_path / f"{kernels}-{chunk}"
        run = crossval("per-token", "-m", made("I2_S"), tokens(IDS), "-b", chunk, "-t", threads, "--candidate", "native",
                       "--reference", "native", "--dump", folder)
        assert run.code == 0, run.err
        dumps.append(np.load(folder / "candidate.npy"))
    for other in dumps[1:]:
        assert np.array_equal(dumps[0].view(np.uint32), other.view(np.uint32))


def test_a_lost_scale_is_refused_by_name(crossval, made, tmp_path):
    source = made("I2_S")
    data = bytearray(source.read_bytes())
    _, (cols, rows), view = i2s.tensors(source)["blk.1.attn_k.weight"]
    at = len(data) - view.nbytes + rows * cols // 4
    struct.pack_into("<f", data, at, 0.0)
    (tmp_path / "lost.gguf").write_bytes(data)
    run = compare(crossval, "native", "native", "-m", tmp_path / "lost.gguf")
    assert run.code == 5
    assert "scale is 0" in run.json["error"]["what"]
    assert "blk.1.attn_k.weight" in run.json["error"]["where"]
