import { createClient, virtualWebSocket } from "@hawser/client";
import { runSuite } from "./standard-suite.ts";

type Report = Awaited<ReturnType<typeof runSuite>>;

declare global {
  var runStandard: (url: string, gateway: string | undefined) => Promise<Report>;
}

/** Runs the suite in this page: with the browser's own class, or with virtual sockets of a gateway. */
globalThis.runStandard = async (url, gateway) => {
  if (gateway === undefined) return runSuite({ WebSocket, url });
  const client = createClient({ url: gateway });
  const Virtual = virtualWebSocket(client, {
    resolve: ({ pathname, search }) => ({ upstream: "app", path: pathname + search }),
  });
  const report = await runSuite({ WebSocket: Virtual, url });
  await client.close();
  return report;
};
