import type { Link } from '../store/store.js';

/** The identity of an entity. */
export type EntityKey = Pick<Link, 'endpoint' | 'entityType' | 'id'>;

/** Stored for an entity that a user unlinked. */
export type UnlinkedEntity = {
  /** The reference of its former conversation. */
  reference: string;
  /** The user's name; '' if sign-in is not required. */
  by: string;
  at: string;
};

/** The key of the setting that stores it. */
export function unlinkedKey({ endpoint, entityType, id }: EntityKey): string {
  return `unlinked|${endpoint}|${entityType}|${id}`;
}
