"""The llama.cpp worker spoken to from docs/protocol.md alone, without crossval: versions, rows, selections, state."""
import json
import struct

import numpy as np
import pytest

from conftest import ROOT, script
from protocol import DONE, ERROR, EVALUATE, ROW, TRACE, Worker, evaluate, trace

LENGTH = 40


@pytest.fixture(scope="module")
def program():
    return script("worker")


@pytest.fixture(scope="module")
def worker(program, model):
    with Worker(program, {"model": str(model), "n_batch": "16"}) as worker:
        assert worker.is_ready, worker.said
        yield worker


@pytest.fixture(scope="module")
def everything(worker, ids):
    """Every tensor of a trace, and the bytes that it took."""
    before = worker.read
    return worker.tensors(ids[:LENGTH]), worker.read - before


def rows_of(tensors, name, op):
    return {t.first + i: row for t in tensors if t.key[:2] == (name, op) for i, row in enumerate(t.rows)}


def test_a_version_that_it_does_not_speak_is_refused_by_name(program, model):
    for hello, spoken in ({"versions": [1]}, "1"), ({"versions": [3, 4]}, "3 and 4"):
        with Worker(program, {"model": str(model)}, hello) as worker:
            assert not worker.is_ready
            assert worker.said["kind"] == "usage"
            assert worker.said["what"] == (f"crossval speaks version {spoken} of the engine protocol, "
                                           "this worker 2")
    with Worker(program, {"model": str(model)}, {"versions": [1, 2]}) as worker:
        assert worker.is_ready


def test_what_it_says_of_itself_has_the_names_that_crossval_reads(worker):
    schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())["$defs"]["engine"]["properties"]
    assert set(worker.said) == set(schema)
    for part, said in worker.said.items():
        assert said and set(said) <= set(schema[part]["properties"]), part


def test_the_last_row_is_that_of_all_rows(worker, ids):
    rows = worker.rows(ids[:LENGTH])
    assert [position for position, _ in rows] == list(range(LENGTH))
    (position, last), = worker.rows(ids[:LENGTH], last=1)
    assert position == LENGTH - 1
    assert np.array_equal(last.view("u4"), rows[-1][1].view("u4"))
    worker.rows(ids[:LENGTH - 1], last=1)
    (position, step), = worker.rows(ids[LENGTH - 1:LENGTH], first=LENGTH - 1, last=1)
    assert position == LENGTH - 1
    assert np.array_equal(step.view("u4"), last.view("u4"))


@pytest.mark.parametrize("selection", [
    {"names": ["Qcur-3", "ffn_out-29"]}, {"ops": ["ROPE"]}, {"layers": (4, 6)}, {"layers": (-1, 0)},
    {"positions": (14, 18)}, {"positions": (LENGTH - 1, LENGTH)}, {"names": ["norm-7"], "positions": (20, 21)},
    {"ops": ["SOFT_MAX"], "layers": (29, 30), "positions": (0, 17)}, {"names": ["no such"]}, {"positions": (LENGTH, 99)}])
def test_a_selection_is_that_part_of_everything(worker, ids, everything, selection):
    """The same bits, occurrences and order; a node that is not asked for is not even computed apart."""
    names, ops = selection.get("names", ()), selection.get("ops", ())
    first, end = selection.get("positions", (0, LENGTH))
    begin, stop = selection.get("layers", (-1, 99))
    expected = []
    for t in everything[0]:
        if (names and t.key[0] not in names) or (ops and t.key[1] not in ops) or not begin <= t.layer < stop:
            continue
        part = t.rows[max(0, first - t.first):max(0, end - t.first)]
        if len(part):
            expected.append((t.key, t.layer, max(first, t.first), t.heads, part.tobytes()))
    got = [(t.key, t.layer, t.first, t.heads, t.rows.tobytes()) for t in worker.tensors(ids[:LENGTH], **selection)]
    assert got == expected
    assert bool(expected) == (selection not in ({"names": ["no such"]}, {"positions": (LENGTH, 99)}))


def test_one_tensor_takes_the_bytes_of_one(worker, ids, everything):
    before = worker.read
    (tensor,) = worker.tensors(ids[:LENGTH], names=["l_out-12"], positions=(30, 31))
    assert worker.read - before < 2 * tensor.rows.nbytes < everything[1] / 1e4


