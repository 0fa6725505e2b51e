"""http://HOST:PORT: servers as engines, each beside a program with the same logits; what they give is probed, never assumed."""
import ssl
import signal
import subprocess
import time

import pytest

from servers import base, hostile
from servers.base import Server
from servers.llama_server import LlamaServer
from servers.ollama import Ollama, OldOllama
from servers.openai import (Chat, ChatAlone, Completions, CutsPrompts, LlamaCppPython, ManyModels, NoEcho, NoLogProbabilities, Objects,
                            TextsAlone, Vllm)

TEXT = "Hello there, friend"
IDS = ",".join(map(str, TEXT.encode()))


@pytest.fixture(scope="module")
def small(crossval, tmp_path_factory):
    """A model with the servers' vocabulary, of a byte a token."""
    path = tmp_path_factory.mktemp("servers") / "small.gguf"
    base.write_vocabulary(path.with_name("vocabulary.gguf"))
    made = crossval("synth", "--types", "F16", "--layers", 1, "--embd", 64, "--heads", 2, "--ff", 64, "--vocab",
                    path.with_name("vocabulary.gguf"), "-q", "-o", path)
    assert made.code == 0, made.err
    return path


@pytest.fixture(scope="module")
def right():
    """The reference: a llama-server, which takes and gives ids."""
    with Server(LlamaServer) as server:
        yield server.address


@pytest.fixture
def beside(crossval, small, right):
    """A server as candidate, the right one as reference."""

    def run(server, *more, keys="", form="json", **kwargs):
        address = server if isinstance(server, str) else server.address
        return crossval("per-token", "-m", small, "--candidate", address + keys, "--reference", right + ",top=300", "--format",
                        form, *(more or ("--tokens", IDS, "--max-tokens", 2)), **kwargs)

    return run


@pytest.fixture
def refusal(beside):
    """The same where it ends in an error, in text."""

    def run(*args, **kwargs):
        return beside(*args, form="text", **kwargs)

    return run


def largest(run):
    return max(p["top"]["max_abs_diff"] for p in run.json["positions"])


def interface(run):
    return run.json["candidate"]["identity"]["api"]


@pytest.mark.parametrize("handler, name, said, tokens", [
    (LlamaServer, "llama-server", "100 log-probabilities of each prefix", 100),
    (Completions, "server", "ids in, texts out, echo, 5 log-probabilities", 5),
    (NoEcho, "server", "ids in, texts out, each prefix, 5 log-probabilities", 5),
    (Vllm, "vllm", "ids in, ids out, prompt_logprobs, 20 log-probabilities", 20),
    (LlamaCppPython, "server", "texts in, texts out, echo (its row 0 is that of position 0), 100 log-probabilities", None),
    (Objects, "server", "ids in, ids out, each prefix, 100 log-probabilities", 100),
    (TextsAlone, "server", "texts in, texts out, each prefix, 5 log-probabilities", None),
    (Ollama, "ollama", "texts in, texts out, each prefix, 20 log-probabilities", 20),
])
def test_each_kind_is_found_out_and_agrees(beside, handler, name, said, tokens):
    """20 positions and 2 steps of the same distribution, however it is asked for."""
    steps = 0 if "texts in" in said else 2  # tokens that are made come of no text here
    with Server(handler) as server:
        run = beside(server, "--tokens", IDS, "--max-tokens", steps)
    assert run.code == 0, run.err + run.out
    assert run.json["verdict"] == "MATCH" and len(run.json["positions"]) == len(TEXT) + steps
    assert run.json["candidate"]["identity"]["name"] == name and said in interface(run)
    assert largest(run) < 1e-4
    if tokens:
        assert {p["top"]["compared"] for p in run.json["positions"]} == {tokens}


@pytest.mark.parametrize("handler", [LlamaServer, Completions, Vllm, LlamaCppPython, TextsAlone, Ollama])
def test_another_distribution_is_a_divergence(beside, handler):
    """One id taken for its neighbour, from the fourth position on."""

    class Wrong(handler):
        def distribution(self, ids):
            return super().distribution([*ids[:3], ids[3] ^ 1, *ids[4:]] if len(ids) > 3 else ids)

    with Server(Wrong) as server:
        run = beside(server, "--tokens", IDS, "--max-tokens", 0)
    assert run.code == 1, run.err + run.out
    assert run.json["first_divergence_token"] == 3


def test_all_log_probabilities_of_a_row(beside):
    with Server(LlamaServer) as server:
        run = beside(server, keys=",top=all")
        assert run.code == 0 and "all log-probabilities" in interface(run)
        assert {p["top"]["candidate_tokens"] for p in run.json["positions"]} == {base.N_VOCAB}


