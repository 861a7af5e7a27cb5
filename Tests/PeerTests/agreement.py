#!/usr/bin/env python3
"""Whether PyTorch computes what `lockstep predict` computes, from the same files.

    agreement.py RUN DATA [--predictions FILE.csv] [--split test] [--lockstep PATH]

Loads RUN/checkpoints/latest/model.safetensors (or model.safetensors of an export) strictly into the module that
docs/pytorch.md describes, computes logits sequence by sequence, and compares the class probabilities and classes with
the CSV of `lockstep predict`, which is run unless --predictions names its output (an export needs that: predict takes
runs). Needs torch, numpy, safetensors.
Exit code 0 where all agree, 1 where not.
"""
import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file

from lockstep_torch import LockstepModel, arguments, normalised

TOLERANCE = 1e-4  # of a probability; the probabilities of a well separated class hardly move
SPLITS = {"train": 0, "validation": 1, "test": 2}


def sequences(folder):
    """Every sequence of a data set in the order of its ids: values [timesteps, features], and its split."""
    for shard in json.loads((folder / "dataset.json").read_text())["shards"]:
        values = np.load(folder / shard["values"], mmap_mode="r")
        offsets = np.load(folder / shard["offsets"])
        splits = np.load(folder / shard["splits"]) if "splits" in shard else np.zeros(len(offsets) - 1, np.uint8)
        for begin, end, split in zip(offsets, offsets[1:], splits):
            yield torch.from_numpy(np.array(values[begin:end], dtype=np.float32)), int(split)


def locate(run):
    """The model's file and the encoder's description, of a run or of an export."""
    for model in (run / "checkpoints" / "latest" / "model.safetensors", run / "model.safetensors"):
        for config in (run / "encoder" / "config.json", run / "config.json"):
            if model.exists() and config.exists():
                return model, json.loads(config.read_text())
    sys.exit(f"{run}: neither a run with checkpoints/latest and encoder/ nor an export; is the run finished?")


def predict(lockstep, run, data, split):
    """The lines of `lockstep predict` for the latest checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "predictions.csv"
        command = [lockstep, "predict", "--model", run, "--data", data, "--out", file, "--checkpoint", "latest"]
        subprocess.run([str(word) for word in command + (["--split", split] if split else [])], check=True)
        return read(file)


def read(file):
    with open(file, newline="") as lines:
        return [(int(row["id"]), row["class"], [float(v) for k, v in row.items() if k.startswith("p_")])
                for row in csv.DictReader(lines)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--predictions", type=pathlib.Path, help="the CSV of an earlier lockstep predict --checkpoint latest")
    parser.add_argument("--split", choices=SPLITS, help="only this split (all)")
    parser.add_argument("--lockstep", default=pathlib.Path(__file__).parents[2] / ".build" / "release" / "lockstep")
    given = parser.parse_args()

    file, config = locate(given.run)
    if file.parent == given.run and not given.predictions:
        parser.error(f"{given.run} is an export: name --predictions, made by lockstep predict with the run it came from")
    tensors = load_file(file)
    classes = json.loads((given.data / "dataset.json").read_text())["classes"]
    pool = re.search(r"^ *pool: *(\w+)", config["encoder"]["recipe"], re.MULTILINE)[1]
    model = LockstepModel(tensors["head.bias"].numel(), pool, **arguments(config)).eval()
    model.load_state_dict(tensors, strict=True)
    lines = read(given.predictions) if given.predictions else predict(given.lockstep, given.run, given.data, given.split)

    everything = list(sequences(given.data))
    expected_ids = [i for i, (_, split) in enumerate(everything) if given.split in (None, *(k for k, v in SPLITS.items() if v == split))]
    if [line[0] for line in lines] != expected_ids:
        sys.exit(f"predict has {len(lines)} lines, whose ids are not those of the {len(expected_ids)} sequences in their order")
    worst, wrong = (0.0, -1), []
    with torch.no_grad():
        for identifier, label, probabilities in lines:
            logits = model([normalised(everything[identifier][0], config)])[0]
            expected = torch.softmax(logits.double(), 0).numpy()
            deviation = float(np.abs(expected - probabilities).max())
            worst = max(worst, (deviation, identifier))
            best = np.sort(expected)
            tie = len(best) > 1 and best[-1] - best[-2] < 2 * TOLERANCE
            if label not in (str(expected.argmax()), classes[expected.argmax()]) and not tie:
                wrong.append(identifier)
    good = worst[0] <= TOLERANCE and not wrong
    print(f"{file}: {len(lines)} sequences, largest deviation of a probability {worst[0]:.2e} (sequence {worst[1]}), "
          f"other class for {len(wrong)} {wrong[:8] or ''}: {'agree' if good else 'DISAGREE'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
