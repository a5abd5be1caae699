import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { storeBench } from './store.js';
import { viewBench } from './view.js';
import { wayBench } from './way.js';

/** All benchmarks. Machines differ and are noisy: the ratios count, each made of two measurements in the same run. */
async function main(): Promise<void> {
  const way = await wayBench();
  console.log(
    `A ticket's whole way, tickets per second against the hand-wired flow: ${way.throughputRatio.toFixed(2)} × (aim: 1.0)`,
  );
  const store = await storeBench();
  console.log(
    `Cost of a message with 100,000 conversations against 1,000: ${store.perMessageRatio.toFixed(2)} × (aim: 1.1 or less)`,
  );
  console.log(`Longest stall of the event loop with 100,000 conversations: ${store.stallMs.toFixed(1)} ms (aim: 20 or less)`);
  const view = await viewBench();
  console.log(
    `The messages view with 100,000 messages: first page ${view.firstPageMs.toFixed(0)} ms, slowest of its searches ${view.slowestMs.toFixed(0)} ms (aim: below 200)`,
  );
  const results = { node: process.version, cores: cpus().length, way, store, view };
  writeFileSync(join(__dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
