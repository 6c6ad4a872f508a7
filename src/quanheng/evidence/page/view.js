// ---- What the person sees. Texts of documents are set as text, never as markup.

const FACTS = JSON.parse(document.getElementById("facts").textContent);
const byId = (id) => document.getElementById(id);

function make(tag, content = [], attributes = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...[content].flat());
  return element;
}

const say = (chinese, english) => [make("span", chinese, { lang: "zh-CN" }), make("span", english, { lang: "en" })];

const ANSWERS = {
  VALID: ["有效", "valid"],
  NOT_SHOWN: ["未得证明", "not shown"],
  INVALID: ["无效", "invalid"],
};
const KINDS = {
  certificate: ["证书", "certificate"],
  bundle: ["计算凭据", "bundle"],
  order: ["工单", "order"],
  "key binding": ["密钥绑定", "key binding"],
  scope: ["授权范围", "scope"],
  status: ["状态变更", "change of status"],
  "type approval": ["型式批准", "type approval"],
};
const OUTCOMES = {
  pass: ["合格", "pass"],
  fail: ["不合格", "fail"],
};
const TITLES = {
  calibration: ["校准证书", "Calibration certificate"],
  verification: ["检定证书", "Verification certificate"],
  test: ["检测报告", "Test report"],
};

function reasonLine({ code, detail }) {
  const meaning = FACTS.reasons[code];
  return make("li", [make("code", code), " ", ...say(meaning.chinese, meaning.english), detail ? `: ${detail}` : ""]);
}

function verdict(standing) {
  return make("span", say(...ANSWERS[standing]), { class: `answer ${standing.toLowerCase()}` });
}

function table(head, rows) {
  const row = (cells, tag) => make("tr", cells.map((cell) => make(tag, cell)));
  return make("div", make("table", [make("thead", row(head, "th")), make("tbody", rows.map((cells) => row(cells, "td")))]),
    { class: "scroll", tabindex: "0", role: "group" });
}

function showAnswer(found) {
  const reasons = found.flatMap((one) => one.reasons);
  const standing = standingOf(reasons);
  const list = make("ul", found[0].reasons.map(reasonLine));
  const others = found.slice(1).filter((one) => standingOf(one.reasons) !== "VALID").length;
  const more = others ? [make("p", say(`另有 ${others} 份所依据的文件不是有效，见下。`, `Of what it rests on, ${others} are not valid; see below.`))] : [];
  const limits = found[0].code ? make("p", shownByCode(found[0])) : make("p", say("就签名、登记、撤销与标准的有效期而言；溯源链的其余规则不在本页查验。",
    "As to signatures, logging, withdrawal, and standards in force; the other rules of the chain are not checked on this page."));
  byId("answer").replaceChildren(make("p", verdict(standing), { class: "verdict-line" }), limits, list, ...more);
}

function shownByCode({ logged, reasons }) {
  // what paper can show, in words: the answer alone would sound as if nothing had been
  const only = reasons.every(({ code }) => code === "values_unseen");
  if (logged === null || !only) return say("二维码没有证明什么，原因如下。", "The code shows nothing, for the reasons below.");
  const day = dayAt(logged);
  return say(`已得证明：下列编号、机构、器具与日期的证书，在 ${day} 之前已登记于可信的日志。没有查：纸上的数值、签名、机构的资格、后来的撤销。`,
    `Shown: a certificate of the number, issuer, instruments and days below was in a trusted log by ${day}. Not checked: the values on the paper, the signature, the issuer's entitlement, later withdrawal.`);
}

// As evidence/figures.py: U with two digits, the value as far as U goes; digits are added, never taken away.
function pair(value, uncertainty) {
  const plain = [value, uncertainty].map((text) => /^-?(\d+)(?:\.(\d+))?$/.exec(text));
  if (plain.includes(null)) return [value, uncertainty];
  const [, whole, part = ""] = plain[1];
  const first = Number(whole) ? 1 - String(Number(whole)).length : part.search(/[1-9]/) + 1;
  const places = Math.max(part.length, first + 1, 0);
  return plain.map(([text, , there = ""]) => {
    const more = "0".repeat(Math.max(0, places - there.length));
    return `${text}${more && !there ? "." : ""}${more}`.replace("-", "−");
  });
}

