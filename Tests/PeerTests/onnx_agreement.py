#!/usr/bin/env python3
"""Whether ONNX Runtime computes from an export what `lockstep embed` and `lockstep predict` computed.

    onnx_agreement.py --case EXPORT DATA EMBEDDINGS.npy [PREDICTIONS.csv]   (any number of cases)

EXPORT is a folder of `lockstep export --onnx`, DATA the data set of which the others were made. Every file must pass the
checker with shape inference. Then the sequences are run one by one, and all at once as a batch that is padded beyond their
ends with garbage: 1000 and, where values are numbers, NaN. Needs onnx, onnxruntime, numpy.
Exit code 0 where all agree, 1 where not.
"""
import argparse
import csv
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-4  # of a probability; of an embedding where it is below 1, else of its size


def sequences(folder):
    """Every sequence of a data set in the order of its ids, [timesteps, features]."""
    for shard in json.loads((folder / "dataset.json").read_text())["shards"]:
        values, offsets = np.load(folder / shard["values"]), np.load(folder / shard["offsets"])
        yield from (values[begin:end] for begin, end in zip(offsets, offsets[1:]))


def batch(some, kind, garbage):
    """The inputs of a graph: sequences [timesteps, features] beside each other, garbage beyond their ends."""
    lengths = np.array([len(x) for x in some], np.int64)
    values = np.full((len(some), some[0].shape[1], lengths.max()), garbage, kind)
    for row, x in zip(values, some):
        row[:, : len(x)] = x.T
    return {"values": values, "lengths": lengths}


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def opened(path):
    """A session, and the type of its values."""
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session, np.int64 if session.get_inputs()[0].type == "tensor(int64)" else np.float32


def runs(path, some):
    """What a graph gives for all sequences, a dictionary a way of running them."""
    session, kind = opened(path)
    names = [output.name for output in session.get_outputs()]
    results = {}
    for garbage in [1000] if kind == np.int64 else [1000, np.nan]:
        results[f"padded with {garbage}"] = dict(zip(names, session.run(None, batch(some, kind, garbage))))
    alone = [session.run(None, batch([x], kind, 0)) for x in some]
    results["alone"] = {name: np.concatenate([one[i] for one in alone]) for i, name in enumerate(names) if name != "frames"}
    return results


def deviation(got, expected):
    """The largest, as a multiple of what is allowed; infinite where a value is not finite."""
    if got.shape != expected.shape or not np.isfinite(got).all():
        return np.inf
    return float((np.abs(got - expected) / np.maximum(1, np.abs(expected))).max() / TOLERANCE)


def agree(export, data, embeddings, predictions=None):
    export, some = pathlib.Path(export), list(sequences(pathlib.Path(data)))
    expected, found = np.load(embeddings), {}
    for way, given in runs(export / "encoder.onnx", some).items():
        found[f"embedding {way}"] = deviation(given["embedding"], expected)
        if "frames" in given:
            beyond = np.arange(given["frames"].shape[2]) >= given["frame_lengths"][:, None]
            found[f"zeros {way}"] = np.inf if given["frames"].transpose(0, 2, 1)[beyond].any() else 0.0
    if predictions:
        with open(predictions, newline="") as lines:
            rows = [[float(v) for k, v in row.items() if k.startswith("p_")] for row in csv.DictReader(lines)]
        for way, given in runs(export / "model.onnx", some).items():
            found[f"probabilities {way}"] = deviation(softmax(given["logits"]), np.array(rows))
    elif (export / "model.onnx").exists():
        found["predictions for model.onnx"] = np.inf
    worst = max(found, key=found.get)
    good = found[worst] <= 1
    print(f"{export}: {len(some)} sequences, worst {worst}, {found[worst] * TOLERANCE:.1e}: {'agree' if good else 'DISAGREE'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", action="append", required=True, metavar="PATH")
    return 0 if all([agree(*case) for case in parser.parse_args().case]) else 1


if __name__ == "__main__":
    sys.exit(main())
