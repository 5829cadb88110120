// The same for pages that cannot load a module: <script defer src="https://YOUR-TONEARM/tonearm-classic.js"></script>
// What index.js exports is `window.tonearm` here. Its own address is that of `document.currentScript`, which the build puts
// where start.js says `import.meta.url`.

import { tonearm } from "./start.js";

/** @type {any} */ (globalThis).tonearm = tonearm;
