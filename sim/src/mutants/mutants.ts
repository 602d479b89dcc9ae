import type { Append } from "@hawser/log";
import type { BatchFrame } from "@hawser/protocol";
import type { Mutation } from "../world/world.ts";
import { alterDown, alterUp, everyTime } from "./alter-frames.ts";
import { alteredLog } from "./altered-log.ts";
import type { LogAlterations } from "./altered-log.ts";

/** A deliberate fault: the product with it breaks a promise, which the simulator has to find. */
export interface Mutant {
  readonly name: string;
  /** Made anew for each world. */
  readonly make: () => Mutation;
}

const onLog =
  (make: () => LogAlterations): (() => Mutation) =>
  () => {
    const alterations = make();
    return { wrapLog: (log) => alteredLog(log, alterations) };
  };

const withoutProducer = (append: Append): Append => ({ ...append, producer: "", sequence: 0, previous: 0 });

/** Faults in what travels, in what the log answers, and in who may what. */
export const mutants: readonly Mutant[] = [
  {
    name: "a batch leaves out a message of its interval",
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
    name: "a batch begins below the cursor, over one that was lost",
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
    name: "a batch comes again under new offsets",
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
    name: "a publish is acknowledged and not appended",
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
    name: "the log does not know who published what before",
    make: onLog(() => ({ append: (appends, log) => log.append(appends.map(withoutProducer)) })),
  },
  {
    name: "the log appends in another order",
    make: onLog(() => ({
      append: async (appends, log) => (await log.append(appends.map(withoutProducer).toReversed())).toReversed(),
    })),
  },
  {
    name: "the log does not tell that it was trimmed",
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
    name: "the log does not tell how far it went back",
    make: onLog(() => ({
      head: (head) => ({ ...head, lineage: head.lineage.map(({ epoch }) => ({ epoch, start: 1_000_000 })) }),
    })),
  },
  {
    name: "the log tells its followers of less than it has",
    make: onLog(() => {
      const due = everyTime(40);
      return { entries: (entries) => (due() ? entries.slice(1) : entries) };
    }),
  },
  {
    name: "one user's inbox is another's",
    make: onLog(() => ({ channel: (name) => (name === "$user.ben" ? "$user.ann" : name) })),
  },
  {
    name: "everybody may read everything",
    make: () => ({
      onWorld: ({ rights }) => {
        rights.authorize = () => true;
      },
    }),
  },
  {
    name: "a subscription resumes one message too late",
    make: () => ({
      onWorld: (world) =>
        alterUp(world, (frame) => {
          if (frame.type !== "subscribe" || frame.position === undefined || frame.position.epoch === 0) return [frame];
          return [{ ...frame, position: { ...frame.position, offset: frame.position.offset + 1 } }];
        }),
    }),
  },
  {
    name: "a publish is answered with another's position",
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
    name: "a publish that was appended is answered as rejected",
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
    name: "what was trimmed is told one message too wide",
    make: () => ({
      onWorld: (world) =>
        alterDown(world, (frame) => {
          if (frame.type !== "reset" || frame.lost === undefined) return [frame];
          return [{ ...frame, offset: frame.offset + 1, lost: { from: frame.lost.from, to: frame.lost.to + 1 } }];
        }),
    }),
  },
  {
    name: "answers to publishes are lost on a connection that lives",
    make: () => {
      const due = everyTime(40);
      return { onWorld: (world) => alterDown(world, (frame) => (frame.type === "published" && due() ? [] : [frame])) };
    },
  },
  {
    name: "a call is sent twice",
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
