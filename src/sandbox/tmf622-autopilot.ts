import type { Order } from './tmf622-order.js';

/** The part of a vendor's desk that the autopilot uses. */
interface AutopilotDesk {
  orders(): Order[];
  order(id: string): Order | undefined;
  setState(id: string, state: string): Order;
}

const NEXT: Record<string, string> = { acknowledged: 'inProgress', inProgress: 'completed' };

/**
 * If enabled, moves orders from acknowledged through inProgress to completed. It does not touch orders that are waiting or being
 * cancelled.
 */
export class Autopilot {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private stepDelay: number | undefined;

  constructor(private readonly desk: AutopilotDesk) {}

  /** Milliseconds before each step; undefined = disabled. */
  get delay(): number | undefined {
    return this.stepDelay;
  }

  set delay(delay: number | undefined) {
    this.clear();
    this.stepDelay = delay;
    for (const order of this.desk.orders()) this.schedule(order);
  }

  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  schedule(order: Order): void {
    const id = String(order.id);
    const from = String(order.state);
    const to = NEXT[from];
    if (this.stepDelay === undefined || !to || this.timers.has(id)) return;
    const step = () => {
      this.timers.delete(id);
      if (this.desk.order(id) !== order) return;
      if (order.state === from) this.desk.setState(id, to);
      else this.schedule(order);
    };
    this.timers.set(id, setTimeout(step, this.stepDelay).unref());
  }
}
