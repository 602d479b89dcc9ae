import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** The folder of one log, claimed by this process. */
export class DataFolder {
  readonly path: string;

  static async claim(path: string): Promise<DataFolder> {
    await mkdir(path, { recursive: true });
    return new DataFolder(path);
  }

  private constructor(path: string) {
    this.path = path;
  }

  get dataFile(): string {
    return join(this.path, "data.mdb");
  }

  async release(): Promise<void> {}
}
