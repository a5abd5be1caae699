// Loaded before the product (node --require): the machine's clock is so many milliseconds ahead (CLOCK_AHEAD), as the wall clock alone: what measures
// durations is not touched. With CLOCK_AFTER it is set so only after so many milliseconds, while the process runs.
const ahead = Number(process.env.CLOCK_AHEAD ?? 0);
const after = Number(process.env.CLOCK_AFTER ?? 0);
const RealDate = Date;
const begun = performance.now();
const now = () => RealDate.now() + (performance.now() - begun >= after ? ahead : 0);

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
