// Loaded before the product (node --require): sets the wall clock ahead by CLOCK_AHEAD milliseconds. The monotonic clock
// is not changed. With CLOCK_AFTER the clock is set only after that many milliseconds, while the process runs.
const ahead = Number(process.env.CLOCK_AHEAD ?? 0);
const after = Number(process.env.CLOCK_AFTER ?? 0);
const RealDate = Date;
const startedAt = performance.now();
const now = () => RealDate.now() + (performance.now() - startedAt >= after ? ahead : 0);

class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
}
if (ahead) globalThis.Date = new Proxy(ShiftedDate, { apply: () => new ShiftedDate().toString() });
