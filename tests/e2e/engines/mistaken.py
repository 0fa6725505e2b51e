"""An engine from docs/protocol.md alone, right but for the mistake that its first argument names.

Vocabulary 365, as the small vocabulary of `crossval synth` has; the logits of a position follow from its id and the one
before. A mistake that begins with "top" or "hash" is made by an engine whose rows are that; "top" and "hash" alone are none.
Nothing but the standard library, so that it can also stand in for an engine without any SDK.
"""
import json
import math
import os
import signal
import struct
import sys
import threading
import time
import zlib

N_VOCAB, N_CTX = 365, 64
CHECKSUMS = {"none": lambda data: 0, "crc-32": zlib.crc32}
mistake = sys.argv[1] if len(sys.argv) > 1 else ""
content = {"top": "top", "hash": "hashes"}.get(mistake.split("-")[0], "")
checksum = CHECKSUMS[os.environ.get("CHECKSUM", "crc-32")]
out = os.fdopen(os.dup(1), "wb")
if mistake != "chatter":
    os.dup2(2, 1)
cancelled = threading.Event()
state = {"ids": [], "evaluations": 0}


def send(kind, payload=b"", version=2, damage=0, length=None):
    head = b"XVAL" + struct.pack("<HHI", version, kind, len(payload) if length is None else length)
    out.write(head + struct.pack("<Q", checksum(head + payload) ^ damage) + payload)
    out.flush()


def row_of(ids, position, seed=0):
    before = ids[position - 1] if position else 0
    return [((ids[position] * 31 + before * 17 + seed + 1) * (i + 1) * 7919 % 10007) / 900 for i in range(N_VOCAB)]


def packed(values):
    return struct.pack(f"<{len(values)}f", *values)


def hash_of(values):
    data = packed(values)
    return zlib.crc32(data) << 32 | zlib.crc32(data[::-1]) | 1


def send_row(position, row):
    if content == "top" and mistake != "top-frame":
        highest = max(row)
        log_sum = highest + math.log(sum(math.exp(value - highest) for value in row))
        top = [(i, row[i] - log_sum) for i in sorted(range(N_VOCAB), key=lambda i: -row[i])[:5]]
        rest = 1 - sum(math.exp(log_p) for _, log_p in top)
        if mistake == "top-unsorted":
            top.reverse()
        if mistake == "top-twice":
            top[1] = top[0]
        if mistake == "top-foreign":
            top[1] = (N_VOCAB, top[1][1])
        if mistake == "top-logits":
            top = [(i, row[i]) for i, _ in top]
        if mistake == "top-nan":
            top[1] = (top[1][0], float("nan"))
        if mistake == "top-rest":
            rest = 0.9
        if mistake == "top-none":
            top = []
        if mistake == "top-random":
            top[0] = (top[0][0], top[0][1] - state["evaluations"] * 1e-6)
        return send(139, struct.pack("<id", position, rest) + b"".join(struct.pack("<if", *token) for token in top))
    if content == "hashes":
        highest = -2 if mistake == "hash-argmax" else max(range(N_VOCAB), key=row.__getitem__)
        value = 0 if mistake == "hash-zero" else hash_of(row) + (state["evaluations"] if mistake == "hash-random" else 0)
        return send(140, struct.pack("<iQi", position, value, highest))
    return send(133, struct.pack("<i", position) + packed(row))


def hello(said):
    settings = said["settings"]
    known = {"model", "kv", "threads", "n_ctx", "n_batch", "tokens_only"}
    if mistake == "refuses-crossvals-settings":
        known -= {"n_ctx"}
    for key in sorted(set(settings) - known):
        if mistake != "takes-any-setting":
            send(136, json.dumps({"kind": "usage", "what": f'no key "{key}"'}).encode())
            os._exit(1)
    if 2 not in said["versions"] and mistake != "speaks-any-version":
        send(136, b'{"kind": "usage", "what": "another version"}')
        os._exit(1)
    if mistake == "exits":
        sys.exit("matrix 7 is broken")
    if mistake == "hangs":
        time.sleep(600)
    info = {"identity": {"name": "mistaken" if mistake != "escapes" else "mist\x1b[31maken\x07\u202e",
                         "version": mistake},
            "settings": {"n_vocab": N_VOCAB, "n_ctx": N_CTX, "kv_type_k": "f32", "kv_type_v": "f32"},
            "capabilities": {"tokenize": True, "all_logits": True, "decode": True, "trace": True}}
    if content:
        info["settings"]["rows"] = content
    if mistake == "escapes":
        send(138, json.dumps({"name": "engine-warning", "message": "\x1b[2J\u202ewarned"}).encode())
    if mistake == "no-kv-type":
        del info["settings"]["kv_type_k"], info["settings"]["kv_type_v"]
    if mistake == "no-n-vocab":
        del info["settings"]["n_vocab"]
    if mistake == "no-n-ctx":
        del info["settings"]["n_ctx"]
    if mistake == "claims-less":
        info["capabilities"] = {"all_logits": True}
    if mistake == "no-tokenizer":
        info["capabilities"]["tokenize"] = False
    send(129, json.dumps(info).encode())


