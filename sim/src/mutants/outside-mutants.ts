import type { Append } from "@hawser/log";
import type { BatchFrame } from "@hawser/protocol";
import type { Mutation } from "../world/world.ts";
import type { OutsideMutant } from "./mutant.ts";
import { alterDown, alterUp, everyTime } from "./alter-frames.ts";
import { alteredLog } from "./altered-log.ts";
import type { LogAlterations } from "./altered-log.ts";

const onLog =
  (make: () => LogAlterations): (() => Mutation) =>
  () => {
    const alterations = make();
    return { wrapLog: (log) => alteredLog(log, alterations) };
  };

const withoutProducer = (append: Append): Append => ({ ...append, producer: "", sequence: 0, previous: 0 });

/** Faults in what travels, in what the log answers, and in who may what. */
export const outsideMutants: readonly OutsideMutant[] = [
  {
    kind: "outside",
    id: "batch-leaves-a-message-out",
    sentence: "a batch leaves out a message of its interval",
    make: () => {
      const due = everyTime(30);
      const edit = (frame: BatchFrame): BatchFrame => (due() ? { ...frame, messages: frame.messages.slice(1) } : frame);
      return {
        onWorld: (world) =>
          alterDown(world, (frame) => [frame.type === "batch" && frame.messages.length > 0 ? edit(frame) : frame]),
      };
    },
  },
  {
    kind: "outside",
    id: "batch-hides-a-lost-one",
    sentence: "a batch begins below the cursor, over one that was lost",
    make: () => {
      const due = everyTime(30);
      let lost: BatchFrame | undefined;
      return {
        onWorld: (world) =>
          alterDown(world, (frame) => {
            if (frame.type !== "batch" || frame.messages.length === 0) return [frame];
            if (due()) {
              lost = frame;
              return [];
            }
            const hidden =
              lost?.number === frame.number && lost.generation === frame.generation && lost.to === frame.from;
            return [hidden ? { ...frame, from: lost!.from } : frame];
          }),
      };
    },
  },
  {
    kind: "outside",
    id: "batch-comes-again-above",
    sentence: "a batch comes again under new offsets",
    make: () => {
      const due = everyTime(30);
      return {
        onWorld: (world) =>
          alterDown(world, (frame) => {
            if (frame.type !== "batch" || frame.messages.length === 0 || !due()) return [frame];
            const messages = frame.messages.map((message) => ({ ...message, offset: message.offset + 500 }));
            return [frame, { ...frame, from: frame.to, to: frame.to + 500, messages }];
          }),
      };
    },
  },
  {
    kind: "outside",
    id: "acknowledged-and-not-appended",
    sentence: "a publish is acknowledged and not appended",
    make: onLog(() => {
      const due = everyTime(40);
      return {
        append: async (appends, log) => {
          if (!due()) return log.append(appends);
          const heads = await Promise.all(appends.map(({ channel }) => log.head(channel)));
          return heads.map(({ epoch, end }) => ({ kind: "accepted", epoch, offset: end + 1 }));
        },
      };
    }),
  },
  {
    kind: "outside",
    id: "log-knows-no-producers",
    sentence: "the log does not know who published what before",
    make: onLog(() => ({ append: (appends, log) => log.append(appends.map(withoutProducer)) })),
  },
  {
    kind: "outside",
    id: "log-appends-in-another-order",
    sentence: "the log appends in another order",
    make: onLog(() => ({
      append: async (appends, log) => (await log.append(appends.map(withoutProducer).toReversed())).toReversed(),
    })),
  },
  {
    kind: "outside",
    id: "log-hides-its-trims",
    sentence: "the log does not tell that it was trimmed",
    make: onLog(() => ({
      head: (head) => ({ ...head, floor: 0 }),
      page: (page, asked) => ({
        ...page,
        floor: 0,
        interval: { from: Math.min(asked, page.interval.to), to: page.interval.to },
      }),
      floor: () => undefined,
    })),
  },
  {
    kind: "outside",
    id: "log-hides-how-far-it-went-back",
    sentence: "the log does not tell how far it went back",
    make: onLog(() => ({
      head: (head) => ({ ...head, lineage: head.lineage.map(({ epoch }) => ({ epoch, start: 1_000_000 })) }),
    })),
  },
  {
    kind: "outside",
    id: "log-tells-followers-less",
    sentence: "the log tells its followers of less than it has",
    make: onLog(() => {
      const due = everyTime(40);
      return { entries: (entries) => (due() ? entries.slice(1) : entries) };
    }),
  },
  {
    kind: "outside",
    id: "inbox-of-another",
    sentence: "one user's inbox is another's",
    make: onLog(() => ({ channel: (name) => (name === "$user.ben" ? "$user.ann" : name) })),
  },
  {
    kind: "outside",
    id: "everybody-may-read-everything",
    sentence: "everybody may read everything",
    make: () => ({
      onWorld: ({ rights }) => {
        rights.authorize = () => true;
      },
    }),
  },
  {
    kind: "outside",
    id: "resume-off-by-one",
    sentence: "a subscription resumes one message too late",
    make: () => ({
      onWorld: (world) =>
        alterUp(world, (frame) => {
          if (frame.type !== "subscribe" || frame.position === undefined || frame.position.epoch === 0) return [frame];
          return [{ ...frame, position: { ...frame.position, offset: frame.position.offset + 1 } }];
        }),
    }),
  },
  {
    kind: "outside",
    id: "position-of-another",
    sentence: "a publish is answered with another's position",
    make: () => {
      const due = everyTime(40);
      return {
        onWorld: (world) =>
          alterDown(world, (frame) => {
            if (frame.type !== "published" || frame.position === undefined || !due()) return [frame];
            return [{ ...frame, position: { ...frame.position, offset: frame.position.offset + 1 } }];
          }),
      };
    },
  },
  {
    kind: "outside",
    id: "appended-and-rejected",
    sentence: "a publish that was appended is answered as rejected",
    make: () => {
      const due = everyTime(40);
      return {
        onWorld: (world) =>
          alterDown(world, (frame) => {
            if (frame.type !== "published" || !due()) return [frame];
            return [
              {
                type: "rejected",
                id: frame.id,
                code: "forbidden",
                message: "",
                retry: false,
                retryAfterMs: 0,
                last: 0,
              },
            ];
          }),
      };
    },
  },
  {
    kind: "outside",
    id: "trim-told-too-wide",
    sentence: "what was trimmed is told one message too wide",
    make: () => ({
      onWorld: (world) =>
        alterDown(world, (frame) => {
          if (frame.type !== "reset" || frame.lost === undefined) return [frame];
          return [{ ...frame, offset: frame.offset + 1, lost: { from: frame.lost.from, to: frame.lost.to + 1 } }];
        }),
    }),
  },
  {
    kind: "outside",
    id: "answers-lost",
    sentence: "answers to publishes are lost on a connection that lives",
    make: () => {
      const due = everyTime(40);
      return { onWorld: (world) => alterDown(world, (frame) => (frame.type === "published" && due() ? [] : [frame])) };
    },
  },
  {
    kind: "outside",
    id: "call-sent-twice",
    sentence: "a call is sent twice",
    make: () => {
      const due = everyTime(5);
      return {
        onWorld: (world) =>
          alterUp(world, (frame) =>
            frame.type === "call" && due() ? [frame, { ...frame, id: frame.id + 1_000_000 }] : [frame],
          ),
      };
    },
  },
];

/** Makes an outside mutant's faults for one world; none for no name, and for one that is in the product's own code. */
export function outsideMutation(id: string | undefined): Mutation | undefined {
  return outsideMutants.find((mutant) => mutant.id === id)?.make();
}
