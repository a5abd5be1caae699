import assert from 'node:assert/strict';
import { idFromLocation, sameAddress, shows, subscriptionFor } from '../../../src/endpoints/tmf/hub-answers.js';

const OURS = 'https://broker/in/secret';
const HUB = 'https://api.example/tmf/v4/hub';

describe('an answer of a hub', () => {
  const said: [string, unknown, ReturnType<typeof subscriptionFor>][] = [
    ['one', { id: '7', callback: OURS }, { id: '7' }],
    ['a number as id', { id: 7 }, { id: '7' }],
    ['an href instead of an id', { href: `${HUB}/7` }, { id: '7' }],
    ['a list of one', [{ id: '7' }], { id: '7' }],
    [
      'a list with others',
      [
        { id: '1', callback: 'https://x/' },
        { id: '7', callback: OURS },
      ],
      { id: '7' },
    ],
    ['a wrapper', { data: { id: '7' } }, { id: '7' }],
    ['a list in a wrapper', { items: [{ id: '7', callback: OURS }], total: 1 }, { id: '7' }],
    ['a wrapper with an id of its own', { id: 'request', hub: { id: '7', callback: OURS } }, { id: '7' }],
    ['a normalised URL', { id: '7', callback: 'HTTPS://BROKER/in/secret/' }, { id: '7' }],
    ['one that contains other objects', { id: '7', relatedParty: [{ id: 'p' }] }, { id: '7' }],
    ['another one', { id: '1', callback: 'https://x/' }, 'others'],
    ['no id', { callback: OURS }, 'there'],
    ['only others', [{ id: '1', callback: 'https://x/' }], 'others'],
    ['several without a callback', [{ id: '1' }, { id: '2' }], 'others'],
    ['nothing', {}, undefined],
    ['no body', undefined, undefined],
  ];
  for (const [name, body, is] of said) {
    it(`is understood: ${name}`, () => assert.deepEqual(subscriptionFor(OURS, body), is));
  }

  it('shows a subscription by its id, in any form', () => {
    assert.ok(shows('7', { id: '7' }));
    assert.ok(shows('7', [{ id: 7 }]));
    assert.ok(shows('https://api.example/subscriptions/7', { id: '7' }));
    assert.ok(!shows('7', { id: '8' }));
    assert.ok(!shows('7', {}));
  });

  const places: [string | undefined, string | undefined][] = [
    ['https://api.example/tmf/v4/hub/7', '7'],
    ['/tmf/v4/hub/7', '7'],
    ['https://inside:8443/other/hub/a%2Fb', 'a/b'],
    ['https://api.example/subscriptions/7', 'https://api.example/subscriptions/7'],
    ['https://elsewhere/subscriptions/7', undefined],
    [HUB, undefined],
    [undefined, undefined],
  ];
  for (const [location, id] of places) {
    it(`gives ${id ?? 'no id'} for the Location ${location ?? '(none)'}`, () => assert.equal(idFromLocation(location, HUB), id));
  }

  it('shows our callback even if it was normalised', () => {
    assert.ok(sameAddress('https://broker:443/in/secret', OURS));
    assert.ok(!sameAddress('https://broker/in/other', OURS));
    assert.ok(!sameAddress(undefined, OURS));
  });
});
