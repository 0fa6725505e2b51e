"""The Python package: engines over it, crossval driven by it, its documents, its wheel."""
import doctest
import os
import pathlib
import struct
import subprocess
import sys

import numpy as np
import pytest

from conftest import ROOT
from protocol import CANCEL, DONE, ERROR, EVALUATE, ROW, TRACE, Worker, evaluate, trace

PACKAGE = ROOT / "engines" / "python"
ENGINES = ROOT / "tests" / "e2e" / "engines"
sys.path.insert(0, str(PACKAGE))
os.environ["PYTHONPATH"] = str(PACKAGE)

import crossval as sdk

IDS = [1, 2, 3, 40, 41, 42, 43, 300]
NUMPY = sdk.spec([sys.executable, PACKAGE / "examples" / "numpy_llama.py"])


def small(**keys):
    return sdk.spec([sys.executable, ENGINES / "small.py"], **keys)


def mistaken(mistake):
    return sdk.spec([sys.executable, ENGINES / "numpy_mistakes.py"], mistake=mistake)


@pytest.fixture(scope="module")
def model(crossval, tmp_path_factory):
    path = tmp_path_factory.mktemp("python") / "llama.gguf"
    made = crossval("synth", "--types", "F32", "--layers", 2, "--embd", 128, "--heads", 4, "--ff", 192, "--seed", 5, "-q",
                    "-o", path)
    assert made.code == 0, made.err
    return path


@pytest.mark.parametrize("reference", ["native", "oracle", "llama.cpp"])
def test_a_llama_in_numpy_is_right(model, reference):
    found = sdk.compare(model, IDS, NUMPY, reference, kv="f32", cos_tol=0.9999999, max_tokens=2)
    assert found.verdict == "MATCH" and len(found.positions) == len(IDS) + 2
    assert max(p.max_abs_diff for p in found.positions) < 1e-4
    assert found.raw["candidate"]["identity"]["name"] == "numpy-llama"


def test_explain_finds_nothing_wrong_with_it(model):
    found = sdk.explain(model, IDS, NUMPY, "native", kv="f32")
    assert (found.verdict, found.exit_code, found.causes) == ("BOTH-FINE", 0, [])
    assert found.candidate.name == "numpy-llama"
    assert found.candidate.shown == found.candidate.judged == len(found.operations) > 30


@pytest.mark.parametrize("mistake, operation, cause", [
    ("rope", "Qcur-0 ROPE", "rope-pairing"), ("eps", "norm-0 RMS_NORM", "eps"),
    ("gelu", "ffn_swiglu-0 GLU", "activation")])
@pytest.mark.parametrize("side", ["candidate", "reference"])
def test_explain_names_a_mistake_in_it(model, mistake, operation, cause, side):
    engines = [mistaken(mistake), "native"][::1 if side == "candidate" else -1]
    found = sdk.explain(model, IDS, *engines, kv="f32")
    assert found.verdict == f"{side.upper()}-WRONG"
    guilty = found.candidate if side == "candidate" else found.reference
    assert (guilty.first_beyond, found.causes) == (operation, [cause])


def test_a_first_difference_of_roundings_size_is_left_to_explain(crossval, model):
    """Beside another implementation bits differ from the first product on, whatever is wrong after it."""
    run = crossval("per-token", "-m", model, "--tokens", "1,2,3,4", "--kv", "f32", "--candidate", mistaken("rope"),
                   "--reference", "native", "--first-diff")
    assert run.code == 1 and "first diff norm-0 (RMS_NORM)" in run.out
    assert "of rounding's size" in run.out.split("next")[1]
    own = crossval("per-token", "-m", model, "--tokens", "1,2,3,4", "--kv", "f32", "--candidate", "native:fault=rope-pairing",
                   "--reference", "native", "--first-diff")
    assert "look at ROPE" in own.out and "rounding's" not in own.out


def test_a_mistaken_key_is_not_planted(model):
    assert sdk.explain(model, IDS, mistaken("none"), "native", kv="f32").verdict == "BOTH-FINE"
    with pytest.raises(sdk.Failed, match='no key "mistake"') as failed:
        sdk.compare(model, IDS, NUMPY + ",mistake=eps", "native", kv="f32")
    assert failed.value.exit_code == 64


@pytest.mark.parametrize("do, code, said", [
    ("unreadable", 5, "no such tensor"), ("refuses", 64, "not on a Sunday"),
    ("raises", 4, "KeyError: 'blk.7.attn_q.weight'"), ("narrow", 4, "a row of 364 logits"),
    ("too-few", 4, "1 rows too few"), ("too-many", 4, "more than 8 rows")])
def test_what_an_engine_raises_keeps_its_kind(model, do, code, said):
    with pytest.raises(sdk.Failed) as failed:
        sdk.compare(model, IDS, small(do=do), small(), kv="f32")
    assert failed.value.exit_code == code and said in str(failed.value)
    assert "small" in failed.value.where or "small.py" in failed.value.where


@pytest.mark.parametrize("do", ["float64", "one-by-one"])
def test_rows_may_be_of_any_kind(model, do):
    assert sdk.compare(model, IDS, small(do=do), small(), kv="f32", max_tokens=1).verdict == "IDENTICAL"


def test_text_and_what_it_says_of_itself(model):
    found = sdk.compare(model, "Hello", small(), small(), kv="f32")
    assert found.raw["tokens"] == list(b"Hello")
    engine = found.raw["candidate"]
    assert (engine["identity"]["build"], engine["settings"]["device"]) == ("by hand", "abacus")
    assert engine["capabilities"] == {"tokenize": True, "all_logits": True, "decode": True, "trace": True, "state": False}


