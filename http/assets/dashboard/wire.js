// The protobuf of both websockets: as much of it as this page needs.

const text = new TextEncoder();

function varint(n) {
  const out = [];
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) | 128);
  out.push(n);
  return out;
}

// field is field number n with a length: bytes, or a string.
export function field(n, value) {
  const bytes = typeof value === "string" ? text.encode(value) : value;
  return Uint8Array.from([...varint(n * 8 + 2), ...varint(bytes.length), ...bytes]);
}

// number is field number n with a small integer.
export function number(n, value) {
  return Uint8Array.from([...varint(n * 8), ...varint(value)]);
}

// fields reads a message into [number, value] pairs; values are numbers or bytes.
export function fields(bytes) {
  const out = [];
  let at = 0;
  const next = () => {
    let n = 0;
    for (let weight = 1; ; weight *= 128) {
      const b = bytes[at++];
      n += (b & 127) * weight;
      if (b < 128) return n;
    }
  };
  while (at < bytes.length) {
    const key = next();
    if (key % 8 === 0) {
      out.push([key >> 3, next()]);
    } else {
      const length = next();
      out.push([key >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return out;
}

// string is the text of field n, or "".
export function string(bytes, n) {
  const found = fields(bytes).find(([k]) => k === n);
  return found && found[1] instanceof Uint8Array ? new TextDecoder().decode(found[1]) : "";
}
