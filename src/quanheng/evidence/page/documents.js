// ---- Every document: 1 content and statement  2 signature  3 log  4 key  5 time  6 withdrawal. As document_check.py.

const REASON = (code, detail = "") => ({ code, detail });
const STANDINGS = ["VALID", "NOT_SHOWN", "INVALID"];

function standingOf(reasons) {
  return reasons.reduce((worst, { code }) => {
    const forced = FACTS.reasons[code].forces;
    return STANDINGS.indexOf(forced) > STANDINGS.indexOf(worst) ? forced : worst;
  }, "VALID");
}

// The day in China's standard time.
const dayAt = (time) => new Date((time + 8 * 3600) * 1000).toISOString().slice(0, 10);
const daysFrom = (first, last) => (Date.parse(last) - Date.parse(first)) / 86400000;

// ---- keys

const SPKI = [
  // whole prefixes of SubjectPublicKeyInfo: everything before the key's own bytes
  { name: "ed25519", prefix: "302a300506032b6570032100", size: 44 },
  { name: "ecdsa-p256-sha256", prefix: "3059301306072a8648ce3d020106082a8648ce3d03010703420004", size: 91 },
  { name: "sm2-sm3", prefix: "3059301306072a8648ce3d020106082a811ccf5501822d03420004", size: 91 },
];

// y² = x³ − 3x + b
const CURVES = {
  "ecdsa-p256-sha256": {
    field: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  "sm2-sm3": {
    field: 2n ** 256n - 2n ** 224n - 2n ** 96n + 2n ** 64n - 1n,
    b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  },
};

function isSound({ name }, point) {
  if (name === "ed25519") return !isOfSmallOrder(point);
  const { field, b } = CURVES[name];
  const [x, y] = [0, 32].map((at) => BigInt(`0x${hex(point.subarray(at, at + 32))}`));
  return x < field && y < field && (y * y - x * x * x + 3n * x - b) % field === 0n;
}

async function readKey(der) {
  const kind = SPKI.find((each) => der.length === each.size && hex(der).startsWith(each.prefix));
  if (!kind || !isSound(kind, der.subarray(kind.prefix.length / 2))) throw new Bad("key");
  return { algorithm: kind.name, der, id: hex(await sha256(der)) };
}

async function isSignedBy(key, signature, data) {
  // throws NotSupportedError where the browser lacks the algorithm
  if (key.algorithm === "ed25519") return verifies(key.der.slice(12), signature, data);
  if (key.algorithm !== "ecdsa-p256-sha256") throw new DOMException(key.algorithm, "NotSupportedError");
  let raw;
  try {
    raw = rawSignature(signature);
  } catch {
    return false;
  }
  const named = { name: "ECDSA", namedCurve: "P-256" };
  const imported = await crypto.subtle.importKey("spki", key.der, named, false, ["verify"]);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, raw, data);
}

function rawSignature(der) {
  // DER SEQUENCE of two INTEGERs to r ‖ s of 32 bytes each
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) throw new Bad("DER");
  const numbers = [];
  let place = 2;
  while (place < der.length) {
    const size = der[place + 1];
    let octets = der.subarray(place + 2, place + 2 + size);
    const padded = octets[0] === 0 && size > 1;
    if (der[place] !== 2 || !size || octets.length < size || octets[0] > 0x7f || (padded && octets[1] < 0x80)) throw new Bad("DER");
    if (padded) octets = octets.subarray(1);
    if (octets.length > 32) throw new Bad("DER");
    numbers.push(concat(new Uint8Array(32 - octets.length), octets));
    place += 2 + size;
  }
  if (numbers.length !== 2) throw new Bad("DER");
  return concat(...numbers);
}

// ---- 1 content

async function contentOf(document) {
  // [content, reasons]
  try {
    if (document.kind === "certificate") return readCertificate(document.data);
    if (document.kind === "bundle" || document.kind === "order") return [null, []];
    return [await readRecord(document), []];
  } catch (error) {
    if (error instanceof Refused) return [null, [REASON(error.code, error.message)]];
    if (error instanceof Bad) return [null, [REASON(document.kind === "certificate" ? "malformed" : "record_malformed", error.message)]];
    throw error;
  }
}

