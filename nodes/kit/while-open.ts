import type { Node } from 'node-red';
import type { Trouble } from '../../src/delivery/availability.js';
import type { Broker } from '../../src/delivery/broker.js';
import { say } from '../../src/text/say.js';
import { reportInvalid, reportValid } from './configured.js';
import type { EndpointNode } from './parties.js';
import { countDown, show } from './status.js';

/** `removed`: the node was deleted or disabled. */
export type Stop = (removed: boolean) => Promise<void> | void;

/** What a node does while its store is open. */
export class Session {
  private readonly stops: Stop[] = [];
  private closed: { removed: boolean } | undefined;

  constructor(readonly broker: Broker) {}

  /** The store was lost, or the node is closed: start nothing more. */
  get over(): boolean {
    return this.closed !== undefined;
  }

  /** Registers what ends something that was started. */
  onEnd(stop: Stop): void {
    if (this.closed) Promise.resolve(stop(this.closed.removed)).catch(() => undefined);
    else this.stops.push(stop);
  }

  async end(removed: boolean): Promise<void> {
    this.closed = { removed };
    await Promise.allSettled(this.stops.map(async (stop) => stop(removed)));
  }
}

/**
 * Calls `start` whenever the store of an endpoint is open: at once, when it opens later, and when it opens again after it was lost
 * to another process. In between, the status of the node says why it is not open.
 */
export function whileOpen(node: Node, endpoint: EndpointNode, start: (session: Session) => Promise<void>): void {
  const { availability } = endpoint;
  let session: Session | undefined;
  /** Only what is reported here ends here: a node may have reported an invalid setting without which it works. */
  let isReported = false;
  let ended: Promise<void> = Promise.resolve();
  const end = (removed: boolean) => {
    const over = session?.end(removed);
    session = undefined;
    ended = Promise.all([ended, over]).then(() => undefined);
    return ended;
  };
  const update = () => {
    const { broker, trouble } = availability;
    if (session && session.broker !== broker) end(false);
    if (broker && !session) {
      const begun = new Session(broker);
      session = begun;
      ended
        .then(() => (begun.over ? undefined : start(begun)))
        .then(() => {
          if (isReported) reportValid(node);
          isReported = false;
        })
        .catch((error: unknown) => {
          if (begun.over) return;
          isReported = true;
          reportInvalid(node, error);
        });
    } else if (trouble) showTrouble(node, trouble);
  };
  const unwatch = availability.watch(update);
  node.on('close', (removed: boolean, done: () => void) => {
    unwatch();
    end(removed).then(() => done());
  });
  show(node, 'waiting', say`opening the store`);
  update();
}

function showTrouble(node: Node, { error, retryAt }: Trouble): void {
  const reason = shortReason(error);
  if (retryAt === undefined) show(node, 'error', reason);
  else countDown(node, 'error', retryAt, (when) => `${reason}, ${say`next attempt ${when}`}`);
}

/** A status has little room; the log has the whole text. */
function shortReason(error: Trouble['error']): string {
  if (error.code === 'SWB_STORE_LOCKED') return say`store in use by another process`;
  const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return say`store: disk full`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return say`store: no write permission`;
  return code ? say`store: ${code}` : error.message;
}
