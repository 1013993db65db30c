"""Writes what a few training steps of the methods' references do to weights: python golden.py FOLDER [METHOD ...], in an
environment with PyTorch 2.15, torchvision 0.29, lightly 1.6 and safetensors. kit/train's tests begin at the same weights,
see the same views and compare what they end at with these files, which are committed; run.sh makes them anew.

A file holds, as safetensors,

    images               float16 [steps, batch, views, side, side, 3], whole numbers from 0 to 255: view v of image i
    labels               float16 [steps, batch]
    losses               float32 [steps]
    before/VARIABLE      float32: weights of the student, queues and prototypes before the first step, in the layout of
                         GoMLX (kernels [height, width, in, out], matrices [in, out]) under the paths that kit/train has
    after/VARIABLE       the same after the last step, and the teacher's, which starts as the student, and what starts at 0

All is computed in float64. What is random is drawn in float32, so that both sides begin at the same numbers. A method's loss,
the order of what is done in a step, its optimiser and its schedules are those of the repository that its function names. Where
that repository trains on batches of thousands of images, rates and decays are others here, so that three steps of eight images
show each of them in the weights."""

import copy
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from lightly.loss import BarlowTwinsLoss, DINOLoss, NegativeCosineSimilarity, NTXentLoss, SwaVLoss, VICRegLoss
from lightly.models.modules.heads import (
    BarlowTwinsProjectionHead, BYOLPredictionHead, BYOLProjectionHead, DINOProjectionHead, MoCoProjectionHead,
    ProjectionHead, SimCLRProjectionHead, SimSiamPredictionHead, SimSiamProjectionHead, SwaVProjectionHead,
    VICRegProjectionHead
)
from lightly.utils.lars import LARS
from safetensors.torch import save_file
from torch import nn
from torchvision.models import VisionTransformer
from torchvision.models.resnet import BasicBlock

STEPS, TOTAL = 3, 20  # That are done, and of the whole training, which the schedules go by.
BATCH, VIEWS, SIDE = 8, 2, 16
WIDTH = 2
DIM = 8 * WIDTH  # Of a representation.
HIDDEN, OUT = 12, 6


# The networks, and their variables under the names of kit/train.


class ResNet(nn.Module):
    """A ResNet-10 for small images, of torchvision's blocks, with WIDTH channels in its first stage."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, WIDTH, 3, 1, 1, bias=False), nn.BatchNorm2d(WIDTH)
        before = WIDTH
        for stage in range(4):
            out, stride, shortcut = WIDTH << stage, min(stage, 1) + 1, None
            if stride > 1:
                shortcut = nn.Sequential(nn.Conv2d(before, out, 1, stride, bias=False), nn.BatchNorm2d(out))
            setattr(self, f"layer{stage + 1}", nn.Sequential(BasicBlock(before, out, stride, shortcut)))
            before = out

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))

    def variables(self):
        return {name.replace(".", "/"): tensor for name, tensor in self.state_dict().items()}


class ViT(nn.Module):
    """torchvision's vision transformer, with a class token, 2 blocks and 4 patches of an image, under timm's names."""

    NAMES = {
        "class_token": "cls_token", "conv_proj": "patch_embed/proj", "encoder/pos_embedding": "pos_embed", "encoder/ln": "norm",
        "encoder/layers/encoder_layer_": "blocks/", "ln_": "norm", "self_attention/in_proj_": "attn/qkv/",
        "self_attention/out_proj": "attn/proj", "mlp/0": "mlp/fc1", "mlp/3": "mlp/fc2"
    }
    DIM = 12

    def __init__(self):
        super().__init__()
        self.vit = VisionTransformer(SIDE, SIDE // 2, num_layers=2, num_heads=2, hidden_dim=self.DIM, mlp_dim=4 * self.DIM)
        self.vit.heads = nn.Identity()
        nn.init.normal_(self.vit.class_token, std=0.02)

    def forward(self, x):
        return self.vit(x)

    def variables(self):
        variables = {}
        for name, tensor in self.vit.state_dict().items():
            name = name.replace(".", "/")
            for there, here in self.NAMES.items():
                name = name.replace(there, here)
            variables[name] = tensor
        return variables


class Prototypes:
    """Names a weight-normalised linear layer without a bias: kit/ssl holds a prototype in each row."""

    def __init__(self, layer):
        self.module = layer

    def variables(self):
        return {"weight": self.module.weight_v.T}


class Head:
    """Names the layers of one of lightly's heads, which are a sequence of linear layers with norms and activations."""

    def __init__(self, module, *names):
        self.module, self.names = module, names  # A name for each linear layer; by default their numbers.

    def variables(self):
        variables, linear = {}, -1
        for layer in self.module.layers:
            tensors = dict(layer.state_dict())
            if isinstance(layer, nn.Linear):
                linear += 1
            name = self.names[linear] if self.names else str(linear)
            for key, tensor in tensors.items():
                variables[f"{name}/bn/{key}" if isinstance(layer, nn.BatchNorm1d) else f"{name}/{key}"] = tensor
        return variables


