"""An engine over the SDK with a switch for what engines do: exec:…,do=NAME. Vocabulary 365, like mistaken.py."""
import sys
import time

import numpy as np

import crossval


class Small(crossval.Engine):
    name, kv_type, n_vocab, n_ctx = "small", "f32", 365, 64
    keys = frozenset({"do"})

    def __init__(self, settings):
        super().__init__(settings)
        self.do = settings.get("do", "")
        print("a line on standard output")
        if self.do == "unreadable":
            raise crossval.InputError("no such tensor")
        self.all_logits = self.do != "last-only"

    def about(self):
        return {"identity": {"build": "by hand"}, "settings": {"device": "abacus"}}

    def tokenize(self, text, add_special, parse_special):
        return list(text)

    def piece(self, token):
        return bytes([token % 256])

    def rows(self, ids):
        return np.sin(ids[:, None] * np.arange(self.n_vocab) * 0.7 + np.arange(self.n_vocab)).astype(np.float32)

    def evaluate(self, ids, first):
        if self.do == "refuses":
            raise crossval.UsageError("not on a Sunday")
        if self.do == "raises":
            raise KeyError("blk.7.attn_q.weight")
        rows = self.rows(ids)
        if self.do == "float64":
            return rows.astype(np.float64)
        if self.do == "narrow":
            return rows[:, :-1]
        if self.do == "too-few":
            return rows[:-1]
        if self.do == "too-many":
            return np.concatenate([rows, rows])
        if self.do == "last-only":
            return rows[-1:]
        if self.do == "one-by-one":
            return iter(rows)
        if self.do == "slow":
            return self.slowly(rows)
        return rows

    def slowly(self, rows):
        for number, row in enumerate(rows):
            print("row", number, file=sys.stderr, flush=True)
            yield row
            time.sleep(0.2)

    def trace(self, ids, first, see):
        buffer = self.rows(ids)
        see("embd", "GET_ROWS", buffer)
        buffer *= 2  # the one before is not touched by it
        see("embd", "GET_ROWS", buffer)
        see("l_out-0", "ADD", buffer.reshape(len(ids), 5, -1))
        if self.do == "misshapen":
            see("l_out-1", "ADD", buffer[0, :7])


if __name__ == "__main__":
    crossval.serve(Small)
