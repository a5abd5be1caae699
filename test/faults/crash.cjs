// Loaded before the product (node --require): kills the process with SIGKILL at a named point of message processing, or after a time.
//   CRASH_POINT   after-inbox | in-flow | between-outs | after-outbox | before-send | after-send | after-link | random
//   CRASH_COUNT   kill when the point is reached for the nth time; for random: after this many milliseconds
// The points are tied to the store's commits, so that the product needs no test code.
const { resolve } = require('node:path');

const point = process.env.CRASH_POINT;
let left = Number(process.env.CRASH_COUNT ?? 1);
const kill = () => process.kill(process.pid, 'SIGKILL');

const message = (c) => (c.kind === 'message' ? c.record : undefined);
const delivery = (c) => (c.kind === 'delivery' ? c.record : undefined);
/** Messages that an out node of a provider has queued. */
const queued = new Set();
/** The first of two out nodes on one wire queues a message, before the other one does. */
const firstOfTwo = (d) => {
  if (d?.state !== 'pending' || d.tries > 0 || !d.node.startsWith('sb1-tmf-out') || queued.has(d.message)) return false;
  queued.add(d.message);
  return true;
};
/** Conversations that already have a fan-out plan. */
const planned = new Set();
const firstPlan = (c) => {
  if (c.kind !== 'conversation' || !c.record.plan || planned.has(c.record.id)) return false;
  planned.add(c.record.id);
  return true;
};
/** name: [whether this is the commit, kill before it is applied or after it is on disk] */
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

if (point === 'random') setTimeout(kill, left);
else if (point) {
  const [matches, when] = POINTS[point];
  const { LowdbStore } = require(resolve('dist/src/store/lowdb-store.js'));
  const commit = LowdbStore.prototype.commit;
  LowdbStore.prototype.commit = async function (changes, options) {
    const hit = changes.some(matches) && --left === 0;
    if (hit && when === 'before') kill();
    const result = await commit.call(this, changes, options);
    if (hit) kill();
    return result;
  };
}
