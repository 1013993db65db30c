"""Trains what a recipe.json of sslkit says, with lightly's heads and losses on PyTorch, and measures k-NN.

Encoder, views, optimiser, schedule, batch and steps are read from the recipe, so that there is one statement of them for both
sides; what this file does not know is an error. The images are sslkit's, in train.u8 and test.u8 (images × side × side × 3)
beside train.labels.u8 and test.labels.u8. The weights that sslkit trained are measured here too: that the figure is the same
shows that both sides mean the same by the encoder and by k-NN.
"""

import argparse
import copy
import json
import math
import os
import random
import resource
import time

import lightly
import numpy
import PIL.Image
import torch
import torchvision
from lightly.loss import BarlowTwinsLoss, NegativeCosineSimilarity, NTXentLoss
from lightly.models import utils
from lightly.models.modules import heads
from lightly.utils.benchmarking.knn import knn_predict
from lightly.utils.scheduler import cosine_schedule
from torch import nn
from torchvision.models.resnet import BasicBlock
from torchvision.transforms import v2 as T


def only(tagged, *known):
    """The fields of {"its.Type": its fields}, which must be of a known type."""
    [(name, fields)] = tagged.items()
    if name not in known:
        raise SystemExit(f"{name} is not known here; known: {', '.join(known)}")
    return fields


