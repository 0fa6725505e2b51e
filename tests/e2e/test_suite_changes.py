"""Suites over time and over models: what was accepted, what has changed, is it the engine or the quantisation?"""
import hashlib
import json
import math
import os
import sqlite3
import subprocess

import gguf
import pytest

from test_kl_base import with_bos

TEXTS = ["alpha beta gamma delta", "one two three four five six", "the same the same the same", "x", "12 + 30 = 42, is it?"]


@pytest.fixture(scope="module")
def tiny(made_model):
    return made_model("F16", layers=1)


def write_suite(folder, model, candidate, **changes):
    suite = {"models": {"tiny": str(model)}, "pairs": [{"name": "pair", "candidate": candidate, "reference": "native"}],
             "prompts": [{"file": "prompts.jsonl"}], "max_tokens": 1, "require": "bits", **changes}
    folder.mkdir(exist_ok=True)
    (folder / "prompts.jsonl").write_text("".join(json.dumps({"id": f"p{i}", "text": text}) + "\n" for i, text in enumerate(TEXTS)))
    (folder / "suite.json").write_text(json.dumps(suite, indent=1))
    return folder / "suite.json"


@pytest.fixture(scope="module")
def runs(crossval, tiny, tmp_path_factory):
    """Folders of one suite whose candidate is sound and has a fault."""
    top = tmp_path_factory.mktemp("runs")
    for name, candidate in (("sound", "native"), ("large", "native:fault=eps")):
        run = crossval("suite", "run", write_suite(top / name, tiny, candidate), "-o", top / name / "r")
        assert run.code in (0, 1), run.err
    return {name: top / name / "r" for name in ("sound", "large")}


def limits(path):
    return {(entry["pair"], entry["prompt"]): entry for entry in json.loads(path.read_text())["limits"]}


def test_a_failure_is_accepted_with_a_reason_alone(crossval, runs, tmp_path):
    """Refused without one, and nothing is written; then the report is green and says that it was accepted."""
    baseline = tmp_path / "b.json"
    before = crossval("suite", "report", runs["large"])
    assert before.code == 1
    refused = crossval("suite", "accept", runs["large"], "--baseline", baseline)
    assert refused.code == 64 and "--reason" in refused.err and not baseline.exists()
    assert "added" in refused.out
    taken = crossval("suite", "accept", runs["large"], "--baseline", baseline, "--reason", "eps is theirs", "--by", "Ann")
    assert taken.code == 0, taken.err
    said = json.loads(baseline.read_text())
    assert [(a["by"], a["reason"]) for a in said["acceptances"]] == [("Ann", "eps is theirs")]
    assert said["acceptances"][0]["at"].endswith("Z") and len(said["acceptances"][0]["run"]) == 64
    after = crossval("suite", "report", runs["large"], "--baseline", baseline)
    assert after.code == 0 and "ACCEPTED" in after.out, after.out
    # Each figure by hand from the store's rows.
    with sqlite3.connect(runs["large"] / "result.sqlite") as db:
        for prompt in range(len(TEXTS)):
            cosine, kl, other = db.execute("SELECT min(cosine), max(kl), sum(candidate_top != reference_top) FROM position WHERE prompt = ?",
                                           (prompt,)).fetchone()
            limit = limits(baseline)["pair", f"p{prompt}"]
            assert (limit["distance"], limit["largest_kl"], limit["other_top"]) == (1 - cosine, kl, other)


def test_limits_shrink_and_do_not_grow(crossval, runs, tmp_path):
    baseline = tmp_path / "b.json"
    assert crossval("suite", "accept", runs["large"], "--baseline", baseline, "--reason", "at first").code == 0
    shrunk = crossval("suite", "accept", runs["sound"], "--baseline", baseline, "--format", "json")
    assert shrunk.code == 0 and shrunk.json["written"], shrunk.err
    assert {c["change"] for c in shrunk.json["changes"]} == {"lowered"}
    assert all(limit["distance"] == 0 for limit in limits(baseline).values())
    kept = baseline.read_bytes()
    grown = crossval("suite", "accept", runs["large"], "--baseline", baseline, "--format", "json")
    assert grown.code == 64 and not grown.json["written"] and baseline.read_bytes() == kept
    assert {c["change"] for c in grown.json["changes"]} == {"grown"}
    assert crossval("suite", "accept", runs["large"], "--baseline", baseline, "--reason", "it has to be").code == 0