def in_layout(variables, prefix):
    """Is a copy of variables as GoMLX has them."""
    layouts = {4: lambda t: t.permute(2, 3, 1, 0), 2: lambda t: t.T}
    return {
        f"{prefix}/{name}": layouts.get(tensor.dim(), lambda t: t)(tensor).detach().clone()
        for name, tensor in variables.items()
        if not name.endswith("num_batches_tracked")
    }


def perturb(module):
    """Gives the norms scales and offsets that show whether they are used, in float32 as all else."""
    for layer in module.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm)) and layer.weight is not None:
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.1)
    return module.double().train()


def draw_images():
    """Draws images with coarse shapes, of which each of two views is a noisy copy."""
    coarse = F.interpolate(torch.rand(STEPS * BATCH, 3, 3, 3), SIDE, mode="bilinear")
    coarse = coarse.view(STEPS, BATCH, 1, 3, SIDE, SIDE)
    noisy = 0.7 * coarse + 0.3 * torch.rand(STEPS, BATCH, VIEWS, 3, SIDE, SIDE)
    return torch.round(255 * noisy).permute(0, 1, 2, 4, 5, 3)


def corners(views):
    """Are the local crops of a multi-crop: the top left quarter of each view."""
    return torch.cat([view[:, :, : SIDE // 2, : SIDE // 2] for view in views])


# Schedules and optimisers.


def falling(step, top, bottom=0.0):
    """Is half a cosine from top to bottom over the whole training."""
    return bottom + (top - bottom) * (1 + math.cos(math.pi * step / TOTAL)) / 2


def by_rank(parameters, decay):
    """Are two groups of parameters: norms and biases have no decay."""
    parameters = [p for p in parameters if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]


class ClippedLARS(torch.optim.SGD):
    """LARS with clip_lr and exclude_bias_n_norm of vturrisi/solo-learn, solo/utils/lars.py: for the parameters that have a
    decay, the gradient with the decay is multiplied by the trust over the rate, and by 1 at most."""

    def __init__(self, parameters, decay, eta=0.02):
        super().__init__(by_rank(parameters, 0.0), lr=0, momentum=0.9)
        self.decay, self.eta = decay, eta

    @torch.no_grad()
    def step(self):
        for p in self.param_groups[0]["params"]:
            if p.grad is None or p.norm() == 0 or p.grad.norm() == 0:
                continue
            trust = self.eta * p.norm() / (p.grad.norm() + self.decay * p.norm() + 1e-8)
            p.grad = (p.grad + self.decay * p) * min(1, trust / self.param_groups[0]["lr"])
        super().step()


def follow(teacher, student, momentum):
    """Moves a teacher. Its running statistics are its own."""
    with torch.no_grad():
        for slow, quick in zip(teacher.parameters(), student.parameters()):
            slow.mul_(momentum).add_(quick, alpha=1 - momentum)


def save(folder, name, parts, step, optimizer, rate, teachers=None, state=lambda: {}, labels=None):
    """Runs the steps, and writes the file.

    parts: the student's, each by its path; teachers: the teacher's, likewise
    step: of its number, views [batch, 3, side, side] and labels, the loss, and what is to be done when the gradient is there
          and after the update
    state: what is neither, by its path; rate: of a step, the learning rate, but of groups that are steady"""
    images = draw_images()
    labels = torch.full((STEPS, BATCH), -1) if labels is None else labels
    file = {"images": images.half(), "labels": labels.half()}
    for path, part in parts.items():
        file |= {f"before/{key}": value for key, value in in_layout(part.variables(), path).items()}
    file |= {f"before/{key}": value.clone() for key, value in state().items()}
    losses = []
    for s in range(STEPS):
        shown = [images[s][:, v].permute(0, 3, 1, 2).double() / 255 for v in range(VIEWS)]
        for group in optimizer.param_groups:
            group["lr"] = group.get("steady") or rate(s)
        optimizer.zero_grad()
        loss, with_gradient, after_update = step(s, shown, labels[s].long())
        loss.backward()
        with_gradient and with_gradient()
        optimizer.step()
        after_update and after_update()
        losses.append(loss.item())
    file["losses"] = torch.tensor(losses)
    for path, part in {**parts, **(teachers or {})}.items():
        file |= {f"after/{key}": value for key, value in in_layout(part.variables(), path).items()}
    file |= {f"after/{key}": value.clone() for key, value in state().items()}
    file = {key: (value.contiguous() if value.dtype == torch.half else value.float().contiguous()) for key, value in file.items()}
    path = pathlib.Path(folder) / f"{name}.safetensors"
    save_file(file, path)
    path.chmod(0o644)
    print(f"{path}: {path.stat().st_size} bytes, losses {losses}")


# The methods.


def simclr(folder):
    """google-research/simclr: objective.py, model_util.py, by lightly's loss, head and LARS, whose rate is outside of the
    momentum. Both views are one batch."""
    encoder, head = perturb(ResNet()), perturb(SimCLRProjectionHead(DIM, HIDDEN, OUT))
    loss = NTXentLoss(temperature=0.5)

    def step(s, views, labels):
        z = head(encoder(torch.cat(views)))
        return loss(*z.chunk(2)), None, None

    optimizer = LARS(by_rank(nn.ModuleList([encoder, head]).parameters(), 0.01), lr=0, momentum=0.9, trust_coefficient=0.1)
    parts = {"encoder": encoder, "method/head": Head(head)}
    save(folder, "simclr", parts, step, optimizer, lambda s: falling(s, 0.1))


def byol(folder):
    """vturrisi/solo-learn: solo/methods/byol.py, solo/utils/momentum.py, by lightly's heads and cosine. The sum over both
    orders; the teacher moves after the update."""
    encoder, projector = perturb(ResNet()), perturb(BYOLProjectionHead(DIM, HIDDEN, OUT))
    predictor = perturb(BYOLPredictionHead(OUT, HIDDEN, OUT))
    slow_encoder, slow_projector = copy.deepcopy(encoder), copy.deepcopy(projector)
    cosine = NegativeCosineSimilarity()

    def step(s, views, labels):
        q = [predictor(projector(encoder(view))) for view in views]
        with torch.no_grad():
            t = [slow_projector(slow_encoder(view)) for view in views]

        def move():
            tau = falling(s, 0.9, 1.0)
            follow(slow_encoder, encoder, tau)
            follow(slow_projector, projector, tau)

        return 2 + 2 * cosine(q[0], t[1]) + 2 + 2 * cosine(q[1], t[0]), None, move

    optimizer = ClippedLARS(nn.ModuleList([encoder, projector, predictor]).parameters(), decay=0.01)
    parts = {"encoder": encoder, "method/projector": Head(projector), "method/predictor": Head(predictor)}
    teachers = {"teacher/encoder": slow_encoder, "teacher/method/projector": Head(slow_projector)}
    save(folder, "byol", parts, step, optimizer, lambda s: falling(s, 0.1), teachers)


def simsiam(folder):
    """facebookresearch/simsiam: simsiam/builder.py, main_simsiam.py with --fix-pred-lr, by lightly's heads and cosine. Decay
    is on all parameters, and the rate of the predictor stays."""
    encoder, projector = perturb(ResNet()), perturb(SimSiamProjectionHead(DIM, HIDDEN, OUT))
    predictor = perturb(SimSiamPredictionHead(OUT, 5, OUT))
    cosine = NegativeCosineSimilarity()

    def step(s, views, labels):
        z = [projector(encoder(view)) for view in views]
        p = [predictor(view) for view in z]
        return (cosine(p[0], z[1].detach()) + cosine(p[1], z[0].detach())) / 2, None, None

    groups = [{"params": nn.ModuleList([encoder, projector]).parameters()}, {"params": predictor.parameters(), "steady": 0.02}]
    optimizer = torch.optim.SGD(groups, lr=0, momentum=0.9, weight_decay=0.1)
    parts = {"encoder": encoder, "method/projector": Head(projector), "method/predictor": Head(predictor)}
    save(folder, "simsiam", parts, step, optimizer, lambda s: falling(s, 0.02))


def barlow(folder):
    """facebookresearch/barlowtwins: main.py, by lightly's head and loss; the scale of the loss and the optimiser are those of
    vturrisi/solo-learn, scripts/pretrain/cifar/barlow.yaml."""
    encoder, projector = perturb(ResNet()), perturb(BarlowTwinsProjectionHead(DIM, HIDDEN, OUT))
    loss = BarlowTwinsLoss(lambda_param=0.0051)

    def step(s, views, labels):
        return 0.1 * loss(*[projector(encoder(view)) for view in views]), None, None

    optimizer = ClippedLARS(nn.ModuleList([encoder, projector]).parameters(), decay=0.01)
    parts = {"encoder": encoder, "method/projector": Head(projector)}
    save(folder, "barlow", parts, step, optimizer, lambda s: falling(s, 0.1))


def vicreg(folder):
    """facebookresearch/vicreg: main_vicreg.py, by lightly's head and loss, which take the mean of the two views' variance terms;
    the optimiser is that of vturrisi/solo-learn, scripts/pretrain/cifar/vicreg.yaml."""
    encoder, projector = perturb(ResNet()), perturb(VICRegProjectionHead(DIM, HIDDEN, OUT))
    loss = VICRegLoss(lambda_param=25.0, mu_param=25.0, nu_param=1.0)

    def step(s, views, labels):
        return loss(*[projector(encoder(view)) for view in views]), None, None

    optimizer = ClippedLARS(nn.ModuleList([encoder, projector]).parameters(), decay=0.01)
    parts = {"encoder": encoder, "method/projector": Head(projector)}
    save(folder, "vicreg", parts, step, optimizer, lambda s: falling(s, 0.01))


def mocov2(folder):
    """facebookresearch/moco: moco/builder.py, main_moco.py with --mlp, by lightly's head. There the keys' encoder moves before
    the keys are made, here after the update of the step before: the same keys, since at first both encoders are one. That the
    momentum rises is from vturrisi/solo-learn, scripts/pretrain/cifar/mocov2plus.yaml. Decay is on all parameters."""
    encoder, projector = perturb(ResNet()), perturb(MoCoProjectionHead(DIM, HIDDEN, OUT))
    slow_encoder, slow_projector = copy.deepcopy(encoder), copy.deepcopy(projector)
    queue = F.normalize(torch.randn(2 * BATCH, OUT)).double()
    oldest = 0

    def step(s, views, labels):
        nonlocal oldest
        q = F.normalize(projector(encoder(views[0])))
        with torch.no_grad():
            k = F.normalize(slow_projector(slow_encoder(views[1])))
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.clone().T], 1) / 0.2
        queue[oldest : oldest + BATCH] = k
        oldest = (oldest + BATCH) % len(queue)

        def move():
            tau = falling(s, 0.9, 0.999)
            follow(slow_encoder, encoder, tau)
            follow(slow_projector, projector, tau)

        return F.cross_entropy(logits, torch.zeros(BATCH, dtype=torch.long)), None, move

    optimizer = torch.optim.SGD(nn.ModuleList([encoder, projector]).parameters(), lr=0, momentum=0.9, weight_decay=0.01)
    head = ["hidden/0", "out/0"]
    parts = {"encoder": encoder, "method/projector": Head(projector, *head)}
    teachers = {"teacher/encoder": slow_encoder, "teacher/method/projector": Head(slow_projector, *head)}
    state = lambda: {"method/queue": torch.roll(queue, -oldest, 0)}  # The oldest first.
    save(folder, "mocov2", parts, step, optimizer, lambda s: falling(s, 0.1), teachers, state)


def mocov3(folder):
    """facebookresearch/moco-v3: moco/builder.py, MoCo_ResNet. The teacher's momentum and the optimiser are those of
    vturrisi/solo-learn, scripts/pretrain/cifar/mocov3.yaml: the teacher moves after the update, by the momentum of that step."""
    encoder = perturb(ResNet())
    projector = perturb(ProjectionHead([
        (DIM, HIDDEN, nn.BatchNorm1d(HIDDEN), nn.ReLU(), False), (HIDDEN, OUT, nn.BatchNorm1d(OUT, affine=False), None, False)
    ]))
    predictor = perturb(ProjectionHead([
        (OUT, HIDDEN, nn.BatchNorm1d(HIDDEN), nn.ReLU(), False), (HIDDEN, OUT, None, None, False)
    ]))
    slow_encoder, slow_projector = copy.deepcopy(encoder), copy.deepcopy(projector)

    def contrast(q, k, temperature=0.2):
        logits = F.normalize(q) @ F.normalize(k).T / temperature
        return 2 * temperature * F.cross_entropy(logits, torch.arange(BATCH))

    def step(s, views, labels):
        q = [predictor(projector(encoder(view))) for view in views]
        with torch.no_grad():
            k = [slow_projector(slow_encoder(view)) for view in views]

        def move():
            tau = falling(s, 0.9, 1.0)
            follow(slow_encoder, encoder, tau)
            follow(slow_projector, projector, tau)

        return contrast(q[0], k[1]) + contrast(q[1], k[0]), None, move

    optimizer = ClippedLARS(nn.ModuleList([encoder, projector, predictor]).parameters(), decay=0.01)
    parts = {"encoder": encoder, "method/projector": Head(projector), "method/predictor": Head(predictor)}
    teachers = {"teacher/encoder": slow_encoder, "teacher/method/projector": Head(slow_projector)}
    save(folder, "mocov3", parts, step, optimizer, lambda s: falling(s, 0.1), teachers)


def dino_steps(name, folder, encoder, dim, locals, optimizer, rate, before_update, frozen):
    """facebookresearch/dino: main_dino.py, utils.py, vision_transformer.py, by lightly's head and loss. An epoch there is a
    step here: the teacher's temperature rises over 3, and the prototypes stand still in the first `frozen`."""
    perturb(encoder)
    head, slow_head = [DINOProjectionHead(dim, HIDDEN, OUT, 10, freeze_last_layer=frozen).double() for _ in range(2)]
    for layer in head.layers:
        if isinstance(layer, nn.Linear):  # Larger than at the start of a training, so that images differ.
            layer.weight.data = 0.5 * torch.randn(layer.weight.shape).double()
            layer.bias.data = 0.1 * torch.randn(layer.bias.shape).double()
    slow_encoder = copy.deepcopy(encoder)
    slow_head.load_state_dict(head.state_dict())
    loss = DINOLoss(10, warmup_teacher_temp=0.04, teacher_temp=0.07, warmup_teacher_temp_epochs=3).double()
    optimizer = optimizer(nn.ModuleList([encoder, head]).parameters())

    def step(s, views, labels):
        with torch.no_grad():
            teacher = slow_head(slow_encoder(torch.cat(views))).chunk(2)
        seen = [encoder(torch.cat(views))]
        if locals:
            seen.append(encoder(corners(views)))
        student = head(torch.cat(seen)).chunk(2 + locals)

        def cancel():
            before_update(s, nn.ModuleList([encoder, head]), optimizer)
            head.cancel_last_layer_gradients(s)

        def move():
            momentum = falling(s, 0.9, 1.0)
            follow(slow_encoder, encoder, momentum)
            follow(slow_head, head, momentum)

        return loss(list(teacher), list(student), epoch=s), cancel, move

    parts = {"encoder": encoder, "method/head": Head(head), "method/prototypes": Prototypes(head.last_layer)}
    teachers = {
        "teacher/encoder": slow_encoder, "teacher/method/head": Head(slow_head),
        "teacher/method/prototypes": Prototypes(slow_head.last_layer)
    }
    save(folder, name, parts, step, optimizer, rate, teachers, lambda: {"method/centre/mean": loss.center.flatten()})


def dino(folder):
    """For a ViT: AdamW, whose decay rises along half a cosine, and each gradient clipped. Its eps is larger than by default, or
    rounding would move the biases of the keys, whose gradient is 0, and all else that is next to nothing."""

    def clip(s, network, optimizer):
        for p in network.parameters():
            if p.grad is not None:
                nn.utils.clip_grad_norm_([p], 0.05)
        optimizer.param_groups[0]["weight_decay"] = falling(s, 0.5, 4.0)

    optimizer = lambda parameters: torch.optim.AdamW(by_rank(parameters, 0.5), eps=1e-4)
    dino_steps("dino", folder, ViT(), ViT.DIM, 0, optimizer, lambda s: falling(s, 0.01), clip, 1)


def dino_crops(folder):
    """For a ResNet, with two local crops. The optimiser is that of vturrisi/solo-learn, scripts/pretrain/cifar/dino.yaml."""
    optimizer = lambda parameters: ClippedLARS(parameters, decay=0.01)
    dino_steps("dino_crops", folder, ResNet(), DIM, 2, optimizer, lambda s: falling(s, 0.1), lambda *_: None, 1)


def swav(folder):
    """facebookresearch/swav: main_swav.py, src/resnet50.py, by lightly's head and loss; that the prototypes are weight-normalised
    instead of scaled before each step, the queue and the optimiser are those of vturrisi/solo-learn: solo/methods/swav.py,
    scripts/pretrain/cifar/swav.yaml. An epoch there is a step here: the queue is used from the second on, and the prototypes
    stand still in the first. The queue starts at random unit vectors, there at zeros."""
    encoder, projector = perturb(ResNet()), perturb(SwaVProjectionHead(DIM, HIDDEN, OUT))
    prototypes = nn.utils.weight_norm(nn.Linear(OUT, 10, bias=False))
    nn.init.ones_(prototypes.weight_g).requires_grad_(False)
    prototypes.double()
    queues = [F.normalize(torch.randn(2 * BATCH, OUT)).double() for _ in range(2)]
    loss = SwaVLoss(temperature=0.1, sinkhorn_iterations=3, sinkhorn_epsilon=0.05)

    def step(s, views, labels):
        seen = [torch.cat(views), corners(views)]
        z = F.normalize(projector(torch.cat([encoder(x) for x in seen])))
        scores = prototypes(z).chunk(4)
        earlier = [prototypes(queue) for queue in queues] if s >= 1 else None
        result = loss(list(scores[:2]), list(scores[2:]), earlier)
        for i, new in enumerate(z.detach().chunk(4)[:2]):
            queues[i] = torch.cat([queues[i], new])[BATCH:]

        def cancel():
            if s < 1:
                prototypes.weight_v.grad = None

        return result, cancel, None

    optimizer = ClippedLARS(nn.ModuleList([encoder, projector, prototypes]).parameters(), decay=0.01)
    parts = {"encoder": encoder, "method/head": Head(projector)}
    state = lambda: {
        "method/prototypes": prototypes.weight_v.detach(), "method/crop0/queue": queues[0], "method/crop1/queue": queues[1]
    }
    save(folder, "swav", parts, step, optimizer, lambda s: falling(s, 0.1), state=state)


def fixmatch(folder):
    """google-research/fixmatch: fixmatch.py; kekmodel/FixMatch-pytorch: train.py. All images are one batch, and decay is on
    kernels. Two images have labels. The learning rate is the test's schedule, as for all methods."""
    encoder, classifier = perturb(ResNet()), nn.Sequential(nn.Linear(DIM, 3)).double()
    head = Head(nn.Module())
    head.module.layers = classifier

    def step(s, views, labels):
        labelled = 2
        logits = classifier(encoder(torch.cat([views[0], views[1][labelled:]])))
        strong = logits[BATCH:]
        confidence, classes = logits[labelled:BATCH].detach().softmax(1).max(1)
        mask = (confidence >= 0.5).double()
        pseudo = (F.cross_entropy(strong, classes, reduction="none") * mask).mean()
        return F.cross_entropy(logits[:labelled], labels[:labelled]) + 2 * pseudo, None, None

    parameters = by_rank(nn.ModuleList([encoder, classifier]).parameters(), 0.05)
    optimizer = torch.optim.SGD(parameters, lr=0, momentum=0.9, nesterov=True)
    parts = {"encoder": encoder, "method/head": head}
    save(folder, "fixmatch", parts, step, optimizer, lambda s: falling(s, 0.03), labels=torch.randint(3, (STEPS, BATCH)))


METHODS = [simclr, byol, simsiam, barlow, vicreg, mocov2, mocov3, dino, dino_crops, swav, fixmatch]


def main():
    folder, chosen = sys.argv[1], sys.argv[2:]
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for method in METHODS:
        if not chosen or method.__name__ in chosen:
            torch.manual_seed(1)
            method(folder)


main()
