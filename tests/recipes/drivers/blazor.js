import { DotNet } from "@microsoft/dotnet-js-interop";

// .NET's half of the interop, as far as PlayTracker.cs of the page uses it: each call crosses Microsoft's dispatcher as
// JSON, with object references by number.
const { FunctionCall } = DotNet.JSCallType;
const { JSObjectReference, JSVoidResult } = DotNet.JSCallResultType;
const pending = new Map();
let calls = 0;
const dispatcher = DotNet.attachDispatcher({
  beginInvokeDotNetFromJS() {},
  sendByteArray() {},
  endInvokeJSFromDotNet(call, succeeded, json) {
    const { resolve, reject } = pending.get(call);
    pending.delete(call);
    const [, , result] = JSON.parse(json);
    if (succeeded) resolve(result);
    else reject(new Error(result));
  },
});
const WINDOW = 0;

/** IJSObjectReference.InvokeAsync. */
const invoke = (target, type, identifier, ...args) =>
  new Promise((resolve, reject) => {
    pending.set(++calls, { resolve, reject });
    const json = JSON.stringify(args);
    dispatcher.beginInvokeJSFromDotNet(calls, identifier, json, type, target.__jsObjectId, FunctionCall);
  });

/** IJSObjectReference.DisposeAsync. */
const dispose = (target) => DotNet.disposeJSObjectReferenceById(target.__jsObjectId);

/** PlayTracker.cs, call for call. */
function playTracker() {
  let tracker;
  const create = async () => {
    const module = await invoke({ __jsObjectId: WINDOW }, JSObjectReference, "import", "./js/play-tracker.js");
    const created = await invoke(module, JSObjectReference, "createPlayTracker");
    dispose(module);
    return created;
  };
  const tell = async (...call) => tracker && invoke(await tracker, JSVoidResult, ...call);
  return {
    onPlaybackStarted(trackEntryKey, duration) {
      tracker ??= create();
      return tell("onPlaybackStarted", trackEntryKey, Number.isFinite(duration) ? duration : null);
    },
    onProgress: (currentTime) => tell("onProgress", currentTime),
    onDuration: (duration) => tell("onDuration", duration),
    onPlaybackEnded: () => tell("onPlaybackEnded"),
    onResetToIdle: () => tell("onResetToIdle"),
    async disposeAsync() {
      await tell("onResetToIdle");
      dispose(await tracker);
      tracker = undefined;
    },
  };
}

// A player service after the specification: it tells its tracker of transitions, and its position ten times a second.
const audio = new Audio(SONGS.first.src);
const playTrackerOfPage = playTracker();
let connected = true; // whether the circuit is there to take callbacks to .NET
let known = true; // whether the duration is there when the sound starts
let track = SONGS.first.key;
let started = false;

async function reset() {
  audio.pause();
  started = false;
  await playTrackerOfPage.onResetToIdle();
}

async function begin() {
  await audio.play();
  if (!started) await playTrackerOfPage.onPlaybackStarted(track, known ? audio.duration : null);
  started = true;
  if (!known) await playTrackerOfPage.onDuration(audio.duration);
}

setInterval(() => {
  if (connected && started && !audio.paused) void playTrackerOfPage.onProgress(audio.currentTime);
}, 100);
audio.addEventListener("ended", () => {
  started = false;
  if (connected) void playTrackerOfPage.onPlaybackEnded();
});

globalThis.listener = {
  ...listenerOf({
    ...elementPlayer(() => audio),
    async play(song) {
      if (song.key !== track) {
        await reset();
        track = song.key;
        audio.src = song.src;
      }
      await begin();
    },
    resume: begin,
  }),
  loseCircuit: () => (connected = false),
  learnDurationLate: () => (known = false),
  disposeAsync: () => playTrackerOfPage.disposeAsync(),
};
globalThis.ready = true;
