// The process that holds some of the sessions of the rolling restart, told by its parent what to do.
import { performance } from "node:perf_hooks";
import { answer } from "../processes/child.ts";
import type { SessionsCommand, SessionsReply } from "./messages.ts";
import { Session } from "./session.ts";

type Open = Extract<SessionsCommand, { type: "open" }>;

/** Sessions that connect at the same time. */
const wave = 50;
const tickMs = 10;
/** How long the last messages may take to come. */
const finishMs = 60_000;

class Sessions {
  readonly #command: Open;
  readonly #sessions: Session[] = [];
  #publishing: NodeJS.Timeout | undefined;

  constructor(command: Open) {
    this.#command = command;
  }

  async open(): Promise<SessionsReply> {
    const { first, count, rooms, urls } = this.#command;
    for (let index = first; index < first + count; index += 1) {
      // Half of them begin on each node.
      this.#sessions.push(new Session(index, index % rooms, index % 2 === 0 ? urls : urls.toReversed()));
      if (this.#sessions.length % wave === 0) await this.#ready();
    }
    await this.#ready();
    return { type: "opened" };
  }

  /** Sessions publish in turn, so that the messages of a room come evenly spaced. */
  async go(): Promise<SessionsReply> {
    // One on each node.
    await Promise.all(this.#sessions.slice(0, 2).map((session) => session.watch()));
    const begun = performance.now();
    const perMs = (this.#sessions.length * this.#command.publishesPerSecond) / 1_000;
    let made = 0;
    this.#publishing = setInterval(() => {
      for (const due = Math.floor((performance.now() - begun) * perMs); made < due; made += 1)
        this.#sessions[made % this.#sessions.length]!.publish();
    }, tickMs);
    return { type: "going" };
  }

  lap(): SessionsReply {
    return { type: "lap", pausesMs: this.#sessions.map((session) => session.takePauseMs()) };
  }

  async stop(): Promise<SessionsReply> {
    clearInterval(this.#publishing);
    await Promise.all(this.#sessions.map((session) => session.settled()));
    const failed = sum(this.#sessions.map((session) => session.failed));
    const published = this.#sessions.map((session) => session.published);
    const presence = this.#sessions.flatMap((session) => session.presence ?? []);
    return { type: "stopped", published, failed, presence };
  }

  async finish(published: readonly number[]): Promise<SessionsReply> {
    const { first, rooms } = this.#command;
    const ofRoom = Array.from(
      { length: rooms },
      (_, room) => new Map([...published.entries()].filter(([index]) => index % rooms === room)),
    );
    const expected = (index: number): ReadonlyMap<number, number> => ofRoom[(first + index) % rooms]!;
    const until = performance.now() + finishMs;
    const complete = (session: Session, index: number): boolean =>
      session.check.received >= sum([...expected(index).values()]);
    while (!this.#sessions.every(complete) && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    // Whatever comes twice comes behind what was waited for.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const faults = this.#sessions.map((session, index) => session.check.faults(expected(index)));
    const reply: SessionsReply = {
      type: "finished",
      faults: {
        lost: sum(faults.map(({ lost }) => lost)),
        doubled: sum(faults.map(({ doubled }) => doubled)),
        disordered: sum(faults.map(({ disordered }) => disordered)),
      },
      delivered: sum(this.#sessions.map(({ check }) => check.received)),
      told: sum(this.#sessions.map(({ told }) => told)),
      moves: sum(this.#sessions.map(({ moves }) => moves)),
    };
    await Promise.all(this.#sessions.map((session) => session.close()));
    return reply;
  }

  async #ready(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.ready()));
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

let sessions: Sessions | undefined;

answer<SessionsCommand, SessionsReply>((command) => {
  if (command.type === "open") return (sessions = new Sessions(command)).open();
  if (sessions === undefined) throw new Error(`${command.type} before open`);
  if (command.type === "go") return sessions.go();
  if (command.type === "lap") return sessions.lap();
  if (command.type === "stop") return sessions.stop();
  return sessions.finish(command.published);
});