def test_a_match_that_is_worse_than_accepted_fails(crossval, tiny, tmp_path):
    """Within its tolerance and yet not what it was: the ratchet; every reporter has it."""
    loose = {"require": "cos", "cos_tol": -1, "logprob_tol": 1e6}
    baseline = tmp_path / "accepted.json"
    sound = crossval("suite", "run", write_suite(tmp_path / "a", tiny, "native", **loose), "-o", tmp_path / "a" / "r")
    assert sound.code == 0
    assert crossval("suite", "accept", tmp_path / "a" / "r", "--baseline", baseline).code == 0
    path = write_suite(tmp_path / "b", tiny, "native:fault=eps", baseline=str(baseline), **loose)
    run = crossval("suite", "run", path, "--junit", tmp_path / "j.xml", "--html", tmp_path / "p.html", "--sarif", tmp_path / "s.json",
                   "--markdown", tmp_path / "m.md", "--gitlab", tmp_path / "g.json", "--github", "--format", "text")
    assert run.code == 1 and "WORSE" in run.out, run.out
    assert 'type="WORSE"' in (tmp_path / "j.xml").read_text()
    assert "WORSE" in (tmp_path / "p.html").read_text() and "**WORSE**" in (tmp_path / "m.md").read_text()
    assert {finding["check_name"] for finding in json.loads((tmp_path / "g.json").read_text())} == {"crossval/worse"}
    assert {result["ruleId"] for result in json.loads((tmp_path / "s.json").read_text())["runs"][0]["results"]} == {"crossval/worse"}
    assert "::error" in run.out
    # As far as the suite allows it is none.
    assert crossval("suite", "report", tmp_path / "b" / "suite.results", "--slack", 1e6).code == 1  # 0 stays 0


def test_without_a_baseline_yet_the_report_says_so(crossval, tiny, tmp_path):
    path = write_suite(tmp_path / "s", tiny, "native", baseline="accepted.json")
    run = crossval("suite", "run", path)
    assert run.code == 0 and "there is none yet" in run.out and "suite accept" in run.out
    accepted = crossval("suite", "accept", tmp_path / "s" / "suite.results")
    assert accepted.code == 0 and (tmp_path / "s" / "accepted.json").exists()
    again = crossval("suite", "report", tmp_path / "s" / "suite.results")
    assert again.code == 0 and "there is none yet" not in again.out
    named = crossval("suite", "report", tmp_path / "s" / "suite.results", "--baseline", tmp_path / "none.json")
    assert named.code == 64 and "no such baseline" in named.err
    early = crossval("suite", "run", path, "-o", tmp_path / "r", "--baseline", tmp_path / "none.json")
    assert early.code == 64 and "no such baseline" in early.err and not (tmp_path / "r").exists()  # before anything is run


def test_what_is_not_complete_or_not_named_is_not_accepted(crossval, tiny, tmp_path):
    path = write_suite(tmp_path / "s", tiny, "native")
    assert crossval("suite", "run", path, "--shards", 2, "--shard", "0").code == 0
    partial = crossval("suite", "accept", tmp_path / "s" / "suite.results", "--baseline", tmp_path / "b.json")
    assert partial.code == 64 and "not complete" in partial.err and not (tmp_path / "b.json").exists()
    nameless = crossval("suite", "accept", tmp_path / "s" / "suite.results")
    assert nameless.code == 64 and "names no baseline" in nameless.err


def test_diff_says_what_fails_now(crossval, runs):
    worse = crossval("suite", "diff", runs["sound"], runs["large"], "--format", "json")
    assert worse.code == 1, worse.err
    pair, = worse.json["pairs"]
    fails = [run for run in pair["runs"] if run["change"] == "fails"]
    assert fails and all(run["before"]["verdict"] == "IDENTICAL" and run["after"]["verdict"] == "DIVERGED" for run in fails)
    assert "candidate engine: native → native:fault=eps" in pair["engine_changes"]
    text = crossval("suite", "diff", runs["sound"], runs["large"])
    assert text.code == 1 and "FAILS" in text.out and "1.0000000 → 0." in text.out
    better = crossval("suite", "diff", runs["large"], runs["sound"])
    assert better.code == 0 and "passes" in better.out and "No run fails that did not before." in better.out
    same = crossval("suite", "diff", runs["sound"], runs["sound"])
    assert same.code == 0 and f"{len(TEXTS)} the same" in same.out
    assert crossval("suite", "diff", runs["sound"]).code == 64


@pytest.fixture(scope="module")
def square(crossval, made_model, tiny, tmp_path_factory):
    """Two engines (the second has another eps) on two files."""
    other = made_model("Q8_0", layers=1)
    top = tmp_path_factory.mktemp("square")
    path = write_suite(top, tiny, "native", models={"full": str(tiny), "q8": str(other)}, pairs=[],
                       two_by_two=[{"name": "mine", "engines": ["native", "native:fault=eps"], "models": ["full", "q8"]},
                                   {"name": "ours", "engines": ["llama.cpp", "native"], "models": ["full", "q8"]}])
    suite = json.loads(path.read_text())
    del suite["pairs"]
    path.write_text(json.dumps(suite))
    run = crossval("suite", "run", path, "--shards", 2, "-o", top / "r", "--html", top / "p.html", "--markdown", top / "m.md", "--format", "json")
    assert run.code in (0, 1), run.err
    return top, run.json


