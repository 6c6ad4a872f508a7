"""A calibration curve and its use: forward, inverse, as columns that stay correlated through the calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from quanheng.measure.calibration.columns import Cause, column, of_residuals, stated, with_one_spread
from quanheng.measure.calibration.inversion import solve
from quanheng.measure.calibration.points import Basis
from quanheng.measure.calibration.scatter import Effect
from quanheng.measure.errors import InvalidData, InvalidUncertainty
from quanheng.measure.quantity.freedom import checked_dof, coverage_factor, effective
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]
Spread = Literal["stated", "residuals"]


@dataclass(frozen=True, eq=False)
class Curve:
    """A fitted polynomial, or n of them; made by the functions of `calibration.regression`.

    `local` (…, p): coefficients in `basis`; `weights` (…, p, m): their derivatives by y; `effects`: what independent
    errors contribute to them, before `scale`. `chi_squared` (…,) is that of the uncertainties as stated; of
    `ordinary`, it is the sum of squared residuals.
    """

    method: str
    spread: Spread
    basis: Basis
    x: Float
    y: Float
    local: Float
    weights: Float
    effects: tuple[Effect, ...]
    chi_squared: Float
    name: str | None = None

    @property
    def coefficients(self) -> Float:
        """Coefficients (…, p) of powers 0, 1, … of x − origin."""
        return np.asarray((self.basis.to_origin @ self.local[..., None])[..., 0])

    @property
    def covariance(self) -> Float:
        """Covariance matrix (…, p, p) of the coefficients."""
        M = self.basis.to_origin
        V = M @ self.local_covariance @ np.swapaxes(M, -1, -2)
        return np.broadcast_to(V, (*self.local.shape, self.local.shape[-1]))

    @property
    def u(self) -> Float:
        """Standard uncertainties of the coefficients, (…, p)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))

    @property
    def correlation(self) -> Float:
        """Correlation matrix (…, p, p) of the coefficients."""
        u = self.u
        return np.asarray(self.covariance / (u[..., None] * u[..., None, :]))

    @property
    def residuals(self) -> Float:
        """y less the curve at x, (…, m)."""
        return self.y - self.predict(self.x).value

    @property
    def dof(self) -> int:
        """Degrees of freedom of the residuals: points less coefficients."""
        return int(self.x.shape[-1] - self.local.shape[-1])

    @property
    def residual_s(self) -> Float:
        """√(chi-squared/dof), (…,): of `ordinary` the standard deviation of y about the curve; else a ratio, near 1."""
        if self.dof == 0:
            raise InvalidData(
                "点数等于系数个数，没有残差 / as many points as coefficients: there are no residuals"
            )
        return np.sqrt(self.chi_squared / self.dof)

    @property
    def p_value(self) -> Float:
        """Probability (…,) of a larger chi-squared if the stated uncertainties and the curve are right.

        Below 0.05 ISO/TS 28037:2010, 6.3 doubts them. InvalidData where the spread was taken from the residuals.
        """
        if self.spread == "residuals" or self.dof == 0:
            raise InvalidData(
                "没有可检验的：分散由残差而来，或没有多余的点 / nothing to test: the spread was taken from the "
                "residuals, or there are no spare points"
            )
        return np.asarray(chdtrc(self.dof, self.chi_squared))

    @cached_property
    def scale(self) -> Float:
        """What the effects are multiplied by, (…,)."""
        return self.residual_s if self.spread == "residuals" else np.ones(())

    @cached_property
    def local_covariance(self) -> Float:
        """Covariance matrix (…, p, p) of the coefficients in the basis."""
        parts = (each.contributions for each in self.effects)
        unscaled = sum(c @ np.swapaxes(c, -1, -2) for c in parts)
        return np.asarray(self.scale[..., None, None] ** 2 * unscaled)

    # ---- use -------------------------------------------------------------------------------------------------

    def predict(self, x: ArrayLike, u_x: ArrayLike = 0.0, *, dof_x: ArrayLike = np.inf) -> Prediction:
        """y at x, with the uncertainty of the curve and of x. ISO/TS 28037:2010, 11.2.

        x: a number (one point on each curve), (k,) (these points on each curve), or (n, k). u_x broadcasts against it.
        """
        at, u = np.asarray(x, dtype=float), _use("x", x, u_x)
        points, one = np.atleast_1d(at), at.ndim == 0
        t = self.basis.local(points)
        design, slopes = self.basis.design(t), self.basis.slopes(t)
        line = self.local[..., None, :]
        value, slope = (design * line).sum(axis=-1), (slopes * line).sum(axis=-1)
        reading = abs(slope) * _fitting(u[..., None] if one else u, slope)
        return _prediction(self, one, value, points, design, reading, dof_x)

    def inverse(
        self,
        y: ArrayLike,
        u_y: ArrayLike | None = None,
        *,
        observations: int | None = None,
        dof_y: ArrayLike = np.inf,
    ) -> Prediction:
        """x at which the curve takes the value y. ISO/TS 28037:2010, 11.1; EURACHEM/CITAC QUAM, E.4.

        y as x of `predict`. Its uncertainty is said in one of two ways: `u_y` (0: exact), with `dof_y`; or
        `observations`, the number of further observations whose mean y is, each with the standard deviation of the
        residuals of an `ordinary` curve (with the same degrees of freedom).
        A line may be used beyond its points (see `beyond`), a curve only within, and only where it rises or falls
        throughout. InvalidData where the slope is not distinguishable from 0: |b| < k·u(b) at 95 %, where Fieller's
        interval for x is unbounded.
        """
        if (u_y is None) == (observations is None):
            raise InvalidData("u_y 与 observations 须给其一 / give either u_y or observations")
        own = observations is not None
        at, u = np.asarray(y, dtype=float), self._of_observations(y, u_y, observations)
        one = at.ndim == 0
        value = solve(self.basis, self.local, np.atleast_1d(at))
        t = self.basis.local(value)
        slopes = self.basis.slopes(t)
        slope = (slopes * self.local[..., None, :]).sum(axis=-1)
        self._significant(slope, slopes)
        sensitivity = -self.basis.design(t) / slope[..., None]
        reading = _fitting(u[..., None] if one or own else u, slope) / abs(slope)
        return _prediction(self, one, value, value, sensitivity, reading, dof_y, own=own)

    def _of_observations(self, y: ArrayLike, u_y: ArrayLike | None, observations: int | None) -> Float:
        """Uncertainty of what the curve is read at: stated, or of the mean of so many observations."""
        if observations is None:
            return _use("y", y, u_y)
        if observations < 1 or observations != int(observations):
            raise InvalidData(
                "observations 须为不小于 1 的整数 / observations is a whole number of at least 1"
            )
        if self.method != "ordinary":
            raise InvalidData(
                "只有 ordinary 曲线知道一次观测的标准差；请给 u_y / only an ordinary curve knows the spread of one "
                "observation: give u_y"
            )
        return _use("y", y, self.residual_s / np.sqrt(observations))

    def _significant(self, slope: Float, slopes: Float) -> None:
        u = np.sqrt(_quadratic(slopes, self.local_covariance, self.local.ndim))
        k = coverage_factor(0.95, self.dof if self.spread == "residuals" else np.inf)
        flat = ~(abs(slope) > k * u)
        if np.any(flat):
            b, u_b = slope[flat].flat[0], np.broadcast_to(u, slope.shape)[flat].flat[0]
            raise InvalidData(
                f"斜率 {b:g} 与零分不开（u = {u_b:.2g}），反查没有意义：任何 x 都可能 / the slope {b:g} is not "
                f"distinguishable from 0 (u = {u_b:.2g}): every x would do, and an inverse means nothing"
            )

    # ---- as columns ------------------------------------------------------------------------------------------

    @cached_property
    def causes(self) -> list[Cause]:
        """Independent sources of error and what they contribute to the coefficients in the basis."""
        if self.spread == "stated":
            return stated(self.effects, several=self.local.ndim > 1, name=self.name)
        return self.of_residuals(with_one_spread(self.sources_of_residuals))

    @cached_property
    def sources_of_residuals(self) -> list[Source]:
        size = self.local.shape[-1]
        return of_residuals(size, float(self.dof), several=self.local.ndim > 1, name=self.name)

    def of_residuals(self, sources: Sequence[Source]) -> list[Cause]:
        """As many sources as coefficients, with their covariance.

        InvalidUncertainty where there are no residuals; InvalidData where curves have errors of x or y in common.
        """
        several = self.local.ndim > 1
        if several and any(each.common for each in self.effects):
            raise InvalidData(
                "各仪器共有的标准误差，大小不能取自每台的残差：请用 spread='stated' / errors that all instruments have "
                "in common cannot take their size from the residuals of each: state it, spread='stated'"
            )
        if not np.all(self.residual_s > 0):
            raise InvalidUncertainty(
                "各点恰在曲线上，残差为零，看不出分散：请用 weighted 给出 u_y / the points lie on the curve "
                "and show no spread: state u_y, with weighted"
            )
        L = np.linalg.cholesky(self.local_covariance)
        return [Cause(source, np.asarray(L[..., k]), several) for k, source in enumerate(sources)]

    def as_uncertain(self) -> list[Uncertain]:
        """The coefficients (of powers of x − origin) as columns: one row, or one for each curve, correlated."""
        values, M = self.coefficients, self.basis.to_origin
        return [column(values[..., j], M[..., j, :], self.causes) for j in range(values.shape[-1])]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Values read off a curve. With one curve: (), or (k,) for k points; with n curves: (n,) or (n, k).

    `x`: where on the curve; `sensitivity` (…, p) to the coefficients in the basis; `reading`: what the uncertainty of
    the given x or y contributes, with its degrees of freedom, and `own` where it is that of the curve's residuals.
    """

    curve: Curve
    value: Float
    x: Float
    sensitivity: Float
    reading: Float
    reading_dof: Float
    own: bool

    @property
    def variance(self) -> Float:
        """u², of the shape of the values."""
        return (
            _quadratic(self.sensitivity, self.curve.local_covariance, self.curve.local.ndim) + self.reading**2
        )

    @property
    def u(self) -> Float:
        """Standard uncertainty, of the shape of the values."""
        return np.sqrt(self.variance)

    @property
    def covariance(self) -> Float:
        """Covariance matrix (…, k, k) of the k points of each curve, whose readings are independent."""
        if self.value.ndim < self.curve.local.ndim:
            raise InvalidData(
                "一个点没有协方差矩阵 / one point has no covariance matrix: give an array of points"
            )
        J = self.sensitivity
        through = J @ self.curve.local_covariance @ np.swapaxes(J, -1, -2)
        return np.asarray(through + self.reading[..., None] ** 2 * np.eye(self.value.shape[-1]))

    @property
    def dof(self) -> Float:
        """Effective degrees of freedom, of the shape of the values, from the weights of the observations.

        JCGM 100:2008, G.4.1; R. Willink, Metrologia 45 (2008) 63.
        """
        variance, reading = self.variance, self.reading**2
        curve = self.curve
        if curve.spread == "residuals":
            through = variance if self.own else variance - reading
            rest = through**2 / curve.dof
        else:
            rest = sum((self._through(each) ** 4 / each.dof).sum(axis=-1) for each in curve.effects)
        return effective(variance, rest + (0.0 if self.own else reading**2 / self.reading_dof))

    @property
    def beyond(self) -> NDArray[np.bool_]:
        """Whether x lies outside the calibrated range."""
        basis, points = self.curve.basis, self.value.ndim >= self.curve.local.ndim
        centre, half = (
            (basis.centre[..., None], basis.half[..., None]) if points else (basis.centre, basis.half)
        )
        return np.asarray(abs(self.x - centre) > half * (1 + 1e-12))

    def as_uncertain(self) -> Uncertain:
        """The values as a column: all rows share the errors of the calibration, each has its own reading.

        One curve at k points, or n curves at one point each. Readings with the spread of the residuals are named
        sources of one ensemble with the calibration, for few rows; two such columns cannot be combined later.
        """
        value, J, reading = self.value, self.sensitivity, self.reading
        if value.ndim == 2 and value.shape[-1] == 1:
            value, J, reading = value[..., 0], J[..., 0, :], reading[..., 0]
        if value.ndim > 1:
            raise InvalidData(
                "每条曲线取一个点，或只取一条曲线 / take one point of each curve, or several of one curve"
            )
        if self.own:
            return self._with_own_spread(value, J, reading)
        dof = self.reading_dof if self.reading_dof.ndim else float(self.reading_dof)
        own = {Source("reading", dof): np.atleast_1d(reading)} if np.any(reading > 0) else {}
        return column(value, J, self.curve.causes, own)

    def _with_own_spread(self, value: Float, J: Float, reading: Float) -> Uncertain:
        curve, several = self.curve, self.curve.local.ndim > 1
        count, size = 1 if several else value.size, curve.local.shape[-1]
        plain = [Source(f"reading {k + 1}", float(curve.dof), kind="A") for k in range(count)]
        ensemble = with_one_spread([*curve.sources_of_residuals, *plain])
        through = column(value, J, curve.of_residuals(ensemble[:size]))
        if several:
            return replace(through, private={**through.private, ensemble[size]: reading})
        each = zip(ensemble[size:], np.diag(np.atleast_1d(reading)), strict=True)
        return replace(through, shared={**through.shared, **dict(each)})

    def _through(self, effect: Effect) -> Float:
        """Contributions (…, q) of the independent errors of an effect."""
        c = effect.contributions
        if self.value.ndim >= self.curve.local.ndim:
            return np.asarray(self.sensitivity @ c)
        return np.asarray((self.sensitivity[..., None, :] @ c)[..., 0, :])


def _prediction(
    curve: Curve,
    one: bool,
    value: Float,
    x: Float,
    sensitivity: Float,
    reading: Float,
    dof: ArrayLike,
    *,
    own: bool = False,
) -> Prediction:
    """A prediction, without the axis of points where one point was asked for."""
    nu = checked_dof(dof)
    wide = np.broadcast_to(sensitivity, (*value.shape, sensitivity.shape[-1]))
    at = np.broadcast_to(x, value.shape)
    if one:
        value, at, wide, reading = value[..., 0], at[..., 0], wide[..., 0, :], reading[..., 0]
    return Prediction(curve, value, at, wide, reading, nu, own)


def _quadratic(J: Float, V: Float, dimensions: int) -> Float:
    """J V J' for rows J (…, p), of one curve or of several, with or without an axis of points."""
    if J.ndim > dimensions and V.ndim > 2:
        V = V[..., None, :, :]
    return np.asarray((J[..., None, :] @ V @ J[..., :, None])[..., 0, 0])


def _use(name: str, value: ArrayLike, u: ArrayLike | None) -> Float:
    """Uncertainties of what a curve is used with; 0 is an exact value."""
    if not np.all(np.isfinite(np.asarray(value, dtype=float))):
        raise InvalidData(f"{name} 须为有限数 / {name} is finite")
    uncertainty = np.asarray(u, dtype=float)
    if not np.all((uncertainty >= 0) & np.isfinite(uncertainty)):
        raise InvalidUncertainty(f"u_{name} 须不为负且有限 / u_{name} is finite and not negative")
    return np.asarray(uncertainty)


def _fitting(u: Float, points: Float) -> Float:
    """Uncertainties, one for each point."""
    try:
        return np.broadcast_to(u, points.shape)
    except ValueError:
        raise InvalidData(
            f"{u.shape} 个不确定度与 {points.shape} 个点不符 / {u.shape} uncertainties do not fit {points.shape} points"
        ) from None
