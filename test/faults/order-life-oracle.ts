import type { FailurePolicy } from '../../src/store/store.js';
import { CANCELLED, LINE, ORDER } from './fake-order-desk.js';
import { type Found, OrderFacts } from './order-facts.js';
import type { WantedLine, WantedOrder } from './order-life-load.js';
import { type OrderLifeRig, THINGS } from './order-life-rig.js';
import { WORDS, wholeState } from './order-truth.js';
import { isFinal, stateOf, type VendorState } from './vendor-orders.js';

const FAULTS = ['lost', 'doubled', 'foreign', 'late', 'kept', 'quantity', 'state', 'untold', 'overwritten', 'rule'] as const;
export type Fault = (typeof FAULTS)[number];

/** How long Switchboard may need to notice a cancellation, and to stop what it is about to send. Milliseconds. */
const NOTICED = 5_000;
const SHOWN = 2_500;
const DEAD: VendorState[] = ['rejected', 'failed', 'cancelled'];

export interface Judgement {
  faults: Record<Fault, number>;
  said: string[];
  /** Items that are not as ordered, with the reason in words before a person. */
  stopped: string[];
}

/** What has become of a line at the vendors: what has to be told. */
interface Truth {
  state: VendorState;
  withdrawn: boolean;
  /** Words that are true as well. */
  or?: string[];
}

/** Compares each item at all parties, when all is idle. */
export function judge(
  rig: OrderLifeRig,
  orders: WantedOrder[],
  rule: FailurePolicy,
  open: ReadonlyMap<string, string[]>,
): Judgement {
  const result: Judgement = {
    faults: Object.fromEntries(FAULTS.map((f) => [f, 0])) as Record<Fault, number>,
    said: [],
    stopped: [],
  };
  for (const order of orders) new Judge(rig, order, rule, open, result).judge();
  const marks = new Set(orders.map(({ mark }) => mark));
  for (const vendor of Object.values(rig.vendors)) {
    for (const { id, mark } of vendor.orders.filter((one) => !marks.has(one.mark))) {
      result.faults.foreign++;
      result.said.push(`foreign: ${vendor.name} has ${id} for "${mark}"`);
    }
  }
  return result;
}

class Judge {
  private readonly texts: string;
  private readonly facts: OrderFacts;
  /** The customer’s wish, or the failure rule, may have cancelled it. */
  private readonly mayBeCancelled: boolean;

  constructor(
    private readonly rig: OrderLifeRig,
    private readonly wanted: WantedOrder,
    private readonly rule: FailurePolicy,
    private readonly open: ReadonlyMap<string, string[]>,
    private readonly result: Judgement,
  ) {
    this.texts = rig.desk.texts(wanted.sysId).join('\n');
    this.facts = new OrderFacts(rig.vendors, wanted);
    const isDecided = rule === 'cancelRest' || rig.answered.get(wanted.number) === 'replay';
    this.mayBeCancelled = isDecided && this.facts.firstFailure() !== undefined;
  }

