"""Real output against docs/result.schema.json; exit codes the same in text and JSON."""
import copy
import json

import jsonschema
import pytest

from conftest import ROOT

PROMPT = ["-p", "The quick brown fox", "--max-tokens", "2"]
# name: (arguments, exit code, verdict)
RUNS = {
    "identical": (["--require", "bits"], 0, "IDENTICAL"),
    "diverged, traced": (["--candidate", "native:fault=rope-pairing", "--require", "bits", "--first-diff"], 1,
                         "DIVERGED"),
    "diverged, explained": (["--candidate", "native:fault=rope-base@3", "--require", "bits", "--explain"], 1, "DIVERGED"),
    "diverged by cosine": (["--candidate", "native:fault=wrong-head"], 1, "DIVERGED"),
    "tokens differ": (["--tokenizer", "GPT2"], 2, "TOKENS-DIFFER"),
    "tokens overruled": (["--tokenizer", "GPT2", "--on-token-mismatch", "use-candidate"], 2, "TOKENS-DIFFER"),
    "within the floor": (["--candidate", "native:kv=f32", "--reference", "native", "--require", "floor"], 0, "MATCH"),
    "unhealthy": (["--candidate", "native:fault=nan"], 3, "UNHEALTHY"),
    "usage error": (["--require", "luck"], 64, None),
    "no such engine": (["--reference", "llama.cpp:worker=/nonexistent"], 4, None),
}


# what it is in the schema: (arguments after which the model is named, exit code)
OTHERS = {
    "tokenisation": (["tokenize", "-p", "naïve", "-m"], 0),
    "tokenisation, count": (["tokenize", "-p", "naïve", "--count", "-m"], 0),
    "token_comparison": (["tokenize", "-p", "naïve", "--compare", "-m"], 0),
    "token_comparison, differs": (["tokenize", "-p", "in 1984", "--compare", "--tokenizer", "GPT2", "-m"], 2),
    "generation": (["run", "-p", "naïve", "--max-tokens", "2", "-m"], 0),
    "inspection": (["inspect"], 0),
    "inspection, weights unread": (["inspect", "--quick"], 0),
    "tensor_inspection": (["inspect", "--tensor", "output_norm.weight"], 0),
    "diagnosis": (["doctor", "-m"], 0),
    "explanation": (["explain", "-p", "naïve", "--reference", "native", "-m"], 0),
    "explanation, wrong": (["explain", "-p", "naïve", "--reference", "native", "--candidate", "native:fault=nan", "-m"], 1),
    "recording": (["record", "-p", "naïve", "-o", "RECORDING", "--top-k", "2", "-m"], 0),
    "invariance": (["invariance", "-p", "naïve", "-m"], 0),
    "text_alignment": (["per-token", "--align", "text", "-p", "naïve", "--reference", "native", "-m"], 0),
    "tensor_matching": (["match", "-p", "naïve", "--reference", "oracle", "-m"], 0),
    "verification": (["verify", "PRODUCED", "--margin-tol", "1000", "-m"], 0),
    "verification, drawn": (["verify", "PRODUCED", "--temp", "1", "--top-k", "3", "--margin-tol", "1000", "-m"], 0),
    "error, health": (["run", "-p", "naïve", "--engine", "native:fault=nan", "-m"], 3),
}


def run_of(name, gpt2):
    arguments, code, verdict = RUNS[name]
    return [gpt2 if argument == "GPT2" else argument for argument in arguments], code, verdict


@pytest.fixture(scope="session")
def validator():
    schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", RUNS)
def test_output_is_as_the_schema_says(crossval, model, gpt2, validator, name):
    arguments, code, verdict = run_of(name, gpt2)
    run = crossval("per-token", "-m", model, *PROMPT, *arguments, "--format", "json")
    assert run.code == code, run.err
    document = run.json
    validator.validate(document)
    assert document["exit_code"] == code
    assert document.get("verdict") == verdict
    if verdict in ("IDENTICAL", "MATCH", "DIVERGED"):
        count = document["prompt_positions"] + document["decode_steps"]
        assert count == len(document["positions"]) == len(document["per_token_cosine_sim"]) > 0
        assert count == len(document["per_token_l2_dist"])
        assert len(document["tokens"]) == document["prompt_positions"]


@pytest.mark.parametrize("name", RUNS)
def test_text_has_the_same_exit_code(crossval, model, gpt2, name):
    arguments, code, verdict = run_of(name, gpt2)
    run = crossval("per-token", "-m", model, *PROMPT, *arguments)
    assert run.code == code, run.err
    assert (verdict or "") in run.out
    assert "\x1b" not in run.out + run.err


@pytest.fixture(scope="session")
def is_a(validator):
    """is_a("generation", document): valid, and of that kind."""

    def check(kind, document):
        validator.validate(document)
        validator.evolve(schema={**validator.schema, "oneOf": [{"$ref": f"#/$defs/{kind}"}]}).validate(document)

    return check


