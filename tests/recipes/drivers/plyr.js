let ended = false;
player.on("ended", () => (ended = true));

globalThis.listener = listenerOf({
  async play(song) {
    if (song.key !== "first") show(song);
    await player.play();
  },
  pause: () => player.pause(),
  resume: () => player.play(),
  seek: (seconds) => void (player.currentTime = seconds),
  position: () => player.currentTime,
  sounds: () => player.playing && !player.seeking,
  ended: () => ended,
});
player.on("ready", () => (globalThis.ready = true));
globalThis.ready = player.ready;