  judge(): void {
    const { desk, vendors } = this.rig;
    const { lines, sysId, mark, cancelledAt } = this.wanted;
    const rows = desk.linesOf(sysId);
    if (rows.length !== lines.length) this.fault('foreign', `${rows.length} lines instead of ${lines.length}`);
    for (const reference of new Set(this.facts.all.map(({ order }) => order.reference))) {
      const same = this.facts.all.filter(({ order }) => order.reference === reference);
      if (same.length > 1)
        this.fault('doubled', `${same.map(({ order }) => order.id).join(', ')} have the reference ${reference}`);
    }
    const ids = new Set(lines.map(({ id }) => id));
    for (const { order } of this.facts.all)
      for (const { id, ours, removed } of order.items)
        if (ours === undefined && removed) this.fault('foreign', `we have removed the vendor’s own item ${id} of ${order.id}`);
        else if (ours !== undefined && !ids.has(ours))
          this.fault('foreign', `${order.id} has an item ${id} that was sent as ${ours}`);
    const truths = lines.map((line) => this.line(line));
    if (truths.every((truth) => truth !== undefined)) {
      const word = WORDS[wholeState(truths)];
      const told = desk.row(ORDER, sysId).state!;
      const isUndecided = lines.some(({ cancelled }, i) => cancelled?.of === 'order' && truths[i]!.or !== undefined);
      if (told !== word && !(told === CANCELLED && cancelledAt !== undefined && isUndecided))
        this.fault('state', `the order is ${told} instead of ${word}: ${truths.map(({ state }) => state).join(', ')}`);
    }
    const refused = this.facts.all.flatMap(({ order }) => order.refusedChanges.map(({ words }) => words));
    // Where a kill took the answer to a create, nobody hears why it was refused once its items are cancelled: it is not sent again.
    const cancelled = lines.filter((line) => line.cancelled).map(({ id }) => id);
    const creates = Object.values(vendors).flatMap(({ refusedCreates }) => refusedCreates);
    const unheard = creates.filter((one) => one.mark === mark && one.items.every((id) => cancelled.includes(id)));
    const needless = [...refused, ...unheard.map(({ words }) => words)];
    for (const vendor of Object.values(vendors)) {
      const words = vendor.words.filter((one) => one.mark === mark && !needless.includes(one.text));
      for (const { text } of words)
        if (!this.texts.includes(text)) this.faultUnlessStopped('untold', `${vendor.name}: ${text}`, vendor.name);
    }
    this.failureRule();
  }

  /** One line; undefined where it has a fault that its state follows from. */
  private line(line: WantedLine): Truth | undefined {
    const row = this.rig.desk.row(LINE, line.sysId);
    const found = this.facts.find(line);
    const right = found.filter(({ vendor }) => vendor.name === THINGS[line.leg].vendor);
    for (const { vendor, order } of found.filter((one) => !right.includes(one)))
      this.fault('foreign', `item ${line.id} of ${line.leg} is ordered from ${vendor.name} (${order.id})`);
    for (const { parts, order } of right)
      if (parts.some(({ offering }) => offering !== line.offering))
        this.fault(
          'foreign',
          `item ${line.id} is ${parts.map(({ offering }) => offering).join()} in ${order.id}, not ${line.offering}`,
        );
    const alive = right.filter((one) => !DEAD.includes(this.facts.stateAt(one)));
    if (alive.length > 1) this.fault('doubled', `item ${line.id} is in ${alive.map(({ order }) => order.id).join(' and ')}`);
    this.afterCancelling(line, right);
    const current = alive.at(-1) ?? right.at(-1);
    const truth = current ? this.ordered(line, current) : this.notOrdered(line);
    if (!truth) return undefined;
    const allowed = [WORDS[truth.state], ...(truth.or ?? [])];
    const id = current?.order.id;
    const what = `item ${line.id} is ${row.state} instead of ${allowed.join(' or ')} ${id ? `(${id})` : ''}`;
    if (!allowed.includes(row.state!) && this.faultUnlessStopped('state', what, current?.vendor.name)) return undefined;
    if (current && !DEAD.includes(truth.state)) this.details(line, current);
    if (line.cancelled && truth.state === 'cancelled') this.overwritten(line, line.cancelled.at);
    return truth;
  }

