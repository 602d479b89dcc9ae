import type { Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";

/** Makes the log of a broker from its address; the adapter's package is loaded here, so that only the one in use is. */
type OpenBroker = (url: string) => Promise<Log>;

/** The brokers that `--log` takes, by the scheme of their address. */
const brokers: Readonly<Record<string, OpenBroker>> = {};

/** The schemes, each with `://`, as messages name them. */
export const brokerSchemes: readonly string[] = Object.keys(brokers).map((scheme) => `${scheme}://`);

/** Whether a log's address is that of a broker: a URL with one of {@link brokerSchemes}. */
export function isBrokerUrl(address: string): boolean {
  return URL.canParse(address) && Object.hasOwn(brokers, new URL(address).protocol.slice(0, -1));
}

/** The log that a broker keeps; not opened. Throws `option-invalid` for an address that the adapter refuses. */
export async function brokerLog(url: string): Promise<Log> {
  const open = brokers[new URL(url).protocol.slice(0, -1)];
  if (open === undefined) throw new HawserError("option-invalid", `no broker is reached by ${withoutSecrets(url)}`);
  return open(url);
}

/** The address as it may be shown: what stands in it for a user's password is left out. */
export function withoutSecrets(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.password === "") return address;
  url.password = "";
  return url.href;
}
