"""SimCLR on PyTorch with lightly's views, head and loss: from an image folder, or on views in memory.

On a GPU it is compiled, and computes in bfloat16 where the call says so; on the CPU it is eager and in float32.
"""

import itertools
import os

import lightly
import torch
import torchvision
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.transforms import SimCLRTransform
from side import answer, read_call, timed
from torch import nn
from torchvision.models import VisionTransformer
from torchvision.models.resnet import BasicBlock


class ResNet18(nn.Module):
    """torchvision's, of any width, with a 3×3 stem and without max-pool."""

    def __init__(self, width, stride):
        super().__init__()
        layers = [nn.Conv2d(3, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
        for stage in range(4):
            out, stride = width << stage, 1 if stage == 0 else 2
            shortcut = None
            if stage > 0:
                shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
            layers += [BasicBlock(channels, out, stride, shortcut), BasicBlock(out, out)]
            channels = out
        self.layers, self.dim = nn.Sequential(*layers), channels

    def forward(self, x):
        return self.layers(x).mean((2, 3))


def encoder(call):
    """The network that the call says, and the number of its features."""
    if resnet := call["network"].get("resnet"):
        network = ResNet18(resnet["Width"], resnet["Stem"]["Stride"])
        return network, network.dim
    vit = call["network"]["vit"]
    network = VisionTransformer(
        image_size=call["side"], patch_size=vit["Patch"], num_layers=vit["Depth"], num_heads=vit["Heads"],
        hidden_dim=vit["Width"], mlp_dim=4 * vit["Width"],
    )
    network.heads = nn.Identity()
    return network, vit["Width"]


def from_folder(call):
    """Batches of two views, without end."""
    views = SimCLRTransform(input_size=call["side"], cj_strength=0.5, gaussian_blur=0.0)
    loader = torch.utils.data.DataLoader(
        torchvision.datasets.ImageFolder(os.path.join(call["images"], "train"), views), call["batch"], shuffle=True,
        drop_last=True, num_workers=call["workers"], persistent_workers=call["workers"] > 0, pin_memory=call["cuda"],
    )
    while True:
        for views, _ in loader:
            yield views


def in_memory(call):
    """The same two views, without end."""
    device = "cuda" if call["cuda"] else "cpu"
    return itertools.repeat([torch.randn(call["batch"], 3, call["side"], call["side"], device=device) for _ in range(2)])


def main():
    call = read_call(lightly=lightly.__version__, torch=torch.__version__, torchvision=torchvision.__version__)
    torch.set_num_threads(call["threads"])
    torch.manual_seed(1)
    network, dim = encoder(call)
    model = nn.Sequential(network, SimCLRProjectionHead(dim, dim, 128)).to(memory_format=torch.channels_last).train()
    if call["cuda"]:
        model.cuda().compile()
    criterion = NTXentLoss(temperature=0.5)
    sgd = torch.optim.SGD(model.parameters(), lr=0.025, momentum=0.9, weight_decay=1e-4)
    shape = []

    def step(views):
        if call["cuda"]:
            views = [view.cuda(non_blocking=True) for view in views]
        x = torch.cat(views).contiguous(memory_format=torch.channels_last)
        shape[:] = [x.shape[i] for i in (0, 2, 3, 1)]
        with torch.autocast("cuda", torch.bfloat16, enabled=call["cuda"] and call["precision"] == "BFloat16"):
            z = model(x)
        loss = criterion(*z.float().chunk(2))
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        return loss.item()

    first, steps = timed(call, step, from_folder(call) if call["do"] == "train" else in_memory(call))
    answer(first=first, steps=steps, input=shape, parameters=sum(p.numel() for p in model.parameters()))


if __name__ == "__main__":
    main()
