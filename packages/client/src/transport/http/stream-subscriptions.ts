import { messageCost, receive } from "@hawser/protocol";
import type {
  BatchFrame,
  CreditFrame,
  ErrorFrame,
  Position,
  ResetFrame,
  SeekFrame,
  ServerFrame,
  SubscribedFrame,
  SubscribeFrame,
  UnsubscribedFrame,
  UnsubscribeFrame,
} from "@hawser/protocol";

/** What one answer has bound: it means nothing on another. */
export interface Binding {
  /** Subscriptions that were asked for and have no answer yet, by the request's identifier there. */
  readonly asked: Map<number, Asked>;
  /** By the channel's number there. */
  readonly bound: Map<number, Wanted>;
}

interface Asked {
  readonly wanted: Wanted;
  /** The credit that it was given there. */
  readonly credit: number;
  /** Where it stood when it was asked. */
  readonly position: Position | undefined;
}

/** A subscription of the client's core, and how far it has come. */
interface Wanted {
  readonly request: SubscribeFrame;
  /** What the core was told the channel's number is; `undefined`: it was told nothing yet. */
  number: number | undefined;
  position: Position | undefined;
  grant: Uint8Array;
  /** Cost that the core takes in all; 0: not limited. */
  credit: number;
  /** Cost that was passed on. */
  spent: number;
  /** Whose frames count. */
  carrier: Binding | undefined;
  /** Cost that the carrier may send and has sent; 0 allowed: not limited. */
  allowed: number;
  used: number;
}

export interface StreamSubscriptionsOptions {
  /** A frame for the core; `bytes` when it is the one that came. */
  readonly pass: (frame: ServerFrame, bytes?: Uint8Array) => void;
  /** Another stream is needed, with the subscriptions as they are now. */
  readonly change: () => void;
  /** What came cannot be made one with what came before: the session has to begin anew. */
  readonly fail: (reason: string) => void;
}

/**
 * The subscriptions of a client whose streams cannot be changed (spec section 14): each stream asks for all of them from
 * where they stand, and takes over from the one before it, subscription by subscription, by the interval rule (SUB-4).
 * The core sees one grant that goes on.
 */
export class StreamSubscriptions {
  readonly #options: StreamSubscriptionsOptions;
  readonly #byChannel = new Map<string, Wanted>();
  readonly #byNumber = new Map<number, Wanted>();
  #lastNumber = 0;

  constructor(options: StreamSubscriptionsOptions) {
    this.#options = options;
  }

