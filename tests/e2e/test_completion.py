"""Completion in a real bash, the manual page in a real man; the same lexically where zsh or man is missing."""
import re
import shutil
import subprocess

import pytest


@pytest.fixture(scope="module")
def complete(crossval, tmp_path_factory):
    """complete("per-token", "--ref") -> what bash offers for the last word."""
    script = tmp_path_factory.mktemp("completion") / "crossval.bash"
    script.write_text(crossval("completion", "bash").out)

    def run(*words):
        line = ["crossval", *words]
        code = (f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD={len(words)}; _crossval; '
                'printf "%s\\n" "${COMPREPLY[@]}"; complete -p crossval >&2')
        done = subprocess.run(["bash", "--norc", "-euc", code, "bash", *line], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert "-F _crossval" in done.stderr and "-o default" in done.stderr  # no offer: files
        return done.stdout.split()

    return run


@pytest.mark.parametrize("words, offered", [
    (["per-token", "--ref"], ["--reference"]),
    (["per-token", "-p", "x", "--c"], ["--chat", "--candidate", "--ctx-size", "--cos-tol"]),
    (["per-token", "--candidate", "n"], ["native"]),
    (["run", "--engine", ""], ["native", "llama.cpp"]),
    (["run", "--format", "j"], ["json"]),
    (["run", "--format", "=", "j"], ["json"]),  # as bash splits --format=j
    (["run", "--format", "="], ["text", "json"]),
    (["--format", "json", "ru"], []),  # no command is called --format
    (["run", "--prompt-template", "r"], ["raw"]),
    (["run", "--prompt-template", "chat"], ["chatml"]),
    (["synth", "--arch", "qwen2m"], ["qwen2moe"]),
    (["synth", "--types", "Q4_"], ["Q4_0", "Q4_1", "Q4_K"]),
    (["run", "--bos", "o"], ["on", "off"]),
    (["to"], ["tokenize"]),
    (["--v"], ["--version"]),
    (["completion", "z"], ["zsh"]),
    (["run", "-m", "mod"], []),  # a file
    (["run", "--cos"], []),      # another command's option
    (["inspect", "mod"], []),    # a positional file
    (["inspect", "--so"], ["--sort"]),
    (["nonsense", "--"], []),
])
def test_bash_offers(complete, words, offered):
    assert complete(*words) == offered


def test_every_command_is_offered(crossval, complete):
    listed = re.findall(r"^  ([a-z][a-z-]+) ", crossval("--help").out, re.M)
    assert len(listed) > 5
    assert [word for word in complete("") if not word.startswith("-")] == listed


def test_zsh(crossval, tmp_path):
    script = tmp_path / "_crossval"
    script.write_text(crossval("completion", "zsh").out)
    if shutil.which("zsh"):
        assert subprocess.run(["zsh", "-n", script]).returncode == 0
    # Every specification is a closed pair of quotes; quotes inside are written '\''.
    for line in script.read_text().splitlines():
        if re.match(r" +('|-)", line):
            assert line.replace("'\\''", "").count("'") % 2 == 0, line


def test_the_manual_page(crossval, tmp_path):
    page = crossval("man").out
    (tmp_path / "crossval.1").write_text(page)
    for line in page.splitlines():
        assert not line.startswith("'")
        if line.startswith("."):
            assert re.match(r"\.(TH|SH|SS|TP|PP)\b", line), line
    if not shutil.which("groff"):
        return
    done = subprocess.run(["groff", "-k", "-man", "-ww", "-Tutf8", "-P-bcu", tmp_path / "crossval.1"], text=True,
                          capture_output=True)
    assert done.returncode == 0 and done.stderr == ""
    text = re.sub(r"[ \u2010-]+", " ", done.stdout.replace("\u2010\n", ""))
    for name in re.findall(r"^ +(?:-\w,)?--([a-z-]+)", crossval("run", "--help").out, re.M):
        assert name.replace("-", " ") in text, name
