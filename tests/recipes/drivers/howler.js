let now = song; // the example's
let ended = false;

globalThis.listener = {
  loop: (on) => void now.loop(on),
  stop: () => void now.stop(),
  ...listenerOf({
    async play({ key, src }) {
      if (key !== "first") {
        now.stop();
        now = countPlays(new Howl({ src: [src], html5: song._html5 }), key);
      }
      now.on("end", () => (ended = true));
      if (now.state() !== "loaded") await new Promise((loaded) => now.once("load", loaded));
      now.play();
    },
    pause: () => now.pause(),
    resume: () => now.play(),
    seek: (seconds) => now.seek(seconds),
    position: () => now.seek(),
    sounds: () => now.playing(),
    ended: () => ended,
  }),
};
globalThis.ready = true;
