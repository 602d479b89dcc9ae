// Without compression.
import { serve } from "./serve.ts";
import { socketIoServer } from "./socket-io-server.ts";

serve(socketIoServer);
