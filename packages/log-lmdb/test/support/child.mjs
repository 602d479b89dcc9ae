// A process of its own, for tests that kill it: `node child.mjs COMMAND JSON`. It runs what was built, not the sources.
import { systemPorts } from "@hawser/protocol";
import { lmdbLog } from "@hawser/log-lmdb";

const [, , command, json] = process.argv;
const options = JSON.parse(json);
const ports = systemPorts();
const encoder = new TextEncoder();

/** Pipes are written at once: what was said before a kill is heard. */
function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** The durability of a channel is the first part of its name. */
function policyOf(channel) {
  return {
    durability: channel.split(".")[0],
    retainCount: options.retainCount ?? 1_000_000,
    retainBytes: options.retainBytes ?? 1e12,
    retainAgeMs: 1e12,
    deduplicateMs: 1e12,
  };
}

function append({ channel, producer, sequence }, bytes = 0) {
  const data = encoder.encode(`${producer}-${sequence}`.padEnd(bytes, " "));
  return {
    channel,
    producer,
    sequence,
    previous: sequence - 1,
    payload: { kind: "text", data },
    key: "",
    publisher: "",
  };
}

async function openLog() {
  const log = lmdbLog({ path: options.path, ...options.limits });
  try {
    await log.open({ policyOf, ...ports });
  } catch (error) {
    say({ kind: "refused", code: error.code, message: error.message });
    process.exit(0);
  }
  say({ kind: "open", epoch: (await log.head("commit.none")).epoch });
  return log;
}

const commands = {
  /** Opens, and stays. */
  async hold() {
    await openLog();
    setInterval(() => {}, 1_000);
  },

  /** Opens, reads what there is, and closes. */
  async visit() {
    const log = await openLog();
    try {
      for (const channel of options.channels) {
        const page = await log.read(channel, 0, { maxCount: 1e9, maxBytes: 1e12 });
        say({ kind: "page", channel, count: page.entries.length });
      }
      await log.append(options.channels.map((channel) => append({ channel, producer: "visitor", sequence: 1 })));
    } catch (error) {
      say({ kind: "refused", code: error.code, message: error.message });
    }
    await log.close();
    say({ kind: "closed" });
  },

  /** Publishes for each producer from its next sequence on, several calls at a time, until it is killed. */
  async write() {
    const log = await openLog();
    const run = async (producer) => {
      for (let sequence = producer.next; ;) {
        const count = 1 + Math.floor(ports.random.number() * 5);
        const sequences = Array.from({ length: count }, (_, index) => sequence + index);
        const outcomes = await log.append(
          sequences.map((each) =>
            append({ ...producer, sequence: each }, ports.random.number() ** 4 * (options.bytes ?? 0)),
          ),
        );
        outcomes.forEach((outcome, index) =>
          say({
            kind: "outcome",
            channel: producer.channel,
            producer: producer.producer,
            sequence: sequences[index],
            outcome,
          }),
        );
        sequence += count;
      }
    };
    for (const producer of options.producers) void run(producer);
  },

  /** Publishes until the disk is full, then goes on trying; tells each change. */
  async fill() {
    const log = await openLog();
    let sequence = 1;
    let last = "";
    for (;;) {
      const [outcome] = await log.append([append({ channel: "commit.a", producer: "p", sequence }, options.bytes)]);
      const kind = outcome.kind === "failed" ? outcome.code : outcome.kind;
      if (kind !== last) say({ kind, sequence, head: await log.head("commit.a"), outcome });
      last = kind;
      if (kind === "accepted") sequence += 1;
    }
  },
};

await commands[command]();
