import { HawserError } from "@hawser/protocol";
import { Person } from "./person.ts";
import { openChatServer } from "./server.ts";

/** Ann moderates a room, bob is a guest in it. Prints what happens, and ends. */
export async function run(): Promise<void> {
  const server = await openChatServer("ann");
  const ann = new Person("ann", server.address, () => {});
  const bob = new Person("bob", server.address, (line) => print(`  bob reads   ${line}`));
  try {
    print(`A chat on Express, at ${server.address}`);
    await talk(ann, bob);
    await whisper(ann, bob);
    await refuse(bob);
    await cut(ann, bob);
    await ban(ann, bob);
  } finally {
    await Promise.all([ann.client.close(), bob.client.close()]);
    await server.close();
  }
  print("\nDone.");
}

async function talk(ann: Person, bob: Person): Promise<void> {
  print("\nTwo people in a room");
  await Promise.all([ann.enter("tea"), bob.enter("tea")]);
  await ann.say("tea", "Is anybody here?");
  await bob.hears("ann: Is anybody here?");
  await bob.say("tea", "I am.");
  await bob.hears("bob: I am.");
}

async function whisper(ann: Person, bob: Person): Promise<void> {
  print("\nA call, and an inbox that only bob can read");
  bob.openInbox();
  const { delivered } = await ann.client.call("whisper", { to: "bob", text: "The good cups are on the left." });
  print(`  ann's call  delivered: ${delivered}`);
  await bob.hears("ann whispers: The good cups are on the left.");
}

async function refuse(bob: Person): Promise<void> {
  print("\nWhat the contract or the server refuses");
  await fails("  bob says nothing at all:", bob.say("tea", ""));
  await fails("  bob bans ann:", bob.client.call("ban", { user: "ann", room: "tea" }));
}

async function cut(ann: Person, bob: Person): Promise<void> {
  print("\nBob's connection is cut in the middle, and both go on");
  for (let count = 1; count <= 3; count += 1) await ann.say("tea", `cup ${count}`);
  await bob.hears("ann: cup 3");
  bob.client.goOffline();
  print("  bob is away");
  const said = bob.say("tea", "I write this without a connection."); // waits in the outbox
  for (let count = 4; count <= 6; count += 1) await ann.say("tea", `cup ${count}`);
  bob.client.goOnline();
  await said;
  await bob.hears("bob: I write this without a connection.");
  const cups = bob.read.filter((line) => line.includes("cup "));
  const expected = [1, 2, 3, 4, 5, 6].map((count) => `ann: cup ${count}`);
  const whole = cups.join() === expected.join();
  print(`  bob has ${cups.length} of 6 cups, ${whole ? "each once, in order" : "NOT EACH ONCE AND IN ORDER"}`);
  if (!whole) process.exitCode = 1;
}

async function ban(ann: Person, bob: Person): Promise<void> {
  print("\nAnn takes bob's right to the room, while he is in it");
  const visit = await bob.enter("garden");
  await ann.say("garden", "Nice roses.");
  await bob.hears("ann: Nice roses.");
  await ann.client.call("ban", { user: "bob", room: "garden" });
  print(`  bob's subscription ended: ${await visit.ended}`);
  await ann.say("garden", "Bob cannot read this.");
  await fails("  bob says something:", bob.say("garden", "Why?"));
  if (bob.read.includes("ann: Bob cannot read this.")) throw new Error("bob has read what he may not read");
}

/** Prints the code of the error with which something is expected to fail. */
async function fails(what: string, attempt: Promise<unknown>): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    if (!(error instanceof HawserError)) throw error;
    print(`${what} ${error.code}`);
    return;
  }
  throw new Error(`${what} should have been refused`);
}

function print(line: string): void {
  console.log(line);
}
