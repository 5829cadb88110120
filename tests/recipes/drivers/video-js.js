globalThis.listener = listenerOf({
  async play(song) {
    if (song.key !== "first") show(song);
    await player.play();
  },
  pause: () => player.pause(),
  resume: () => player.play(),
  seek: (seconds) => player.currentTime(seconds),
  position: () => player.currentTime(),
  sounds: () => !player.paused() && !player.seeking(),
  ended: () => player.ended(),
});
player.ready(() => (globalThis.ready = true));
