import { HawserError } from "@hawser/protocol";
import { ApiError, fieldsOf, requestInvalid } from "@hawser/server";
import type { ApiAnswer, ApiCall, Operation } from "@hawser/server";
import { isPoolName } from "../gateway-options.ts";
import type { GatewayPools, PoolFigures } from "../gateway-pools.ts";
import type { Pool } from "../pool/pool.ts";
import type { SharedPools } from "../shared-pools.ts";

const defaultDrainMs = 30_000;
const maxDrainMs = 86_400_000;

/**
 * The operations by which the pools of this node are seen, those of all nodes are put and removed, and this node's targets are
 * drained, while it runs.
 */
export function poolOperations(pools: GatewayPools, shared: SharedPools): readonly Operation[] {
  const named = (
    method: Operation["method"],
    name: string,
    path: string,
    scope: Operation["scope"],
    run: (call: ApiCall) => ApiAnswer | Promise<ApiAnswer>,
  ): Operation => ({ method, name, path, scope, query: [], run: async (call) => run(call) });
  return [
    named("GET", "pools", "pools", "observe", () => ({ status: 200, body: { pools: pools.figures } })),
    named("GET", "pool", "pools/{pool}", "observe", ({ path }) => ({ status: 200, body: figuresOf(pools, path) })),
    named("PUT", "putPool", "pools/{pool}", "pools", (call) => put(pools, shared, call)),
    named("DELETE", "removePool", "pools/{pool}", "pools", async ({ path }) => {
      refuseConfigured(shared, path);
      if (!shared.has(poolName(path))) throw poolUnknown(path);
      await shared.remove(poolName(path));
      return { status: 200, body: {} };
    }),
    named("POST", "drainTarget", "pools/{pool}/targets/{target}/drain", "pools", ({ path, body }) => {
      const { withinMs = defaultDrainMs } = fieldsOf(body ?? {}, ["withinMs"], "The body");
      if (!Number.isInteger(withinMs) || (withinMs as number) < 0 || (withinMs as number) > maxDrainMs)
        throw requestInvalid(`The body's withinMs must be an integer from 0 to ${maxDrainMs}.`);
      if (!targetsOf(pools, path).drain(path["target"] ?? "", withinMs as number)) throw targetUnknown(path);
      return { status: 200, body: figuresOf(pools, path) };
    }),
    named("POST", "restoreTarget", "pools/{pool}/targets/{target}/restore", "pools", ({ path, body }) => {
      fieldsOf(body ?? {}, [], "The body");
      if (!targetsOf(pools, path).restore(path["target"] ?? "")) throw targetUnknown(path);
      return { status: 200, body: figuresOf(pools, path) };
    }),
  ];
}

type Path = ApiCall["path"];

async function put(pools: GatewayPools, shared: SharedPools, { path, body }: ApiCall): Promise<ApiAnswer> {
  const name = poolName(path);
  if (!isPoolName(name)) throw requestInvalid("A pool's name has 1 to 64 letters, digits, ., - and _.");
  if (typeof body !== "object" || body === null)
    throw requestInvalid("The body must be a JSON object: a pool's options.");
  refuseConfigured(shared, path);
  const isNew = !shared.has(name);
  try {
    await shared.put(name, body);
  } catch (error) {
    if (error instanceof HawserError && error.code === "option-invalid") throw requestInvalid(error.message);
    throw error;
  }
  return { status: isNew ? 201 : 200, body: figuresOf(pools, path) };
}

/** Where both name a pool the file is right: what is written there is what somebody expects to find. */
function refuseConfigured(shared: SharedPools, path: Path): void {
  const name = poolName(path);
  if (!shared.isConfigured(name)) return;
  throw new ApiError(
    409,
    "pool-configured",
    `The pool ${JSON.stringify(name)} is one of this node's configuration: change it there, and reload.`,
  );
}

function figuresOf(pools: GatewayPools, path: Path): PoolFigures {
  const found = pools.figures.find(({ name }) => name === path["pool"]);
  if (found === undefined) throw poolUnknown(path);
  return found;
}

function targetsOf(pools: GatewayPools, path: Path): Pool {
  const found = pools.targetPool(poolName(path));
  if (found === undefined) throw poolUnknown(path);
  return found;
}

function poolName(path: Path): string {
  return path["pool"] ?? "";
}

function poolUnknown(path: Path): ApiError {
  return new ApiError(404, "pool-unknown", `There is no such pool ${JSON.stringify(poolName(path).slice(0, 64))}.`);
}

function targetUnknown(path: Path): ApiError {
  return new ApiError(
    404,
    "target-unknown",
    `The pool has no target ${JSON.stringify((path["target"] ?? "").slice(0, 128))}.`,
  );
}
