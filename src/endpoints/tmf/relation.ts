import type { GenericRelation } from '../../model/message.js';
import { type Attributes, textOf } from './attributes.js';

const RELATIONS: [RegExp, GenericRelation['type']][] = [
  [/parent/i, 'parent'],
  [/child|sub/i, 'child'],
  [/duplicate/i, 'duplicate'],
];

/** A relation to another resource of the same kind; the standard leaves relationshipType free. */
export function relationOf(relation: Attributes): GenericRelation[] {
  const id = textOf(relation.id);
  const type = RELATIONS.find(([pattern]) => pattern.test(textOf(relation.relationshipType) ?? ''))?.[1] ?? 'related';
  return id ? [{ type, id }] : [];
}
