import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { PageLifeHandlers } from "../../src/page-life/page-life.ts";
import type { SocketAddress } from "../../src/reconnecting-websocket/address-source.ts";
import type { ReconnectingWebSocketOptions } from "../../src/reconnecting-websocket/options.ts";
import { ReconnectingWebSocket } from "../../src/reconnecting-websocket/reconnecting-websocket.ts";
import { SimulatedPorts } from "../simulated-ports.ts";
import { fakePlatform, FakeSocket } from "./fake-platform.ts";

function fixture(
  options: ReconnectingWebSocketOptions = {},
  url: SocketAddress = "ws://one/",
  Base: typeof FakeSocket = FakeSocket,
) {
  const ports = new SimulatedPorts();
  const platform = fakePlatform(Base);
  let network: PageLifeHandlers | undefined;
  const pageLife = {
    listen: (handlers: PageLifeHandlers) => {
      network = handlers;
      return () => (network = undefined);
    },
  };
  const socket = new ReconnectingWebSocket(url, [], { WebSocket: platform.WebSocket, ports, pageLife, ...options });
  const log: string[] = [];
  socket.addEventListener("open", () => log.push("open"));
  socket.addEventListener("message", ({ data }) => log.push(`message ${data as string}`));
  socket.addEventListener("error", () => log.push("error"));
  socket.addEventListener("close", ({ code, reason }) => log.push(`close ${code} ${reason}`.trim()));
  socket.addEventListener("reconnecting", ({ code, failures }) => log.push(`reconnecting ${code} ${failures}`));
  return { ports, platform, socket, log, network: () => network };
}

