/**
 * What the WHATWG WebSockets standard says of a `WebSocket`, as far as a page can see it: run with the browser's own class,
 * and with virtual sockets. It knows no test runner: each case throws where the class under test is not as it should be.
 * Sections are those of https://websockets.spec.whatwg.org.
 */

import { systemPorts } from "@hawser/protocol";
import type { Timer } from "@hawser/protocol";

const { timers } = systemPorts();

/** What is under test, and a `StandardUpstream` that it reaches. */
export interface SuiteWorld {
  readonly WebSocket: typeof globalThis.WebSocket;
  /** Behind which the paths of the upstream stand: `ws://127.0.0.1:1234`. */
  readonly url: string;
}

export interface SuiteCase {
  readonly name: string;
  run(world: SuiteWorld): Promise<void> | void;
}

class Failure extends Error {}

function same(actual: unknown, expected: unknown, what: string): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Failure(`${what}: ${one} and not ${other}`);
}

function throws(name: string, act: () => unknown, what: string): void {
  try {
    act();
  } catch (error) {
    const { name: thrown } = error as Error;
    if (thrown !== name) throw new Failure(`${what}: threw ${thrown} and not ${name}`, { cause: error });
    if (name !== "TypeError") same(error instanceof DOMException, true, `${what}: a DOMException`);
    return;
  }
  throw new Failure(`${what}: did not throw ${name}`);
}

/** The next event of one of these types. */
function next(socket: WebSocket, ...types: string[]): Promise<Event> {
  return new Promise((resolve) => {
    const take = (event: Event): void => {
      for (const type of types) socket.removeEventListener(type, take);
      resolve(event);
    };
    for (const type of types) socket.addEventListener(type, take);
  });
}

async function opened(world: SuiteWorld, path = "/echo", protocols?: string | string[]): Promise<WebSocket> {
  const socket = new world.WebSocket(world.url + path, protocols);
  socket.binaryType = "arraybuffer";
  const { type } = await next(socket, "open", "error");
  same(type, "open", `opening ${path}`);
  return socket;
}

async function echo(
  socket: WebSocket,
  data: string | Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>,
): Promise<unknown> {
  const answer = next(socket, "message");
  socket.send(data);
  return ((await answer) as MessageEvent).data as unknown;
}

