// The process that holds the sessions, told by its parent what to do.
import { performance } from "node:perf_hooks";
import { protobufCodec } from "@hawser/protocol";
import { RawConnection } from "../load/raw-connection.ts";
import { answer } from "../processes/child.ts";
import { HawserSession } from "./hawser-session.ts";
import type { Reconnection, SessionsCommand, SessionsReply } from "./messages.ts";

/** Handshakes under way at a time: what a listening socket holds of them by default. */
const handshakes = 500;

interface Seat {
  /** `undefined`: the connection alone. */
  readonly session: HawserSession | undefined;
  connection: RawConnection | undefined;
}

class Sessions {
  readonly #port: number;
  readonly #seats: readonly Seat[];
  #left = 0;
  #onCaughtUp: () => void = () => {};

  constructor(port: number, dialect: "hawser" | "ws", sessions: number) {
    this.#port = port;
    this.#seats = Array.from({ length: sessions }, (_, index) => ({
      session: dialect === "hawser" ? new HawserSession(index) : undefined,
      connection: undefined,
    }));
  }

  cut(): void {
    for (const seat of this.#seats) seat.connection?.close();
  }

  /** @param isDone whether a session is where it is to be. */
  async connect(isDone: (session: HawserSession) => boolean): Promise<Reconnection> {
    this.#left = this.#seats.length;
    const caughtUp = new Promise<void>((resolve) => (this.#onCaughtUp = resolve));
    const cpu = process.cpuUsage();
    const started = performance.now();
    let next = 0;
    const work = async (): Promise<void> => {
      for (let seat = this.#seats[next++]; seat !== undefined; seat = this.#seats[next++])
        await this.#open(seat, isDone);
    };
    await Promise.all(Array.from({ length: handshakes }, work));
    const openMs = performance.now() - started;
    await caughtUp;
    const caughtUpMs = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    return { openMs, caughtUpMs, loadCpu: (user + system) / 1000 / caughtUpMs };
  }

  async #open(seat: Seat, isDone: (session: HawserSession) => boolean): Promise<void> {
    const { session } = seat;
    let done = false;
    seat.connection = new RawConnection({
      port: this.#port,
      path: session === undefined ? "/" : "/hawser",
      subprotocol: session === undefined ? "" : protobufCodec.subprotocol,
      twins: undefined,
      onData: (bytes, start, end) => {
        session?.read(bytes, start, end);
        if (session === undefined || done || !isDone(session)) return;
        done = true;
        this.#finish();
      },
      onRead: () => {},
      onFailure: (error) => {
        throw error;
      },
    });
    await seat.connection.opened();
    if (session === undefined) this.#finish();
    else seat.connection.send("binary", session.hello());
  }

  #finish(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#onCaughtUp();
  }
}

let sessions: Sessions | undefined;

answer<SessionsCommand, SessionsReply>(async (command) => {
  if (command.type === "start") {
    sessions = new Sessions(command.port, command.dialect, command.sessions);
    await sessions.connect((session) => session.subscribed);
    return { type: "done" };
  }
  if (sessions === undefined) throw new Error("not started");
  if (command.type === "reconnect") {
    return { type: "reconnected", reconnection: await sessions.connect((session) => session.caughtUp) };
  }
  sessions.cut();
  return { type: "done" };
});
