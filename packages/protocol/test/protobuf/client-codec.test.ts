import { describe, expect, it } from "vitest";
import { HawserError, protobufClientCodec, protobufCodec, valueOf } from "@hawser/protocol";
import type { BatchFrame, ClientFrame } from "@hawser/protocol";
import { codeOf } from "../support/errors.ts";
import { bytesOf, frameFiles, frameOf, readVectors } from "../support/vectors.ts";

const vectors = frameFiles.flatMap((file) => readVectors(file));

describe("the client's half of the protobuf codec", () => {
  it.each(vectors.filter(({ from }) => from === "client"))("writes $name as the whole codec does", (vector) => {
    expect(protobufClientCodec.encode(frameOf(vector.frame) as ClientFrame)).toEqual(bytesOf(vector.protobuf));
  });

  it.each(vectors.filter(({ from }) => from === "server"))("reads $name as the whole codec does", (vector) => {
    expect(protobufClientCodec.decodeServer(bytesOf(vector.protobuf))).toEqual([frameOf(vector.frame)]);
  });

  it("finds malformed what the whole codec does, but for payloads [WIRE-3] [WIRE-12]", () => {
    const messages = readVectors("malformed").flatMap(({ from, protobuf, name }) =>
      from === "server" && protobuf !== undefined && !/payload|text|json/i.test(name) ? [bytesOf(protobuf)] : [],
    );
    expect(messages.length).toBeGreaterThan(10);
    for (const message of messages) {
      const code = codeOf(() => protobufCodec.decodeServer(message));
      expect(code).toMatch(/^frame-/);
      expect(codeOf(() => protobufClientCodec.decodeServer(message))).toBe(code);
    }
  });

  it("does not read what only a client sends [CON-13]", () => {
    const publish = vectors.find(({ frame }) => frameOf(frame).type === "publish")!;
    expect(codeOf(() => protobufClientCodec.decodeServer(bytesOf(publish.protobuf)))).toBe("frame-unexpected");
  });

  it("takes a payload as it is, and its value is what fails when it is not JSON [WIRE-12]", () => {
    const payload = { kind: "json", data: new TextEncoder().encode("[1") } as const;
    const messages = [{ offset: 1, time: 1, key: "", publisher: "", payload }];
    const batch: BatchFrame = {
      type: "batch",
      number: 1,
      generation: 1,
      epoch: 1,
      from: 0,
      to: 1,
      messages,
      conflated: false,
    };
    const bytes = protobufCodec.encode(batch);
    expect(codeOf(() => protobufCodec.decodeServer(bytes))).toBe("frame-malformed");
    expect(protobufClientCodec.decodeServer(bytes)).toEqual([batch]);
    expect(() => valueOf(payload)).toThrow(HawserError);
    expect(codeOf(() => valueOf(payload))).toBe("payload-invalid");
  });
});
