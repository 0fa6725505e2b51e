"""What people have in the place of a model file, as the programs that make such files write it: each is named, exit 5."""
import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest


def safetensors():
    header = json.dumps({"model.norm.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def zipped(member):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, b"content")
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.gguf"))
    return file.getvalue()


def array():
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


GGUF = b"GGUF" + struct.pack("<IQQ", 3, 0, 0)
FILES = {
    "html": (b"<!doctype html>\n<html><head><title>not found</title></head></html>", "HTML page", "download"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 4368438976\n", "Git LFS pointer",
            "4368438976 bytes"),
    "json": (json.dumps({"error": "Invalid username or password."}).encode(), "JSON text", "Invalid username"),
    "text": (b"Entry not found\n", "Entry not found", "download"),
    "safetensors": (safetensors(), "safetensors", "convert_hf_to_gguf.py"),
    "torch": (zipped("archive/data.pkl"), "PyTorch", "convert_hf_to_gguf.py"),
    "pickle": (pickle.dumps({"a": 1}, protocol=2), "pickle", "convert_hf_to_gguf.py"),
    "zip": (zipped("model.gguf"), "zip archive", "unpack"),
    "tar": (tarred(), "tar archive", "unpack"),
    "gzip": (gzip.compress(GGUF), "gzip", "unpack"),
    "xz": (lzma.compress(GGUF), "xz", "unpack"),
    "bzip2": (bz2.compress(GGUF), "bzip2", "unpack"),
    "numpy": (array(), "NumPy", "model file"),
    "zeros": (bytes(4096), "zero bytes", "download"),
    "version 1": (b"GGUF" + struct.pack("<III", 1, 0, 0), "version 1", "convert"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian", "convert"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["per-token", "inspect"])
def test_each_is_named_with_what_to_do(crossval, tmp_path, name, command):
    content, *words = FILES[name]
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    run = crossval("inspect", path) if command == "inspect" else crossval("per-token", "-m", path, "-p", "x")
    assert run.code == 5
    for word in (*words, str(path)):
        assert word.lower() in run.err.lower(), (word, run.err)


@pytest.mark.parametrize("name", ["html", "lfs", "safetensors", "gzip", "text"])
def test_so_is_what_is_no_tokenizer(crossval, model, tmp_path, name):
    content, *words = FILES[name]
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    run = crossval("tokenize", "-m", model, "-p", "x", "--tokenizer", path)
    assert run.code == 5
    for word in (*words, "tokenizer.json"):
        assert word.lower() in run.err.lower(), (word, run.err)


def test_a_folder_is_named(crossval, tmp_path):
    run = crossval("per-token", "-m", tmp_path, "-p", "x")
    assert run.code == 5 and "it is a folder" in run.err and "checkpoint" in run.err


def test_a_cut_download_says_how_much_is_missing(crossval, model, tmp_path):
    whole = model.read_bytes()
    path = tmp_path / "m.gguf"
    path.write_bytes(whole[:-1_000_000])
    run = crossval("per-token", "-m", path, "-p", "x")
    assert run.code == 5
    assert f"1,000,000 of {len(whole):,} bytes are missing" in run.err


def test_nothing_is_said_of_a_sound_file(crossval, model):
    run = crossval("tokenize", "-m", model, "-p", "x", "--count")
    assert run.code == 0 and run.err == ""
