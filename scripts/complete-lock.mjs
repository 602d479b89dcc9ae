// Adds to package-lock.json the optional packages of other platforms that npm left out. `npm ci` refuses a lock file
// without them, and npm leaves them out whenever it cannot fetch them, or has made the lock from an installed tree
// (https://github.com/npm/cli/issues/4828). Run it after a dependency was added or updated.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(file, "utf8"));

/** A name ends in `os-cpu`, with the C library behind it where there are two: `@oxlint/binding-linux-x64-musl`. */
const platform = /[/-](?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>[a-z0-9]+)(?:-(?<abi>[a-z]+))?$/;
let added = 0;

for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || lock.packages[`${path}/${key}`] !== undefined) continue;
    const match = platform.exec(name);
    if (match === null || !/^\d/.test(version)) {
      console.error(`${path}: ${name}@${version} is not in the lock file, and no platform can be read from its name`);
      process.exitCode = 1;
      continue;
    }
    const { os, cpu, abi } = match.groups;
    lock.packages[key] = {
      version,
      cpu: [cpu],
      ...(entry.dev === true ? { dev: true } : {}),
      ...(os === "linux" && abi !== undefined ? { libc: [abi.startsWith("musl") ? "musl" : "glibc"] } : {}),
      license: entry.license,
      optional: true,
      os: [os],
      ...(entry.engines === undefined ? {} : { engines: entry.engines }),
    };
    added += 1;
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`complete-lock: ${added} packages added`);
