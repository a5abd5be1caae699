import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { compile } from '../../src/mapping/compile.js';
import { Expressions } from '../../src/mapping/expressions.js';
import type { GenericMessage, OrderItem } from '../../src/model/message.js';

const ITEMS = 200;
/** Of the operating system: evaluations get a twentieth of a processor that two others want, too. */
const LOW = 10;

describe('expressions on a machine that is very busy', () => {
  let others: ChildProcess[];
  let expressions: Expressions;
  before(() => {
    others = Array.from({ length: 2 * availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);']));
  });
  after(() => {
    for (const other of others) other.kill('SIGKILL');
  });
  afterEach(() => expressions.close());

  it('are not stopped for the time that they had to wait', async () => {
    expressions = new Expressions({ limit: 500, processes: 1, priority: LOW });
    const began = performance.now();
    assert.equal(await expressions.evaluate('$sum([1..20000].($ % 7))', {}), 59_998);
    assert.ok(performance.now() - began > 500, 'it waited longer than it may work');
  });

  it('are computed for each of 200 items of one order', async () => {
    expressions = new Expressions({ limit: 100, processes: 1, priority: LOW / 2 });
    const total = { out: '$sum(order.items.quantity) & " with " & offering.name' };
    const { fromGeneric } = compile(
      {
        name: 'large orders',
        system: 'tmf622',
        entityType: 'productOrder',
        rules: [{ field: 'description', generic: 'title' }],
        items: {
          field: 'productOrderItem',
          rules: [
            { field: 'id', generic: 'id' },
            { field: 'name', generic: 'offering.name', expression: total },
          ],
        },
      },
      { expressions },
    );
    const items = Array.from(
      { length: ITEMS },
      (_, i): OrderItem => ({ id: String(i + 1), action: 'add', quantity: 2, offering: { id: `PH-${i}`, name: `Phone ${i}` } }),
    );
    const source = { endpoint: 'customer', entityType: 'order', id: 'O1' };
    const parts = { comments: [], attachments: [], relations: [] };
    const message: GenericMessage = {
      entity: 'order',
      event: 'created',
      source,
      fields: { title: 'New colleagues', items },
      ...parts,
    };
    const { body, problems } = await fromGeneric(message);
    const names = (body.productOrderItem as { name: string }[]).map(({ name }) => name);
    assert.deepEqual([names.length, names[0], names[ITEMS - 1], problems], [ITEMS, '400 with Phone 0', '400 with Phone 199', []]);
  });

  it('are stopped all the same when they have had their share', async () => {
    expressions = new Expressions({ limit: 100, processes: 1, priority: LOW / 2 });
    const endless = '($f := function($n) { $f($n + 1) }; $f(0))';
    await assert.rejects(expressions.evaluate(endless, {}), { code: 'SWB_EXPRESSION', message: /needed more than 100 ms/ });
  });
});
