// ---- What a certificate says: a DCC as ours are written (reading.py). The rest of its form is not checked here.

const DCC = "https://ptb.de/dcc";
const SI = "https://ptb.de/si";
const KIND_NAMES = ["verification", "calibration", "test"];

class Refused extends Error {
  // a reason by its code
  constructor(code, detail = "") {
    super(detail);
    this.code = code;
  }
}

function readXml(bytes) {
  const head = Array.from(bytes.subarray(0, 256), (octet) => String.fromCharCode(octet)).join("");
  const [, encoding = "utf-8"] = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(head) ?? [];
  const isWide = /^(\xff\xfe|\xfe\xff|<\0|\0<|\0\0\0?<)/.test(head);
  if (encoding.toLowerCase() !== "utf-8" || isWide) throw new Refused("unsafe_xml", isWide ? "UTF-16" : encoding);
  const text = decode(bytes);
  const prolog = text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, ""); // whose first tag is that of the root, or of a DTD
  if (/^\s*<!DOCTYPE/i.test(prolog)) throw new Refused("unsafe_xml");
  const tree = new DOMParser().parseFromString(text, "application/xml");
  if (tree.querySelector("parsererror")) throw new Refused("malformed");
  return tree.documentElement;
}

function interrupted(root) {
  // whether a comment or an instruction stands between the characters of a value
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION);
  while (walk.nextNode()) {
    const isText = (each) => each.nodeType === Node.TEXT_NODE || each.nodeType === Node.CDATA_SECTION_NODE;
    if (Array.from(walk.currentNode.parentNode.childNodes).some((each) => isText(each) && each.data.trim())) return true;
  }
  return false;
}

// ---- elements

const childrenOf = (parent, name, space = DCC) =>
  Array.from(parent?.children ?? []).filter((each) => each.localName === name && each.namespaceURI === space);

function child(parent, name, space = DCC) {
  // what may stand once stands once: readers differ over which of two counts
  const found = childrenOf(parent, name, space);
  if (found.length > 1 && !FACTS.content.many.includes(name)) throw new Refused("structure", `${name} × ${found.length}`);
  return found[0];
}

const one = (parent, path) => path.split("/").reduce((from, name) => child(from, name), parent);

function all(parent, path) {
  const names = path.split("/");
  const last = names.pop();
  return childrenOf(names.reduce((from, name) => child(from, name), parent), last);
}

function needed(parent, path) {
  const found = one(parent, path);
  if (!found) throw new Refused("structure", path);
  return found;
}

function ofKind(elements, kind) {
  // the one of a refType
  const found = elements.filter((each) => each.getAttribute("refType") === kind);
  if (found.length > 1 && FACTS.content.once.includes(kind)) throw new Refused("structure", `${kind} × ${found.length}`);
  return found[0];
}

function ownText(element) {
  // as far as the first comment or element: nothing hides behind one
  let text = "";
  for (const node of element?.childNodes ?? []) {
    if (node.nodeType !== Node.TEXT_NODE && node.nodeType !== Node.CDATA_SECTION_NODE) break;
    text += node.data;
  }
  return text;
}

const textOf = (parent, path) => ownText(one(parent, path));

function dayOf(parent, path) {
  const day = ownText(needed(parent, path));
  if (!isDay(day)) throw new Refused("structure", path);
  return day;
}

function nameOf(parent, path = "name") {
  const contents = all(parent, `${path}/content`);
  const languages = contents.map((each) => each.getAttribute("lang"));
  if (new Set(languages).size < languages.length) throw new Refused("structure", path);
  const by = (language) => contents[languages.indexOf(language)];
  const chinese = ownText(by("zh") ?? contents[0]);
  const english = ownText(by("en"));
  return { chinese, english: english === chinese ? "" : english };
}

// ---- figures

function numberIn(parent, name, fits) {
  // the text of a number of D-SI
  const text = ownText(child(parent, name, SI)).trim();
  if (!/^[-+]?(\d+\.?\d*|\.\d+)([Ee][-+]?\d+)?$/.test(text)) throw new Refused("structure", `${name} ${text}`);
  if (!(Math.abs(Number(text)) <= FACTS.content.largest)) throw new Refused("figure_too_large", text);
  if (!fits(text)) throw new Refused("structure", `${name} ${text}`);
  return text;
}

