import assert from 'node:assert/strict';
import { smallerPage } from '../../src/endpoints/page-size.js';
import { PartnerError } from '../../src/errors.js';

describe('a refused page size', () => {
  const refused = (status: number, words: string, body?: object) =>
    new PartnerError('SWB_PARTNER_REFUSED', words, { outcome: 'notDone', retry: false, status, answer: words, body });

  it('is replaced by the one that the partner names, or by half of it', () => {
    assert.equal(smallerPage(100, refused(400, 'The limit is too large.')), 50);
    assert.equal(smallerPage(100, refused(422, 'limit=100 is above the maximum of 25')), 25);
    assert.equal(smallerPage(1_000, refused(413, '', { error: { message: 'at most 250 rows, too many', code: 413 } })), 250);
    assert.equal(smallerPage(1_000, refused(400, '', { error: 'limit', code: 400 })), 500);
  });

  it('is not replaced where the refusal is about something else', () => {
    assert.equal(smallerPage(100, refused(400, 'unknown attribute')), undefined);
    assert.equal(smallerPage(100, refused(403, 'limit')), undefined);
    assert.equal(smallerPage(1, refused(400, 'limit')), undefined);
  });
});
