"""An order in a sentence or two: what to do, why, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.work.supervise.area_orders import Row
from quanheng.work.supervise.pages.words import SCREENING, Words, reason

CUBIC = ("water", "gas")


def say(
    row: Row, verdict: Mapping[str, Any], area: Mapping[str, Any], energy: float | None, u: float | None
) -> Words:
    """The text of an order. verdict, area: rows of the tables."""
    what, bill = task(row, verdict, area), billed(row, area, energy, u)
    return Words(what.zh + bill.zh + SCREENING.zh, f"{what.en} {bill.en}{SCREENING.en}")


def task(row: Row, verdict: Mapping[str, Any], area: Mapping[str, Any]) -> Words:
    """What to do and why."""
    meter, place, why = verdict["meter"], area["area"], reason(verdict["reason"])
    error = estimated(verdict)
    match row.kind:
        case "replace_trend":
            return Words(
                f"现场核验表 {meter}，确认后更换：{error.zh}。",
                f"Check meter {meter}, then replace it: {error.en}.",
            )
        case "replace_function":
            return Words(
                f"现场核验并更换表 {meter}：停走或倒走。",
                f"Check and replace meter {meter}: it stopped or runs backwards.",
            )
        case "replace_batch":
            lot = verdict["reason"].removeprefix("lot:")
            return Words(
                f"表 {meter} 属于整批偏离的批次 {lot}，按批次更换；{error.zh}。",
                f"Meter {meter} is of lot {lot}, which is off as a whole: replace with its lot; {error.en}.",
            )
        case "field_check" if meter is None:
            return Words(
                f"到台区 {place} 查看总表与接线：{why.zh}。",
                f"Look at the master and wiring of {place}: {why.en}.",
            )
        case "field_check":
            return Words(
                f"现场核验表 {meter}：尚未能判定，{error.zh}。",
                f"Check meter {meter}: undetermined, {error.en}.",
            )
        case "sample_check":
            return Words(
                f"随机抽检表 {meter}：由输入数据的摘要值抽出，没有人挑选，用来得知漏判了多少。",
                f"Random check of meter {meter}: drawn from the digest of the inputs, chosen by nobody, "
                "to learn how many bad meters are missed.",
            )
        case "data_correction":
            return corrected(row, meter, place)
        case "theft":
            unit = "m³" if area["utility"] in CUBIC else "kWh"
            return Words(
                f"核查台区 {place} 的未计量用电：每日约 {row.kwh_day:.1f} {unit}，始于 {row.since}。",
                f"Look for consumption without a meter in {place}: "
                f"about {row.kwh_day:.1f} {unit} a day since {row.since}.",
            )
        case "clock":
            return Words(
                f"校正{named(meter, place).zh}的时钟。", f"Set the clock of {named(meter, place).en}."
            )
        case _:
            return Words(f"补抄台区 {place} 缺失的读数。", f"Read again what is missing in {place}.")


def corrected(row: Row, meter: str | None, place: str) -> Words:
    """A booking to correct."""
    if meter is None:
        return Words(f"核对台区 {place} 的户变关系。", f"Check which meters belong to {place}.")
    if row.to_area is None:
        return Words(
            f"表 {meter} 登记在台区 {place}，但不在其后；现场查明所属台区。",
            f"Meter {meter} is booked in {place} and does not stand there: find out where it does.",
        )
    return Words(
        f"表 {meter} 登记在台区 {place}，实际在 {row.to_area}；核对后更正档案。",
        f"Meter {meter} is booked in {place} and stands in {row.to_area}: check, then correct the record.",
    )


def named(meter: str | None, place: str) -> Words:
    """A meter, or all of an area."""
    return Words(f"表 {meter}", f"meter {meter}") if meter else Words(f"台区 {place}", f"all of {place}")


def estimated(verdict: Mapping[str, Any]) -> Words:
    """Estimated error with its expanded uncertainty, and the probability of being out."""
    if verdict["error"] is None:
        return Words("误差无估计值", "no estimate of its error")
    value = f"{100 * verdict['error']:+.2f} % ± {200 * verdict['u']:.2f} %"
    p = f"{100 * verdict['p_out']:.1f} %"
    begun = f"，始于 {verdict['since']}" if verdict["since"] else ""
    since = f", since {verdict['since']}" if verdict["since"] else ""
    return Words(
        f"误差估计 {value}（k = 2）{begun}，超差概率 {p}",
        f"estimated error {value} (k = 2){since}, out of tolerance with {p}",
    )


def billed(row: Row, area: Mapping[str, Any], energy: float | None, u: float | None) -> Words:
    """How much was registered too much or too little."""
    if energy is None:
        return Words("", "")
    unit = "m³" if area["utility"] in CUBIC else "kWh"
    size = f"{abs(energy):.0f}" + (f" ± {2 * u:.0f}" if u is not None else "") + f" {unit}"
    if row.kind == "theft":
        return Words(f"本期未计量约 {size}。", f"Some {size} without a meter in the period. ")
    return Words(
        f"本期{'多' if energy > 0 else '少'}计 {size}。",
        f"The customer was {'over' if energy > 0 else 'under'}charged {size} in the period. ",
    )
