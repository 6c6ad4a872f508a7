"""The closed list of units that quanheng takes: the SI, what is accepted beside it, the legal units of China, and the
units that a city's certificates need.

A row is a fact with its source. `symbol` is how the unit is printed (GB 3101—1993, ISO 80000-1); `definition` is
`factor` times a unit of earlier rows, absent where the unit is its own dimension (base units, and scales such as HRC
that nothing converts to). `dsi` and `ucum` are the names in D-SI (SmartCom, 2.2) and UCUM 2.2; None: it has no name
there; a name in braces is a UCUM annotation. `codes` spells a compound row by its factors instead. `kind` is the kind
of quantity that the unit is kept for (VIM 1.2): two units of one dimension and two kinds do not add.
Change a row, and VERSION.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

VERSION = "2026.1"

SI = "SI Brochure, 9th ed. (2019), tables 2 and 4; GB 3100—1993, tables 1 and 2"
ACCEPTED = "SI Brochure, 9th ed. (2019), table 8"
CHINA = "中华人民共和国法定计量单位（国务院 1984-02-27），表 4; GB 3100—1993, table 3"
RATIO = "ISO 80000-1:2022, 7.3; GB 3101—1993, 2.3.3"
ENERGY = "GB 3102.5—1993, 5-52; IEC 80000-6:2022, 6-59 to 6-62"
COAL = "GB/T 2589—2020: 29 307 kJ for 1 kg of standard coal"
EMISSION = "GB/T 32150—2015; ISO 14064-1:2018"
BODY = "质技监局量函〔1998〕126 号: pressure in the human body"
CLINICAL = "WS/T 404 series; IFCC and WHO units in clinical use"
ROCKWELL = "GB/T 230.1—2018; ISO 6508-1:2016"
HARDNESS = "GB/T 231.1, 4340.1, 4341.1, 17394.1"
WATER = "ISO 7027-1:2016; GB 5749—2022"
READ_ONLY = "D-SI 2.2; read in other people's certificates, no legal unit of China"

DECIMAL = "Q R Y Z E P T G M k h da d c m μ n p f a z y r q"
SMALL = "d c m μ n p f a"
LARGE = "k M G T P E"

# symbol: power of ten, D-SI and English name, Chinese name
PREFIXES = {
    "Q": (30, "quetta", "昆"), "R": (27, "ronna", "容"), "Y": (24, "yotta", "尧"), "Z": (21, "zetta", "泽"),
    "E": (18, "exa", "艾"), "P": (15, "peta", "拍"), "T": (12, "tera", "太"), "G": (9, "giga", "吉"),
    "M": (6, "mega", "兆"), "k": (3, "kilo", "千"), "h": (2, "hecto", "百"), "da": (1, "deca", "十"),
    "d": (-1, "deci", "分"), "c": (-2, "centi", "厘"), "m": (-3, "milli", "毫"), "μ": (-6, "micro", "微"),
    "n": (-9, "nano", "纳"), "p": (-12, "pico", "皮"), "f": (-15, "femto", "飞"), "a": (-18, "atto", "阿"),
    "z": (-21, "zepto", "仄"), "y": (-24, "yocto", "幺"), "r": (-27, "ronto", "柔"), "q": (-30, "quecto", "亏"),
}  # fmt: skip

# kinds of quantity that share a dimension with another: Chinese name, a unit of that dimension
KINDS = {
    "energy": ("能量", "J"), "torque": ("力矩", "N·m"), "reactive energy": ("无功电能", "J"),
    "apparent energy": ("视在电能", "J"), "power": ("功率", "W"), "apparent power": ("视在功率", "W"),
    "reactive power": ("无功功率", "W"), "plane angle": ("平面角", "1"), "solid angle": ("立体角", "1"),
    "rotation": ("转数", "1"), "count": ("计数", "1"), "frequency": ("频率", "1/s"), "activity": ("放射性活度", "1/s"),
    "rotational frequency": ("转速", "1/s"), "angular velocity": ("角速度", "1/s"),
    "absorbed dose": ("吸收剂量", "J/kg"), "dose equivalent": ("剂量当量", "J/kg"),
    "luminous intensity": ("发光强度", "cd"), "luminous flux": ("光通量", "cd"), "illuminance": ("光照度", "cd/m2"),
    "Celsius temperature": ("摄氏温度", "K"), "temperature difference": ("温度差", "K"),
    "relative humidity": ("相对湿度", "1"), "volume fraction": ("体积分数", "1"),
    "fraction of the lower explosive limit": ("爆炸下限分数", "1"), "pH": ("pH 值", "1"), "level": ("级", "Np"),
    "blood pressure": ("血压", "Pa"), "airway pressure": ("气道压", "Pa"), "water hardness": ("水的硬度", "mol/m3"),
    "greenhouse gas emission": ("温室气体排放量", "kg"), "catalytic activity": ("催化活性", "mol/s"),
    "vergence": ("屈光度", "1/m"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One legal unit, as the module says. `also`: other spellings that are taken, never printed."""

    symbol: str
    zh: str
    en: str
    source: str
    dsi: str | None
    ucum: str | None
    factor: Fraction | float = Fraction(1)
    definition: str | None = None
    kind: str | None = None
    prefixes: str = ""
    also: tuple[str, ...] = ()
    codes: str | None = None
    offset: float = 0.0  # of the zero, in SI
    legal: bool = True


