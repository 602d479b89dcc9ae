import { expect, it } from "vitest";
import { ownListener } from "../../src/http/listener.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { resolveLimits } from "../../src/policy/limits.ts";

it("a port of its own outlives an error of its socket, and tells the log", async () => {
  const errors: unknown[] = [];
  const listener = ownListener({
    port: 0,
    host: "127.0.0.1",
    limits: resolveLimits(),
    handle: () => false,
    observer: {
      handshakeRefused: () => {},
      handshakeEvicted: () => {},
      sharedOpened: () => {},
      sharedClosed: () => {},
    },
    logger: { ...silentLogger, error: ({ error }) => void errors.push(error) },
  });
  await listener.open();
  const error = new Error("accept EMFILE");
  listener.server.emit("error", error);
  expect(errors).toEqual([error]);
  expect((await fetch(`http://${listener.reachableAt}/`)).status).toBe(404);
  await listener.close();
});
