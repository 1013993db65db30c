"""Writes what the authors' code of DenseCL and data2vec gives on random inputs: python authors.py FILE DENSECL DATA2VEC, with
their repositories in these folders, in the environment that run.sh makes. kit/ssl's tests compare with the file, which is committed.

DenseCL takes forward_train over steps one after the other, with its own heads and queues, of a network that hands the images on as
feature maps. data2vec takes train_one_epoch, of a teacher and a student that hand on what the file holds. What their modules import
besides is not needed for that, and need not be installed."""

import contextlib
import importlib
import io
import json
import sys
import types
import warnings
from unittest import mock

import torch

STEPS, BATCH, ROWS, COLUMNS, HIDDEN, OUT, QUEUE = 30, 4, 2, 3, 5, 4, 8

warnings.simplefilter("ignore")  # There is no GPU.
torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
torch.Tensor.cuda = lambda self, *_: self  # Both want a GPU.
torch.cuda.synchronize = lambda: None
torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)


def listed(x, decimals=3):
    return [listed(row, decimals) for row in x] if x.dim() else round(x.item(), decimals)


def numbers(*dims, decimals=2):
    return torch.round(torch.randn(*dims), decimals=decimals)


def densecl(folder):
    sys.path.insert(0, folder)
    for name in ("openselfsup", "openselfsup.models", "openselfsup.models.heads"):  # Without their __init__, which imports all of it.
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [folder + "/" + name.replace(".", "/")]
    for name in ("mmcv", "mmcv.cnn", "openselfsup.utils", "openselfsup.models.builder", "openselfsup.models.utils"):
        sys.modules[name] = mock.MagicMock()
    sys.modules["openselfsup.utils"].Registry = lambda _: types.SimpleNamespace(register_module=lambda kind: kind)
    kind = importlib.import_module("openselfsup.models.densecl").DenseCL
    neck = importlib.import_module("openselfsup.models.necks").DenseCLNeck
    head = importlib.import_module("openselfsup.models.heads.contrastive_head").ContrastiveHead

    class AsMap(torch.nn.Module):
        def forward(self, x):
            return [x]

    made = kind.__new__(kind)
    torch.nn.Module.__init__(made)
    necks = neck(3, HIDDEN, OUT), neck(3, HIDDEN, OUT)
    for each in necks:
        for weight in each.parameters():
            weight.data = numbers(*weight.shape)
    made.encoder_q, made.encoder_k = (torch.nn.ModuleList([AsMap(), each]) for each in necks)
    made.head, made.queue_len, made.momentum, made.loss_lambda = head(temperature=0.2), QUEUE, 1.0, 0.3
    queues = [torch.nn.functional.normalize(torch.randn(OUT, QUEUE), dim=0) for _ in range(2)]
    made.queue, made.queue2 = queues[0].clone(), queues[1].clone()
    made.queue_ptr, made.queue2_ptr = torch.zeros(1, dtype=torch.long), torch.zeros(1, dtype=torch.long)

    def layers(sequence):
        return [{"weight": listed(layer.weight.flatten(1).T), "bias": listed(layer.bias)} for layer in (sequence[0], sequence[2])]

    golden = {
        "heads": [{"image": layers(each.mlp), "places": layers(each.mlp2)} for each in necks],
        "queues": [listed(queue.T, 7) for queue in queues], "steps": [],
    }
    for _ in range(STEPS):
        images = numbers(BATCH, 2, 3, ROWS, COLUMNS)
        images[:, 1] += images[:, 0].flip(-1)  # Whose places lie elsewhere.
        images = torch.round(images, decimals=2)
        loss = sum(made.forward_train(images).values())
        views = images.permute(1, 0, 3, 4, 2)  # Channels last.
        golden["steps"].append({"query": listed(views[0]), "key": listed(views[1]), "loss": round(loss.item(), 9)})
    return golden


def data2vec(folder):
    losses = []

    class Logger(mock.MagicMock):
        def log_every(self, loader, *_):
            return loader

        def update(self, loss=None, **_):
            if loss is not None:
                losses.append(loss)

    sys.modules["utils"] = types.SimpleNamespace(MetricLogger=Logger, SmoothedValue=mock.MagicMock())
    sys.path.insert(0, folder + "/beit")
    train = importlib.import_module("engine_for_cyclical").train_one_epoch
    golden = []
    for at in range(STEPS):
        blocks, told, hidden = numbers(3, BATCH, 6, 5) * 2, numbers(BATCH, 6, 5) * 2, torch.rand(BATCH, 6) < 0.5
        student = mock.MagicMock(return_value=told[hidden])
        teacher = types.SimpleNamespace(module=lambda *_, **__: list(blocks), _update=mock.MagicMock())
        scaler = mock.MagicMock()
        scaler.state_dict.return_value = {"scale": 1.0}
        beta = (0.5, 2.0)[at % 2]
        train(
            student, teacher, 0, 0.9, 0.9, [1, 2], [((torch.zeros(BATCH), hidden), None)],
            types.SimpleNamespace(param_groups=[{"lr": 0.0, "weight_decay": 0.0}], zero_grad=lambda: None),
            "cpu", 0, scaler, l1_beta=beta, start_steps=0, target_layer_norm_last=True, post_target_layer_norm=True
        )
        golden.append({
            "blocks": listed(blocks.transpose(0, 1)), "told": listed(told), "hidden": hidden.tolist(), "beta": beta,
            "loss": round(losses[-1], 7),
        })
    return golden


with contextlib.redirect_stdout(io.StringIO()):  # What they print of each step.
    values = {"densecl": densecl(sys.argv[2]), "data2vec": data2vec(sys.argv[3])}
with open(sys.argv[1], "w") as file:
    json.dump(values, file, separators=(",", ":"))
    file.write("\n")
