"""NaN and infinity planted in model files: the position, the tensor and the weight named, on both sides alike.

llama.cpp spreads a NaN backwards within a batch, so that the first row of a batch is not the first ill position; what
is planted says where that is.
"""
import gguf
import numpy as np
import pytest

IDS = [11, 12, 13, 14, 15, 16, 17, 99, 18, 19, 20, 21]  # 99 at position 7 alone
BATCHES = [512, 4, 1]


def made(crossval, path, *options):
    run = crossval("synth", "-o", path, "--layers", 3, "--seed", 5, "--types", "Q8_0", *options)
    assert run.code == 0, run.err
    return path


def plant(path, name, at, value):
    """Overwrites bytes of a tensor: a 16-bit value at `at` bytes from its begin."""
    reader = gguf.GGUFReader(path)
    tensor = next(t for t in reader.tensors if t.name == name)
    with open(path, "r+b") as file:
        file.seek(int(tensor.data_offset) + at)
        file.write(np.uint16(value).tobytes())
    return tensor


def compare(crossval, model, *options):
    return crossval("per-token", "-m", model, "--tokens", ",".join(map(str, IDS)), "--max-tokens", 0,
                    "--format", "json", *options)


@pytest.fixture(scope="module")
def token_nan(crossval, tmp_path_factory):
    path = made(crossval, tmp_path_factory.mktemp("nan") / "token.gguf", "--arch", "llama")
    tensor = next(t for t in gguf.GGUFReader(path).tensors if t.name == "token_embd.weight")
    row = int(tensor.n_bytes) // int(tensor.shape[1])
    plant(path, "token_embd.weight", 99 * row + 34 * 3, 0x7E00)  # the scale of block 3 of Q8_0
    return path


@pytest.mark.parametrize("batch", BATCHES)
def test_the_position_does_not_depend_on_the_batch(crossval, token_nan, batch):
    run = compare(crossval, token_nan, "-b", batch)
    result = run.json
    assert (run.code, result["verdict"]) == (3, "UNHEALTHY")
    first = result["health"][:2]
    assert [(f["name"], f["side"], f["position"]) for f in first] == [("nan", "candidate", 7), ("nan", "reference", 7)]
    assert [p["healthy"] for p in result["positions"]] == [True] * 7 + [False] * 5
    assert result["identical_rows"] == 7
    assert not any(p["identical"] for p in result["positions"][7:])
    origins = result["origins"]
    assert [origin["side"] for origin in origins] == ["candidate", "reference"]
    for origin in origins:
        assert (origin["tensor"], origin["op"], origin["position"]) == ("embd", "GET_ROWS", 7)
        assert origin["weight"] == "token_embd.weight"
        weight = origin["bad_weight"]
        assert (weight["row"], weight["block"], weight["column"], weight["expert"]) == (99, 3, 96, -1)


def test_the_text_says_both_and_what_to_do(crossval, token_nan):
    run = crossval("per-token", "-m", token_nan, "--tokens", ",".join(map(str, IDS)), "--max-tokens", 0, "--first-diff",
                   env={"COLUMNS": "200"})
    assert run.code == 3
    assert "both engines gave logits that no working engine gives at position 7" in " ".join(run.out.split())
    last = run.out[run.out.index("UNHEALTHY"):]
    assert "crossval inspect" in last and "--first-diff" not in last
    assert "difference-not-traced" not in run.out  # rows that are NaN on both sides are no difference that hid
    # What the hint says is there is there.
    inspected = crossval("inspect", token_nan)
    assert inspected.code == 3 and "token_embd.weight" in inspected.out


