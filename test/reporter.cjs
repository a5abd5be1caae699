// Mocha's spec reporter that also names the slowest files, and leaves its counts and failures in the file named by MOCHA_COUNTS, for the
// closing summary of all runs.
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const Mocha = require('mocha');

const SHOWN = 12;

class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL } = Mocha.Runner.constants;
    const failed = [];
    // By file, in milliseconds; with its hooks.
    const times = new Map();
    let started = 0;
    runner.on(EVENT_SUITE_BEGIN, (suite) => {
      if (suite.parent?.root) started = Date.now();
    });
    runner.on(EVENT_SUITE_END, (suite) => {
      if (suite.parent?.root) times.set(suite.file, (times.get(suite.file) ?? 0) + Date.now() - started);
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      failed.push({ title: test.titlePath().join(' › '), file: test.file, error: error.stack ?? String(error) });
    });
    runner.once(EVENT_RUN_END, () => {
      const slowest = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
      for (const [file, time] of slowest) console.log(`${(time / 1000).toFixed(1).padStart(8)} s ${relative('.', file)}`);
      const { passes = 0, failures = 0, pending = 0 } = this.stats;
      if (process.env.MOCHA_COUNTS)
        writeFileSync(process.env.MOCHA_COUNTS, JSON.stringify({ passes, failures, pending, failed }));
    });
  }
}

module.exports = Reporter;
