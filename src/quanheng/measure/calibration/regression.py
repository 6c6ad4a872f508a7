"""Calibration curves by the published methods, side by side.

    ordinary              equal unknown errors of y                JCGM 100:2008, H.3
    weighted              u of each y                              ISO/TS 28037:2010, clause 6
    generalised           covariance matrix of y                   clause 9
    distance              u of each x and y                        clause 7
    generalised_distance  covariance matrices of x, y, and both    clause 10

`spread` says where the size of the errors comes from, and is never guessed. "stated": the uncertainties given are
right as they stand, and chi-squared tests them. "residuals": only their ratios are; the size is that of the residuals,
with (points − coefficients) degrees of freedom, and nothing is left to test.

x: (m,), or (n, m) for curves with points of their own. y: (m,), or (n, m) for n instruments. x given once with many y
means one realisation of the standards: its errors are then common to all instruments, and correlate their curves.
u_x, u_y: a number, (m,) or (n, m). `origin`: coefficients are those of powers of x − origin. `name` (a certificate's
number) gives errors a stable identity, so that results computed apart stay correlated: of one curve, all of its errors;
of many, those they have in common.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.calibration.curve import Curve, Spread
from quanheng.measure.calibration.points import (
    Basis,
    basis_of,
    checked_points,
    checked_uncertainty,
    cholesky,
)
from quanheng.measure.calibration.scatter import Correlated, Independent, Whitening
from quanheng.measure.errors import InvalidData, NotConverged
from quanheng.measure.quantity.freedom import checked_dof

Float = NDArray[np.float64]
ROUNDS = 200
CLOSE = 1e-10  # steps below this share of a coefficient's standard uncertainty end the iteration


def ordinary(
    x: ArrayLike, y: ArrayLike, *, degree: int = 1, origin: float = 0.0, name: str | None = None
) -> Curve:
    """Least squares with equal unknown errors of y, x exact: all that is known of the errors is in the residuals.

    Errors as for `checked_points`. JCGM 100:2008, H.3; EURACHEM/CITAC QUAM, appendix E.4.
    """
    a, b = checked_points(x, y, degree, 1)
    errors = Independent(None, np.ones(a.shape[-1]), np.array(np.inf), np.array(np.inf))
    return _straight("ordinary", "residuals", a, b, errors, degree, origin, name)


def weighted(
    x: ArrayLike,
    y: ArrayLike,
    u_y: ArrayLike,
    *,
    spread: Spread,
    dof_y: ArrayLike = np.inf,
    degree: int = 1,
    origin: float = 0.0,
    name: str | None = None,
) -> Curve:
    """Least squares weighted by 1/u_y², errors of y independent, x exact. ISO/TS 28037:2010, clause 6.

    `dof_y`: degrees of freedom of the stated u_y, a number or (m,); those of a prediction then follow from its
    weights on the observations, not from a and b (R. Willink, Metrologia 45 (2008) 63).
    """
    a, b = checked_points(x, y, degree, _spare(spread))
    u = checked_uncertainty(u_y, b, "u_y")
    errors = Independent(None, u, np.array(np.inf), _dof(dof_y, spread, a))
    return _straight("weighted", spread, a, b, errors, degree, origin, name)


def generalised(
    x: ArrayLike,
    y: ArrayLike,
    V_y: ArrayLike,
    *,
    spread: Spread,
    degree: int = 1,
    origin: float = 0.0,
    name: str | None = None,
) -> Curve:
    """Gauss-Markov regression: covariance matrix V_y (m, m) of y, x exact. ISO/TS 28037:2010, clause 9.

    InvalidCorrelation names the pair of points for which V_y is not symmetric or not positive definite.
    """
    a, b = checked_points(x, y, degree, _spare(spread))
    L = cholesky(V_y, _names("y", a.shape[-1]))
    return _straight("generalised", spread, a, b, Correlated(None, None, L), degree, origin, name)


def distance(
    x: ArrayLike,
    y: ArrayLike,
    u_x: ArrayLike,
    u_y: ArrayLike,
    *,
    spread: Spread,
    dof_x: ArrayLike = np.inf,
    dof_y: ArrayLike = np.inf,
    origin: float = 0.0,
    name: str | None = None,
) -> Curve:
    """Generalised distance regression: a line, independent errors of both x and y. ISO/TS 28037:2010, clause 7.

    NotConverged where the iteration ends without a line, as where errors of x are as wide as the range of x.
    """
    a, b = checked_points(x, y, 1, _spare(spread))
    errors = Independent(
        checked_uncertainty(u_x, a, "u_x"),
        checked_uncertainty(u_y, b, "u_y"),
        _dof(dof_x, spread, a),
        _dof(dof_y, spread, a),
    )
    return _both("distance", spread, a, b, errors, origin, name)


def generalised_distance(
    x: ArrayLike,
    y: ArrayLike,
    V_x: ArrayLike,
    V_y: ArrayLike,
    V_xy: ArrayLike | None = None,
    *,
    spread: Spread,
    origin: float = 0.0,
    name: str | None = None,
) -> Curve:
    """Generalised Gauss-Markov regression: a line, V_x, V_y (m, m), V_xy (m, m) with row i, column j cov(xᵢ, yⱼ).

    ISO/TS 28037:2010, clause 10. The joint covariance matrix is positive definite; InvalidCorrelation names a pair.
    """
    a, b = checked_points(x, y, 1, _spare(spread))
    m = a.shape[-1]
    X, Y = np.asarray(V_x, dtype=float), np.asarray(V_y, dtype=float)
    if V_xy is None:
        L_x, L_y = cholesky(X, _names("x", m)), cholesky(Y, _names("y", m))
        return _both("generalised_distance", spread, a, b, Correlated(L_x, None, L_y), origin, name)
    XY = np.asarray(V_xy, dtype=float)
    if {X.shape[-2:], Y.shape[-2:], XY.shape[-2:]} != {(m, m)}:
        raise InvalidData(f"V_x、V_y 与 V_xy 都须为 {m}×{m} / V_x, V_y and V_xy are {m} by {m}")
    X, Y, XY = np.broadcast_arrays(X, Y, XY)
    joint = np.block([[X, XY], [np.swapaxes(XY, -1, -2), Y]])
    L = cholesky(joint, _names("x", m) + _names("y", m))
    errors = Correlated(L[..., :m, :m], L[..., m:, :m], L[..., m:, m:])
    return _both("generalised_distance", spread, a, b, errors, origin, name)


# ---- solving ---------------------------------------------------------------------------------------------------


def _straight(
    method: str,
    spread: Spread,
    x: Float,
    y: Float,
    errors: Independent | Correlated,
    degree: int,
    origin: float,
    name: str | None,
) -> Curve:
    """A curve linear in its coefficients, x exact."""
    basis = basis_of(x, degree, origin)
    t, flat = basis.local(x), np.zeros(())
    whitening = errors.whitening(flat)
    weights = _weights(basis.design(t), whitening)
    coefficients = _apply(weights, y)
    chi_squared = _square(whitening, y - _apply(basis.design(t), coefficients))
    effects = errors.effects(weights, flat, _common(x, y, coefficients))
    return Curve(method, spread, basis, x, y, coefficients, weights, effects, chi_squared, name)


def _both(
    method: str,
    spread: Spread,
    x: Float,
    y: Float,
    errors: Independent | Correlated,
    origin: float,
    name: str | None,
) -> Curve:
    """A line with errors of x and y: Gauss-Newton steps on the coefficients, x adjusted at each.

    # 1 begin with the line of exact x   2 covariance of e = y − a − b·x at this b   3 adjusted x
    # 4 a step to the line through the adjusted points   5 until steps are small beside u(a), u(b)
    The steps are those of ISO/TS 28037, 7.2.1 and 10.2, and end where the gradient of chi-squared is zero.
    """
    basis = basis_of(x, 1, origin)
    t, scaled = basis.local(x), _in_basis(errors, basis)
    start = _weights(basis.design(t), scaled.whitening(np.zeros(())))
    line = _apply(start, y)
    common = _common(x, y, line)
    for _ in range(ROUNDS):
        slope = line[..., 1]
        whitening = scaled.whitening(slope)
        e = y - _apply(basis.design(t), line)
        weighted = whitening.back(whitening.white(e[..., None]))[..., 0]
        adjusted = t - scaled.error_of_x(slope, weighted)
        weights = _weights(basis.design(adjusted), whitening)
        effects = scaled.effects(weights, slope, common)
        u = np.sqrt(sum((each.contributions**2).sum(axis=-1) for each in effects))
        step = _apply(weights, e)
        rounding = 8 * np.finfo(float).eps * abs(weights).sum(axis=-1) * abs(y).max(axis=-1)[..., None]
        if np.all(abs(step) <= CLOSE * u + rounding):
            return Curve(method, spread, basis, x, y, line, weights, effects, _square(whitening, e), name)
        line = line + step
    raise NotConverged(
        f"{ROUNDS} 步内没有收敛：x 的不确定度与 x 的范围相比太大，或点不成直线 / no line after {ROUNDS} steps: "
        "the errors of x are too wide for the range of x, or the points make no line"
    )


def _common(x: Float, y: Float, coefficients: Float) -> dict[str, bool]:
    """Which of x and y was given once for many curves."""
    return {"x": x.shape[:-1] != coefficients.shape[:-1], "y": y.shape[:-1] != coefficients.shape[:-1]}


def _in_basis(errors: Independent | Correlated, basis: Basis) -> Independent | Correlated:
    """Errors of x in units of t."""
    if isinstance(errors, Correlated):
        L_x = None if errors.L_x is None else errors.L_x / basis.half[..., None, None]
        return Correlated(L_x, errors.L_yx, errors.L_y)
    u_x = None if errors.u_x is None else errors.u_x / basis.half[..., None]
    return Independent(u_x, errors.u_y, errors.dof_x, errors.dof_y)


def _weights(design: Float, whitening: Whitening) -> Float:
    """The linear map (…, coefficients, m) from observations to coefficients, by QR of the whitened design."""
    q, r = np.linalg.qr(whitening.white(design))
    return np.asarray(np.linalg.solve(r, np.swapaxes(whitening.back(q), -1, -2)))


def _apply(matrix: Float, vector: Float) -> Float:
    return np.asarray((matrix @ vector[..., None])[..., 0])


def _square(whitening: Whitening, e: Float) -> Float:
    return np.asarray((whitening.white(e[..., None]) ** 2).sum(axis=(-2, -1)))


def _spare(spread: Spread) -> int:
    if spread not in ("stated", "residuals"):
        raise InvalidData(
            f"spread 须为 stated 或 residuals / spread is 'stated' or 'residuals', not {spread!r}"
        )
    return 1 if spread == "residuals" else 0


def _dof(dof: ArrayLike, spread: Spread, x: Float) -> Float:
    nu = checked_dof(dof)
    if spread == "residuals" and np.any(np.isfinite(nu)):
        raise InvalidData(
            "spread='residuals' 的自由度由残差而来，不另给 / with spread='residuals' the degrees of freedom are those "
            "of the residuals: give none"
        )
    return np.broadcast_to(nu, x.shape[-1:])


def _names(letter: str, m: int) -> list[str]:
    return [f"{letter}{k}" for k in range(1, m + 1)]
