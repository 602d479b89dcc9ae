// Brings the jars of Apache Kafka for the tests of the log in it, by Maven, and prints "kafka: FOLDER". They lie outside the
// workspaces, where a test's support finds them; KAFKA_JARS names those of a Kafka that is installed (its folder `libs`).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Exact, since no lock file holds it. */
const version = "4.1.0";
const tmp = join(fileURLToPath(new URL("..", import.meta.url)), ".tmp");
const folder = join(tmp, `kafka-${version}`);

const found = process.env.KAFKA_JARS ? named() : existsSync(folder) || fetch() ? folder : undefined;
if (found === undefined || !runs("java", "-version")) {
  console.error("********************************************************************************");
  console.error("No Kafka was found and none could be fetched, or there is no Java to run it:");
  console.error("tests of the log in Kafka are SKIPPED.");
  console.error("Install a Java of version 17 or later and Maven (`apt-get install openjdk-17-jre-headless maven`),");
  console.error("or name the folder `libs` of a Kafka in KAFKA_JARS.");
  console.error("********************************************************************************");
  process.exitCode = process.env.CI === "true" ? 1 : 0;
} else {
  console.log(`kafka: ${found}`);
}

function named() {
  return existsSync(process.env.KAFKA_JARS) ? process.env.KAFKA_JARS : undefined;
}

function fetch() {
  if (!runs("java", "-version") || !runs("mvn", "-version")) install();
  mkdirSync(tmp, { recursive: true });
  const work = mkdtempSync(join(tmp, "kafka-"));
  writeFileSync(join(work, "pom.xml"), pom());
  console.log(`kafka: none found, fetching ${version} by Maven`);
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
  const args = ["-q", "-B", goal, `-DoutputDirectory=${join(work, "jars")}`];
  const result = spawnSync("mvn", args, { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
  // In one step, so that half of them is never taken for all.
  if (result.status === 0) renameSync(join(work, "jars"), folder);
  rmSync(work, { recursive: true, force: true });
  return existsSync(folder);
}

/** Debian's packages, where this process may. */
function install() {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !runs("apt-get", "--version")) return;
  console.log("kafka: no Java or Maven found, installing Debian's packages");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", "default-jre-headless", "maven"],
  ]) {
    spawnSync("apt-get", args, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  }
}

function runs(command, argument) {
  return spawnSync(command, [argument], { stdio: "ignore" }).status === 0;
}

function pom() {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>hawser</groupId>
  <artifactId>kafka-of-tests</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;
}
