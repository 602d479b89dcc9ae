import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runtimes, say, there } from "./runtimes.ts";

const script = fileURLToPath(new URL("./round-trip.mjs", import.meta.url));

describe.each(runtimes.filter(({ serves }) => serves))("a server on $name", (server) => {
  it.runIf(there(server)).each(runtimes.filter(there))(
    "gives $name every message once, in order, over a cut, by WebSocket, compressed where it can, and by TCP",
    async (client) => {
      const { url, tcpUrl } = await say(server, script, "server");
      for (const address of [url, tcpUrl]) {
        const { values, sum, resumes, lost } = await say(client, script, "client", String(address));
        expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect({ sum, resumes, lost }).toEqual({ sum: 5, resumes: 1, lost: 0 });
      }
      // Whose WebSocket offers compression: what it is sent comes compressed.
      const metrics = await (await fetch(new URL("/metrics", String(url).replace("ws", "http")))).text();
      const deflated = Number(/^hawser_deflate_out_bytes_total (\d+)/m.exec(metrics)?.[1]);
      if (client.name === "this Node" || client.name === "Bun") expect(deflated).toBeGreaterThan(0);
      else expect(deflated).not.toBeNaN();
    },
  );
});

it("every runtime of this platform is there", () => {
  const brought = process.platform === "linux" && process.arch === "x64";
  expect(brought ? runtimes.filter((runtime) => !there(runtime)) : []).toEqual([]);
});
