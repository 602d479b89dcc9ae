import type { Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Settings } from "../configuration/settings.ts";
import type { Printer } from "../output/printer.ts";

/** Makes the log of a broker from its address; the adapter's package is loaded here, so that only the one in use is. */
type OpenBroker = (url: string) => Promise<Log>;

/** The brokers that `--log` takes, by the scheme of their address. */
const brokers: Readonly<Record<string, OpenBroker>> = {
  amqp: rabbitmq,
  amqps: rabbitmq,
  nats,
  "rabbitmq-stream": rabbitmq,
  redis,
  rediss: redis,
  tls: nats,
};

/** The schemes, each with `://`, as messages name them. */
export const brokerSchemes: readonly string[] = Object.keys(brokers).map((scheme) => `${scheme}://`);

/** Whether a log's address is that of a broker: a URL with one of {@link brokerSchemes}. */
export function isBrokerUrl(address: string): boolean {
  return URL.canParse(address) && Object.hasOwn(brokers, new URL(address).protocol.slice(0, -1));
}

/** Says loudly what a broker does not keep as it is set. */
export function warnOfBroker(settings: Pick<Settings, "log">, log: Log, printer: Pick<Printer, "note">): void {
  const place = settings.log.value;
  if (place === undefined || !isBrokerUrl(place) || log.capabilities.durabilities.includes("commit")) return;
  printer.note(`warning: ${withoutSecrets(place)} is set to keep messages in memory only: they are lost when it ends`);
}

/** The log that a broker keeps; not opened. Throws `option-invalid` for an address that the adapter refuses. */
export async function brokerLog(url: string): Promise<Log> {
  const open = brokers[new URL(url).protocol.slice(0, -1)];
  if (open === undefined) throw new HawserError("option-invalid", `no broker is reached by ${withoutSecrets(url)}`);
  return open(url);
}

async function nats(url: string): Promise<Log> {
  const { natsLog, natsOptionsOf } = await import("@hawser/log-nats");
  return natsLog(natsOptionsOf(url));
}

async function rabbitmq(url: string): Promise<Log> {
  const { rabbitmqLog } = await import("@hawser/log-rabbitmq");
  return rabbitmqLog({ url });
}

async function redis(url: string): Promise<Log> {
  const { redisLogAsSet } = await import("@hawser/log-redis");
  return redisLogAsSet({ url });
}

/** The address as it may be shown: what stands in it for a user's password is left out. */
export function withoutSecrets(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.password === "") return address;
  url.password = "";
  return url.href;
}
