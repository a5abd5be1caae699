import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { endToEndBench } from './end-to-end.js';
import { latencyBench } from './latency.js';
import { storeBench } from './store.js';
import { viewBench } from './view.js';

/**
 * Runs all benchmarks. Machines differ and are noisy, so compare the ratios: each is made of two measurements in the same run.
 */
async function main(): Promise<void> {
  const endToEnd = await endToEndBench();
  console.log(`End-to-end throughput compared with the hand-wired flow: ${endToEnd.throughputRatio.toFixed(2)} × (target: 1.0)`);
  const latency = await latencyBench();
  const { p50, p99, handWired } = latency;
  console.log(
    `Webhook to partner at 100 tickets per second: p50 ${p50} ms, p99 ${p99} ms (target: 6 and 20; hand-wired flow: ${handWired.p50} and ${handWired.p99})`,
  );
  const store = await storeBench();
  console.log(
    `Cost per message with 100,000 conversations compared with 1,000: ${store.perMessageRatio.toFixed(2)} × (target: 1.1 or less)`,
  );
  console.log(`Longest stall of the event loop with 100,000 conversations: ${store.stallMs.toFixed(1)} ms (target: 20 or less)`);
  const view = await viewBench();
  console.log(
    `The messages view with 100,000 messages: first page ${view.firstPageMs.toFixed(0)} ms, slowest search ${view.slowestMs.toFixed(0)} ms (target: below 200)`,
  );
  const results = { node: process.version, cores: cpus().length, endToEnd, latency, store, view };
  writeFileSync(join(__dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
