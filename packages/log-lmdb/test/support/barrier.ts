import type { Log } from "@hawser/log";

/** Waits until the log has done what it was asked for before: by an append that changes nothing, and waits its turn. */
export async function barrier(log: Log): Promise<void> {
  const [outcome] = await log.append([
    {
      channel: "nobody",
      producer: "nobody",
      sequence: 2,
      previous: 1,
      payload: { kind: "text", data: new Uint8Array() },
      key: "",
      publisher: "",
    },
  ]);
  if (outcome?.kind !== "producer-unknown" && outcome?.kind !== "failed")
    throw new Error("the barrier appended something");
}
