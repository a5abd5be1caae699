import assert from 'node:assert/strict';
import {
  type ConversationContents,
  type LinkEdit,
  type PlannedLinkEdit,
  planLinkEdit,
} from '../../src/conversation/link-edit.js';
import { planUndo } from '../../src/conversation/link-edit-undo.js';
import { createReference } from '../../src/conversation/reference.js';
import type { Change, ConversationRecord, DeliveryRecord } from '../../src/store/store.js';
import { conversation, delivery, link, message } from '../store/records.js';

const AUTHOR = { by: 'anna', at: '2026-03-02T12:00:00.000Z' };
const inc = (id: string, more = {}) => link(id, { number: id.toUpperCase(), ...more });
const tt = (id: string, more = {}) =>
  link(id, { endpoint: 'csp', entityType: 'troubleTicket', origin: 'ours', number: id.toUpperCase(), ...more });
const refused = (pattern: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, 'SWB_PAYLOAD');
  assert.match(error.message, pattern);
  return true;
};

const contents = (of: ConversationRecord, more: Partial<ConversationContents> = {}): ConversationContents => ({
  conversation: of,
  messages: [],
  deliveries: [],
  ...more,
});
const A = () => contents(conversation('a', { version: 3, links: [inc('inc1'), tt('tt1')] }));
const B = () => contents(conversation('b', { version: 5, links: [inc('inc2'), tt('tt2')], written: ['csp|comment|x'] }));
const SEEN = {
  endpoint: 'acme',
  entityType: 'incident',
  id: 'inc9',
  number: 'INC9',
  record: { state: '2', short_description: 'x'.repeat(80) },
  fields: { state: 'inProgress' },
  parts: ['j1'],
};

/** The conversations after the changes. */
const outcome = ({ changes }: { changes: Change[] }) =>
  Object.fromEntries(changes.flatMap((c) => (c.kind === 'conversation' && !c.gone ? [[c.record.id, c.record]] : []))) as Record<
    string,
    ConversationRecord
  >;
const deliveriesOf = ({ changes }: { changes: Change[] }) => changes.flatMap((c) => (c.kind === 'delivery' ? [c.record] : []));
const codes = ({ effects }: PlannedLinkEdit) => effects.map((e) => e.code);
const numbers = (record: ConversationRecord | undefined) => record?.links.map((l) => l.number);

