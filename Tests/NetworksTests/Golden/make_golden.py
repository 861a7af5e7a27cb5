#!/usr/bin/env python3
"""Makes the golden values of this folder with PyTorch; `--check` compares them with fresh ones instead of writing.

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install "torch==2.13.0+cpu" numpy safetensors --extra-index-url https://download.pytorch.org/whl/cpu
    /tmp/golden/bin/python make_golden.py [--check]

README.md beside it says what each file holds. Every value is PyTorch's in float32; float64 runs of the same graph guard
against values that hang on rounding (a ReLU's input next to zero), which another correct implementation could not match.
"""
import argparse
import json
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "PeerTests"))
from lockstep_torch import LockstepModel  # noqa: E402

LENGTHS = [1, 2, 7, 50, 131]
CLASSES = 3


def block(width, kernel=3, stride=1, dilation=1):
    return {"width": width, "kernel": kernel, "stride": stride, "dilation": dilation}


def stem(width, kernel=1, stride=1, norm=False):
    return {"width": width, "kernel": kernel, "stride": stride, "norm": norm}


def attention(layers, heads, feed_forward, positions):
    return {"layers": layers, "heads": heads, "feed_forward": feed_forward, "positions": positions}


# The encoder's arguments, the pooling and the seed of each network case.
NETWORKS = {
    "reference-block-64": dict(stem=stem(64), blocks=[block(64)]),
    "reference-block-6": dict(stem=stem(6), blocks=[block(6)]),
    "strided": dict(stem=stem(8, 16, 8, True), blocks=[block(12, 5, 2), block(12, 5, 2), block(17, 5, 2)]),
    "dilated-gelu": dict(stem=stem(6, 3, 1, True), blocks=[block(6, 3, 1, 2), block(6, 4, 1, 1)], activation="gelu"),
    "causal-last": dict(stem=stem(5, 4, 2, True), blocks=[block(7, 3, 2, 2), block(7)], causal=True, pool="last"),
    "max-pool": dict(stem=stem(6, 3, 2, True), blocks=[block(9, 3, 3)], pool="max", features=3),
    "categories": dict(stem=stem(6), blocks=[block(6), block(8, 5, 2)], categories=41),
    "categories-strided": dict(stem=stem(6, 8, 4, True), blocks=[block(6)], categories=41, features=2),
    "transformer-rotary": dict(stem=stem(12, 4, 2, True), blocks=[], transformer=attention(2, 2, 20, "rotary")),
    "transformer-causal": dict(stem=stem(8, 3, 2), blocks=[], causal=True, pool="last", features=3,
                               transformer=attention(2, 1, 24, "sinusoidal")),
    "transformer-categories": dict(stem=stem(6), blocks=[block(9, 3, 3)], categories=41,
                                   transformer=attention(1, 3, 10, "none")),
    "lstm": dict(cell="lstm", stem=stem(5), width=7, features=3),
    "lstm-bidirectional": dict(cell="lstm", stem=stem(6, 3, 2, True), width=17, layers=2, bidirectional=True, features=2),
    "gru": dict(cell="gru", stem=stem(6), width=16, layers=2, pool="last", categories=41),
    "gru-bidirectional": dict(cell="gru", stem=stem(4), width=5, layers=2, bidirectional=True, pool="max", features=2),
    "mlp": dict(perceptrons=3, width=7, norm=True, activation="gelu", features=4, pool="max"),
    "mlp-categories": dict(perceptrons=2, width=17, norm=False, activation="relu", features=2, categories=41),
}
CONVOLUTIONAL = {"causal": False, "activation": "relu"}


