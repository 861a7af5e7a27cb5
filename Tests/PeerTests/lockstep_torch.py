"""Lockstep's encoders `resnet`, `tcn`, `transformer`, `lstm`, `gru`, `mlp` and `critic`, and the classification head, as PyTorch
modules, for `load_state_dict(strict=True)`.

Sequences are a list of tensors, each [features, timesteps]; nothing is padded.
Convolutions run sequence by sequence; batch norm sees the timesteps of all sequences, concatenated to [1, channels, timesteps].
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F


class Convolution(nn.Conv1d):
    """Conv1d whose output has ceil(timesteps / stride) rows: `same` padding, or all of it on the left where causal."""

    def __init__(self, inputs, outputs, kernel, stride=1, dilation=1, causal=False):
        super().__init__(inputs, outputs, kernel, stride=stride, dilation=dilation)
        self.span = dilation * (kernel - 1)
        self.left = self.span if causal else self.span // 2

    def forward(self, x):
        rows = -(-x.shape[-1] // self.stride[0])
        last = (rows - 1) * self.stride[0] + self.span - self.left  # the last position that the last row reads
        right = max(0, last - (x.shape[-1] - 1))
        return super().forward(F.pad(x, (self.left, right)))[..., :rows]


def each(function, sequences):
    """Apply `function` to every sequence alone."""
    return [function(x) for x in sequences]


def together(norm, sequences):
    """Apply `norm` to the timesteps of all sequences at once."""
    return list(norm(torch.cat(sequences, dim=-1)).split([x.shape[-1] for x in sequences], dim=-1))


class Stem(nn.Module):
    """[features, timesteps] -> [1, width, frames]. Numbers are convolved. Categories are looked up, the features' vectors
    added up, and convolved where kernel or stride is above 1."""

    def __init__(self, features, width, kernel=1, stride=1, norm=False, categories=None, causal=False, activation=F.relu):
        super().__init__()
        self.activation, self.categories = activation, categories
        if categories is not None:
            self.embedding = nn.Embedding(features * categories, width)
        if categories is None or kernel > 1 or stride > 1:
            self.conv = Convolution(features if categories is None else width, width, kernel, stride, 1, causal)
        if norm:
            self.norm = nn.BatchNorm1d(width)

    def look_up(self, x):
        rows = x.long() + self.categories * torch.arange(len(x)).unsqueeze(1)
        return self.embedding(rows).sum(0).t()

    def forward(self, sequences):
        h = each(self.look_up, sequences) if self.categories is not None else sequences
        h = [x.unsqueeze(0) for x in h]
        if hasattr(self, "conv"):
            h = each(self.conv, h)
        return each(self.activation, together(self.norm, h)) if hasattr(self, "norm") else h


class Skip(nn.Module):
    """The way around a block that changes the width or the number of rows."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv = Convolution(inputs, width, 1, stride)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, sequences):
        return together(self.norm, each(self.conv, sequences))


class Block(nn.Module):
    """activation(conv1, norm1, activation, conv2, norm2, + skip). Only conv1 has the stride."""

    def __init__(self, inputs, width, kernel, stride=1, dilation=1, causal=False, activation=F.relu):
        super().__init__()
        self.activation = activation
        self.conv1 = Convolution(inputs, width, kernel, stride, dilation, causal)
        self.norm1 = nn.BatchNorm1d(width)
        self.conv2 = Convolution(width, width, kernel, 1, dilation, causal)
        self.norm2 = nn.BatchNorm1d(width)
        if stride != 1 or inputs != width:
            self.skip = Skip(inputs, width, stride)

    def forward(self, sequences):
        around = self.skip(sequences) if hasattr(self, "skip") else sequences
        h = each(self.activation, together(self.norm1, each(self.conv1, sequences)))
        h = together(self.norm2, each(self.conv2, h))
        return [self.activation(a + b) for a, b in zip(h, around)]


