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


def left(row, temperature, top_k=0, top_p=1.0, min_p=0.0, last=False):
    """What a sampling leaves of a row, by NumPy: id -> probability."""
    def softmax(x):
        x = np.exp(x - x.max())
        return x / x.sum()

    seen = softmax(row if last else row / temperature)
    order = np.argsort(-seen, kind="stable")[:top_k or None]
    shares = seen[order] / seen[order].sum()
    if top_p < 1:
        order = order[:int(np.searchsorted(np.cumsum(shares), top_p)) + 1]
    order = order[seen[order] >= min_p * seen.max()]
    return dict(zip(order.tolist(), softmax(row[order] / temperature)))


SAMPLINGS = [dict(temperature=0.8), dict(temperature=1.0, top_k=20), dict(temperature=0.5, top_p=0.6), dict(temperature=1.5, top_k=60, top_p=0.7, min_p=0.2),
             dict(temperature=1.5, top_p=0.7, min_p=0.2, last=True)]


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("by", ["options", "file"])
def test_drawn_tokens_are_scored_by_what_was_left(crossval, verified, small, tmp_path, sampling, by):
    prompt, tokens, dumped = [5, 6, 7], np.random.default_rng(2).integers(0, 365, 40).tolist(), tmp_path / "rows"
    crossval("per-token", "-m", small, "--tokens", ",".join(map(str, prompt + tokens)), "--candidate", "native", "--reference", "native",
             "--max-tokens", 0, "--dump", dumped)
    rows = np.load(dumped / "candidate.npy")[2:-1].astype("f8")
    content, words = produced(tokens, prompt=prompt), ["--margin-tol", "0.3"]
    named = {"temperature": "--temp", "top_k": "--top-k", "top_p": "--top-p", "min_p": "--min-p"}
    if by == "file":
        content["config"] = {k: v for k, v in sampling.items() if k != "last"}
    else:
        words += [w for key, value in sampling.items() if key != "last" for w in (named[key], str(value))]
    code, result = verified(content, *words, *(["--temperature-last"] if sampling.get("last") else []))
    supports = [left(row, **sampling) for row in rows]
    inside = [i for i, token in enumerate(tokens) if token in supports[i]]
    outside = {i: min(rows[i][j] for j in supports[i]) - rows[i][token] for i, token in enumerate(tokens) if token not in supports[i]}
    assert result["matches"] == len(inside) and result["far"] == sum(x > 0.3 for x in outside.values())
    assert result["near"] == len(outside) - result["far"] and code == (1 if result["far"] or result["drawn"]["unlikely"] else 0)
    for told in result["worst"]:
        assert told["outside"] == pytest.approx(outside[told["index"]], abs=1e-6)
    if inside:
        log_p = [np.log(supports[i][tokens[i]]) for i in inside]
        p = [np.array(list(supports[i].values())) for i in inside]
        expected = [float(np.sum(x * np.log(x))) for x in p]
        variance = sum(float(np.sum(x * np.log(x) ** 2)) - e * e for x, e in zip(p, expected))
        assert result["drawn"]["mean_log_probability"] == pytest.approx(np.mean(log_p), abs=1e-6)
        assert result["drawn"]["expected_log_probability"] == pytest.approx(np.mean(expected), abs=1e-6)
        assert result["drawn"]["deviation"] == pytest.approx((sum(log_p) - sum(expected)) / np.sqrt(variance), abs=1e-4)


def test_a_sample_is_known_from_others(crossval, verified, small):
    """150 tokens at a temperature: at that one, at another, and the most likely ones alone."""
    outputs = []
    for seed in range(5):
        run = crossval("run", "-m", small, "--tokens", "5,6,7", "--max-tokens", 30, "--temp", 0.6, "--top-k", 50, "--seed", seed, "--format", "json")
        assert run.code == 0, run.err
        outputs.append(run.json["tokens"])
    sampled = produced(*outputs)
    sampled["config"] |= {"temperature": 0.6, "top_k": 50}
    code, result = verified(sampled)
    assert (code, result["verdict"]) == (0, "ITS-TOKENS") and abs(result["drawn"]["deviation"]) < 4 and result["far"] == 0
    assert result["sampling"] == {"temperature": 0.6, "top_k": 50, "top_p": 1, "min_p": 0, "temperature_last": False}
    code, result = verified(sampled, "--temp", "3")
    assert code == 1 and result["drawn"]["unlikely"] and result["drawn"]["deviation"] > 5 and result["far"] == 0
    code, result = verified(sampled, "--top-k", "2", "--margin-tol", "0")
    assert code == 1 and result["far"] > 0  # outside what such a sampling leaves
    greedy = crossval("run", "-m", small, "--tokens", "5,6,7", "--max-tokens", 60, "--format", "json").json["tokens"]
    code, result = verified(produced(greedy), "--temp", "0.6")
    assert (result["far"], result["near"]) == (0, 0) and (code == 1) == result["drawn"]["unlikely"] and result["drawn"]["deviation"] > 0


@pytest.mark.parametrize("bad", [{"temperature": -1}, {"temperature": 1, "top_p": 0}, {"temperature": 1, "min_p": 2}])
def test_a_sampling_that_is_none(verified, bad):
    content = produced([1])
    content["config"] = bad
    assert verified(content)[0] == 5
    words = [w for key, value in bad.items() for w in ({"temperature": "--temp", "top_p": "--top-p", "min_p": "--min-p"}[key], str(value))]
    assert verified(produced([1]), *words)[0] == 64


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
