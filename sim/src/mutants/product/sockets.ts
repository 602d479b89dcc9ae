import type { ProductMutant } from "../mutant.ts";

const homeSocket = "packages/gateway/src/home/home-socket.ts";
const homeClient = "packages/gateway/src/home/home-client.ts";
const sender = "packages/protocol/src/socket/socket-sender.ts";
const receiver = "packages/protocol/src/socket/socket-receiver.ts";
const wire = "packages/client/src/virtual-socket/socket-wire.ts";
const assembly = "packages/client/src/virtual-socket/message-assembly.ts";

/** Faults in virtual sockets: their streams, their homes, and where clients have them. */
export const socketMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "home-attaches-without-rewind",
    sentence: "a home does not say again what was lost with the connection",
    file: homeSocket,
    find: "if (!this.#sender.rewind(received, credit)) {",
    replace: "if (!this.#sender.confirm(received, credit)) {",
  },
  {
    kind: "product",
    id: "client-attaches-without-rewind",
    sentence: "a client does not send again what was lost with the connection",
    file: wire,
    find: "if (!sender.rewind(received, credit)) return this.#violated();",
    replace: "if (!sender.confirm(received, credit)) return this.#violated();",
  },
  {
    kind: "product",
    id: "old-piece-is-a-violation",
    sentence: "a piece that was received already ends the socket",
    file: receiver,
    find: 'if (to <= this.#offset) return { kind: "old" };',
    replace: "",
  },
  {
    kind: "product",
    id: "reading-gives-no-credit",
    sentence: "what a client's application has read gives its home no new credit",
    file: wire,
    find: "consumed(cost: number): void {\n    this.#receiver.consumed(cost);",
    replace: "consumed(cost: number): void {\n    if (cost < 0) this.#receiver.consumed(cost);",
  },
  {
    kind: "product",
    id: "credit-ahead-of-the-upstream",
    sentence: "a home gives credit for what its upstream has not taken",
    file: homeSocket,
    find: "else this.#upstream.send(piece.data, piece.text, piece.last, () => this.#consumed(cost));",
    replace:
      "else {\n      this.#upstream.send(piece.data, piece.text, piece.last, () => {});\n      this.#consumed(cost);\n    }",
  },
  {
    kind: "product",
    id: "upstream-not-held-back",
    sentence: "a home reads on of an upstream whose client takes nothing",
    file: homeSocket,
    find: "this.#upstream?.pause();",
    replace: "",
  },
  {
    kind: "product",
    id: "upstream-not-read-on",
    sentence: "an upstream that was held back is never read again",
    file: homeSocket,
    find: "this.#paused = false;\n    this.#upstream?.resume();",
    replace: "this.#paused = false;",
  },
  {
    kind: "product",
    id: "close-ahead-of-data",
    sentence: "the close of a stream is sent before what was said before it",
    file: sender,
    find: "if (this.#close === undefined || this.#closeSent || this.#offset !== this.#end) return undefined;",
    replace: "if (this.#close === undefined || this.#closeSent) return undefined;",
  },
  {
    kind: "product",
    id: "credit-passed",
    sentence: "a sender goes beyond the credit that it has",
    file: sender,
    find: "const room = this.#credit - this.#offset;",
    replace: "const room = this.#credit + 100 - this.#offset;",
  },
  {
    kind: "product",
    id: "text-as-binary",
    sentence: "text of a virtual socket arrives as bytes",
    file: sender,
    find: "text: part.text,",
    replace: "text: false,",
  },
  {
    kind: "product",
    id: "message-boundary-lost",
    sentence: "a message in pieces is handed on with the second of them",
    file: assembly,
    find: "if (!last) return undefined;",
    replace: "if (!last && this.#parts.length < 2) return undefined;",
  },
  {
    kind: "product",
    id: "upstream-code-lost",
    sentence: "a client is told 1000 whatever its upstream closed with",
    file: homeSocket,
    find: "this.#sender.close(code === 1005 ? 0 : code, reason);",
    replace: "this.#sender.close(1000, reason);",
  },
  {
    kind: "product",
    id: "home-keeps-for-ever",
    sentence: "a home keeps a socket to which nobody comes back",
    file: homeSocket,
    find: 'this.#leave(1001, "The client did not come back.");\n      this.#finish();',
    replace: "",
  },
  {
    kind: "product",
    id: "sockets-of-a-gone-connection",
    sentence: "the sockets of a connection that is gone stay on it",
    file: homeClient,
    find: "for (const socket of sockets) socket.detach();",
    replace: "if (sockets.length < 0) for (const socket of sockets) socket.detach();",
  },
  {
    kind: "product",
    id: "window-lost-with-a-move",
    sentence: "what a client told its home behind an attach, on the connection before, is not told again",
    file: wire,
    find: "if (told.received < this.#receiver.offset || this.#receiver.tell().credit > told.credit) this.#tellNow();",
    replace: "this.#tell();",
  },
];