@pytest.mark.parametrize("name", OTHERS)
def test_other_commands(crossval, model, gpt2, is_a, name, tmp_path):
    arguments, code = OTHERS[name]
    (tmp_path / "produced.json").write_text('{"samples": [{"prompt_token_ids": [1], "outputs": [{"token_ids": [2]}]}]}')
    files = {"GPT2": gpt2, "RECORDING": tmp_path / "a.xval", "PRODUCED": tmp_path / "produced.json"}
    run = crossval(*(files.get(argument, argument) for argument in arguments), model, "--format", "json")
    assert run.code == code, run.err
    is_a(name.split(",")[0], run.json)
    assert run.json["exit_code"] == code


def test_a_suite(crossval, model, is_a, tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({
        "pairs": [{"candidate": "native:fault=nan", "reference": "native", "model": str(model)},
                  {"name": "same", "candidate": "native", "reference": "native", "model": str(model)}],
        "prompts": [{"set": "smoke"}], "max_tokens": 0, "shards": 8}))
    first = crossval("suite", "run", tmp_path / "s.json", "--shard", 7, "--format", "json")
    part = crossval("suite", "report", tmp_path / "s.results", "--format", "json")
    for run in (first, part):
        assert run.code == 3, run.err
        is_a("suite", run.json)
    assert first.json["missing_shards"] == [] and part.json["missing_shards"] == list(range(7))


def test_suites_over_time(crossval, made_model, is_a, tmp_path):
    model = made_model("F16", layers=1)
    for name, candidate in (("a", "native"), ("b", "native:fault=eps")):
        (tmp_path / f"{name}.json").write_text(json.dumps({
            "models": {"m": str(model)}, "two_by_two": [], "prompts": [{"set": "smoke"}], "max_tokens": 0, "shards": 8,
            "require": "bits", "limits": {"max_kl": 0}, "explain": 1,
            "pairs": [{"name": "p", "candidate": candidate, "reference": "native"}]}))
        crossval("suite", "run", tmp_path / f"{name}.json")
    for run, code in ((crossval("suite", "diff", tmp_path / "a.results", tmp_path / "b.results", "--format", "json"), 1),):
        assert run.code == code, run.err
        is_a("suite_difference", run.json)
        assert run.json["pairs"][0]["broken_limits"][0]["figure"] == "max_kl"
    base = ("--baseline", tmp_path / "base.json", "--format", "json")
    for folder, code in (("a", 0), ("b", 64)):
        run = crossval("suite", "accept", tmp_path / f"{folder}.results", *base)
        assert run.code == code, run.err
        is_a("suite_acceptance", run.json)
    worse = crossval("suite", "report", tmp_path / "b.results", *base)
    assert worse.code == 1 and "WORSE" in worse.out
    is_a("suite", worse.json)
    assert worse.json["explanations"][0]["cause"] == "eps" and worse.json["pairs"][0]["limits"][0]["state"] == "broken"


def test_what_differs_between_two_files(crossval, is_a, validator, tmp_path):
    for name, options in (("a", ["--types", "I2_S", "--layers", "1"]), ("b", ["--types", "Q4_0", "--layers", "2"])):
        made = crossval("synth", "--arch", "bitnet", *options, "-o", tmp_path / f"{name}.gguf")
        assert made.code == 0, made.err
    same = crossval("inspect", tmp_path / "a.gguf", tmp_path / "a.gguf", "--format", "json")
    differs = crossval("inspect", tmp_path / "a.gguf", tmp_path / "b.gguf", "--format", "json")
    assert (same.code, differs.code) == (0, 1)
    is_a("file_difference", same.json)
    is_a("file_difference", differs.json)
    assert same.json["identical"] and differs.json["metadata"] and differs.json["a_i2s"]
    assert any(tensor["distance"] for tensor in differs.json["tensors"])
    assert any(tensor["a"] is None for tensor in differs.json["tensors"])
    run = crossval("per-token", "-m", tmp_path / "a.gguf", "--reference", "native", "--candidate",
                   f"native:model={tmp_path / 'b.gguf'}", "--tokens", "1,2", "--max-tokens", 0, "--format", "json")
    validator.validate(run.json)
    assert run.json["model_difference"]["tensors"] and run.json["model_difference"]["facts"]


def test_numbers_that_json_lacks(crossval, model, validator):
    run = crossval("per-token", "-m", model, *PROMPT, "--candidate", "native:fault=nan", "--format", "json")
    document = json.loads(run.out, parse_constant=lambda name: pytest.fail("bare " + name))
    validator.validate(document)
    assert document["max_absolute_diff"] == "NaN"
    assert "NaN" in document["per_token_l2_dist"]


def test_the_schema_refuses_what_it_does_not_know(crossval, model, validator):
    good = crossval("per-token", "-m", model, *PROMPT, "--format", "json").json
    validator.validate(good)
    for spoil in (lambda d: d.pop("positions"), lambda d: d.update(colour="red"), lambda d: d.update(status="fine"),
                  lambda d: d["positions"][0].pop("kl"), lambda d: d["candidate"]["settings"].update(n_ctx="many")):
        bad = copy.deepcopy(good)
        spoil(bad)
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(bad)
