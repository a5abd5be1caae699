import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { SpooledAttachment } from '../../../src/endpoints/endpoint.js';
import { Comments } from '../../../src/endpoints/servicenow/comments.js';
import { Files } from '../../../src/endpoints/servicenow/files.js';
import { PartnerError } from '../../../src/errors.js';
import type { GenericComment } from '../../../src/model/message.js';
import { raw, Tables } from './tables.js';

const NOON = Date.UTC(2026, 2, 1, 12);
const RECORD = 'a'.repeat(32);
const HOUR = 3_600_000;

describe('what was written to a ServiceNow record', () => {
  let tables: Tables;
  /** Our clock, from which the instance's clock is `skew` away. */
  let now: number;
  let skew: number;
  /** Content of downloads; undefined: downloads are refused. */
  let content: Buffer | undefined;
  beforeEach(() => {
    tables = new Tables();
    now = NOON;
    skew = 0;
    content = undefined;
    tables.clock = () => now + skew;
    tables.write = ({ body }) => say((body as { comments: string }).comments);
  });
  const options = {
    ...{ table: 'incident', entityType: 'incident', clock: () => now, integrationUser: 'swb' },
    download: async () => {
      if (content) return Readable.from([content]);
      throw new PartnerError('SWB_PARTNER_REFUSED', 'It is not given out.', { outcome: 'notDone', retry: false });
    },
  };
  const comments = () => new Comments({ api: tables.api, ...options });
  const files = () => new Files({ api: tables.api, ...options });
  const say = (value: string, more: Record<string, string> = {}) =>
    tables.add('sys_journal_field', {
      element_id: RECORD,
      element: 'comments',
      value,
      sys_created_on: raw(now + skew),
      sys_created_by: 'swb',
      ...more,
    });
  const last = (table: string) => tables.rows[table]?.at(-1)?.sys_id;
  const words = (text: string): GenericComment => ({ id: 'c', text, visibility: 'public' });
  const iso = () => new Date(now + skew).toISOString();

  for (const [clocks, apart] of [
    ['the same as ours', 0],
    ['minutes behind', -7 * 60_000],
    ['hours ahead', 5 * HOUR],
    ['a day behind', -24 * HOUR],
  ] as const) {
    it(`is found where the instance’s clock is ${clocks}`, async () => {
      skew = apart;
      say('Done.', { sys_created_on: raw(NOON + skew - HOUR) });
      const since = iso();
      now += 10_000;
      assert.equal(await comments().find(RECORD, words('Done.'), since), undefined, 'an entry of an hour ago is another one');
      const { id } = await comments().write(RECORD, words('Done.'));
      assert.equal(id, last('sys_journal_field'));
      now += 60_000;
      assert.deepEqual(await comments().find(RECORD, words('Done.'), since), { id });
    });
  }

  it('is two comments where the same text is written twice within a minute', async () => {
    const { id: first = '' } = await comments().write(RECORD, words('Done.'));
    const since = iso();
    now += 20_000;
    assert.equal(await comments().find(RECORD, words('Done.'), since, [first]), undefined, 'the second was not written yet');
    const { id: second } = await comments().write(RECORD, words('Done.'), [first]);
    assert.notEqual(second, first);
    assert.deepEqual(await comments().find(RECORD, words('Done.'), since, [first]), { id: second });
  });

  it('is not proven by a success if the journal shows only an earlier comment', async () => {
    const { id: first = '' } = await comments().write(RECORD, words('Done.'));
    tables.write = () => undefined;
    await assert.rejects(comments().write(RECORD, words('Done.'), [first]), { notVisible: true });
  });

  it('is found among thousands of later entries by others', async () => {
    const since = iso();
    const { id } = await comments().write(RECORD, words('Done.'));
    for (let i = 0; i < 2500; i++) {
      now += i % 5 === 0 ? 1000 : 0;
      say(`theirs ${i}`, { sys_created_by: 'agent' });
    }
    assert.deepEqual(await comments().find(RECORD, words('Done.'), since), { id });
  });

  it('is not searched for in all earlier entries', async () => {
    for (let i = 0; i < 2500; i++) say(`theirs ${i}`, { sys_created_on: raw(NOON - HOUR) });
    assert.equal(await comments().find(RECORD, words('Done.'), iso()), undefined);
    assert.equal(tables.asked.length, 1);
  });

  it('is not another user’s entry with the same text', async () => {
    const since = iso();
    say('Done.', { sys_created_by: 'agent' });
    assert.equal(await comments().find(RECORD, words('Done.'), since), undefined);
  });

  for (const [how, shown] of [
    ['as HTML', '[code]<p>Caf&eacute;: line 7 is down</p><ul><li>since noon ?</li></ul>[/code]'],
    ['with other line breaks and another Unicode form', 'Cafe\u0301: line 7 is down\r\nsince noon ??'],
    ['with a prefix', '[TMF] Café: line 7 is down since noon'],
    ['cut', 'Café: line 7 is down since n'],
    ['with a prefix and cut', '[TMF] Café: line 7 is down since n'],
  ] as const)
    it(`is found where it is shown ${how}`, async () => {
      tables.write = () => say(shown);
      const { id } = await comments().write(RECORD, words('Café: line 7 is down\nsince noon 👍'));
      assert.equal(id, last('sys_journal_field'));
    });

  it('is found behind a prefix, however short', async () => {
    tables.write = () => say('[web] Ann: Done.');
    assert.deepEqual(await comments().write(RECORD, words('Done.')), { id: last('sys_journal_field') });
  });

  describe('and files', () => {
    const file = (more: Partial<SpooledAttachment> = {}): SpooledAttachment => ({
      id: 'f',
      name: 'log.txt',
      mimeType: 'text/plain',
      path: '/nowhere',
      size: 5,
      hash: '1'.repeat(64),
      ...more,
    });
    const attach = (more: Record<string, string> = {}) => {
      tables.add('sys_attachment', {
        table_name: 'incident',
        table_sys_id: RECORD,
        file_name: 'log.txt',
        size_bytes: '5',
        hash: '1'.repeat(64),
        sys_created_on: raw(now + skew),
        sys_created_by: 'swb',
        ...more,
      });
      return last('sys_attachment')!;
    };
    const find = (wanted: SpooledAttachment, seen: string[] = []) => files().find(RECORD, wanted, iso(), seen);

    it('are found by their content even if they were renamed', async () => {
      assert.deepEqual(await find(file(), []), undefined);
      const id = attach({ file_name: 'log_1.txt' });
      assert.deepEqual(await find(file()), { id });
    });
    it('are not found where the name is the same but the content is not', async () => {
      attach({ hash: '2'.repeat(64) });
      assert.equal(await find(file()), undefined);
      attach({ hash: '', size_bytes: '6' });
      assert.equal(await find(file()), undefined);
    });
    it('are found by name and size where the instance does not give a hash or the content', async () => {
      const id = attach({ hash: '' });
      assert.deepEqual(await find(file()), { id });
      assert.equal(await find(file({ name: 'other.txt' })), undefined);
    });
    it('are found by the downloaded content where the instance gives no hash, whatever their names', async () => {
      const id = attach({ hash: '', file_name: 'web_log.txt' });
      content = Buffer.from('12345');
      assert.equal(await find(file()), undefined);
      assert.deepEqual(await find(file({ hash: createHash('sha256').update(content).digest('hex') })), { id });
    });
    it('are not earlier files or those of other users', async () => {
      const before = attach();
      attach({ sys_created_by: 'agent' });
      assert.equal(await find(file(), [before]), undefined);
      const id = attach();
      assert.deepEqual(await find(file(), [before]), { id });
    });
    it('are found by a clock that is hours off', async () => {
      skew = 5 * HOUR;
      attach({ sys_created_on: raw(NOON) });
      assert.equal(await find(file()), undefined);
      const id = attach();
      assert.deepEqual(await find(file()), { id });
    });
  });
});
