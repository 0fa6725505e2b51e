"""Our tokenizers beside llama.cpp's, text by text: every vocabulary that comes with its source, every
pre-tokenizer that it knows, and families that no file there has. Of the pre-tokenizers a commit tries
12; CROSSVAL_TEST_ALL=1 tries all, and 100,000 texts on each. The commit gives the seed, which is printed: CROSSVAL_SEED and
tests/golden/tokenizer_vs_reference take it again."""
import itertools
import os
import re
import subprocess

import gguf
import pytest
from conftest import ROOT, linked_with_reference, script
from identity import ALL
from slices import seed_of, slice_of

SEED = int(os.environ.get("CROSSVAL_SEED", seed_of()))
TABLE = (ROOT / "src" / "tokenizer" / "gguf" / "pretokenizer_data.inc").read_text()
PRETOKENIZERS = re.findall(r'\.name = "([^"]*)"', TABLE)
VOCABULARIES = ["aquila", "baichuan", "bert-bge", "command-r", "deepseek-coder", "deepseek-llm", "falcon",
                "gemma-4", "gpt-2", "gpt-neox", "llama-bpe", "llama-spm", "mpt", "nomic-bert-moe", "phi-3",
                "qwen2", "qwen35", "refact", "starcoder"]


@pytest.fixture(scope="session")
def models():
    return script("source") / "models"


@pytest.fixture(scope="session")
def harness():
    return linked_with_reference("tokenizer_vs_reference")


def compare(harness, vocabulary, *options, strings):
    done = subprocess.run([harness, vocabulary, "--seed", str(SEED), "--strings",
                           str(100_000 if ALL else strings), *options], text=True, capture_output=True)
    print(done.stdout, done.stderr)
    return done


def test_every_vocabulary_is_tried(models):
    assert sorted(p.name for p in models.glob("ggml-vocab-*.gguf")) == \
        [f"ggml-vocab-{name}.gguf" for name in VOCABULARIES]


@pytest.mark.parametrize("name", VOCABULARIES)
def test_vocabulary(harness, models, name):
    done = compare(harness, models / f"ggml-vocab-{name}.gguf", strings=150)
    assert done.returncode == 0 and "x 4, " in done.stdout and " 0 differences" in done.stdout


@pytest.mark.parametrize("name", slice_of(PRETOKENIZERS, 12))
def test_pretokenizer(harness, models, name):
    """A vocabulary with that name written in; those that spell no bytes on one without bytes."""
    whole = f'"{name}"' in re.findall(r'\.name = ("[^"]*"),\n[^{]*{[^}]*},\n *\.byte_level = false', TABLE)
    vocabulary = models / f"ggml-vocab-{'gemma-4' if whole else 'gpt-2'}.gguf"
    options = ["--set", f"tokenizer.ggml.pre={name}"]
    if whole:
        options += ["--set", f"tokenizer.ggml.model={'whitespace' if name == 'whitespace' else 'gpt2'}"]
    done = compare(harness, vocabulary, *options, strings=40)
    assert done.returncode == 0 and " 0 differences" in done.stdout


def test_unknown_names_are_refused_by_both(harness, models):
    for key in ("pre", "model"):
        done = compare(harness, models / "ggml-vocab-gpt-2.gguf", "--set", f"tokenizer.ggml.{key}=runes",
                       strings=1)
        assert done.returncode == 2 and "'runes'" in done.stdout and "llama.cpp refuses it" in done.stdout


def test_a_planted_difference_is_found(harness, models):
    done = compare(harness, models / "ggml-vocab-gpt-2.gguf", "--ours", "tokenizer.ggml.pre=falcon",
                   strings=50)
    assert done.returncode == 1 and "from token" in done.stdout


@pytest.mark.parametrize("flags", [("add_space_prefix", "false"), ("remove_extra_whitespaces", "true"),
                                   ("add_bos_token", "true"), ("add_eos_token", "true")])
@pytest.mark.parametrize("name", ["llama-spm", "nomic-bert-moe", "gpt-2"])
def test_flags(harness, models, name, flags):
    done = compare(harness, models / f"ggml-vocab-{name}.gguf", "--set",
                   f"tokenizer.ggml.{flags[0]}={flags[1]}", strings=60)
    assert done.returncode == 0 and " 0 differences" in done.stdout


