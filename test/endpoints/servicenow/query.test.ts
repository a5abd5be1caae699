import assert from 'node:assert/strict';
import { serviceNowApi } from '../../../src/endpoints/servicenow/answers.js';
import { LINES } from '../../../src/endpoints/servicenow/lines.js';
import { linesOf, valueRows } from '../../../src/endpoints/servicenow/query.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/http.js';

const TABLE = LINES.sn_ind_tmt_orm_order!;
const ROWS: Record<string, object> = {
  [TABLE.table]: { sys_id: 'l1', order: 'o1', number: 'LINE1' },
  [TABLE.values.table]: { sys_id: 'v1', order_line_item: 'l1', characteristic: 'colour', value: 'red' },
};

describe('lists of lines and of their values', () => {
  /** An instance that answers with one row of each table, and with other headers or another status for one list. */
  const api = (of: string, says: Partial<HttpAnswer>) => {
    const request = async ({ path }: HttpRequest) => {
      const table = path.split('/').at(-1)!;
      return { status: 200, headers: {}, body: { result: [ROWS[table]] }, ...(table === of && says) };
    };
    return serviceNowApi({ name: 'Acme', request, mask: (text: string) => text } as unknown as HttpClient);
  };
  const asked: Record<string, (of: string, says: Partial<HttpAnswer>) => Promise<unknown[]>> = {
    lines: (of, says) => linesOf(api(of, says), TABLE, ['o1'], 'order'),
    values: (of, says) => valueRows(api(of, says), TABLE, 'l1', 'read values'),
  };

  for (const [what, of] of [
    ['lines', TABLE.table],
    ['lines', TABLE.values.table],
    ['values', TABLE.values.table],
  ] as const) {
    it(`are refused where they say that they are incomplete: ${what}, from ${of}`, async () => {
      for (const says of [{ status: 206 }, { headers: { 'x-total-count': '2' } }])
        await assert.rejects(asked[what]!(of, says), { code: 'SWB_PARTNER_ANSWER', outcome: 'notDone', retry: true });
      assert.equal((await asked[what]!(of, { headers: { 'x-total-count': '1' } })).length, 1);
    });
  }
});
