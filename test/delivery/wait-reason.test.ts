import assert from 'node:assert/strict';
import { type DeliveryFacts, deliveryWait, type MessageFacts, messageWait } from '../../src/delivery/wait-reason.js';
import type { DeliveryRecord, MessageRecord } from '../../src/store/store.js';
import { delivery, message } from '../store/records.js';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const UP = { circuit: 'closed', strange: false } as const;
const DOWN = { circuit: 'open', strange: false, outage: { since: at(-3) }, resumesAt: NOW + 5_000 } as const;
const error = (code: string, message = 'It failed.') => ({ code, message, at: at(-1) });

/** The reason for a delivery that was queued ten minutes ago. */
function waits(record: Partial<DeliveryRecord>, facts: Partial<DeliveryFacts> = {}) {
  const times = { createdAt: at(-10), updatedAt: at(-1) };
  return deliveryWait(
    { ...delivery('d5', { state: 'pending', ...times }), ...record },
    { target: { id: 'csp', status: UP }, now: NOW, ...facts },
  );
}

const inFront = (record: Partial<DeliveryRecord>, isCreate = false) => ({
  delivery: { ...delivery('d1', { state: 'pending', createdAt: at(-20), updatedAt: at(-4) }), ...record },
  isCreate,
});

describe('why a delivery waits', () => {
  it('is for no reason once it is done or has failed', () => {
    for (const state of ['delivered', 'failed', 'skipped'] as const) assert.equal(waits({ state }), undefined);
  });

  it('is a user’s answer, to its own question or to that of the create', () => {
    const asked = { state: 'needsDecision', error: error('SWB_DECISION', 'Is it there?') } as const;
    assert.deepEqual(waits(asked), { kind: 'decision', since: at(-1), text: 'Is it there?' });
    const blocker = inFront({ ...asked, blocking: true }, true);
    assert.deepEqual(waits({}, { blocker }), { kind: 'create', since: at(-1), delivery: blocker.delivery });
  });

  it('is a create that failed, since it failed, whatever the state of the endpoint', () => {
    const blocker = inFront({ state: 'failed', blocking: true, error: { ...error('SWB_PAYLOAD'), at: at(-30) } }, true);
    const wait = waits({}, { blocker, target: { id: 'csp', status: DOWN } });
    assert.deepEqual([wait?.kind, wait?.since], ['create', at(-10)], 'it waits no longer than it exists');
  });

  it('is the state of the endpoint, since when, until when and why', () => {
    const status = { ...DOWN, lastError: error('SWB_PARTNER_UNAVAILABLE', '503') };
    const until = new Date(NOW + 5_000).toISOString();
    const down = waits({}, { target: { id: 'csp', status }, blocker: inFront({}) });
    assert.deepEqual(down, { kind: 'down', since: at(-3), until, endpoint: 'csp', text: '503' });
    assert.equal(waits({}, { target: { id: 'csp', status: { ...status, strange: true } } })?.kind, 'strange');
    const suspended = { at: at(-2), by: 'ann', reason: 'Maintenance.' };
    assert.deepEqual(waits({}, { target: { id: 'csp', status: { ...DOWN, suspended } } }), {
      kind: 'suspended',
      since: at(-2),
      endpoint: 'csp',
      by: 'ann',
      text: 'Maintenance.',
    });
    assert.deepEqual(waits({}, { target: { id: 'csp' } }), { kind: 'noEndpoint', since: at(-10), endpoint: 'csp' });
  });

  it('is what comes first: an earlier delivery, other legs, its ticket', () => {
    const blocker = inFront({ state: 'inDoubt' });
    assert.deepEqual(waits({}, { blocker }), { kind: 'earlier', since: at(-10), delivery: blocker.delivery });
    assert.equal(waits({ waitsFor: 'link' }, { blocker: inFront({}, true) })?.kind, 'create');
    assert.deepEqual(waits({ waitsFor: 'link' }), { kind: 'link', since: at(-10) });
    const legs = [{ leg: 'devices', states: ['completed'] }] as DeliveryRecord['waitsFor'] & object[];
    assert.deepEqual(waits({ waitsFor: legs }), { kind: 'leg', since: at(-10), legs });
  });

  it('is the store, while it cannot write', () => {
    assert.deepEqual(waits({}, { storeTrouble: 'ENOSPC' }), { kind: 'store', since: at(-10), text: 'ENOSPC' });
  });

  it('is the source of an attachment', () => {
    const wait = waits({ part: 'attachment:1' }, { source: { id: 'acme', status: DOWN } });
    assert.deepEqual([wait?.kind, wait?.endpoint, wait?.since], ['source', 'acme', at(-3)]);
    assert.equal(waits({ part: 'attachment:1' }, { source: { id: 'acme', status: UP } })?.kind, 'slot');
  });

  it('is a doubt, until the end of the settling time', () => {
    const attempts = [
      { at: at(-9), took: 1, what: 'sent', error: 'The answer was lost.' },
      { at: at(-8), took: 1, what: 'not found yet', error: 'Not found.' },
    ];
    const record = { state: 'inDoubt', attempts, lookLeft: 120_000, error: error('SWB_PARTNER_ANSWER') } as const;
    assert.deepEqual(waits({ ...record, attempts }), { kind: 'doubt', since: at(-9), until: at(1), text: 'It failed.' });
    assert.equal(waits({ ...record, attempts, lookLeft: 10 })?.until, undefined, 'the look-up is under way');
  });

  it('is its own failed attempt, or the rate limit, until the next attempt', () => {
    const failed = { error: error('SWB_PARTNER_UNAVAILABLE'), notBefore: NOW + 60_000 };
    assert.deepEqual(waits(failed), { kind: 'retry', since: at(-10), until: at(1), endpoint: 'csp', text: 'It failed.' });
    assert.equal(waits({ ...failed, error: error('SWB_PARTNER_LIMIT') })?.kind, 'limit');
    const paused = waits({}, { target: { id: 'csp', status: { ...UP, resumesAt: NOW + 60_000 } } });
    assert.deepEqual(paused, { kind: 'limit', since: at(-10), until: at(1), endpoint: 'csp' });
  });

  it('is its turn otherwise', () => {
    assert.equal(waits({})?.kind, 'slot');
    assert.equal(waits({ state: 'sending' }, { target: { id: 'csp', status: DOWN } })?.kind, 'sending');
  });
});

