import { Readable } from 'node:stream';
import type {
  Cancellations,
  EndpointClient,
  ParsedEntity,
  RawEntity,
  SpooledAttachment,
  WriteResult,
} from '../../src/endpoints/endpoint.js';
import { Habits } from '../../src/endpoints/habits.js';
import { PartnerError } from '../../src/errors.js';
import type { GenericAttachment, GenericComment, ItemProgress, Json } from '../../src/model/message.js';
import type { Problem } from '../../src/model/problem.js';

interface Ticket {
  id: string;
  reference?: string;
  fields: Record<string, Json>;
  comments: string[];
  files: { name: string; size: number }[];
  version: number;
}

/**
 * What goes wrong with the next write. before: it fails before it takes effect; after: the answer is lost; refused: it is
 * rejected; conflictDone: it takes effect and is rejected; queued: it is accepted, and takes effect on `release`; unshown: it is confirmed, but has no effect; strange: the
 * answer is invalid.
 */
export type Fault =
  | 'down'
  | 'lost'
  | 'refused'
  | 'limited'
  | 'queued'
  | 'conflict'
  | 'conflictDone'
  | 'unshown'
  | 'strange'
  | 'tooLarge'
  | 'missing'
  | 'moved';

const FAULTS: Record<Fault, () => PartnerError> = {
  unshown: () =>
    new PartnerError('SWB_PARTNER_ANSWER', 'is not shown', {
      outcome: 'unknown',
      retry: true,
      concernsRecord: true,
      notVisible: true,
    }),
  strange: () => new PartnerError('SWB_PARTNER_ANSWER', 'answered HTML', { outcome: 'notDone', retry: true, status: 200 }),
  tooLarge: () => new PartnerError('SWB_TOO_LARGE', 'is too large', { outcome: 'notDone', retry: false, concernsRecord: true }),
  moved: () => new PartnerError('SWB_PARTNER_REFUSED', 'redirects', { outcome: 'notDone', retry: false, status: 301 }),
  queued: () =>
    new PartnerError('SWB_PARTNER_ANSWER', 'answered 202 without an id', { outcome: 'unknown', retry: true, status: 202 }),
  conflictDone: () => FAULTS.conflict(),
  conflict: () =>
    new PartnerError('SWB_PARTNER_REFUSED', 'there is one already', { outcome: 'notDone', retry: false, status: 409 }),
  down: () => new PartnerError('SWB_PARTNER_UNAVAILABLE', 'cannot be reached', { outcome: 'notDone', retry: true }),
  lost: () => new PartnerError('SWB_PARTNER_UNAVAILABLE', 'the answer was lost', { outcome: 'unknown', retry: true }),
  refused: () => new PartnerError('SWB_PARTNER_REFUSED', 'is not accepted', { outcome: 'notDone', retry: false, status: 400 }),
  missing: () => new PartnerError('SWB_PARTNER_NOT_FOUND', 'no such path', { outcome: 'notDone', retry: false, status: 404 }),
  limited: () =>
    new PartnerError('SWB_PARTNER_LIMIT', 'too many requests', { outcome: 'notDone', retry: true, status: 429, retryAfter: 20 }),
};

/** Lists of items are written entry by entry, as the real clients do. */
function merged(has: Json | undefined, given: Json): Json {
  if (!isItems(has) || !isItems(given)) return given;
  const entries = new Map(has.map((item) => [item.id, item]));
  for (const item of given) entries.set(item.id, { ...entries.get(item.id), ...item });
  return [...entries.values()];
}

function isItems(value: Json | undefined): value is { id: string }[] {
  return Array.isArray(value) && value.every((item) => typeof (item as { id?: Json } | null)?.id === 'string');
}

/** A partner's system in memory, to test the broker; the real clients have their own tests. */
export class Partner implements EndpointClient {
  readonly system = 'tmf621';
  address = 'http://partner';
  readonly tickets: Ticket[] = [];
  habits = new Habits();
  readonly calls: string[] = [];
  /** Start times of the lookups of comments. */
  readonly soughtSince: string[] = [];
  readonly faults: Fault[] = [];
  /** What goes wrong with the next lookups by reference, and of comments and files. */
  readonly lookUpFaults: Fault[] = [];
  private readonly queue: (() => void)[] = [];
  /** Tickets that lookups do not show yet. */
  readonly hidden = new Set<string>();
  /** Old ids of tickets that have moved. */
  readonly moved = new Map<string, string>();
  /** Changes a new ticket before the partner answers. */
  onCreate: (ticket: Ticket) => void = () => undefined;
  /** Blocks every write until resolved. */
  gate: () => Promise<void> = async () => undefined;
  integrationUser?: string;
  /** Time of the last change of its tickets. */
  changedAt?: string;
  /** What the answers to updates say beside the ticket, which they leave as it is. */
  answer?: Partial<WriteResult>;
  /** Number of the next updates that are confirmed, but not kept. */
  drops = 0;

  constructor(
    readonly id: string,
    readonly name = id,
  ) {}

  /** What every request throws, also the neutral probe. */
  denied?: PartnerError;

  private async write<T>(what: string, act: () => T): Promise<T> {
    this.calls.push(what);
    await this.gate();
    if (this.denied) throw this.denied;
    const fault = this.faults.shift();
    if (fault === 'lost' || fault === 'conflictDone') act();
    if (fault === 'queued') this.queue.push(act);
    if (fault) throw FAULTS[fault]();
    return act();
  }

