import type { ProductMutant } from "../mutant.ts";

const receiver = "packages/client/src/channel/interval-receiver.ts";
const channel = "packages/client/src/channel/channel-receiver.ts";
const subscription = "packages/client/src/channel/subscription.ts";

/** Faults in how a client receives: the interval rule, generations, positions and credit. */
export const receivingMutants: readonly ProductMutant[] = [
  {
    kind: "product",
    id: "interval-rule-skipped",
    sentence: "a batch behind a gap, or an old one, is taken as it comes",
    file: receiver,
    find: "const reception = receive(position.offset, frame);",
    replace: 'const reception = "next" as ReturnType<typeof receive>;',
  },
  {
    kind: "product",
    id: "overlap-doubled",
    sentence: "a batch that overlaps what was received is delivered whole",
    file: receiver,
    find: "const messages = messagesAbove(frame.messages, position.offset);",
    replace: "const messages = frame.messages;",
  },
  {
    kind: "product",
    id: "epoch-ignored",
    sentence: "a grant of another epoch is taken as one of the same",
    file: receiver,
    find: "this.#position = { epoch, offset };",
    replace: "this.#position = { epoch: before.epoch, offset };",
  },
  {
    kind: "product",
    id: "older-epoch-accepted",
    sentence: "a grant of an older epoch is accepted",
    file: receiver,
    find: "if (before !== undefined && frame.epoch < before.epoch) return undefined;",
    replace: "",
  },
  {
    kind: "product",
    id: "loss-not-told",
    sentence: "an interval that is gone is not told to the application",
    file: receiver,
    find: 'if (lost !== undefined && lost.to > lost.from) breaks.push({ kind: "lost", epoch, interval: lost });',
    replace: "if (lost !== undefined && lost.to > lost.from) void lost;",
  },
  {
    kind: "product",
    id: "client-resumes-off-by-one",
    sentence: "a client asks to go on one message behind where it stands",
    file: channel,
    find: 'const last = position === undefined ? start.last : 0;\n    return { type: "subscribe", id, channel, generation, position,',
    replace:
      'const last = position === undefined ? start.last : 0;\n    return { type: "subscribe", id, channel, generation, position: position && { ...position, offset: position.offset + 1 },',
  },
  {
    kind: "product",
    id: "credit-not-renewed",
    sentence: "what the application reads renews no credit",
    file: "packages/client/src/channel/credit-window.ts",
    find: "this.#due += cost;",
    replace: "this.#due += cost * 0;",
  },
  {
    kind: "product",
    id: "credit-forgets-unread",
    sentence: "a new grant gives credit for what still waits unread",
    file: "packages/client/src/channel/credit-window.ts",
    find: "this.#granted = this.#due = windowBytes - unread;",
    replace: "this.#granted = this.#due = windowBytes - unread * 0;",
  },
  {
    kind: "product",
    id: "position-of-what-waits",
    sentence: "a subscription's position is that of what was received, not of what was read",
    file: subscription,
    find: "return this.#position && storedPosition(this.#position, this.#receiver.grant);",
    replace:
      "const received = this.#receiver.position ?? this.#position;\n    return received && storedPosition(received, this.#receiver.grant);",
  },
  {
    kind: "product",
    id: "reset-not-carried-out",
    sentence: "a reset moves no cursor",
    file: channel,
    find: 'else if (frame.type === "reset") this.#tell(this.#receiver.reset(frame), state.link);',
    replace: 'else if (frame.type === "reset") return;',
  },
  {
    kind: "product",
    id: "ended-grant-not-given-back",
    sentence: "a grant that comes after its subscription was closed is kept by the node",
    file: channel,
    find: 'if (frame.type === "subscribed") link.send({ type: "unsubscribe", number: frame.number, generation });',
    replace: "",
  },
];
