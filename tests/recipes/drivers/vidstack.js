const canPlay = () => new Promise((resolve) => player.addEventListener("can-play", resolve, { once: true }));

globalThis.listener = listenerOf({
  async play(song) {
    if (song.key !== "first") {
      const playable = canPlay();
      show(song);
      await playable;
    }
    await player.play();
  },
  pause: () => player.pause(),
  resume: () => player.play(),
  seek: (seconds) => void (player.currentTime = seconds),
  position: () => player.currentTime,
  sounds: () => player.state.playing && !player.state.seeking,
  ended: () => player.state.ended,
});
canPlay().then(() => (globalThis.ready = true));