/** Applies the changes to the conversations, as the store would. */
function applied(all: ConversationContents[], { changes }: { changes: Change[] }): ConversationContents[] {
  const conversations = new Map(all.map((m) => [m.conversation.id, m.conversation]));
  const messages = new Map(all.flatMap((m) => m.messages).map((m) => [m.id, m]));
  const deliveries = new Map(all.flatMap((m) => m.deliveries).map((d) => [d.id, d]));
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

const current = (conversations: ConversationContents[]) => ({
  conversations,
  ownerOf: (entity: { id: string }) =>
    conversations.find((m) => m.conversation.links.some((l) => l.id === entity.id))?.conversation.id,
});

/** The conversations without versions and times of change. */
const essence = (all: ConversationContents[]) =>
  all
    .map(({ conversation: { version: _v, updatedAt: _u, ...record }, messages, deliveries }) => ({
      ...JSON.parse(JSON.stringify(record)),
      messages: messages.map((m) => m.id).sort(),
      deliveries: deliveries.map(({ id, leg, reference, state }) => JSON.parse(JSON.stringify({ id, leg, reference, state }))),
    }))
    .sort((x, y) => (x.id < y.id ? -1 : 1));

describe('manual link editing', () => {
  describe('link', () => {
    const add = (into: ConversationContents) =>
      planLinkEdit({ kind: 'link', conversation: 'a', entity: SEEN }, into, undefined, AUTHOR);
    const open = () => contents(conversation('a', { version: 1, links: [tt('tt1')] }));

    it('stores the current values of the entity as known, so that only later changes count', () => {
      const edit = add(open());
      const made = outcome(edit).a?.links.at(-1);
      assert.equal(made?.number, 'INC9');
      assert.equal(made?.origin, 'theirs');
      assert.equal(made?.raw.state, '2');
      assert.match(String(made?.raw.short_description), /^#/, 'long values as a fingerprint');
      assert.deepEqual(made?.seen, ['j1']);
      assert.deepEqual(codes(edit), ['joins', 'known']);
    });

    it('releases deliveries that waited for a ticket, or for one that could not be created', () => {
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
      const edit = add({ ...open(), deliveries: [failed, file] });
      assert.deepEqual(
        deliveriesOf(edit).map((d) => [d.id, d.state, d.blocking, d.waitsFor]),
        [
          ['d1', 'failed', undefined, undefined],
          ['d2', 'pending', undefined, undefined],
        ],
      );
      assert.ok(codes(edit).includes('goOn'));
    });

    it('is refused if the conversation has a ticket there, or one may be in creation', () => {
      assert.throws(() => add(A()), refused(/already has INC1 at that endpoint/));
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
        AUTHOR,
      );

    it('leaves the other links unchanged, and records who unlinked the entity', () => {
      const edit = take(A());
      assert.deepEqual(numbers(outcome(edit).a), ['INC1']);
      const setting = edit.changes.find((c) => c.kind === 'setting');
      assert.deepEqual(setting, {
        kind: 'setting',
        key: 'unlinked|csp|troubleTicket|tt1',
        value: { reference: 'SWB-A', by: 'anna', at: AUTHOR.at },
      });
    });

    it('gives the next create a different reference from the unlinked ticket', () => {
      const once = outcome(take(A())).a as ConversationRecord;
      assert.equal(createReference(once, { leg: '' }), 'SWB-A//2');
      const again = contents({ ...once, links: [...once.links, tt('tt3', { carries: 'SWB-A//2' })] });
      assert.equal(createReference(outcome(take(again, 'tt3')).a as ConversationRecord, { leg: '' }), 'SWB-A//3');
      assert.equal(createReference(once, { leg: 'mobile' }), 'SWB-A/mobile');
    });

    for (const state of ['pending', 'sending', 'inDoubt'] as const) {
      it(`is refused while a delivery to it is ${state}`, () => {
        const busy = delivery('d1', { conversation: 'a', state });
        assert.throws(() => take({ ...A(), deliveries: [busy] }), refused(/1 delivery to TT1 is in progress/));
      });
    }

    it('is refused for an entity that is not linked', () =>
      assert.throws(() => take(A(), 'nothing'), refused(/not linked to SWB-A/)));
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
      planLinkEdit({ kind: 'split', conversation: 'a', entity, reference: 'SWB-NEW' }, from, undefined, AUTHOR);

    it('makes a separate conversation with the entity’s messages and deliveries', () => {
      const edit = off(parts());
      const { a, 'SWB-NEW': made } = outcome(edit);
      assert.deepEqual([numbers(a), numbers(made)], [['INC1'], ['TT1']]);
      assert.equal(made?.links[0]?.carries, 'SWB-A', 'the ticket keeps its reference');
      assert.deepEqual(a?.spent, ['SWB-A']);
      assert.deepEqual(
        deliveriesOf(edit).map((d) => [d.id, d.conversation, d.lane]),
        [['d1', 'SWB-NEW', 'a|csp']],
      );
      assert.deepEqual(
        edit.changes.flatMap((c) => (c.kind === 'message' ? [c.record.id] : [])),
        ['m2'],
      );
    });

    it('is refused for the only link, and while a delivery to it is being sent', () => {
      assert.throws(() => off(contents(conversation('a', { links: [tt('tt1')] }))), refused(/only ticket in this conversation/));
      assert.throws(
        () => off({ ...A(), deliveries: [delivery('d1', { conversation: 'a', state: 'sending' })] }),
        refused(/being sent/),
      );
    });
  });

  describe('merge', () => {
    const join = (into: ConversationContents, other: ConversationContents) =>
      planLinkEdit({ kind: 'merge', conversation: 'a', other: 'b' }, into, other, AUTHOR);

    it('keeps its reference, adds the other’s as an alias, and keeps what was known of both', () => {
      const other = B();
      other.conversation.aliases = ['SWB-OLD'];
      const { a } = outcome(join(A(), other));
      assert.equal(a?.reference, 'SWB-A');
      assert.deepEqual(a?.aliases, ['SWB-B', 'SWB-OLD']);
      assert.deepEqual(a?.written, ['csp|comment|x']);
      assert.deepEqual(numbers(a), ['INC1', 'TT1', 'INC2', 'TT2']);
    });

    it('gives links a separate leg if both conversations have an entity', () => {
      const edit = join(A(), B());
      assert.deepEqual(
        outcome(edit).a?.links.map((l) => [l.number, l.leg, l.carries]),
        [
          ['INC1', '', undefined],
          ['TT1', '', undefined],
          ['INC2', 'SWB-B', undefined],
          ['TT2', 'SWB-B', 'SWB-B'],
        ],
      );
      assert.deepEqual(
        edit.effects.filter((e) => e.code === 'heardOnly').map((e) => [e.values.number, e.values.instead]),
        [
          ['INC2', 'INC1'],
          ['TT2', 'TT1'],
        ],
      );
    });

    it('keeps the leg of a link if it is free', () => {
      const into = contents(conversation('a', { links: [inc('inc1')] }));
      const other = contents(conversation('b', { links: [tt('tt2')] }));
      assert.deepEqual(
        outcome(join(into, other)).a?.links.map((l) => [l.number, l.leg]),
        [
          ['INC1', ''],
          ['TT2', ''],
        ],
      );
    });

    it('neither loses nor duplicates open deliveries: they keep lane, state and reference', () => {
      const creating = (state: DeliveryRecord['state']) => {
        const of = contents(conversation('b', { links: [inc('inc2')] }));
        return {
          ...of,
          deliveries: [
            delivery('d1', { conversation: 'b', part: 'entity', state }),
            delivery('d2', { conversation: 'b', part: 'comment:1' }),
          ],
        };
      };
      const into = contents(conversation('a', { links: [inc('inc1')] }));
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
      assert.throws(() => join(into, creating('sending')), refused(/being sent right now/));
    });

    it('replaces a ticket that could not be created by the other’s, and releases the deliveries behind it', () => {
      const failed = delivery('d0', { conversation: 'a', part: 'entity', state: 'failed', blocking: true });
      const into = { ...contents(conversation('a', { links: [inc('inc1')] })), deliveries: [failed] };
      const edit = join(into, contents(conversation('b', { links: [tt('tt2')] })));
      assert.deepEqual(
        outcome(edit).a?.links.map((l) => [l.number, l.leg]),
        [
          ['INC1', ''],
          ['TT2', ''],
        ],
      );
      assert.deepEqual(
        deliveriesOf(edit).map((d) => [d.id, d.state, d.blocking]),
        [['d0', 'failed', undefined]],
      );
    });

    it('is refused with itself, and for a fanned-out order', () => {
      assert.throws(() => join(A(), A()), refused(/with itself/));
      const plan = { node: 'f', onFailure: 'keep' as const, legs: [], items: [] };
      assert.throws(() => join(A(), contents({ ...B().conversation, plan })), refused(/SWB-B is fanned out/));
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
    const LINK_EDITS: LinkEdit[] = [
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
    for (const linkEdit of LINK_EDITS) {
      const done = () => {
        const before = begin();
        const edit = planLinkEdit(
          linkEdit,
          before[0] as ConversationContents,
          linkEdit.kind === 'merge' ? before[1] : undefined,
          AUTHOR,
        );
        return { before, edit, now: applied(before, edit) };
      };

      it(`${linkEdit.kind}: restores the state before the edit`, () => {
        const { before, edit, now } = done();
        assert.notDeepEqual(essence(now), essence(before));
        assert.deepEqual(essence(applied(now, planUndo(edit.inverse, current(now), AUTHOR))), essence(before));
      });

      if (linkEdit.kind === 'unlink') continue;
      it(`${linkEdit.kind}: is refused if the link has changed since, and says so`, () => {
        const { edit, now } = done();
        const id = edit.inverse.moves.at(-1)?.after?.link.id;
        for (const one of now) for (const l of one.conversation.links) if (l.id === id) l.seen = ['something new'];
        assert.throws(() => planUndo(edit.inverse, current(now), AUTHOR), refused(/has changed since/));
      });

      it(`${linkEdit.kind}: is refused while a newer delivery is open`, () => {
        const { edit, now } = done();
        const { conversation: where, link: to } = edit.inverse.moves.at(-1)?.after ?? assert.fail();
        const added = delivery('d9', { conversation: where, endpoint: to.endpoint, entityType: to.entityType, leg: to.leg });
        now.find((m) => m.conversation.id === where)?.deliveries.push(added);
        assert.throws(() => planUndo(edit.inverse, current(now), AUTHOR), refused(/delivery to \w+ was added since/));
      });
    }

    it('is refused if the entity was linked elsewhere since', () => {
      const before = begin();
      const edit = planLinkEdit(LINK_EDITS[0] as LinkEdit, before[0] as ConversationContents, undefined, AUTHOR);
      const now = applied(before, edit);
      now[1]?.conversation.links.push(tt('tt1'));
      assert.throws(() => planUndo(edit.inverse, current(now), AUTHOR), refused(/TT1 has been linked to b since/));
    });

    it('is refused if another ticket was linked in its place', () => {
      const before = begin();
      const edit = planLinkEdit(LINK_EDITS[0] as LinkEdit, before[0] as ConversationContents, undefined, AUTHOR);
      const now = applied(before, edit);
      now[0]?.conversation.links.push(tt('tt8'));
      assert.throws(() => planUndo(edit.inverse, current(now), AUTHOR), refused(/linked in place of TT1/));
    });

    it('of a merge is refused if a pending ticket was created since', () => {
      const before = [
        contents(conversation('a', { links: [inc('inc1')] })),
        { ...begin()[1], conversation: conversation('b', { links: [inc('inc2')] }) } as ConversationContents,
      ];
      const edit = planLinkEdit(LINK_EDITS[2] as LinkEdit, before[0] as ConversationContents, before[1], AUTHOR);
      const now = applied(before, edit);
      now[0]?.conversation.links.push(tt('tt7'));
      for (const d of now[0]?.deliveries ?? []) d.state = 'delivered';
      assert.throws(() => planUndo(edit.inverse, current(now), AUTHOR), refused(/TT7 has been created since/));
    });

    it('of a merge also returns later messages about the other’s entities', () => {
      const before = begin();
      const edit = planLinkEdit(LINK_EDITS[2] as LinkEdit, before[0] as ConversationContents, before[1], AUTHOR);
      const now = applied(before, edit);
      now[0]?.messages.push(message('m7', { conversation: 'a', entityId: 'inc2', state: 'settled', outcome: 'ignored' }));
      const back = applied(now, planUndo(edit.inverse, current(now), AUTHOR));
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
