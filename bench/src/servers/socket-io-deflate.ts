import { deflateOptions } from "./deflate-options.ts";
import { serve } from "./serve.ts";
import { socketIoServer } from "./socket-io-server.ts";

serve(() => socketIoServer({ perMessageDeflate: deflateOptions }));
