import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { erase, eraseText, exportAudit, verifyAudit } from '../../src/cli/people.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { inAnyState } from '../store/any-state.js';
import { newFolder, removeFolders } from '../store/folders.js';
import { auditEntry, conversation, link, message } from '../store/records.js';

describe('people’s data on the command line', () => {
  after(removeFolders);

  async function stopped(): Promise<string> {
    const folder = await newFolder();
    const store = inAnyState(new LowdbStore({ folder }));
    await store.open();
    for (const [n, title] of ['Jane Doe', 'Jane Doe again', 'Max'].entries())
      await store.commit([
        {
          kind: 'conversation',
          record: conversation(`c${n}`, {
            state: n === 1 ? 'open' : 'closed',
            title,
            links: [link(`id-${n}`, { number: `INC000${n}` })],
          }),
        },
        { kind: 'message', record: message(`m${n}`, { state: 'settled', conversation: `c${n}` }), bodies: { received: title } },
        { kind: 'audit', entry: auditEntry(`e${n}`, { names: { name: `INC000${n}` } }) },
      ]);
    await store.close();
    return folder;
  }

  it('erases in a stopped store only what was confirmed by its number, and says what it refuses', async () => {
    const store = await stopped();
    const place = { store };
    for (const [confirm, entries, mistake] of [
      [undefined, 2, ''],
      [2, 3, '2 was confirmed, but 1 would be erased. '],
    ] as const) {
      const outcome = await erase({ place, person: ['jane doe'], confirm });
      assert.equal(
        eraseText(outcome),
        [
          'INC0001 "Jane Doe again": NOT erased. The ticket has not ended. Close it at its parties first.',
          'INC0000 "Jane Doe": 1 message, 0 deliveries',
          `Would be erased: 1 ticket, the names in ${entries} entries of the log.`,
          `${mistake}Nothing was erased. To erase for good, run it again with --confirm 1`,
        ].join('\n'),
      );
    }
    const outcome = await erase({ place, person: ['jane doe'], confirm: 1 });
    assert.equal(outcome.erased, true);
    assert.equal(eraseText(outcome).split('\n').at(-1), 'Erased: 1 ticket, the names in 3 entries of the log.');
    const left = readdirSync(store, { recursive: true, withFileTypes: true }).filter(
      (file) => file.isFile() && readFileSync(`${file.parentPath}/${file.name}`).includes('INC0000'),
    );
    assert.deepEqual(
      left.map(({ name }) => name),
      [],
    );
  });

  it('says that there is nothing to erase, or nothing yet', async () => {
    const place = { store: await stopped() };
    const text = async (person: string, confirm?: number) => eraseText(await erase({ place, person: [person], confirm }));
    assert.equal(await text('Jane Roe'), 'Nothing to erase was found: look for other spellings.\nNothing was erased.');
    assert.match(await text('Jane Roe', 1), /\n1 was confirmed, but 0 would be erased\. Nothing was erased\.$/);
    for (const again of ['', ' and again, with the log naming who was looked for'])
      assert.match(
        await text('Jane Doe again'),
        /NOT erased.*\nWhat was found cannot be erased yet\.\nNothing was erased\.$/,
        `once${again}`,
      );
    assert.match(await text('Jane'), /"Jane" is a single word, which may be in the tickets of others/);
  });

  it('names the address at which nothing answers', async () => {
    const url = 'http://127.0.0.1:1';
    for (const place of [
      { url, token: undefined },
      { url: 'no address', token: undefined },
    ])
      await assert.rejects(erase({ place, ticket: ['INC0002'] }), (error: Error) => {
        assert.match(error.message, /No Switchboard answers at this address \((ECONNREFUSED|ERR_INVALID_URL|bad port).*\)/);
        assert.ok(error.message.includes(place.url), error.message);
        return true;
      });
  });

  it('exports and checks the trail, which shows who erased', async () => {
    const store = await stopped();
    await erase({ place: { store }, ticket: ['INC0002'], confirm: 1 });
    const lines: string[] = [];
    for await (const line of exportAudit(store, { from: '2026-04-01' })) lines.push(line);
    const entries = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      entries.map(({ action, source, target }) => [action, source, target.kind]),
      [
        ['erase', 'cli', 'conversation'],
        ['erase', 'cli', 'trail'],
      ],
    );
    assert.doesNotMatch(lines.join(''), /INC0002/);
    const whole = await verifyAudit(store);
    assert.match(
      whole.text,
      /^5 entries, from .*; the names of 1 were erased\. Last entry: 5 [0-9a-f]{64}\nThe audit trail is whole\.$/,
    );
    appendFileSync(`${store}/audit/2026-03.jsonl`, '{}\n');
    const { text, isWhole } = await verifyAudit(store);
    assert.equal(isWhole, false);
    assert.match(text, /was changed:\n2026-03\.jsonl: the line after entry 3 is not an entry\./);
  });

  it('says that the store is in use', async () => {
    const folder = await stopped();
    const store = new LowdbStore({ folder });
    await store.open();
    await assert.rejects(erase({ place: { store: folder }, ticket: ['INC0002'] }), { code: 'SWB_STORE_LOCKED' });
    await store.close();
  });
});
