// Loaded before the product (node --require): ends the process with SIGKILL at a named point of a message's way, or after a time.
//   CRASH_POINT   after-inbox | in-flow | between-outs | after-outbox | before-send | after-send | after-link | random
//   CRASH_COUNT   at the n-th time the point is passed; for random: after so many milliseconds
// The points lie around the store's commits, so that nothing in the product has to know of them.
const { resolve } = require('node:path');

const point = process.env.CRASH_POINT;
let left = Number(process.env.CRASH_COUNT ?? 1);
const die = () => process.kill(process.pid, 'SIGKILL');

const message = (c) => (c.kind === 'message' ? c.record : undefined);
const delivery = (c) => (c.kind === 'delivery' ? c.record : undefined);
/** Messages that an out node to a provider took over. */
const taken = new Set();
/** The first of the two out nodes on one wire takes a message over: the other one has not yet. */
const firstOfTwo = (d) => {
  if (d?.state !== 'pending' || d.tries > 0 || !d.node.startsWith('sb1-tmf-out') || taken.has(d.message)) return false;
  taken.add(d.message);
  return true;
};
/** What fan-out has planned, for the first time. */
const planned = new Set();
const firstPlan = (c) => {
  if (c.kind !== 'conversation' || !c.record.plan || planned.has(c.record.id)) return false;
  planned.add(c.record.id);
  return true;
};
/** name: [is this the commit?, die before it is applied or after it is on disk] */
const POINTS = {
  'after-inbox': [(c) => message(c)?.state === 'received' && message(c).emissions === 0, 'after'],
  'in-flow': [(c) => message(c)?.state === 'received' && message(c).emissions > 0, 'after'],
  'between-outs': [(c) => firstOfTwo(delivery(c)), 'after'],
  'after-outbox': [(c) => delivery(c)?.state === 'pending' && delivery(c).tries === 0, 'after'],
  'after-plan': [firstPlan, 'after'],
  'before-send': [(c) => delivery(c)?.state === 'sending', 'after'],
  'after-send': [(c) => delivery(c)?.state === 'delivered', 'before'],
  'after-link': [(c) => delivery(c)?.state === 'delivered', 'after'],
};

if (point === 'random') setTimeout(die, left);
else if (point) {
  const [matches, when] = POINTS[point];
  const { LowdbStore } = require(resolve('dist/src/store/lowdb-store.js'));
  const commit = LowdbStore.prototype.commit;
  LowdbStore.prototype.commit = async function (changes, options) {
    const hit = changes.some(matches) && --left === 0;
    if (hit && when === 'before') die();
    const result = await commit.call(this, changes, options);
    if (hit) die();
    return result;
  };
}
