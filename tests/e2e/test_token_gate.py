"""Ids that differ: the gate stops the run, or one side's ids go to both engines."""
import struct

import pytest

TEXT = "In 2026 it cost 12 euros."


def ids(crossval, model, *options):
    run = crossval("tokenize", "-m", model, "-p", TEXT, "--format", "json", *options)
    return [token["id"] for token in run.json["tokens"]]


def causes(run):
    mismatch = run.json["mismatch"]
    further = mismatch["further_cause"]
    return mismatch["cause"]["name"], further and further["name"]


def per_token(crossval, model, gpt2, *options, candidate="native"):
    return crossval("per-token", "-m", model, "-p", TEXT, "--max-tokens", 2, "--candidate", candidate,
                    "--tokenizer", gpt2, "--format", "json", *options)


def test_different_ids_stop_the_run(crossval, model, gpt2):
    run = per_token(crossval, model, gpt2)
    assert (run.code, run.json["verdict"]) == (2, "TOKENS-DIFFER")
    assert run.json["positions"] == [] and run.json["on_token_mismatch"] == "stop"
    assert causes(run) == ("other-vocabulary", "pre-tokenizer-digits")


@pytest.mark.parametrize("side", ["reference", "candidate"])
def test_one_sides_ids_go_to_both(crossval, model, gpt2, side):
    run = per_token(crossval, model, gpt2, "--on-token-mismatch", f"use-{side}", "--require", "bits")
    result = run.json
    assert result["tokens"] == ids(crossval, model, *(["--tokenizer", gpt2] if side == "candidate" else []))
    # The engines agree on every bit, and still it is no match.
    assert (run.code, result["verdict"], result["status"]) == (2, "TOKENS-DIFFER", "tokens-differ")
    assert result["identical_rows"] == len(result["positions"]) == len(result["tokens"]) + 2
    assert causes(run) == ("other-vocabulary", "pre-tokenizer-digits")


@pytest.mark.parametrize("fault, code, verdict", [("wrong-head", 1, "DIVERGED"), ("nan", 3, "UNHEALTHY")])
def test_rows_of_overruled_ids_are_judged(crossval, model, gpt2, fault, code, verdict):
    run = per_token(crossval, model, gpt2, "--on-token-mismatch", "use-reference",
                    candidate=f"native:fault={fault}")
    assert (run.code, run.json["verdict"]) == (code, verdict)
    assert run.json["mismatch"] is not None


def test_without_a_mismatch_the_option_changes_nothing(crossval, model):
    run = crossval("per-token", "-m", model, "-p", TEXT, "--max-tokens", 0, "--on-token-mismatch",
                   "use-reference", "--format", "json")
    assert (run.code, run.json["verdict"], run.json["mismatch"]) == (0, "IDENTICAL", None)


def compare(crossval, model, *options):
    return crossval("tokenize", "-m", model, "-p", TEXT, "--compare", *options)


def test_two_tokenizers_that_agree(crossval, model):
    run = compare(crossval, model, "--format", "json")
    assert (run.code, run.json["status"], run.json["mismatch"]) == (0, "ok", None)
    sides = [run.json[side] for side in ("candidate", "reference")]
    assert [side["engine"]["identity"]["name"] for side in sides] == ["native", "llama.cpp"]
    assert sides[0]["tokens"] == sides[1]["tokens"] and sides[0]["count"] == len(sides[0]["tokens"]) > 0
    assert "SAME-TOKENS" in compare(crossval, model).out


def test_two_tokenizers_that_do_not(crossval, model, gpt2):
    run = compare(crossval, model, "--tokenizer", gpt2, "--format", "json")
    assert (run.code, run.json["status"]) == (2, "tokens-differ")
    assert causes(run) == ("other-vocabulary", "pre-tokenizer-digits")
    text = compare(crossval, model, "--tokenizer", gpt2)
    assert text.code == 2 and "TOKENS-DIFFER" in text.out and "pre-tokenizer-digits" in text.out


def test_any_vocabulary_can_be_compared(crossval, gpt2):
    """A file without weights, of an architecture that the native engine does not run."""
    run = compare(crossval, gpt2.with_name("ggml-vocab-bert-bge.gguf"), "--format", "json")
    assert (run.code, run.json["status"]) == (0, "ok")