describe("a socket that loses its connection", () => {
  it("is CONNECTING until there is another, and tells neither error nor close", async () => {
    const { ports, platform, socket, log } = fixture();
    platform.last.open();
    platform.last.end();
    expect(socket.readyState).toBe(0);
    expect(socket.status.state).toBe("waiting");
    await ports.advance(500);
    expect(platform.sockets.length).toBe(2);
    platform.last.open();
    expect(socket.readyState).toBe(1);
    expect(log).toEqual(["open", "reconnecting 1006 0", "open"]);
    expect(socket.status).toMatchObject({ state: "open", connects: 2, lastError: { code: "connection-lost" } });
  });

  it("waits longer with each failure, up to the cap, and drawn evenly from zero", async () => {
    const { ports, platform, socket } = fixture({ backoff: { minMs: 100, maxMs: 400 } });
    const delays: number[] = [];
    socket.addEventListener("reconnecting", ({ delayMs }) => delays.push(delayMs));
    for (let attempt = 0; attempt < 200; attempt += 1) {
      platform.last.end();
      await ports.advance(400);
    }
    expect(delays.length).toBe(200);
    for (const [index, bound] of [100, 200, 400].entries()) expect(delays[index]).toBeLessThan(bound);
    expect(Math.max(...delays)).toBeGreaterThan(350);
    expect(Math.max(...delays)).toBeLessThan(400);
    expect(Math.min(...delays.slice(2))).toBeLessThan(50);
  });

  it("begins anew with its delays only after a connection that has stood", async () => {
    const { ports, platform, socket } = fixture({ provenAfterMs: 1_000, backoff: { minMs: 1, maxMs: 1 } });
    const failures: number[] = [];
    socket.addEventListener("reconnecting", (event) => failures.push(event.failures));
    for (const stoodMs of [0, 999, 1_000, 0]) {
      platform.last.open();
      await ports.advance(stoodMs);
      platform.last.end();
      await ports.advance(1);
    }
    expect(failures).toEqual([0, 1, 0, 1]);
  });

  it("goes through its endpoints in turn, the alternates last", async () => {
    const { ports, platform, socket } = fixture({ alternates: [new URL("ws://three")] }, ["ws://one", "ws://two"]);
    for (let attempt = 0; attempt < 4; attempt += 1) {
      platform.last.end();
      await ports.advance(30_000);
    }
    expect(platform.sockets.slice(0, 4).map(({ url }) => url)).toEqual([
      "ws://one/",
      "ws://two/",
      "ws://three/",
      "ws://one/",
    ]);
    expect(socket.url).toBe(platform.last.url);
  });

  it("asks a function for the address of each attempt, and tries again when it fails", async () => {
    const answers = [
      () => "wss://a/1",
      () => Promise.resolve(new URL("wss://a/2")),
      () => "nonsense",
      () => "wss://a/3",
    ];
    const { ports, platform, socket } = fixture({}, () => answers.shift()!());
    expect(socket.url).toBe("");
    await ports.advance(0);
    expect(socket.url).toBe("wss://a/1");
    platform.last.end();
    await ports.advance(500);
    expect(socket.url).toBe("wss://a/2");
    platform.last.end();
    await ports.advance(1_000);
    expect(socket.status.lastError?.message).toContain("There is no address");
    await ports.advance(2_000);
    expect(platform.sockets.map(({ url }) => url)).toEqual(["wss://a/1", "wss://a/2", "wss://a/3"]);
  });

  it("forgets an address that comes after its attempt was given up", async () => {
    const late: ((url: string) => void)[] = [];
    const asked = (): Promise<string> => new Promise((resolve) => late.push(resolve));
    const { ports, platform } = fixture({ connectTimeoutMs: 1_000, backoff: { minMs: 10, maxMs: 10 } }, asked);
    await ports.advance(1_020);
    expect(late.length).toBe(2);
    late[0]!("ws://first");
    await ports.advance(0);
    expect(platform.sockets).toEqual([]);
    late[1]!("ws://second");
    await ports.advance(0);
    expect(platform.sockets.map(({ url }) => url)).toEqual(["ws://second/"]);
  });

  it("gives up an attempt that does not open in time", async () => {
    const { ports, platform, log } = fixture({ connectTimeoutMs: 3_000 });
    const [first] = platform.sockets;
    await ports.advance(2_999);
    expect(log).toEqual([]);
    await ports.advance(1);
    expect(log).toEqual(["reconnecting 1006 0"]);
    expect(first!.closes.length).toBe(1);
    first!.open();
    expect(log).toEqual(["reconnecting 1006 0"]);
  });

  it("tries again when the platform's constructor throws", async () => {
    class Refusing extends FakeSocket {
      static left = 1;
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        if (Refusing.left-- > 0) throw new Error("mixed content");
      }
    }
    const { ports, platform, socket, log } = fixture({}, "ws://one", Refusing);
    await ports.advance(500);
    expect(log).toEqual(["reconnecting 1006 0"]);
    expect(socket.status.lastError?.message).toContain("mixed content");
    platform.last.open();
    expect(socket.readyState).toBe(1);
  });

  it("ends when the application says that this loss is final", async () => {
    const { ports, platform, socket, log } = fixture({
      isFinal: ({ code, failures }) => code === 4003 || failures === 2,
    });
    platform.last.open();
    platform.last.end(4003, "forbidden");
    expect(socket.readyState).toBe(3);
    expect(log).toEqual(["open", "close 4003 forbidden"]);
    await ports.advance(60_000);
    expect(platform.sockets.length).toBe(1);
    expect(ports.pending).toBe(0);
  });

  it("ends with error and close after as many failures as the application allows", async () => {
    const { ports, platform, log } = fixture({ isFinal: ({ failures }) => failures >= 2 });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      platform.last.end();
      await ports.advance(5_000);
    }
    expect(log).toEqual(["reconnecting 1006 0", "reconnecting 1006 1", "error", "close 1006"]);
  });

  it("connects at once when the network is back, or when it is told to", async () => {
    const { ports, platform, socket, network } = fixture();
    platform.last.end();
    network()!.online();
    expect(platform.sockets.length).toBe(2);
    platform.last.end();
    socket.retry();
    expect(platform.sockets.length).toBe(3);
    await ports.advance(5_000);
    expect(platform.sockets.length).toBe(3);
  });
});

