import type { StoredPosition } from "@hawser/client";

/** What the page uses of `localStorage`. */
export interface KeptText {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What the page keeps from one visit to the next: a name, rooms, and through where each was read. */
export interface Settings {
  name: string;
  rooms: readonly string[];
  readonly read: (room: string) => StoredPosition | undefined;
  readonly setRead: (room: string, position: StoredPosition) => void;
}

const prefix = "hawser.";

/** The most rooms that are kept. */
export const maxRooms = 100;

/**
 * Keeps settings in `localStorage`. Where a browser refuses it, or holds what this page did not write, the page works
 * as on a first visit.
 */
export function settings(storage: KeptText | undefined): Settings {
  const readJson = (key: string): unknown => {
    try {
      return JSON.parse(storage?.getItem(prefix + key) ?? "null");
    } catch {
      return undefined;
    }
  };
  const write = (key: string, value: unknown): void => {
    try {
      storage?.setItem(prefix + key, JSON.stringify(value));
    } catch {
      // A full or forbidden storage: the next visit starts anew.
    }
  };
  return {
    get name() {
      const name = readJson("name");
      return typeof name === "string" ? name : "";
    },
    set name(name) {
      write("name", name);
    },
    get rooms() {
      const rooms = readJson("rooms");
      if (!Array.isArray(rooms)) return [];
      return rooms.filter((room): room is string => typeof room === "string" && room !== "").slice(0, maxRooms);
    },
    set rooms(rooms) {
      write("rooms", rooms.slice(0, maxRooms));
    },
    read(room) {
      const position = readJson(`read.${room}`);
      return isPosition(position) ? position : undefined;
    },
    setRead: (room, position) => write(`read.${room}`, position),
  };
}

function isPosition(value: unknown): value is StoredPosition {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, offset, grant } = value as Readonly<Record<string, unknown>>;
  return (
    Number.isSafeInteger(epoch) && Number.isSafeInteger(offset) && (grant === undefined || typeof grant === "string")
  );
}