class ResNet18(nn.Module):
    """encoder.ResNet of depth 18: timm's names, He's initialisation, the last norm of a block starting at zero."""

    def __init__(self, settings):
        super().__init__()
        stem, width = settings["Stem"], settings["Width"]
        if settings["Depth"] != 18 or stem["MaxPool"]:
            raise SystemExit("only a ResNet-18 without max-pool is known here")
        self.conv1 = nn.Conv2d(3, width, stem["Kernel"], stem["Stride"], padding=stem["Kernel"] // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for stage in range(4):
            out, stride = width << stage, 1 if stage == 0 else 2
            downsample = None
            if stage > 0:
                downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
            blocks = [BasicBlock(channels, out, stride, downsample), BasicBlock(out, out)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            channels = out
        self.dim = channels
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


# The methods. The norms see both views of SimCLR together, as in Google's code, and those of the others one by one, as in
# their authors' code, on both sides.


class SimCLR(nn.Module):
    def __init__(self, encoder, s):
        super().__init__()
        self.encoder = encoder
        self.head = heads.SimCLRProjectionHead(encoder.dim, s["Hidden"], s["Out"])
        self.criterion = NTXentLoss(temperature=s["Temperature"])

    def forward(self, a, b):
        return self.criterion(*self.head(self.encoder(torch.cat([a, b]))).chunk(2))


class BarlowTwins(nn.Module):
    def __init__(self, encoder, s):
        super().__init__()
        self.encoder, self.scale = encoder, s["Scale"]
        self.head = heads.BarlowTwinsProjectionHead(encoder.dim, s["Hidden"], s["Out"])
        self.criterion = BarlowTwinsLoss(lambda_param=s["Lambda"])

    def forward(self, a, b):
        return self.scale * self.criterion(self.head(self.encoder(a)), self.head(self.encoder(b)))


class WithTeacher(nn.Module):
    """A student and its slow twin, whose momentum rises from tau to last along a cosine."""

    def __init__(self, encoder, head, tau, last):
        super().__init__()
        self.encoder, self.head, self.tau, self.last = encoder, head, tau, last
        self.teacher = copy.deepcopy(nn.ModuleList([encoder, head]))
        utils.deactivate_requires_grad(self.teacher)

    @torch.no_grad()
    def teach(self, x):
        encoder, head = self.teacher
        return head(encoder(x))

    def move_teacher(self, step, steps):
        # lightly's cosine ends with the last step, sslkit's one step later.
        momentum = cosine_schedule(step, steps + 1, self.tau, self.last)
        utils.update_momentum(self.encoder, self.teacher[0], momentum)
        utils.update_momentum(self.head, self.teacher[1], momentum)


class BYOL(WithTeacher):
    def __init__(self, encoder, s):
        super().__init__(encoder, heads.BYOLProjectionHead(encoder.dim, s["Hidden"], s["Out"]), s["Tau"], 1.0)
        self.predictor = heads.BYOLPredictionHead(s["Out"], s["Hidden"], s["Out"])
        self.criterion = NegativeCosineSimilarity()

    def forward(self, a, b):
        predicted_a, predicted_b = (self.predictor(self.head(self.encoder(x))) for x in (a, b))
        target_a, target_b = self.teach(a), self.teach(b)
        # The paper's squared distance is 2 - 2 cos. The factor matters: it scales SGD's steps.
        return 4 + 2 * (self.criterion(predicted_a, target_b) + self.criterion(predicted_b, target_a))


class MoCoV2(WithTeacher):
    def __init__(self, encoder, s):
        head = heads.MoCoProjectionHead(encoder.dim, s["Hidden"], s["Out"])
        super().__init__(encoder, head, s["Tau"], max(s["Tau"], 0.999))
        self.criterion = NTXentLoss(temperature=s["Temperature"], memory_bank_size=(s["Queue"], s["Out"]))

    def forward(self, a, b):
        return self.criterion(self.head(self.encoder(a)), self.teach(b))


METHODS = {"ssl.SimCLR": SimCLR, "ssl.BYOL": BYOL, "ssl.BarlowTwins": BarlowTwins, "ssl.MoCoV2": MoCoV2}


def transform(tagged):
    """One transform of a recipe's view, from torchvision, on PIL images: what lightly's own transforms are made of."""
    [(name, s)] = tagged.items()
    if name == "augment.RandomResizedCrop":
        return T.RandomResizedCrop(s["Size"], scale=s["Scale"], ratio=s["Ratio"], interpolation=T.InterpolationMode(s["Interpolation"]))
    if name == "augment.Flip":
        return T.RandomHorizontalFlip(s["P"])
    if name == "augment.ColorJitter":
        return T.RandomApply([T.ColorJitter(s["Brightness"], s["Contrast"], s["Saturation"], s["Hue"])], s["P"])
    if name == "augment.Grey":
        return T.RandomGrayscale(s["P"])
    if name == "augment.Solarize":
        return T.RandomSolarize(math.ceil(s["Threshold"] * 255), s["P"])
    if name == "augment.Normalize":
        return T.Compose([T.ToImage(), T.ToDtype(torch.float32, scale=True), T.Normalize(s["Mean"], s["Std"])])
    raise SystemExit(f"{tagged} is not known here")


def views_of(recipe):
    """The pipelines of both views: one for each, or one for both."""
    pipelines = recipe["Augment"]
    if len(pipelines) not in (1, 2):
        raise SystemExit(f"{len(pipelines)} views are not known here")
    return pipelines if len(pipelines) == 2 else pipelines * 2


class Views(torch.utils.data.Dataset):
    def __init__(self, pixels, views):
        self.pixels = pixels
        self.views = [T.Compose([transform(t) for t in view]) for view in views]

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, i):
        image = PIL.Image.fromarray(self.pixels[i])
        return [view(image) for view in self.views]


def read_split(folder, split):
    labels = numpy.fromfile(os.path.join(folder, split + ".labels.u8"), numpy.uint8)
    pixels = numpy.fromfile(os.path.join(folder, split + ".u8"), numpy.uint8)
    side = math.isqrt(pixels.size // labels.size // 3)
    return pixels.reshape(labels.size, side, side, 3), torch.from_numpy(labels).long()


def optimizer(recipe, model):
    """torch.optim.SGD with no weight decay on norms and biases, and the function from a step to its learning rate."""
    s = only(recipe["Optimizer"], "optim.SGD")
    only(s["Exclude"], "optim.NormsAndBiases")
    schedule = only(recipe["Schedule"], "optim.WarmupCosine")
    if s["Scaling"] != "LR*batch/256" or s["ClipNorm"] != 0 or schedule["Start"] != 0 or schedule["Final"] != 0:
        raise SystemExit(f"not known here: {s}, {schedule}")
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": s["WeightDecay"]},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0},
    ]
    peak, steps = s["LR"] * recipe["Batch"] / 256, recipe["Steps"]
    warmup = min(math.floor(schedule["Warmup"] * steps + 0.5), steps - 1)

    def rate(step):
        if step < warmup:
            return peak * step / warmup
        return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2

    return torch.optim.SGD(groups, lr=peak, momentum=s["Momentum"], nesterov=s["Nesterov"]), rate


def train(recipe, model, pixels, workers):
    """The loss of every step."""
    loader = torch.utils.data.DataLoader(
        Views(pixels, views_of(recipe)), recipe["Batch"], shuffle=True, drop_last=True,
        num_workers=workers, persistent_workers=True,
    )
    sgd, rate = optimizer(recipe, model)
    losses, steps = [], recipe["Steps"]
    model.train()
    while len(losses) < steps:
        for a, b in loader:
            for group in sgd.param_groups:
                group["lr"] = rate(len(losses))
            loss = model(a, b)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            if isinstance(model, WithTeacher):
                model.move_teacher(len(losses), steps)
            losses.append(loss.item())
            if not math.isfinite(losses[-1]):
                raise SystemExit(f"the loss of step {len(losses)} is {losses[-1]}")
            if len(losses) == steps:
                break
    return losses


@torch.no_grad()
def knn(encoder, recipe, train_split, test_split):
    """Accuracy in percent of k-NN (k 20, cosine, T 0.1) on whole images, with running statistics."""
    [normalize] = [t["augment.Normalize"] for t in recipe["Augment"][0] if "augment.Normalize" in t]
    mean, std = torch.tensor(normalize["Mean"]), torch.tensor(normalize["Std"])
    encoder.eval()

    def features(pixels):
        batches = torch.from_numpy(pixels).split(250)
        x = torch.cat([encoder(((b / 255 - mean) / std).permute(0, 3, 1, 2).contiguous()) for b in batches])
        return nn.functional.normalize(x, dim=1)

    bank, labels = features(train_split[0]), train_split[1]
    predicted = knn_predict(features(test_split[0]), bank.T, labels, int(labels.max()) + 1, knn_k=20, knn_t=0.1)[:, 0]
    return 100 * (predicted == test_split[1]).double().mean().item()


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    weights = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            weights[name] = torch.from_numpy(numpy.frombuffer(data[start:end], "<f4").copy().reshape(entry["shape"]))
    return weights


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--run", required=True, help="directory of a finished run of sslkit")
    flags.add_argument("--recipe", help="the recipe to follow, where it is not that of the run")
    flags.add_argument("--commit", default="", help="what the result is told to be measured by")
    flags.add_argument("--images", required=True, help="directory of the images")
    flags.add_argument("--out", required=True, help="file for the result")
    flags = flags.parse_args()
    # Half of the cores make views and half train. With a thread a core for training, PyTorch's threads wait for each other
    # while the workers run, and it takes several times as long on two cores.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = max(cores // 2, 1)
    torch.set_num_threads(max(cores - workers, 1))
    with open(flags.recipe or os.path.join(flags.run, "recipe.json")) as file:
        recipe = json.load(file)
    if recipe["Precision"] != "Float32":
        raise SystemExit(f"precision {recipe['Precision']} is not known here")
    train_split, test_split = read_split(flags.images, "train"), read_split(flags.images, "test")

    for seed in (torch.manual_seed, numpy.random.seed, random.seed):
        seed(recipe["Seed"])
    settings = only(recipe["Method"], *METHODS)
    encoder = ResNet18(only(recipe["Encoder"], "encoder.ResNet"))
    model = METHODS[next(iter(recipe["Method"]))](encoder, settings)
    began = time.perf_counter()
    losses = train(recipe, model, train_split[0], workers)
    seconds = time.perf_counter() - began
    result = {
        "commit": flags.commit,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "recipe": recipe,
        "versions": {"lightly": lightly.__version__, "torch": torch.__version__, "torchvision": torchvision.__version__},
        "seconds": seconds,
        "losses": losses,
        "knn": knn(encoder, recipe, train_split, test_split),
    }
    theirs = ResNet18(only(recipe["Encoder"], "encoder.ResNet"))
    missing = theirs.load_state_dict(read_safetensors(os.path.join(flags.run, "encoder.safetensors")), strict=False)
    if missing.unexpected_keys or any(not k.endswith("num_batches_tracked") for k in missing.missing_keys):
        raise SystemExit(f"sslkit's weights do not fit: {missing}")
    result["sslkit_knn"] = knn(theirs, recipe, train_split, test_split)
    with open(flags.out + ".part", "w") as file:
        json.dump(result, file)
    os.replace(flags.out + ".part", flags.out)


if __name__ == "__main__":
    main()
