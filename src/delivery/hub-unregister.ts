import type { Hub } from '../endpoints/hub.js';
import type { Registration, RegistrationStore } from './hub-registration.js';

/**
 * Ends all that stands at the hub for a node that goes: what has an id, and what the provider lists for its callback. What is left is said
 * (`notice`), and kept, for when the node comes back.
 */
export async function unregister(
  registration: Registration,
  callback: string,
  hub: Hub,
  book: RegistrationStore,
  notice: (text: string) => void,
): Promise<void> {
  const { secret, address, id, former, unsure, leftover, query } = registration;
  const isNameless = registration.callback !== undefined && (id === undefined || unsure !== undefined);
  const listed = isNameless || leftover ? await hub.hubsOf(callback).catch(() => undefined) : [];
  const ids = [...new Set([...former, ...(id === undefined ? [] : [id]), ...(listed ?? [])])];
  const rest: Registration = {
    ...{ secret, address, former: ids, ...(listed === undefined && { leftover: true }) },
    // What may stand still is believed to, until an event is missed.
    ...(listed === undefined && isNameless && { callback: registration.callback, query, unsure: 'lost' }),
  };
  // Noted first, while the store is still open: should the node come back, it must not believe that what is being ended stands.
  await book.keep(rest).catch(() => undefined);
  const outcomes = await Promise.allSettled(ids.map((one) => hub.unregisterHub(one)));
  const left = ids.filter((_, index) => {
    const outcome = outcomes[index];
    return outcome?.status === 'rejected' || outcome?.value === false;
  });
  if (left.length > 0)
    notice(`These registrations at ${hub.address}/hub could not be ended: ${left.join(', ')}. Have them ended there.`);
  if (listed === undefined)
    notice(
      `A registration at ${hub.address}/hub may still stand: its id is not known. Have it ended there; it posts to ${maskedOf(callback)}.`,
    );
  const isOver = left.length === 0 && listed !== undefined;
  // The store may be closing too; a leftover is put right when the node comes back.
  await (isOver ? book.forget() : book.keep({ ...rest, former: left })).catch(() => undefined);
}

/** A callback without its secret. */
function maskedOf(callback: string): string {
  return `${callback.slice(0, callback.lastIndexOf('/'))}/…`;
}
