"""Fine-tune the encoder on one GPU, average several into a teacher, distil one from it, and write weights, soft scores and ONNX.

Plain torch, no network: `python3 encoder.py IN OUT [--rows N]`. IN holds data.jsonl.gz, minilm.npz (half precision) and tokenizer.json.
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

TOKENS, WIDTH, LAYERS, PARTS = 64, 384, 6, 12
UNKNOWN = 255
BATCH = 256
EPOCHS = 5
OWN = 20
PEERS = ("rmhd_peer", "counsel_chat")
HEADS = 18


class Layer(nn.Module):
    """One transformer block."""

    def __init__(self):
        """Make the parts."""
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, WIDTH * 4), nn.Linear(WIDTH * 4, WIDTH)
        self.n1, self.n2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, bias):
        """Return the next states."""

        def split(t):
            return t.view(t.shape[0], -1, PARTS, WIDTH // PARTS).transpose(1, 2)

        scores = split(self.q(x)) @ split(self.k(x)).transpose(2, 3) * (WIDTH // PARTS) ** -0.5 + bias
        mixed = (self.drop(torch.softmax(scores, -1)) @ split(self.v(x))).transpose(1, 2)
        x = self.n1(x + self.drop(self.o(mixed.reshape(mixed.shape[0], -1, WIDTH))))
        return self.n2(x + self.drop(self.down(functional.gelu(self.up(x)))))


class Encoder(nn.Module):
    """MiniLM with one output for each head; the mean over the tokens is what is judged."""

    def __init__(self):
        """Make the parts."""
        super().__init__()
        self.words, self.places = nn.Embedding(30522, WIDTH), nn.Embedding(512, WIDTH)
        self.kind = nn.Parameter(torch.zeros(WIDTH))
        self.n0, self.drop = nn.LayerNorm(WIDTH, eps=1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(WIDTH, HEADS)

    def forward(self, ids):
        """Return a sum for each head."""
        seen = (ids != 0).to(self.kind.dtype)
        places = torch.cumsum(torch.ones_like(ids), 1) - 1
        x = self.drop(self.n0(self.words(ids) + self.places(places) + self.kind))
        bias = ((seen - 1) * 1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias)
        mean = (x * seen[:, :, None]).sum(1) / seen.sum(1, keepdim=True)
        return self.head(self.drop(mean))


def loaded(path):
    """Return the encoder with the public weights and new heads."""
    w = {k: torch.from_numpy(v.astype(np.float32)) for k, v in np.load(path).items()}
    model = Encoder()
    state = {
        "words.weight": w["embeddings.word_embeddings.weight"],
        "places.weight": w["embeddings.position_embeddings.weight"],
        "kind": w["embeddings.token_type_embeddings.weight"][0],
    }
    names = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "o": "attention.output.dense",
        "n1": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "n2": "output.LayerNorm",
    }
    for kind in ("weight", "bias"):
        state[f"n0.{kind}"] = w[f"embeddings.LayerNorm.{kind}"]
        for at in range(LAYERS):
            for ours, theirs in names.items():
                state[f"layers.{at}.{ours}.{kind}"] = w[f"encoder.layer.{at}.{theirs}.{kind}"]
    missing, extra = model.load_state_dict(state, strict=False)
    assert sorted(missing) == ["head.bias", "head.weight"] and not extra, (missing, extra)
    return model


def tokens(tokenizer, texts):
    """Return the token numbers of texts."""
    return np.array([one.ids for one in tokenizer.encode_batch(texts)], np.int32)


def train(path, device, plain, hidden, targets, weight, rows, seed, epochs, stop):
    """Return an encoder tuned on these rows."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = loaded(path).to(device).train()
    steps = max(1, epochs * len(rows) // BATCH)
    optim = torch.optim.AdamW(model.parameters(), lr=1.2e-4, weight_decay=0.01)
    plan = torch.optim.lr_scheduler.LambdaLR(optim, lambda s: min((s + 1) / (0.06 * steps + 1), max(0.0, 1 - s / (steps + 1))))
    began, step = time.time(), 0
    for epoch in range(epochs):
        order = rng.permutation(rows)
        for at in range(0, len(order) - BATCH + 1, BATCH):
            pick = torch.from_numpy(order[at : at + BATCH]).to(device)
            use = torch.rand(len(pick), 1, device=device) < 0.3
            ids = torch.where(use, hidden[pick], plain[pick]).long()
            want = targets[pick]
            known = (want >= 0).float() * weight[pick][:, None]
            with torch.autocast(device.type, dtype=torch.bfloat16):
                out = model(ids)
            loss = (
                functional.binary_cross_entropy_with_logits(out.float(), want.clamp(0, 1), reduction="none") * known * SHARE.to(device)
            ).sum() / BATCH
            optim.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optim.step()
            plan.step()
            step += 1
        print(f"seed {seed} epoch {epoch} loss {loss.item():.4f} {time.time() - began:.0f}s", flush=True)
        if time.time() > stop:
            print("out of time", flush=True)
            break
    return model.eval()


# The named harms have few rows, so each counts less than the three that decide.
SHARE = torch.tensor([1.0, 0.5, 0.7, 0.3, 0.2, 0.2, 0.2] + [0.15] * 11)


@torch.no_grad()
def scores(model, device, ids):
    """Return the chances of all rows."""
    out = []
    for at in range(0, len(ids), 2048):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            out.append(torch.sigmoid(model(ids[at : at + 2048].long()).float()).cpu().numpy())
    return np.concatenate(out)


def auc(y, s):
    """Return the area under the curve."""
    order = np.argsort(s, kind="stable")
    rank = np.empty(len(s))
    rank[order] = np.arange(1, len(s) + 1)
    n1 = y.sum()
    return (rank[y == 1].sum() - n1 * (n1 + 1) / 2) / max(1, n1 * (len(y) - n1))


def told(name, got, targets, split, source):
    """Print what the rows kept back say."""
    for part in ("dev", "test"):
        at = split == part
        for head, label in ((0, "hostile"), (1, "hate"), (2, "crisis")):
            known = at & (targets[:, head] != UNKNOWN)
            y = targets[known, head]
            if 0 < y.sum() < len(y):
                print(f"{name} {part} {label} AUC {auc(y, got[known, head]):.4f}")
        peer = at & np.isin(source, PEERS)
        bad = at & (targets[:, 0] == 1)
        if peer.sum() and bad.sum():
            held = np.sort(got[peer, 0])
            print(
                f"{name} {part} peers held at .5 {np.mean(held >= 0.5):.4f} of {len(held)}; recall at .5 {np.mean(got[bad, 0] >= 0.5):.4f}; recall when 1 % held "
                f"{np.mean(got[bad, 0] > np.quantile(held, 0.99)):.4f}",
                flush=True,
            )


def exported(kept, plain_np, out):
    """Write the encoder in eight bits; if that fails, its weights."""
    try:
        work = Path(tempfile.mkdtemp())
        full, small = str(work / "full.onnx"), work / "small.onnx"
        sample = torch.from_numpy(plain_np[:2].astype(np.int64))
        torch.onnx.export(
            kept,
            (sample,),
            full,
            input_names=["ids"],
            output_names=["logits"],
            opset_version=17,
            dynamic_axes={"ids": {0: "rows", 1: "tokens"}},
            dynamo=False,
        )
        from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - missing where only the weights are wanted

        quantize_dynamic(full, str(small), weight_type=QuantType.QInt8, per_channel=True)
        data = small.read_bytes()
        (out / "small.onnx.0").write_bytes(data[: 15 << 20])
        (out / "small.onnx.1").write_bytes(data[15 << 20 :])
        print(f"onnx {len(data)} bytes", flush=True)
    except Exception as problem:  # the graph can be written elsewhere from the weights
        print("onnx failed", type(problem).__name__, str(problem)[:500], file=sys.stderr, flush=True)
        state = {k: v.numpy().astype(np.float16) for k, v in kept.state_dict().items()}
        half = [{}, {}, {}, {}]
        for at, name in enumerate(sorted(state, key=lambda n: -state[n].size)):
            if name == "words.weight":
                half[0][name + ".0"], half[1][name + ".1"] = np.split(state[name], 2)
            else:
                half[2 + at % 2][name] = state[name]
        for at, part in enumerate(half):
            np.savez_compressed(out / f"weights{at}.npz", **part)


def asked():
    """Return the words of the command line."""
    args = argparse.ArgumentParser()
    args.add_argument("source", type=Path)
    args.add_argument("out", type=Path)
    args.add_argument("--rows", type=int, default=0)
    args.add_argument("--seconds", type=int, default=330)
    return args.parse_args()


def main():
    """Train, average, distil, write."""
    args = asked()
    begin = time.time()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    table = [json.loads(line) for line in gzip.decompress((args.source / "data.jsonl.gz").read_bytes()).splitlines()]
    if args.rows:
        table = table[:: len(table) // args.rows] + table[-400:]
    tokenizer = Tokenizer.from_file(str(args.source / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.enable_padding(length=TOKENS)
    plain_np = tokens(tokenizer, [one[0] for one in table])
    hidden_np = tokens(tokenizer, [one[1] or one[0] for one in table])
    plain, hidden = torch.from_numpy(plain_np).to(device), torch.from_numpy(hidden_np).to(device)
    targets = np.array([one[2] for one in table], np.uint8)
    source, split = np.array([one[3] for one in table]), np.array([one[4] for one in table])
    print(f"{len(table)} rows, {device}, read in {time.time() - begin:.0f}s", flush=True)
    hard = torch.from_numpy(np.where(targets == UNKNOWN, -1.0, targets).astype(np.float32)).to(device)
    weight = torch.ones(len(table), device=device)
    learn = np.flatnonzero(split == "train")
    learn = np.concatenate(
        [
            learn,
            *[np.flatnonzero((split == "train") & (source == "own_training"))] * (OWN - 1),
            np.flatnonzero((split == "train") & np.isin(source, PEERS)),
        ]
    )
    path = args.source / "minilm.npz"
    soft, kept = [], None
    for seed in (1, 2):
        model = train(path, device, plain, hidden, hard, weight, learn, seed, EPOCHS, begin + args.seconds * (0.32 * seed + 0.02))
        soft.append(scores(model, device, plain))
        told(f"seed{seed}", soft[-1], targets, split, source)
        kept = model
    teacher = np.mean(soft, 0).astype(np.float32)
    told("teacher", teacher, targets, split, source)
    np.savez_compressed(args.out / "soft.npz", teacher=(teacher * 65535 + 0.5).astype(np.uint16))
    # The pupil learns the labels where there are some, softened by the teacher, and the teacher alone where there are none.
    mixed = torch.where(hard >= 0, 0.5 * hard + 0.5 * torch.from_numpy(teacher).to(device), torch.from_numpy(teacher).to(device))
    more = np.concatenate([learn, np.flatnonzero(split == "undecided")])
    if time.time() < begin + args.seconds * 0.8:
        kept = train(path, device, plain, hidden, mixed, weight, more, 4, EPOCHS, begin + args.seconds)
        pupil = scores(kept, device, plain)
        told("pupil", pupil, targets, split, source)
    exported(kept.float().cpu().eval(), plain_np, args.out)
    print(f"all {time.time() - begin:.0f}s", flush=True)


if __name__ == "__main__":
    main()
