import { brokers } from '../../src/delivery/brokers.js';
import type { Person } from '../../src/delivery/interventions.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { NotFoundError, type Request } from '../kit/admin-routes.js';

export function personOf(req: Request): Person {
  return { name: req.user?.username ?? '' };
}

const MAX_REASON_LENGTH = 500;

/** The reason given by the user; '' for none. */
export function reasonOf(req: Request): string {
  const reason = req.body?.reason;
  return typeof reason === 'string' ? reason.trim().slice(0, MAX_REASON_LENGTH) : '';
}

export function notFound(kind: string): never {
  if (brokers().length === 0)
    throw new SwitchboardError('SWB_CLOSED', say`No store is open.`, {
      hint: say`The flows are being deployed. Try again in a moment.`,
    });
  throw new NotFoundError(`The ${kind} does not exist. It may have been deleted.`);
}
