import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import type { EndpointNode } from '../../nodes/kit/parties.js';
import { type Session, whileOpen } from '../../nodes/kit/while-open.js';
import { Availability } from '../../src/delivery/availability.js';
import type { Broker } from '../../src/delivery/broker.js';
import { SwitchboardError } from '../../src/errors.js';
import { until } from '../live/node-red.js';

const lost = () => ({ error: new SwitchboardError('SWB_STORE_LOCKED', 'in use'), retryAt: Date.now() + 60_000 });

describe('a node that needs an open store', () => {
  const broker = (name: string) => ({ name }) as Broker;
  let availability: Availability;
  let statuses: (string | undefined)[];
  let events: string[];
  let node: EventEmitter & { status(status: { text?: string }): void };
  let sessions: Session[];
  const start = (begin: (session: Session) => Promise<void>) =>
    whileOpen(node as unknown as Node, { availability } as EndpointNode, begin);
  const noting = async (session: Session) => {
    sessions.push(session);
    events.push(`start ${session.broker.name}`);
    session.onEnd(async (removed) => {
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`end ${session.broker.name}${removed ? ' removed' : ''}`);
    });
  };
  const close = (removed: boolean) => new Promise<void>((done) => node.emit('close', removed, done));
  beforeEach(() => {
    availability = new Availability();
    statuses = [];
    events = [];
    sessions = [];
    node = Object.assign(new EventEmitter(), { status: ({ text }: { text?: string }) => void statuses.push(text) });
  });

  it('starts when the store opens, and shows why it does not', async () => {
    start(noting);
    assert.deepEqual([events, statuses], [[], ['opening the store']]);
    availability.failed(lost());
    await until('the reason', () => /^store in use by another process, next attempt in \d+ s$/.test(statuses.at(-1) ?? ''));
    availability.opened(broker('one'));
    await until('the start', () => events.includes('start one'));
    await close(true);
    assert.deepEqual(events, ['start one', 'end one removed']);
  });

  it('ends when the store is lost, and starts again with the next broker once the end is complete', async () => {
    availability.opened(broker('one'));
    start(noting);
    await until('the start', () => events.length === 1);
    availability.failed(lost());
    availability.opened(broker('two'));
    await until('the second start', () => events.length === 3);
    assert.deepEqual(events, ['start one', 'end one', 'start two']);
    await close(false);
    assert.deepEqual(events.at(-1), 'end two');
  });

  it('ends at once what is started after the end', async () => {
    availability.opened(broker('one'));
    let proceed: () => void = () => undefined;
    const ended: boolean[] = [];
    start(async (session) => {
      await new Promise<void>((resolve) => {
        proceed = resolve;
      });
      assert.equal(session.over, true);
      session.onEnd((removed) => {
        ended.push(removed);
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    await close(true);
    proceed();
    await until('the end', () => ended.length === 1);
    assert.deepEqual(ended, [true]);
  });
});
