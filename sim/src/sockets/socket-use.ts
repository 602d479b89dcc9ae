import { openSocket } from "@hawser/client";
import type { VirtualSocket } from "@hawser/client";
import type { RandomStream } from "../random/random-stream.ts";
import type { Process } from "../time/process.ts";
import type { SimulatedClient } from "../world/simulated-client.ts";
import type { World } from "../world/world.ts";
import { drawMessage } from "./draw-message.ts";
import { upstreamNames } from "./simulated-upstreams.ts";
import type { SocketRecord } from "./socket-record.ts";

/** Subprotocols that applications offer, the best first. */
const offers = [[], ["v1"], ["v2", "v1"]] as const;

/** One virtual socket as a client's application uses it. */
export class SocketUse {
  readonly name: string;
  readonly user: string;
  readonly process: Process;
  readonly #world: World;
  readonly #socket: VirtualSocket;
  readonly #offers: readonly string[];
  /** What its upstream's end is known by; `undefined` before it is open. */
  #record: SocketRecord | undefined;
  #isPaused = false;
  #isOver = false;
  #isAsked = false;

  /**
   * @param number - of its path: by it an upstream knows whose it is.
   * @param given - the upstream; default: drawn.
   * @param socket - one that is being opened with that path; default: it is opened here.
   */
  constructor(
    world: World,
    client: SimulatedClient,
    number: number,
    random: RandomStream,
    given?: string,
    socket?: VirtualSocket,
  ) {
    const { options, trace } = world;
    this.#world = world;
    this.user = client.user;
    this.process = client.process;
    const path = `/${number}`;
    this.name = `socket ${path} of ${client.outbox}`;
    this.#offers = socket === undefined ? random.pick(offers) : [];
    const upstream = given ?? random.pick(upstreamNames);
    trace.note(`${this.name} is opened to ${upstream}`);
    const { windowBytes } = options.sockets!;
    this.#socket =
      socket ??
      openSocket(client.client, upstream, this.#offers, {
        path,
        windowBytes,
        lane: random.pick(["", "interactive", "bulk"]),
        openTimeoutMs: 10_000,
      });
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#onOpen();
    this.#socket.onmessage = ({ data }) => this.#onMessage(data as string | ArrayBuffer);
    this.#socket.onclose = ({ code, reason, wasClean }) => this.#onClose(code, reason, wasClean);
  }

  get isOpen(): boolean {
    return this.process.alive && this.#record !== undefined && !this.#isOver && !this.#isAsked;
  }

  /** Nothing is to come any more of what this end knows. */
  get settled(): boolean {
    if (!this.process.alive || this.#isOver) return true;
    return this.#record?.settled === true && this.#socket.bufferedAmount === 0;
  }

  /** Sends some messages. */
  say(random: RandomStream): void {
    const { largestBytes } = this.#world.options.sockets!;
    for (let left = random.chance(0.1) ? random.integer(2, 20) : random.integer(1, 3); left > 0; left -= 1) {
      if (!this.isOpen) return;
      const { text, data } = drawMessage(random, largestBytes);
      this.#record!.up.say(text, data);
      const before = this.#socket.bufferedAmount;
      this.#socket.send(text ? Buffer.from(data).toString() : Uint8Array.from(data));
      if (this.#socket.bufferedAmount !== before + data.length)
        this.#world.report(
          "sockets",
          `${this.name}: bufferedAmount went from ${before} to ${this.#socket.bufferedAmount} by ${data.length} bytes`,
        );
    }
  }

  /** Reads nothing for a while. */
  pause(forMs: number): void {
    if (!this.isOpen || this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
    this.#world.time.after(forMs, () => this.process.run(() => this.resume()));
  }

  /** The world has healed: reads on, and says one thing more. */
  hurry(random: RandomStream): void {
    this.resume();
    this.say(random);
  }

  resume(): void {
    if (!this.#isPaused || !this.process.alive) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  close(random: RandomStream): void {
    if (this.#isOver || this.#isAsked || !this.process.alive) return;
    this.#isAsked = true;
    const code = random.pick([1000, 3000, 4999, 1005]);
    const reason = code === 1005 ? "" : random.pick(["", "bye", "é".repeat(61)]);
    this.#world.trace.note(`${this.name} is closed with ${code}`);
    if (this.#record !== undefined) this.#record.clientAsked = { code, reason };
    if (code === 1005) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  describe(): string {
    const known = { over: this.#isOver, asked: this.#isAsked, buffered: this.#socket.bufferedAmount };
    return `${this.name}: ${JSON.stringify(known)} ${this.#record?.describe() ?? "was never open"}`;
  }

  #onOpen(): void {
    if (!this.process.alive) return;
    const { extensions, protocol } = this.#socket;
    const record = this.#world.sockets.record(Number(extensions));
    if (record === undefined || record.client !== this.process)
      return this.#fail("is open to an upstream of somebody else");
    if (!(this.#offers.length === 0 ? protocol === "" : this.#offers.includes(protocol)))
      this.#fail(`has the subprotocol ${protocol}`);
    this.#world.trace.note(`${this.name} is open, ${record.id} at ${record.home.name}`);
    record.opened = true;
    this.#record = record;
  }

  #onMessage(data: string | ArrayBuffer): void {
    if (!this.process.alive) return;
    const isText = typeof data === "string";
    this.#record?.clientHeard(isText, isText ? Buffer.from(data) : new Uint8Array(data));
  }

  #onClose(code: number, reason: string, wasClean: boolean): void {
    if (!this.process.alive) return;
    this.#isOver = true;
    this.#world.trace.note(`${this.name} is closed with ${code} "${reason}"`);
    if (this.#record !== undefined) this.#record.clientClosed({ code, reason }, wasClean);
    else if (code !== 1006) this.#fail(`was never open, and closed with ${code}`);
  }

  #fail(what: string): void {
    this.#world.report("sockets", `${this.name} ${what}`);
  }
}
