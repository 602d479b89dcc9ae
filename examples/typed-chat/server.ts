import { randomUUID } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryLog } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import { createServer, silentLogger } from "@hawser/server";
import express from "express";
import { z } from "zod";
import { contract } from "./contract.ts";

/** A chat that is served; `address` is that of the web site, such as `http://127.0.0.1:41234`. */
export interface ChatServer {
  readonly address: string;
  close(): Promise<void>;
}

/** An Express application with two parts: people sign in by HTTP, and chat by the Hawser server on the same port. */
export async function openChatServer(moderator: string): Promise<ChatServer> {
  const users = new Map<string, string>();
  const banned = new Map<string, Set<string>>();

  const app = express();
  app.post("/sign-in", express.json(), (request, response) => {
    const { name } = z.object({ name: z.string().min(1).max(40) }).parse(request.body);
    const token = randomUUID();
    users.set(token, name);
    response.type("text/plain").send(token);
  });

  const http = createHttpServer(app);
  const hawser = createServer({
    server: http,
    log: memoryLog(),
    logger: silentLogger,
    contract,
    authenticate: ({ token }) => {
      const user = users.get(token);
      if (user === undefined) throw new HawserError("token-invalid", "Sign in again.");
      return { user };
    },
    authorize: ({ verb, name, identity }) => verb === "call" || banned.get(name)?.has(identity.user) !== true,
    calls: {
      whisper: async ({ to, text }, { identity }) => {
        await hawser.sendToUser(to, { from: identity.user, whisper: text });
        return { delivered: true };
      },
      ban: async ({ user, room }, { identity }) => {
        if (identity.user !== moderator)
          throw new HawserError("app-not-a-moderator", `${identity.user} may not ban anybody.`);
        const channel = `room.${room}`;
        const out = banned.get(channel) ?? new Set<string>();
        banned.set(channel, out.add(user));
        await hawser.refresh(user); // what this user has subscribed already is asked again
        return { banned: [...out] };
      },
    },
  });

  const port = await listen(http);
  await hawser.listen();
  return {
    address: `http://127.0.0.1:${port}`,
    close: async () => {
      await hawser.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(0, "127.0.0.1", resolve);
  });
  return (http.address() as AddressInfo).port;
}
