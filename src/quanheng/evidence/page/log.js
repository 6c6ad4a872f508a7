// ---- The log: signed notes, checkpoints, cosignatures, proofs and policies (C2SP); inclusion (RFC 9162)

const LOG_KEY = 1;
const WITNESS_KEY = 4;
const DASH = "\u2014 ";
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

async function verifies(key, signature, message) {
  // Ed25519, the key as its 32 bytes; throws NotSupportedError where the browser has none
  if (signature.length !== 64) return false;
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

// As curve25519.py: y of the eight points of small order.
const FIELD = (1n << 255n) - 19n;
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL = [0n, 1n, FIELD - 1n, ORDER_8, FIELD - ORDER_8];

function isOfSmallOrder(point) {
  const y = BigInt(`0x${hex(Uint8Array.from(point).reverse())}`) & ((1n << 255n) - 1n);
  return SMALL.includes(y % FIELD);
}

const isName = (name) => name !== "" && !name.includes("+") && !SPACE.test(name);

function parseNote(bytes) {
  const whole = decode(bytes);
  const at = whole.lastIndexOf("\n\n");
  if (bytes.length > 1 << 20 || /[\x00-\x09\x0b-\x1f]/.test(whole) || at < 0 || !whole.endsWith("\n")) throw new Bad("note");
  const lines = whole.slice(at + 2, -1).split("\n");
  if (at + 2 >= whole.length || lines.length > 100) throw new Bad("note");
  return { text: whole.slice(0, at + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  const space = line.indexOf(" ", DASH.length);
  const name = line.slice(DASH.length, space);
  const bytes = unbase64(line.slice(space + 1));
  if (!line.startsWith(DASH) || space < 0 || !isName(name) || bytes.length < 5) throw new Bad("signature of a note");
  return { name, id: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
}

function parseDecimal(text) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > 1n << 62n) throw new Bad("size");
  return BigInt(text);
}

async function parseCheckpoint(bytes) {
  const note = parseNote(bytes);
  const lines = note.text.slice(0, -1).split("\n");
  if (lines.length < 3 || lines.includes("")) throw new Bad("checkpoint");
  const size = parseDecimal(lines[1]);
  const root = unbase64(lines[2]);
  if (root.length !== 32 || (!size && !same(root, await sha256()))) throw new Bad("root");
  return { origin: lines[0], size, root, note };
}

async function parseProof(bytes) {
  const at = bytes.findIndex((octet, place) => octet === 10 && bytes[place + 1] === 10);
  if (at < 0 || bytes.length > 1 << 20) throw new Bad("tlog-proof");
  const lines = decode(bytes.subarray(0, at)).split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1" || !lines.length) throw new Bad("tlog-proof");
  if (lines[0].startsWith("extra ")) unbase64(lines.shift().slice(6));
  if (!lines.length || !lines[0].startsWith("index ")) throw new Bad("tlog-proof");
  const path = lines.slice(1).map(unbase64);
  if (path.length > 63 || path.some((each) => each.length !== 32)) throw new Bad("path");
  const index = parseDecimal(lines[0].slice(6));
  return { index, path, checkpoint: await parseCheckpoint(bytes.subarray(at + 2)) };
}

async function isIncluded(entry, proof) {
  // RFC 9162, 2.1.3.2
  let { index } = proof;
  let last = proof.checkpoint.size - 1n;
  if (index > last) return false;
  let found = await sha256([0], entry);
  for (const each of proof.path) {
    if (last === 0n) return false;
    if (index & 1n || index === last) {
      found = await sha256([1], each, found);
      while (!(index & 1n) && index !== 0n) {
        index >>= 1n;
        last >>= 1n;
      }
    } else {
      found = await sha256([1], found, each);
    }
    index >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(found, proof.checkpoint.root);
}

// ---- policy: which logs, which witnesses, how many of them

async function parseKey(text, kind) {
  const [name, id, ...rest] = text.split("+");
  const bytes = unbase64(rest.join("+"));
  if (!isName(name) || bytes.length !== 33 || bytes[0] !== kind || isOfSmallOrder(bytes.subarray(1))) throw new Bad("key");
  const found = hex((await sha256(encode(name), [10], bytes)).subarray(0, 4));
  if (found !== id) throw new Bad(`key ${name}`);
  return { name, id, bytes: bytes.subarray(1), is: (line) => line.name === name && line.id === id };
}

async function parsePolicy(text) {
  const policy = { logs: new Map(), witnesses: new Map(), groups: new Map(), quorum: null };
  const keys = new Set();
  const members = new Set();
  const known = (name) => policy.witnesses.has(name) || policy.groups.has(name);
  const fresh = (name) => {
    if (name === "none" || known(name)) throw new Bad(`policy: ${name}`);
    return name;
  };
  const keyOf = async (said, kind) => {
    const key = await parseKey(said, kind);
    if (keys.has(hex(key.bytes))) throw new Bad(`policy: ${key.name} ×2`);
    keys.add(hex(key.bytes));
    return key;
  };
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) throw new Bad("policy");
  for (const line of text.split("\n")) {
    const [what, ...words] = line.split(/[ \t]+/).filter(Boolean);
    if (what === undefined || what.startsWith("#")) continue;
    if (what === "log" && (words.length === 1 || words.length === 2)) {
      const key = await keyOf(words[0], LOG_KEY);
      policy.logs.set(key.name, [...(policy.logs.get(key.name) ?? []), key]);
    } else if (what === "witness" && (words.length === 2 || words.length === 3)) {
      policy.witnesses.set(fresh(words[0]), await keyOf(words[1], WITNESS_KEY));
    } else if (what === "group" && words.length > 2) {
      const [name, count, ...inside] = words;
      const least = { all: inside.length, any: 1 }[count] ?? (/^[0-9]{1,4}$/.test(count) ? Number(count) : 0);
      if (least < 1 || least > inside.length) throw new Bad(`policy: ${count}`);
      for (const member of inside) {
        if (!known(member) || members.has(member)) throw new Bad(`policy: ${member}`);
        members.add(member);
      }
      policy.groups.set(fresh(name), { least, members: inside });
    } else if (what === "quorum" && words.length === 1 && policy.quorum === null) {
      if (words[0] !== "none" && !known(words[0])) throw new Bad(`policy: ${words[0]}`);
      [policy.quorum] = words;
    } else {
      throw new Bad(`policy: ${line.slice(0, 60)}`);
    }
  }
  if (policy.quorum === null) throw new Bad("policy: quorum");
  return policy;
}

async function cosignedAt(checkpoint, key) {
  // when a witness saw the checkpoint; null where it did not
  let earliest = null;
  for (const line of checkpoint.note.signatures.filter(key.is)) {
    if (line.bytes.length !== 72) throw new Bad(key.name);
    const time = new DataView(line.bytes.slice(0, 8).buffer).getBigUint64(0);
    const message = encode(`cosignature/v1\ntime ${time}\n${checkpoint.note.text}`);
    if (time >= 1n << 63n || !(await verifies(key.bytes, line.bytes.slice(8), message))) throw new Bad(key.name);
    if (earliest === null || time < earliest) earliest = time;
  }
  return earliest;
}

async function seenAt(checkpoint, policy) {
  // when the quorum had seen it: of k witnesses the time of the k-th; null where too few have
  const times = new Map([["none", 0n]]);
  for (const [name, key] of policy.witnesses) times.set(name, await cosignedAt(checkpoint, key));
  for (const [name, group] of policy.groups) {
    const seen = group.members.map((member) => times.get(member)).filter((time) => time !== null);
    seen.sort((a, b) => (a < b ? -1 : Number(a > b)));
    times.set(name, seen.length >= group.least ? seen[group.least - 1] : null);
  }
  return times.get(policy.quorum);
}

async function isLogged(entry, proof, policy) {
  // {code, detail} of a reason, or {time} in seconds
  const { checkpoint } = proof;
  const ours = policy.logs.get(checkpoint.origin) ?? [];
  const lines = checkpoint.note.signatures;
  if (!lines.some((line) => ours.some((key) => key.is(line)))) {
    return { code: "log_unknown", detail: checkpoint.origin.slice(0, 80) };
  }
  let signed = false;
  for (const key of ours) {
    const theirs = lines.filter(key.is);
    const good = await Promise.all(theirs.map((line) => verifies(key.bytes, line.bytes, encode(checkpoint.note.text))));
    signed ||= good.length > 0 && good.every(Boolean);
  }
  if (!signed || !(await isIncluded(entry, proof))) return { code: "proof_wrong", detail: "" };
  let time;
  try {
    time = await seenAt(checkpoint, policy);
  } catch (error) {
    if (error instanceof Bad) return { code: "proof_wrong", detail: error.message };
    throw error;
  }
  if (time !== null && time > BigInt(FACTS.lastTime)) return { code: "proof_wrong", detail: String(time) };
  if (time === null || time === 0n) return { code: "witnesses_too_few", detail: "" };
  return { time: Number(time) };
}