describe("what is sent while there is no connection", () => {
  it("goes out with the next one, in order, behind what the listeners of open send", async () => {
    const { ports, platform, socket } = fixture();
    platform.last.open();
    platform.last.end();
    const bytes = Uint8Array.of(1, 2);
    socket.send("first");
    socket.send(bytes);
    bytes[0] = 99;
    expect(socket.bufferedAmount).toBe(7);
    expect(socket.status).toMatchObject({ queuedMessages: 2, queuedBytes: 7, messagesOut: 0 });
    socket.addEventListener("open", () => socket.send("hello"), { once: true });
    await ports.advance(500);
    expect(socket.bufferedAmount).toBe(7);
    platform.last.open();
    expect(platform.last.sent).toEqual(["hello", "first", Uint8Array.of(1, 2)]);
    expect(socket.status).toMatchObject({ queuedMessages: 0, queuedBytes: 0, messagesOut: 3, bytesOut: 12 });
    expect(socket.bufferedAmount).toBe(0);
  });

  it("waits too when the other side has begun to close, where the platform would drop it", async () => {
    const { ports, platform, socket } = fixture();
    platform.last.open();
    platform.last.readyState = 2;
    expect(socket.readyState).toBe(0);
    socket.send("late");
    expect([platform.last.sent, socket.status.queuedMessages]).toEqual([[], 1]);
    platform.last.end(1001);
    await ports.advance(500);
    platform.last.open();
    expect(platform.last.sent).toEqual(["late"]);
  });

  it("is refused before the first connection, or queued when asked for", () => {
    expect(() => fixture().socket.send("early")).toThrow(expect.objectContaining({ name: "InvalidStateError" }));
    const { platform, socket } = fixture({ queueBeforeOpen: true });
    socket.send("early");
    platform.last.open();
    expect(platform.last.sent).toEqual(["early"]);
  });

  it.each([
    ["maxMessages", { maxMessages: 2 }],
    ["maxBytes", { maxBytes: 4 }],
  ])("is rejected beyond %s, and what waits stays", (_name, queue) => {
    const { platform, socket } = fixture({ queue, queueBeforeOpen: true });
    socket.send("aa");
    socket.send("bb");
    expect(() => socket.send("c")).toThrow(expect.objectContaining({ code: "outbox-full" }));
    platform.last.open();
    expect(platform.last.sent).toEqual(["aa", "bb"]);
  });

  it("takes the place of the oldest where that was chosen, which is counted", () => {
    const queue = { maxMessages: 2, maxBytes: 10, overflow: "drop-oldest" } as const;
    const { platform, socket } = fixture({ queue, queueBeforeOpen: true });
    for (const text of ["a", "b", "c"]) socket.send(text);
    expect(() => socket.send("longer than all")).toThrow(HawserError);
    expect(socket.status.dropped).toBe(1);
    platform.last.open();
    expect(platform.last.sent).toEqual(["b", "c"]);
  });

  it("counts what the platform holds, and is refused above its bound", () => {
    const { platform, socket } = fixture({ maxBufferedBytes: 10 });
    platform.last.open();
    socket.send("longer than the bound");
    platform.last.bufferedAmount = 8;
    expect(socket.bufferedAmount).toBe(8);
    socket.send("ab");
    expect(() => socket.send("abc")).toThrow(expect.objectContaining({ code: "outbox-full" }));
  });
});

