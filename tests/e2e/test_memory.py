"""Peak memory of both processes: nothing grows with positions × vocabulary."""
import pathlib
import re
import resource
import subprocess
import sys
import time

import numpy as np

from conftest import ROOT
from identity import tokens

sys.path.insert(0, str(ROOT / "engines" / "python"))
import crossval as sdk  # noqa: E402

MB = 1 << 20
NAMES = {"crossval", "crossval-llama-"}  # as the kernel shortens them


def peaks(binary, *args):
    """Highest VmHWM, in bytes, of crossval and of the worker, read until crossval ends."""
    process = subprocess.Popen([binary, *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    highest = {}
    while process.poll() is None:
        task = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            pids = [str(process.pid), *task.read_text().split()]
        except OSError:
            break
        for pid in pids:
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue  # ended just now
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            name = re.search(r"Name:\s+(\S+)", status)[1]
            if found and name in NAMES:
                highest[name] = max(highest.get(name, 0), int(found[1]) * 1024)
        time.sleep(0.02)
    assert process.wait() == 0, process.stderr.read()
    return highest


def test_memory_does_not_grow_with_positions(binary, model, ids):
    lengths = (250, 750)
    short, long = (peaks(binary, "per-token", "-m", model, tokens(ids[:n]), "--max-tokens", 0, "-c", 2048, "-b", 128, "-t", 2,
                         "--require", "bits") for n in lengths)
    print({name: (short[name] // MB, size // MB) for name, size in long.items()}, "MB, model",
          model.stat().st_size // MB)
    assert set(long) == NAMES
    vocabulary = 49152
    rows = (lengths[1] - lengths[0]) * vocabulary * 4  # what keeping the additional rows would take
    for name, size in long.items():
        assert size - short[name] < rows / 10, name
        assert size < model.stat().st_size + 200 * MB, name


def test_recordings_of_32k_positions_are_compared_in_little_memory(binary, tmp_path):
    """128 MB of rows each: read as they are needed and given back."""
    positions, vocabulary = 32768, 1024
    ids = [i % vocabulary for i in range(positions)]
    rows = np.random.default_rng(1).standard_normal((positions, vocabulary), dtype=np.float32)
    files = [tmp_path / "a.xval", tmp_path / "b.xval"]
    for file in files:
        sdk.write_recording(file, ids, rows, name="made")
    del rows
    size = files[0].stat().st_size
    highest = peaks(binary, "compare", *files)["crossval"]
    print(highest // MB, "MB of two files of", size // MB)
    assert size > 128 * MB > 1.5 * highest


def limited(binary, megabytes, *args):
    """With so much address space (ulimit -v)."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * MB, megabytes * MB))
    return subprocess.run([binary, *map(str, args)], capture_output=True, text=True, preexec_fn=limit)


def test_a_pass_that_does_not_fit_is_an_error_with_the_way_out(binary, model):
    asked = ["run", "--engine", "native", "-t", 2, "-m", model, tokens([5] * 2000), "--max-tokens", 1, "-q",
             "-b"]
    room = model.stat().st_size // MB + 130  # the model, the cache, a small pass
    done = limited(binary, room, *asked, 2048)
    assert done.returncode == 4 and "not enough memory for a pass of 2000 positions" in done.stderr, done.stderr
    assert "Give a smaller -b." in done.stderr
    done = limited(binary, room, *asked, 64)
    assert done.returncode == 0, done.stderr


def test_a_long_context_takes_memory_only_as_it_is_used(binary, model):
    """100,000 positions would take 2.3 GB of keys and values."""
    asked = ["per-token", "-m", model, "--tokens", "1,2,3,4,5", "--max-tokens", 0, "--candidate", "native",
             "--reference", "native", "-c"]
    short, long = (peaks(binary, *asked, context)["crossval"] for context in (2048, 100000))
    assert long < short + 60 * MB


def test_an_explanation_holds_a_layer_at_a_time(binary, crossval, tmp_path):
    """What more positions take grows with the layers by their cache, and not by all values of both engines."""
    width, ff, lengths, layers = 256, 1024, (32, 256), (6, 24)
    growth = []
    for n in layers:
        model = tmp_path / f"{n}.gguf"
        crossval("synth", "--types", "F16", "--layers", n, "--embd", width, "--heads", 4, "--ff", ff, "-q", "-o", model)
        short, long = (peaks(binary, "explain", "-m", model, tokens([i % 300 + 3 for i in range(positions)]), "--candidate",
                             "native:threads=2", "--reference", "native")["crossval"] for positions in lengths)
        growth.append(long - short)
    more = 2 * 4 * (lengths[1] - lengths[0]) * (layers[1] - layers[0])  # bytes of a value that both engines have
    cache, values = more * 2 * width, more * (9 * width + 3 * ff)
    print([size // MB for size in growth], "MB more, cache", cache // MB, "all values", values // MB)
    assert growth[1] - growth[0] < cache + values / 4
