import { SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { queryTable, queryValue } from './query.js';
import { columnText, type Row } from './row.js';
import type { LineInput } from './write-lines.js';

const ROOT = '/api/sn_sc/servicecatalog';

/** The variable that holds our reference, by which a request is found when the answer with its number was lost. */
export const REFERENCE_VARIABLE = 'correlation_id';

/**
 * Orders from an instance's service catalogue (ServiceNow, Service Catalog API). A user has one cart, so orders are submitted one
 * by one.
 */
export class Catalogue {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly api: Api) {}

  /** Orders the lines together, each with our reference among its variables; returns the sys_id of the request. */
  async order(lines: LineInput[], reference: string): Promise<string> {
    // Before anything is put into the cart: an item that is not in the catalogue fails the whole order.
    const items = await Promise.all(lines.map((line) => this.itemOf(line)));
    const turn = this.last.then(() => this.orderThroughCart(lines, items, reference));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async orderThroughCart(lines: LineInput[], items: string[], reference: string): Promise<string> {
    await this.emptyCart();
    for (const [i, line] of lines.entries()) {
      const variables = (line.variables ?? {}) as Record<string, Json>;
      await this.api.ask({
        method: 'POST',
        path: `${ROOT}/items/${items[i]}/add_to_cart`,
        body: {
          sysparm_quantity: columnText(line.quantity) || '1',
          variables: { ...variables, [REFERENCE_VARIABLE]: reference },
        },
        what: say`put item ${columnText(line.correlation_id)} into the cart`,
      });
    }
    const submit = { method: 'POST', path: `${ROOT}/cart/submit_order`, body: {}, what: say`submit the cart` } as const;
    const order = await this.api.object(submit);
    const id = columnText(order.request_id) || columnText(order.sys_id);
    if (id) return id;
    throw this.api.unexpected(submit, say`without a request`);
  }

  /** Empties the cart: whatever a failed order left in it must not be ordered with the next one. */
  private async emptyCart(): Promise<void> {
    const cart = await this.api.object({ method: 'GET', path: `${ROOT}/cart`, what: say`read the cart` });
    const id = columnText(cart.cart_id);
    if (id) await this.api.ask({ method: 'DELETE', path: `${ROOT}/cart/${id}/empty`, what: say`empty the cart` });
  }

  /**
   * The catalogue item of a line, by its sys_id or its name, because an order's offering id is seldom a catalogue sys_id. Throws
   * SWB_PAYLOAD where there is none.
   */
  private async itemOf(line: LineInput): Promise<string> {
    const names = [columnText(line.cat_item), columnText(line.cat_item_name)].filter((name) => name !== '');
    let found: Row[] = [];
    for (const name of names) {
      found = await this.itemsCalled(name);
      if (found.length === 1) return columnText(found[0]?.sys_id);
      if (found.length > 1) break;
    }
    const named = names.join(say`" or "`);
    const id = columnText(line.correlation_id);
    const why = !named
      ? say`Item ${id} does not say what to order from the catalogue.`
      : found.length
        ? say`Item ${id} names "${named}", which several items of the catalogue match.`
        : say`Item ${id} names "${named}", which the catalogue does not have as an active item.`;
    throw new SwitchboardError('SWB_PAYLOAD', why, {
      where: this.api.name,
      field: 'lines.cat_item',
      hint: say`Set offering.id to the sys_id or the name of an active catalogue item, in the mapping or in the customer’s record, then replay.`,
    });
  }

  /** Active catalogue items with that sys_id or name. ServiceNow ignores an invalid clause, so the rows are checked again. */
  private async itemsCalled(name: string): Promise<Row[]> {
    const column = /^[0-9a-f]{32}$/.test(name) ? 'sys_id' : 'name';
    const what = say`look up ${name} in the catalogue`;
    const query = `${column}=${queryValue(name)}^active=true`;
    const rows = await queryTable(this.api, 'sc_cat_item', query, what, 10, { sysparm_fields: 'sys_id,name,active' });
    return rows.filter((row) => columnText(row[column]) === name && columnText(row.active) !== 'false');
  }
}
