import type { Append } from "../../log.ts";
import { check, checkEqual } from "../check.ts";
import { LogDriver, numbered, plain, textOf } from "../driver.ts";
import { readable } from "../harness.ts";
import type { ConformanceCase } from "../harness.ts";
import { encodeText } from "../text.ts";

/** What an entry carries comes back as it was. */
export const payloadCases: readonly ConformanceCase[] = [
  {
    name: "payloads of each kind come back as they were, empty ones and bytes that are not UTF-8 too",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const payloads: Append["payload"][] = [
        { kind: "bytes", data: new Uint8Array(0) },
        { kind: "bytes", data: Uint8Array.of(0, 255, 254, 10, 13, 0xc3, 0x28) },
        { kind: "text", data: new Uint8Array(0) },
        { kind: "text", data: encodeText("ünï 😀 \u0000 \u2028") },
        { kind: "json", data: encodeText('{"__proto__": 1e400, "a": "\\u0000"}') },
      ];
      const recording = await log.follow("a");
      await log.append(payloads.map((payload) => plain("a", "", { payload })));
      const { entries } = await log.read("a", 0);
      const plainly = entries.map((entry) => ({ kind: entry.payload?.kind, data: [...(entry.payload?.data ?? [])] }));
      checkEqual(
        plainly,
        payloads.map(({ kind, data }) => ({ kind, data: [...data] })),
        "the payloads",
      );
      await log.until(() => recording.entries.length === payloads.length, "the follower's");
      checkEqual(recording.entries, entries, "what the follower was given");
      await log.close();
    },
  },
  {
    name: "a payload is a part of a larger buffer, and only that part is kept",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const buffer = encodeText("before|part|after");
      await log.accept(plain("a", "", { payload: { kind: "text", data: buffer.subarray(7, 11) } }));
      buffer.fill(0);
      checkEqual(await log.texts("a"), ["part"], "the payload");
      await log.close();
    },
  },
  {
    name: "payloads of 0 bytes to 256 KiB come back whole",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const most = Math.min(256 * 1024, harness.capabilities.maxPayloadBytes);
      const sizes = [0, 1, 127, 128, 4_095, 4_096, 65_535, 65_536, most].filter((size) => size <= most);
      const payloads = sizes.map((size) => Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) % 256));
      for (const data of payloads) await log.accept(plain("a", "", { payload: { kind: "bytes", data } }));
      const { entries } = await log.read("a", 0);
      checkEqual(
        entries.map((entry) => entry.payload?.data.byteLength),
        sizes,
        "the sizes",
      );
      for (const [index, entry] of entries.entries()) {
        const data = entry.payload?.data;
        check(
          data?.every((byte, at) => byte === payloads[index]![at]),
          `the bytes of ${sizes[index]}`,
        );
      }
      await log.close();
    },
  },
  {
    name: "keys, publishers, producers and channels may be any text, up to their longest",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const texts = [
        "ünï.cødé",
        "😀".repeat(60),
        "a".repeat(255),
        "x/../y\\z%00",
        "__proto__",
        "constructor",
        "$user.ann",
        "a|b:c",
      ];
      for (const text of texts) {
        const { payload } = plain(text, text);
        await log.accept({ ...numbered(text, text.slice(0, 50), 1), payload, key: text, publisher: text });
      }
      for (const text of texts) {
        const { entries } = await log.read(text, 0);
        checkEqual(entries.map(textOf), [text], `the payload in ${text}`);
        checkEqual(
          entries.map((entry) => [entry.key, entry.publisher]),
          [[text, text]],
          `key and publisher in ${text}`,
        );
        checkEqual((await log.appendOne(numbered(text, text.slice(0, 50), 1))).kind, "duplicate", `again in ${text}`);
      }
      await log.close();
    },
  },
];