def _si(
    symbol: str, zh: str, en: str, definition: str | None = None, kind: str | None = None,
    *also: str, ucum: str | None = None, prefixes: str = DECIMAL,
) -> Row:  # fmt: skip
    return Row(
        symbol, zh, en, SI, "\\" + en, ucum or symbol,
        definition=definition, kind=kind, prefixes=prefixes, also=also,
    )  # fmt: skip


def _scale(symbol: str, zh: str, en: str, source: str, *also: str) -> Row:
    """A unit that nothing converts to: its own dimension."""
    return Row(symbol, zh, en, source, None, "{" + symbol + "}", also=also)


BASE = (
    _si("m", "米", "metre", None, None, "meter", "公尺"),
    _si("kg", "千克", "kilogram", None, None, "公斤", "\\kilo\\gram", prefixes=""),
    _si("s", "秒", "second"),
    _si("A", "安[培]", "ampere"),
    _si("K", "开[尔文]", "kelvin"),
    _si("mol", "摩[尔]", "mole"),
    _si("cd", "坎[德拉]", "candela", None, "luminous intensity"),
)

DERIVED = (
    Row("1", "一", "one", RATIO, "\\one", "1", definition=""),
    Row("g", "克", "gram", SI, "\\gram", "g", Fraction(1, 1000), "kg",
        prefixes=DECIMAL.replace(" k ", " ")),
    _si("rad", "弧度", "radian", "1", "plane angle", prefixes=SMALL),
    _si("sr", "球面度", "steradian", "1", "solid angle", prefixes="m μ"),
    _si("Hz", "赫[兹]", "hertz", "1/s", "frequency"),
    _si("N", "牛[顿]", "newton", "kg·m/s2"),
    _si("Pa", "帕[斯卡]", "pascal", "N/m2"),
    _si("J", "焦[耳]", "joule", "N·m", "energy"),
    _si("W", "瓦[特]", "watt", "J/s", "power"),
    _si("C", "库[仑]", "coulomb", "A·s"),
    _si("V", "伏[特]", "volt", "W/A"),
    _si("F", "法[拉]", "farad", "C/V"),
    _si("Ω", "欧[姆]", "ohm", "V/A", ucum="Ohm"),
    _si("S", "西[门子]", "siemens", "A/V"),
    _si("Wb", "韦[伯]", "weber", "V·s"),
    _si("T", "特[斯拉]", "tesla", "Wb/m2"),
    _si("H", "亨[利]", "henry", "Wb/A"),
    Row("°C", "摄氏度", "degree Celsius", SI, "\\degreecelsius", "Cel", definition="K", kind="Celsius temperature",
        prefixes="m", also=("degC", "\\degreeCelsius"), offset=273.15),
    _si("lm", "流[明]", "lumen", "cd·sr", "luminous flux"),
    _si("lx", "勒[克斯]", "lux", "lm/m2", "illuminance"),
    _si("Bq", "贝可[勒尔]", "becquerel", "1/s", "activity"),
    _si("Gy", "戈[瑞]", "gray", "J/kg", "absorbed dose"),
    _si("Sv", "希[沃特]", "sievert", "J/kg", "dose equivalent"),
    _si("kat", "开特", "katal", "mol/s", "catalytic activity"),
)  # fmt: skip