  private ordered(line: WantedLine, found: Found): Truth {
    const { vendor, order, parts } = found;
    const state = this.facts.stateAt(found);
    const asked = order.asked.filter(({ item }) => item === undefined || parts.some(({ id }) => id === item));
    const last = asked.at(-1);
    if (!line.cancelled) {
      const isUnasked = state === 'cancelled' && last === undefined;
      if (state === 'cancelled' && !this.mayBeCancelled && !isUnasked)
        this.fault('rule', `item ${line.id} was cancelled at ${order.id}, which nobody asked for`);
      const isAssessed = order.assessed && !isFinal(state);
      return { state, withdrawn: false, ...(isAssessed && { or: ['assessing_cancellation'] }) };
    }
    if (isFinal(state)) return { state, withdrawn: state === 'cancelled' };
    if (!last) {
      this.faultUnlessStopped(
        'kept',
        `item ${line.id} was cancelled, but ${order.id} (${state}) was never asked to`,
        vendor.name,
      );
      return { state, withdrawn: false, or: [CANCELLED, 'assessing_cancellation'] };
    }
    const isOpen = last.became === 'open' || last.became === 'ignored';
    return { state, withdrawn: false, ...(isOpen && { or: [CANCELLED, 'assessing_cancellation', 'cancellation_in_progress'] }) };
  }

  /** What is true of a line that no vendor has. */
  private notOrdered(line: WantedLine): Truth | undefined {
    // Where the whole order was cancelled before anything of it was planned, its lines stay as the customer left them.
    if (line.cancelled) return { state: 'cancelled', withdrawn: true, or: line.cancelled.of === 'order' ? ['new'] : [] };
    if (this.facts.isRefused(line)) return { state: 'rejected', withdrawn: false };
    if (this.mayBeCancelled) return { state: 'cancelled', withdrawn: false, or: ['new'] };
    const before = this.facts.predecessors(line);
    if (before.some((state) => state === undefined || !isFinal(state))) return { state: 'acknowledged', withdrawn: false };
    // A create that was refused stands before a person, who may still have it accepted.
    if (before.includes('rejected') && this.wanted.lines.some((one) => this.facts.isRefused(one)))
      return { state: 'acknowledged', withdrawn: false, or: [CANCELLED] };
    if (before.some((state) => state !== 'completed'))
      return this.rule === 'ask'
        ? { state: 'acknowledged', withdrawn: false, or: [CANCELLED] }
        : { state: 'cancelled', withdrawn: false };
    const told = this.rig.desk.row(LINE, line.sysId).state;
    this.faultUnlessStopped('lost', `item ${line.id} of ${line.leg} is not ordered, and told as ${told}`, '');
    return undefined;
  }

  /** Quantity, date, price and number of what is at a vendor. */
  private details(line: WantedLine, { vendor, order, parts }: Found): void {
    const row = this.rig.desk.row(LINE, line.sysId);
    const { quantity, at } = line.quantities.at(-1)!;
    const there = parts.reduce((sum, part) => sum + part.quantity, 0);
    if (there !== quantity && !line.cancelled) {
      const refusal = order.refusedChanges.find((one) => one.at > at - 1_000 && this.texts.includes(one.words));
      const isToldLate = isFinal(stateOf(order)) && new RegExp(`\\b(item|line) ${line.id}\\b`, 'i').test(this.texts);
      const isTold = parts.some((part) => part.requantified) && this.texts.includes(`Quantity at the vendor: ${there}`);
      const what = `item ${line.id} is ${there} times in ${order.id} (${stateOf(order)}) instead of ${quantity}`;
      if (!refusal && !isToldLate && !isTold) this.faultUnlessStopped('quantity', what, vendor.name);
    }
    if (!row.correlation_display?.startsWith(order.id))
      this.faultUnlessStopped(
        'state',
        `item ${line.id} is said to be in "${row.correlation_display}" instead of ${order.id}`,
        order.id,
      );
    const date = order.expected?.slice(0, 19).replace('T', ' ');
    if (date && row.expected_end_date !== date)
      this.faultUnlessStopped(
        'state',
        `item ${line.id} is expected on "${row.expected_end_date}" instead of ${date} (${order.id})`,
        order.id,
      );
    const [{ price } = { price: undefined }] = parts;
    if (parts.length === 1 && price !== undefined && Number(row.nrc) !== price)
      this.faultUnlessStopped('state', `item ${line.id} costs "${row.nrc}" instead of ${price} (${order.id})`, vendor.name);
  }

