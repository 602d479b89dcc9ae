// Finds a program that tests need, and installs Debian's package when it is not there and this process may.
// Prints "NAME: PATH", or says loudly what will be skipped.
//
//   node scripts/ensure-program.mjs chromium
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** `variable` names one that is to be used; `tests` are those that cannot do without. */
const programs = {
  chromium: {
    commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    variable: "CHROMIUM",
    tests: "tests of the page",
  },
  haproxy: { commands: ["haproxy"], variable: undefined, tests: "tests behind HAProxy" },
  nginx: { commands: ["nginx"], variable: undefined, tests: "tests behind nginx" },
  "redis-server": {
    commands: ["redis-server", "valkey-server"],
    variable: undefined,
    tests: "tests of the log in Redis",
  },
  "nats-server": { commands: ["nats-server"], variable: "NATS_SERVER", tests: "tests of the log in NATS" },
  curl: { commands: ["curl"], variable: undefined, tests: "tests of the guide for back ends" },
  python3: { commands: ["python3"], variable: undefined, tests: "tests of the guide for back ends" },
  php: { package: "php-cli", commands: ["php"], variable: undefined, tests: "tests of the guides in PHP" },
  "rabbitmq-server": { commands: ["rabbitmq-server"], variable: undefined, tests: "tests of the log in RabbitMQ" },
  mosquitto: { commands: ["mosquitto"], variable: undefined, tests: "tests of MQTT through the gateway" },
  ip: { package: "iproute2", commands: ["ip"], variable: undefined, tests: "tests of parted networks" },
};

const [name = ""] = process.argv.slice(2);
const program = programs[name];
if (program === undefined) throw new Error(`one of ${Object.keys(programs).join(", ")}, not "${name}"`);
const debianPackage = program.package ?? name;
/** Where the system's own are may not be on a user's path. */
const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];

const path = find() ?? install();
if (path === undefined) {
  const named = program.variable === undefined ? "" : `, or name it in ${program.variable}`;
  console.error("********************************************************************************");
  console.error(`No ${name} was found and none could be installed: ${program.tests} are SKIPPED.`);
  console.error(`Install it (\`apt-get install ${debianPackage}\`)${named}.`);
  console.error("********************************************************************************");
  process.exitCode = process.env.CI === "true" ? 1 : 0;
} else {
  console.log(`${name}: ${path}`);
}

function find() {
  const named = program.variable === undefined ? undefined : process.env[program.variable];
  if (named !== undefined && named !== "") return isExecutable(named) ? named : undefined;
  return firstOf(program.commands);
}

function install() {
  const mayInstall = process.platform === "linux" && process.getuid?.() === 0 && firstOf(["apt-get"]) !== undefined;
  if (!mayInstall) return undefined;
  console.log(`${name}: none found, installing Debian's package`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", debianPackage],
  ]) {
    const result = spawnSync("apt-get", args, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
    if (result.status !== 0) return undefined;
  }
  return find();
}

function firstOf(commands) {
  const files = folders.flatMap((folder) => commands.map((command) => join(folder, command)));
  return files.find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