def test_a_trace_goes_on_from_what_was_evaluated(worker, ids, everything):
    worker.rows(ids[:25])
    later = worker.tensors(ids[25:LENGTH], first=25, names=["l_out-29", "Kcur-5"])
    for name, op in ("l_out-29", "ADD"), ("Kcur-5", "ROPE"):
        all_rows, rows = rows_of(everything[0], name, op), rows_of(later, name, op)
        assert sorted(rows) == list(range(25, LENGTH))
        assert all(np.array_equal(rows[p], all_rows[p]) for p in rows)


@pytest.mark.parametrize("kv", ["f16", "f32"])
@pytest.mark.parametrize("fa", ["off", "on"])
def test_state_is_what_was_written_into_the_cache(program, model, ids, kv, fa):
    """Keys after their rotation and values, rounded as they are stored; numpy rounds to nearest even, too."""
    with Worker(program, {"model": str(model), "n_batch": "16", "kv": kv, "fa": fa}) as worker:
        assert worker.said["capabilities"]["state"] and worker.said["settings"]["flash_attention"] == fa
        tensors = worker.tensors(ids[:LENGTH], state=1)
        stored = [t for t in tensors if t.key[1] == "STATE"]
        layers = 1 + max(t.layer for t in tensors)
        assert sorted(t.key[0] for t in stored) == sorted(f"cache_{kind}-{il}" for kind in "kv" for il in range(layers))
        for il in range(layers):
            for kind, op in ("k", "ROPE"), ("v", "MUL_MAT"):
                computed = rows_of(tensors, f"{kind.upper()}cur-{il}", op)
                rows = rows_of(stored, f"cache_{kind}-{il}", "STATE")
                assert sorted(rows) == list(range(LENGTH))
                for p, row in rows.items():
                    assert np.array_equal(row, computed[p].astype(np.float16 if kv == "f16" else np.float32)), (il, p)
        # Of earlier positions, without the graph: one step on top of them.
        worker.rows(ids[:LENGTH - 1])
        few = worker.tensors(ids[LENGTH - 1:LENGTH], first=LENGTH - 1, state=1, ops=["STATE"], layers=(2, 3), positions=(7, 9))
        assert [(t.key[0], t.first) for t in few] == [("cache_k-2", 7), ("cache_v-2", 7)]
        for t in few:
            assert np.array_equal(t.rows, [rows_of(stored, t.key[0], "STATE")[p] for p in (7, 8)])


@pytest.mark.parametrize("release, keys", [("0.3.1", "Kcur-{}"), ("0.1.5", "Kcur_roped-{}")])
def test_state_of_other_eras(model, ids, release, keys):
    with Worker(script("worker", "--src", script("source", "--release", release)),
                {"model": str(model), "n_batch": "16", "profile": "canonical"}) as worker:
        tensors = worker.tensors(ids[:LENGTH], state=1)
        for il in range(1 + max(t.layer for t in tensors)):
            for kind, source in ("k", (keys.format(il), "ROPE")), ("v", (f"Vcur-{il}", "MUL_MAT")):
                rows = rows_of(tensors, f"cache_{kind}-{il}", "STATE")
                computed = rows_of(tensors, *source)
                assert sorted(rows) == list(range(LENGTH))
                assert all(np.array_equal(row, computed[p].astype(np.float16)) for p, row in rows.items())


def test_a_quantised_cache_is_not_shown(program, model, ids):
    with Worker(program, {"model": str(model), "kv-k": "q8_0"}) as worker:
        assert not worker.said["capabilities"]["state"]
        (kind, said), = worker.answer(TRACE, trace(ids[:2], state=1))
        assert kind == ERROR and "quantised" in json.loads(said)["what"]
        assert worker.tensors(ids[:2], names=["l_out-0"])


@pytest.mark.parametrize("payload", [b"", struct.pack("<2i", 0, 2), struct.pack("<iI", 0, 0), struct.pack("<iIi", 3, 0, 1)])
def test_a_request_that_cannot_be_is_answered_by_an_error(worker, payload):
    """Too short, rows that there are not, no ids, a gap."""
    worker.rows([1, 2])
    (kind, _), = worker.answer(EVALUATE, payload)
    assert kind == ERROR
    assert len(worker.rows([1, 2])) == 2


def test_it_says_that_it_was_stopped(program, model, ids):
    cancel = 7
    with Worker(program, {"model": str(model), "n_batch": "8"}) as worker:
        worker.send(EVALUATE, evaluate(ids[:LENGTH]))
        assert worker.receive()[0] == ROW
        worker.send(cancel)
        frames = [worker.receive()]
        while frames[-1][0] == ROW:
            frames.append(worker.receive())
        assert frames[-1] == (DONE, b"\1")
        assert len(frames) < LENGTH