def test_the_server_tokenises_where_it_can(beside, crossval, small):
    with Server(LlamaServer) as server:
        run = beside(server, "-p", TEXT, "--max-tokens", 0)
        assert run.code == 0, run.err
        assert run.json["tokens"] == list(TEXT.encode())
        assert "tokens-not-compared" not in [w["name"] for w in run.json["warnings"]]
        shown = crossval("tokenize", "-m", small, "-p", "é", "--engine", server.address, "--format", "json")
        assert [t["id"] for t in shown.json["tokens"]] == [0xC3, 0xA9]
    with Server(Vllm) as server:
        run = beside(server, "-p", TEXT, "--max-tokens", 0)
        assert run.code == 0 and "tokens-not-compared" in [w["name"] for w in run.json["warnings"]]


class AddsBos(LlamaServer):
    bos = 1


def test_a_bos_that_the_server_adds_is_a_difference_of_tokens(beside):
    with Server(AddsBos) as server:
        run = beside(server, "-p", TEXT, "--max-tokens", 0)
    assert run.code == 2, run.err
    assert run.json["candidate"]["settings"]["add_bos"] and not run.json["reference"]["settings"]["add_bos"]


def test_two_servers_need_no_model_file(crossval):
    with Server(LlamaServer) as one, Server(LlamaServer) as other:
        run = crossval("per-token", "--candidate", one.address, "--reference", other.address, "-p", "Hello", "--format", "json",
                       "--max-tokens", 1)
    assert run.code == 0, run.err
    assert run.json["verdict"] in ("MATCH", "IDENTICAL") and len(run.json["positions"]) == 6


def test_no_token_is_drawn_from_a_list(crossval, small):
    with Server(LlamaServer) as server:
        run = crossval("run", "-m", small, "--engine", server.address, "-p", "Hello", "--max-tokens", 3)
    assert run.code == 64 and "does not tell every logit" in run.err


def test_a_noise_floor_is_of_logits(crossval, small):
    with Server(LlamaServer) as server:
        for words in (["calibrate", "--engine", server.address],
                      ["per-token", "--tokens", IDS, "--candidate", "native", "--reference", server.address, "--floor", "auto"]):
            run = crossval(*words, "-m", small)
            assert run.code == 64 and "a noise floor is of distances between logits" in run.err and "--logprob-tol" in run.err, run.err


@pytest.mark.parametrize("handler, keys, code, said", [
    (ChatAlone, "", 4, "chat alone"),
    (NoLogProbabilities, "", 4, "no log-probabilities"),
    (OldOllama, "", 4, "0.12.11"),
    (CutsPrompts, "", 4, "made 20 tokens of a prompt of"),
    (ManyModels, "", 64, "served-model=NAME"),
    (ManyModels, ",served-model=medium", 64, 'no model called "medium"'),
    (LlamaServer, ",served-model=b", 64, 'no model called "b"'),
    (Completions, ",top=6", 4, "at most 5"),
    (Ollama, ",top=21", 64, "20 log-probabilities at most"),
    (LlamaServer, ",top=0", 64, "top=0"),
    (LlamaServer, ",dialect=grpc", 64, "none of llama-server, ollama, openai"),
    (LlamaServer, ",key-env=NOT_SET_BY_ANYBODY", 64, "NOT_SET_BY_ANYBODY is not set"),
    (LlamaServer, ",kv=f32", 64, "A server chooses"),
    (LlamaServer, ",dialect=ollama", 4, "404"),
])
def test_what_cannot_be_had_is_refused_with_its_reason(refusal, handler, keys, code, said):
    long = ",".join(str(65 + i % 26) for i in range(40))
    with Server(handler) as server:
        run = refusal(server, "--tokens", long if handler is CutsPrompts else IDS, "--max-tokens", 0, keys=keys)
    assert run.code == code, run.err + run.out
    assert said in run.err


def test_a_model_and_a_dialect_are_chosen(beside):
    with Server(ManyModels) as server:
        assert beside(server, keys=",served-model=large").code == 0
        assert {asked["model"] for _, asked, _ in server.asked if asked} == {"large"}
    with Server(Completions) as server:
        assert beside(server, keys=",dialect=openai,top=3").code == 0
        assert "/props" not in [path for path, _, _ in server.asked]


