import { accessSync, constants } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "amqplib";
import { selfSigned } from "../../support/self-signed.ts";
import { findProgram, freePort, Program } from "../support/start-program.ts";

/** RabbitMQ's own script, which Debian's on the path wraps so that it runs as another user; `undefined`: it is not installed. */
export const rabbitmqServer = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server"].find(
  isExecutable,
);
/** Erlang's register of nodes; each broker here has its own. */
const epmd = findProgram("epmd");
const env = findProgram("env");

/** A RabbitMQ node of a test. */
export class RabbitmqServer {
  /** Where it speaks TLS, with the certificate of all tests. */
  readonly tlsPort: number;
  /** Where its management answers, if it has that. */
  readonly management: string;
  readonly #epmd: Program;
  readonly #broker: Program;

  private constructor(register: Program, broker: Program, tlsPort: number, managementPort: number) {
    this.#epmd = register;
    this.#broker = broker;
    this.tlsPort = tlsPort;
    this.management = `http://127.0.0.1:${managementPort}`;
  }

  /** Starts one, with the management plugin if it is to have that. It is ready when it has let somebody in. */
  static async start({ isManaged = false } = {}): Promise<RabbitmqServer> {
    const register = await Program.start({
      file: epmd!,
      commandLine: ({ port }) => ["-port", `${port}`, "-address", "127.0.0.1"],
    });
    const distributionPort = await freePort();
    const tlsPort = await freePort();
    const managementPort = await freePort();
    try {
      const broker = await Program.start({
        file: env!,
        // Set by `env`, which the broker then takes the place of: it is ended by the id that was started.
        commandLine: ({ folder, port }) => [
          ...Object.entries(settings(folder, port, register.port, distributionPort)).map(
            ([name, value]) => `${name}=${value}`,
          ),
          rabbitmqServer!,
        ],
        files: {
          "rabbitmq.conf": [
            `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
            "ssl_options.certfile = certificate.pem",
            "ssl_options.keyfile = key.pem",
            ...(isManaged ? ["management.tcp.ip = 127.0.0.1", `management.tcp.port = ${managementPort}`] : []),
          ].join("\n"),
          ...(isManaged ? { enabled_plugins: "[rabbitmq_management]." } : {}),
          "certificate.pem": selfSigned.cert,
          "key.pem": selfSigned.key,
        },
        isReady,
      });
      return new RabbitmqServer(register, broker, tlsPort, managementPort);
    } catch (error) {
      await register.remove();
      throw error;
    }
  }

  get port(): number {
    return this.#broker.port;
  }

  /** How many streams it has, by their folders. */
  async streams(): Promise<number> {
    return (await readdir(join(this.#broker.folder, "mnesia", "hawser@localhost", "stream")).catch(() => [])).length;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  start(): Promise<void> {
    return this.#broker.start();
  }

  /** In order: it tells its clients and closes its files. */
  stop(): Promise<void> {
    return this.#broker.stop();
  }

  /** `kill -9`. */
  kill(): Promise<void> {
    return this.#broker.kill();
  }

  async remove(): Promise<void> {
    await this.#broker.remove();
    await this.#epmd.remove();
  }
}

/** No file of the machine's is read, nor is one written outside the folder; nobody listens but on the loopback interface. */
function settings(folder: string, port: number, epmdPort: number, distributionPort: number): Record<string, string> {
  return {
    HOME: folder,
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "hawser@localhost",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "rabbitmq-env.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_LOGS: "-",
    // Threads of an idle Erlang spin for a while, which others on the machine feel.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "-kernel inet_dist_use_interface {127,0,0,1} -rabbit disk_free_limit 50000000 +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
    // Without a shell around it, so that a signal reaches the broker itself.
    RUNNING_UNDER_SYSTEMD: "true",
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    const model = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
    await model.close();
    return true;
  } catch {
    // To ask without a pause would take a core from the broker that boots.
    await pause(50);
    return false;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
