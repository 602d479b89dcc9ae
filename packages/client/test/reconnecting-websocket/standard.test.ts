// What the standard (WHATWG WebSockets) says of every WebSocket, held against two classes: that of `ws`, as a reference,
// and the reconnecting one over it.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ReconnectingWebSocket } from "../../src/reconnecting-websocket/reconnecting-websocket.ts";
import { platformPageLife } from "../../src/page-life/page-life.ts";

/** The platform's type, from the DOM's own declarations. */
type StandardClass = typeof globalThis.WebSocket;

const classes: readonly (readonly [string, StandardClass])[] = [
  ["ws", WebSocket as unknown as StandardClass],
  // No cast: it is accepted wherever the standard class is.
  ["ReconnectingWebSocket", ReconnectingWebSocket.with({ WebSocket, pageLife: platformPageLife(new EventTarget()) })],
];

let server: WebSocketServer;
let url: string;

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: (names) => [...names].at(-1) ?? false });
  await once(server, "listening");
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/path?query`;
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      const text = isBinary ? "" : (data as Buffer).toString();
      if (text.startsWith("close ")) socket.close(Number(text.slice(6)), "as told");
      else socket.send(data, { binary: isBinary });
    });
  });
});
afterAll(() => server.close());

function next<Type extends keyof WebSocketEventMap>(
  socket: globalThis.WebSocket,
  type: Type,
): Promise<WebSocketEventMap[Type]> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}

/** Opens, and closes when the test is over with it. */
async function opened(Socket: StandardClass, protocols?: string | string[]): Promise<globalThis.WebSocket> {
  const socket = new Socket(url, protocols);
  await next(socket, "open");
  return socket;
}

async function end(socket: globalThis.WebSocket): Promise<CloseEvent> {
  const closed = next(socket, "close");
  socket.close();
  return closed;
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as Error).name;
  }
  return undefined;
}

describe.each(classes)("the standard's WebSocket, as %s has it", (name, Socket) => {
  it("has the constants of readyState on the class and on each instance", async () => {
    const socket = await opened(Socket);
    for (const { CONNECTING, OPEN, CLOSING, CLOSED } of [Socket, socket])
      expect([CONNECTING, OPEN, CLOSING, CLOSED]).toEqual([0, 1, 2, 3]);
    await end(socket);
  });

  it.each(["no url", "/relative", "mailto:a@b", "ws://host/#fragment", "ws://host/#", "ws://"])(
    "refuses the address %j with a SyntaxError",
    (address) => {
      if (name === "ws" && address === "ws://host/#") return; // `ws` does not see an empty fragment.
      expect(thrown(() => new Socket(address))).toBe("SyntaxError");
    },
  );

  it.each([[["a", "a"]], [["a b"]], [["a", ""]], [["é"]], ["a,b"], [""]])(
    "refuses the subprotocols %j with a SyntaxError",
    (protocols) => {
      expect(thrown(() => new Socket(url, protocols))).toBe("SyntaxError");
    },
  );

  it("goes from CONNECTING over OPEN and CLOSING to CLOSED", async () => {
    const socket = new Socket(url);
    const states: number[] = [socket.readyState];
    await next(socket, "open");
    states.push(socket.readyState);
    const closed = next(socket, "close");
    socket.close();
    states.push(socket.readyState);
    await closed;
    states.push(socket.readyState);
    expect(states).toEqual([0, 1, 2, 3]);
  });

  it("tells its address, the subprotocol that the server chose, and the extensions", async () => {
    const socket = await opened(Socket, ["one", "two"]);
    expect({ url: socket.url, protocol: socket.protocol, extensions: socket.extensions }).toEqual({
      url,
      protocol: "two",
      extensions: "",
    });
    await end(socket);
    const plain = new Socket(url);
    expect(plain.protocol).toBe("");
    await next(plain, "open");
    await end(plain);
  });

  it("reads http as ws", async () => {
    const socket = new Socket(url.replace("ws:", "http:"));
    await next(socket, "open");
    expect(socket.url).toBe(url);
    await end(socket);
  });

  it("throws InvalidStateError from send before it has opened", async () => {
    const socket = new Socket(url);
    const error = thrown(() => socket.send("early"));
    // `ws` throws a plain Error here.
    expect(error).toBe(name === "ws" ? "Error" : "InvalidStateError");
    await next(socket, "open");
    await end(socket);
  });

  it("sends text, and receives it as a string", async () => {
    const socket = await opened(Socket);
    const message = next(socket, "message");
    socket.send("häwser ⚓ 🚢");
    expect((await message).data).toBe("häwser ⚓ 🚢");
    await end(socket);
  });

  it("sends buffers, views and blobs, and receives an ArrayBuffer where binaryType says so", async () => {
    const socket = await opened(Socket);
    socket.binaryType = "arraybuffer";
    const bytes = Uint8Array.of(0, 1, 2, 3, 255);
    for (const data of [bytes.buffer, bytes, new DataView(bytes.buffer), new Blob([bytes])]) {
      const message = next(socket, "message");
      socket.send(data);
      const received: unknown = (await message).data;
      expect(received).toBeInstanceOf(ArrayBuffer);
      expect(new Uint8Array(received as ArrayBuffer)).toEqual(bytes);
    }
    const message = next(socket, "message");
    socket.send(bytes.subarray(1, 3));
    expect(new Uint8Array((await message).data as ArrayBuffer)).toEqual(Uint8Array.of(1, 2));
    await end(socket);
  });

  it("gives blobs where binaryType says so, also from one message to the next", async () => {
    const socket = await opened(Socket);
    socket.binaryType = "blob";
    let message = next(socket, "message");
    socket.send(Uint8Array.of(7));
    const blob = (await message).data as Blob;
    expect(blob).toBeInstanceOf(Blob);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(Uint8Array.of(7));
    socket.binaryType = "arraybuffer";
    message = next(socket, "message");
    socket.send(Uint8Array.of(8));
    expect((await message).data).toBeInstanceOf(ArrayBuffer);
    await end(socket);
  });

  it("passes over a binaryType that there is not", async () => {
    const socket = await opened(Socket);
    socket.binaryType = "arraybuffer";
    (socket as { binaryType: string }).binaryType = "paper";
    expect(socket.binaryType).toBe("arraybuffer");
    await end(socket);
  });

  it("sends the string of what is neither text nor bytes", async () => {
    const socket = await opened(Socket);
    const message = next(socket, "message");
    socket.send(42 as unknown as string);
    expect((await message).data).toBe("42");
    await end(socket);
  });

  it("closes cleanly with the code and the reason that were given", async () => {
    const socket = await opened(Socket);
    const closed = next(socket, "close");
    socket.close(3456, "enough");
    const { code, reason, wasClean, type } = await closed;
    expect({ code, reason, wasClean, type }).toEqual({ code: 3456, reason: "enough", wasClean: true, type: "close" });
  });

  it("closes with 1005 when no code was given", async () => {
    const socket = await opened(Socket);
    expect(await end(socket)).toMatchObject({ code: 1005, reason: "", wasClean: true });
  });

  it("does nothing when it is closed again", async () => {
    const socket = await opened(Socket);
    let closes = 0;
    socket.onclose = () => (closes += 1);
    const closed = next(socket, "close");
    socket.close(3000);
    socket.close(4000);
    expect((await closed).code).toBe(3000);
    socket.close(4000);
    expect(socket.readyState).toBe(3);
    expect(closes).toBe(1);
  });

  it("fails with error and then close 1006 when it is closed before it has opened", async () => {
    const socket = new Socket(url);
    const order: string[] = [];
    socket.onopen = () => order.push("open");
    socket.onerror = () => order.push("error");
    const closed = next(socket, "close");
    socket.close();
    expect(socket.readyState).toBe(2);
    expect(order).toEqual([]);
    const { code, wasClean } = await closed;
    expect({ order, code, wasClean, state: socket.readyState }).toEqual({
      order: ["error"],
      code: 1006,
      wasClean: false,
      state: 3,
    });
  });

  it("counts in bufferedAmount what is sent after the close, in bytes of UTF-8", async () => {
    const socket = await opened(Socket);
    await end(socket);
    const before = socket.bufferedAmount;
    socket.send("né🚢");
    socket.send(new ArrayBuffer(10));
    expect(socket.bufferedAmount - before).toBe(17);
  });

  it("calls handlers of attributes among the listeners, in the order in which they were first set", async () => {
    const socket = new Socket(url);
    const order: string[] = [];
    socket.addEventListener("open", () => order.push("before"));
    socket.onopen = () => order.push("replaced");
    socket.addEventListener("open", () => order.push("after"));
    if (name !== "ws") socket.onopen = () => order.push("attribute"); // `ws` loses the place.
    await next(socket, "open");
    expect(order).toEqual(["before", name === "ws" ? "replaced" : "attribute", "after"]);
    socket.onmessage = null;
    expect(socket.onmessage).toBeNull();
    const handler = (): void => {};
    socket.onmessage = handler;
    expect(socket.onmessage).toBe(handler);
    socket.onmessage = null;
    expect(socket.onmessage).toBeNull();
    await end(socket);
  });
});

describe("the standard's WebSocket, where `ws` goes its own way", () => {
  const Socket = classes[1]![1];

  it.each([0, 999, 1001, 1005, 2999, 5000, 65_536 + 1000, Number.NaN])(
    "refuses the close code %d with an InvalidAccessError",
    async (code) => {
      const socket = await opened(Socket);
      expect(thrown(() => socket.close(code))).toBe("InvalidAccessError");
      expect(socket.readyState).toBe(1);
      await end(socket);
    },
  );

  it("refuses a reason of more than 123 bytes of UTF-8 with a SyntaxError", async () => {
    const socket = await opened(Socket);
    expect(thrown(() => socket.close(1000, "é".repeat(62)))).toBe("SyntaxError");
    const closed = next(socket, "close");
    socket.close(1000, `${"é".repeat(61)}.`);
    expect((await closed).reason).toBe(`${"é".repeat(61)}.`);
  });

  it("checks the arguments of close in every state", async () => {
    const socket = await opened(Socket);
    await end(socket);
    expect(thrown(() => socket.close(1))).toBe("InvalidAccessError");
  });

  it("gives events of the platform's classes, with the socket as their target", async () => {
    const socket = await opened(Socket);
    const message = next(socket, "message");
    socket.send("x");
    const event = await message;
    expect(event).toBeInstanceOf(MessageEvent);
    expect({ target: event.target, origin: event.origin }).toEqual({ target: socket, origin: new URL(url).origin });
    const closed = await end(socket);
    expect(closed).toBeInstanceOf(Event);
    expect(closed.target).toBe(socket);
    expect(socket).toBeInstanceOf(EventTarget);
    expect(socket).toBeInstanceOf(ReconnectingWebSocket);
  });

  it("calls an attribute's handler with the socket as `this`", async () => {
    const socket = new Socket(url);
    const self = await new Promise<unknown>((resolve) => {
      socket.onopen = function (this: globalThis.WebSocket) {
        resolve(this);
      };
    });
    expect(self).toBe(socket);
    await end(socket);
  });

  it("opens again after the server has closed, since it reconnects", async () => {
    const reconnecting = new ReconnectingWebSocket(url, [], { WebSocket, backoff: { minMs: 1, maxMs: 1 } });
    const socket: globalThis.WebSocket = reconnecting;
    const order: string[] = [];
    reconnecting.addEventListener("reconnecting", ({ code, reason }) => order.push(`${code} ${reason}`));
    socket.onclose = () => order.push("close");
    await next(socket, "open");
    socket.send("close 4321");
    await next(socket, "open");
    expect(order).toEqual(["4321 as told"]);
    await end(socket);
    expect(order).toEqual(["4321 as told", "close"]);
  });
});
