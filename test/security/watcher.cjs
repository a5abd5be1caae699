// Loaded before the product: notes, four times a second, in the file named by WATCH_FILE how much memory the process has, for how long its
// event loop was held, and how much processor time it had meanwhile.
const { appendFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const file = process.env.WATCH_FILE;
// Not for the processes that this one starts.
delete process.env.WATCH_FILE;
if (file) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let before = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const note = { at: Date.now(), rss: process.memoryUsage.rss(), delay: delay.max / 1e6, cpu: (user + system) / 1e3 };
    delay.reset();
    appendFileSync(file, `${JSON.stringify(note)}\n`);
  }, 250).unref();
}
