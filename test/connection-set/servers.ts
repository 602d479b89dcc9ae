// Three servers that are not Hawser, as their authors publish them.
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type * as GraphQl from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { Server as SocketIoServer } from "socket.io";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

// `graphql` comes in two builds, and refuses schemas of the other one: this is the one that `graphql-ws` takes.
const graphQl = createRequire(import.meta.url)("graphql") as typeof GraphQl;
const { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } = graphQl;

/** A server that can die and come back in the same place. */
export interface ForeignServer {
  readonly url: string;
  /** The close codes that its clients gave, in the order of their ends. */
  readonly closes: number[];
  /** Cuts every connection without a word, and listens no more. */
  kill(): Promise<void>;
  /** Listens again, on the same port. */
  revive(): Promise<void>;
}

/** Sends back what it gets. Speaks `echo.v1`. */
export function echoServer(onConnection: (socket: WebSocket) => void = echo): Promise<ForeignServer> {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (names) => names.has("echo.v1") && "echo.v1",
  });
  const closes: number[] = [];
  sockets.on("connection", (socket) => {
    socket.on("close", (code) => closes.push(code));
    onConnection(socket);
  });
  return foreignServer("/echo", closes, (http) => {
    http.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (upgraded) => sockets.emit("connection", upgraded, request));
    });
  });
}

function echo(socket: WebSocket): void {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** Socket.IO, spoken to as Engine.IO 4 by its raw endpoint. Answers the event `add` with a sum. Asks every 200 ms. */
export function socketIoServer(): Promise<ForeignServer> {
  const closes: number[] = [];
  return foreignServer("/socket.io/?EIO=4&transport=websocket", closes, (http) => {
    const io = new SocketIoServer(http, { serveClient: false, pingInterval: 200, pingTimeout: 2_000 });
    io.on("connection", (socket) => {
      socket.on("add", (a: number, b: number, reply: (sum: number) => void) => reply(a + b));
    });
    io.engine.on("connection", (connection: { transport: { socket: WebSocket } }) => {
      connection.transport.socket.on("close", (code) => closes.push(code));
    });
  });
}

/** GraphQL over WebSocket, with a query and a subscription that counts. Speaks `graphql-transport-ws`. */
export function graphQlServer(): Promise<ForeignServer> {
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: "Query",
      fields: { hello: { type: GraphQLString, resolve: () => "world" } },
    }),
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: {
        count: {
          type: GraphQLInt,
          args: { to: { type: GraphQLInt } },
          subscribe: async function* (_source: unknown, { to }: { readonly to?: number }) {
            for (let count = 1; count <= (to ?? 3); count += 1) yield { count };
          },
        },
      },
    }),
  });
  const closes: number[] = [];
  return foreignServer("/graphql", closes, (http) => {
    const sockets = new WebSocketServer({ server: http, path: "/graphql" });
    sockets.on("connection", (socket) => socket.on("close", (code) => closes.push(code)));
    useServer({ schema }, sockets);
  });
}

async function foreignServer(path: string, closes: number[], serve: (http: Server) => void): Promise<ForeignServer> {
  let http = await listen(0, serve);
  const { port } = http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}${path}`,
    closes,
    kill: () => http.end(),
    revive: async () => {
      http = await listen(port, serve);
    },
  };
}

type Killable = Server & { end(): Promise<void> };

async function listen(port: number, serve: (http: Server) => void): Promise<Killable> {
  const http = createServer();
  serve(http);
  const connections = new Set<{ destroy(): unknown }>();
  http.on("connection", (connection) => {
    connections.add(connection);
    connection.on("close", () => connections.delete(connection));
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const end = async (): Promise<void> => {
    if (!http.listening) return;
    const closed = once(http, "close");
    http.close();
    for (const connection of connections) connection.destroy();
    await closed;
  };
  return Object.assign(http, { end });
}
