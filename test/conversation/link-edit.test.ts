import assert from 'node:assert/strict';
import { type ConversationContents, type LinkEdit, planLinkEdit, type PlannedLinkEdit } from '../../src/conversation/link-edit.js';
import { planUndo } from '../../src/conversation/link-edit-undo.js';
import { createReference } from '../../src/conversation/reference.js';
import type { Change, ConversationRecord, DeliveryRecord } from '../../src/store/store.js';
import { conversation, delivery, link, message } from '../store/records.js';

const OPERATOR = { by: 'anna', at: '2026-03-02T12:00:00.000Z' };
const inc = (id: string, more = {}) => link(id, { number: id.toUpperCase(), ...more });
const tt = (id: string, more = {}) =>
  link(id, { endpoint: 'csp', entityType: 'troubleTicket', origin: 'ours', number: id.toUpperCase(), ...more });
const refused = (pattern: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, 'SWB_PAYLOAD');
  assert.match(error.message, pattern);
  return true;
};

const matter = (of: ConversationRecord, more: Partial<ConversationContents> = {}): ConversationContents => ({
  conversation: of,
  messages: [],
  deliveries: [],
  ...more,
});
const A = () => matter(conversation('a', { version: 3, links: [inc('inc1'), tt('tt1')] }));
const B = () => matter(conversation('b', { version: 5, links: [inc('inc2'), tt('tt2')], written: ['csp|comment|x'] }));
const SEEN = {
  endpoint: 'acme',
  entityType: 'incident',
  id: 'inc9',
  number: 'INC9',
  record: { state: '2', short_description: 'x'.repeat(80) },
  fields: { state: 'inProgress' },
  parts: ['j1'],
};

/** The conversations as they are once the changes are made. */
const outcome = ({ changes }: { changes: Change[] }) =>
  Object.fromEntries(changes.flatMap((c) => (c.kind === 'conversation' && !c.gone ? [[c.record.id, c.record]] : []))) as Record<
    string,
    ConversationRecord
  >;
const deliveriesOf = ({ changes }: { changes: Change[] }) => changes.flatMap((c) => (c.kind === 'delivery' ? [c.record] : []));
const codes = ({ effects }: PlannedLinkEdit) => effects.map((e) => e.code);
const numbers = (record: ConversationRecord | undefined) => record?.links.map((l) => l.number);

/** Applies a surgery to the matters it began with, as the store would. */
function applied(matters: ConversationContents[], { changes }: { changes: Change[] }): ConversationContents[] {
  const conversations = new Map(matters.map((m) => [m.conversation.id, m.conversation]));
  const messages = new Map(matters.flatMap((m) => m.messages).map((m) => [m.id, m]));
  const deliveries = new Map(matters.flatMap((m) => m.deliveries).map((d) => [d.id, d]));
  for (const change of structuredClone(changes)) {
    if (change.kind === 'message') messages.set(change.record.id, change.record);
    if (change.kind === 'delivery') deliveries.set(change.record.id, change.record);
    if (change.kind !== 'conversation') continue;
    if (change.gone) conversations.delete(change.record.id);
    else conversations.set(change.record.id, { ...change.record, version: change.record.version + 1 });
  }
  return [...conversations.values()].map((one) => ({
    conversation: JSON.parse(JSON.stringify(one)),
    messages: [...messages.values()].filter((m) => m.conversation === one.id),
    deliveries: [...deliveries.values()].filter((d) => d.conversation === one.id),
  }));
}

const looked = (matters: ConversationContents[]) => ({
  matters,
  ownerOf: (entity: { id: string }) => matters.find((m) => m.conversation.links.some((l) => l.id === entity.id))?.conversation.id,
});

