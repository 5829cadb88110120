// What is the same for all players: waiting for a position. A driver gives `player`:
// { play(song), pause(), resume(), seek(seconds), position(), sounds(), ended() }.

const SONGS = {
  first: { key: "first", src: "/first.wav", type: "audio/wav" },
  second: { key: "second", src: "/second.wav", type: "audio/wav" },
  long: { key: "long", src: "/long.wav", type: "audio/wav" },
};

/** Looks every few milliseconds, inside the page, where a slow machine cannot make it late. */
const until = (condition) =>
  new Promise((resolve) => {
    const tick = setInterval(() => {
      if (!condition()) return;
      clearInterval(tick);
      resolve();
    }, 5);
  });

/** How somebody uses a player. @param player see above */
function listenerOf(player) {
  return {
    play: (song) => player.play(SONGS[song]),
    pause: () => player.pause(),
    resume: () => player.resume(),
    seek: (seconds) => player.seek(seconds),
    end: () => until(() => player.ended()),
    sounds: () => player.sounds(),
    async reach(seconds, then) {
      await until(() => player.sounds() && player.position() >= seconds);
      if (then === "pause") await player.pause();
      else if (then) await player.play(SONGS[then]);
    },
  };
}

/** The same of a media element, which players keep to be played by others. */
const elementPlayer = (element, show) => ({
  async play(song) {
    if (song.key !== "first" || element().ended) await show(song);
    await element().play();
  },
  pause: () => element().pause(),
  resume: () => element().play(),
  seek: (seconds) => void (element().currentTime = seconds),
  position: () => element().currentTime,
  sounds: () => !element().paused && !element().seeking,
  ended: () => element().ended,
});
