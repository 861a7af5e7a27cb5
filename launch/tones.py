#!/usr/bin/env python3
"""launch/tones.py FOLDER...

How loud tones at an eighth, a quarter and three eighths of the sample rate are in the first 300 recordings (16-bit WAV) of each
folder, over what lies beside them, in dB: of the mean power spectrum (Hann windows of 256 samples, every recording counts the same)
three bins about the frequency over the median of the four bins on either side that begin two further away. Strides of generators
leave such tones. Python's own library is all it needs."""
import math
import os
import statistics
import sys

from spectrograms import Window, samples_of

WINDOW, HOP, RECORDINGS = 256, 128, 300


def spectrum(path, window):
    """The power at each frequency as a part of the whole; nothing where the recording is shorter than a window or silent."""
    samples = samples_of(path)
    powers = [0.0] * (WINDOW // 2)
    for first in range(0, len(samples) - WINDOW + 1, HOP):
        powers = [power + x * x for power, x in zip(powers, window.spectrum(samples, first))]
    whole = sum(powers)
    return [power / whole for power in powers] if whole > 0 else None


def tone(powers, center):
    """Decibels of a tone at a bin over its neighbours."""
    beside = powers[center - 6:center - 2] + powers[center + 3:center + 7]
    return 10 * math.log10(sum(powers[center - 1:center + 2]) / 3 / statistics.median(beside))


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    window = Window(WINDOW)
    print("| recordings | 1/8 of the rate | 1/4 | 3/8 |\n|---|---|---|---|")
    for folder in sys.argv[1:]:
        if not os.path.isdir(folder):
            sys.exit("%s: is no folder" % folder)
        names = sorted(name for name in os.listdir(folder) if name.endswith(".wav"))[:RECORDINGS]
        spectra = [found for found in (spectrum(os.path.join(folder, name), window) for name in names) if found]
        if not spectra:
            sys.exit("%s: holds no recording of %d samples" % (folder, WINDOW))
        powers = [sum(column) / len(spectra) for column in zip(*spectra)]
        print("| %s | %s |" % (folder, " | ".join("%.1f dB" % tone(powers, WINDOW * part // 8) for part in (1, 2, 3))))


if __name__ == "__main__":
    main()
