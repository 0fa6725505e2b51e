"""tokenizer.json and tokenizer.model files beside the libraries that they belong to (PyPI tokenizers and
sentencepiece): trained here with the parts that published causal models use, and converted from
vocabularies. CROSSVAL_TEST_ALL=1 tries ten times as many texts."""
import base64
import io
import json
import os
import random
import subprocess
import unicodedata

import gguf
import pytest
import sentencepiece
from conftest import script
from random_text import texts
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

COUNT = 4000 if os.environ.get("CROSSVAL_TEST_ALL") == "1" else 400
SEED = int(os.environ.get("CROSSVAL_SEED", "20261125"))
N, P = normalizers, pre_tokenizers
BYTES = P.ByteLevel.alphabet()
WORDS = ("the cat sat on the mat hello world this is a small text of words and numbers 123 456 Straße naïve "
         "你好 Привет don't it's I'm 's return x for in range def").split()
SPECIALS = ["<s>", "</s>", "<|sp|>", "<add>", "<Norm>", "<|l|>", "<|r|>", "word", "[CLS]", "<sep>"]


@pytest.fixture(scope="session")
def corpus():
    rng = random.Random(3)
    lines = [" ".join(rng.choices(WORDS, k=8)) for _ in range(300)]
    return lines + [t for t in texts(99, 300) if "\0" not in t]


@pytest.fixture(scope="session")
def ours(binary):
    """ours(file, [(text or bytes, add special, parse special)]) -> [ids]"""

    def run(path, items):
        def data(text):
            return text.encode() if isinstance(text, str) else text

        lines = "".join(f"{int(a)}{int(p)} {data(t).hex()}\n" for t, a, p in items)
        done = subprocess.run([binary.parent / "tokenize_file", path], input=lines, text=True,
                              capture_output=True)
        assert done.returncode == 0, done.stderr
        return [line if line.startswith("error") else [int(i) for i in line.split()]
                for line in done.stdout.split("\n")[:-1]]

    return run


def hold_against(tokenizer, ours, path):
    tokenizer.save(str(path))
    print("seed", SEED)
    vocabulary = [w.replace("\u2581", " ") for w in sorted(tokenizer.get_vocab())]
    items = [(t, a, p) for t in texts(SEED, COUNT, SPECIALS, vocabulary) for a in (0, 1) for p in (0, 1)]
    for (text, add, parse), found in zip(items, ours(path, items)):
        tokenizer.encode_special_tokens = not parse
        assert found == tokenizer.encode(text, add_special_tokens=bool(add)).ids, (text, add, parse)


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
         r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
         r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
          r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
DEEPSEEK = [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]


def bpe(corpus, norm=None, pre=None, alphabet=(), size=600, unk=None, **settings):
    t = Tokenizer(models.BPE(unk_token=unk, **settings))
    if norm:
        t.normalizer = norm
    if pre:
        t.pre_tokenizer = pre
    t.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>", "<|sp|>"],
        initial_alphabet=list(alphabet), show_progress=False))
    t.add_tokens(["<add>", AddedToken("<Norm>", normalized=True, lstrip=True),
                  AddedToken("word", single_word=True, normalized=False)])
    t.add_special_tokens([AddedToken("<|l|>", lstrip=True), AddedToken("<|r|>", rstrip=True)])
    return t


def split(corpus, *patterns, behavior="isolated", invert=False, **settings):
    cuts = [P.Split(Regex(p), behavior, invert) for p in patterns]
    return bpe(corpus, pre=P.Sequence(cuts + [P.ByteLevel(add_prefix_space=False, use_regex=False)]),
               alphabet=BYTES, **settings)


def llama3(corpus):
    t = split(corpus, LLAMA3, ignore_merges=True)
    t.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])])
    return t


def roberta(corpus):
    t = bpe(corpus, norm=N.NFC(), pre=P.ByteLevel(add_prefix_space=True), alphabet=BYTES)
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
    return t