class Layer(nn.TransformerEncoderLayer):
    """PyTorch's layer with norm_first=True and GELU, for one sequence [frames, width]. Queries and keys may be turned by their
    positions: channel c of a head with channel c + depth / 2."""

    def __init__(self, width, heads, feed_forward, causal=False, rotary=False):
        super().__init__(width, heads, feed_forward, 0.0, "gelu", batch_first=True, norm_first=True)
        self.heads, self.causal, self.rotary = heads, causal, rotary

    def turned(self, x):
        rows = angles(x.shape[1], x.shape[2], x.dtype)
        first, second = x.chunk(2, dim=-1)
        return torch.cat([first * rows.cos() - second * rows.sin(), second * rows.cos() + first * rows.sin()], dim=-1)

    def attend(self, x):
        projected = F.linear(x, self.self_attn.in_proj_weight, self.self_attn.in_proj_bias)
        q, k, v = projected.unflatten(-1, (3, self.heads, -1)).permute(1, 2, 0, 3)  # [heads, frames, depth] each
        if self.rotary:
            q, k = self.turned(q), self.turned(k)
        return self.self_attn.out_proj(
            F.scaled_dot_product_attention(q, k, v, is_causal=self.causal).transpose(0, 1).flatten(1))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))


def angles(timesteps, channels, dtype):
    """t / 10000^(2i / channels), [timesteps, channels / 2]."""
    steps = torch.arange(timesteps, dtype=torch.float64).unsqueeze(1)
    return (steps * 10000 ** (torch.arange(0, channels, 2) / -channels)).to(dtype)


def placed(x):
    """[frames, width] with sines added to the even channels and cosines to the odd ones."""
    rows = angles(len(x), x.shape[1] + x.shape[1] % 2, torch.float64)
    return x + torch.stack([rows.sin(), rows.cos()], dim=-1).flatten(1)[:, : x.shape[1]].to(x.dtype)


class LockstepEncoder(nn.Module):
    """Sequences -> one [width, frames] a sequence. `stem` and each of `blocks` are dictionaries of arguments; so is
    `transformer` (layers, heads, feed_forward, positions), whose layers and last norm stand behind the blocks."""

    def __init__(self, features, stem, blocks, categories=None, causal=False, activation="relu", transformer=None):
        super().__init__()
        function = {"relu": F.relu, "gelu": F.gelu}[activation]  # F.gelu's default is the erf form
        self.stem = Stem(features, categories=categories, causal=causal, activation=function, **stem)
        widths = [stem["width"], *(b["width"] for b in blocks)]
        self.blocks = nn.ModuleList(
            Block(i, causal=causal, activation=function, **b) for i, b in zip(widths, blocks))
        self.width = widths[-1]
        self.positions = transformer and transformer["positions"]
        if transformer:
            self.layers = nn.ModuleList(
                Layer(self.width, transformer["heads"], transformer["feed_forward"], causal, self.positions == "rotary")
                for _ in range(transformer["layers"]))
            self.norm = nn.LayerNorm(self.width)

    def attended(self, x):
        """The layers and the last norm, on one sequence [frames, width]."""
        x = placed(x) if self.positions == "sinusoidal" else x
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)

    def forward(self, sequences):
        h = self.stem(sequences)
        for block in self.blocks:
            h = block(h)
        h = [x.squeeze(0) for x in h]
        return [self.attended(x.t()).t() for x in h] if self.positions else h


class LockstepRecurrentEncoder(nn.Module):
    """Sequences -> one [width, frames] a sequence: a stem, then torch.nn.LSTM or torch.nn.GRU over each sequence alone.
    Both directions' channels stand side by side."""

    def __init__(self, features, stem, cell, width, layers=1, bidirectional=False, categories=None):
        super().__init__()
        self.stem = Stem(features, categories=categories, causal=not bidirectional, **stem)
        self.recurrent = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](
            stem["width"], width, layers, batch_first=True, bidirectional=bidirectional)
        self.width = width * (1 + bidirectional)

    def forward(self, sequences):
        return [self.recurrent(x.transpose(1, 2))[0].squeeze(0).t() for x in self.stem(sequences)]


class PerceptronLayer(nn.Module):
    """activation(norm(linear)); the first layer's linear map is the stem's."""

    def __init__(self, width, first, norm, activation):
        super().__init__()
        self.activation = activation
        if not first:
            self.linear = nn.Linear(width, width)
        if norm:
            self.norm = nn.BatchNorm1d(width)

    def forward(self, sequences):
        h = each(lambda x: self.linear(x.transpose(1, 2)).transpose(1, 2), sequences) if hasattr(self, "linear") else sequences
        return each(self.activation, together(self.norm, h) if hasattr(self, "norm") else h)


