"""Names that no file can have, and folders that are closed: an error that says so, whatever option they come by."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

LONG = "x" * 5000
NAMES = [LONG, f"/{LONG}.gguf", f"{LONG}-00002-of-00003.gguf", f"{'y' * 300}/m-00002-of-00003.gguf", "file/m.gguf",
         "file/m-00001-of-00002.gguf", "loop", "loop/m-00001-of-00002.gguf", "file/a/b.jinja"]
IDS = ("--tokens", "1,2,3", "--max-tokens", "0")
# command -> exit codes that say what is wrong
COMMANDS = {
    ("per-token", "-m", "PATH", *IDS, "--reference", "native"): {5},
    ("per-token", "-m", "MODEL", *IDS, "--reference", "native:model=PATH"): {5},
    ("per-token", "-m", "MODEL", *IDS, "--candidate", "native:model=PATH", "--reference", "native"): {5},
    ("per-token", "-m", "MODEL", "-p", "a", "--reference", "native:tokenizer=PATH"): {5},
    ("per-token", "-m", "MODEL", "-p", "a", "--tokenizer", "PATH", "--reference", "native"): {5},
    ("per-token", "-m", "MODEL", *IDS, "--reference", "native", "--dump", "PATH"): {74},
    ("per-token", "-m", "MODEL", *IDS, "--reference", "llama.cpp:src=PATH"): {4},
    ("per-token", "-m", "MODEL", *IDS, "--reference", "llama.cpp:build=PATH"): {4},
    ("per-token", "-m", "MODEL", *IDS, "--reference", "llama.cpp:worker=PATH"): {4},
    ("run", "-m", "PATH", "-p", "a"): {5},
    ("run", "-m", "MODEL", "-f", "PATH"): {5},
    ("run", "-m", "MODEL", "--messages", "PATH"): {5},
    ("run", "-m", "MODEL", "-p", "a", "--prompt-template", "PATH"): {5, 64},
    ("tokenize", "-m", "PATH", "-p", "a"): {5},
    ("tokenize", "-m", "MODEL", "--tokenizer", "PATH", "-p", "a"): {5},
    ("inspect", "PATH"): {5},
    ("inspect", "MODEL", "PATH"): {5},
    ("synth", "--types", "F16", "--layers", "1", "-o", "PATH"): {74},
    ("doctor", "-m", "PATH", "--reference", "native"): {5},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_text("no model\n")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


def with_path(words, model, path):
    return [word.replace("MODEL", str(model)).replace("PATH", path) for word in words]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_name_that_no_file_can_have(crossval, model, folder, words):
    for name in NAMES:
        run = crossval(*with_path(words, model, name), cwd=folder)
        assert run.code in COMMANDS[words], (name[-30:], run.code, run.err[:300])
        assert "unexpected" not in run.err


@pytest.fixture(scope="module")
def closed(binary, model):
    """A folder that its owner alone may enter, a program and a model beside it, and who is not the owner."""
    top = pathlib.Path(tempfile.mkdtemp())
    (top / "closed").mkdir()
    for name in ("m.gguf", "m-00001-of-00002.gguf", "t.jinja"):
        shutil.copy(model, top / "closed" / name)
    shutil.copy(binary, top / "crossval")
    shutil.copy(model, top / "model.gguf")
    top.chmod(0o755)
    (top / "closed").chmod(0o700 if os.geteuid() == 0 else 0)
    yield top
    (top / "closed").chmod(0o700)
    shutil.rmtree(top)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ["m.gguf", "m-00001-of-00002.gguf", "t.jinja", "new/new"])
def test_a_folder_that_is_closed(closed, words, name):
    if "src=" in words[-1] or "build=" in words[-1]:
        return  # the script that looks lies in crossval's own tree, which others need not be able to read
    someone = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    run = subprocess.run([closed / "crossval", *with_path(words, closed / "model.gguf", str(closed / "closed" / name))],
                         text=True, capture_output=True, timeout=300, cwd="/", **someone)
    assert run.returncode in COMMANDS[words], run.stderr[:300]


@pytest.mark.parametrize("variable", ["CROSSVAL_WORKER", "CROSSVAL_JINJA", "CROSSVAL_CACHE", "XDG_CACHE_HOME", "TMPDIR",
                                      "LLAMA_CPP_DIR"])
def test_a_variable_with_such_a_name(crossval, folder, variable):
    for name in ("/" + LONG, str(folder / "file" / "a"), str(folder / "loop" / "a")):
        run = crossval("doctor", env={variable: name})
        assert run.code in (0, 4, 74), (name[-30:], run.code, run.err[:300])
        assert "unexpected" not in run.out + run.err
