import type { HawserServer } from "@hawser/server";
import { withoutSecrets } from "../brokers/broker-log.ts";
import type { ConfigFile } from "../configuration/config-file.ts";
import type { Settings } from "../configuration/settings.ts";
import type { Style } from "../output/style.ts";
import { version } from "../version.ts";

/** What `hawser serve` says when it listens, line by line. */
export function announcement(
  server: Pick<HawserServer, "url" | "tcpUrl">,
  settings: Settings,
  file: ConfigFile,
  style: Style,
): readonly string[] {
  const { url } = server;
  const page = new URL("/", url.replace(/^ws/, "http")).href;
  const anonymous = isAnonymous(settings, file);
  const rows: (readonly [string, string])[] = [
    ...(settings.page.value ? [["Page", style("bold", page)] as const] : []),
    ["Clients", url],
    ...(settings.tcpPort.value === undefined ? [] : [["Programs", server.tcpUrl] as const]),
    ["Data", dataText(settings, file)],
    ...(settings.workers.value === 1 ? [] : [["Workers", String(settings.workers.value)] as const]),
    [
      "Who",
      anonymous
        ? style("yellow", "ANONYMOUS - everybody who reaches this port may do everything,")
        : whoText(settings, file),
    ],
    ...(anonymous
      ? [["", style("yellow", "under any name; --secret-file FILE lets in only those with a token")] as const]
      : []),
    ["Where", whereText(settings)],
  ];
  return ["", `Hawser ${version()} is ready`, "", ...rows.map(([title, text]) => `  ${title.padEnd(9)}${text}`), ""];
}

/** Nobody has to prove who he is. */
function isAnonymous(settings: Settings, file: ConfigFile): boolean {
  return settings.secret.value === undefined && file.config.authenticate === undefined;
}

function dataText(settings: Settings, file: ConfigFile): string {
  const { log } = file.config;
  if (settings.log.value !== undefined) return `the log of ${withoutSecrets(settings.log.value)}`;
  if (typeof log === "object") return `the log of ${file.name} (${log.capabilities.name})`;
  return settings.memory.value ? "in memory: gone when this process ends" : settings.data.value;
}

function whoText(settings: Settings, file: ConfigFile): string {
  return settings.secret.value === undefined
    ? `authenticate of ${file.name}`
    : `tokens, signed with the secret of ${settings.secret.from}`;
}

function whereText(settings: Settings): string {
  const host = settings.host.value;
  const local = host === "localhost" || host === "::1" || host.startsWith("127.");
  return local ? `this machine only; --host 0.0.0.0 lets others in` : `whoever reaches ${host}`;
}
