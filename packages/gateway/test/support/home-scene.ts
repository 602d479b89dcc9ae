import { SocketReceiver, SocketSender } from "@hawser/protocol";
import type { AttachSocketFrame, OpenSocketFrame, ServerFrame, SocketOpenedFrame } from "@hawser/protocol";
import { Home } from "../../src/home/home.ts";
import type { HomeOptions } from "../../src/home/home.ts";
import type { FakeConnection } from "./fake-connection.ts";
import { FakeUpstreams } from "./fake-upstreams.ts";
import { SimulatedPorts } from "./simulated-ports.ts";

export interface HomeScene {
  readonly home: Home;
  readonly ports: SimulatedPorts;
  readonly upstreams: FakeUpstreams;
}

/** A home on simulated ports, with upstreams that the test plays. */
export function homeScene(options: Partial<HomeOptions> = {}): HomeScene {
  const ports = new SimulatedPorts();
  const upstreams = new FakeUpstreams();
  const home = new Home({ name: "node-a", upstreams, clock: ports, timers: ports, random: ports, ...options });
  return { home, ports, upstreams };
}

export const openFrame = (more: Partial<OpenSocketFrame> = {}): OpenSocketFrame => ({
  type: "open-socket",
  id: 1,
  number: 1,
  upstream: "quotes",
  path: "",
  protocols: [],
  lane: "",
  credit: 262_144,
  instead: 0,
  ...more,
});

/** Opens a socket and gives the answer. */
export async function opened(
  connection: FakeConnection,
  more: Partial<OpenSocketFrame> = {},
): Promise<SocketOpenedFrame> {
  const [answer] = await connection.ask(openFrame(more));
  if (answer?.type !== "socket-opened") throw new Error(`not opened: ${JSON.stringify(answer)}`);
  return answer;
}

/** The attach of a socket that was opened so. */
export const attachFrame = (
  { token, home, instance }: Pick<SocketOpenedFrame, "token" | "home" | "instance">,
  more: Partial<AttachSocketFrame> = {},
): AttachSocketFrame => ({
  type: "attach-socket",
  id: 2,
  number: 1,
  generation: 2,
  token,
  home,
  instance,
  received: 0,
  credit: 262_144,
  ...more,
});

/** A client's end of one virtual socket, as simple as can be: it confirms at once whatever it reads. */
export class ClientEnd {
  readonly got: { readonly text: boolean; readonly data: Uint8Array }[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #number: number;
  readonly #receiver: SocketReceiver;
  readonly #sender: SocketSender;
  #partial: number[] = [];

  constructor(opened: SocketOpenedFrame, windowBytes: number, number = 1) {
    this.#number = number;
    this.#receiver = new SocketReceiver(windowBytes);
    this.#sender = new SocketSender(opened.credit);
  }

  get sender(): SocketSender {
    return this.#sender;
  }

  get receiver(): SocketReceiver {
    return this.#receiver;
  }

  /** Takes frames of the home; false where one is against the rules. */
  take(frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      if (frame.type === "socket-window") this.#sender.confirm(frame.received, frame.credit);
      if (frame.type === "socket-attached") this.#sender.rewind(frame.received, frame.credit);
      if (frame.type === "socket-close" && this.#receiver.takeClose(frame.from) === "taken")
        this.closed = { code: frame.code, reason: frame.reason };
      if (frame.type !== "socket-data") continue;
      const reception = this.#receiver.take(frame);
      if (reception.kind === "violated") throw new Error("the home broke its stream");
      if (reception.kind !== "taken") continue;
      const { data, text, last } = reception.piece;
      this.#partial.push(...data);
      this.#receiver.consumed(data.length + (last ? 32 : 0));
      if (!last) continue;
      this.got.push({ text, data: Uint8Array.from(this.#partial) });
      this.#partial = [];
    }
  }

  /** Sends what it may, and what it has to confirm. */
  put(connection: FakeConnection): void {
    const number = this.#number;
    for (let piece = this.#sender.next(1_000); piece !== undefined; piece = this.#sender.next(1_000))
      connection.send({ type: "socket-data", number, ...piece });
    const close = this.#sender.takeClose();
    if (close !== undefined) connection.send({ type: "socket-close", number, ...close });
    if (this.#receiver.untold) connection.send({ type: "socket-window", number, ...this.#receiver.tell() });
  }
}