const isDigest = (text) => /^[0-9a-f]{64}$/.test(text);

async function readRecord(document) {
  const record = readJson(document.data);
  const fieldsOf = FACTS.records[document.kind];
  const names = ["format", "kind", ...Object.keys(fieldsOf)];
  if (record.format !== FACTS.recordFormat || record.kind !== document.kind) throw new Bad("format");
  if (Object.keys(record).length !== names.length || !names.every((name) => Object.hasOwn(record, name))) throw new Bad("fields");
  for (const [name, type] of Object.entries(fieldsOf)) {
    const value = record[name];
    const fits = {
      str: () => typeof value === "string",
      date: () => isDay(value),
      float: () => typeof value === "number",
      "tuple[str, ...]": () => Array.isArray(value) && value.every((each) => typeof each === "string"),
    }[type]();
    if (!fits) throw new Bad(name);
  }
  checkCanonical(record, document.data);
  for (const [name, known] of Object.entries(FACTS.words[record.kind] ?? {})) {
    if (![record[name]].flat().every((word) => known.includes(word))) throw new Bad(name);
  }
  if (record.kind !== "status" && record.since > record.until) throw new Bad("since > until");
  if (record.kind === "scope" && (record.lower > record.upper || record.absolute < 0 || record.relative < 0)) throw new Bad("range");
  if (record.kind === "status" && !(isDigest(record.target) && (record.successor === "" || isDigest(record.successor)))) throw new Bad("target");
  if (record.kind === "key binding") {
    const key = await readKey(unbase64(record.public));
    if (key.id !== record.key || key.algorithm !== record.algorithm) throw new Bad("key");
  }
  return record;
}

async function readSignature(bytes) {
  const found = readJson(bytes);
  const names = ["algorithm", "format", "key", "sha256", "signature"];
  if (!same(encode(Object.keys(found).sort().join()), encode(names.join()))) throw new Bad("signature");
  if (names.some((name) => typeof found[name] !== "string") || found.format !== FACTS.signatureFormat) throw new Bad("signature");
  checkCanonical(found, bytes);
  if (bytes.length > 4096 || !SPKI.some((each) => each.name === found.algorithm)) throw new Bad("signature");
  return { ...found, bytes: unbase64(found.signature) };
}

// ---- 1 statement

async function checkStatement(document, content, signed, reasons) {
  // the statement, where there is one that can be read
  if (!document.statement.length) return null;
  let said;
  let salts = { number: new Uint8Array(), items: new Uint8Array() };
  try {
    said = readStatement(document);
    if (document.salts.length) salts = readSalts(document.salts);
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    reasons.push(REASON("statement_differs", error.message));
    return null;
  }
  if (said.sha256 !== document.digest) reasons.push(REASON("digest_mismatch", `${said.sha256} / ${document.digest}`));
  if (content === null && document.kind !== "bundle") return said;
  const due = await dueStatement(document, content, said, signed, salts);
  // that a document without signature differs in key and signature is said by `unsigned`
  const told = ["format", "sha256", "sm3", ...(document.signature.length ? [] : ["key", "signature"])];
  const names = Object.keys({ ...due, ...said }).filter((name) => !told.includes(name));
  const differing = names.filter((name) => canonical(due[name] ?? "") !== canonical(said[name] ?? ""));
  if (differing.length) reasons.push(REASON("statement_differs", differing.join(", ")));
  return said;
}

