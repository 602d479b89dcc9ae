import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Frame } from "@hawser/protocol";
import type { SimulatedConnection, Way } from "../network/simulated-connection.ts";

/** A message of the wire as one line for people. */
export function describeMessage(connection: SimulatedConnection, way: Way, message: Uint8Array): string {
  const codec = connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
  const frames: readonly Frame[] = way === "up" ? codec.decodeClient(message) : codec.decodeServer(message);
  return `connection ${connection.id} ${way}: ${frames.map(describeFrame).join("  ")}`;
}

function describeFrame({ type, ...fields }: Frame): string {
  const words: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (name === "token" || name === "agent" || value === undefined || value === "" || value === false) continue;
    if (value instanceof Uint8Array) {
      if (value.length > 0) words.push(`${name} ${Buffer.from(value).toString("hex").slice(0, 6)}`);
    } else if (name === "messages")
      words.push(`${(value as readonly { offset: number }[]).map(({ offset }) => offset).join(",")}`);
    else if (name === "payload")
      words.push(
        /"id":"([^"]*)"/.exec(Buffer.from((value as { data: Uint8Array }).data).toString("latin1"))?.[1] ?? "",
      );
    else if (name === "epoch") words.push(`epoch ${Number(value) % 1_000_000}`);
    else words.push(`${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
  }
  return `${type}(${words.join(" ")})`;
}