def evaluate(payload):
    first, last = struct.unpack_from("<iI", payload)
    ids = list(struct.unpack_from(f"<{(len(payload) - 8) // 4}i", payload, 8))
    state["evaluations"] += 1
    if mistake != "takes-any-request":
        bad = first not in (0, len(state["ids"])) or not ids or first + len(ids) > N_CTX
        if bad or not all(0 <= i < N_VOCAB for i in ids):
            return send(136, b'{"kind": "usage", "what": "no such positions or ids"}')
    everything = state["ids"][:first] + [min(max(i, 0), N_VOCAB - 1) for i in ids]
    state["ids"] = everything
    if mistake == "forgets" and first:
        everything = [0] * first + everything[first:]
    seed = state["evaluations"] if mistake == "random" else 0
    positions = list(range(first, first + len(ids)))
    if last and mistake != "ignores-last":
        positions = positions[-1:]
    if mistake == "reversed":
        positions.reverse()
    if mistake == "a-row-too-few":
        positions.pop()
    stopped = False
    for position in positions:
        if cancelled.is_set():
            if mistake == "cancel-no-done":
                return None
            stopped = True
            break
        row = row_of(everything, position, seed)
        if mistake == "batch-bits" and len(ids) > 1:
            row[3] += 1e-3
        if mistake == "last-differs" and last:
            row[3] += 1e-3
        if mistake == "narrow":
            row.pop()
        if mistake == "nan":
            row[5] = float("nan")
        if mistake == "crashes" and position == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        if mistake == "stalls" and position == 2:
            time.sleep(600)
        if mistake == "damaged" and position == 2:
            send(133, struct.pack("<i", position) + packed(row), damage=1)
            continue
        if mistake == "chatter" and position == 2:
            os.write(1, b"progress: 50 %\n")
        if mistake == "cancel-no-done":
            time.sleep(0.02)  # so that a cancel comes in between
        send_row(position + (mistake == "counts-from-one"), row)
    if mistake == "a-row-too-many":
        send(133, struct.pack("<i", first + len(ids)) + packed(row_of(everything, first)))
    if mistake == "no-done":
        return None
    if mistake == "bare-done":
        return send(135)
    if mistake == "says-stopped":
        stopped = True
    return send(135, b"\1" if stopped else b"\0")


def texts(payload, at):
    count, = struct.unpack_from("<I", payload, at)
    at, found = at + 4, []
    for _ in range(count):
        size, = struct.unpack_from("<I", payload, at)
        found.append(payload[at + 4:at + 4 + size].decode())
        at += 4 + size
    return found, at


def trace(payload):
    first, _, layer, layer_end, begin, end = struct.unpack_from("<iI4i", payload)
    names, at = texts(payload, 24)
    ops, at = texts(payload, at)
    ids = list(struct.unpack_from(f"<{(len(payload) - at) // 4}i", payload, at))
    everything = state["ids"][:first] + ids
    state["ids"] = everything
    nodes = [("embd", "GET_ROWS", -1), ("l_out-0", "ADD", 0), ("result_output", "MUL_MAT", -1)]
    for name, op, il in nodes:
        wanted = layer <= il < layer_end and (not names or name in names) and (not ops or op in ops)
        positions = [p for p in range(first, first + len(ids)) if begin <= p < end]
        if mistake == "ignores-selection":
            wanted, positions = True, list(range(first, first + len(ids)))
        if not wanted or not positions:
            continue
        shown = [row_of(everything, p) for p in positions]
        if mistake == "trace-bits" and op == "MUL_MAT":
            shown[-1][0] += 1e-3
        if mistake == "selection-bits" and names:
            shown[-1][0] += 1e-3
        start = positions[0] + (len(ids) if mistake == "trace-positions" else 0)
        head = struct.pack("<4i2q2I", il, 0, start, len(shown), N_VOCAB, 0, len(name), len(op))
        if content == "hashes":
            hashes = [hash_of(row) + (mistake == "hash-of-other-values") for row in shown]
            if mistake == "hash-zero-tensor":
                hashes[-1] = 0
            if mistake == "hash-short":
                hashes.pop()
            send(134 if mistake == "hash-frame" else 141, head + (name + op).encode() + struct.pack(f"<{len(hashes)}Q", *hashes))
            continue
        send(134, head + (name + op).encode() + b"".join(map(packed, shown)))
    return send(135, b"\0")


def answer(kind, payload):
    if kind == 2:
        text = payload[1:]
        return send(130, struct.pack(f"<{len(text)}i", *[b + 1000 * (mistake == "odd-ids") for b in text]))
    if kind == 3:
        ids = struct.unpack(f"<{len(payload) // 4}i", payload)
        pieces = [bytes([i % 256]) for i in ids]
        if mistake == "pieces-short":
            pieces.pop()
        return send(131, b"".join(struct.pack("<I", len(p)) + p for p in pieces))
    if kind == 4:
        return send(132, b"\7" if mistake == "end-is-seven" else b"\0")
    if kind == 5:
        return evaluate(payload)
    if kind == 6:
        return trace(payload)
    return send(136, b'{"kind": "engine", "what": "no request"}')


def main():
    requests, arrived = [], threading.Condition()

    def read():
        stdin = os.fdopen(os.dup(0), "rb")
        while True:
            head = stdin.read(20)
            if len(head) < 20:
                if mistake == "outlives":
                    time.sleep(600)
                os._exit(0)
            kind, length = struct.unpack_from("<HI", head, 6)
            payload = stdin.read(length)
            if kind == 7:
                cancelled.set()
                continue
            with arrived:
                requests.append((kind, payload))
                arrived.notify()

    threading.Thread(target=read, daemon=True).start()
    while True:
        with arrived:
            arrived.wait_for(lambda: requests)
            kind, payload = requests.pop(0)
        if kind == 8:
            os._exit(3 if mistake == "ends-badly" else 0)
        if kind == 1:
            hello(json.loads(payload))
            continue
        if mistake != "remembers-cancel":
            cancelled.clear()
        answer(kind, payload)


main()
