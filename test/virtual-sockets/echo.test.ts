import { openSocket } from "@hawser/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { gatewayNode } from "./scene.ts";
import { StandardUpstream } from "./standard-upstream.ts";

describe("a virtual socket", () => {
  it("is a method of a client that was given the function", async () => {
    const upstream = await StandardUpstream.start();
    onTestFinished(() => upstream.close());
    const server = await gatewayNode({ echo: `${upstream.url}/echo` }, onTestFinished);
    const client = connect(server.url, "ann", { openSocket });
    onTestFinished(() => client.close());
    const socket = client.openSocket("echo", ["chosen.v1"]);
    expect(socket.url).toBe("hawser://echo/");
    const told: unknown[] = [];
    const closed = new Promise((resolve) => {
      socket.onopen = () => socket.send("hello");
      socket.onmessage = ({ data }) => {
        told.push(data, socket.protocol);
        socket.close(1000, "done");
      };
      socket.onerror = ({ error }) => told.push(error);
      socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean });
    });
    expect(await closed).toEqual({ code: 1000, reason: "done", wasClean: true });
    expect(told).toEqual(["hello", "chosen.v1"]);
  });
});