def network_case(name, index):
    """One training step's forward and backward, then an evaluation with the statistics that the step left."""
    kind = CONVOLUTIONAL if "blocks" in NETWORKS[name] else {}
    spec = {"features": 1, "categories": None, **kind, "pool": "mean", **NETWORKS[name]}
    torch.manual_seed(1000 + index)
    draw = torch.Generator().manual_seed(index)
    numbers = [torch.randint(0, 41, (spec["features"], n), generator=draw).float() for n in LENGTHS]
    if "cell" in spec and spec["categories"] is None:  # else all gates would be open or shut
        numbers = [x / 10 - 2 for x in numbers]
    labels = torch.tensor([i % CLASSES for i in range(len(LENGTHS))])
    net = LockstepModel(CLASSES, **spec)
    with torch.no_grad():  # nothing may hide behind PyTorch's initial zeros and ones
        for part in net.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.5, 0.5)
                part.running_mean.uniform_(-1, 1)
                part.running_var.uniform_(0.5, 2)
                part.num_batches_tracked.fill_(7)
            if isinstance(part, nn.LayerNorm):
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.5, 0.5)
            if isinstance(part, nn.MultiheadAttention):
                part.in_proj_weight.mul_(2)
                part.in_proj_bias.uniform_(-0.5, 0.5)
                part.out_proj.bias.uniform_(-0.5, 0.5)
    initial = {k: v.clone() for k, v in net.state_dict().items()}

    def run(real):
        net.load_state_dict(initial)
        net.to(real).train()
        net.zero_grad(set_to_none=True)
        inputs = [x.to(real).requires_grad_(spec["categories"] is None) for x in numbers]
        logits = net(inputs)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        out = {"training.logits": logits, "training.loss": loss.reshape(1)}
        out |= {f"gradient.{k}": p.grad for k, p in net.named_parameters()}
        if spec["categories"] is None:
            out["gradient.input"] = torch.cat([x.grad.t() for x in inputs])
        out |= {f"after.{k}": v for k, v in net.named_buffers()}
        net.eval()
        with torch.no_grad():
            out["evaluation.frames"] = torch.cat([x.t() for x in net.encoder(inputs)])
            out["evaluation.embedding"] = net.embed(inputs)
            out["evaluation.logits"] = net(inputs)
        return {k: v.detach().clone() for k, v in out.items()}

    if spec.get("transformer") and spec["transformer"]["positions"] != "rotary":
        agrees_with_torch(net)
    precise, result = run(torch.float64), run(torch.float32)
    largest = max(v.abs().max().item() for k, v in precise.items() if k.startswith("gradient."))
    for k, v in precise.items():
        deviation, scale = (result[k].double() - v.double()).abs().max().item(), v.abs().max().item()
        vanishes = k.startswith("gradient.") and scale < 1e-10 * largest  # the bias before a batch norm
        assert deviation <= (1e-6 * largest if vanishes else 2e-5 * scale), (name, k, deviation, scale)
    tensors = {"input.values": torch.cat([x.t() for x in numbers]), "input.labels": labels.int()}
    tensors["input.offsets"] = torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0).tolist()])
    tensors |= {f"initial.{k}": v for k, v in initial.items()} | result
    vanishing = [k for k, v in precise.items() if k.startswith("gradient.") and v.abs().max() < 1e-10 * largest]
    return tensors, {**spec, "classes": CLASSES, "vanishing": sorted(vanishing)}


def agrees_with_torch(net):
    """Without rotary positions the layers are PyTorch's own."""
    x = torch.randn(30, net.encoder.width, generator=torch.Generator().manual_seed(8))
    for layer in net.encoder.layers:
        mask = nn.Transformer.generate_square_subsequent_mask(len(x)) if layer.causal else None
        own = nn.TransformerEncoderLayer.forward(layer, x[None], src_mask=mask, is_causal=layer.causal)[0]
        assert torch.allclose(layer(x), own, atol=1e-5), "the layer is not PyTorch's"


