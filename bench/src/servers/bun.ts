// Bun's built-in server, which is uWebSockets with its publish and subscribe: each message is published to the topic of
// its channel by the server that has it, as Bun's page on WebSockets shows.
import { serve } from "./serve.ts";

/** What is used of Bun's own interface: the types of Bun would take the place of those of Node here. */
declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    fetch(request: Request, server: BunServer): Response | undefined;
    readonly websocket: {
      readonly perMessageDeflate: boolean;
      /** Seconds; 0: never. */
      readonly idleTimeout: number;
      /** Past it, what is published is left out for this client. */
      readonly backpressureLimit: number;
      open(socket: BunSocket): void;
      message(socket: BunSocket, message: string | Uint8Array): void;
    };
  }): BunServer;
};

interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { readonly data: Client }): boolean;
  publish(topic: string, message: string | Uint8Array): number;
}

interface BunSocket {
  readonly data: Client;
  subscribe(topic: string): void;
}

interface Client {
  readonly channels: readonly string[];
}

/** Of the load's payloads: behind ten digits of the message's number stand five of its channel. */
const channelAt = { start: 10, end: 15 };

serve(async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, own) {
      const { pathname, search } = new URL(request.url);
      const channels = pathname === "/subscribe" ? search.slice(1).split(",") : [];
      if (own.upgrade(request, { data: { channels } })) return undefined;
      return new Response("only WebSockets", { status: 426 });
    },
    websocket: {
      perMessageDeflate: false,
      idleTimeout: 0,
      backpressureLimit: 2 ** 30,
      open(socket) {
        for (const channel of socket.data.channels) socket.subscribe(channel);
      },
      message(_, message) {
        const text = String(message);
        server.publish(String(Number(text.slice(channelAt.start, channelAt.end))), text);
      },
    },
  });
  return server.port;
});
