"""crossval suite: one file, many prompts, any number of shards, killed at any moment; the result is the same."""
import contextlib
import json
import os
import random
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from conftest import ROOT

MISTAKEN = ROOT / "tests" / "e2e" / "engines" / "mistaken.py"
PROMPTS = [f"prompt {i}: " + " ".join(["alpha", "beta", "gamma", "delta"][(i + k) % 4] for k in range(3 + i % 5)) for i in range(24)]
ALL = bool(os.environ.get("CROSSVAL_TEST_ALL"))


@pytest.fixture(scope="module")
def tiny(made_model):
    return made_model("F16", layers=1)


def write_suite(folder, model, **changes):
    suite = {"models": {"tiny": str(model)},
             "pairs": [{"name": "same", "candidate": "native", "reference": "native"},
                       {"name": "eps", "candidate": "native:fault=eps", "reference": "native", "require": "bits"}],
             "prompts": [{"file": "prompts.jsonl"}], "max_tokens": 1, **changes}
    folder.mkdir(exist_ok=True)
    (folder / "prompts.jsonl").write_text("".join(json.dumps({"id": f"p{i}", "text": text}) + "\n" for i, text in enumerate(PROMPTS)))
    path = folder / "suite.json"
    path.write_text(json.dumps(suite, indent=1))
    return path


def rows(database):
    """All that is kept, but for times and the manifest's hash, which knows the number of shards."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        columns = [c[1] for c in db.execute("PRAGMA table_info(prompt)") if c[1] != "seconds"]
        return [db.execute(f"SELECT {', '.join(columns)} FROM prompt ORDER BY pair, prompt").fetchall(),
                db.execute("SELECT * FROM position ORDER BY pair, prompt, position").fetchall(),
                db.execute("SELECT * FROM engine ORDER BY pair, side, place").fetchall()]


@pytest.fixture(scope="module")
def whole(crossval, tiny, tmp_path_factory):
    """The suite in one process: its folder and what it says."""
    folder = tmp_path_factory.mktemp("whole")
    run = crossval("suite", "run", write_suite(folder, tiny), "-o", folder / "r", "--format", "json")
    assert run.code == 1, run.err
    return folder / "r", run.json


def test_the_figures_are_those_of_per_token(crossval, tiny, whole):
    """Prompt by prompt what `per-token` says of it; perplexity by hand from its JSON rows' neighbours."""
    folder, said = whole
    assert said["verdict"] == "DIVERGED" and said["exit_code"] == 1
    same, eps = said["pairs"]
    assert same["verdict"] == "IDENTICAL" and same["failed"] == 0
    assert same["statistics"]["kl"] == {"value": 0, "error": 0} and same["statistics"]["same_top"]["value"] == 1
    assert eps["failed"] == len(PROMPTS)
    for i in (0, 7, 23):
        alone = crossval("per-token", "-m", tiny, "-p", PROMPTS[i], "--candidate", "native:fault=eps", "--reference", "native",
                         "--require", "bits", "--max-tokens", 1, "--format", "json").json
        kept = eps["prompts"][i]
        assert kept["id"] == f"p{i}" and kept["verdict"] == alone["verdict"]
        assert kept["tokens"] == len(alone["tokens"]) and kept["positions"] == len(alone["positions"])
        assert kept["largest_kl"] == max(p["kl"] for p in alone["positions"])
        assert kept["lowest_cosine"] == min(p["cosine"] for p in alone["positions"])
        assert kept["first_divergence"] == next(p["position"] for p in alone["positions"] if not p["passed"])
    with sqlite3.connect(folder / "result.sqlite") as db:
        kl = [row[0] for row in db.execute("SELECT kl FROM position WHERE pair = 1")]
    assert eps["statistics"]["positions"] == len(kl)
    assert eps["statistics"]["kl"]["value"] == pytest.approx(sum(kl) / len(kl), rel=1e-12)


def test_the_perplexity_is_that_of_the_logits(crossval, tiny, whole, tmp_path):
    """−ln p of each next token from the logits that --dump writes, by NumPy in double."""
    import numpy
    folder, said = whole
    with sqlite3.connect(folder / "result.sqlite") as db:
        kept = db.execute("SELECT candidate_next, reference_next FROM position WHERE pair = 1 AND prompt = 3 ORDER BY position").fetchall()
    crossval("per-token", "-m", tiny, "-p", PROMPTS[3], "--candidate", "native:fault=eps", "--reference", "native", "--max-tokens", 0,
             "--dump", tmp_path / "d")
    tokens = json.loads((tmp_path / "d" / "tokens.json").read_text())
    ids = [t["id"] if isinstance(t, dict) else t for t in (tokens["tokens"] if isinstance(tokens, dict) else tokens)]
    for side, column in (("candidate", 0), ("reference", 1)):
        logits = numpy.load(tmp_path / "d" / f"{side}.npy").astype(numpy.float64)
        log_p = logits - numpy.log(numpy.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True)) - logits.max(1, keepdims=True)
        for at in range(len(ids) - 1):
            assert kept[at][column] == pytest.approx(log_p[at, ids[at + 1]], abs=1e-9)
    assert kept[len(ids) - 1] == (None, None)  # nothing follows
    scored = said["pairs"][1]["statistics"]["scored"]
    assert scored == sum(p["tokens"] - 1 for p in said["pairs"][1]["prompts"])