BESIDE_SI = (
    Row("min", "分", "minute", CHINA, "\\minute", "min", Fraction(60), "s", also=("分钟",)),
    Row("h", "[小]时", "hour", CHINA, "\\hour", "h", Fraction(3600), "s"),
    Row("d", "天", "day", CHINA, "\\day", "d", Fraction(86400), "s", also=("日",)),
    Row("°", "度", "degree", CHINA, "\\degree", "deg", math.pi / 180, "rad", "plane angle"),
    Row("′", "角分", "arcminute", CHINA, "\\arcminute", "'", math.pi / 10800, "rad", "plane angle"),
    Row("″", "角秒", "arcsecond", CHINA, "\\arcsecond", "''", math.pi / 648000, "rad", "plane angle", also=('"',)),
    Row("r", "转", "revolution", CHINA, "\\one", "{r}", definition="1", kind="rotation"),
    Row("r/min", "转每分", "revolution per minute", CHINA, None, None, Fraction(1, 60), "1/s", codes="r/min",
        kind="rotational frequency"),
    Row("r/s", "转每秒", "revolution per second", CHINA, None, None, definition="1/s", codes="r/s",
        kind="rotational frequency"),
    Row("rad/s", "弧度每秒", "radian per second", SI, None, None, definition="1/s", codes="rad/s",
        kind="angular velocity"),
    Row("n mile", "海里", "nautical mile", CHINA, "\\nauticalmile", "[nmi_i]", Fraction(1852), "m"),
    Row("kn", "节", "knot", CHINA, "\\knot", "[kn_i]", Fraction(1852, 3600), "m/s"),
    Row("t", "吨", "tonne", CHINA, "\\tonne", "t", Fraction(1000), "kg", prefixes="k M G"),
    Row("Da", "道尔顿", "dalton", ACCEPTED, "\\dalton", "u", 1.66053906892e-27, "kg",  # CODATA 2022
        prefixes="k M G", also=("u", "原子质量单位", "\\atomicmassunit")),
    Row("L", "升", "litre", CHINA, "\\litre", "L", Fraction(1, 1000), "m3", prefixes=DECIMAL,
        also=("l", "liter", "公升")),
    Row("eV", "电子伏", "electronvolt", CHINA, "\\electronvolt", "eV", Fraction(1602176634, 10**28), "J", "energy",
        prefixes="m μ k M G T P E"),
    Row("Np", "奈培", "neper", ACCEPTED, "\\neper", "Np", kind="level"),
    Row("B", "贝[尔]", "bel", ACCEPTED, "\\bel", "B", math.log(10) / 2, "Np", "level"),
    Row("dB", "分贝", "decibel", CHINA, "\\decibel", "dB", math.log(10) / 20, "Np", "level",
        also=("\\deci\\bel",)),
    Row("tex", "特[克斯]", "tex", CHINA, None, "tex", Fraction(1, 10**6), "kg/m", prefixes="d m k"),
    Row("ha", "公顷", "hectare", CHINA, "\\hectare", "har", Fraction(10**4), "m2"),
    Row("au", "天文单位", "astronomical unit", ACCEPTED, "\\astronomicalunit", "AU", Fraction(149597870700), "m"),
    Row("bar", "巴", "bar", READ_ONLY, "\\bar", "bar", Fraction(10**5), "Pa", prefixes="m μ h k", legal=False),
    Row("Å", "埃", "angstrom", READ_ONLY, "\\angstrom", "Ao", Fraction(1, 10**10), "m", legal=False),
    Row("b", "靶恩", "barn", READ_ONLY, "\\barn", "b", Fraction(1, 10**28), "m2", prefixes="k m μ", legal=False),
)  # fmt: skip

