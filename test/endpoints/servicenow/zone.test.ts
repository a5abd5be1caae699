import assert from 'node:assert/strict';
import { type PollMemory, poll } from '../../../src/endpoints/servicenow/poll.js';
import { SeenRows } from '../../../src/endpoints/servicenow/seen-rows.js';
import { ZoneReader, zoneNamed } from '../../../src/endpoints/servicenow/zone.js';
import type { Json } from '../../../src/model/message.js';
import { raw, Tables } from './tables.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A poller of one instance, with what it has found. */
class Poller {
  readonly tables = new Tables();
  readonly found: string[] = [];
  cursor: Json | undefined;
  private memory: PollMemory | undefined;

  constructor(
    public now: number,
    private readonly user?: string,
  ) {
    this.tables.clock = () => this.now;
  }

  change(number: string, at = this.now): void {
    this.tables.add('incident', { number, sys_updated_on: raw(at), sys_mod_count: '0' });
  }

  /** Restarts as a new process. */
  restart(): void {
    this.memory = undefined;
  }

  /** Hints that are found for the first time. */
  async sweep(): Promise<string[]> {
    const zone = new ZoneReader(this.tables.api, this.user, () => this.now);
    this.memory ??= { zone: () => zone.read('incident'), seen: new SeenRows() };
    const before = this.found.length;
    for (let more = true; more; ) {
      const step = await poll(this.tables.api, 'incident', 'incident', this.cursor, this.memory);
      for (const { number = '' } of step.hints) if (!this.found.includes(number)) this.found.push(number);
      this.cursor = JSON.parse(JSON.stringify(step.cursor));
      more = step.more;
    }
    return this.found.slice(before);
  }
}

/** An instance whose integration user is in a zone, by the user record. */
function inZone(zone: string, now: number, shown: string | undefined = zone): Poller {
  const poller = new Poller(now, 'swb');
  poller.tables.zone = zone;
  poller.tables.add('sys_user', { user_name: 'swb', ...(shown !== undefined && { time_zone: shown }) });
  return poller;
}

