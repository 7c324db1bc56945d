"""Train the small model: `python -m training.ngram DATA --seed 1`. Needs scipy; one thread; bit for bit."""

import argparse
import hashlib
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from supportd_hostility.features import WINDOW, grams
from supportd_hostility.harms import HEADS
from supportd_hostility.ngram import MAIN, MAIN_BITS, SIDE_BITS, WEIGHTS, NgramModel, load
from supportd_hostility.normalise import normalise

from .corpus import ENGLISH, GERMAN, UNKNOWN, Row, fold, own, public
from .disguise import disguised

HERE = Path(__file__).resolve().parent
PEERS = ("rmhd_peer", "counsel_chat")
OWN_WEIGHT = 10.0
L2 = 0.3
SOFT_SHARE = 0.5
HOSTILE_SHARE = 0.05


def matrix(texts, bits):
    """Return one row a text: counts of its n-grams over the root of their number."""
    columns, values, ends = [], [], [0]
    for text in texts:
        hashes, _ = grams(text)
        columns.append((hashes & np.uint32((1 << bits) - 1)).astype(np.int32))
        values.append(np.full(len(hashes), 1 / np.sqrt(max(1, len(hashes))), np.float32))
        ends.append(ends[-1] + len(hashes))
    table = csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(texts), 1 << bits))
    table.sum_duplicates()
    return table


def fitted(table, back, want, weight, steps):
    """Return weights and bias of a logistic model with soft targets."""

    def loss(point):
        z = table @ point[:-1] + point[-1]
        fit = np.sum(weight * (np.logaddexp(0, z) - want * z))
        gap = weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - want)
        return fit + 0.5 * L2 * point[:-1] @ point[:-1], np.append(back @ gap + L2 * point[:-1], gap.sum())

    return minimize(loss, np.zeros(table.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 6}).x


def platt(raw, truth):
    """Return the slope and shift that turn sums into chances on a mix of 5 hostile in 100."""
    if not 0 < truth.sum() < len(truth):
        return 1.0, 0.0
    weight = np.where(truth == 1, HOSTILE_SHARE / truth.sum(), (1 - HOSTILE_SHARE) / (truth == 0).sum())

    def loss(point):
        z = raw * point[0] + point[1]
        gap = weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - truth)
        return np.sum(weight * (np.logaddexp(0, z) - truth * z)), np.array([gap @ raw, gap.sum()])

    slope, shift = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x
    return float(max(slope, 0.2)), float(shift)


def gathered(args):
    """Return rows, their normalised texts, and the teacher's scores or None for each."""
    hashes = json.loads((HERE / "hashes.json").read_text())
    rows = public(args.data, hashes, (*ENGLISH, *GERMAN))
    if args.miniature:
        rows = rows[:: max(1, len(rows) // args.miniature)]
    rows += own("training", 8)
    rng = random.Random(args.seed)
    learn = [one for one in rows if fold(one.group) >= 15 or one.source.startswith("own")]
    check = [one for one in rows if 10 <= fold(one.group) < 15 and not one.source.startswith("own")]
    more = [
        Row(disguised(one.text[:600], rng), one.targets, one.source, one.group)
        for one in learn
        if rng.random() < (0.5 if "own" in one.source else 0.1)
    ]
    # Windows after the first of texts that are harmless whole are harmless too.
    later = [
        Row(one.text[at : at + WINDOW], one.targets, one.source, one.group)
        for one in learn
        if one.targets[0] == 0 and one.targets[2] != 1
        for at in range(WINDOW, min(len(one.text), 1000) - 60, WINDOW)
    ]
    return learn + more + later, check


def main():
    """Write ngram.npz and print what the check rows say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--soft", type=Path, default=HERE / "soft.npz", help="the teacher's scores by hash of the text, from training/encoder.py"
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--miniature", type=int, default=0)
    parser.add_argument("--steps", type=int, default=40)
    args = parser.parse_args()
    began = time.time()
    learn, check = gathered(args)
    texts = [normalise(one.text)[:WINDOW] for one in learn]
    targets = np.array([one.targets for one in learn], np.uint8)
    weight = np.array([OWN_WEIGHT if one.source.startswith("own") else 2.0 if one.source in PEERS else 1.0 for one in learn])
    soft, extra = np.full((len(learn), MAIN), np.nan), 0
    if args.soft:
        with np.load(args.soft) as table:
            known = dict(zip((f"{one:016x}" for one in table["keys"].tolist()), table["scores"].astype(np.float64) / 65535, strict=True))
        for at, text in enumerate(texts):
            if (found := known.get(key(text))) is not None:
                soft[at] = found
                extra += 1
    print(f"{len(learn)} rows to learn, {extra} with soft scores, {len(check)} to check, {time.time() - began:.0f} s", file=sys.stderr)
    points = []
    for first, last, bits in ((0, MAIN, MAIN_BITS), (MAIN, len(HEADS), SIDE_BITS)):
        table = matrix(texts, bits)
        for head in range(first, last):
            use = targets[:, head] != UNKNOWN
            want = targets[use, head].astype(np.float64)
            if head < MAIN:
                taught = soft[use, head]
                want = np.where(np.isnan(taught), want, (1 - SOFT_SHARE) * want + SOFT_SHARE * taught)
            part = table[np.flatnonzero(use)]
            points.append(fitted(part, part.T.tocsr(), want, weight[use], args.steps))
            print(f"{HEADS[head]} {time.time() - began:.0f} s", file=sys.stderr)
    scale = np.array([max(1e-6, np.quantile(np.abs(one[:-1]), 0.9999)) / 127 for one in points], np.float32)
    whole = [np.clip(np.rint(one[:-1] / by), -127, 127).astype(np.int8) for one, by in zip(points, scale, strict=True)]
    model = NgramModel(
        np.stack(whole[:MAIN], 1),
        np.stack(whole[MAIN:], 1),
        scale,
        np.array([one[-1] for one in points], np.float32),
        np.ones(len(HEADS), np.float32),
        np.zeros(len(HEADS), np.float32),
        "",
    )
    raw = np.array([model.raw(normalise(one.text)) for one in check])
    truth = np.array([one.targets for one in check], np.uint8)
    for head in range(MAIN):
        use = truth[:, head] != UNKNOWN
        model.slope[head], model.shift[head] = platt(raw[use, head], truth[use, head].astype(np.float64))
    args.out.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        args.out, main=model.main, side=model.side, scale=model.scale, bias=model.bias, slope=model.slope, shift=model.shift
    )
    print(f"{args.out.name} {args.out.stat().st_size} bytes, {load(args.out).digest}, {time.time() - began:.0f} s")


def key(text):
    """Return what names a text in the file of soft scores without holding it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


if __name__ == "__main__":
    main()
