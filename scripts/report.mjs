/** Setting up cannot go on; the message is one line (or a line and a command) for the person at the terminal. */
export class SetupError extends Error {}

/**
 * Announces a stage or its outcome.
 *
 * @param {string} text
 */
export function say(text) {
  console.log(`chipsmith: ${text}`);
}