describe('why a message waits', () => {
  const waitsIn = (record: Partial<MessageRecord>, facts: Partial<MessageFacts> = {}) =>
    messageWait({ ...message('m5', { receivedAt: at(-10) }), ...record }, { hasNode: true, afterDoubt: false, ...facts });
  const flow = { since: at(-5) };

  it('is for no reason once it is settled or has failed', () => {
    for (const state of ['settled', 'failed', 'skipped'] as const) assert.equal(waitsIn({ state }), undefined);
  });

  it('is its node, another message, or what a node does with it', () => {
    assert.deepEqual(waitsIn({}, { hasNode: false }), { kind: 'noNode', since: at(-10) });
    assert.deepEqual(waitsIn({}), { kind: 'turn', since: at(-10) });
    assert.deepEqual(waitsIn({}, { flow, before: 'm4' }), { kind: 'turn', since: at(-5), message: 'm4' });
    assert.deepEqual(waitsIn({}, { flow }), { kind: 'flow', since: at(-5), node: undefined });
    const holder = { node: 'n', name: 'to provider', ours: true, since: at(-4) };
    assert.deepEqual(waitsIn({}, { flow: { ...flow, holder } }), { kind: 'mapping', since: at(-4), node: 'to provider' });
    const other = { ...holder, ours: false };
    assert.equal(waitsIn({}, { flow: { ...flow, holder: other } })?.kind, 'flow');
  });

  it('is its record, which cannot be read, or must not be read while a delivery to it is in doubt', () => {
    const unread = { error: error('SWB_PARTNER_UNAVAILABLE', '503'), notBefore: NOW + 60_000, endpoint: 'acme' };
    assert.deepEqual(waitsIn(unread), { kind: 'read', since: at(-10), until: at(1), endpoint: 'acme', text: '503' });
    assert.equal(waitsIn(unread, { afterDoubt: true })?.kind, 'doubt');
    assert.equal(waitsIn(unread, { storeTrouble: 'ENOSPC' })?.kind, 'store');
  });
});
