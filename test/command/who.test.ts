import { enterPresence } from "@hawser/client";
import type { Client } from "@hawser/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../support/clients.ts";
import { Cleanup, freePort, HawserProcess, run, serve } from "./hawser-process.ts";

const cleanup = new Cleanup();
const clients: Client[] = [];
let url = "";

beforeAll(async () => {
  const started = await serve(["--port", String(await freePort())], { folder: cleanup.folder() });
  cleanup.process(started.server);
  ({ url } = started);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await cleanup.run();
});

function open(name: string): Client {
  const client = connect(url, name);
  clients.push(client);
  return client;
}

describe("hawser who", () => {
  it("prints who is in a room of the page, with what they show, or how many", async () => {
    const ann = enterPresence(open("ann").channel("chat.general"), { typing: true });
    const bob = enterPresence(open("bob").channel("chat.general"));
    await Promise.all([ann.entered, bob.entered]);
    const text = await run(["who", "chat.general", "--url", url]);
    expect([text.code, text.out.trimEnd().split("\n").toSorted()]).toEqual([0, ['ann  {"typing":true}', "bob"]]);
    const json = await run(["who", "chat.general", "--json", "--url", url]);
    const lines = json.out.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      type: "here",
      user: "ann",
      member: ann.member,
      state: { typing: true },
    });
    expect((await run(["who", "chat.general", "--count", "--url", url])).out).toBe("2\n");
  });

  it("goes on with who comes and goes, until it is stopped", async () => {
    const who = cleanup.process(new HawserProcess(["who", "chat.random", "--follow", "--json", "--url", url]));
    const count = cleanup.process(new HawserProcess(["who", "chat.random", "--follow", "--count", "--url", url]));
    await count.printed(/^0$/m);
    // Who is there before it looks is no coming: so one after the other, until it has told of one.
    let me = enterPresence(open("tom").channel("chat.random"), 1);
    await who.printed(/"user":"tom"/);
    me.update(2);
    await who.printed(/^\{"type":"update","user":"tom".*"state":2\}$/m);
    await me.close();
    await who.printed(/^\{"type":"leave","user":"tom"/m);
    me = enterPresence(open("eve").channel("chat.random"));
    await who.printed(/^\{"type":"join","user":"eve"/m);
    await count.printed(/^1$/m);
    expect(await who.stop("SIGINT")).toMatchObject({ code: 130 });
    expect(await count.stop("SIGTERM")).toMatchObject({ code: 143 });
  });

  it("fails where the channel has no presence", async () => {
    const other = await run(["who", "other", "--url", url]);
    expect([other.code, other.out]).toEqual([1, ""]);
    expect(other.errors).toContain("has no presence");
  });
});
