let ended = false;
wavesurfer.on("finish", () => (ended = true));

globalThis.listener = listenerOf({
  async play(song) {
    if (song.key !== "first") await show(song);
    await wavesurfer.play();
  },
  pause: () => wavesurfer.pause(),
  resume: () => wavesurfer.play(),
  seek: (seconds) => wavesurfer.setTime(seconds),
  position: () => wavesurfer.getCurrentTime(),
  sounds: () => wavesurfer.isPlaying() && !wavesurfer.isSeeking(),
  ended: () => ended,
});
globalThis.ready = true;
