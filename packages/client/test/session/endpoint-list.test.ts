import { describe, expect, it } from "vitest";
import { EndpointList } from "../../src/session/endpoint-list.ts";

function take(list: EndpointList, count: number): string[] {
  return Array.from({ length: count }, () => {
    const { current } = list;
    list.advance();
    return current;
  });
}

describe("the endpoints of a session", () => {
  it("are tried in their order, around and around", () => {
    expect(take(new EndpointList(["ws://a", "ws://b"]), 5)).toEqual(["ws://a", "ws://b", "ws://a", "ws://b", "ws://a"]);
  });

  it("stay the current one until it fails", () => {
    const list = new EndpointList(["ws://a", "ws://b"]);
    expect([list.current, list.current]).toEqual(["ws://a", "ws://a"]);
  });

  it("come after those that a server named, which are tried once", () => {
    const list = new EndpointList(["ws://a", "ws://b"]);
    list.announce(["ws://x", "ws://y"]);
    expect(take(list, 4)).toEqual(["ws://x", "ws://y", "ws://a", "ws://b"]);
  });

  it("go on with the next one when the server names none", () => {
    const list = new EndpointList(["ws://a", "ws://b"]);
    list.announce([]);
    expect(list.current).toBe("ws://b");
  });

  it("go on with the next one when the server names none of their scheme", () => {
    const list = new EndpointList(["tcp://a:1", "tcp://b:1"]);
    list.announce(["wss://x", "wss://y"]);
    expect(list.current).toBe("tcp://b:1");
  });

  it("take only a bounded number of those that a server names, and none of another scheme", () => {
    const list = new EndpointList(["wss://a"]);
    list.announce(["ws://plain", "WSS://b", ...Array.from({ length: 100 }, (_, index) => `wss://${index}`)]);
    expect(take(list, 34).filter((url) => url !== "wss://a")).toHaveLength(32);
    list.announce(["http://x", "not a url"]);
    expect(list.current).toBe("wss://a");
  });
});
