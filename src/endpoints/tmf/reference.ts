import type { Json } from '../../model/message.js';
import { isReference } from '../../model/reference.js';
import { type Attributes, entries, isAttributes } from './attributes.js';

/**
 * Our reference among external identifiers, which other systems may use as well. v4 has a text and v5 a list of objects; some
 * providers keep both, or change the case.
 */
export function ourReferenceIn(value: Json | undefined): string | undefined {
  const texts = [value].flat().map((entry) => (isAttributes(entry) ? entry.id : entry));
  return texts.find(isReference);
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
