"""The bad-input and fault list: each ends in a clear message and the documented exit code, in text and JSON,
and leaves nothing behind."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import ROOT, children

USAGE, MODEL, ENGINE, OUTPUT, INTERRUPTED = 64, 5, 4, 74, 130


@pytest.fixture(params=["text", "json"])
def form(request):
    return request.param


def check(run, form, code, *words):
    """The exit code and every word of the message; in JSON mode stdout is one JSON document."""
    assert run.code == code, (run.code, run.out, run.err)
    said = run.err
    if form == "json":
        assert run.json["exit_code"] == code
        said += run.out
    for word in words:
        assert str(word).lower() in said.lower(), (word, said)
    assert len(said.strip()) > 0


# --- models ---------------------------------------------------------------------------------------

def test_missing_model(crossval, form):
    run = crossval("per-token", "-m", "/nonexistent/a.gguf", "-p", "x", "--format", form)
    check(run, form, MODEL, "/nonexistent/a.gguf")


def test_empty_model(crossval, form, tmp_path):
    path = tmp_path / "empty.gguf"
    path.touch()
    check(crossval("per-token", "-m", path, "-p", "x", "--format", form), form, MODEL, path, "empty")


@pytest.mark.parametrize("size", [3, 20, 40, 1000, 200_000, 1_700_000, 50_000_000])
def test_truncated_model(crossval, model, tmp_path, size):
    """Inside the magic, the header, the first key, the metadata, the vocabulary, the tensor table, the data."""
    path = tmp_path / "cut.gguf"
    with open(model, "rb") as whole:
        path.write_bytes(whole.read(size))
    check(crossval("per-token", "-m", path, "-p", "x"), "text", MODEL, path)


def test_wrong_magic_and_flipped_count(crossval, model, tmp_path, form):
    path = tmp_path / "flipped.gguf"
    with open(model, "rb") as whole:
        head = bytearray(whole.read(100_000))
    head[0] ^= 0x20
    path.write_bytes(head)
    check(crossval("per-token", "-m", path, "-p", "x", "--format", form), form, MODEL, path, "magic")
    head[0] ^= 0x20
    head[15] ^= 0x80  # the tensor count becomes astronomic
    path.write_bytes(head)
    check(crossval("per-token", "-m", path, "-p", "x", "--format", form), form, MODEL, path)


def patched(model, tmp_path, old, new):
    """A copy of the model with one byte string of the metadata replaced by one of the same length."""
    data = bytearray(pathlib.Path(model).read_bytes())
    at = data.find(old)
    assert at > 0 and len(old) == len(new)
    data[at:at + len(old)] = new
    path = tmp_path / "patched.gguf"
    path.write_bytes(data)
    return path


def test_unsupported_architecture(crossval, model, tmp_path, form):
    key = b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00"
    path = patched(model, tmp_path, key + b"llama", key + b"mamba")
    run = crossval("per-token", "-m", path, "--tokens", "1,2", "--format", form)
    check(run, form, MODEL, "mamba", "llama")


def test_unsupported_weight_type(crossval, model, tmp_path, form):
    """The type number of the first attention matrix becomes one that only forks write."""
    import gguf
    reader = gguf.GGUFReader(model)
    tensor = next(t for t in reader.tensors if t.name == "blk.0.attn_q.weight")
    # offset of the type field: name length 8 + name + n_dims 4 + dims 8 each
    at = tensor.field.offset + 8 + len(tensor.name) + 4 + 8 * len(tensor.shape)
    data = bytearray(pathlib.Path(model).read_bytes())
    assert int.from_bytes(data[at:at + 4], "little") == tensor.tensor_type
    data[at:at + 4] = (37).to_bytes(4, "little")
    path = tmp_path / "type37.gguf"
    path.write_bytes(data)
    run = crossval("per-token", "-m", path, "--tokens", "1,2", "--format", form)
    check(run, form, MODEL, "blk.0.attn_q.weight", "37")


def test_directory_as_model(crossval, tmp_path, form):
    check(crossval("per-token", "-m", tmp_path, "-p", "x", "--format", form), form, MODEL, tmp_path)


# --- prompts --------------------------------------------------------------------------------------

def test_empty_prompt(crossval, model, form, tmp_path):
    check(crossval("per-token", "-m", model, "-p", "", "--format", form), form, USAGE, "empty")
    nothing = tmp_path / "nothing.txt"
    nothing.touch()
    check(crossval("per-token", "-m", model, "-f", nothing, "--format", form), form, USAGE, "empty")


def test_unreadable_prompt_file(crossval, model, form):
    run = crossval("per-token", "-m", model, "-f", "/nonexistent/prompt.txt", "--format", form)
    assert run.code in (USAGE, MODEL)
    check(run, form, run.code, "/nonexistent/prompt.txt")


def test_prompt_longer_than_the_context(crossval, model, form):
    run = crossval("per-token", "-m", model, "-f", ROOT / "LICENSE", "-c", 256, "--format", form)
    check(run, form, USAGE, "256")


@pytest.mark.parametrize("ids", ["1,2,49152", "-1", "1,2147483647"])
def test_token_out_of_range(crossval, model, form, ids):
    check(crossval("per-token", "-m", model, f"--tokens={ids}", "--format", form), form, USAGE,
          ids.split(",")[-1])


@pytest.mark.parametrize("ids", ["", "1,,2", "a", "1;2", "99999999999999999999"])
def test_malformed_token_list(crossval, model, form, ids):
    check(crossval("per-token", "-m", model, f"--tokens={ids}", "--format", form), form, USAGE)


def test_invalid_utf8_is_compared_all_the_same(crossval, model, tmp_path):
    path = tmp_path / "bytes.txt"
    path.write_bytes(b"caf\xe9 \xff\xfe ok \xc3")
    run = crossval("per-token", "-m", model, "-f", path, "--max-tokens", 0, "--require", "bits")
    assert run.code == 0, run.err


def test_tokenizer_files_that_do_not_exist(crossval, model, form):
    run = crossval("per-token", "-m", model, "-p", "x", "--tokenizer", "/nonexistent/tokenizer.json", "--format", form)
    check(run, form, MODEL, "/nonexistent/tokenizer.json")


@pytest.mark.parametrize("args", [["--no-such-option"], ["--format", "xml"], ["--require", "luck"],
                                  ["--candidate", "nobody"], ["--candidate", "native:colour=red"],
                                  ["--candidate", "native:fault=no-such-fault"],
                                  ["--cos-tol", "2"], ["--cos-tol", "nan"], ["--max-tokens", "-1"], ["-t", "0"]])
def test_bad_options(crossval, model, args):
    run = crossval("per-token", "-m", model, "-p", "x", *args)
    assert run.code == USAGE, (run.code, run.err)
    assert run.err.strip()


# --- output ---------------------------------------------------------------------------------------

def test_full_disk(crossval, model, form):
    with open("/dev/full", "w") as full:
        run = crossval("per-token", "-m", model, "-p", "x", "--max-tokens", 0, "--format", form, stdout=full)
    assert run.code == OUTPUT, run.err


def test_closed_stdout(binary, model, form):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([binary, "per-token", "-m", model, "-p", "x", "--max-tokens", "0", "--format", form],
                          stdout=writer, stderr=subprocess.PIPE, timeout=120)
    os.close(writer)
    assert done.returncode == OUTPUT, done.stderr


def test_dump_into_a_directory_that_cannot_be_made(crossval, model, form, tmp_path):
    file = tmp_path / "file"
    file.touch()
    run = crossval("per-token", "-m", model, "-p", "x", "--max-tokens", 0, "--dump", file / "d", "--format", form)
    check(run, form, OUTPUT, file / "d")


def test_dump_onto_a_full_disk_leaves_nothing(crossval, model, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], capture_output=True)
    assert mounted.returncode == 0, "this test mounts a small tmpfs and needs the right to: " + str(mounted.stderr)
    try:
        run = crossval("per-token", "-m", model, "-p", "one two three", "--max-tokens", 0, "--dump", small / "d")
        assert run.code == OUTPUT, run.err
        assert not list(small.rglob("*.npy")) and not list(small.rglob("*.tmp*"))
    finally:
        subprocess.run(["umount", small], check=True)


# --- engines --------------------------------------------------------------------------------------

def test_missing_worker(crossval, model, form):
    run = crossval("per-token", "-m", model, "-p", "x", "--reference", "llama.cpp:worker=/nonexistent/worker",
                   "--format", form)
    check(run, form, ENGINE, "/nonexistent/worker")


def started(binary, model, *args):
    """crossval in the middle of a long comparison, with the pid of its worker."""
    process = subprocess.Popen([binary, "per-token", "-m", model, "-f", ROOT / "LICENSE", "-c", "4096", *args],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.time() + 300
    while not children(process.pid):
        assert time.time() < deadline and process.poll() is None
        time.sleep(0.02)
    time.sleep(1.5)
    assert process.poll() is None, "finished before the test could interfere"
    return process, children(process.pid)[0]


def gone(pid):
    for _ in range(6000):
        if not pathlib.Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_worker_killed_in_mid_stream(binary, model):
    process, worker = started(binary, model)
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=300)
    assert process.returncode == ENGINE, (process.returncode, err)
    assert "llama.cpp" in err and ("SIGKILL" in err or "killed" in err.lower())


def test_worker_stopped(binary, model):
    process, worker = started(binary, model, "--engine-timeout", "3")
    os.kill(worker, signal.SIGSTOP)
    out, err = process.communicate(timeout=300)
    assert process.returncode == ENGINE, (process.returncode, err)
    assert "llama.cpp" in err
    assert gone(worker)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt(binary, model, how):
    process, worker = started(binary, model)
    process.send_signal(how)
    process.communicate(timeout=300)
    assert process.returncode == INTERRUPTED
    assert gone(worker)


def test_no_orphan_when_crossval_is_killed(binary, model):
    process, worker = started(binary, model)
    process.kill()
    process.wait()
    assert gone(worker)