class Engine(Worker):
    """small.py spoken to without crossval."""

    def __init__(self, tmp_path, do=""):
        script = tmp_path / "engine.sh"
        script.write_text(f"#!/bin/sh\nexec {sys.executable} {ENGINES / 'small.py'}\n")
        script.chmod(0o755)
        super().__init__(script, {"model": "none", "do": do}, {"checksums": ["crc-32"]})

    def send(self, kind, payload=b""):
        import zlib
        head = b"XVAL" + struct.pack("<HHI", 1 if kind == 1 else 2, kind, len(payload))
        self.process.stdin.write(head + struct.pack("<Q", zlib.crc32(head + payload)) + payload)
        self.process.stdin.flush()


def test_a_selection_is_a_part_of_everything(tmp_path):
    with Engine(tmp_path) as engine:
        everything = {t.key: t for t in engine.tensors(IDS)}
        assert list(everything) == [("embd", "GET_ROWS", 0), ("embd", "GET_ROWS", 1), ("l_out-0", "ADD", 0)]
        first, second, _ = everything.values()
        assert np.array_equal(2 * first.rows, second.rows)  # a copy: what was shown first has not changed
        for wanted, expected in [({"names": ["l_out-0"]}, 1), ({"ops": ["GET_ROWS"]}, 2), ({"layers": (0, 9)}, 1),
                                 ({"layers": (-1, 0)}, 2), ({"names": ["none"]}, 0), ({"positions": (3, 5)}, 3),
                                 ({"positions": (8, 9)}, 0)]:
            found = engine.tensors(IDS, **wanted)
            assert len(found) == expected
            begin, end = wanted.get("positions", (0, len(IDS)))
            for tensor in found:
                assert tensor.first == begin
                assert np.array_equal(tensor.rows, everything[tensor.key].rows[begin:end])
        engine.rows(IDS[:4])
        later = engine.tensors(IDS[4:], first=4, names=["l_out-0"])
        assert later[0].first == 4 and np.array_equal(later[0].rows, everything["l_out-0", "ADD", 0].rows[4:])
        assert engine.close() == 0


def test_requests_that_cannot_be_are_errors_and_the_engine_stays(tmp_path):
    with Engine(tmp_path) as engine:
        for payload in b"", struct.pack("<iI", 0, 0), evaluate([1], first=3), evaluate([365]), evaluate([-1]), \
                evaluate([1] * 65), evaluate([1])[:-1]:
            (kind, _), = engine.answer(EVALUATE, payload)
            assert kind == ERROR, payload
        (kind, _), = engine.answer(TRACE, trace(IDS, state=1))
        assert kind == ERROR
        assert [position for position, _ in engine.rows(IDS)] == list(range(8))
        (position, last), = engine.rows([5], first=8, last=1)
        assert position == 8 and last.shape == (365,)
    with Engine(tmp_path, "misshapen") as engine:
        assert engine.answer(TRACE, trace(IDS))[-1][0] == ERROR
    with Engine(tmp_path, "last-only") as engine:
        assert [position for position, _ in engine.rows(IDS, last=1)] == [7]


def test_a_cancel_and_the_end_of_input_are_noticed_in_between(tmp_path):
    with Engine(tmp_path, "slow") as engine:
        engine.send(EVALUATE, evaluate(IDS))
        assert engine.receive()[0] == ROW
        engine.send(CANCEL)
        frames = [engine.receive()]
        while frames[-1][0] == ROW:
            frames.append(engine.receive())
        assert frames[-1] == (DONE, b"\1") and len(frames) < len(IDS)
        engine.send(EVALUATE, evaluate(IDS))
        assert engine.receive()[0] == ROW
        engine.process.stdin.close()
        assert engine.process.wait(timeout=300) == 0


def test_the_document_runs(model, binary, monkeypatch):
    monkeypatch.setenv("CROSSVAL", str(binary))
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    text = (ROOT / "docs" / "python.md").read_text()
    test = doctest.DocTestParser().get_doctest(text, {"MODEL": model}, "python.md", None, 0)
    assert runner.run(test).failed == 0 and runner.tries > 5
    assert doctest.testmod(sdk.program).failed == 0


def test_the_example_in_the_document_is_short():
    lines = (PACKAGE / "examples" / "numpy_llama.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) < 60


def test_it_is_installed_as_a_wheel(tmp_path):
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path,
                           PACKAGE], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    wheel, = tmp_path.glob("*.whl")
    target = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, wheel], check=True)
    code = "import crossval; print(crossval.__file__, crossval.spec(['a', 'b c']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(target)},
                          text=True, stdout=subprocess.PIPE, check=True)
    assert str(target) in done.stdout and "exec:a 'b c'" in done.stdout
    assert (target / "crossval" / "py.typed").exists()
    assert not pathlib.Path(PACKAGE / "build").exists()


def test_tensor_names_are_those_of_the_program(model):
    """docs/tensor-names.md has every operation of a Llama, and no other."""
    rows = [line.split("|") for line in (ROOT / "docs" / "tensor-names.md").read_text().splitlines()
            if line.startswith("| `")]
    told = {(name.strip(" `"), op.strip(" `")) for _, name, op, *_ in rows}
    found = sdk.explain(model, IDS[:2], "native", "native", kv="f32")
    shown = {tuple(o.tensor.split(" #")[0].replace(f"-{o.layer}", "-N").split(" ")) for o in found.operations}
    assert shown == told
