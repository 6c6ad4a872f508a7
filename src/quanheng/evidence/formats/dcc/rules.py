"""The business rules of DCC 3.3.0: its 14 patterns, in our own words, with their severities.

The authority is the Schematron that is published with the schema (dcc.sch): where it is odd, so are these rules. The
compiled dcc.svrl beside it is of an older edition, and says other things. Each node meets the first rule of a pattern
that fits it, as Schematron has it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from itertools import islice
from typing import Any, Literal, NamedTuple

from quanheng.evidence.formats.dcc.names import DCC, SI, VERSION

Severity = Literal["error", "warning", "information"]

# as the Schematron lists them: some codes of today are missing
LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv "
    "dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie "
    "ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv "
    "mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm "
    "rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts "
    "tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "
)
COUNTRIES = (
    "AD AO AI AQ AG AR AM AW AU AT AZ BS BH BD BB BY BE BZ BJ BM BT BO BQ BA BW BV BR IO BN BG BF BI CV "
    "KH CM CA KY CF TD CL CN CX CC CO KM CD CG CK CR CI HR CU CW CY CZ DE DK DJ DM DO EC EG SV GQ ER EE "
    "SZ ET FK FO FJ FI FR GF PF TF GA GM GE GH GI GR GL GD GP GU GT GG GN GW GY HT HM VA HN HK HU IS IN "
    "ID IR IQ IE IM IL IT JM JP JE JO KZ KE KI KP KR KW KG LA LV LB LS LR LY LI LT LU MO MK MG MW MY MV "
    "ML MT MH MQ MR MU YT MX FM MD MC MN ME MS MA MZ MM NA NR NP NL NC NZ NI NE NG NU NF MP NO OM PK PW "
    "PS PA PG PY PE PH PN PL PT PR QA RE RO RU RW BL SH KN LC MF PM VC WS SM ST SA SN RS SC SL SG SX SK "
    "SI SB SO ZA GS SS ES LK SD SR SJ SE CH SY TW TJ TZ TH TL TG TK TO TT TN TR TM TC TV UG UA AE GB UM "
    "US UY UZ VU VE VN VG VI WF EH YE ZM ZW "
)
RELEASE = re.compile(r"[a-zA-Z] ?(?:[0-9]{1,3}\.){0,3}[0-9]{1,3}")
LIST = re.compile(r"(?:[^ \t\n\r]+[ \t\n\r])*[^ \t\n\r]+")
LISTS = frozenset(
    f"{{{SI}}}{name}"
    for name in (
        "valueXMLList", "unitXMLList", "labelXMLList", "dateTimeXMLList", "uncertaintyXMLList",
        "coverageFactorXMLList", "coverageProbabilityXMLList", "distributionXMLList", "standardUncXMLList",
        "intervalMinXMLList", "intervalMaxXMLList",
    )
)  # fmt: skip


class Finding(NamedTuple):
    """What a rule says of an element."""

    rule: str
    severity: Severity
    line: int
    detail: str = ""


class Elements:
    """The elements of a certificate by tag, and the attributes that rules ask for: one pass for all patterns."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.by_tag: defaultdict[str, list[Any]] = defaultdict(list)
        self.having: dict[str, list[tuple[Any, str]]] = {"id": [], "refId": [], "refType": []}
        by_tag, having = self.by_tag, self.having
        for element in root.iter("*"):
            by_tag[element.tag].append(element)
            for name, value in element.items():
                if name in having:
                    having[name].append((element, value))

    def all(self, tag: str) -> list[Any]:
        """Every element of a tag, in the order of the document."""
        return self.by_tag.get(tag, [])

    def parents(self, tag: str) -> list[Any]:
        """The parent of every element of a tag."""
        return [each.getparent() for each in self.all(tag)]

    @cached_property
    def lists(self) -> list[tuple[Any, list[Any]]]:
        """Lists of quantities among the results, and the measurements that each stands in."""
        listed = [(each, list(each.iterancestors())) for each in self.all(_d("list"))]
        tags = [{other.tag for other in above} for _, above in listed]
        return [
            (each, [other for other in above if other.tag == _d("measurementResult")])
            for (each, above), met in zip(listed, tags, strict=True)
            if _d("measurementResults") in met and _d("metaData") not in met
        ]

    @cached_property
    def quantities(self) -> list[tuple[Any, list[Any]]]:
        """Quantities that are a result by themselves, and the measurements that each stands in."""
        return [
            (each, list(each.iterancestors(_d("measurementResult"))))
            for each in self.all(_d("quantity"))
            if _stands_in(each, "data", "result")
        ]


def findings(root: Any) -> list[Finding]:
    """All findings about a certificate, in the order of the patterns. root: its root element."""
    elements = Elements(root)
    return [found for pattern in PATTERNS for found in pattern(elements)]


