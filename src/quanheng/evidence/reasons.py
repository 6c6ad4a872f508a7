"""What each reason means and which answer it forces. Codes are stable: once given out, one keeps its meaning.

The headings number the rules of a chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Forces = Literal["VALID", "NOT_SHOWN", "INVALID"]  # VALID: a remark


@dataclass(frozen=True)
class Meaning:
    """Which answer a reason forces, and its words."""

    forces: Forces
    chinese: str
    english: str
    rule: int = 0  # rule of the chain that it belongs to; 0: of the single document


def _invalid(chinese: str, english: str, rule: int = 0) -> Meaning:
    return Meaning("INVALID", chinese, english, rule)


def _not_shown(chinese: str, english: str, rule: int = 0) -> Meaning:
    return Meaning("NOT_SHOWN", chinese, english, rule)


def _remark(chinese: str, english: str, rule: int = 0) -> Meaning:
    return Meaning("VALID", chinese, english, rule)


REASONS: Mapping[str, Meaning] = {
    # ---- form of a certificate
    "malformed": _invalid("不是格式良好的 XML", "is not well-formed XML"),
    "unsafe_xml": _invalid("XML 中有实体、DTD 或超出限度", "XML with entities, a DTD, or beyond the limits"),
    "structure": _invalid("结构不符合 DCC 的规定", "is not built as its DCC edition demands"),
    "edition_unknown": _not_shown("不认识 DCC 的这一版本", "an edition of the DCC that is not known here"),
    "business_rule": _invalid("违反 DCC 业务规则", "breaks a business rule of the DCC"),
    "business_finding": _remark("DCC 业务规则的发现", "a finding of the DCC's business rules"),
    "unit_unknown": _invalid("单位不在法定计量单位清单中", "a unit that is not on the list of legal units"),
    "figure_too_large": _invalid("数值大得不是测量结果", "a figure too large for any measurement"),
    "value_interrupted": _invalid("值的中间有注释或指令", "a comment or instruction stands inside a value"),
    "results_unread": _not_shown("有未能读出的结果", "results that could not be read"),
    "unit_unread": _not_shown("有未能读出的单位", "a unit that could not be read"),
    "digest_mismatch": _invalid("摘要与内容不符", "a digest does not match its content"),
    "record_malformed": _invalid("不是主管部门的记录", "is no record of the authority as its format says"),
    "proof_file_malformed": _invalid("不是完好的证明文件", "is no intact proof file"),
    "values_unseen": _not_shown("纸上的数值与签名未查", "the values on the paper and the signature were not checked"),
    # ---- signature and key (rule 8)
    "unsigned": _not_shown("没有签名", "is not signed", 8),
    "signature_wrong": _invalid("签名与内容不符", "the signature does not match the content", 8),
    "signature_wrapped": _invalid("签名没有覆盖整份文件", "the signature does not cover the whole document", 8),
    "signature_malformed": _invalid("签名不成形", "the signature is malformed", 8),
    "algorithm_refused": _invalid("签名算法不被接受", "the algorithm of the signature is not accepted", 8),
    "algorithm_absent": _not_shown("本机没有这种签名算法", "this machine lacks the algorithm of the signature", 8),
    "key_unknown": _not_shown("没有人为这把密钥作保", "nobody here vouches for the key", 8),
    "key_of_other": _invalid("密钥属于别的机构", "the key belongs to another party than the issuer", 8),
    "key_of_other_role": _invalid("密钥无权签这类文件", "the key's role does not include such documents", 8),
    "key_not_yet": _invalid("登记时密钥尚未生效", "logged before the key was bound", 8),
    "key_expired": _invalid("登记时密钥已过期", "logged after the key's binding had ended", 8),
    "key_revoked": _invalid("登记时密钥已吊销", "logged after the key was revoked", 8),
    "certificate_expired": _not_shown("签名证书已过期，又无从证明签于何时",
                                      "the signer's certificate has expired, and when it signed is not proven", 8),
    "signer_differs": _not_shown("签名证书上的名称不是该机构",
                                 "the signer's certificate does not name the laboratory", 8),
    "signatures_several": _not_shown("文件中不止一个签名", "more than one signature stands inside", 8),
    "signature_unsupported": _not_shown("签名的写法在此不能判断", "a signature of a kind that is not judged here", 8),
    # ---- log and status (rule 9)
    "not_logged": _not_shown("没有登记证明", "comes without a proof that it is logged", 9),
    "log_unknown": _not_shown("日志不在信任清单中", "the log is not one that is trusted here", 9),
    "proof_wrong": _invalid("登记证明不成立", "the proof of logging does not hold", 9),
    "statement_differs": _invalid("登记的陈述与文件不符", "the logged statement does not fit the document", 9),
    "witnesses_too_few": _not_shown("见证人不足", "too few witnesses have seen the log", 9),
    "log_forked": _invalid("日志分叉", "two versions of the log exist", 9),
    "registered_late": _invalid("登记过迟（倒签）", "registered late: back-dated", 9),
    "registered_early": _invalid("登记早于签发日期（预签）", "registered before its date of issue", 9),
    "second_version": _invalid("同一编号另有一个版本", "another version with the same number exists", 9),
    "superseded": _invalid("已被取代", "has been superseded", 9),
    "revoked": _invalid("已被撤销", "has been revoked", 9),
    "suspended": _invalid("已被暂停使用", "is suspended", 9),
    "status_unseen": _remark("此后的撤销未查", "later revocations were not looked at", 9),
    "past_due": _remark("所问之日已过其有效期", "the day asked for is after the day until which it holds"),
    # ---- order of a run
    "order_malformed": _invalid("不是工单", "is no order of a run"),
    "order_unproven": _invalid("这次运行里没有这张工单", "the run holds no such order"),
    "order_unseen": _not_shown("网页不查工单，请用程序查", "the page does not check orders: use the program"),
    "bundle_missing": _not_shown("运行的凭据不在手边", "the bundle of the run is not at hand"),
    "bundle_invalid": _invalid("运行的凭据无效", "the bundle of the run is invalid"),
    "bundle_not_shown": _not_shown("运行的凭据未得证明", "the bundle of the run is not shown"),
    "master_missing": _not_shown("总表的证书不在手边", "the certificate of the master meter is not at hand"),
    "master_u_too_small": _invalid("运行所用总表的不确定度小于其证书",
                                   "the run took less uncertainty for the master than its certificate states"),
    "screening": _remark("远程判定是筛查结果，现场核验之前不构成法定结论",
                         "a screening result: no legal finding until the meter is checked on site"),
    # ---- 1 unbroken
    "standard_not_cited": _invalid("有测量点未引用标准", "a point cites no standard", 1),
    "standard_missing": _not_shown("所引标准的证书不在手边", "the certificate of a standard is not at hand", 1),
    "root_unknown": _not_shown("溯源链没有到达国家基准", "the chain ends before a national standard", 1),
    "chain_cycle": _invalid("溯源链成环", "the chain runs in a circle", 1),
    "chain_too_deep": _invalid("溯源链过长", "the chain is too long", 1),
    "standard_invalid": _invalid("所用标准的证书无效", "a standard's own certificate is invalid", 1),
    "standard_not_shown": _not_shown("所用标准未得证明", "a standard's own certificate is not shown", 1),
    # ---- 2 time of use
    "standard_not_yet": _invalid("使用时标准尚未校准", "a standard was used before it was calibrated", 2),
    "standard_overdue": _invalid("使用时标准已超过有效期", "a standard was used after it was due", 2),
    "standard_failed": _invalid("标准自己的检定不合格", "a standard had failed its own verification", 2),
    "validity_unset": _not_shown("标准没有确定的有效期", "nobody has set how long a standard's calibration holds", 2),
    # ---- 3 ratio
    "ratio": _invalid("标准的不确定度占比过大", "a standard's uncertainty is too large for its use", 3),
    "standard_hardly_acts": _not_shown("标准对结果几乎不起作用，结果另有来源",
                                       "standards that hardly act on a result cannot be what it was measured by", 3),
    "ratio_unclear": _not_shown("标准的不确定度无从比较", "a standard's uncertainty cannot be compared at its use", 3),
    # ---- 4 range
    "out_of_range": _invalid("使用点超出标准的校准范围", "used outside the calibrated range of a standard", 4),
    "conditions_unclear": _not_shown("没有写明标准校准时所限的环境条件",
                                     "does not state a condition that the standard's calibration is limited to", 4),
    "conditions": _invalid("环境条件超出标准的校准条件", "used outside the conditions of a standard's calibration", 4),
    # ---- 5 quantity
    "unit_mismatch": _invalid("量纲不一致", "units of different dimension", 5),
    "quantity_mismatch": _invalid("量的种类不一致", "quantities of different kind", 5),
    # ---- 6 entitlement
    "not_entitled": _invalid("签发机构当日没有此项能力授权", "the issuer held no scope for the quantity that day", 6),
    "scope_range": _invalid("超出授权的测量范围", "outside the range of the issuer's scope", 6),
    "scope_unknown": _not_shown("不知道签发机构的授权", "the issuer's scope is not at hand", 6),
    "route_3": _remark("溯源途径为 ILAC-P10 第三类", "traceable by route 3 of ILAC-P10", 6),
    # ---- 7 possible uncertainty
    "below_cmc": _invalid("声称的不确定度小于最佳测量能力", "claims less uncertainty than the issuer's best", 7),
    "below_inherited": _invalid("声称的不确定度小于标准带来的不确定度",
                                "claims less uncertainty than its standards bring", 7),
    # ---- 10 internal
    "dates_disordered": _invalid("日期次序不对", "its dates are out of order", 10),
    "coverage_inconsistent": _invalid("k、p 与分布不一致", "k, p and distribution do not agree", 10),
    "lengths_differ": _invalid("列表长度不一", "lists of different length", 10),
    "reference_unresolved": _invalid("引用的标识不存在", "refers to an id that does not exist", 10),
    "uncertainty_impossible": _invalid("不确定度不是正数", "an uncertainty that is not positive", 10),
    "limits_missing": _not_shown("写着判定，没有写判定所依据的限",
                                 "states an outcome without the limits that it was decided by", 10),
    "decision_differs": _invalid("判定不能由数据重现", "its decision does not follow from its figures", 10),
    # ---- 11 validation of results
    "not_validated": _invalid("测量结果的验证不成立", "the validation of results does not hold", 11),
    "repeatability_missing": _not_shown("没有重复性记录", "no record of repeatability", 11),
    "stability_missing": _not_shown("没有稳定性记录", "no record of stability", 11),
    # ---- 12 statutory
    "type_not_approved": _invalid("型式未经批准", "its type was not approved", 12),
    "cycle_exceeded": _invalid("有效期长于检定周期", "valid for longer than the verification interval", 12),
    "procedure_unknown": _not_shown("不认识所依据的规程", "the procedure is not known here", 12),
    "procedure_not_in_force": _invalid("所依据的规程当日不在施行", "the procedure was not in force on that day", 12),
    "outcome_missing": _not_shown("检定证书没有写结论", "a verification that states no outcome", 12),
    "due_missing": _not_shown("检定合格，没有写有效期",
                              "a verification that passes without a day on which it is due", 12),
    "instrument_differs": _not_shown("器具种类与规程所管的不同，或没有写",
                                     "the kind of instrument is not the procedure's, or is not stated", 12),
    "mandatory_not_verified": _invalid("强制检定器具只有校准证书",
                                       "subject to mandatory verification, but only calibrated", 12),
}  # fmt: skip
