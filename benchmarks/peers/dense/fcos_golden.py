"""Writes what torchvision's FCOS says of random boxes and predictions, for the tests of kit/detect/fcos; run.sh runs it:
fcos_golden.py kit/detect/fcos/testdata/fcos.json."""

import json
import sys

import torch
from torchvision.models.detection.fcos import FCOS
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

torch.manual_seed(1)
CLASSES, HEIGHT, WIDTH, STRIDES = 3, 64, 96, (8, 16, 32)


def places(stride):
    y, x = torch.meshgrid(*[(torch.arange(side // stride) + 0.5) * stride for side in (HEIGHT, WIDTH)], indexing="ij")
    x, y, half = x.flatten(), y.flatten(), stride / 2
    return torch.stack([x - half, y - half, x + half, y + half], 1)


levels = [places(stride) for stride in STRIDES]
anchors = torch.cat(levels)
middle, stride = (anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2] - anchors[:, 0]


def objects(n):
    size = 8 + 80 * torch.rand(n, 2) ** 2
    size = torch.minimum(size, torch.tensor([WIDTH - 1.0, HEIGHT - 1.0]))
    corner = torch.rand(n, 2) * (torch.tensor([WIDTH, HEIGHT]) - size)
    return {"boxes": torch.cat([corner, corner + size], 1), "labels": torch.randint(CLASSES, (n,))}


targets = [objects(6), objects(2), objects(0)]
logits = torch.randn(3, len(anchors), CLASSES) * 2
distances = torch.rand(3, len(anchors), 4) * 40  # Left, upper, right, lower, in pixels.
centred = torch.randn(3, len(anchors))


class Recorded(torch.nn.Module):
    def __init__(self, head):
        super().__init__()
        self.head = head

    def compute_loss(self, targets, outputs, anchors, matched):
        self.matched = matched
        return self.head.compute_loss(targets, outputs, anchors, matched)


class Backbone(torch.nn.Module):
    out_channels = 32


model = FCOS(Backbone(), CLASSES)
model.head = Recorded(model.head)
losses = model.compute_loss(
    targets,
    {"cls_logits": logits, "bbox_regression": distances / stride[None, :, None], "bbox_ctrness": centred[:, :, None]},
    [anchors] * 3,
    [len(level) for level in levels],
)

# The authors weigh the loss of boxes by centerness, which torchvision does not.
weights, weighted = 0, 0
for target, matched, distance in zip(targets, model.head.matched, distances):
    there = matched >= 0
    if not there.any():
        continue
    truth, at = target["boxes"][matched[there]], middle[there]
    d = torch.cat([at - truth[:, :2], truth[:, 2:] - at], 1)
    short, long = torch.minimum(d[:, :2], d[:, 2:]), torch.maximum(d[:, :2], d[:, 2:])
    weight = (short / long).prod(1).sqrt()
    said = torch.cat([at - distance[there][:, :2], at + distance[there][:, 2:]], 1)
    weighted += (weight * generalized_box_iou_loss(said, truth)).sum()
    weights += weight.sum()

x = torch.linspace(-30, 30, 25, dtype=torch.float64, requires_grad=True)
focal = []
for there in (0.0, 1.0):
    value = sigmoid_focal_loss(x, torch.full_like(x, there))
    focal.append({"There": there, "Loss": value.tolist(), "Slope": torch.autograd.grad(value.sum(), x)[0].tolist()})

with open(sys.argv[1], "w") as file:
    golden = {
        "Classes": CLASSES,
        "Height": HEIGHT,
        "Width": WIDTH,
        "Boxes": [t["boxes"].tolist() for t in targets],
        "Labels": [t["labels"].tolist() for t in targets],
        "Matched": [m.tolist() for m in model.head.matched],
        "Logits": logits.flatten().tolist(),
        "Distances": distances.flatten().tolist(),
        "Centred": centred.flatten().tolist(),
        "ClassLoss": losses["classification"].item(),
        "CentreLoss": losses["bbox_ctrness"].item(),
        "BoxLoss": (weighted / weights).item(),
        "FocalAt": x.tolist(),
        "Focal": focal,
    }
    rounded = json.loads(json.dumps(golden), parse_float=lambda s: float(f"{float(s):.9g}"))
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in rounded.items()) + "\n}\n")
