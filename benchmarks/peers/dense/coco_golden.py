"""Writes what pycocotools says of random detections, for the tests of kit/metric; run.sh runs it.

Masks are ellipses, (dx·ry)² + (dy·rx)² <= (2·rx·ry)² at the pixels' centres in half pixels, which the test draws anew, so
that the file stays small."""

import contextlib
import io
import json
import sys

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

random = np.random.default_rng(1)
SIDE = 240


def draw(ellipse):
    cx, cy, rx, ry = ellipse
    y, x = np.mgrid[:SIDE, :SIDE]
    dx, dy = 2 * x + 1 - cx, 2 * y + 1 - cy
    return ((dx * ry) ** 2 + (dy * rx) ** 2 <= (2 * rx * ry) ** 2).astype(np.uint8)


def region(grid, largest):
    """An ellipse and a box that is near its own, on a coarse grid where ties are wanted."""
    size = np.exp(random.uniform(np.log(8), np.log(largest), 2))
    corner = random.uniform(0, SIDE - size)
    if grid:
        size, corner = np.maximum(np.round(size / 16), 1) * 16, np.round(corner / 16) * 16
    return corner, size


def move(corner, size, grid):
    noise = random.normal(size=4) * 0.07
    if grid:
        return corner + 16 * (noise[:2] > 0.07), size
    return corner + noise[:2] * size, size * np.exp(noise[2:])


def write(corner, size):
    box = [round(float(v), 2) for v in (*corner, *size)]
    ellipse = [int(2 * corner[0] + size[0]), int(2 * corner[1] + size[1]), max(int(size[0] / 2), 1), max(int(size[1] / 2), 1)]
    return {"box": box, "ellipse": ellipse}


def image(classes, objects, strays, grid, largest, crowds):
    truth, found = [], []
    for _ in range(objects):
        corner, size = region(grid, largest)
        row = write(corner, size) | {"class": int(random.integers(classes)), "crowd": int(random.random() < crowds)}
        if random.random() < 0.3:  # Some areas are stated, as COCO states those of outlines.
            row["area"] = round(float(np.prod(size)) * 0.7, 2)
        truth.append(row)
        for _ in range(random.integers(0, 4)):
            guess = row["class"] if random.random() < 0.9 else int(random.integers(classes))
            found.append(write(*move(corner, size, grid)) | {"class": guess})
    for _ in range(strays):
        found.append(write(*region(grid, largest)) | {"class": int(random.integers(classes))})
    for row in found:
        row["score"] = round(float(random.random()), 1 if grid else 3)
    return {"objects": truth, "detections": [found[i] for i in random.permutation(len(found))]}


def evaluate(images, classes, by):
    annotations, results = [], []
    for i, one in enumerate(images):
        for row in one["objects"]:
            mask = masks.encode(np.asfortranarray(draw(row["ellipse"])))
            area = float(masks.area(mask)) if by == "segm" else row["box"][2] * row["box"][3]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": i, "category_id": row["class"], "iscrowd": row["crowd"],
                 "bbox": row["box"], "segmentation": mask, "area": row.get("area", area)}
            )
        for row in one["detections"]:
            result = {"image_id": i, "category_id": row["class"], "score": row["score"]}
            if by == "segm":
                result["segmentation"] = masks.encode(np.asfortranarray(draw(row["ellipse"])))
            else:
                result["bbox"] = row["box"]
            results.append(result)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i, "height": SIDE, "width": SIDE} for i in range(len(images))],
            "annotations": annotations,
            "categories": [{"id": c, "name": str(c)} for c in range(classes)],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), by)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    by_class = [float(p[p > -1].mean()) if (p > -1).any() else -1 for p in np.moveaxis(precision, 2, 0)]
    return {"stats": evaluation.stats.tolist(), "classes": by_class}


def case(name, classes, images):
    return {"name": name, "classes": classes, "images": images,
            "box": evaluate(images, classes, "bbox"), "mask": evaluate(images, classes, "segm")}  # fmt: skip


def inside_crowd(one):
    """The same image with a crowd over all of it, which every detection overlaps more than its object."""
    crowd = write(np.zeros(2), np.full(2, SIDE)) | {"class": 0, "crowd": 1}
    return {"objects": [crowd] + one["objects"], "detections": one["detections"]}


EMPTY = {"objects": [], "detections": []}
cases = [
    case("several sizes and crowds", 3, [image(3, int(random.integers(1, 6)), 3, False, 230, 0.2) for _ in range(12)]),
    case("ties in scores and overlaps", 2, [image(2, 5, 6, True, 100, 0.2) for _ in range(8)]),
    case("empty images, images without objects or detections", 2,
         [EMPTY, image(2, 6, 2, False, 60, 0), image(2, 0, 5, False, 60, 0), EMPTY | {"objects": image(2, 4, 0, False, 60, 0)["objects"]}]),
    case("a class without objects", 4, [image(3, 3, 2, False, 60, 0) for _ in range(4)]
         + [{"objects": [], "detections": [write(*region(False, 50)) | {"class": 3, "score": 0.5}]}]),
    case("more than 100 detections of a class", 1, [image(1, 12, 130, False, 40, 0.1), image(1, 4, 4, False, 40, 0)]),
    case("small objects alone", 1, [image(1, 4, 2, False, 20, 0) for _ in range(3)]),
    case("objects inside a crowd", 1, [inside_crowd(image(1, 4, 2, False, 80, 0)) for _ in range(3)]),
    case("crowds alone beside other images", 1, [image(1, 3, 3, False, 80, 1), image(1, 4, 1, False, 80, 0)]),
]  # fmt: skip
with open(sys.argv[1], "w") as file:
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    file.write('{"versions": {"pycocotools": "2.0.11"}, "side": %d, "cases": [\n%s\n]}\n' % (SIDE, lines))
