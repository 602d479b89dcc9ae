// Prints a vector of spec/vectors for a frame that is given as a line of JSON:
//   node scripts/vector.mjs "a ping" '{"type":"ping","nonce":7}'
// The bytes are those of our own codec: the tests hold every vector against an independent implementation.
import { jsonCodec, protobufCodec } from "@hawser/protocol";

const [name, line] = process.argv.slice(2);
if (line === undefined) {
  console.error("usage: node scripts/vector.mjs NAME FRAME-AS-JSON");
  process.exit(2);
}
console.log(JSON.stringify(vector(name, line), null, 2));

function vector(name, line) {
  const [from, frame] = read(new TextEncoder().encode(line));
  return {
    name,
    from,
    frame: portable(frame),
    protobuf: Buffer.from(protobufCodec.encode(frame)).toString("hex"),
    json: new TextDecoder().decode(jsonCodec.encode(frame)),
  };
}

function read(bytes) {
  try {
    return ["client", jsonCodec.decodeClient(bytes)[0]];
  } catch (error) {
    if (error.code !== "frame-unexpected") throw error;
    return ["server", jsonCodec.decodeServer(bytes)[0]];
  }
}

/** A frame with what JSON cannot say written out: bytes as hex, payloads by their kind, `null` for what is not there. */
function portable(value) {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(portable);
  if (typeof value !== "object" || value === null) return value;
  if (value.kind === "text" || value.kind === "json")
    return { kind: value.kind, text: Buffer.from(value.data).toString("utf8") };
  if (value.kind === "bytes") return { kind: "bytes", hex: Buffer.from(value.data).toString("hex") };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, portable(member)]));
}
