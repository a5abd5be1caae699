import type { Broker } from '../../src/delivery/broker.js';
import { brokers, deployedStores } from '../../src/delivery/brokers.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { NotFoundError, type Request } from '../kit/admin-routes.js';

export { personOf } from '../kit/audited.js';

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
  const trouble = storeTrouble();
  if (trouble) throw trouble;
  if (brokers().length === 0) throw noStore();
  throw new NotFoundError(NOT_THERE[kind]());
}

/** The brokers of the stores that are open. Throws if none of the deployed ones is: nothing found would look like a loss. */
export function openBrokers(): Broker[] {
  const open = brokers();
  if (open.length === 0 && deployedStores().length > 0) throw storeTrouble() ?? noStore();
  return open;
}

/** The name of a store as users see it; with its id where another one has the same name. */
export function storeName({ id, name }: Pick<Broker, 'id' | 'name'>): string {
  const isUnique = brokers().every((one) => one.id === id || one.name !== name);
  return isUnique ? name : `${name} (${id})`;
}

/** Why a store cannot be opened. */
function storeTrouble(): SwitchboardError | undefined {
  return deployedStores().find(({ availability }) => availability.trouble)?.availability.trouble?.error;
}

function noStore(): SwitchboardError {
  return new SwitchboardError('SWB_CLOSED', say`No store is open.`, {
    hint: say`The flows are being deployed. Try again in a moment.`,
  });
}