// As evidence/figures.py: "±1", "0.9 … 1.1", "≥ 0.9".
function permitted({ lower, upper }) {
  if (lower && upper) return Number(lower) === -Number(upper) ? `±${upper}` : `${lower} … ${upper}`.replaceAll("-", "−");
  return lower ? `≥ ${lower}`.replace("-", "−") : upper && `≤ ${upper}`.replace("-", "−");
}

function showSubject(one) {
  const facts = [];
  const fact = (chinese, english, value) => {
    if (value) facts.push(make("dt", say(chinese, english)), make("dd", value));
  };
  const { content, document, code } = one;
  byId("subject").replaceChildren();
  if (document.kind === "certificate" && content) {
    byId("subject").append(make("h2", say(...(TITLES[content.kind] ?? TITLES.calibration))));
    fact("编号", "Number", content.number);
    fact("签发机构", "Issuer", `${content.issuerName.chinese} ${content.issuerName.english} (${content.issuer})`);
    fact("客户", "Customer", content.customer);
    for (const item of content.items) {
      const parts = [item.name.chinese, item.name.english, item.maker, item.model, item.serial, item.identifier];
      fact("器具", "Instrument", parts.filter(Boolean).join(" · "));
    }
    fact("依据", "Procedure", content.procedure);
    fact("完成", "Performed", content.performed);
    fact("签发", "Issued", content.issued);
    fact("有效期至", "Due", content.due);
    fact("结论", "Outcome", OUTCOMES[content.outcome] && say(...OUTCOMES[content.outcome]));
  } else {
    byId("subject").append(make("h2", say(...KINDS[document.kind])));
  }
  if (code) {
    fact("编号", "Number", code.number);
    fact("签发机构", "Issuer", code.issuer);
    for (const item of code.items) fact("器具", "Instrument", item);
    fact("完成", "Performed", code.performed);
    fact("签发", "Issued", code.issued);
  }
  fact("登记", "Logged", one.logged === null ? "" : `${new Date(one.logged * 1000).toISOString()} (${dayAt(one.logged)} UTC+8)`);
  fact("SHA-256", "SHA-256", document.digest);
  byId("subject").append(make("dl", facts, { class: "facts" }));
  if (content?.points?.length) {
    const head = [say("量", "Quantity"), say("标称值", "Nominal"), say("结果", "Result"), ["U"], ["k"], say("单位", "Unit")];
    const isJudged = content.points.some((point) => point.lower || point.upper || point.outcome);
    if (isJudged) head.push(say("允许", "Permitted"), say("判定", "Outcome"));
    byId("subject").append(table(head, content.points.map((point) =>
      [point.quantity, `${point.nominal.value} ${point.nominal.unit}`, ...pair(point.value, point.uncertainty), point.factor, point.unit,
        ...(isJudged ? [permitted(point), OUTCOMES[point.outcome] ? say(...OUTCOMES[point.outcome]) : ""] : [])])));
  }
}

function showDocuments(found) {
  const rows = found.map((one) => {
    const { document, content, reasons } = one;
    const about = document.kind === "certificate" && content ? `${content.issuerName.chinese} ${content.number}`
      : content ? [content.party, content.role, content.change, content.quantity, content.number, content.since].filter(Boolean).join(" · ") : "";
    return [[make("span", say(...KINDS[document.kind])), make("div", about, { class: "about" })],
      one.logged === null ? "–" : dayAt(one.logged), [verdict(standingOf(reasons)), make("ul", reasons.map(reasonLine))]];
  });
  byId("documents").replaceChildren(make("h2", say("文件中的全部文书", "All documents of the file")),
    table([say("文书", "Document"), say("登记日", "Logged"), say("答案", "Answer")], rows));
}

function showRefusal(code, detail) {
  byId("subject").replaceChildren();
  byId("documents").replaceChildren();
  byId("answer").replaceChildren(make("p", verdict(FACTS.reasons[code].forces), { class: "verdict-line" }),
    make("ul", reasonLine(REASON(code, detail))));
}

async function check(bytes, trust, on) {
  // what was found of every document, or one reason about the whole file
  try {
    if (isCode(bytes)) return { found: [await checkCode(await readCode(decode(bytes)), trust)] };
    return { found: await checkProof(await documentsOf(bytes), trust, on) };
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return { refused: REASON("proof_file_malformed", error.message) };
  }
}

const isCode = (bytes) => same(bytes.subarray(0, 4), encode(FACTS.code.prefix));

