"""timm's networks with random weights, and what they make of 16 images.

For every line of JSON on standard input it does what the line asks for and answers with one line. The first line out names
the versions. Weights and features are safetensors files.
"""

import json
import pathlib
import sys

import timm
import torch
from safetensors.torch import load_file, save_file

from golden import images, pooled, randomise


def make(name, side, folder):
    """Writes the network, with a classifier, and its features, which are computed four images at a time."""
    arguments = {"dynamic_img_size": True} if "patch" in name else {}
    model = randomise(timm.create_model(name, num_classes=10, **arguments), 1)
    folder = pathlib.Path(folder)
    save_file(model.state_dict(), folder / "model.safetensors")
    with torch.no_grad():
        features = [pooled(model, part) for part in images(side).float().split(4)]
    save_file({"features": torch.cat(features)}, folder / "features.safetensors")
    return {}


def check(folder):
    """Reads what was exported as users do, and counts the tensors of the encoder that are not as they were."""
    folder = pathlib.Path(folder)
    before = load_file(folder / "model.safetensors")
    after = timm.create_model(f"local-dir:{folder / 'back'}", pretrained=True).state_dict()
    kept = [name for name in after if not name.endswith("num_batches_tracked")]
    differ = [name for name in kept if not torch.equal(before[name].view(torch.int32), after[name].view(torch.int32))]
    lost = [name for name in before if name not in after and not name.startswith(("fc.", "head.fc.", "head.weight", "head.bias"))]
    return {"tensors": len(kept), "differ": len(differ) + len(lost)}


def main():
    print(json.dumps({"timm": timm.__version__, "PyTorch": torch.__version__}), flush=True)
    commands = {"make": make, "check": check}
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(commands[asked.pop("do")](**asked)), flush=True)


if __name__ == "__main__":
    main()
