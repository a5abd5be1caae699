import assert from 'node:assert/strict';
import { PERSONAL_CLASSES, type PersonalClass } from '../../src/model/personal.js';
import { KnownNames } from '../../src/privacy/known-names.js';
import { addressesIn, emailsIn, phonesIn } from '../../src/privacy/patterns.js';
import { ViewMask } from '../../src/privacy/view-mask.js';

const maskOf = (names: KnownNames, classes: readonly PersonalClass[] = PERSONAL_CLASSES) =>
  new ViewMask(new Set(classes), [names]);

describe('what views show of people’s data', () => {
  const names = new KnownNames();
  before(() => {
    names.learn({ record: { caller_id: { value: '46d44a40a9fe19810012d100cca80666', display_value: 'Jan van der Peeters' } } });
    names.learn({
      ticket: { relatedParty: [{ name: 'Will Müller-Lüdenscheidt' }, { name: 'Acme GmbH', '@referredType': 'Organization' }] },
    });
    names.learn({ ticket: { note: [{ author: 'eva.sommer', text: 'Hello' }, { author: 'system' }, { author: '4711' }] } });
  });
  const TEXTS: [clear: string, shown: string][] = [
    ['No dial tone, says Jan Peeters', 'No dial tone, says J… P…'],
    ['PEETERS: reboot', 'P…: reboot'],
    ['Frau Lüdenscheidt, Müller-Lüdenscheidt', 'Frau L…, M…'],
    ['It will work. Will called.', 'It will work. W… called.'],
    ['eva.sommer: done. Ask Eva Sommer', 'e…: done. Ask E… S…'],
    ['Peeters’s router, Lüdenscheidts Router, Bigpeeters', 'P…’s router, L… Router, Bigpeeters'],
    ['jan peeters called', 'j… p… called'],
    ['the peeters; a will, a jan', 'the peeters; a will, a jan'],
    ['Pee\u00adters, Pee\u200bters\u2060', 'P…, P…'],
    ['write to jan＠acme.example, jan﹫acme.example', 'write to j…＠acme.example, j…﹫acme.example'],
    ['The system at Acme GmbH is down', 'The system at Acme GmbH is down'],
    ['jan@acme.example, +49 40 1234517, 040 1234517', 'j…@acme.example, +49 … 17, … 17'],
    [
      '9c573169c611228700193229fff72400 INC0010021 2026-03-02 08:20:11',
      '9c573169c611228700193229fff72400 INC0010021 2026-03-02 08:20:11',
    ],
  ];
  for (const [clear, shown] of TEXTS) it(clear, () => assert.equal(maskOf(names).text(clear), shown));

  it('is only masked of the chosen classes', () => {
    const text = 'Jan Peeters, jan@acme.example, +49 40 1234517';
    assert.equal(maskOf(names, ['names']).text(text), 'J… P…, j…@acme.example, +49 40 1234517'.replace('j…@', 'jan@'));
    assert.equal(maskOf(names, ['email']).text(text), 'Jan Peeters, j…@acme.example, +49 40 1234517');
    assert.equal(maskOf(names, ['phone']).text(text), 'Jan Peeters, jan@acme.example, +49 … 17');
  });

  it('is masked in fields of people, whether the name was met before or not; ids and structure stay', () => {
    const answer = {
      id: 'm1',
      number: '040 1234517',
      endpoint: 'Peeters Telecom',
      bodies: {
        read: {
          record: {
            number: '040 1234517',
            caller_id: { value: '46d44a40a9fe19810012d100cca80666', display_value: 'Ada Lovelace' },
          },
        },
      },
      fields: [{ path: 'relatedParty[0].name', value: 'Ada Lovelace' }],
      exchanges: [{ sent: { body: '{"relatedParty":[{"name":"Ada Lovelace","id":"c-1"}],"n":1}' } }],
      requester: { phone: '1234517' },
      nothing: null,
      count: 7,
    };
    assert.deepEqual(maskOf(new KnownNames()).answer(answer), {
      ...answer,
      bodies: {
        read: { record: { number: '… 17', caller_id: { value: '46d44a40a9fe19810012d100cca80666', display_value: 'A… L…' } } },
      },
      fields: [{ path: 'relatedParty[0].name', value: 'A… L…' }],
      exchanges: [{ sent: { body: '{"relatedParty":[{"name":"A… L…","id":"c-1"}],"n":1}' } }],
      requester: { phone: '… 17' },
    });
    assert.equal(maskOf(names).answer(answer).endpoint, 'Peeters Telecom');
  });

  describe('but not of accounts that are no people', () => {
    const known = new KnownNames();
    known.add('Ann Bridge');
    known.add('svc.acme');
    const ours = ['svc.acme', 'Acme Bridge', 'svc@acme.example', 'x|y(z'];
    const mask = new ViewMask(new Set(PERSONAL_CLASSES), [known], { accounts: ours, users: ['ann'] });
    const field = (value: string) => (mask.answer({ bodies: { sys_updated_by: value } }) as { bodies: object }).bodies;
    for (const name of [...ours, 'ann', 'system', 'admin', 'glide.maint', 'Service Desk'])
      it(`field ${name}`, () => assert.deepEqual(field(name), { sys_updated_by: name }));
    for (const [name, shown] of [
      ['Ann', 'A…'],
      ['system.bridge', 's…'],
      ['SVC.acme', 'S…'],
    ] as const)
      it(`person in a field: ${name}`, () => assert.deepEqual(field(name), { sys_updated_by: shown }));
    for (const [text, shown] of [
      ['changed by svc.acme.', 'changed by svc.acme.'],
      ['Acme Bridge, svc@acme.example (x|y(z)', 'Acme Bridge, svc@acme.example (x|y(z)'],
      ['Ann, not ann; Bridge', 'A…, not a…; B…'],
      ['svc.acme@mail.example', 's…@mail.example'],
    ] as const)
      it(`text ${text}`, () => assert.equal(mask.text(text), shown));
  });

  it('is masked in names of properties of partners, but names of fields stay', () => {
    const payload = {
      'Jan Peeters': 1,
      'will Lüdenscheidt': 2,
      'jan@acme.example': { state: '2', u_will: 'x' },
      '+49 40 1234517': [{ Peeters: 'y' }],
    };
    const shown = { 'J… P…': 1, 'w… L…': 2, 'j…@acme.example': { state: '2', u_will: 'x' }, '+49 … 17': [{ 'P…': 'y' }] };
    assert.deepEqual(maskOf(names).answer({ id: 'm1', payload }), { id: 'm1', payload: shown });
    assert.deepEqual(maskOf(names).record(payload), shown);
  });

  it('is masked in a record whatever its fields are called', () => {
    const record = { id: 'c-1', by: 'Jan Peeters', owner: 'jan@acme.example', key: { name: 'x' } };
    assert.deepEqual(maskOf(names).record(record), { ...record, by: 'J… P…', owner: 'j…@acme.example' });
  });

  it('is cut where a text is longer than views show, and nothing of it is left unmasked', () => {
    const shown = maskOf(names).text('x ada@acme.example Peeters '.repeat(20_000));
    assert.ok(shown.length < 101_000 && /… \(540000 characters\)$/.test(shown));
    assert.ok(!/ada@|Peet/.test(shown));
    for (let shift = 0; shift < 27; shift += 5)
      assert.ok(
        !/ada@|Peet/.test(maskOf(names).text(' '.repeat(shift) + 'x ada@acme.example Peeters '.repeat(4_000))),
        `${shift}`,
      );
  });

  it('forgets the names that were not met for the longest time', () => {
    const many = new KnownNames();
    many.add('Ada Lovelace');
    for (let n = 0; n < 20_000; n++) many.add(`user${n}x`);
    assert.equal(maskOf(many).text('Ada, user19999x'), 'Ada, u…');
  });

  for (const [what, text] of Object.entries({
    letters: 'a'.repeat(100_000),
    digits: '+1'.repeat(50_000),
    spaces: '0 '.repeat(50_000),
    at: 'a@'.repeat(50_000),
    dots: 'a.'.repeat(50_000),
    colons: 'a:'.repeat(50_000),
    brackets: '[{'.repeat(50_000),
    names: 'Peeters-'.repeat(12_500),
  })) {
    it(`takes linear time: 100 kB of ${what}`, () => {
      const time = (input: string) => {
        const start = process.cpuUsage();
        maskOf(names).answer({ bodies: { caller_id: input, path: input, value: input } });
        for (const find of [emailsIn, phonesIn, addressesIn]) find(input);
        const { user } = process.cpuUsage(start);
        return user / 1_000;
      };
      time(text.slice(0, 1000));
      // Ten times the text; a quadratic pattern takes a hundred times as long. A ratio, so that it holds on any machine.
      const tenth = Math.max(time(text.slice(0, 10_000)), 10);
      assert.ok(time(text) < tenth * 60, 'not linear');
    });
  }
});
