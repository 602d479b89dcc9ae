import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Settings } from "../configuration/settings.ts";

/**
 * The settings with a port in place of 0. Workers share a port because they ask for the same one, and one that starts after
 * all others have ended must get it again.
 */
export async function settledPorts(settings: Settings): Promise<Settings> {
  const { port, tcpPort, host } = settings;
  return {
    ...settings,
    port: { ...port, value: await settled(port.value, host.value) },
    tcpPort: {
      ...tcpPort,
      value: tcpPort.value === undefined ? undefined : await settled(tcpPort.value, host.value),
    },
  };
}

async function settled(port: number, host: string): Promise<number> {
  if (port !== 0) return port;
  const probe = createServer().listen(0, host);
  try {
    await once(probe, "listening");
    return (probe.address() as AddressInfo).port;
  } catch {
    // The host is none of this machine's: the worker that listens says so.
    return port;
  } finally {
    probe.close();
  }
}
