import type { FakeTmf622 } from './fake-tmf622.js';
import type { WantedLine, WantedOrder } from './order-life-load.js';
import { THINGS } from './order-life-rig.js';
import { combined } from './order-truth.js';
import { shownState, stateOf, type VendorItem, type VendorOrder, type VendorState } from './vendor-orders.js';

/** An item at a vendor, with its order. */
export interface Found {
  vendor: FakeTmf622;
  order: VendorOrder;
  parts: VendorItem[];
}

/** What the vendors have of one order. */
export class OrderFacts {
  readonly all: { vendor: FakeTmf622; order: VendorOrder }[];
  private readonly mark: string;

  constructor(
    private readonly vendors: Record<string, FakeTmf622>,
    private readonly wanted: WantedOrder,
  ) {
    this.mark = wanted.mark;
    this.all = Object.values(vendors).flatMap((vendor) => this.ordersOf(vendor).map((order) => ({ vendor, order })));
  }

  /** The orders that were placed; what a vendor makes of them is its own. */
  private ordersOf({ orders }: FakeTmf622): VendorOrder[] {
    return orders.filter(({ mark, furtherOf }) => mark === this.mark && furtherOf === undefined);
  }

  find(line: WantedLine): Found[] {
    return Object.values(this.vendors).flatMap((vendor) =>
      this.ordersOf(vendor)
        .map((order) => ({ vendor, order, parts: order.items.filter(({ ours, removed }) => ours === line.id && !removed) }))
        .filter(({ parts }) => parts.length > 0),
    );
  }

  stateAt({ order, parts }: Found): VendorState {
    return combined(parts.map((part) => shownState(order, part)));
  }

  /** States of the orders that a leg waits for; undefined for one that is not placed. */
  predecessors(line: WantedLine): (VendorState | undefined)[] {
    const thing = THINGS[line.leg];
    if (!('after' in thing)) return [];
    const isWaitedFor = (one: WantedLine) => one.leg === thing.after && !(one.cancelled && this.find(one).length === 0);
    const lines = this.wanted.lines.filter(isWaitedFor);
    return lines.flatMap((one): (VendorState | undefined)[] => {
      const found = this.find(one);
      if (found.length === 0) return [this.isRefused(one) ? 'rejected' : undefined];
      return found.map(({ order }) => stateOf(order));
    });
  }

  isRefused({ id }: WantedLine): boolean {
    const { mark } = this;
    return Object.values(this.vendors).some((v) => v.refusedCreates.some((one) => one.mark === mark && one.items.includes(id)));
  }

  firstFailure(): number | undefined {
    const { mark } = this;
    const refused = Object.values(this.vendors).flatMap((v) => v.refusedCreates.filter((one) => one.mark === mark));
    const failed = this.all.filter(({ order }) => ['failed', 'rejected'].includes(stateOf(order)));
    const times = [
      ...refused.map(({ at }) => at),
      ...failed.map(({ order: { failedAt } }) => failedAt ?? Number.POSITIVE_INFINITY),
    ];
    return times.length > 0 ? Math.min(...times) : undefined;
  }
}