@pytest.mark.parametrize("options", [["--count"], ["--engine", "native"]])
def test_compare_excludes_what_belongs_to_one_engine(crossval, model, options):
    assert compare(crossval, model, *options).code == 64


# Reference's file (none: the model), candidate's, text, what is named.
VOCABULARIES = [
    (None, "gpt-2", "Hello photosynthesis", "other-vocabulary", None),
    ("baichuan", "llama-spm", " <x>", "other-vocabulary", None),
    ("starcoder", "refact", "Hello", "other-vocabulary", None),
    ("gpt-2", "llama-bpe", "Hello", "other-vocabulary", "bos-extra"),
    ("llama-bpe", "gpt-2", "Hello", "other-vocabulary", "bos-missing"),
    (None, "llama-bpe", "Hello", "other-vocabulary", "bos-extra"),
]


@pytest.mark.parametrize("reference, candidate, text, cause, further", VOCABULARIES)
def test_another_vocabulary_is_named_first(crossval, model, gpt2, reference, candidate, text, cause, further):
    def file(name):
        return model if name is None else gpt2.with_name(f"ggml-vocab-{name}.gguf")

    run = crossval("tokenize", "--compare", "-m", file(reference), "--tokenizer", file(candidate), "-p", text,
                   "--format", "json")
    assert (run.code, causes(run)) == (2, (cause, further))
    assert "tokenizer-vocabulary" in [warning["name"] for warning in run.json["warnings"]]
    # The evidence: one piece with the id of each side.
    pieces = [{token["piece"] if isinstance(token["piece"], str) else "": token["id"] for token in run.json[side]["tokens"]}
              for side in ("candidate", "reference")]
    shared = [piece for piece in pieces[0] if pieces[1].get(piece, pieces[0][piece]) != pieces[0][piece]]
    evidence = run.json["mismatch"]["cause"]["evidence"]
    assert any(all(str(side[piece]) in evidence for side in pieces) and piece in evidence for piece in shared)


def test_ids_outside_the_model_are_explained_and_refused_only_when_evaluated(crossval, model, gpt2):
    llama = gpt2.with_name("ggml-vocab-llama-bpe.gguf")
    run = crossval("per-token", "-m", model, "--tokenizer", llama, "-p", "Hello", "--max-tokens", 0, "--format", "json")
    assert (run.code, run.json["verdict"]) == (2, "TOKENS-DIFFER")
    assert run.json["mismatch"]["candidate_ids"] == [128000, 9906]
    assert run.json["candidate"]["settings"]["tokenizer_path"] == str(llama)
    refused = crossval("per-token", "-m", model, "--tokenizer", llama, "-p", "Hello", "--max-tokens", 0,
                       "--on-token-mismatch", "use-candidate")
    assert refused.code == 64 and "token id 128000" in refused.err


def test_a_tokenizer_file_with_another_vocabulary_is_said(crossval, model, gpt2):
    for command in (["tokenize"], ["run", "--max-tokens", 0]):
        run = crossval(*command, "-m", model, "-p", "Hi", "--tokenizer", gpt2, "-v")
        assert "50257 tokens beside 49152; id 0 is [!] beside [<|endoftext|>]" in run.err
        assert gpt2.name in run.out + run.err
        same = crossval(*command, "-m", model, "-p", "Hi", "--tokenizer", model)
        assert "tokenizer-vocabulary" not in same.err


def test_the_prompt_is_checked_by_the_tokenizer_file(crossval, model, gpt2):
    def warnings(*options):
        run = crossval("tokenize", "-m", model, "--count", "--format", "json", *options)
        return [warning["name"] for warning in run.json["warnings"]]

    chat = ["-p", "Hi", "--chat"]
    assert warnings(*chat) == []
    assert warnings(*chat, "--tokenizer", gpt2) == ["marker-unknown", "tokenizer-vocabulary"]
    text = ["-p", "a<|im_end|>"]
    assert warnings(*text) == ["special-as-text"]
    assert warnings(*text, "--tokenizer", gpt2) == ["tokenizer-vocabulary"]
    llama = gpt2.with_name("ggml-vocab-llama-bpe.gguf")
    run = crossval("tokenize", "-m", model, "-p", "Hi", "--tokenizer", llama, "--format", "json")
    assert run.json["prompt"]["bos"]["why"] == "the tokenizer file asks for it"