def test_rows_end_where_a_text_does_not_say_which_token_it_is(beside):
    """Bytes from 128 on all look alike."""
    ids = ",".join(map(str, range(60, 70)))
    with Server(LlamaCppPython) as server:
        run = beside(server, "--tokens", ids, "--max-tokens", 0, keys=",top=300")
    assert run.code == 0, run.err
    assert "rows-end-early" in [w["name"] for w in run.json["warnings"]]
    counts = [p["top"]["candidate_tokens"] for p in run.json["positions"]]
    assert max(counts) == base.N_VOCAB - 128 and largest(run) < 1e-4


def test_a_prefix_that_is_no_text_is_refused(refusal):
    """é in two tokens: after the first there is nothing that JSON could hold."""
    with Server(TextsAlone) as server:
        run = refusal(server, "--tokens", "65,195,169,66", "--max-tokens", 0)
    assert run.code == 64 and "that of the first 2 tokens ends within a character" in run.err
    with Server(NoEcho) as server:
        assert refusal(server, "--tokens", "65,195,169,66", "--max-tokens", 0).code == 0


@pytest.mark.parametrize("handler, said", [
    (hostile.Endless, "longer than 128 MiB"),
    (hostile.EndlessHeader, "256 KiB"),
    (hostile.CutOff, "the exchange failed"),
    (hostile.NoJson, r"is no JSON: \"<html>\x1b[31mBad gateway\x07"),
    (hostile.WrongJson, "no top_logprobs"),
    (hostile.NotANumber, "is no JSON"),
    (hostile.Deep, "is no JSON"),
    (hostile.NoRows, "no top_logprobs"),
    (hostile.Positive, "the log-probability 0.5"),
    (hostile.Twice, "twice"),
    (hostile.OutsideVocabulary, "token 365, which is not in [0, 365)"),
    (hostile.HugeId, "token -1"),
    (hostile.NullLogProbability, "without a log-probability"),
    (hostile.MoreThanOne, "together"),
])
def test_a_misdeed_is_an_error_with_its_name(refusal, handler, said):
    with Server(handler) as server:
        run = refusal(server, "--engine-timeout", 60, "--tokens", IDS, "--max-tokens", 0)
    assert run.code == 4, run.err + run.out
    assert said.replace('\\"', '"') in run.err and ("engine " in run.err or "candidate " in run.err)


def test_an_unsorted_list_is_as_good(beside):
    with Server(hostile.Unsorted) as server:
        run = beside(server)
    assert run.code == 0 and largest(run) < 1e-4


@pytest.mark.parametrize("handler", [hostile.SlowBytes, hostile.Silent])
def test_one_answer_takes_no_longer_than_the_time_out(refusal, handler):
    with Server(handler) as server:
        run = refusal(server, "--engine-timeout", 1, "--tokens", IDS, "--max-tokens", 0)
    assert run.code == 4 and "within 1 s" in run.err and "--engine-timeout" in run.err


def test_nobody_at_home(refusal):
    with Server(LlamaServer) as server:
        address = server.address
    run = refusal(address)
    assert run.code == 4 and "cannot be reached" in run.err
    nowhere = refusal("http://no-such-host.invalid:80")
    assert nowhere.code == 4 and "cannot be reached" in nowhere.err


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(beside, status):
    with Server(hostile.Busy, times=2, status=status, busy_headers={"Retry_After": "1"}) as server:
        run = beside(server)
    assert run.code == 0, run.err
    with Server(hostile.Busy, times=1, status=status, busy_headers={}) as server:
        assert beside(server).code == 0


def test_a_busy_server_is_not_waited_for_longer_than_the_time_out(refusal):
    with Server(hostile.Busy, times=1000, status=429, busy_headers={"Retry_After": "3600"}) as server:
        run = refusal(server, "--engine-timeout", 5, "--tokens", IDS, "--max-tokens", 0)
        assert len([path for path, _, _ in server.asked if path == "/completion"]) == 1
    assert run.code == 4 and "busy (status 429)" in run.err and "3600 s" in run.err


KEY = "sk-secret-0123456789"


def test_the_key_goes_to_the_server_and_nowhere_else(beside, monkeypatch):
    with Server(LlamaServer) as server:
        run = beside(server, env={"CROSSVAL_API_KEY": KEY})
        assert run.code == 0
        assert {headers.get("Authorization") for _, _, headers in server.asked} == {f"Bearer {KEY}"}
        server.asked.clear()
        assert beside(server, env={"OTHER": KEY}, keys=",key-env=OTHER").code == 0
        assert {headers.get("Authorization") for _, _, headers in server.asked} == {f"Bearer {KEY}"}
        server.asked.clear()
        assert beside(server).code == 0
        assert {headers.get("Authorization") for _, _, headers in server.asked} == {None}
    assert KEY not in run.out + run.err


