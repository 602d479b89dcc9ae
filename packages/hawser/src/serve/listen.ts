import { HawserError } from "@hawser/protocol";
import type { HawserServer } from "@hawser/server";
import type { Settings } from "../configuration/settings.ts";

/** Listens. Rejects with `option-invalid` where another port or host would help, which it says. */
export async function listen(server: HawserServer, settings: Pick<Settings, "port" | "host">): Promise<void> {
  const { port, host } = settings;
  try {
    await server.listen();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const explained = explain(code, port.value, host.value);
    if (explained === undefined) throw error;
    throw new HawserError("option-invalid", `${explained} (port from ${port.from}, host from ${host.from})`, {
      cause: error,
    });
  }
}

function explain(code: string | undefined, port: number, host: string): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} is in use on ${host}: choose another with --port or PORT`;
    case "EACCES":
      return `port ${port} may not be opened by this user: choose one above 1023 with --port or PORT`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine: choose another with --host`;
    default:
      return undefined;
  }
}
