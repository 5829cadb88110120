// A random UUID, version 4 (RFC 9562 §5.4). Not `crypto.randomUUID`, which a site on plain http does not have.

/** @typedef {{ getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> }} Randomness */

/**
 * @param {Randomness} [randomness]
 * @returns {string}
 */
export const uuid = (randomness = crypto) =>
  Array.from(randomness.getRandomValues(new Uint8Array(16)), (byte, i) => (i === 6 ? (byte & 15) | 64 : i === 8 ? (byte & 63) | 128 : byte))
    .map((byte) => (byte + 256).toString(16).slice(1))
    .join("")
    .replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