def test_a_key_that_comes_back_is_not_shown(refusal):
    with Server(hostile.EchoesKey) as server:
        for more in (), ("-v",):
            run = refusal(server, "--tokens", IDS, *more, env={"CROSSVAL_API_KEY": KEY})
            assert run.code == 4 and "Incorrect API key provided: Bearer [key]" in run.err
            assert "key-env=NAME" in run.err and KEY not in run.err + run.out


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_followed_without_the_key(beside, status):
    with Server(LlamaServer) as home, Server(hostile.Forwards, to=f"{home.address}PATH", status=status) as door:
        run = beside(door, env={"CROSSVAL_API_KEY": KEY})
        assert run.code == 0, run.err
        assert {headers.get("Authorization") for _, _, headers in home.asked} == {None}
        assert {headers.get("Authorization") for _, _, headers in door.asked} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("to, said", [
    ("file:///etc/passwd", "no address of http or https"),
    ("ftp://127.0.0.1/", "no address of http or https"),
    ("/loop", "redirected more than 5 times"),
])
def test_a_redirect_to_elsewhere_is_refused(refusal, to, said):
    with Server(hostile.Forwards, to=to, status=307) as server:
        run = refusal(server)
        assert len(server.asked) <= 6
    assert run.code == 4 and said in run.err, run.err
    assert "root:" not in run.out + run.err


def test_names_cannot_reach_the_terminal_unescaped(crossval, small, right):
    with Server(hostile.Escapes) as server:
        for format in "text", "json":
            run = crossval("per-token", "-m", small, "--candidate", server.address, "--reference", right, "--tokens", IDS, "-v",
                           "--max-tokens", 0, "--format", format)
            assert run.code == 0, run.err
            for bad in "\x1b", "\x07":
                assert bad not in run.out + run.err
            assert "\n# F16" not in run.out


@pytest.mark.parametrize("n_vocab, code", [(366, 6), (0, 4), (-5, 4), (1 << 40, 4), (364, 4)])
def test_a_lie_about_the_vocabulary(beside, n_vocab, code):
    with Server(hostile.LiesAboutVocabulary, n_vocab=n_vocab) as server:
        run = beside(server)
    assert run.code == code, run.err + run.out


def test_the_password_in_an_address_is_refused_and_not_shown(refusal):
    run = refusal("http://me:hunter2@127.0.0.1:9")
    assert run.code == 64 and "CROSSVAL_API_KEY" in run.err and "hunter2" not in run.err


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, stderr=subprocess.DEVNULL)
    return folder


