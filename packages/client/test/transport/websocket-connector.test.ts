import { describe, expect, it } from "vitest";
import { WebSocketServer, WebSocket } from "ws";
import { webSocketConnector } from "../../src/transport/websocket-connector.ts";
import type { WebSocketClass, WebSocketLike } from "../../src/transport/websocket-connector.ts";

/** A socket that does what the test says. */
class ScriptedSocket implements WebSocketLike {
  static last: ScriptedSocket;
  binaryType = "blob";
  bufferedAmount = 12;
  readyState = 1;
  onopen: WebSocketLike["onopen"] = null;
  onmessage: WebSocketLike["onmessage"] = null;
  onerror: WebSocketLike["onerror"] = null;
  onclose: WebSocketLike["onclose"] = null;
  readonly protocol: string;
  readonly sent: unknown[] = [];
  readonly closes: unknown[] = [];
  constructor(_url: string, protocol: string) {
    this.protocol = protocol;
    ScriptedSocket.last = this;
  }
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(code?: number): void {
    this.closes.push(code);
  }
  tell(type: "open" | "message" | "error" | "close", event: object = {}): void {
    this[`on${type}`]?.(event as never);
  }
}

function connect(subprotocol: string) {
  const log: unknown[] = [];
  const transport = webSocketConnector({ WebSocket: ScriptedSocket }).connect("ws://x", subprotocol, {
    onOpen: (chosen) => log.push(["open", chosen]),
    onMessage: (message) => log.push(message),
    onClose: (code, reason) => log.push(["close", code, reason]),
  });
  return { transport, socket: ScriptedSocket.last, log };
}

describe("a connection by WebSocket", () => {
  it("carries binary messages on hawser.v1, without copying", () => {
    const { transport, socket, log } = connect("hawser.v1");
    socket.tell("open");
    socket.tell("message", { data: Uint8Array.of(1, 2).buffer });
    transport.send(Uint8Array.of(3));
    expect(log).toEqual([["open", "hawser.v1"], Uint8Array.of(1, 2)]);
    expect(socket.sent).toEqual([Uint8Array.of(3)]);
    expect(socket.binaryType).toBe("arraybuffer");
    expect(transport.bufferedBytes).toBe(12);
  });

  it("carries text messages on hawser.v1.json", () => {
    const { transport, socket, log } = connect("hawser.v1.json");
    socket.tell("message", { data: "häwser" });
    transport.send(new TextEncoder().encode("wörld"));
    expect(new TextDecoder().decode(log[0] as Uint8Array)).toBe("häwser");
    expect(socket.sent).toEqual(["wörld"]);
  });

  it("closes with 4501 on a message of the wrong kind, and hears nothing more [WIRE-2]", () => {
    for (const [subprotocol, data] of [
      ["hawser.v1", "text"],
      ["hawser.v1.json", new ArrayBuffer(1)],
    ] as const) {
      const { socket, log } = connect(subprotocol);
      socket.tell("message", { data });
      socket.tell("message", { data });
      socket.tell("close", { code: 1006, reason: "" });
      expect(socket.closes).toEqual([4501]);
      expect(log).toEqual([["close", 4501, expect.any(String)]]);
    }
  });

  it("sends nothing once closing has begun", () => {
    const { transport, socket } = connect("hawser.v1");
    socket.readyState = 2;
    transport.send(Uint8Array.of(1));
    expect(socket.sent).toEqual([]);
  });

  it("tells of its end once, and survives an error event", () => {
    const { socket, log } = connect("hawser.v1");
    socket.tell("error");
    socket.tell("close", { code: 4000, reason: "bye" });
    socket.tell("close", { code: 1006, reason: "" });
    expect(log).toEqual([["close", 4000, "bye"]]);
  });

  it("says what to do where there is no WebSocket class", () => {
    const had = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
    Reflect.deleteProperty(globalThis, "WebSocket");
    try {
      expect(() => webSocketConnector()).toThrow(
        expect.objectContaining({ code: "option-invalid", message: expect.stringContaining("ws") }),
      );
    } finally {
      if (had !== undefined) Object.defineProperty(globalThis, "WebSocket", had);
    }
  });

  it("works with the class of `ws`, over a real socket", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", (socket) => {
      socket.on("message", (data) => {
        socket.send(data);
        socket.close(4000, "done");
      });
    });
    await new Promise((resolve) => void server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const log: unknown[] = [];
    await new Promise<void>((resolve) => {
      const transport = webSocketConnector({ WebSocket: WebSocket as unknown as WebSocketClass }).connect(
        `ws://127.0.0.1:${port}`,
        "hawser.v1",
        {
          onOpen: () => transport.send(Uint8Array.of(7)),
          onMessage: (message) => log.push([...message]),
          onClose: (code, reason) => {
            log.push([code, reason]);
            resolve();
          },
        },
      );
    });
    server.close();
    expect(log).toEqual([[7], [4000, "done"]]);
  });
});