describe("closing", () => {
  it("sends what waits before it closes, from within a listener of open too", async () => {
    const { platform, socket } = fixture({ queueBeforeOpen: true });
    socket.send("waits");
    socket.onopen = () => socket.close(1000, "done");
    platform.last.open();
    expect(platform.last.sent).toEqual(["waits"]);
    expect(platform.last.closes).toEqual([[1000, "done"]]);
  });

  it("is final: a late open or a timer brings nothing back", async () => {
    const { ports, platform, socket, log, network } = fixture();
    platform.last.open();
    platform.last.end();
    socket.send("waits");
    socket.close(3001, "bye");
    expect([socket.readyState, log.at(-1)]).toEqual([2, "reconnecting 1006 0"]);
    await ports.advance(60_000);
    expect(log.slice(-2)).toEqual(["error", "close 1006"]);
    expect(socket.status).toMatchObject({ state: "closed", dropped: 1 });
    expect(socket.bufferedAmount).toBe(5);
    expect(platform.sockets.length).toBe(1);
    expect(ports.pending).toBe(0);
    expect(network()).toBeUndefined();
  });

  it("cuts the connection when the other side does not answer the handshake", async () => {
    const { ports, platform, socket, log } = fixture({ closeTimeoutMs: 700 });
    platform.last.open();
    socket.close(1000);
    platform.last.bufferedAmount = 3;
    await ports.advance(699);
    expect(socket.readyState).toBe(2);
    await ports.advance(1);
    expect(log).toEqual(["open", "error", "close 1006"]);
    // Asked once, then cut.
    expect(platform.last.closes).toEqual([[1000, ""], []]);
    expect(socket.bufferedAmount).toBe(3);
    platform.last.end(1000);
    expect(log.length).toBe(3);
    expect(ports.pending).toBe(0);
  });

  it("cuts an attempt that has not opened", async () => {
    const { ports, platform, socket, log } = fixture();
    socket.close();
    expect(platform.last.closes.length).toBe(1);
    platform.last.open();
    await ports.advance(0);
    expect(log).toEqual(["error", "close 1006"]);
    expect(ports.pending).toBe(0);
  });

  it("delivers messages that come before the close is answered", () => {
    const { platform, socket, log } = fixture();
    platform.last.open();
    socket.close();
    platform.last.message("late");
    platform.last.end(1005);
    expect(log).toEqual(["open", "message late", "close 1005"]);
    expect(platform.last.closes).toEqual([[]]);
  });
});

describe("the heartbeat of an application's messages", () => {
  const heartbeat = {
    intervalMs: 1_000,
    timeoutMs: 300,
    message: () => "ping",
    isAnswer: (data: string | ArrayBuffer) => data === "pong",
  };

  it("asks, measures the round trip, and keeps the answers to itself", async () => {
    const { ports, platform, socket, log } = fixture({ heartbeat });
    platform.last.open();
    await ports.advance(999);
    expect(platform.last.sent).toEqual([]);
    await ports.advance(1);
    expect(platform.last.sent).toEqual(["ping"]);
    await ports.advance(40);
    platform.last.message("pong");
    expect(socket.status.roundTripMs).toBe(40);
    await ports.advance(960);
    expect(platform.last.sent).toEqual(["ping", "ping"]);
    expect(log).toEqual(["open"]);
    expect(socket.status).toMatchObject({ messagesIn: 0, messagesOut: 0 });
  });

  it("gives the connection up when nothing comes back, and makes another", async () => {
    const { ports, platform, socket, log } = fixture({ heartbeat });
    platform.last.open();
    await ports.advance(1_299);
    expect(socket.readyState).toBe(1);
    await ports.advance(1);
    expect(log).toEqual(["open", "reconnecting 1006 0"]);
    await ports.advance(500);
    expect(platform.sockets.length).toBe(2);
  });

  it("takes any message for a sign of life", async () => {
    const { ports, platform, log } = fixture({ heartbeat });
    platform.last.open();
    await ports.advance(1_100);
    platform.last.message("news");
    await ports.advance(1_100);
    expect(log).toEqual(["open", "message news"]);
  });

  it("measures no round trip when it cannot know which question an answer belongs to", async () => {
    const { ports, platform, socket } = fixture({ heartbeat });
    platform.last.open();
    await ports.advance(1_100);
    platform.last.message("news");
    await ports.advance(910);
    expect(platform.last.sent.length).toBe(2);
    platform.last.message("pong");
    expect(socket.status.roundTripMs).toBeUndefined();
    platform.last.message("pong");
    expect(socket.status.roundTripMs).toBe(10);
  });

  it("ends with its connection", async () => {
    const { ports, platform, socket } = fixture({ heartbeat });
    platform.last.open();
    platform.last.end();
    expect(ports.pending).toBe(1);
    await ports.advance(500);
    platform.last.open();
    socket.close();
    expect(ports.pending).toBe(1);
    platform.last.end(1005);
    expect(ports.pending).toBe(0);
  });

  it("asks at once when the network has changed, and not twice", async () => {
    const { ports, platform, network, log } = fixture({ heartbeat });
    platform.last.open();
    await ports.advance(100);
    network()!.offline();
    network()!.online();
    expect(platform.last.sent).toEqual(["ping"]);
    await ports.advance(300);
    expect(log).toEqual(["open", "reconnecting 1006 0"]);
  });

  it("only listens without a question", async () => {
    const { ports, platform, log } = fixture({ heartbeat: { intervalMs: 1_000, timeoutMs: 300 } });
    platform.last.open();
    await ports.advance(1_200);
    platform.last.message("2");
    await ports.advance(1_299);
    expect(log).toEqual(["open", "message 2"]);
    await ports.advance(1);
    expect(log.at(-1)).toBe("reconnecting 1006 0");
    expect(platform.sockets[0]!.sent).toEqual([]);
  });

  /** As `ws` tells of pongs, and as Bun does. */
  class Pinging extends FakeSocket {
    pings = 0;
    terminated = false;
    pong: () => void = () => {};
    ping(): void {
      this.pings += 1;
    }
    terminate(): void {
      this.terminated = true;
    }
  }
  class WithOn extends Pinging {
    on(_type: "pong", listener: () => void): void {
      this.pong = listener;
    }
  }
  class WithEvent extends Pinging {
    addEventListener(_type: "pong", listener: () => void): void {
      this.pong = listener;
    }
  }

  it.each([WithOn, WithEvent])(
    "asks by ping where the platform can, and cuts without a handshake: %o",
    async (Base) => {
      const beat = { intervalMs: 1_000, timeoutMs: 300, ping: true };
      const { ports, platform, socket } = fixture({ heartbeat: beat }, "ws://one", Base);
      const first = platform.last as Pinging;
      first.open();
      await ports.advance(1_000);
      expect(first.pings).toBe(1);
      await ports.advance(20);
      first.pong();
      expect(socket.status.roundTripMs).toBe(20);
      await ports.advance(1_280);
      expect({ terminated: first.terminated, state: socket.status.state }).toEqual({
        terminated: true,
        state: "waiting",
      });
      expect(socket.status.roundTripMs).toBeUndefined();
    },
  );

  it("does nothing by ping where the platform cannot", async () => {
    const { ports, platform, log } = fixture({ heartbeat: { ping: true } });
    platform.last.open();
    expect(ports.pending).toBe(0);
    await ports.advance(600_000);
    expect(log).toEqual(["open"]);
  });
});

