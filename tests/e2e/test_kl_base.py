"""record --as kld: llama-perplexity's file of log-probabilities, by its layout (tests/e2e/row_files.py) from dumped rows.

tests/e2e/test_llama_perplexity.py holds the same against the program itself.
"""
import json
import struct

import gguf
import jsonschema
import numpy as np
import pytest

from conftest import PROMPTS, ROOT
from row_files import kl_base

IDS = [(7 * i * i + 3 * i + 1) % 365 for i in range(26)]


@pytest.fixture(scope="module")
def small(made_model):
    return made_model("F32", layers=1)


@pytest.fixture
def written(crossval, small, tmp_path):
    def write(*more, model=small, ids=IDS):
        path = tmp_path / "base.kld"
        run = crossval("record", "-m", model, "--tokens", ",".join(map(str, ids)), "--as", "kld", "-o", path, "--format", "json", *more)
        return run, path
    return write


def rows_of(crossval, model, ids, folder):
    done = crossval("per-token", "-m", model, "--tokens", ",".join(map(str, ids)), "--candidate", "native", "--reference",
                    "native", "--max-tokens", 0, "--dump", folder)
    assert done.code == 0, done.err
    return np.load(folder / "candidate.npy")


@pytest.mark.parametrize("n_ctx", [4, 7, 8])
def test_it_is_the_layout(crossval, small, written, tmp_path, n_ctx):
    run, path = written("-c", n_ctx)
    assert run.code == 0, run.err
    chunks = np.array(IDS[:len(IDS) // n_ctx * n_ctx]).reshape(-1, n_ctx)
    rows = np.stack([rows_of(crossval, small, c, tmp_path / f"rows{i}")[n_ctx // 2:n_ctx - 1] for i, c in enumerate(chunks)])
    expected, content = kl_base(chunks, rows), path.read_bytes()
    assert len(content) == len(expected) and run.json["bytes"] == len(content)
    head = 20 + 4 * chunks.size
    assert content[:head] == expected[:head]
    bytes_of_row = 8 + 2 * (rows.shape[-1] + rows.shape[-1] % 2)
    for at in range(head, len(content), bytes_of_row):  # the sum of exponentials alone may round differently in NumPy
        (scale, least), (s, m) = (struct.unpack_from("<2f", c, at) for c in (content, expected))
        assert scale == s and least == pytest.approx(m, abs=2e-6)
        assert content[at + 8:at + bytes_of_row] == expected[at + 8:at + bytes_of_row]
    found = run.json
    assert (found["chunks"], found["prompt_positions"], found["tokens"]) == (len(chunks), chunks.size, chunks.ravel().tolist())
    assert found["rows"] == "top" and found["decode_steps"] == 0
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "result.schema.json").read_text())).validate(found)


@pytest.mark.parametrize("engine", ["oracle", "llama.cpp"])
def test_other_engines_write_it_and_it_is_compared(crossval, small, written, tmp_path, engine):
    _, ours = written("-c", 8)
    ours = ours.rename(tmp_path / "native.kld")
    run, theirs = written("-c", 8, "--engine", engine)
    assert run.code == 0, run.err
    compared = crossval("compare", ours, theirs, "--format", "json").json
    assert compared["verdict"] == "MATCH" or engine == "llama.cpp" and compared["verdict"] == "IDENTICAL"
    assert len(compared["positions"]) == 9
    assert max(p["top"]["max_abs_diff"] for p in compared["positions"]) < (0.02 if engine == "oracle" else 1e-9)
    if engine == "llama.cpp":
        assert ours.read_bytes() == theirs.read_bytes()


def test_the_chunks_of_a_base(crossval, small, written, tmp_path):
    """What a base is held against without the text that it was made of."""
    _, base = written("-c", 8)
    base, again = base.rename(tmp_path / "theirs.kld"), tmp_path / "again.kld"
    run = crossval("record", "-m", small, "--as", "kld", "--chunks-of", base, "-o", again, "--format", "json")
    assert (run.code, run.json["chunks"], run.json["tokens"]) == (0, 3, IDS[:24]) and again.read_bytes() == base.read_bytes()
    for more, code in (["--as", "kld", "--chunks-of", small], 5), (["--as", "kld", "--chunks-of", base, "-c", 8], 64), \
            (["--chunks-of", base], 64), (["--as", "kld", "--chunks-of", base, "-p", "a"], 64):
        refused = crossval("record", "-m", small, "-o", tmp_path / "x.kld", *more)
        assert refused.code == code and refused.err, more


def with_bos(path, out, add_bos):
    """The same model whose tokenizer adds BOS, or does not."""
    content = bytearray(path.read_bytes())
    field = gguf.GGUFReader(path).fields["tokenizer.ggml.add_bos_token"]
    at = field.offset + len(field.parts[0].tobytes()) + len(field.parts[1].tobytes()) + len(field.parts[2].tobytes())
    content[at] = add_bos
    out.write_bytes(content)
    return out


@pytest.mark.parametrize("add_bos", [False, True])
def test_bos_stands_in_place_of_each_first_token(crossval, small, written, tmp_path, add_bos):
    model = with_bos(small, tmp_path / "bos.gguf", add_bos)
    bos = int(gguf.GGUFReader(model).fields["tokenizer.ggml.bos_token_id"].contents())
    run, path = written("-c", 8, model=model)
    assert run.code == 0, run.err
    chunks = np.array(IDS[:24]).reshape(3, 8)
    assert path.read_bytes()[20:20 + 4 * 24] == chunks.astype("<i4").tobytes()  # the file keeps what stood there
    seen = chunks.copy()
    if add_bos:
        seen[:, 0] = bos
    rows = np.stack([rows_of(crossval, model, c, tmp_path / f"rows{i}")[4:7] for i, c in enumerate(seen)])
    assert path.read_bytes()[20 + 96 + 8:20 + 96 + 8 + 700] == kl_base(chunks, rows)[20 + 96 + 8:20 + 96 + 8 + 700]


def test_what_cannot_be_written(crossval, small, written, tmp_path):
    for more in (["-c", 3], ["-c", 27], [], ["-c", 8, "--top-k", 3], ["-c", 8, "--hashes"], ["-c", 8, "--tensors", "all"],
                 ["-c", 8, "--max-tokens", 1], ["-c", 8, "--as", "gguf"]):
        run, path = written(*more)
        assert run.code == 64 and not path.exists(), more
    nan = tmp_path / "nan.gguf"
    content = bytearray(small.read_bytes())
    tensor = next(t for t in gguf.GGUFReader(small).tensors if t.name == "output_norm.weight")
    content[tensor.data_offset:tensor.data_offset + 4] = struct.pack("<f", float("nan"))
    nan.write_bytes(content)
    run, path = written("-c", 8, model=nan)
    assert run.code == 3 and not path.exists()


def test_the_text_says_what_follows(crossval, small, tmp_path):
    path = tmp_path / "base.kld"
    run = crossval("record", "-m", small, "-f", PROMPTS / "prose-02-letter.txt", "-c", 16, "--as", "kld", "-o", path)
    assert run.code == 0 and "chunks of 16 positions" in run.out and "--kl-divergence-base" in run.out, run.err
