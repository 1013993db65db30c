"""Times PIL and torchvision, decoding images on one core.

For every line of JSON on standard input, such as "PIL/files", it decodes all images of that folder once and answers with
one line: the seconds it took. So the caller decides when each turn is, and interleaves it with its own. "files" are
photographs, made into squares: the shorter side scaled, then the centre cut. "squares" have the size already. The first
line out names the versions.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy
import PIL.Image
import torch
import torchvision
from torchvision.transforms.v2 import functional as F


def pil(path, side, crop):
    with PIL.Image.open(path) as image:
        image = image.convert("RGB")
    if crop:
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        image = image.resize((side, side), PIL.Image.Resampling.LANCZOS, box=(left, top, left + short, top + short))
    return numpy.asarray(image)


def tv(path, side, crop):
    image = torchvision.io.decode_image(torchvision.io.read_file(str(path)), torchvision.io.ImageReadMode.RGB)
    if crop:
        image = F.resize(F.center_crop(image, [min(image.shape[1:])] * 2), [side, side], antialias=True)
    return image


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--side", type=int, required=True)
    flags.add_argument("--files", type=pathlib.Path, required=True)
    flags.add_argument("--squares", type=pathlib.Path, required=True)
    flags = flags.parse_args()
    torch.set_num_threads(1)

    decode = {"PIL": pil, "torchvision": tv}
    folders = {"files": sorted(flags.files.glob("*.jpg")), "squares": sorted(flags.squares.glob("*.jpg"))}
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        library, folder = json.loads(line).split("/")
        start = time.perf_counter()
        for path in folders[folder]:
            decode[library](path, flags.side, folder == "files")
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
