import { describe, expect, it } from "vitest";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import { RequestTable } from "../../src/session/request-table.ts";

const answer = (id: number): ServerFrame => ({ type: "authenticated", id, expiresInMs: 0 });

function table(maxInFlight: number, takes = true) {
  const sent: number[] = [];
  const log: string[] = [];
  const wire = {
    hasRoom: true,
    wake: (): unknown => requests.fill(),
    send: (frame: ClientFrame) => {
      if (takes) sent.push((frame as ClientFrame & { id: number }).id);
      return takes ? 1 : undefined;
    },
  };
  const requests: RequestTable = new RequestTable(maxInFlight, wire);
  const ask = (name: string, onBuild: () => void = () => {}): void =>
    requests.add({
      build: (id) => {
        onBuild();
        return { type: "authenticate", id, token: name };
      },
      reply: (frame) =>
        log.push(frame.type === "published" ? `${name} at ${frame.position?.offset}` : `${name} answered`),
      lost: (wasSent) => log.push(`${name} lost, ${wasSent ? "sent" : "not sent"}`),
      tooLarge: () => log.push(`${name} too large`),
    });
  return { requests, ask, sent, log, wire };
}

describe("the requests of a connection", () => {
  it("have identifiers above 0, each its own [CON-14]", () => {
    const { ask, sent } = table(0);
    for (const name of ["a", "b", "c"]) ask(name);
    expect(sent).toEqual([1, 2, 3]);
  });

  it("are brought their answers, in whatever order these come", () => {
    const { requests, ask, log } = table(0);
    ask("a");
    ask("b");
    expect([
      requests.settle(answer(2)),
      requests.settle(answer(1)),
      requests.settle(answer(1)),
      requests.settle(answer(9)),
    ]).toEqual([true, true, false, false]);
    expect(log).toEqual(["b answered", "a answered"]);
  });

  it("are what hangs on it, and not frames that wait for their turn and have no answer", () => {
    const { requests, ask, wire } = table(0);
    wire.hasRoom = false;
    requests.addSending({ lane: "normal", flow: "socket:1", build: () => undefined });
    expect(requests.size).toBe(0);
    ask("a");
    expect(requests.size).toBe(1);
  });

  it("are answered several at once, at the offsets that follow, and no further than they are in flight [PUB-15]", () => {
    const { requests, ask, log } = table(0);
    for (const name of ["a", "b", "c", "d"]) ask(name);
    requests.settle(answer(3));
    const published = { type: "published", duplicate: false, following: 2 ** 53 - 1 } as const;
    requests.settle({ ...published, id: 1, position: { epoch: 1, offset: 7 } });
    expect(log).toEqual(["c answered", "a at 7", "b at 8"]);
    requests.settle({ ...published, id: 4, position: undefined });
    expect(log.slice(3)).toEqual(["d at undefined"]);
  });

  it("wait while as many as the server takes are in flight, and keep their order [CON-15]", () => {
    const { requests, ask, sent } = table(2);
    for (const name of ["a", "b", "c", "d"]) ask(name);
    expect(sent).toEqual([1, 2]);
    requests.settle(answer(2));
    expect(sent).toEqual([1, 2, 3]);
    expect(requests.size).toBe(3);
  });

  it("leave in their order, although building one asks another", () => {
    const { ask, sent, log, requests } = table(0);
    ask("a", () => ask("b"));
    expect(sent).toEqual([1, 2]);
    requests.settle(answer(1));
    expect(log).toEqual(["a answered"]);
  });

  it("are lost with the connection, in the order of asking, and know whether they were sent", () => {
    const { requests, ask, log } = table(1);
    ask("a");
    ask("b");
    requests.end();
    ask("c");
    expect(log).toEqual(["a lost, sent", "b lost, not sent", "c lost, not sent"]);
    expect(requests.size).toBe(0);
  });

  it("are told when the server cannot take them, and make room for the next", () => {
    const { ask, log } = table(1, false);
    ask("a");
    ask("b");
    expect(log).toEqual(["a too large", "b too large"]);
  });

  it("wait while the connection has no room, and say so only while any wait", () => {
    const { ask, sent, requests, wire } = table(0);
    wire.hasRoom = false;
    expect(requests.fill()).toBe(false);
    ask("a");
    expect(requests.fill()).toBe(true);
    expect(sent).toEqual([]);
    wire.hasRoom = true;
    expect(requests.fill()).toBe(false);
    expect(sent).toEqual([1]);
  });

  it("go by their lane when there is room again, whatever was asked for first", () => {
    const { requests, wire } = table(0);
    const built: (string | undefined)[] = [];
    wire.hasRoom = false;
    for (const lane of ["bulk", undefined, "reports", "interactive", "normal"]) {
      const build = (id: number): ClientFrame => {
        built.push(lane);
        return { type: "authenticate", id, token: "" };
      };
      requests.add({ ...(lane && { lane }), build, reply: () => {}, lost: () => {}, tooLarge: () => {} });
    }
    wire.hasRoom = true;
    requests.fill();
    expect(built).toEqual([undefined, "interactive", "reports", "normal", "bulk"]);
  });

  it("take no turn when they are not wanted any more", () => {
    const { requests, ask, sent } = table(1);
    requests.add({ build: () => undefined, reply: () => {}, lost: () => {}, tooLarge: () => {} });
    ask("a");
    expect(sent).toHaveLength(1);
  });
});