function unitIn(parent) {
  // the symbol of a unit of D-SI, if it is one (units.py); its name where it is no legal unit
  const text = ownText(child(parent, "unit", SI)).trim();
  const { units, prefixes, longestUnit, largestPower } = FACTS.content;
  const bad = () => new Refused("unit_unknown", text);
  const named = (prefix, name) => (prefix ? units[`\\${prefix}\\${name}`]?.[""] : undefined) ?? units[`\\${name}`]?.[prefix];
  const tokens = [...text.matchAll(/\s*\\([A-Za-z]+)\s*(?:\{\s*([^{}]*?)\s*\})?\s*|([\s\S])/g)];
  const factors = [];
  let [prefix, inverse, raised] = ["", false, true];
  for (const [, name, braces, stray] of tokens) {
    if (stray || (braces !== undefined) !== (name === "tothe")) throw bad();
    if (name === "per" && !prefix && !inverse) inverse = true;
    else if (name === "tothe") {
      if (raised || prefix || !/^[+-]?\d+(\.\d+)?$/.test(braces) || Math.abs(Number(braces)) > largestPower) throw bad();
      factors.at(-1).power *= Number(braces);
      raised = true;
    } else if (prefixes.includes(name) && !prefix) prefix = name;
    else {
      const symbol = named(prefix, name);
      if (symbol === undefined) throw bad();
      factors.push({ symbol, power: inverse ? -1 : 1 });
      [prefix, inverse, raised] = ["", false, false];
    }
  }
  if (text.length > longestUnit || prefix || inverse || !factors.length) throw bad();
  const isPrinted = factors.every(({ symbol, power }) => !symbol.startsWith("\\") && Number.isInteger(power));
  return isPrinted ? printedUnit(factors.filter(({ symbol }) => symbol !== "1")) : text;
}

function printedUnit(factors) {
  // as unit_names.py: kg·m²/s², W/(m²·K), K⁻¹
  const raised = ({ symbol, power }) => symbol + (power === 1 ? "" : `${power}`.replace(/[-\d]/g, (each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)]));
  const above = factors.filter(({ power }) => power > 0).map(raised);
  const below = factors.filter(({ power }) => power <= 0);
  if (!above.length) return below.map(raised).join("·") || "1";
  const under = below.map(({ symbol, power }) => raised({ symbol, power: -power }));
  return above.join("·") + (under.length ? `/${under.length > 1 ? `(${under.join("·")})` : under[0]}` : "");
}

function figureOf(quantity) {
  const real = quantity && child(quantity, "real", SI);
  if (!real) throw new Refused("structure", "real");
  return { value: numberIn(real, "value", () => true), unit: unitIn(real), real };
}

function uncertaintyOf(real) {
  const expanded = child(child(real, "measurementUncertaintyUnivariate", SI), "expandedMU", SI);
  if (!expanded) throw new Refused("structure", "expandedMU");
  numberIn(expanded, "coverageProbability", (text) => /^\+?(0(\.\d*)?|1(\.0*)?)$/.test(text));
  return {
    uncertainty: numberIn(expanded, "valueExpandedMU", (text) => !text.startsWith("-")),
    factor: numberIn(expanded, "coverageFactor", (text) => /^\+?[1-9]\d*(\.\d*)?$/.test(text)),
  };
}

function byKind(quantities) {
  // quantities by the first word of their refType
  const found = new Map();
  for (const each of quantities) {
    const [kind] = (each.getAttribute("refType") ?? "").trim().split(/\s+/);
    if (kind && found.has(kind)) throw new Refused("structure", `${kind} × 2`);
    found.set(kind, each);
  }
  return found;
}

// ---- parts

function readCertificate(bytes) {
  // what it says, and reasons
  const root = readXml(bytes);
  return [contentOfRoot(root), interrupted(root) ? [REASON("value_interrupted")] : []];
}

