import type { Link } from '../store/store.js';

/** Who an entity is. */
export type EntityKey = Pick<Link, 'endpoint' | 'entityType' | 'id'>;

/** Kept of an entity that a person unlinked. */
export type UnlinkedEntity = {
  /** Of the conversation it was in. */
  reference: string;
  /** Who did it; '' where nobody has to sign in. */
  by: string;
  at: string;
};

/** The setting that keeps it. */
export function unlinkedKey({ endpoint, entityType, id }: EntityKey): string {
  return `unlinked|${endpoint}|${entityType}|${id}`;
}
