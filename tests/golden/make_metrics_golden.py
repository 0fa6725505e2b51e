#!/usr/bin/env python3
"""Writes tests/data/metrics/rows.bin and expected.json: pairs of logits rows and their distances by numpy.

usage: make_metrics_golden.py OUTPUT_DIR      (needs numpy)

Every figure is computed from its definition in extended precision (80 bits), with no regard to speed.
rows.bin: f32 little-endian, candidate then reference of each case, one case after the other.
"""
import json
import pathlib
import sys

import numpy as np

L = np.longdouble


def log_softmax(x):
    x = x - x.max()
    return x - np.log(np.exp(x).sum())


def cosine(a, b):
    na, nb = np.sqrt((a * a).sum()), np.sqrt((b * b).sum())
    return L(0) if na == 0 or nb == 0 else (a * b).sum() / (na * nb)


def metrics(candidate, reference):
    c, r = candidate.astype(L), reference.astype(L)
    d = c - r
    shift = d.mean()
    lp_c, lp_r = log_softmax(c), log_softmax(r)
    order_c = np.argsort(-candidate, kind="stable")
    order_r = np.argsort(-reference, kind="stable")
    norm = np.sqrt((r * r).sum())
    centred_norm = np.sqrt(((r - r.mean()) ** 2).sum())
    rest = d - shift
    return {
        "cosine": cosine(c, r), "l2": np.sqrt((d * d).sum()), "relative_l2": np.sqrt((d * d).sum()) / norm,
        "max_abs_diff": np.abs(d).max(), "max_abs_token": int(np.abs(d).argmax()),
        "kl": (np.exp(lp_r) * (lp_r - lp_c)).sum(), "kl_reverse": (np.exp(lp_c) * (lp_c - lp_r)).sum(),
        "candidate_argmax": int(order_c[0]), "reference_argmax": int(order_r[0]),
        "top10_overlap": len(set(order_c[:10]) & set(order_r[:10])),
        "reference_margin": r[order_r[0]] - r[order_r[1]],
        "shift": shift, "centred_cosine": cosine(c - c.mean(), r - r.mean()),
        "centred_l2": np.sqrt((rest * rest).sum()),
        "centred_relative_l2": np.sqrt((rest * rest).sum()) / centred_norm,
        "centred_max_abs_diff": np.abs(rest).max(),
    }


def cases():
    rng = np.random.default_rng(20240601)

    def logits(n, spread=3.0, mean=-2.0):
        x = rng.normal(mean, spread, n)
        x[rng.integers(0, n, max(1, n // 50))] += 12  # a few likely tokens
        return x.astype(np.float32)

    for n in (2, 3, 5, 16, 17, 130, 1000, 4099):
        r = logits(n)
        yield f"noise 1e-2, {n}", (r + rng.normal(0, 1e-2, n)).astype(np.float32), r
    r = logits(3001)
    yield "noise 1e-6", (r + rng.normal(0, 1e-6, r.size)).astype(np.float32), r
    yield "unrelated", logits(3001), r
    yield "shifted by 3", r + np.float32(3), r
    yield "scaled by 1.5", r * np.float32(1.5), r
    yield "negated", -r, r
    yield "one logit", np.where(np.arange(r.size) == 1234, r + np.float32(0.5), r), r
    yield "wide, probabilities underflow", logits(2000, 300, 0), logits(2000, 300, 0)
    yield "large common mean", logits(2000, 1, 1e4), logits(2000, 1, 1e4)
    yield "ties", np.round(logits(2000)).astype(np.float32), np.round(logits(2000)).astype(np.float32)
    yield "tiny", logits(700) * np.float32(1e-38), logits(700) * np.float32(1e-38)
    yield "huge", logits(700) * np.float32(1e36), logits(700) * np.float32(1e36)


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    expected, rows = [], []
    for name, c, r in cases():
        c, r = c.astype("<f4"), r.astype("<f4")
        figures = {k: v if isinstance(v, int) else float(v) for k, v in metrics(c, r).items()}
        expected.append({"name": name, "n": int(r.size), **figures})
        rows += [c.tobytes(), r.tobytes()]
    (out / "rows.bin").write_bytes(b"".join(rows))
    (out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(expected)} cases")


if __name__ == "__main__":
    main()
