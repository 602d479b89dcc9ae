import { createClient } from "@hawser/client";
import type { Client } from "@hawser/client";
import { cleanRoom } from "./formatting/names.ts";
import { settings as keptSettings } from "./model/settings.ts";
import type { KeptText } from "./model/settings.ts";
import { ChatSession, firstRoom } from "./session/chat-session.ts";
import { transports } from "./session/transports.ts";
import { AppView } from "./view/app-view.ts";
import { WelcomeView } from "./view/welcome-view.ts";

/** Whom the page connects as. A token stays in memory: it is never stored. */
type Credentials = { readonly kind: "name" | "token"; readonly value: string };

const settings = keptSettings(storage());
let session: ChatSession | undefined;
let drawn = false;

const app = new AppView({
  open: (room) => openRoom(room),
  join: (room) => openRoom(room),
  leave: (room) => session?.leave(room),
  send: (text) => {
    session?.send(text);
    app.timeline.toEnd();
  },
  draft: (text) => {
    if (session?.active !== undefined) session.active.draft = text;
  },
  sendAgain: (id) => session?.sendAgain(id),
  discard: (id) => session?.discard(id),
  loadOlder: () => session?.loadOlder(),
  atEnd: () => look(),
  retry: () => session?.connection.retry(),
  cut: () => session?.connection.cut(),
  cutOne: (id) => session?.connection.cutOne(id),
  goOffline: () => session?.connection.goOffline(),
  goOnline: () => session?.connection.goOnline(),
  changeName: () => welcome.ask({ kind: "name", suggestion: settings.name, problem: undefined }, true),
});
const welcome = new WelcomeView((answer) => void enter(answer));

document.querySelector("#app")?.append(app.root, welcome.root);
window.addEventListener("hashchange", () => openRoom(roomOfAddress() ?? firstRoom));
window.addEventListener("beforeunload", (event) => {
  if ((session?.open ?? 0) > 0) event.preventDefault();
});
for (const name of ["focus", "blur"] as const) window.addEventListener(name, look);
document.addEventListener("visibilitychange", look);
setInterval(tick, 1000);

if (settings.name === "") welcome.ask({ kind: "name", suggestion: "", problem: undefined }, false);
else void enter({ kind: "name", value: settings.name });

/** Begins a session as somebody; one that there was ends. */
async function enter(credentials: Credentials): Promise<void> {
  const former = session;
  const room = former?.active?.name ?? roomOfAddress() ?? settings.rooms[0] ?? firstRoom;
  session = undefined;
  await former?.close();
  if (credentials.kind === "name") settings.name = credentials.value;
  const client = createClient({
    url: endpoint(),
    token: credentials.value,
    connections: connectionCount(),
    connector: transports(`${credentials.kind} ${credentials.value}`),
  });
  client.addEventListener("error", ({ error }) => refused(client, credentials, error));
  session = new ChatSession({
    client,
    settings,
    name: credentials.kind === "name" ? credentials.value : "",
    onChange: draw,
  });
  openRoom(room);
}

/** The server does not want this client: the reader can come as somebody else. */
function refused(client: Client, credentials: Credentials, error: Error & { readonly code?: unknown }): void {
  if (client.status.state !== "closed") return;
  if (error.code !== "token-invalid" && error.code !== "token-expired") return;
  const looksLikeJwt = credentials.kind === "token" || !/name/i.test(error.message);
  if (looksLikeJwt) welcome.ask({ kind: "token", problem: error.message }, false);
  else welcome.ask({ kind: "name", suggestion: credentials.value, problem: error.message }, false);
}

function openRoom(name: string): void {
  if (session === undefined) return;
  session.openRoom(name);
  const address = `#${encodeURIComponent(name)}`;
  if (location.hash !== address) history.replaceState(null, "", address);
  app.composer.focus();
}

function roomOfAddress(): string | undefined {
  try {
    return cleanRoom(decodeURIComponent(location.hash)) || undefined;
  } catch {
    return undefined;
  }
}

function look(): void {
  session?.look({ atEnd: app.timeline.atEnd, present: document.visibilityState === "visible" && document.hasFocus() });
}

function tick(): void {
  if (document.visibilityState === "visible") {
    session?.connection.measure();
    session?.gateway.look();
  }
  draw();
}

/** Draws once for all changes of a moment. A page in the background draws seldom, and does not wait for a frame. */
function draw(): void {
  if (drawn) return;
  drawn = true;
  const now = (): void => {
    drawn = false;
    drawNow();
  };
  if (document.visibilityState === "visible") requestAnimationFrame(now);
  else setTimeout(now, 200);
}

function drawNow(): void {
  if (session === undefined) return;
  const { me, rooms, active } = session;
  app.update({
    me,
    rooms,
    active,
    connection: session.connection.facts(),
    pools: session.gateway.pools,
    now: Date.now(),
  });
  const unread = rooms.reduce((sum, room) => sum + room.unread(me), 0);
  const title = active === undefined ? "Hawser" : `#${active.name} – Hawser`;
  document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${title}` : title;
}

/** Who serves the page writes the path of its WebSocket on the root element. */
function endpoint(): string {
  const url = new URL(document.documentElement.dataset["endpoint"] ?? "/hawser", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = url.search = "";
  return url.href;
}

/** How many connections the session has: two, so that the loss of one is not seen; or what the address asks for. */
function connectionCount(): number {
  const asked = Number(new URLSearchParams(location.search).get("connections"));
  return Number.isInteger(asked) && asked >= 1 && asked <= 16 ? asked : 2;
}

function storage(): KeptText | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
