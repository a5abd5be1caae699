import type { Json } from '../../model/message.js';
import { type Attributes, entries } from './attributes.js';

/** Our reference, where it is one: other systems put identifiers of their own there. */
export function oursOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.startsWith('SWB-') ? value : undefined;
}

/** Our reference in a list of external identifiers, which other systems may have put theirs into. */
export function oursAmong(identifiers: Json | undefined): string | undefined {
  return entries(identifiers)
    .map((entry) => oursOf(entry.id))
    .find((id) => id !== undefined);
}

/** A list of external identifiers with our reference in it (v5, ExternalIdentifier). */
export function identifiersWith(reference: string, others: Json | undefined): Attributes[] {
  const identifier = {
    '@type': 'ExternalIdentifier',
    id: reference,
    owner: 'Switchboard',
    externalIdentifierType: 'Switchboard',
  };
  return [...entries(others), identifier];
}
