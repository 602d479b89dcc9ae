/** A reply of the type that the command has. */
export function expectType<Reply extends { readonly type: string }, Type extends Reply["type"]>(
  reply: Reply,
  type: Type,
): Extract<Reply, { readonly type: Type }> {
  if (reply.type !== type) throw new Error(`${reply.type} was answered, not ${type}`);
  return reply as Extract<Reply, { readonly type: Type }>;
}