@pytest.mark.parametrize("batch", BATCHES)
def test_an_experts_nan_names_the_expert(crossval, tmp_path, batch):
    # All experts are used: that expert 4 is follows from no router.
    path = made(crossval, tmp_path / "experts.gguf", "--arch", "olmoe", "--experts", 6, "--experts-used", 6)
    tensor = next(t for t in gguf.GGUFReader(path).tensors if t.name == "blk.1.ffn_up_exps.weight")
    rows, experts = int(tensor.shape[1]), int(tensor.shape[2])
    row = int(tensor.n_bytes) // (rows * experts)
    plant(path, tensor.name, (4 * rows + 9) * row + 34, 0x7C00)  # expert 4, row 9, block 1: infinity
    result = compare(crossval, path, "-b", batch).json
    assert result["verdict"] == "UNHEALTHY"
    assert len(result["origins"]) == 2
    for origin in result["origins"]:
        assert (origin["tensor"], origin["op"]) == ("ffn_moe_up-1", "MUL_MAT_ID")
        assert origin["position"] == result["health"][0]["position"]
        weight = origin["bad_weight"]
        assert weight["tensor"] == "blk.1.ffn_up_exps.weight"
        assert (weight["expert"], weight["row"], weight["block"]) == (4, 9, 1)
    alone = compare(crossval, path, "-b", 1).json
    assert result["health"][0]["position"] == alone["health"][0]["position"]


def test_healthy_models_have_no_origin(crossval, tmp_path):
    path = made(crossval, tmp_path / "healthy.gguf", "--arch", "llama")
    run = compare(crossval, path, "--require", "bits")
    assert (run.code, run.json["origins"], run.json["health"]) == (0, [], [])


def test_one_sides_nan_is_not_the_others(crossval, tmp_path):
    path = made(crossval, tmp_path / "healthy.gguf", "--arch", "llama")
    run = compare(crossval, path, "--candidate", "native:fault=nan")
    assert run.code == 3
    assert {f["side"] for f in run.json["health"]} == {"candidate"}
    candidate, reference = run.json["origins"]
    assert (candidate["tensor"], candidate["op"], candidate["bad_weight"]) == ("l_out-1", "ADD", None)
    assert [i["tensor"] for i in candidate["inputs"]] == ["ffn_out-1 MUL_MAT", "ffn_inp-1 ADD"]
    assert all(i["finite"] for i in candidate["inputs"]) and not reference["found"]


@pytest.mark.parametrize("fault, tensor, inputs, weight", [
    ("rope-pairing", "Qcur-0", ["Qcur-0 MUL_MAT", "inp_pos"], None),
    ("weight-bit", "ffn_gate-1", ["ffn_norm-1 MUL"], "blk.1.ffn_gate.weight"),
    ("gqa-map", "kq-0", ["Kcur-0 ROPE", "Qcur-0 ROPE"], None)])
def test_the_inputs_of_the_first_difference(crossval, tmp_path, fault, tensor, inputs, weight):
    path = made(crossval, tmp_path / "model.gguf", "--arch", "llama", "--heads", 4, "--kv-heads", 2)
    first = compare(crossval, path, "--candidate", f"native:fault={fault}", "--first-diff", "--require",
                    "bits").json["trace"]["first"]
    assert first["tensor"] == tensor
    assert [i["tensor"] for i in first["inputs"]] == inputs
    assert (first["weight"], first["same_weight"]) == (weight, None)
    assert all(i["equal"] for i in first["inputs"] if i["tensor"] != "inp_pos")


def test_two_files_and_the_weight_that_differs(crossval, tmp_path):
    one = made(crossval, tmp_path / "one.gguf", "--arch", "llama")
    other = made(crossval, tmp_path / "other.gguf", "--arch", "llama")
    plant(other, "blk.1.attn_k.weight", 0, 0x2C00)
    run = crossval("per-token", "-m", other, "--tokens", "1,2,3", "--max-tokens", 0, "--first-diff", "--require", "bits",
                   "--candidate", f"native:model={one}", "--format", "json")
    first = run.json["trace"]["first"]
    assert (first["tensor"], first["weight"], first["same_weight"]) == ("Kcur-1", "blk.1.attn_k.weight", False)
    assert [i["tensor"] for i in first["inputs"]] == ["attn_norm-1 MUL"]


# The last learned position is the last row of its table: one further there is nothing to read.
def test_a_fault_of_positions_at_full_context(crossval, tmp_path):
    path = made(crossval, tmp_path / "gpt2.gguf", "--arch", "gpt2", "--context", 32)
    run = crossval("per-token", "-m", path, "--tokens", ",".join(["7"] * 32), "--max-tokens", 0, "-c", 32,
                   "--candidate", "native:fault=learned-positions", "--require", "bits", "--format", "json")
    assert run.json["verdict"] == "DIVERGED"
    assert not run.json["positions"][0]["passed"]
    assert run.json["positions"][31]["healthy"]
