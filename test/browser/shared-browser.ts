import type { Browser } from 'playwright-core';
import { launchBrowser } from './browser.js';

let shared: Promise<Browser> | undefined;

/** One browser for all test files: its start takes seconds on a busy machine. Each page has its own context, as in a new browser. */
export function sharedBrowser(): Promise<Browser> {
  shared ??= launchBrowser();
  return shared;
}

/** Closes what a test file has opened. */
export async function closePages(browser: Browser | undefined): Promise<void> {
  for (const context of browser?.contexts() ?? []) await context.close();
}

// Outside of a suite: after all files.
after(async () => (await shared)?.close());
