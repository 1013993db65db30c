"""Writes what USB's algorithms give on random logits: python semi.py FILE, in the environment that run.sh makes, with
semilearn 0.3.2. kit/semi's tests compare with the file, which is committed.

Each algorithm takes its own train_step, with its own hooks, over the same steps one after the other: of 4 images with labels and 8
without in two views. Its network hands the images on, which are the logits. What semilearn imports for data, networks, logs and
evaluation is not needed for that, and need not be installed."""

import collections
import contextlib
import importlib.util
import json
import sys
import types
from unittest import mock

import numpy as np
import torch

CLASSES, LABELLED, REST, IMAGES, STEPS = 6, 4, 8, 30, 40

for name in (
    "aim", "ruamel", "ruamel.yaml", "semilearn.datasets", "semilearn.nets", "semilearn.nets.utils", "sklearn", "sklearn.metrics",
    "torch.utils.tensorboard", "wandb"
):
    sys.modules[name] = mock.MagicMock()
where = importlib.util.find_spec("semilearn").submodule_search_locations[0]
for name, path in (("semilearn", where), ("semilearn.core", where + "/core")):  # Without their __init__, which imports all of it.
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from semilearn.core import algorithmbase

sys.modules["semilearn.core"].AlgorithmBase = algorithmbase.AlgorithmBase
sys.modules["semilearn.core"].ImbAlgorithmBase = algorithmbase.ImbAlgorithmBase
from semilearn.algorithms.fixmatch.fixmatch import FixMatch
from semilearn.algorithms.flexmatch.flexmatch import FlexMatch
from semilearn.algorithms.freematch.freematch import FreeMatch
from semilearn.algorithms.hooks import PseudoLabelingHook
from semilearn.algorithms.meanteacher.meanteacher import MeanTeacher
from semilearn.algorithms.mixmatch import mixmatch
from semilearn.algorithms.pseudolabel.pseudolabel import PseudoLabel
from semilearn.algorithms.simmatch.simmatch import SimMatch
from semilearn.algorithms.softmatch.softmatch import SoftMatch
from semilearn.algorithms.uda.uda import UDA

torch.manual_seed(1)
np.random.seed(1)  # For the weights of blends.
torch.set_default_dtype(torch.float64)
torch.Tensor.cuda = lambda self, *_: self  # SimMatch wants a GPU.


def algorithm(kind, network=lambda x: {"logits": x, "feat": x}, arguments=(), **own):
    """An algorithm without data, optimizer and logs, by what its train_step and its hooks read."""
    made = kind.__new__(kind)
    made.args = types.SimpleNamespace(use_wandb=False, use_aim=False, **dict(arguments))
    made.num_classes, made.model, made.use_cat, made.amp_cm = CLASSES, network, True, contextlib.nullcontext
    made.distributed, made.world_size, made.gpu, made.it, made.epoch, made.num_train_iter = False, 1, None, 0, 1, STEPS
    made.ce_loss, made.consistency_loss = algorithmbase.CELoss(), algorithmbase.ConsistencyLoss()
    made.bn_controller, made.ema = mock.MagicMock(), mock.MagicMock()
    made.lambda_u = 2.0
    made._hooks, made.hooks_dict = [], collections.OrderedDict()
    for name, value in own.items():
        setattr(made, name, value)
    made.set_hooks()
    return made


def numbers(x, decimals=2):
    return torch.round(x, decimals=decimals)


def listed(x):
    return [[round(v, 4) for v in row] for row in x.tolist()]


projection = numbers(torch.randn(CLASSES, 4))
bank = torch.nn.functional.normalize(torch.randn(5, 4), dim=1)
bank_classes = torch.tensor([3, 0, 5, 3, 1])

