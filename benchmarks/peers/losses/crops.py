"""Writes what others' code gives for two large views and two small crops of random embeddings: python crops.py FILE SOLO VISSL
VICREGL SUPCON, with their repositories in these folders, in the environment that run.sh makes. kit/ssl's tests compare with the
file, which is committed.

SimCLR's loss is that of vissl, BYOL's is training_step of solo-learn, VICReg's is the global loss of VICRegL, SupCon's that of
its authors. What their modules import besides is not needed for that, and need not be installed."""

import importlib
import json
import sys
import types
from unittest import mock

import torch
from torch.nn.functional import normalize

INPUTS, VIEWS, LARGE, BATCH, OUT = 20, 4, 2, 6, 3

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
torch.Tensor.float = torch.Tensor.double  # What is computed stays in float64.


def module_of(folder, name, **stands):
    """The module of a repository, with stand-ins for what it imports."""
    with mock.patch.dict(sys.modules, stands):
        sys.path.insert(0, folder)
        found = importlib.import_module(name)
        sys.path.remove(folder)
    return found


def vissl(folder):
    distributed = types.SimpleNamespace(get_cuda_device_index=lambda: -1, get_rank=lambda: 0)
    losses = types.SimpleNamespace(ClassyLoss=torch.nn.Module, register_loss=lambda _: lambda kind: kind)
    package = types.ModuleType("vissl.losses")  # Without its __init__, which imports all of it.
    package.__path__ = [folder + "/vissl/losses"]
    stands = {
        "classy_vision": mock.MagicMock(), "classy_vision.generic": mock.MagicMock(), "classy_vision.losses": losses,
        "classy_vision.generic.distributed_util": distributed, "vissl": types.ModuleType("vissl"), "vissl.losses": package,
        "vissl.config": mock.MagicMock(), "vissl.utils": mock.MagicMock(),
        "vissl.utils.distributed_utils": types.SimpleNamespace(gather_from_all=lambda x: x),
    }
    kind = module_of(folder, "vissl.losses.multicrop_simclr_info_nce_loss", **stands).MultiCropSimclrInfoNCECriterion
    buffer = types.SimpleNamespace(effective_batch_size=BATCH, world_size=1, embedding_dim=OUT)
    criterion = kind(buffer, 0.2, VIEWS)
    return lambda views: criterion(normalize(views.flatten(0, 1), dim=-1))


def solo(folder):
    class Base:
        def training_step(self, out, _):
            return out

    package = types.ModuleType("solo.methods")
    package.__path__ = [folder + "/solo/methods"]
    stands = {
        "omegaconf": mock.MagicMock(), "solo": types.ModuleType("solo"), "solo.losses": types.ModuleType("solo.losses"),
        "solo.methods": package, "solo.methods.base": types.SimpleNamespace(BaseMomentumMethod=Base),
        "solo.utils": mock.MagicMock(), "solo.utils.momentum": mock.MagicMock(), "solo.utils.misc": mock.MagicMock(),
    }
    stands["solo"].__path__, stands["solo.losses"].__path__ = [folder + "/solo"], [folder + "/solo/losses"]
    kind = module_of(folder, "solo.methods.byol", **stands).BYOL
    made = kind.__new__(kind)
    made.num_large_crops, made.num_crops, made.log_dict = LARGE, VIEWS, lambda *_, **__: None
    return lambda views, targets: made.training_step({"loss": 0, "z": [*views], "p": views, "momentum_z": targets}, 0)


def vicregl(folder):
    stands = {name: mock.MagicMock() for name in ("datasets", "optimizers", "distributed")}
    stands["utils"] = types.SimpleNamespace(
        gather_center=lambda x: x - x.mean(dim=0), off_diagonal=lambda x: x[~torch.eye(len(x), dtype=torch.bool)]
    )
    kind = module_of(folder, "main_vicregl", **stands).VICRegL
    made = types.SimpleNamespace(args=types.SimpleNamespace(inv_coeff=25, var_coeff=25, cov_coeff=1), embedding_dim=OUT)
    return lambda views: sum(kind.global_loss(made, list(views)))


def supcon(folder):
    loss = module_of(folder, "losses").SupConLoss(temperature=0.1, base_temperature=0.1)
    return lambda views, labels: loss(normalize(views.transpose(0, 1), dim=-1), labels)


losses = solo(sys.argv[2]), vissl(sys.argv[3]), vicregl(sys.argv[4]), supcon(sys.argv[5])
golden = []
for _ in range(INPUTS):
    views, targets = (torch.round(torch.randn(n, BATCH, OUT), decimals=2) for n in (VIEWS, LARGE))
    labels = torch.randint(3, [BATCH])
    golden.append({
        "views": views.tolist(), "targets": targets.tolist(), "labels": labels.tolist(),
        "byol": losses[0](views, targets).item(), "simclr": losses[1](views).item(),
        "vicreg": losses[2](views).item(), "supcon": losses[3](views, labels).item(),
    })
with open(sys.argv[1], "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
