"""calibrate and --require floor: healthy engines pass, mistakes do not, a floor is of one model and engine."""
import json
import shutil

import gguf
import jsonschema
import pytest

from conftest import ROOT

TEXT = (ROOT / "tests/data/prompts/long-01-license.txt").read_text()[:600]
PRODUCTION = "llama.cpp:profile=production"


def validate(document, name):
    schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())
    jsonschema.Draft202012Validator({**schema["$defs"][name], "$defs": schema["$defs"]}).validate(document)


@pytest.fixture(scope="module")
def tiny(crossval, tmp_path_factory):
    """Two small models of different weights."""
    folder = tmp_path_factory.mktemp("floor")
    for seed in (1, 2):
        made = crossval("synth", "-q", "--types", "Q8_0", "--layers", 2, "--seed", seed, "-o", folder / f"{seed}.gguf")
        assert made.code == 0, made.err
    return folder / "1.gguf", folder / "2.gguf"


@pytest.fixture(scope="module")
def floor(crossval, tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("floor") / "floor.json"
    run = crossval("calibrate", "-m", tiny[0], "--engine", "native", "-o", path, "--format", "json")
    assert run.code == 0, run.err
    validate(run.json, "calibration")
    assert run.json["path"] == str(path) and run.json["floor"] == json.loads(path.read_text())
    return path


def beside(crossval, model, *args, code=None):
    run = crossval("per-token", "-q", "-m", model, "-p", TEXT, "--max-tokens", 0, "--reference", "native",
                   "--format", "json", *args)
    assert code is None or run.code == code, run.out[-2000:] + run.err
    return run.json


def test_a_floor_is_as_the_schema_says(floor):
    document = json.loads(floor.read_text())
    validate(document, "floor")
    by_name = {setting["name"]: setting for setting in document["settings"]}
    assert by_name["batches of 48 positions"]["identical_rows"] == document["positions"] > 400
    pair = document["settings"][document["pair"]]
    assert pair["name"] == "keys and values in f32" and pair["engine"] == "native:kv=f32"
    assert 0 < pair["kl"]["median"] <= pair["kl"]["p99"] <= pair["kl"]["worst"]
    assert any("flash attention" in what for what in document["lacking"])


def test_the_floors_own_pair_is_as_the_floor(crossval, tiny, floor):
    result = beside(crossval, tiny[0], "--candidate", "native:kv=f32", "--require", "floor", "--floor", floor, code=0)
    assert result["verdict"] in ("MATCH", "DRIFT")
    paired = result["floor"]["paired"]
    assert paired["word"] == "as-the-floor" and abs(paired["log_ratio"]) < 1e-9
    assert result["floor"]["path"] == str(floor) and result["floor"]["decisive_flips"] == 0


def test_a_mistake_is_larger_than_the_floor(crossval, tiny, floor):
    result = beside(crossval, tiny[0], "--candidate", "native:fault=rope-base", "--require", "floor", "--floor", floor,
                    code=1)
    assert result["verdict"] == "DIVERGED"
    assert result["floor"]["paired"]["word"] == "larger-than-the-floor"


def test_a_floor_that_is_not_required_decides_nothing(crossval, tiny, floor):
    args = ("--candidate", "native:kv=f32", "--cos-tol", 0.5)
    result = beside(crossval, tiny[0], *args, "--floor", floor, code=0)
    assert result["require"] == "cos" and result["floor"]["paired"] is None
    plain = beside(crossval, tiny[0], *args, code=0)
    assert plain["floor"] is None
    assert [p["cosine"] for p in plain["positions"]] == [p["cosine"] for p in result["positions"]]


@pytest.mark.parametrize("model, reference, words", [
    (1, "native", "the floor is of another model"),
    (0, "native:kv=f32", "kv_type_k is \"f16\" there and \"f32\" here"),
    (0, "oracle", "the floor is of another engine"),
])
def test_anothers_floor_is_refused(crossval, tiny, floor, model, reference, words):
    run = crossval("per-token", "-m", tiny[model], "-p", "Hello", "--reference", reference, "--require", "floor",
                   "--floor", floor)
    assert run.code == 64 and words in run.err and "--floor auto" in run.err


def test_a_damaged_floor_is_refused(crossval, tiny, floor, tmp_path):
    damaged = tmp_path / "floor.json"
    damaged.write_text(floor.read_text()[:-20])
    run = crossval("per-token", "-m", tiny[0], "-p", "Hello", "--reference", "native", "--floor", damaged)
    assert run.code == 5 and "not a floor that crossval calibrate wrote" in run.err


def test_auto_measures_once_and_keeps_it(crossval, tiny, tmp_path):
    env = {"CROSSVAL_CACHE": str(tmp_path / "cache")}
    args = ("per-token", "-m", tiny[0], "-p", "Hello there", "--max-tokens", 0, "--candidate", "native:kv=f32",
            "--reference", "native", "--require", "floor", "--format", "json")
    first = crossval(*args, env=env)
    assert first.code == 0, first.err
    [kept] = (tmp_path / "cache" / "floors").iterdir()
    assert first.json["floor"]["path"] == str(kept)
    before = kept.stat().st_mtime_ns
    assert crossval(*args, env=env).code == 0
    assert kept.stat().st_mtime_ns == before
    kept.write_text("{}")  # what cannot be read is measured again
    assert crossval(*args, env=env).code == 0
    assert json.loads(kept.read_text())["floor_version"] == 1


def test_a_production_build_passes_and_a_norm_weight_does_not(crossval, model, tmp_path):
    """The real model, both references in the floor of the canonical one, which is kept in the cache."""
    args = ("per-token", "-q", "-m", model, "-p", TEXT, "--max-tokens", 0, "--require", "floor", "--format", "json")
    healthy = crossval(*args, "--candidate", PRODUCTION)
    assert healthy.code == 0 and healthy.json["verdict"] in ("MATCH", "DRIFT"), healthy.out[-1500:] + healthy.err
    assert healthy.json["floor"]["decisive_flips"] == 0
    copy = tmp_path / "norm.gguf"
    shutil.copy(model, copy)
    reader = gguf.GGUFReader(copy, "r+")
    next(t for t in reader.tensors if t.name == "blk.7.attn_norm.weight").data[:] *= 1.5
    del reader
    wrong = crossval(*args, "--candidate", f"native:model={copy}")
    assert wrong.code == 1 and wrong.json["verdict"] == "DIVERGED", wrong.out[-1500:] + wrong.err
