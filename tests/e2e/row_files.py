"""Files of rows as other programs write them: numpy and gguf-py write theirs, the others from their layouts."""
import io
import json
import struct

import numpy as np


def npy(rows):
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def npz(compressed=False, **arrays):
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def bf16(rows):
    """The bytes of values whose lower half is cut off."""
    return (np.ascontiguousarray(rows, "<f4").view("<u4") >> 16).astype("<u2").tobytes()


def safetensors(change=lambda header: header, **tensors):
    """Each tensor an array, or (dtype, shape, bytes). `change` bends the header."""
    names, header, data = {"f2": "F16", "f4": "F32", "f8": "F64", "i4": "I32", "i8": "I64"}, {}, b""
    for name, tensor in tensors.items():
        if not isinstance(tensor, tuple):
            tensor = np.ascontiguousarray(tensor)
            tensor = names[tensor.dtype.str[1:]], tensor.shape, tensor.tobytes()
        dtype, shape, content = tensor
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(change(header)).encode()
    return struct.pack("<Q", len(text)) + text + data


def log_p_of(row):
    row = row.astype("f8")
    return row - np.logaddexp.reduce(row)


def halves(chunks, rows, scored=False):
    """Forks' _logp16_ and, with −ln p of the next token in front of each row, _logp16n; as kl_base has it."""
    chunks, rows = np.asarray(chunks, "<i4"), np.asarray(rows, "<f4")
    out = (b"_logp16n" if scored else b"_logp16_") + struct.pack("<3i", chunks.shape[1], rows.shape[-1], len(chunks)) + chunks.tobytes()
    first = chunks.shape[1] // 2
    for chunk, its_rows in zip(chunks, rows):
        for i, row in enumerate(its_rows):
            log_p = log_p_of(row)
            out += (struct.pack("<f", -log_p[chunk[first + i + 1]]) if scored else b"") + log_p.astype("<f2").tobytes()
    return out


def one_prompt(ids, first, rows):
    """A fork's q27ref01: codes as llama-perplexity's, of the positions of one prompt from `first` on."""
    rows = np.asarray(rows, "<f4")
    n_vocab = rows.shape[-1]
    codes = kl_base(np.zeros((1, 2 * len(rows) + 1)), rows[None])[20 + 4 * (2 * len(rows) + 1):]
    return b"q27ref01" + struct.pack("<5i", len(ids), n_vocab, first, len(rows), 512) + np.asarray(ids, "<i4").tobytes() + codes


def kl_base(chunks, rows):
    """llama-perplexity's: chunks is n_chunk × n_ctx ids, rows n_chunk × (n_ctx − 1 − n_ctx // 2) × vocabulary logits."""
    chunks, rows = np.asarray(chunks, "<i4"), np.asarray(rows, "<f4")
    n_vocab = rows.shape[-1]
    out = b"_logits_" + struct.pack("<3i", chunks.shape[1], n_vocab, len(chunks)) + chunks.tobytes()
    for row in rows.reshape(-1, n_vocab):
        most = row.max()
        least = max(row.min(), most - np.float32(16))
        log_sum = np.float32(np.log(np.exp(row - most, dtype="f4").astype("f8").sum()))
        scale = np.float32((most - least) / np.float32(65535))
        codes = np.where(row > least, np.rint(np.float32(1) / scale * (row - least)), 0).astype("<u2") if scale else np.zeros(n_vocab, "<u2")
        out += struct.pack("<2f", scale, least - most - log_sum) + codes.tobytes() + bytes(2 * (n_vocab % 2))
    return out


def log_probs(rows, top):
    """Of each row the most likely ids with their ln p."""
    rows = np.asarray(rows, "f8")
    rows = rows - np.logaddexp.reduce(rows, axis=-1, keepdims=True)
    order = np.argsort(-rows, axis=-1, kind="stable")[:, :top]
    return [[(int(i), float(row[i])) for i in ids] for row, ids in zip(rows, order)]


def jsonl(tops, form="llama-server", first_index=10, change=lambda i, answer: answer):
    """llama.cpp's compare-logprobs.py dump: an answer of a server for each list of (id, ln p), in its words."""
    def entry(pair, ids=True):
        return ({"id": pair[0]} if ids else {}) | {"token": f" t{pair[0]}", "bytes": list(f" t{pair[0]}".encode()), "logprob": pair[1]}

    def logprobs(top):
        if form == "llama-server":  # {"content": …}, with ids
            return {"content": [entry(top[0]) | {"top_logprobs": [entry(p) for p in top]}]}
        if form == "chat without ids":
            return {"content": [entry(top[0], False) | {"top_logprobs": [entry(p, False) for p in top]}]}
        name = "token_id:{}" if form == "vllm with ids" else " t{}"
        return {"text_offset": [0], "tokens": [name.format(top[0][0])], "token_logprobs": [top[0][1]],
                "top_logprobs": [{name.format(i): lp for i, lp in top}]}

    lines = []
    for i, top in enumerate(tops):
        choice = {"index": 0, "text": f" t{top[0][0]}", "logprobs": logprobs(top), "finish_reason": "length"}
        if form == "vllm's token_ids":
            choice["token_ids"] = [top[0][0]]
        answer = {"id": "cmpl-1", "object": "text_completion", "model": "m", "choices": [choice], "__index": first_index + i}
        lines.append(json.dumps(change(i, answer)) + "\n")
    return "".join(lines).encode()


def llama_results(path, ids, rows):
    """GGUF with the logits' dimensions declared the other way round, as llama-results declares them."""
    import gguf
    writer = gguf.GGUFWriter(path, "")
    writer.add_string("path_model", "m.gguf")
    writer.add_tensor("tokens", np.asarray(ids, np.int32))
    rows = np.ascontiguousarray(rows, np.float32)
    writer.add_tensor("logits", rows.reshape(rows.shape[::-1]))  # the same memory
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
