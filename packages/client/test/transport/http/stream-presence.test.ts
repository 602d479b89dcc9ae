import type { ClientFrame, EnterFrame, ServerFrame, WatchFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { StreamPresence } from "../../../src/transport/http/stream-presence.ts";

const payload = { kind: "json", data: new TextEncoder().encode("null") } as const;
const enter: EnterFrame = { type: "enter", id: 7, channel: "chat", member: "m", generation: 100, payload };
const watch: WatchFrame = { type: "watch", id: 8, channel: "chat", countOnly: false };
const bytes = new Uint8Array(0);

function scene() {
  const passed: ServerFrame[] = [];
  const requests: (readonly ClientFrame[])[] = [];
  let changes = 0;
  const presence = new StreamPresence({
    pass: (frame) => passed.push(frame),
    change: () => (changes += 1),
    request: (frames) => requests.push(frames),
  });
  return { presence, passed, requests, changes: () => changes };
}

const generations = (frames: readonly ClientFrame[]) =>
  frames.flatMap((frame) => (frame.type === "enter" ? [frame.generation] : []));

describe("the presence of a client whose streams cannot be changed", () => {
  it("enters again on each stream, above what it was before, and answers the core once [HTTP-13]", () => {
    const { presence, passed } = scene();
    presence.enter(enter);
    const first = presence.ask(3, true);
    expect(first.frames).toMatchObject([{ type: "enter", id: 4, generation: 100 }]);
    expect(presence.unanswered).toBe(true);
    presence.onAnswer({ type: "entered", id: 4, member: "m" }, first.binding);
    const second = presence.ask(0, true);
    presence.onAnswer({ type: "entered", id: 1, member: "m" }, second.binding);
    expect(generations(second.frames)).toEqual([101]);
    expect(passed).toEqual([{ type: "entered", id: 7, member: "m" }]);
    expect(presence.unanswered).toBe(false);
  });

  it("goes on above its streams when the core enters again with another state [HTTP-13]", () => {
    const { presence } = scene();
    presence.enter(enter);
    for (let count = 0; count < 5; count += 1) presence.ask(0, true);
    presence.enter({ ...enter, id: 9 });
    expect(generations(presence.ask(0, true).frames)).toEqual([105]);
    presence.enter({ ...enter, id: 10, generation: 4_000 });
    expect(generations(presence.ask(0, true).frames)).toEqual([4_000]);
  });

  it("leaves in one body, by a lease above all others, and enters no more [HTTP-13]", () => {
    const { presence, requests, changes } = scene();
    presence.enter(enter);
    presence.ask(0, true);
    presence.leave({ type: "leave", channel: "chat", generation: 100 });
    expect(requests).toEqual([
      [
        { ...enter, generation: 101 },
        { type: "leave", channel: "chat", generation: 101 },
      ],
    ]);
    expect(presence.ask(0, true).frames).toEqual([]);
    expect(changes()).toBe(2);
    presence.leave({ type: "leave", channel: "chat", generation: 100 });
    expect(requests).toHaveLength(1);
  });

  it("makes one watch of those of its streams: each begins anew, and the one that was left says nothing more [HTTP-13]", () => {
    const { presence, passed } = scene();
    presence.watch(watch);
    const first = presence.ask(0, true);
    presence.onAnswer({ type: "watched", id: 1, number: 40 }, first.binding);
    presence.onMembers({ type: "census", number: 40, count: 0, anew: false }, bytes, first.binding);
    const second = presence.ask(0, true);
    presence.onAnswer({ type: "watched", id: 1, number: 9 }, second.binding);
    presence.onMembers({ type: "census", number: 40, count: 5, anew: false }, bytes, first.binding);
    presence.onMembers({ type: "census", number: 9, count: 1, anew: false }, bytes, second.binding);
    expect(passed).toEqual([
      { type: "watched", id: 8, number: 1 },
      { type: "census", number: 1, count: 0, anew: false },
      { type: "census", number: 1, count: 0, anew: true },
      { type: "census", number: 1, count: 1, anew: false },
    ]);
  });

  it("watches nothing where it is not to", () => {
    const { presence } = scene();
    presence.watch(watch);
    expect(presence.ask(0, false).frames).toEqual([]);
    presence.unwatch({ type: "unwatch", channel: "chat" });
    expect(presence.ask(0, true).frames).toEqual([]);
  });

  it("tells a refusal as the answer at first, and later as a right that has gone; what is to be asked later is", () => {
    const { presence, passed } = scene();
    const error = { type: "error", id: 1, code: "forbidden", message: "no", retry: false, retryAfterMs: 0 } as const;
    presence.enter(enter);
    expect(presence.onError(error, presence.ask(0, true).binding)).toBe(true);
    presence.watch(watch);
    const first = presence.ask(0, true);
    presence.onAnswer({ type: "watched", id: 1, number: 40 }, first.binding);
    expect(presence.onError({ ...error, retry: true }, presence.ask(0, true).binding)).toBe(true);
    expect(presence.onError(error, presence.ask(0, true).binding)).toBe(true);
    expect(presence.onError(error, presence.ask(0, true).binding)).toBe(false);
    expect(passed).toEqual([
      { ...error, id: 7 },
      { type: "watched", id: 8, number: 2 },
      { type: "revoked", channel: "chat", verb: "presence", message: "no" },
    ]);
  });
});
