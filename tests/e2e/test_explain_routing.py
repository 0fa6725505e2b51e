"""crossval explain on mixtures of experts: two engines that choose other experts are told so, and accused of nothing where
rounding decides; what is wrong in a router or in an expert is found all the same."""
import json

import jsonschema
import numpy
import pytest

from conftest import ROOT
from made_models import IDS, make
from slices import slice_of
from test_explain import explain, faulty_copy, swap_rows

TOKENS = ["--tokens=" + ",".join(map(str, IDS))]
LAYER = 1  # whose router cannot decide
ARCHITECTURES = ["qwen3moe", "olmoe", "gpt-oss", "glm4moe"]
SOUND = ("native:kv=f32", "llama.cpp")


def undecided(tensors):
    """All rows of a router within a unit in the last place of the first one."""
    router = tensors[f"blk.{LAYER}.ffn_gate_inp.weight"]
    assert router.dtype == numpy.float32
    steps = numpy.random.default_rng(5).integers(-1, 2, router.shape, dtype=numpy.int32)
    router[:] = (router[0].view(numpy.int32) + steps).view(numpy.float32)
    for bias in ("ffn_gate_inp.bias", "exp_probs_b.bias"):
        if f"blk.{LAYER}.{bias}" in tensors:
            tensors[f"blk.{LAYER}.{bias}"][:] = 0


@pytest.fixture(scope="module")
def models(crossval, tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("experts"), {}

    def of(name):
        if name not in made:
            path = folder / f"{name}.gguf"
            experts = ["--experts", 6, "--experts-used", 2, "--seed", 2, "--types", "Q8_0"]
            assert make(crossval, folder / "plain.gguf", name, experts).code == 0
            faulty_copy(folder / "plain.gguf", path, undecided)
            made[name] = path
        return made[name]

    return of


def flips_of(found, layer=LAYER):
    return [flip for flip in found["routing"]["flips"] if flip["layer"] == layer]


@pytest.mark.parametrize("name", slice_of(ARCHITECTURES, 2))
def test_what_rounding_decides_is_nobodys_mistake(crossval, models, name):
    found = explain(crossval, models(name), TOKENS, *SOUND)
    assert found["verdict"] == "BOTH-FINE", found["candidate"]["first_beyond"]
    assert found["routing"]["choices"] >= 3 * len(IDS)
    flips = flips_of(found)
    assert len(flips) > 5
    for flip in flips:
        assert flip["why"] == "tie" and abs(flip["candidate"]["margin"]) <= 4
        assert set(flip["candidate"]["experts"]) != set(flip["reference"]["experts"])
    first = flips[0]
    assert first["apart_when_forced"] < 0.1 * first["apart"]  # other experts are another sum; the same are not
    assert all(flip["apart"] is None for flip in flips[1:])
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "result.schema.json").read_text())).validate(found)


def test_equal_engines_choose_alike(crossval, models, model):
    found = explain(crossval, models("qwen3moe"), TOKENS, "native", "llama.cpp")
    assert found["identical"] and found["routing"]["flips"] == [] and found["routing"]["choices"] == 4 * len(IDS)
    assert explain(crossval, model, ["-p", "Hello"], "native", "llama.cpp")["routing"] is None


@pytest.mark.parametrize("name", slice_of(ARCHITECTURES, 2))
def test_a_mistake_in_an_expert_is_found_behind_other_choices(crossval, models, tmp_path, name):
    """Two rows of one expert's matrix swapped, in the file that one engine is given."""
    def damage(tensors):
        swap_rows(tensors[f"blk.{LAYER}.ffn_down_exps.weight"][4], 3, 17)

    faulty_copy(models(name), tmp_path / "damaged.gguf", damage)
    found = explain(crossval, models(name), TOKENS, f"llama.cpp:model={tmp_path / 'damaged.gguf'}", "native:kv=f32")
    assert len(flips_of(found)) > 5
    assert found["verdict"] == "CANDIDATE-WRONG" and found["candidate"]["beyond"] == 1
    first = found["operations"][found["candidate"]["first_beyond"]]
    assert first["tensor"].startswith(f"ffn_moe_down-{LAYER} ") and first["candidate"]["units"] > 100


MISTAKES = [("wrong-expert@1", "qwen3moe", "ffn_moe_gate-1 MUL_MAT_ID"), ("expert-weights@1", "qwen3moe", "ffn_moe_weighted-1 MUL"),
            ("expert-weights@1", "olmoe", "ffn_moe_weighted-1 MUL"), ("gating@2", "glm4moe", "ffn_moe_weights-2 GET_ROWS"),
            ("selection-bias@2", "glm4moe", "ffn_moe_weights-2 GET_ROWS"), ("wrong-expert@1", "gpt-oss", "ffn_moe_gate-1 MUL_MAT_ID")]


@pytest.mark.parametrize(("mistake", "name", "tensor"), slice_of(MISTAKES, 2))
def test_a_mistake_of_the_router_is_still_one(crossval, models, mistake, name, tensor):
    found = explain(crossval, models(name), TOKENS, f"native:kv=f32,fault={mistake}", "llama.cpp")
    assert found["verdict"] == "CANDIDATE-WRONG"
    assert found["operations"][found["candidate"]["first_beyond"]]["tensor"] == tensor
    assert mistake[:-2] in [cause["mistake"] for cause in found["causes"]]
    if mistake == "selection-bias@2":  # the choice itself
        wrong = [flip for flip in flips_of(found, 2) if flip["why"] == "candidate-router"]
        assert wrong and all(flip["candidate"]["margin"] < -4 < flip["reference"]["margin"] for flip in wrong)


def test_the_page_tells_the_choices(crossval, models, tmp_path):
    run = crossval("explain", "-m", models("olmoe"), *TOKENS, "--candidate", SOUND[0], "--reference", SOUND[1],
                   "--html", tmp_path / "page.html")
    text = " ".join(run.out.split())
    assert "are others in the two engines" in text and "a tie, which rounding decides" in text
    assert "with the candidate's choice in both" in text
    html = (tmp_path / "page.html").read_text()
    assert "Positions that go to other experts" in html and "<td>tie</td>" in html
