import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import { readOnly } from "@hawser/log/broker";
import type { Bindings, BoundSource } from "@hawser/log/broker";
import { Connection } from "../connection/nats-connection.ts";
import type { NatsSettings } from "../nats-options.ts";
import { BoundReader } from "./bound-reader.ts";
import { BoundStream } from "./bound-stream.ts";
import { BoundWriter } from "./bound-writer.ts";
import type { CompiledBinding } from "./bindings.ts";

/** Channels that are bound to subjects of streams which others write. */
export function subjectBindings(bindings: readonly CompiledBinding[], settings: NatsSettings): Bindings {
  return {
    isBound: (channel) => bindings.some(({ subjectOf }) => subjectOf(channel) !== undefined),
    open: async (_own, ports) => {
      const connection = await Connection.open(settings, ports);
      const sources: BoundSubjects[] = [];
      try {
        for (const binding of bindings) {
          const stream = new BoundStream(binding, connection);
          await stream.hold(settings);
          sources.push(new BoundSubjects({ stream, connection, ports, settings }));
        }
      } catch (error) {
        await connection.close();
        throw error;
      }
      return {
        placeOf: (channel) => {
          for (const [index, { subjectOf }] of bindings.entries()) {
            const key = subjectOf(channel);
            if (key !== undefined) return { source: sources[index]!, key };
          }
          return undefined;
        },
        stop: () => {
          for (const source of sources) source.stop();
        },
        close: () => connection.close(),
      };
    },
  };
}

interface BoundSubjectsOptions {
  readonly stream: BoundStream;
  readonly connection: Connection;
  readonly ports: LogOpenOptions;
  readonly settings: NatsSettings;
}

/** The subjects of one binding. */
class BoundSubjects implements BoundSource {
  readonly #stream: BoundStream;
  readonly #reader: BoundReader;
  /** `undefined` where the binding is read only. */
  readonly #writer: BoundWriter | undefined;

  constructor({ stream, connection, ports, settings }: BoundSubjectsOptions) {
    const { maxBoundFollowed: maxFollowed, requestTimeoutMs: timeoutMs } = settings;
    this.#stream = stream;
    this.#reader = new BoundReader({ stream, connection, ports, maxFollowed, timeoutMs });
    const isWritten = stream.binding.mode === "both";
    this.#writer = isWritten ? new BoundWriter({ stream, connection, ports, settings }) : undefined;
  }

  async append(subject: string, append: Append): Promise<AppendOutcome> {
    return this.#writer?.append(subject, append) ?? readOnly(append.channel);
  }

  head(subject: string): Promise<Head> {
    return this.#stream.head(subject);
  }

  read(subject: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#stream.read(subject, after, options);
  }

  readBackward(subject: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#stream.readBackward(subject, through, options);
  }

  follow(channel: string, subject: string, handlers: FollowHandlers): Promise<Follower> {
    return this.#reader.follow(channel, subject, handlers);
  }

  stop(): void {
    this.#reader.close();
  }
}
