import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";

type Line = Readonly<Record<string, unknown>>;

/** A person with `nc`: lines of JSON go out, lines of JSON come in. */
export class LineSocket {
  readonly socket: Socket;
  #text = "";
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** To `tcp://` or `tls://`, whose certificate is not looked at. */
  static async to(url: string): Promise<LineSocket> {
    const { hostname, port, protocol } = new URL(url);
    const where = { host: hostname, port: Number(port) };
    const secure = protocol === "tls:";
    const socket = secure ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
    const lines = new LineSocket(socket);
    await once(socket, secure ? "secureConnect" : "connect");
    return lines;
  }

  /** Connected, after the preamble. */
  static async connected(url: string, token = "ann"): Promise<LineSocket> {
    const lines = await LineSocket.to(url);
    lines.write("hawser.v1.json\n");
    lines.say({ type: "connect", token });
    await lines.next("connected");
    return lines;
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  say(...frames: Line[]): void {
    this.write(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(""));
  }

  /** The next line; `undefined` at the end. */
  async line(): Promise<Line | undefined> {
    for (;;) {
      const feed = this.#text.indexOf("\n");
      if (feed !== -1) {
        const line = this.#text.slice(0, feed);
        this.#text = this.#text.slice(feed + 1);
        return JSON.parse(line) as Line;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The next line of a type; fails at the end. */
  async next(type: string): Promise<Line> {
    for (;;) {
      const line = await this.line();
      if (line === undefined) throw new Error(`ended before ${type} came`);
      if (line["type"] === type) return line;
    }
  }

  /** All lines until the end. */
  async rest(): Promise<Line[]> {
    const lines: Line[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
