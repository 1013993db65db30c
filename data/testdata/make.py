"""Makes the small files of this folder by the libraries that write such files elsewhere:

    pip install datasets==5.2.0 pyarrow==26.0.1 webdataset==1.0.2 scipy==1.17.1 pillow
    python data/testdata/make.py
"""

import io
import os

import datasets
import numpy as np
import scipy.io
import webdataset
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))


def picture(n, width=8, height=6):
    """An image of one colour, (n, 7n, 31n), as the tests know it."""
    return Image.new("RGB", (width, height), (n, 7 * n % 256, 31 * n % 256))


def png(n):
    content = io.BytesIO()
    picture(n).save(content, "PNG")
    return content.getvalue()


def shards():
    """Twelve training samples in two shards, one of them compressed, and three to validate by."""
    folder = os.path.join(here, "webdataset")
    for name, numbers in [("train-000000.tar", range(6)), ("train-000001.tar.gz", range(6, 12)), ("val-000000.tar.gz", range(12, 15))]:
        with webdataset.TarWriter(os.path.join(folder, name), mtime=0) as out:
            for n in numbers:
                out.write({"__key__": f"{n:06d}", "png": png(n), "cls": n % 3, "json": {"label": "abc"[n % 3], "n": n}, "txt": f"number {n}"})


def parquet():
    """Seven training images in two shards of several row groups, and four to test on, of which the labels are hidden."""
    folder = os.path.join(here, "parquet")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog", "emu"])})
    for name, numbers in [("train-00000-of-00002", range(4)), ("train-00001-of-00002", range(4, 7)), ("test-00000-of-00001", range(7, 11))]:
        rows = {"image": [{"bytes": png(n), "path": f"{n}.png"} for n in numbers], "label": [n % 3 if n < 7 else -1 for n in numbers]}
        rows = datasets.Dataset.from_dict(rows, features=features)
        rows.to_parquet(os.path.join(folder, name + ".parquet"), batch_size=2)


def svhn():
    """Five images as they are in train_32x32.mat: X is [32, 32, 3, n] and y [n, 1], in which 10 is the digit 0."""
    images = np.stack([np.asarray(picture(n, 32, 32)) for n in range(5)], axis=3)
    images[3, 5, 1, 2] = 200  # Row 3, column 5, green, of image 2.
    labels = np.array([[1], [10], [3], [9], [10]], dtype=np.uint8)
    scipy.io.savemat(os.path.join(here, "train_32x32.mat"), {"X": images, "y": labels}, do_compression=True)


shards()
parquet()
svhn()