def test_flips_are_ties_or_decisive(crossval, tiny, tmp_path):
    """By NumPy from dumped logits: decisive where the reference's two highest logits are farther apart than twice the noise, which
    is the largest median of the floor's settings. A sound engine has none, and without a floor there is nothing to say."""
    import numpy
    floor = tmp_path / "floor.json"
    assert crossval("calibrate", "-m", tiny, "--engine", "native", "-o", floor, "-q").code == 0
    beside = {"reference": "native", "require": "cos", "floor": str(floor)}
    suite = write_suite(tmp_path / "s", tiny, max_tokens=0, pairs=[
        {"name": "wrong", "candidate": "native:fault=rope-pairing", **beside}, {"name": "sound", "candidate": "native", **beside},
        {"name": "unknown", "candidate": "native:fault=rope-pairing", "reference": "native"}])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--markdown", tmp_path / "r.md", "--html", tmp_path / "r.html",
                   "--format", "json")
    assert run.code == 1, run.err
    wrong, sound, unknown = run.json["pairs"]
    noise = max(setting["max_abs_diff"]["median"] for setting in json.loads(floor.read_text())["settings"])
    counts, positions = [0, 0], 0
    for i, text in enumerate(PROMPTS):
        crossval("per-token", "-m", tiny, "-p", text, "--candidate", "native:fault=rope-pairing", "--reference", "native",
                 "--max-tokens", 0, "--dump", tmp_path / "d")
        candidate, reference = (numpy.load(tmp_path / "d" / f"{side}.npy").astype(numpy.float64) for side in ("candidate", "reference"))
        second, first = numpy.sort(reference)[:, -2:].T
        flips = candidate.argmax(1) != reference.argmax(1)
        decisive = flips & ~(first - second <= 2 * noise)
        kept = wrong["prompts"][i]
        assert (kept["tie_flips"], kept["decisive_flips"]) == (int((flips & ~decisive).sum()), int(decisive.sum()))
        assert kept["same_top"] == len(flips) - flips.sum()
        counts = [counts[0] + kept["tie_flips"], counts[1] + kept["decisive_flips"]]
        positions += len(flips)
    of = wrong["statistics"]
    assert [of["tie_flips"], of["decisive_flips"]] == counts and min(counts) > 0
    assert of["decisive_share"]["value"] == pytest.approx(counts[1] / positions, rel=1e-12)
    assert (sound["statistics"]["tie_flips"], sound["statistics"]["decisive_flips"]) == (0, 0)
    assert unknown["statistics"]["decisive_flips"] is None and unknown["prompts"][0]["tie_flips"] is None
    with sqlite3.connect(tmp_path / "r" / "result.sqlite") as db:
        stored = db.execute("SELECT sum(candidate_top != reference_top AND NOT reference_margin <= 2 * noise), sum(decisive_flip) "
                            "FROM position WHERE pair = 0").fetchone()
        assert stored == (counts[1], counts[1])
        assert db.execute("SELECT count(noise), count(decisive_flip) FROM position WHERE pair = 2").fetchone() == (0, 0)
    text = " ".join(crossval("suite", "report", tmp_path / "r").out.split())
    assert f"flips of it: {counts[0]} where the reference nearly ties, {counts[1]} decisive" in text
    assert f"| {counts[0]} + {counts[1]} |" in (tmp_path / "r.md").read_text()
    assert f'<td class="number" data-value="{counts[1]}">{counts[1]}</td>' in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("jobs, shards", [(1, 5), (2, 3)])
def test_shards_give_the_same(crossval, tiny, whole, tmp_path, jobs, shards):
    run = crossval("suite", "run", write_suite(tmp_path / "s", tiny), "-o", tmp_path / "r", "--shards", shards, "-j", jobs,
                   "--format", "json")
    assert run.code == 1, run.err
    assert run.json == whole[1]
    assert rows(tmp_path / "r" / "result.sqlite") == rows(whole[0] / "result.sqlite")


