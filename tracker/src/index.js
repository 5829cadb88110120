// The file a page loads: <script type="module" src="https://YOUR-TONEARM/tonearm.js"></script>
// It binds the page by itself and exports what a page's script may call. It never throws into the page and writes nothing
// to the console.

import { tonearm } from "./start.js";

export const { observe, openPlay, optIn, optOut, share, status } = tonearm;
