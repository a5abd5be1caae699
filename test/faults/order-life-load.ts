import { CANCELLED, LINE, type NewLine, ORDER } from './fake-order-desk.js';
import type { FakeTmf622 } from './fake-tmf622.js';
import { type Leg, type OrderLifeRig, THINGS } from './order-life-rig.js';

/** Quirks and acts that the product does not handle yet, with the reason: they are left out of the load. */
export const NOT_YET: Record<string, string> = {};

/** A line as the customer wants it. All times are real time in milliseconds. */
export interface WantedLine {
  id: string;
  leg: Leg;
  offering: string;
  sysId: string;
  addedAt: number;
  quantities: { quantity: number; at: number }[];
  cancelled?: { at: number; of: 'item' | 'order' };
}

export interface WantedOrder {
  mark: string;
  sysId: string;
  number: string;
  lines: WantedLine[];
  cancelledAt?: number;
}

/** States in which a user still changes or cancels something. */
const OPEN = ['new', 'in_progress', 'awaiting_information', 'on_hold'];
/** Failures of transport, which say nothing about what was asked for. */
const CREATES = ['cut, done', 'cut, not done', 'cut, done later', 'silent, done later', '500, done', '503, not done'];
const CHANGES = ['cut, done', 'cut, not done', '500, done', 'slow, done'];
const READS = ['a gateway’s 503', 'cut'];

/** A customer who changes their mind, and vendors who work, at random. */
export class OrderLifeLoad {
  readonly orders: WantedOrder[] = [];
  acts = 0;

  constructor(
    private readonly rig: OrderLifeRig,
    private readonly random: () => number,
    private readonly seed: number,
  ) {
    for (const vendor of this.vendors) vendor.off = new Set(Object.keys(NOT_YET));
  }

  private get vendors(): FakeTmf622[] {
    return Object.values(this.rig.vendors);
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  place(): void {
    const mark = `M${this.seed}x${this.orders.length}z`;
    const count = 1 + Math.floor(this.random() * 6);
    const wanted = Array.from({ length: count }, (_, index) => this.newLine(String(index + 1)));
    const { desk } = this.rig;
    const row = desk.place(
      mark,
      wanted.map(({ line }) => line),
    );
    const rows = desk.linesOf(row.sys_id!);
    const at = Date.now();
    const lines = wanted.map(({ leg, line }, index) => wantedLine(leg, line, rows[index]!.sys_id!, at));
    this.orders.push({ mark, sysId: row.sys_id!, number: row.number!, lines });
  }

  private newLine(id: string): { leg: Leg; line: NewLine } {
    const leg = this.pick(Object.keys(THINGS) as Leg[]);
    const { category, offerings } = THINGS[leg];
    const quantity = 1 + Math.floor(this.random() * 4);
    const characteristics: Record<string, string> = this.random() < 0.4 ? { colour: this.pick(['red', 'blue', 'green']) } : {};
    return { leg, line: { id, category, offering: this.pick(offerings), quantity, characteristics } };
  }

  /** Something that the customer or a vendor does. */
  act(): void {
    this.acts++;
    const kind = this.random();
    if (kind < 0.65) this.pick(this.vendors).work();
    else if (kind < 0.97) this.amend(this.pick(this.orders.slice(-12)));
    else this.disturb();
  }

  private amend(order: WantedOrder): void {
    const { desk } = this.rig;
    const state = desk.row(ORDER, order.sysId).state!;
    if (order.cancelledAt !== undefined || !OPEN.includes(state)) return;
    const open = order.lines.filter((line) => !line.cancelled && OPEN.includes(desk.row(LINE, line.sysId).state!));
    const kind = this.random();
    if (kind < 0.3) {
      if (order.lines.length >= 8) return;
      const { leg, line } = this.newLine(String(order.lines.length + 1));
      const { sys_id } = desk.addLine(order.sysId, line);
      order.lines.push(wantedLine(leg, line, sys_id!, Date.now()));
    } else if (kind < 0.65 && open.length > 0) {
      const line = this.pick(open);
      const before = line.quantities.at(-1)!.quantity;
      const quantity = before + 1 + Math.floor(this.random() * 3);
      line.quantities.push({ quantity, at: Date.now() });
      desk.change(LINE, line.sysId, { quantity: String(quantity) });
    } else if (kind < 0.9 && open.length > 0) this.cancel(this.pick(open), 'item');
    else if (kind > 0.96) {
      order.cancelledAt = Date.now();
      desk.shownCancelled.delete(order.sysId);
      desk.change(ORDER, order.sysId, { state: CANCELLED });
      for (const line of open) line.cancelled = { at: Date.now(), of: 'order' };
    }
  }

  private cancel(line: WantedLine, of: 'item' | 'order'): void {
    line.cancelled = { at: Date.now(), of };
    this.rig.desk.shownCancelled.delete(line.sysId);
    this.rig.desk.change(LINE, line.sysId, { state: CANCELLED });
  }

  /** Another set of failures at all partners. */
  disturb(): void {
    for (const { behaviours } of this.rig.partners) {
      behaviours.reset();
      if (this.random() < 0.4) continue;
      const rate = 0.05 + this.random() * 0.35;
      behaviours.set('create', [this.pick(CREATES), this.pick(CREATES)], rate);
      behaviours.set('change', [this.pick(CHANGES)], rate);
      behaviours.set('list', [this.pick(READS)], rate / 2);
      behaviours.set('read', [this.pick(READS)], rate / 2);
    }
  }

  /** From now on, all partners answer as they should. */
  calm(): void {
    for (const { behaviours } of this.rig.partners) behaviours.reset();
    for (const vendor of this.vendors) vendor.calm = true;
  }
}

function wantedLine(leg: Leg, { id, offering, quantity }: NewLine, sysId: string, at: number): WantedLine {
  return { id, leg, offering, sysId, addedAt: at, quantities: [{ quantity, at }] };
}
