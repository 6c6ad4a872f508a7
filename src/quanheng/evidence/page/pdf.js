// ---- The paper copy: a PDF in which certificate and proof file lie as embedded files. Nothing else of it is read.

async function attached(bytes) {
  // {certificate, proof}: each the only one of its kind; proof may be missing
  if (bytes.length > FACTS.largest) throw new Bad(`> ${FACTS.largest}`);
  const text = new TextDecoder("latin1").decode(bytes); // a character for each byte
  const found = { certificate: [], proof: [] };
  for (const { index } of text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)) {
    const begin = text.lastIndexOf(" obj", index);
    const stream = /stream\r?\n/.exec(text.slice(index, index + 1000));
    if (begin < 0 || !stream) throw new Bad("PDF");
    const start = index + stream.index + stream[0].length;
    const told = text.slice(begin, start);
    const [, length] = /\/Length\s+(\d+)(?!\s+\d+\s+R)\b/.exec(told) ?? [];
    const filter = /\/Filter\s*\[?\s*\/(\w+)/.exec(told)?.[1];
    if (!length || start + Number(length) > bytes.length || (filter && filter !== "FlateDecode")) throw new Bad("PDF");
    const raw = bytes.slice(start, start + Number(length));
    const file = filter ? await inflated(raw) : raw;
    if (same(file.subarray(0, 4), encode("PK\x03\x04"))) found.proof.push(file);
    else if (file[0] === 0x3c || file[0] === 0xef) found.certificate.push(file);
  }
  if (found.certificate.length !== 1 || found.proof.length > 1) throw new Bad(`PDF: certificate.xml ×${found.certificate.length}`);
  return { certificate: found.certificate[0], proof: found.proof[0] };
}

async function inflated(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(...parts);
      size += value.length;
      if (size > FACTS.largest) throw new Bad(`> ${FACTS.largest}`);
      parts.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error instanceof Bad ? error : new Bad("PDF");
  }
}
