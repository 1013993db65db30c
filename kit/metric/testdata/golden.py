"""Writes what scikit-learn and fairlearn give on small random inputs, for the tests of kit/metric:

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install scikit-learn==1.9.1 fairlearn==0.15.0 numpy==2.4.6
    /tmp/golden/bin/python kit/metric/testdata/golden.py kit/metric/testdata/sklearn.json

Probabilities are counts out of 1000, so that rows sum to 1, ties are common, and zeros and ones occur. ECE, linear CKA and
the effective dimension are not in scikit-learn; they are computed here with numpy, by other routes than the Go code's.
A metric that is undefined is null."""

import json
import sys
import warnings

import fairlearn
import numpy as np
import sklearn
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

warnings.simplefilter("ignore")  # what is undefined is wanted here
random = np.random.default_rng(1)


def plain(value):
    """value for JSON, with NaN as null."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    value = float(value)
    return None if np.isnan(value) else value


def ece(truth, probabilities, bins):
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    edges = np.arange(bins + 1) / bins
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs((predicted == truth)[inside].mean() - confidence[inside].mean())
    return total


def reports(truth, predicted, classes):
    out = {}
    for name, zero in {"zero": 0.0, "one": 1.0, "excluded": np.nan}.items():
        for average in ["classes", "macro", "micro", "weighted"]:
            p, r, f, _ = precision_recall_fscore_support(
                truth,
                predicted,
                labels=range(classes),
                average=None if average == "classes" else average,
                zero_division=zero,
            )
            out[f"{name} {average}"] = [plain(p), plain(r), plain(f)]
    return out


def ranked(metric, truth, scores, classes):
    """metric by class against the rest, then macro and weighted; null where a class is absent."""
    if len(set(truth)) < classes:
        return None
    if metric is roc_auc_score:
        values = [metric(truth, scores, multi_class="ovr", average=a) for a in [None, "macro", "weighted"]]
    else:
        values = [metric(truth, scores, average=a) for a in [None, "macro", "weighted"]]
    return {"classes": plain(values[0]), "macro": plain(values[1]), "weighted": plain(values[2])}


def decisions(truth, predicted, classes):
    return {
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "classes": classes,
        "accuracy": accuracy_score(truth, predicted),
        "balanced": balanced_accuracy_score(truth, predicted),
        "kappa": plain(cohen_kappa_score(truth, predicted)),
        "macro_f1_without_labels": precision_recall_fscore_support(truth, predicted, average="macro")[2],
        "confusion": confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
        "reports": reports(truth, predicted, classes),
    }


def multiclass(name, n, weights, informed, sharp, missing=()):
    """n images of len(weights) classes with these shares, a model as good as `informed`, and no image of `missing`."""
    classes = len(weights)
    weights = np.array(weights, dtype=float)
    weights[list(missing)] = 0
    truth = random.choice(classes, n, p=weights / weights.sum())
    logits = sharp * (random.normal(size=(n, classes)) + informed * np.eye(classes)[truth])
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    probabilities = np.array([random.multinomial(1000, row) for row in p]) / 1000
    case = decisions(truth, probabilities.argmax(axis=1), classes)
    labels = list(range(classes))
    case.update(
        name=name,
        probabilities=probabilities.ravel().tolist(),
        log_loss=log_loss(truth, probabilities, labels=labels),
        brier=brier_score_loss(truth, probabilities, labels=labels, scale_by_half=False),
        ece_15=ece(truth, probabilities, 15),
        ece_10=ece(truth, probabilities, 10),
        ece_1=ece(truth, probabilities, 1),
        roc_auc=ranked(roc_auc_score, truth, probabilities, classes) if classes > 2 else None,
        average_precision=ranked(average_precision_score, truth, probabilities, classes) if classes > 2 else None,
    )
    return case


def binary(name, n, share, levels, scale=1.0):
    """n scores on `levels` distinct values, negative ones among them; probabilities are their sigmoids on the same levels."""
    truth = (random.random(n) < share).astype(int)
    truth[:2] = [0, 1]
    scores = np.round((random.normal(size=n) + truth) * levels / 6) * 6 / levels * scale
    probability = np.clip(np.round(levels / (1 + np.exp(-scores / scale))) / levels, 0, 1)
    return {
        "name": name,
        "truth": truth.tolist(),
        "scores": scores.tolist(),
        "probability": probability.tolist(),
        "roc_auc": roc_auc_score(truth, scores),
        "sensitivity": {str(s): sensitivity(truth, scores, s) for s in [0, 0.5, 0.9, 0.95, 1]},
        "average_precision": average_precision_score(truth, scores),
        "log_loss": log_loss(truth, probability, labels=[0, 1]),
        "brier": brier_score_loss(truth, probability, labels=[0, 1]),
    }


def sensitivity(truth, scores, specificity):
    """The highest sensitivity of all thresholds with at least this specificity, which 1 - fpr has but for rounding."""
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    return float(tpr[fpr <= 1 - specificity + 1e-12].max())


def fairness(name, n, groups, gap):
    group = random.integers(0, groups, n)
    truth = random.integers(0, 2, n)
    predicted = (random.random(n) < 0.3 + 0.4 * truth + gap * (group == 0)).astype(int)
    return {
        "name": name,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "groups": group.tolist(),
        "demographic_parity": demographic_parity_difference(truth, predicted, sensitive_features=group),
        "equalized_odds": equalized_odds_difference(truth, predicted, sensitive_features=group),
    }


def representations(name, n, dim_x, dim_y, offset):
    """Multiples of 1/64, exact in float32."""
    x = np.round(64 * (random.normal(size=(n, dim_x)) @ random.normal(size=(dim_x, dim_x)) + offset)) / 64
    y = np.round(64 * (x @ random.normal(size=(dim_x, dim_y)) + 3 * random.normal(size=(n, dim_y)))) / 64
    centring = np.eye(n) - 1 / n
    k, l = centring @ x @ x.T @ centring, centring @ y @ y.T @ centring
    eigenvalues = np.linalg.eigvalsh(np.cov(x, rowvar=False))
    return {
        "name": name,
        "x": x.ravel().tolist(),
        "y": y.ravel().tolist(),
        "n": n,
        "dim_x": dim_x,
        "dim_y": dim_y,
        "cka": np.trace(k @ l) / np.sqrt(np.trace(k @ k) * np.trace(l @ l)),
        "dimension": eigenvalues.sum() ** 2 / (eigenvalues**2).sum(),
    }


never = decisions(random.integers(0, 3, 60), np.full(60, 3), 5)
never["name"] = "always a class without images"
constant = decisions(np.full(40, 1), np.full(40, 1), 3)
constant["name"] = "one class throughout"

golden = {
    "versions": {"scikit-learn": sklearn.__version__, "fairlearn": fairlearn.__version__, "numpy": np.__version__},
    "multiclass": [
        multiclass("random", 120, [1, 1, 1, 1], 0.0, 1.0),
        multiclass("good", 150, [1, 1, 1, 1, 1], 2.0, 1.5),
        multiclass("sharp, with zeros and ones", 80, [1, 1, 1], 0.5, 8.0),
        multiclass("imbalanced", 200, [80, 15, 5], 1.0, 1.0),
        multiclass("absent class", 100, [1, 1, 1, 1, 1], 0.5, 1.0, missing=[2]),
        multiclass("two classes", 90, [7, 3], 1.0, 1.0),
    ],
    "decisions": [never, constant],
    "binary": [
        binary("random order", 100, 0.5, 100000),
        binary("ties", 120, 0.5, 6),
        binary("imbalanced", 200, 0.05, 50),
        binary("mostly positive", 60, 0.9, 20),
        binary("large scores", 150, 0.3, 200, scale=1e6),
    ],
    "fairness": [
        fairness("two groups", 150, 2, 0.0),
        fairness("two groups, a gap", 150, 2, 0.25),
        fairness("four groups", 200, 4, 0.1),
    ],
    "representations": [
        representations("many rows", 40, 6, 9, 0.0),
        representations("few rows", 12, 20, 15, 0.0),
        representations("far from the origin", 30, 5, 4, 1000.0),
    ],
}
with open(sys.argv[1], "w") as file:
    # One case a line: small, and a difference shows which case it is in.
    parts = [f'"versions": {json.dumps(golden.pop("versions"))}']
    for part, cases in golden.items():
        parts.append(f'"{part}": [\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]")
    file.write("{\n" + ",\n".join(parts) + "\n}\n")
