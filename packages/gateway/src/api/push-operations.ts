import { ApiError, fieldsOf, requestInvalid } from "@hawser/server";
import type { ApiAnswer, ApiCall, Operation } from "@hawser/server";
import type { Backends } from "../backend/backends.ts";
import type { Pushed } from "../backend/backend-socket.ts";
import { defaultBackendLimits } from "../backend/backend-options.ts";
import type { Peers } from "../backend/peers.ts";
import { closeOf, repliesOf, ReplyInvalid } from "../backend/reply.ts";
import type { Reply } from "../backend/reply.ts";

export interface PushParts {
  readonly backends: Backends;
  /** By what the ids of this node's own sockets begin. */
  readonly mark: string;
  readonly peers: Peers;
  /** Asks another node. Rejects when it is not reached. */
  readonly post: (
    url: string,
    key: string,
    body: object,
  ) => Promise<{ readonly status: number; readonly body: object }>;
}

/** Sockets of one request. */
const maxSockets = 1_000;

/** What became of a push to one socket of several. */
type Outcome = Pushed | "unreachable";

/** The operations by which back ends speak with sockets at any time, whichever node holds them. */
export function pushOperations(parts: PushParts): readonly Operation[] {
  const one = (name: string, verb: string, read: (body: unknown) => readonly Reply[]): Operation => ({
    name,
    method: "POST",
    path: `sockets/{socket}/${verb}`,
    scope: "push",
    query: ["local"],
    run: (call) => pushOne(parts, call, verb, read),
  });
  return [
    one("pushToSocket", "messages", (body) => messagesOf(fieldsOf(body, ["messages"], "The body"))),
    one("closeSocket", "close", (body) => [closing(body ?? {})]),
    {
      name: "pushToSockets",
      method: "POST",
      path: "sockets/messages",
      scope: "push",
      query: ["local"],
      run: (call) => pushMany(parts, call),
    },
  ];
}

async function pushOne(
  parts: PushParts,
  call: ApiCall,
  verb: string,
  read: (body: unknown) => readonly Reply[],
): Promise<ApiAnswer> {
  const { socket = "" } = call.path;
  const replies = read(call.body);
  const away = elsewhere(parts, call, socket);
  if (away === undefined) return answered(parts.backends.push(socket, replies), socket);
  try {
    return await parts.post(`${away}/sockets/${socket}/${verb}?local=true`, call.shownKey, call.body ?? {});
  } catch {
    throw unreachable();
  }
}

async function pushMany(parts: PushParts, call: ApiCall): Promise<ApiAnswer> {
  const fields = fieldsOf(call.body, ["sockets", "messages"], "The body");
  const { sockets, messages } = fields;
  if (!isTexts(sockets) || sockets.length === 0 || sockets.length > maxSockets)
    throw requestInvalid(`The body's sockets must be a list of 1 to ${maxSockets} ids.`);
  const replies = messagesOf(fields);
  call.charge(sockets.length - 1);
  const outcomes = new Map<string, Outcome>();
  const byNode = new Map<string, string[]>();
  for (const socket of new Set(sockets)) {
    const away = elsewhere(parts, call, socket);
    if (away === undefined) outcomes.set(socket, parts.backends.push(socket, replies));
    else byNode.set(away, [...(byNode.get(away) ?? []), socket]);
  }
  await Promise.all(
    [...byNode].map(async ([url, those]) => {
      const told = await askNode(parts, `${url}/sockets/messages?local=true`, call.shownKey, {
        sockets: those,
        messages,
      });
      for (const socket of those) outcomes.set(socket, outcomeIn(told, socket));
    }),
  );
  const those = (wanted: Outcome): readonly string[] =>
    [...outcomes].filter(([, outcome]) => outcome === wanted).map(([socket]) => socket);
  return {
    status: 200,
    body: { taken: those("taken").length, gone: those("gone"), full: those("full"), unreachable: those("unreachable") },
  };
}

/** The node that holds the socket, if it is another and the request has not come from one already. */
function elsewhere({ backends, mark, peers }: PushParts, { query }: ApiCall, socket: string): string | undefined {
  const holder = backends.markOf(socket);
  return holder === undefined || holder === mark || query.has("local") ? undefined : peers.urlOf(holder);
}

async function askNode(parts: PushParts, url: string, key: string, body: object): Promise<object | undefined> {
  try {
    const { status, body: answer } = await parts.post(url, key, body);
    return status === 200 ? answer : undefined;
  } catch {
    return undefined;
  }
}

function outcomeIn(told: object | undefined, socket: string): Outcome {
  if (told === undefined) return "unreachable";
  const lists = told as Partial<Record<Outcome, unknown>>;
  for (const outcome of ["gone", "full", "unreachable"] as const) {
    const list = lists[outcome];
    if (isTexts(list) && list.includes(socket)) return outcome;
  }
  return "taken";
}

function answered(pushed: Pushed, socket: string): ApiAnswer {
  if (pushed === "gone")
    throw new ApiError(404, "socket-unknown", `There is no socket ${socket.slice(0, 64)} any more.`);
  if (pushed === "full")
    throw new ApiError(429, "queue-full", "The socket's client reads too slowly: too much waits for it.", true, 1_000);
  return { status: 200, body: {} };
}

function unreachable(): ApiError {
  return new ApiError(503, "overloaded", "The node that holds the socket was not reached. Ask again.", true, 1_000);
}

function messagesOf({ messages }: Readonly<Record<string, unknown>>): readonly Reply[] {
  return valid(() => repliesOf(messages, "messages", defaultBackendLimits));
}

function closing(body: unknown): Reply {
  return valid(() => closeOf(body, "The body"));
}

function valid<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof ReplyInvalid) throw requestInvalid(error.message);
    throw error;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