  private afterCancelling({ id, sysId, cancelled }: WantedLine, found: Found[]): void {
    if (!cancelled) return;
    const shown =
      this.rig.desk.shownCancelled.get(cancelled.of === 'order' ? this.wanted.sysId : sysId) ?? Number.POSITIVE_INFINITY;
    for (const { order, parts } of found) {
      const at = Math.min(...parts.map(({ orderedAt }) => orderedAt));
      if (at > Math.min(cancelled.at + NOTICED * this.rig.slowness, shown + SHOWN * this.rig.slowness))
        this.fault(
          'late',
          `item ${id} was ordered (${order.id}) ${at - cancelled.at} ms after it was cancelled, ${at - shown} ms after that was read`,
        );
    }
  }

  /** Whether our own write replaced the customer's cancellation, although the item is cancelled in the end. */
  private overwritten({ id, sysId }: WantedLine, at: number): void {
    const shown = this.rig.desk.shownCancelled.get(sysId) ?? Number.POSITIVE_INFINITY;
    const isOver = (word: unknown) => ![CANCELLED, 'assessing_cancellation', 'cancellation_in_progress'].includes(String(word));
    const wrong = this.rig.desk.history.find(
      (one) =>
        one.record === sysId &&
        one.field === 'state' &&
        one.by === 'broker' &&
        isOver(one.value) &&
        one.at > Math.min(at + NOTICED * this.rig.slowness, shown + SHOWN * this.rig.slowness),
    );
    if (wrong)
      this.fault('overwritten', `item ${id} was set to ${wrong.value} ${wrong.at - at} ms after the customer cancelled it`);
  }

  // The failure rule.

  private failureRule(): void {
    const failed = this.facts.firstFailure();
    for (const { vendor, order } of this.facts.all) {
      const own = order.items.filter(({ ours }) => ours !== undefined).map(({ ours }) => ours);
      const lines = this.wanted.lines.filter(({ id }) => own.includes(id));
      const isAsked = order.asked.some(({ item }) => item === undefined);
      const isWished = lines.every(({ cancelled }) => cancelled);
      if (isAsked && !isWished && !this.mayBeCancelled)
        this.fault('rule', `${order.id} was asked to cancel, which nobody wanted`);
      const isMeant = this.rule === 'cancelRest' && failed !== undefined && order.createdAt < failed && !isFinal(stateOf(order));
      const what = `${order.id} (${stateOf(order)}) was not asked to cancel although another leg failed`;
      if (isMeant && !isAsked) this.faultUnlessStopped('rule', what, vendor.name);
    }
    const isOpen = this.facts.all.some(({ order }) => !isFinal(stateOf(order)) && order.createdAt < (failed ?? 0));
    const { number } = this.wanted;
    const isAsked = this.rig.answered.has(number) || this.open.get(number)?.some((text) => text.includes('legFailed'));
    if (this.rule === 'ask' && isOpen && !isAsked) this.fault('rule', 'a leg failed, others are open, and nobody was asked');
  }

  /** A fault, unless it stands before a person in words that name the vendor. Returns true. */
  private faultUnlessStopped(kind: Fault, what: string, vendor: string | undefined): true {
    const open = this.open.get(this.wanted.number) ?? [];
    const isOf = (text: string) => text.includes('needsDecision') && !text.includes('legFailed') && text.includes(vendor ?? '');
    const words = vendor === undefined ? undefined : open.find(isOf);
    if (words === undefined) this.fault(kind, what);
    else this.result.stopped.push(`${this.wanted.mark}: ${what}: ${words.slice(0, 300)}`);
    return true;
  }

  private fault(kind: Fault, what: string): void {
    this.result.faults[kind]++;
    this.result.said.push(`${kind}: ${this.wanted.mark} (${this.wanted.number}): ${what}`);
  }
}
