import { describe, expect, it } from "vitest";
import { defaultHostLimits } from "../../src/shared/host-limits.ts";
import type { ToHost, ToTab } from "../../src/shared/line.ts";
import { TabHosting } from "../../src/shared/tab-hosting.ts";
import { lineToHost, lineToTab } from "../../src/shared/tab-line.ts";
import { SimulatedPorts } from "../simulated-ports.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { FakeNode } from "./fake-node.ts";

function world() {
  const ports = new SimulatedPorts();
  const browser = new FakeBrowser(ports.timers);
  const channel = (name: string) => new (browser.open().platform.BroadcastChannel!)(name);
  return { ports, browser, channel };
}

describe("the channel of a stream", () => {
  it("belongs to the host that answered first: the tab hears no other, and the other is told that it ended", async () => {
    const { ports, channel } = world();
    let answered = 0;
    const tab = lineToHost(channel("s"), () => (answered += 1));
    const [first, second] = ["a", "b"].map((host) => lineToTab(channel("s"), host, () => {}));
    const heard: { tab: ToTab[]; first: ToHost[]; second: ToHost[] } = { tab: [], first: [], second: [] };
    tab.onMessage = (message) => heard.tab.push(message);
    first!.onMessage = (message) => heard.first.push(message);
    second!.onMessage = (message) => heard.second.push(message);
    for (const host of [first!, second!]) host.post({ kind: "here", alive: undefined });
    second!.post({ kind: "open" });
    await ports.advance(1);
    expect(heard.tab).toEqual([{ kind: "here", alive: undefined }]);
    expect(answered).toBe(1);
    tab.post({ kind: "taken", cost: 7 });
    first!.post({ kind: "open" });
    await ports.advance(1);
    expect(heard.tab.at(-1)).toEqual({ kind: "open" });
    expect(heard.first).toEqual([{ kind: "taken", cost: 7 }]);
    expect(heard.second).toEqual([expect.objectContaining({ kind: "close" })]);
  });

  it("says nothing before a host has answered, and nothing once it is closed", async () => {
    const { ports, channel } = world();
    const tab = lineToHost(channel("s"), () => {});
    const host = lineToTab(channel("s"), "a", () => {});
    const heard: ToHost[] = [];
    host.onMessage = (message) => heard.push(message);
    tab.post({ kind: "taken", cost: 1 });
    host.post({ kind: "here", alive: undefined });
    await ports.advance(1);
    tab.post({ kind: "taken", cost: 2 });
    await ports.advance(1);
    host.close();
    tab.post({ kind: "taken", cost: 3 });
    await ports.advance(1);
    expect(heard).toEqual([{ kind: "taken", cost: 2 }]);
  });

  it("gets one line at a host, however often its tab has called", async () => {
    const { ports, browser, channel } = world();
    const { locks, BroadcastChannel } = browser.open().platform;
    const hosting = new TabHosting({
      connector: new FakeNode(ports.timers),
      ports,
      locks: locks!,
      BroadcastChannel: BroadcastChannel!,
      limits: defaultHostLimits,
      prefix: "p",
      id: "host",
      onHost: () => {},
    });
    await ports.advance(1);
    const heard: unknown[] = [];
    channel("p:s").onmessage = ({ data }: { readonly data: unknown }) => heard.push(data);
    const lobby = channel("p:lobby");
    for (let time = 0; time < 3; time += 1) lobby.postMessage({ kind: "call", stream: "s" });
    await ports.advance(1);
    expect(heard).toEqual([{ to: "tab", host: "host", body: { kind: "here", alive: "p:alive:host:host" } }]);
    hosting.stop();
  });
});
