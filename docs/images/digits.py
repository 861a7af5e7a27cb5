#!/usr/bin/env python3
"""digits.py OUT.png ROWS COLUMNS ARRAY.npy...: a picture of images one below the other, a band of ROWS for each array.

Each array is float32 [timesteps, 28], as `lockstep reconstruct` writes it of MNIST: 28 timesteps an image, of which the
first COLUMNS * ROWS in steps that spread over the whole set are shown. Values below 0 are black, above 1 white. Python's
own library alone.
"""
import struct
import sys
import zlib

SIDE, GAP, ZOOM = 28, 2, 2


def read(path):
    data = open(path, "rb").read()
    length = struct.unpack("<H", data[8:10])[0]
    assert b"'<f4'" in data[10 : 10 + length], path
    body = data[10 + length :]
    return struct.unpack(f"<{len(body) // 4}f", body)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


out, rows, columns, paths = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
cell = SIDE + GAP
width, height = columns * cell + GAP, len(paths) * rows * cell + GAP
pixels = [bytearray([96] * width) for _ in range(height)]
for band, path in enumerate(paths):
    values = read(path)
    images = len(values) // (SIDE * SIDE)
    for place in range(rows * columns):
        image = place * images // (rows * columns)
        top, left = (band * rows + place // columns) * cell + GAP, place % columns * cell + GAP
        for y in range(SIDE):
            for x in range(SIDE):
                value = values[(image * SIDE + y) * SIDE + x]
                pixels[top + y][left + x] = round(255 * min(max(value, 0), 1))
lines = b"".join(b"\0" + bytes(v for v in row for _ in range(ZOOM)) for row in pixels for _ in range(ZOOM))
header = struct.pack(">IIBBBBB", width * ZOOM, height * ZOOM, 8, 0, 0, 0, 0)
with open(out, "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))
