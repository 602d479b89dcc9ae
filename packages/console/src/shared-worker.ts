/** The page's shared worker: it holds the connections of all tabs. */
import "@hawser/client/shared-worker";
