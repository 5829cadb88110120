import { observe } from "https://YOUR-TONEARM/tonearm.js";

globalThis.listener = {
  ...listenerOf(elementPlayer(() => audio, show)),
  recover: () => hls.recoverMediaError(),
  observeThenPause(track) {
    observe(audio, { track });
    audio.pause();
    return new Promise((paused) => audio.addEventListener("pause", paused, { once: true })).then(() => {});
  },
};
globalThis.ready = true;
