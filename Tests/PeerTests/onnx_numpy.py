#!/usr/bin/env python3
"""Runs the ONNX files of `lockstep export --onnx` by NumPy alone, in float64, and compares with what Lockstep computed.

    onnx_numpy.py FOLDER...

A folder holds encoder.onnx, model.onnx, and of ragged sequences `lengths.npy` [n], `values.npy` [timesteps, features] and
Lockstep's `frames.npy` [frames, width], `embedding.npy` [n, width] and `logits.npy` [n, classes]. The sequences are run as
one batch, padded with garbage beyond their ends. The operators are written down from their definitions in ONNX's
documentation; onnx_agreement.py asks ONNX Runtime, which takes longer to install.
Exit code 0 where all agree, 1 where not.
"""
import math
import pathlib
import sys

import numpy as np

TOLERANCE = 1e-5  # of the largest expected value
# By the numbers of TensorProto.DataType; float32 is computed with as float64.
TYPES = {1: np.float64, 6: np.int32, 7: np.int64, 11: np.float64}
STORED = {1: np.float32, 7: np.int64, 11: np.float64}


def fields(data):
    """The fields of a protocol buffer message: number -> values, integers or bytes."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte, at = data[at], at + 1
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value - (1 << 64) if value >> 63 else value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            value = varint()
        else:
            size = varint() if tag & 7 == 2 else 4
            value, at = data[at : at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def text(message, number):
    return message[number][0].decode()


def attributes(node):
    """Name -> number, list of numbers, or text."""
    result = {}
    for one in map(fields, node.get(5, [])):
        kind = one[20][0]
        result[text(one, 1)] = {1: lambda: float(np.frombuffer(one[2][0], "<f4")[0]), 2: lambda: one[3][0],
                                3: lambda: text(one, 4), 7: lambda: one[8]}[kind]()
    return result


def tensor(message):
    stored = np.frombuffer(message[9][0], STORED[message[2][0]]).reshape(message.get(1, []))
    return stored.astype(TYPES[message[2][0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def quotient(a, b):
    return a // b if np.issubdtype(a.dtype, np.integer) else a / b


def reshape(x, shape):
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape)])


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def convolution(x, weight, bias, kernel_shape, strides=(1,), dilations=(1,), pads=(0, 0)):
    (kernel,), (stride,), (dilation,) = kernel_shape, strides, dilations
    x = np.pad(x, ((0, 0), (0, 0), tuple(pads)))
    rows = (x.shape[2] - dilation * (kernel - 1) - 1) // stride + 1
    taps = (x[:, :, k * dilation :][:, :, : (rows - 1) * stride + 1 : stride] for k in range(kernel))
    return sum(np.einsum("oc,bct->bot", weight[:, :, k], tap) for k, tap in enumerate(taps)) + bias[:, None]


def batch_norm(x, gain, bias, mean, variance, epsilon):
    gain, bias, mean, variance = (v[:, None] for v in (gain, bias, mean, variance))
    return gain * (x - mean) / np.sqrt(variance + epsilon) + bias


def layer_norm(x, gain, bias, epsilon):
    centred = x - x.mean(-1, keepdims=True)
    return gain * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon) + bias


def lstm(x, state, w, r, wb, rb):
    h, c = state
    i, o, f, g = np.split(w @ x + wb + r @ h + rb, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x, state, w, r, wb, rb):
    (xz, xr, xh), (hz, hr, hh) = np.split(w @ x + wb, 3), np.split(r @ state[0] + rb, 3)
    z = sigmoid(xz + hz)
    return (1 - z) * np.tanh(xh + sigmoid(xr + hr) * hh) + z * state[0], None


def recurrent(cell, x, weights, recurrences, biases, lengths, hidden_size, direction, linear_before_reset=0):
    """Y of ONNX's LSTM and GRU, [frames, directions, batch, hidden]: zero beyond a sequence's end."""
    assert cell is lstm or linear_before_reset
    assert len(weights) == {"forward": 1, "bidirectional": 2}[direction]
    output = np.zeros((len(x), len(weights), x.shape[1], hidden_size))
    for way, (w, r, b) in enumerate(zip(weights, recurrences, biases)):
        for row, length in enumerate(lengths):
            state = np.zeros((2, hidden_size))
            for t in reversed(range(length)) if way else range(length):
                state = cell(x[t, row], state, w, r, *np.split(b, 2))
                output[t, way, row] = state[0]
    return output


OPERATORS = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": quotient, "MatMul": np.matmul, "Sqrt": np.sqrt,
    "Floor": np.floor, "Sin": np.sin, "Erf": np.vectorize(math.erf, otypes=[float]), "Identity": lambda x: x,
    "Relu": lambda x: np.maximum(x, 0), "LeakyRelu": lambda x, alpha: np.where(x < 0, alpha * x, x),
    "Less": np.less, "LessOrEqual": np.less_equal, "Equal": np.equal, "And": np.logical_and, "Where": np.where,
    "Cast": lambda x, to: x.astype(TYPES[to]), "Shape": lambda x: np.array(x.shape), "Range": np.arange,
    "Gather": lambda x, rows: x[rows], "Unsqueeze": lambda x, axes: np.expand_dims(x, tuple(axes)),
    "Squeeze": lambda x, axes: np.squeeze(x, tuple(axes)),
    "ReduceSum": lambda x, axes, keepdims: x.sum(tuple(axes), keepdims=bool(keepdims)),
    "ReduceMax": lambda x, axes, keepdims: x.max(tuple(axes), keepdims=bool(keepdims)),
    "Transpose": lambda x, perm: x.transpose(perm), "Reshape": reshape, "Softmax": softmax,
    "Concat": lambda *x, axis: np.concatenate(x, axis), "Gemm": lambda a, b, c, transB: a @ (b.T if transB else b) + c,
    "Conv": convolution, "BatchNormalization": batch_norm, "LayerNormalization": layer_norm,
    "LSTM": lambda *x, **how: recurrent(lstm, *x, **how), "GRU": lambda *x, **how: recurrent(gru, *x, **how),
}


def run(path, inputs):
    """The outputs of the graph in a file, by their names."""
    graph = fields(fields(path.read_bytes())[7][0])
    values = dict(inputs) | {text(t, 8): tensor(t) for t in map(fields, graph.get(5, []))}
    for node in map(fields, graph[1]):
        operation, outputs = text(node, 4), [name.decode() for name in node[2]]
        given, how = [values[name.decode()] for name in node[1]], attributes(node)
        if operation == "Split":
            values |= zip(outputs, np.split(given[0], len(outputs), how["axis"]))
        else:
            values[outputs[0]] = OPERATORS[operation](*given, **how)
    return {text(o, 1): values[text(o, 1)] for o in map(fields, graph[12])}


def agree(folder):
    expected = {name: np.load(folder / f"{name}.npy") for name in ("lengths", "values", "frames", "embedding", "logits")}
    lengths, kind = expected["lengths"], np.int64 if (folder / "categories").exists() else np.float64
    some = np.split(expected["values"], np.cumsum(lengths)[:-1])
    worst = {}
    for garbage in [1000] if kind == np.int64 else [1000, np.nan]:
        values = np.full((len(some), some[0].shape[1], lengths.max()), garbage, kind)
        for row, x in zip(values, some):
            row[:, : len(x)] = x.T
        given = {"values": values, "lengths": lengths}
        got = run(folder / "encoder.onnx", given) | run(folder / "model.onnx", given)
        got["frames"] = np.concatenate([x[:, :n].T for x, n in zip(got["frames"], got["frame_lengths"])])
        for name in ("frames", "embedding", "logits"):
            fits = got[name].shape == expected[name].shape and np.isfinite(got[name]).all()
            deviation = np.abs(got[name] - expected[name]).max() / np.abs(expected[name]).max() if fits else np.inf
            worst[f"{name} padded with {garbage}"] = deviation
    name = max(worst, key=worst.get)
    good = worst[name] <= TOLERANCE
    print(f"{folder.name}: worst {name}, {worst[name]:.1e}: {'agree' if good else 'DISAGREE'}")
    return good


if __name__ == "__main__":
    sys.exit(0 if all([agree(pathlib.Path(folder)) for folder in sys.argv[1:]]) else 1)
