"""Writes what pycocotools makes of polygons and of run lengths: masks_golden.py FOLDER makes FOLDER/cocomasks.json."""
import json
import math
import random
import sys

import numpy as np
from pycocotools import mask

rng = random.Random(1)


def star(height, width, corners, reach):
    """A polygon around a point, with corners up to reach times the size away from it; it may leave the image."""
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    flat = []
    for k in range(corners):
        angle, far = 2 * math.pi * k / corners, rng.uniform(0.1, reach)
        flat += [round(x + far * width * math.cos(angle), 2), round(y + far * height * math.sin(angle), 2)]
    return flat


def tangle(height, width, corners):
    """A polygon that crosses itself."""
    return [round(rng.uniform(0, side), rng.choice([0, 1, 2, 6])) for _ in range(corners) for side in (width, height)]


def within(flat, height, width):
    """COCO's polygons lie in the image."""
    return [min(max(v, 0), (width, height)[k % 2]) for k, v in enumerate(flat)]


cases = []


def polygons(name, height, width, parts):
    merged = mask.merge(mask.frPyObjects(parts, height, width))
    add(name, height, width, merged, polygons=parts)


def add(name, height, width, encoded, **given):
    cases.append({
        "name": name, "height": height, "width": width, **given,
        "counts": encoded["counts"].decode(), "area": int(mask.area(encoded)), "box": mask.toBbox(encoded).tolist(),
    })


for k in range(40):
    height, width = rng.randint(1, 60), rng.randint(1, 80)
    polygons(f"star {k}", height, width, [within(star(height, width, rng.randint(3, 20), 0.6), height, width)])
    polygons(f"beyond the image {k}", height, width, [star(height, width, rng.randint(3, 9), 0.9)])
    polygons(f"tangle {k}", height, width, [tangle(height, width, rng.randint(3, 9))])
    polygons(f"several {k}", height, width, [within(star(height, width, 5, 0.4), height, width) for _ in range(3)])
for name, flat in {
    "whole": [0, 0, 20, 0, 20, 10, 0, 10],
    "one pixel": [3, 4, 4, 4, 4, 5, 3, 5],
    "half a pixel": [3.5, 4, 4, 4, 4, 5, 3.5, 5],
    "nothing": [3.1, 4, 3.2, 4, 3.2, 4.1],
    "a line": [2, 2, 15, 2, 2, 2],
    "a point": [7, 7, 7, 7, 7, 7],
    "corners twice": [2, 2, 2, 2, 15, 2, 15, 2, 15, 8, 2, 8],
    "counter-clockwise": [2, 2, 2, 8, 15, 8, 15, 2],
    "last column": [19.5, 0, 20, 0, 20, 10, 19.5, 10],
    "last row": [0, 9.5, 20, 9.5, 20, 10, 0, 10],
    "left of the image": [-8, 2, -2, 2, -2, 8],
}.items():
    polygons(name, 10, 20, [flat])
for k in range(12):
    height, width = rng.randint(1, 40), rng.randint(1, 40)
    pixels = np.asfortranarray(np.array([[rng.random() < k / 12 for _ in range(width)] for _ in range(height)], dtype=np.uint8))
    encoded = mask.encode(pixels)
    runs, value = [0], 0
    for v in pixels.flatten(order="F").tolist():
        if v != value:
            runs.append(0)
            value = v
        runs[-1] += 1
    assert mask.frPyObjects({"counts": runs, "size": [height, width]}, height, width)["counts"] == encoded["counts"]
    add(f"runs {k}", height, width, encoded, runs=runs)
big = np.zeros((480, 640), dtype=np.uint8, order="F")
big[40:440, 100:500] = 1
add("long runs", 480, 640, mask.encode(big))

with open(sys.argv[1] + "/cocomasks.json", "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