function readStatement(document) {
  const said = readJson(document.statement);
  const texts = ["kind", "sha256", "sm3", "issuer", "key", "signature", "number", "amends", "supersedes"];
  for (const [name, value] of Object.entries(said)) {
    const fits = name === "format" ? value === FACTS.statementFormat
      : texts.includes(name) ? typeof value === "string" && value !== ""
      : name === "performed" || name === "issued" ? isDay(value)
      : name === "items" || name === "standards" ? Array.isArray(value) && value.length && value.every((each) => typeof each === "string")
      : name === "record" && value !== null && typeof value === "object";
    if (!fits) throw new Bad(name);
  }
  if (["format", "kind", "sha256", "issuer", "key", "signature"].some((name) => !Object.hasOwn(said, name))) throw new Bad("statement");
  checkCanonical(said, document.statement);
  return said;
}

function readSalts(bytes) {
  const found = readJson(bytes);
  if (Object.keys(found).sort().join() !== "items,number") throw new Bad("salts");
  if (typeof found.items !== "string" || typeof found.number !== "string") throw new Bad("salts");
  checkCanonical(found, bytes);
  return { number: unhex(found.number), items: unhex(found.items) };
}

async function dueStatement(document, content, said, signed, salts) {
  // what a registry would say of the document; an empty field is left out
  const due = {
    kind: document.kind,
    issuer: said.issuer,
    key: signed ? signed.key : "",
    signature: hex(await sha256(document.signature)),
    issued: said.issued ?? "0001-01-01",
  };
  if (document.kind === "bundle") return due;
  if (document.kind !== "certificate") return { ...due, record: content };
  const items = content.items.map((item) => hmac(salts.items, item.identifier));
  const more = {
    issuer: content.issuer,
    number: await hmac(salts.number, `${content.issuer}\0${content.number}`),
    items: await Promise.all(items),
    performed: content.performed,
    issued: content.issued,
    standards: content.standards,
    amends: content.amends,
    supersedes: content.supersedes,
  };
  for (const [name, value] of Object.entries(more)) if (!value.length) delete more[name];
  return { ...due, ...more };
}

// ---- 2 signature, 3 log, 4 key, 5 time, 6 withdrawal

async function checkSignature(document, signed, key, reasons) {
  if (signed.sha256 !== document.digest) {
    reasons.push(REASON("signature_wrong"));
  } else if (key !== null) {
    try {
      const fits = signed.algorithm === key.algorithm && signed.key === key.id;
      if (!fits || !(await isSignedBy(key, signed.bytes, document.data))) reasons.push(REASON("signature_wrong"));
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      reasons.push(REASON("algorithm_absent", signed.algorithm));
    }
  }
}

async function checkLog(document, policy, reasons) {
  if (!document.proof.length || !document.statement.length) {
    reasons.push(REASON("not_logged"));
    return [null, null, null];
  }
  try {
    const proof = await parseProof(document.proof);
    const found = await isLogged(document.statement, proof, policy);
    if (found.code) reasons.push(found);
    return [found.time ?? null, proof.checkpoint, proof.index];
  } catch (error) {
    if (error.name === "NotSupportedError") reasons.push(REASON("algorithm_absent", "ed25519"));
    else if (error instanceof Bad) reasons.push(REASON("proof_wrong", error.message));
    else throw error;
    return [null, null, null];
  }
}

async function checkKey(document, signed, issuer, logged, trust, authority, reasons) {
  // the public key, where somebody vouches for it
  const role = FACTS.roles[document.kind] ?? "authority";
  const pinned = role === "authority" ? trust.authority.get(signed.key) : undefined;
  const bindings = authority.filter((record) => record.kind === "key binding" && record.key === signed.key);
  if (!pinned && !bindings.length) {
    reasons.push(REASON("key_unknown", signed.key.slice(0, 16)));
    return null;
  }
  if (logged !== null) {
    const day = dayAt(logged);
    const reason = (pinned ? null : boundTo(bindings, issuer, role, day)) ?? keyRevoked(authority, signed.key, day);
    if (reason) reasons.push(reason);
  }
  return pinned ?? readKey(unbase64(bindings[0].public));
}

