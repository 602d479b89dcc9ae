import type { ProductMutant } from "../mutant.ts";

const receiver = "packages/client/src/channel/interval-receiver.ts";
const channel = "packages/client/src/channel/channel-receiver.ts";
const credit = "packages/client/src/channel/credit-window.ts";
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
    id: "client-resumes-off-by-one",
    sentence: "a client asks to go on one message behind where it stands",
    file: channel,
    find: 'const last = position === undefined ? start.last : 0;\n    return { type: "subscribe", id, channel, generation, position,',
    replace:
      'const last = position === undefined ? start.last : 0;\n    return { type: "subscribe", id, channel, generation, position: position && { ...position, offset: position.offset + 1 },',
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
    id: "epoch-ignored",
    sentence: "a batch of another epoch is taken as one of this",
    file: receiver,
    find: "if (position === undefined || frame.epoch !== position.epoch) return",
    replace: "if (position === undefined) return",
  },
  {
    kind: "product",
    id: "epoch-not-raised",
    sentence: "a grant of a later epoch leaves the receiver in the former one",
    file: receiver,
    find: "this.#position = { epoch, offset: before.offset };",
    replace: "this.#position = { epoch: before.epoch, offset: before.offset };",
  },
  {
    kind: "product",
    id: "loss-not-told",
    sentence: "an interval that is gone is not told to the application",
    file: receiver,
    find: 'return [{ kind: "lost", epoch, interval: { from: before.offset, to: lost.to } }];',
    replace: "return [];",
  },
  {
    kind: "product",
    id: "gap-not-asked-for",
    sentence: "what was left out is not asked for",
    file: "packages/client/src/channel/feed.ts",
    find: '    this.link.send({ type: "seek", number: state.number, generation: state.generation, offset });\n',
    replace: "",
  },
  {
    kind: "product",
    id: "credit-not-renewed",
    sentence: "what comes renews no credit",
    file: credit,
    find: "this.#arrived += cost;",
    replace: "this.#arrived += cost * 0;",
  },
  {
    kind: "product",
    id: "credit-forgets-unread",
    sentence: "credit is given for what still waits unread",
    file: credit,
    find: "const due = this.#arrived + this.#windowBytes - unread;",
    replace: "const due = this.#arrived + this.#windowBytes - unread * 0;",
  },
  {
    kind: "product",
    id: "reset-not-carried-out",
    sentence: "a reset moves no cursor",
    file: channel,
    find: "    this.#tell(feed, this.#receiver.begin(frame, { alone: this.#isAlone(feed), epoch: feed.epoch }));\n",
    replace: "    void frame;\n    void feed;\n",
  },
  {
    kind: "product",
    id: "ended-grant-not-given-back",
    sentence: "a grant that comes after its subscription was closed is kept by the node",
    file: "packages/client/src/channel/feed.ts",
    find: 'if (frame.type === "subscribed") this.#unsubscribe(frame.number, generation);',
    replace: "",
  },
];
