"""hf:DIR, Hugging Face's transformers on tiny checkpoints, beside their GGUF files and beside mistakes in these.

Of the families an ordinary run takes a slice. scripts/checkpoints.py measures all of them.
"""
import json
import pathlib
import shutil
import struct
import subprocess

import gguf
import numpy as np
import pytest

from conftest import ROOT
from slices import slice_of
from transformers_env import INSTALLED, PYTHON, hf, make

import crossval as sdk
from checkpoint_families import FAMILIES, FIXTURES, IDS, LOSSES

if not INSTALLED:
    pytest.skip("torch and transformers are not installed: make test-engines", allow_module_level=True)

DATA = ROOT / "tests" / "data" / "checkpoints"
GELU = {"gemma2", "gemma3", "gpt2", "starcoder2", "phi"}  # llama.cpp's comes from a table in F16
MORE = slice_of([name for name in FAMILIES if name not in FIXTURES + LOSSES], 3)
LOST = slice_of(LOSSES, 2)
TEXT = ("Don't I'LL we've 1234567 3.14 na\u00efve caf\u00e9 \u65e5\u672c\u8a9e \U0001f999  two  spaces\n\n\ta\r\nb "
        "<|im_start|>user <bos> x ==== foo_bar.baz(qux)[0] += 1; \u0e44\u0e17\u0e22 trailing ")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """name -> (checkpoint, GGUF file)."""
    folder = tmp_path_factory.mktemp("checkpoints")
    make(folder, [*MORE, *LOST])
    return lambda name: ((DATA if name in FIXTURES else folder) / name,
                         (DATA if name in FIXTURES else folder) / f"{name}.gguf")


# ---- What is right

@pytest.mark.parametrize("name", [*FIXTURES, *MORE])
def test_logits_agree(made, name):
    checkpoint, file = made(name)
    found = sdk.compare(file, IDS, "native", hf(checkpoint), cos_tol=0.9999995 if name == "gemma3" else 0.9999999,
                        max_tokens=2)
    assert found.verdict == "MATCH" and len(found.positions) == len(IDS) + 2
    assert max(p.max_abs_diff for p in found.positions) < (5e-3 if name in GELU else 1e-5)
    assert found.raw["reference"]["settings"]["kv_type_k"] == "f32"  # and so native's, unasked


@pytest.mark.parametrize("name", [*FIXTURES, *MORE])
def test_every_value_that_is_shown_is_right(made, name):
    checkpoint, file = made(name)
    found = sdk.explain(file, IDS, "native", hf(checkpoint))
    assert found.verdict == ("CANNOT-TELL" if name == "gpt2" else "BOTH-FINE")
    assert found.reference.shown == found.reference.judged > 20 and not found.reference.beyond


@pytest.mark.parametrize("name", FIXTURES)
def test_the_fixtures_logits_are_made_again(name, tmp_path, crossval):
    run = crossval("per-token", "-m", DATA / f"{name}.gguf", "--tokens", ",".join(map(str, IDS)), "--max-tokens", 0,
                   "--reference", hf(DATA / name), "--dump", tmp_path)
    assert run.code == 0, run.out + run.err
    assert np.abs(np.load(tmp_path / "reference.npy") - np.load(DATA / f"{name}.npy")).max() < 1e-5


@pytest.mark.parametrize("special", ["on", "off"])
@pytest.mark.parametrize("name", [*FIXTURES, *[name for name in MORE if name not in ("gemma2", "gemma3")]])
def test_text_becomes_the_same_ids(crossval, made, name, special):
    checkpoint, file = made(name)
    ids = [crossval("tokenize", "-m", file, "-p", TEXT, "--special", special, "--engine", engine, "--format",
                    "json").json["tokens"] for engine in ("native", hf(checkpoint))]
    assert ids[0] == ids[1] and len(ids[0]) > 50


def test_a_conversation_is_one_text(crossval, tmp_path):
    """transformers' own apply_chat_template beside what crossval renders from file and checkpoint."""
    messages = [{"role": "user", "content": "Hi  there\n"}, {"role": "assistant", "content": " b "},
                {"role": "user", "content": "<b>\"\u00e9\" & {{x}}"}]
    (tmp_path / "messages.json").write_text(json.dumps(messages))
    for name in FIXTURES:
        run = crossval("per-token", "-m", DATA / f"{name}.gguf", "--messages", tmp_path / "messages.json",
                       "--max-tokens", 0, "--reference", hf(DATA / name), "--format", "json")
        assert run.code == 0, run.out + run.err
        done = sdk_python("import json, sys, transformers\n"
                          "tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])\n"
                          "print(json.dumps(tokenizer.apply_chat_template(json.load(open(sys.argv[2])), tokenize=False, "
                          "add_generation_prompt=True)))", DATA / name, tmp_path / "messages.json")
        assert run.json["prompt"]["text"] == json.loads(done.splitlines()[-1])


