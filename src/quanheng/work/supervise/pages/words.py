"""What every code of the contract is called and what it means to a person, in Chinese and English."""

from __future__ import annotations

from typing import NamedTuple

from quanheng.ground.paper.markup import Words as Words


class Cause(NamedTuple):
    """A code of an area's health: a sign for its tile, its name, and what it means."""

    sign: Words
    name: Words
    meaning: Words


VERDICTS = {
    "replace": Words("更换", "replace"),
    "cleared": Words("合格", "cleared"),
    "undetermined": Words("未定", "undetermined"),
}

VERDICT_MEANINGS = {
    "replace": Words(
        "误差超出最大允许误差的概率很高，且全部“更换”中预期误判的比例不超过声明的风险。先到现场核验，"
        "再更换。",
        "The error is very probably beyond the maximum permissible error, and the expected share of mistakes "
        "among all of these stays within the stated risk. Check on site, then replace.",
    ),
    "cleared": Words(
        "超差概率低于 1 %，标准不确定度不大于允许误差的四分之一，而且依据来自数据而非先验。",
        "Out of tolerance with less than 1 % probability, standard uncertainty at most a quarter of the "
        "limit, "
        "and the data say so rather than the prior.",
    ),
    "undetermined": Words(
        "数据尚不足以作出判定。未定不等于合格，也不等于不合格。",
        "The data do not yet carry a verdict. Undetermined is neither good nor bad.",
    ),
}

CAUSES = {
    "ok": Cause(
        Words("", ""), Words("正常", "sound"), Words("数据能够支持判定。", "The data carry verdicts.")
    ),
    "topology": Cause(
        Words("户", "T"),
        Words("户变关系", "wrong area"),
        Words(
            "有电表登记在本台区而实际在别处，或者相反。", "A meter booked here is elsewhere, or the reverse."
        ),
    ),
    "unmetered": Cause(
        Words("漏", "U"),
        Words("未计量用电", "unmetered"),
        Words(
            "总表测得的电量有一部分没有任何电表计量。", "Energy passes the master that no meter registers."
        ),
    ),
    "clock": Cause(
        Words("时", "C"),
        Words("时钟", "clock"),
        Words("冻结时刻偏差过大。", "The freeze clocks are too far off."),
    ),
    "readings": Cause(
        Words("读", "R"),
        Words("抄读", "readings"),
        Words("缺失的读数过多。", "Too many readings are missing."),
    ),
    "resolution": Cause(
        Words("辨", "D"),
        Words("分辨力", "resolution"),
        Words("总表每个字代表的电量过大。", "One register step of the master is too large."),
    ),
    "voltage": Cause(
        Words("压", "V"),
        Words("电压", "voltage"),
        Words(
            "电压曲线缺失或不可用，线损无从确定。", "Voltages are absent or unusable: losses stay unknown."
        ),
    ),
    "master": Cause(
        Words("总", "M"),
        Words("总表", "master"),
        Words("总表没有可用的读数，或其误差过大。", "The master has no usable readings, or is itself off."),
    ),
    "too_few_days": Cause(
        Words("短", "S"),
        Words("天数不足", "too few days"),
        Words("可用的天数太少。", "Too few usable days."),
    ),
    "empty": Cause(
        Words("空", "E"),
        Words("无表", "empty"),
        Words("台区内没有或只有一只电表。", "The area has one meter or none."),
    ),
    "model": Cause(
        Words("模", "X"),
        Words("模型不符", "model"),
        Words(
            "能量平衡模型与数据不符，原因尚未查明。", "The balance does not fit, for a cause not yet known."
        ),
    ),
}

KINDS = {
    "replace_trend": Words("计量误差趋势异常更换", "replace: error trend"),
    "replace_function": Words("计量功能异常更换", "replace: function failed"),
    "replace_batch": Words("状态更换（批次）", "replace: batch"),
    "field_check": Words("现场核验", "field check"),
    "sample_check": Words("随机抽检", "random sample check"),
    "data_correction": Words("档案更正", "data correction"),
    "theft": Words("未计量用电核查", "unmetered consumption"),
    "clock": Words("校时", "clock correction"),
    "re_read": Words("补抄", "re-read"),
}

REASONS = {
    "ok": Words("正常", "none"),
    "load": Words("用电量太小，误差无从显现", "too little load for an error to show"),
    "days": Words("天数不够，再积累即可判定", "too few days: more of them will decide"),
    "collinear": Words(
        "与另一只电表的用电过于相似，无法区分", "consumption too like another meter's to be told apart"
    ),
}

METER_STATES = {
    "stopped": Words("停走", "stopped"),
    "foreign": Words("不属于本台区", "belongs to another area"),
    "no_readings": Words("没有读数", "no readings"),
    "exchanged": Words("期间换表", "exchanged within the period"),
}

FACTS = {
    "elsewhere": Words("实际在别处的表（证据，nat）", "meters that stand elsewhere (evidence, nat)"),
    "adopted": Words("从别处找回的表", "meters found elsewhere"),
    "phase": Words("相", "phase"),
    "since": Words("始于", "since"),
    "kwh_day": Words("每日 kWh", "kWh a day"),
    "days": Words("天数", "days"),
    "stopped": Words("停走的表", "stopped meter"),
    "read_rate": Words("抄读率", "read rate"),
    "unread": Words("从未抄到的表", "meters never read"),
    "master_resolution": Words("总表分辨力 kWh", "master's resolution in kWh"),
    "used": Words("所用数据", "data used"),
    "misfit": Words("失拟", "misfit"),
    "*": Words("全台区时钟 s", "clocks of the area, s"),
}

DATA = {
    "curves": Words("曲线", "curves"),
    "terms": Words("日项", "terms"),
    "registers": Words("仅示值", "registers alone"),
}

CHANGES = {
    "new": Words("新判定更换", "newly to be replaced"),
    "gone": Words("不再判定更换", "no longer to be replaced"),
    "confirmed": Words("两期都判更换", "replace in both cycles"),
}

SCREENING = Words(
    "远程判定是筛查结果，在现场核验之前不构成对计量器具的法定结论。",
    "A remote verdict is a screening result. Until the meter is checked on site it is no legal finding.",
)


def verdict(code: str) -> Words:
    """Name of a verdict; an unknown code stands for itself."""
    return VERDICTS.get(code, Words(code, code))


def kind(code: str) -> Words:
    """Name of a kind of order; an unknown code stands for itself."""
    return KINDS.get(code, Words(code, code))


def cause(code: str) -> Cause:
    """Name and meaning of an area's health; an unknown code stands for itself."""
    unknown = Words(code, code)
    return CAUSES.get(code, Cause(Words("？", "?"), unknown, unknown))


def reason(code: str) -> Words:
    """A reason in words: `load`, `days`, `collinear[:<meter>]`, `area:<health>`, `meter:<what>`."""
    head, _, tail = code.partition(":")
    match head:
        case "area":
            name = cause(tail).name
            return Words(f"台区：{name.zh}", f"area: {name.en}")
        case "meter":
            state = METER_STATES.get(tail, Words(tail, tail))
            return Words(f"电表：{state.zh}", f"meter: {state.en}")
        case "collinear" if tail:
            return Words(
                f"与 {tail} 的用电过于相似，无法区分", f"consumption too like that of {tail} to be told apart"
            )
        case _:
            return REASONS.get(code, Words(code, code))
