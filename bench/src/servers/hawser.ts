import { hawserServer } from "./hawser-server.ts";
import { serve } from "./serve.ts";

serve(hawserServer);