describe("options", () => {
  it.each<[ReconnectingWebSocketOptions, string]>([
    [{ connectTimeoutMs: 0 }, "connectTimeoutMs"],
    [{ closeTimeoutMs: 1.5 }, "closeTimeoutMs"],
    [{ provenAfterMs: -1 }, "provenAfterMs"],
    [{ maxBufferedBytes: 0 }, "maxBufferedBytes"],
    [{ queue: { maxMessages: 0 } }, "queue.maxMessages"],
    [{ queue: { maxBytes: Number.NaN } }, "queue.maxBytes"],
    [{ queue: { overflow: "explode" as "reject" } }, "queue.overflow"],
    [{ backoff: { minMs: 2, maxMs: 1 } }, "backoff.minMs"],
    [{ heartbeat: { intervalMs: 0 } }, "heartbeat.intervalMs"],
    [{ heartbeat: { timeoutMs: 0 } }, "heartbeat.timeoutMs"],
    [{ heartbeat: { ping: true, message: "x" } }, "heartbeat"],
  ])("that cannot be are refused by name: %j", (options, name) => {
    expect(() => fixture(options)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`\`${name}\``) as string }),
    );
  });

  it("need a WebSocket class, where the platform has none", () => {
    const { WebSocket: platforms } = globalThis;
    Reflect.deleteProperty(globalThis, "WebSocket");
    try {
      expect(() => new ReconnectingWebSocket("ws://one")).toThrow(expect.objectContaining({ code: "option-invalid" }));
    } finally {
      if (platforms !== undefined) globalThis.WebSocket = platforms;
    }
  });

  it("refuse an empty list of addresses as the standard refuses a bad one", () => {
    expect(() => fixture({}, [])).toThrow(expect.objectContaining({ name: "SyntaxError" }));
  });
});