def test_tls_trusts_what_it_is_told_to_trust(refusal, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Server(LlamaServer, context) as server:
        refused = refusal(server)
        assert refused.code == 4 and "not trusted" in refused.err and "SSL_CERT_FILE" in refused.err
        run = refusal(server, env={"SSL_CERT_FILE": str(certificate / "cert.pem")})
        assert run.code == 0, run.err


def test_a_proxy_of_the_environment_is_used(beside):
    """The proxy is a server that sees the whole address."""

    class Proxy(LlamaServer):
        def answer(self, question):
            self.path = self.path.split("server.invalid:81")[1]
            super().answer(question)

    with Server(Proxy) as proxy:
        run = beside("http://server.invalid:81", env={"http_proxy": proxy.address, "no_proxy": "127.0.0.1"})
    assert run.code == 0, run.err


def test_an_interrupt_ends_an_answer_that_is_waited_for(binary, small, right):
    with Server(hostile.Silent) as server:
        running = subprocess.Popen([binary, "per-token", "-m", small, "--candidate", server.address, "--reference", right, "--tokens",
                                    IDS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.time() + 300
        while "/completion" not in [path for path, _, _ in server.asked] and time.time() < until:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130  # not when the answer is due, after 120 s


CHAT = ("-p", "Hi", "--prompt-template", "chatml")
HI = list(b"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
BEFORE = len(HI)


def test_what_a_chat_writes_is_compared(beside):
    with Server(Chat) as server:
        run = beside(server, *CHAT, "--max-tokens", 6, keys=",dialect=chat")
        assert run.code == 0, run.err + run.out
        written = [ids for path, asked, _ in server.asked if path.endswith("completions") for ids in [asked]][-1]
    assert written["messages"] == [{"role": "user", "content": "Hi"}] and written["max_tokens"] == 6
    assert run.json["verdict"] == "MATCH" and len(run.json["positions"]) == 6 and run.json["decode_steps"] == 0 and largest(run) < 1e-4
    assert run.json["positions"][0]["token"] == ord("\n")  # the last of the prompt
    ids = [*HI]
    for position in run.json["positions"][1:]:
        ids.append(base.log_probabilities(ids)[0][0])
        assert position["token"] == ids[-1]
    assert {p["top"]["compared"] for p in run.json["positions"]} == {20}
    said = " ".join(w["message"] for w in run.json["warnings"])
    assert f"of positions {BEFORE - 1} to {BEFORE + 4}" in said


def test_a_chat_of_another_distribution(beside):
    class Wrong(Chat):
        def distribution(self, ids):
            row = super().distribution(ids)
            return row if len(ids) < BEFORE + 2 else sorted([(i, p - (i == row[1][0])) for i, p in row], key=lambda x: -x[1])

    with Server(Wrong) as server:
        run = beside(server, *CHAT, keys=",dialect=chat")
    assert run.code == 1 and run.json["first_divergence_token"] == 2, run.err + run.out


def test_a_chat_behind_another_template_or_without_a_count(beside, refusal):
    class Other(Chat):
        def rendered(self, messages):
            return "You are a helpful assistant.\n" + super().rendered(messages)

    class Silent(Chat):
        counts = False

    with Server(Other) as server:
        run = refusal(server, *CHAT, keys=",dialect=chat")
        assert run.code == 2 and f"makes {BEFORE + 29} tokens" in " ".join(run.err.split()) and str(BEFORE) in run.err
    with Server(Silent) as server:
        run = beside(server, *CHAT, keys=",dialect=chat")
        assert run.code == 0 and any("does not say how many tokens" in w["message"] for w in run.json["warnings"])


class AlikeTexts(Chat):
    """Its third token has a text that several have, and no bytes."""

    def entry(self, token, p):
        return {"token": "\ufffd" if token == self.hidden else base.shown(token), "logprob": p}

    def chat(self, asked):
        ids = list(self.rendered(asked["messages"]).encode())
        for _ in range(3):
            ids.append(base.log_probabilities(ids)[0][0])
        self.hidden = ids[-1] if asked["max_tokens"] > 1 else -1
        return super().chat(asked)


def test_a_chat_ends_where_its_tokens_are_not_known(beside):
    with Server(AlikeTexts) as server:
        run = beside(server, *CHAT, "--max-tokens", 6, keys=",dialect=chat")
    assert run.code == 0, run.err + run.out
    first, _ = base.log_probabilities(HI)[0]
    # The row that lists the third is none.
    assert [position["token"] for position in run.json["positions"]] == [ord("\n"), first]
    assert any("rows end before the first such one, that of position 2" in warning["message"] for warning in run.json["warnings"])


def test_what_a_chat_cannot_be_asked(refusal, crossval, small, tmp_path):
    with Server(Chat) as server:
        for more, word in ((("-p", "Hi"), "--messages"), (("--tokens", "1,2"), "--messages")):
            run = refusal(server, *more, keys=",dialect=chat")
            assert run.code == 64 and word in run.err, run.err
        run = refusal(server, *CHAT)
        assert run.code == 4 and "dialect=chat" in run.err  # what follows that is above
        run = crossval("record", "-m", small, "--tokens", "1,2", "--engine", server.address + ",dialect=chat", "-o", tmp_path / "a.xval", "--top-k", 3,
                       "--max-tokens", 0)
        assert run.code == 64 and "given tokens" in run.err, run.err
    for handler in (ChatAlone, NoLogProbabilities):
        with Server(handler) as server:
            assert refusal(server, *CHAT, keys=",dialect=chat").code == 4


@pytest.mark.parametrize("bent", ["probabilities", "no list", "text", "empty"])
def test_a_chat_that_answers_with_no_rows(refusal, bent):
    class Bent(Chat):
        def chat(self, asked):
            answer = super().chat(asked)
            content = answer["choices"][0]["logprobs"]["content"]
            if bent == "probabilities":
                content[0]["top_logprobs"][1]["logprob"] = 0.5
            return answer | {"choices": {"probabilities": answer["choices"], "no list": [{"logprobs": {"content": 7}}],
                                         "text": [{"logprobs": "x"}], "empty": []}[bent]}

    with Server(Bent) as server:
        run = refusal(server, *CHAT, keys=",dialect=chat")
    assert run.code == 4 and "engine server" in run.err, run.err


def test_a_server_of_these_tests_that_breaks_down_fails_its_test(refusal):
    class Broken(Chat):
        def chat(self, asked):
            return {}["choices"]

    with pytest.raises(AssertionError, match="KeyError"):
        with Server(Broken) as server:
            assert refusal(server, *CHAT, keys=",dialect=chat").code == 4