def llama2(corpus):
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581")])
    t.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=800, limit_alphabet=60, show_progress=False,
        special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]))
    content = json.loads(t.to_str())
    content["added_tokens"] = content["added_tokens"][:3]  # the bytes are the model's
    t = Tokenizer.from_str(json.dumps(content))
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>",
                                                     special_tokens=[("<s>", 1), ("</s>", 2)])
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(),
                                   decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return t


def unigram(corpus):
    t = Tokenizer(models.Unigram())
    t.normalizer = N.Sequence([N.NFKC(), N.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = P.Metaspace()
    t.train_from_iterator(corpus, trainers.UnigramTrainer(
        vocab_size=2500, special_tokens=["<unk>", "<s>", "</s>", "<|sp|>"], unk_token="<unk>",
        show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    t.decoder = decoders.Metaspace()
    return t


def wordpiece(corpus):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer, t.pre_tokenizer = N.BertNormalizer(), P.BertPreTokenizer()
    t.train_from_iterator(corpus, trainers.WordPieceTrainer(
        vocab_size=900, special_tokens=["[UNK]", "<s>", "</s>", "[CLS]", "[SEP]"], show_progress=False))
    t.post_processor = processors.BertProcessing(("[SEP]", 4), ("[CLS]", 3))
    t.decoder = decoders.WordPiece()
    return t


def normalized(*steps):
    return lambda c: bpe(c, norm=N.Sequence(list(steps)), pre=P.Whitespace(), unk="<unk>", size=900)


def metaspace(scheme, cut):
    return lambda c: bpe(c, pre=P.Metaspace(prepend_scheme=scheme, split=cut), unk="<unk>", fuse_unk=True)


BUILT = {
    "gpt2": lambda c: bpe(c, pre=P.ByteLevel(add_prefix_space=False), alphabet=BYTES),
    "roberta": roberta,
    "llama2": llama2,
    "llama3": llama3,
    "qwen2": lambda c: split(c, LLAMA3.replace("{1,3}", ""), norm=N.NFC()),
    "gpt4o": lambda c: split(c, GPT4O),
    "kimi": lambda c: split(c, KIMI),
    "cl100k": lambda c: split(c, CL100K),
    "deepseek": lambda c: split(c, *DEEPSEEK),
    "removed": lambda c: split(c, LLAMA3, behavior="removed", invert=True),
    "behaviors": lambda c: bpe(c, pre=P.Sequence([
        P.Split(" ", "merged_with_previous"), P.Split("e", "merged_with_next"),
        P.Split(Regex(r"\d"), "contiguous"), P.Punctuation("contiguous"), P.Digits(True),
        P.ByteLevel(False, use_regex=False)]), alphabet=BYTES),
    "digits": lambda c: bpe(c, pre=P.Sequence([P.Digits(False), P.WhitespaceSplit()]), unk="<unk>",
                            fuse_unk=True),
    "bert": lambda c: bpe(c, norm=N.BertNormalizer(), pre=P.BertPreTokenizer(), unk="<unk>"),
    "metaspace-always": metaspace("always", True),
    "metaspace-first": metaspace("first", True),
    "metaspace-never": metaspace("never", False),
    "nfd": normalized(N.NFD(), N.StripAccents()),
    "nfkc": normalized(N.NFKC(), N.Lowercase()),
    "nfkd": normalized(N.NFKD(), N.Strip()),
    "replace": normalized(N.Replace(Regex(r"\s+"), " "), N.Replace("a", "bb"), N.Strip(right=False)),
    "cased": normalized(N.BertNormalizer(strip_accents=False, lowercase=False)),
    "bytes": lambda c: bpe(c, norm=N.ByteLevel(), alphabet=BYTES),
    "unigram": unigram,
    "wordpiece": wordpiece,
}


@pytest.mark.parametrize("name", BUILT)
def test_tokenizer_json(ours, corpus, tmp_path, name):
    hold_against(BUILT[name](corpus), ours, tmp_path / "tokenizer.json")


def strings(reader, key):
    field = reader.fields[key]
    return [bytes(field.parts[i]).decode() for i in field.data]


@pytest.mark.parametrize("name, pattern", [("gpt-2", None), ("llama-bpe", LLAMA3),
                                           ("qwen2", LLAMA3.replace("{1,3}", ""))])
def test_vocabulary_as_tokenizer_json(ours, tmp_path, name, pattern):
    reader = gguf.GGUFReader(script("source") / "models" / f"ggml-vocab-{name}.gguf")
    tokens = strings(reader, "tokenizer.ggml.tokens")
    merges = [tuple(m.split(" ")) for m in strings(reader, "tokenizer.ggml.merges")]
    t = Tokenizer(models.BPE({w: i for i, w in enumerate(tokens)}, merges, ignore_merges=name == "llama-bpe"))
    cut = [P.Split(Regex(pattern), "isolated")] if pattern else []
    t.pre_tokenizer = P.Sequence(cut + [P.ByteLevel(add_prefix_space=False, use_regex=not pattern)])
    hold_against(t, ours, tmp_path / "tokenizer.json")


def hold_model_against(path, ours):
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(path))
    vocabulary = [theirs.id_to_piece(i).replace("\u2581", " ") for i in range(theirs.vocab_size())]
    rng = random.Random(SEED)
    print("seed", SEED)
    items = []
    for text in texts(SEED, 2 * COUNT, SPECIALS, vocabulary):
        data = text.encode()
        if rng.random() < .15:  # some bytes that are no UTF-8
            at = rng.randrange(len(data) + 1)
            data = data[:at] + bytes(rng.randrange(128, 256) for _ in range(rng.randint(1, 3))) + data[at:]
        items.append((data, 0, 0))
    for (data, _, _), found in zip(items, ours(path, items)):
        assert found == theirs.encode(data, out_type=int), data


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
@pytest.mark.parametrize("rule", ["identity", "nmt_nfkc", "nmt_nfkc_cf", "nfkc"])
@pytest.mark.parametrize("settings", [
    {}, {"byte_fallback": True, "user_defined_symbols": ["<sep>", "<u>", "  "]},
    {"add_dummy_prefix": False, "remove_extra_whitespaces": False, "split_digits": True}],
    ids=["plain", "bytes", "spaces"])
def test_sentencepiece_model(ours, corpus, tmp_path, kind, rule, settings):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for line in corpus if line.strip()]), model_writer=model,
        model_type=kind, vocab_size=3000, hard_vocab_limit=False, normalization_rule_name=rule,
        minloglevel=2, **settings)
    path = tmp_path / "tokenizer.model"
    path.write_bytes(model.getvalue())
    hold_model_against(path, ours)