async function documentsOf(bytes) {
  // of a proof file; of a paper copy with either inside; of a certificate alone, with what the code says of it
  if (same(bytes.subarray(0, 4), encode("%PDF"))) {
    const { certificate, proof } = await attached(bytes);
    if (!proof) return documentsOf(certificate);
    const documents = await readProofFile(proof);
    if (!same(documents[0].data, certificate)) throw new Bad("PDF: certificate.xml ≠ proof");
    return documents;
  }
  if (bytes[0] !== 0x3c && bytes[0] !== 0xef) return readProofFile(bytes);
  const empty = new Uint8Array();
  const alone = { kind: "certificate", data: bytes, digest: hex(await sha256(bytes)), signature: empty, statement: empty, salts: empty, proof: empty };
  const pasted = byId("code").value.trim();
  if (!pasted) return [alone];
  const { document } = await readCode(pasted);
  if (document.digest !== alone.digest) throw new Bad(`SHA-256 ${document.digest} / ${alone.digest}`);
  return [{ ...document, data: bytes }];
}

async function pinned() {
  // what was baked in, or what the person pasted in its place
  const pasted = byId("policy").value.trim();
  const pems = byId("authority").value.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  const keys = pems.map((pem) => unbase64(pem.replace(/-----[^-]+-----|\s/g, "")));
  return readTrust(pasted ? byId("policy").value : FACTS.policy, keys.length ? keys : FACTS.authority.map(unbase64));
}

let turns = 0;

async function verify(bytes) {
  const turn = ++turns; // who asks again while one answer is computed wants the later one
  byId("answer").replaceChildren(make("p", say("正在查验……", "Checking …")));
  try {
    if (!globalThis.crypto?.subtle) throw new Bad("WebCrypto");
    const outcome = await check(bytes, await pinned(), byId("on").value);
    if (turn !== turns) return;
    if (outcome.refused) showRefusal(outcome.refused.code, outcome.refused.detail);
    else {
      showAnswer(addChain(outcome.found, byId("on").value));
      showSubject(outcome.found[0]);
      showDocuments(outcome.found);
    }
  } catch (error) {
    // a fault of the pins, of the browser, or of this page: nothing was shown
    byId("subject").replaceChildren();
    byId("documents").replaceChildren();
    byId("answer").replaceChildren(make("p", verdict("NOT_SHOWN"), { class: "verdict-line" }),
      make("p", [...say("未能查验", "could not be checked"), `: ${error.message}`]));
  }
}

async function showDigest(file) {
  const digest = hex(await sha256(new Uint8Array(await file.arrayBuffer())));
  byId("digest").textContent = `${digest}  ${file.name}`;
}

async function readPhoto(file) {
  // the code on a photograph, where the browser can read codes
  const told = (chinese, english) => byId("photo-told").replaceChildren(...say(chinese, english));
  if (!globalThis.BarcodeDetector) {
    told("这个浏览器不会读二维码：请用手机相机扫码，复制文字，贴在上面。",
      "This browser cannot read codes: scan it with a phone's camera, copy the text, and paste it above.");
    return;
  }
  let found = [];
  try {
    found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(file));
  } catch {
    // no picture: nothing was found in it
  }
  const one = found.find((each) => each.rawValue.startsWith(FACTS.code.prefix));
  if (!one) {
    told("照片中没有找到证书的二维码：请拍近一些、正一些、亮一些。", "No code of a certificate was found: take the photograph nearer, straighter and brighter.");
    return;
  }
  byId("photo-told").replaceChildren();
  byId("code").value = one.rawValue;
  await again();
}

let chosen = null;
const again = async () => {
  // the file where there is one, else the code
  const pasted = byId("code").value.trim();
  if (chosen) await verify(new Uint8Array(await chosen.arrayBuffer()));
  else if (pasted) await verify(encode(pasted));
};
byId("on").value = dayAt(Date.now() / 1000);
byId("file").addEventListener("change", (event) => {
  [chosen] = event.target.files;
  again();
});
byId("code").addEventListener("input", again);
byId("photo").addEventListener("change", (event) => event.target.files.length && readPhoto(event.target.files[0]));
const given = unbase64(byId("given").textContent);
if (given.length) {
  if (isCode(given)) byId("code").value = decode(given);
  else chosen = new Blob([given]);
  again();
}
for (const id of ["on", "policy", "authority"]) byId(id).addEventListener("change", again);
byId("any").addEventListener("change", (event) => event.target.files.length && showDigest(event.target.files[0]));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) [chosen] = event.dataTransfer.files;
  again();
});
