"""scikit-learn's exact k-NN and t-SNE, and the measures by which either side's t-SNE is judged.

For every line of JSON on standard input it does what the line asks for and answers with one line, so that the caller
decides when each turn runs, and takes its own in between. The first line out names the versions. Vectors, neighbours and
points are files of plain numbers, row by row.
"""

import json
import sys
import time

import numpy
import scipy
import sklearn
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn
from sklearn.neighbors import NearestNeighbors


def read(path, dim):
    return numpy.fromfile(path, numpy.float32).reshape(-1, dim)


def unit(x):
    return x / numpy.linalg.norm(x, axis=1, keepdims=True)


def neighbours(train, test, dim, k, metric, out):
    """Exact neighbours by cosine similarity; "euclidean" finds the same ones on vectors of length 1."""
    train, test = read(train, dim), read(test, dim)
    start = time.perf_counter()
    if metric == "euclidean":
        train, test = unit(train), unit(test)
    search = NearestNeighbors(n_neighbors=k, algorithm="brute", metric=metric, n_jobs=-1).fit(train)
    index = search.kneighbors(test, return_distance=True)[1]
    seconds = time.perf_counter() - start
    index.astype(numpy.int64).tofile(out)
    return {"seconds": seconds}


def tsne(x, dim, perplexity, iterations, seed, out):
    x = read(x, dim)
    start = time.perf_counter()
    model = TSNE(perplexity=perplexity, max_iter=iterations, init="pca", n_jobs=-1, random_state=seed)
    points = model.fit_transform(x)
    seconds = time.perf_counter() - start
    points.astype(numpy.float64).tofile(out)
    return {"seconds": seconds, "iterations": int(model.n_iter_) + 1}


def judge(x, dim, perplexity, points):
    """The divergence KL(P||Q), over all pairs and in float64, and the trustworthiness of five neighbours."""
    x, y = read(x, dim), numpy.fromfile(points, numpy.float64).reshape(-1, 2)
    n = len(y)
    nearest = NearestNeighbors(n_neighbors=int(3 * perplexity + 1), algorithm="brute", n_jobs=-1).fit(x)
    distances = nearest.kneighbors_graph(mode="distance")
    distances.data **= 2
    p = _joint_probabilities_nn(distances, perplexity, verbose=0).tocoo()
    z = -float(n)
    for start in range(0, n, 500):
        block = y[start:start + 500, None, :] - y[None, :, :]
        z += (1 / (1 + numpy.square(block).sum(-1))).sum()
    q = 1 / (1 + numpy.square(y[p.row] - y[p.col]).sum(-1)) / z
    kl = float((p.data * numpy.log(p.data / q))[p.data > 0].sum())
    return {"kl": kl, "trustworthiness": float(trustworthiness(x, y, n_neighbors=5))}


def main():
    versions = {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__, "scipy": scipy.__version__}
    print(json.dumps(versions), flush=True)
    commands = {"neighbours": neighbours, "tsne": tsne, "judge": judge}
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(commands[asked.pop("do")](**asked)), flush=True)


if __name__ == "__main__":
    main()