interface Ending {
  readonly events: string[];
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** All events from now to `close`, each with the state that it was told in. */
function ending(socket: WebSocket): Promise<Ending> {
  const events: string[] = [];
  return new Promise((resolve) => {
    for (const type of ["open", "message", "error"])
      socket.addEventListener(type, () => events.push(`${type} ${socket.readyState}`));
    socket.addEventListener("close", ({ code, reason, wasClean }) => {
      events.push(`close ${socket.readyState}`);
      resolve({ events, code, reason, wasClean });
    });
  });
}

/** Until it holds; the time is the browser's to take. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => timers.after(2, resolve));
}

const bytesOf = (data: unknown): number[] => [...new Uint8Array(data as ArrayBuffer)];
const unclean = (events: string[]): Ending => ({ events, code: 1006, reason: "", wasClean: false });

/** Distinct for each use: the upstream remembers how a socket was closed by it. */
let marks = 0;
const mark = (): string => `mark-${(marks += 1)}-${Math.floor(Math.random() * 1e9)}`;

/** How the upstream saw it close. */
async function seenBy(world: SuiteWorld, one: string): Promise<unknown> {
  for (;;) {
    const socket = new world.WebSocket(`${world.url}/closed/${one}`);
    const { data } = (await next(socket, "message")) as MessageEvent<string>;
    socket.close();
    const seen: unknown = JSON.parse(data);
    if (seen !== null) return seen;
  }
}

export const standardSuite: readonly SuiteCase[] = [
  // The interface (section 3).
  {
    name: "has its constants on the class, its prototype and its objects, and they cannot be changed",
    run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/echo`);
      const names = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"] as const;
      for (const holder of [WebSocket, WebSocket.prototype, socket]) {
        same(
          names.map((name) => holder[name]),
          [0, 1, 2, 3],
          "the constants",
        );
        try {
          (holder as unknown as Record<string, number>)["OPEN"] = 7;
        } catch {
          // In strict code that throws.
        }
        same(holder.OPEN, 1, "OPEN behind an assignment");
      }
      socket.close();
    },
  },
  {
    name: "has its attributes and methods on the prototype",
    run({ WebSocket }) {
      for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType"])
        same(name in WebSocket.prototype, true, name);
      for (const name of ["onopen", "onmessage", "onerror", "onclose", "send", "close"])
        same(name in WebSocket.prototype, true, name);
      same(WebSocket.prototype instanceof EventTarget, true, "it is an EventTarget");
    },
  },
  {
    name: "begins as connecting, empty, with blobs and without handlers",
    run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/echo`, ["chosen.v1"]);
      const { readyState, bufferedAmount, extensions, protocol, binaryType } = socket;
      same(
        { readyState, bufferedAmount, extensions, protocol, binaryType },
        {
          readyState: 0,
          bufferedAmount: 0,
          extensions: "",
          protocol: "",
          binaryType: "blob",
        },
        "what it begins as",
      );
      same([socket.onopen, socket.onmessage, socket.onerror, socket.onclose], [null, null, null, null], "handlers");
      same(Object.prototype.toString.call(socket), "[object WebSocket]", "what it is called");
      socket.close();
    },
  },
  {
    name: "does not let its attributes be set",
    async run(world) {
      const socket = await opened(world);
      for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol"]) {
        const before = (socket as unknown as Record<string, unknown>)[name];
        try {
          (socket as unknown as Record<string, unknown>)[name] = "other";
        } catch {
          // In strict code that throws.
        }
        same((socket as unknown as Record<string, unknown>)[name], before, name);
      }
      socket.close();
    },
  },
  // The constructor (section 3.1).
  {
    name: "is constructed with new, and with a URL",
    run({ WebSocket }) {
      throws("TypeError", () => new (WebSocket as unknown as new () => WebSocket)(), "no URL");
      throws("TypeError", () => (WebSocket as unknown as (url: string) => void)("ws://127.0.0.1"), "no new");
    },
  },
  {
    name: "refuses a URL that is none, one of another scheme, and one with a fragment",
    run({ WebSocket, url }) {
      const bad = ["ws://", "http://[", "ftp://127.0.0.1/", "mailto:ann@example.com", "javascript:1"];
      for (const one of [...bad, `${url}/echo#part`, `${url}/echo#`])
        throws("SyntaxError", () => new WebSocket(one), one);
    },
  },
  {
    name: "serialises its URL, and takes http for ws",
    run({ WebSocket, url }) {
      const upper = url.replace("ws:", "WS:");
      const socket = new WebSocket(`${upper}/echo/../echo?a=b c`);
      same(socket.url, `${url}/echo?a=b%20c`, "url");
      const other = new WebSocket(new URL(url.replace("ws:", "http:")));
      same(other.url, `${url}/`, "url of http");
      socket.close();
      other.close();
    },
  },
  {
    name: "refuses subprotocols that are no tokens, and those that stand there twice",
    run({ WebSocket, url }) {
      for (const one of ["", "a b", "a,b", "a/b", "é", "a\t", "(a)", "a@b", "a:b", '"a"', "{a}", "\u0000", "a\u007f"])
        for (const protocols of [one, ["fine", one]])
          throws("SyntaxError", () => new WebSocket(`${url}/echo`, protocols), JSON.stringify(protocols));
      throws("SyntaxError", () => new WebSocket(`${url}/echo`, ["a", "b", "a"]), "twice");
      const socket = new WebSocket(`${url}/echo`, ["chosen.v1", "!#$%&'*+-.^_`|~09azAZ", "A", "a"]);
      socket.close();
    },
  },
  {
    name: "says which subprotocol was chosen: of a list, of a string, and none",
    async run(world) {
      const list = await opened(world, "/echo", ["other", "chosen.v1"]);
      const text = await opened(world, "/echo", "chosen.v1");
      const none = await opened(world, "/echo", []);
      same([list.protocol, text.protocol, none.protocol], ["chosen.v1", "chosen.v1", ""], "protocol");
      for (const socket of [list, text, none]) socket.close();
    },
  },
  // The handshake (section 2.1).
  {
    name: "fails when subprotocols were offered and none was chosen",
    async run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/echo`, ["unknown"]);
      same(await ending(socket), unclean(["error 3", "close 3"]), "the end");
    },
  },
  {
    name: "fails when the server refuses the handshake",
    async run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/refuse`);
      same(await ending(socket), unclean(["error 3", "close 3"]), "the end");
      same(socket.protocol, "", "protocol");
    },
  },
  {
    name: "tells open in a task of its own, as an event that neither bubbles nor can be cancelled",
    async run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/first/${mark()}`);
      const told: string[] = [];
      socket.onmessage = () => told.push("message");
      const event = await next(socket, "open");
      same(
        [event.type, event.bubbles, event.cancelable, event.target === socket],
        ["open", false, false, true],
        "event",
      );
      // What waits for `open` goes ahead of the first message.
      same([told, socket.readyState], [[], 1], "behind open");
      await next(socket, "message");
      socket.close();
    },
  },
  // send (section 3.1).
  {
    name: "refuses to send before it is open, and needs something to send",
    async run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/echo`);
      throws("InvalidStateError", () => socket.send("early"), "send");
      throws("InvalidStateError", () => socket.send(new Blob(["early"])), "send a blob");
      same(socket.bufferedAmount, 0, "bufferedAmount");
      await next(socket, "open");
      throws("TypeError", () => (socket as unknown as { send(): void }).send(), "send nothing");
      socket.close();
    },
  },
  {
    name: "sends text, as scalar values",
    async run(world) {
      const socket = await opened(world);
      for (const text of ["", "hello", "é€😀", "\u0000", "\ufeffwith a mark", "x".repeat(70_000), "é".repeat(40_000)])
        same(await echo(socket, text), text, "text");
      same(await echo(socket, "a\ud800b\udc00c"), "a\ufffdb\ufffdc", "lone surrogates");
      socket.close();
    },
  },
  {
    name: "sends what is no data as text",
    async run(world) {
      const socket = await opened(world);
      const sent = [1, null, undefined, { toString: () => "object" }, true];
      for (const value of sent) same(await echo(socket, value as unknown as string), String(value), "text");
      socket.close();
    },
  },
  {
    name: "sends bytes: buffers, views of every kind, and blobs",
    async run(world) {
      const socket = await opened(world);
      const bytes = Uint8Array.from([0, 1, 2, 253, 254, 255, 7, 8]);
      const all = [...bytes];
      same(bytesOf(await echo(socket, bytes.buffer)), all, "ArrayBuffer");
      same(bytesOf(await echo(socket, bytes.subarray(2, 5))), all.slice(2, 5), "a part");
      same(bytesOf(await echo(socket, new Uint16Array(bytes.buffer, 2, 2))), all.slice(2, 6), "Uint16Array");
      same(bytesOf(await echo(socket, new DataView(bytes.buffer, 1, 3))), all.slice(1, 4), "DataView");
      same(bytesOf(await echo(socket, new Blob([bytes, "a"]))), [...all, 97], "Blob");
      same(bytesOf(await echo(socket, new ArrayBuffer(0))), [], "empty");
      same(bytesOf(await echo(socket, new Blob([]))), [], "empty Blob");
      socket.close();
    },
  },
  {
    name: "takes bytes as they are when they are sent",
    async run(world) {
      const socket = await opened(world);
      const bytes = Uint8Array.from([1, 2, 3]);
      const answers: number[][] = [];
      socket.onmessage = ({ data }) => answers.push(bytesOf(data));
      socket.send(new Blob(["a"]));
      socket.send(bytes);
      bytes.fill(9);
      await until(() => answers.length === 2);
      same(answers, [[97], [1, 2, 3]], "what was sent");
      socket.close();
    },
  },
  {
    name: "keeps the order of what is sent, blobs among it, and the close behind it",
    async run(world) {
      const socket = await opened(world);
      const heard: unknown[] = [];
      socket.onmessage = ({ data }) => heard.push(typeof data === "string" ? data : bytesOf(data).length);
      const sent: unknown[] = [];
      for (let index = 0; index < 30; index += 1) {
        const bytes = index % 7 === 0 ? 60_000 : index;
        socket.send(String(index));
        socket.send(new Blob([new Uint8Array(bytes)]));
        socket.send(new Uint8Array(bytes + 1));
        sent.push(String(index), bytes, bytes + 1);
      }
      await until(() => heard.length === sent.length);
      same(heard, sent, "order");
      socket.close();
    },
  },
  {
    name: "delivers a message of a megabyte whole",
    async run(world) {
      const socket = await opened(world);
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) & 0xff);
      const got = new Uint8Array((await echo(socket, bytes)) as ArrayBuffer);
      same([got.length, got.every((byte, index) => byte === bytes[index])], [1_000_000, true], "bytes");
      socket.close();
    },
  },
  {
    name: "counts in bufferedAmount what was sent, in bytes of UTF-8, and comes down to 0",
    async run(world) {
      const socket = await opened(world);
      same(socket.bufferedAmount, 0, "before");
      socket.send("é".repeat(1_000));
      same(socket.bufferedAmount, 2_000, "text");
      socket.send(new Uint8Array(500));
      socket.send(new Blob(["12345"]));
      same(socket.bufferedAmount, 2_505, "more");
      await until(() => socket.bufferedAmount === 0);
      socket.close();
    },
  },
  {
    name: "counts in bufferedAmount what is sent when it closes or is closed, and never lets go of it",
    async run(world) {
      const socket = await opened(world);
      socket.close();
      socket.send("12345");
      same([socket.readyState, socket.bufferedAmount], [2, 5], "while it closes");
      await next(socket, "close");
      socket.send(new Uint8Array(7));
      socket.send(new Blob(["123"]));
      same([socket.readyState, socket.bufferedAmount], [3, 15], "when it is closed");
    },
  },
  // Messages (section 4).
  {
    name: "tells messages with their data and origin, and nothing else",
    async run(world) {
      const socket = await opened(world);
      const told = next(socket, "message");
      socket.send("hello");
      const event = (await told) as MessageEvent;
      same(event instanceof MessageEvent, true, "MessageEvent");
      same(
        [event.data, event.origin, event.lastEventId, event.source, event.ports],
        ["hello", world.url, "", null, []],
        "fields",
      );
      same([event.bubbles, event.cancelable], [false, false], "event");
      socket.close();
    },
  },
  {
    name: "gives bytes as binaryType says when they are told, and passes over values that it does not know",
    async run(world) {
      const socket = await opened(world);
      same(((await echo(socket, new Uint8Array(3))) as object) instanceof ArrayBuffer, true, "ArrayBuffer");
      socket.binaryType = "blob";
      const blob = (await echo(socket, Uint8Array.of(4, 5))) as Blob;
      same(
        [blob instanceof Blob, blob.size, blob.type, bytesOf(await blob.arrayBuffer())],
        [true, 2, "", [4, 5]],
        "Blob",
      );
      (socket as { binaryType: string }).binaryType = "text";
      same(socket.binaryType, "blob", "behind a value that is none");
      socket.close();
    },
  },
  {
    name: "tells each message in a task of its own",
    async run({ WebSocket, url }) {
      const socket = new WebSocket(`${url}/burst/50`);
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        socket.onmessage = ({ data }) => {
          order.push(`told ${data as string}`);
          // A chain of promises is through before the next task.
          void (async () => {
            await Promise.resolve();
            await Promise.resolve();
            await Promise.resolve();
            order.push(`then ${data as string}`);
            if (data === "49") resolve();
          })();
        };
      });
      same(order, Array.from({ length: 50 }, (_, index) => [`told ${index}`, `then ${index}`]).flat(), "order");
      socket.close();
    },
  },
  {
    name: "drops messages that come while it closes",
    async run(world) {
      const socket = await opened(world, "/chatty-end");
      const end = ending(socket);
      socket.send("close, please");
      socket.close(3_000, "me first");
      const { events } = await end;
      same(events, ["close 3"], "events");
    },
  },
  // close (section 3.1), and ends (section 4).
  {
    name: "closes with 1000 and with 3000 to 4999, and with no other code",
    async run(world) {
      const socket = await opened(world);
      for (const code of [0, 1, 999, 1001, 1002, 1005, 1006, 1011, 1015, 2000, 2999, 5000, 65_535, 66_536, -1, NaN])
        throws("InvalidAccessError", () => socket.close(code), String(code));
      same(socket.readyState, 1, "behind bad codes");
      socket.close(1000);
      for (const code of [3000, 3999, 4999]) {
        const one = mark();
        const other = await opened(world, `/first/${one}`);
        const end = ending(other);
        other.close(code);
        const { events, ...closure } = await end;
        same(events.at(-1), "close 3", "the last event");
        same(closure, { code, reason: "", wasClean: true }, String(code));
        same(await seenBy(world, one), { code, reason: "" }, "at the server");
      }
    },
  },
  {
    name: "reads a code as a number",
    async run(world) {
      for (const given of ["4000", { valueOf: () => 4_000 }] as unknown[] as number[]) {
        const socket = await opened(world);
        socket.close(given);
        same(((await next(socket, "close")) as CloseEvent).code, 4_000, typeof given);
      }
    },
  },
  {
    name: "refuses a reason of more than 123 bytes of UTF-8, and sends one of 123",
    async run(world) {
      const one = mark();
      const socket = await opened(world, `/first/${one}`);
      throws("SyntaxError", () => socket.close(1000, "x".repeat(124)), "124");
      throws("SyntaxError", () => socket.close(1000, "é".repeat(62)), "124 bytes");
      same(socket.readyState, 1, "behind bad reasons");
      const reason = `${"é".repeat(61)}x`;
      const end = next(socket, "close");
      socket.close(1000, reason);
      same(((await end) as CloseEvent).reason, reason, "reason");
      same(await seenBy(world, one), { code: 1000, reason }, "at the server");
    },
  },
  {
    name: "closes without a code as 1005, at both ends",
    async run(world) {
      const one = mark();
      const socket = await opened(world, `/first/${one}`);
      const end = ending(socket);
      socket.close();
      same(socket.readyState, 2, "at once");
      socket.close(3_000, "again");
      const { code, reason, wasClean } = await end;
      same({ code, reason, wasClean }, { code: 1005, reason: "", wasClean: true }, "the end");
      same(await seenBy(world, one), { code: 1005, reason: "" }, "at the server");
      socket.close();
      socket.close(4_000);
      same(socket.readyState, 3, "closed again");
    },
  },
  {
    name: "fails when it is closed before it is open: closing at once, then error and close with 1006",
    async run({ WebSocket, url }) {
      for (const path of ["/echo", "/never"]) {
        const socket = new WebSocket(url + path);
        const end = ending(socket);
        throws("InvalidAccessError", () => socket.close(1), "a bad code");
        same(socket.readyState, 0, "behind a bad code");
        socket.close(3_000, "never mind");
        same(socket.readyState, 2, "at once");
        same(await end, unclean(["error 3", "close 3"]), `the end of ${path}`);
      }
    },
  },
  {
    name: "tells the server's close: every code, with its reason, as clean",
    async run({ WebSocket, url }) {
      for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4000, 4999]) {
        const socket = new WebSocket(`${url}/close/${code}/because of ${code}`);
        same(
          await ending(socket),
          { events: ["open 1", "close 3"], code, reason: `because of ${code}`, wasClean: true },
          String(code),
        );
      }
      const socket = new WebSocket(`${url}/close/1005`);
      same(await ending(socket), { events: ["open 1", "close 3"], code: 1005, reason: "", wasClean: true }, "no code");
    },
  },
  {
    // RFC 6455, section 7.2.1, has it fail, which tells an error first. Chromium does so only where it reads an error itself.
    name: "tells a connection that breaks as close with 1006, ahead of it at most an error",
    async run(world) {
      const socket = await opened(world, "/break");
      const end = ending(socket);
      socket.send("break");
      const { events, ...closure } = await end;
      same(
        events.filter((event) => event !== "error 3"),
        ["close 3"],
        "events",
      );
      same(closure, { code: 1006, reason: "", wasClean: false }, "the end");
      socket.send("late");
      same(socket.bufferedAmount >= 4, true, "bufferedAmount");
    },
  },
  {
    name: "tells nothing behind close",
    async run(world) {
      const socket = await opened(world);
      socket.send("one more");
      socket.close();
      await next(socket, "close");
      let told = 0;
      for (const type of ["open", "message", "error", "close"]) socket.addEventListener(type, () => (told += 1));
      const other = await opened(world);
      await echo(other, "some time");
      same(told, 0, "events");
      other.close();
    },
  },
  {
    name: "tells close as a CloseEvent",
    async run(world) {
      const socket = await opened(world);
      socket.close(4_321, "why");
      const event = (await next(socket, "close")) as CloseEvent;
      if (typeof CloseEvent === "function") same(event instanceof CloseEvent, true, "CloseEvent");
      same([event.type, event.bubbles, event.cancelable], ["close", false, false], "event");
      same([event.code, event.reason, event.wasClean], [4_321, "why", true], "fields");
    },
  },
  // Events (DOM, and section 8.1.8.1 of HTML).
  {
    name: "takes handlers and listeners, in the order in which they came",
    async run(world) {
      const socket = await opened(world);
      const told: string[] = [];
      socket.addEventListener("message", () => told.push("first"));
      socket.onmessage = () => told.push("replaced");
      socket.addEventListener("message", () => told.push("third"), { once: true });
      socket.onmessage = function (event) {
        told.push(`second ${this === socket} ${event.target === socket}`);
      };
      await echo(socket, "one");
      same(told.splice(0), ["first", "second true true", "third"], "order");
      socket.onmessage = "no function" as unknown as null;
      same(socket.onmessage, null, "a handler that is no function");
      const removed = (): unknown => told.push("removed");
      socket.addEventListener("message", removed);
      socket.removeEventListener("message", removed);
      await echo(socket, "two");
      same(told, ["first"], "without the handler");
      socket.close();
    },
  },
  {
    name: "passes over what is dispatched to it by others, and goes on",
    async run(world) {
      const socket = await opened(world);
      let own = 0;
      socket.addEventListener("close", () => (own += 1));
      socket.dispatchEvent(new Event("close"));
      same([own, socket.readyState], [1, 1], "an event of the page's own");
      same(await echo(socket, "still"), "still", "echo");
      socket.close();
    },
  },
];

/** Runs all; what came of each: `undefined` where it is as it should be. */
export async function runSuite(
  world: SuiteWorld,
  withinMs = 60_000,
): Promise<{ readonly name: string; readonly fault: string | undefined }[]> {
  return Promise.all(
    standardSuite.map(async (one) => {
      const { name } = one;
      let timer: Timer | undefined;
      const overdue = new Promise<never>((_, reject) => {
        timer = timers.after(withinMs, () => reject(new Failure(`not through within ${withinMs} ms`)));
      });
      try {
        await Promise.race([one.run(world), overdue]);
        return { name, fault: undefined };
      } catch (error) {
        return { name, fault: String(error) };
      } finally {
        timer?.cancel();
      }
    }),
  );
}