def test_shards_one_by_one_and_merged(crossval, tiny, whole, tmp_path):
    """As a scheduler runs them: each in a process of its own, the number in the environment or on the command line."""
    suite, folder = write_suite(tmp_path / "s", tiny, shards=3), tmp_path / "r"
    missing = crossval("suite", "run", suite, "-o", folder, "--missing")
    assert (missing.code, missing.out) == (0, "0,1,2\n")
    first = crossval("suite", "run", suite, "-o", folder, "--shard", "1/3")
    assert first.code == 1 and "1 of 3" in first.out
    assert crossval("suite", "run", suite, "-o", folder, "--missing").out == "0,2\n"
    report = crossval("suite", "report", folder, "--format", "json")
    assert report.json["missing_shards"] == [0, 2] and report.code == 1
    # --array=2 gives SLURM_ARRAY_TASK_COUNT=1: the total is the suite's.
    crossval("suite", "run", suite, "-o", folder, env={"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "1"})
    crossval("suite", "run", suite, "-o", folder, env={"JOB_COMPLETION_INDEX": "0"})
    assert crossval("suite", "run", suite, "-o", folder, "--missing").out == ""
    merged = crossval("suite", "merge", folder, "--format", "json")
    assert merged.json == whole[1]
    again = crossval("suite", "merge", folder, "--format", "json")
    assert again.out == merged.out
    assert rows(folder / "result.sqlite") == rows(whole[0] / "result.sqlite")


def test_shards_of_two_folders_are_merged(crossval, tiny, whole, tmp_path):
    suite = write_suite(tmp_path / "s", tiny, shards=2)
    for i in (0, 1):
        crossval("suite", "run", suite, "-o", tmp_path / f"r{i}", "--shard", f"{i}/2")
    merged = crossval("suite", "merge", tmp_path / "r0", tmp_path / "r1", "--format", "json")
    assert merged.json == whole[1]


def some_are_written(partial):
    """A shard in its middle: the log of its writes is longer than its tables, its engines and a first run make it."""
    log = partial.with_name(partial.name + "-wal")
    return log.exists() and log.stat().st_size > 45_000


def test_killed_at_any_moment(binary, crossval, tiny, whole, tmp_path):
    """kill -9, again and again, until one run gets to its end: no prompt lost, none doubled."""
    suite, folder = write_suite(tmp_path / "s", tiny), tmp_path / "r"
    chance, kills, wanted = random.Random(15), 0, 100 if ALL else 15
    for attempt in range(20 * wanted):
        if kills >= wanted:
            break
        shutil.rmtree(folder, ignore_errors=True) if attempt and (folder / "result.sqlite").exists() else None
        process = subprocess.Popen([binary, "suite", "run", suite, "-o", folder, "--resume", "-q"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        time.sleep(chance.uniform(0.02, 0.5))
        process.kill()
        _, err = process.communicate()
        kills += process.returncode == -signal.SIGKILL
        assert process.returncode in (-signal.SIGKILL, 1), err
    assert kills >= wanted
    last = crossval("suite", "run", suite, "-o", folder, "--resume", "--format", "json")
    assert last.json == whole[1], last.err
    assert rows(folder / "result.sqlite") == rows(whole[0] / "result.sqlite")


def test_sigterm_keeps_what_is_done_and_asks_to_be_run_again(binary, crossval, tiny, whole, tmp_path):
    suite, folder = write_suite(tmp_path / "s", tiny), tmp_path / "r"
    partial = folder / "shard-0-of-1.sqlite.partial"
    for number, code in ((signal.SIGTERM, 75), (signal.SIGINT, 130)):
        for _ in range(20):
            process = subprocess.Popen([binary, "suite", "run", suite, "-o", folder, "--resume"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            while not some_are_written(partial) and process.poll() is None:
                time.sleep(0.001)
            process.send_signal(number)
            _, err = process.communicate(timeout=300)
            if partial.exists():
                break
            shutil.rmtree(folder)  # it ended before the signal came: from the beginning
        assert process.returncode == code, err
        if code == 75:
            assert "--resume" in err
        with contextlib.closing(sqlite3.connect(partial)) as db:
            assert 0 < db.execute("SELECT count(*) FROM prompt").fetchone()[0] < 2 * len(PROMPTS)
    last = crossval("suite", "run", suite, "-o", folder, "--resume", "--format", "json")
    assert last.json == whole[1]


def test_a_full_disk(binary, crossval, tiny, whole, tmp_path):
    """A limit on the size of a file stands for it: what was finished is kept, and a later run goes on."""
    suite, folder = write_suite(tmp_path / "s", tiny), tmp_path / "r"
    run = subprocess.run(["bash", "-c", 'ulimit -f 60; exec "$0" "$@"', binary, "suite", "run", suite, "-o", folder], text=True,
                         capture_output=True, restore_signals=False)
    assert run.returncode == 74, run.stderr
    assert "the disk is full" in run.stderr and "--resume" in run.stderr
    with contextlib.closing(sqlite3.connect(folder / "shard-0-of-1.sqlite.partial")) as db:
        assert 0 < db.execute("SELECT count(*) FROM prompt").fetchone()[0] < 2 * len(PROMPTS)
    last = crossval("suite", "run", suite, "-o", folder, "--resume", "--format", "json")
    assert last.json == whole[1]


def test_two_writers_of_a_shard(binary, crossval, tiny, tmp_path):
    suite, folder = write_suite(tmp_path / "s", tiny, prompts=[{"file": "prompts.jsonl"}], max_tokens=40), tmp_path / "r"
    first = subprocess.Popen([binary, "suite", "run", suite, "-o", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not some_are_written(folder / "shard-0-of-1.sqlite.partial") and first.poll() is None:
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)  # it has not ended, however long the second takes to start
    second = crossval("suite", "run", suite, "-o", folder, "--resume")
    first.send_signal(signal.SIGCONT)
    first.communicate()
    assert second.code == 64, second.out + second.err
    assert "another process is writing this file" in second.err and "one writer" in second.err


def test_what_was_run_is_not_run_again_unasked(crossval, tiny, whole):
    folder = whole[0]
    run = crossval("suite", "run", folder.parent / "suite.json", "-o", folder)
    assert run.code == 64 and "there are results already" in run.err and "--resume" in run.err
    resumed = crossval("suite", "run", folder.parent / "suite.json", "-o", folder, "--resume", "--format", "json")
    assert resumed.json == whole[1]


def test_another_state_of_the_suite_is_refused(crossval, tiny, whole, tmp_path):
    """Changed settings, prompts or weights: the results of before are not gone on with."""
    folder = tmp_path / "r"
    shutil.copytree(whole[0], folder)
    settings = crossval("suite", "run", write_suite(tmp_path / "a", tiny, max_tokens=2), "-o", folder, "--resume")
    assert settings.code == 64 and "/pairs/0/max_tokens is now 2" in settings.err
    suite = write_suite(tmp_path / "b", tiny)
    text = (tmp_path / "b" / "prompts.jsonl").read_text()
    (tmp_path / "b" / "prompts.jsonl").write_text(text.replace("prompt 3", "prompt three"))
    prompts = crossval("suite", "run", suite, "-o", folder, "--resume")
    assert prompts.code == 64 and "another state of this one" in prompts.err
    weights = tmp_path / "tiny.gguf"
    data = bytearray(tiny.read_bytes())
    data[-100] ^= 1
    weights.write_bytes(data)
    other = crossval("suite", "run", write_suite(tmp_path / "c", weights), "-o", folder, "--resume")
    assert other.code == 64 and "another state of this one" in other.err
    assert (folder / "suite-folder").read_text() == (whole[0] / "suite-folder").read_text()  # still of the suite whose results these are


def test_a_suite_that_is_moved_between_two_shards(crossval, tiny, whole, tmp_path):
    """As on a node with another mount: the manifest has no absolute path, the other shard is run and merged in the new place, and
    the report's commands are of that place. Other weights under the same name are refused there."""
    def suite_in(folder, model="models/m.gguf"):
        return write_suite(folder, model, shards=2)
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "models").mkdir(parents=True)
    shutil.copy(tiny, here / "models" / "m.gguf")
    first = crossval("suite", "run", suite_in(here), "--shard", "0/2")
    assert first.code == 1, first.err
    manifest = (here / "suite.results" / "manifest.json").read_text()
    assert str(tmp_path) not in manifest and '"models/m.gguf"' in manifest
    shutil.copytree(here, tmp_path / "third")  # a machine of its own, whose folder of results is merged with the other's
    here.rename(there)
    second = crossval("suite", "run", "suite.json", "--shard", "1/2", "--resume", cwd=there)
    assert second.code == 1, second.err
    merged = crossval("suite", "merge", there / "suite.results", "--markdown", tmp_path / "r.md", "--format", "json")
    assert merged.code == 1 and merged.json["missing_shards"] == [], merged.err
    assert [pair["prompts"] for pair in merged.json["pairs"]] == [pair["prompts"] for pair in whole[1]["pairs"]]
    assert {pair["model"] for pair in merged.json["pairs"]} == {str(there / "models" / "m.gguf")}
    assert str(there / "models" / "m.gguf") in (tmp_path / "r.md").read_text() and str(here) + "/" not in (tmp_path / "r.md").read_text()
    (there / "suite.results" / "result.sqlite").unlink()
    (there / "suite.results" / "shard-0-of-2.sqlite").unlink()
    both = crossval("suite", "merge", there / "suite.results", tmp_path / "third" / "suite.results", "--format", "json")
    assert both.json == merged.json, both.err
    data = bytearray(tiny.read_bytes())
    data[-100] ^= 1
    (there / "models" / "m.gguf").write_bytes(data)
    other = crossval("suite", "run", there / "suite.json", "--resume")
    assert other.code == 64 and "another state of this one" in other.err


def test_results_in_a_folder_of_their_own(crossval, tiny, tmp_path):
    """A suite file that was moved since: what ran last says where it is."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(tiny, tmp_path / name / "m.gguf")
        run = crossval("suite", "run", write_suite(tmp_path / name, "m.gguf", shards=2), "-o", tmp_path / "r", "--shard", f"{int(name == 'b')}/2")
        assert run.code == 1, run.err
        report = crossval("suite", "report", tmp_path / "r", "--format", "json")
        assert report.json["pairs"][0]["model"] == str(tmp_path / name / "m.gguf")
    assert report.json["missing_shards"] == []


def test_a_model_that_is_not_on_this_machine(crossval, tmp_path):
    run = crossval("suite", "run", write_suite(tmp_path / "s", tmp_path / "none.gguf"), "-o", tmp_path / "r")
    assert run.code == 5 and "none.gguf" in run.err
    assert not (tmp_path / "r").exists()


def mistaken(mistake=""):
    return f"exec:{sys.executable} '{MISTAKEN}' {mistake}"


def exec_suite(folder, tiny, candidate, prompts, **changes):
    folder.mkdir()
    (folder / "p.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in prompts))
    path = folder / "suite.json"
    path.write_text(json.dumps({"models": {"tiny": str(tiny)}, "max_tokens": 0,
                                "pairs": [{"candidate": candidate, "reference": mistaken()}], "prompts": [{"file": "p.jsonl"}], **changes}))
    return path


def test_an_engine_that_dies_over_a_prompt(crossval, tiny, tmp_path):
    """It is loaded anew; the prompt is marked, the rest goes on."""
    suite = exec_suite(tmp_path / "s", tiny, mistaken("crashes"), ["ab", "abcd", "cd", "dcba", "x"])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert run.code == 4, run.err
    assert run.json["verdict"] == "ERROR" and run.json["status"] == "error"
    verdicts = [p["verdict"] for p in run.json["pairs"][0]["prompts"]]
    assert verdicts == ["IDENTICAL", "ERROR", "IDENTICAL", "ERROR", "IDENTICAL"]
    error = run.json["pairs"][0]["prompts"][1]["error"]
    assert error["code"] == 4 and "candidate" in error["where"] and "SIGSEGV" in error["what"]


def test_an_engine_that_stalls(crossval, tiny, tmp_path):
    suite = exec_suite(tmp_path / "s", tiny, mistaken("stalls"), ["ab", "abcd", "cd"], timeout_seconds=2)
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert run.code == 4
    assert [p["verdict"] == "ERROR" for p in run.json["pairs"][0]["prompts"]] == [False, True, False]


def test_an_engine_that_cannot_start_leaves_its_prompts_for_later(crossval, tiny, tmp_path):
    """Nothing is noted for them: --resume tries again; the other pair has been run."""
    suite = exec_suite(tmp_path / "s", tiny, mistaken("exits"), ["ab", "cd"],
                       pairs=[{"name": "gone", "candidate": mistaken("exits"), "reference": mistaken()},
                              {"name": "well", "candidate": mistaken(), "reference": mistaken()}])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r")
    assert run.code == 4 and "matrix 7 is broken" in run.err and 'pair "gone"' in run.err
    with sqlite3.connect(tmp_path / "r" / "shard-0-of-1.sqlite.partial") as db:
        assert db.execute("SELECT DISTINCT pair FROM prompt").fetchall() == [(1,)]


def test_a_nan_is_unhealthy(crossval, tiny, tmp_path):
    suite = exec_suite(tmp_path / "s", tiny, mistaken("nan"), ["ab", "cd"])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert run.code == 3 and run.json["status"] == "unhealthy"
    prompt = run.json["pairs"][0]["prompts"][0]
    assert prompt["verdict"] == "UNHEALTHY" and prompt["lowest_cosine"] == "NaN" and "nan" in prompt["detail"]
    assert run.json["pairs"][0]["statistics"]["positions"] == 0
    assert run.json["pairs"][0]["statistics"]["kl"] == {"value": "NaN", "error": "NaN"}


def test_a_recording_was_asked_for_its_settings(crossval, tiny, tmp_path):
    """As in per-token: what a recorded engine was asked to do differently is no unasked difference of the suite."""
    recorded = crossval("record", "-m", tiny, "--engine", "native:kv=f32", "-p", "abcd", "--max-tokens", 0, "-o", tmp_path / "run.xval", "-q")
    assert recorded.code == 0, recorded.err
    replay = f"replay:{tmp_path / 'run.xval'}"
    suite = exec_suite(tmp_path / "s", tiny, replay, ["abcd"], pairs=[{"candidate": replay, "reference": "native"}])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    alone = crossval("per-token", "-m", tiny, "--candidate", replay, "--reference", "native", "-p", "abcd", "--max-tokens", 0, "--format", "json")
    assert run.json["pairs"][0]["prompts"][0]["verdict"] == alone.json["verdict"] == "MATCH", run.out


def test_a_steps_summary_that_cannot_be_written(crossval, whole):
    run = crossval("suite", "report", whole[0], "--github", env={"GITHUB_STEP_SUMMARY": "/nowhere/summary.md"})
    assert run.code == 74 and "/nowhere/summary.md" in run.err


def test_other_tokens_are_told(crossval, tiny, tmp_path):
    suite = exec_suite(tmp_path / "s", tiny, mistaken("odd-ids"), ["ab"])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert run.code == 2 and run.json["status"] == "tokens-differ"


def test_a_prompt_that_is_too_long(crossval, tiny, tmp_path):
    suite = exec_suite(tmp_path / "s", tiny, mistaken(), ["ab", "a" * 100, "cd"])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert [p["verdict"] for p in run.json["pairs"][0]["prompts"]] == ["IDENTICAL", "ERROR", "IDENTICAL"]
    assert run.json["pairs"][0]["prompts"][1]["error"]["code"] == 64


def test_conversations(crossval, model, tmp_path):
    """Messages are rendered with the model's own template, as per-token does it."""
    messages = [{"role": "user", "content": "Name a colour."}]
    (tmp_path / "p.jsonl").write_text(json.dumps({"id": "chat", "messages": messages}) + "\n")
    (tmp_path / "suite.json").write_text(json.dumps({
        "pairs": [{"candidate": "native", "reference": "native", "model": str(model)}], "max_tokens": 0,
        "prompts": [{"file": "p.jsonl"}]}))
    run = crossval("suite", "run", tmp_path / "suite.json", "-o", tmp_path / "r", "--format", "json")
    assert run.code == 0, run.out + run.err
    (tmp_path / "m.json").write_text(json.dumps(messages))
    alone = crossval("tokenize", "-m", model, "--messages", tmp_path / "m.json", "--format", "json")
    assert run.json["pairs"][0]["prompts"][0]["tokens"] == len(alone.json["tokens"])
    printed = crossval("suite", "prompt", tmp_path / "r", "chat")
    assert json.loads(printed.out)["messages"] == messages


@pytest.mark.parametrize("words, said", [
    ((), "no action given"), (("run",), "takes a suite file"), (("report",), "takes the folder"),
    (("merge",), "takes the folders"), (("prompt", "x"), "and a prompt's id"),
    (("run", "/nowhere/suite.json"), "/nowhere/suite.json"), (("report", "/nowhere"), "/nowhere"),
])
def test_what_is_missing_is_said(crossval, words, said):
    run = crossval("suite", *words)
    assert run.code in (5, 64) and said in run.err


@pytest.mark.parametrize("shard", ["3/3", "-1/3", "x", "1/", "/2", "1/0", "9"])
def test_shards_that_are_none(crossval, tiny, tmp_path, shard):
    run = crossval("suite", "run", write_suite(tmp_path / "s", tiny), "-o", tmp_path / "r", f"--shard={shard}")
    assert run.code == 64 and "shard" in run.err


def test_a_report_of_what_is_no_result(crossval, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    run = crossval("suite", "report", tmp_path)
    assert run.code == 5 and "no manifest of a suite" in run.err and "suite run" in run.err


def test_the_schema_of_suite_files(crossval, tiny, tmp_path):
    """What the schema takes the program takes, and what it refuses is refused, key by key."""
    import jsonschema
    schema = json.loads((ROOT / "docs" / "suite.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    path = write_suite(tmp_path / "s", tiny)
    good = json.loads(path.read_text())
    validator.validate(json.loads((ROOT / "docs" / "examples" / "suite.json").read_text()))
    full = {**good, "name": "n", "shards": 2, "explain": 1, "threads": 1, "context": 64, "batch": 8, "timeout_seconds": 30, "prompt_template": "raw",
            "bos": "off", "special": "auto", "require": "cos", "cos_tol": 0.5, "logprob_tol": 1, "max_tokens": 0, "limits": {key: 1 for key in LIMITS}, "baseline": "b.json", "slack": 2,
            "two_by_two": [{"engines": ["native", "oracle"], "models": ["tiny", "again"]}],
            "models": {"tiny": str(tiny), "again": str(tiny)}}
    assert set(schema["properties"]) - set(full) == {"$schema", "system_prompt", "chat_template_kwargs", "floor"}
    for document in (good, full):
        validator.validate(document)
        path.write_text(json.dumps(document))
        run = crossval("suite", "run", path, "-o", tmp_path / "r", "--missing")
        assert run.code == 0, run.err
        shutil.rmtree(tmp_path / "r")
    pairs, bad = good["pairs"], []
    for key in schema["properties"]:
        bad.append({**good, key: [[]]})
    for key in schema["$defs"]["pair"]["properties"]:
        bad.append({**good, "pairs": [{**pairs[0], key: [[]]}]})
    for key in schema["$defs"]["two_by_two"]["properties"]:
        bad.append({**full, "two_by_two": [{**full["two_by_two"][0], key: [[]]}]})
    for key in schema["$defs"]["limits"]["properties"]:
        bad += [{**good, "limits": {key: value}} for value in ("1", -1, [[]], 3e9)]
    for key in schema["$defs"]["prompts"]["properties"]:
        bad.append({**good, "prompts": [{"file": "prompts.jsonl", key: [[]]}]})
    bad += [{**good, "shards": 0}, {**good, "cos_tol": 2}, {**good, "prompts": []}, {**good, "more": 1},
            {**good, "prompts": [{"set": "none"}]}, {**good, "prompts": [{}]}, {**good, "prompts": [{"file": "a", "set": "smoke"}]},
            {**good, "slack": 0.5}, {**good, "limits": {"same_top": 1.5}}, {**good, "limits": {"mean": 1}},
            {**good, "limits": {"decisive_flips": 0.5}}, {**good, "prompts": [{"file": "a", "chunks": 2}]}, {**good, "prompts": [{"set": "smoke", "chunk": 2}]},
            {**good, "prompts": [{"set": "smoke", "sha256": "0"}]}, {key: value for key, value in good.items() if key != "pairs"}]
    for document in bad:
        if document.get("$schema") != [[]]:
            assert not validator.is_valid(document), document
            path.write_text(json.dumps(document))
            run = crossval("suite", "run", path, "-o", tmp_path / "r", "--missing")
            assert run.code == 5 and "suite.json" in run.err, (document, run.err)


@pytest.fixture(scope="module")
def figures(whole):
    """What may be limited, of the pair "eps" in figures of the store's rows by NumPy: key -> value."""
    import numpy
    with sqlite3.connect(whole[0] / "result.sqlite") as db:
        kl, same, candidate, reference = numpy.array(db.execute(
            "SELECT kl, candidate_top = reference_top, candidate_next, reference_next FROM position WHERE pair = 1").fetchall(), float).T
    scored = ~numpy.isnan(candidate)
    return {"mean_kl": kl.mean(), "kl_p999": numpy.percentile(kl, 99.9), "max_kl": kl.max(), "same_top": same.mean(),
            "ln_perplexity_ratio": abs((reference - candidate)[scored].mean())}


LIMITS = ["mean_kl", "kl_p999", "max_kl", "same_top", "ln_perplexity_ratio"]


def limited(folder, tiny, of_pair, **changes):
    """The pair "eps" alone, whose runs all pass."""
    return write_suite(folder, tiny, pairs=[{"name": "eps", "candidate": "native:fault=eps", "reference": "native", "require": "cos",
                                             "cos_tol": -1, "limits": of_pair}], **changes)


@pytest.mark.parametrize("key", LIMITS)
def test_a_limit_is_kept_or_broken(crossval, tiny, figures, tmp_path, key):
    """A hair's breadth on either side of the figure; broken it is in every report, with exit status 1."""
    import xml.etree.ElementTree
    value, sign = figures[key], -1 if key == "same_top" else 1
    for name, limit, code in (("kept", value + sign * 1e-9, 0), ("broken", value - sign * 1e-9, 1)):
        suite, out = limited(tmp_path / name, tiny, {key: limit}), tmp_path / f"{name}.results"
        files = [word for kind in ("junit", "markdown", "gitlab", "sarif", "html") for word in (f"--{kind}", tmp_path / f"{name}.{kind}")]
        run = crossval("suite", "run", suite, "-o", out, "--format", "json", *files)
        assert run.code == code, run.out + run.err
        pair, = run.json["pairs"]
        said, = pair["limits"]
        assert (said["figure"], said["limit"], said["state"]) == (key, limit, name)
        assert said["value"] == pytest.approx(value, rel=1e-12, abs=1e-15)
        assert run.json["verdict"] == pair["verdict"] == ("BEYOND-LIMITS" if code else "MATCH") and pair["failed"] == 0
        text = crossval("suite", "report", out, "--github")
        assert text.code == code and ("BROKEN" in text.out) == ("BEYOND-LIMITS" in text.out) == ("::error" in text.out) == bool(code)
        case, = (c for c in xml.etree.ElementTree.parse(tmp_path / f"{name}.junit").getroot().iter("testcase") if c.get("name") == key)
        assert len(case.findall("failure")) == code
        gitlab = [f["check_name"] for f in json.loads((tmp_path / f"{name}.gitlab").read_text())]
        sarif = [r["ruleId"] for r in json.loads((tmp_path / f"{name}.sarif").read_text())["runs"][0]["results"]]
        assert gitlab == sarif == ["crossval/limit"] * code
        for kind in ("markdown", "html"):
            report = (tmp_path / f"{name}.{kind}").read_text()
            assert ("BEYOND-LIMITS" in report) == bool(code) and "Limits" in report and f"{name}" in report


def test_limits_of_decisive_flips(crossval, tiny, tmp_path):
    """As many as the store has are kept, one less is not; without a floor nobody can say."""
    floor = tmp_path / "floor.json"
    assert crossval("calibrate", "-m", tiny, "--engine", "native", "-o", floor, "-q").code == 0
    pair = {"name": "p", "candidate": "native:fault=rope-pairing", "reference": "native", "require": "cos", "cos_tol": -1}
    def run(name, limits, **more):
        return crossval("suite", "run", write_suite(tmp_path / name, tiny, pairs=[{**pair, **more}], limits=limits), "-o", tmp_path / f"{name}.r",
                        "--format", "json")
    assert run("all", {"decisive_flips": 100000}, floor=str(floor)).code == 0
    with sqlite3.connect(tmp_path / "all.r" / "result.sqlite") as db:
        count, = db.execute("SELECT sum(decisive_flip) FROM position").fetchone()
    assert count > 0
    assert run("kept", {"decisive_flips": count}, floor=str(floor)).code == 0
    assert run("broken", {"decisive_flips": count - 1}, floor=str(floor)).code == 1
    unknown = run("unknown", {"decisive_flips": 0})
    error = unknown.json["error"]
    assert unknown.code == 5 and "line " in error["where"] and "decisive_flips" in error["where"] and '"floor": "auto"' in error["hint"]


def test_a_pairs_limit_stands_before_that_of_all(crossval, tiny, figures, tmp_path):
    suite = limited(tmp_path / "s", tiny, {"max_kl": 1000}, limits={"max_kl": 0, "mean_kl": 0})
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert [(at["figure"], at["state"]) for at in run.json["pairs"][0]["limits"]] == [("mean_kl", "broken"), ("max_kl", "kept")]


def test_limits_of_a_part_are_not_judged(crossval, tiny, tmp_path):
    """Neither a shard alone nor a suite that lacks some is within or beyond; the whole is."""
    suite, out = limited(tmp_path / "s", tiny, {"mean_kl": 0, "max_kl": 1000}, shards=2), tmp_path / "r"
    alone = crossval("suite", "run", suite, "-o", out, "--shard", "0/2", "--format", "json")
    lacking = crossval("suite", "report", out, "--junit", tmp_path / "r.xml", "--format", "json")
    for run, code in ((alone, 0), (lacking, 75)):
        assert run.code == code, run.err
        assert [at["state"] for at in run.json["pairs"][0]["limits"]] == ["not-judged"] * 2
    assert (tmp_path / "r.xml").read_text().count("<skipped ") == 2
    assert lacking.json["verdict"] == "INCOMPLETE"
    crossval("suite", "run", suite, "-o", out, "--shard", "1/2")
    whole = crossval("suite", "report", out, "--format", "json")
    assert whole.code == 1 and [at["state"] for at in whole.json["pairs"][0]["limits"]] == ["broken", "kept"]


def test_limits_over_time(crossval, tiny, tmp_path):
    """suite diff fails where a limit is broken that was not, and not where it was."""
    for name, limit in (("wide", 1000), ("narrow", 0)):
        crossval("suite", "run", limited(tmp_path / name, tiny, {"mean_kl": limit}), "-o", tmp_path / f"{name}.r")
    fails = crossval("suite", "diff", tmp_path / "wide.r", tmp_path / "narrow.r")
    assert fails.code == 1 and "1 limit broken now and not before" in fails.out
    assert crossval("suite", "diff", tmp_path / "narrow.r", tmp_path / "narrow.r").code == 0


def test_the_farthest_runs_are_explained(crossval, tiny, tmp_path):
    """A planted fault is found in the runs that have the lowest cosine, and the sound pair is left alone; resuming explains nothing
    twice; the command shows the same."""
    suite = write_suite(tmp_path / "s", tiny, explain=2, shards=2, pairs=[
        {"name": "same", "candidate": "native", "reference": "native", "require": "bits"},
        {"name": "wrong", "candidate": "native:fault=rope-base@0", "reference": "native", "require": "bits"}])
    files = ("--markdown", tmp_path / "r.md", "--html", tmp_path / "r.html")
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json", *files)
    assert run.code == 1, run.err
    with sqlite3.connect(tmp_path / "r" / "result.sqlite") as db:
        farthest = db.execute("SELECT prompt, first_divergence FROM prompt WHERE pair = 1 ORDER BY lowest_cosine, prompt LIMIT 2").fetchall()
    found = run.json["explanations"]
    assert [(e["pair"], e["prompt"], e["position"]) for e in found] == [("wrong", f"p{i}", first) for i, first in sorted(farthest)]
    for e in found:
        assert e["verdict"] == "CANDIDATE-WRONG" and "-0" in e["operation"] and e["cause"] == "rope-base"
        assert e["operation"] in e["sentence"] and e["cause"] in e["sentence"] and e["command"].endswith("--explain")
        for kind in ("md", "html"):
            assert "the first operation that is off is " + e["operation"] in (tmp_path / f"r.{kind}").read_text()
    text = " ".join(crossval("suite", "report", tmp_path / "r").out.split())
    assert text.count("CANDIDATE-WRONG at position") == 2 and text.count("--explain") == 2
    kept = (tmp_path / "r" / "explained.sqlite").read_bytes()
    again = crossval("suite", "explain", suite, "-o", tmp_path / "r", "--format", "json", "-v")
    assert again.json == run.json and "judge" not in again.err
    more = crossval("suite", "explain", write_suite(tmp_path / "s", tiny, **{**json.loads(suite.read_text()), "explain": 3}), "-o",
                    tmp_path / "r", "--format", "json")
    assert len(more.json["explanations"]) == 3 and all(e in more.json["explanations"] for e in found)
    assert (tmp_path / "r" / "explained.sqlite").read_bytes() != kept
    shown = crossval("per-token", "-m", tiny, "-p", PROMPTS[sorted(farthest)[0][0]], "--candidate", "native:fault=rope-base@0", "--reference",
                     "native", "--require", "bits", "--max-tokens", 1, "--explain", "--format", "json")
    assert (shown.json["explanation"]["verdict"], shown.json["explanation"]["positions"]) == ("CANDIDATE-WRONG", found[0]["position"] + 1)


def test_an_explanation_that_is_killed_is_gone_on_with(binary, crossval, tiny, tmp_path):
    """kill -9 at random moments, of a suite that was run before anybody asked for explanations; in the end each is there once."""
    pairs = [{"name": "wrong", "candidate": "native:fault=rope-base@0", "reference": "native", "require": "bits"}]
    alone = crossval("suite", "run", write_suite(tmp_path / "s", tiny, pairs=pairs, explain=8), "-o", tmp_path / "alone", "--format", "json")
    assert len(alone.json["explanations"]) == 8
    assert crossval("suite", "run", write_suite(tmp_path / "s", tiny, pairs=pairs), "-o", tmp_path / "r").code == 1
    suite, chance, kills = write_suite(tmp_path / "s", tiny, pairs=pairs, explain=8), random.Random(15), 0
    for _ in range(60):
        process = subprocess.Popen([binary, "suite", "explain", suite, "-o", tmp_path / "r", "-q"], stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, 0.4))
        process.kill()
        if process.wait() == -signal.SIGKILL:
            kills += 1
        else:  # the end came first: from the beginning
            assert process.returncode == 1
            (tmp_path / "r" / "explained.sqlite").unlink()
        if kills == 5:
            break
    assert kills == 5
    last = crossval("suite", "explain", suite, "-o", tmp_path / "r", "--format", "json")
    assert last.code == 1 and [{**e, "command": ""} for e in last.json["explanations"]] == [{**e, "command": ""} for e in alone.json["explanations"]]


def test_nothing_is_explained_of_a_sound_suite(crossval, tiny, tmp_path):
    suite = write_suite(tmp_path / "s", tiny, explain=3, pairs=[{"candidate": "native", "reference": "native"}])
    run = crossval("suite", "run", suite, "-o", tmp_path / "r", "--format", "json")
    assert run.code == 0 and run.json["explanations"] == [] and not (tmp_path / "r" / "explained.sqlite").exists()


def test_what_cannot_be_explained_says_why(crossval, tiny, tmp_path):
    """Engines of the tests that show no tensors and know another vocabulary; the suite ends as it would without."""
    pair = {"candidate": mistaken("nan"), "reference": mistaken()}
    plain = crossval("suite", "run", exec_suite(tmp_path / "s", tiny, pair["candidate"], ["ab"]), "-o", tmp_path / "r", "--format", "json")
    suite = exec_suite(tmp_path / "e", tiny, pair["candidate"], ["ab"], explain=1)
    run = crossval("suite", "run", suite, "-o", tmp_path / "x", "--format", "json")
    assert run.code == plain.code == 3, run.err
    found, = run.json["explanations"]
    assert found["operation"] is None and found["sentence"]
    assert {**run.json, "explanations": []} == {**plain.json, "explanations": []}
    none = crossval("suite", "explain", tmp_path / "s" / "suite.json", "-o", tmp_path / "r")
    assert none.code == 64 and '"explain": 3' in none.err


def test_scripts_alone(crossval, tiny, tmp_path):
    """--no-submit needs no Slurm; words of a path are quoted; bash reads both."""
    suite, folder = write_suite(tmp_path / "a b", tiny, threads=2), tmp_path / "r 'x"
    done = crossval("suite", "slurm", suite, "-o", folder, "--shards", 4, "--no-submit", "--sbatch=--partition=short")
    assert done.code == 0, done.err
    text = (folder / "array.sbatch").read_text()
    assert "#SBATCH --array=0,1,2,3\n" in text and "#SBATCH --partition=short\n" in text and "#SBATCH --cpus-per-task=2\n" in text
    def words():
        return shlex.split((folder / "merge.sbatch").read_text().splitlines()[-1])[2:]
    assert words() == ["suite", "merge", str(folder)]
    explaining = write_suite(tmp_path / "a b", tiny, threads=2, explain=1)
    assert crossval("suite", "slurm", explaining, "-o", folder, "--shards", 4, "--no-submit").code == 0
    assert words() == ["suite", "explain", str(explaining), "-o", str(folder), "--shards", "4"]
    for name in ("array.sbatch", "merge.sbatch"):
        assert subprocess.run(["bash", "-n", folder / name]).returncode == 0


def test_without_slurm(crossval, tiny, tmp_path):
    run = crossval("suite", "slurm", write_suite(tmp_path / "s", tiny), "-o", tmp_path / "r", env={"PATH": "/nowhere"})
    assert run.code == 4 and "no sbatch" in run.err and "--no-submit" in run.err


def test_the_kubernetes_example():
    """What an Indexed Job must have (Kubernetes API reference, batch/v1 Job); the command is one that the program takes."""
    import yaml
    job = yaml.safe_load((ROOT / "docs" / "examples" / "suite-job.yaml").read_text())
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    spec = job["spec"]
    known = {"completionMode", "completions", "parallelism", "backoffLimitPerIndex", "maxFailedIndexes", "podFailurePolicy", "template"}
    assert set(spec) == known
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # podFailurePolicy needs it
    container, = pod["containers"]
    rule, = spec["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == container["name"] and 0 not in rule["onExitCodes"]["values"]
    assert rule["action"] in ("FailIndex", "FailJob", "Ignore", "Count")
    command = container["command"]
    assert command[:3] == ["crossval", "suite", "run"] and command[command.index("--shards") + 1] == str(spec["completions"])
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_reports_for_people_and_for_ci(crossval, whole, tmp_path):
    """Each from the folder of results, each read by a parser that is not ours; what failed is in all of them."""
    import xml.etree.ElementTree
    from test_html import Page
    names = {"junit": "r.xml", "markdown": "r.md", "gitlab": "gl.json", "sarif": "r.sarif", "html": "r.html"}
    options = [word for name, file in names.items() for word in (f"--{name}", tmp_path / file)]
    summary = tmp_path / "summary.md"
    run = crossval("suite", "report", whole[0], *options, "--github", env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert run.code == 1, run.err
    failed = len(PROMPTS)
    root = xml.etree.ElementTree.parse(tmp_path / "r.xml").getroot()
    same, eps = root.findall("testsuite")
    assert (same.get("tests"), same.get("failures")) == (str(failed), "0")
    assert len(eps.findall("testcase/failure")) == failed == int(eps.get("failures"))
    assert len(json.loads((tmp_path / "gl.json").read_text())) == failed
    sarif = json.loads((tmp_path / "r.sarif").read_text())
    assert sarif["version"] == "2.1.0" and len(sarif["runs"][0]["results"]) == failed
    markdown = (tmp_path / "r.md").read_text()
    assert "DIVERGED" in markdown and "| same" in markdown and "crossval per-token" in markdown
    assert summary.read_text() == markdown
    assert run.out.count("::error ") == 10 and "::warning" in run.out
    page = Page((tmp_path / "r.html").read_text())
    assert page.loads == [] and any("DIVERGED" in text for text in page.text("h1"))


def test_the_command_of_a_report_shows_the_prompt(binary, crossval, whole, tmp_path):
    """As it stands in the Markdown, by a shell: the same verdict of the same prompt."""
    crossval("suite", "report", whole[0], "--markdown", tmp_path / "r.md")
    command = next(line for line in (tmp_path / "r.md").read_text().splitlines() if line.strip().startswith("crossval suite prompt"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "crossval").symlink_to(binary)
    done = subprocess.run(["bash", "-c", command], text=True, capture_output=True,
                          env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == 1 and "DIVERGED" in done.stdout, done.stderr


def test_a_report_that_cannot_be_written(crossval, whole):
    run = crossval("suite", "report", whole[0], "--junit", "/nowhere/r.xml")
    assert run.code == 74 and "/nowhere/r.xml" in run.err


def test_missing_shards_are_never_green(crossval, tiny, tmp_path):
    import xml.etree.ElementTree
    suite = write_suite(tmp_path / "s", tiny, shards=3, pairs=[{"candidate": "native", "reference": "native"}])
    crossval("suite", "run", suite, "-o", tmp_path / "r", "--shard", "0/3")
    run = crossval("suite", "report", tmp_path / "r", "--junit", tmp_path / "r.xml")
    assert run.code == 75 and "INCOMPLETE" in run.out and "2 of 3 shards have no result (1, 2)" in " ".join(run.out.split())
    root = xml.etree.ElementTree.parse(tmp_path / "r.xml").getroot()
    assert len(root.findall(".//error")) >= 2


def test_many_prompts(binary, tiny, tmp_path):
    """Memory does not grow with the prompts; the page stays small and is made in seconds. The whole matrix: 10,000 prompts."""
    import time as clock

    def run(count):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "p.jsonl").write_text("".join(json.dumps({"id": f"p{i}", "text": f"text {i} of many, number {i * 7919 % 10007}"}) + "\n"
                                                for i in range(count)))
        (folder / "suite.json").write_text(json.dumps({
            "models": {"tiny": str(tiny)}, "max_tokens": 0, "prompts": [{"file": "p.jsonl"}],
            "pairs": [{"name": "same", "candidate": "native", "reference": "native"},
                      {"name": "eps", "candidate": "native:fault=eps", "reference": "native"}]}))
        process = subprocess.Popen([binary, "suite", "run", folder / "suite.json", "-q"], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(status) in (0, 1)
        return folder / "suite.results", usage.ru_maxrss / 1024

    few, many = 100, 10_000 if ALL else 1_500
    _, small = run(few)
    folder, large = run(many)
    per_prompt = (large - small) / (2 * (many - few)) * 1024
    assert per_prompt < 4, (small, large)  # kB of a run: its record, and eight bytes a position for the percentiles
    begin = clock.monotonic()
    done = subprocess.run([binary, "suite", "report", folder, "--html", folder / "r.html"], stdout=subprocess.DEVNULL)
    assert done.returncode in (0, 1)
    seconds, size = clock.monotonic() - begin, (folder / "r.html").stat().st_size
    print(f"{many} prompts: {small:.0f} and {large:.0f} MB, {per_prompt:.2f} kB a run, page {size / 1e6:.1f} MB in {seconds:.1f} s")
    assert size < 10e6