@pytest.mark.parametrize("setting", ["normalizer.lowercase=false", "normalizer.strip_accents=false"])
def test_normalizer_flags(harness, models, setting):
    done = compare(harness, models / "ggml-vocab-bert-bge.gguf", "--set", f"tokenizer.ggml.{setting}",
                   strings=200)
    assert done.returncode == 0 and " 0 differences" in done.stdout


def test_white_space_before_a_special_token(harness, models):
    """[MASK] takes it there; phi-3's own vocabulary has tokens that take what is behind them."""
    done = compare(harness, models / "ggml-vocab-bert-bge.gguf", "--set", "general.name=Modern-BERT",
                   strings=300)
    assert done.returncode == 0 and " 0 differences" in done.stdout


def writer(path, model, tokens, types, scores=None, merges=None, pre=None):
    out = gguf.GGUFWriter(path, "llama")
    out.add_tokenizer_model(model)
    out.add_token_list(tokens)
    out.add_token_types(types)
    if scores:
        out.add_token_scores(scores)
    if merges:
        out.add_token_merges(merges)
    if pre:
        out.add_tokenizer_pre(pre)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.close()
    return path


WORDS = ["the", " the", "Hello", " wor", "ld", "in", "inter", "national", "er", "  ", "\n\n", "tion", "\u00e9",
         "\u4f60", "\u4f60\u597d", "\u041f\u0440\u0438", "12", "3", "a", "b", "c", "e", "o", " ", "return", "x", "ab", "abc"]


def test_rwkv(harness, tmp_path):
    def escaped(data):
        return "".join(chr(b) if 0x20 <= b < 0x7F and b != 0x5C else f"\\x{b:02x}" for b in data)

    tokens = ["<s>"] + [escaped(bytes([b])) for b in range(256)]
    tokens += [escaped(w.encode()) for w in WORDS if len(w.encode()) > 1] + ["\\n\\t", "\\r\\\\"]
    path = writer(tmp_path / "rwkv.gguf", "rwkv", tokens, [3] + [1] * (len(tokens) - 1))
    done = compare(harness, path, strings=1500)
    assert done.returncode == 0 and " 0 differences" in done.stdout


def test_plamo2(harness, tmp_path):
    tokens = ["<|plamo:unk|>", "<|plamo:bos|>", "<|plamo:eos|>", "<|plamo:pad|>"]
    tokens += [f"<0x{b:02X}>" for b in range(256)] + WORDS
    types = [2, 3, 3, 3] + [6] * 256 + [1] * len(WORDS)
    scores = [0.0] * 260 + [-3.0 - (i * 7 % 11) - len(w) / 8 for i, w in enumerate(WORDS)]
    path = writer(tmp_path / "plamo2.gguf", "plamo2", tokens, types, scores)
    done = compare(harness, path, strings=1500)
    assert done.returncode == 0 and " 0 differences" in done.stdout


def test_dna(harness, models, tmp_path):
    reader = gguf.GGUFReader(models / "ggml-vocab-gpt-2.gguf")

    def strings(key):
        field = reader.fields[key]
        return [bytes(field.parts[i]).decode() for i in field.data]

    tokens = strings("tokenizer.ggml.tokens") + ["<dna>", "</dna>", "<oov>"]
    tokens += ["".join(k) + "\ue000" for k in itertools.product("ACGT", repeat=6)]
    path = writer(tmp_path / "dna.gguf", "hybriddna", tokens, [1] * len(tokens),
                  merges=strings("tokenizer.ggml.merges"), pre="gpt-2")
    done = compare(harness, path, strings=1500)
    assert done.returncode == 0 and " 0 differences" in done.stdout


@pytest.mark.parametrize("name", VOCABULARIES)
def test_expected_ids_that_come_with_the_vocabulary(binary, models, name):
    texts = models / f"ggml-vocab-{name}.gguf.inp"
    if name in ("aquila", "baichuan", "gpt-neox", "nomic-bert-moe"):
        assert not texts.exists()  # these four come without
        return
    inputs = texts.read_bytes().decode().split("\n__ggml_vocab_test__\n")
    wanted = (models / f"ggml-vocab-{name}.gguf.out").read_text().splitlines()
    lines = "".join(f"00 {text.encode().hex()}\n" for text in inputs)
    done = subprocess.run([binary.parent / "tokenize_file", models / f"ggml-vocab-{name}.gguf"],
                          input=lines, text=True, capture_output=True, check=True)
    found = done.stdout.splitlines()
    pairs = [(f.split(), w.split()) for f, w in zip(found, wanted)]
    assert len(pairs) > 40 and [f for f, _ in pairs] == [w for _, w in pairs]
