import { describe, expect, it } from "vitest";
import { platformPageLife } from "../../src/page-life/page-life.ts";

describe("the life of a page", () => {
  it("is told by its events, until nobody listens any more", () => {
    const page = new EventTarget();
    const told: string[] = [];
    const stop = platformPageLife(page).listen({
      online: () => told.push("online"),
      offline: () => told.push("offline"),
    });
    for (const type of ["offline", "online", "pageshow"]) page.dispatchEvent(new Event(type));
    stop();
    page.dispatchEvent(new Event("online"));
    expect(told).toEqual(["offline", "online", "online"]);
  });

  it("is silent where there are no such events", () => {
    expect(() => platformPageLife({}).listen({ online: () => {}, offline: () => {} })()).not.toThrow();
  });
});
