"""exec:COMMAND: a program that nobody here built, as candidate and as reference, healthy and not."""
import signal
import subprocess
import sys
import time

import pytest

from conftest import ROOT

MISTAKEN = ROOT / "tests" / "e2e" / "engines" / "mistaken.py"
IDS = "1,2,3,4,5"


def mistaken(mistake="", keys=""):
    return f"exec:{sys.executable} '{MISTAKEN}' {mistake}{keys}"


@pytest.fixture(scope="module")
def small(made_model):
    """A model with the small vocabulary, whose 365 ids the program has too."""
    return made_model("F16", layers=1)


@pytest.fixture
def pair(crossval, small):
    """Two engines over the same ids."""

    def run(candidate, reference, *more, **kwargs):
        return crossval("per-token", "-m", small, "--kv", "f32", "--candidate", candidate, "--reference", reference,
                        *(more or ("--tokens", IDS)), **kwargs)

    return run


def test_the_same_program_twice_is_identical(pair):
    run = pair(mistaken(), mistaken(), "--tokens", IDS, "--require", "bits", "--max-tokens", 3, "--format", "json")
    assert run.code == 0, run.err
    assert run.json["verdict"] == "IDENTICAL" and run.json["decode_steps"] == 3
    assert run.json["candidate"]["identity"]["name"] == "mistaken"
    assert "llama.cpp" not in run.out + run.err


@pytest.mark.parametrize("checksum", ["crc-32", "none"])
def test_its_first_frame_chooses_the_checksum(pair, checksum):
    run = pair(mistaken(keys=f",env.CHECKSUM={checksum}"), mistaken(), "--tokens", IDS, "--format", "json")
    assert run.code == 0, run.err
    assert run.json["candidate"]["settings"]["environment"] == [f"CHECKSUM={checksum}"]
    assert run.json["reference"]["settings"]["environment"] == []


def test_command_folder_and_path(pair, tmp_path):
    """Quotes keep a blank and a comma together; a relative program starts in cwd."""
    folder = tmp_path / "a, b"
    folder.mkdir()
    (folder / "run me").write_text(f'#!/bin/sh\n[ "$1" = "x, y" ] && exec {sys.executable} {MISTAKEN}\nexit 9\n')
    (folder / "run me").chmod(0o755)
    key = f"cwd={str(folder).replace(',', ',,')}"
    assert pair(f"exec:'./run me' 'x, y',{key}", mistaken()).code == 0
    refused = pair(f"exec:'./run me' x,{key}", mistaken())
    assert refused.code == 4 and "exited with status 9" in refused.err and "./run me" in refused.err
    named = pair("exec:python-that-nobody-has x", mistaken())
    assert named.code == 4 and "PATH" in named.err
    assert pair("exec:'never closed", mistaken()).code == 64


def test_keys_of_its_own_reach_the_program(pair):
    run = pair(mistaken(keys=",luck=7"), mistaken())
    assert run.code == 64 and 'no key "luck"' in run.err and "exec:" in run.err
    assert pair(mistaken("takes-any-setting", ",luck=7"), mistaken()).code == 0


@pytest.mark.parametrize("mistake, said", [
    ("exits", "matrix 7 is broken"),
    ("crashes", "SIGSEGV"),
    ("damaged", "checksum"),
    ("chatter", r"no frame of the engine protocol: \"progress: 50 %\x0a"),
    ("narrow", "a position and 365 logits are"),
    ("counts-from-one", "row of position 1 instead of 0"),
    ("reversed", "instead of 0"),
    ("a-row-too-few", "1 rows early"),
    ("a-row-too-many", "after the last one"),
    ("says-stopped", "stopped without being asked to"),
    ("bare-done", "malformed done"),
    ("no-n-vocab", "n_vocab"),
    ("no-n-ctx", "n_ctx"),
    ("hangs", "silent for 2 s"),
    ("stalls", "silent for 2 s"),
    ("no-done", "silent for 2 s"),
])
@pytest.mark.parametrize("side", ["candidate", "reference"])
def test_a_misdeed_is_an_error_with_its_name(pair, mistake, said, side):
    engines = [mistaken(mistake), mistaken()]
    if side == "reference":
        if mistake in ("hangs", "stalls", "no-done"):
            return  # two seconds each, and the same code
        engines.reverse()
    run = pair(*engines, "--tokens", IDS, "--engine-timeout", 2 if "silent" in said else 60)
    assert run.code == 4, run.out + run.err
    assert said.replace('\\"', '"') in run.err
    assert "engine mistaken" in run.err or "mistaken.py" in run.err
    assert "llama.cpp" not in run.err