def sdk_python(code, *args):
    return subprocess.run([PYTHON, "-c", code, *map(str, args)], check=True, text=True, stdout=subprocess.PIPE).stdout


# ---- A GGUF file in transformers

def test_a_gguf_file_loses_its_rope_factors(tmp_path):
    """transformers 5.23 reads a Llama 3 file without a word and rotates by the plain angles."""
    file = shutil.copy(DATA / "llama.gguf", tmp_path)
    found = sdk.explain(file, IDS, "native", hf(file))
    assert found.verdict == "REFERENCE-WRONG" and found.reference.first_beyond == "Qcur-0 ROPE"
    File(file).data["rope_freqs.weight"].fill(1)
    assert sdk.explain(file, IDS, "native", hf(file)).verdict == "BOTH-FINE"


def test_a_gguf_file_that_it_cannot_read():
    with pytest.raises(sdk.Failed) as failed:
        sdk.compare(DATA / "olmo2.gguf", IDS, "native", hf(DATA / "olmo2.gguf"))
    assert failed.value.exit_code == 5 and "olmo2 is not supported" in str(failed.value)


# ---- What the conversion loses

LOSS_PLACES = {"mistral-window": "kqv_out-0 CONT", "qwen2-window": "kqv_out-0 CONT", "starcoder2-window": "kqv_out-0 CONT",
               "llama-yarn-exact": "Qcur-0 ROPE", "gpt-oss": "", "deepseek3": ""}


@pytest.mark.parametrize("name", LOST)
def test_what_the_converter_loses_is_seen(made, name):
    checkpoint, file = made(name)
    found = sdk.compare(file, IDS, "llama.cpp", hf(checkpoint), cos_tol=0.9999999)
    assert found.verdict == "DIVERGED"
    if LOSS_PLACES[name]:
        judged = sdk.explain(file, IDS, "native", hf(checkpoint))
        assert judged.verdict == "REFERENCE-WRONG" and judged.reference.first_beyond == LOSS_PLACES[name]


# ---- Mistakes in a file

class File:
    """A GGUF file whose values are overwritten where they stand."""

    def __init__(self, path):
        self.path, self.reader = pathlib.Path(path), gguf.GGUFReader(path, "r+")
        self.data = {tensor.name: tensor.data for tensor in self.reader.tensors}

    def swap(self, a, b):
        self.data[a][:], self.data[b][:] = self.data[b].copy(), self.data[a].copy()

    def halves(self, name, heads):
        """Rows as the checkpoint has them."""
        rows = self.data[name]
        rows[:] = rows.reshape(heads, -1, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)

    def number(self, key, value):
        self.reader.fields[key].parts[-1][:] = value

    def rename(self, old, new):
        """A key that nobody looks for."""
        self.reader.data.flush()
        data = bytearray(self.path.read_bytes())
        at = data.index(struct.pack("<Q", len(old)) + old.encode()) + 8
        data[at:at + len(old)] = new.encode()
        self.path.write_bytes(data)

    def exchange_tokens(self, a, b):
        """Of one byte each."""
        data = bytearray(self.path.read_bytes())
        places = [data.index(struct.pack("<Q", 1) + text.encode(), data.index(b"tokenizer.ggml.tokens")) + 8 for text in (a, b)]
        for place, text in zip(places, (b, a)):
            data[place:place + 1] = text.encode()
        self.path.write_bytes(data)


def bfloat(values):
    bits = values.view(np.uint32)
    bits[:] = (bits + 0x8000) & 0xFFFF0000