function contentOfRoot(root) {
  if (root.localName !== "digitalCalibrationCertificate" || root.namespaceURI !== DCC) throw new Refused("structure");
  const statements = all(root, "administrativeData/statements/statement");
  if (!statements.some((each) => each.getAttribute("refType") === "qh_kind")) throw new Refused("results_unread");
  for (const kind of FACTS.content.once) ofKind(statements, kind);
  const core = needed(root, "administrativeData/coreData");
  const result = needed(root, "measurementResults/measurementResult");
  const cited = new Map(all(result, "measuringEquipments/measuringEquipment")
    .filter((each) => one(each, "certificate"))
    .map((each) => [each.getAttribute("id") ?? "", textOf(each, "certificate/value")]));
  const change = textOf(core, "reportAmendedSubstituted/typeOfChange");
  const previous = textOf(core, "previousReport/value");
  const kindSaid = ofKind(statements, "qh_kind");
  const kind = textOf(kindSaid, "reference") || textOf(kindSaid, "declaration/content");
  if (!KIND_NAMES.includes(kind)) throw new Refused("structure", kind);
  const dueSaid = ofKind(statements, "basic_recalibration");
  const listed = all(root, "administrativeData/items/item");
  const places = new Set(listed.map((each) => each.getAttribute("id") ?? ""));
  const decided = ofKind(statements, "qh_decision");
  if (decided) ["conformity", "convention"].forEach((name) => needed(decided, name));
  const points = all(result, "results/result").map((each) => readPoint(each, cited, places));
  return {
    kind,
    number: numberOf(ownText(needed(core, "uniqueIdentifier"))),
    issuer: textOf(root, "administrativeData/calibrationLaboratory/calibrationLaboratoryCode"),
    issuerName: nameOf(root, "administrativeData/calibrationLaboratory/contact/name"),
    customer: ofKind(statements, "qh_customer") ? nameOf(root, "administrativeData/customer/name").chinese : "",
    items: listed.map(readItem),
    performed: dayOf(core, "endPerformanceDate"),
    issued: dayOf(core, one(core, "issueDate") ? "issueDate" : "endPerformanceDate"),
    due: dueSaid ? dayOf(dueSaid, "date") : "",
    outcome: outcomeOf(decided),
    procedure: textOf(result, "usedMethods/usedMethod/norm"),
    points,
    standards: [...new Set(points.flatMap((point) => point.standards))],
    amends: change === "amended" ? previous : "",
    supersedes: change === "substituted" ? previous : "",
  };
}

function numberOf(text) {
  // as number.py: what can be told from every other number by eye
  const signs = `[${FACTS.content.number}]+`;
  if (!new RegExp(`^(${signs}( ${signs})*)?$`, "u").test(text)) throw new Refused("structure", "uniqueIdentifier");
  return text;
}

function readItem(element) {
  const known = all(element, "identifications/identification");
  const kinds = known.map((each) => each.getAttribute("refType")).filter(Boolean);
  if (new Set(kinds).size < kinds.length) throw new Refused("structure", "identification");
  const by = (kind) => known.find((each) => each.getAttribute("refType") === kind);
  return {
    identifier: textOf(by("qh_identifier") ?? known[0], "value"),
    name: nameOf(element),
    maker: nameOf(element, "manufacturer/name").chinese,
    model: textOf(element, "model"),
    serial: textOf(by("basic_serialNumber"), "value"),
  };
}

function readPoint(element, cited, places) {
  const quantities = byKind(all(element, "data/quantity"));
  const found = ["basic_measuredValue", "basic_measurementError"].filter((kind) => quantities.has(kind));
  if (found.length !== 1) throw new Refused("structure", "measuredValue");
  if (!places.has(element.getAttribute("refId") || [...places][0])) throw new Refused("structure", "refId");
  const measured = quantities.get(found[0]);
  const { value, unit, real } = figureOf(measured);
  return {
    quantity: nameOf(element).chinese,
    nominal: figureOf(quantities.get("basic_nominalValue")),
    value,
    unit,
    ...uncertaintyOf(real),
    ...limitsOf(measured, unit),
    standards: all(measured, "measuringEquipments/measuringEquipment").map((each) => readUse(each, cited)),
  };
}

function limitsOf(measured, unit) {
  const said = ofKind(all(measured, "measurementMetaData/metaData"), "qh_limits");
  const figures = byKind(all(said, "data/quantity"));
  const limit = (kind) => {
    if (!figures.has(kind)) return "";
    const found = figureOf(figures.get(kind));
    if (found.unit !== unit) throw new Refused("structure", kind);
    return found.value;
  };
  return { lower: limit("qh_lower"), upper: limit("qh_upper"), outcome: outcomeOf(said) };
}

function outcomeOf(said) {
  // "pass", "fail", or nothing where nothing is said
  const text = textOf(said, "conformity");
  if (!["pass", "fail", ""].includes(text)) throw new Refused("structure", "conformity");
  return text;
}

function readUse(element, cited) {
  // the digest of the standard's certificate
  const figures = byKind(all(element, "measuringEquipmentQuantities/measuringEquipmentQuantity"));
  const digest = cited.get(element.getAttribute("refId") ?? "");
  if (digest === undefined) throw new Refused("structure", "measuringEquipment");
  figureOf(figures.get("qh_at"));
  const sensitivity = figures.get("qh_sensitivity");
  if (sensitivity && !Number(figureOf(sensitivity).value)) throw new Refused("structure", "qh_sensitivity");
  return digest;
}
