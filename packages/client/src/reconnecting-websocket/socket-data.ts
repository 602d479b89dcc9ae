/** What `send` takes: text, bytes, or a blob. */
export type SocketData = string | ArrayBuffer | ArrayBufferView | Blob;

/** What a message arrives as: text, or bytes in the form that `binaryType` names. */
export type ReceivedData = string | ArrayBuffer | Blob;

/** What the application gave to `send`, as WebIDL reads it: what is neither bytes nor a blob becomes a string. */
export function socketDataOf(data: unknown): SocketData {
  if (typeof data === "string" || data instanceof ArrayBuffer || ArrayBuffer.isView(data) || isBlob(data)) return data;
  return String(data);
}

/** What a message weighs on the wire, without its frame: bytes, of text those of its UTF-8. */
export function dataBytes(data: SocketData): number {
  if (typeof data === "string") return utf8Bytes(data);
  return isBlob(data) ? data.size : data.byteLength;
}

/** The same message, safe from what the application does to its buffer afterwards. Text and blobs cannot change. */
export function snapshotOf(data: SocketData): SocketData {
  if (data instanceof ArrayBuffer) return data.slice(0);
  if (!ArrayBuffer.isView(data)) return data;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

function isBlob(data: unknown): data is Blob {
  return typeof Blob === "function" && data instanceof Blob;
}

/** Counted, not encoded: it is asked for every message. A lone surrogate travels as U+FFFD, in three bytes. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at += 1;
  }
  return bytes;
}
