import assert from 'node:assert/strict';
import { askedAfter, recipientsOf } from '../../src/conversation/comment-recipients.js';
import type { Plan } from '../../src/store/store.js';
import { leg, order, plan } from './orders.js';

const NAMES: Record<string, string[]> = {
  mobile: ['mobile', 'Mobile vendor', 'item 2'],
  devices: ['devices', 'Device vendor', 'item 1'],
  delivery: ['delivery', 'Carrier', 'item 4'],
};
const THINGS: Record<string, string[]> = { mobile: ['SIM 5G'], devices: ['Phone 15', 'Phone'] };
const sent = { item: { sent: 'x', ordered: true as const } };
const inState = (name: string, item: string, state: 'inProgress' | 'pending' | 'completed') =>
  leg(name, [item], { ...sent, state });
const comment = (text: string) => ({ id: text, text, visibility: 'public' as const });
const told = (of: Plan, text: string, more = {}) =>
  recipientsOf(
    of,
    order({}, { event: 'commented', comments: [comment(text)], ...more }),
    (one) => NAMES[one.leg] ?? [],
    (one) => THINGS[one.leg] ?? [],
  );
const legsOf = (of: Plan, text: string) => told(of, text).comments.get(text) ?? [];

describe('a comment of the customer', () => {
  const open = [
    inState('mobile', '2', 'inProgress'),
    inState('devices', '1', 'inProgress'),
    inState('delivery', '4', 'completed'),
  ];
  const twoQuestions = plan([
    inState('mobile', '2', 'pending'),
    inState('devices', '1', 'pending'),
    inState('delivery', '4', 'inProgress'),
  ]);

  it('reaches all open legs where nobody has asked', () => {
    assert.deepEqual(legsOf(plan(open), 'Please hurry'), ['mobile', 'devices']);
  });

  it('is not for a leg because it has a thing’s name of one word in a sentence; at its beginning, with a colon, it is', () => {
    const text = 'Please port my phone number';
    assert.deepEqual(
      told(twoQuestions, text).unclear.map((one) => one.text),
      [text],
    );
    assert.deepEqual(legsOf(twoQuestions, 'Phone: black'), ['devices']);
  });

  it('reaches only the leg whose name it begins with', () => {
    assert.deepEqual(legsOf(plan(open), 'mobile: please hurry'), ['mobile']);
    assert.deepEqual(legsOf(plan(open), ' Carrier : leave it at the door'), ['delivery']);
    assert.deepEqual(legsOf(twoQuestions, 'delivery: leave it at the door'), ['delivery'], 'although others have asked');
    assert.deepEqual(legsOf(plan(open), 'Mobile phones: please hurry'), ['mobile', 'devices']);
  });

  it('is the answer to the only question, whatever it names', () => {
    const one = plan([inState('mobile', '2', 'inProgress'), inState('devices', '1', 'pending')]);
    assert.deepEqual(legsOf(one, 'Black, as the SIM 5G'), ['devices']);
  });

  it('answers those of several questions that it names', () => {
    assert.deepEqual(legsOf(twoQuestions, 'The Phone 15 in black'), ['devices']);
    assert.deepEqual(legsOf(twoQuestions, 'Item 2 keeps its number, item 1 in black'), ['mobile', 'devices']);
    assert.deepEqual(legsOf(twoQuestions, 'item 21 in black'), []);
  });

  it('answers a leg that has commented and is named, although another one waits', () => {
    const both = plan([inState('mobile', '2', 'pending'), inState('devices', '1', 'inProgress')], { asked: ['devices'] });
    assert.deepEqual(legsOf(both, 'The Phone 15 in black'), ['devices']);
    assert.deepEqual(legsOf(both, 'Keep the number'), ['mobile']);
  });

  it('reaches nobody, and is asked about, where it may answer several questions', () => {
    const { comments, unclear, asking } = told(twoQuestions, 'Black');
    assert.deepEqual([comments.size, unclear.map(({ text }) => text), asking], [0, ['Black'], ['mobile', 'devices']]);
  });

  it('is not asked about where nobody could get it', () => {
    const refused = plan([leg('mobile', ['2'], { refused: 'no credit' })]);
    assert.deepEqual(told(refused, 'Why?').unclear, []);
  });

  it('takes its files along', () => {
    assert.deepEqual(told(twoQuestions, 'devices: see the picture').files, ['devices']);
    assert.deepEqual(told(twoQuestions, 'Black').files, ['mobile', 'devices']);
    assert.deepEqual(told(twoQuestions, '', { comments: [] }).files, ['mobile', 'devices']);
  });

  it('has answered only a leg that it could be sent to', () => {
    const both = plan(open, { asked: ['mobile', 'devices'] });
    const recipients = told(both, 'item 1 in black, item 2 keeps its number');
    assert.deepEqual(askedAfter(both, recipients, new Set(['devices'])), ['mobile']);
  });
});
