import type { ContractCase } from '../../../test/endpoints/contract-case.js';
import { contractClient } from '../../../test/endpoints/contract-client.js';
import { StandIn } from '../../../test/endpoints/stand-in.js';
import { toy } from './system.js';

type Case = Record<string, unknown>;

/** A service desk that stores cases in memory. */
class Desk extends StandIn {
  private readonly cases = new Map<string, Case>();
  private created = 0;

  constructor() {
    super(
      ({ method, path, query, body }) => {
        const id = path.split('/')[2];
        const given = body.length > 0 ? (JSON.parse(body.toString()) as Case) : {};
        if (id === undefined && method === 'POST') return { status: 201, body: this.create(given) };
        if (id === undefined) return { status: 200, body: this.all().filter((one) => matches(one, query)) };
        const found = this.cases.get(id);
        if (!found) return { status: 404, body: { error: 'no such case' } };
        return { status: 200, body: method === 'PATCH' ? this.change(id, found, given) : { ...found } };
      },
      {
        kindOf: ({ method, path }) =>
          path.split('/')[2] ? (method === 'PATCH' ? 'change' : 'read') : method === 'POST' ? 'create' : 'list',
        errors: { alone: { error: 'try later' }, beside: { error: 'try later' } },
        errorBody: (status) => ({ error: `status ${status}` }),
        recordFrom: (fields) => ({ ...fields, id: 'created', changed: '2026-01-01T00:00:00.000Z' }),
        hasReference: (references) => this.all().some((one) => references.includes(String(one.externalId))),
      },
    );
  }

  reset(): void {
    this.cases.clear();
    this.behaviours.reset();
  }

  all(): Case[] {
    return [...this.cases.values()];
  }

  touch(id: string): void {
    const found = this.cases.get(id);
    if (found) this.change(id, found, {});
  }

  private create(given: Case): Case {
    const id = `case-${++this.created}`;
    this.cases.set(id, { ...given, id, changed: new Date().toISOString() });
    this.behaviours.recordCreated(id);
    return { ...this.cases.get(id) };
  }

  private change(id: string, live: Case, given: Case): Case {
    this.behaviours.beforeChange(id, live);
    return { ...Object.assign(live, given, { changed: new Date().toISOString() }) };
  }
}

function matches(one: Case, query: URLSearchParams): boolean {
  const [reference, since] = [query.get('externalId'), query.get('since')];
  return (reference === null || one.externalId === reference) && (since === null || String(one.changed) >= since);
}

const desk = new Desk();

export const CASES: ContractCase[] = [
  {
    name: 'Toy desk',
    entityType: 'toyCase',
    calls: { find: ['list'], read: ['read'], poll: ['list'], create: ['create'], update: ['change'] },
    standIn: desk,
    client: (_sandbox, url = desk.url) => contractClient(toy, { url, auth: { kind: 'none' } }),
    desk: () => desk,
    fields: { subject: 'x', status: 'open' },
    change: { subject: 'changed' },
    withReference: (_sandbox, reference) => desk.all().flatMap((one) => (one.externalId === reference ? [String(one.id)] : [])),
    identifies: true,
    said: () => [],
    // Cases have no comments: that somebody works on one shows in its time of change.
    says: (_sandbox, id) => desk.touch(id),
  },
];
