// Mocha's spec reporter that also leaves its counts and failures in the file named by MOCHA_COUNTS, for the closing summary of all runs.
const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      failed.push({ title: test.titlePath().join(' › '), file: test.file, error: error.stack ?? String(error) });
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats;
      if (process.env.MOCHA_COUNTS)
        writeFileSync(process.env.MOCHA_COUNTS, JSON.stringify({ passes, failures, pending, failed }));
    });
  }
}

module.exports = Reporter;
