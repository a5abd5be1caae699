import { PERSONAL_CLASSES, type PersonalClass } from '../model/personal.js';
import { ViewMask } from '../privacy/view-mask.js';
import { deployedStores } from './brokers.js';

/** The classes that a deployed store masks in views and logs. */
export function maskedClasses(): PersonalClass[] {
  const stores = deployedStores();
  return PERSONAL_CLASSES.filter((one) => stores.some(({ people }) => people?.masked.has(one)));
}

/**
 * What to mask in views and logs; undefined if nothing. A view shows several stores and a text does not say which one it is about,
 * so what one store masks is masked everywhere.
 */
export function viewMask(): ViewMask | undefined {
  const classes = maskedClasses();
  if (classes.length === 0) return undefined;
  const people = deployedStores().flatMap((store) => store.people ?? []);
  return new ViewMask(
    new Set(classes),
    people.map(({ names }) => names),
    {
      accounts: people.flatMap(({ accounts }) => [...accounts.values()].flat()),
      users: people.flatMap(({ users }) => users),
    },
  );
}

/** A text for logs, node statuses and health checks, which everyone may see. */
export function shownText(text: string): string {
  return viewMask()?.text(text) ?? text;
}