describe('the time zone of the integration user', () => {
  const NOON = Date.UTC(2026, 2, 1, 12);

  for (const zone of ['GMT', 'US/Pacific', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland'])
    it(`may be ${zone}: nothing is skipped, page by page`, async () => {
      const poller = inZone(zone, NOON);
      poller.change('before', NOON - HOUR);
      await poller.sweep();
      for (let i = 0; i < 450; i++) poller.change(`n${i}`, NOON + Math.floor(i / 100) * 1000);
      poller.now = NOON + MINUTE;
      assert.equal((await poller.sweep()).length, 450);
      poller.change('after');
      poller.now += 2000;
      assert.deepEqual(await poller.sweep(), ['after']);
    });

  for (const zone of ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe'])
    for (const takes of ['earlier', 'later'] as const)
      for (const every of [14, 200])
        it(`may put its clocks back or forward (${zone}), polled every ${every} minutes; the repeated hour means the ${takes} one`, async () => {
          for (const night of [
            Date.UTC(2026, 9, 24, 18),
            Date.UTC(2026, 9, 31, 22),
            Date.UTC(2026, 2, 28, 20),
            Date.UTC(2026, 3, 4, 10),
          ]) {
            const poller = inZone(zone, night);
            poller.tables.takes = takes;
            poller.change('before', night - HOUR);
            await poller.sweep();
            const expected: string[] = [];
            for (let minute = 0; minute < 14 * 60; minute += 2) {
              poller.now += 2 * MINUTE;
              if (minute < 13 * 60) {
                expected.push(`m${minute}`);
                poller.change(`m${minute}`);
              }
              if (minute % every === 0) await poller.sweep();
            }
            poller.now += HOUR;
            await poller.sweep();
            assert.deepEqual(
              expected.filter((number) => !poller.found.includes(number)),
              [],
            );
          }
        });

  it('is the instance’s default where the user has none', async () => {
    const poller = inZone('US/Eastern', NOON, '');
    poller.tables.add('sys_properties', { name: 'glide.sys.default.tz', value: 'US/Eastern' });
    await poller.sweep();
    poller.change('a');
    poller.now += 5000;
    assert.deepEqual(await poller.sweep(), ['a']);
  });

  for (const [what, zone, shown] of [
    ['cannot be read, west of Greenwich', 'US/Pacific', undefined],
    ['cannot be read, east of it', 'Asia/Tokyo', undefined],
    ['is unknown to Node.js', 'US/Pacific', 'Mars/Olympus'],
    ['is not the one in the user record', 'US/Pacific', 'US/Eastern'],
  ] as const)
    it(`stops polling, and loses nothing, where it ${what}`, async () => {
      const poller = inZone(zone, NOON, shown);
      if (shown === undefined) delete poller.tables.rows.sys_user![0]!.time_zone;
      await poller.sweep().catch(() => undefined);
      poller.change('a');
      poller.now += 5000;
      await assert.rejects(poller.sweep(), { code: 'SWB_PARTNER_ANSWER', message: /time zone/ });
      // The error is corrected.
      poller.tables.zone = 'GMT';
      poller.tables.rows.sys_user![0]!.time_zone = 'GMT';
      poller.restart();
      poller.now += HOUR;
      assert.deepEqual(await poller.sweep(), ['a']);
    });

  it('is recognised by its name, or not', () => {
    assert.equal(zoneNamed('US/Eastern')?.local('2026-07-01 12:00:00'), '2026-07-01 08:00:00');
    assert.equal(zoneNamed('US/Eastern')?.local('2026-01-01 03:00:00'), '2025-12-31 22:00:00');
    assert.equal(zoneNamed('UTC')?.local('2026-07-01 12:00:00'), '2026-07-01 12:00:00');
    assert.equal(zoneNamed('Nowhere/Land'), undefined);
  });
});

describe('rows that a ServiceNow instance commits late', () => {
  const NOON = Date.UTC(2026, 2, 1, 12);
  let poller: Poller;
  beforeEach(async () => {
    poller = new Poller(NOON);
    poller.change('before', NOON - HOUR);
    await poller.sweep();
    poller.change('in time');
    poller.now += 2_000;
    await poller.sweep();
  });
  const poll = async (minutes: number) => {
    for (const end = poller.now + minutes * MINUTE; poller.now < end; ) {
      poller.now += 10_000;
      await poller.sweep();
    }
  };

  it('are found by looking back, and from then on at once', async () => {
    await poll(6);
    poller.change('late', poller.now - 4 * MINUTE);
    await poll(6);
    assert.ok(poller.found.includes('late'));
    poller.change('late again', poller.now - 5 * MINUTE);
    poller.now += 2000;
    assert.deepEqual(await poller.sweep(), ['late again']);
  });

  it('are also found by another process', async () => {
    await poll(6);
    poller.change('late', poller.now - 4 * MINUTE);
    await poll(6);
    poller.restart();
    poller.change('late again', poller.now - 4 * MINUTE);
    poller.now += 2000;
    assert.deepEqual(await poller.sweep(), ['late again']);
  });

  it('do not make the overlap grow without limit', async () => {
    await poll(20);
    for (const minutes of [1, 10, 14]) {
      poller.change(`late ${minutes}`, poller.now - minutes * MINUTE);
      await poll(6);
    }
    assert.equal(poller.found.filter((number) => number.startsWith('late')).length, 3);
    const overlaps = Object.values(poller.cursor as Record<string, { overlap?: number }>).map(({ overlap = 0 }) => overlap);
    assert.ok(Math.max(...overlaps) <= 30 * MINUTE);
  });

  it('do not exist where everything comes in time', async () => {
    for (let i = 0; i < 60; i++) {
      poller.change(`n${i}`);
      await poll(0.5);
    }
    assert.equal(poller.found.filter((number) => number.startsWith('n')).length, 60);
    assert.ok(Object.values(poller.cursor as Record<string, object>).every((mark) => !('overlap' in mark)));
  });
});

describe('a poll with refused pages', () => {
  it('requests as many rows as the instance allows', async () => {
    const poller = new Poller(Date.UTC(2026, 2, 1, 12));
    await poller.sweep();
    for (let i = 0; i < 120; i++) poller.change(`n${i}`);
    poller.now += 5000;
    poller.tables.refusal = { above: 50, words: 'limit must be ≤ 50' };
    assert.equal((await poller.sweep()).length, 120);
  });
});
