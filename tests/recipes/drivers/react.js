import { StrictMode, useState } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

let change;

/** The site's page: one song at a time, or none; `keyed` makes each its own component. */
function App() {
  const [{ song, keyed }, set] = useState({ song: SONGS.first });
  change = (next) => flushSync(() => set(next));
  return song && <Song key={keyed ? song.key : "player"} track={song.key} src={song.src} />;
}

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

const audio = () => document.querySelector("audio");
globalThis.listener = {
  ...listenerOf(elementPlayer(audio, (song) => change({ song }))),
  unmount: () => change({}),
  async remount(key) {
    change({ song: SONGS[key], keyed: true });
    await audio().play();
  },
};
until(audio).then(() => (globalThis.ready = true));
