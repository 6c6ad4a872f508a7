// ---- Bytes and texts. What comes from outside has one way to be written; no other is read.

class Bad extends Error {}

const encode = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((octet, place) => octet === b[place]);

function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Bad("UTF-8");
  }
}

function unhex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Bad("hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function base64(bytes) {
  let text = "";
  for (const octet of bytes) text += String.fromCharCode(octet);
  return btoa(text);
}

function unbase64(text) {
  let octets;
  try {
    octets = atob(text);
  } catch {
    throw new Bad("base64");
  }
  const bytes = Uint8Array.from(octets, (character) => character.charCodeAt(0));
  if (base64(bytes) !== text) throw new Bad("base64");
  return bytes;
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

async function hmac(key, text) {
  // an empty key is one of zeros (RFC 2104), which WebCrypto does not take
  const octets = key.length ? key : new Uint8Array(1);
  const made = await crypto.subtle.importKey("raw", octets, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", made, encode(text))));
}

// ---- JSON as Python writes it in one line: keys sorted, UTF-8, no spaces, every number a float

class Raw {
  // text that is JSON already
  constructor(text) {
    this.text = text;
  }
}

function canonical(value) {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return typeof value === "number" ? asFloat(value) : JSON.stringify(value);
}

function asFloat(x) {
  if (Object.is(x, -0)) return "-0.0";
  const [, sign, first, more = "", exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(x.toExponential());
  const power = Number(exponent);
  const digits = first + more;
  if (power < -4 || power >= 16) {
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${first}${more && "."}${more}e${power < 0 ? "-" : "+"}${size}`;
  }
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  return `${sign}${digits.slice(0, power + 1).padEnd(power + 1, "0")}.${digits.slice(power + 1) || "0"}`;
}

function readJson(bytes) {
  // an object; deep nesting overflows the stack, which is a fault of the input as well
  let found;
  try {
    found = JSON.parse(decode(bytes));
  } catch {
    throw new Bad("JSON");
  }
  if (found === null || typeof found !== "object" || Array.isArray(found)) throw new Bad("JSON");
  return found;
}

function checkCanonical(value, bytes) {
  let text;
  try {
    text = canonical(value);
  } catch {
    throw new Bad("JSON");
  }
  // a lone surrogate is no UTF-8
  if (/\\ud[89a-f]/.test(text) || !same(encode(text), bytes)) throw new Bad("not canonical");
}

function isDay(text) {
  if (typeof text !== "string" || !/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}
