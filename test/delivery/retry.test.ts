import assert from 'node:assert/strict';
import { backoff } from '../../src/backoff.js';
import { Circuit } from '../../src/delivery/circuit.js';
import { endpointState } from '../../src/delivery/endpoint-state.js';
import { FileError } from '../../src/delivery/file-error.js';
import { DEFAULT_RETRY, LookupPendingError, verdict } from '../../src/delivery/retry.js';
import { type Outcome, PartnerError, SwitchboardError } from '../../src/errors.js';

const middle = () => 0.5;
const failure = (outcome: Outcome, retry: boolean, more: { code?: 'SWB_PARTNER_LIMIT'; retryAfter?: number } = {}) =>
  new PartnerError(more.code ?? 'SWB_PARTNER_UNAVAILABLE', 'no', { outcome, retry, ...more });

const locked = new PartnerError('SWB_PARTNER_AUTH', 'locked', {
  outcome: 'notDone',
  retry: true,
  concernsRecord: true,
  status: 423,
});

const tooLarge = new PartnerError('SWB_TOO_LARGE', 'too large', { outcome: 'notDone', retry: false, concernsRecord: true });

const conflict = new PartnerError('SWB_PARTNER_REFUSED', 'being edited', {
  outcome: 'unknown',
  retry: true,
  concernsRecord: true,
  status: 409,
});

describe('after a failed try, a delivery', () => {
  const table: [string, unknown, number, string, boolean][] = [
    ['the partner cannot be reached', failure('notDone', true), 1, 'pending', false],
    ['the partner has been down for long', failure('notDone', true), 99, 'pending', false],
    ['the answer was lost', failure('unknown', true), 1, 'inDoubt', true],
    ['the answer was lost once too often', failure('unknown', true), 12, 'needsDecision', true],
    ['the partner refused it', failure('notDone', false), 1, 'failed', true],
    [
      'the partner limits our rate',
      failure('notDone', true, { code: 'SWB_PARTNER_LIMIT', retryAfter: 3_600_000 }),
      12,
      'pending',
      false,
    ],
    ['its record is locked', locked, 11, 'pending', true],
    ['its record stays locked', locked, 12, 'failed', true],
    ['somebody is changing its record', conflict, 5, 'inDoubt', true],
    ['the conflict does not pass', conflict, 6, 'failed', true],
    [
      'a conflict does not show what an earlier try created',
      conflict.withDetails({ concernsRecord: false }),
      12,
      'needsDecision',
      true,
    ],
    ['it is the wrong entity', new SwitchboardError('SWB_WRONG_ENTITY', 'no'), 1, 'needsDecision', true],
    ['it is looked for and not found yet', new LookupPendingError('no', 'x', 8_000, 60_000), 3, 'inDoubt', false],
    ['the store was busy', new SwitchboardError('SWB_STORE', 'no'), 1, 'inDoubt', true],
    ['an answer to a read is too large', tooLarge, 3, 'pending', true],
    ['an answer to a read stays too large', tooLarge, 4, 'failed', true],
    ['its file waits for room', new FileError('SWB_BUSY', 'no', { waits: true }), 99, 'pending', false],
    ['its file is refused', new FileError('SWB_FILE_REFUSED', 'no'), 1, 'failed', true],
    ['our code is wrong', new TypeError('x is undefined'), 1, 'failed', true],
  ];
  for (const [when, error, tries, state, counts] of table) {
    it(`is ${state} when ${when}`, () => {
      const result = verdict(error, tries, DEFAULT_RETRY, middle);
      assert.deepEqual([result.state, result.counts], [state, counts]);
    });
  }

  it('waits as long as the partner asks', () => {
    assert.equal(
      verdict(failure('notDone', true, { code: 'SWB_PARTNER_LIMIT', retryAfter: 3_600_000 }), 1, DEFAULT_RETRY, middle).wait,
      3_600_000,
    );
  });

  it('is looked up soon at first, then less often, and at the end of the settling time', () => {
    const wait = (elapsed: number, left: number) =>
      verdict(new LookupPendingError('no', 'x', elapsed, left), 1, DEFAULT_RETRY, middle).wait;
    assert.deepEqual([wait(0, 120_000), wait(16_000, 104_000), wait(64_000, 56_000)], [2_000, 16_000, 56_000]);
  });

  it('waits twice as long each time, jittered, up to five minutes', () => {
    assert.equal(
      backoff(DEFAULT_RETRY, 1, () => 1),
      2_000,
    );
    assert.equal(
      backoff(DEFAULT_RETRY, 1, () => 0),
      1_000,
    );
    assert.equal(
      backoff(DEFAULT_RETRY, 3, () => 1),
      8_000,
    );
    assert.equal(
      backoff(DEFAULT_RETRY, 50, () => 1),
      300_000,
    );
  });
});

describe('the circuit breaker', () => {
  it('distinguishes a partner that is down from one that gives invalid answers', () => {
    const circuit = new Circuit(() => 0);
    const state = () => endpointState({ circuit: circuit.state, strange: circuit.strange });
    for (let i = 0; i < 4; i++) circuit.failed('a', { strange: true });
    assert.equal(state(), 'up');
    circuit.failed('a', { strange: true });
    assert.equal(state(), 'strange');
    circuit.failed('a');
    assert.equal(state(), 'down');
    const suspended = { at: '', by: 'ann', reason: '' };
    assert.equal(endpointState({ circuit: 'open', strange: true, suspended }), 'suspended');
  });

  it('opens after five failures in a row, lets one probe through, and closes when it succeeds', () => {
    let now = 0;
    const circuit = new Circuit(() => now);
    for (let i = 0; i < 4; i++) circuit.failed('a');
    assert.equal(circuit.state, 'closed');
    circuit.failed('a');
    assert.deepEqual([circuit.state, circuit.resumesAt], ['open', 5_000]);
    now = 5_000;
    assert.equal(circuit.state, 'halfOpen');
    circuit.failed('a');
    assert.equal(circuit.resumesAt, 15_000);
    now = 15_000;
    circuit.succeeded();
    assert.deepEqual([circuit.state, circuit.resumesAt], ['closed', 0]);
  });

  it('says whether the next failure opens it, and whether one delivery alone is the cause', () => {
    const circuit = new Circuit(() => 0);
    const failAll = (...deliveries: string[]) => {
      for (const delivery of deliveries) circuit.failed(delivery);
    };
    assert.equal(circuit.isAtLimit, false);
    failAll('a', 'a', 'a', 'a');
    assert.deepEqual([circuit.isAtLimit, circuit.isAlone('a'), circuit.isAlone('b')], [true, true, false]);
    circuit.succeeded();
    failAll('a', 'b', 'a', 'a');
    assert.equal(circuit.isAlone('a'), false);
  });

  it('waits no longer each time while the partner answers a neutral probe', () => {
    let now = 0;
    const circuit = new Circuit(() => now);
    for (let n = 0; n < 8; n++) circuit.failed(`bad ${n}`, { isUp: true });
    assert.equal(circuit.resumesAt, 5_000);
    now = 5_000;
    circuit.failed('bad', { isUp: true });
    assert.equal(circuit.resumesAt, 10_000);
  });

  it('pauses as long as a rate limit asks, but stays closed', () => {
    let now = 1_000;
    const circuit = new Circuit(() => now);
    circuit.pause(60_000);
    assert.deepEqual([circuit.state, circuit.resumesAt], ['closed', 61_000]);
    now = 61_000;
    assert.equal(circuit.resumesAt, 0);
  });
});