LLAMA, EPS = "llama", "attention.layer_norm_rms_epsilon"
PLANTED = {  # what: (checkpoint, edit, the operation of the file that is off)
    "k not permuted": ("llama", lambda f: f.halves("blk.0.attn_k.weight", 2), "Kcur-0 MUL_MAT"),
    "q not permuted": ("llama", lambda f: f.halves("blk.1.attn_q.weight", 4), "Qcur-1 MUL_MAT"),
    "layers' q swapped": ("llama", lambda f: f.swap("blk.0.attn_q.weight", "blk.1.attn_q.weight"), "Qcur-0 MUL_MAT"),
    "k and v swapped": ("llama", lambda f: f.swap("blk.1.attn_k.weight", "blk.1.attn_v.weight"), "Vcur-1 MUL_MAT"),
    "gate and up swapped": ("llama", lambda f: f.swap("blk.1.ffn_gate.weight", "blk.1.ffn_up.weight"), "ffn_gate-1 MUL_MAT"),
    "norms swapped": ("llama", lambda f: f.swap("blk.1.attn_norm.weight", "blk.1.ffn_norm.weight"), "attn_norm-1 MUL"),
    "ffn_down in bf16": ("llama", lambda f: bfloat(f.data["blk.1.ffn_down.weight"]), "ffn_out-1 MUL_MAT"),
    "ffn_down of other layers": ("olmo2", lambda f: f.swap("blk.0.ffn_down.weight", "blk.1.ffn_down.weight"),
                                 "ffn_out-0 MUL_MAT"),
    "rope base": ("qwen3", lambda f: f.number("qwen3.rope.freq_base", 500000.0), "Qcur-0 ROPE"),
    "rope base missing": ("llama", lambda f: f.rename("llama.rope.freq_base", "llama.rope.freq_bass"), "Qcur-0 ROPE"),
    "rope factors": ("llama", lambda f: f.data["rope_freqs.weight"].fill(1), "Qcur-0 ROPE"),
    "epsilon": ("qwen3", lambda f: f.number(f"qwen3.{EPS}", 1e-2), "attn_norm-0 MUL"),
    "q_norm and k_norm swapped": ("qwen3", lambda f: f.swap("blk.1.attn_q_norm.weight", "blk.1.attn_k_norm.weight"),
                                  "Qcur_normed-1 MUL"),
    "post norms swapped": ("olmo2", lambda f: f.swap("blk.0.post_attention_norm.weight", "blk.0.post_ffw_norm.weight"),
                           "attn_post_norm-0 MUL"),
    "output norm plus one": ("olmo2", lambda f: f.data["output_norm.weight"].__iadd__(1), "result_norm MUL"),
    "a row of the head lost": ("llama", lambda f: f.data["output.weight"][7].fill(0), "result_output MUL_MAT"),
    "a token's embedding moved": ("llama", lambda f: f.data["token_embd.weight"][IDS[5]].fill(0), "embd GET_ROWS"),
}


@pytest.mark.parametrize("what", slice_of(PLANTED, 4))
def test_a_mistake_in_the_file_is_found_where_it_is(tmp_path, what):
    """The file is the truth of `-m`, so that it is transformers who does not compute what it says."""
    name, edit, place = PLANTED[what]
    file = shutil.copy(DATA / f"{name}.gguf", tmp_path)
    edit(File(file))
    found = sdk.explain(file, IDS, "native", hf(DATA / name))
    assert found.verdict == "REFERENCE-WRONG" and found.candidate.beyond == 0
    assert found.reference.first_beyond == place


def test_the_control_has_no_mistake(tmp_path):
    file = shutil.copy(DATA / "llama.gguf", tmp_path)
    File(file).number(f"llama.{EPS}", 1e-6)
    assert sdk.explain(file, IDS, "native", hf(DATA / "llama")).verdict == "BOTH-FINE"


TOKENS = {  # what: (checkpoint, edit, what the token gate says of it)
    "bos flag": ("llama", lambda f: f.number("tokenizer.ggml.add_bos_token", 0), "bos"),
    "tokens exchanged": ("llama", lambda f: f.exchange_tokens("1", "2"), ""),
}


@pytest.mark.parametrize("what", TOKENS)
def test_another_tokenizer_is_seen(crossval, tmp_path, what):
    name, edit, cause = TOKENS[what]
    file = shutil.copy(DATA / f"{name}.gguf", tmp_path)
    edit(File(file))
    run = crossval("per-token", "-m", file, "-p", "In 1234567 years, don't", "--reference", hf(DATA / name), "--format",
                   "json")
    assert run.code == 2 and run.json["verdict"] == "TOKENS-DIFFER"
    assert cause in json.dumps(run.json["mismatch"])


# ---- What is refused

@pytest.fixture
def checkpoint(tmp_path):
    return shutil.copytree(DATA / "llama", tmp_path / "checkpoint")


