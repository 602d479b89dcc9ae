import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { GatewayProcess } from "./gateway-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const config = fileURLToPath(new URL("shared-log.config.ts", import.meta.url));
const key = "k".repeat(32);
const pool = (name: string): object => ({ targets: [{ name, url: "ws://127.0.0.1:1" }], health: false });
const targetsOf = async (gateway: GatewayProcess, name: string): Promise<unknown> =>
  (await gateway.ask("GET", `pools/${name}`, key)).body["targets"];

describe("pools put over the HTTP API of one of two gateways with one log", () => {
  it("are on both, and there again after a restart; one of the file is refused", async () => {
    const folder = cleanup.folder();
    const owns = { LOG_FOLDER: join(folder, "log"), LOG_SOCKET: join(folder, "log.sock"), API_KEY: key };
    const uses = { LOG_SOCKET: owns.LOG_SOCKET, API_KEY: key, FILE_TARGET: "ws://127.0.0.1:1" };
    const [owner, user] = [
      await GatewayProcess.of(cleanup, config, owns),
      await GatewayProcess.of(cleanup, config, uses),
    ];
    expect(await user.ask("PUT", "pools/quotes", key, pool("one"))).toMatchObject({ status: 201 });
    await expect.poll(() => targetsOf(owner, "quotes")).toMatchObject([{ name: "one" }]);
    expect(await owner.ask("PUT", "pools/quotes", key, pool("two"))).toMatchObject({ status: 200 });
    await expect.poll(() => targetsOf(user, "quotes")).toMatchObject([{ name: "two" }]);
    const refused = { status: 409, body: { error: { code: "pool-configured", retry: false } } };
    expect(await user.ask("PUT", "pools/file", key, pool("one"))).toMatchObject(refused);
    await user.process.stop("SIGKILL");
    await owner.process.stop("SIGKILL");
    const again = await GatewayProcess.of(cleanup, config, owns);
    expect(await targetsOf(again, "quotes")).toMatchObject([{ name: "two" }]);
  });
});