/** What is left to compare once versions and times of change are left out. */
const essence = (matters: ConversationContents[]) =>
  matters
    .map(({ conversation: { version: _v, updatedAt: _u, ...record }, messages, deliveries }) => ({
      ...JSON.parse(JSON.stringify(record)),
      messages: messages.map((m) => m.id).sort(),
      deliveries: deliveries.map(({ id, leg, reference, state }) => JSON.parse(JSON.stringify({ id, leg, reference, state }))),
    }))
    .sort((x, y) => (x.id < y.id ? -1 : 1));

describe('links mended by hand', () => {
  describe('link', () => {
    const add = (into: ConversationContents) => planLinkEdit({ kind: 'link', conversation: 'a', entity: SEEN }, into, undefined, OPERATOR);
    const open = () => matter(conversation('a', { version: 1, links: [tt('tt1')] }));

    it('takes what the entity says now as known, so that only what changes from now on is news', () => {
      const surgery = add(open());
      const made = outcome(surgery).a?.links.at(-1);
      assert.equal(made?.number, 'INC9');
      assert.equal(made?.origin, 'theirs');
      assert.equal(made?.raw.state, '2');
      assert.match(String(made?.raw.short_description), /^#/, 'long values as an imprint');
      assert.deepEqual(made?.seen, ['j1']);
      assert.deepEqual(codes(surgery), ['joins', 'known']);
    });

    it('lets go what waited for a ticket, or behind one that could not be created', () => {
      const failed = delivery('d1', {
        conversation: 'a',
        endpoint: 'acme',
        entityType: 'incident',
        part: 'entity',
        state: 'failed',
        blocking: true,
      });
      const file = delivery('d2', {
        conversation: 'a',
        endpoint: 'acme',
        entityType: 'incident',
        part: 'attachment:1',
        waitsFor: 'link',
      });
      const surgery = add({ ...open(), deliveries: [failed, file] });
      assert.deepEqual(
        deliveriesOf(surgery).map((d) => [d.id, d.state, d.blocking, d.waitsFor]),
        [
          ['d1', 'failed', undefined, undefined],
          ['d2', 'pending', undefined, undefined],
        ],
      );
      assert.ok(codes(surgery).includes('goOn'));
    });

    it('is refused where another one stands, and where one may just be being created', () => {
      assert.throws(() => add(A()), refused(/INC1 stands for this conversation there already/));
      for (const state of ['sending', 'inDoubt'] as const) {
        const making = delivery('d1', { conversation: 'a', endpoint: 'acme', entityType: 'incident', part: 'entity', state });
        assert.throws(() => add({ ...open(), deliveries: [making] }), refused(/being created/));
      }
    });
  });

  describe('unlink', () => {
    const take = (from: ConversationContents, id = 'tt1') =>
      planLinkEdit(
        { kind: 'unlink', conversation: 'a', entity: { endpoint: 'csp', entityType: 'troubleTicket', id } },
        from,
        undefined,
        OPERATOR,
      );

    it('leaves the rest as it is, and keeps who did it with the entity', () => {
      const surgery = take(A());
      assert.deepEqual(numbers(outcome(surgery).a), ['INC1']);
      const setting = surgery.changes.find((c) => c.kind === 'setting');
      assert.deepEqual(setting, {
        kind: 'setting',
        key: 'unlinked|csp|troubleTicket|tt1',
        value: { reference: 'SWB-A', by: 'anna', at: OPERATOR.at },
      });
    });

    it('has the next create carry another reference than the ticket that is not linked any more', () => {
      const once = outcome(take(A())).a as ConversationRecord;
      assert.equal(createReference(once, { leg: '' }), 'SWB-A//2');
      const again = matter({ ...once, links: [...once.links, tt('tt3', { carries: 'SWB-A//2' })] });
      assert.equal(createReference(outcome(take(again, 'tt3')).a as ConversationRecord, { leg: '' }), 'SWB-A//3');
      assert.equal(createReference(once, { leg: 'mobile' }), 'SWB-A/mobile');
    });

    for (const state of ['pending', 'sending', 'inDoubt'] as const) {
      it(`is refused while something for it is ${state}`, () => {
        const busy = delivery('d1', { conversation: 'a', state });
        assert.throws(() => take({ ...A(), deliveries: [busy] }), refused(/1 delivery to TT1 is under way/));
      });
    }

    it('is refused for what is not there', () => assert.throws(() => take(A(), 'nothing'), refused(/not linked to SWB-A/)));
  });

  describe('split', () => {
    const parts = (): ConversationContents => ({
      ...A(),
      messages: [
        message('m1', { conversation: 'a', entityId: 'inc1' }),
        message('m2', { conversation: 'a', endpoint: 'csp', entityType: 'troubleTicket', entityId: 'tt1' }),
      ],
      deliveries: [
        delivery('d1', { conversation: 'a' }),
        delivery('d2', { conversation: 'a', endpoint: 'acme', entityType: 'incident' }),
      ],
    });
    const off = (from: ConversationContents, entity = { endpoint: 'csp', entityType: 'troubleTicket', id: 'tt1' }) =>
      planLinkEdit({ kind: 'split', conversation: 'a', entity, reference: 'SWB-NEW' }, from, undefined, OPERATOR);

    it('makes a conversation of its own, with what it said and what is on its way to it', () => {
      const surgery = off(parts());
      const { a, 'SWB-NEW': made } = outcome(surgery);
      assert.deepEqual([numbers(a), numbers(made)], [['INC1'], ['TT1']]);
      assert.equal(made?.links[0]?.carries, 'SWB-A', 'the ticket goes on carrying what it carries');
      assert.deepEqual(a?.spent, ['SWB-A']);
      assert.deepEqual(
        deliveriesOf(surgery).map((d) => [d.id, d.conversation, d.lane]),
        [['d1', 'SWB-NEW', 'a|csp']],
      );
      assert.deepEqual(
        surgery.changes.flatMap((c) => (c.kind === 'message' ? [c.record.id] : [])),
        ['m2'],
      );
    });

    it('is refused for the only link, and while something is being sent to it', () => {
      assert.throws(() => off(matter(conversation('a', { links: [tt('tt1')] }))), refused(/all there is/));
      assert.throws(
        () => off({ ...A(), deliveries: [delivery('d1', { conversation: 'a', state: 'sending' })] }),
        refused(/being sent/),
      );
    });
  });

  describe('merge', () => {
    const join = (into: ConversationContents, other: ConversationContents) =>
      planLinkEdit({ kind: 'merge', conversation: 'a', other: 'b' }, into, other, OPERATOR);

    it('keeps the reference of the one, has it found by that of the other, and takes over what the other knew', () => {
      const other = B();
      other.conversation.aliases = ['SWB-OLD'];
      const { a } = outcome(join(A(), other));
      assert.equal(a?.reference, 'SWB-A');
      assert.deepEqual(a?.aliases, ['SWB-B', 'SWB-OLD']);
      assert.deepEqual(a?.written, ['csp|comment|x']);
      assert.deepEqual(numbers(a), ['INC1', 'TT1', 'INC2', 'TT2']);
    });

    it('gives links a leg of their own where both conversations have an entity', () => {
      const surgery = join(A(), B());
      assert.deepEqual(
        outcome(surgery).a?.links.map((l) => [l.number, l.leg, l.carries]),
        [
          ['INC1', '', undefined],
          ['TT1', '', undefined],
          ['INC2', 'SWB-B', undefined],
          ['TT2', 'SWB-B', 'SWB-B'],
        ],
      );
      assert.deepEqual(
        surgery.effects.filter((e) => e.code === 'heardOnly').map((e) => [e.values.number, e.values.instead]),
        [
          ['INC2', 'INC1'],
          ['TT2', 'TT1'],
        ],
      );
    });

    it('lets a link take the place that is free', () => {
      const into = matter(conversation('a', { links: [inc('inc1')] }));
      const other = matter(conversation('b', { links: [tt('tt2')] }));
      assert.deepEqual(
        outcome(join(into, other)).a?.links.map((l) => [l.number, l.leg]),
        [
          ['INC1', ''],
          ['TT2', ''],
        ],
      );
    });

    it('loses and doubles nothing that is under way: it keeps its lane, its state and what it would create it with', () => {
      const creating = (state: DeliveryRecord['state']) => {
        const of = matter(conversation('b', { links: [inc('inc2')] }));
        return {
          ...of,
          deliveries: [
            delivery('d1', { conversation: 'b', part: 'entity', state }),
            delivery('d2', { conversation: 'b', part: 'comment:1' }),
          ],
        };
      };
      const into = matter(conversation('a', { links: [inc('inc1')] }));
      for (const [state, leg] of [
        ['pending', ''],
        ['inDoubt', ''],
        ['failed', 'SWB-B'],
      ] as const) {
        const went = deliveriesOf(join(into, creating(state)));
        assert.deepEqual(
          went.map((d) => [d.id, d.conversation, d.state, d.lane, d.leg, d.reference]),
          [
            ['d1', 'a', state, 'b|csp', leg, 'SWB-B'],
            ['d2', 'a', 'pending', 'b|csp', leg, undefined],
          ],
          state,
        );
      }
      const beside = deliveriesOf(
        join({ ...into, deliveries: [delivery('d0', { conversation: 'a', part: 'entity' })] }, creating('pending')),
      );
      assert.deepEqual(
        beside.map((d) => d.leg),
        ['SWB-B', 'SWB-B'],
        'two creates never share a leg',
      );
      assert.throws(() => join(into, creating('sending')), refused(/being sent in this moment/));
    });

    it('lets the ticket of the other take the place of one that could not be created, and what is behind that goes on', () => {
      const failed = delivery('d0', { conversation: 'a', part: 'entity', state: 'failed', blocking: true });
      const into = { ...matter(conversation('a', { links: [inc('inc1')] })), deliveries: [failed] };
      const surgery = join(into, matter(conversation('b', { links: [tt('tt2')] })));
      assert.deepEqual(
        outcome(surgery).a?.links.map((l) => [l.number, l.leg]),
        [
          ['INC1', ''],
          ['TT2', ''],
        ],
      );
      assert.deepEqual(
        deliveriesOf(surgery).map((d) => [d.id, d.state, d.blocking]),
        [['d0', 'failed', undefined]],
      );
    });

    it('is refused with itself, and for an order that is shared out', () => {
      assert.throws(() => join(A(), A()), refused(/with itself/));
      const plan = { node: 'f', onFailure: 'keep' as const, legs: [] };
      assert.throws(() => join(A(), matter({ ...B().conversation, plan })), refused(/SWB-B is shared out/));
    });
  });

  describe('undo', () => {
    const begin = (): ConversationContents[] => [
      {
        ...A(),
        messages: [message('m1', { conversation: 'a', entityId: 'inc1', state: 'settled' })],
        deliveries: [delivery('d1', { conversation: 'a', state: 'delivered', entityId: 'tt1' })],
      },
      {
        ...B(),
        messages: [message('m2', { conversation: 'b', entityId: 'inc2', state: 'settled' })],
        deliveries: [delivery('d2', { conversation: 'b', state: 'pending', part: 'entity' })],
      },
    ];
    const OPERATIONS: LinkEdit[] = [
      { kind: 'unlink', conversation: 'a', entity: { endpoint: 'csp', entityType: 'troubleTicket', id: 'tt1' } },
      {
        kind: 'split',
        conversation: 'a',
        entity: { endpoint: 'csp', entityType: 'troubleTicket', id: 'tt1' },
        reference: 'SWB-NEW',
      },
      { kind: 'merge', conversation: 'a', other: 'b' },
      { kind: 'link', conversation: 'a', entity: { ...SEEN, endpoint: 'third' } },
    ];
    for (const operation of OPERATIONS) {
      const done = () => {
        const before = begin();
        const surgery = planLinkEdit(operation, before[0] as ConversationContents, operation.kind === 'merge' ? before[1] : undefined, OPERATOR);
        return { before, surgery, now: applied(before, surgery) };
      };

      it(`${operation.kind}: leaves everything as it was before`, () => {
        const { before, surgery, now } = done();
        assert.notDeepEqual(essence(now), essence(before));
        assert.deepEqual(essence(applied(now, planUndo(surgery.inverse, looked(now), OPERATOR))), essence(before));
      });

      if (operation.kind === 'unlink') continue;
      it(`${operation.kind}: is refused once something has happened to the link, and says what`, () => {
        const { surgery, now } = done();
        const id = surgery.inverse.moves.at(-1)?.after?.link.id;
        for (const one of now) for (const l of one.conversation.links) if (l.id === id) l.seen = ['something new'];
        assert.throws(() => planUndo(surgery.inverse, looked(now), OPERATOR), refused(/has changed since/));
      });

      it(`${operation.kind}: is refused while something new is on its way there`, () => {
        const { surgery, now } = done();
        const { conversation: where, link: to } = surgery.inverse.moves.at(-1)?.after ?? assert.fail();
        const added = delivery('d9', { conversation: where, endpoint: to.endpoint, entityType: to.entityType, leg: to.leg });
        now.find((m) => m.conversation.id === where)?.deliveries.push(added);
        assert.throws(() => planUndo(surgery.inverse, looked(now), OPERATOR), refused(/has been sent to \w+ since/));
      });
    }

    it('is refused when the entity was linked elsewhere meanwhile', () => {
      const before = begin();
      const surgery = planLinkEdit(OPERATIONS[0] as LinkEdit, before[0] as ConversationContents, undefined, OPERATOR);
      const now = applied(before, surgery);
      now[1]?.conversation.links.push(tt('tt1'));
      assert.throws(() => planUndo(surgery.inverse, looked(now), OPERATOR), refused(/TT1 has been linked to b since/));
    });

    it('is refused when another ticket has taken the place', () => {
      const before = begin();
      const surgery = planLinkEdit(OPERATIONS[0] as LinkEdit, before[0] as ConversationContents, undefined, OPERATOR);
      const now = applied(before, surgery);
      now[0]?.conversation.links.push(tt('tt8'));
      assert.throws(() => planUndo(surgery.inverse, looked(now), OPERATOR), refused(/taken the place of TT1/));
    });

    it('of a merge is refused once a ticket was created that was under way', () => {
      const before = [
        matter(conversation('a', { links: [inc('inc1')] })),
        { ...begin()[1], conversation: conversation('b', { links: [inc('inc2')] }) } as ConversationContents,
      ];
      const surgery = planLinkEdit(OPERATIONS[2] as LinkEdit, before[0] as ConversationContents, before[1], OPERATOR);
      const now = applied(before, surgery);
      now[0]?.conversation.links.push(tt('tt7'));
      for (const d of now[0]?.deliveries ?? []) d.state = 'delivered';
      assert.throws(() => planUndo(surgery.inverse, looked(now), OPERATOR), refused(/TT7 has been created since/));
    });

    it('of a merge takes what came in since about the other’s entities back with them', () => {
      const before = begin();
      const surgery = planLinkEdit(OPERATIONS[2] as LinkEdit, before[0] as ConversationContents, before[1], OPERATOR);
      const now = applied(before, surgery);
      now[0]?.messages.push(message('m7', { conversation: 'a', entityId: 'inc2', state: 'settled', outcome: 'ignored' }));
      const back = applied(now, planUndo(surgery.inverse, looked(now), OPERATOR));
      assert.deepEqual(
        back
          .find((m) => m.conversation.id === 'b')
          ?.messages.map((m) => m.id)
          .sort(),
        ['m2', 'm7'],
      );
    });
  });
});
