/**
 * Milliseconds that a test waits for a condition. Only a failing test waits that long, so it is far more than a busy machine needs: no
 * test sets another value. Mocha's own time-out (.mocharc.json) is far above it, so that the error names the condition that was not met.
 */
export const PATIENCE = 180_000;
