"""Writes corruptions.json: what NumPy, SciPy, OpenCV, scikit-image, Pillow and ImageMagick make of the corruptions without
random numbers, and of steps of those with random numbers, by the definitions of Hendrycks and Dietterich (arXiv:1903.12261).

    python -m venv venv && venv/bin/pip install numpy scipy opencv-python-headless scikit-image pillow
    venv/bin/python corruptions.py > corruptions.json

Motion blur is ImageMagick 6's: CONVERT names its program, otherwise `convert`.

The pictures are formulas, which the test repeats. Of each result every `every`-th pixel is kept.
"""

import io
import json
import os
import subprocess

import cv2
import numpy as np
import PIL
import PIL.Image
import scipy
import scipy.ndimage
import skimage
import skimage.color
import skimage.filters


def picture(side):
    y, x = np.mgrid[:side, :side]
    red = (20 + x * x // 5 + 2 * y) % 256
    green = (60 + x * y // 9 + 19 * ((x + 2 * y) % 3)) % 256
    blue = np.maximum(200 - 3 * x - y * y // 20, 0)
    pixels = np.stack([red, green, blue], -1)
    pixels[:3, :5] = 0
    return pixels.astype(np.uint8)


def levels(values):
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def brightness(pixels, more):
    hsv = skimage.color.rgb2hsv(pixels / 255)
    hsv[..., 2] = np.clip(hsv[..., 2] + more, 0, 1)
    return levels(skimage.color.hsv2rgb(hsv))


def contrast(pixels, left):
    values = pixels / 255
    mean = values.mean((0, 1))
    return levels(mean + left * (values - mean))


def disk(radius, soften):
    reach, size = (8, 3) if radius <= 8 else (int(radius), 5)
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    inside = (x * x + y * y <= radius * radius).astype(np.float32)
    return cv2.GaussianBlur(inside / inside.sum(), (size, size), soften)


def defocus(pixels, lens):
    return levels(cv2.filter2D(pixels / 255, -1, disk(*lens)))


def zoom(values, factor):
    side = len(values)
    middle = int(np.ceil(side / factor))
    first = (side - middle) // 2
    middle = values[first:first + middle, first:first + middle]
    large = scipy.ndimage.zoom(middle, (factor, factor) + (1,) * (values.ndim - 2), order=1)
    trim = (len(large) - side) // 2
    return large[trim:trim + side, trim:trim + side]


def zoom_blur(pixels, zooms):
    values = (pixels / 255).astype(np.float32)
    factors = np.arange(1, *zooms)
    return levels((values + sum(zoom(values, factor) for factor in factors)) / (len(factors) + 1))


def pixelate(pixels, scale):
    side = len(pixels)
    small = PIL.Image.fromarray(pixels).resize((int(side * scale),) * 2, PIL.Image.BOX)
    return np.array(small.resize((side, side), PIL.Image.BOX))


def jpeg(pixels, quality):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.array(PIL.Image.open(file))


# The strengths of CIFAR-10-C and of ImageNet-C.
CASES = {
    "brightness": (brightness, [.05, .1, .15, .2, .3], [.1, .2, .3, .4, .5]),
    "contrast": (contrast, [.75, .5, .4, .3, .15], [.4, .3, .2, .1, .05]),
    "defocus blur": (
        defocus,
        [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)],
        [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)],
    ),
    "zoom blur": (
        zoom_blur,
        [(1.06, .01), (1.11, .01), (1.16, .01), (1.21, .01), (1.26, .01)],
        [(1.11, .01), (1.16, .01), (1.21, .02), (1.26, .02), (1.31, .03)],
    ),
    "pixelate": (pixelate, [.95, .9, .85, .75, .65], [.6, .5, .4, .3, .25]),
    "jpeg compression": (jpeg, [80, 65, 58, 50, 40], [25, 18, 15, 10, 7]),
}


def motion(pixels, radius, sigma, degrees):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    command = [os.environ.get("CONVERT", "convert"), "png:-", "-motion-blur", f"{radius}x{sigma}{degrees:+}", "png:-"]
    result = subprocess.run(command, input=file.getvalue(), stdout=subprocess.PIPE, check=True).stdout
    return np.array(PIL.Image.open(io.BytesIO(result)).convert("RGB"))


def whole():
    for side, every, strengths in (32, 11, 1), (80, 71, 2):
        pixels = picture(side)
        for name, case in CASES.items():
            for severity, strength in enumerate(case[strengths], 1):
                kept = case[0](pixels, strength).reshape(-1, 3)[::every]
                yield {
                    "corruption": name, "severity": severity, "side": side, "every": every, "levels": kept.flatten().tolist(),
                }


def steps():
    values = picture(12)[..., 1] / 255
    y, x = np.mgrid[:12, :12].astype(float)
    corners = np.float32([[10, 10], [10, 2], [2, 2]])
    moved = corners + np.float32([[1, -2], [.5, 1.5], [-1, -.75]])
    yield "gaussian 1.1", skimage.filters.gaussian(values, 1.1, mode="nearest", truncate=4)
    yield "gaussian 9 mirrored", skimage.filters.gaussian(values, 9, mode="reflect", truncate=3)
    yield "zoom 1.75", zoom(values, 1.75)
    yield "zoom 4.5", zoom(values, 4.5)
    yield "affine", cv2.warpAffine(values, cv2.getAffineTransform(corners, moved), (12, 12), borderMode=cv2.BORDER_REFLECT_101)
    yield "displaced", scipy.ndimage.map_coordinates(values, [y + 3 * np.sin(x), x - 2.3 * np.cos(y)], order=1, mode="reflect")
    yield "disk 10", disk(10, .5)[10]
    yield "motion 30", motion(picture(12), 6, 2, 30)[..., 1] / 255
    yield "motion -100", motion(picture(12), 9, 2.5, -100)[..., 1] / 255


libraries = {"numpy": np, "scipy": scipy, "opencv": cv2, "scikit-image": skimage, "pillow": PIL}
out = {
    "versions": {name: library.__version__ for name, library in libraries.items()},
    "images": list(whole()),
    "steps": {name: np.round(values, 6).flatten().tolist() for name, values in steps()},
}
# A line a list, so that a difference can be read.
print(json.dumps(out, separators=(",", ":")).replace('{"corruption"', '\n{"corruption"').replace(']', ']\n'))
