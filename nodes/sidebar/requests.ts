import { brokers, deployedStores } from '../../src/delivery/brokers.js';
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

const NOT_THERE = {
  message: () => say`The message does not exist. It may have been deleted.`,
  delivery: () => say`The delivery does not exist. It may have been deleted.`,
  conversation: () => say`The conversation does not exist. It may have been deleted.`,
  endpoint: () => say`The endpoint does not exist. It may have been deleted.`,
};

export function notFound(kind: keyof typeof NOT_THERE): never {
  const trouble = deployedStores().find(({ availability }) => availability.trouble)?.availability.trouble;
  if (trouble) throw trouble.error;
  if (brokers().length === 0)
    throw new SwitchboardError('SWB_CLOSED', say`No store is open.`, {
      hint: say`The flows are being deployed. Try again in a moment.`,
    });
  throw new NotFoundError(NOT_THERE[kind]());
}
