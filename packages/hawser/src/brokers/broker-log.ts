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
  kafka,
  kafkas: kafka,
  nats,
  "rabbitmq-stream": rabbitmq,
  "rabbitmq-stream+tls": rabbitmq,
  redis,
  rediss: redis,
  tls: nats,
};

/** The schemes, each with `://`, as messages name them. */
export const brokerSchemes: readonly string[] = Object.keys(brokers).map((scheme) => `${scheme}://`);

/** Whether a log's address is that of a broker: a URL, or one with a list of hosts, with one of {@link brokerSchemes}. */
export function isBrokerUrl(address: string): boolean {
  return Object.hasOwn(brokers, schemeOf(address));
}

/** Says loudly what a broker does not keep as it is set. */
export function warnOfBroker(settings: Pick<Settings, "log">, log: Log, printer: Pick<Printer, "note">): void {
  const place = settings.log.value;
  if (place === undefined || !isBrokerUrl(place) || log.capabilities.durabilities.includes("commit")) return;
  printer.note(`warning: ${withoutSecrets(place)} is set to keep messages in memory only: they are lost when it ends`);
}

/** The log that a broker keeps; not opened. Throws `option-invalid` for an address that the adapter refuses. */
export async function brokerLog(url: string): Promise<Log> {
  const scheme = schemeOf(url);
  const open = Object.hasOwn(brokers, scheme) ? brokers[scheme] : undefined;
  if (open === undefined) throw new HawserError("option-invalid", `no broker is reached by ${withoutSecrets(url)}`);
  return open(url);
}

async function kafka(url: string): Promise<Log> {
  const { kafkaLogAsSet } = await import("@hawser/log-kafka");
  return kafkaLogAsSet({ url });
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

/** The address as it may be shown: what stands in it for a user's password is left out. A list of hosts is no URL, and stays. */
export function withoutSecrets(address: string): string {
  return address.replace(/^([^:/?]+:\/\/[^/?@:]*):[^/?]*@/, "$1@");
}

/** What stands before `://`; empty where nothing does. */
function schemeOf(address: string): string {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase() ?? "";
}
