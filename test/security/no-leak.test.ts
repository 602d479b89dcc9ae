import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Position, SubscribedFrame, SubscribeFrame } from "@hawser/protocol";
import type { Capability } from "@hawser/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holds, newMarker, payloadsOf, Vault } from "./vault.ts";
import { history, subscribe } from "./wiretap.ts";
import type { Wiretap } from "./wiretap.ts";

/** Eve may follow what is live, without its history, and everything that is public. */
const eves: readonly Capability[] = [
  { pattern: "public.**", verbs: ["subscribe", "publish", "history", "call", "presence"] },
  { pattern: "live.**", verbs: ["subscribe", "publish"] },
];
const secretChannel = "secret.plans";
const aFew = Uint8Array.from({ length: 49 }, (_, index) => index * 5);

/** Names that look like, or would be folded to, a name that one may not read; some are no names at all. */
function relativesOf(name: string): string[] {
  const [head = "", ...rest] = name.split(".");
  const tail = rest.join(".");
  return [
    name.toUpperCase(),
    head.charAt(0).toUpperCase() + name.slice(1),
    `${head}.${tail.charAt(0).toUpperCase()}${tail.slice(1)}`,
    name.replaceAll("e", "\u0435").replaceAll("a", "\u0430"),
    name.replaceAll(".", "\uff0e"),
    name.replaceAll(".", "\u2024"),
    name.replaceAll("s", "\u017f"),
    `${name}\u200b`,
    `\ufeff${name}`,
    `${name}\u0301`,
    name.replaceAll("e", "e\u0301"),
    `${name}\u0000`,
    ` ${name}`,
    `${name} `,
    `.${name}`,
    `${name}.`,
    name.replaceAll(".", ".."),
    `${head}.*`,
    `${head}.**`,
    "**",
    "*",
    "{any}.{name}",
    `public.${name}`,
    `public.../${name}`,
    `public./../${name}`,
    `public.%2e.${name}`,
    encodeURIComponent(name).replaceAll(".", "%2E"),
    `${name};public.x`,
    "__proto__",
    "constructor",
    "",
  ];
}

const userChannels = (user: string): string[] => [
  `$user.${user}`,
  `$USER.${user}`,
  `$User.${user}`,
  `$inbox.${user}`,
  `$inbox`,
  `$INBOX`,
  `$user`,
  `$user.*`,
  `$user.**`,
  `$user..${user}`,
  `$user.eve.${user}`,
  `$user.eve/../${user}`,
  `\uff04user.${user}`,
  `\uff04inbox`,
  `user.${user}`,
];