class LockstepPerceptron(nn.Module):
    """Sequences -> one [width, timesteps] a sequence, each timestep by itself."""

    def __init__(self, features, width, perceptrons, norm=True, activation="relu", categories=None):
        super().__init__()
        function = {"relu": F.relu, "gelu": F.gelu}[activation]
        self.stem = Stem(features, width, categories=categories)
        self.layers = nn.ModuleList(PerceptronLayer(width, i == 0, norm, function) for i in range(perceptrons))
        self.width = width

    def forward(self, sequences):
        h = self.stem(sequences)
        for layer in self.layers:
            h = layer(h)
        return [x.squeeze(0) for x in h]


class LockstepCritic(nn.Module):
    """Sequences -> one [width, frames] a sequence: strided convolutions, each with twice the channels of the one before it."""

    def __init__(self, features, channels, convolutions, kernel, stride, categories=None):
        super().__init__()
        widths = [features, *(channels << i for i in range(convolutions))]
        self.layers = nn.ModuleList(Convolution(i, o, kernel, stride) for i, o in zip(widths, widths[1:]))
        self.width = widths[-1]

    def encode(self, x):
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        return x

    def forward(self, sequences):
        return [self.encode(x.unsqueeze(0)).squeeze(0) for x in sequences]


def make_encoder(**arguments):
    """The encoder that `arguments` describes."""
    special = {"cell": LockstepRecurrentEncoder, "perceptrons": LockstepPerceptron, "convolutions": LockstepCritic}
    return next((special[k] for k in arguments if k in special), LockstepEncoder)(**arguments)


class LockstepModel(nn.Module):
    """Sequences -> logits [sequences, classes]: the encoder, pooling over each sequence's own frames, a linear head."""

    def __init__(self, classes, pool="mean", **encoder):
        super().__init__()
        self.encoder = make_encoder(**encoder)
        self.head = nn.Linear(self.encoder.width, classes)
        self.pool = {"mean": lambda x: x.mean(-1), "max": lambda x: x.amax(-1), "last": lambda x: x[..., -1]}[pool]

    def embed(self, sequences):
        """Pooled embeddings, [sequences, width]."""
        return torch.stack(each(self.pool, self.encoder(sequences)))

    def forward(self, sequences):
        return self.head(self.embed(sequences))


def described(config):
    """What a `config.json` (a path, or its parsed content) says of the encoder."""
    return (config if isinstance(config, dict) else json.loads(pathlib.Path(config).read_text()))["encoder"]


def arguments(config):
    """The arguments of make_encoder. A tcn is a resnet whose dilation doubles from block to block."""
    source, encoder = described(config)["input"], dict(described(config)["encoder"])
    kind = encoder["kind"]
    common = {"features": source["features"], "categories": source["count"] if source["kind"] == "categories" else None}
    if kind in ("lstm", "gru"):
        return {**common, "cell": kind, **{k: encoder[k] for k in ("stem", "width", "layers", "bidirectional")}}
    if kind == "mlp":
        return {**common, "perceptrons": encoder["layers"], **{k: encoder[k] for k in ("width", "norm", "activation")}}
    if kind == "critic":
        return {**common, "convolutions": encoder["layers"], **{k: encoder[k] for k in ("channels", "kernel", "stride")}}
    if kind == "tcn":
        encoder["blocks"] = [{"width": encoder["width"], "kernel": encoder["kernel"], "stride": 1, "dilation": 2**level}
                             for level in range(encoder["levels"])]
        encoder["activation"] = "relu"
    elif kind == "transformer":
        encoder["blocks"], encoder["activation"] = encoder["blocks"] or [], "relu"
        encoder["transformer"] = {"layers": encoder["layers"], "heads": encoder["heads"],
                                  "feed_forward": encoder["feedForward"], "positions": encoder["positions"]}
    elif kind != "resnet":
        raise ValueError(f"config.json describes a {kind!r} encoder, which this module does not know")
    return {**common, **{k: encoder[k] for k in ("stem", "blocks", "causal", "activation")},
            "transformer": encoder.get("transformer")}


def normalised(values, config):
    """One sequence of a data set, [timesteps, features], as the encoder reads it: [features, timesteps]."""
    source, values = described(config)["input"], torch.as_tensor(values).double().t()
    if source["normalise"] == "dataset":
        mean, deviation = (torch.tensor(source[k], dtype=torch.float64).unsqueeze(1) for k in ("mean", "deviation"))
    elif source["normalise"] == "sequence":
        mean, deviation = values.mean(1, keepdim=True), values.std(1, correction=0, keepdim=True)
    else:
        return values.float()
    return ((values - mean) / (deviation + 1e-6)).float()
