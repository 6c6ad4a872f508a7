// ---- What a certificate says: a DCC as ours are written. Form and rules of the DCC are not checked here.

const DCC = "https://ptb.de/dcc";
const SI = "https://ptb.de/si";

function readXml(bytes) {
  const text = decode(bytes);
  const [, encoding = "utf-8"] = /^\uFEFF?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text) ?? [];
  const prolog = text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, ""); // whose first tag is that of the root, or of a DTD
  if (/^\s*<!DOCTYPE/i.test(prolog) || encoding.toLowerCase() !== "utf-8") throw new Refused("unsafe_xml");
  const tree = new DOMParser().parseFromString(text, "application/xml");
  if (tree.querySelector("parsererror")) throw new Refused("malformed");
  return tree.documentElement;
}

class Refused extends Error {
  // a reason by its code
  constructor(code, detail = "") {
    super(detail);
    this.code = code;
  }
}

const childrenOf = (parent, name, space = DCC) =>
  Array.from(parent?.children ?? []).filter((each) => each.localName === name && each.namespaceURI === space);

function all(parent, path) {
  const [first, ...rest] = path.split("/");
  const found = childrenOf(parent, first);
  return rest.length ? found.flatMap((each) => all(each, rest.join("/"))) : found;
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

const textOf = (parent, path) => ownText(all(parent, path)[0]);

function needed(parent, path) {
  if (!all(parent, path).length) throw new Refused("structure", path);
  return textOf(parent, path);
}

function dayOf(parent, path) {
  const day = needed(parent, path);
  if (!isDay(day)) throw new Refused("structure", path);
  return day;
}

function nameOf(parent, path = "name") {
  const contents = all(parent, `${path}/content`);
  const by = (language) => contents.find((each) => each.getAttribute("lang") === language);
  const chinese = ownText(by("zh") ?? contents[0]);
  const english = ownText(by("en"));
  return { chinese, english: english === chinese ? "" : english };
}

function figureOf(quantity) {
  const real = childrenOf(quantity, "real", SI)[0];
  const expanded = real && Array.from(real.getElementsByTagNameNS(SI, "expandedMU"))[0];
  const figure = (parent, name) => ownText(childrenOf(parent, name, SI)[0]);
  return {
    value: finite(figure(real, "value")),
    unit: figure(real, "unit").trim(),
    uncertainty: finite(figure(expanded, "valueExpandedMU")),
    factor: finite(figure(expanded, "coverageFactor")),
  };
}

function readCertificate(bytes) {
  const root = readXml(bytes);
  if (root.localName !== "digitalCalibrationCertificate" || root.namespaceURI !== DCC) throw new Refused("structure");
  const [core] = all(root, "administrativeData/coreData");
  const [result] = all(root, "measurementResults/measurementResult");
  const cited = new Map(all(result, "measuringEquipments/measuringEquipment")
    .filter((each) => all(each, "certificate").length)
    .map((each) => [each.getAttribute("id"), textOf(each, "certificate/value")]));
  const change = textOf(core, "reportAmendedSubstituted/typeOfChange");
  const previous = textOf(core, "previousReport/value");
  const statement = (kind) => all(root, "administrativeData/statements/statement")
    .find((each) => each.getAttribute("refType") === kind);
  const points = all(result, "results/result").map((each) => readPoint(each, cited));
  return {
    kind: textOf(statement("qh_kind"), "reference") || textOf(statement("qh_kind"), "declaration/content") || "calibration",
    number: numberOf(needed(core, "uniqueIdentifier")),
    issuer: textOf(root, "administrativeData/calibrationLaboratory/calibrationLaboratoryCode"),
    issuerName: nameOf(root, "administrativeData/calibrationLaboratory/contact/name"),
    customer: nameOf(root, "administrativeData/customer/name").chinese,
    items: all(root, "administrativeData/items/item").map(readItem),
    performed: dayOf(core, "endPerformanceDate"),
    issued: all(core, "issueDate").length ? dayOf(core, "issueDate") : dayOf(core, "endPerformanceDate"),
    due: textOf(statement("basic_recalibration"), "date"),
    procedure: textOf(result, "usedMethods/usedMethod/norm"),
    points,
    standards: [...new Set(points.flatMap((point) => point.standards))],
    amends: change === "amended" ? previous : "",
    supersedes: change === "substituted" ? previous : "",
  };
}

function numberOf(text) {
  // as number.py: what can be told from every other number by eye
  if (text.normalize("NFKC") !== text || text.trim() !== text || /[\p{C}\p{Zl}\p{Zp}]/u.test(text)) throw new Refused("structure", "uniqueIdentifier");
  return text;
}

function finite(text) {
  if (text !== "" && !Number.isFinite(Number(text))) throw new Refused("structure", text);
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

function readPoint(element, cited) {
  const quantities = all(element, "data/quantity");
  const kind = (each) => (each.getAttribute("refType") ?? "").split(" ")[0];
  const [measured, ...others] = quantities.filter((each) => ["basic_measuredValue", "basic_measurementError"].includes(kind(each)));
  if (others.length) throw new Refused("structure", "measuredValue");
  const nominal = quantities.find((each) => kind(each) === "basic_nominalValue");
  return {
    quantity: textOf(element, "name/content"),
    nominal: nominal ? figureOf(nominal) : { value: "", unit: "" },
    ...figureOf(measured ?? element),
    standards: all(measured, "measuringEquipments/measuringEquipment")
      .map((each) => cited.get(each.getAttribute("refId")) ?? ""),
  };
}
