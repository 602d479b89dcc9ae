// A ReconnectingWebSocket over the runtime's own WebSocket, to be run by any runtime: `standard-socket.mjs URL`. The server
// echoes, chooses the last subprotocol, and closes with 4321 when it is told "close".
import { ReconnectingWebSocket } from "@hawser/client";

const [url] = process.argv.slice(2);
// Node 20 has no WebSocket of its own.
const WebSocket = globalThis.WebSocket ?? (await import("ws")).WebSocket;
const socket = new ReconnectingWebSocket(url, ["one", "two"], {
  WebSocket,
  backoff: { minMs: 10, maxMs: 50 },
  heartbeat: { intervalMs: 20, message: "ask", isAnswer: (data) => data === "ask" },
});
const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
const said = {};

await next("open");
said.protocol = socket.protocol;
let message = next("message");
socket.send("häwser 🚢");
said.text = (await message).data;
message = next("message");
socket.send(Uint8Array.of(1, 2, 3));
const blob = (await message).data;
said.blob = blob instanceof Blob && [...new Uint8Array(await blob.arrayBuffer())];
socket.binaryType = "arraybuffer";
message = next("message");
socket.send(new Blob([Uint8Array.of(4)]));
said.bytes = [...new Uint8Array((await message).data)];
while (socket.status.roundTripMs === undefined) await next("status");

const lost = next("reconnecting");
socket.send("close");
const { code, reason, wasClean } = await lost;
said.lost = { code, reason, wasClean };
message = next("message");
socket.send("queued");
said.queued = (await message).data;

const closed = next("close");
socket.close(3456, "enough");
const end = await closed;
said.closed = { code: end.code, reason: end.reason, wasClean: end.wasClean, state: socket.readyState };
said.platform = globalThis.CloseEvent === undefined || end instanceof CloseEvent;
console.log(JSON.stringify(said));
