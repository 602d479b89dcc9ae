import { systemPorts } from "@hawser/protocol";
import type { AttachSocketFrame, ErrorFrame, SocketAttachedFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/session/backoff.ts";
import type { Link } from "../../src/session/link.ts";
import type { Request } from "../../src/session/request-table.ts";
import { SocketPlacement } from "../../src/virtual-socket/socket-placement.ts";

/** A connection, and the attaches that were sent on it. */
class FakeLink {
  readonly sent: { readonly frame: AttachSocketFrame; readonly request: Request }[] = [];
  holds = 0;

  get link(): Link {
    return this as unknown as Link;
  }

  hold(): void {
    this.holds += 1;
  }

  release(): void {
    this.holds -= 1;
  }

  request(request: Request): void {
    const frame = request.build(this.sent.length + 1);
    if (frame !== undefined) this.sent.push({ frame: frame as AttachSocketFrame, request });
  }

  get generations(): number[] {
    return this.sent.map(({ frame }) => frame.generation);
  }

  attached(): void {
    const frame: SocketAttachedFrame = { type: "socket-attached", id: 1, received: 0, credit: 64 };
    this.sent.at(-1)!.request.reply(frame);
  }

  refuse(code: ErrorFrame["code"], retry: boolean): void {
    this.sent.at(-1)!.request.reply({ type: "error", id: 1, code, message: "", retry, retryAfterMs: 0 });
  }
}

/** A socket that was opened on the first of three connections, which is lost. */
function scene(dial = false) {
  const [opened, near, far] = [new FakeLink(), new FakeLink(), new FakeLink()];
  const told: string[] = [];
  let best: FakeLink | undefined = near;
  const { timers, random } = systemPorts();
  const placement = new SocketPlacement({
    choose: () => best?.link,
    avoid: () => {},
    timers,
    backoff: new Backoff({ minMs: 1e6, maxMs: 1e6 }, random),
    resumeMs: 1e6,
    link: opened.link,
    build: (id, generation) => ({
      type: "attach-socket",
      id,
      number: 1,
      generation,
      token: new Uint8Array(0),
      home: "home",
      instance: "life",
      received: 0,
      credit: 64,
    }),
    dial: () => dial,
    onAttached: () => told.push("attached"),
    onGone: ({ code }) => told.push(code),
    onExpired: () => told.push("expired"),
  });
  placement.unlink(opened.link);
  const prefer = (link: FakeLink): void => {
    best = link;
    placement.place();
  };
  return { placement, opened, near, far, told, prefer };
}

describe("the place of a virtual socket", () => {
  it("is lost when the node that was asked does not reach the home, and nothing leads there soon [SOCK-24]", () => {
    const { placement, near, told } = scene();
    near.refuse("socket-gone", true);
    expect(told).toEqual(["socket-gone"]);
    expect(placement.mayBeAtHome).toBe(false);
    placement.end();
  });

  it("is not lost as long as the home may take what was asked for before [SOCK-24]", () => {
    const { placement, near, far, told, prefer } = scene();
    prefer(far);
    expect([near.generations, far.generations]).toEqual([[2], [3]]);
    far.refuse("socket-gone", true);
    expect(told).toEqual([]);
    expect(placement.mayBeAtHome).toBe(true);
    // It has, and nothing that was asked for since has come to it.
    prefer(near);
    expect(near.generations).toEqual([2, 4]);
    near.attached();
    expect([told, placement.link]).toEqual([["attached"], near.link]);
    placement.end();
    expect([near.holds, far.holds]).toEqual([0, 0]);
  });

  it("is asked for again when the home has taken what was given up for another [SOCK-11]", () => {
    const { placement, near, far, told, prefer } = scene();
    const [first] = near.sent;
    prefer(far);
    far.refuse("socket-gone", true);
    first!.request.reply({ type: "socket-attached", id: 1, received: 0, credit: 64 });
    expect(far.generations).toEqual([3, 4]);
    far.attached();
    expect([told, placement.link]).toEqual([["attached"], far.link]);
    placement.end();
  });

  it("is lost when what was asked for before is refused in the end", () => {
    const { placement, near, far, told, prefer } = scene();
    const [first] = near.sent;
    prefer(far);
    far.refuse("socket-gone", true);
    first!.request.reply({ type: "error", id: 1, code: "socket-gone", message: "", retry: true, retryAfterMs: 0 });
    expect(far.generations).toEqual([3, 4]);
    far.refuse("socket-gone", true);
    expect(told).toEqual(["socket-gone"]);
    placement.end();
  });

  it("is lost at once when its home does not know it any more [SOCK-12]", () => {
    const { placement, near, told } = scene(true);
    near.refuse("socket-gone", false);
    expect([told, placement.mayBeAtHome]).toEqual([["socket-gone"], false]);
    placement.end();
  });
});
