/** What a back end is told of a socket with each event. */
export interface SocketFacts {
  /** The socket's id: what a push names. */
  readonly socket: string;
  readonly pool: string;
  /** `undefined`: a plain client that nothing has named. */
  readonly user: string | undefined;
}

/** What is added when the socket is opened. */
export interface ConnectFacts {
  readonly path: string;
  /** Of a plain client: without the question mark. */
  readonly query: string;
  readonly protocols: readonly string[];
  /** The Hawser session of a virtual socket; `undefined`: a plain client. */
  readonly session: string | undefined;
  readonly address: string;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** Of a plain client, those that the back end wants. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One message of a client, with its number in the socket, from 1. */
export interface NumberedMessage {
  readonly number: number;
  readonly data: Uint8Array;
  readonly text: boolean;
}

/** Who ended a socket. */
export type EndedBy = "client" | "back-end" | "gateway";

/** One thing that a back end is told: the body of a request and what stands in front of it. */
export interface BackendEvent {
  /** `<socket>_<number of the event>_<kind>`: signed, and the same for each attempt. */
  readonly id: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** `socket.connect`, the first event of a socket. */
export function connectEvent(now: number, facts: SocketFacts, connect: ConnectFacts): BackendEvent {
  return jsonEvent(`${facts.socket}_0_connect`, { type: "socket.connect", ...head(now, facts), ...connect });
}

/** `socket.messages`: messages of a client, in order. */
export function messagesEvent(
  now: number,
  facts: SocketFacts,
  event: number,
  state: unknown,
  messages: readonly NumberedMessage[],
): BackendEvent {
  return jsonEvent(`${facts.socket}_${event}_messages`, {
    type: "socket.messages",
    ...head(now, facts),
    state,
    messages: messages.map(({ number, data, text }) =>
      text
        ? { number, text: Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8") }
        : { number, binary: Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64") },
    ),
  });
}

/** A message as the body itself: which socket, which event and which kind it is stands in the signed id. */
export function rawMessageEvent(facts: SocketFacts, event: number, { data, text }: NumberedMessage): BackendEvent {
  return {
    id: `${facts.socket}_${event}_${text ? "text" : "binary"}`,
    contentType: text ? "text/plain; charset=utf-8" : "application/octet-stream",
    headers: { "hawser-socket": facts.socket },
    body: data,
  };
}

/** `socket.disconnect`, the last event of a socket. */
export function disconnectEvent(
  now: number,
  facts: SocketFacts,
  event: number,
  state: unknown,
  end: { readonly code: number; readonly reason: string; readonly by: EndedBy },
): BackendEvent {
  return jsonEvent(`${facts.socket}_${event}_disconnect`, {
    type: "socket.disconnect",
    ...head(now, facts),
    state,
    ...end,
  });
}

function head(now: number, facts: SocketFacts): object {
  return { timestamp: new Date(now).toISOString(), ...facts };
}

function jsonEvent(id: string, content: object): BackendEvent {
  return { id, contentType: "application/json", headers: {}, body: new TextEncoder().encode(JSON.stringify(content)) };
}
