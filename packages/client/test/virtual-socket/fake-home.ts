import { pieceCost, SocketReceiver, SocketSender } from "@hawser/protocol";
import type { AttachSocketFrame, ClientFrame, ErrorCode, OpenSocketFrame } from "@hawser/protocol";
import type { FakePeer, FakeServer } from "../fake-server.ts";

/** The home of one virtual socket, behind any number of connections: as a home is, and nothing more. */
export class FakeHome {
  readonly token = Uint8Array.of(1, 2, 3);
  readonly opens: OpenSocketFrame[] = [];
  readonly attaches: AttachSocketFrame[] = [];
  /** Whole messages of the client. */
  readonly got: { readonly text: boolean; readonly data: Uint8Array }[] = [];
  /** Pieces as they came. */
  readonly pieces: ClientFrame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** The connection that the socket is on. */
  peer: FakePeer | undefined;
  /** What is answered instead of the socket. */
  refusal: { readonly code: ErrorCode; readonly retry: boolean } | undefined;
  /** Opens are not answered. */
  silent = false;
  /** Attaches are answered when this is called; `undefined`: at once. */
  late: (() => void) | undefined;
  /** The same, by the connection that asks. */
  refusalOf: (peer: FakePeer) => { readonly code: ErrorCode; readonly retry: boolean } | undefined = () => this.refusal;
  /** Of the home itself. */
  endpoints: readonly string[] = [];
  name = "node-1";
  protocol = "";
  /** Whether what comes is taken: else it stays within the first credit. */
  reads = true;
  sender = new SocketSender(0);
  readonly receiver: SocketReceiver;
  #partial: number[] = [];

  constructor(server: FakeServer, windowBytes = 262_144) {
    this.receiver = new SocketReceiver(windowBytes);
    server.answer = (frame, peer) => this.#onFrame(frame, peer);
  }

  /** Says a message to the client. */
  say(text: string): void {
    this.sender.push(new TextEncoder().encode(text), true, true);
    this.pump();
  }

  close(code: number, reason = ""): void {
    this.sender.close(code, reason);
    this.pump();
  }

  pump(): void {
    const { peer } = this;
    const number = this.opens.at(-1)?.number ?? 0;
    if (peer === undefined) return;
    for (let piece = this.sender.next(1_000); piece !== undefined; piece = this.sender.next(1_000))
      peer.send({ type: "socket-data", number, ...piece });
    const close = this.sender.takeClose();
    if (close !== undefined) peer.send({ type: "socket-close", number, ...close });
    if (this.receiver.untold) peer.send({ type: "socket-window", number, ...this.receiver.tell() });
  }

  #onFrame(frame: ClientFrame, peer: FakePeer): void {
    if (frame.type === "open-socket" || frame.type === "attach-socket") {
      if (frame.type === "open-socket") this.opens.push(frame);
      else this.attaches.push(frame);
      if (this.silent) return;
      const refusal = this.refusalOf(peer);
      if (refusal !== undefined)
        return peer.send({ type: "error", id: frame.id, message: "no", retryAfterMs: 0, ...refusal });
      if (frame.type === "attach-socket" && this.late !== undefined) {
        this.late = () => {
          this.late = undefined;
          this.#onFrame(frame, peer);
        };
        return;
      }
      this.peer = peer;
      if (frame.type === "attach-socket") {
        this.sender.rewind(frame.received, frame.credit);
        peer.send({ type: "socket-attached", id: frame.id, ...this.receiver.tell() });
        return this.pump();
      }
      this.sender = new SocketSender(frame.credit);
      return peer.send({
        type: "socket-opened",
        id: frame.id,
        token: this.token,
        home: this.name,
        instance: "life",
        endpoints: this.endpoints,
        protocol: this.protocol,
        extensions: "",
        credit: this.receiver.tell().credit,
        resumeMs: 30_000,
      });
    }
    // What comes over another connection crossed an attach.
    if (peer !== this.peer) return;
    if (frame.type === "socket-window") this.sender.confirm(frame.received, frame.credit);
    else if (frame.type === "socket-data") {
      this.pieces.push(frame);
      const reception = this.receiver.take(frame);
      if (reception.kind === "violated") throw new Error("the client broke its stream");
      if (reception.kind !== "taken") return;
      const { data, text, last } = reception.piece;
      if (this.reads) this.receiver.consumed(pieceCost(reception.piece));
      this.#partial.push(...data);
      if (last) this.got.push({ text, data: Uint8Array.from(this.#partial.splice(0)) });
    } else if (frame.type === "socket-close" && this.receiver.takeClose(frame.from) === "taken") {
      this.closed = { code: frame.code, reason: frame.reason };
    }
    this.pump();
  }
}
