"""What every end-to-end test starts from: the program, the model, the reference."""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from skip_status import pytest_sessionfinish  # a hook

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMPTS = ROOT / "tests" / "data" / "prompts"


def script(*args):
    """The path that scripts/reference.sh prints (fetches and builds what is missing)."""
    done = subprocess.run([ROOT / "scripts" / "reference.sh", *args], check=True, text=True,
                          stdout=subprocess.PIPE)
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


def linked_with_reference(program):
    """A program of tests/golden, linked with the canonical llama.cpp. Built by one test at a time."""
    libs = script("libs")
    build = ROOT / "build" / "golden"
    build.mkdir(parents=True, exist_ok=True)
    with open(build / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                        f"-DCROSSVAL_REFERENCE_SRC={libs}", f"-DCROSSVAL_REFERENCE_BUILD={libs}"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--target", program], check=True, stdout=subprocess.DEVNULL)
    return build / program


def with_doubled_epsilon(path):
    """A copy of the pinned llama.cpp with one line changed: RMS norm adds its epsilon twice."""
    line = "const float scale = 1.0f/sqrtf(mean + eps);"
    shutil.copytree(script("source"), path)
    source = path / "ggml/src/ggml-cpu/ops.cpp"
    text = source.read_text()
    assert text.count(line) == 1
    source.write_text(text.replace(line, line.replace("+ eps", "+ 2*eps")))
    return path


class Run:
    """One finished run of crossval."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


def children(pid):
    """The process ids of a program's engines."""
    done = subprocess.run(["pgrep", "-P", str(pid)], text=True, capture_output=True)
    return [int(p) for p in done.stdout.split()]


@pytest.fixture(scope="session")
def binary():
    return pathlib.Path(os.environ["CROSSVAL"])


@pytest.fixture(scope="session")
def model():
    return script("model")


@pytest.fixture(scope="session")
def gpt2():
    """A vocabulary that is not the model's."""
    return script("source") / "models" / "ggml-vocab-gpt-2.gguf"


@pytest.fixture(scope="session")
def crossval(binary):
    """crossval("per-token", "-m", model, …) -> Run; never raises on a non-zero exit."""

    def run(*args, timeout=600, env=None, text=True, **kwargs):
        done = subprocess.run([binary, *map(str, args)], timeout=timeout, text=text,
                              stdout=kwargs.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                              env={**os.environ, **(env or {})}, **kwargs)
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def made_model(crossval, tmp_path_factory):
    """made_model("F16", layers=1) -> path of a random Llama of 64 values with the small vocabulary of 365 ids."""

    def make(types, layers, ff=64):
        path = tmp_path_factory.mktemp("made") / "small.gguf"
        made = crossval("synth", "--types", types, "--layers", layers, "--embd", 64, "--heads", 2, "--ff", ff, "-q", "-o", path)
        assert made.code == 0, made.err
        return path

    return make


@pytest.fixture(scope="session")
def ids(crossval, model):
    """1,024 token ids of real text, as llama.cpp has them."""
    run = crossval("tokenize", "-m", model, "-f", ROOT / "LICENSE", "--engine", "llama.cpp", "--format", "json")
    found = [token["id"] for token in run.json["tokens"]]
    assert len(found) > 1024
    return found[:1024]