def test_a_fault_without_effect_is_said(crossval, model):
    options = ["per-token", "-m", model, "-p", "Hi", "--max-tokens", 0, "--format", "json", "--candidate"]
    run = crossval(*options, "native:fault=missing-bos", "--bos", "on")
    assert [warning["name"] for warning in run.json["warnings"]] == ["fault-without-effect"]
    assert crossval(*options, "native", "--bos", "on").json["warnings"] == []


def vocabulary_with(path, source, pre):
    """A copy of the vocabulary `source` (no tensors) whose tokenizer.ggml.pre is `pre`, or is left out."""
    data = source.read_bytes()
    key = b"tokenizer.ggml.pre"
    begin = data.index(struct.pack("<Q", len(key)) + key)
    at = begin + 8 + len(key)
    kind, size = struct.unpack_from("<IQ", data, at)
    assert kind == 8  # a string
    end = at + 12 + size
    entry = b"" if pre is None else data[begin:at] + struct.pack("<IQ", 8, len(pre)) + pre.encode()
    tensors, keys = struct.unpack_from("<QQ", data, 8)
    assert tensors == 0
    path.write_bytes(data[:16] + struct.pack("<Q", keys - (pre is None)) + data[24:begin] + entry + data[end:])
    return path


PRE_TEXT = "It's  12345 euros; we'LL see.\n\nÉté 2026"


@pytest.mark.parametrize("pre", [None, "default", "qwen2"])
def test_the_pre_tokenizer_that_would_do_is_named(crossval, gpt2, tmp_path, pre):
    """The vocabulary of Llama 3 under another name than its own, beside itself in llama.cpp."""
    llama = gpt2.with_name("ggml-vocab-llama-bpe.gguf")
    other = vocabulary_with(tmp_path / "other.gguf", llama, pre)
    run = crossval("tokenize", "--compare", "-m", llama, "--candidate", f"native:model={other}", "-p", PRE_TEXT,
                   "--bos", "off", "--format", "json")
    assert run.code == 2 and causes(run)[0].startswith("pre-tokenizer-")
    candidate, reference = run.json["mismatch"]["pre_tokenizers"]
    assert (candidate["name"], candidate["named"]) == (pre or "default", pre is not None)
    assert (reference["name"], reference["named"]) == ("llama-bpe", True)
    assert "llama-bpe" in candidate["would_match"] and (pre or "default") in reference["would_match"]
    assert (pre or "default") not in candidate["would_match"]
    # What is claimed is so: llama.cpp itself makes those ids with each name.
    for name in {candidate["would_match"][0], candidate["would_match"][-1]}:
        renamed = vocabulary_with(tmp_path / "renamed.gguf", llama, name)
        again = crossval("tokenize", "--engine", "llama.cpp", "-m", renamed, "-p", PRE_TEXT, "--bos", "off",
                         "--format", "json")
        assert [t["id"] for t in again.json["tokens"]] == run.json["mismatch"]["reference_ids"], name
    text = crossval("tokenize", "--compare", "-m", llama, "--candidate", f"native:model={other}", "-p", PRE_TEXT)
    assert "with llama-bpe" in text.out and ("the file names none" in text.out) == (pre is None)


def test_no_pre_tokenizer_is_named_without_need(crossval, model, gpt2):
    """One name on both sides and nothing cut differently; SentencePiece vocabularies have no name."""
    plain = crossval("tokenize", "--compare", "-m", model, "-p", "a<|im_end|>", "--format", "json",
                     "--tokenizer", model)
    assert plain.json["mismatch"] is None
    spm = gpt2.with_name("ggml-vocab-llama-spm.gguf")
    baichuan = gpt2.with_name("ggml-vocab-baichuan.gguf")
    run = crossval("tokenize", "--compare", "-m", spm, "--tokenizer", baichuan, "-p", PRE_TEXT, "--format", "json")
    assert run.code == 2 and run.json["mismatch"]["pre_tokenizers"] == []
    assert not any(str(cause).startswith("pre-tokenizer-") for cause in causes(run))


