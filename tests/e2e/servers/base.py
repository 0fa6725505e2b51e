"""What the servers of the tests have in common: JSON over HTTP on a port of their own, and logits that follow from the ids."""
import http.server
import json
import math
import sys
import threading
import traceback

import gguf

N_VOCAB, N_CTX = 365, 64


def logits(ids):
    """Of the last position. Bytes that are no character by themselves are unlikely, as in a real model."""
    last, before = ids[-1], ids[-2] if len(ids) > 1 else 0
    return [((last * 31 + before * 17 + 1) * (i + 1) * 7919 % 10007) / 900 - 20 * (128 <= i < 256) for i in range(N_VOCAB)]


def log_probabilities(ids):
    """Of all tokens, the most likely first: [(id, ln p), …]."""
    row = logits(ids)
    log_sum = math.log(math.fsum(math.exp(x) for x in row))
    return sorted(((i, x - log_sum) for i, x in enumerate(row)), key=lambda pair: (-pair[1], pair[0]))


def piece(token):
    """A byte each up to 255; the others come of no text, as write_vocabulary has no merges for them."""
    return bytes([token]) if token < 256 else f"<{token}>".encode()


def write_vocabulary(path):
    """A GGUF file of nothing else."""
    letters = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes that GPT-2's alphabet shows as themselves
    shown_as = {byte: chr(byte) for byte in letters}
    for byte in range(256):
        shown_as.setdefault(byte, chr(256 + byte - sum(b < byte for b in letters)))
    tokens = ["".join(shown_as[b] for b in piece(i)) for i in range(N_VOCAB)]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * N_VOCAB)
    writer.add_token_merges([f"{shown_as[255]} {shown_as[255]}"])  # of no token
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_add_bos_token(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def shown(token):
    """As a server puts it into JSON: what is no character looks like any other such."""
    return piece(token).decode(errors="replace")


class Refused(Exception):
    """An answer with another status than 200."""

    def __init__(self, status, message, **headers):
        super().__init__(message)
        self.status, self.headers = status, headers


class Handler(http.server.BaseHTTPRequestHandler):
    """GET and POST call the method of `routes` with what was sent; it returns what is sent back as JSON."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: the second would wait for the client's delayed ACK
    routes = {}

    def distribution(self, ids):
        return log_probabilities(ids)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(None)

    def do_POST(self):
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, question):
        self.server.asked.append((self.path, question, dict(self.headers)))
        route = self.routes.get(self.path)
        try:
            if route is None:
                raise Refused(404, "Not Found")
            status, body, headers = 200, getattr(self, route)(question), {}
        except Refused as refused:
            status, body, headers = refused.status, {"error": {"message": str(refused)}}, refused.headers
        if body is not None:
            self.send(status, json.dumps(body).encode(), headers)

    def send(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)


class Http(http.server.ThreadingHTTPServer):
    """Keeps what a handler has failed with: a server that breaks down by itself is no refusal that a test has planned."""
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.asked, self.broken = [], []

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], OSError):  # that: the client has gone
            self.broken.append(traceback.format_exc())


class Server:
    """Serves with `handler` until the end of the with block. `asked`: (path, question, headers) in order."""

    def __init__(self, handler, context=None, **attributes):
        self.http = Http(handler)
        for name, value in attributes.items():
            setattr(self.http, name, value)
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.address = f"http{'s' if context else ''}://127.0.0.1:{self.http.server_port}"
        self.asked = self.http.asked

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
        assert not self.http.broken, "\n".join(self.http.broken)
