// A random UUID, version 4 (RFC 9562 §5.4). Not `crypto.randomUUID`, which a site on plain http does not have.

/** @returns {string} */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const digits = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
  // The version is a 4; of the variant's digit two bits are given.
  const variant = "89ab"[/** @type {number} */ (bytes[8]) & 3];
  return digits.replace(/(.{8})(.{4}).(.{3}).(.{3})/, `$1-$2-4$3-${variant}$4-`);
}