RATIOS = (
    Row("%", "百分之一", "percent", RATIO, "\\percent", "%", Fraction(1, 100), "1"),
    Row("‰", "千分之一", "per mille", RATIO, None, "[ppth]", Fraction(1, 1000), "1"),
    Row("ppm", "百万分之一", "parts per million", RATIO, "\\ppm", "[ppm]", Fraction(1, 10**6), "1"),
    Row("ppb", "十亿分之一", "parts per billion", RATIO, None, "[ppb]", Fraction(1, 10**9), "1"),
    Row("%RH", "相对湿度百分数", "percent relative humidity", "JJF 1076—2020; GB/T 11605—2005", "\\percent", "%{RH}",
        Fraction(1, 100), "1", "relative humidity", also=("%rh", "%R.H.", "RH%")),
    Row("%vol", "体积百分数", "percent by volume", "GB/T 10345—2022; OIML R 22", "\\percent", "%{vol}",
        Fraction(1, 100), "1", "volume fraction", also=("%(V/V)", "vol%")),
    Row("%LEL", "爆炸下限百分数", "percent of the lower explosive limit", "JJG 693—2011", "\\percent", "%{LEL}",
        Fraction(1, 100), "1", "fraction of the lower explosive limit"),
    Row("pH", "pH 值", "pH", "ISO 80000-9:2019, annex C; JJG 119—2018", "\\one", "[pH]", definition="1", kind="pH"),
    Row("imp", "脉冲", "impulse", "GB/T 17215.211—2021", "\\one", "{imp}", definition="1", kind="count"),
)  # fmt: skip

SUPPLY = (
    Row("W·h", "瓦[特]时", "watt hour", ENERGY, None, None, Fraction(3600), "J", "energy",
        prefixes="m k M G T P", also=("Wh", "瓦[特]小时"), codes="W·h"),
    Row("V·A", "伏安", "volt ampere", ENERGY, None, None, definition="W", kind="apparent power",
        prefixes="μ m k M G", also=("VA",), codes="V·A"),
    Row("var", "乏", "var", ENERGY, None, None, definition="W", kind="reactive power",
        prefixes="μ m k M G", codes="V·A"),
    Row("var·h", "乏时", "var hour", ENERGY, None, None, Fraction(3600), "J", "reactive energy",
        prefixes="m k M G", also=("varh",), codes="V·A·h"),
    Row("V·A·h", "伏安时", "volt ampere hour", ENERGY, None, None, Fraction(3600), "J", "apparent energy",
        prefixes="m k M G", also=("VAh",), codes="V·A·h"),
    Row("A·h", "安[培]时", "ampere hour", ENERGY, None, None, Fraction(3600), "C", prefixes="μ m k",
        also=("Ah",), codes="A·h"),
    Row("gce", "克标准煤", "gram of coal equivalent", COAL, None, None, Fraction(29307), "J", "energy", prefixes="k"),
    Row("tce", "吨标准煤", "tonne of coal equivalent", COAL, None, None, Fraction(29307 * 10**6), "J", "energy",
        prefixes="k M"),
    Row("L/(100 km)", "升每百千米", "litre per hundred kilometres", "GB/T 19233—2020", None, None, Fraction(1, 10**8),
        "m2", also=("L/100km", "L/100 km"), codes="cL/km"),
    Row("mg/(100 mL)", "毫克每百毫升", "milligram per hundred millilitres", "GB 19522—2010", None, None,
        Fraction(1, 100), "kg/m3", also=("mg/100mL", "mg/100 mL", "mg/(100mL)"), codes="mg/dL"),
)  # fmt: skip

EMISSIONS = (
    Row("gCO2", "克二氧化碳", "gram of carbon dioxide", EMISSION, "\\gram", "g{CO2}", definition="g",
        kind="greenhouse gas emission", prefixes="m k M"),
    Row("tCO2", "吨二氧化碳", "tonne of carbon dioxide", EMISSION, "\\tonne", "t{CO2}", definition="t",
        kind="greenhouse gas emission", prefixes="k M G"),
    Row("gCO2e", "克二氧化碳当量", "gram of carbon dioxide equivalent", EMISSION, "\\gram", "g{CO2e}", definition="g",
        kind="greenhouse gas emission", prefixes="m k M", also=("gCO2eq", "gCO2-eq")),
    Row("tCO2e", "吨二氧化碳当量", "tonne of carbon dioxide equivalent", EMISSION, "\\tonne", "t{CO2e}",
        definition="t", kind="greenhouse gas emission", prefixes="k M G", also=("tCO2eq", "tCO2-eq")),
)  # fmt: skip

