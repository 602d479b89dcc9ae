// With compression as it is by default, of every message that has as many bytes as the least of the load.
import { hawserServer } from "./hawser-server.ts";
import { serve } from "./serve.ts";

serve(() => hawserServer({ compression: true, limits: { minDeflateBytes: 512 } }));
