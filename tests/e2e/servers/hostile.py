"""Servers that misbehave, each in one way: the class's name says which."""
import json
import time

from .base import Handler, Refused
from .llama_server import LlamaServer


class Endless(LlamaServer):
    """A body without an end."""

    def completion(self, _):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * (1 << 20))
        except OSError:
            self.close_connection = True


class EndlessHeader(Handler):
    def answer(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                self.wfile.write(b"X-A: " + b"a" * 1000 + b"\r\n")
        except OSError:
            self.close_connection = True


class SlowBytes(LlamaServer):
    """Never silent for long, and never done."""

    def completion(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        try:
            for _ in range(1000):
                self.wfile.write(b" ")
                time.sleep(0.1)
        except OSError:
            self.close_connection = True


class Silent(LlamaServer):
    def completion(self, _):
        time.sleep(20)
        raise Refused(500, "late")


class CutOff(LlamaServer):
    """Closed in the middle of a body."""

    def completion(self, asked):
        body = json.dumps(super().completion(asked)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.close_connection = True


class Raw(LlamaServer):
    """A completion that is this text."""
    text = b""

    def completion(self, _):
        self.send(200, self.text, {})


class NoJson(Raw):
    text = b"<html>\x1b[31mBad gateway\x07</html>"


class WrongJson(Raw):
    text = b'[{"completion_probabilities": 5}]'


class NotANumber(Raw):
    text = b'{"completion_probabilities": [{"top_logprobs": [{"id": 1, "logprob": NaN}]}]}'


class Deep(Raw):
    text = b"[" * 200000


class NoRows(Raw):
    text = b'{"completion_probabilities": []}'


class Changed(LlamaServer):
    """A row that is right but for one entry, from the third position on."""

    def change(self, top):
        raise NotImplementedError

    def completion(self, asked):
        answer = super().completion(asked)
        if len(asked["prompt"]) >= 3:
            self.change(answer["completion_probabilities"][0]["top_logprobs"])
        return answer


class Positive(Changed):
    def change(self, top):
        top[1]["logprob"] = 0.5


class Twice(Changed):
    def change(self, top):
        top[1]["id"] = top[0]["id"]


class OutsideVocabulary(Changed):
    def change(self, top):
        top[1]["id"] = 365


class NullLogProbability(Changed):
    def change(self, top):
        top[1]["logprob"] = None


class HugeId(Changed):
    def change(self, top):
        top[1]["id"] = 1 << 40


class MoreThanOne(Changed):
    def change(self, top):
        for entry in top:
            entry["logprob"] = -0.5


class Unsorted(Changed):
    """No mistake: a list has no order of its own."""

    def change(self, top):
        top.reverse()


class Busy(LlamaServer):
    """Busy for a while, as often as `times` says."""

    def completion(self, asked):
        self.server.times -= 1
        if self.server.times >= 0:
            raise Refused(self.server.status, "slow down", **self.server.busy_headers)
        return super().completion(asked)


class EchoesKey(LlamaServer):
    """Refuses a key, and shows it."""

    def props(self, _):
        raise Refused(401, "Incorrect API key provided: " + self.headers.get("Authorization", ""))


class Forwards(LlamaServer):
    """Sends everything on, to `to`."""

    def answer(self, question):
        self.server.asked.append((self.path, question, dict(self.headers)))
        self.send(self.server.status, b"", {"Location": self.server.to.replace("PATH", self.path)})


class Escapes(LlamaServer):
    """Names that would change a terminal."""

    def props(self, asked):
        return {**super().props(asked), "build_info": "b1\x1b[31m", "model_path": "/m/\u202ea.gguf\x07", "model_ftype": "\n\n# F16"}


class LiesAboutVocabulary(LlamaServer):
    def models(self, asked):
        answer = super().models(asked)
        answer["data"][0]["meta"]["n_vocab"] = self.server.n_vocab
        return answer