def edited(checkpoint, **config):
    file = checkpoint / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **config}))


def refused(checkpoint, *keys):
    with pytest.raises(sdk.Failed) as failed:
        sdk.compare(DATA / "llama.gguf", [1, 2, 3], "native", hf(checkpoint, *keys))
    return failed.value


def test_no_config(checkpoint):
    (checkpoint / "config.json").unlink()
    assert refused(checkpoint).exit_code == 5


def test_config_that_is_no_json(checkpoint):
    (checkpoint / "config.json").write_text("{")
    assert refused(checkpoint).exit_code == 5


def test_a_tensor_that_transformers_would_make_up(checkpoint):
    edited(checkpoint, num_hidden_layers=3)
    assert refused(checkpoint).exit_code == 5


def test_device_that_is_not_there(checkpoint):
    problem = refused(checkpoint, "device=cuda")
    assert problem.exit_code == 64 and "GPU" in str(problem)


def test_a_python_without_torch_says_what_is_missing(crossval, tmp_path):
    run = crossval("tokenize", "-m", DATA / "llama.gguf", "-p", "x", "--engine",
                   f"hf:{DATA / 'llama'},python={ROOT / 'build' / 'venv' / 'bin' / 'python'}")
    assert run.code == 4 and "-m pip install numpy torch transformers" in run.err


def test_an_old_transformers_that_loses_the_rope_is_refused(checkpoint, tmp_path):
    """As 4.57 is: rope_parameters in config.json, which it reads without a word and ignores."""
    code = ("import sys\nsys.path.insert(0, sys.argv[1])\nimport transformers\ntransformers.__version__ = '4.57.6'\n"
            "from crossval.transformers import engine\n"
            "try: engine.Transformers({'model': sys.argv[2]})\n"
            "except engine.InputError as problem: print(problem)")
    said = sdk_python(code, ROOT / "engines" / "python", checkpoint)
    assert "rope_parameters" in said and "4.57.6" in said and "transformers 5" in said


# ---- Files that torch writes

def test_files_of_torch_save_are_read_as_torch_reads_them(tmp_path):
    """crossval.convert, beside what torch has in memory: views, types, a state_dict, a tensor that is not contiguous."""
    from crossval.convert import read_dumps
    sdk_python("""import sys, numpy, torch
torch.manual_seed(1)
x = torch.randn(5, 7, 3)
kept = {str(t).split('.')[1]: x.to(t) for t in (torch.float32, torch.float64, torch.float16, torch.bfloat16)}
kept |= {str(t).split('.')[1]: (x * 9).to(t) for t in (torch.int64, torch.int32, torch.int16, torch.int8, torch.bool)}
kept |= {'uint8': (x.abs() * 9).to(torch.uint8), 'part': x[1:4, ::2, 1], 'turned': x.permute(2, 0, 1), 'none': x[:0],
         'one': x[2, 2, 2], 'like': x[0], **torch.nn.Linear(3, 2).state_dict()}
torch.save({'value': kept, 'meta': {'size': x.shape, 'dtype': x.dtype, 'name': 'x', 'list': [1, 2.5, None, True]}}, sys.argv[1])
torch.save(torch.nn.Linear(3, 2).state_dict(), sys.argv[2])
torch.save(torch.nn.Linear(3, 2), sys.argv[3])
torch.save(x.expand(4, 5, 7, 3), sys.argv[4])
torch.save(x, sys.argv[5], _use_new_zipfile_serialization=False)
numpy.savez(sys.argv[6], **{name: value.detach().float().numpy() if value.dtype == torch.bfloat16 else
                            value.detach().numpy() for name, value in kept.items()})
""", *[tmp_path / name for name in ("run.pt", "state.pt", "module.pt", "wide.pt", "old.pt", "run.npz")])
    found = {array.name: array.read() for array in read_dumps([tmp_path / "run.pt"])}
    expected = np.load(tmp_path / "run.npz")
    assert set(found) == set(expected) and len(found) == 17
    for name, value in expected.items():
        assert found[name].dtype == value.dtype and np.array_equal(found[name], value), name
    assert {array.name for array in read_dumps([tmp_path / "state.pt"])} == {"weight", "bias"}
    for name, said in (("module.pt", "torch.nn.modules.linear.Linear"), ("wide.pt", "expanded"),
                       ("old.pt", "no file of torch.save")):
        with pytest.raises(sdk.Failed, match=said):
            read_dumps([tmp_path / name])
