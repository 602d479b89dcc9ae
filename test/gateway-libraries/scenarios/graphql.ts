import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type * as GraphQl from "graphql";
import { createClient } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { expect } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Scenario } from "./way.ts";

// `graphql` comes in two builds, and refuses schemas of the other one: this is the one that `graphql-ws` takes.
const graphQl = createRequire(import.meta.url)("graphql") as typeof GraphQl;
const { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } = graphQl;

/** Queries, subscriptions side by side, and errors, over the subprotocol `graphql-transport-ws`. */
export const graphql: Scenario = {
  name: "graphql-ws",
  start: async () => {
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      path: "/graphql",
      handleProtocols: (offered) => offered.has("graphql-transport-ws") && "graphql-transport-ws",
    });
    useServer(
      {
        schema,
        execute: graphQl.execute,
        subscribe: graphQl.subscribe,
        parse: graphQl.parse,
        validate: graphQl.validate,
      },
      server,
    );
    await once(server, "listening");
    return {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      stop: async () => {
        for (const client of server.clients) client.terminate();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  run: async ({ url, WebSocket: given }) => {
    const client = createClient({ url: `${url}/graphql`, webSocketImpl: given ?? WebSocket, retryAttempts: 0 });
    const count = async (to: number): Promise<unknown[]> => {
      const counts: unknown[] = [];
      for await (const { data } of client.iterate({ query: `subscription { count(to: ${to}) }` }))
        counts.push(data?.["count"]);
      return counts;
    };
    const numbers = (to: number): number[] => Array.from({ length: to }, (_, index) => index + 1);
    expect(await Promise.all([count(3), count(50), count(200)])).toEqual([numbers(3), numbers(50), numbers(200)]);
    const text = "x".repeat(200_000);
    for await (const { data } of client.iterate({
      query: `query($text: String) { echo(text: $text) }`,
      variables: { text },
    }))
      expect(data?.["echo"]).toBe(text);
    for await (const { errors } of client.iterate({ query: "{ echo }" })) expect(errors).toBeUndefined();
    await expect(client.iterate({ query: "{ nothing }" }).next()).rejects.toBeDefined();
    await client.dispose();
  },
};

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: "Query",
    fields: {
      echo: {
        type: GraphQLString,
        args: { text: { type: GraphQLString } },
        resolve: (_, { text }: { text?: string }) => text ?? null,
      },
    },
  }),
  subscription: new GraphQLObjectType({
    name: "Subscription",
    fields: {
      count: {
        type: GraphQLInt,
        args: { to: { type: GraphQLInt } },
        subscribe: async function* (_: unknown, { to }: { to: number }) {
          for (let count = 1; count <= to; count += 1) yield { count };
        },
      },
    },
  }),
});
