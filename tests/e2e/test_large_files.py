"""Files larger than memory, in parts, where nothing may be written: read in place, or refused before memory is taken."""
import os
import pathlib
import resource
import shutil
import subprocess

import gguf
import numpy as np
import pytest

I2_S = 36
F32 = gguf.GGMLQuantizationType.F32
WIDTH, ROWS = 4096, 1 << 24  # 17 GB of two-bit codes in each matrix
RAM = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def promises(tmp_path_factory):
    """A BitNet model of a few hundred bytes on the disk whose header promises matrices larger than memory."""
    path = tmp_path_factory.mktemp("large") / "promises.gguf"
    w = gguf.GGUFWriter(path, "bitnet-b1.58")
    w.add_block_count(1)
    w.add_context_length(128)
    w.add_embedding_length(WIDTH)
    w.add_feed_forward_length(ROWS)
    w.add_head_count(32)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_vocab_size(32)
    more = [f"more_{i}" for i in range(RAM * 4 // WIDTH // ROWS)]
    names = [f"blk.0.{name}.weight" for name in ["ffn_up", "ffn_gate", *more]]
    size = WIDTH * ROWS // 4 + 32
    for name in names:
        w.add_tensor_info(name, (ROWS, WIDTH), np.dtype(np.float32), size, raw_dtype=F32)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_ti_data_to_file()
    w.close()
    header = bytearray(path.read_bytes())
    for name in names:
        at = header.index(name.encode()) + len(name) + 4 + 2 * 8
        header[at] = I2_S
    path.write_bytes(header)
    os.truncate(path, (len(header) + 31) // 32 * 32 + len(names) * size)
    assert path.stat().st_size > RAM and path.stat().st_blocks * 512 < 1 << 20
    return path


def evaluate(crossval, model, *args, **kwargs):
    return crossval("per-token", "-m", model, "--tokens", "1,2", "--max-tokens", 1, "--candidate", "native",
                    "--reference", "native", *args, **kwargs)


def test_copies_that_do_not_fit_are_refused_before_they_are_made(crossval, promises):
    run = evaluate(crossval, promises, "--i2s-layout", "arm")
    assert run.code == 4 and "rewritten in memory: 17179 MB for this tensor" in run.err
    assert "promises.gguf, tensor blk.0." in run.err and "MB are available" in run.err
    assert "without a copy" in run.err
    run = evaluate(crossval, promises, "--i2s-layout", "x86")  # read in place: what is wrong is another thing
    assert run.code == 5 and "tensor token_embd.weight" in run.err


def test_a_cache_that_does_not_fit_is_refused(crossval, model):
    run = evaluate(crossval, model, "-c", 1 << 30)
    assert run.code == 4 and "a KV cache of 1073741824 positions takes" in run.err and "-c" in run.err
    assert evaluate(crossval, model, "-c", 64).code == 0


def test_the_processs_own_limit_counts(binary, model):
    def limited(megabytes, *args):
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        return subprocess.run([binary, "per-token", "-m", model, "--tokens", "1", "--max-tokens", "0", "--candidate",
                               "native", "--reference", "native", *args], preexec_fn=limit, capture_output=True, text=True)

    run = limited(700, "-c", "40000")  # 920 MB of keys and values
    assert run.returncode == 4 and "a KV cache of 40000 positions takes" in run.stderr
    assert limited(700, "-c", "64").returncode == 0
    run = limited(70)
    assert run.returncode == 5 and "ulimit -v" in run.stderr


def test_a_header_alone_is_looked_at(crossval, promises):
    run = crossval("inspect", promises, "--quick", "--format", "json")
    assert run.json["tensors"][0]["bytes"] == WIDTH * ROWS // 4 + 32


def test_a_file_cut_short_names_the_tensor(crossval, promises, tmp_path):
    path = tmp_path / "cut.gguf"
    path.write_bytes(promises.open("rb").read(4096))
    os.truncate(path, WIDTH * ROWS // 4)
    for run in (crossval("inspect", path, "--quick"), evaluate(crossval, path)):
        assert run.code == 5 and "tensor blk.0.ffn_up.weight" in run.err


@pytest.fixture
def divided(crossval, tmp_path):
    """A made-up model in one file, and in five parts."""
    whole = tmp_path / "whole.gguf"
    run = crossval("synth", "-o", whole, "--types", "Q8_0", "--layers", 2)
    assert run.code == 0, run.err
    reader = gguf.GGUFReader(whole)
    w = gguf.GGUFWriter(tmp_path / "parts.gguf", "llama", split_max_tensors=5)
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            kind = field.types[0]
            w.add_key_value(name, field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for tensor in reader.tensors:
        w.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    parts = sorted(tmp_path.glob("parts-*.gguf"))
    assert len(parts) == 5
    return whole, parts


def test_a_model_in_parts_is_the_whole_model(crossval, divided, tmp_path):
    """The same tensors in one file and in five, on both engines, whichever is named; a part that is missing is named."""
    whole, parts = divided
    for reference in (f"native:model={whole}", *(f"llama.cpp:model={part}" for part in parts)):
        run = crossval("per-token", "--tokens", "5,80,33", "--max-tokens", 2, "--require", "bits", "--candidate",
                       f"native:model={parts[2]}", "--reference", reference)
        assert run.code == 0 and "IDENTICAL" in run.out, run.err
    parts[3].rename(tmp_path / "elsewhere.gguf")
    run = evaluate(crossval, parts[0])
    assert run.code == 5 and parts[3].name in run.err


@pytest.mark.parametrize("changed", range(5))
def test_one_byte_of_any_part_makes_another_model(crossval, divided, tmp_path, changed):
    """A copy is the same model by content; a weight that differs in one bit, in whatever part, is another."""
    _, parts = divided
    (tmp_path / "copy").mkdir()
    copies = [pathlib.Path(shutil.copy(part, tmp_path / "copy")) for part in parts]

    def compare():
        return crossval("per-token", "--tokens", "5,80", "--max-tokens", 0, "--candidate", f"native:model={parts[0]}",
                        "--reference", f"native:model={copies[0]}", "--format", "json").json

    same = compare()
    assert same["model_files"]["same"] and not [s for s in same["settings"] if s["name"] == "model"]
    place = gguf.GGUFReader(copies[changed]).tensors[-1].data_offset + 5  # behind the scale
    with open(copies[changed], "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))
    other = compare()
    assert not other["model_files"]["same"]
    assert other["model_files"]["how"] == "files of different SHA-256"
    sides = [[part["sha256"] for part in other["model_files"][side]] for side in ("candidate", "reference")]
    assert [a != b for a, b in zip(*sides, strict=True)] == [i == changed for i in range(5)]
    assert [s["weight"] for s in other["settings"] if s["name"] == "model"] == ["asked"]


def test_nothing_is_written_beside_a_model(crossval, model, tmp_path):
    path = tmp_path / "models" / "m.gguf"
    path.parent.mkdir()
    shutil.copy(model, path)
    before = path.parent.stat(), path.stat()
    nowhere = {"XDG_CACHE_HOME": "/proc/none"}
    assert crossval("inspect", path, "--quick", env=nowhere).code == 0
    assert evaluate(crossval, path, env=nowhere).code == 0
    after = path.parent.stat(), path.stat()
    assert [(s.st_mtime_ns, s.st_ctime_ns) for s in before] == [(s.st_mtime_ns, s.st_ctime_ns) for s in after]
    assert os.listdir(path.parent) == [path.name]