def wasserstein_case(layers, most):
    """A critic's lesson: scores of real and made sequences, and the penalty on the slope between them, by double backward.
    Each layer sees what it reads shifted by at most `most`, mirrored at the ends."""
    channels, kernel, stride, features, penalty = 4, 5, 3, 2, 10.0
    draw = torch.Generator().manual_seed(9)
    widths = [features] + [channels << i for i in range(layers)]
    weights = {}
    for i in range(layers):
        weights[f"critic.layers.{i}.weight"] = torch.randn(widths[i + 1], widths[i], kernel, generator=draw) * 0.3
        weights[f"critic.layers.{i}.bias"] = torch.randn(widths[i + 1], generator=draw) * 0.3
    weights["score.weight"] = torch.randn(1, widths[-1], generator=draw)
    weights["score.bias"] = torch.randn(1, generator=draw)
    real = [torch.randn(features, n, generator=draw) for n in LENGTHS]
    made = [torch.randn(features, n, generator=draw) for n in LENGTHS]
    shares = torch.rand(len(LENGTHS), generator=draw)
    mixed = [s * r + (1 - s) * m for s, r, m in zip(shares, real, made)]
    # [kind of sequence, layer, sequence]
    shifts = torch.randint(-most, most + 1, (3, layers, len(LENGTHS)), generator=draw)

    def shifted(x, shift):
        last = x.shape[1] - 1
        t = torch.arange(last + 1) + max(-last, min(last, shift))
        return x[:, last - (last - t.abs()).abs()]

    def run(kind):
        p = {k: v.to(kind).requires_grad_() for k, v in weights.items()}

        def score(x, shifts):
            for i in range(layers):
                x = shifted(x, shifts[i].item())
                left, frames = (kernel - 1) // 2, -(-x.shape[1] // stride)
                right = max(0, (frames - 1) * stride + kernel - left - x.shape[1])
                x = F.pad(x, (left, right))[None]
                x = F.conv1d(x, p[f"critic.layers.{i}.weight"], p[f"critic.layers.{i}.bias"], stride)[0, :, :frames]
                x = F.leaky_relu(x, 0.2)
            return p["score.weight"] @ x.mean(1) + p["score.bias"]

        distances, penalties, slopes = [], [], []
        for number, (r, m, x) in enumerate(zip(real, made, mixed)):
            of_real, of_made, of_mixed = shifts[:, :, number]
            distances.append(score(r.to(kind), of_real) - score(m.to(kind), of_made))
            x = x.to(kind).clone().requires_grad_()
            slope, = torch.autograd.grad(score(x, of_mixed).sum(), x, create_graph=True)
            penalties.append(penalty * (slope.norm() - 1) ** 2)
            slopes.append(slope)
        (sum(penalties) - sum(distances)).sum().backward()
        result = {"distances": torch.cat(distances), "penalties": torch.stack(penalties)}
        result |= {f"gradient.{k}": torch.zeros_like(v) if v.grad is None else v.grad for k, v in p.items()}
        return {k: v.detach().clone() for k, v in result.items()}

    precise, result = run(torch.float64), run(torch.float32)
    largest = max(v.abs().max().item() for v in precise.values())
    for k, v in precise.items():
        assert (result[k].double() - v).abs().max().item() <= 2e-5 * v.abs().max().item() + 1e-6 * largest, k
    pack = lambda sequences: torch.cat([x.t() for x in sequences])
    tensors = {"real": pack(real), "made": pack(made), "mixed": pack(mixed)}
    tensors |= {f"initial.{k}": v for k, v in weights.items()} | result
    if most > 0:
        tensors["shifts"] = shifts
    return tensors, {"channels": channels, "layers": layers, "kernel": kernel, "stride": stride, "penalty": penalty}


def optimizer_case(kind):
    """Five steps on given gradients: weight decay for tensors of two or more dimensions only, a new rate each step."""
    draw = torch.Generator().manual_seed(5)
    shapes = {"conv.weight": (4, 3, 5), "conv.bias": (4,), "head.weight": (3, 7), "norm.weight": (7,)}
    rates = [2.5e-4, 5e-4, 1e-3, 7.5e-4, 1e-4] if kind == "adamw" else [0.02, 0.05, 0.1, 0.05, 0.01]
    settings = {"adamw": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1},
                "sgd": {"momentum": 0.9, "weight_decay": 0.1}}[kind]
    p = {k: nn.Parameter(torch.randn(s, generator=draw)) for k, s in shapes.items()}
    tensors = {f"initial.{k}": v.detach().clone() for k, v in p.items()}
    groups = [{"params": [v for v in p.values() if v.ndim >= 2]},
              {"params": [v for v in p.values() if v.ndim < 2], "weight_decay": 0.0}]
    optimizer = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[kind](groups, lr=rates[0], **settings)
    for step, rate in enumerate(rates, 1):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for k, v in p.items():
            v.grad = torch.randn(v.shape, generator=draw) * 10.0 ** (step - 3)
            tensors[f"gradient.{step}.{k}"] = v.grad.clone()
        optimizer.step()
        tensors |= {f"after.{step}.{k}": v.detach().clone() for k, v in p.items()}
    return tensors, {"kind": kind, "rates": rates, **settings}


