import { describe, expect, it } from "vitest";
import { targetMetrics } from "../../src/observe/target-metrics.ts";
import { PoolScene } from "../pool/pool-scene.ts";

/** What is said of a pool with one target. */
function linesOf({ pool }: PoolScene, about: string): readonly string[] {
  const { name, panics, figures: targets } = pool;
  const text = targetMetrics([{ name, kind: "websocket", balance: "hash", panics, targets }]);
  return text.split("\n").filter((line) => line.startsWith(`hawser_gateway_${about}`));
}

const one = { targets: ["ws://a:1/"], retries: 0 } as const;

describe("the metrics of a target", () => {
  it("are its messages and bytes each way", async () => {
    const scene = new PoolScene(one);
    const lease = await scene.connect();
    lease.countIn(10, 1);
    lease.countOut(7, 0);
    lease.countOut(20, 3);
    const value = (name: string): string | undefined => linesOf(scene, `target_${name}{`)[0]?.split(" ").at(-1);
    expect(["in_messages_total", "out_messages_total", "in_bytes_total", "out_bytes_total"].map(value)).toEqual([
      "1",
      "3",
      "10",
      "27",
    ]);
  });

  it("are its errors by kind, and none before there is one", async () => {
    const scene = new PoolScene(one);
    expect(linesOf(scene, "target_errors_total")).toEqual([]);
    scene.refusing.add("a:1");
    await expect(scene.connect()).rejects.toThrow("refused");
    await expect(scene.connect()).rejects.toThrow("refused");
    expect(linesOf(scene, "target_errors_total")).toEqual([
      'hawser_gateway_target_errors_total{pool="p",target="a:1",kind="ECONNREFUSED"} 2',
    ]);
  });

  it("are the sockets that it has lost, not those that were closed", async () => {
    const scene = new PoolScene(one);
    (await scene.connect()).end();
    (await scene.connect()).end(new Error("it broke"));
    expect(linesOf(scene, "target_lost_total")).toEqual(['hawser_gateway_target_lost_total{pool="p",target="a:1"} 1']);
  });

  it("are histograms of how long connecting, the handshake and the first message took", async () => {
    const scene = new PoolScene(one);
    expect(linesOf(scene, "target_connect_milliseconds")).toEqual([]);
    let [connected, upgraded] = [() => {}, () => {}];
    const connecting = scene.pool.connect({ user: "", headers: {}, path: "/", address: "" }, (_, _signal, reached) => {
      connected = reached;
      return new Promise<void>((resolve) => (upgraded = resolve));
    });
    await scene.ports.advance(3);
    connected();
    await scene.ports.advance(40);
    upgraded();
    const { lease } = await connecting;
    await scene.ports.advance(700);
    lease.countOut(5, 0);
    lease.countOut(5, 1);
    await scene.ports.advance(700);
    lease.countOut(5, 1);
    const labels = 'pool="p",target="a:1"';
    const sums = (what: string): readonly string[] => linesOf(scene, `target_${what}_milliseconds_sum`);
    expect(sums("connect")).toEqual([`hawser_gateway_target_connect_milliseconds_sum{${labels}} 3`]);
    expect(sums("handshake")).toEqual([`hawser_gateway_target_handshake_milliseconds_sum{${labels}} 40`]);
    expect(sums("first_message")).toEqual([`hawser_gateway_target_first_message_milliseconds_sum{${labels}} 700`]);
    const buckets = linesOf(scene, "target_handshake_milliseconds_bucket");
    expect(buckets).toContain(`hawser_gateway_target_handshake_milliseconds_bucket{${labels},le="25"} 0`);
    expect(buckets).toContain(`hawser_gateway_target_handshake_milliseconds_bucket{${labels},le="50"} 1`);
    expect(buckets.at(-1)).toBe(`hawser_gateway_target_handshake_milliseconds_bucket{${labels},le="+Inf"} 1`);
  });

  it("say when health checks are not believed", async () => {
    const scene = new PoolScene({ ...one, health: { intervalMs: 100, failures: 1 } });
    expect(linesOf(scene, "pool_panics")).toEqual(['hawser_gateway_pool_panics{pool="p"} 0']);
    scene.unwell.add("a:1");
    await scene.ports.advance(250);
    expect(linesOf(scene, "pool_panics")).toEqual(['hawser_gateway_pool_panics{pool="p"} 1']);
  });
});
