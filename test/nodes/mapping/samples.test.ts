import assert from 'node:assert/strict';
import { compareMessages } from '../../../nodes/mapping/changes.js';
import type { KeptMessage } from '../../../nodes/mapping/kept-messages.js';
import { valuesSeen } from '../../../nodes/mapping/values-seen.js';
import type { UnmappedValue } from '../../../src/delivery/unmapped-counter.js';
import { type MappingSubject, systemOf } from '../../../src/endpoints/registry.js';
import type { Mapping } from '../../../src/mapping/mapping.js';
import { preview } from '../../../src/mapping/preview.js';
import type { Json } from '../../../src/model/message.js';
import { KnownNames } from '../../../src/privacy/known-names.js';
import { ViewMask } from '../../../src/privacy/view-mask.js';

const mapping: Mapping = {
  name: 'Ours',
  system: 'servicenow',
  entityType: 'incident',
  rules: [
    { field: ['state', 'hold_reason'], generic: 'state', values: [{ partner: ['2', '*'], generic: 'inProgress' }] },
    { field: 'short_description', generic: 'title' },
  ],
};
const kept = (id: string, sample: Record<string, Json>, direction: 'in' | 'out' = 'in'): KeptMessage => ({
  id,
  direction,
  receivedAt: '2026-01-01T00:00:00.000Z',
  endpoint: 'Acme',
  entityType: 'incident',
  number: id,
  sample,
});

describe('values seen', () => {
  it('come from stored messages and from the counter of values without a row, most frequent first', () => {
    const messages = {
      in: [
        kept('1', { state: '3', hold_reason: '4' }),
        kept('2', { state: '2', hold_reason: '' }),
        kept('3', { state: '3', hold_reason: '4' }),
      ],
      out: [kept('4', { entity: 'incident', fields: { state: 'held' } }, 'out')],
    };
    const counted: UnmappedValue[] = [
      { mapping: 'Ours', direction: 'in', field: 'state, hold_reason', value: '99 / 7', times: 5 },
      { mapping: 'Ours', direction: 'out', field: 'state', value: 'closed', times: 1 },
      { mapping: 'Others', direction: 'in', field: 'state, hold_reason', value: '1', times: 9 },
    ];
    assert.deepEqual(valuesSeen(mapping, 'order', 0, messages, counted), {
      partner: [
        { value: ['99', '7'], times: 5 },
        { value: ['3', '4'], times: 2 },
        { value: ['2', ''], times: 1 },
      ],
      generic: [
        { value: 'held', times: 1 },
        { value: 'closed', times: 1 },
      ],
    });
    assert.deepEqual(valuesSeen(mapping, 'order', 9, messages, counted), { partner: [], generic: [] });
  });

  it('are left out if they are masked, because a row for a mask would never apply', () => {
    const named: Mapping = { ...mapping, rules: [{ field: 'assigned_to', generic: 'assignee.name' }] };
    const mask = new ViewMask(new Set(['names', 'email']), [new KnownNames()]);
    const samples = [{ assigned_to: 'Service desk' }, { assigned_to: 'ada@acme.example' }];
    const messages = { in: samples.map((sample, n) => kept(String(n), mask.record(sample))), out: [] };
    const counted: UnmappedValue[] = [
      { mapping: 'Ours', direction: 'in', field: 'assigned_to', value: 'ada@acme.example', times: 2 },
      { mapping: 'Ours', direction: 'out', field: 'assignee.name', value: 'Ada Lovelace', times: 1 },
    ];
    const shown = valuesSeen(named, 'order', 0, messages, counted, mask);
    assert.deepEqual([shown.generic, shown.masked], [[], true]);
    assert.ok(!JSON.stringify(shown).includes('…'));
  });

  it('come from the items of an order too', () => {
    const order: Mapping = { ...mapping, items: { field: 'lines', rules: [{ field: 'what', generic: 'action' }] } };
    const messages = {
      in: [kept('1', { lines: [{ what: 'new' }, { what: 'end' }, { what: 'new' }] })],
      out: [kept('2', { fields: { items: [{ id: '1', action: 'add' }] } }, 'out')],
    };
    assert.deepEqual(valuesSeen(order, 'items', 0, messages, []), {
      partner: [
        { value: 'new', times: 2 },
        { value: 'end', times: 1 },
      ],
      generic: [{ value: 'add', times: 1 }],
    });
  });
});

describe('a pasted record', () => {
  const unwrapped = ({ system, entityType }: MappingSubject, pasted: Record<string, Json>) =>
    systemOf(system).unwrap(pasted, entityType);
  const subject = { system: 'servicenow', entityType: 'incident' } as const;

  it('is found in whatever wraps it', () => {
    const record = { short_description: 'x', caller_id: { link: 'https://…', value: '77' } };
    for (const given of <Record<string, Json>[]>[record, { result: record }, { result: [record] }, { table: 'incident', record }])
      assert.deepEqual(unwrapped(subject, given), { short_description: 'x', caller_id: '77' });
    const ticket = { id: '1', name: 'x' };
    const order: Record<string, Json> = { short_description: 'x', lines: [{ external_id: '1', characteristics: { a: 'b' } }] };
    assert.deepEqual(unwrapped({ system: 'servicenow', entityType: 'order' }, order), order, 'read already');
    const tmf = { system: 'tmf621', entityType: 'troubleTicket', version: 'v4' } as const;
    for (const given of <Record<string, Json>[]>[ticket, { ticket }, { eventType: 'x', event: { troubleTicket: ticket } }])
      assert.deepEqual(unwrapped(tmf, given), ticket);
  });
});

describe('the effect of a change', () => {
  const run = (m: Mapping, direction: 'in' | 'out', sample: Record<string, Json>) => preview(m, direction, sample);
  const after: Mapping = {
    ...mapping,
    rules: [
      { field: ['state', 'hold_reason'], generic: 'state', values: [{ partner: ['3', '*'], generic: 'held' }] },
      { field: 'short_description', generic: 'title' },
    ],
  };

  it('is shown message by message, with counts', async () => {
    const messages = [
      kept('1', { state: '2', short_description: 'a' }),
      kept('2', { state: '3' }),
      kept('3', { short_description: 'c' }),
    ];
    const { messages: told, ...counts } = await compareMessages(messages, mapping, after, run, () => false);
    assert.deepEqual(counts, { compared: 3, changed: 2, worse: 1, better: 1 });
    assert.deepEqual(
      told.map(({ id, differences }) => [id, differences]),
      [
        ['1', [{ path: 'state', before: 'inProgress' }]],
        ['2', [{ path: 'state', after: 'held' }]],
        ['3', []],
      ],
    );
    assert.match(told[0]?.newProblems[0] ?? '', /state, hold_reason "2" has no row/);
    assert.match(told[1]?.solvedProblems[0] ?? '', /"3"/);
  });

  it('covers everything when there were no rules before', async () => {
    const { messages } = await compareMessages([kept('1', { short_description: 'a' })], undefined, mapping, run, () => false);
    assert.deepEqual(messages[0]?.differences, [{ path: 'title', after: 'a' }]);
  });
});