function boundTo(bindings, issuer, role, day) {
  const theirs = bindings.filter((each) => each.party === issuer);
  if (!theirs.length) return REASON("key_of_other", bindings[0].party);
  const fitting = theirs.filter((each) => each.role === role);
  if (!fitting.length) return REASON("key_of_other_role", theirs.map((each) => each.role).join(", "));
  if (fitting.some((each) => each.since <= day && day <= each.until)) return null;
  const [since] = fitting.map((each) => each.since).sort();
  const until = fitting.map((each) => each.until).sort().at(-1);
  return REASON(day < since ? "key_not_yet" : "key_expired", `${day}; ${since} … ${until}`);
}

function keyRevoked(authority, key, day) {
  const found = authority.find((each) =>
    each.kind === "status" && each.target === key && each.change === "revoke key" && each.since <= day);
  return found ? REASON("key_revoked", `${day} ≥ ${found.since}`) : null;
}

function checkTime(issued, logged, reasons) {
  if (logged === null || !issued) return;
  const late = daysFrom(issued, dayAt(logged));
  if (late < 0) reasons.push(REASON("registered_early", `${issued}, ${dayAt(logged)}`));
  if (late > FACTS.grace) reasons.push(REASON("registered_late", `${issued}, ${dayAt(logged)}; > ${FACTS.grace} d`));
}

function checkWithdrawal(document, authority, on, reasons) {
  const changes = authority.filter((each) => each.kind === "status" && each.target === document.digest && each.since <= on);
  changes.sort((a, b) => (a.since < b.since ? -1 : Number(a.since > b.since)));
  for (const [code, change] of [["revoked", "revoke"], ["superseded", "supersede"]]) {
    const found = changes.find((each) => each.change === change);
    if (found) reasons.push(REASON(code, `${found.since}: ${found.why}`));
  }
  const last = changes.filter((each) => ["suspend", "resume"].includes(each.change)).at(-1);
  if (last?.change === "suspend") reasons.push(REASON("suspended", `${last.since}: ${last.why}`));
}

async function judge(document, [content, form], trust, authority, on) {
  if (document.kind === "order") {
    return { document, content: null, logged: null, checkpoint: null, reasons: [REASON("order_unseen")] };
  }
  const reasons = [...form];
  let signed = null;
  if (!document.signature.length) reasons.push(REASON("unsigned"));
  else {
    try {
      signed = await readSignature(document.signature);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      reasons.push(REASON("signature_malformed", error.message));
    }
  }
  const said = await checkStatement(document, content, signed, reasons);
  const [time, checkpoint, index] = await checkLog(document, trust.policy, reasons);
  const logged = said === null ? null : time;
  const isCertificate = document.kind === "certificate" && content !== null;
  if (signed) {
    const issuer = isCertificate ? content.issuer : said?.issuer;
    const key = await checkKey(document, signed, issuer, logged, trust, authority, reasons);
    await checkSignature(document, signed, key, reasons);
  }
  checkTime(isCertificate ? content.issued : said?.issued, logged, reasons);
  checkWithdrawal(document, authority, on, reasons);
  return { document, content, logged, checkpoint, index, reasons };
}

// ---- all documents of a file. As proof_check.py.

async function checkProof(documents, trust, on) {
  const isRecord = (document) => !Object.hasOwn(FACTS.roles, document.kind);
  const read = new Map();
  for (const document of documents) read.set(document.digest, await contentOf(document));
  const used = new Map();
  for (const document of documents.filter((each) => each.kind === "certificate")) {
    const [content] = read.get(document.digest);
    for (const standard of content?.standards ?? []) {
      if (!(used.get(standard) > content.performed)) used.set(standard, content.performed);
    }
  }
  const dayFor = (document) => (document === documents[0] ? on : used.get(document.digest) ?? on);
  const found = new Map();
  const judgedRecords = async (authority) => {
    const records = [];
    for (const document of documents.filter(isRecord)) {
      const one = await judge(document, read.get(document.digest), trust, authority, dayFor(document));
      found.set(document.digest, one);
      if (one.content && standingOf(one.reasons) === "VALID") records.push(one);
    }
    return records.sort((a, b) => (a.index < b.index ? -1 : Number(a.index > b.index))); // of one day, as in the log
  };
  let records = await judgedRecords([]);
  const pinned = new Set(records.map((one) => one.document.digest));
  let known = records;
  for (let round = 0; round < 2; round++) {
    records = await judgedRecords(known.map((one) => one.content));
    known = records.filter((one) => one.content.kind !== "key binding" || pinned.has(one.document.digest));
  }
  const authority = records.map((one) => one.content);
  for (const document of documents.filter((each) => !isRecord(each))) {
    found.set(document.digest, await judge(document, read.get(document.digest), trust, authority, dayFor(document)));
  }
  const all = documents.map((document) => found.get(document.digest));
  sideBySide(all, dayFor);
  return all;
}