WATER_AND_HEALTH = (
    _scale("NTU", "散射浊度单位", "nephelometric turbidity unit", WATER),
    _scale("FNU", "福尔马肼散射浊度单位", "formazin nephelometric unit", WATER),
    Row("°dH", "德国度", "German degree of hardness", "DIN 38409-6; 1 °dH = 10 mg CaO/L, M(CaO) = 56.0774 g/mol",
        None, "{dH}", Fraction(10 * 10000, 560774), "mol/m3", "water hardness"),
    Row("mmHg", "毫米汞柱", "millimetre of mercury", BODY, "\\mmhg", "mm[Hg]", Fraction("133.322387415"), "Pa",
        "blood pressure", also=("\\mmHg",)),
    Row("cmH2O", "厘米水柱", "centimetre of water", BODY, None, "cm[H2O]", Fraction("98.0665"), "Pa",
        "airway pressure"),
    Row("U", "酶活力单位", "enzyme unit", CLINICAL, None, "U", Fraction(1, 60 * 10**6), "mol/s", "catalytic activity",
        prefixes="m k"),
    Row("IU", "国际单位", "international unit", CLINICAL, None, "[IU]", prefixes="m k M"),
    Row("D", "屈光度", "dioptre", "JJG 580—2005; ISO 8612", None, "[diop]", definition="1/m", kind="vergence"),
)  # fmt: skip

ROCKWELL_SCALES = "HRA HRB HRBW HRC HRD HREW HRFW HRGW HRHW HRKW HR15N HR30N HR45N HR15TW HR30TW HR45TW"
HARDNESSES = (
    *(
        _scale(each, f"洛氏硬度 {each}", f"Rockwell hardness {each}", ROCKWELL)
        for each in ROCKWELL_SCALES.split()
    ),
    _scale("HBW", "布氏硬度", "Brinell hardness", HARDNESS),
    _scale("HV", "维氏硬度", "Vickers hardness", HARDNESS),
    _scale("HK", "努氏硬度", "Knoop hardness", HARDNESS),
    _scale("HS", "肖氏硬度", "Shore scleroscope hardness", HARDNESS),
    _scale("HLD", "里氏硬度", "Leeb hardness D", HARDNESS),
    _scale("HA", "邵氏硬度 A", "Shore hardness A", "GB/T 531.1—2008"),
    _scale("HD", "邵氏硬度 D", "Shore hardness D", "GB/T 531.1—2008"),
)

ROWS: tuple[Row, ...] = (
    *BASE, *DERIVED, *BESIDE_SI, *RATIOS, *SUPPLY, *EMISSIONS, *WATER_AND_HEALTH, *HARDNESSES,
)  # fmt: skip

