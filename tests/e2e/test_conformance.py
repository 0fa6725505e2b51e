"""`conformance` passes engines that keep the protocol and names the rule that another one breaks."""
import json
import subprocess
import sys

import jsonschema
import pytest

from conftest import ROOT, script
from slices import slice_of

sys.path.insert(0, str(ROOT / "engines" / "python"))

import crossval as sdk

MISTAKEN = ROOT / "tests" / "e2e" / "engines" / "mistaken.py"
# planted mistake: the first rule that it breaks
MISTAKES = {
    "exits": "ready", "no-n-vocab": "ready", "no-n-ctx": "ready", "hangs": "ready",
    "refuses-crossvals-settings": "settings", "takes-any-setting": "unknown-setting",
    "speaks-any-version": "other-version", "no-kv-type": "kv-type", "narrow": "rows", "reversed": "rows",
    "counts-from-one": "rows", "a-row-too-few": "rows", "a-row-too-many": "rows", "bare-done": "rows",
    "says-stopped": "rows", "damaged": "rows", "chatter": "rows", "crashes": "rows", "random": "same-bits",
    "ignores-last": "last-row", "last-differs": "last-row", "forgets": "continues", "takes-any-request": "gap",
    "cancel-no-done": "cancel", "remembers-cancel": "cancel", "odd-ids": "tokenize", "pieces-short": "tokenize",
    "end-is-seven": "tokenize", "trace-bits": "trace", "trace-positions": "trace", "selection-bits": "selection",
    "ends-badly": "shutdown",
    "top-frame": "rows", "top-none": "top-rows", "top-foreign": "top-rows", "top-nan": "top-rows", "top-logits": "top-rows",
    "top-unsorted": "top-rows", "top-twice": "top-rows", "top-rest": "top-rows", "top-random": "same-bits",
    "hash-zero": "row-hashes", "hash-argmax": "row-hashes", "hash-zero-tensor": "row-hashes", "hash-short": "row-hashes",
    "hash-frame": "row-hashes", "hash-random": "same-bits", "hash-of-other-values": "trace"}
SLOW = {"outlives": "end-of-input", "no-done": "rows", "stalls": "rows"}  # ten seconds and more
CONFORMING = {"mistaken.py without a mistake": ([sys.executable, MISTAKEN], 20),
              "most likely tokens": ([sys.executable, MISTAKEN, "top"], 21),
              "hashes": ([sys.executable, MISTAKEN, "hash"], 21), "llama.cpp": (["worker"], 20),
              "numpy": ([sys.executable, ROOT / "engines/python/examples/numpy_llama.py"], 19),
              "sdk": ([sys.executable, ROOT / "tests/e2e/engines/small.py"], 20), "c": (["c"], 17)}


@pytest.fixture(scope="module")
def small(made_model):
    return made_model("F32", layers=1)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The engine in plain C, without a warning."""
    path = tmp_path_factory.mktemp("c") / "engine"
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-o", path,
                    ROOT / "engines" / "c" / "engine.c", "-lm"], check=True)
    return path


@pytest.fixture
def conformance(crossval, small):
    def run(engine, *more):
        return crossval("conformance", engine, "-m", small, "--format", "json", *more,
                        env={"PYTHONPATH": str(ROOT / "engines" / "python")})
    return run


def broken(run):
    return [rule["name"] for rule in run.json["rules"] if rule["keeping"] == "broken"]


@pytest.mark.parametrize("name", CONFORMING)
def test_what_keeps_the_protocol_passes(conformance, toy, name):
    command, kept = CONFORMING[name]
    command = {"worker": [script("worker")], "c": [toy]}.get(command[0], command)
    run = conformance(sdk.spec(command))
    assert (run.code, run.json["status"], broken(run)) == (0, "ok", []), run.out
    assert sum(rule["keeping"] == "kept" for rule in run.json["rules"]) == kept


@pytest.mark.parametrize("mistake", [*slice_of(MISTAKES, 8), *slice_of(SLOW, 1)])
def test_a_mistake_is_told_by_the_rule_that_it_breaks(conformance, mistake):
    waits = mistake in SLOW or mistake in ("hangs", "cancel-no-done")
    run = conformance(sdk.spec([sys.executable, MISTAKEN, mistake]), "--engine-timeout", 4 if waits else 60)
    assert (run.code, run.json["status"]) == (1, "broken"), run.out
    assert broken(run)[0] == {**MISTAKES, **SLOW}[mistake]
    assert all(rule["why"] for rule in run.json["rules"] if rule["keeping"] != "kept")


def test_there_are_enough_mistakes_and_each_rule_has_one(conformance):
    assert len(MISTAKES) >= 20
    rules = [rule["name"] for rule in conformance(sdk.spec([sys.executable, MISTAKEN])).json["rules"]]
    also = {"unknown-id", "too-many", "no-ids", "late-cancel"}  # broken with the first of their mistake
    assert {*MISTAKES.values(), *SLOW.values()} | also == set(rules)
    run = conformance(sdk.spec([sys.executable, MISTAKEN, "takes-any-request"]))
    assert set(broken(run)) == {"gap", "unknown-id", "too-many", "no-ids"}
    assert "late-cancel" in broken(conformance(sdk.spec([sys.executable, MISTAKEN, "remembers-cancel"])))


def test_the_text_has_the_same_and_the_document_is_as_the_schema_says(crossval, conformance, small):
    engine = sdk.spec([sys.executable, MISTAKEN, "forgets"])
    run = crossval("conformance", engine, "-m", small)
    assert run.code == 1 and "✗ continues" in run.out and run.out.count("✗") == 1
    assert "BREAKS-THE-PROTOCOL: 19 of 22 rules kept, 1 broken, 2 not checked." in run.out
    schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())
    for mistake in "forgets", "exits":
        found = conformance(sdk.spec([sys.executable, MISTAKEN, mistake]))
        jsonschema.Draft202012Validator(schema).validate(found.json)
    assert crossval("conformance", "native", "-m", small).code == 64