@cache
def _d(name: str) -> str:
    return "/".join(f"{{{DCC}}}{each}" for each in name.split("/"))


@cache
def _s(name: str) -> str:
    return "/".join(f"{{{SI}}}{each}" for each in name.split("/"))


def _declared(name: str, missing: str, severity: Severity) -> Callable[[Elements], Iterator[Finding]]:
    """Patterns 1 to 3: something is declared for all results, for a list, or for each quantity."""

    def pattern(elements: Elements) -> Iterator[Finding]:
        declaring = Counter(elements.parents(_d(name)))
        for element in elements.all(_d("measurementResult")):
            if element in declaring:
                yield Finding(f"{name}_global", "information", element.sourceline)
        for element, measurements in elements.lists:
            quantities = element.findall(_d("quantity"))
            own = sum(declaring[each] for each in quantities)
            if element in declaring:
                yield Finding(f"{name}_list", "information", element.sourceline)
            elif len(quantities) > own and declaring.keys().isdisjoint(measurements):
                yield Finding(missing, severity, element.sourceline)
            for each in quantities:
                if each in declaring:
                    yield Finding(f"{name}_in_list", "information", each.sourceline)
        for element, measurements in elements.quantities:
            if element in declaring:
                yield Finding(f"{name}_quantity", "information", element.sourceline)
            elif declaring.keys().isdisjoint(measurements):
                yield Finding(f"{missing}_quantity", severity, element.sourceline)

    return pattern


def _stands_in(element: Any, *names: str) -> bool:
    """Whether the parents of an element, from the nearest on, have these names."""
    for name in names:
        element = element.getparent()
        if element is None or element.tag != _d(name):
            return False
    return True


def version(elements: Elements) -> Iterator[Finding]:
    """4: an older edition of the schema."""
    root = elements.root
    if root.get("schemaVersion") != VERSION:
        yield Finding("old_edition", "warning", root.sourceline, str(root.get("schemaVersion")))


def links(elements: Elements) -> Iterator[Finding]:
    """5: ids that nothing refers to, references to what is not there."""
    ids = {value for _, value in elements.having["id"]}
    used = {word for _, value in elements.having["refId"] for word in value.split(" ")}
    for element, value in elements.having["id"]:
        if value not in used:
            yield Finding("id_unlinked", "warning", element.sourceline, value)
    for element, value in elements.having["refId"]:
        if ids.isdisjoint(value.split(" ")):
            yield Finding("reference_unresolved", "error", element.sourceline, value)


def languages(elements: Elements) -> Iterator[Finding]:
    """6: languages of texts are those that are declared, each once."""
    declared = [each.text or "" for each in elements.all(_d("usedLangCodeISO639_1"))]
    named = {each for name in ("name", "further", "referral") for each in elements.parents(_d(name))}
    parents: dict[Any, list[str]] = {}
    for element in elements.all(_d("content")):
        parent, language = element.getparent(), element.get("lang")
        if language is not None:
            parents.setdefault(parent, []).append(language)
            if language not in declared:
                yield Finding("language_undeclared", "error", element.sourceline, language)
        elif parent is not None and parent.getparent() not in named:
            yield Finding("language_missing", "warning", element.sourceline)
    for parent, local in parents.items():
        if len(local) != len(declared):
            yield Finding("languages_incomplete", "error", parent.sourceline, " ".join(local))
        if len(set(local)) != len(local):
            yield Finding("language_twice", "error", parent.sourceline, " ".join(local))


def dates(elements: Elements) -> Iterator[Finding]:
    """7: it ends after it begins."""
    for end in elements.all(_d("endPerformanceDate")):
        if not _stands_in(end, "coreData"):
            continue
        begin = end.getparent().findtext(_d("beginPerformanceDate")) or ""
        if not begin.strip() <= (end.text or "").strip():
            yield Finding("dates_disordered", "error", end.sourceline, f"{begin} – {end.text}")


def releases(elements: Elements) -> Iterator[Finding]:
    """8: releases of software look like v1.2.3."""
    for element in elements.all(_d("release")):
        if not RELEASE.fullmatch(element.text or ""):
            yield Finding("release_format", "error", element.sourceline, element.text or "")


def codes(elements: Elements) -> Iterator[Finding]:
    """9: codes of languages and countries."""
    for name, known, rule in (
        ("usedLangCodeISO639_1", LANGUAGES, "language_code"),
        ("mandatoryLangCodeISO639_1", LANGUAGES, "language_code"),
        ("countryCodeISO3166_1", COUNTRIES, "country_code"),
    ):
        for element in elements.all(_d(name)):
            if (element.text or "") not in known:
                yield Finding(rule, "error", element.sourceline, element.text or "")


def _count(text: str | None) -> int:
    return len(text.split(" ")) if text else 0


