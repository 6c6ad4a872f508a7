"""The business rules of DCC 3.3.0: its 14 patterns, in our own words, with their severities.

The authority is the Schematron that is published with the schema (dcc.sch): where it is odd, so are these rules. The
compiled dcc.svrl beside it is of an older edition, and says other things. Each node meets the first rule of a pattern
that fits it, as Schematron has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, cached_property
from itertools import islice
from typing import Any, Literal, NamedTuple

from lxml import etree

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

TAGS = (
    *LISTS,
    *(
        f"{{{DCC}}}{name}"
        for name in (
            "usedMethods", "usedSoftware", "influenceConditions", "measurementResult", "list", "quantity", "content",
            "usedLangCodeISO639_1", "mandatoryLangCodeISO639_1", "countryCodeISO3166_1", "endPerformanceDate",
            "release", "relativeUncertainty", "nonSIUnit", "nonSIDefinition", "coreData",
        )
    ),
    *(f"{{{SI}}}{name}" for name in ("realListXMLList", "unit")),
)  # fmt: skip
TAGS_OF_OTHERS = tuple(
    f"{{{DCC}}}{name}"
    for name in (
        "usedLangCodeISO639_1", "mandatoryLangCodeISO639_1", "countryCodeISO3166_1", "endPerformanceDate", "coreData",
    )
)  # fmt: skip
NAMING = frozenset(f"{{{DCC}}}{name}" for name in ("name", "further", "referral"))


class Finding(NamedTuple):
    """What a rule says of an element."""

    rule: str
    severity: Severity
    line: int
    detail: str = ""


class Elements:
    """The elements of a certificate that rules ask for, by tag, in one pass."""

    def __init__(self, root: Any, tags: Collection[str]) -> None:
        self.root = root
        self.by_tag: Mapping[str, list[Any]] = {tag: [] for tag in tags}  # a pattern asks for no other
        for element in root.iter(*tags):
            self.by_tag[element.tag].append(element)
        self.by_attribute: dict[str, list[Any]] = {}

    def all(self, tag: str) -> list[Any]:
        """Every element of a tag, in the order of the document."""
        return self.by_tag[tag]

    def values(self, attribute: str) -> list[Any]:
        """Every value of an attribute, in the order of the document; each knows its element (`getparent`)."""
        if attribute not in self.by_attribute:
            self.by_attribute[attribute] = _values_of(attribute)(self.root)
        return self.by_attribute[attribute]

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
    """All findings about a certificate, pattern by pattern. root: its root element."""
    elements = Elements(root, TAGS)
    return [found for pattern in (*BUILT_IN, *OTHERS) for found in pattern(elements)]


def findings_of_plain(root: Any) -> list[Finding]:
    """The findings about a certificate that is plain (structure.is_plain), without those for information."""
    elements = Elements(root, TAGS_OF_OTHERS)
    return [found for pattern in OTHERS for found in pattern(elements)]


@cache
def _values_of(attribute: str) -> Any:
    return etree.XPath(f"/descendant::*/@{attribute}")


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
    ids, references = elements.values("id"), elements.values("refId")
    known, used = set(ids), {word for value in references for word in value.split(" ")}
    for value in ids:
        if value not in used:
            yield Finding("id_unlinked", "warning", value.getparent().sourceline, str(value))
    for value in references:
        if known.isdisjoint(value.split(" ")):
            yield Finding("reference_unresolved", "error", value.getparent().sourceline, str(value))


def languages(elements: Elements) -> Iterator[Finding]:
    """6: languages of texts are those that are declared, each once."""
    declared = [each.text or "" for each in elements.all(_d("usedLangCodeISO639_1"))]
    parents: dict[Any, list[str]] = {}
    for value in elements.values("lang"):
        content = value.getparent()
        if content.tag == _d("content"):
            parents.setdefault(content.getparent(), []).append(value)
    once = len(set(declared)) == len(declared)
    for parent, local in parents.items():
        if once and local == declared:
            continue
        for language in local:
            if language not in declared:
                yield Finding("language_undeclared", "error", parent.sourceline, language)
        if len(local) != len(declared):
            yield Finding("languages_incomplete", "error", parent.sourceline, " ".join(local))
        if len(set(local)) != len(local):
            yield Finding("language_twice", "error", parent.sourceline, " ".join(local))


def missing_languages(elements: Elements) -> Iterator[Finding]:
    """6: a text that is no name says its language."""
    known: dict[Any, bool] = {}  # a parent of many texts is looked through once
    for element in elements.all(_d("content")):
        parent = element.getparent()
        named = parent is None or parent.tag in NAMING
        if not named:
            above = parent.getparent()
            if above not in known:
                known[above] = _is_named(above)
            named = known[above]
        if not named and element.get("lang") is None:
            yield Finding("language_missing", "warning", element.sourceline)


def _is_named(element: Any) -> bool:
    """Whether an element has a name, or the like: its texts belong to that."""
    return element is not None and next(element.iterchildren(*NAMING), None) is not None


def dates(elements: Elements) -> Iterator[Finding]:
    """7: it ends after it begins."""
    for end in elements.all(_d("endPerformanceDate")):
        if not _stands_in(end, "coreData"):
            continue
        begins = end.getparent().iterchildren(_d("beginPerformanceDate"))
        begun = next((each.text or "" for each in begins), "")
        if not begun.strip() <= (end.text or "").strip():
            yield Finding("dates_disordered", "error", end.sourceline, f"{begun} – {end.text}")


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
        used = list(core.iterchildren(_d("usedLangCodeISO639_1")))
        if len({each.text for each in used}) == len(used):
            continue
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


def _spacing_of(attribute: str) -> Callable[[Elements], Iterator[Finding]]:
    """14: the same of an attribute."""

    def pattern(elements: Elements) -> Iterator[Finding]:
        values = elements.values(attribute)
        if LIST.fullmatch(" ".join(values)):  # then each of them is one
            return
        for value in values:
            if not LIST.fullmatch(value):
                yield Finding("attribute_spacing", "error", value.getparent().sourceline, attribute)

    return pattern


Pattern = Callable[[Elements], Iterator[Finding]]

BUILT_IN: tuple[Pattern, ...] = (
    _declared("usedMethods", "methods_missing", "error"),
    _declared("usedSoftware", "software_missing", "warning"),
    _declared("influenceConditions", "conditions_missing", "error"),
    version,
    missing_languages,
    releases,
    relative,
    units,
    foreign_units,
    spacing,
    _spacing_of("refType"),
)
"""Patterns that find nothing graver than information in a certificate that is plain."""

OTHERS: tuple[Pattern, ...] = (links, languages, dates, codes, repeated_languages, _spacing_of("refId"))