/** Where one could ask to begin: the log's own epoch, ones of before and after, and offsets on both sides of everything. */
function forgedPositions({ epoch, offset }: Position): Position[] {
  const epochs = [0, 1, epoch - 1, epoch, epoch + 1, Number.MAX_SAFE_INTEGER];
  const offsets = [0, 1, offset - 1, offset, offset + 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  return epochs.flatMap((one) => offsets.map((other) => ({ epoch: one, offset: other })));
}

/** Asks for a channel in every way there is. */
async function askForAll(tap: Wiretap, channel: string, positions: readonly Position[] = []): Promise<void> {
  let id = tap.frames.length * 1_000 + 1;
  let generation = 1;
  const asked: Partial<SubscribeFrame>[] = [
    {},
    { last: 1 },
    { last: 1_000 },
    ...positions.flatMap((position) => [{ position }, { position, last: 100 }, { position, grant: aFew }]),
  ];
  for (const more of asked) {
    tap.send(subscribe(id, channel, { generation, ...more }));
    await tap.answer(id);
    id += 1;
    generation += 1;
  }
  tap.send(...history(id, channel));
  await tap.answer(id);
  await tap.answer(id + 1);
  id += 2;
  for (const position of positions) {
    tap.send(
      { type: "history", id, channel, position, backward: true, limit: 1_000 },
      { type: "history", id: id + 1, channel, position, backward: false, limit: 1_000 },
    );
    await tap.answer(id);
    await tap.answer(id + 1);
    id += 2;
  }
}

/** Says every frame that goes by a channel's number, for numbers that were given to others. */
function sayByNumber(tap: Wiretap): void {
  for (let number = 0; number < 40; number += 1) {
    for (const generation of [1, 2]) {
      tap.send(
        { type: "seek", number, generation, offset: 0 },
        { type: "credit", number, generation, credit: Number.MAX_SAFE_INTEGER },
        { type: "unsubscribe", number, generation },
        { type: "seek", number, generation, offset: 0 },
      );
    }
  }
}

let vault: Vault;

beforeEach(async () => {
  vault = await Vault.open();
});

afterEach(() => vault.close());

/** Ends everything, and then looks at all that came: Ann got the marker, the others got nothing of it. */
async function expectOnlyAnn(ann: Wiretap, others: readonly Wiretap[], ...markers: readonly string[]): Promise<void> {
  await vault.close();
  for (const marker of markers) {
    expect(holds(ann, marker), "the one who may read has it").toBe(true);
    for (const [index, tap] of others.entries()) expect(holds(tap, marker), `client ${index} has it`).toBe(false);
  }
}

describe.each([{ codec: protobufCodec }, { codec: jsonCodec }])(
  "over $codec.subprotocol no byte reaches",
  ({ codec }) => {
    const join = async (user: string, capabilities?: readonly Capability[]): Promise<Wiretap> =>
      vault.tap(codec).connected(await vault.token(user, capabilities === undefined ? {} : { capabilities }));

    it("the looking for markers unseen: each is found in whatever payload it travels", async () => {
      const ann = await join("ann");
      for (const [index, payload] of payloadsOf("").entries()) {
        const marker = newMarker();
        const channel = `kinds.${index}`;
        expect(holds(ann, marker)).toBe(false);
        await vault.server.publish(channel, payloadsOf(marker)[index]);
        ann.send(subscribe(index + 1, channel, { last: 1 }));
        await ann.first((frame) => frame.type === "batch" && frame.number === index + 1);
        expect(holds(ann, marker), JSON.stringify(payload)).toBe(true);
      }
    });

    it("who asks for a channel that he may not read, by subscribe, history, and forged positions", async () => {
      const marker = newMarker();
      const position = await vault.hide(secretChannel, marker);
      const [ann, eve] = [await join("ann"), await join("eve", eves)];
      await askForAll(ann, secretChannel);
      await askForAll(eve, secretChannel, forgedPositions(position));
      sayByNumber(eve);
      eve.send({
        type: "publish",
        id: 9_999_999,
        channel: secretChannel,
        producer: aFew.slice(0, 16),
        sequence: 1,
        previous: 0,
        payload: { kind: "text", data: aFew.slice(0, 1) },
        key: "",
      });
      expect(await eve.answer(9_999_999)).toMatchObject({ type: "rejected", code: "forbidden" });
      await vault.hide(secretChannel, marker);
      expect(eve.frames.filter(({ type }) => type === "subscribed" || type === "page")).toEqual([]);
      await expectOnlyAnn(ann, [eve], marker);
    });

    it("who asks for names that are like that of a channel that he may not read, and may have rights to them", async () => {
      const marker = newMarker();
      await vault.hide(secretChannel, marker);
      const relatives = relativesOf(secretChannel);
      const asPatterns = relatives.filter((name) => !/[*{}\s\u0000]|\.\.|^\.|\.$|^$/u.test(name));
      const verbs = ["subscribe", "publish", "history"] as const;
      const [ann, eve] = [await join("ann"), await join("eve", eves)];
      const like = await join(
        "like",
        asPatterns.map((pattern) => ({ pattern, verbs })),
      );
      await askForAll(ann, secretChannel);
      for (const name of relatives) {
        await askForAll(eve, name);
        await askForAll(like, name);
      }
      await vault.hide(secretChannel, marker);
      expect(like.frames.filter(({ type }) => type === "subscribed").length).toBeGreaterThan(10);
      await expectOnlyAnn(ann, [eve, like], marker);
    });

    it("who asks for the inbox of another user, under any name, with all capabilities", async () => {
      const marker = newMarker();
      await vault.hideInInbox("ann", marker);
      const ann = await join("ann");
      const all: Capability[] = ["**", "$user.**", "$user.ann", "*", "$inbox"].map((pattern) => ({
        pattern,
        verbs: ["subscribe", "publish", "history"],
      }));
      const others = [await join("eve", eves), await join("bob"), await join("mallory", all)];
      for (const user of ["Ann", "ANN", "\u0430nn", "ann\u200b", "an\u0301n", "ann.ann", "eve.ann", "\uff41nn"])
        others.push(await join(user));
      await askForAll(ann, "$inbox");
      for (const tap of others) {
        for (const name of userChannels("ann")) await askForAll(tap, name);
        sayByNumber(tap);
      }
      await vault.hideInInbox("ann", marker);
      await expectOnlyAnn(ann, others, marker);
    });

    it("who brings another's session identifier, a forged token, or another's token to his own connection", async () => {
      const marker = newMarker();
      await vault.hide(secretChannel, marker);
      await vault.hideInInbox("ann", marker);
      const annsToken = await vault.token("ann");
      const session = "anns-own-session-0123456789abcdef";
      const ann = await vault.tap(codec).connected(annsToken, session);
      await askForAll(ann, secretChannel);
      await askForAll(ann, "$inbox");

      const eve = await vault.tap(codec).connected(await vault.token("eve", { capabilities: eves }), session);
      await askForAll(eve, secretChannel);
      await askForAll(eve, "$inbox");

      const [header, payload, signature] = annsToken.split(".");
      const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
      const forgeries = [
        "",
        "ann",
        `${header}.${payload}.`,
        `${header}.${payload}`,
        `${none}.${payload}.`,
        `${none}.${payload}.${signature}`,
        `${header}.${payload}.${signature!.split("").toReversed().join("")}`,
        await vault.token("ann", { secret: "another secret, of the same length or about so" }),
        await vault.token("ann", { expiresAtSeconds: 1_000_000_000 }),
      ];
      const forgers = forgeries.map((token) => {
        const tap = vault.tap(codec);
        tap.send(
          { type: "connect", token, session, agent: "" },
          subscribe(1, secretChannel, { last: 1_000 }),
          subscribe(2, "$inbox", { last: 1_000 }),
          ...history(3, secretChannel),
          ...history(5, "$inbox"),
        );
        return tap;
      });
      for (const tap of forgers) await tap.ended();
      expect(forgers.map((tap) => tap.closeCode)).toEqual(
        forgeries.map((_, index) => (index === forgeries.length - 1 ? 4006 : 4503)),
      );
      expect(forgers.flatMap((tap) => tap.frames.map(({ type }) => type))).toEqual(forgeries.map(() => "error"));

      const changeling = await vault.tap(codec).connected(await vault.token("eve", { capabilities: eves }));
      changeling.send(
        { type: "authenticate", id: 1, token: annsToken },
        subscribe(2, secretChannel, { last: 1_000 }),
        subscribe(3, "$inbox", { last: 1_000 }),
        ...history(4, secretChannel),
        ...history(6, "$inbox"),
      );
      await changeling.ended();
      expect(changeling.closeCode).toBe(4503);
      await vault.hide(secretChannel, marker);
      await vault.hideInInbox("ann", marker);
      await expectOnlyAnn(ann, [eve, changeling, ...forgers], marker);
    });

    it("who has a grant that is another user's, another channel's, of later, or changed", async () => {
      const marker = newMarker();
      const grantOf = async (tap: Wiretap, id: number, channel: string, generation = 1): Promise<SubscribedFrame> => {
        tap.send(subscribe(id, channel, { generation }));
        return (await tap.answer(id)) as SubscribedFrame;
      };
      const [ann, bob, eve] = [await join("ann"), await join("bob", eves), await join("eve", eves)];
      const bobs = await grantOf(bob, 1, "live.room");
      const other = await grantOf(eve, 2, "live.other");
      expect(bobs.grant.length).toBeGreaterThan(0);
      const position = await vault.hide("live.room", marker);
      const own = await grantOf(eve, 3, "live.room");
      await askForAll(ann, "live.room");

      const changed = Array.from(own.grant, (_, index) =>
        own.grant.map((byte, at) => (at === index ? byte ^ 1 : byte)),
      );
      const grants = [
        bobs.grant,
        other.grant,
        own.grant,
        ...changed,
        aFew,
        new Uint8Array(own.grant.length),
        own.grant.subarray(1),
      ];
      let id = 100;
      let generation = 2;
      for (const grant of grants) {
        // Every offset below what her own grant covers, and those that would be resolved to below it.
        for (const { epoch, offset } of [
          { epoch: position.epoch, offset: 0 },
          { epoch: 0, offset: 0 },
          { epoch: position.epoch, offset: own.offset - 1 },
          ...forgedPositions(position),
        ]) {
          eve.send(subscribe(id, "live.room", { generation, position: { epoch, offset }, last: 100, grant }));
          await eve.answer(id);
          id += 1;
          generation += 1;
        }
      }
      // Bob, whose grant it is, may go back to where it began.
      bob.send(
        subscribe(9, "live.room", {
          generation: 2,
          position: { epoch: bobs.epoch, offset: bobs.offset },
          grant: bobs.grant,
        }),
      );
      await bob.answer(9);
      await bob.settled();
      await vault.close();
      expect(holds(ann, marker)).toBe(true);
      expect(holds(bob, marker)).toBe(true);
      expect(holds(eve, marker)).toBe(false);
    });

    it("who follows from now without the right to history, of what was published before him, and seeks below his grant", async () => {
      const [ann, eve] = [await join("ann"), await join("eve", eves)];
      ann.send(subscribe(1, "live.room", { last: 1_000 }));
      await ann.answer(1);
      const markers = new Map<number, string>();
      const hide = async (): Promise<number> => {
        const marker = newMarker();
        const { offset } = await vault.server.publish("live.room", { marker }, { key: marker });
        markers.set(offset, marker);
        return offset;
      };
      for (let round = 1; round <= 60; round += 1) {
        // Just before, in the same turn, and while the subscription is on its way.
        const before = await hide();
        const sameTurn = hide();
        const generation = 2 * round;
        eve.send(subscribe(round, "live.room", { generation }), ...history(1_000 + 2 * round, "live.room"));
        const meanwhile = Promise.all([sameTurn, hide(), hide()]);
        const subscribed = (await eve.answer(round)) as SubscribedFrame;
        expect(subscribed).toMatchObject({ type: "subscribed", generation });
        expect(subscribed.offset).toBeGreaterThanOrEqual(before);
        const { number, epoch, grant } = subscribed;
        for (const offset of [0, before - 1, before, subscribed.offset - 1]) {
          eve.send({ type: "seek", number, generation, offset });
          await eve.settled();
        }
        await meanwhile;
        // Out of the room, so that what is hidden next is for others; and back with what she got, to where it does not reach.
        eve.send({ type: "unsubscribe", number, generation });
        const position = { epoch, offset: subscribed.offset - 1 };
        eve.send(subscribe(5_000 + round, "live.room", { generation: generation + 1, position, grant }));
        expect(await eve.answer(5_000 + round)).toMatchObject({ type: "error", code: "forbidden" });
      }
      await eve.settled();
      // What she was sent stands in batches above the grant of its generation; whatever else was published must not be there.
      const grants = new Map(
        eve.frames.flatMap((frame) => (frame.type === "subscribed" ? [[frame.generation, frame.offset] as const] : [])),
      );
      const sent = new Set<number>();
      for (const frame of eve.frames) {
        if (frame.type !== "batch") continue;
        for (const { offset } of frame.messages) {
          expect(offset).toBeGreaterThan(grants.get(frame.generation)!);
          sent.add(offset);
        }
      }
      await vault.close();
      expect(sent.size).toBeLessThan(markers.size);
      for (const [offset, marker] of markers) {
        expect(holds(ann, marker), `Ann at ${offset}`).toBe(true);
        expect(holds(eve, marker), `Eve at ${offset}`).toBe(sent.has(offset));
      }
    });

    it("whose right was taken away by the application: by live delivery, resume, history, or what was asked before", async () => {
      const [before, sameTurn, after] = [newMarker(), newMarker(), newMarker()];
      const [ann, bob] = [await join("ann"), await join("bob")];
      ann.send(subscribe(1, "club.room", { last: 1_000 }));
      bob.send(subscribe(1, "club.room", { last: 1_000 }));
      const subscribed = (await bob.answer(1)) as SubscribedFrame;
      const position = await vault.hide("club.room", before);
      await bob.first((frame) => frame.type === "batch" && frame.to === position.offset);

      for (const verb of ["subscribe", "history"]) vault.forbidden.add(`bob ${verb} club.room`);
      const refreshed = vault.server.refresh("bob");
      const hidden = vault.hide("club.room", sameTurn);
      await Promise.all([refreshed, hidden]);
      expect(await bob.first((frame) => frame.type === "unsubscribed")).toMatchObject({
        code: "forbidden",
        offset: position.offset,
      });
      const { number } = subscribed;
      bob.send(
        { type: "seek", number, generation: 1, offset: 0 },
        { type: "credit", number, generation: 1, credit: 1_000_000 },
      );
      sayByNumber(bob);
      await vault.hide("club.room", after);
      // A generation above that of the grant that he had, from where he stood, and from everywhere else.
      let id = 10;
      for (const asked of [subscribed, position, ...forgedPositions(position)]) {
        const { epoch, offset } = asked;
        bob.send(subscribe(id, "club.room", { generation: id, position: { epoch, offset }, grant: subscribed.grant }));
        expect(await bob.answer(id)).toMatchObject({ type: "error", code: "forbidden" });
        id += 1;
      }
      bob.send(...history(id, "club.room"));
      expect(await bob.answer(id)).toMatchObject({ type: "error", code: "forbidden" });
      expect(await bob.answer(id + 1)).toMatchObject({ type: "error", code: "forbidden" });
      await vault.close();
      expect([before, sameTurn, after].map((marker) => holds(ann, marker))).toEqual([true, true, true]);
      expect([before, sameTurn, after].map((marker) => holds(bob, marker))).toEqual([true, false, false]);
    });

    it("whose fresh token no longer carries the right, whatever he asks in the same breath", async () => {
      const [before, after] = [newMarker(), newMarker()];
      const ann = await join("ann");
      const more: Capability[] = [...eves, { pattern: "club.**", verbs: ["subscribe", "history"] }];
      const eve = await join("eve", more);
      ann.send(subscribe(1, "club.room", { last: 1_000 }));
      eve.send(subscribe(1, "club.room", { last: 1_000 }));
      const { number } = (await eve.answer(1)) as SubscribedFrame;
      const position = await vault.hide("club.room", before);
      await eve.first((frame) => frame.type === "batch" && frame.to === position.offset);
      eve.send(
        { type: "authenticate", id: 2, token: await vault.token("eve", { capabilities: eves }) },
        subscribe(3, "club.other", { last: 1_000 }),
        subscribe(4, "club.room", { generation: 2, last: 1_000 }),
        subscribe(5, "club.third"),
        { type: "seek", number, generation: 1, offset: 0 },
      );
      expect(await eve.answer(2)).toMatchObject({ type: "authenticated" });
      for (const channel of ["club.room", "club.other", "club.third"]) await vault.hide(channel, after);
      sayByNumber(eve);
      await askForAll(eve, "club.third", forgedPositions(position));
      for (const channel of ["club.room", "club.other", "club.third"]) await vault.hide(channel, after);
      await vault.close();
      expect([before, after].map((marker) => holds(ann, marker))).toEqual([true, true]);
      expect([before, after].map((marker) => holds(eve, marker))).toEqual([true, false]);
    });

    it("whose token has expired", async () => {
      const ann = await join("ann");
      ann.send(subscribe(1, "club.room"));
      await ann.answer(1);
      const expiresAtSeconds = Math.floor(Date.now() / 1_000) + 2;
      const eve = await vault.tap(codec).connected(await vault.token("eve", { expiresAtSeconds }));
      eve.send(subscribe(1, "club.room"));
      await eve.answer(1);
      const early: string[] = [];
      const late: string[] = [];
      // Published without a pause, so that some stand right behind the moment.
      while (!eve.closed || late.length === 0) {
        const marker = newMarker();
        const expired = Date.now() >= expiresAtSeconds * 1_000;
        await vault.server.publish("club.room", { marker });
        (expired ? late : early).push(marker);
        await ann.settled();
      }
      await vault.close();
      expect(eve.closeCode).toBe(4006);
      expect(holds(eve, early[0]!)).toBe(true);
      expect(late.filter((marker) => !holds(ann, marker))).toEqual([]);
      expect(late.filter((marker) => holds(eve, marker))).toEqual([]);
    });
  },
);
