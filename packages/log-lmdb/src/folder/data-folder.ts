import { access, constants, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HawserError } from "@hawser/protocol";
import { FolderLock } from "./folder-lock.ts";
import { inspectDataFile } from "./inspect-data-file.ts";

const markerName = "hawser-log";
/** Stands in the marker file. The number is that of the layout of the folder. */
const marker = "hawser-log-lmdb 1\n";

/** The folder of one log, claimed by this process: nobody else writes in it until it is released. */
export class DataFolder {
  readonly path: string;
  readonly #lock: FolderLock;

  /**
   * Makes the folder if need be, and makes sure that it is a log's and that LMDB can open what is in it.
   *
   * @throws HawserError `option-invalid`, `log-foreign`, `log-locked`, `log-corrupt` or `log-full`.
   */
  static async claim(given: string): Promise<DataFolder> {
    const path = resolve(given);
    try {
      await mkdir(path, { recursive: true });
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
      await mark(path);
      const folder = new DataFolder(path, await FolderLock.acquire(join(path, "lock.mdb")));
      await folder.#inspect();
      return folder;
    } catch (error) {
      throw folderError(error, path);
    }
  }

  private constructor(path: string, lock: FolderLock) {
    this.path = path;
    this.#lock = lock;
  }

  get dataFile(): string {
    return join(this.path, "data.mdb");
  }

  release(): Promise<void> {
    return this.#lock.release();
  }

  async #inspect(): Promise<void> {
    const state = inspectDataFile(this.dataFile);
    if (state.kind !== "damaged") return;
    await this.release();
    throw new HawserError(
      "log-corrupt",
      `${this.dataFile} is damaged: ${state.reason}. Restore an older copy of the folder, or begin with an empty one`,
    );
  }
}

/** Writes the marker into a folder that is empty; refuses one that holds anything else and no marker. */
async function mark(path: string): Promise<void> {
  const file = join(path, markerName);
  const found = await readMarker(file);
  if (found === marker) return;
  if (found !== undefined) {
    const what = found.startsWith("hawser-log-lmdb ") ? "a log of another version" : "something else";
    throw new HawserError("log-foreign", `${path} holds ${what}; give the log a folder of its own`);
  }
  const others = (await readdir(path)).filter((name) => !isHarmless(name));
  if (others.length > 0) {
    throw new HawserError(
      "log-foreign",
      `${path} holds other files (${others.slice(0, 3).join(", ")}); give the log a folder of its own`,
    );
  }
  // Whole or not at all, also when this process is killed in between.
  const draft = join(path, `.${markerName}-${process.pid}`);
  await writeFile(draft, marker);
  await rename(draft, file);
}

async function readMarker(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** What a new file system, or a tool, leaves in an empty folder. */
function isHarmless(name: string): boolean {
  return name.startsWith(".") || name === "lost+found";
}

function folderError(error: unknown, path: string): unknown {
  if (error instanceof HawserError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new HawserError("log-full", `no room in ${path}: ${message}`, { retry: true, cause: error });
  }
  return new HawserError("option-invalid", `${path} is not a folder that this process can write: ${message}`, {
    cause: error,
  });
}
