import type { Hub } from '../endpoints/hub.js';
import { say } from '../text/say.js';
import type { Registration, RegistrationStore } from './hub-registration.js';

/**
 * Removes all registrations of a removed node: those with a known id, and those that the provider lists for its callback. The
 * rest is reported (`notice`) and stored, in case the node is restored.
 */
export async function unregister(
  registration: Registration,
  callback: string,
  hub: Hub,
  store: RegistrationStore,
  notice: (text: string) => void,
): Promise<void> {
  const { secret, formerSecret, address, id, former, unsure, leftover, query } = registration;
  const isNameless = registration.callback !== undefined && (id === undefined || unsure !== undefined);
  const listed = isNameless || leftover ? await hub.hubsOf(callback).catch(() => undefined) : [];
  const ids = [...new Set([...former, ...(id === undefined ? [] : [id]), ...(listed ?? [])])];
  const rest: Registration = {
    ...{ secret, formerSecret, address, former: ids, ...(listed === undefined && { leftover: true }) },
    // A registration that may still exist is assumed to, until an event is missed.
    ...(listed === undefined && isNameless && { callback: registration.callback, query, unsure: 'lost' }),
  };
  // Stored first, while the store is still open: a restored node must not assume that these registrations still exist.
  await store.save(rest).catch(() => undefined);
  const outcomes = await Promise.allSettled(ids.map((one) => hub.unregisterHub(one)));
  const left = ids.filter((_, index) => {
    const outcome = outcomes[index];
    return outcome?.status === 'rejected' || outcome?.value === false;
  });
  if (left.length > 0)
    notice(say`These registrations at ${hub.address}/hub could not be removed: ${left.join(', ')}. Have them removed there.`);
  if (listed === undefined)
    notice(
      say`A registration at ${hub.address}/hub may still exist, whose id is not known. Have it removed there; it posts to ${maskedOf(callback)}.`,
    );
  const isDone = left.length === 0 && listed !== undefined;
  // The store may be closing too; then the registrations are removed when the node is restored.
  await (isDone ? store.remove() : store.save({ ...rest, former: left })).catch(() => undefined);
}

/** The callback URL with its secret masked. */
function maskedOf(callback: string): string {
  return `${callback.slice(0, callback.lastIndexOf('/'))}/…`;
}