def test_engine_and_quantisation_add_up(crossval, square):
    """By Python from the store's rows: means are ratios of sums over prompts, the interval is Student's t of m − 1."""
    top, said = square
    with sqlite3.connect(top / "r" / "result.sqlite") as db:
        rows = db.execute("SELECT f.prompt, f.reference_next, f.candidate_next, q.reference_next, q.candidate_next FROM position f "
                          "JOIN position q USING (prompt, position) WHERE f.pair = 0 AND q.pair = 1 AND f.candidate_next NOT NULL").fetchall()
    mine = said["two_by_two"][0]
    assert mine["positions"] == len(rows) and mine["left_out"] == 0
    effects = {"engine0": lambda a, b, c, d: a - b, "engine1": lambda a, b, c, d: c - d, "model0": lambda a, b, c, d: a - c,
               "model1": lambda a, b, c, d: b - d, "interaction": lambda a, b, c, d: (c - d) - (a - b), "whole": lambda a, b, c, d: a - d}
    kept = {"engine0": mine["engine"][0], "engine1": mine["engine"][1], "model0": mine["quantisation"][0],
            "model1": mine["quantisation"][1], "interaction": mine["interaction"], "whole": mine["whole"]}
    m = len({row[0] for row in rows})
    assert m == mine["prompts"] == 4  # "x" is one token: it scores nothing
    for name, of in effects.items():
        values = [(row[0], of(*row[1:])) for row in rows]
        mean = sum(v for _, v in values) / len(values)
        parts = {p: [v for q, v in values if q == p] for p, _ in values}
        error = math.sqrt(m / (m - 1) * sum((sum(part) - mean * len(part)) ** 2 for part in parts.values())) / len(values)
        assert kept[name]["mean"]["value"] == pytest.approx(mean, rel=1e-9, abs=1e-15)
        assert kept[name]["mean"]["error"] == pytest.approx(error, rel=1e-9, abs=1e-15)
        assert kept[name]["high"] - mean == pytest.approx(3.1824 * error, rel=1e-6, abs=1e-15)  # t of 3 degrees, 97.5 %
        assert kept[name]["rms"] == pytest.approx(math.sqrt(sum(v * v for _, v in values) / len(values)), rel=1e-9, abs=1e-15)
    total = kept["engine0"]["mean"]["value"] + kept["model0"]["mean"]["value"] + kept["interaction"]["mean"]["value"]
    assert total == pytest.approx(kept["whole"]["mean"]["value"], rel=1e-9)


def test_which_of_the_two_it_is(crossval, square):
    """native and llama.cpp are equal on each file: all of it is the model."""
    top, said = square
    ours = said["two_by_two"][1]
    assert [effect["rms"] for effect in ours["engine"]] == [0, 0] and ours["interaction"]["rms"] == 0
    assert ours["quantisation"][0] == ours["quantisation"][1] == ours["whole"]
    text = crossval("suite", "report", top / "r").out
    assert "all of it is the model" in text and "The quantisation moves a position" in text
    assert "all of it is the model" in (top / "p.html").read_text() and "### `mine`" in (top / "m.md").read_text()


@pytest.mark.parametrize("change, what", [
    ({"engines": ["native"], "models": ["full", "q8"]}, "no list of two different strings"),
    ({"engines": ["native", "native"], "models": ["full", "q8"]}, "no list of two different strings"),
    ({"engines": ["native", "natvie"], "models": ["full", "q8"]}, "natvie"),
    ({"engines": ["native", "oracle"], "models": ["full", "q4"]}, 'no model "q4"'),
    ({"engines": ["native", "oracle"], "models": ["full", "q8"], "model": "x"}, "not known"),
    ({"engines": ["native", "oracle"]}, '"models" is missing'),
])
def test_a_square_that_is_none(crossval, tiny, tmp_path, change, what):
    path = write_suite(tmp_path, tiny, "native", models={"full": str(tiny), "q8": str(tiny)}, two_by_two=[change])
    run = crossval("suite", "run", path)
    assert run.code == 5 and what in run.err and "suite.json" in run.err, run.err


TEXT = "alpha beta gamma delta, and one two three. " * 12


