"""crossval verify: produced tokens held against an engine's rows; by NumPy from dumped rows."""
import json

import numpy as np
import pytest


@pytest.fixture(scope="module")
def small(made_model):
    return made_model("F16", layers=2)


@pytest.fixture
def verified(crossval, small, tmp_path):
    def run(content, *more):
        path = tmp_path / "produced.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        done = crossval("verify", path, "-m", small, "--format", "json", *more)
        return done.code, done.json

    return run


def produced(*outputs, prompt=(5, 6, 7)):
    return {"config": {"model": "m", "temperature": 0},
            "samples": [{"prompt_token_ids": list(prompt), "outputs": [{"token_ids": list(o), "text": ""} for o in outputs]}]}


@pytest.fixture(scope="module")
def greedy(crossval, small):
    run = crossval("run", "-m", small, "--tokens", "5,6,7", "--max-tokens", 8, "--format", "json")
    assert run.code == 0 and len(run.json["tokens"]) == 8, run.err
    return run.json["tokens"]


@pytest.mark.parametrize("engine", ["native", "oracle", "llama.cpp"])
def test_its_own_greedy_tokens_are_its(verified, greedy, engine):
    code, result = verified(produced(greedy, greedy[:3]), "--engine", engine)
    assert (code, result["verdict"]) == (0, "ITS-TOKENS")
    assert (result["tokens"], result["matches"], result["outputs"], result["worst"]) == (11, 11, 2, [])
    low, high = result["match_interval"]
    assert (low, high) == (pytest.approx(1 / (1 + 1.96**2 / 11), abs=1e-3), 1)  # Wilson's at p = 1


def test_ranks_and_margins_are_the_rows(crossval, verified, small, tmp_path):
    tokens, dumped = [9, 300, 12, 44], tmp_path / "rows"
    crossval("per-token", "-m", small, "--tokens", "5,6,7,9,300,12,44", "--candidate", "native", "--reference", "native",
             "--max-tokens", 0, "--dump", dumped)
    rows = np.load(dumped / "candidate.npy")[2:6].astype("f8")
    code, result = verified(produced(tokens))
    margins = [row.max() - row[token] for row, token in zip(rows, tokens)]
    by_index = {t["index"]: t for t in result["worst"]}
    assert code == 1 and len(by_index) == result["far"] + result["near"] == sum(m > 0 for m in margins)
    for i, (row, token) in enumerate(zip(rows, tokens)):
        if margins[i] == 0:
            continue
        assert by_index[i]["token"] == token and by_index[i]["expected"] == row.argmax() and by_index[i]["position"] == 2 + i
        assert by_index[i]["margin"] == pytest.approx(margins[i], abs=1e-6)
        assert by_index[i]["rank"] == 1 + (row > row[token]).sum()
    assert result["largest_margin"] == pytest.approx(max(margins)) and result["mean_margin"] == pytest.approx(np.mean(margins))
    assert [t["margin"] for t in result["worst"]] == sorted((t["margin"] for t in result["worst"]), reverse=True)
    assert verified(produced(tokens), "--margin-tol", repr(float(max(margins)) + 1e-6))[0] == 0


def test_one_changed_token_is_found(verified, greedy):
    changed = list(greedy)
    changed[4] = (changed[4] + 1) % 365
    code, result = verified(produced(changed), "--margin-tol", "0")
    assert code == 1 and 4 in [t["index"] for t in result["worst"]]


def test_tokens_drawn_at_a_temperature_are_said_to_be(verified, greedy):
    for temperature, said in (0, False), (0.7, True):
        content = produced(greedy)
        content["config"]["temperature"] = temperature
        code, result = verified(content)
        assert code == 0 and ("sampled-tokens" in [w["name"] for w in result["warnings"]]) == said


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"samples": 3}', '{"samples": []}', '{"samples": [{"prompt_token_ids": [], "outputs": []}]}',
                                     '{"samples": [{"prompt_token_ids": [1], "outputs": [{"token_ids": "abc"}]}]}',
                                     '{"samples": [{"prompt_token_ids": [1], "outputs": [{"token_ids": []}]}]}',
                                     '{"samples": [{"prompt_token_ids": [1.0], "outputs": [{"token_ids": [2]}]}]}',
                                     '{"samples": [{"prompt_token_ids": [1], "outputs": [{"token_ids": [4294967297]}]}]}',
                                     '{"samples": [{"prompt_token_ids": [1], "outputs": [{"token_ids": [true]}]}]}',
                                     '{"samples": [[1]]}', '{"samples": [{"prompt_token_ids": [1], "outputs": {"token_ids": [2]}}]}'])
def test_bent_files_are_refused(verified, content):
    code, result = verified(content)
    assert code == 5 and result["status"] == "error"


def test_ids_that_no_vocabulary_has(verified):
    assert verified(produced([400]))[0] == 64
    assert verified(produced([1], prompt=(-1,)))[0] == 64
