import assert from 'node:assert/strict';
import { findDuplicate } from '../../src/conversation/duplicate-reference.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';

describe('another record with the reference of one that an event showed first', () => {
  const source = { endpoint: 'acme', entityType: 'ticket', id: 'T2', reference: 'SWB-1' };
  const failed = new PartnerError('SWB_PARTNER_ANSWER', 'No list.', { outcome: 'notDone', retry: true });

  /** A partner whose look-ups answer one after the other; the last answer is repeated. */
  const partner = (answers: (string | undefined | Error)[]) => {
    let looks = 0;
    const find = async () => {
      const answer = answers[Math.min(looks++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer as RawEntity | undefined;
    };
    const parse = (id: RawEntity) => ({ source: { ...source, id: String(id) } });
    return { client: { find, parse } as unknown as EndpointClient, looks: () => looks };
  };

  for (const [what, answers, expected, looks] of [
    ['is reported', ['T1'], 'T1', 1],
    ['is reported when the list shows it later', [undefined, failed, 'T1'], 'T1', 3],
    ['does not exist if the look-up shows the record itself', [undefined, 'T2'], undefined, 2],
    ['is not waited for any longer if the list shows none', [undefined], undefined, 4],
  ] as const)
    it(what, async () => {
      const { client, looks: asked } = partner([...answers]);
      assert.equal(await findDuplicate(client, source), expected);
      assert.equal(asked(), looks);
    });

  it('is not looked for at a partner that cannot be searched', async () => {
    assert.equal(await findDuplicate({} as EndpointClient, source), undefined);
  });
});