def test_logits_that_are_not_finite_are_a_finding(pair):
    run = pair(mistaken("nan"), mistaken(), "--tokens", IDS, "--format", "json")
    assert run.code == 3 and run.json["verdict"] == "UNHEALTHY"


def test_what_it_says_cannot_reach_the_terminal_unescaped(pair):
    for format in "text", "json":
        run = pair(mistaken("escapes"), mistaken(), "--tokens", IDS, "-v", "--format", format, "--max-tokens", 0)
        assert run.code == 0, run.err
        for bad in "\x1b", "\x07", "\u202e":
            assert bad not in run.err
            assert bad not in run.out if format == "text" else "\x1b" not in run.out
        assert "warned" in run.out + run.err


def test_who_does_not_say_how_it_keeps_keys_does_not_pass_for_it(pair):
    run = pair(mistaken("no-kv-type"), mistaken())
    assert run.code == 6 and "kv-type" in run.out and "not stated" in run.out
    assert "KV" not in run.out.split("reference")[0]
    asked = pair(mistaken("no-kv-type", ",kv=f32"), mistaken())
    assert asked.code == 0 and "asked for" in asked.out


def test_an_engine_without_a_tokenizer_gets_the_others_ids(crossval, small, pair):
    run = pair(mistaken("no-tokenizer"), mistaken(), "-p", "Hello", "--format", "json", "--max-tokens", 1)
    assert run.code == 0, run.err
    assert run.json["tokens"] == list(b"Hello")
    assert [w["name"] for w in run.json["warnings"]] == ["tokens-not-compared"]
    other = pair(mistaken(), mistaken("no-tokenizer"), "-p", "Hello", "--format", "json", "--max-tokens", 1)
    assert other.json["tokens"] == list(b"Hello")
    alone = crossval("tokenize", "-m", small, "-p", "Hello", "--engine", mistaken("no-tokenizer"))
    assert alone.code == 64 and "no vocabulary" in alone.err


def test_what_it_does_not_claim_it_is_not_asked_for(pair):
    run = pair(mistaken("claims-less"), mistaken(), "--tokens", IDS)
    assert run.code == 64 and "cannot decode" in run.err
    assert pair(mistaken("claims-less"), mistaken(), "--tokens", IDS, "--max-tokens", 0).code == 0


def test_tokenize_and_run(crossval, small):
    run = crossval("tokenize", "-m", small, "-p", "Hi", "--engine", mistaken(), "--format", "json")
    assert run.code == 0 and [t["id"] for t in run.json["tokens"]] == list(b"Hi"), run.err
    run = crossval("run", "-m", small, "--tokens", IDS, "--engine", mistaken(), "--max-tokens", 2, "--format", "json")
    assert run.code == 0, run.err


def test_it_ends_with_a_crossval_that_was_killed(binary, small, tmp_path):
    pid = tmp_path / "pid"
    script = tmp_path / "engine.sh"
    script.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec {sys.executable} {MISTAKEN} stalls\n")
    script.chmod(0o755)
    process = subprocess.Popen([binary, "per-token", "-m", small, "--kv", "f32", "--tokens", IDS, "-q", "--candidate",
                                f"exec:{script}", "--reference", mistaken()], stdout=subprocess.DEVNULL)
    wait_for(pid.exists)
    wait_for(lambda: pid.read_text().strip())
    engine = int(pid.read_text())
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not is_running(engine))


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def is_running(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
