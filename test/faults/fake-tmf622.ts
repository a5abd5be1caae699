import { randomUUID } from 'node:crypto';
import type { Kind } from './behaviours.js';
import type { Answer, Request } from './fake-partner.js';
import { FakeVendor } from './fake-vendor.js';
import { PATHS, shownTask } from './vendor-answers.js';
import { type AskedToCancel, type CancelTask, isFinal, stateOf, type VendorItem, type VendorOrder } from './vendor-orders.js';

type Fields = Record<string, unknown>;

const CLIENT = { id: 'broker', secret: 'a client secret' };
/** Attributes that the stand-in keeps apart from the others of an order. */
const OWN = ['productOrderItem', 'externalId', 'note', 'id', 'href', 'state', '@type'];

/** A vendor's TMF622 API in one of three dialects, with cancellation tasks, and a hub where the dialect has one. */
export class FakeTmf622 extends FakeVendor {
  private readonly tokens = new Set<string>();

  protected kind({ method, path }: Request): Kind {
    if (path === '/oauth/token') return 'token';
    if (path.includes('/hub')) return 'other';
    if (method === 'POST') return 'create';
    if (method === 'PATCH') return 'change';
    return path.endsWith('/productOrder') || path.endsWith('/cancelProductOrder') ? 'list' : 'read';
  }

  protected refusal({ path, headers }: Request): Answer | undefined {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (path === '/oauth/token' || this.tokens.has(token)) return undefined;
    return { status: 401, body: { code: '42', reason: 'Expired credentials' } };
  }

  protected failure() {
    return { code: '60', reason: 'Try later', message: 'The order system is busy' };
  }

  protected failureBesideResult() {
    return { result: [], status: 'failure', error: this.failure() };
  }

  protected otherRecord({ path }: Request): unknown {
    const other = this.orders.find(({ id }) => !path.endsWith(id));
    return other ? this.shown(other) : {};
  }

  protected act({ method, path, query, body, headers }: Request): Answer {
    if (path === '/oauth/token') return this.token(String(body), headers.authorization);
    const json = () => JSON.parse(String(body)) as Fields;
    const { orders, cancel } = PATHS[this.dialect];
    if (path.startsWith(orders)) {
      const id = decodeURIComponent(path.slice(orders.length + 1));
      if (!id) return method === 'POST' ? this.create(json()) : this.list(query);
      const order = this.orders.find((one) => one.id === id);
      const isQueued = order !== undefined && order.visibleFrom > Date.now();
      if (isQueued && method !== 'GET') return refused('This order is yet to be created in customer order table');
      if (!order || isQueued) return NOT_FOUND;
      return method === 'PATCH' ? this.patch(order, json()) : { status: 200, body: this.shown(order) };
    }
    if (path.startsWith(cancel)) {
      const id = decodeURIComponent(path.slice(cancel.length + 1));
      if (method === 'POST') return this.cancel(json());
      if (this.dialect !== 'servicenow') return this.tasks(id, query);
    }
    if (path.includes('/hub') && this.dialect !== 'servicenow') return this.hub(method, path.split('/hub/')[1], json);
    this.unknown.add(`${method} ${path}`);
    return NOT_FOUND;
  }