# what is often written and is not on the list: why, and what to write (Chinese, English)
REFUSED: dict[str, tuple[str, str]] = {
    "bar": ("bar 不是我国法定计量单位；1 bar = 100 kPa", "no legal unit of China; 1 bar = 100 kPa"),
    "Å": ("埃不是法定计量单位；1 Å = 0.1 nm", "no legal unit; 1 Å = 0.1 nm"),
    "b": ("靶恩不是法定计量单位；1 b = 100 fm²", "no legal unit; 1 b = 100 fm²"),
    "RH": ("相对湿度写 %RH", "relative humidity is %RH"),
    "PH": (
        "酸度写 pH；皮亨写 picohenry，拍亨写 petahenry",
        "acidity is pH; write petahenry for the inductance",
    ),
    "Nm3": (
        "标准立方米写 m³，参比条件写在量的名称里",
        "write m³ and state the reference conditions with the quantity",
    ),
    "Nm³": (
        "标准立方米写 m³，参比条件写在量的名称里",
        "write m³ and state the reference conditions with the quantity",
    ),
    "dB(A)": ("写 dB；A 计权属于量，不属于单位", "write dB; the weighting belongs to the quantity"),
    "dBm": ("写 dB，并写明基准量 1 mW", "write dB and state the reference 1 mW with the quantity"),
    "cal": ("卡不是法定计量单位；1 cal = 4.1868 J（国际蒸汽表卡）", "no legal unit; 1 cal(IT) = 4.1868 J"),
    "大卡": ("千卡不是法定计量单位；1 kcal = 4.1868 kJ", "no legal unit; 1 kcal(IT) = 4.1868 kJ"),
    "kgf": ("千克力不是法定计量单位；1 kgf = 9.80665 N", "no legal unit; 1 kgf = 9.80665 N"),
    "atm": ("标准大气压不是法定计量单位；1 atm = 101.325 kPa", "no legal unit; 1 atm = 101.325 kPa"),
    "Torr": ("托不是法定计量单位；1 Torr = 133.322 Pa", "no legal unit; 1 Torr = 133.322 Pa"),
    "psi": ("psi 不是法定计量单位；1 psi = 6.894757 kPa", "no legal unit; 1 psi = 6.894757 kPa"),
    "in": ("英寸不是法定计量单位；1 in = 25.4 mm", "no legal unit; 1 in = 25.4 mm"),
    "ft": ("英尺不是法定计量单位；1 ft = 0.3048 m", "no legal unit; 1 ft = 0.3048 m"),
    "lb": ("磅不是法定计量单位；1 lb = 0.45359237 kg", "no legal unit; 1 lb = 0.45359237 kg"),
    "°F": ("华氏度不是法定计量单位；t/°C = (t/°F − 32)/1.8", "no legal unit; t/°C = (t/°F − 32)/1.8"),
    "hp": ("马力不是法定计量单位；1 马力 = 735.49875 W", "no legal unit; 1 metric horsepower = 735.49875 W"),
    "PS": ("马力不是法定计量单位；1 马力 = 735.49875 W", "no legal unit; 1 metric horsepower = 735.49875 W"),
    "马力": (
        "马力不是法定计量单位；1 马力 = 735.49875 W",
        "no legal unit; 1 metric horsepower = 735.49875 W",
    ),
    "rpm": ("转速写 r/min", "write r/min"),
    "cc": ("写 mL 或 cm³", "write mL or cm³"),
    "ct": ("克拉不是法定计量单位；1 ct = 0.2 g", "no legal unit; 1 ct = 0.2 g"),
    "Gs": ("高斯不是法定计量单位；1 Gs = 0.1 mT。吉秒写 gigasecond", "gauss is no legal unit; 1 Gs = 0.1 mT"),
    "Ci": ("居里不是法定计量单位；1 Ci = 37 GBq", "no legal unit; 1 Ci = 37 GBq"),
    "R": ("伦琴不是法定计量单位；1 R = 0.258 mC/kg", "no legal unit; 1 R = 0.258 mC/kg"),
    "rem": ("雷姆不是法定计量单位；1 rem = 10 mSv", "no legal unit; 1 rem = 10 mSv"),
    "P": ("泊不是法定计量单位；1 P = 0.1 Pa·s", "no legal unit; 1 P = 0.1 Pa·s"),
    "St": ("斯不是法定计量单位；1 St = 1 cm²/s", "no legal unit; 1 St = 1 cm²/s"),
    "Gal": ("伽不是法定计量单位；1 Gal = 1 cm/s²", "no legal unit; 1 Gal = 1 cm/s²"),
    "a": ("年没有固定的长度；写 d，或换算后写 h", "a year has no fixed length; write d or h"),
    "年": ("年没有固定的长度；写 d，或换算后写 h", "a year has no fixed length; write d or h"),
    "亩": ("亩不是法定计量单位；1 亩 = 10 000/15 m²", "no legal unit; 1 mu = 10 000/15 m²"),
    "斤": ("斤不是法定计量单位；1 斤 = 0.5 kg", "no legal unit; 1 jin = 0.5 kg"),
    "两": ("两不是法定计量单位；1 两 = 50 g", "no legal unit; 1 liang = 50 g"),
    "M": ("摩尔浓度写 mol/L", "write mol/L"),
    "度电": ("写 kW·h", "write kW·h"),
}