def clip_case():
    """Clipping by the global norm, once above the bound and once below it."""
    draw = torch.Generator().manual_seed(6)
    shapes, tensors, norms = {"a": (4, 3, 5), "b": (4,)}, {}, {}
    for name, scale in (("above", 3.0), ("below", 0.01)):
        p = {k: nn.Parameter(torch.zeros(s)) for k, s in shapes.items()}
        for k, v in p.items():
            v.grad = torch.randn(v.shape, generator=draw) * scale
            tensors[f"{name}.gradient.{k}"] = v.grad.clone()
        tensors[f"{name}.norm"] = torch.nn.utils.clip_grad_norm_(p.values(), 1.0).reshape(1)
        tensors |= {f"{name}.clipped.{k}": v.grad for k, v in p.items()}
    return tensors, {"bound": 1.0}


def function_case():
    """Element by element: GELU (erf form), Huber with delta 1, softmax cross-entropy; values and derivatives."""
    x = torch.cat([torch.linspace(-9, 9, 181), torch.tensor([-0.0, 1e-6, -1e-6])]).double().requires_grad_()
    gelu = F.gelu(x)
    gelu.sum().backward()
    tensors = {"gelu.input": x, "gelu.output": gelu, "gelu.derivative": x.grad.clone()}
    y = torch.cat([torch.linspace(-3, 3, 61), torch.tensor([1.0, -1.0])]).double().requires_grad_()
    huber = F.huber_loss(y, torch.zeros_like(y), reduction="none", delta=1.0)
    huber.sum().backward()
    tensors |= {"huber.difference": y, "huber.loss": huber, "huber.derivative": y.grad.clone()}
    draw = torch.Generator().manual_seed(7)
    z = (torch.randn(9, 41, generator=draw) * torch.tensor([[0.1], [1], [1], [3], [3], [10], [30], [90], [300]])).double()
    z.requires_grad_()
    targets = torch.randint(0, 41, (9,), generator=draw)
    loss = F.cross_entropy(z, targets, reduction="none")
    loss.sum().backward()
    tensors |= {"crossEntropy.logits": z, "crossEntropy.targets": targets.int(), "crossEntropy.loss": loss,
                "crossEntropy.gradient": z.grad.clone()}
    single = {k: v.detach().float() if v.is_floating_point() else v for k, v in tensors.items()}
    return single, {"huberDelta": 1.0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare the files with fresh values; write nothing")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    cases = {name: network_case(name, i) for i, name in enumerate(NETWORKS)}
    cases |= {f"optimizer-{kind}": optimizer_case(kind) for kind in ("adamw", "sgd")}
    cases |= {"clip": clip_case(), "functions": function_case(), "wasserstein": wasserstein_case(2, 0)}
    cases["wasserstein-shuffled"] = wasserstein_case(3, 2)
    index = {"made": {"torch": torch.__version__}, "cases": {k: facts for k, (_, facts) in cases.items()}}
    for name, (tensors, _) in cases.items():
        path = HERE / f"{name}.safetensors"
        if not check:
            save_file({k: v.contiguous() for k, v in tensors.items()}, path, metadata={"format": "pt"})
            continue
        stored = load_file(path)
        assert stored.keys() == tensors.keys(), (name, sorted(stored.keys() ^ tensors.keys()))
        largest = max([v.abs().max().item() for k, v in tensors.items() if k.startswith("gradient.")] or [0])
        for k, v in tensors.items():
            deviation = (stored[k].double() - v.double()).abs().max().item()
            assert deviation <= 2e-5 * v.abs().max().item() + 2e-6 * largest * k.startswith("gradient."), (name, k, deviation)
        with safe_open(path, "pt") as file:
            assert file.metadata() == {"format": "pt"}, (name, file.metadata())
    text = json.dumps(index, indent=1) + "\n"
    if check:
        # Tuples become lists in JSON, hence the round trip; another build of PyTorch may check these files.
        assert json.loads((HERE / "cases.json").read_text())["cases"] == json.loads(text)["cases"], "cases.json differs"
        document = (HERE.parents[2] / "docs" / "pytorch.md").read_text()
        module = (HERE.parents[1] / "PeerTests" / "lockstep_torch.py").read_text()
        assert module in document, "docs/pytorch.md does not hold Tests/PeerTests/lockstep_torch.py as it is"
    else:
        (HERE / "cases.json").write_text(text)
    print(f"{len(cases)} cases {'agree' if check else 'written'}, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