  /** Whether the core waits for the answer to one. */
  get unanswered(): boolean {
    for (const { number } of this.#byChannel.values()) if (number === undefined) return true;
    return false;
  }

  subscribe(frame: SubscribeFrame): void {
    const { channel, position, grant, credit } = frame;
    const former = this.#byChannel.get(channel);
    if (former !== undefined) this.#remove(former);
    this.#byChannel.set(channel, {
      request: frame,
      number: undefined,
      position,
      grant,
      credit,
      spent: 0,
      carrier: undefined,
      allowed: 0,
      used: 0,
    });
    this.#options.change();
  }

  unsubscribe(frame: UnsubscribeFrame): void {
    const wanted = this.#current(frame);
    if (wanted === undefined) return;
    this.#remove(wanted);
    this.#options.pass(unsubscribed(frame.number, wanted));
    this.#options.change();
  }

  seek(frame: SeekFrame): void {
    const wanted = this.#current(frame);
    if (wanted?.position === undefined || frame.offset > wanted.position.offset) return;
    wanted.position = { epoch: wanted.position.epoch, offset: frame.offset };
    wanted.carrier = undefined;
    this.#options.change();
  }

  credit(frame: CreditFrame): void {
    const wanted = this.#current(frame);
    if (wanted === undefined || frame.credit <= wanted.credit) return;
    wanted.credit = frame.credit;
    this.#renewCredit(wanted);
  }

  /** The frames that ask for everything, for a new stream. Those without credit wait until they have some. */
  ask(): { readonly binding: Binding; readonly frames: readonly SubscribeFrame[] } {
    const binding: Binding = { asked: new Map(), bound: new Map() };
    const frames: SubscribeFrame[] = [];
    for (const wanted of this.#byChannel.values()) {
      const credit = wanted.credit === 0 ? 0 : wanted.credit - wanted.spent;
      if (wanted.credit !== 0 && credit <= 0) continue;
      const { position, grant, request } = wanted;
      const id = frames.length + 1;
      binding.asked.set(id, { wanted, credit, position });
      frames.push({ ...request, id, position, last: position === undefined ? request.last : 0, credit, grant });
    }
    return { binding, frames };
  }

  /** A stream is left: what it still carried waits for the next. */
  release(binding: Binding): void {
    for (const wanted of binding.bound.values()) if (wanted.carrier === binding) wanted.carrier = undefined;
  }

  onSubscribed(frame: SubscribedFrame, binding: Binding): void {
    const asked = take(binding.asked, frame.id);
    const wanted = asked?.wanted;
    if (asked === undefined || wanted === undefined || !this.#holds(wanted)) return;
    if (!this.#join(frame, asked)) return;
    binding.bound.set(frame.number, wanted);
    wanted.carrier = binding;
    wanted.allowed = asked.credit;
    wanted.used = 0;
    if (frame.grant.length > 0) wanted.grant = frame.grant;
    this.#renewCredit(wanted);
  }

  /** A subscription was refused. */
  onError(frame: ErrorFrame, binding: Binding): void {
    const wanted = take(binding.asked, frame.id)?.wanted;
    if (wanted === undefined || !this.#holds(wanted)) return;
    const { number, request } = wanted;
    if (number !== undefined && frame.retry) return this.#options.fail(`${frame.code}: ${frame.message}`);
    this.#remove(wanted);
    if (number === undefined) this.#options.pass({ ...frame, id: request.id });
    else this.#options.pass({ ...unsubscribed(number, wanted), code: frame.code, message: frame.message });
  }

  onFrame(frame: BatchFrame | ResetFrame | UnsubscribedFrame, bytes: Uint8Array, binding: Binding): void {
    const wanted = binding.bound.get(frame.number);
    if (wanted?.number === undefined || wanted.carrier !== binding || !this.#holds(wanted)) return;
    if (wanted.request.generation !== frame.generation) return;
    if (frame.type === "batch") this.#onBatch(frame, bytes, wanted);
    else {
      if (frame.type === "reset") wanted.position = { epoch: frame.epoch, offset: frame.offset };
      else this.#remove(wanted);
      this.#pass(frame, bytes, wanted.number);
    }
  }

  #onBatch(frame: BatchFrame, bytes: Uint8Array, wanted: Wanted): void {
    const { position } = wanted;
    if (position === undefined || frame.epoch !== position.epoch) return;
    const cost = frame.messages.reduce((sum, message) => sum + messageCost(message.payload), 0);
    wanted.used += cost;
    const reception = receive(position.offset, frame);
    if (reception === "gap") return this.#options.fail(`a batch behind ${frame.from} for one at ${position.offset}`);
    if (reception === "accepted") {
      wanted.position = { epoch: frame.epoch, offset: frame.to };
      wanted.spent += cost;
      this.#pass(frame, bytes, wanted.number!);
    }
    this.#renewCredit(wanted);
  }

  /**
   * A stream's grant takes over from the one before it.
   *
   * @returns false when it does not join on, and the connection has failed.
   */
  #join(frame: SubscribedFrame, { wanted, position: asked }: Asked): boolean {
    const { position } = wanted;
    if (wanted.number === undefined) {
      wanted.number = this.#numberFor(frame.number);
      this.#byNumber.set(wanted.number, wanted);
      wanted.position = { epoch: frame.epoch, offset: frame.offset };
      const { id } = wanted.request;
      this.#options.pass({ ...frame, id, number: wanted.number });
      return true;
    }
    // Without a position nothing was answered, so that there was a number.
    if (position === undefined) return false;
    const anew = frame.reset !== "" && frame.reset !== "trimmed";
    // What the core has by now is at or behind the grant's start: its batches join on.
    if (frame.epoch === position.epoch && frame.offset <= position.offset && !anew) return true;
    // The answer is to where it stood when it was asked; if it has gone on since, that answer may say too little.
    const moved = asked === undefined || asked.epoch !== position.epoch || asked.offset !== position.offset;
    if (frame.epoch < position.epoch || (moved && (anew || frame.epoch !== position.epoch))) {
      this.#options.fail(`the log went from epoch ${position.epoch} to ${frame.epoch}`);
      return false;
    }
    const { generation } = wanted.request;
    const { epoch, offset, lost, reset } = frame;
    const told = moved ? { lost: { from: position.offset, to: offset }, reset: "trimmed" as const } : { lost, reset };
    wanted.position = { epoch, offset };
    this.#options.pass({ type: "reset", number: wanted.number, generation, epoch, offset, ...told });
    return true;
  }

  /** Another stream, when the one that carries it has sent half of what it may and the core takes more. */
  #renewCredit(wanted: Wanted): void {
    const { carrier, credit, spent, allowed, used } = wanted;
    if (credit === 0 || wanted.number === undefined) return;
    const isShort = carrier === undefined || (2 * used >= allowed && credit - spent > allowed - used);
    if (isShort && credit > spent) this.#options.change();
  }

  #pass(frame: BatchFrame | ResetFrame | UnsubscribedFrame, bytes: Uint8Array, number: number): void {
    if (frame.number === number) this.#options.pass(frame, bytes);
    else this.#options.pass({ ...frame, number });
  }

  /** The node's own where it is free, so that most frames can be passed on as they came. */
  #numberFor(number: number): number {
    const free = number > this.#lastNumber || !this.#byNumber.has(number);
    const given = free ? number : this.#lastNumber + 1;
    this.#lastNumber = Math.max(this.#lastNumber, given);
    return given;
  }

  #current({ number, generation }: { readonly number: number; readonly generation: number }): Wanted | undefined {
    const wanted = this.#byNumber.get(number);
    return wanted?.request.generation === generation ? wanted : undefined;
  }

  #holds(wanted: Wanted): boolean {
    return this.#byChannel.get(wanted.request.channel) === wanted;
  }

  #remove(wanted: Wanted): void {
    this.#byChannel.delete(wanted.request.channel);
    if (wanted.number !== undefined) this.#byNumber.delete(wanted.number);
  }
}

function unsubscribed(number: number, { request, position }: Wanted): UnsubscribedFrame {
  const { generation } = request;
  return { type: "unsubscribed", number, generation, offset: position?.offset ?? 0, code: "", message: "" };
}

function take<Value>(map: Map<number, Value>, id: number): Value | undefined {
  const value = map.get(id);
  map.delete(id);
  return value;
}
