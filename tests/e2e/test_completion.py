"""Completion in a real bash and a real zsh, driven by keys in a terminal; the manual page in a real man, or the same
lexically where man is missing."""
import re
import shutil
import subprocess

import pytest

from shells import Shell


@pytest.fixture(scope="module", params=["bash", "zsh", "zsh-autoload"])
def complete(crossval, tmp_path_factory, request):
    """complete("run --form") -> the words that stand on the line when everything offered for the last one is there."""
    shell = Shell(request.param, tmp_path_factory.mktemp(request.param),
                  crossval("completion", request.param.partition("-")[0]).out)
    for name in ("model.gguf", "models.txt", "json.txt"):
        (shell.work / name).touch()
    (shell.work / "folder").mkdir()

    def run(line):
        done = shell.completed("crossval " + line)
        assert done.startswith("crossval " + line[:line.rfind(" ") + 1])
        return done.split()[1 + len(line.split(" ")[:-1]):]

    yield run
    shell.close()


def offered(words):
    """Without what the shells write in ways of their own: their order, --format= for --format, folder/ for folder,
    and of --format=json the option, which zsh repeats."""
    return sorted(word.rstrip("=/").rpartition("=")[2] for word in words)


# For the last word of each line both shells offer the same.
@pytest.mark.parametrize("line, words", [
    ("to", "tokenize"),
    ("--v", "--version"),
    ("nonsense --", "--"),
    ("nonsense mod", "mod"),
    ("--format json ru", "ru"),  # no command is called --format
    # options
    ("per-token --ref", "--reference"),
    ("per-token -p x --c", "--chat --chat-template-kwargs --candidate --ctx-size --cos-tol"),
    ("run --cos", "--cos"),  # another command's
    ("inspect --so", "--sort"),
    # values that are known
    ("per-token --require ", "bits cos floor"),
    ("per-token --kv q4", "q4_0 q4_1"),
    ("run --format j", "json"),  # and no file that begins so
    ("run --format=j", "json"),
    ("run --format=", "json text"),
    ("run --bos o", "off on"),
    ("completion z", "zsh"),
    ("per-token --candidate n", "native"),
    ("run --engine ", "exec hf http llama.cpp native oracle oracle:declared replay"),
    ("run --engine=l", "llama.cpp"),
    ("run --prompt-template r", "raw"),
    ("run --prompt-template chat", "chatml"),
    ("synth --arch qwen2m", "qwen2moe"),
    ("synth --types Q4_", "Q4_0 Q4_1 Q4_K"),
    # files and folders
    ("run -m mod", "model.gguf models.txt"),
    ("run --model=mod", "model.gguf models.txt"),
    ("run --chat -m mod", "model.gguf models.txt"),
    ("inspect mod", "model.gguf models.txt"),
    ("inspect model.gguf mod", "model.gguf models.txt"),
    ("run --prompt-template mod", "model.gguf models.txt"),
    ("per-token --dump ", "folder"),
    ("run --engine native:model=mod", "model.gguf models.txt"),
    ("run --engine=native:model=mod", "model.gguf models.txt"),
    # where there is nothing to offer
    ("run mod", "mod"),
    ("run --engine mod", "mod"),
    ("run -t mod", "mod"),
    ("run -p mod", "mod"),
    ("run --format mod", "mod"),
])
def test_offered(complete, line, words):
    assert offered(complete(line)) == sorted(words.split())


def test_every_command_and_option_is_offered(crossval, complete):
    listed = re.findall(r"^  ([a-z][a-z-]+) ", crossval("--help").out, re.M)
    assert len(listed) > 5
    assert [word for word in complete("") if not word.startswith("-")] == sorted(listed)
    for command in listed:
        options = re.findall(r"^  (?:(-\w),)?(--[a-z0-9-]+)", crossval(command, "--help").out, re.M)
        assert len(options) > 3
        assert offered(complete(f"{command} -")) == sorted(name for both in options for name in both if name)


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