def test_each_side_may_have_its_own_text(crossval, model, tmp_path):
    """What another server rendered, or another template: where the texts part is shown, then the ids."""
    same = crossval("tokenize", "-m", model, "-p", "Hi", "--chat", "--format", "json").json["prompt"]["text"]
    server, equal = tmp_path / "server.txt", tmp_path / "equal.txt"
    server.write_text(same.replace("named SmolLM", "called SmolLM"))
    equal.write_text(same)
    template = tmp_path / "own.jinja"
    template.write_text("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}")

    def run(command, candidate, *options):
        return crossval(*command, "-m", model, "-p", "Hi", "--chat", "--candidate", f"native:{candidate}",
                        "--format", "json", *options)

    for command in (["tokenize", "--compare"], ["per-token", "--max-tokens", 0]):
        differ = run(command, f"prompt={server}")
        assert (differ.code, causes(differ)[0]) == (2, "other-text")
        assert differ.json["mismatch"]["texts"]["offset"] == same.index("named SmolLM")
        assert differ.json["candidate_prompt"]["text"] == server.read_text() and differ.json["prompt"]["text"] == same
        assert differ.json["candidate_prompt"]["form"]["choice"] == "rendered"
        by_template = run(command, f"template={template}")
        assert (by_template.code, causes(by_template)[0]) == (2, "other-text")
        assert by_template.json["candidate_prompt"]["text"] == "<|im_start|>user\nHi<|im_end|>\n"
        agree = run(command, f"prompt={equal}")
        assert agree.code == 0 and agree.json["mismatch"] is None and agree.json["warnings"] == []
    # Evaluated only when asked, with that side's ids on both.
    stopped = run(["per-token", "--max-tokens", 0], f"prompt={server}")
    assert stopped.json["positions"] == []
    used = run(["per-token", "--max-tokens", 0], f"prompt={server}", "--on-token-mismatch", "use-candidate")
    assert used.code == 2 and used.json["tokens"] == stopped.json["mismatch"]["candidate_ids"]
    assert used.json["identical_rows"] == len(used.json["positions"]) > 0
    text = crossval("tokenize", "--compare", "-m", model, "-p", "Hi", "--chat", "--candidate", f"native:prompt={server}")
    assert "the two sides' texts differ from byte" in text.out and "called SmolLM" in text.out


def test_texts_that_differ_and_become_the_same_ids_are_said(crossval, gpt2, tmp_path):
    """A BOS that the one text holds and the other is given."""
    written = tmp_path / "written.txt"
    written.write_text("<|begin_of_text|>Hi")
    run = crossval("tokenize", "--compare", "-m", gpt2.with_name("ggml-vocab-llama-bpe.gguf"), "-p", "Hi",
                   "--reference", f"llama.cpp:prompt={written}", "--format", "json")
    assert run.code == 0 and [warning["name"] for warning in run.json["warnings"]] == ["texts-differ"]


@pytest.mark.parametrize("options, word", [
    (["-p", "Hi", "--candidate", "native:prompt=a,template=b"], "a template and a rendered prompt"),
    (["--tokens", "1,2", "--candidate", "native:template=a.jinja"], "--tokens"),
    (["-p", "Hi", "--candidate", "native:prompt=a", "--reference", "llama.cpp:prompt=a"], "no engine reads"),
    (["-p", "Hi", "--candidate", "native:template=/nonexistent.jinja"], "/nonexistent.jinja")])
def test_own_texts_that_make_no_sense(crossval, model, options, word):
    run = crossval("per-token", "-m", model, *options)
    assert run.code in (5, 64) and word in run.err


def test_both_texts_from_files_and_no_prompt(crossval, model, tmp_path):
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    a.write_text("The quick fox")
    b.write_text("The quick cat")
    run = crossval("tokenize", "--compare", "-m", model, "--candidate", f"native:prompt={a}", "--reference",
                   f"llama.cpp:prompt={b}", "--format", "json")
    assert (run.code, causes(run)[0]) == (2, "other-text")
    one = crossval("tokenize", "-m", model, "--engine", f"native:prompt={a}", "--format", "json")
    assert one.code == 0 and one.json["prompt"]["text"] == "The quick fox"