def chunked(folder, model, **changes):
    folder.mkdir(exist_ok=True)
    (folder / "text.txt").write_text(TEXT + "\n")
    path = folder / "suite.json"
    path.write_text(json.dumps({"models": {"m": str(model)}, "pairs": [{"candidate": "native:fault=eps", "reference": "native"}],
                                "max_tokens": 0, "require": "bits", "prompts": [{"file": "text.txt", "chunk": 16, "chunks": 5, **changes}]}))
    return path


@pytest.mark.parametrize("add_bos", [False, True])
def test_a_text_in_chunks(crossval, binary, tiny, tmp_path, add_bos):
    """Ids as `tokenize` gives them, cut here; figures of each chunk's second half, by Python from the store's rows."""
    model = tmp_path / "m.gguf"
    with_bos(tiny, model, add_bos)
    run = crossval("suite", "run", chunked(tmp_path / "s", model), "-o", tmp_path / "r", "--format", "json")
    assert run.code == 1, run.err
    ids = [t["id"] for t in crossval("tokenize", "-m", model, "-p", TEXT, "--format", "json").json["tokens"]]
    chunks = [ids[i * 16:i * 16 + 16] for i in range(5)]
    if add_bos:
        bos = int(gguf.GGUFReader(model).fields["tokenizer.ggml.bos_token_id"].contents())
        assert ids[0] == bos and chunks[1][0] != bos
        chunks = [[bos, *chunk[1:]] for chunk in chunks]
    kept = [json.loads(line) for line in (tmp_path / "r" / "prompts.jsonl").read_text().splitlines()]
    assert [(line["id"], line["tokens"], line["score_from"]) for line in kept] == [(f"text.txt/{i}", c, 8) for i, c in enumerate(chunks)]
    printed = crossval("suite", "prompt", tmp_path / "r", "text.txt/2").out
    assert printed == ",".join(map(str, chunks[2]))
    with sqlite3.connect(tmp_path / "r" / "result.sqlite") as db:
        rows = db.execute("SELECT kl, candidate_next FROM position WHERE position >= 8 AND candidate_next NOT NULL").fetchall()
    statistics = run.json["pairs"][0]["statistics"]
    assert statistics["positions"] == statistics["scored"] == len(rows) == 5 * 7
    assert statistics["kl"]["value"] == pytest.approx(sum(kl for kl, _ in rows) / 35, rel=1e-12)
    assert statistics["candidate_nll"]["value"] == pytest.approx(-sum(p for _, p in rows) / 35, rel=1e-12)
    # The command that the report gives for a chunk works, and says of it what the suite does.
    report = crossval("suite", "report", tmp_path / "r", "--markdown", tmp_path / "m.md")
    assert report.code == run.code
    command = next(line for line in (tmp_path / "m.md").read_text().splitlines() if line.startswith("crossval per-token --tokens "))
    again = subprocess.run(["bash", "-c", command + " --format json"], stdout=subprocess.PIPE, text=True, cwd="/",
                           env={**os.environ, "PATH": f"{binary.parent}:{os.environ['PATH']}"})
    assert json.loads(again.stdout)["verdict"] == "DIVERGED"


@pytest.mark.parametrize("change, code, what", [
    ({"chunk": 1}, 5, "no whole number from 2"),
    ({"chunk": 400}, 5, "two chunks of 400 are the least"),
    ({"sha256": "00"}, 5, "its SHA-256 is " + hashlib.sha256((TEXT + "\n").encode()).hexdigest()),
    ({"file": "text.jsonl"}, 5, "can be cut"),
    ({"sha256": hashlib.sha256((TEXT + "\n").encode()).hexdigest()}, 1, ""),
])
def test_chunks_that_are_refused(crossval, tiny, tmp_path, change, code, what):
    run = crossval("suite", "run", chunked(tmp_path / "s", tiny, **change))
    assert run.code in ((0, 1) if code == 1 else (code,)) and what in run.err, run.err


def test_a_text_needs_a_vocabulary(crossval, tmp_path):
    path = chunked(tmp_path / "s", tmp_path)
    suite = json.loads(path.read_text())
    del suite["models"]
    suite["pairs"] = [{"candidate": "exec:true", "reference": "exec:true"}]
    path.write_text(json.dumps(suite))
    run = crossval("suite", "run", path)
    assert run.code == 5 and 'Give it a "model".' in run.err, run.err


def test_models_of_two_vocabularies_have_no_chunks_in_common(crossval, tiny, model, tmp_path):
    path = chunked(tmp_path / "s", tiny)
    suite = json.loads(path.read_text())
    suite["models"]["other"] = str(model)
    path.write_text(json.dumps(suite))
    run = crossval("suite", "run", path)
    assert run.code == 5 and "different ids of the text" in run.err and "each vocabulary" in run.err