def relative(elements: Elements) -> Iterator[Finding]:
    """10: relative uncertainties go with expanded ones, lists with lists of one length."""
    # most certificates have none, and their quantities need not be looked into
    for q in elements.all(_d("quantity")) if elements.all(_d("relativeUncertainty")) else ():
        listed = q.find(_d("relativeUncertainty/relativeUncertaintyXmlList")) is not None
        single = q.find(_d("relativeUncertainty/relativeUncertainty")) is not None
        values, value = q.find(_s("realListXMLList/valueXMLList")), q.find(_s("real/value"))
        if listed and q.find(_s("realListXMLList/expandedUncXMLList")) is None:
            yield Finding("expanded_missing_list", "error", q.sourceline)
        if single and q.find(_s("real/expandedUnc")) is None:
            yield Finding("expanded_missing", "error", q.sourceline)
        if single and not listed and values is not None and value is None:
            yield Finding("relative_needs_list", "error", q.sourceline)
        if listed and not single and values is None and value is not None:
            yield Finding("relative_needs_single", "error", q.sourceline)
    for element in elements.all(_d("relativeUncertainty")):
        count = _count(element.findtext(_d("relativeUncertaintyXmlList") + "/" + _s("valueXMLList")))
        before = list(element.itersiblings(_s("realListXMLList"), preceding=True))
        values = next((each.findtext(_s("valueXMLList")) for each in before), None)
        if count > 1 and _count(values) != count:
            yield Finding("relative_count", "error", element.sourceline)
    for element in elements.all(_s("realListXMLList")):
        expanded = element.findtext(_s("expandedUncXMLList/uncertaintyXMLList"))
        count = _count(expanded)
        if count > 1 and count != _count(element.findtext(_s("valueXMLList"))):
            yield Finding("uncertainty_count", "error", element.sourceline)


def units(elements: Elements) -> Iterator[Finding]:
    """11: one unit for a value; a list of units for a list of values."""
    for unit in elements.all(_s("unit")):
        if _count(unit.text) > 1 and unit.getparent().tag == _s("real"):
            yield Finding("unit_spaces", "error", unit.sourceline, unit.text or "")
    for element in elements.all(_s("unitXMLList")):
        count = _count(element.text)
        if count > 1:
            values = next(element.itersiblings(_s("valueXMLList"), preceding=True), None)
            if values is None or len((values.text or "").split()) != count:
                yield Finding("unit_count", "error", element.sourceline)
            yield Finding("units_repeat", "warning", element.sourceline)


def foreign_units(elements: Elements) -> Iterator[Finding]:
    """12: units outside the SI are declared and defined."""
    known = {each.text for each in elements.all(_d("nonSIUnit")) if _stands_in(each, "statement")}
    for unit in elements.all(_s("unit")):
        text = unit.text or ""
        foreign = text.startswith("|") and len(text) > 1 and text not in known
        if foreign and [each.tag for each in islice(unit.iterancestors(), 2)] == [_s("real"), _s("hybrid")]:
            yield Finding("unit_undeclared", "error", unit.sourceline, text)
    for element in elements.all(_d("nonSIUnit")):
        if sum(1 for _ in element.itersiblings(_d("nonSIDefinition"), preceding=True)) != 1:
            yield Finding("unit_undefined", "error", element.sourceline)
    for element in elements.all(_d("nonSIDefinition")):
        if sum(1 for _ in element.itersiblings(_d("nonSIUnit"))) != 1:
            yield Finding("definition_without_unit", "error", element.sourceline)


def repeated_languages(elements: Elements) -> Iterator[Finding]:
    """13: a language is declared once."""
    for core in elements.all(_d("coreData")):
        used = core.findall(_d("usedLangCodeISO639_1"))
        times = Counter(each.text for each in used)
        for each in used:
            if times[each.text] > 1:
                yield Finding("language_repeated", "error", each.sourceline, each.text or "")


def spacing(elements: Elements) -> Iterator[Finding]:
    """14: one space between the entries of a list, none before or after."""
    for tag in LISTS:
        for element in elements.all(tag):
            if not LIST.fullmatch("".join(element.itertext())):
                yield Finding("list_spacing", "error", element.sourceline)
    for name in ("refType", "refId"):
        for element, value in elements.having[name]:
            if not LIST.fullmatch(value):
                yield Finding("attribute_spacing", "error", element.sourceline, name)


PATTERNS: tuple[Callable[[Elements], Iterator[Finding]], ...] = (
    _declared("usedMethods", "methods_missing", "error"),
    _declared("usedSoftware", "software_missing", "warning"),
    _declared("influenceConditions", "conditions_missing", "error"),
    version,
    links,
    languages,
    dates,
    releases,
    codes,
    relative,
    units,
    foreign_units,
    repeated_languages,
    spacing,
)