def message_fields(message):
    """{number: last value} of a protobuf message's fields."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(message):
        key = number()
        if key & 7 == 0:
            found[key >> 3] = number()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or number()
            found[key >> 3] = message[at:at + size]
            at += size
    return found


def clusters(seed, count):
    """Texts of grapheme clusters, most of them decomposed: Hangul in jamo, letters with marks, conjuncts of
    Indic scripts, emoji joined, coloured and in pairs, line ends, letters that a character map replaces."""
    rng = random.Random(seed)
    kinds = [
        lambda: unicodedata.normalize("NFD", chr(rng.randrange(0xAC00, 0xD7A4))),
        lambda: "".join(chr(rng.randrange(0x1100, 0x1200)) for _ in range(rng.randint(1, 3))),
        lambda: unicodedata.normalize("NFD", chr(rng.choice([rng.randrange(0xC0, 0x250),
                                                             rng.randrange(0x1E00, 0x1F00)]))),
        lambda: rng.choice("aeinoAZ\u00aa\u00b5\u017f\uff21\uff41\uff76\u2460\u33a5\ufb01\u1100\u00df\u0130")
        + "".join(chr(rng.choice([0x300, 0x301, 0x308, 0x323, 0x327, 0x345, 0x3099, 0x309A, 0x20DD, 0x200D,
                                  0x200C, 0xFE0F, 0x0903, 0x0E33, 0x1D165])) for _ in range(rng.randint(0, 3))),
        lambda: "\u0915\u094d\u0937" + rng.choice(["", "\u093f", "\u200d", "\u094d\u0930"]),
        lambda: rng.choice(["\u0b95\u0bc6\u0bbe", "\u0e01\u0e33", "\u0f77", "\u1025\u102e", "\u0b47\u0b56"]),
        lambda: "\u200d".join(rng.choices("\U0001F469\U0001F467\u2764\u00a9\u00ae", k=rng.randint(1, 3))),
        lambda: rng.choice("\u00a9\u2122\U0001F44D") + rng.choice(["\ufe0f", "\U0001F3FD", "\u20e3"]),
        lambda: "".join(chr(rng.randrange(0x1F1E6, 0x1F200)) for _ in range(rng.randint(1, 3))),
        lambda: rng.choice(["\r\n", "\r", "\n", "\r\r\n", " \u0301", "\t\u0301", "\u00a0\u0308", "\u3000"]),
        lambda: "\u0600" + rng.choice("1a\u0661"),
        lambda: rng.choice(["the", "word", "\u30ab\u3099", "\u212b", "\u1e9b\u0323", "\u00bd"])]
    for _ in range(count):
        yield "".join(rng.choice(kinds)() + rng.choice(["", "", " "]) for _ in range(rng.randint(1, 12)))


@pytest.mark.parametrize("rule", ["nmt_nfkc", "nmt_nfkc_cf", "nfkc", "own"])
def test_precompiled_is_the_librarys_not_sentencepieces(ours, corpus, tmp_path, rule):
    """The character map of one SentencePiece model, in its own file and in a tokenizer.json: each is to be read
    as the library it belongs to reads it."""
    # Letters that lose their marks, a mark and a pair of characters that are mapped themselves.
    (tmp_path / "own.tsv").write_text("61\t62\n61 301\t63\nE9\t45\n301\t27\nD A\t20\n1100 1161\tAC00\n")
    named = {"normalization_rule_tsv": str(tmp_path / "own.tsv")} if rule == "own" else \
        {"normalization_rule_name": rule}
    learned = [line for line in corpus if line.strip()] + list(clusters(5, 300))
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(learned), model_writer=out, model_type="unigram", vocab_size=3000,
        hard_vocab_limit=False, minloglevel=2, **named)
    model = tmp_path / "tokenizer.model"
    model.write_bytes(out.getvalue())
    charsmap = message_fields(message_fields(out.getvalue())[3])[2]
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(model))
    vocabulary = [[theirs.id_to_piece(i), theirs.get_score(i)] for i in range(theirs.vocab_size())]
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "post_processor": None,
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "decoder": None, "model": {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": False}}))
    library = Tokenizer.from_file(str(path))
    print("seed", SEED)
    tried = list(clusters(SEED, 4 * COUNT)) + list(texts(SEED, COUNT, SPECIALS))
    in_json = ours(path, [(text, 0, 0) for text in tried])
    in_model = ours(model, [(text, 0, 0) for text in tried])
    for text, found, other in zip(tried, in_json, in_model):
        assert found == library.encode(text, add_special_tokens=False).ids, text
        assert other == theirs.encode(text, out_type=int), text
    assert any(a != b for a, b in zip(in_json, in_model))  # or the texts reach no difference


def test_sentencepiece_kinds_that_are_not_supported(binary, corpus, tmp_path):
    for kind in ("word", "char"):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a few words here", "and some more words"] * 50), model_writer=model,
            model_type=kind, vocab_size=30, hard_vocab_limit=False, minloglevel=2)
        path = tmp_path / "tokenizer.model"
        path.write_bytes(model.getvalue())
        done = subprocess.run([binary.parent / "tokenize_file", path], input="", text=True,
                              capture_output=True)
        assert done.returncode == 5 and f"model type '{kind}'" in done.stderr
