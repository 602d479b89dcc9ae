import { createHash } from "node:crypto";
import { appendSource } from "./append.ts";
import { boundSource } from "./bound.ts";
import { commonSource } from "./common.ts";
import { readingSource } from "./reading.ts";

const dispatchSource = `
local results = {}
if operation == 'append' then for _ = 1, tonumber(take()) do append(results) end
elseif operation == 'heads' then while at <= #ARGV do head(results, load(take())) end
elseif operation == 'read' then read(results)
elseif operation == 'bound-read' then readBound(results)
elseif operation == 'bound-append' then appendBound(results)
elseif operation == 'sweep' then sweep(results) end
return answer(results)
`;

/** The one script of the log; its operations are described beside their sources. */
export const scriptSource = `${commonSource}${appendSource}${readingSource}${boundSource}${dispatchSource}`;

/** By which `EVALSHA` names it. */
export const scriptDigest = createHash("sha1").update(scriptSource).digest("hex");
