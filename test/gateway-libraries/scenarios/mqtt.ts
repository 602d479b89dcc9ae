import { connectAsync } from "mqtt";
import type { IClientOptions } from "mqtt";
import { expect } from "vitest";
import { findProgram, freePort, Program } from "../../logs/support/start-program.ts";
import type { Scenario } from "./way.ts";

/** Where Mosquitto is; `undefined`: not on this machine. */
export const mosquitto = findProgram("mosquitto");

/** Of each quality of service. */
const each = 20;
/** Mosquitto's WebSockets send 4 KiB ten times a second: more would take long. */
const largeBytes = 20_000;

/** Publishes of all three qualities of service, retained messages and a last will, with Mosquitto as the broker. */
export const mqtt: Scenario = {
  name: "MQTT.js",
  start: async () => {
    const webSocketPort = await freePort();
    const program = await Program.start({
      file: mosquitto ?? "mosquitto",
      commandLine: ({ folder }) => ["-c", `${folder}/conf`],
      files: {
        conf: ({ port }) =>
          [
            // The one that is waited for comes last.
            `listener ${webSocketPort} 127.0.0.1`,
            "protocol websockets",
            `listener ${port} 127.0.0.1`,
            "allow_anonymous true",
            "persistence false",
            "",
          ].join("\n"),
      },
    });
    return { url: `ws://127.0.0.1:${webSocketPort}`, stop: () => program.remove() };
  },
  run: async ({ url, WebSocket: given }) => {
    const options: IClientOptions = {
      reconnectPeriod: 0,
      ...(given === undefined
        ? {}
        : {
            // Else, in Node, it works with the class of `ws` alone, and its stream.
            forceNativeWebSocket: true,
            createWebsocket: (to: string, protocols: string[]) =>
              new (given as new (to: string, protocols: string[]) => unknown)(to, protocols),
          }),
    };
    const [reader, writer] = [
      await connectAsync(`${url}/mqtt`, options, false),
      await connectAsync(`${url}/mqtt`, options, false),
    ];
    const got: string[] = [];
    let onMessage = (): void => {};
    reader.on("message", (topic, payload) => {
      got.push(`${topic} ${payload.length > 100 ? `${payload.length} bytes` : payload.toString()}`);
      onMessage();
    });
    const until = async (count: number): Promise<void> => {
      while (got.length < count) await new Promise<void>((resolve) => (onMessage = resolve));
    };
    await writer.publishAsync("kept/one", "from before", { retain: true, qos: 1 });
    await reader.subscribeAsync(["kept/#", "live/#", "will"], { qos: 2 });
    for (const qos of [0, 1, 2] as const)
      await Promise.all(
        Array.from({ length: each }, (_, index) => writer.publishAsync("live/a", `${qos} ${index}`, { qos })),
      );
    await writer.publishAsync("live/b", Buffer.alloc(largeBytes, 7), { qos: 1 });
    await until(3 * each + 2);
    // MQTT keeps the order within a topic and a quality of service: the handshake of the second lets others pass.
    const heard = (beginning: string): string[] => got.filter((one) => one.startsWith(beginning));
    for (const qos of [0, 1, 2])
      expect(heard(`live/a ${qos} `)).toEqual(Array.from({ length: each }, (_, index) => `live/a ${qos} ${index}`));
    expect(heard("kept/")).toEqual(["kept/one from before"]);
    expect(heard("live/b")).toEqual([`live/b ${largeBytes} bytes`]);
    expect(got).toHaveLength(3 * each + 2);
    const dying = await connectAsync(`${url}/mqtt`, {
      ...options,
      will: { topic: "will", payload: Buffer.from("gone"), qos: 1, retain: false },
    });
    // Without DISCONNECT, so that the broker says the will.
    dying.stream.destroy();
    await until(3 * each + 3);
    expect(got.at(-1)).toBe("will gone");
    await Promise.all([reader.endAsync(), writer.endAsync(), dying.endAsync(true)]);
  },
};
