import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { protobufCodec } from "@hawser/protocol";
import { frameTable } from "../../src/frame-table.ts";
import { arbitraryClientFrame, arbitraryServerFrame } from "../support/arbitrary-frames.ts";
import {
  decodeIndependently,
  encodeIndependently,
  frameType,
  independentObject,
  memberOf,
} from "../support/independent-protobuf.ts";

describe("our protobuf against protobufjs", () => {
  it("names every frame of the .proto file, with its number", () => {
    const numbers = Object.fromEntries(frameType.fieldsArray.map((field) => [field.name, field.id]));
    expect(
      Object.fromEntries(Object.entries(frameTable).map(([type, shape]) => [memberOf(type), shape.number])),
    ).toEqual(numbers);
  });

  it("writes the bytes that protobufjs writes, and protobufjs reads in them what we meant", () => {
    fc.assert(
      fc.property(fc.oneof(arbitraryClientFrame, arbitraryServerFrame), (frame) => {
        const bytes = protobufCodec.encode(frame);
        expect(decodeIndependently(bytes)).toEqual(independentObject(frame));
        expect(bytes).toEqual(encodeIndependently(frame));
      }),
      { numRuns: 2000 },
    );
  });

  it("reads what protobufjs writes for a client", () => {
    fc.assert(
      fc.property(arbitraryClientFrame, (frame) => {
        expect(protobufCodec.decodeClient(encodeIndependently(frame))).toEqual([frame]);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads what protobufjs writes for a server", () => {
    fc.assert(
      fc.property(arbitraryServerFrame, (frame) => {
        expect(protobufCodec.decodeServer(encodeIndependently(frame))).toEqual([frame]);
      }),
      { numRuns: 1000 },
    );
  });
});