  private token(form: string, basic = ''): Answer {
    const sent = new URLSearchParams(form);
    const [id, secret] = Buffer.from(basic.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    const known = (sent.get('client_id') ?? id) === CLIENT.id && (sent.get('client_secret') ?? secret) === CLIENT.secret;
    if (!known) return { status: 401, body: { error: 'invalid_client' } };
    const token = randomUUID();
    this.tokens.add(token);
    return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: 120 } };
  }

  private hub(method: string, id: string | undefined, json: () => Fields): Answer {
    if (method === 'DELETE') return this.hubs.delete(id!) ? { status: 204 } : NOT_FOUND;
    if (method === 'GET') return NOT_FOUND;
    const callback = String(json().callback);
    const key = [...this.hubs].find(([, known]) => known === callback)?.[0] ?? randomUUID();
    this.hubs.set(key, callback);
    return { status: 201, body: { id: key, callback, ...(this.dialect === 'v5' && { '@type': 'Hub' }) } };
  }

  // Orders.

  private create(body: Fields): Answer {
    const reference = referenceIn(body);
    const mark = String(body.description);
    const sent = body.productOrderItem as Fields[];
    const before = this.refusedCreates.find((one) => one.reference === reference);
    const quirks = this.newQuirks();
    if (before || quirks.refuses) {
      const words = before?.words ?? this.say(mark, reference, 'We do not deliver there');
      const items = sent.map(({ id }) => String(id));
      if (!before) this.refusedCreates.push({ at: Date.now(), reference, mark, items, words });
      return refused(words);
    }
    const now = Date.now();
    const fields = Object.fromEntries(Object.entries(body).filter(([name]) => !OWN.includes(name)));
    const order: VendorOrder = {
      ...{ id: this.nextId(), reference, mark, fields, quirks, createdAt: now, visibleFrom: now },
      ...{ items: [], notes: [], asked: [], refusedChanges: [], tasks: [] },
    };
    order.items = sent.map((item) => this.newItem(order, item));
    const isThere = this.register(order);
    if (isThere) return { status: 201, body: this.shown(order) };
    return { status: 202, body: this.dialect === 'servicenow' ? { orderId: order.id } : {} };
  }

  private newItem(order: VendorOrder, sent: Fields): VendorItem {
    const { id, quantity = 1, state: _state, revisionOperation: _operation, ...fields } = sent;
    const offering = (fields.productOffering ?? {}) as Fields;
    return {
      // An id that it has for an item of its own is sent with an ending.
      ...{ id: this.itemId(order, String(id)), ours: String(id).replace(/-\d+$/, ''), fields, quantity: Number(quantity) },
      ...{ offering: String(offering.id ?? offering.name), state: 'acknowledged', orderedAt: Date.now() },
    };
  }

  private list(query: URLSearchParams): Answer {
    const wanted = query.get('externalId') ?? query.get('externalId.id');
    const all = this.orders.filter((one) => one.visibleFrom <= Date.now() && (!wanted || one.reference === wanted));
    if (all.length === 0 && this.dialect === 'servicenow') return NO_RECORDS;
    const from = Number(query.get('offset') ?? 0);
    const page = all.slice(from, from + Math.min(20, Number(query.get('limit') ?? 20)));
    return { status: 200, headers: { 'X-Total-Count': String(all.length) }, body: page.map((order) => this.shown(order)) };
  }

  private patch(order: VendorOrder, body: Fields): Answer {
    const sent = body.productOrderItem as Fields[] | undefined;
    if (sent) {
      const ids = sent.map(({ id }) => String(id));
      const state = stateOf(order);
      const isTooLate = isFinal(state) || (order.quirks.refusesChanges && state !== 'acknowledged');
      if (isTooLate || new Set(ids).size < ids.length) {
        const words = this.say(order.mark, order.id, isTooLate ? `The order is ${state}` : 'Two items have the same id');
        order.refusedChanges.push({ at: Date.now(), words, items: ids });
        return refused(words, 409);
      }
      const refusal = this.changeItems(order, sent);
      if (refusal) return refusal;
    }
    if (Array.isArray(body.note)) {
      const notes = (body.note as Fields[]).map((one) => order.notes.find(({ id }) => id === one.id) ?? newNote(one, this.now));
      order.notes =
        this.dialect === 'servicenow' ? [...order.notes, ...notes.filter((one) => !order.notes.includes(one))] : notes;
    }
    this.publish('ProductOrderAttributeValueChangeEvent', order);
    return { status: 200, body: this.shown(order) };
  }

  /** A list of items replaces the list (RFC 7396); ServiceNow changes only those in it. */
  private changeItems(order: VendorOrder, sent: Fields[]): Answer | undefined {
    const isGone = ({ state, revisionOperation }: Fields) =>
      revisionOperation === 'cancel' || (this.dialect !== 'servicenow' && state === 'cancelled');
    const known = (id: unknown) => order.items.find((item) => item.id === String(id));
    const gone = sent.filter((one) => isGone(one) && known(one.id) && !isFinal(known(one.id)!.state));
    if (gone.length > 0 && order.quirks.cancelsItems === 'refuses') {
      const words = this.say(order.mark, order.id, 'The item is packed');
      for (const { id } of gone) order.asked.push({ at: Date.now(), item: String(id), became: 'refused', words });
      return refused(words, 409);
    }
    for (const one of sent) {
      const item = known(one.id);
      if (!item) {
        order.items.push(this.newItem(order, one));
        continue;
      }
      if (isFinal(item.state)) continue;
      if (gone.includes(one)) {
        const isDone = order.quirks.cancelsItems === 'atOnce';
        order.asked.push({ at: Date.now(), item: item.id, became: isDone ? 'done' : 'ignored' });
        if (isDone) item.state = 'cancelled';
        continue;
      }
      const { id: _id, state: _state, quantity, revisionOperation: _operation, ...fields } = one;
      Object.assign(item.fields, fields);
      if (quantity === undefined) continue;
      item.quantity = Number(quantity);
      delete item.requantified;
    }
    const ids = new Set(sent.map(({ id }) => String(id)));
    const isLeftOut = (item: VendorItem) => !ids.has(item.id) && !ids.has(item.ours ?? '');
    if (this.dialect !== 'servicenow') for (const item of order.items.filter(isLeftOut)) item.removed = true;
    return undefined;
  }

  // Cancellations.

  private cancel(body: Fields): Answer {
    const id = String((body.productOrder as Fields | undefined)?.id ?? body.id);
    const order = this.orders.find((one) => one.id === id);
    if (!order) return NOT_FOUND;
    if (order.visibleFrom > Date.now()) return refused('This order is yet to be created in customer order table');
    const { cancels } = order.quirks;
    const asked: AskedToCancel = { at: Date.now(), became: 'open' };
    order.asked.push(asked);
    if (cancels === 'refuses' || isFinal(stateOf(order))) {
      Object.assign(asked, { became: 'refused', words: this.say(order.mark, order.id, 'It is too late to cancel') });
      return refused(asked.words!, 409);
    }
    const task: CancelTask = { id: randomUUID(), state: 'acknowledged' };
    order.tasks.push(task);
    if (cancels === 'atOnce') {
      task.state = 'done';
      asked.became = 'done';
      this.cancelOpen(order);
      this.publish('ProductOrderStateChangeEvent', order);
    } else if (cancels === 'ignores') asked.became = 'ignored';
    else {
      order.assessed = true;
      this.publish('ProductOrderStateChangeEvent', order);
    }
    return { status: this.dialect === 'servicenow' ? 200 : 201, body: shownTask(order, task, this.dialect) };
  }

  private tasks(id: string, query: URLSearchParams): Answer {
    const all = this.orders.flatMap((order) => order.tasks.map((task) => ({ order, task })));
    if (id) {
      const found = all.find(({ task }) => task.id === id);
      return found ? { status: 200, body: shownTask(found.order, found.task, this.dialect) } : NOT_FOUND;
    }
    const wanted = query.get('productOrder.id');
    const list = all.filter(({ order }) => !wanted || order.id === wanted);
    const headers = { 'X-Total-Count': String(list.length) };
    return { status: 200, headers, body: list.map(({ order, task }) => shownTask(order, task, this.dialect)) };
  }
}

function referenceIn({ externalId }: Fields): string {
  return Array.isArray(externalId) ? String((externalId[0] as Fields | undefined)?.id) : String(externalId);
}

const newNote = (given: Fields, at: number) => ({
  ...{ id: randomUUID(), author: 'broker', date: new Date(at).toISOString() },
  ...(given as { text: string }),
});
const refused = (words: string, status = 400): Answer => ({
  status,
  body: { code: '20', reason: 'Not possible', message: words },
});
const NOT_FOUND: Answer = { status: 404, body: { code: '60', reason: 'Resource not found', message: 'No such order' } };
/** ServiceNow's answer where no records match. */
const NO_RECORDS: Answer = {
  status: 404,
  body: { error: { message: 'No Record found', detail: 'No records match the query' }, status: 'failure' },
};
