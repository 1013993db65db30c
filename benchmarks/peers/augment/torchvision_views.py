"""Times torchvision's PIL views of CIFAR-10-sized images on the cores it is given.

For every line on standard input, a number, it makes one view of every image of a batch and answers with one line: the seconds it
took. So the caller decides when each repeat runs, and interleaves them with its own. The first line out names the
versions. Images are random noise made from a fixed seed: neither side's time depends on what is in the picture.
"""

import argparse
import json
import sys
import time

import numpy
import PIL
import torch
import torchvision
from torchvision import transforms as T

INTERPOLATION = {
    "bilinear": T.InterpolationMode.BILINEAR,
    "bicubic": T.InterpolationMode.BICUBIC,
}


def views(side, interpolation):
    """SimCLR's views without blur: crop, flip, jitter, grey (Chen et al. 2020, appendix A)."""
    return T.Compose([
        T.RandomResizedCrop(side, scale=(0.08, 1.0), interpolation=INTERPOLATION[interpolation]),
        T.RandomHorizontalFlip(),
        T.RandomApply([T.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        T.RandomGrayscale(p=0.2),
        T.ToTensor(),
    ])


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--batch", type=int, required=True)
    flags.add_argument("--side", type=int, required=True)
    flags.add_argument("--interpolation", choices=sorted(INTERPOLATION), required=True)
    flags = flags.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(1)
    pixels = numpy.random.default_rng(1).integers(0, 256, (flags.batch, flags.side, flags.side, 3), dtype=numpy.uint8)
    images = [PIL.Image.fromarray(p) for p in pixels]
    transform = views(flags.side, flags.interpolation)

    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}
    print(json.dumps(versions), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        torch.stack([transform(image) for image in images])
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
