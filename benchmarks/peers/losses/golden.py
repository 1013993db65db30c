"""Writes what lightly's losses give on random inputs: python golden.py FILE, in an environment with lightly 1.5.22 and
PyTorch 2.9.1. kit/ssl's tests compare with the file, which is committed; run.sh makes it anew.

An input is two batches, a and b, of 6 embeddings with 4 features, rounded to two decimals so that the file stays small."""

import json
import sys

import torch
from lightly.loss import (
    BarlowTwinsLoss, DCLLoss, DINOLoss, IBOTPatchLoss, KoLeoLoss, MMCRLoss, MSNLoss, NegativeCosineSimilarity, NTXentLoss,
    SwaVLoss, TiCoLoss, VICRegLoss
)

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
rows = []
for _ in range(100):
    a = torch.round(torch.randn(6, 4), decimals=2)
    b = torch.round(a + torch.randn(6, 4), decimals=2)
    dino = DINOLoss(output_dim=4, teacher_temp=0.04, warmup_teacher_temp=0.04, student_temp=0.1, center_momentum=0.9)
    tico = TiCoLoss(beta=0.9, rho=8.0)
    tico(b, a)  # A batch before, which the covariance remembers.
    unit_a, unit_b = torch.nn.functional.normalize(a, dim=1), torch.nn.functional.normalize(b, dim=1)
    hidden = torch.tensor([[[True, True], [True, True]], [[True, False], [False, True]]])  # 6 patches of two images.
    row = {
        "a": a.tolist(),
        "b": b.tolist(),
        "ntxent": NTXentLoss(temperature=0.5)(a, b),
        "dcl": DCLLoss(temperature=0.1)(a, b),
        "negative_cosine": NegativeCosineSimilarity()(a, b),
        "barlow": BarlowTwinsLoss(lambda_param=0.005)(a, b),
        "vicreg": VICRegLoss()(a, b),
        "swav": SwaVLoss(temperature=0.1, sinkhorn_iterations=3, sinkhorn_epsilon=0.05)(
            # Scores of prototypes, which are cosines.
            [torch.nn.functional.normalize(a, dim=1), torch.nn.functional.normalize(b, dim=1)], []
        ),
        "dino": dino(teacher_out=[a, b], student_out=[a, b], epoch=0),
        "tico": tico(a, b),
        # NNCLR's, where lightly takes NT-Xent instead of the paper's equation 3: in PyTorch's own terms.
        "infonce": torch.nn.functional.cross_entropy(
            torch.nn.functional.normalize(a, dim=1) @ torch.nn.functional.normalize(b, dim=1).T / 0.1, torch.arange(6)
        ),
        "koleo": KoLeoLoss()(a),
        "ibot": IBOTPatchLoss(output_dim=4, teacher_temp=0.04, student_temp=0.1)(teacher_out=b, student_out=a, mask=hidden),
        # Of unit vectors, two views of six images: the authors' loss has one network, lightly's two.
        "mmcr": MMCRLoss(lmda=0.1)(unit_a.unsqueeze(1), unit_b.unsqueeze(1)),
        "msn": MSNLoss(temperature=0.1, sinkhorn_iterations=3, regularization_weight=1.0)(
            anchors=a, targets=b, prototypes=b[:5] - a[:5], target_sharpen_temperature=0.25
        ),
        # ReSSL's, with b's rows in reverse as the queue, in PyTorch's own terms.
        "ressl": torch.nn.functional.cross_entropy(
            unit_a @ unit_b.flip(0).T / 0.1, torch.softmax(unit_b @ unit_b.flip(0).T / 0.04, dim=1)
        ),
    }
    center = dino.center.value if hasattr(dino.center, "value") else dino.center
    row["dino_center"] = center.flatten().tolist()
    rows.append({k: round(v.item(), 9) if isinstance(v, torch.Tensor) else v for k, v in row.items()})
with open(sys.argv[1], "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
