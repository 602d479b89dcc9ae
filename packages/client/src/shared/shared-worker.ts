/** The script of a shared worker that holds the connections of all tabs. It has no exports: to load it is to run it. */
import { serveSharedWorker } from "./serve-shared-worker.ts";

serveSharedWorker();
