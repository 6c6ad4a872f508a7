"""Constants that a model may name: the defining constants of the SI, and exact ones that follow from them.

Values: The International System of Units (SI), 9th edition, table 1; R = N_A·k_B, F = N_A·e and σ by their definitions;
g_n: the conventional standard acceleration (3rd CGPM, 1901). π is a pure number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """An exact value in SI units, by its unit's symbol."""

    value: float
    unit: str
    title: str


_H, _E, _K, _N, _C = 6.62607015e-34, 1.602176634e-19, 1.380649e-23, 6.02214076e23, 299792458.0
_HBAR = _H / (2 * math.pi)

PURE = {"pi": math.pi}
CONSTANTS = {
    "c": Constant(_C, "m/s", "真空光速 / speed of light in vacuum"),
    "h": Constant(_H, "J·s", "普朗克常数 / Planck constant"),
    "hbar": Constant(_HBAR, "J·s", "约化普朗克常数 / reduced Planck constant"),
    "e": Constant(_E, "C", "元电荷 / elementary charge"),
    "k_B": Constant(_K, "J/K", "玻尔兹曼常数 / Boltzmann constant"),
    "N_A": Constant(_N, "1/mol", "阿伏伽德罗常数 / Avogadro constant"),
    "Delta_nu_Cs": Constant(
        9192631770.0, "Hz", "铯超精细跃迁频率 / hyperfine transition frequency of caesium"
    ),
    "K_cd": Constant(683.0, "lm/W", "发光效能 / luminous efficacy"),
    "R": Constant(_N * _K, "J/(mol·K)", "摩尔气体常数 / molar gas constant"),
    "F": Constant(_N * _E, "C/mol", "法拉第常数 / Faraday constant"),
    "sigma": Constant(
        math.pi**2 * _K**4 / (60 * _HBAR**3 * _C**2),
        "W/(m^2·K^4)",
        "斯特藩-玻尔兹曼常数 / Stefan–Boltzmann constant",
    ),
    "K_J": Constant(2 * _E / _H, "Hz/V", "约瑟夫森常数 / Josephson constant"),
    "R_K": Constant(_H / _E**2, "Ω", "冯·克利青常数 / von Klitzing constant"),
    "g_n": Constant(9.80665, "m/s^2", "标准重力加速度 / standard acceleration of gravity"),
}
