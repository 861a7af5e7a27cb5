#!/usr/bin/env python3
"""launch/spectrograms.py OUT.png FOLDER FOLDER...

Draws log-magnitude spectrograms of the first eight recordings (16-bit WAV) of each folder, a row a folder: time to the right,
frequency upwards, dark is loud. Python's own library is all it needs."""
import cmath
import math
import os
import struct
import sys
import wave
import zlib

WINDOW, HOP, COLUMNS, PICTURES, GAP = 128, 64, 96, 8, 4


class Window:
    """Spectra of windows of a power of two of samples, weighed by Hann's function."""

    def __init__(self, size):
        self.size = size
        self.weights = [0.5 - 0.5 * math.cos(2 * math.pi * (i + 0.5) / size) for i in range(size)]
        self.turns = [cmath.exp(-2j * math.pi * k / size) for k in range(size)]

    def spectrum(self, samples, first):
        """Magnitudes of the frequencies below half the rate, of the window that begins at a sample."""
        windowed = [self.weights[i] * samples[first + i] for i in range(self.size)]
        return [abs(value) for value in self.transform(windowed)[: self.size // 2]]

    def transform(self, values):
        """The discrete Fourier transform of a power of two of values (Cooley and Tukey 1965)."""
        if len(values) == 1:
            return values
        even, odd = self.transform(values[::2]), self.transform(values[1::2])
        step = self.size // len(values)
        turned = [self.turns[k * step] * value for k, value in enumerate(odd)]
        return [a + b for a, b in zip(even, turned)] + [a - b for a, b in zip(even, turned)]


def samples_of(path):
    """The first channel of a 16-bit recording, from -1 to 1."""
    with wave.open(path) as recording:
        frames = recording.readframes(recording.getnframes())
        values = struct.unpack("<%dh" % (len(frames) // 2), frames)[:: recording.getnchannels()]
    return [value / 32768 for value in values]


def spectrogram(path, window):
    """Columns of a recording, each of WINDOW / 2 levels from 0 (loud) to 255, the highest frequency first."""
    samples = samples_of(path)
    columns = []
    for first in range(0, min(len(samples) - WINDOW, COLUMNS * HOP), HOP):
        columns.append([20 * math.log10(x + 1e-6) for x in reversed(window.spectrum(samples, first))])
    loudest = max((max(column) for column in columns), default=0)
    levels = [[min(255, max(0, int((loudest - x) / 60 * 255))) for x in column] for column in columns]
    return levels + [[255] * (WINDOW // 2)] * (COLUMNS - len(levels))


def png(rows):
    """A grey picture of rows of levels, as a file's bytes (PNG, ISO/IEC 15948)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def main():
    if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    rows, window = [], Window(WINDOW)
    for folder in sys.argv[2:]:
        if not os.path.isdir(folder):
            sys.exit("%s: is no folder" % folder)
        names = [name for name in os.listdir(folder) if name.endswith(".wav")]
        names.sort(key=lambda name: (len(name), name))
        pictures = [spectrogram(os.path.join(folder, name), window) for name in names[:PICTURES]]
        if not pictures:
            sys.exit("%s: holds no .wav file" % folder)
        if rows:
            rows += [[200] * len(rows[0])] * GAP
        for y in range(WINDOW // 2):
            row = []
            for picture in pictures:
                row += [column[y] for column in picture] + [200] * GAP
            rows += [row[:-GAP]] * 2
    with open(sys.argv[1], "wb") as file:
        file.write(png(rows))


if __name__ == "__main__":
    main()