  /** Executes the queued writes. */
  release(): void {
    for (const act of this.queue.splice(0)) act();
  }

  private ticket(id: string): Ticket {
    const found = this.tickets.find((t) => t.id === id);
    if (!found)
      throw new PartnerError('SWB_PARTNER_NOT_FOUND', `${id} is not there`, { outcome: 'notDone', retry: false, status: 404 });
    return found;
  }

  private raw(ticket: Ticket): RawEntity {
    return structuredClone({ ...ticket });
  }

  takesFiles = true;
  /** Whether its tickets take no items later, and no changes of items. */
  fixed = false;
  takesItemChanges(): boolean {
    return !this.fixed;
  }

  cancellationsIn(_type: string, { state, progress = [], items: listed = [] }: Record<string, Json>): Cancellations {
    const items = [progress, listed].flat() as unknown as ItemProgress[];
    return { all: state === 'cancelled', items: items.filter((item) => item.state === 'cancelled').map(({ id }) => id) };
  }

  async test() {
    return [];
  }
  /** What the neutral probe throws. */
  probeFailure?: PartnerError;
  probes = 0;
  async probe() {
    this.probes++;
    const failure = this.probeFailure ?? this.denied;
    if (failure) throw failure;
  }
  async read(_type: string, id: string) {
    this.calls.push(`read ${id}`);
    if (this.denied) throw this.denied;
    return this.raw(this.ticket(id));
  }
  find?: EndpointClient['find'] = async (_type: string, reference: string) => {
    this.calls.push(`find ${reference}`);
    if (this.denied) throw this.denied;
    const fault = this.lookUpFaults.shift();
    if (fault) throw FAULTS[fault]();
    const found = this.tickets.find((t) => t.reference === reference && !this.hidden.has(t.id));
    return found && this.raw(found);
  };
  create(_type: string, fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    return this.write('create', () => {
      const ticket: Ticket = {
        id: `T${this.tickets.length + 1}`,
        reference,
        fields: { ...fields },
        comments: [],
        files: [],
        version: 1,
      };
      this.tickets.push(ticket);
      this.onCreate(ticket);
      return { entity: this.raw(ticket), dropped: [] };
    });
  }
  update(_type: string, id: string, fields: Record<string, Json>): Promise<WriteResult> {
    return this.write(`update ${JSON.stringify(fields)}`, () => {
      const ticket = this.ticket(id);
      if (this.drops-- > 0) {
        const dropped = Object.entries(fields).map(([field, sent]) => ({ field, sent, has: ticket.fields[field] }));
        return { entity: this.raw(ticket), dropped };
      }
      if (this.answer) return { entity: this.raw(ticket), dropped: [], ...this.answer };
      for (const [name, value] of Object.entries(fields)) ticket.fields[name] = merged(ticket.fields[name], value);
      ticket.version++;
      return { entity: this.raw(ticket), dropped: [] };
    });
  }
  comment(_type: string, id: string, comment: GenericComment) {
    return this.write(`comment ${comment.text}`, () => {
      this.ticket(id).comments.push(comment.text);
      return {};
    });
  }
  async findComment(_type: string, id: string, comment: GenericComment, since: string, seen: readonly string[] = []) {
    this.soughtSince.push(since);
    const fault = this.lookUpFaults.shift();
    if (fault) throw FAULTS[fault]();
    if (this.hidden.has(id)) return undefined;
    const at = this.ticket(id).comments.findIndex((text, index) => text === comment.text && !seen.includes(`n${index}`));
    return at < 0 ? undefined : { id: `n${at}` };
  }
  attach(_type: string, id: string, file: SpooledAttachment) {
    return this.write(`attach ${file.name}`, () => {
      this.ticket(id).files.push({ name: file.name, size: file.size });
      return { id: `${id}/${file.name}` };
    });
  }
  async findAttachment(_type: string, id: string, file: SpooledAttachment) {
    const fault = this.lookUpFaults.shift();
    if (fault) throw FAULTS[fault]();
    return this.ticket(id).files.some((f) => f.name === file.name) ? {} : undefined;
  }
  async download(_type: string, _id: string, attachment: GenericAttachment) {
    return Readable.from([Buffer.from(`content of ${attachment.name}`)]);
  }
  async poll() {
    this.calls.push('poll');
    if (this.denied) throw this.denied;
    return { hints: [], cursor: null, more: false };
  }
  parse(raw: RawEntity): ParsedEntity {
    const ticket = raw as unknown as Ticket;
    const { notes = [] } = raw as { notes?: [id: string, text: string][] };
    return {
      source: {
        endpoint: this.id,
        entityType: 'troubleTicket',
        id: ticket.id,
        number: ticket.id,
        version: String(ticket.version),
        ...(this.changedAt && { changedAt: this.changedAt }),
        reference: ticket.reference,
      },
      record: ticket.fields,
      comments: notes.map(([id, text]) => ({ id, text, visibility: 'public' })),
      attachments: [],
      relations: [],
    };
  }
  /** Accepts any field except `forbidden`. */
  validate(_type: string, fields: Record<string, Json>): Problem[] {
    const text = 'forbidden is not allowed.';
    return 'forbidden' in fields ? [{ level: 'error', code: 'schema', field: 'forbidden', text }] : [];
  }
  isOlder(a?: string, b?: string) {
    return a !== undefined && b !== undefined && Number(a) < Number(b);
  }
  close() {}
}
