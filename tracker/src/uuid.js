// A random UUID, version 4 (RFC 9562 §5.4).

/** @typedef {{ randomUUID?: () => string, getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> }} Randomness */

/**
 * `randomUUID` exists in secure contexts only; a site on plain http has `getRandomValues`.
 *
 * @param {Randomness} [randomness]
 * @returns {string}
 */
export function uuid(randomness = crypto) {
  if (randomness.randomUUID) return randomness.randomUUID();
  const bytes = randomness.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, i) => (i === 6 ? (byte & 15) | 64 : i === 8 ? (byte & 63) | 128 : byte))
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