fixmatch = algorithm(FixMatch, p_cutoff=0.7, T=0.5, use_hard_label=True)
uda = algorithm(UDA, p_cutoff=0.7, T=0.4, tsa_schedule="none")
flexmatch = {
    warm: algorithm(FlexMatch, arguments={"ulb_dest_len": IMAGES, "thresh_warmup": warm}, p_cutoff=0.8, T=0.5, use_hard_label=True)
    for warm in (True, False)
}
freematch = algorithm(
    FreeMatch, arguments={"ema_p": 0.9}, T=0.5, use_hard_label=True, use_quantile=False, clip_thresh=False, lambda_e=0.5
)
softmatch = algorithm(
    SoftMatch,
    arguments={"dist_align": True, "dist_uniform": True, "ema_p": 0.9, "n_sigma": 3, "per_class": False},
    T=0.5, use_hard_label=True, ema_p=0.9, dist_align=True, dist_uniform=True, n_sigma=3, per_class=False
)
simmatch = algorithm(
    SimMatch,
    network=lambda x: {"logits": x, "feat": torch.nn.functional.normalize(x @ projection, dim=1)},
    arguments={"da_len": 7}, p_cutoff=0.6, T=0.1, smoothing_alpha=0.8, lambda_in=3.0, use_ema_teacher=False, ema_bank=0.7
)
mixed = algorithm(mixmatch.MixMatch, T=0.5, unsup_warm_up=0.5, mixup_alpha=0.75, mixup_manifold=False)
pseudolabel = algorithm(PseudoLabel, p_cutoff=0.7, unsup_warm_up=0.5, it=STEPS)  # Once its weight has risen.
meanteacher = algorithm(MeanTeacher, unsup_warm_up=0.5, it=STEPS)
blended = {}
mixup = mixmatch.mixup_one_target


def noted_mixup(x, y, alpha, is_bias):
    """USB's own, whose blends are kept, rounded so that the file stays small."""
    images, labels, weight = mixup(x, y, alpha, is_bias)
    blended.update(guesses=y[LABELLED:LABELLED + REST], images=numbers(images, 4), labels=numbers(labels, 4))
    return blended["images"], blended["labels"], weight


mixmatch.mixup_one_target = noted_mixup

steps = []
for at in range(STEPS):
    labelled, weak, strong = (numbers(torch.randn(n, CLASSES) * 2) for n in (LABELLED, REST, REST))
    weak[:, 1] += 1  # A class that is named more often.
    labels, indices = torch.randint(CLASSES, (LABELLED,)), torch.randperm(IMAGES)[:REST]
    batch = {"x_lb": labelled, "y_lb": labels, "x_ulb_w": weak, "x_ulb_s": strong}

    def total(algorithm, **more):
        return round(algorithm.train_step(**algorithm.process_batch(**batch, **more))[0]["loss"].item(), 9)

    simmatch.mem_bank, simmatch.labels_bank = bank.T.clone(), bank_classes.clone()
    mixed.it = at
    # The sharpening of USB's hook, which its UDA asks for and does not get, as it hands over probabilities.
    sharp = PseudoLabelingHook().gen_ulb_targets(uda, weak, use_hard_label=False, T=0.4, softmax=True)
    mask = uda.call_hook("masking", "MaskingHook", logits_x_ulb=weak)
    steps.append({
        "labelled": listed(labelled), "labels": labels.tolist(), "weak": listed(weak), "strong": listed(strong),
        "indices": indices.tolist(),
        "fixmatch": total(fixmatch),
        "uda": total(uda),
        "uda_sharpened": round(uda.consistency_loss(strong, sharp, "ce", mask=mask).item(), 9),
        "flexmatch": total(flexmatch[True], idx_ulb=indices),
        "flexmatch_no_warm_up": total(flexmatch[False], idx_ulb=indices),
        "freematch": total(freematch),
        "softmatch": total(softmatch),
        "simmatch": total(simmatch, idx_lb=torch.arange(LABELLED)),
        "pseudolabel": total(pseudolabel),
        "meanteacher": total(meanteacher),
        "mixmatch": total(mixed),
        "guesses": listed(blended["guesses"]), "blends": listed(blended["images"]), "blended_labels": listed(blended["labels"]),
    })
with open(sys.argv[1], "w") as file:
    head = {"projection": listed(projection), "bank": [[round(v, 7) for v in row] for row in bank.tolist()],
            "bank_classes": bank_classes.tolist()}
    rows = ",\n".join(json.dumps(step, separators=(",", ":")) for step in steps)
    file.write(json.dumps(head)[:-1] + ', "steps": [\n' + rows + "\n]}\n")
