"""The renderer of chat templates is built when a template first needs it, as a llama.cpp tree is when it is named."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import script


@pytest.fixture
def bare(tmp_path):
    """The environment of a cache in which llama.cpp's source is all there is."""
    cache = tmp_path / "cache"
    (cache / "source").mkdir(parents=True)
    (cache / "source" / script("source").name).symlink_to(script("source"))
    return {"CROSSVAL_CACHE": str(cache), "CROSSVAL_JINJA": ""}


def test_the_renderer_is_built_when_it_is_first_needed(crossval, model, bare):
    args = ("run", "-m", model, "-p", "Say hi.", "--max-tokens", 1)
    raw = crossval(*args, env=bare)
    assert raw.code == 0 and "building" not in raw.err
    first, second = (crossval(*args, "--chat", env=bare, timeout=1800) for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.err
    assert "building crossval-jinja" in first.err and "building" not in second.err
    assert first.out == second.out


def test_a_renderer_that_cannot_be_built_is_no_riddle(crossval, model, tmp_path):
    (tmp_path / "file").write_text("")
    env = {"CROSSVAL_CACHE": str(tmp_path / "file"), "CROSSVAL_JINJA": ""}
    args = ("run", "-m", model, "-p", "Say hi.", "--max-tokens", 1)
    run = crossval(*args, "--chat", env=env)
    assert run.code == 4
    assert "the renderer of chat templates could not be fetched or built" in run.err
    assert "set CROSSVAL_CACHE to another folder" in run.err and "--prompt-template raw" in run.err
    followed = crossval(*args, "--prompt-template", "chatml", env=env)
    assert followed.code == 0, followed.err


def test_an_interrupted_build_leaves_nothing(binary, model, bare):
    cache = pathlib.Path(bare["CROSSVAL_CACHE"])
    process = subprocess.Popen([binary, "run", "-m", model, "-p", "Say hi.", "--chat"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **bare, "CCACHE_DISABLE": "1"})
    deadline = time.monotonic() + 120
    while not (cache / "staging" / "build" / "build.ninja").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)  # to crossval alone
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert not (cache / "staging").exists() and not list((cache / "programs").glob("*"))
