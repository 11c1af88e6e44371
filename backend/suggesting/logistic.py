"""Multinomial and one-against-rest logistic regression on top of given logits.

scikit-learn's takes no offset. Numpy and scipy; for workers and the assistant.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Weights (d, k) and bias (k,).
Fit = tuple[Array, Array]


def probabilities(z: Array, multi_label: bool) -> Array:
    if multi_label:
        return np.asarray(1 / (1 + np.exp(-np.clip(z, -60, 60))))
    e = np.exp(z - z.max(1, keepdims=True))
    return np.asarray(e / e.sum(1, keepdims=True))


def minimise(x: Array, y: Array, offset: Array, penalty: float, start: Fit | None = None, *, multi_label: bool) -> Fit:
    """Weights and bias with the least mean log loss plus half the penalty times their squares.

    x: (n, d). y: (n, k) of 0 and 1. offset: (n, k), logits that are there already. start: where to begin.
    """
    from scipy.optimize import minimize

    d, k = x.shape[1], y.shape[1]
    weights, bias = start or (np.zeros((d, k)), np.zeros(k))
    # Half the time, and exact enough to stop at 1e-5.
    x = x.astype(np.float32)

    def loss(flat: Array) -> tuple[float, Array]:
        weights, bias = flat[: d * k].reshape(d, k), flat[d * k :]
        z = offset + x @ weights.astype(np.float32) + bias
        if multi_label:
            value = float((np.logaddexp(0, z) - y * z).sum() / len(x))
            found = probabilities(z, multi_label)
        else:
            found = probabilities(z, multi_label)
            value = -float(np.log(np.maximum((found * y).sum(1), 1e-30)).mean())
        wrong = (found - y) / len(x)
        slope = x.T @ wrong.astype(np.float32) + penalty * weights
        value += 0.5 * penalty * float(flat @ flat)
        return value, np.concatenate([slope.ravel(), wrong.sum(0) + penalty * bias])

    options = {"maxiter": 200, "ftol": 1e-5}
    flat = minimize(loss, np.concatenate([weights.ravel(), bias]), jac=True, method="L-BFGS-B", options=options).x
    return flat[: d * k].reshape(d, k), flat[d * k :]
