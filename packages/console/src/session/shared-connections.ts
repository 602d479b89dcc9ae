import { sharedConnector } from "@hawser/client/shared";
import type { Connector } from "@hawser/client";

/** Makes an address one that a script may be loaded from, where the page may load none that it has not been told. */
interface ScriptAddresses {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): unknown };
}

/**
 * Connections that all tabs of the page share, held by a shared worker beside the page's script, or by one of the tabs.
 *
 * @param principal the same for tabs that share.
 */
export function sharedConnections(principal: string): Connector {
  const script = workerScript();
  return sharedConnector({ principal, worker: (name) => new SharedWorker(script, { name }) });
}

function workerScript(): string {
  const address = new URL("shared-worker.js", import.meta.url).href;
  const { trustedTypes } = globalThis as { readonly trustedTypes?: ScriptAddresses };
  const policy = trustedTypes?.createPolicy("hawser", { createScriptURL: () => address });
  // The browser's own type of a trusted address, which its constructors take where they take text.
  return (policy?.createScriptURL("") ?? address) as string;
}
