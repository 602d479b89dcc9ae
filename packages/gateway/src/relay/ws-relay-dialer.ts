import { WebSocket } from "ws";
import type { Clock, Random, Timers } from "@hawser/protocol";
import type { RelayDialer, RelayLink } from "./relay-link.ts";
import { answerTo, proofHeader, proofOf, relaySecret, sameProof } from "./relay-proof.ts";
import { maxRelayMessageBytes, WsRelayLink } from "./ws-relay-link.ts";

export interface WsRelayDialerOptions {
  /** The same on all nodes of the service; at least 32 bytes. */
  readonly secret: string | Uint8Array;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A link that is silent for so long is asked, and after as much again broken. Default 5,000. */
  readonly heartbeatMs?: number;
}

/** Opens links to the relay addresses of other nodes, `ws://` or `wss://`. Throws `option-invalid` as `relaySecret` does. */
export function wsRelayDialer(options: WsRelayDialerOptions): RelayDialer {
  const secret = relaySecret(options.secret);
  const { clock, timers, random, heartbeatMs = 5_000 } = options;
  return {
    dial: (address, signal) =>
      new Promise<RelayLink>((resolve, reject) => {
        const proof = proofOf(secret, clock.now(), random.bytes(16));
        const socket = new WebSocket(address, {
          headers: { [proofHeader]: proof },
          perMessageDeflate: false,
          maxPayload: maxRelayMessageBytes,
          skipUTF8Validation: true,
        });
        const onAbort = (): void => socket.terminate();
        if (signal.aborted) onAbort();
        signal.addEventListener("abort", onAbort);
        let proved = false;
        socket.on("upgrade", (response) => {
          proved = sameProof(String(response.headers[proofHeader] ?? ""), answerTo(secret, proof));
        });
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("The other node closed the link.")));
        socket.on("open", () => {
          signal.removeEventListener("abort", onAbort);
          if (proved) return resolve(new WsRelayLink(socket, timers, heartbeatMs));
          socket.terminate();
          reject(new Error(`What answers at ${address} is no node of this service.`));
        });
      }),
  };
}
