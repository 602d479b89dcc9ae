import { describe, expect, it } from "vitest";
import { HawserError, jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Codec, Frame } from "@hawser/protocol";
import { frameTable } from "../src/frame-table.ts";
import { decodeIndependently, encodeIndependently, independentObject } from "./support/independent-protobuf.ts";
import { bytesOf, frameFiles, frameOf, readVectors } from "./support/vectors.ts";

const utf8 = new TextEncoder();

function decode(codec: Codec, from: "client" | "server", message: Uint8Array): Frame[] {
  return from === "client" ? codec.decodeClient(message) : codec.decodeServer(message);
}

describe("spec/vectors", () => {
  it("have every type of frame", () => {
    const types = frameFiles.flatMap((file) => readVectors(file).map((vector) => frameOf(vector.frame).type));
    expect(new Set(types)).toEqual(new Set(Object.keys(frameTable)));
  });

  describe.each(frameFiles)("%s", (file) => {
    it.each(readVectors(file))("$name: protobufjs and we write and read the same bytes", (vector) => {
      const frame = frameOf(vector.frame);
      const bytes = bytesOf(vector.protobuf);
      expect(encodeIndependently(frame)).toEqual(bytes);
      expect(decodeIndependently(bytes)).toEqual(independentObject(frame));
      expect(protobufCodec.encode(frame)).toEqual(bytes);
      expect(decode(protobufCodec, vector.from, bytes)).toEqual([frame]);
    });

    it.each(readVectors(file))("$name: we write and read the line", (vector) => {
      const frame = frameOf(vector.frame);
      expect(new TextDecoder().decode(jsonCodec.encode(frame))).toBe(vector.json);
      expect(decode(jsonCodec, vector.from, utf8.encode(vector.json))).toEqual([frame]);
      expect(Object.keys(JSON.parse(vector.json) as object)[0]).toBe("type");
    });
  });

  describe("lenient [WIRE-4] [WIRE-7] [WIRE-9]", () => {
    const cases = readVectors("lenient").flatMap(({ name, from, frames, protobuf, json }) => [
      ...(protobuf === undefined ? [] : [{ name, from, frames, codec: protobufCodec, message: bytesOf(protobuf) }]),
      ...(json === undefined ? [] : [{ name, from, frames, codec: jsonCodec, message: utf8.encode(json) }]),
    ]);
    it.each(cases)("$name ($codec.subprotocol)", ({ codec, from, message, frames }) => {
      expect(decode(codec, from, message)).toEqual(frames.map(frameOf));
    });
  });

  describe("malformed [WIRE-3] [WIRE-6] [WIRE-10] [PUB-8] [CON-13]", () => {
    it.each(readVectors("malformed"))("$name", (vector) => {
      const codec = vector.protobuf === undefined ? jsonCodec : protobufCodec;
      const message =
        vector.json === undefined ? bytesOf(vector.protobuf ?? vector.jsonHex ?? "") : utf8.encode(vector.json);
      let thrown: unknown;
      try {
        decode(codec, vector.from, message);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(HawserError);
      expect((thrown as HawserError).code).toBe(vector.code);
    });
  });
});
