// ---- The code on paper: base45 (RFC 9285), then the fields of docs/proof-file.md. As qr_proof.py.

const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const EPOCH = 719163; // 1970-01-01 as a proleptic ordinal

function unbase45(text) {
  const octets = [];
  for (let start = 0; start < text.length; start += 3) {
    const group = [...text.slice(start, start + 3)].map((each) => BASE45.indexOf(each));
    const value = group.reduceRight((sum, each) => sum * 45 + each, 0);
    const size = group.length - 1;
    if (!size || group.includes(-1) || value >= 256 ** size) throw new Bad("base45");
    if (size === 2) octets.push(value >> 8);
    octets.push(value & 0xff);
  }
  return Uint8Array.from(octets);
}

class Reading {
  constructor(bytes) {
    this.bytes = bytes;
    this.place = 0;
  }

  number() {
    let found = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = this.bytes[this.place++];
      if (octet === undefined) throw new Bad("cut off");
      found |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return found;
    }
    throw new Bad("number");
  }

  octets() {
    const size = Number(this.number());
    if (size > this.bytes.length - this.place) throw new Bad("cut off");
    this.place += size;
    return this.bytes.slice(this.place - size, this.place);
  }

  text() {
    return decode(this.octets());
  }

  digest() {
    const found = this.octets();
    if (found.length !== 0 && found.length !== 32) throw new Bad("digest");
    return hex(found);
  }

  day() {
    const ordinal = Number(this.number());
    if (ordinal < 1 || ordinal > 3652059) throw new Bad("day");
    return new Date((ordinal - EPOCH) * 86400000).toISOString().slice(0, 10);
  }

  all(one) {
    const found = [];
    for (let left = this.number(); left > 0n; left--) found.push(one.call(this)); // a false count ends with the data
    return found;
  }
}

function unpack(bytes) {
  const from = new Reading(bytes);
  if (from.number() !== BigInt(FACTS.code.version)) throw new Bad("version");
  const code = {
    issuer: from.text(), number: from.text(), items: from.all(from.text), performed: from.day(), issued: from.day(),
    sm3: from.digest(), standards: from.all(from.digest), amends: from.digest(), supersedes: from.digest(),
    salts: { number: from.octets(), items: from.octets() },
    signed: { algorithm: FACTS.code.algorithms[Number(from.number())], key: from.digest(), sha256: from.digest(), bytes: from.octets() },
    proof: { index: from.number(), path: from.all(from.octets), origin: from.text(), size: from.number(), root: from.octets() },
  };
  code.proof.lines = from.all(() => ({ name: from.text(), made: from.octets() }));
  if (!code.signed.algorithm) throw new Bad("algorithm");
  if (!same(packed(code), bytes)) throw new Bad("not written in the one way");
  return code;
}

function packed({ issuer, number, items, performed, issued, sm3, standards, amends, supersedes, salts, signed, proof }) {
  const leb = (value) => {
    const octets = [];
    for (let rest = BigInt(value); ; rest >>= 7n) {
      if (rest < 0x80n) return Uint8Array.from([...octets, Number(rest)]);
      octets.push(Number(rest & 0x7fn) | 0x80);
    }
  };
  const put = (octets) => concat(leb(octets.length), octets);
  const all = (parts) => concat(leb(parts.length), ...parts.map(put));
  const ordinal = (day) => leb(Date.parse(day) / 86400000 + EPOCH);
  return concat(
    leb(FACTS.code.version), put(encode(issuer)), put(encode(number)), all(items.map(encode)), ordinal(performed), ordinal(issued),
    put(unhex(sm3)), all(standards.map(unhex)), put(unhex(amends)), put(unhex(supersedes)), put(salts.number), put(salts.items),
    leb(FACTS.code.algorithms.indexOf(signed.algorithm)), put(unhex(signed.key)), put(unhex(signed.sha256)), put(signed.bytes),
    leb(proof.index), all(proof.path), put(encode(proof.origin)), leb(proof.size), put(proof.root), leb(proof.lines.length),
    ...proof.lines.flatMap(({ name, made }) => [put(encode(name)), put(made)]),
  );
}

async function readCode(text) {
  // what a code says, and a document but for the certificate's bytes
  const said = text.trim();
  if (!said.startsWith(FACTS.code.prefix) || said.length > FACTS.code.prefix.length + 3 * FACTS.code.largest) throw new Bad(FACTS.code.prefix);
  const bytes = unbase45(said.slice(FACTS.code.prefix.length));
  if (bytes.length > FACTS.code.largest) throw new Bad(`> ${FACTS.code.largest}`);
  const code = unpack(bytes);
  const { algorithm, key, sha256: digest } = code.signed;
  const signature = encode(canonical({ format: FACTS.signatureFormat, algorithm, key, sha256: digest, signature: base64(code.signed.bytes) }));
  const statement = {
    format: FACTS.statementFormat, kind: "certificate", sha256: digest, sm3: code.sm3, issuer: code.issuer, key,
    signature: hex(await sha256(signature)), number: await hmac(code.salts.number, `${code.issuer}\0${code.number}`),
    items: await Promise.all(code.items.map((each) => hmac(code.salts.items, each))), performed: code.performed,
    issued: code.issued, standards: code.standards, amends: code.amends, supersedes: code.supersedes,
  };
  for (const [name, value] of Object.entries(statement)) if (!value.length) delete statement[name];
  const lines = code.proof.lines.map(({ name, made }) => `${DASH}${name || code.proof.origin} ${base64(made)}\n`);
  const point = `${code.proof.origin}\n${code.proof.size}\n${base64(code.proof.root)}\n\n${lines.join("")}`;
  const path = code.proof.path.map((each) => `${base64(each)}\n`).join("");
  const document = {
    kind: "certificate", data: null, digest, signature, statement: encode(canonical(statement)),
    salts: encode(canonical({ items: hex(code.salts.items), number: hex(code.salts.number) })),
    proof: encode(`c2sp.org/tlog-proof@v1\nindex ${code.proof.index}\n${path}\n${point}`),
  };
  // what stands in it can be said in the files of a document
  await readSignature(signature);
  readStatement(document);
  await parseProof(document.proof);
  return { code, document };
}

async function checkCode({ code, document }, trust) {
  // at best "not shown": what was looked at holds, but values were not looked at
  const reasons = [REASON("values_unseen")];
  const [logged] = await checkLog(document, trust.policy, reasons);
  checkTime(code.issued, logged, reasons);
  return { document, content: null, code, logged, reasons };
}
