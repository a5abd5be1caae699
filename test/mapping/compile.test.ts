import assert from 'node:assert/strict';
import { compile } from '../../src/mapping/compile.js';
import type { Mapping, Rule } from '../../src/mapping/mapping.js';
import type { GenericMessage } from '../../src/model/message.js';

const mapping = (...rules: Rule[]): Mapping => ({ name: 'test', system: 'servicenow', entityType: 'incident', rules });
const message = (fields: Record<string, unknown>, changed?: string[]): GenericMessage => ({
  entity: 'incident',
  event: 'updated',
  source: { endpoint: 'x', entityType: 'y', id: '1', number: 'N-1' },
  fields: fields as GenericMessage['fields'],
  changed,
  comments: [],
  attachments: [],
  relations: [],
});

describe('a mapping', () => {
  it('copies a field in either direction', async () => {
    const compiled = compile(mapping({ field: 'a', generic: 'title' }));
    assert.deepEqual((await compiled.toGeneric({ a: 'x' })).fields, { title: 'x' });
    assert.deepEqual((await compiled.fromGeneric(message({ title: 'x' }))).body, { a: 'x' });
  });

  it('uses a rule only in its direction', async () => {
    const compiled = compile(
      mapping({ field: 'a', generic: 'title', direction: 'in' }, { field: 'b', generic: 'title', direction: 'out' }),
    );
    assert.deepEqual((await compiled.toGeneric({ a: 'x', b: 'y' })).fields, { title: 'x' });
    assert.deepEqual((await compiled.fromGeneric(message({ title: 'z' }))).body, { b: 'z' });
  });

  it('takes the first rule that gives a target a value; later ones are fallbacks', async () => {
    const compiled = compile(mapping({ field: 'a', generic: 'title' }, { field: 'b', generic: 'title', direction: 'in' }));
    assert.deepEqual((await compiled.toGeneric({ a: '', b: 'y' })).fields, { title: 'y' });
    assert.deepEqual((await compiled.toGeneric({ a: 'x', b: 'y' })).fields, { title: 'x' });
  });

  it('empties a field only where a rule says so and the source emptied its own', async () => {
    const compiled = compile(
      mapping(
        { field: 'a', generic: 'description', sendEmptied: true },
        { field: 'b', generic: 'title' },
        { field: 'c', generic: 'requester.name' },
      ),
    );
    const found = await compiled.toGeneric({ a: '', b: '', c: 'Ada' });
    assert.deepEqual(found.emptied, { description: ['a'], title: ['b'] });
    assert.deepEqual(
      (await compiled.toGeneric({ c: '' })).emptied,
      { 'requester.name': ['c'] },
      'a field that is left out is not empty',
    );
    const out = await compiled.fromGeneric(message({ description: '', title: '' }, ['description', 'title']));
    assert.deepEqual([out.body, out.changed], [{ a: '' }, ['a']]);
    assert.deepEqual((await compiled.fromGeneric(message({ description: '' }, ['title']))).body, {}, 'it was empty before');
    assert.deepEqual((await compiled.fromGeneric(message({}, ['description']))).body, {}, 'it is not known');
  });

  it('tells an emptied part of an object, or a carried field, from the others', async () => {
    const compiled = compile(
      mapping(
        { field: 'name', generic: 'requester.name', sendEmptied: true },
        { field: 'mail', generic: 'requester.email', sendEmptied: true },
        { field: 'region', generic: 'custom.u_region', direction: 'out', sendEmptied: true },
      ),
      { carries: (field) => field.startsWith('u_') },
    );
    const found = await compiled.toGeneric({ name: '', mail: 'ada@example.com', u_region: '', u_floor: '3', other: '' });
    assert.deepEqual(found.emptied, { 'requester.name': ['name'], 'custom.u_region': ['u_region'] });
    assert.deepEqual(found.fields, { requester: { email: 'ada@example.com' }, custom: { u_floor: '3' } });
    const fields = { requester: { name: '', email: 'ada@example.com' }, custom: { u_region: '', u_floor: '3' } };
    const out = await compiled.fromGeneric(message(fields, ['requester', 'custom']));
    assert.deepEqual([out.body, out.changed], [{ name: '', mail: 'ada@example.com', region: '' }, ['name', 'mail', 'region']]);
  });

  it('carries fields and list elements that no rule uses, if the system wants them', async () => {
    const rules: Rule[] = [
      { field: 'u_site', generic: 'custom.site' },
      { field: 'relatedEntity[role=affected].id', generic: 'service.id' },
      { field: 'relatedEntity[role=ours].id', generic: 'source.number', direction: 'out' },
    ];
    const compiled = compile(mapping(...rules), { carries: (field) => field.startsWith('u_') || field === 'relatedEntity' });
    const other = { role: 'building', id: 'B1' };
    const found = await compiled.toGeneric({
      u_site: 'HH',
      u_floor: '3',
      u_empty: '',
      sys_id: '1',
      relatedEntity: [{ role: 'affected', id: 'S1' }, other, { role: 'ours', id: 'INC1' }],
    });
    assert.deepEqual(found.fields.custom, { u_floor: '3', relatedEntity: [other], site: 'HH' });
    assert.deepEqual(found.carried, ['u_floor', 'relatedEntity']);
    assert.equal(found.fields.service?.id, 'S1');
  });

  it('empties only plain fields', () => {
    const rule: Rule = { field: 'note[author=x].text', generic: 'description', sendEmptied: true };
    assert.throws(() => compile(mapping(rule)), /Only a plain field can be emptied/);
    const intoList: Rule = { field: 'a', generic: 'custom.list[role=x].id', sendEmptied: true };
    assert.throws(() => compile(mapping(intoList)), /Only a plain field can be emptied/);
    const number: Rule = { field: 'a', generic: 'source.number', direction: 'out', sendEmptied: true };
    assert.throws(() => compile(mapping(number)), /source.number is never emptied/);
    const id: Rule = { field: 'id', generic: 'id' };
    const items = { field: 'lines', rules: [id, { field: 'a', generic: 'quantity', sendEmptied: true } as Rule] };
    assert.throws(() => compile({ ...mapping(id), items }), /Fields of items cannot be emptied/);
  });

  it('translates states however they are written, in both directions, and in conditions', async () => {
    const compiled = compile(
      mapping(
        {
          field: 's',
          generic: 'state',
          values: [
            { partner: 'in_progress', generic: 'inProgress' },
            { partner: 'On Hold', generic: 'held' },
            { partner: '4', generic: 'cancelled' },
          ],
        },
        { field: 'h', generic: 'stateReason', onlyIf: { generic: 'state', is: ['Held'] } },
      ),
    );
    for (const s of ['In Progress', 'IN-PROGRESS', 'inProgress', ' in progress ', 'In_Progress'])
      assert.equal((await compiled.toGeneric({ s })).fields.state, 'inProgress', s);
    assert.deepEqual((await compiled.toGeneric({ s: 'on-hold', h: 'part' })).fields, { state: 'held', stateReason: 'part' });
    assert.deepEqual((await compiled.toGeneric({ s: '-4' })).fields, {}, 'a number keeps its sign');
    assert.deepEqual((await compiled.fromGeneric(message({ state: 'in progress' }))).body, { s: 'in_progress' });
  });

  it('translates values exactly, else case-insensitively', async () => {
    const compiled = compile(
      mapping({
        field: 's',
        generic: 'state',
        values: [
          { partner: 'Open', generic: 'inProgress' },
          { partner: 'OPEN', generic: 'held' },
        ],
      }),
    );
    assert.equal((await compiled.toGeneric({ s: 'OPEN' })).fields.state, 'held');
    assert.equal((await compiled.toGeneric({ s: 'open' })).fields.state, 'inProgress');
  });

  it('accepts numbers that a person wrote into a value map without quotes', async () => {
    const rule = { field: 'state', generic: 'state', values: [{ partner: 2, generic: 'inProgress' }] } as unknown as Rule;
    const compiled = compile(mapping(rule));
    assert.deepEqual((await compiled.toGeneric({ state: '2' })).fields, { state: 'inProgress' });
    assert.deepEqual((await compiled.fromGeneric(message({ state: 'inProgress' }))).body, { state: 2 });
  });

  it('reports a value without a row, and uses the default as well', async () => {
    const values = [{ partner: '1', generic: 'acknowledged' }];
    const compiled = compile(mapping({ field: 's', generic: 'state', values, default: { in: 'acknowledged' } }));
    const { fields, problems, trace } = await compiled.toGeneric({ s: '99' });
    assert.equal(fields.state, 'acknowledged');
    assert.equal(trace.state?.kind, 'default');
    assert.deepEqual(
      problems.map(({ level, code, value }) => [level, code, value]),
      [['warning', 'unmapped', '99']],
    );
  });

  it('calls an unmapped value of a required field without a default an error', async () => {
    const compiled = compile(
      mapping({ field: 's', generic: 'state', values: [{ partner: '1', generic: 'held' }], required: 'both' }),
    );
    assert.equal((await compiled.toGeneric({ s: '99' })).problems[0]?.level, 'error');
    assert.equal((await compiled.fromGeneric(message({ state: 'closed' }))).problems[0]?.level, 'error');
  });

  it('says that a required field is missing', async () => {
    const compiled = compile(mapping({ field: 'a', generic: 'title', required: 'out' }));
    assert.match((await compiled.fromGeneric(message({}))).problems[0]?.text ?? '', /title is missing, and a is required there/);
    assert.deepEqual((await compiled.toGeneric({})).problems, []);
  });

  it('applies a rule only where its condition is true', async () => {
    const compiled = compile(mapping({ field: 'note', generic: 'resolution', onlyIf: { generic: 'state', is: ['resolved'] } }));
    assert.deepEqual((await compiled.fromGeneric(message({ state: 'held', resolution: 'x' }))).body, {});
    assert.deepEqual((await compiled.fromGeneric(message({ state: 'resolved', resolution: 'x' }))).body, { note: 'x' });
  });

  it('marks constants and defaults, which never overwrite what the target has', async () => {
    const compiled = compile(
      mapping(
        { field: 'k', generic: 'custom.k', direction: 'out', constant: 'K' },
        { field: 'd', generic: 'title', default: { out: 'D' } },
        { field: 'v', generic: 'description' },
      ),
    );
    const { body, defaults } = await compiled.fromGeneric(message({ description: 'V' }));
    assert.deepEqual(body, { k: 'K', d: 'D', v: 'V' });
    assert.deepEqual(defaults.sort(), ['d', 'k']);
  });

  it('lists changed fields under the partner’s names', async () => {
    const compiled = compile(mapping({ field: 'a', generic: 'title' }, { field: 'b', generic: 'description' }));
    assert.deepEqual((await compiled.fromGeneric(message({ title: 'x', description: 'y' }, ['title']))).changed, ['a']);
  });

  it('counts the kind of the entity as changed only while nothing was compared, because an update must not change the ticket’s type', async () => {
    const compiled = compile(mapping({ field: 'a', generic: 'title' }, { field: 'k', generic: 'entity', direction: 'out' }));
    assert.deepEqual((await compiled.fromGeneric(message({ title: 'x' }))).changed, ['a', 'k']);
    assert.deepEqual((await compiled.fromGeneric(message({ title: 'x' }, ['title']))).changed, ['a']);
  });

  it('keeps times in each system’s notation', async () => {
    const notation = { time: (iso: string) => iso.slice(0, 19).replace('T', ' '), typed: false };
    const compiled = compile(mapping({ field: 't', generic: 'createdAt', type: 'time' }), { notation });
    assert.equal((await compiled.toGeneric({ t: '2026-03-01 08:00:00' })).fields.createdAt, '2026-03-01T08:00:00.000Z');
    assert.equal(
      (await compiled.fromGeneric(message({ createdAt: '2026-03-01T09:00:00.000+01:00' }))).body.t,
      '2026-03-01 08:00:00',
    );
    const { problems } = await compiled.toGeneric({ t: 'soon' });
    assert.match(problems[0]?.text ?? '', /"soon" is not a valid time/);
  });

  it('reads and writes the element of a list that has certain properties', async () => {
    const compiled = compile(mapping({ field: 'party[role=requester].id', generic: 'requester.id' }));
    const record = {
      party: [
        { role: 'owner', id: '1' },
        { role: 'requester', id: '2' },
      ],
    };
    assert.deepEqual((await compiled.toGeneric(record)).fields, { requester: { id: '2' } });
    assert.deepEqual((await compiled.fromGeneric(message({ requester: { id: '3' } }))).body, {
      party: [{ role: 'requester', id: '3' }],
    });
  });

  it('is refused with an explanation when it has no rules', () => {
    assert.throws(() => compile(mapping()), { code: 'SWB_CONFIG', message: /no rules/ });
  });

  const fine: Rule = { field: 'number', generic: 'id' };
  const several: Rule = { field: ['a', 'b'], generic: 'state' };
  for (const [what, rule, name, expected] of [
    ['no field', { generic: 'title' }, '(… ↔ title)', 'The field is empty. Fill it in, or remove the rule.'],
    ['an empty list of fields', { field: [], generic: 'title' }, '(… ↔ title)', 'The field is empty.'],
    ['an empty field', { field: '', generic: 'title', direction: 'out' }, '(… ← title)', 'The field is empty.'],
    ['a blank field', { field: ' ', generic: 'title' }, '(  ↔ title)', 'The field is empty.'],
    [
      'one empty field of several',
      { field: ['a', '', 'c'], generic: 'title', direction: 'in' },
      '(a, …, c → title)',
      'Field 2 of 3 is empty. Fill it in, or remove it.',
    ],
    ['a field that is not text', { field: 5, generic: 'title' }, '(5 ↔ title)', 'The field is not text.'],
    ['no generic field', { field: 'a', generic: '' }, '(a ↔ …)', 'The generic field is empty. Fill it in, or remove the rule.'],
    ['an invalid path', { field: 'a..b', generic: 'title' }, '(a..b ↔ title)', '"a..b" is not a valid field path. Write names'],
    ['an invalid generic path', { field: 'a', generic: 'x..y' }, '(a ↔ x..y)', '"x..y" is not a valid field path.'],
    ['a forbidden path', { field: 'a', generic: '__proto__.x' }, '(a ↔ __proto__.x)', '"__proto__.x" is not a field'],
    [
      'an expression that is not text',
      { field: 'a', generic: 'b', expression: { in: 5 } },
      '(a ↔ b)',
      'An expression is not text.',
    ],
    [
      'a condition without its field',
      { field: 'a', generic: 'b', onlyIf: { generic: '', is: ['x'] } },
      '(a ↔ b)',
      'The generic field of the condition "only for values" is empty. Fill it in,',
    ],
    [
      'a condition without a list',
      { field: 'a', generic: 'b', onlyIf: { generic: 'state', is: 'x' } },
      '(a ↔ b)',
      'The values of the condition "only for values" are not a list.',
    ],
    [
      'a value map with too few values',
      { ...several, values: [{ partner: '1', generic: 'held' }] },
      '(a, b ↔ state)',
      'Row 1 of the value map has 1 value(s) for 2 field(s). Enter one value for each field',
    ],
    [
      'a value map that is not a list',
      { ...several, values: { a: 'b' } },
      '(a, b ↔ state)',
      'The value map is not a list of rows.',
    ],
    [
      'an invalid row',
      {
        field: 'a',
        generic: 'state',
        values: [
          { partner: '1', generic: 'held' },
          { partner: { value: 2 }, generic: 'held' },
        ],
      },
      '(a ↔ state)',
      'Row 2 of the value map has a value that is not text.',
    ],
    ...[0, -3, 2.5, 'long'].map((maxLength) => [
      `a length of ${maxLength}`,
      { field: 'a', generic: 'b', maxLength },
      '(a ↔ b)',
      `maxLength is ${JSON.stringify(maxLength)}, not a whole number above 0. Enter`,
    ]),
    ...['blah', 'constructor'].map((type) => [
      `the type ${type}`,
      { field: 'a', generic: 'b', type },
      '(a ↔ b)',
      `The type "${type}" is not supported. Use one of text, number`,
    ]),
    ['no content', null, '(… ↔ …)', 'The rule cannot be read: '],
  ] as [string, Rule, string, string][]) {
    it(`is refused when it has ${what}, naming the rule in either table`, () => {
      const thrown = (of: Mapping): string => {
        try {
          compile(of);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'SWB_CONFIG');
          return (error as Error).message;
        }
        return 'nothing was thrown';
      };
      const starts = (text: string, start: string) => assert.equal(text.slice(0, start.length), start);
      starts(thrown(mapping(fine, rule)), `Mapping "test", rule 2 ${name}: ${expected}`);
      const items = { field: 'lines', rules: [fine, fine, rule] };
      starts(thrown({ ...mapping(fine), items }), `Mapping "test", rule 3 of the items ${name}: ${expected}`);
    });
  }

  for (const more of [{ expression: { in: 'a +' } }, { when: { out: 'a +' } }])
    it(`is refused for any message when an expression is invalid, naming the rule: ${JSON.stringify(more)}`, async () => {
      const wrong: Rule = { field: 'a', generic: 'title', ...more };
      const expected = (name: string) => ({
        code: 'SWB_CONFIG',
        message: new RegExp(`^Mapping "test", ${name} .a ↔ title.: The expression "a \\+" is invalid at`),
      });
      const compiled = compile(mapping(fine, wrong));
      await assert.rejects(compiled.check(), expected('rule 2'));
      await assert.rejects(compiled.toGeneric({}), expected('rule 2'));
      await assert.rejects(compiled.fromGeneric(message({})), expected('rule 2'));
      const items = { field: 'lines', rules: [fine, fine, wrong] };
      await assert.rejects(compile({ ...mapping(fine), items }).check(), expected('rule 3 of the items'));
    });

  it('names the rule whose expression fails for a message', async () => {
    const failing = (more: Partial<Rule>) => compile(mapping(fine, { field: 'a', generic: 'title', ...more }));
    const { problems } = await failing({ expression: { in: '$number(a)' } }).toGeneric({ a: 'x' });
    const start = /^Mapping "test", rule 2 \(a ↔ title\): The expression "\$number\(a\)" failed: /;
    assert.match(problems[0]?.text ?? '', start);
    await assert.rejects(failing({ when: { in: '$number(a)' } }).toGeneric({ a: 'x' }), {
      code: 'SWB_EXPRESSION',
      message: start,
    });
  });
});
