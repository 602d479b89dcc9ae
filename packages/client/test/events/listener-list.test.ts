import { expect, it, vi } from "vitest";
import { ListenerList } from "../../src/events/listener-list.ts";

const event = { type: "message" };

it("calls each listener once, in the order in which they were added", () => {
  const list = new ListenerList();
  const called: string[] = [];
  const first = (): void => void called.push("first");
  list.add(first);
  list.add(() => void called.push("second"));
  list.add(first);
  list.call(event);
  list.remove(first);
  list.call(event);
  expect(called).toEqual(["first", "second", "second"]);
});

it("removes a listener after one event, and by its signal", () => {
  const list = new ListenerList();
  const [once, until, never] = [vi.fn<() => void>(), vi.fn<() => void>(), vi.fn<() => void>()];
  const controller = new AbortController();
  list.add(once, { once: true });
  list.add(until, { signal: controller.signal });
  list.call(event);
  controller.abort();
  list.add(never, { signal: controller.signal });
  list.call(event);
  expect([once, until, never].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
});

it("calls none that is removed by one before it, and none that is added meanwhile", () => {
  const list = new ListenerList();
  const [removed, added] = [vi.fn<() => void>(), vi.fn<() => void>()];
  list.add(() => {
    list.remove(removed);
    list.add(added);
  });
  list.add(removed);
  list.call(event);
  expect([removed, added].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  list.call(event);
  expect(added).toHaveBeenCalledOnce();
});

it("goes on behind a listener that throws, which is reported as uncaught", async () => {
  const uncaught = new Promise((resolve) => {
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      for (const listener of listeners) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
  const list = new ListenerList();
  const error = new Error("a bug of the application");
  list.add(() => {
    throw error;
  });
  const next = vi.fn<() => void>();
  list.add(next);
  list.call(event);
  expect(next).toHaveBeenCalledOnce();
  expect(await uncaught).toBe(error);
});
