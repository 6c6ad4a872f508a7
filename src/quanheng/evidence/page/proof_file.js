// ---- The proof file: a stored ZIP that can be written in one way only; what was read is written again and compared.

const CRC = Uint32Array.from({ length: 256 }, (_, octet) => {
  let rest = octet;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes) {
  let rest = 0xffffffff;
  for (const octet of bytes) rest = CRC[(rest ^ octet) & 0xff] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

function fields(...pairs) {
  // little-endian numbers of [bytes, value] each
  return Uint8Array.from(pairs.flatMap(([size, value]) =>
    Array.from({ length: size }, (_, place) => Math.floor(value / 256 ** place) % 256)));
}

function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const title = encode(name);
    const told = fields([2, 10], [2, 0], [2, 0], [2, 0], [2, 0x21], [4, crc32(content)], [4, content.length],
      [4, content.length], [2, title.length], [2, 0]);
    parts.push(encode("PK\x03\x04"), told, title, content);
    directory.push(encode("PK\x01\x02"), fields([2, 10]), told, fields([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), title);
    offset += 4 + told.length + title.length + content.length;
  }
  const listed = concat(...directory);
  const count = entries.length;
  const end = fields([2, 0], [2, 0], [2, count], [2, count], [4, listed.length], [4, offset], [2, 0]);
  return concat(...parts, listed, encode("PK\x05\x06"), end);
}

function unzip(data) {
  const files = new Map();
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let offset = 0;
  while (offset + 4 <= data.length && view.getUint32(offset, true) === 0x04034b50) {
    if (data.length < offset + 30) throw new Bad("cut off");
    if (view.getUint16(offset + 6, true) || view.getUint16(offset + 8, true) || view.getUint16(offset + 28, true)) {
      throw new Bad("not stored");
    }
    const start = offset + 30 + view.getUint16(offset + 26, true);
    const end = start + view.getUint32(offset + 18, true);
    if (end > data.length) throw new Bad("cut off");
    const name = decode(data.subarray(offset + 30, start));
    if (files.has(name)) throw new Bad(`${name} ×2`);
    files.set(name, data.subarray(start, end));
    offset = end;
  }
  return files;
}

async function readProofFile(data) {
  // 1 entries  2 manifest  3 documents  4 written again they are the same bytes
  if (data.length > FACTS.largest) throw new Bad(`> ${FACTS.largest}`);
  const files = unzip(data);
  const manifest = readJson(files.get("manifest.json") ?? new Uint8Array());
  const listed = Array.isArray(manifest.documents) ? manifest.documents : [];
  if (manifest.format !== FACTS.format || !listed.length || listed.length > FACTS.most) throw new Bad("manifest.json");
  const documents = [];
  for (const [place, told] of listed.entries()) {
    const name = Object.hasOwn(FACTS.kinds, told?.kind) ? `${place}/${FACTS.kinds[told.kind]}` : "manifest.json";
    if (name === "manifest.json" || !files.has(name)) throw new Bad(name);
    const document = { kind: told.kind, data: files.get(name), digest: hex(await sha256(files.get(name))) };
    for (const [field, file] of Object.entries(FACTS.beside)) {
      document[field] = files.get(`${place}/${file}`) ?? new Uint8Array();
    }
    documents.push(document);
  }
  if (!same(zip(entriesOf(documents)), data)) throw new Bad("not written in the one way");
  return documents;
}

function entriesOf(documents) {
  const order = Object.keys(FACTS.kinds);
  const rank = (one) => `${String(order.indexOf(one.kind)).padStart(2, "0")}${one.digest}`;
  for (let place = 2; place < documents.length; place++) {
    if (rank(documents[place - 1]) >= rank(documents[place])) throw new Bad("order");
  }
  if (new Set(documents.map((one) => one.digest)).size < documents.length) throw new Bad("×2");
  const told = documents.map((one) => ({ kind: one.kind, sha256: one.digest }));
  const manifest = canonical({ format: FACTS.format, subject: documents[0].digest, documents: told });
  const entries = [["manifest.json", encode(manifest)]];
  for (const [place, one] of documents.entries()) {
    entries.push([`${place}/${FACTS.kinds[one.kind]}`, one.data]);
    for (const [field, file] of Object.entries(FACTS.beside)) {
      if (one[field].length) entries.push([`${place}/${file}`, one[field]]);
    }
  }
  return entries;
}