function earlierThan(digest, before) {
  const found = new Set();
  const ahead = [digest];
  while (ahead.length) {
    for (const each of before.get(ahead.pop()) ?? []) {
      if (!found.has(each)) ahead.push(each);
      found.add(each);
    }
  }
  return found;
}

function sideBySide(found, dayFor) {
  const certificates = found.filter((one) => one.document.kind === "certificate" && one.content);
  const more = [];
  const before = new Map(certificates.map(({ document, content }) =>
    [document.digest, [content.amends, content.supersedes].filter(Boolean)]));
  const groups = Map.groupBy(certificates, ({ content }) => `${content.issuer}\0${content.number}`);
  for (const group of groups.values()) {
    const earlier = new Map(group.map((one) => [one.document.digest, earlierThan(one.document.digest, before)]));
    for (const one of group) {
      const { digest } = one.document;
      const apart = [...earlier].some(([other, theirs]) => other !== digest && !earlier.get(digest).has(other) && !theirs.has(digest));
      if (apart) more.push([one, REASON("second_version", one.content.number)]);
    }
  }
  for (const { content, reasons } of certificates) {
    const old = certificates.find((one) => one.document.digest === content.supersedes);
    if (old && standingOf(reasons) === "VALID" && old.content.issuer === content.issuer && content.issued <= dayFor(old.document)) {
      more.push([old, REASON("superseded", `${content.number}, ${content.issued}`)]);
    }
  }
  const seen = found.filter((one) => one.logged !== null);
  const sizes = Map.groupBy(seen, ({ checkpoint }) => `${checkpoint.size} ${checkpoint.origin}`);
  for (const group of sizes.values()) {
    if (new Set(group.map((one) => hex(one.checkpoint.root))).size < 2) continue;
    for (const one of group) more.push([one, REASON("log_forked", `${one.checkpoint.origin}, ${one.checkpoint.size}`)]);
  }
  for (const [one, reason] of more) one.reasons.push(reason);
  if (seen.length) {
    const last = dayAt(Math.max(...seen.map((one) => one.logged)));
    found[0].reasons.push(REASON("status_unseen", `> ${last}`));
  }
}

// ---- of the chain's rules the three that need no parameters; `work/trace` judges all

function addChain(found, on) {
  const certificates = new Map(found.filter((one) => one.document.kind === "certificate" && one.content)
    .map((one) => [one.document.digest, one.content]));
  for (const { content, reasons } of found) {
    for (const digest of content?.standards ?? []) {
      const standard = certificates.get(digest);
      const told = (day) => `${standard.number}: ${day}, ${content.performed}`;
      if (!standard) reasons.push(REASON("standard_missing", digest.slice(0, 16)));
      else if (standard.performed > content.performed) reasons.push(REASON("standard_not_yet", told(standard.performed)));
      else if (standard.due && standard.due < content.performed) reasons.push(REASON("standard_overdue", told(standard.due)));
    }
  }
  const due = found[0].content?.due;
  if (due && due < on) found[0].reasons.push(REASON("past_due", `${due} < ${on}`));
  return found;
}

async function readTrust(policy, keys) {
  const authority = new Map();
  for (const der of keys) {
    const key = await readKey(der);
    authority.set(key.id, key);
  }
  return { policy: await parsePolicy(policy), authority };
}
