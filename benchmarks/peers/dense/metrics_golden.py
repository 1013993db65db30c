"""Writes what torchmetrics, SciPy and torchvision say of random inputs, for the tests of kit/metric and kit/detect; run.sh
runs it: metrics_golden.py kit/metric/testdata/dense.json kit/detect/testdata/nms.json."""

import json
import sys

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_jaccard_index,
)
from torchvision.ops import batched_nms, nms

random = np.random.default_rng(1)


def segmentation(name, classes, shape, ignored, present):
    truth = random.choice(present, shape)
    guess = random.choice(present, shape)
    predicted = np.where(random.random(shape) < 0.6, truth, guess)
    truth[random.random(shape) < ignored] = 255
    p, t = torch.tensor(predicted), torch.tensor(truth)
    figures = {"num_classes": classes, "ignore_index": 255}
    iou = multiclass_jaccard_index(p, t, average="none", **figures)
    return {
        "name": name,
        "classes": classes,
        "images": [{"truth": a.tolist(), "predicted": b.tolist()} for a, b in zip(truth, predicted)],
        "iou": iou.tolist(),
        "mean_iou": multiclass_jaccard_index(p, t, average="macro", **figures).item(),
        "weighted_iou": multiclass_jaccard_index(p, t, average="weighted", **figures).item(),
        "pixel_accuracy": multiclass_accuracy(p, t, average="micro", **figures).item(),
        "dice": multiclass_f1_score(p, t, average="none", **figures).tolist(),
        "accuracy": multiclass_accuracy(p, t, average="none", **figures).tolist(),
        "confusion": multiclass_confusion_matrix(p, t, **figures).tolist(),
    }


def assignment(name, cost):
    rows, columns = linear_sum_assignment(cost)
    return {"name": name, "cost": cost.tolist(), "rows": rows.tolist(), "columns": columns.tolist()}


def suppression(name, n, classes, levels, threshold):
    corner = random.integers(0, 40, (n, 2))
    boxes = np.concatenate([corner, corner + random.integers(4, 20, (n, 2))], axis=1).astype(np.float32)
    scores = np.round(random.random(n) * levels) / levels
    classes = random.integers(0, classes, n)
    b, s = torch.tensor(boxes), torch.tensor(scores, dtype=torch.float32)
    return {
        "name": name,
        "boxes": boxes.tolist(),
        "scores": scores.tolist(),
        "classes": classes.tolist(),
        "threshold": threshold,
        "plain": nms(b, s, threshold).tolist(),
        "classwise": batched_nms(b, s, torch.tensor(classes), threshold).tolist(),
    }


def write(path, golden):
    parts = [f'"{part}": [\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]" for part, cases in golden.items()]
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(parts) + "\n}\n")


write(
    sys.argv[1],
    {
        "segmentation": [
            segmentation("all classes", 4, (3, 100), 0, range(4)),
            segmentation("ignored pixels", 4, (3, 100), 0.3, range(4)),
            segmentation("absent classes", 7, (2, 100), 0.1, [1, 2, 5]),
            segmentation("an image that does not count", 3, (1, 50), 0.9, range(3)),
        ],
        "assignment": [
            assignment("square", random.normal(size=(8, 8))),
            assignment("ties", random.integers(0, 3, (12, 12)).astype(float)),
            assignment("all equal", np.ones((4, 4))),
            assignment("more columns", random.integers(0, 9, (5, 11)).astype(float)),
            assignment("more rows", random.integers(0, 9, (11, 5)).astype(float)),
            assignment("negative counts", -random.integers(0, 1000, (20, 20)).astype(float)),
            assignment("one", np.array([[3.0]])),
        ],
    },
)
write(
    sys.argv[2],
    {
        "cases": [
            suppression("scores that differ", 60, 3, 1 << 20, 0.5),
            suppression("ties", 60, 3, 4, 0.5),
            suppression("all of one score", 40, 2, 1, 0.3),
            suppression("more than 1000 boxes", 1100, 4, 1 << 20, 0.6),
            suppression("nothing overlaps enough", 20, 1, 1 << 20, 1),
            suppression("whatever touches", 40, 2, 1 << 20, 0),
        ]
    },
)
