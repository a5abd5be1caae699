/**
 * Milliseconds that a test waits for what has to come. Only a test that fails waits that long, so it is far more than a busy machine needs: no
 * test says another number. Mocha's own limit (.mocharc.json) is far above it, so that what was waited for in vain is named.
 */
export const PATIENCE = 180_000;
