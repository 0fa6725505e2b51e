"""scripts/reference.sh: whole or not there, refused with the wrong hash, keyed by content."""
import os
import resource
import shutil
import signal
import subprocess
import time

import pytest

from conftest import ROOT, script

PARTS = ("CMakeLists.txt", "cmake", "ggml", "include", "src")  # what the libraries are made from


def reference(root, cache, *args, **env):
    return subprocess.run([root / "scripts" / "reference.sh", *args], text=True, capture_output=True,
                          timeout=600, env={**os.environ, "CROSSVAL_CACHE": str(cache), **env})


@pytest.fixture
def copy(tmp_path):
    """The scripts and pins in a folder that a test may change."""
    root = tmp_path / "repository"
    for folder in ("scripts", "deps", "engines"):
        shutil.copytree(ROOT / folder, root / folder)
    return root


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A user's llama.cpp tree."""
    pinned, own = script("source"), tmp_path_factory.mktemp("own")
    for part in PARTS:
        (shutil.copytree if (pinned / part).is_dir() else shutil.copy)(pinned / part, own / part)
    return own


def entries(cache):
    """What a run has left, but for logs and the lock."""
    return sorted(str(path.relative_to(cache)) for path in cache.rglob("*")
                  if path.is_file() and path.parent.name != "log" and path.name != "lock")


def library_key(tree, cache):
    done = reference(ROOT, cache, "libs", "--src", tree, "--no-build")
    assert done.returncode == 4
    assert "scripts/reference.sh' libs --src" in done.stderr
    return done.stderr.splitlines()[0].rpartition("-")[2]


def processor_seconds():
    """Of all programs that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_what_is_cached_is_found_quickly_and_quietly(tmp_path):
    cached = script("model")
    before = processor_seconds()
    done = reference(ROOT, cached.parents[2], "model")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{cached}\n", "")
    assert processor_seconds() - before < 1  # 0.05 on an idle machine
    missing = reference(ROOT, tmp_path, "model", "--no-build")
    assert missing.returncode == 4
    assert "make reference" in missing.stderr
    assert missing.stdout == ""


@pytest.mark.parametrize("pin", ["bcc81830d10ce7d9", "b179c9523d0e6a0f"])  # of the wheel, of the file in it
def test_a_wrong_hash_is_refused(copy, tmp_path, pin):
    pins = copy / "deps" / "reference.txt"
    text = pins.read_text()
    assert text.count(pin) == 1
    pins.write_text(text.replace(pin, "0" * len(pin)))
    done = reference(copy, tmp_path / "cache", "model")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "hash" in done.stderr.lower()
    assert entries(tmp_path / "cache") == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_that_counts(tmp_path, how):
    cache = tmp_path / "cache"
    (cache / "source").mkdir(parents=True)
    (cache / "source" / script("source").name).symlink_to(script("source"))
    run = subprocess.Popen([ROOT / "scripts" / "reference.sh", "libs"], start_new_session=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           env={**os.environ, "CROSSVAL_CACHE": str(cache)})
    deadline = time.monotonic() + 120
    while not (cache / "staging" / "tree" / "build-of-crossval" / "build.ninja").exists():
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.05)
    os.killpg(run.pid, how)
    out, _ = run.communicate(timeout=300)
    assert run.returncode != 0
    assert out == b""
    assert not list((cache / "libs").iterdir())
    assert reference(ROOT, cache, "libs", "--no-build").returncode == 4
    if how == signal.SIGTERM:
        assert not (cache / "staging").exists()
    else:  # nobody could tidy up: the next run that takes the lock does
        assert reference(ROOT, cache, "model").returncode == 0
        assert not (cache / "staging").exists()


def test_one_changed_source_file_gives_another_key(tree, tmp_path):
    before = library_key(tree, tmp_path)
    assert library_key(tree, tmp_path) == before
    (tree / "README.md").write_text("nothing that is compiled\n")
    assert library_key(tree, tmp_path) == before
    source = tree / "src" / "llama.cpp"
    text = source.read_bytes()
    source.write_bytes(text + b"\n")
    changed = library_key(tree, tmp_path)
    source.write_bytes(text)
    assert changed != before
    assert library_key(tree, tmp_path) == before


@pytest.mark.parametrize("args, code, word", [
    ((), 64, "usage"),
    (("nonsense",), 64, "unknown command: nonsense"),
    (("model", "--src", "x"), 64, "unknown argument: --src"),
    (("worker", "--src"), 64, "--src needs a value"),
    (("worker", "--src", "a", "--release", "b"), 64, "only one of"),
    (("worker", "--build", "a", "--profile", "canonical"), 64, "takes no --profile"),
    (("quantized",), 64, "name a type"),
    (("libs", "--profile", "fast"), 1, "canonical and production"),
    (("libs", "--src", "/"), 1, "no llama.cpp tree"),
    (("libs", "--build", "/"), 1, "no CMake build tree"),
    (("source", "--release", "0.0.0"), 1, "pins no release 0.0.0"),
])
def test_a_wrong_call_says_what_is_wrong(tmp_path, args, code, word):
    done = reference(ROOT, tmp_path, *args)
    assert done.returncode == code
    assert word in done.stderr
    assert done.stdout == ""


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("")
    done = reference(ROOT, occupied / "cache", "model")
    assert done.returncode == 1
    assert str(occupied) in done.stderr
    assert "CROSSVAL_CACHE" in done.stderr
