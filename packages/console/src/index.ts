/**
 * The folder of the page's public files (`index.html`, `app.js`, `shared-worker.js`, `app.css`, `favicon.svg`), as a `file:` URL that
 * ends in `/`. It is there after `npm run build --workspace @hawser/console`.
 */
export const publicFolder: URL = new URL("../dist/public/", import.meta.url);
